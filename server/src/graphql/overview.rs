//! What an installation and its queue stand at, and how soon to look at an alert.
//! Never: a count of what the viewer may not see, or a row about a person.

use super::{
    guard::{Guarded, guarded},
    policy::Policy,
    request::{self, Fault, Reader},
    rules,
    scalars::{Date, int},
    words::{DismissReason, Severity, TriageRank},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    service::overview::{Counted, DecisionStatistics, Decisions},
};
use async_graphql::{Context, Error, ID, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    alert::{self, triage::Triage},
    ids::{AlertId, PolicyId},
    limits,
    setup::Step,
    time::Day,
};

/// How soon somebody should look at an alert. It is arithmetic on what else is known, explained in docs/triage.md.
#[derive(SimpleObject)]
pub struct AlertTriage {
    /// How soon.
    rank: TriageRank,
    /// What the reasons add up to; it needs attention from 40 on. 0 where it is not ranked.
    points: f64,
    /// Why, a sentence each that ends with its points.
    reasons: Vec<String>,
}

impl From<Triage> for AlertTriage {
    fn from(Triage { rank, points, reasons }: Triage) -> Self {
        Self { rank: rank.into(), points, reasons }
    }
}

/// The key of an alert's rank.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RankOf(pub(super) AlertId);

impl Loader<RankOf> for Reader {
    type Value = Triage;
    type Error = Fault;

    async fn load(&self, keys: &[RankOf]) -> Result<HashMap<RankOf, Triage>, Fault> {
        let permit = self.permit(Resource::Alerts, Action::Change)?;
        let ids: Vec<AlertId> = keys.iter().map(|key| key.0).collect();
        let ranks = self.services.ranks(&permit, &ids).await?;
        Ok(ranks.into_iter().map(|(alert, rank)| (RankOf(alert), rank)).collect())
    }
}

/// Alerts of one severity.
#[derive(SimpleObject)]
pub struct SeverityCount {
    /// Which.
    pub(super) severity: Severity,
    /// How many.
    pub(super) count: i32,
}

/// Alerts of one day.
#[derive(SimpleObject)]
pub struct DayCount {
    /// The day (UTC).
    day: Date,
    /// How many.
    count: i32,
}

/// Alerts that were dismissed for one reason.
#[derive(SimpleObject)]
pub struct DismissalCount {
    /// Why.
    reason: DismissReason,
    /// How many.
    count: i32,
}

/// A step of the deployment checklist, as it stands now. Nobody can tick it off.
#[derive(SimpleObject)]
pub struct RecommendedAction {
    /// The stable word.
    code: String,
    /// What to do.
    title: String,
    /// Whether it is so now.
    done: bool,
    /// Whether nothing works as it should without it.
    required: bool,
    /// The query or mutation that does it, or shows what is missing.
    how: String,
}

impl From<Step> for RecommendedAction {
    fn from(Step { code, title, done, required, how }: Step) -> Self {
        Self { code: code.to_owned(), title: title.to_owned(), done, required, how: how.to_owned() }
    }
}

/// What the queue and the installation stand at.
pub struct Overview {
    permit: Permit,
    counted: Counted,
    today: Day,
}

/// What the queue and the installation stand at. Everything is counted within what the viewer may see: members of restricted
/// priority user groups, and the viewer, are in no count.
#[Object]
impl Overview {
    /// Alerts that need review, by severity; each once, the highest first.
    async fn open_alerts_by_severity(&self) -> Vec<SeverityCount> {
        let count = |severity: &alert::Severity| SeverityCount {
            severity: (*severity).into(),
            count: int(self.counted.open.get(severity).copied().unwrap_or_default()),
        };
        alert::Severity::ALL.iter().rev().map(count).collect()
    }

    /// Alerts that need review and are past their time.
    async fn overdue_alerts(&self) -> i32 {
        int(self.counted.overdue)
    }

    /// Alerts that need review and were raised over 30 days ago.
    async fn open_over30_days(&self) -> i32 {
        int(self.counted.long_open)
    }

    /// Cases that are worked on.
    async fn active_cases(&self) -> i32 {
        int(self.counted.active_cases)
    }

    /// Policies that are active.
    async fn active_policies(&self) -> i32 {
        int(self.counted.active_policies)
    }

    /// From raising an alert to the decision, on the average of decisions of the last 30 days; null where there was none.
    async fn mean_hours_to_review(&self) -> Option<f64> {
        self.counted.hours_to_review
    }

    /// From opening a case to its resolution, on the average of the last 30 days; null where there was none.
    async fn mean_hours_to_resolve(&self) -> Option<f64> {
        self.counted.hours_to_resolve
    }

