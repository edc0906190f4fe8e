//! The scorer's transaction: take subjects that have something to score, load what the core needs, save what it says.
//! Pending rows are the truth: they are deleted and folded into the day counts in the transaction that saves the score,
//! so two scorers at once lose nothing and count nothing twice.
//! Never: a watermark over sequence numbers; rows commit in another order than they are numbered.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, Tx, marks, tuples},
    work::{Work, load_work},
};
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    alert::{AlertContent, AlertTargets},
    audit::{AuditActivity, AuditCategory},
    ids::{AlertId, InsightId, PolicyId, SubjectId},
    limits,
    policy::Policy,
    scoring::{Insight, ScoringOutcome, history},
    subject::{RiskStanding, RiskTiming},
    time::{Day, Micros},
    webhook::WebhookEvent,
};

/// Subjects to score, locked until `save` or until it is dropped.
pub(crate) struct Taken {
    tx: Tx,
    /// What is active now, and drafts, which score in the shadow.
    pub(crate) policies: Vec<Policy>,
    /// Codes of the globally enabled indicators.
    pub(crate) enabled: BTreeSet<String>,
    /// The installation's minimum of daily events.
    pub(crate) minimum: Option<u32>,
    /// The installation's timing of risk levels.
    pub(crate) timing: RiskTiming,
    /// How long an alert may wait for its review.
    pub(crate) targets: AlertTargets,
    pub(crate) subjects: Vec<Work>,
}

/// What scoring made of one subject.
pub(crate) struct Scored {
    pub(crate) subject: SubjectId,
    /// By policy; only those that know a window for the subject.
    pub(crate) outcomes: Vec<(PolicyId, i32, ScoringOutcome)>,
    pub(crate) alerts: Vec<AlertChange>,
    pub(crate) next_due: Option<Micros>,
    pub(crate) risk_score: f64,
    pub(crate) risk: RiskStanding,
}

/// A raised or updated alert.
pub(crate) struct AlertChange {
    pub(crate) id: AlertId,
    pub(crate) policy: PolicyId,
    pub(crate) raised_at: Micros,
    pub(crate) due_at: Micros,
    pub(crate) raised: bool,
    /// Whether subscribers hear of it: it is new, or more severe than it was.
    pub(crate) told: bool,
    pub(crate) content: AlertContent,
}

impl Store {
    /// Takes up to `limits::SCORING_SUBJECTS` subjects that have pending rows or are due; nothing where there are none.
    /// `from` is where to begin looking: several scorers begin in different places and rarely meet.
    pub(crate) async fn take_subjects(&self, from: Uuid, now: Micros) -> anyhow::Result<Option<Taken>> {
        let mut candidates = self.candidates(from, now).await?;
        if candidates.is_empty() {
            candidates = self.candidates(Uuid::nil(), now).await?;
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "ORDER BY s.id FOR UPDATE OF s SKIP LOCKED" } else { "ORDER BY s.id" };
        let sql = format!("SELECT s.id FROM subjects s WHERE s.id IN ({}) {skip}", marks(0, candidates.len()));
        let locked = tx.rows(&sql, candidates.into_iter().map(Value::from).collect()).await?;
        let ids: Vec<Uuid> = locked.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
        if ids.is_empty() {
            // Others hold all of them.
            return Ok(None);
        }
        fold_pending(&tx, &ids).await?;
        let policies = super::policies::in_force(&tx).await?;
        let enabled = super::policies::enabled(&tx).await?;
        let settings = super::settings::current(&tx).await?.1;
        let (minimum, timing, targets) = (settings.minimum_daily_events, settings.risk_level, settings.alert_targets);
        let subjects = load_work(&tx, (&self.vault, &self.norms), &ids, &policies, now).await?;
        Ok(Some(Taken { tx, policies, enabled, minimum, timing, targets, subjects }))
    }

