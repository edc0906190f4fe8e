//! The log as a tree: rows get their places, the tree grows, its root is signed.
//! Never: a place given twice or left out, or a signature over a tree that is not the one signed before.

use super::{Store, leaf_of_old};
use crate::store::db::{Row, Sql, Tx, tuples};
use anyhow::{Context as _, ensure};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    audit::{
        Hash,
        note::{Checkpoint, LogKey},
        tree::{Frontier, NodeId, Part, inclusion, leaf_hash},
    },
    limits,
    time::{Micros, SECOND},
};

/// A signed checkpoint.
#[derive(Clone, Debug)]
pub(crate) struct StoredCheckpoint {
    pub(crate) size: i64,
    pub(crate) root: Hash,
    pub(crate) at: Micros,
    pub(crate) note: String,
}

/// What one turn of the sequencer did.
pub(crate) struct Turn {
    /// Entries that got their place.
    pub(crate) entries: usize,
    /// The newest checkpoint.
    pub(crate) newest: StoredCheckpoint,
}

const CHECKPOINT: &str = "size, root, at, note";

fn hash(bytes: Vec<u8>) -> anyhow::Result<Hash> {
    bytes.try_into().map_err(|_| anyhow::anyhow!("a hash of another length"))
}

fn checkpoint(row: &Row) -> anyhow::Result<StoredCheckpoint> {
    Ok(StoredCheckpoint {
        size: row.get("size")?,
        root: hash(row.get("root")?)?,
        at: Micros(row.get("at")?),
        note: row.get("note")?,
    })
}

pub(in crate::store) async fn newest(sql: &impl Sql) -> anyhow::Result<Option<StoredCheckpoint>> {
    let text = format!("SELECT {CHECKPOINT} FROM audit_checkpoints ORDER BY size DESC LIMIT 1");
    sql.row(&text, vec![]).await?.as_ref().map(checkpoint).transpose()
}

async fn nodes(sql: &impl Sql, ids: &[NodeId]) -> anyhow::Result<BTreeMap<NodeId, Hash>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut values: Vec<Value> = Vec::with_capacity(ids.len() * 2);
    for id in ids {
        values.extend([i64::from(id.level).into(), i64::try_from(id.position)?.into()]);
    }
    let text = format!(
        "SELECT level, position, hash FROM audit_nodes WHERE (level, position) IN (VALUES {})",
        tuples(sql, 2, ids.len())
    );
    let read = |row: &Row| {
        let level = u8::try_from(row.get::<i64>("level")?)?;
        let position = u64::try_from(row.get::<i64>("position")?)?;
        Ok((NodeId { level, position }, hash(row.get("hash")?)?))
    };
    sql.rows(&text, values).await?.iter().map(read).collect()
}

/// What proves each of these places in the log of `size` entries.
pub(in crate::store) async fn proofs(sql: &impl Sql, places: &[u64], size: u64) -> anyhow::Result<Vec<Vec<Hash>>> {
    let parts: Option<Vec<Vec<Part>>> = places.iter().map(|place| inclusion(*place, size)).collect();
    let parts = parts.context("an entry beyond the checkpoint")?;
    let ids: BTreeSet<NodeId> = parts.iter().flatten().flat_map(|part| part.needs().iter().copied()).collect();
    let known = nodes(sql, &ids.into_iter().collect::<Vec<_>>()).await?;
    let hashes = |path: &Vec<Part>| path.iter().map(|part| part.hash(|id| known.get(&id).copied())).collect();
    let found: Option<Vec<Vec<Hash>>> = parts.iter().map(hashes).collect();
    found.context("the audit log lacks parts of its tree")
}