    /// Alerts raised on each of the last 30 days (UTC), today last.
    async fn alerts_by_day(&self) -> Vec<DayCount> {
        let days = (1 - limits::OVERVIEW_DAYS..=0).map(|ago| self.today.plus(ago));
        let count =
            |day| DayCount { day: Date(day), count: int(self.counted.by_day.get(&day).copied().unwrap_or_default()) };
        days.map(count).collect()
    }

    /// Alerts dismissed in the last 30 days, by reason; reasons that nobody gave are left out.
    async fn dismissals_by_reason(&self) -> Vec<DismissalCount> {
        dismissals(&self.counted.dismissals)
    }

    /// The deployment checklist, in the order in which one takes its steps.
    async fn recommended_actions(&self, ctx: &Context<'_>) -> Result<Vec<RecommendedAction>, Error> {
        let steps = async { request::services(ctx)?.checklist(&self.permit, &self.counted).await };
        let steps = steps.await.map_err(|error: ServiceError| super::errors::failed(&error))?;
        Ok(steps.into_iter().map(Into::into).collect())
    }
}

fn dismissals(counts: &std::collections::BTreeMap<alert::DismissReason, u64>) -> Vec<DismissalCount> {
    counts.iter().map(|(reason, count)| DismissalCount { reason: (*reason).into(), count: int(*count) }).collect()
}

/// How alerts were decided.
pub struct DismissalStatistics(DecisionStatistics);

/// How alerts were decided in the last days, within what the viewer may see. Alerts that retention removed are not in it.
#[Object]
impl DismissalStatistics {
    /// Dismissed alerts by reason; reasons that nobody gave are left out.
    async fn by_reason(&self) -> Vec<DismissalCount> {
        dismissals(&self.0.reasons)
    }

    /// By policy, the most decided first.
    async fn by_policy(&self) -> Vec<PolicyDecisions> {
        self.0.policies.iter().map(|(policy, of)| PolicyDecisions { policy: *policy, of: *of }).collect()
    }

    /// By what made the largest share of each alert, the most decided first; at most 50.
    async fn by_indicator(&self) -> Vec<IndicatorDecisions> {
        let shown = |(code, of): &(String, Decisions)| IndicatorDecisions {
            code: code.clone(),
            confirmed: int(of.confirmed),
            dismissed: int(of.dismissed),
        };
        self.0.indicators.iter().map(shown).collect()
    }
}

/// How a policy's alerts were decided.
pub struct PolicyDecisions {
    policy: PolicyId,
    of: Decisions,
}

/// How a policy's alerts were decided.
#[Object]
impl PolicyDecisions {
    /// Which; it may be deleted since.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Policy, Error> {
        request::load_known(ctx, self.policy).await.map(Policy::from)
    }

    /// Confirmed, or resolved since.
    async fn confirmed(&self) -> i32 {
        int(self.of.confirmed)
    }

    /// Dismissed.
    async fn dismissed(&self) -> i32 {
        int(self.of.dismissed)
    }
}

/// How alerts were decided of which an indicator, a sequence or cumulative exfiltration made the largest share.
#[derive(SimpleObject)]
pub struct IndicatorDecisions {
    /// Its code.
    code: String,
    /// Confirmed, or resolved since.
    confirmed: i32,
    /// Dismissed.
    dismissed: i32,
}

/// The part of the root about what everything stands at.
#[derive(Default)]
pub struct OverviewQuery;

#[Object]
impl OverviewQuery {
    /// What the queue and the installation stand at.
    async fn overview(&self, ctx: &Context<'_>) -> Guarded<Overview, rules::QueryOverview> {
        guarded(ctx, async |permit| {
            let (counted, today) = request::services(ctx)?.overview(&permit).await?;
            Ok::<_, ServiceError>(Overview { permit, counted, today })
        })
        .await
    }

    /// How alerts were decided: what was dismissed, and why.
    async fn dismissal_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this policy.")] policy_id: Option<ID>,
        #[graphql(desc = "Decisions of the last days, 1 to 365; 90 where left out.")] days: Option<i32>,
    ) -> Guarded<DismissalStatistics, rules::QueryDismissalStatistics> {
        guarded(ctx, async |permit| {
            let policy = policy_id.map(|id| id.parse::<PolicyId>().ok());
            let statistics = request::services(ctx)?.decision_statistics(&permit, policy, days.unwrap_or(90)).await?;
            Ok::<_, ServiceError>(DismissalStatistics(statistics))
        })
        .await
    }
}
