//! The properties of a score, and worked examples that a person can redo.
//! Never: a number that is not in SCORING.md or follows from it.

use super::{
    input::{ManualScoring, ScoringInput, SubjectContext, Trigger},
    reading::{CUMULATIVE, Reading, Usual},
    threshold::Thresholds,
    *,
};
use crate::{
    ids::{PolicyId, SubjectId},
    indicator,
    policy::{AlertVolume, Policy, PolicyIndicator, PolicyScope, PolicySpec, PolicyState, ThresholdMode},
    template::{TemplateCode, sequences},
    time::HOUR,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

const CODES: [&str; 5] =
    ["FILE_COPIED_TO_USB", "FILE_DOWNLOADED", "EMAIL_SENT_TO_SELF", "FILE_ARCHIVED", "PATIENT_RECORD_FAMILY"];

/// One subject under one policy, with everything that can be known of it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) now: Micros,
    pub(crate) policy: Policy,
    pub(crate) subject: SubjectContext,
    pub(crate) enabled: BTreeSet<String>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) manual: Vec<ManualScoring>,
}

impl Scene {
    /// 1 July 2026, 10:00, a departing policy over [`CODES`], and nothing seen yet.
    pub(crate) fn new() -> Self {
        let indicators = CODES.iter().map(|code| PolicyIndicator {
            code: (*code).to_owned(),
            mode: ThresholdMode::Recommended,
            thresholds: indicator::find(code).unwrap().thresholds.unwrap(),
        });
        let spec = PolicySpec {
            description: String::new(),
            scope: PolicyScope { all: true, ..PolicyScope::default() },
            triggers: vec!["RESIGNATION".into(), "ACCOUNT_DELETED".into()],
            indicators: indicators.collect(),
            activation_days: 30,
            lookback_days: 90,
            alert_volume: AlertVolume::Default,
            sequences: sequences().iter().map(|rule| rule.code.to_owned()).collect(),
            cumulative: true,
            boosters: BoosterKind::ALL.to_vec(),
            always_on: false,
            minimum_daily_events: None,
            priority_content: None,
        };
        Self {
            now: at(0, 10),
            policy: Policy {
                id: PolicyId::new(Uuid::from_u128(2)),
                name: "Departures".into(),
                template: TemplateCode::DataTheftByDepartingUsers,
                version: 1,
                state: PolicyState::Active,
                spec,
            },
            subject: SubjectContext {
                id: SubjectId::new(Uuid::from_u128(1)),
                department: Some("Sales".into()),
                groups: Vec::new(),
                title: None,
                has_profile: true,
                prior_violation: None,
                high_impact: None,
            },
            enabled: CODES.iter().map(|code| (*code).to_owned()).collect(),
            readings: Vec::new(),
            triggers: Vec::new(),
            manual: Vec::new(),
        }
    }

    /// Somebody who resigned that many days after 1 July 2026, at 9:00.
    pub(crate) fn resigned(day: i32) -> Self {
        Self::new().trigger("RESIGNATION", day)
    }

    pub(crate) fn trigger(mut self, code: &str, day: i32) -> Self {
        self.triggers.push(Trigger { at: at(day, 9), indicator: code.into(), until: None });
        self
    }

    pub(crate) fn seen(mut self, code: &str, day: i32, count: u64) -> Self {
        self.readings.push(Reading::plain(at(day, 0).day(), code, count));
        self
    }

    pub(crate) fn by_hand(mut self, day: i32, hour: i32, days: i32) -> Self {
        self.manual.push(ManualScoring { at: at(day, hour), days, reason: "Left with a grudge".into() });
        self
    }

    pub(crate) fn score_on(&self, day: i32) -> ScoringOutcome {
        Self { now: at(day, 10), ..self.clone() }.score()
    }

    pub(crate) fn score(&self) -> ScoringOutcome {
        self.input(score)
    }

