//! The connector against samples of several products, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{Value as Json, json};
use connector_sdk::{Outcome, Value, check_config, testing};
use proptest::prelude::*;

fn config() -> Json {
    json!({
        "fields": {"time": "time", "user": "user", "operation": "op"},
        "operations": {"read": "FILE_ACCESSED", "share": "FILE_SHARED_EXTERNALLY", "fetch": "FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE"},
    })
}

/// `config` with more fields and settings.
fn with(fields: Json, more: Json) -> String {
    let mut config = config();
    add(&mut config["fields"], fields);
    add(&mut config, more);
    config.to_string()
}

fn add(into: &mut Json, more: Json) {
    let Json::Object(more) = more else { panic!("not an object") };
    more.into_iter().for_each(|(key, value)| into[key] = value);
}

fn run(config: &str, records: &Json) -> Outcome {
    testing::run::<Files>(config, "records-json", format!("[{records}]").as_bytes()).unwrap()
}

fn record(more: Json) -> Json {
    let mut record = json!({"time": "2026-09-14T08:00:00Z", "user": "ada@northwind.example", "op": "read"});
    add(&mut record, more);
    record
}

fn value(outcome: &Outcome, name: &str) -> Option<Value> {
    outcome.events[0].attributes.iter().find(|found| found.name == name).map(|found| found.value.clone())
}

fn problems(config: &str) -> Vec<String> {
    check_config::<Files>(&testing::context(config)).into_iter().map(|p| format!("{}: {}", p.at, p.message)).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Files>();
}

