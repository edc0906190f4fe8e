//! Where connectors pull from: how far each feed was read, and when it is asked again.
//! Never: a cursor without its page, or a page without its cursor; a cursor in the open.

use super::{
    Store,
    audit::{Entry, insert_entries},
    connectors::SetUp,
    db::{Row, Sql as _, Tx, marks},
    intake::NewDelivery,
};
use anyhow::ensure;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    ids::ConnectorId,
    limits,
    time::{Micros, SECOND},
};
use vizard_plugin_host::Position;

/// A feed that a connector pulls, as listed.
#[derive(Clone)]
pub(crate) struct StoredSource {
    pub(crate) feed: String,
    /// When a page was last stored, or there was nothing new.
    pub(crate) last_at: Option<Micros>,
    /// When it is asked again; nothing where it waits for somebody.
    pub(crate) next_at: Option<Micros>,
    /// Failures since the last page.
    pub(crate) failures: i64,
    /// What the last one was.
    pub(crate) error: Option<String>,
}

/// A source that this process asks now.
pub(crate) struct ClaimedSource {
    pub(crate) connector: ConnectorId,
    pub(crate) feed: String,
    pub(crate) position: Position,
    pub(crate) failures: i64,
    lease: Uuid,
}

/// What was pulled.
pub(crate) struct NewPage<'a> {
    /// The records, framed as the feed's; more than one where each delivery is one record.
    pub(crate) bodies: &'a [Vec<u8>],
    pub(crate) cursor: &'a str,
    pub(crate) next_at: Option<Micros>,
}

fn place(connector: ConnectorId, feed: &str) -> Vec<u8> {
    [connector.uuid().as_bytes().as_slice(), b"cursor", feed.as_bytes()].concat()
}

/// The sources of a connector as it is set up: those that are new begin a few days ago, what is read stays read.
pub(super) async fn set(tx: &Tx, id: ConnectorId, set_up: &SetUp<'_>, now: Micros) -> anyhow::Result<()> {
    let next = set_up.pull_minutes.map(|_| now.0);
    let since = now.plus_days(-limits::PULL_FIRST_DAYS).0;
    for feed in set_up.feeds {
        tx.run(
            "INSERT INTO sources (connector_id, feed, since, next_at, failures) VALUES ($1, $2, $3, $4, 0) \
             ON CONFLICT (connector_id, feed) DO UPDATE SET next_at = excluded.next_at, failures = 0, error = NULL",
            vec![id.uuid().into(), feed.as_str().into(), since.into(), next.into()],
        )
        .await?;
    }
    let mut values = vec![id.uuid().into()];
    values.extend(set_up.feeds.iter().map(|feed| feed.as_str().into()));
    let others = match set_up.feeds.len() {
        0 => String::new(),
        count => format!(" AND feed NOT IN ({})", marks(1, count)),
    };
    tx.run(&format!("DELETE FROM sources WHERE connector_id = $1{others}"), values).await?;
    Ok(())
}

fn source(row: &Row) -> anyhow::Result<StoredSource> {
    Ok(StoredSource {
        feed: row.get("feed")?,
        last_at: super::cases::instant(row, "last_at")?,
        next_at: super::cases::instant(row, "next_at")?,
        failures: row.get("failures")?,
        error: row.get("error")?,
    })
}