    fn input<T>(&self, with: impl FnOnce(&ScoringInput<'_>) -> T) -> T {
        let counting = Counting::of(&self.policy, &self.enabled);
        with(&ScoringInput {
            now: self.now,
            policy: &self.policy,
            subject: &self.subject,
            counting: &counting,
            readings: &self.readings,
            triggers: &self.triggers,
            manual: &self.manual,
        })
    }
}

/// That many days after 1 July 2026, at that hour.
pub(crate) fn at(day: i32, hour: i32) -> Micros {
    Day::from_civil(2026, 7, 1).unwrap().plus(day).start().plus_hours(hour)
}

fn pretty(outcome: &ScoringOutcome) -> String {
    serde_json::to_string_pretty(outcome).unwrap()
}

// Worked examples: `SCORING.md` shows the second one with the arithmetic.

#[test]
fn example_1_one_bulk_copy_on_the_day_of_the_resignation() {
    // 150 of (10, 30, 75): s = 67 + 33·(1 − 75/150) = 83.5; p = 0.90 · 0.835 = 0.7515.
    let outcome = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150).score();
    assert_eq!(outcome.score, 75.15);
    insta::assert_snapshot!(pretty(&outcome));
}

#[test]
fn example_2_downloads_a_week_ago_and_a_copy_today() {
    // 90 of (20, 60, 120): s = 41 + 26 · 30/60 = 54; p = 0.70 · 0.54 · 1/2 = 0.189 and p = 0.90 · 0.41 = 0.369;
    // 1 − 0.811 · 0.631 = 0.488259.
    let scene = Scene::resigned(-10).seen("FILE_DOWNLOADED", -7, 90).seen("FILE_COPIED_TO_USB", 0, 30);
    let outcome = scene.score();
    assert_eq!(outcome.score, 48.8259);
    let page = include_str!("../../../../SCORING.md");
    assert!(page.contains("= 48.8259"));
    assert!(outcome.insights.iter().all(|insight| page.contains(&format!("= {} points", insight.points))));
    insta::assert_snapshot!(pretty(&outcome));
}

#[test]
fn example_2_with_what_is_usual_for_the_subject() {
    // z = (ln 31 − ln 3)/0.5 = 4.67: factor 3 on the odds 41/59.
    let mut scene = Scene::resigned(-10).seen("FILE_COPIED_TO_USB", 0, 30);
    scene.readings[0].usual = Some(Usual { median: 2.0, spread: 0.5, upper: 4, of: 40 });
    let outcome = scene.score();
    assert_eq!((outcome.insights[0].score, outcome.insights[0].boosters[0].factor), (67.5824, 3.0));
    assert_eq!(outcome.insights[0].risk_factors, [RiskFactor::Unusual]);
    assert!(include_str!("../../../../SCORING.md").contains("s = 67.5824 and p = 0.608242"));
    assert_eq!(outcome.score, 60.8242);
}

#[test]
fn what_somebody_always_does_counts_least() {
    let mut scene = Scene::resigned(-10).seen("FILE_COPIED_TO_USB", 0, 30);
    let fresh = scene.score().score;
    scene.readings[0].usual = Some(Usual { median: 30.0, spread: 0.5, upper: 45, of: 40 });
    assert!(scene.score().score < fresh / 10.0);
    scene.policy.spec.boosters.clear();
    assert_eq!(scene.score().score, fresh);
}

#[test]
fn below_the_minimum_of_daily_events_nothing_is_above_the_usual() {
    let mut scene = Scene::resigned(-10).seen("FILE_COPIED_TO_USB", 0, 20);
    scene.readings[0].usual = Some(Usual { median: 1.0, spread: 0.5, upper: 2, of: 40 });
    let boosters = |scene: &Scene| scene.score().insights[0].boosters.len();
    assert_eq!(boosters(&scene), 1);
    scene.policy.spec.minimum_daily_events = Some(50);
    assert_eq!(boosters(&scene), 0);
}

#[test]
fn a_priority_group_and_high_impact_boost_once_together() {
    let kinds = |scene: &Scene| -> Vec<BoosterKind> {
        scene.score().insights[0].boosters.iter().map(|booster| booster.kind).collect()
    };
    let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 30);
    scene.subject.high_impact = Some("a privileged role".into());
    assert_eq!(kinds(&scene), [BoosterKind::HighImpact]);
    scene.subject.groups = vec![crate::ids::PriorityGroupId::new(Uuid::from_u128(5))];
    assert_eq!(kinds(&scene), [BoosterKind::PriorityGroup]);
    scene.subject.prior_violation = Some(at(-40, 10));
    (scene.readings[0].seen.unallowed, scene.readings[0].seen.priority) = (1, 1);
    assert_eq!(
        kinds(&scene),
        [
            BoosterKind::PriorViolation,
            BoosterKind::PriorityGroup,
            BoosterKind::PriorityContent,
            BoosterKind::UnallowedDomain
        ]
    );
}