    async fn candidates(&self, from: Uuid, now: Micros) -> anyhow::Result<Vec<Uuid>> {
        let limit = limits::SCORING_SUBJECTS;
        let pending = self
            .db
            .rows(
                &format!("SELECT DISTINCT subject_id AS id FROM pending WHERE subject_id >= $1 ORDER BY subject_id LIMIT {limit}"),
                vec![from.into()],
            )
            .await?;
        let due = self
            .db
            .rows(
                &format!("SELECT id FROM subjects WHERE next_due <= $1 ORDER BY next_due LIMIT {limit}"),
                vec![now.0.into()],
            )
            .await?;
        let mut ids: Vec<Uuid> = pending.iter().chain(&due).map(|row| row.get("id")).collect::<Result<_, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(usize::try_from(limit)?);
        Ok(ids)
    }

    /// Rows that wait to be scored.
    pub(crate) async fn pending_rows(&self) -> anyhow::Result<i64> {
        self.db.row("SELECT count(*) AS waiting FROM pending", vec![]).await?.context("no count")?.get("waiting")
    }

    /// Saves what was made of the taken subjects, and lets go of them.
    pub(crate) async fn save_scored(&self, taken: Taken, scored: &[Scored], now: Micros) -> anyhow::Result<()> {
        let tx = &taken.tx;
        let had: Vec<Uuid> =
            taken.subjects.iter().filter(|work| work.has_scores).map(|work| work.context.id.uuid()).collect();
        if !had.is_empty() {
            for table in ["insights", "scores"] {
                let sql = format!("DELETE FROM {table} WHERE subject_id IN ({})", marks(0, had.len()));
                tx.run(&sql, had.iter().map(|id| (*id).into()).collect()).await?;
            }
        }
        let outcomes: Vec<_> = scored
            .iter()
            .flat_map(|one| {
                one.outcomes.iter().map(|(policy, version, outcome)| (one.subject, *policy, *version, outcome))
            })
            .collect();
        let setup = history::setup(&taken.enabled, taken.minimum);
        insert_history(tx, &taken.subjects, &outcomes, setup, now).await?;
        insert_scores(tx, &outcomes, setup).await?;
        insert_insights(tx, &outcomes).await?;
        for one in scored {
            for alert in &one.alerts {
                save_alert(tx, one.subject, alert, now).await?;
            }
        }
        let event = |alert: &AlertChange| match alert.raised {
            true => (WebhookEvent::AlertRaised, alert.id.uuid()),
            false => (WebhookEvent::AlertUpdated, alert.id.uuid()),
        };
        let told = scored.iter().flat_map(|one| &one.alerts).filter(|alert| alert.told).map(event);
        self.tell_webhooks(tx, &told.collect::<Vec<_>>(), now).await?;
        let raised: Vec<Entry> = scored
            .iter()
            .flat_map(|one| &one.alerts)
            .filter(|alert| alert.raised)
            .map(|alert| {
                let content = &alert.content;
                let detail = serde_json::json!({
                    "policy": alert.policy, "version": content.policy_version, "severity": content.severity,
                });
                Entry::by_the_system(AuditActivity::Added, AuditCategory::Alerts, &alert.id.to_string(), &detail)
            })
            .collect();
        insert_entries(tx, &self.ids, &raised, now).await?;
        for one in scored {
            tx.run(
                "UPDATE subjects SET next_due = $1, risk_score = $2, risk_level = $3, risk_until = $4 WHERE id = $5",
                vec![
                    one.next_due.map(|due| due.0).into(),
                    one.risk_score.into(),
                    one.risk.level.as_str().into(),
                    one.risk.until.map(|until| until.0).into(),
                    one.subject.uuid().into(),
                ],
            )
            .await?;
        }
        taken.tx.commit().await
    }
}

