//! What an installation and its queue stand at: counts, the deployment checklist, statistics of decisions, the rank of alerts.
//! Never: anybody in a count whom the viewer may not see; a row about a person.

use super::Services;
pub(crate) use crate::store::{Counted, DecisionStatistics, Decisions};
use crate::{error::ServiceError, permit::Permit};
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{Action, Resource},
    alert::{
        AlertStatus, AlertTargets,
        triage::{self, Triage, TriageFacts},
    },
    ids::{AlertId, PolicyId, SubjectId},
    limits,
    policy::PolicyState,
    problem::ProblemCode,
    setup::{Setup, Step},
    time::Day,
};

impl Services {
    /// The counts of an overview, and the day it is.
    pub(crate) async fn overview(&self, permit: &Permit) -> Result<(Counted, Day), ServiceError> {
        permit.require(Resource::Analytics, Action::Read)?;
        let now = self.clock.now();
        Ok((self.store.overview(&permit.sight(), now).await?, now.day()))
    }

    /// The deployment checklist as it stands now. `counted` is of the same viewer.
    pub(crate) async fn checklist(&self, permit: &Permit, counted: &Counted) -> Result<Vec<Step>, ServiceError> {
        permit.require(Resource::Analytics, Action::Read)?;
        let now = self.clock.now();
        let active = self.store.policies(Some(PolicyState::Active)).await?;
        let young = now.plus_days(-limits::HEALTH_SETTLING_DAYS);
        let selected: BTreeSet<String> = active
            .iter()
            .flat_map(|stored| stored.policy.spec.indicators.iter().map(|chosen| chosen.code.clone()))
            .collect();
        let in_force = self.store.settings_in_force().await?;
        let setup = Setup {
            now,
            sources: &self.store.sources().await?,
            acted_as: &self.store.acted_as().await?,
            has_coverage: in_force.settings.coverage.is_restricted(),
            has_privacy_decision: in_force.privacy.is_some(),
            has_targets: in_force.settings.alert_targets != AlertTargets::default(),
            enabled_indicators: self.store.chosen_indicators().await?.len() as u64,
            knows_departures: self.store.knows_departures().await?,
            selected: &selected.into_iter().collect::<Vec<_>>(),
            active_policies: active.len() as u64,
            young_policies: active.iter().filter(|stored| stored.created_at > young).count() as u64,
            unowned_overdue: counted.unowned_overdue,
        };
        Ok(setup.steps())
    }

    /// How alerts were decided in the last days, of one policy or all; the inner `None` is an id that cannot be one.
    pub(crate) async fn decision_statistics(
        &self,
        permit: &Permit,
        policy: Option<Option<PolicyId>>,
        days: i32,
    ) -> Result<DecisionStatistics, ServiceError> {
        permit.require(Resource::Analytics, Action::Read)?;
        if !limits::STATISTICS_DAYS.contains(&days) {
            let allowed = limits::STATISTICS_DAYS;
            let message = format!("{} to {} days.", allowed.start(), allowed.end());
            return Err(ServiceError::invalid(&["days"], ProblemCode::Invalid, message));
        }
        let since = self.clock.now().plus_days(-days);
        match policy {
            Some(None) => Ok(DecisionStatistics::default()),
            policy => Ok(self.store.decision_statistics(&permit.sight(), policy.flatten(), since).await?),
        }
    }

    /// How soon somebody should look at these alerts, and why.
    pub(crate) async fn ranks(
        &self,
        permit: &Permit,
        ids: &[AlertId],
    ) -> Result<BTreeMap<AlertId, Triage>, ServiceError> {
        permit.require(Resource::Alerts, Action::Change)?;
        let alerts = self.store.alerts_by_id(&permit.sight(), ids).await?;
        let open = || alerts.values().filter(|alert| alert.status == AlertStatus::NeedsReview);
        let subjects: BTreeSet<SubjectId> = open().map(|alert| alert.subject).collect();
        let policies: BTreeSet<PolicyId> = open().map(|alert| alert.policy).collect();
        let (subjects, policies): (Vec<_>, Vec<_>) = (subjects.into_iter().collect(), policies.into_iter().collect());
        let known = self.store.rank_facts(&permit.sight(), &subjects, &policies).await?;
        let now = self.clock.now();
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let ranked = alerts.values().map(|alert| {
            let decided = known.decisions.get(&alert.policy).copied().unwrap_or_default();
            let facts = TriageFacts {
                status: alert.status,
                score: alert.score,
                risk_factors: alert.risk_factors.clone(),
                level: known.levels.get(&alert.subject).copied().unwrap_or_default(),
                violations: known.violations.get(&alert.subject).copied().unwrap_or_default(),
                overdue: alert.due_at < now,
                confirmed: small(decided.confirmed),
                dismissed: small(decided.dismissed),
            };
            (alert.id, triage::rank(&facts))
        });
        Ok(ranked.collect())
    }
}