#[test]
fn a_violation_counts_from_when_it_was_found_and_not_for_what_was_found() {
    let boosted = |scene: &Scene, day: i32| -> Vec<bool> {
        let insights = scene.score_on(day).insights;
        insights.iter().map(|insight| !insight.boosters.is_empty()).collect()
    };
    let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 30).seen("FILE_COPIED_TO_USB", 3, 30);
    scene.subject.prior_violation = Some(at(2, 12));
    assert_eq!(boosted(&scene, 3), [false, true]);
    scene.subject.prior_violation = Some(at(3, 12));
    assert_eq!(boosted(&scene, 3), [false, false], "nobody had found anything at that hour");
    assert_eq!(boosted(&scene, 4), [false, true]);
}

#[test]
fn a_sequence_that_the_policy_did_not_select_is_seen_as_the_longest_that_it_includes() {
    let mut scene = Scene::resigned(0).seen("DOWNLOAD_OBFUSCATE_EXFILTRATE_DELETE", 0, 5);
    assert_eq!(scene.score().insights[0].indicator, "DOWNLOAD_OBFUSCATE_EXFILTRATE_DELETE");
    scene.policy.spec.sequences = vec!["DOWNLOAD_EXFILTRATE".into(), "DOWNLOAD_EXFILTRATE_DELETE".into()];
    assert_eq!(scene.score().insights[0].indicator, "DOWNLOAD_EXFILTRATE_DELETE");
    scene.policy.spec.sequences.clear();
    assert!(scene.score().insights.is_empty());
}

#[test]
fn what_left_over_30_days_is_measured_by_what_is_usual() {
    let mut scene = Scene::resigned(0).seen(CUMULATIVE, 0, 120);
    assert!(scene.score().insights.is_empty(), "without a norm there is nothing to say");
    scene.readings[0].usual = Some(Usual { median: 10.0, spread: 0.8, upper: 30, of: 50 });
    let outcome = scene.score();
    assert_eq!(outcome.insights[0].kind, InsightKind::CumulativeExfiltration);
    insta::assert_snapshot!(outcome.insights[0].explanation, @"120 files and messages left by all ways in the 30 days until 1 July 2026; half of those compared with have at most 10: medium (low from 36, medium from 81, high from 180).");
    scene.policy.spec.cumulative = false;
    assert!(scene.score().insights.is_empty());
}

#[test]
fn a_policy_that_is_always_on_scores_without_an_event_and_weighs_less() {
    let mut scene = Scene::new().seen("FILE_COPIED_TO_USB", 0, 150);
    assert!(!scene.score().open);
    scene.policy.spec.always_on = true;
    let outcome = scene.score();
    assert!(outcome.open && outcome.score < 25.0, "too little is known of what is usual");
    scene.readings[0].usual = Some(Usual { median: 0.0, spread: 0.5, upper: 0, of: 40 });
    assert!(scene.score().score > 40.0 && scene.score().score < 60.0);
}

#[test]
fn example_3_the_same_thing_on_three_days_of_the_look_back() {
    // Thresholds (2, 5, 10), weight 80. Today 5: p = 0.80 · 0.41 = 0.328. A week ago 10: p = 0.80 · 0.67 / 2 = 0.268.
    // Two weeks ago 5: p = 0.328 / 4 = 0.082. 1 − 0.672 · √0.732 · ⁴√0.918 = 1 − 0.672 · 0.855570 · 0.978838.
    let mut scene = Scene::resigned(0);
    for (day, count) in [(-14, 5), (-7, 10), (0, 5)] {
        scene = scene.seen("EMAIL_SENT_TO_SELF", day, count);
    }
    scene.subject.has_profile = false;
    let outcome = scene.score();
    assert_eq!(outcome.score, 43.7224);
    insta::assert_snapshot!(pretty(&outcome));
}

// Windows.

