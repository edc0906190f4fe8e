//! The connector against samples of both vendors, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"]}"#;

fn run(feed: &str, record: &Value) -> Outcome {
    testing::run::<CloudStorage>(CONFIG, feed, record.to_string().as_bytes()).unwrap()
}

fn drive(name: &str, parameters: &Value) -> Value {
    json!({
        "id": {"time": "2026-09-14T08:00:00Z", "uniqueQualifier": "1", "applicationName": "drive"},
        "actor": {"email": "ada@northwind.example"}, "events": [{"type": "access", "name": name, "parameters": parameters}],
    })
}

fn in_box(event_type: &str, more: &Value) -> Value {
    let mut record = json!({
        "event_id": "1", "event_type": event_type, "created_at": "2026-09-14T01:00:00-07:00",
        "created_by": {"login": "ada@northwind.example"},
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
    testing::samples::<CloudStorage>();
}

#[test]
fn a_configuration_needs_a_domain_of_the_organisation() {
    let problems = |config: &str| check_config::<CloudStorage>(&testing::context(config)).len();
    assert_eq!((problems(CONFIG), problems("{}"), problems(r#"{"internal_domains":[]}"#)), (0, 1, 1));
    let schema: Value = serde_json::from_str(CloudStorage::DESCRIPTOR.config_schema).unwrap();
    assert!(schema["properties"].as_object().unwrap().values().all(|field| field["description"].is_string()));
}

#[test]
fn a_time_with_an_offset_is_that_instant() {
    let event = run("box", &in_box("DOWNLOAD", &json!({}))).events.remove(0);
    assert_eq!(event.occurred_at, 1_789_372_800_000_000);
}

#[test]
fn parameters_as_a_list_and_as_an_object_are_the_same() {
    let listed = drive(
        "change_user_access",
        &json!([
            {"name": "target_user", "value": "bo@fabrikam.example"}, {"name": "doc_id", "value": "d1"},
            {"name": "new_value", "multiValue": ["can_view"]},
        ]),
    );
    let object = json!({"target_user": "bo@fabrikam.example", "doc_id": "d1", "new_value": ["can_view"]});
    assert_eq!(run("google", &listed), run("google", &drive("change_user_access", &object)));
    assert_eq!(kinds(&run("google", &listed)), ["CONTENT_EXTERNALLY_SHARED"]);
}

#[test]
fn each_event_of_one_activity_has_an_id_of_its_own() {
    let mut record = drive("download", &json!({"doc_id": "d1"}));
    let event = record["events"][0].clone();
    record["events"] = json!([event, event]);
    let events = run("google", &record).events;
    assert_eq!(events.len(), 2);
    assert_ne!(events[0].source_id, events[1].source_id);
}

#[test]
fn an_activity_of_which_one_event_counts_is_not_ignored() {
    let mut record = drive("edit", &json!({}));
    record["events"] = json!([{"name": "edit"}, {"name": "download"}, {"name": "move"}]);
    let outcome = run("google", &record);
    assert_eq!((kinds(&outcome), outcome.ignored.len()), (vec!["CONTENT_DOWNLOADED"], 0));
}

#[test]
fn a_link_for_our_own_domain_stays_inside_and_one_for_all_does_not() {
    let link = |domain: &str, value: &str| {
        let parameters = json!({"target_domain": domain, "new_value": [value]});
        kinds(&run("google", &drive("change_document_visibility", &parameters))).len()
    };
    assert_eq!(link("all", "people_with_link"), 1);
    assert_eq!(link("all", "public_on_the_web"), 1);
    assert_eq!(link("northwind.example", "people_with_link"), 0);
    assert_eq!(link("all", "private"), 0);
    assert_eq!(link("fabrikam.example", "people_within_domain_with_link"), 1);
    assert_eq!(link("fabrikam.example", "private"), 0);
}

#[test]
fn a_link_in_box_counts_only_when_the_record_says_that_it_is_open() {
    let link = |details: Value| kinds(&run("box", &in_box("SHARE", &json!({"additional_details": details})))).len();
    assert_eq!(link(json!({"access": "open"})), 1);
    assert_eq!(link(json!("{\"shared_link\":{\"access\":\"Open\"}}")), 1);
    assert_eq!(link(json!({"access": "company"})), 0);
    assert_eq!(link(json!({})), 0);
}

#[test]
fn a_file_and_a_folder_of_one_number_are_two_objects() {
    let id = |kind: &str| {
        let deleted = in_box("DELETE", &json!({"source": {"item_type": kind, "item_id": "7", "item_name": "x"}}));
        let event = run("box", &deleted).events.remove(0);
        event.attributes.into_iter().find(|attribute| attribute.name == "object_id").unwrap().value
    };
    assert_ne!(id("file"), id("folder"));
}

#[test]
fn an_event_without_an_id_gets_the_same_one_each_time() {
    let id = |session: &str| {
        let record = in_box("DOWNLOAD", &json!({"event_id": null, "session_id": session}));
        run("box", &record).events.remove(0).source_id
    };
    assert_eq!(id("1"), id("2"));
}

#[test]
fn an_unknown_event_is_never_repeated_in_the_reason() {
    for outcome in [
        run("box", &in_box("ada@northwind.example", &json!({}))),
        run("google", &drive("ada@northwind.example", &json!({}))),
    ] {
        assert!(!outcome.ignored.is_empty() && !format!("{:?}", outcome.ignored).contains("ada@"));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, feed in 0_usize..4) {
        let feed = CloudStorage::DESCRIPTOR.feeds[feed].name.into();
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed, header: None, records };
        connector_sdk::normalise::<CloudStorage>(&testing::context(CONFIG), &batch).unwrap();
    }

    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        operation in prop::sample::select(vec![
            "DOWNLOAD", "SHARE", "COLLABORATION_INVITE", "RENAME", "download", "rename", "change_user_access",
            "change_document_visibility", "shared_drive_membership_change",
        ]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "source", "additional_details", "ip_address", "accessible_by", "events", "parameters", "actor", "id",
                "created_by", "created_at", "name", "type",
            ]),
            prop_oneof![
                "\\PC{0,24}".prop_map(Value::from), Just(json!({"login": "é@fabrikam.example", "item_type": "file", "name": "é.é"})),
                Just(json!([{"name": "target_user", "value": "é@fabrikam.example"}, {"name": "new_value", "multiValue": ["é"]}])),
                Just(json!("2026-09-14T08:00:00Z")), Just(json!([1, null, {"name": "download"}])),
                Just(json!({"applicationName": "drive", "time": "2026-09-14T08:00:00Z"})),
            ],
            0..9,
        ),
    ) {
        for (feed, mut record) in [("box", in_box(operation, &json!({}))), ("google", drive(operation, &json!({})))] {
            for (name, value) in &fields {
                record[*name] = value.clone();
            }
            let outcome = run(feed, &record);
            let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
            prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
        }
    }
}
