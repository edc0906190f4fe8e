//! That something changed, for subscribers on every replica: noted in the transaction of the change, read by all.
//! Never: what it became, or for whom. Whoever is told reads the thing as it is, with their own sight.
//!
//! PostgreSQL commits in another order than it draws sequence numbers, so a reader that went by those would lose what was
//! drawn early and committed late. A note therefore has no place when it is written. Replicas take turns to give places to
//! what is committed, one transaction after the other, so places become visible in their own order and without gaps: a
//! reader that is at place n has missed nothing up to n. SQLite has one writer, whose order is that of its commits: there the
//! place is given with the note, which saves a transaction.

use super::{
    Store,
    db::{Row, Sql as _, Tx, tuples},
};
use anyhow::Context as _;
use sea_orm::Value;
use tokio::sync::Notify;
use uuid::Uuid;
use vizard_core::{
    ids::{AlertId, CaseId, ConnectorId, RunId},
    limits,
    time::{Micros, SECOND},
};

/// What changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// An alert was raised, or became more severe.
    Alert(AlertId),
    /// A case, or something that is shown in it.
    Case(CaseId),
    /// A run of a connector.
    Run(RunId, ConnectorId),
    /// Who may see less than before: grants, viewers of priority user groups, contributors who contribute no longer.
    Access,
}

impl Change {
    fn values(self, now: Micros) -> [Value; 4] {
        let (kind, thing, owner) = match self {
            Self::Alert(id) => ("ALERT", Some(id.uuid()), None),
            Self::Case(id) => ("CASE", Some(id.uuid()), None),
            Self::Run(run, connector) => ("RUN", Some(run.uuid()), Some(connector.uuid())),
            Self::Access => ("ACCESS", None, None),
        };
        [kind.into(), thing.into(), owner.into(), now.0.into()]
    }

    fn of(row: &Row) -> anyhow::Result<Self> {
        let id = |name: &str| row.get::<Option<Uuid>>(name)?.context("a change of nothing");
        match row.get::<String>("kind")?.as_str() {
            "ALERT" => Ok(Self::Alert(AlertId::new(id("thing")?))),
            "CASE" => Ok(Self::Case(CaseId::new(id("thing")?))),
            "RUN" => Ok(Self::Run(RunId::new(id("thing")?), ConnectorId::new(id("owner")?))),
            "ACCESS" => Ok(Self::Access),
            _ => anyhow::bail!("a change of an unknown kind"),
        }
    }
}

/// Changes after a place.
pub(crate) struct Changes {
    /// In the order of their places.
    pub(crate) found: Vec<Change>,
    /// Whether there were others between, which are gone already.
    pub(crate) missed: bool,
    /// Where to go on.
    pub(crate) place: i64,
}

/// Notes what the transaction changes.
pub(super) async fn note(tx: &Tx, changes: &[Change], now: Micros) -> anyhow::Result<()> {
    for changes in changes.chunks(limits::INSERT_ROWS) {
        let values = changes.iter().flat_map(|change| change.values(now)).collect();
        let sql = format!("INSERT INTO changes (kind, thing, owner, at) VALUES {}", tuples(tx, 4, changes.len()));
        tx.run(&sql, values).await?;
        tx.ring();
    }
    if !changes.is_empty() && !tx.is_postgres() {
        give_places(tx).await?;
    }
    Ok(())
}

/// Gives places to notes that have none. The row of the last place is locked until the end, so on PostgreSQL it is a
/// transaction's first and last work: its statements see what the turn before committed.
async fn give_places(tx: &Tx) -> anyhow::Result<()> {
    let last = placed(tx, tx.for_update()).await?;
    let sql = format!(
        "UPDATE changes SET place = given.place FROM (SELECT sequence, $1 + row_number() OVER (ORDER BY sequence) AS place \
         FROM changes WHERE place IS NULL ORDER BY sequence LIMIT {}) AS given WHERE changes.sequence = given.sequence",
        limits::LIVE_BATCH
    );
    let last = last + i64::try_from(tx.run(&sql, vec![last.into()]).await?)?;
    tx.run("UPDATE meta SET value = $1 WHERE name = 'changes'", vec![last.to_string().into()]).await?;
    Ok(())
}

async fn placed(sql: &impl super::db::Sql, lock: &str) -> anyhow::Result<i64> {
    let row = sql.row(&format!("SELECT value FROM meta WHERE name = 'changes' {lock}"), vec![]).await?;
    Ok(row.context("the last place of a change is missing")?.get::<String>("value")?.parse()?)
}

impl Store {
    /// Rings when a change was committed in this process.
    pub(crate) fn changed(&self) -> &Notify {
        self.db.changed()
    }

    /// The last place that was given.
    pub(crate) async fn changes_placed(&self) -> anyhow::Result<i64> {
        placed(&self.db, "").await
    }

    /// Changes after `place`, at most `LIVE_BATCH`; gives places to those that wait for one.
    pub(crate) async fn changes_after(&self, place: i64) -> anyhow::Result<Changes> {
        if self.db.row("SELECT sequence FROM changes WHERE place IS NULL LIMIT 1", vec![]).await?.is_some() {
            let tx = self.db.begin().await?;
            give_places(&tx).await?;
            tx.commit().await?;
        }
        let last = self.changes_placed().await?;
        if last <= place {
            return Ok(Changes { found: vec![], missed: false, place });
        }
        let sql = format!(
            "SELECT place, kind, thing, owner FROM changes WHERE place > $1 AND place <= $2 ORDER BY place LIMIT {}",
            limits::LIVE_BATCH
        );
        let rows = self.db.rows(&sql, vec![place.into(), last.into()]).await?;
        let places: Vec<i64> = rows.iter().map(|row| row.get("place")).collect::<anyhow::Result<_>>()?;
        Ok(Changes {
            found: rows.iter().map(Change::of).collect::<anyhow::Result<_>>()?,
            missed: places.first() != Some(&(place + 1)),
            place: places.last().copied().unwrap_or(last),
        })
    }

    /// Removes what every replica has read long ago.
    pub(crate) async fn forget_changes(&self, now: Micros) -> anyhow::Result<()> {
        let before = now.0 - limits::LIVE_KEPT_SECONDS * SECOND;
        let old = "SELECT sequence FROM changes WHERE at < $1 AND place IS NOT NULL LIMIT 1";
        if self.db.row(old, vec![before.into()]).await?.is_none() {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        tx.run("DELETE FROM changes WHERE at < $1 AND place IS NOT NULL", vec![before.into()]).await?;
        tx.commit().await
    }
}