#[test]
fn scoring_lasts_as_long_as_the_activation_window() {
    let scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150);
    assert!(scene.score_on(29).open);
    let after = scene.score_on(30);
    assert_eq!((after.open, after.insights.len(), after.next_due), (false, 0, None));
    assert_eq!(after.score.to_bits(), 0.0f64.to_bits(), "plainly 0, not -0");
}

#[test]
fn a_last_working_day_prolongs_the_window() {
    let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 20, 150);
    scene.triggers[0].until = Some(at(40, 0));
    assert!(scene.score_on(69).open);
    assert!(!scene.score_on(70).open);
}

#[test]
fn the_look_back_counts_whole_days_before_the_trigger() {
    let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", -5, 150).seen("FILE_COPIED_TO_USB", -6, 150);
    scene.policy.spec.lookback_days = 5;
    let days: Vec<Day> = scene.score().insights.iter().map(|insight| insight.day).collect();
    assert_eq!(days, [at(-5, 0).day()]);
}

#[test]
fn of_windows_that_overlap_the_longest_gives_the_reason() {
    let mut scene = Scene::resigned(-20).trigger("ACCOUNT_DELETED", -1);
    scene.triggers[1].until = Some(at(5, 0));
    let windows = scene.score().activations;
    assert_eq!(windows.len(), 1);
    assert_eq!((windows[0].starts_at, windows[0].ends_at), (at(-20, 9), at(35, 0)));
    assert_eq!(windows[0].reason, "Account deleted on 30 June 2026.");
}

#[test]
fn a_trigger_dated_ahead_opens_nothing_yet() {
    let scene = Scene::resigned(12).seen("FILE_COPIED_TO_USB", 0, 150);
    let outcome = scene.score();
    assert_eq!((outcome.open, outcome.score, outcome.next_due), (false, 0.0, Some(at(12, 9))));
    assert!(scene.score_on(12).score > 0.0);
}

#[test]
fn a_trigger_that_the_policy_does_not_name_opens_nothing() {
    let outcome = Scene::new().trigger("TERMINATION", 0).seen("FILE_COPIED_TO_USB", 0, 150).score();
    assert!(outcome.activations.is_empty() && !outcome.open);
}

#[test]
fn a_person_starts_scoring_without_a_trigger() {
    let scene = Scene::new().seen("FILE_COPIED_TO_USB", -3, 150).by_hand(0, 8, 5);
    let outcome = scene.score();
    assert!(outcome.score > 0.0 && outcome.activations[0].manual);
    assert_eq!(outcome.activations[0].reason, "Left with a grudge");
    assert!(!scene.score_on(5).open);
}

#[test]
fn stopping_holds_until_the_next_trigger() {
    let scene = Scene::resigned(-3).seen("FILE_COPIED_TO_USB", 0, 150).by_hand(-1, 12, 0);
    assert!(!scene.score().open);
    assert!(scene.trigger("ACCOUNT_DELETED", 0).score().open);
}

#[test]
fn a_day_of_volume_starts_scoring_where_the_template_says_so() {
    let mut scene = Scene::new().seen("FILE_COPIED_TO_USB", -1, 30).seen("FILE_DOWNLOADED", -2, 500);
    assert!(!scene.score().open);
    scene.policy.template = TemplateCode::GeneralDataLeaks;
    let outcome = scene.score();
    assert_eq!(outcome.open_window().unwrap().starts_at, at(-1, 0));
    let reason =
        "Copied 30 files to a removable device on 30 June 2026: medium (low from 10, medium from 30, high from 75).";
    assert_eq!(outcome.open_window().unwrap().reason, reason);
    scene.readings[0].seen.count = 29;
    assert!(!scene.score().open);
}

#[test]
fn only_what_is_selected_and_enabled_counts() {
    let scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150).seen("FILE_PRINTED", 0, 500);
    assert_eq!(scene.score().insights.len(), 1);
    let disabled = Scene { enabled: BTreeSet::new(), ..scene };
    assert_eq!((disabled.score().score, disabled.score().insights.len()), (0.0, 0));
}

