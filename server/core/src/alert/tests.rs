//! When alerts are raised, updated and left alone.
//! Never: a clock; every instant is written out.

use super::*;
use crate::scoring::tests::{Scene, at};
use proptest::prelude::*;

/// Nothing was triaged before.
fn nothing() -> BTreeMap<InsightId, u64> {
    BTreeMap::new()
}

/// What was triaged with that alert.
fn triaged(content: &AlertContent) -> BTreeMap<InsightId, u64> {
    content.insights.iter().map(|insight| (insight.id, insight.count)).collect()
}

fn raised(scene: &Scene) -> AlertContent {
    match decide(&scene.policy, &scene.score(), None, &nothing()) {
        AlertMove::Raise(content) => content,
        other => panic!("not raised: {other:?}"),
    }
}

fn bulk_copy() -> Scene {
    Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150)
}

#[test]
fn a_score_high_enough_raises_an_alert_that_explains_itself() {
    let scene = bulk_copy().seen("FILE_DOWNLOADED", -7, 75).seen("PATIENT_RECORD_FAMILY", -1, 1);
    let content = raised(&scene);
    assert_eq!((content.severity, content.policy_version), (Severity::High, 1));
    assert_eq!(content.trigger, "Resignation on 1 July 2026.");
    assert_eq!(content.risk_factors, [RiskFactor::HealthRecord]);
    let order: Vec<&str> = content.insights.iter().map(|insight| insight.indicator.as_str()).collect();
    assert_eq!(order, ["FILE_COPIED_TO_USB", "FILE_DOWNLOADED", "PATIENT_RECORD_FAMILY"]);
    let sum: f64 = content.insights.iter().map(|insight| insight.points).sum();
    assert!((sum - content.score).abs() < 1e-6);
}

#[test]
fn the_volume_decides_from_which_score_on() {
    // With thresholds (10, 30, 75) and weight 90, counts of 10, 12, 20 and 150 score 14.4, 16.65, 25.65 and 75.15.
    let raises = |count, volume| {
        let mut scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, count);
        scene.policy.spec.alert_volume = volume;
        decide(&scene.policy, &scene.score(), None, &nothing()) != AlertMove::Stay
    };
    let volumes = [AlertVolume::Fewer, AlertVolume::Default, AlertVolume::More];
    assert_eq!(volumes.map(|volume| raises(10, volume)), [false, false, false]);
    assert_eq!(volumes.map(|volume| raises(12, volume)), [false, false, true]);
    assert_eq!(volumes.map(|volume| raises(20, volume)), [false, true, true]);
    assert_eq!(volumes.map(|volume| raises(150, volume)), [true, true, true]);
}

#[test]
fn severities_begin_at_34_and_67() {
    let severities = [0.0, 33.9999, 34.0, 66.9999, 67.0, 100.0].map(Severity::of);
    use Severity::{High, Low, Medium};
    assert_eq!(severities, [Low, Low, Medium, Medium, High, High]);
}

#[test]
fn a_high_alert_is_due_after_a_day_and_a_low_one_after_a_week() {
    let due = [Severity::High, Severity::Medium, Severity::Low]
        .map(|severity| AlertTargets::default().due_at(at(0, 10), severity));
    assert_eq!(due, [at(1, 10), at(3, 10), at(7, 10)]);
}

#[test]
fn a_policy_that_is_not_active_raises_nothing() {
    for state in [PolicyState::Draft, PolicyState::Inactive] {
        let mut scene = bulk_copy();
        scene.policy.state = state;
        assert_eq!(decide(&scene.policy, &scene.score(), None, &nothing()), AlertMove::Stay);
    }
}

#[test]
fn nothing_is_raised_outside_a_window() {
    let scene = bulk_copy();
    assert_eq!(decide(&scene.policy, &scene.score_on(30), None, &nothing()), AlertMove::Stay);
}

#[test]
fn an_open_alert_is_updated_when_more_is_seen() {
    let before = raised(&bulk_copy());
    let scene = bulk_copy().seen("EMAIL_SENT_TO_SELF", 0, 10);
    let AlertMove::Update(after) = decide(&scene.policy, &scene.score(), Some(&before), &nothing()) else {
        panic!("not updated");
    };
    assert!(after.score > before.score && after.insights.len() == 2);
}