#[test]
fn the_schema_names_every_kind_and_only_those() {
    let schema: Json = connector_sdk::serde_json::from_str(Files::DESCRIPTOR.config_schema).unwrap();
    let words: Vec<&str> =
        schema["$defs"]["word"]["enum"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let kinds: Vec<&str> = kinds::ALL.iter().map(|kind| kind.code).collect();
    assert_eq!(words[..2], ["ignore", "LABEL_CHANGED"]);
    assert_eq!(words[2..], kinds);
    let items = schema["$defs"]["meaning"]["oneOf"][1]["items"]["enum"].as_array().unwrap();
    assert_eq!(items.len(), kinds.len());
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    assert_eq!(problems(&config().to_string()), Vec::<String>::new());
    assert_eq!(
        problems(r#"{"fields":{"operation":"op"},"operations":{"a":"ignore"}}"#),
        ["/fields: say where time is", "/fields: say where user is"]
    );
    let fields = r#""fields":{"time":"t","user":"u"}"#;
    assert_eq!(problems(&format!("{{{fields}}}")), ["/fields: say where operation is, or give a kind for all records"]);
    assert_eq!(problems(&format!(r#"{{{fields},"kind":"FILE_PRINTED"}}"#)), Vec::<String>::new());
    assert_eq!(
        problems(&format!(r#"{{{fields},"kind":"LABEL_CHANGED"}}"#)),
        ["/label_order: LABEL_CHANGED needs the labels in order, the lowest first"]
    );
    assert!(problems(&format!(r#"{{{fields},"kind":"LOGON"}}"#))[0].contains("no kind of this connector"));
}

#[test]
fn a_word_goes_before_a_beginning_and_a_longer_beginning_before_a_shorter() {
    let config = with(
        json!({}),
        json!({"operations": {"file*": "FILE_ACCESSED", "file del*": "FILE_DELETED", "File Delayed": "ignore"}}),
    );
    let kind = |op: &str| {
        let outcome = run(&config, &record(json!({"op": op})));
        outcome.events.first().map_or("none".to_owned(), |event| event.kind.clone())
    };
    assert_eq!(kind("File opened"), "FILE_ACCESSED");
    assert_eq!(kind("FILE DELETED"), "FILE_DELETED");
    assert_eq!(kind(" file delayed "), "none");
}

#[test]
fn an_operation_that_nobody_explained_is_rejected_without_being_repeated() {
    let rejects = run(&config().to_string(), &record(json!({"op": "launder"}))).rejects;
    assert_eq!(rejects[0].detail, "an unknown operation: say what it means in the configuration's `operations`");
    let ignoring = with(json!({}), json!({"other_operations": "ignore"}));
    assert_eq!(run(&ignoring, &record(json!({"op": "launder"}))).ignored.len(), 1);
}

#[test]
fn a_failed_operation_is_no_event_whatever_the_case_of_the_word() {
    let config = with(json!({"result": "ok"}), json!({"failed": ["Verweigert"]}));
    for (result, events) in [("FAILURE", 0), ("verweigert", 0), ("Success", 1), ("", 1)] {
        assert_eq!(run(&config, &record(json!({"ok": result}))).events.len(), events, "{result}");
    }
    assert_eq!(run(&config, &record(json!({"ok": false}))).events.len(), 0);
    let rejects = run(&config, &record(json!({"ok": "perhaps"}))).rejects;
    assert_eq!(rejects[0].detail, "an unknown result: name it in the configuration's `failed` or `succeeded`");
}

#[test]
fn a_file_with_an_id_of_its_own_is_linked_by_ids_only() {
    let config = with(json!({"object_id": "id", "previous_object_id": "from", "previous_path": "old"}), json!({}));
    let outcome = run(&config, &record(json!({"id": "7", "old": "a.txt"})));
    assert_eq!(value(&outcome, "previous_object_id"), None);
    assert_eq!(value(&outcome, "previous_name"), Some(Value::Text("a.txt".into())));
    let copied = run(&config, &record(json!({"id": "7", "from": "6", "old": "a.txt"})));
    assert_eq!(value(&copied, "previous_object_id"), Some(Value::Text("6".into())));
}

#[test]
fn what_goes_to_or_comes_from_the_organisation_s_own_domains_has_not_moved() {
    let config = with(
        json!({"destination": "to", "source": "from", "target": "with"}),
        json!({"internal_domains": ["@Northwind.example"]}),
    );
    let count = |more: Json| run(&config, &record(more)).events.len();
    assert_eq!(count(json!({"op": "share", "with": "Paul <paul@fabrikam.example>"})), 1);
    assert_eq!(count(json!({"op": "share", "with": "jo@eu.northwind.example"})), 0);
    assert_eq!(count(json!({"op": "share", "to": "https://files.northwind.example/x"})), 0);
    assert_eq!(count(json!({"op": "share", "to": "somewhere"})), 1);
    assert_eq!(count(json!({"op": "fetch", "from": "files.northwind.example"})), 0);
    assert_eq!(count(json!({"op": "fetch", "from": "files.fabrikam.example"})), 1);
    assert_eq!(count(json!({"op": "read", "to": "https://files.northwind.example/x"})), 1);
}

#[test]
fn accounts_of_services_machines_and_the_system_are_nobody() {
    let config = with(json!({}), json!({"service_accounts": ["svc-backup", "northwind\\scan"]}));
    for user in
        ["SYSTEM", "NT AUTHORITY\\Network Service", "NORTHWIND\\WS-1$", "S-1-5-18", "N\\SVC-Backup", "Northwind\\scan"]
    {
        assert_eq!(run(&config, &record(json!({"user": user}))).events, [], "{user}");
    }
    for user in ["ada", "NORTHWIND\\ada", "S-1-5-21-1-2-3-500", "contoso\\scan"] {
        assert_eq!(run(&config, &record(json!({"user": user}))).events.len(), 1, "{user}");
    }
}

#[test]
fn a_bare_user_is_joined_with_its_domain_or_is_what_the_configuration_says() {
    let actor = |config: &str, more: Json| {
        let actor = run(config, &record(more)).events[0].parties[0].identifiers[0].clone();
        format!("{}={}", actor.scheme, actor.value)
    };
    let with_domain = with(json!({"user_domain": "domain"}), json!({"user_scheme": "user-id"}));
    assert_eq!(actor(&with_domain, json!({"user": "Ada", "domain": "NORTHWIND"})), "sam=northwind\\ada");
    assert_eq!(actor(&with_domain, json!({"user": "Ada"})), "user-id=Ada");
    assert_eq!(actor(&with_domain, json!({"user": "Ada@Northwind.example"})), "upn=ada@northwind.example");
    assert_eq!(actor(&config().to_string(), json!({"user": 4711})), "sam=4711");
}

#[test]
fn the_same_record_is_the_same_event_and_ids_count_for_each_collector() {
    let plain = config().to_string();
    let id = |config: &str, more: Json| run(config, &record(more)).events[0].source_id.clone();
    assert_eq!(
        id(&plain, json!({})),
        id(&plain, json!({"time": "2026-09-14 10:00:00+02:00", "user": "ADA@northwind.example"}))
    );
    assert_ne!(id(&plain, json!({})), id(&plain, json!({"time": "2026-09-14T08:00:01Z"})));
    let own = with(json!({"id": "n", "collector": "pc"}), json!({}));
    assert_eq!(id(&own, json!({"n": 7})), id(&own, json!({"n": 7, "time": "2026-09-14T08:00:01Z"})));
    assert_ne!(id(&own, json!({"n": 7, "pc": "a"})), id(&own, json!({"n": 7, "pc": "b"})));
}

#[test]
fn sizes_are_in_the_unit_of_the_configuration() {
    let size = |unit: &str, size: Json| {
        let config = with(json!({"size": "size"}), json!({"size_unit": unit}));
        let outcome = run(&config, &record(json!({"size": size})));
        match outcome.rejects.first() {
            Some(reject) => reject.detail.clone(),
            None => match value(&outcome, "size_bytes") {
                Some(Value::Integer(size)) => size.to_string(),
                other => format!("{other:?}"),
            },
        }
    };
    assert_eq!(size("bytes", json!(9_007_199_254_740_993_i64)), "9007199254740993");
    assert_eq!(size("kib", json!("1.5")), "1536");
    assert_eq!(size("mib", json!(2)), "2097152");
    for wrong in [json!("1,5"), json!(-1), json!("NaN"), json!("1e300"), json!("much")] {
        assert_eq!(size("kib", wrong), "size is not a number");
    }
    assert_eq!(size("bytes", json!("")), "None");
}

#[test]
fn a_path_gives_name_and_ending_and_an_old_name_lay_in_the_same_folder() {
    let config = with(json!({"path": "path", "previous_path": "old"}), json!({}));
    let outcome = run(&config, &record(json!({"path": r"C:\été\b.TAR.GZ", "old": "a.txt"})));
    assert_eq!(value(&outcome, "object_name"), Some(Value::Text("b.TAR.GZ".into())));
    assert_eq!(value(&outcome, "file_extension"), Some(Value::Text("gz".into())));
    assert_eq!(value(&outcome, "previous_object_id"), Some(Value::Text(r"C:\été\a.txt".into())));
    assert_eq!(value(&outcome, "previous_name"), Some(Value::Text("a.txt".into())));
    let hidden = run(&config, &record(json!({"path": "/home/ada/.profile"})));
    assert_eq!(value(&hidden, "file_extension"), None);
}

#[test]
fn a_mapped_column_that_is_missing_refuses_the_file() {
    let config = with(json!({"result": ["ok", "outcome"]}), json!({}));
    let refusal = |header: &str| match testing::run::<Files>(&config, "records-csv", header.as_bytes()) {
        Err(Failure::Format(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal("time,user,op\n1,2,3"), "column ok is missing");
    assert_eq!(refusal("time,user,outcome\n1,2,3"), "column op is missing");
    assert_eq!(refusal("time,user,op,op,ok\n1,2,3"), "column op appears more than once");
    let good =
        testing::run::<Files>(&config, "records-csv", b"Time,USER,op,Outcome\n2026-09-14,ada,read,failed").unwrap();
    assert_eq!(good.ignored, [("the operation failed or was blocked".to_owned(), 1)]);
}

#[test]
fn a_text_of_a_record_cannot_be_larger_than_the_host_takes() {
    let config = with(json!({"path": "path", "info_types": "types", "policy": "policy"}), json!({}));
    let types: Vec<String> = (0..5_000).map(|n| format!("t{n}")).collect();
    let long = "x".repeat(100_000);
    let outcome = run(&config, &record(json!({"path": long, "types": types, "policy": long})));
    for attribute in &outcome.events[0].attributes {
        match &attribute.value {
            Value::Text(text) => assert!(text.len() <= 4_000, "{}", attribute.name),
            Value::Texts(texts) => assert!(texts.len() <= 500, "{}", attribute.name),
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["time", "user", "op", "path", "old", "size", "to", "from", "types", "label"]),
            prop_oneof![
                "\\PC{0,20}", Just("2026-09-14".to_owned()), Just("read".to_owned()), Just("share".to_owned()),
                Just("\\é\\".to_owned()), Just("ada@northwind.example".to_owned()),
            ],
            0..10,
        ),
        bytes: Vec<u8>,
    ) {
        let config = with(
            json!({"path": "path", "previous_path": "old", "size": "size", "destination": "to", "source": "from",
                   "info_types": "types", "label": "label", "target": "to", "severity": "label"}),
            json!({"internal_domains": ["northwind.example"]}),
        );
        let outcome = run(&config, &json!(fields));
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(outcome.events.len() + outcome.rejects.len() + ignored as usize, 1);
        for (feed, header) in [("records-json", None), ("records-csv", Some(b"time,user,op".to_vec()))] {
            let records = vec![connector_sdk::RawRecord { index: 0, body: bytes.clone() }];
            let batch = connector_sdk::Batch { feed: feed.into(), header, records };
            let context = testing::context(r#"{"fields":{"time":"time","user":"user","operation":"op"},"operations":{"a":"ignore"}}"#);
            prop_assert!(connector_sdk::normalise::<Files>(&context, &batch).is_ok());
        }
    }
}
