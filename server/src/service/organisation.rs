//! What people do over the whole organisation, before anybody wrote a policy: numbers that tell of nobody.
//! Never: an exact number; who it is that is counted, or different numbers for different viewers.

use super::Services;
use crate::{error::ServiceError, permit::Permit};
use std::{collections::BTreeSet, ops::RangeInclusive};
use vizard_core::{
    access::{Action, Resource},
    anonymous::{self, Portion, Scenario},
    policy::PolicyState,
    template::TemplateCode,
    time::Day,
};

/// What may be told of everybody.
pub(crate) struct OrganisationInsight {
    pub(crate) days: RangeInclusive<Day>,
    pub(crate) known: Option<u64>,
    pub(crate) scenarios: Vec<(Scenario, Portion)>,
    /// By the indicator's code.
    pub(crate) top: Vec<(&'static str, Portion)>,
    /// Templates of which there is an active policy.
    pub(crate) active: BTreeSet<TemplateCode>,
}

impl Services {
    /// Counts what everybody did in the last whole days. It is the same for every viewer: nobody's sight narrows it.
    pub(crate) async fn organisation_insight(&self, permit: &Permit) -> Result<OrganisationInsight, ServiceError> {
        permit.require(Resource::Analytics, Action::Read)?;
        let today = self.clock.now().day();
        let counts = self.store.organisation_counts(today).await?;
        let active = self.store.policies(Some(PolicyState::Active)).await?;
        let everybody = counts.known;
        let portion = |scenario: Scenario| match scenario {
            Scenario::DataLeaks => Portion::of(counts.leaking, everybody, everybody),
            Scenario::DataTheft => Portion::of(counts.leaving_and_leaking, counts.leaving, everybody),
        };
        Ok(OrganisationInsight {
            days: anonymous::days(today),
            known: anonymous::shown(everybody, everybody),
            scenarios: Scenario::ALL.iter().map(|scenario| (*scenario, portion(*scenario))).collect(),
            top: anonymous::top(&counts.by_indicator, everybody),
            active: active.iter().map(|stored| stored.policy.template).collect(),
        })
    }
}