#[test]
fn the_score_is_computed_again_every_midnight_while_it_decays() {
    let outcome = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150).score();
    assert_eq!(outcome.next_due, Some(at(1, 0)));
    assert_eq!(Scene::resigned(0).score().next_due, Some(at(30, 9)));
    assert_eq!(Scene::resigned(0).seen("FILE_COPIED_TO_USB", 1, 5).score().next_due, Some(at(1, 0)));
}

#[test]
fn a_missing_profile_is_said() {
    let mut scene = Scene::resigned(0);
    assert_eq!(scene.score().missing, []);
    scene.subject.has_profile = false;
    assert_eq!(scene.score().missing, [MissingInput::HrProfile]);
    let scene = scene.seen("FILE_COPIED_TO_USB", 0, 1);
    assert_eq!(scene.score().missing, [MissingInput::HrProfile, MissingInput::Baseline]);
}

#[test]
fn the_page_on_scoring_states_the_constants_in_use() {
    let page = include_str!("../../../../SCORING.md");
    assert!(page.contains(&format!("| half-life | {} days |", risk::HALF_LIFE_DAYS)));
    assert!(page.contains(&format!("| prior without an event | {} |", risk::NO_EVENT)));
    assert!(page.contains(&format!("| … of fetching and deleting | {} |", risk::NO_EVENT_WORK)));
    assert!(page.contains("| certainty | 0.995 |") && risk::CERTAIN == 0.995);
    assert!(page.contains("| repetition | ½ |") && risk::REPEAT == 0.5);
    let [fewer, default, more] =
        [AlertVolume::Fewer, AlertVolume::Default, AlertVolume::More].map(AlertVolume::raises_from);
    assert!(page.contains(&format!("{fewer} (FEWER), {default} (DEFAULT) or {more} (MORE)")));
}

#[test]
fn what_stays_inside_never_makes_an_alert_and_more_of_it_is_more() {
    let deleted = |count| {
        let mut scene = Scene::resigned(0);
        scene.policy.spec.indicators[0].code = "FILE_DELETED_SECOND_STAGE_BIN".into();
        scene.policy.spec.indicators[1].code = "MASS_STORAGE_DELETION".into();
        scene.enabled.extend(["MASS_STORAGE_DELETION".to_owned()]);
        (-5..=0).fold(scene, |scene, day| scene.seen("MASS_STORAGE_DELETION", day, count)).score().score
    };
    assert!(deleted(1) < deleted(2) && deleted(2) < deleted(50), "{} {}", deleted(1), deleted(50));
    assert!(deleted(50) > 20.0 && deleted(50) < AlertVolume::Default.raises_from(), "{}", deleted(50));
}

#[test]
fn the_smaller_distance_from_own_and_peers_usual_decides() {
    let usual = |median| Usual { median, spread: 0.5, upper: 9, of: 40 };
    let told = |own: Option<Usual>, peers: Option<Usual>| {
        let mut scene = Scene::resigned(-10).seen("FILE_COPIED_TO_USB", 0, 30);
        (scene.readings[0].usual, scene.readings[0].peers) = (own, peers);
        let insight = scene.score().insights[0].clone();
        insight.boosters.first().map(|booster| (booster.factor, booster.explanation.clone()))
    };
    let (factor, why) = told(Some(usual(2.0)), Some(usual(30.0))).unwrap();
    assert_eq!(factor, 0.04);
    assert!(why.contains("near the usual for the subject's peers"), "{why}");
    let (factor, why) = told(Some(usual(2.0)), Some(usual(1.0))).unwrap();
    assert_eq!(factor, 3.0);
    assert!(why.contains("more than usual for this subject"), "{why}");
    assert_eq!(told(None, Some(usual(2.0))).unwrap().0, 3.0);
    assert_eq!(told(None, None), None);
}

#[test]
fn a_move_within_the_organisation_and_old_partners_say_little() {
    let with = |change: fn(&mut Reading)| {
        let mut scene = Scene::resigned(0).seen("FILE_DOWNLOADED", 0, 300);
        change(&mut scene.readings[0]);
        let insight = scene.score().insights[0].clone();
        (insight.score, insight.boosters.iter().map(|booster| (booster.kind, booster.factor)).collect::<Vec<_>>())
    };
    assert_eq!(with(|_| ()), (86.8, vec![]));
    assert_eq!(with(|reading| reading.moved = 270), (6.17, vec![(BoosterKind::MovedInside, 0.01)]));
    assert_eq!(with(|reading| reading.moved = 140), (86.8, vec![]));
    assert_eq!(with(|reading| reading.to_known = true).1, vec![(BoosterKind::KnownDestination, 0.11)]);
}

