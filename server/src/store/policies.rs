//! Policies, their versions, and which indicators are enabled.
//! Never: a changed version; an edit is a new row.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql, Tx, marks},
};
use crate::permit::Sight;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    ids::{PolicyId, SubjectId},
    limits,
    policy::{AlertVolume, Policy, PolicyState},
    scoring::input::ManualScoring,
    template::TemplateCode,
    time::{Day, Micros},
};

/// A policy and when it was made and changed.
#[derive(Clone)]
pub(crate) struct StoredPolicy {
    pub(crate) policy: Policy,
    pub(crate) created_at: Micros,
    pub(crate) updated_at: Micros,
    /// When it was deleted. Its alerts still name it.
    pub(crate) deleted_at: Option<Micros>,
}

/// Counts about a policy that its list shows.
#[derive(Clone, Copy, Default)]
pub(crate) struct PolicyCounts {
    /// Subjects with an open window.
    pub(crate) in_scope: u64,
    /// Subjects with a window of scoring, open or over.
    pub(crate) scored: u64,
    /// Of those with an open window, subjects whose score is high enough for an alert of FEWER, DEFAULT, MORE.
    pub(crate) over: [u64; 3],
    /// Of those with an open window, subjects with too little history to know what is usual.
    pub(crate) unsettled: u64,
    /// Alerts that need review.
    pub(crate) open_alerts: u64,
    /// Alerts confirmed (or resolved) since the given instant.
    pub(crate) confirmed: u64,
    /// Alerts dismissed since the given instant.
    pub(crate) dismissed: u64,
    /// Alerts ever raised.
    pub(crate) raised: u64,
}

const COLUMNS: &str = "p.id, p.name, p.template, p.state, p.version, p.created_at, p.updated_at, p.deleted_at, v.spec";
const FROM: &str = "policies p JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.version";

fn policy(row: &Row) -> anyhow::Result<StoredPolicy> {
    Ok(StoredPolicy {
        policy: Policy {
            id: PolicyId::new(row.get("id")?),
            name: row.get("name")?,
            template: row.word("template")?,
            version: i32::try_from(row.get::<i64>("version")?)?,
            state: row.word("state")?,
            spec: row.json("spec")?,
        },
        created_at: Micros(row.get("created_at")?),
        updated_at: Micros(row.get("updated_at")?),
        deleted_at: row.get::<Option<i64>>("deleted_at")?.map(Micros),
    })
}

/// The active policies and the drafts, which score in the shadow; in the order of their ids.
pub(super) async fn in_force(sql: &impl Sql) -> anyhow::Result<Vec<Policy>> {
    let rows =
        sql.rows(&format!("SELECT {COLUMNS} FROM {FROM} WHERE p.state IN ('ACTIVE', 'DRAFT') AND p.deleted_at IS NULL ORDER BY p.id"), vec![]).await?;
    rows.iter().map(|row| policy(row).map(|stored| stored.policy)).collect()
}

async fn chosen(sql: &impl Sql) -> anyhow::Result<BTreeSet<String>> {
    sql.rows("SELECT code FROM enabled_indicators", vec![]).await?.iter().map(|row| row.get("code")).collect()
}

/// What counts: the enabled indicators, their variants and the installation's own.
pub(super) async fn enabled(sql: &impl Sql) -> anyhow::Result<BTreeSet<String>> {
    let (_, settings) = super::settings::current(sql).await?;
    Ok(settings.enabled(&chosen(sql).await?))
}

/// Everybody is scored again: what counts has changed. Subjects are locked in the order of their ids, as a bulk triage
/// does, so that the two cannot wait for each other in a circle.
pub(super) async fn rescore(tx: &Tx) -> anyhow::Result<()> {
    let sql = if tx.is_postgres() {
        "WITH locked AS (SELECT id FROM subjects ORDER BY id FOR UPDATE) \
         UPDATE subjects SET next_due = 0 FROM locked WHERE subjects.id = locked.id"
    } else {
        "UPDATE subjects SET next_due = 0"
    };
    tx.run(sql, vec![]).await?;
    Ok(())
}