#[test]
fn an_open_alert_that_says_it_all_is_left_alone() {
    let scene = bulk_copy();
    assert_eq!(decide(&scene.policy, &scene.score(), Some(&raised(&scene)), &nothing()), AlertMove::Stay);
}

#[test]
fn an_open_alert_falls_with_the_score_but_never_away() {
    let scene = bulk_copy();
    let first = raised(&scene);
    let AlertMove::Update(week_later) = decide(&scene.policy, &scene.score_on(7), Some(&first), &nothing()) else {
        panic!("not updated");
    };
    assert_eq!((first.severity, week_later.severity), (Severity::High, Severity::Medium));
    for day in [20, 30, 300] {
        let decision = decide(&scene.policy, &scene.score_on(day), Some(&week_later), &nothing());
        assert_eq!(decision, AlertMove::Stay, "day {day}");
    }
}

#[test]
fn what_was_triaged_raises_no_second_alert() {
    let scene = bulk_copy().seen("FILE_DOWNLOADED", -7, 75);
    let seen = triaged(&raised(&scene));
    assert_eq!(decide(&scene.policy, &scene.score(), None, &seen), AlertMove::Stay);
    assert_eq!(decide(&scene.policy, &scene.score_on(1), None, &seen), AlertMove::Stay);
}

#[test]
fn what_is_new_since_triage_is_judged_alone() {
    let seen = triaged(&raised(&bulk_copy()));
    let little = bulk_copy().seen("FILE_ARCHIVED", 0, 5);
    assert_eq!(decide(&little.policy, &little.score(), None, &seen), AlertMove::Stay);
    let much = bulk_copy().seen("EMAIL_SENT_TO_SELF", 0, 10);
    let AlertMove::Raise(content) = decide(&much.policy, &much.score(), None, &seen) else { panic!("not raised") };
    assert_eq!(content.score, 53.6, "0.80 · 67");
    assert_eq!(content.insights.iter().map(|insight| insight.points).collect::<Vec<_>>(), [53.6]);
}

#[test]
fn an_insight_that_grew_since_triage_counts_again() {
    let seen = triaged(&raised(&bulk_copy()));
    let scene = bulk_copy().seen("FILE_COPIED_TO_USB", 0, 150);
    let AlertMove::Raise(content) = decide(&scene.policy, &scene.score(), None, &seen) else { panic!("not raised") };
    assert_eq!(content.insights[0].count, 300);
}

#[test]
fn an_alert_does_not_repeat_what_a_person_wrote() {
    let scene = Scene::new().seen("FILE_COPIED_TO_USB", 0, 150).by_hand(0, 8, 5);
    let content = raised(&scene);
    assert_eq!(content.trigger, "Scoring was started by hand.");
    assert!(!serde_json::to_string(&content).unwrap().contains("grudge"));
}

#[test]
fn only_an_alert_that_needs_review_can_be_triaged() {
    assert_eq!(dismiss(AlertStatus::NeedsReview), Ok(AlertStatus::Dismissed));
    assert_eq!(confirm(AlertStatus::NeedsReview), Ok(AlertStatus::Confirmed));
    for status in [AlertStatus::Confirmed, AlertStatus::Dismissed, AlertStatus::Resolved] {
        assert_eq!(dismiss(status).unwrap_err().code, ProblemCode::Conflict);
        assert_eq!(confirm(status).unwrap_err().code, ProblemCode::Conflict);
    }
}

proptest! {
    #[test]
    fn whatever_was_shown_to_whoever_triaged_it_raises_nothing_again(
        counts in prop::collection::vec((-30i32..=0, 0u64..400), 1..12),
        days in 0i32..30,
    ) {
        let scene = counts.iter().fold(Scene::resigned(0), |scene, &(day, count)| {
            scene.seen("FILE_COPIED_TO_USB", day, count).seen("EMAIL_SENT_TO_SELF", day, count / 7)
        });
        if let AlertMove::Raise(content) = decide(&scene.policy, &scene.score(), None, &nothing()) {
            let later = scene.score_on(days);
            prop_assert_eq!(decide(&scene.policy, &later, None, &triaged(&content)), AlertMove::Stay);
        }
    }
}
