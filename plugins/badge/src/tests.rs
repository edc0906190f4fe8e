//! The connector against published and written samples, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"sensitive_assets":["Vault"]}"#;

fn run(config: &str, json: &str) -> Outcome {
    testing::run::<Badge>(config, "badges", json.as_bytes()).unwrap()
}

fn used(asset: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"UserId":"ada@example.com","AssetId":"{asset}","EventTime":"2026-03-01T08:00:00Z","AccessStatus":"{status}"{more}}}"#
    )
}

fn problems(config: &str) -> Vec<String> {
    check_config::<Badge>(&testing::context(config)).into_iter().map(|p| p.at).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Badge>();
}

#[test]
fn a_refusal_counts_at_a_sensitive_door_only_whatever_the_case_of_its_name() {
    for (asset, count) in [("Vault", 1), ("vAULT", 1), ("Vault 2", 0), ("Lobby", 0)] {
        assert_eq!(run(CONFIG, &used(asset, "failed", "")).events.len(), count, "{asset}");
    }
    let below = r#"{"sensitive_assets":["vault*"]}"#;
    assert_eq!(run(below, &used("Vault 2", "Failed", "")).events.len(), 1);
    assert_eq!(run(CONFIG, &used("Door 7", "Failed", r#","AssetName":"Vault""#)).events.len(), 1);
}

#[test]
fn a_door_that_opened_is_ignored() {
    let outcome = run(CONFIG, &used("Vault", "Success", ""));
    assert_eq!(outcome.ignored, [("a door that opened".to_owned(), 1)]);
}

#[test]
fn a_badge_of_somebody_who_left_counts_at_every_door_where_the_record_says_so() {
    let config =
        r#"{"sensitive_assets":["Vault"],"fields":{"HolderStatus":"/holder/state"},"terminated_statuses":["Left"]}"#;
    let left = r#","holder":{"state":"LEFT"}"#;
    for status in ["Success", "Failed"] {
        let outcome = run(config, &used("Lobby", status, left));
        assert_eq!(outcome.events[0].kind, "PHYSICAL_ACCESS_AFTER_TERMINATION", "{status}");
    }
    assert_eq!(run(config, &used("Lobby", "Success", r#","holder":{"state":"active"}"#)).events, []);
    assert_eq!(run(config, &used("Lobby", "Success", "")).events, []);
}

#[test]
fn spellings_of_a_record_are_one_event_and_another_time_is_another() {
    let id = |json: &str| run(CONFIG, json).events[0].source_id.clone().unwrap();
    let one = id(&used("Vault", "Failed", ""));
    let other = r#"{"userid":" ADA@example.com","ASSETID":"Vault","EventTime":"2026-03-01 09:00:00+01:00","AccessStatus":"failed"}"#;
    assert_eq!(one, id(other));
    assert_ne!(one, id(&used("Vault", "Failed", "").replace("08:00:00", "08:00:01")));
}

#[test]
fn a_configured_event_id_identifies_whatever_else_is_corrected() {
    let config = r#"{"sensitive_assets":["Vault"],"fields":{"EventId":"Seq"}}"#;
    let id = |json: &str| run(config, json).events[0].source_id.clone();
    let record = used("Vault", "Failed", r#","Seq":17"#);
    assert_eq!(id(&record), id(&record.replace("08:00:00", "08:00:01")));
    assert_ne!(id(&record), id(&record.replace("17", "18")));
}

#[test]
fn a_user_is_what_it_shows_of_itself_else_what_the_configuration_says() {
    let actor = |user: &str, scheme: &str| {
        let config = format!(r#"{{"sensitive_assets":["Vault"],"user_scheme":"{scheme}"}}"#);
        let record = used("Vault", "Failed", "").replace("ada@example.com", user);
        let actor = run(&config, &record).events[0].parties[0].identifiers[0].clone();
        format!("{}={}", actor.scheme, actor.value)
    };
    assert_eq!(actor("Ada@Example.com", "badge-id"), "upn=ada@example.com");
    assert_eq!(actor("NORTHWIND\\\\ada", "badge-id"), "sam=northwind\\ada");
    assert_eq!(actor("S-1-5-21-1-2-3", "badge-id"), "sid=S-1-5-21-1-2-3");
    assert_eq!(actor("0815", "badge-id"), "badge-id=0815");
    assert_eq!(actor("0815", "employee-id"), "employee-id=0815");
}

#[test]
fn a_time_without_offset_is_in_the_installation_s_zone() {
    let batch = testing::cut(
        &Badge::DESCRIPTOR.feeds[0],
        used("Vault", "Failed", "").replace("08:00:00Z", "08:00:00").as_bytes(),
    );
    let context = connector_sdk::CallContext { default_zone: "Asia/Tokyo".into(), ..testing::context(CONFIG) };
    let outcome = connector_sdk::normalise::<Badge>(&context, &batch).unwrap();
    assert_eq!(outcome.events[0].occurred_at, 1_772_319_600_000_000);
}

#[test]
fn what_is_missing_or_unknown_is_named_by_the_system_s_own_name() {
    let config = r#"{"sensitive_assets":["Vault"],"fields":{"UserId":"/holder/mail","AccessStatus":"Result"}}"#;
    let rejects = run(config, &used("Vault", "Failed", "")).rejects;
    assert_eq!(rejects[0].detail, "/holder/mail is missing");
    let record = used("Vault", "Failed", r#","holder":{"mail":"a@b.example"},"Result":"geht so""#);
    let rejects = run(config, &record).rejects;
    assert_eq!(rejects[0].field.as_deref(), Some("Result"));
    assert!(!rejects[0].detail.contains("geht so"));
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    assert_eq!(problems(CONFIG), Vec::<String>::new());
    assert_eq!(problems(r#"{"sensitive_assets":["*"]}"#), ["/sensitive_assets/0"]);
    assert_eq!(problems(r#"{"sensitive_assets":["a"],"terminated_statuses":["Left"]}"#), ["/terminated_statuses"]);
    assert_eq!(problems(r#"{"sensitive_assets":["a"],"fields":{"HolderStatus":"s"}}"#), ["/fields/HolderStatus"]);
}

proptest! {
    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["UserId", "AssetId", "AssetName", "EventTime", "AccessStatus", "x"]),
            prop_oneof!["\\PC{0,20}", Just("Failed".to_owned()), Just("2026-03-01".to_owned()), Just("Vault".to_owned())],
            0..6,
        ),
        bytes: Vec<u8>,
    ) {
        let record = connector_sdk::serde_json::json!(fields);
        let outcome = run(CONFIG, &format!("[{record}]"));
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(outcome.events.len() + outcome.rejects.len() + ignored as usize, 1);
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed: "badges".into(), header: None, records };
        let rejects = connector_sdk::normalise::<Badge>(&testing::context(CONFIG), &batch).unwrap().rejects;
        prop_assert_eq!(rejects.len(), 1);
    }
}