/// Moves what waits into the day counts; what came with a part of a merged subject is counted for the part as well.
pub(super) async fn fold_pending(tx: &Tx, subjects: &[Uuid]) -> anyhow::Result<()> {
    let sql = format!(
        "DELETE FROM pending WHERE subject_id IN ({}) RETURNING subject_id, part, indicator, day, count",
        marks(0, subjects.len())
    );
    let mut folded: BTreeMap<(Uuid, i64, String), i64> = BTreeMap::new();
    let mut of_parts: BTreeMap<(Uuid, Uuid, i64, String), i64> = BTreeMap::new();
    for row in tx.rows(&sql, subjects.iter().map(|id| (*id).into()).collect()).await? {
        let (subject, day, indicator): (Uuid, i64, String) =
            (row.get("subject_id")?, row.get("day")?, row.get("indicator")?);
        let count: i64 = row.get("count")?;
        if let Some(part) = row.get::<Option<Uuid>>("part")? {
            *of_parts.entry((subject, part, day, indicator.clone())).or_default() += count;
        }
        *folded.entry((subject, day, indicator)).or_default() += count;
    }
    for rows in folded.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
        for ((subject, day, indicator), count) in rows {
            values.extend([(*subject).into(), (*day).into(), indicator.as_str().into(), (*count).into()]);
        }
        let sql = format!(
            "INSERT INTO activity_days (subject_id, day, indicator, count) VALUES {} ON CONFLICT (subject_id, day, indicator) \
             DO UPDATE SET count = activity_days.count + excluded.count",
            tuples(tx, 4, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    for rows in of_parts.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 5);
        for ((subject, part, day, indicator), count) in rows {
            values.extend([(*subject).into(), (*part).into(), (*day).into()]);
            values.extend([indicator.as_str().into(), (*count).into()]);
        }
        let sql = format!(
            "INSERT INTO part_days (subject_id, part, day, indicator, count) VALUES {} \
             ON CONFLICT (subject_id, part, day, indicator) DO UPDATE SET count = part_days.count + excluded.count",
            tuples(tx, 5, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

/// An insight from the columns that `insights` and `alert_insights` share; its id is selected as `id`.
pub(super) fn insight(row: &Row) -> anyhow::Result<Insight> {
    Ok(Insight {
        id: InsightId::new(row.get("id")?),
        day: Day(i32::try_from(row.get::<i64>("day")?)?),
        kind: row.word("kind")?,
        indicator: row.get("indicator")?,
        count: u64::try_from(row.get::<i64>("count")?)?,
        level: row.word("level")?,
        score: row.get("score")?,
        boosters: row.json("boosters")?,
        points: row.get("points")?,
        explanation: row.get("explanation")?,
        risk_factors: row.json("risk_factors")?,
    })
}

/// The values of those columns, in the order day … risk_factors.
pub(super) fn insight_values(insight: &Insight) -> anyhow::Result<[Value; 10]> {
    Ok([
        i64::from(insight.day.0).into(),
        insight.kind.as_str().into(),
        insight.indicator.as_str().into(),
        i64::try_from(insight.count)?.into(),
        insight.level.as_str().into(),
        insight.score.into(),
        serde_json::to_string(&insight.boosters)?.into(),
        insight.points.into(),
        insight.explanation.as_str().into(),
        serde_json::to_string(&insight.risk_factors)?.into(),
    ])
}

type Outcome<'a> = (SubjectId, PolicyId, i32, &'a ScoringOutcome);

/// A point of the history for every score that changed; what is too old goes.
async fn insert_history(
    tx: &Tx,
    work: &[Work],
    outcomes: &[Outcome<'_>],
    setup: i64,
    now: Micros,
) -> anyhow::Result<()> {
    let of: BTreeMap<SubjectId, &Work> = work.iter().map(|work| (work.context.id, work)).collect();
    let mut points: Vec<Value> = Vec::new();
    for (subject, policy, version, outcome) in outcomes {
        let work = of.get(subject);
        let known = work.and_then(|work| work.before.get(policy)).copied();
        let now_under = history::Circumstances {
            version: *version,
            setup,
            suppressions: work.map_or(&[][..], |work| &work.suppressions),
            regrouped_at: work.and_then(|work| work.regrouped_at),
        };
        if let Some(cause) = history::cause(known, now_under, outcome) {
            points.extend([
                subject.uuid().into(),
                policy.uuid().into(),
                now.0.into(),
                outcome.score.into(),
                cause.as_str().into(),
            ]);
        }
    }
    for work in work.iter().filter(|work| !work.covered.at(now)) {
        for (policy, _) in work.before.iter().filter(|(_, before)| before.open) {
            points.extend([
                work.context.id.uuid().into(),
                policy.uuid().into(),
                now.0.into(),
                0.0.into(),
                history::Cause::Uncovered.as_str().into(),
            ]);
        }
    }
    for points in points.chunks(limits::INSERT_ROWS * 5) {
        let sql = format!(
            "INSERT INTO score_history (subject_id, policy_id, at, score, cause) VALUES {} \
             ON CONFLICT (subject_id, policy_id, at) DO UPDATE SET score = excluded.score, cause = excluded.cause",
            tuples(tx, 5, points.len() / 5)
        );
        tx.run(&sql, points.to_vec()).await?;
    }
    if !points.is_empty() {
        let ids: Vec<Value> = work.iter().map(|work| work.context.id.uuid().into()).collect();
        let oldest = now.plus_days(-limits::SCORE_HISTORY_DAYS).0;
        let sql = format!("DELETE FROM score_history WHERE subject_id IN ({}) AND at < {oldest}", marks(0, ids.len()));
        tx.run(&sql, ids).await?;
    }
    Ok(())
}

async fn insert_scores(tx: &Tx, outcomes: &[Outcome<'_>], setup: i64) -> anyhow::Result<()> {
    for rows in outcomes.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 10);
        for (subject, policy, version, outcome) in rows {
            values.extend([
                subject.uuid().into(),
                policy.uuid().into(),
                i64::from(*version).into(),
                setup.into(),
                outcome.as_of.0.into(),
                i64::from(outcome.open).into(),
                outcome.score.into(),
                serde_json::to_string(&outcome.missing)?.into(),
                serde_json::to_string(&outcome.activations)?.into(),
                outcome.next_due.map(|due| due.0).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO scores (subject_id, policy_id, policy_version, setup, as_of, open, score, missing, activations, next_due) \
             VALUES {}",
            tuples(tx, 10, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

async fn insert_insights(tx: &Tx, outcomes: &[Outcome<'_>]) -> anyhow::Result<()> {
    let insights: Vec<_> = outcomes
        .iter()
        .flat_map(|(subject, policy, _, outcome)| outcome.insights.iter().map(|insight| (*subject, *policy, insight)))
        .collect();
    for rows in insights.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 13);
        for (subject, policy, insight) in rows {
            values.extend([insight.id.uuid().into(), subject.uuid().into(), policy.uuid().into()]);
            values.extend(insight_values(insight)?);
        }
        let sql = format!(
            "INSERT INTO insights (id, subject_id, policy_id, day, kind, indicator, count, level, score, boosters, points, \
             explanation, risk_factors) VALUES {}",
            tuples(tx, 13, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

async fn save_alert(tx: &Tx, subject: SubjectId, alert: &AlertChange, now: Micros) -> anyhow::Result<()> {
    if alert.told {
        changes::note(tx, &[Change::Alert(alert.id)], now).await?;
    }
    let content = &alert.content;
    let id = Value::from(alert.id.uuid());
    let mut values = vec![
        id.clone(),
        i64::from(content.policy_version).into(),
        content.severity.as_str().into(),
        content.score.into(),
        content.trigger.as_str().into(),
        serde_json::to_string(&content.risk_factors)?.into(),
        now.0.into(),
        alert.due_at.0.into(),
    ];
    if alert.raised {
        values.extend([subject.uuid().into(), alert.policy.uuid().into(), alert.raised_at.0.into()]);
        tx.run(
            "INSERT INTO alerts (id, policy_version, severity, score, cause, risk_factors, updated_at, due_at, subject_id, policy_id, \
             raised_at, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'NEEDS_REVIEW')",
            values,
        )
        .await?;
    } else {
        tx.run(
            "UPDATE alerts SET policy_version = $2, severity = $3, score = $4, cause = $5, risk_factors = $6, updated_at = $7, \
             due_at = $8 WHERE id = $1 AND status = 'NEEDS_REVIEW'",
            values,
        )
        .await?;
        tx.run("DELETE FROM alert_insights WHERE alert_id = $1", vec![id.clone()]).await?;
    }
    let numbered: Vec<(i64, &Insight)> = (0..).zip(&content.insights).collect();
    for rows in numbered.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 13);
        for (position, insight) in rows {
            values.extend([id.clone(), (*position).into(), insight.id.uuid().into()]);
            values.extend(insight_values(insight)?);
        }
        let sql = format!(
            "INSERT INTO alert_insights (alert_id, position, insight_id, day, kind, indicator, count, level, score, boosters, \
             points, explanation, risk_factors) VALUES {}",
            tuples(tx, 13, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}
