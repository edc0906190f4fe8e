//! What an edit makes of a policy, and how two versions are compared.
//! Never: a change that is told of nobody's version.

use super::*;
use crate::{ids::SubjectId, policy::AlertVolume, template::TemplateCode};
use proptest::prelude::*;
use uuid::Uuid;

fn enabled() -> BTreeSet<String> {
    ["FILE_COPIED_TO_USB", "FILE_DOWNLOADED", "FILE_PRINTED"].map(String::from).into()
}

fn none() -> BTreeMap<String, Thresholds> {
    BTreeMap::new()
}

fn policy() -> Policy {
    let scope = PolicyScope { all: true, ..PolicyScope::default() };
    let draft = PolicyDraft::new("Departures".into(), TemplateCode::DataTheftByDepartingUsers, scope);
    create(draft, &enabled(), &none(), PolicyId::new(Uuid::from_u128(9))).unwrap()
}

fn edited(policy: &Policy, edit: impl FnOnce(&mut PolicyDraft)) -> Policy {
    let mut draft = PolicyDraft::of(policy);
    edit(&mut draft);
    update(policy, draft, &enabled(), &none()).unwrap()
}

fn sentences(before: &Policy, after: &Policy) -> Vec<String> {
    changes(&before.spec, &after.spec).iter().map(Change::sentence).collect()
}

#[test]
fn an_edit_that_changes_nothing_makes_no_version() {
    let policy = policy();
    assert_eq!(edited(&policy, |_| ()), policy);
    assert_eq!(sentences(&policy, &policy), Vec::<String>::new());
}

#[test]
fn an_edit_is_the_next_version_of_the_same_policy() {
    let policy = policy();
    let next = edited(&policy, |draft| {
        draft.name = "Another".into();
        draft.template = TemplateCode::DataLeaks;
        draft.activation_days = Some(14);
        draft.alert_volume = Some(AlertVolume::Fewer);
    });
    assert_eq!(
        (next.id, next.version, next.name.as_str(), next.template),
        (policy.id, 2, "Departures", policy.template)
    );
    let said = ["Activation days changed from 30 to 14.", "Alert volume changed from DEFAULT to FEWER."];
    assert_eq!(sentences(&policy, &next), said);
}

#[test]
fn switching_a_policy_makes_no_version() {
    let next = edited(&policy(), |draft| draft.state = Some(PolicyState::Inactive));
    assert_eq!((next.version, next.state), (1, PolicyState::Inactive));
}

#[test]
fn who_came_into_a_scope_is_told_as_a_number() {
    let policy = policy();
    let next = edited(&policy, |draft| {
        draft.scope.all = false;
        draft.scope.subjects = vec![SubjectId::new(Uuid::from_u128(1)), SubjectId::new(Uuid::from_u128(2))];
        draft.scope.departments = vec!["Sales".into()];
    });
    let lines: Vec<String> = changes(&policy.spec, &next.spec).iter().map(Change::line).collect();
    assert_eq!(lines, ["~ scope.all: true -> false", "+ scope.departments: Sales", "+ scope.subjects: 2 subjects"]);
}

#[test]
fn a_disabled_indicator_may_stay_and_a_new_one_must_be_enabled() {
    let policy = policy();
    let nothing = BTreeSet::new();
    let mut draft = PolicyDraft::of(&policy);
    draft.activation_days = Some(7);
    assert_eq!(update(&policy, draft.clone(), &nothing, &none()).unwrap().version, 2);
    let choice = IndicatorChoice { code: "FILE_SYNCED".into(), mode: None, thresholds: None };
    draft.indicators.get_or_insert_default().push(choice);
    let problems = update(&policy, draft, &nothing, &none()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("not enabled"), "{}", problems[0]);
}

#[test]
fn what_a_mode_once_found_stays_until_the_mode_changes() {
    let usual = |low| BTreeMap::from([("FILE_PRINTED".to_owned(), Thresholds { low, medium: 200, high: 300 })]);
    let choose = |draft: &mut PolicyDraft, mode| {
        let choice = IndicatorChoice { code: "FILE_PRINTED".into(), mode: Some(mode), thresholds: None };
        draft.indicators = Some(vec![choice]);
    };
    let mut draft = PolicyDraft::of(&policy());
    choose(&mut draft, ThresholdMode::UserBased);
    let first = update(&policy(), draft.clone(), &enabled(), &usual(100)).unwrap();
    let second = update(&first, draft.clone(), &enabled(), &usual(150)).unwrap();
    assert_eq!((second.version, second.spec.indicators[0].thresholds.low), (first.version, 100));
    choose(&mut draft, ThresholdMode::Recommended);
    let third = update(&first, draft, &enabled(), &usual(150)).unwrap();
    let built_in = crate::indicator::find("FILE_PRINTED").unwrap().thresholds.unwrap();
    assert_eq!(third.spec.indicators[0].thresholds, built_in);
    let Thresholds { low, medium, high } = built_in;
    let said =
        format!("Indicators changed from FILE_PRINTED USER_BASED 100/200/300 to RECOMMENDED {low}/{medium}/{high}.");
    assert_eq!(sentences(&first, &third), [said]);
}

#[test]
fn unknown_sequences_and_a_minimum_of_nothing_are_refused() {
    let policy = policy();
    let draft = PolicyDraft {
        sequences: Some(vec!["NO_SUCH".into()]),
        minimum_daily_events: Some(0),
        ..PolicyDraft::of(&policy)
    };
    let problems = update(&policy, draft, &enabled(), &none()).unwrap_err();
    let places: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
    assert_eq!(places, ["input.sequences.0", "input.minimumDailyEvents"]);
}

#[test]
fn a_copy_is_a_draft_of_the_same_content_under_a_name_of_its_own() {
    let policy = edited(&policy(), |draft| draft.lookback_days = Some(7));
    let copied = copy(&policy, " Second ", PolicyId::new(Uuid::from_u128(10))).unwrap();
    assert_eq!((copied.name.as_str(), copied.version, copied.state), ("Second", 1, PolicyState::Draft));
    assert_eq!((copied.template, &copied.spec), (policy.template, &policy.spec));
    assert_eq!(copy(&policy, " ", policy.id).unwrap_err().field, ["input", "name"]);
}

proptest! {
    /// Whatever an edit does: the version moves exactly when there is something to tell about.
    #[test]
    fn a_new_version_always_says_what_changed(
        activation in 1..=30i32, lookback in 0..=90i32, cumulative: bool, always_on: bool,
        minimum in prop::option::of(1..500i32), departments in prop::collection::vec("[A-C]", 0..3),
    ) {
        let policy = policy();
        let next = edited(&policy, |draft| {
            draft.activation_days = Some(activation);
            draft.lookback_days = Some(lookback);
            draft.cumulative = Some(cumulative);
            draft.always_on = Some(always_on);
            draft.minimum_daily_events = minimum;
            draft.scope.departments = departments;
        });
        prop_assert_eq!(next.version == 2, !changes(&policy.spec, &next.spec).is_empty());
        // And an edit back is one too, to the same content.
        let back = update(&next, PolicyDraft::of(&policy), &enabled(), &none()).unwrap();
        prop_assert_eq!(back.spec, policy.spec);
    }
}