impl Store {
    /// The counts of one indicator, one for each subject and day on which it was seen, the newest days first.
    pub(crate) async fn day_counts(&self, code: &str, from: Day, until: Day) -> anyhow::Result<Vec<u64>> {
        let sql = format!(
            "SELECT count FROM activity_days WHERE indicator = $1 AND day >= {} AND day < {} ORDER BY day DESC, subject_id LIMIT {}",
            from.0,
            until.0,
            limits::USER_BASED_COUNTS
        );
        let rows = self.db.rows(&sql, vec![code.into()]).await?;
        rows.iter().map(|row| Ok(u64::try_from(row.get::<i64>("count")?)?)).collect()
    }

    /// Codes of the enabled indicators.
    pub(crate) async fn chosen_indicators(&self) -> anyhow::Result<BTreeSet<String>> {
        chosen(&self.db).await
    }

    /// Codes that policies may select: the enabled indicators, their variants and the installation's own.
    pub(crate) async fn enabled_indicators(&self) -> anyhow::Result<BTreeSet<String>> {
        enabled(&self.db).await
    }

    /// Switches a policy; false where there is none.
    pub(crate) async fn set_policy_state(
        &self,
        id: PolicyId,
        state: PolicyState,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        let changed = tx
            .run(
                "UPDATE policies SET state = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL",
                vec![state.as_str().into(), now.0.into(), id.uuid().into()],
            )
            .await?;
        if changed == 0 {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        rescore(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The policies with these ids, those that exist or once did.
    pub(crate) async fn policies_by_id(&self, ids: &[PolicyId]) -> anyhow::Result<BTreeMap<PolicyId, StoredPolicy>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE p.id IN ({})", marks(0, ids.len()));
        let rows = self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await?;
        rows.iter().map(|row| policy(row).map(|stored| (stored.policy.id, stored))).collect()
    }

    /// All policies in the order of their names, or those in one state. There are at most `limits::POLICIES`.
    pub(crate) async fn policies(&self, state: Option<PolicyState>) -> anyhow::Result<Vec<StoredPolicy>> {
        let (condition, values) = match state {
            Some(state) => ("AND p.state = $1", vec![state.as_str().into()]),
            None => ("", vec![]),
        };
        let rows = self
            .db
            .rows(
                &format!("SELECT {COLUMNS} FROM {FROM} WHERE p.deleted_at IS NULL {condition} ORDER BY p.name, p.id"),
                values,
            )
            .await?;
        rows.iter().map(policy).collect()
    }

    /// Counts of these policies; `since` bounds what was triaged.
    pub(crate) async fn policy_counts(
        &self,
        sight: &Sight,
        ids: &[PolicyId],
        since: Micros,
    ) -> anyhow::Result<BTreeMap<PolicyId, PolicyCounts>> {
        let mut counts: BTreeMap<PolicyId, PolicyCounts> =
            ids.iter().map(|id| (*id, PolicyCounts::default())).collect();
        if ids.is_empty() {
            return Ok(counts);
        }
        let over: Vec<String> = AlertVolume::ALL
            .iter()
            .enumerate()
            .map(|(at, volume)| {
                format!("sum(CASE WHEN open = 1 AND score >= {} THEN 1 ELSE 0 END) AS over_{at}", volume.raises_from())
            })
            .collect();
        let mut list: Vec<sea_orm::Value> = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", None, &mut list);
        let sql = format!(
            "SELECT policy_id, count(*) AS number, sum(CASE WHEN open = 1 THEN 1 ELSE 0 END) AS now, \
             sum(CASE WHEN open = 1 AND missing LIKE '%BASELINE%' THEN 1 ELSE 0 END) AS unsettled, \
             {} FROM scores WHERE policy_id IN ({}){seen} GROUP BY policy_id",
            over.join(", "),
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, list.clone()).await? {
            let of = counts.entry(PolicyId::new(row.get("policy_id")?)).or_default();
            of.scored = u64::try_from(row.get::<i64>("number")?)?;
            of.in_scope = u64::try_from(row.get::<i64>("now")?)?;
            of.unsettled = u64::try_from(row.get::<i64>("unsettled")?)?;
            for (at, over) in of.over.iter_mut().enumerate() {
                *over = u64::try_from(row.get::<i64>(&format!("over_{at}"))?)?;
            }
        }
        let sql = format!(
            "SELECT policy_id, status, count(*) AS number, sum(CASE WHEN triaged_at >= {} THEN 1 ELSE 0 END) AS lately \
             FROM alerts WHERE policy_id IN ({}){seen} GROUP BY policy_id, status",
            since.0,
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, list).await? {
            let of = counts.entry(PolicyId::new(row.get("policy_id")?)).or_default();
            let (number, lately) =
                (u64::try_from(row.get::<i64>("number")?)?, u64::try_from(row.get::<i64>("lately")?)?);
            of.raised += number;
            match row.get::<String>("status")?.as_str() {
                "NEEDS_REVIEW" => of.open_alerts += number,
                "DISMISSED" => of.dismissed += lately,
                _ => of.confirmed += lately,
            }
        }
        // Of alerts that are gone, these counts are kept.
        let sql = format!(
            "SELECT policy_id, outcome, CAST(sum(count) AS BIGINT) AS number FROM triage_counts \
             WHERE (outcome = 'RAISED' OR day >= {}) AND policy_id IN ({}) GROUP BY policy_id, outcome",
            since.day().0,
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let of = counts.entry(PolicyId::new(row.get("policy_id")?)).or_default();
            let number = u64::try_from(row.get::<i64>("number")?)?;
            match row.get::<String>("outcome")?.as_str() {
                "RAISED" => of.raised += number,
                "DISMISSED" => of.dismissed += number,
                _ => of.confirmed += number,
            }
        }
        Ok(counts)
    }

    /// Subjects with an open window under any policy of a template.
    pub(crate) async fn scored_by_template(&self) -> anyhow::Result<BTreeMap<TemplateCode, u64>> {
        let sql = "SELECT p.template, count(DISTINCT s.subject_id) AS number FROM scores s JOIN policies p ON p.id = s.policy_id \
                   WHERE s.open = 1 AND p.state = 'ACTIVE' GROUP BY p.template";
        let count = |row: &Row| Ok((row.word("template")?, u64::try_from(row.get::<i64>("number")?)?));
        self.db.rows(sql, vec![]).await?.iter().map(count).collect()
    }

    /// Records orders to score subjects, or to stop, under a policy.
    pub(crate) async fn order_scoring(
        &self,
        policy: PolicyId,
        subjects: &[SubjectId],
        order: &ManualScoring,
        by: &str,
        entry: Entry,
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        // In the order of their ids, like the scorer's locks.
        let mut subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.uuid()).collect();
        subjects.sort_unstable();
        for subject in subjects {
            let due = "UPDATE subjects SET next_due = 0 WHERE id = $1 AND erased_at IS NULL";
            if tx.run(due, vec![subject.into()]).await? == 0 {
                // Erased a moment ago.
                continue;
            }
            tx.run(
                "INSERT INTO manual_scoring (policy_id, subject_id, ordered_at, days, reason, ordered_by) VALUES ($1, $2, $3, $4, $5, $6)",
                vec![
                    policy.uuid().into(),
                    subject.into(),
                    order.at.0.into(),
                    i64::from(order.days).into(),
                    order.reason.as_str().into(),
                    by.into(),
                ],
            )
            .await?;
        }
        insert_entries(&tx, &self.ids, &[entry], order.at).await?;
        tx.commit().await
    }
}
