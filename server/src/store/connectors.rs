//! Connectors, their runs and what was rejected.
//! Never: a secret of a connector in the open.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, marks},
    intake::{Counts, RunState},
    page::{List, Page, Slice},
    sources,
};
use anyhow::Context as _;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    health::Source,
    ids::{ConnectorId, PluginId, RunId},
    time::Micros,
};
use zeroize::Zeroizing;

/// Whether a connector takes deliveries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectorState {
    /// It does.
    Enabled,
    /// An operator stopped it.
    Paused,
    /// Its plugin failed repeatedly.
    Quarantined,
}

impl ConnectorState {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Paused => "PAUSED",
            Self::Quarantined => "QUARANTINED",
        }
    }
}

impl std::str::FromStr for ConnectorState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Enabled, Self::Paused, Self::Quarantined].into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// A configured connector.
#[derive(Clone)]
pub(crate) struct StoredConnector {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    pub(crate) plugin: PluginId,
    pub(crate) state: ConnectorState,
    /// JSON, without secrets.
    pub(crate) config: String,
    pub(crate) grants: Vec<String>,
    sealed_secrets: Option<Vec<u8>>,
    /// How often its source is asked; nothing where only by hand.
    pub(crate) pull_minutes: Option<i32>,
    pub(crate) last_delivery_at: Option<Micros>,
}

/// A run, as listed.
#[derive(Clone)]
pub(crate) struct StoredRun {
    pub(crate) id: RunId,
    pub(crate) connector: ConnectorId,
    pub(crate) state: RunState,
    pub(crate) started_at: Micros,
    pub(crate) finished_at: Option<Micros>,
    pub(crate) counts: Counts,
    pub(crate) error: Option<String>,
}

/// A record that was not accepted.
#[derive(Clone)]
pub(crate) struct StoredReject {
    pub(crate) position: i64,
    pub(crate) reason: String,
    pub(crate) detail: String,
}

const RUN: &str = "id, connector_id, state, started_at, finished_at, records_read, accepted, duplicates, rejected, ignored, uncovered, \
     error";
const CONNECTOR: &str = "id, name, plugin_id, state, config, grants, secrets, pull_minutes, last_delivery_at";

/// What a connector is set up with.
pub(crate) struct SetUp<'a> {
    /// JSON, without secrets.
    pub(crate) config: &'a str,
    pub(crate) secrets: &'a Secrets,
    pub(crate) grants: &'a [String],
    pub(crate) pull_minutes: Option<i32>,
    /// Feeds that are pulled.
    pub(crate) feeds: &'a [String],
}

/// Secrets by name.
pub(crate) type Secrets = BTreeMap<String, Zeroizing<String>>;

fn run(row: &Row) -> anyhow::Result<StoredRun> {
    Ok(StoredRun {
        id: RunId::new(row.get("id")?),
        connector: ConnectorId::new(row.get("connector_id")?),
        state: row.word("state")?,
        started_at: Micros(row.get("started_at")?),
        finished_at: row.get::<Option<i64>>("finished_at")?.map(Micros),
        counts: Counts::of(row)?,
        error: row.get("error")?,
    })
}

fn connector(row: &Row) -> anyhow::Result<StoredConnector> {
    Ok(StoredConnector {
        id: ConnectorId::new(row.get("id")?),
        name: row.get("name")?,
        plugin: PluginId::new(row.get("plugin_id")?),
        state: row.word("state")?,
        config: row.get("config")?,
        grants: row.json("grants")?,
        sealed_secrets: row.get("secrets")?,
        pull_minutes: row.get::<Option<i64>>("pull_minutes")?.map(i32::try_from).transpose()?,
        last_delivery_at: row.get::<Option<i64>>("last_delivery_at")?.map(Micros),
    })
}

impl Store {
    /// The secrets of a connector, opened: for the host to put in.
    pub(crate) fn secrets_of(&self, connector: &StoredConnector) -> anyhow::Result<Secrets> {
        let Some(sealed) = &connector.sealed_secrets else { return Ok(Secrets::new()) };
        let open = Zeroizing::new(self.vault.open_credential(connector.id.uuid().as_bytes(), sealed)?);
        let secrets: BTreeMap<String, String> = serde_json::from_slice(&open)?;
        Ok(secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect())
    }

