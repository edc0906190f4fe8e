//! What a rule says and when it matches.
//! Never: a rule that the page on rules does not explain.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, json};

fn file(rules: &serde_json::Value) -> RuleFile {
    serde_json::from_value(json!({ "rule": rules })).unwrap()
}

fn theft() -> RuleFile {
    file(&json!([
        {"name": "theft", "within": "1h", "sequence": [
            {"indicator": ["FILE_DOWNLOADED"]}, {"indicator": ["FILE_ARCHIVED"]}, {"indicator": ["FILE_UPLOADED_TO_WEB"]}]},
        {"name": "many", "within": "60s", "count": 3, "of": {"indicator": ["FILE_COPIED_TO_USB"]}}
    ]))
}

/// Names of the rules that match, with the second of each.
fn matches(file: &RuleFile, events: &[(i64, &str)]) -> Vec<(i64, usize)> {
    let matcher = Matcher::of(file);
    let mut subject = Subject::default();
    let mut found = Vec::new();
    for (at, code) in events {
        let event = Seen { at: *at, facts: &Map::new };
        matcher.tell(&mut subject, code, &event, &mut |rule| found.push((*at, rule)));
    }
    found
}

const D: &str = "FILE_DOWNLOADED";
const A: &str = "FILE_ARCHIVED";
const U: &str = "FILE_UPLOADED_TO_WEB";
const C: &str = "FILE_COPIED_TO_USB";

#[test]
fn steps_in_order_within_the_window_match_once_and_are_used_up() {
    assert_eq!(matches(&theft(), &[(0, D), (10, A), (20, U)]), [(20, 0)]);
    assert_eq!(matches(&theft(), &[(0, D), (10, U), (20, A)]), []);
    assert_eq!(matches(&theft(), &[(0, D), (10, A), (20, U), (30, U)]), [(20, 0)]);
    assert_eq!(matches(&theft(), &[(0, D), (10, A), (3_600, U)]), [(3_600, 0)]);
    assert_eq!(matches(&theft(), &[(0, D), (10, A), (3_601, U)]), []);
    assert_eq!(matches(&theft(), &[(0, D), (3_000, D), (3_010, A), (3_700, U)]), [(3_700, 0)]);
}

#[test]
fn steps_of_one_second_may_come_in_any_order() {
    assert_eq!(matches(&theft(), &[(0, U), (0, A), (0, D)]), [(0, 0)]);
}

#[test]
fn a_count_is_reached_within_its_window_and_begins_anew() {
    assert_eq!(matches(&theft(), &[(0, C), (30, C), (60, C)]), [(60, 1)]);
    assert_eq!(matches(&theft(), &[(0, C), (30, C), (61, C)]), []);
    assert_eq!(matches(&theft(), &[(0, C), (1, C), (2, C), (3, C), (4, C), (5, C)]), [(2, 1), (5, 1)]);
}

#[test]
fn facts_decide_where_a_rule_asks_for_them() {
    let holds = |test: serde_json::Value, fact: serde_json::Value| {
        serde_json::from_value::<FactTest>(test).unwrap().holds(Some(&fact))
    };
    assert!(holds(json!({"is": ["ZIP", "7z"]}), json!("zip")) && !holds(json!({"is": ["zip"]}), json!("pdf")));
    assert!(holds(json!({"starts_with": "con", "ends_with": "AL"}), json!("Confidential")));
    assert!(holds(json!({"at_least": 10, "at_most": 20}), json!(20)) && !holds(json!({"at_least": 10}), json!("x")));
    assert!(holds(json!({"contains": "card"}), json!(["passport", "credit card"])));
    assert!(!holds(json!({"present": false}), json!(1)));
    assert!(FactTest { present: Some(false), ..FactTest::default() }.holds(None));
}

#[test]
fn what_is_wrong_with_a_file_is_told_all_at_once() {
    let wrong = file(&json!([
        {"name": "a", "within": "soon", "sequence": [{"indicator": ["FILE_DOWNLOADED"]}]},
        {"name": "a", "within": "1h", "count": 0, "of": {"indicator": []}},
        {"name": "b", "within": "1h", "count": 3},
        {"name": "c", "within": "400d", "sequence": [{"indicator": ["NO_SUCH"]}, {"indicator": ["LOGON"]}]}
    ]));
    insta::assert_snapshot!(wrong.problems().join("\n"));
}

/// The definition, word for word: every choice of hits is looked at.
fn by_definition(events: &[(i64, &str)]) -> Vec<(i64, usize)> {
    let mut hits: [Vec<i64>; 3] = Default::default();
    let mut found = Vec::new();
    for (at, code) in events {
        let Some(step) = [D, A, U].iter().position(|known| known == code) else { continue };
        for of in &mut hits {
            of.retain(|hit| *hit >= at - 3_600);
        }
        hits[step].push(*at);
        let complete = hits[0].iter().any(|d| hits[1].iter().any(|a| a >= d && hits[2].iter().any(|u| u >= a)));
        if complete {
            found.push((*at, 0));
            hits = Default::default();
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_kept_of_a_sequence_is_enough(steps in prop::collection::vec((0i64..1_500, 0usize..3), 0..40)) {
        let mut at = 0;
        let events: Vec<(i64, &str)> = steps.iter().map(|(passed, step)| {
            at += passed / 100 * 100;
            (at, [D, A, U][*step])
        }).collect();
        prop_assert_eq!(matches(&theft(), &events), by_definition(&events));
    }
}
