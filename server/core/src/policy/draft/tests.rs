//! What becomes of a draft: a policy, or every problem at once.
//! Never: a problem without the path to its field.

use super::*;
use crate::ids::{PriorityGroupId, SubjectId};
use crate::scoring::input::SubjectContext;
use uuid::Uuid;

const ID: PolicyId = PolicyId::new(Uuid::from_u128(9));

fn draft() -> PolicyDraft {
    let scope = PolicyScope { all: true, ..PolicyScope::default() };
    PolicyDraft::new("Departures".into(), TemplateCode::DataTheftByDepartingUsers, scope)
}

fn enabled() -> BTreeSet<String> {
    ["FILE_COPIED_TO_USB", "FILE_DOWNLOADED", "FILE_PRINTED"].map(String::from).into()
}

fn choice(code: &str, mode: Option<ThresholdMode>, counts: Option<(i32, i32, i32)>) -> IndicatorChoice {
    let thresholds = counts.map(|(low, medium, high)| ThresholdCounts { low, medium, high });
    IndicatorChoice { code: code.into(), mode, thresholds }
}

/// Every problem as "path CODE".
fn problems(draft: PolicyDraft) -> Vec<String> {
    let problems = create(draft, &enabled(), &BTreeMap::new(), ID).unwrap_err();
    problems.iter().map(|problem| format!("{} {:?}", problem.field.join("."), problem.code)).collect()
}

fn problems_of_choice(choice: IndicatorChoice) -> Vec<String> {
    problems(PolicyDraft { indicators: Some(vec![choice]), ..draft() })
}

#[test]
fn what_is_left_out_comes_from_the_template_and_the_defaults() {
    let policy = create(draft(), &enabled(), &BTreeMap::new(), ID).unwrap();
    let template = policy.template.template();
    assert_eq!((policy.state, policy.version, policy.id), (PolicyState::Active, 1, ID));
    assert_eq!((policy.spec.activation_days, policy.spec.lookback_days), (30, 90));
    assert_eq!(policy.spec.alert_volume, AlertVolume::Default);
    assert_eq!(policy.spec.triggers, template.triggers);
    for selected in &policy.spec.indicators {
        assert!(enabled().contains(&selected.code) && template.indicators.contains(&selected.code.as_str()));
        assert_eq!(Some(selected.thresholds), indicator::find(&selected.code).unwrap().thresholds);
    }
    assert!(policy.spec.indicators.iter().any(|selected| selected.code == "FILE_COPIED_TO_USB"));
}

#[test]
fn own_thresholds_are_custom_without_saying_so() {
    let indicators = Some(vec![choice("FILE_COPIED_TO_USB", None, Some((1, 2, 3)))]);
    let policy = create(PolicyDraft { indicators, ..draft() }, &enabled(), &BTreeMap::new(), ID).unwrap();
    let thresholds = Thresholds { low: 1, medium: 2, high: 3 };
    let expected = PolicyIndicator { code: "FILE_COPIED_TO_USB".into(), mode: ThresholdMode::Custom, thresholds };
    assert_eq!(policy.spec.indicators, [expected]);
}

#[test]
fn all_problems_are_told_at_once() {
    let broken = PolicyDraft {
        name: " ".into(),
        description: Some("x".repeat(limits::STAFF_TEXT_CHARS + 1)),
        scope: PolicyScope::default(),
        indicators: Some(vec![
            choice("FILE_ACCESSED", None, None),
            choice("NO_SUCH_THING", None, None),
            choice("FILE_PRINTED", None, Some((5, 4, 9))),
        ]),
        triggers: Some(vec!["RESIGNATION".into(), "FILE_PRINTED".into(), "NO_SUCH_THING".into()]),
        activation_days: Some(31),
        lookback_days: Some(-1),
        ..draft()
    };
    let expected = [
        "input.name Required",
        "input.description LimitExceeded",
        "input.indicators.0.code NotEnabled",
        "input.indicators.1.code NotFound",
        "input.indicators.2.thresholds.medium Invalid",
        "input.triggers.1 Invalid",
        "input.triggers.2 NotFound",
        "input.activationDays Invalid",
        "input.lookbackDays Invalid",
        "input.scope Required",
    ];
    assert_eq!(problems(broken), expected);
}

#[test]
fn a_template_without_an_enabled_indicator_says_which_to_enable() {
    let problems = create(draft(), &BTreeSet::new(), &BTreeMap::new(), ID).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("FILE_COPIED_TO_USB"), "{}", problems[0]);
}

#[test]
fn modes_that_find_their_own_thresholds_take_none() {
    for mode in [ThresholdMode::UserBased, ThresholdMode::AboveUsual] {
        let refused = problems_of_choice(choice("FILE_PRINTED", Some(mode), Some((1, 2, 3))));
        assert_eq!(refused, ["input.indicators.0.thresholds Invalid"]);
    }
}