// Properties.

fn day_count() -> impl Strategy<Value = Reading> {
    (-100i32..10, 0..CODES.len(), prop_oneof![0u64..40, 0u64..5_000])
        .prop_map(|(day, code, count)| Reading::plain(at(day, 0).day(), CODES[code], count))
}

fn any_trigger() -> impl Strategy<Value = Trigger> {
    let code = prop_oneof![Just("RESIGNATION"), Just("ACCOUNT_DELETED"), Just("TERMINATION")];
    (-120i32..20, 0i32..24, code, prop::option::of(-10i32..60)).prop_map(|(day, hour, code, until)| Trigger {
        at: at(day, hour),
        indicator: code.into(),
        until: until.map(|days| at(day + days, 0)),
    })
}

fn any_order() -> impl Strategy<Value = ManualScoring> {
    let days = prop_oneof![Just(0), 5i32..=30];
    let reason = prop_oneof![Just("Left with a grudge"), Just("Asked for by HR")];
    (-60i32..2, 0i32..24, days, reason).prop_map(|(day, hour, days, reason)| ManualScoring {
        at: at(day, hour),
        days,
        reason: reason.into(),
    })
}

prop_compose! {
    /// Any history, mostly with a window that is open.
    fn scenes()(
        readings in prop::collection::vec(day_count(), 0..40),
        triggers in prop::collection::vec(any_trigger(), 0..4),
        manual in prop::collection::vec(any_order(), 0..3),
        volume: bool,
        (activation, lookback) in (1i32..=30, 0i32..=90),
    ) -> Scene {
        let mut scene = Scene { readings, triggers, manual, ..Scene::new() };
        (scene.policy.spec.activation_days, scene.policy.spec.lookback_days) = (activation, lookback);
        if volume {
            scene.policy.template = TemplateCode::GeneralDataLeaks;
        }
        scene
    }
}

prop_compose! {
    /// The same history, shuffled, with its triggers repeated and some counts delivered in two parts.
    fn retold()(scene in scenes())(
        readings in Just(scene.readings.iter().flat_map(halves).collect::<Vec<_>>()).prop_shuffle(),
        triggers in Just([scene.triggers.clone(), scene.triggers.clone()].concat()).prop_shuffle(),
        manual in Just(scene.manual.clone()).prop_shuffle(),
        scene in Just(scene),
    ) -> (Scene, Scene) {
        (scene.clone(), Scene { readings, triggers, manual, ..scene })
    }
}

