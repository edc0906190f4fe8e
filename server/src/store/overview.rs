//! Counts over alerts and cases: for the overview, the checklist, statistics of decisions, and the rank of an alert.
//! Never: rows of people; each is one statement that counts within a viewer's sight, over an index and a bounded time.

use super::{
    Store,
    db::{Row, Sql as _, marks},
};
use crate::permit::Sight;
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::Role,
    alert::{DismissReason, Severity},
    ids::{PolicyId, SubjectId},
    limits,
    subject::RiskLevel,
    time::{DAY, Day, HOUR, Micros},
};

/// Counts that an overview begins with.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    /// Alerts that need review, by severity.
    pub(crate) open: BTreeMap<Severity, u64>,
    /// Of these, past their time.
    pub(crate) overdue: u64,
    /// Of these, past their time and nobody's.
    pub(crate) unowned_overdue: u64,
    /// Of these, raised before the overview's days.
    pub(crate) long_open: u64,
    pub(crate) active_cases: u64,
    pub(crate) active_policies: u64,
    /// From raising an alert to the decision, of decisions in the overview's days.
    pub(crate) hours_to_review: Option<f64>,
    /// From opening a case to its resolution, of resolutions in these days.
    pub(crate) hours_to_resolve: Option<f64>,
    /// Alerts raised in these days, by day (UTC); days without any are missing.
    pub(crate) by_day: BTreeMap<Day, u64>,
    /// Alerts dismissed in these days.
    pub(crate) dismissals: BTreeMap<DismissReason, u64>,
}

/// Decisions about alerts.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// Confirmed, or resolved since.
    pub confirmed: u64,
    /// Dismissed.
    pub dismissed: u64,
}

/// Statistics of decisions.
#[derive(Clone, Default)]
pub(crate) struct DecisionStatistics {
    pub(crate) reasons: BTreeMap<DismissReason, u64>,
    pub(crate) policies: Vec<(PolicyId, Decisions)>,
    /// By the code of the indicator or sequence with the largest share of each alert, the most decided first.
    pub(crate) indicators: Vec<(String, Decisions)>,
}

/// What a rank rests on beside the alert itself.
#[derive(Clone, Default)]
pub(crate) struct RankFacts {
    pub(crate) levels: BTreeMap<SubjectId, RiskLevel>,
    /// Cases that ended as a violation.
    pub(crate) violations: BTreeMap<SubjectId, u32>,
    /// Of the newest decided alerts.
    pub(crate) decisions: BTreeMap<PolicyId, Decisions>,
}

fn count(row: &Row, name: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.get::<i64>(name)?)?)
}

impl Store {
    /// The counts of an overview, in a number of statements that does not depend on what there is.
    pub(crate) async fn overview(&self, sight: &Sight, now: Micros) -> anyhow::Result<Counted> {
        let since = now.plus_days(-limits::OVERVIEW_DAYS).0;
        let mut of = Counted::default();
        let mut values = Vec::new();
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!(
            "SELECT severity, count(*) AS number, count(CASE WHEN due_at < {now} THEN 1 END) AS overdue, \
             count(CASE WHEN due_at < {now} AND assignee IS NULL THEN 1 END) AS unowned, \
             count(CASE WHEN raised_at < {since} THEN 1 END) AS long_open \
             FROM alerts WHERE status = 'NEEDS_REVIEW'{seen} GROUP BY severity",
            now = now.0
        );
        for row in self.db.rows(&sql, values.clone()).await? {
            of.open.insert(row.word("severity")?, count(&row, "number")?);
            of.overdue += count(&row, "overdue")?;
            of.unowned_overdue += count(&row, "unowned")?;
            of.long_open += count(&row, "long_open")?;
        }
        let sql = format!(
            "SELECT (raised_at - raised_at % {DAY}) / {DAY} AS day, count(*) AS number FROM alerts \
             WHERE raised_at >= {first}{seen} GROUP BY 1",
            first = now.day().plus(1 - limits::OVERVIEW_DAYS).start().0
        );
        for row in self.db.rows(&sql, values.clone()).await? {
            of.by_day.insert(Day(i32::try_from(row.get::<i64>("day")?)?), count(&row, "number")?);
        }
        let sql = format!(
            "SELECT CAST(avg(triaged_at - raised_at) AS DOUBLE PRECISION) AS mean FROM alerts \
             WHERE triaged_at >= {since}{seen}"
        );
        of.hours_to_review = self.hours(&sql, values.clone()).await?;
        of.dismissals = self.dismissals(since, &seen, values).await?;
        let mut values = Vec::new();
        let seen = sight.and("subject_id", Some("id"), &mut values);
        let sql = format!("SELECT count(*) AS number FROM cases WHERE status = 'ACTIVE'{seen}");
        of.active_cases = u64::try_from(self.db.count(&sql, values.clone()).await?)?;
        let sql = format!(
            "SELECT CAST(avg(resolved_at - opened_at) AS DOUBLE PRECISION) AS mean FROM cases \
             WHERE resolved_at >= {since}{seen}"
        );
        of.hours_to_resolve = self.hours(&sql, values).await?;
        let sql = "SELECT count(*) AS number FROM policies WHERE state = 'ACTIVE' AND deleted_at IS NULL";
        of.active_policies = u64::try_from(self.db.count(sql, vec![]).await?)?;
        Ok(of)
    }