    fn seal_secrets(&self, id: ConnectorId, secrets: &Secrets) -> anyhow::Result<Option<Vec<u8>>> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let open: BTreeMap<&str, &str> =
            secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
        let open = Zeroizing::new(serde_json::to_vec(&open)?);
        self.vault.seal_credential(id.uuid().as_bytes(), &open).map(Some)
    }

    /// Adds a connector; nothing where the name is taken.
    pub(crate) async fn create_connector(
        &self,
        (name, plugin): (&str, PluginId),
        set_up: &SetUp<'_>,
        entry: impl FnOnce(ConnectorId) -> Entry,
        now: Micros,
    ) -> anyhow::Result<Option<ConnectorId>> {
        let tx = self.db.begin().await?;
        let id = self.ids.draw(ConnectorId::new);
        let inserted = tx
            .run(
                "INSERT INTO connectors (id, name, plugin_id, state, config, grants, secrets, pull_minutes, created_at) \
                 VALUES ($1, $2, $3, 'ENABLED', $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
                vec![
                    id.uuid().into(),
                    name.into(),
                    plugin.uuid().into(),
                    set_up.config.into(),
                    serde_json::to_string(set_up.grants)?.into(),
                    self.seal_secrets(id, set_up.secrets)?.into(),
                    set_up.pull_minutes.map(i64::from).into(),
                    now.0.into(),
                ],
            )
            .await?;
        if inserted == 0 {
            return Ok(None);
        }
        sources::set(&tx, id, set_up, now).await?;
        insert_entries(&tx, &self.ids, &[entry(id)], now).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Sets a connector up anew. What stopped its sources may be mended, so they are asked again.
    pub(crate) async fn set_connector_up(
        &self,
        id: ConnectorId,
        set_up: &SetUp<'_>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run(
            "UPDATE connectors SET config = $1, grants = $2, secrets = $3, pull_minutes = $4 WHERE id = $5",
            vec![
                set_up.config.into(),
                serde_json::to_string(set_up.grants)?.into(),
                self.seal_secrets(id, set_up.secrets)?.into(),
                set_up.pull_minutes.map(i64::from).into(),
                id.uuid().into(),
            ],
        )
        .await?;
        sources::set(&tx, id, set_up, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await
    }

    /// Puts a connector into a state.
    pub(crate) async fn set_connector_state(
        &self,
        id: ConnectorId,
        state: ConnectorState,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run("UPDATE connectors SET state = $1 WHERE id = $2", vec![state.as_str().into(), id.uuid().into()]).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await
    }

    /// The connector called `name`.
    pub(crate) async fn connector_called(&self, name: &str) -> anyhow::Result<Option<StoredConnector>> {
        let sql = format!("SELECT {CONNECTOR} FROM connectors WHERE name = $1");
        self.db.row(&sql, vec![name.into()]).await?.as_ref().map(connector).transpose()
    }

    /// Connectors by id.
    pub(crate) async fn connectors_by_id(
        &self,
        ids: &[ConnectorId],
    ) -> anyhow::Result<BTreeMap<ConnectorId, StoredConnector>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!("SELECT {CONNECTOR} FROM connectors WHERE id IN ({})", marks(0, ids.len()));
        let rows = self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await?;
        rows.iter().map(|row| connector(row).map(|connector| (connector.id, connector))).collect()
    }

    /// Connectors in the order of their names.
    pub(crate) async fn connectors(&self, slice: &Slice<(String, Uuid)>) -> anyhow::Result<Page<StoredConnector>> {
        let list = List {
            columns: CONNECTOR,
            from: "connectors",
            conditions: vec![],
            values: vec![],
            order: ("name", "id"),
            descending: false,
        };
        list.page(&self.db, slice, |(name, id)| [name.as_str().into(), (*id).into()], connector).await
    }

    /// The connectors of a plugin.
    pub(crate) async fn connectors_of(&self, plugin: &str) -> anyhow::Result<Vec<StoredConnector>> {
        let sql = format!(
            "SELECT {CONNECTOR} FROM connectors WHERE plugin_id IN (SELECT id FROM plugins WHERE name = $1) ORDER BY name"
        );
        self.db.rows(&sql, vec![plugin.into()]).await?.iter().map(connector).collect()
    }

    /// What the configured connectors feed: one entry a plugin and state, with the latest delivery.
    pub(crate) async fn sources(&self) -> anyhow::Result<Vec<Source>> {
        let sql = "SELECT plugin_id, state, max(last_delivery_at) AS last FROM connectors GROUP BY plugin_id, state \
                   ORDER BY plugin_id, state";
        let rows = self.db.rows(sql, vec![]).await?;
        let ids = rows.iter().map(|row| row.get("plugin_id").map(PluginId::new)).collect::<Result<Vec<_>, _>>()?;
        let plugins = self.plugins_by_id(&ids).await?;
        let mut sources = Vec::with_capacity(rows.len());
        for (row, id) in rows.iter().zip(&ids) {
            let plugin = plugins.get(id).context("a connector without its plugin")?;
            sources.push(Source {
                family: plugin.spec.family.clone(),
                state: row.word("state")?,
                last_delivery: row.get::<Option<i64>>("last")?.map(Micros),
            });
        }
        Ok(sources)
    }

    /// The last run of each of these connectors.
    pub(crate) async fn last_runs(&self, ids: &[ConnectorId]) -> anyhow::Result<BTreeMap<ConnectorId, StoredRun>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!(
            "SELECT {RUN} FROM runs r WHERE r.connector_id IN ({}) AND NOT EXISTS (SELECT 1 FROM runs n WHERE \
             n.connector_id = r.connector_id AND n.id > r.id)",
            marks(0, ids.len())
        );
        let rows = self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await?;
        rows.iter().map(|row| run(row).map(|run| (run.connector, run))).collect()
    }

    /// A connector's runs, the newest first.
    pub(crate) async fn runs(
        &self,
        connector: ConnectorId,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredRun>> {
        let list = List {
            columns: RUN,
            from: "runs",
            conditions: vec!["connector_id = $1".to_owned()],
            values: vec![connector.uuid().into()],
            order: ("started_at", "id"),
            descending: true,
        };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], run).await
    }

    /// Runs by id.
    pub(crate) async fn runs_by_id(&self, ids: &[RunId]) -> anyhow::Result<BTreeMap<RunId, StoredRun>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!("SELECT {RUN} FROM runs WHERE id IN ({})", marks(0, ids.len()));
        let rows = self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await?;
        rows.iter().map(|row| run(row).map(|run| (run.id, run))).collect()
    }

    /// What a run rejected, by position.
    pub(crate) async fn rejects(&self, id: RunId, slice: &Slice<i64>) -> anyhow::Result<Page<StoredReject>> {
        let list = List {
            columns: "position, reason, detail",
            from: "rejects",
            conditions: vec!["run_id = $1".to_owned()],
            values: vec![id.uuid().into()],
            order: ("position", "position"),
            descending: false,
        };
        let read = |row: &Row| {
            Ok(StoredReject { position: row.get("position")?, reason: row.get("reason")?, detail: row.get("detail")? })
        };
        list.page(&self.db, slice, |position| [(*position).into(), (*position).into()], read).await
    }
}
