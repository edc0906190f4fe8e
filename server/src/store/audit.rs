//! Audit rows, written in the transaction of what they tell about, and read back page by page.
//! Never: a change without its row, or a text in a row's leaf; texts lie beside it and can be erased.

mod log;

pub(crate) use log::StoredCheckpoint;
pub(super) use log::{newest, proofs};

use super::{
    Store,
    db::{Row, Sql as _, Tx, tuples},
    page::{List, Page, Slice},
};
use crate::{ids::Ids, permit::Viewer};
use anyhow::Context as _;
use sea_orm::Value;
use uuid::Uuid;
use vizard_core::{
    access::Role,
    audit::{
        AuditActivity, AuditCategory,
        leaf::{self, Leaf, SALT_BYTES},
    },
    ids::AuditEntryId,
    limits,
    time::Micros,
};

/// What was done, by whom, to what (domain, section 9).
pub(crate) struct Entry {
    actor: String,
    roles: Vec<Role>,
    activity: AuditActivity,
    category: AuditCategory,
    object: String,
    detail: serde_json::Value,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
    reason: Option<String>,
}

impl Entry {
    /// An act of a viewer. `detail` is free of personal data and of free text.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids, which are copied anyway")]
    pub(crate) fn by(
        viewer: &Viewer,
        activity: AuditActivity,
        category: AuditCategory,
        object: impl ToString,
        detail: &serde_json::Value,
    ) -> Self {
        Self::of(viewer.id.clone(), viewer.roles.clone(), activity, category, object.to_string(), detail)
    }

    /// An act of the system itself.
    pub(crate) fn by_the_system(
        activity: AuditActivity,
        category: AuditCategory,
        object: &str,
        detail: &serde_json::Value,
    ) -> Self {
        Self::of("system".to_owned(), Vec::new(), activity, category, object.to_owned(), detail)
    }

    /// Something that was refused to somebody who is not signed in.
    pub(crate) fn by_nobody(category: AuditCategory, object: &str, detail: &serde_json::Value) -> Self {
        let (actor, denied) = ("anonymous".to_owned(), AuditActivity::Denied);
        Self::of(actor, Vec::new(), denied, category, object.to_owned(), detail)
    }

    fn of(
        actor: String,
        roles: Vec<Role>,
        activity: AuditActivity,
        category: AuditCategory,
        object: String,
        detail: &serde_json::Value,
    ) -> Self {
        let detail = detail.clone();
        Self { actor, roles, activity, category, object, detail, before: None, after: None, reason: None }
    }

    /// Why it was done, as the viewer wrote it. The leaf commits to it; the text can be erased.
    pub(crate) fn reason(mut self, text: &str) -> Self {
        self.reason = Some(text.to_owned());
        self
    }

    /// What was there before and what is there now, free of personal data and of free text.
    pub(crate) fn change(mut self, [before, after]: [serde_json::Value; 2]) -> Self {
        (self.before, self.after) = (Some(before), Some(after));
        self
    }

    /// The bytes that the tree binds.
    fn leaf(&self, id: Uuid, at: Micros, salt: &[u8]) -> anyhow::Result<String> {
        let leaf = Leaf {
            v: leaf::VERSION,
            id: AuditEntryId::new(id),
            at: Leaf::instant(at),
            actor: self.actor.clone(),
            roles: self.roles.clone(),
            activity: self.activity,
            category: self.category,
            object: self.object.clone(),
            detail: self.detail.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            reason: self.reason.as_ref().map(|text| leaf::committed(salt, text)),
        };
        leaf.canonical().context("an audit entry cannot be written")
    }
}

/// An entry that has its place in the log.
pub(crate) struct StoredEntry {
    pub(crate) id: AuditEntryId,
    pub(crate) sequence: i64,
    /// The bytes that the tree binds.
    pub(crate) text: String,
    /// The same, read.
    pub(crate) leaf: Leaf,
    pub(crate) at: Micros,
    /// Why, unless it was erased, with the salt of its commitment.
    pub(crate) reason: Option<(Vec<u8>, String)>,
}

/// Which entries are wanted; `None` and empty lists want all.
#[derive(Clone, Default)]
pub struct AuditFilter {
    /// Any of these.
    pub activities: Vec<AuditActivity>,
    /// Of this actor.
    pub actor: Option<String>,
    /// From this instant on.
    pub from: Option<Micros>,
    /// Before this instant.
    pub to: Option<Micros>,
}

