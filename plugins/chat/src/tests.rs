//! The connector against samples, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"]}"#;

fn run(record: &Value) -> Outcome {
    testing::run::<Chat>(CONFIG, "slack", record.to_string().as_bytes()).unwrap()
}

fn entry(action: &str, more: &Value) -> Value {
    let mut entry = json!({
        "id": "1", "date_create": 1_789_372_800, "action": action,
        "actor": {"type": "user", "user": {"email": "ada@northwind.example"}},
    });
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

fn kind_of(record: &Value) -> String {
    run(record).events.first().map(|event| event.kind.clone()).unwrap_or_default()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Chat>();
}

#[test]
fn a_configuration_needs_a_domain_of_the_organisation() {
    let problems = |config: &str| check_config::<Chat>(&testing::context(config)).len();
    assert_eq!((problems(CONFIG), problems("{}"), problems(r#"{"internal_domains":[]}"#)), (0, 1, 1));
    let schema: Value = serde_json::from_str(Chat::DESCRIPTOR.config_schema).unwrap();
    assert!(schema["properties"].as_object().unwrap().values().all(|field| field["description"].is_string()));
}

#[test]
fn a_time_is_in_seconds_or_written_out() {
    let at = |time: Value| run(&entry("user_login", &json!({"date_create": time}))).events[0].occurred_at;
    assert_eq!(at(json!(1_789_372_800)), at(json!("1789372800")));
    assert_eq!(at(json!(1_789_372_800)), at(json!("2026-09-14T10:00:00+02:00")));
}

#[test]
fn a_file_in_a_channel_of_several_workspaces_of_ours_stays_inside() {
    let shared = |channel: Value| kind_of(&entry("file_shared", &json!({"details": {"channel": channel}})));
    assert_eq!(shared(json!({"is_shared": true, "is_org_shared": false})), "CHANNEL_FILE_SHARED_EXTERNALLY");
    assert_eq!(shared(json!({"is_ext_shared": true, "is_org_shared": true})), "CHANNEL_FILE_SHARED_EXTERNALLY");
    assert_eq!(shared(json!({"is_shared": true, "is_org_shared": true})), "");
    assert_eq!(shared(json!({"is_shared": false})), "");
}

#[test]
fn a_guest_with_an_address_of_ours_is_nobody_from_outside() {
    let guest = |email: &str| kind_of(&entry("guest_created", &json!({"entity": {"user": {"email": email}}})));
    assert_eq!(guest("Bo <bo@fabrikam.example>"), "EXTERNAL_MEMBER_ADDED");
    assert_eq!(guest("bert@eu.northwind.example"), "");
    assert_eq!(guest(""), "EXTERNAL_MEMBER_ADDED");
}

#[test]
fn an_entry_without_an_id_gets_the_same_one_each_time() {
    let id = |address: &str| {
        let file = json!({"id": null, "entity": {"file": {"id": "F1"}}, "context": {"ip_address": address}});
        run(&entry("file_downloaded", &file)).events.remove(0).source_id
    };
    assert_eq!(id("203.0.113.17"), id("203.0.113.18"));
}

#[test]
fn an_unknown_action_is_never_repeated_in_the_reason() {
    let outcome = run(&entry("ada@northwind.example", &json!({})));
    assert_eq!(outcome.ignored, [("an action that this connector does not know".to_owned(), 1)]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed: "slack".into(), header: None, records };
        connector_sdk::normalise::<Chat>(&testing::context(CONFIG), &batch).unwrap();
    }

    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        action in prop::sample::select(vec![
            "file_downloaded", "file_shared", "guest_created", "anomaly", "external_shared_channel_invite_sent", "user_login",
        ]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["entity", "details", "context", "actor", "date_create", "id"]),
            prop_oneof![
                "\\PC{0,24}".prop_map(Value::from), Just(json!({"reason": ["é", 7, null]})), Just(json!(1_789_372_800)),
                Just(json!({"file": {"name": "é.é", "filetype": "é"}, "user": {"email": "é@é.example"}})),
                Just(json!({"channels": [1, null, {"is_shared": true}]})),
            ],
            0..6,
        ),
    ) {
        let mut record = entry(action, &json!({}));
        for (name, value) in fields {
            record[name] = value;
        }
        let outcome = run(&record);
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
    }
}
