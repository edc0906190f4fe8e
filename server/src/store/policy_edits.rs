//! What changes policies and the choice of indicators: all of a change in one transaction, or nothing of it.
//! Never: a version overwritten, or made from another one than its author saw.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, Tx, marks, tuples},
    policies::rescore,
    settings::{NewVersion, insert_settings},
};
use anyhow::Context as _;
use std::collections::BTreeMap;
use vizard_core::{
    ids::PolicyId,
    limits,
    policy::{Policy, PolicySpec},
    settings::Settings,
    time::Micros,
};

/// A policy as it shall be.
pub(crate) struct PolicyWrite {
    pub(crate) policy: Policy,
    /// The version that it was made from; none for a new policy.
    pub(crate) from: Option<i32>,
}

/// What applies to all policies together, as it shall be.
#[derive(Default)]
pub(crate) struct SetupWrite<'a> {
    /// Indicators to enable.
    pub(crate) on: Vec<&'a str>,
    /// Indicators to disable.
    pub(crate) off: Vec<&'a str>,
    /// The version that the settings were made from, and the settings.
    pub(crate) settings: Option<(i32, Settings)>,
}

/// What became of a change.
pub(crate) enum Saved {
    Done,
    /// Another policy has the name of a new one.
    NameTaken,
    /// There would be more than `limits::POLICIES`.
    TooMany,
    /// Somebody else has changed a policy since it was read.
    Stale,
}

/// One version of a policy.
pub(crate) struct StoredVersion {
    pub(crate) version: i32,
    pub(crate) spec: PolicySpec,
    pub(crate) created_at: Micros,
    pub(crate) created_by: String,
}

impl Store {
    /// Saves all of it, or nothing.
    pub(crate) async fn save_policies(
        &self,
        setup: &SetupWrite<'_>,
        writes: &[PolicyWrite],
        by: &str,
        entries: &[Entry],
        now: Micros,
    ) -> anyhow::Result<Saved> {
        let tx = self.db.begin().await?;
        switch(&tx, setup, by, now).await?;
        if let Some((from, settings)) = &setup.settings
            && !insert_settings(&tx, &NewVersion { from: *from, settings, by, reason: None }, now).await?
        {
            return Ok(Saved::Stale);
        }
        for write in writes {
            let saved = match write.from {
                None => insert(&tx, &write.policy, by, now).await?,
                Some(from) => update(&tx, &write.policy, from, by, now).await?,
            };
            if !matches!(saved, Saved::Done) {
                return Ok(saved);
            }
        }
        let count = tx.row("SELECT count(*) AS have FROM policies WHERE deleted_at IS NULL", vec![]).await?;
        if usize::try_from(count.context("no count")?.get::<i64>("have")?)? > limits::POLICIES {
            return Ok(Saved::TooMany);
        }
        insert_entries(&tx, &self.ids, entries, now).await?;
        rescore(&tx).await?;
        tx.commit().await?;
        Ok(Saved::Done)
    }

    /// Deletes a policy: it works no more, and its alerts still name it. False where there is none.
    pub(crate) async fn delete_policy(&self, id: PolicyId, entry: Entry, now: Micros) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        let sql = "UPDATE policies SET state = 'INACTIVE', deleted_at = $1, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
        if tx.run(sql, vec![now.0.into(), id.uuid().into()]).await? == 0 {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        rescore(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The newest versions of policies, up to `limits::POLICY_VERSIONS_SHOWN` and the one before, the newest first.
    pub(crate) async fn versions(&self, ids: &[PolicyId]) -> anyhow::Result<BTreeMap<PolicyId, Vec<StoredVersion>>> {
        let mut found: BTreeMap<PolicyId, Vec<StoredVersion>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT v.policy_id, v.version, v.spec, v.created_at, v.created_by FROM policy_versions v \
             JOIN policies p ON p.id = v.policy_id WHERE v.policy_id IN ({}) AND v.version >= p.version - {} \
             ORDER BY v.policy_id, v.version DESC",
            marks(0, ids.len()),
            limits::POLICY_VERSIONS_SHOWN
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            found.entry(PolicyId::new(row.get("policy_id")?)).or_default().push(version(&row)?);
        }
        Ok(found)
    }
}

fn version(row: &Row) -> anyhow::Result<StoredVersion> {
    Ok(StoredVersion {
        version: i32::try_from(row.get::<i64>("version")?)?,
        spec: row.json("spec")?,
        created_at: Micros(row.get("created_at")?),
        created_by: row.get("created_by")?,
    })
}

async fn switch(tx: &Tx, setup: &SetupWrite<'_>, by: &str, now: Micros) -> anyhow::Result<()> {
    for codes in setup.on.chunks(limits::INSERT_ROWS) {
        let values = codes.iter().flat_map(|code| [(*code).into(), now.0.into(), by.into()]).collect();
        let sql = format!(
            "INSERT INTO enabled_indicators (code, enabled_at, enabled_by) VALUES {} ON CONFLICT (code) DO NOTHING",
            tuples(tx, 3, codes.len())
        );
        tx.run(&sql, values).await?;
    }
    for codes in setup.off.chunks(limits::INSERT_ROWS) {
        let sql = format!("DELETE FROM enabled_indicators WHERE code IN ({})", marks(0, codes.len()));
        tx.run(&sql, codes.iter().map(|code| (*code).into()).collect()).await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, policy: &Policy, by: &str, now: Micros) -> anyhow::Result<Saved> {
    let inserted = tx
        .run(
            "INSERT INTO policies (id, name, template, state, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) \
             ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING",
            vec![
                policy.id.uuid().into(),
                policy.name.as_str().into(),
                policy.template.as_str().into(),
                policy.state.as_str().into(),
                i64::from(policy.version).into(),
                now.0.into(),
            ],
        )
        .await?;
    if inserted == 0 {
        return Ok(Saved::NameTaken);
    }
    insert_version(tx, policy, by, now).await?;
    Ok(Saved::Done)
}

/// Makes the next version of a policy, unless it is another one by now than `from`.
pub(super) async fn update(tx: &Tx, policy: &Policy, from: i32, by: &str, now: Micros) -> anyhow::Result<Saved> {
    let updated = tx
        .run(
            "UPDATE policies SET state = $1, version = $2, updated_at = $3 WHERE id = $4 AND version = $5 AND deleted_at IS NULL",
            vec![
                policy.state.as_str().into(),
                i64::from(policy.version).into(),
                now.0.into(),
                policy.id.uuid().into(),
                i64::from(from).into(),
            ],
        )
        .await?;
    if updated == 0 {
        return Ok(Saved::Stale);
    }
    if policy.version != from {
        insert_version(tx, policy, by, now).await?;
    }
    Ok(Saved::Done)
}

async fn insert_version(tx: &Tx, policy: &Policy, by: &str, now: Micros) -> anyhow::Result<()> {
    tx.run(
        "INSERT INTO policy_versions (policy_id, version, spec, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
        vec![
            policy.id.uuid().into(),
            i64::from(policy.version).into(),
            serde_json::to_string(&policy.spec)?.into(),
            now.0.into(),
            by.into(),
        ],
    )
    .await?;
    Ok(())
}