    async fn hours(&self, sql: &str, values: Vec<Value>) -> anyhow::Result<Option<f64>> {
        let mean: Option<f64> = self.db.row(sql, values).await?.context("no mean")?.get("mean")?;
        #[expect(clippy::cast_precision_loss, reason = "an hour in microseconds is exact")]
        Ok(mean.map(|micros| micros / HOUR as f64))
    }

    async fn dismissals(
        &self,
        since: i64,
        seen: &str,
        values: Vec<Value>,
    ) -> anyhow::Result<BTreeMap<DismissReason, u64>> {
        let sql = format!(
            "SELECT dismiss_reason, count(*) AS number FROM alerts \
             WHERE triaged_at >= {since} AND dismiss_reason IS NOT NULL{seen} GROUP BY dismiss_reason"
        );
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| Ok((row.word("dismiss_reason")?, count(row, "number")?))).collect()
    }

    /// The sets of roles in the newest entries of the audit log.
    pub(crate) async fn acted_as(&self) -> anyhow::Result<Vec<Vec<Role>>> {
        let sql = format!(
            "SELECT DISTINCT roles FROM (SELECT roles FROM audit WHERE sequence IS NOT NULL ORDER BY sequence DESC LIMIT {}) late",
            limits::OVERVIEW_ENTRIES
        );
        let known = |word: &str| word.parse().map_err(|_| anyhow::anyhow!("an audit row holds an unknown role"));
        let mut sets = Vec::new();
        for row in self.db.rows(&sql, vec![]).await? {
            let roles: Vec<Role> =
                row.get::<String>("roles")?.split_whitespace().map(known).collect::<anyhow::Result<_>>()?;
            if !roles.is_empty() {
                sets.push(roles);
            }
        }
        Ok(sets)
    }

    /// Whether HR ever said of anybody when they work for the last time.
    pub(crate) async fn knows_departures(&self) -> anyhow::Result<bool> {
        let sql = "SELECT 1 AS one FROM triggers WHERE indicator IN ('RESIGNATION', 'TERMINATION') AND lasts_until IS NOT NULL LIMIT 1";
        Ok(self.db.row(sql, vec![]).await?.is_some())
    }

    /// Decisions since an instant, of one policy or all.
    pub(crate) async fn decision_statistics(
        &self,
        sight: &Sight,
        policy: Option<PolicyId>,
        since: Micros,
    ) -> anyhow::Result<DecisionStatistics> {
        let since = since.0;
        let mut values: Vec<Value> = policy.iter().map(|id| id.uuid().into()).collect();
        let of = policy.map_or("", |_| " AND policy_id = $1");
        let seen = format!("{of}{}", sight.and("subject_id", Some("case_id"), &mut values));
        let reasons = self.dismissals(since, &seen, values.clone()).await?;
        let decided = "count(CASE WHEN status = 'DISMISSED' THEN 1 END) AS dismissed, \
                       count(CASE WHEN status <> 'DISMISSED' THEN 1 END) AS confirmed";
        let decisions = |row: &Row| {
            anyhow::Ok(Decisions { confirmed: count(row, "confirmed")?, dismissed: count(row, "dismissed")? })
        };
        let sql = format!(
            "SELECT policy_id, {decided} FROM alerts WHERE triaged_at >= {since}{seen} GROUP BY policy_id \
             ORDER BY count(*) DESC, policy_id LIMIT {}",
            limits::POLICIES
        );
        let rows = self.db.rows(&sql, values.clone()).await?;
        let policies = rows.iter().map(|row| Ok((PolicyId::new(row.get("policy_id")?), decisions(row)?)));
        let policies = policies.collect::<anyhow::Result<_>>()?;
        // The largest share of an alert stands first.
        let sql = format!(
            "SELECT i.indicator, {decided} FROM alerts JOIN alert_insights i ON i.alert_id = alerts.id AND i.position = 0 \
             WHERE triaged_at >= {since}{seen} GROUP BY i.indicator ORDER BY count(*) DESC, i.indicator LIMIT {}",
            limits::STATISTICS_INDICATORS
        );
        let rows = self.db.rows(&sql, values).await?;
        let indicators = rows.iter().map(|row| Ok((row.get("indicator")?, decisions(row)?)));
        Ok(DecisionStatistics { reasons, policies, indicators: indicators.collect::<anyhow::Result<_>>()? })
    }

    /// What ranks of alerts rest on: of these subjects and policies, three statements for all of them.
    pub(crate) async fn rank_facts(
        &self,
        sight: &Sight,
        subjects: &[SubjectId],
        policies: &[PolicyId],
    ) -> anyhow::Result<RankFacts> {
        let mut facts = RankFacts::default();
        if subjects.is_empty() || policies.is_empty() {
            return Ok(facts);
        }
        let who = || -> Vec<Value> { subjects.iter().map(|id| id.uuid().into()).collect() };
        let sql = format!("SELECT id, risk_level FROM subjects WHERE id IN ({})", marks(0, subjects.len()));
        for row in self.db.rows(&sql, who()).await? {
            facts.levels.insert(SubjectId::new(row.get("id")?), row.word("risk_level")?);
        }
        let mut values = who();
        let seen = sight.and("subject_id", Some("id"), &mut values);
        let sql = format!(
            "SELECT subject_id, count(*) AS number FROM cases WHERE subject_id IN ({}) \
             AND resolution = 'CONFIRMED_POLICY_VIOLATION'{seen} GROUP BY subject_id",
            marks(0, subjects.len())
        );
        for row in self.db.rows(&sql, values).await? {
            let number = u32::try_from(row.get::<i64>("number")?)?;
            facts.violations.insert(SubjectId::new(row.get("subject_id")?), number);
        }
        let mut values: Vec<Value> = policies.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let newest = |at: usize| {
            format!(
                "SELECT policy_id, status FROM (SELECT policy_id, status FROM alerts WHERE policy_id = ${at} \
                 AND triaged_at IS NOT NULL{seen} ORDER BY triaged_at DESC, id LIMIT {}) p{at}",
                limits::TRIAGE_DECISIONS
            )
        };
        let sql = format!(
            "SELECT policy_id, status, count(*) AS number FROM ({}) newest GROUP BY policy_id, status",
            (1..=policies.len()).map(newest).collect::<Vec<_>>().join(" UNION ALL ")
        );
        for row in self.db.rows(&sql, values).await? {
            let of = facts.decisions.entry(PolicyId::new(row.get::<Uuid>("policy_id")?)).or_default();
            let number = count(&row, "number")?;
            match row.get::<String>("status")?.as_str() {
                "DISMISSED" => of.dismissed += number,
                _ => of.confirmed += number,
            }
        }
        Ok(facts)
    }
}
