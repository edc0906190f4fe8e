//! Audit rows, written in the transaction of what they tell about.
//! Never: a change without its row, or personal data in one.

use super::db::{Sql as _, Tx, tuples};
use crate::{ids::Ids, permit::Viewer};
use sea_orm::Value;
use uuid::Uuid;
use vizard_core::{limits, time::Micros};

/// What was done, by whom, to what (domain, section 9).
pub(crate) struct Entry {
    actor: String,
    roles: String,
    activity: &'static str,
    category: &'static str,
    object: String,
    detail: String,
}

impl Entry {
    /// An act of a viewer. `detail` is free of personal data.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids, which are copied anyway")]
    pub(crate) fn by(
        viewer: &Viewer,
        activity: &'static str,
        category: &'static str,
        object: impl ToString,
        detail: &serde_json::Value,
    ) -> Self {
        let roles: Vec<&str> = viewer.roles.iter().map(|role| role.as_str()).collect();
        Self {
            actor: viewer.id.clone(),
            roles: roles.join(" "),
            activity,
            category,
            object: object.to_string(),
            detail: detail.to_string(),
        }
    }

    /// Something that was refused to whoever had no good token.
    pub(crate) fn by_nobody(category: &'static str, object: &str, detail: &serde_json::Value) -> Self {
        let entry = Self::by_the_system("DENIED", category, object, detail);
        Self { actor: "anonymous".to_owned(), ..entry }
    }

    /// An act of the system itself.
    pub(crate) fn by_the_system(
        activity: &'static str,
        category: &'static str,
        object: &str,
        detail: &serde_json::Value,
    ) -> Self {
        Self {
            actor: "system".to_owned(),
            roles: String::new(),
            activity,
            category,
            object: object.to_owned(),
            detail: detail.to_string(),
        }
    }
}

pub(super) async fn insert_entries(tx: &Tx, ids: &Ids, entries: &[Entry], now: Micros) -> anyhow::Result<()> {
    for rows in entries.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 8);
        for entry in rows {
            values.extend([
                ids.draw(|id: Uuid| id).into(),
                now.0.into(),
                entry.actor.as_str().into(),
                entry.roles.as_str().into(),
                entry.activity.into(),
                entry.category.into(),
                entry.object.as_str().into(),
                entry.detail.as_str().into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO audit (id, at, actor, roles, activity, category, object, detail) VALUES {}",
            tuples(tx, 8, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}
