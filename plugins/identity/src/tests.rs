//! The connector against samples of both vendors, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

fn run(config: &str, feed: &str, record: &Value) -> Outcome {
    testing::run::<Identity>(config, feed, record.to_string().as_bytes()).unwrap()
}

fn okta(event_type: &str, more: &Value) -> Value {
    let mut record = json!({
        "uuid": "1", "published": "2026-09-14T08:00:00Z", "eventType": event_type, "outcome": {"result": "SUCCESS"},
        "actor": {"type": "User", "alternateId": "ada@northwind.example"},
    });
    for (name, value) in more.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

fn kinds(outcome: &Outcome) -> Vec<&str> {
    outcome.events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Identity>();
}

#[test]
fn every_configuration_field_is_described_and_none_is_needed() {
    assert!(check_config::<Identity>(&testing::context("{}")).is_empty());
    assert!(!check_config::<Identity>(&testing::context(r#"{"typo":true}"#)).is_empty());
    let schema: Value = serde_json::from_str(Identity::DESCRIPTOR.config_schema).unwrap();
    assert!(schema["properties"].as_object().unwrap().values().all(|field| field["description"].is_string()));
}

#[test]
fn one_session_is_odd_once_however_many_records_say_so() {
    let odd = |event_type: &str, uuid: &str| {
        let record = okta(
            event_type,
            &json!({
                "uuid": uuid, "authenticationContext": {"externalSessionId": "s1"},
                "debugContext": {"debugData": {"behaviors": "{Velocity=POSITIVE}"}},
            }),
        );
        let events = run("{}", "okta", &record).events;
        events.into_iter().find(|event| event.kind == "IMPOSSIBLE_TRAVEL").unwrap().source_id
    };
    assert_eq!(odd("user.session.start", "1"), odd("policy.evaluate_sign_on", "2"));
}

#[test]
fn behaviours_have_the_names_that_the_configuration_gives() {
    let record =
        okta("user.session.start", &json!({"debugContext": {"debugData": {"behaviors": "{Too fast=POSITIVE}"}}}));
    assert_eq!(kinds(&run("{}", "okta", &record)), ["LOGON"]);
    let own = r#"{"travel_behaviours":["too fast"]}"#;
    assert_eq!(kinds(&run(own, "okta", &record)), ["LOGON", "IMPOSSIBLE_TRAVEL"]);
}

#[test]
fn a_behaviour_that_was_not_seen_is_no_event() {
    for behaviours in ["{Velocity=NEGATIVE}", "{Velocity=UNKNOWN}", "{Velocity}", "", "}{", "=POSITIVE"] {
        let record = okta("user.session.start", &json!({"debugContext": {"debugData": {"behaviors": behaviours}}}));
        assert_eq!(kinds(&run("{}", "okta", &record)), ["LOGON"], "{behaviours}");
    }
}

#[test]
fn a_deleted_account_is_the_event_of_whoever_had_it() {
    let target = json!([{"type": "User", "alternateId": "Bert@northwind.example"}]);
    let event =
        run("{}", "okta", &okta("user.lifecycle.delete.completed", &json!({"target": target}))).events.remove(0);
    assert_eq!(event.parties[0].identifiers[0].value, "bert@northwind.example");
}

#[test]
fn a_sign_in_and_the_risk_found_in_it_tell_of_one_finding() {
    let sign_in = json!({
        "id": "s1", "createdDateTime": "2026-09-14T08:00:00Z", "userPrincipalName": "ada@northwind.example",
        "status": {"errorCode": 0}, "riskEventTypes_v2": ["unlikelyTravel"], "riskState": "atRisk",
    });
    let risk = json!({
        "id": "r1", "requestId": "s1", "riskEventType": "unlikelyTravel", "riskState": "atRisk",
        "activityDateTime": "2026-09-14T08:00:00Z", "userPrincipalName": "ada@northwind.example",
    });
    let (sign_in, risk) = (run("{}", "entra", &sign_in), run("{}", "entra", &risk));
    assert_eq!(kinds(&sign_in), ["LOGON", "IMPOSSIBLE_TRAVEL"]);
    assert_eq!(kinds(&risk), ["IMPOSSIBLE_TRAVEL"]);
    assert_eq!(sign_in.events[1].source_id, risk.events[0].source_id);
}

#[test]
fn a_sign_in_without_an_id_gets_the_same_one_each_time() {
    let record = json!({
        "time": "2026-09-14 08:00:00.456", "category": "SignInLogs", "resultType": "Success",
        "properties": {"userPrincipalName": "ada@northwind.example", "ipAddress": "203.0.113.17"},
    });
    let id = |record: &Value| run("{}", "entra", record).events.remove(0).source_id.unwrap();
    let first = id(&record);
    let mut again = record.clone();
    again["durationMs"] = 7.into();
    assert_eq!(first, id(&again));
    again["properties"]["ipAddress"] = "203.0.113.18".into();
    assert_ne!(first, id(&again));
}

#[test]
fn an_unknown_event_type_is_never_repeated_in_the_reason() {
    let outcome = run("{}", "okta", &okta("ada@northwind.example", &json!({})));
    assert_eq!(outcome.ignored, [("an event type without an indicator".to_owned(), 1)]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, feed in 0_usize..4) {
        let feed = Identity::DESCRIPTOR.feeds[feed].name.into();
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed, header: None, records };
        connector_sdk::normalise::<Identity>(&testing::context("{}"), &batch).unwrap();
    }

    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        feed in prop::sample::select(vec!["okta", "entra"]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "eventType", "published", "uuid", "actor", "target", "outcome", "debugContext", "client", "category",
                "createdDateTime", "userPrincipalName", "userId", "status", "riskEventType", "riskEventTypes_v2", "location",
                "activityDisplayName", "targetResources", "initiatedBy", "deviceDetail", "isInteractive", "properties",
            ]),
            prop_oneof![
                "\\PC{0,24}".prop_map(Value::from), Just(json!("Delete user")), Just(json!("2026-09-14T08:00:00Z")),
                Just(json!("user.session.start")), Just(json!({"type": "User", "alternateId": "é@é.example"})),
                Just(json!([{"type": "User", "userPrincipalName": "éééééééééééééééééééé@é.example"}])), Just(json!("newCountry")),
                Just(json!({"debugData": {"behaviors": "{é=POSITIVE, =, Velocity=POSITIVE"}})),
            ],
            0..14,
        ),
    ) {
        let outcome = run("{}", feed, &json!(fields));
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
    }
}