fn halves(whole: &Reading) -> [Reading; 2] {
    let (count, half) = (whole.seen.count, whole.seen.count / 2);
    [half, count - half].map(|part| Reading::plain(whole.day, &whole.code, part))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_score_stays_between_0_and_100(scene in scenes()) {
        let outcome = scene.score();
        prop_assert!((0.0..=100.0).contains(&outcome.score));
        for insight in &outcome.insights {
            prop_assert!((0.0..=100.0).contains(&insight.score) && (0.0..=100.0).contains(&insight.points));
        }
    }

    #[test]
    fn one_event_more_never_lowers_the_score(scene in scenes(), more in day_count()) {
        let before = scene.score().score;
        let mut scene = scene;
        scene.readings.push(more);
        prop_assert!(scene.score().score >= before);
    }

    #[test]
    fn the_order_and_the_parts_in_which_input_comes_change_no_byte((told, retold) in retold()) {
        prop_assert_eq!(pretty(&told.score()), pretty(&retold.score()));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(scene in scenes()) {
        prop_assert_eq!(pretty(&scene.score()), pretty(&scene.clone().score()));
    }

    #[test]
    fn points_add_up_to_the_score(scene in scenes()) {
        let outcome = scene.score();
        let sum: f64 = outcome.insights.iter().map(|insight| insight.points).sum();
        prop_assert!((sum - outcome.score).abs() < 1e-6, "{} and {}", sum, outcome.score);
    }

    #[test]
    fn nothing_scores_without_a_trigger(readings in prop::collection::vec(day_count(), 0..40)) {
        let outcome = Scene { readings, ..Scene::new() }.score();
        prop_assert!(!outcome.open && outcome.score == 0.0 && outcome.insights.is_empty());
    }

    #[test]
    fn the_score_returns_to_zero_after_the_last_window(scene in scenes()) {
        let last = scene.score().activations.iter().map(|window| window.ends_at).max();
        let after = Scene { now: last.unwrap_or(scene.now).max(scene.now), ..scene }.score();
        prop_assert!(!after.open && after.score == 0.0 && after.next_due.is_none());
    }

    #[test]
    fn nothing_changes_before_the_next_due_instant(scene in scenes(), hours in 1i32..2_000) {
        let now = scene.score();
        let later = Scene { now: Micros(scene.now.0 + i64::from(hours) * HOUR), ..scene };
        if now.next_due.is_none_or(|due| later.now < due) {
            prop_assert_eq!(pretty(&ScoringOutcome { as_of: now.as_of, ..later.score() }), pretty(&now));
        }
    }

    #[test]
    fn the_next_due_instant_lies_ahead(scene in scenes()) {
        let outcome = scene.score();
        prop_assert!(outcome.next_due.is_none_or(|due| due > outcome.as_of));
    }

    #[test]
    fn the_level_of_an_insight_agrees_with_its_score(scene in scenes()) {
        for insight in scene.score().insights.into_iter().filter(|insight| insight.boosters.is_empty()) {
            let from = match insight.level {
                ThresholdLevel::Minimal => 0.0..16.0,
                ThresholdLevel::Low => 16.0..41.0,
                ThresholdLevel::Medium => 41.0..67.0,
                ThresholdLevel::High => 67.0..100.0,
            };
            prop_assert!(from.contains(&insight.score), "{insight:?}");
        }
    }

    #[test]
    fn windows_are_in_order_and_apart(scene in scenes()) {
        let windows = scene.score().activations;
        prop_assert!(windows.iter().all(|window| window.starts_at < window.ends_at));
        prop_assert!(windows.windows(2).all(|pair| pair[0].ends_at <= pair[1].starts_at));
    }

    #[test]
    fn age_never_raises_a_score(scene in scenes(), days in 1i32..30) {
        // Without days dated ahead, and within one window.
        let scene = Scene { readings: scene.readings.into_iter().filter(|seen| seen.day <= scene.now.day()).collect(), ..scene };
        let (now, later) = (scene.score(), scene.score_on(days));
        if now.open && later.open_window() == now.open_window() {
            prop_assert!(later.score <= now.score);
        }
    }
}

#[test]
fn thresholds_of_the_policy_are_the_ones_that_count() {
    let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 8);
    scene.policy.spec.indicators[0].thresholds = Thresholds { low: 2, medium: 4, high: 8 };
    assert_eq!(scene.score().insights[0].level, ThresholdLevel::High);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn day_by_day_comes_to_the_same_score(scene in scenes(), days in 1i32..130) {
        // A policy that nobody orders by hand, watched from before the first day on.
        let scene = Scene { manual: Vec::new(), ..scene };
        let mut standing = Standing::default();
        let first = at(-120, 0).day();
        for passed in 0..=days {
            let day = first.plus(passed);
            let (now, end) = (day.plus(1).start().0 - 1, day.plus(1).start());
            let known = |trigger: &&Trigger| trigger.at < end;
            let so_far = Scene {
                now: Micros(now),
                readings: scene.readings.iter().filter(|reading| reading.day <= day).cloned().collect(),
                triggers: scene.triggers.iter().filter(known).cloned().collect(),
                ..scene.clone()
            };
            let today = Scene {
                readings: so_far.readings.iter().filter(|reading| reading.day == day).cloned().collect(),
                triggers: so_far.triggers.iter().filter(|trigger| trigger.at.day() == day).cloned().collect(),
                ..so_far.clone()
            };
            let kept = today.input(|input| standing.day(input));
            let whole = so_far.score();
            prop_assert_eq!(kept.open, whole.open);
            prop_assert!((kept.score - whole.score).abs() < 0.001, "{} {} {}", passed, kept.score, whole.score);
        }
    }
}