/// Rows that wait for their places, and their leaves. PostgreSQL commits in another order than it draws ids, so what
/// waits is what has no place, not what comes after the last one.
async fn waiting(tx: &Tx) -> anyhow::Result<Vec<(Uuid, String, bool)>> {
    let text = format!(
        "SELECT id, at, actor, roles, activity, category, object, detail, leaf FROM audit WHERE sequence IS NULL \
         ORDER BY at, id LIMIT {}",
        limits::AUDIT_BATCH
    );
    let read = |row: &Row| {
        let leaf: Option<String> = row.get("leaf")?;
        let old = leaf.is_none();
        Ok((row.get("id")?, leaf.map_or_else(|| leaf_of_old(row), Ok)?, old))
    };
    tx.rows(&text, vec![]).await?.iter().map(read).collect()
}

async fn save(tx: &Tx, from: u64, rows: &[(Uuid, String, bool)], made: &[(NodeId, Hash)]) -> anyhow::Result<()> {
    let mut place = i64::try_from(from)?;
    for rows in rows.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 2);
        for (id, ..) in rows {
            values.extend([(*id).into(), place.into()]);
            place += 1;
        }
        let text = format!(
            "UPDATE audit SET sequence = given.column2 FROM (VALUES {}) AS given WHERE audit.id = given.column1",
            tuples(tx, 2, rows.len())
        );
        ensure!(tx.run(&text, values).await? == rows.len() as u64, "an audit row vanished");
    }
    for (id, leaf, _) in rows.iter().filter(|(.., old)| *old) {
        tx.run("UPDATE audit SET leaf = $1 WHERE id = $2", vec![leaf.as_str().into(), (*id).into()]).await?;
    }
    for made in made.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(made.len() * 3);
        for (id, hash) in made {
            let (level, position) = (i64::from(id.level), i64::try_from(id.position)?);
            values.extend([level.into(), position.into(), hash.to_vec().into()]);
        }
        let text = format!("INSERT INTO audit_nodes (level, position, hash) VALUES {}", tuples(tx, 3, made.len()));
        tx.run(&text, values).await?;
    }
    Ok(())
}

/// The tree's right edge, as it was signed.
async fn frontier(tx: &Tx, size: u64, signed: Option<&StoredCheckpoint>, key: &LogKey) -> anyhow::Result<Frontier> {
    let needs = Frontier::needs(size);
    let kept = nodes(tx, &needs).await?;
    let hashes: Vec<Hash> = needs.iter().filter_map(|id| kept.get(id).copied()).collect();
    let frontier = Frontier::of(size, hashes).context("the audit log lacks parts of its tree")?;
    let told = match signed {
        Some(signed) => {
            let told = key.public().open(&signed.note).context("the last checkpoint in the database")?;
            Some((told.size, told.root))
        }
        None => None,
    };
    ensure!(
        told.map_or(size == 0, |told| told == (size, frontier.root())),
        "the audit log is not the one that was signed last: somebody changed it in the database. Nothing more is signed \
         until that is cleared up; see docs/audit.md"
    );
    Ok(frontier)
}

impl Store {
    /// Notes the log's public key in a new database, and refuses another one afterwards.
    pub(crate) async fn check_audit_key(&self, key: &LogKey) -> anyhow::Result<()> {
        let public = key.public().to_string();
        let tx = self.db.begin().await?;
        tx.run(
            "INSERT INTO meta (name, value) VALUES ('audit_key', $1) ON CONFLICT (name) DO NOTHING",
            vec![public.as_str().into()],
        )
        .await?;
        let row = tx.row("SELECT value FROM meta WHERE name = 'audit_key'", vec![]).await?.context("no answer")?;
        ensure!(
            row.get::<String>("value")? == public,
            "the audit key does not belong to this database: its log was signed with another. Put the right key file in \
             place (audit_key_file), or start with an empty database"
        );
        tx.commit().await
    }

    /// The newest checkpoint.
    pub(crate) async fn newest_checkpoint(&self) -> anyhow::Result<Option<StoredCheckpoint>> {
        newest(&self.db).await
    }