#[test]
fn user_based_thresholds_come_from_the_organisation_and_else_from_the_catalogue() {
    let organisation = BTreeMap::from([("FILE_PRINTED".to_owned(), Thresholds { low: 7, medium: 9, high: 30 })]);
    let chosen = ["FILE_PRINTED", "FILE_COPIED_TO_USB"].map(|code| choice(code, Some(ThresholdMode::UserBased), None));
    let draft = PolicyDraft { indicators: Some(chosen.to_vec()), ..draft() };
    let spec = create(draft, &enabled(), &organisation, ID).unwrap().spec;
    assert_eq!(spec.indicators[0].thresholds, Thresholds { low: 7, medium: 9, high: 30 });
    assert_eq!(spec.indicators[1].thresholds, indicator::find("FILE_COPIED_TO_USB").unwrap().thresholds.unwrap());
}

#[test]
fn custom_needs_thresholds_and_recommended_takes_none() {
    let found = problems_of_choice(choice("FILE_PRINTED", Some(ThresholdMode::Custom), None));
    assert_eq!(found, ["input.indicators.0.thresholds Required"]);
    let found = problems_of_choice(choice("FILE_PRINTED", Some(ThresholdMode::Recommended), Some((1, 2, 3))));
    assert_eq!(found, ["input.indicators.0.thresholds Invalid"]);
}

#[test]
fn what_has_no_score_cannot_be_selected() {
    assert_eq!(problems_of_choice(choice("RESIGNATION", None, None)), ["input.indicators.0.code Invalid"]);
}

#[test]
fn nothing_is_listed_twice() {
    let twice = PolicyDraft {
        indicators: Some(vec![choice("FILE_PRINTED", None, None), choice("FILE_PRINTED", None, None)]),
        triggers: Some(vec!["RESIGNATION".into(), "RESIGNATION".into()]),
        ..draft()
    };
    assert_eq!(problems(twice), ["input.indicators.1.code Invalid", "input.triggers.1 Invalid"]);
}

#[test]
fn a_list_of_no_indicators_is_refused() {
    assert_eq!(problems(PolicyDraft { indicators: Some(vec![]), ..draft() }), ["input.indicators Required"]);
}

#[test]
fn a_draft_may_cover_nobody_until_it_is_activated() {
    let nobody = PolicyDraft { scope: PolicyScope::default(), state: Some(PolicyState::Draft), ..draft() };
    let policy = create(nobody, &enabled(), &BTreeMap::new(), ID).unwrap();
    assert_eq!(policy.may_become(PolicyState::Inactive, &["input"]), Ok(()));
    assert_eq!(policy.may_become(PolicyState::Active, &["input"]).unwrap_err().code, ProblemCode::Required);
}

#[test]
fn whoever_is_listed_and_excluded_is_nobody() {
    let somebody = SubjectId::new(Uuid::from_u128(1));
    let scope = PolicyScope { subjects: vec![somebody], excluded: vec![somebody], ..PolicyScope::default() };
    assert_eq!(problems(PolicyDraft { scope, ..draft() }), ["input.scope Required"]);
}

#[test]
fn problems_do_not_repeat_the_input() {
    let name = "Jane\nDoe of Sales";
    let indicators = Some(vec![choice("JANE_DOE", None, None)]);
    let scope = PolicyScope { departments: vec!["Jane\tDoe".into()], ..PolicyScope::default() };
    let broken =
        PolicyDraft { name: name.into(), indicators, triggers: Some(vec!["JANE_DOE".into()]), scope, ..draft() };
    let problems = create(broken, &enabled(), &BTreeMap::new(), ID).unwrap_err();
    assert_eq!(problems.len(), 4);
    assert!(problems.iter().all(|problem| !problem.to_string().to_uppercase().contains("JANE")), "{problems:?}");
}

#[test]
fn exclusions_win_and_departments_have_no_case() {
    let group = PriorityGroupId::new(Uuid::from_u128(5));
    let subject = SubjectContext {
        id: SubjectId::new(Uuid::from_u128(1)),
        department: Some("Research & Ärzte".into()),
        groups: vec![group],
        has_profile: true,
        title: None,
        prior_violation: None,
        high_impact: None,
    };
    let nobody = PolicyScope::default();
    assert!(!nobody.covers(&subject));
    assert!(PolicyScope { departments: vec![" research & ärzte".into()], ..nobody.clone() }.covers(&subject));
    assert!(PolicyScope { groups: vec![group], ..nobody.clone() }.covers(&subject));
    assert!(PolicyScope { subjects: vec![subject.id], ..nobody.clone() }.covers(&subject));
    let everybody = PolicyScope { all: true, ..nobody };
    assert!(everybody.covers(&subject));
    assert!(!PolicyScope { excluded: vec![subject.id], ..everybody }.covers(&subject));
}
