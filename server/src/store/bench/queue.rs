//! For `vizard bench queue`: the rows of a made-up queue, many in one statement, and a count of statements.
//! Never: used on data that matter; the database is a fresh one of its own.

use super::super::{
    Store, StoredAlert, StoredCase,
    db::{Db, Sql as _, tuples},
    scoring::insight_values,
};
use crate::config::Config;
use sea_orm::Value;
use vizard_core::{case::CaseResolution, case::CaseStatus, ids::SubjectId, limits, scoring::Insight, time::Micros};

/// Subjects that are introduced in one transaction.
const SUBJECTS: usize = 10_000;
const CASE: &str =
    "id, name, subject_id, status, severity, opened_at, updated_at, resolution, action_taken, resolved_at";
const CASE_WIDTH: usize = 10;
const ALERT: &str = "id, subject_id, policy_id, policy_version, severity, status, score, cause, risk_factors, \
                     dismiss_reason, case_id, raised_at, updated_at, due_at, triaged_at";
const ALERT_WIDTH: usize = 15;
const INSIGHT: &str = "alert_id, position, insight_id, day, kind, indicator, count, level, score, boosters, points, \
                       explanation, risk_factors";
const INSIGHT_WIDTH: usize = 13;

/// An alert of a made-up queue and what it rests on.
pub(crate) struct MadeAlert {
    pub(crate) alert: StoredAlert,
    pub(crate) triaged_at: Option<Micros>,
    pub(crate) insights: Vec<Insight>,
}

impl Store {
    /// Whether nobody has used the database that the configuration names, not even to bring its schema up to date.
    pub(crate) async fn is_fresh(config: &Config) -> anyhow::Result<bool> {
        std::fs::create_dir_all(&config.data_dir)?;
        Db::open(config).await?.is_fresh().await
    }

    /// Statements that were run here since the store was opened, without those that only begin or end a transaction.
    pub(crate) fn statements_run(&self) -> u64 {
        self.db.statements_run()
    }

    /// Introduces people whom nothing is known of.
    pub(crate) async fn fill_subjects(&self, number: usize, now: Micros) -> anyhow::Result<Vec<SubjectId>> {
        let mut all = Vec::with_capacity(number);
        while all.len() < number {
            let mut subjects = Vec::new();
            for _ in 0..SUBJECTS.min(number - all.len()) {
                let subject = self.ids.random(SubjectId::new);
                subjects.push((subject, self.vault.new_subject_key(subject)?.1));
            }
            let tx = self.db.begin().await?;
            self.insert_subjects(&tx, &subjects, now).await?;
            tx.commit().await?;
            all.extend(subjects.into_iter().map(|(subject, _)| subject));
        }
        Ok(all)
    }

    /// Opens cases, and closes those that are.
    pub(crate) async fn fill_cases(&self, cases: &[StoredCase]) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        for part in cases.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(part.len() * CASE_WIDTH);
            for case in part {
                let closed = (case.status == CaseStatus::Closed).then_some(case.updated_at.0);
                values.extend([
                    case.id.uuid().into(),
                    case.name.as_str().into(),
                    case.subject.uuid().into(),
                    case.status.as_str().into(),
                    case.severity.as_str().into(),
                    case.opened_at.0.into(),
                    case.updated_at.0.into(),
                    case.resolution.map(CaseResolution::as_str).into(),
                    case.action_taken.as_deref().into(),
                    closed.into(),
                ]);
            }
            tx.run(&format!("INSERT INTO cases ({CASE}) VALUES {}", tuples(&tx, CASE_WIDTH, part.len())), values)
                .await?;
        }
        tx.commit().await
    }

    /// Raises alerts, in one transaction.
    pub(crate) async fn fill_alerts(&self, made: &[MadeAlert]) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        for part in made.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(part.len() * ALERT_WIDTH);
            for MadeAlert { alert, triaged_at, .. } in part {
                values.extend([
                    alert.id.uuid().into(),
                    alert.subject.uuid().into(),
                    alert.policy.uuid().into(),
                    i64::from(alert.policy_version).into(),
                    alert.severity.as_str().into(),
                    alert.status.as_str().into(),
                    alert.score.into(),
                    alert.trigger.as_str().into(),
                    serde_json::to_string(&alert.risk_factors)?.into(),
                    alert.dismiss_reason.map(|reason| reason.as_str()).into(),
                    alert.case.map(|case| case.uuid()).into(),
                    alert.raised_at.0.into(),
                    alert.updated_at.0.into(),
                    alert.due_at.0.into(),
                    triaged_at.map(|at| at.0).into(),
                ]);
            }
            let rows = tuples(&tx, ALERT_WIDTH, part.len());
            tx.run(&format!("INSERT INTO alerts ({ALERT}) VALUES {rows}"), values).await?;
        }
        let shares: Vec<(&MadeAlert, i64, &Insight)> = made
            .iter()
            .flat_map(|made| (0..).zip(&made.insights).map(move |(position, insight)| (made, position, insight)))
            .collect();
        for part in shares.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(part.len() * INSIGHT_WIDTH);
            for (made, position, insight) in part {
                values.extend([made.alert.id.uuid().into(), (*position).into(), insight.id.uuid().into()]);
                values.extend(insight_values(insight)?);
            }
            let rows = tuples(&tx, INSIGHT_WIDTH, part.len());
            tx.run(&format!("INSERT INTO alert_insights ({INSIGHT}) VALUES {rows}"), values).await?;
        }
        tx.commit().await
    }

    /// Lets the database count what there is, as it does by itself in the course of a day.
    pub(crate) async fn analyse(&self) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run("ANALYZE", vec![]).await?;
        tx.commit().await
    }
}