    /// Checkpoints over more than `after` and at most `to` entries, the smallest first.
    pub(crate) async fn checkpoints(&self, after: i64, to: i64) -> anyhow::Result<Vec<StoredCheckpoint>> {
        let text = format!("SELECT {CHECKPOINT} FROM audit_checkpoints WHERE size > $1 AND size <= $2 ORDER BY size");
        self.db.rows(&text, vec![after.into(), to.into()]).await?.iter().map(checkpoint).collect()
    }

    /// Hashes of complete subtrees, those that exist.
    pub(crate) async fn audit_nodes(&self, ids: &[NodeId]) -> anyhow::Result<BTreeMap<NodeId, Hash>> {
        nodes(&self.db, ids).await
    }

    /// Gives places to entries that wait, at most `AUDIT_BATCH`, and signs the new root; signs the old one again where
    /// nothing waits and the last signature is `AUDIT_HEARTBEAT_SECONDS` old. Nothing where neither is due.
    ///
    /// Replicas take turns: the row of the log's size is locked for the whole of it, and SQLite has one writer.
    pub(crate) async fn sequence_audit(&self, key: &LogKey, now: Micros) -> anyhow::Result<Option<Turn>> {
        let due = |newest: Option<&StoredCheckpoint>| {
            newest.is_none_or(|newest| now.0 - newest.at.0 >= limits::AUDIT_HEARTBEAT_SECONDS * SECOND)
        };
        // A look without a lock: most turns find nothing.
        let waits = self.db.row("SELECT id FROM audit WHERE sequence IS NULL LIMIT 1", vec![]).await?.is_some();
        if !waits && !due(newest(&self.db).await?.as_ref()) {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let lock = tx.for_update();
        let row = tx.row(&format!("SELECT value FROM audit_state WHERE name = 'size' {lock}"), vec![]).await?;
        let size = u64::try_from(row.context("the audit log lost its size")?.get::<i64>("value")?)?;
        let signed = newest(&tx).await?;
        let rows = waiting(&tx).await?;
        if rows.is_empty() && !due(signed.as_ref()) {
            return Ok(None);
        }
        let mut frontier = frontier(&tx, size, signed.as_ref(), key).await?;
        let made: Vec<(NodeId, Hash)> =
            rows.iter().flat_map(|(_, leaf, _)| frontier.push(leaf_hash(leaf.as_bytes()))).collect();
        save(&tx, size, &rows, &made).await?;
        // A clock that was set back does not make a later root look older.
        let at = signed.map_or(now, |signed| signed.at.max(now));
        let checkpoint = Checkpoint { size: frontier.size(), root: frontier.root(), at };
        let note = key.sign(&checkpoint);
        let newest =
            StoredCheckpoint { size: i64::try_from(checkpoint.size)?, root: checkpoint.root, at, note: note.clone() };
        tx.run(
            "INSERT INTO audit_checkpoints (size, root, at, note) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (size) DO UPDATE SET at = excluded.at, note = excluded.note",
            vec![newest.size.into(), newest.root.to_vec().into(), at.0.into(), note.into()],
        )
        .await?;
        tx.run("UPDATE audit_state SET value = $1 WHERE name = 'size'", vec![newest.size.into()]).await?;
        tx.commit().await?;
        Ok(Some(Turn { entries: rows.len(), newest }))
    }

    /// How far a feed is: the place of the next entry that it sends.
    pub(crate) async fn audit_cursor(&self, feed: &str) -> anyhow::Result<i64> {
        let row = self.db.row("SELECT value FROM audit_state WHERE name = $1", vec![feed.into()]).await?;
        row.map_or(Ok(0), |row| row.get("value"))
    }

    /// Moves a feed on; never back.
    pub(crate) async fn move_audit_cursor(&self, feed: &str, to: i64) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run(
            "INSERT INTO audit_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value \
             WHERE audit_state.value < excluded.value",
            vec![feed.into(), to.into()],
        )
        .await?;
        tx.commit().await
    }
}
