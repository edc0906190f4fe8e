//! The installation's settings: every edit is a version, the newest holds.
//! Never: a version overwritten, but by an erasure, which takes one person's digests out of all of them.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql, Tx},
    page::{List, Page, Slice},
    policies::rescore,
};
use vizard_core::{settings::Settings, time::Micros};

/// Who made a version, when and why.
#[derive(Clone)]
pub(crate) struct Made {
    /// The viewer's id.
    pub(crate) by: String,
    pub(crate) at: Micros,
    pub(crate) reason: Option<String>,
}

/// The settings in force.
#[derive(Clone)]
pub(crate) struct InForce {
    /// 0 for those of a new installation.
    pub(crate) version: i32,
    pub(crate) settings: Settings,
    /// Who last changed how identities are protected; nobody where nobody ever did.
    pub(crate) privacy: Option<Made>,
}

/// One version.
pub(crate) struct SettingsVersion {
    pub(crate) version: i32,
    pub(crate) made: Made,
    /// What it changed, in sentences.
    pub(crate) changes: Vec<String>,
}

/// A version to make.
pub(crate) struct NewVersion<'a> {
    /// The version that it was made from.
    pub(crate) from: i32,
    pub(crate) settings: &'a Settings,
    /// Who makes it.
    pub(crate) by: &'a str,
    /// Why.
    pub(crate) reason: Option<&'a str>,
}

/// The newest version and its number; 0 and the defaults where nothing was ever set.
pub(super) async fn current(sql: &impl Sql) -> anyhow::Result<(i32, Settings)> {
    let newest = "SELECT version, body FROM settings ORDER BY version DESC LIMIT 1";
    match sql.row(newest, vec![]).await? {
        Some(row) => Ok((number(&row)?, row.json("body")?)),
        None => Ok((0, Settings::default())),
    }
}

fn number(row: &Row) -> anyhow::Result<i32> {
    Ok(i32::try_from(row.get::<i64>("version")?)?)
}

fn made(row: &Row) -> anyhow::Result<Made> {
    Ok(Made { by: row.get("created_by")?, at: Micros(row.get("created_at")?), reason: row.get("reason")? })
}

impl Store {
    /// The settings in force, and the number of their version.
    pub(crate) async fn settings(&self) -> anyhow::Result<(i32, Settings)> {
        current(&self.db).await
    }

    /// The settings in force, with who last changed how identities are protected.
    pub(crate) async fn settings_in_force(&self) -> anyhow::Result<InForce> {
        let (version, settings) = self.settings().await?;
        let sql = "SELECT created_by, created_at, reason FROM settings WHERE version = \
                   (SELECT privacy_version FROM settings WHERE version = $1)";
        let row = self.db.row(sql, vec![i64::from(version).into()]).await?;
        Ok(InForce { version, settings, privacy: row.as_ref().map(made).transpose()? })
    }

    /// Versions, the newest first.
    pub(crate) async fn settings_versions(&self, slice: &Slice<i32>) -> anyhow::Result<Page<SettingsVersion>> {
        let list = List {
            columns: "s.version, s.body, s.created_at, s.created_by, s.reason, b.body AS before",
            from: "settings s LEFT JOIN settings b ON b.version = s.version - 1",
            conditions: vec![],
            values: vec![],
            order: ("s.version", "s.version"),
            descending: true,
        };
        let key = |version: &i32| [i64::from(*version).into(), i64::from(*version).into()];
        let read = |row: &Row| -> anyhow::Result<SettingsVersion> {
            let before = match row.get::<Option<String>>("before")? {
                Some(_) => row.json("before")?,
                None => Settings::default(),
            };
            let changes = before.changes(&row.json::<Settings>("body")?);
            Ok(SettingsVersion { version: number(row)?, made: made(row)?, changes })
        };
        list.page(&self.db, slice, key, read).await
    }

    /// Makes the next version; false where somebody else was faster.
    pub(crate) async fn save_settings(&self, new: &NewVersion<'_>, entry: Entry, now: Micros) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        if !insert_settings(&tx, new, now).await? {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        rescore(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Makes the version after `from`; false where it is there already.
pub(super) async fn insert_settings(tx: &Tx, new: &NewVersion<'_>, now: Micros) -> anyhow::Result<bool> {
    let version = i64::from(new.from) + 1;
    let sql = "SELECT body, privacy_version FROM settings WHERE version = $1";
    let (privacy, changed) = match tx.row(sql, vec![i64::from(new.from).into()]).await? {
        Some(row) => (row.json::<Settings>("body")?.privacy, row.get::<Option<i64>>("privacy_version")?),
        None => (Settings::default().privacy, None),
    };
    let changed = if privacy == new.settings.privacy { changed } else { Some(version) };
    let written = tx
        .run(
            "INSERT INTO settings (version, body, created_at, created_by, reason, privacy_version) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (version) DO NOTHING",
            vec![
                version.into(),
                serde_json::to_string(new.settings)?.into(),
                now.0.into(),
                new.by.into(),
                new.reason.map(str::to_owned).into(),
                changed.into(),
            ],
        )
        .await?;
    Ok(written == 1)
}
