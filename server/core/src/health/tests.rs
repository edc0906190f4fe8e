//! The behaviour of [`super::policy_health`].
//! Never: a finding that two things cause at once, but for the last test.

use super::*;
use crate::{policy::PolicyScope, scoring::tests::Scene, time::DAY};

const NOW: Micros = Micros(20_600 * DAY);

/// A policy over an office and an HR connector that deliver, with everything in order.
struct World {
    scene: Scene,
    sources: Vec<Source>,
    in_scope: u64,
    scored: u64,
    created_at: Micros,
    triggered: bool,
    alerted: bool,
    unsettled: u64,
    rivals: u64,
    exceeds: bool,
    uncovered: u64,
    experience: Experience,
}

fn source(family: &str, state: SourceState, days_ago: i32) -> Source {
    Source { family: family.into(), state, last_delivery: Some(NOW.plus_days(-days_ago)) }
}

impl World {
    fn in_order() -> Self {
        let mut scene = Scene::new();
        scene.policy.spec.indicators.retain(|chosen| chosen.code != "PATIENT_RECORD_FAMILY");
        let sources = vec![source("hr", SourceState::Enabled, 1), source("office", SourceState::Enabled, 0)];
        let created_at = NOW.plus_days(-90);
        Self {
            scene,
            sources,
            in_scope: 40,
            scored: 3,
            created_at,
            triggered: true,
            alerted: true,
            unsettled: 0,
            rivals: 0,
            exceeds: false,
            uncovered: 0,
            experience: Experience { subjects: 40, ..Experience::default() },
        }
    }

    fn findings(&self) -> Vec<HealthFinding> {
        policy_health(&HealthInput {
            now: NOW,
            policy: &self.scene.policy,
            created_at: self.created_at,
            enabled: &self.scene.enabled,
            sources: &self.sources,
            subjects_in_scope: self.in_scope,
            scored_of_template: self.scored,
            ever_triggered: self.triggered,
            ever_alerted: self.alerted,
            unsettled: self.unsettled,
            scored: self.scored,
            young_rivals: self.rivals,
            exceeds_coverage: self.exceeds,
            uncovered_in_scope: self.uncovered,
            experience: &self.experience,
        })
    }

    fn codes(&self) -> Vec<(HealthStatus, &'static str)> {
        self.findings().iter().map(|finding| (finding.status, finding.code)).collect()
    }
}

/// What the change makes of a policy that was in order.
fn after(change: impl FnOnce(&mut World)) -> Vec<(HealthStatus, &'static str)> {
    let mut world = World::in_order();
    change(&mut world);
    world.codes()
}

