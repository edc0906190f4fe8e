//! The deployment checklist (domain, section 14): what an installation still lacks before it can be relied on.
//! Never: a step without what does it, or one that is called done because somebody ticked it off.

use crate::{
    access::Role,
    health::{Source, SourceState},
    indicator::{self, Category},
    limits,
    time::Micros,
};

/// What decides about the steps.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// The clock.
    pub now: Micros,
    /// All configured connectors.
    pub sources: &'a [Source],
    /// The sets of roles that staff acted with of late.
    pub acted_as: &'a [Vec<Role>],
    /// Whether rules say whom the installation monitors.
    pub has_coverage: bool,
    /// Whether somebody decided how identities are protected.
    pub has_privacy_decision: bool,
    /// Whether somebody set how long alerts may wait.
    pub has_targets: bool,
    /// Enabled indicators.
    pub enabled_indicators: u64,
    /// Whether HR said of anybody when they work for the last time.
    pub knows_departures: bool,
    /// Indicators that active policies select, by code.
    pub selected: &'a [String],
    /// Active policies.
    pub active_policies: u64,
    /// Of these, those younger than [`limits::HEALTH_SETTLING_DAYS`].
    pub young_policies: u64,
    /// Alerts that need review, are overdue and are nobody's.
    pub unowned_overdue: u64,
}

/// A step of the checklist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The stable word.
    pub code: &'static str,
    /// What to do, in a sentence.
    pub title: &'static str,
    /// Whether it is so now.
    pub done: bool,
    /// Whether nothing works as it should without it.
    pub required: bool,
    /// The query or mutation that does it, or shows what is missing.
    pub how: &'static str,
}

