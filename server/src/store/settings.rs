//! The installation's settings: every edit is a version, the newest holds.
//! Never: a version overwritten.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Sql, Tx},
    policies::rescore,
};
use vizard_core::{settings::Settings, time::Micros};

/// The newest version and its number; 0 and the defaults where nothing was ever set.
pub(super) async fn current(sql: &impl Sql) -> anyhow::Result<(i32, Settings)> {
    let newest = "SELECT version, body FROM settings ORDER BY version DESC LIMIT 1";
    match sql.row(newest, vec![]).await? {
        Some(row) => Ok((i32::try_from(row.get::<i64>("version")?)?, row.json("body")?)),
        None => Ok((0, Settings::default())),
    }
}

impl Store {
    /// The settings in force, and the number of their version.
    pub(crate) async fn settings(&self) -> anyhow::Result<(i32, Settings)> {
        current(&self.db).await
    }

    /// Makes the next version; false where somebody else was faster.
    pub(crate) async fn save_settings(
        &self,
        from: i32,
        settings: &Settings,
        by: &str,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        if !insert_settings(&tx, from, settings, by, now).await? {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        rescore(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Makes the version after `from`; false where it is there already.
pub(super) async fn insert_settings(
    tx: &Tx,
    from: i32,
    settings: &Settings,
    by: &str,
    now: Micros,
) -> anyhow::Result<bool> {
    let written = tx
        .run(
            "INSERT INTO settings (version, body, created_at, created_by) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (version) DO NOTHING",
            vec![i64::from(from + 1).into(), serde_json::to_string(settings)?.into(), now.0.into(), by.into()],
        )
        .await?;
    Ok(written == 1)
}