impl Store {
    /// The sources of these connectors, by feed.
    pub(crate) async fn sources_of(
        &self,
        ids: &[ConnectorId],
    ) -> anyhow::Result<BTreeMap<ConnectorId, Vec<StoredSource>>> {
        let mut found: BTreeMap<ConnectorId, Vec<StoredSource>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT connector_id, feed, last_at, next_at, failures, error FROM sources WHERE connector_id IN ({}) \
             ORDER BY connector_id, feed",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            found.entry(ConnectorId::new(row.get("connector_id")?)).or_default().push(source(&row)?);
        }
        Ok(found)
    }

    /// Takes the source that has waited longest; one whose worker fell silent again. Those whose deliveries pile up wait.
    pub(crate) async fn claim_source(&self, now: Micros) -> anyhow::Result<Option<ClaimedSource>> {
        let due = "FROM sources s JOIN connectors c ON c.id = s.connector_id WHERE s.next_at <= $1 \
                   AND (s.lease_until IS NULL OR s.lease_until < $1) AND c.state = 'ENABLED' AND (SELECT count(*) FROM runs r \
                   WHERE r.connector_id = s.connector_id AND r.state IN ('QUEUED', 'RUNNING') AND r.body IS NOT NULL) < $2 \
                   ORDER BY s.next_at, s.connector_id, s.feed LIMIT 1";
        let values = || vec![now.0.into(), limits::PULLED_RUNS_WAITING.into()];
        // Most looks find nothing: they take no lock.
        if self.db.row(&format!("SELECT 1 AS one {due}"), values()).await?.is_none() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "FOR UPDATE OF s SKIP LOCKED" } else { "" };
        let sql = format!("SELECT s.connector_id, s.feed, s.cursor, s.since, s.failures {due} {skip}");
        let Some(row) = tx.row(&sql, values()).await? else { return Ok(None) };
        let connector = ConnectorId::new(row.get("connector_id")?);
        let feed: String = row.get("feed")?;
        let lease: Uuid = self.ids.random(|lease| lease);
        let until = now.0 + limits::PULL_LEASE_SECONDS * SECOND;
        let sql = "UPDATE sources SET lease = $1, lease_until = $2 WHERE connector_id = $3 AND feed = $4";
        let values = vec![lease.into(), until.into(), connector.uuid().into(), feed.as_str().into()];
        tx.run(sql, values).await?;
        tx.commit().await?;
        let position = match row.get::<Option<Vec<u8>>>("cursor")? {
            Some(sealed) => {
                let cursor = self.vault.open_credential(&place(connector, &feed), &sealed)?;
                Position::After(String::from_utf8(cursor)?)
            }
            None => Position::Since(Micros(row.get("since")?)),
        };
        Ok(Some(ClaimedSource { connector, feed, position, failures: row.get("failures")?, lease }))
    }

    /// Keeps a page and its cursor, both or neither. False where the source was set back since it was claimed: the page is
    /// dropped, and will be asked for again.
    pub(crate) async fn store_page(
        &self,
        claimed: &ClaimedSource,
        page: &NewPage<'_>,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let cursor = self.vault.seal_credential(&place(claimed.connector, &claimed.feed), page.cursor.as_bytes())?;
        let tx = self.db.begin().await?;
        let moved = tx
            .run(
                "UPDATE sources SET cursor = $1, next_at = $2, last_at = $3, failures = 0, error = NULL, lease = NULL, \
                 lease_until = NULL WHERE connector_id = $4 AND feed = $5 AND lease = $6",
                vec![
                    cursor.into(),
                    page.next_at.map(|at| at.0).into(),
                    now.0.into(),
                    claimed.connector.uuid().into(),
                    claimed.feed.as_str().into(),
                    claimed.lease.into(),
                ],
            )
            .await?;
        if moved == 0 {
            return Ok(false);
        }
        for body in page.bodies {
            let key: Uuid = self.ids.random(|key| key);
            let delivery = NewDelivery {
                connector: claimed.connector,
                feed: &claimed.feed,
                idempotency_key: format!("pulled {key}"),
                body_digest: [0; 32],
                body,
            };
            ensure!(self.insert_run(&tx, &delivery, now).await?.is_some(), "a key was drawn twice");
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps what went wrong; the source is asked again at `next_at`, or once somebody says so.
    pub(crate) async fn source_failed(
        &self,
        claimed: &ClaimedSource,
        (error, next_at): (&str, Option<Micros>),
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run(
            "UPDATE sources SET next_at = $1, failures = failures + 1, error = $2, lease = NULL, lease_until = NULL \
             WHERE connector_id = $3 AND feed = $4 AND lease = $5",
            vec![
                next_at.map(|at| at.0).into(),
                error.into(),
                claimed.connector.uuid().into(),
                claimed.feed.as_str().into(),
                claimed.lease.into(),
            ],
        )
        .await?;
        tx.commit().await
    }

    /// Has a connector's sources asked at once; with `since`, from then on again. Tells how many.
    pub(crate) async fn ask_sources(
        &self,
        id: ConnectorId,
        since: Option<Micros>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<u64> {
        let tx = self.db.begin().await?;
        // Without its lease, a page that is on its way does not count any more.
        let back = match since {
            Some(since) => format!(", cursor = NULL, since = {}, lease = NULL, lease_until = NULL", since.0),
            None => String::new(),
        };
        let sql = format!("UPDATE sources SET next_at = $1, failures = 0, error = NULL{back} WHERE connector_id = $2");
        let asked = tx.run(&sql, vec![now.0.into(), id.uuid().into()]).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(asked)
    }
}