#[test]
fn a_policy_in_order_says_so() {
    assert_eq!(World::in_order().codes(), [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn a_scope_that_covers_nobody_is_a_warning() {
    assert_eq!(after(|world| world.in_scope = 0), [(Warning, "NO_SUBJECTS_IN_SCOPE")]);
}

#[test]
fn a_priority_template_needs_a_group() {
    let found = after(|world| {
        world.scene.policy.template = TemplateCode::DataLeaksByPriorityUsers;
        world.scene.policy.spec.scope = PolicyScope { all: true, ..PolicyScope::default() };
    });
    assert_eq!(found, [(Warning, "NO_PRIORITY_GROUP")]);
}

#[test]
fn a_scope_beyond_the_coverage_says_so() {
    let expected = [(Recommendation, "SCOPE_EXCEEDS_COVERAGE")];
    assert_eq!(after(|world| world.exceeds = true), expected);
    assert_eq!(after(|world| world.uncovered = 1), expected);
}

#[test]
fn the_limit_of_a_template_is_announced_before_it_is_reached() {
    assert_eq!(after(|world| world.scored = 17_999), [(HealthStatus::Healthy, "HEALTHY")]);
    assert_eq!(after(|world| world.scored = 18_000), [(Recommendation, "SUBJECT_LIMIT_NEAR")]);
    assert_eq!(after(|world| world.scored = 20_000), [(Warning, "SUBJECT_LIMIT_REACHED")]);
}

#[test]
fn indicators_that_cannot_count_are_named() {
    assert_eq!(after(|world| world.scene.policy.spec.indicators.clear()), [(Warning, "NO_INDICATORS")]);
    let mut world = World::in_order();
    world.scene.enabled.remove("FILE_DOWNLOADED");
    assert_eq!(world.codes(), [(Warning, "INDICATOR_NOT_ENABLED")]);
    assert!(world.findings()[0].message.contains("FILE_DOWNLOADED"));
}

#[test]
fn indicators_without_a_source_are_a_recommendation_and_none_with_one_a_warning() {
    let mut world = World::in_order();
    world.scene.policy.spec.indicators = Scene::new().policy.spec.indicators;
    assert_eq!(world.codes(), [(Recommendation, "SOURCE_NOT_CONFIGURED")]);
    assert!(world.findings()[0].message.contains("PATIENT_RECORD_FAMILY"));
    world.sources.retain(|source| source.family == "hr");
    assert_eq!(world.codes(), [(Warning, "SOURCE_NOT_CONFIGURED")]);
}

#[test]
fn nothing_to_start_scoring_is_a_warning_unless_volume_does() {
    assert_eq!(after(|world| world.scene.policy.spec.triggers.clear()), [(Warning, "NO_TRIGGER")]);
    let by_volume = after(|world| {
        world.scene.policy.template = TemplateCode::GeneralDataLeaks;
        world.scene.policy.spec.triggers.clear();
    });
    assert_eq!(by_volume, [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn a_missing_hr_connector_is_graver_where_only_hr_starts_scoring() {
    let without = |world: &mut World| world.sources.retain(|source| source.family != "hr");
    assert_eq!(after(without), [(Recommendation, "HR_NOT_CONFIGURED")]);
    let only = after(|world| {
        without(world);
        world.scene.policy.spec.triggers = vec!["RESIGNATION".into()];
    });
    assert_eq!(only, [(Warning, "HR_NOT_CONFIGURED")]);
    let neither = after(|world| {
        without(world);
        world.scene.policy.spec.triggers = vec!["ACCOUNT_DELETED".into()];
    });
    assert_eq!(neither, [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn an_hr_connector_may_be_silent_for_a_week() {
    let recent = after(|world| world.sources[0].last_delivery = Some(NOW.plus_days(-6)));
    assert_eq!(recent, [(HealthStatus::Healthy, "HEALTHY")]);
    let silent = [(Warning, "HR_SILENT")];
    assert_eq!(after(|world| world.sources[0].last_delivery = Some(NOW.plus_days(-7))), silent);
    assert_eq!(after(|world| world.sources[0].last_delivery = None), silent);
}

#[test]
fn a_stopped_connector_matters_to_the_policies_that_draw_on_it() {
    let stopped = |state| after(|world| world.sources[1].state = state);
    assert_eq!(stopped(SourceState::Quarantined), [(Warning, "CONNECTOR_QUARANTINED")]);
    assert_eq!(stopped(SourceState::Paused), [(Recommendation, "CONNECTOR_PAUSED")]);
    let elsewhere = after(|world| world.sources.push(source("emr", SourceState::Quarantined, 0)));
    assert_eq!(elsewhere, [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn only_a_settled_active_policy_is_asked_what_it_found() {
    let idle = |world: &mut World| (world.triggered, world.alerted) = (false, false);
    assert_eq!(after(idle), [(Recommendation, "TRIGGER_NEVER_FIRED")]);
    assert_eq!(after(|world| world.alerted = false), [(Recommendation, "NEVER_ALERTED")]);
    let young = after(|world| {
        idle(world);
        world.created_at = NOW.plus_days(-29);
    });
    assert_eq!(young, [(HealthStatus::Healthy, "HEALTHY")]);
    let draft = after(|world| {
        idle(world);
        world.scene.policy.state = PolicyState::Draft;
    });
    assert_eq!(draft, [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn the_gravest_finding_comes_first_and_a_long_list_is_cut() {
    let found = after(|world| {
        world.triggered = false;
        world.in_scope = 0;
        world.sources[1].state = SourceState::Paused;
    });
    let expected = [
        (Warning, "NO_SUBJECTS_IN_SCOPE"),
        (Recommendation, "CONNECTOR_PAUSED"),
        (Recommendation, "TRIGGER_NEVER_FIRED"),
    ];
    assert_eq!(found, expected);
    assert_eq!(some(&["A", "B"]), "A, B");
    assert_eq!(some(&["A", "B", "C", "D", "E", "F", "G"]), "A, B, C, D, E and 2 more");
}

#[test]
fn a_young_policy_says_that_it_settles_in_and_that_others_are_as_young() {
    let unsettled = |days: i32, count| {
        after(move |world| {
            world.created_at = NOW.plus_days(-days);
            world.unsettled = count;
        })
    };
    assert_eq!(unsettled(10, 1), [(Recommendation, "SETTLING_IN")]);
    assert_eq!(unsettled(90, 1), [(HealthStatus::Healthy, "HEALTHY")], "one of three, after three months");
    assert_eq!(unsettled(90, 2), [(Recommendation, "SETTLING_IN")], "most of them");
    let young = after(|world| {
        world.created_at = NOW.plus_days(-10);
        world.rivals = 2;
    });
    assert_eq!(young, [(Recommendation, "OVERLAPPING_NEW_POLICIES")]);
    assert_eq!(after(|world| world.rivals = 2), [(HealthStatus::Healthy, "HEALTHY")]);
}

#[test]
fn a_trigger_that_fires_for_more_than_fifteen_percent_singles_nobody_out() {
    let triggered = |count| after(move |world| _ = world.experience.triggered.insert("RESIGNATION".into(), count));
    assert_eq!(triggered(6), [(HealthStatus::Healthy, "HEALTHY")]);
    assert_eq!(triggered(7), [(Warning, "TRIGGER_TOO_WIDE")]);
    let few = after(|world| {
        world.experience.subjects = 10;
        world.experience.triggered.insert("RESIGNATION".into(), 10);
    });
    assert_eq!(few, [(HealthStatus::Healthy, "HEALTHY")]);
    let other = after(|world| _ = world.experience.triggered.insert("DLP_POLICY_MATCH".into(), 40));
    assert_eq!(other, [(HealthStatus::Healthy, "HEALTHY")], "the policy does not wait for it");
}

#[test]
fn limits_of_triggers_are_told() {
    let busiest = after(|world| _ = world.experience.busiest.insert("RESIGNATION".into(), 15_000));
    assert_eq!(busiest, [(Warning, "TRIGGER_LIMIT_REACHED")]);
    assert_eq!(after(|world| world.experience.busiest_day = 50_000), [(Warning, "TRIGGERS_LIMIT_REACHED")]);
}

#[test]
fn who_should_have_left_and_who_left_unannounced_is_told() {
    let departures = |expected, seen, unannounced| {
        after(move |world| {
            world.experience.departures_expected = expected;
            world.experience.departures_seen = seen;
            world.experience.departures_unannounced = unannounced;
        })
    };
    assert_eq!(departures(3, 3, 0), [(HealthStatus::Healthy, "HEALTHY")]);
    assert_eq!(departures(3, 1, 0), [(Recommendation, "DEPARTURES_NOT_SEEN")]);
    assert_eq!(departures(0, 0, 2), [(Recommendation, "DEPARTURES_NOT_ANNOUNCED")]);
}