pub(super) async fn insert_entries(tx: &Tx, ids: &Ids, entries: &[Entry], now: Micros) -> anyhow::Result<()> {
    const COLUMNS: usize = 11;
    for rows in entries.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
        for entry in rows {
            let id = ids.draw(|id: Uuid| id);
            let mut salt = vec![0u8; SALT_BYTES];
            ids.fill(&mut salt);
            let leaf = entry.leaf(id, now, &salt)?;
            let roles: Vec<&str> = entry.roles.iter().map(|role| role.as_str()).collect();
            values.extend([
                id.into(),
                now.0.into(),
                entry.actor.as_str().into(),
                roles.join(" ").into(),
                entry.activity.as_str().into(),
                entry.category.as_str().into(),
                entry.object.as_str().into(),
                entry.detail.to_string().into(),
                leaf.into(),
                entry.reason.clone().into(),
                entry.reason.as_ref().map(|_| salt).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO audit (id, at, actor, roles, activity, category, object, detail, leaf, reason, reason_salt) \
             VALUES {}",
            tuples(tx, COLUMNS, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

/// The leaf of a row that was written before rows had one.
fn leaf_of_old(row: &Row) -> anyhow::Result<String> {
    let roles: String = row.get("roles")?;
    let known = |word: &str| word.parse().map_err(|_| anyhow::anyhow!("an audit row holds an unknown role"));
    let entry = Entry {
        actor: row.get("actor")?,
        roles: roles.split_whitespace().map(known).collect::<anyhow::Result<_>>()?,
        activity: row.word("activity")?,
        category: row.word("category")?,
        object: row.get::<Option<String>>("object")?.unwrap_or_default(),
        detail: row.json("detail")?,
        before: None,
        after: None,
        reason: None,
    };
    entry.leaf(row.get("id")?, Micros(row.get("at")?), &[])
}

const ENTRY: &str = "id, at, sequence, leaf, reason, reason_salt";

fn entry(row: &Row) -> anyhow::Result<StoredEntry> {
    let text: String = row.get("leaf")?;
    let leaf = serde_json::from_str(&text).context("an audit row holds no leaf")?;
    let reason = row.get::<Option<Vec<u8>>>("reason_salt")?.zip(row.get::<Option<String>>("reason")?);
    Ok(StoredEntry {
        id: AuditEntryId::new(row.get("id")?),
        sequence: row.get("sequence")?,
        text,
        leaf,
        at: Micros(row.get("at")?),
        reason,
    })
}

impl Store {
    /// Writes entries about what changes nothing: reads, refusals.
    pub(crate) async fn audit(&self, entries: &[Entry], now: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        insert_entries(&tx, &self.ids, entries, now).await?;
        tx.commit().await
    }

    /// Entries that have their place, the newest first.
    pub(crate) async fn audit_entries(
        &self,
        filter: &AuditFilter,
        slice: &Slice<(i64, Uuid)>,
    ) -> anyhow::Result<Page<StoredEntry>> {
        let mut conditions = vec!["sequence IS NOT NULL".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        if !filter.activities.is_empty() {
            let words = super::db::marks(0, filter.activities.len());
            conditions.push(format!("activity IN ({words})"));
            values.extend(filter.activities.iter().map(|activity| Value::from(activity.as_str())));
        }
        for (condition, value) in [
            ("actor =", filter.actor.clone().map(Value::from)),
            ("at >=", filter.from.map(|at| at.0.into())),
            ("at <", filter.to.map(|at| at.0.into())),
        ] {
            if let Some(value) = value {
                values.push(value);
                conditions.push(format!("{condition} ${}", values.len()));
            }
        }
        let list =
            List { columns: ENTRY, from: "audit", conditions, values, order: ("sequence", "id"), descending: true };
        list.page(&self.db, slice, |key| [key.0.into(), key.1.into()], entry).await
    }

    /// One entry that has its place.
    pub(crate) async fn audit_entry(&self, id: AuditEntryId) -> anyhow::Result<Option<StoredEntry>> {
        let sql = format!("SELECT {ENTRY} FROM audit WHERE id = $1 AND sequence IS NOT NULL");
        self.db.row(&sql, vec![id.uuid().into()]).await?.as_ref().map(entry).transpose()
    }

    /// Entries from a place on, in order.
    pub(crate) async fn audit_entries_from(&self, from: i64, to: i64, most: usize) -> anyhow::Result<Vec<StoredEntry>> {
        let sql =
            format!("SELECT {ENTRY} FROM audit WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence LIMIT {most}");
        self.db.rows(&sql, vec![from.into(), to.into()]).await?.iter().map(entry).collect()
    }
}