impl Setup<'_> {
    /// The steps, in the order in which one takes them.
    pub fn steps(&self) -> Vec<Step> {
        let step = |code, required, done, title, how| Step { code, title, done, required, how };
        let acts = |role: Role| self.acted_as.iter().any(|roles| roles.contains(&role));
        let investigates = |roles: &Vec<Role>| roles.contains(&Role::Analyst) || roles.contains(&Role::Investigator);
        let catch_all = |roles: &Vec<Role>| roles.contains(&Role::Admin) && investigates(roles);
        let devices = self.device_families();
        vec![
            step(
                "SOURCES_DELIVER",
                true,
                !self.sources.is_empty() && self.sources.iter().all(|source| self.delivers(source)),
                "Connect the sources, switch their own audit logs on, and see that each delivers every week.",
                "mutation createConnector, runConnector; query connectors { nodes { state lastRun { state } } }",
            ),
            step(
                "ROLES_ASSIGNED",
                true,
                acts(Role::Admin) && self.acted_as.iter().any(investigates),
                "Give somebody the role ADMIN, and somebody ANALYST or INVESTIGATOR.",
                "mutation grantRole; query roleGrants",
            ),
            step(
                "DUTIES_SEPARATED",
                true,
                !self.acted_as.is_empty() && !self.acted_as.iter().any(catch_all),
                "Keep the administration of policies apart from investigation: nobody works with ADMIN and another of these \
                 roles at once.",
                "mutation revokeRole; query roleGrants",
            ),
            step(
                "COVERAGE_SET",
                false,
                self.has_coverage,
                "Say whom the installation monitors, and by which agreement; it is everybody unless you do.",
                "mutation updateSettings(input: {coverage}); query settings { coverage }",
            ),
            step(
                "PRIVACY_DECIDED",
                false,
                self.has_privacy_decision,
                "Decide how identities are protected: subjects have pseudonyms and a second person agrees to reveals unless \
                 you say otherwise.",
                "mutation updateSettings(input: {privacy}); query settings { privacy }",
            ),
            step(
                "INDICATORS_ENABLED",
                true,
                self.enabled_indicators > 0,
                "Enable indicators before the first policy: a policy can select no others.",
                "mutation enableIndicators; query indicators(enabled: true)",
            ),
            step(
                "HR_DELIVERS",
                true,
                self.knows_departures && self.sources.iter().any(|one| one.family == "hr" && self.delivers(one)),
                "Connect HR, with dates of resignation and last working days.",
                "mutation createConnector; query connectors { nodes { lastRun { state } } }",
            ),
            step(
                "ENDPOINT_DELIVERS",
                !devices.is_empty(),
                devices.iter().all(|families| {
                    self.sources.iter().any(|one| families.contains(&one.family.as_str()) && self.delivers(one))
                }),
                "Connect a source of device activity before a policy selects indicators of devices.",
                "mutation createConnector; query policies { nodes { health { code action } } }",
            ),
            step(
                "FIRST_POLICY",
                true,
                self.active_policies > 0,
                "Create a policy and switch it on; a preview tells what it would have found.",
                "query policyPreview; mutation createPolicy, setPolicyState",
            ),
            step(
                "ONE_POLICY_AT_A_TIME",
                false,
                self.young_policies <= 1,
                "Tune one policy for 30 to 60 days before you add the next.",
                "mutation setPolicyState; query policies { nodes { createdAt effectiveness health { code action } } }",
            ),
            step(
                "REVIEW_TARGETS_SET",
                false,
                self.has_targets,
                "Decide how long an alert may wait for its review; the built-in times hold unless you do.",
                "mutation updateSettings(input: {alertTargets}); query settings { alertTargets }",
            ),
            step(
                "QUEUE_OWNED",
                true,
                self.unowned_overdue == 0,
                "See that somebody owns the queue: no alert is overdue and nobody's.",
                "mutation assignAlert; query alerts(filter: {overdue: true})",
            ),
        ]
    }

    fn delivers(&self, source: &Source) -> bool {
        let since = self.now.plus_days(-limits::HEALTH_HR_DAYS);
        source.state == SourceState::Enabled && source.last_delivery.is_some_and(|at| at > since)
    }

    /// For each selected indicator of devices the families of plugins that feed it.
    fn device_families(&self) -> Vec<&'static [&'static str]> {
        let found = self.selected.iter().filter_map(|code| indicator::find(code));
        let of_devices = found.filter(|one| matches!(one.category, Category::Device | Category::EndpointSecurity));
        of_devices.map(|one| one.sources).filter(|families| !families.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    const NOW: Micros = Micros(400 * DAY);

    fn source(family: &str, days_ago: i64) -> Source {
        let last_delivery = Some(Micros(NOW.0 - days_ago * DAY));
        Source { family: family.to_owned(), state: SourceState::Enabled, last_delivery }
    }

    fn bare() -> Setup<'static> {
        Setup {
            now: NOW,
            sources: &[],
            acted_as: &[],
            has_coverage: false,
            has_privacy_decision: false,
            has_targets: false,
            enabled_indicators: 0,
            knows_departures: false,
            selected: &[],
            active_policies: 0,
            young_policies: 0,
            unowned_overdue: 0,
        }
    }

    fn open(setup: &Setup<'_>) -> Vec<&'static str> {
        setup.steps().into_iter().filter(|step| !step.done).map(|step| step.code).collect()
    }

    #[test]
    fn a_new_installation_has_everything_before_it() {
        let to_do = open(&bare());
        assert_eq!(to_do.len(), 9, "{to_do:?}");
        assert!(!to_do.contains(&"QUEUE_OWNED") && !to_do.contains(&"ENDPOINT_DELIVERS"), "nothing asks for them yet");
    }

    #[test]
    fn what_is_set_up_is_done_and_falls_back_when_it_is_so_no_longer() {
        let sources = [source("hr", 1), source("office", 6), source("endpoint", 0)];
        let acted_as = [vec![Role::Admin], vec![Role::Analyst], vec![Role::Auditor]];
        let selected = ["FILE_DOWNLOADED".to_owned(), "FILE_COPIED_TO_USB".to_owned()];
        let families = indicator::find("FILE_COPIED_TO_USB").unwrap().sources;
        let all: Vec<Source> = sources.iter().cloned().chain(families.iter().map(|family| source(family, 2))).collect();
        let ready = Setup {
            sources: &all,
            acted_as: &acted_as,
            has_coverage: true,
            has_privacy_decision: true,
            has_targets: true,
            enabled_indicators: 20,
            knows_departures: true,
            selected: &selected,
            active_policies: 1,
            young_policies: 1,
            ..bare()
        };
        assert_eq!(open(&ready), [""; 0]);
        let silent = [source("hr", 8)];
        assert_eq!(
            open(&Setup { sources: &silent, ..ready.clone() }),
            ["SOURCES_DELIVER", "HR_DELIVERS", "ENDPOINT_DELIVERS"]
        );
        let catch_all = [vec![Role::Admin, Role::Investigator]];
        assert_eq!(open(&Setup { acted_as: &catch_all, ..ready.clone() }), ["DUTIES_SEPARATED"]);
        assert_eq!(open(&Setup { young_policies: 2, ..ready.clone() }), ["ONE_POLICY_AT_A_TIME"]);
        assert_eq!(open(&Setup { unowned_overdue: 1, ..ready }), ["QUEUE_OWNED"]);
    }

    #[test]
    fn every_step_says_what_to_do_and_what_does_it() {
        let steps = bare().steps();
        for step in &steps {
            assert!(step.title.ends_with('.') && (step.how.contains("mutation ") || step.how.contains("query ")));
            assert_eq!(steps.iter().filter(|other| other.code == step.code).count(), 1, "{}", step.code);
        }
    }
}
