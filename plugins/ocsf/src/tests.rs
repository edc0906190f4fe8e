//! The connector against samples of every class, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"],"removable_paths":["E:\\"]}"#;
const TIME: i64 = 1_789_372_800_000;

fn run(record: &Value) -> Outcome {
    testing::run::<Ocsf>(CONFIG, "events", record.to_string().as_bytes()).unwrap()
}

fn event(class: i64, activity: i64, more: &Value) -> Value {
    let mut event = json!({
        "class_uid": class, "activity_id": activity, "time": TIME, "metadata": {"uid": "u1"},
        "actor": {"user": {"email_addr": "ada@northwind.example"}},
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn kinds(record: &Value) -> Vec<String> {
    run(record).events.into_iter().map(|event| event.kind).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Ocsf>();
}

#[test]
fn a_configuration_needs_a_domain_and_no_path_that_is_every_path() {
    let problems = |config: &str| check_config::<Ocsf>(&testing::context(config)).len();
    assert_eq!((problems(CONFIG), problems("{}"), problems(r#"{"internal_domains":[]}"#)), (0, 1, 1));
    assert_eq!(problems(r#"{"internal_domains":["a.example"],"free_mail_domains":["x"],"removable_paths":["/"]}"#), 2);
    let schema: Value = serde_json::from_str(Ocsf::DESCRIPTOR.config_schema).unwrap();
    assert!(schema["properties"].as_object().unwrap().values().all(|field| field["description"].is_string()));
}

#[test]
fn class_and_activity_may_stand_in_one_number() {
    let record = json!({
        "type_uid": 300_201, "time_dt": "2026-09-14T10:00:00+02:00", "user": {"name": "ada@northwind.example"},
    });
    let outcome = run(&record);
    assert_eq!((outcome.events[0].kind.as_str(), outcome.events[0].occurred_at), ("LOGON", TIME * 1_000));
}

#[test]
fn a_mail_told_of_twice_is_one_event() {
    let told = |activity: i64, uid: &str| {
        let email = json!({"from": "ada@northwind.example", "to": ["bo@fabrikam.example"], "message_uid": "<1@x>"});
        let record = event(4009, activity, &json!({"email": email, "metadata": {"uid": uid}}));
        let event = run(&record).events.remove(0);
        (event.kind, event.source_id)
    };
    assert_eq!(told(1, "u1"), told(4, "u2"));
}

#[test]
fn the_order_of_recipients_does_not_matter() {
    let to = |recipients: Value| {
        let email = json!({"from": "ada@northwind.example", "to": recipients});
        run(&event(4009, 1, &json!({"email": email}))).events
    };
    assert_eq!(to(json!(["a@x.example", "b@y.example"])), to(json!(["B@y.example", "a@x.example", "b@y.example"])));
}

#[test]
fn the_requests_of_one_visit_are_one_event_at_the_hour() {
    let visit = |minutes: i64, uid: &str| {
        let url = json!({"hostname": "poker.example", "category_ids": [11]});
        let more = json!({
            "time": TIME + minutes * 60_000, "metadata": {"uid": uid}, "http_request": {"url": url},
        });
        let event = run(&event(4002, 3, &more)).events.remove(0);
        (event.kind, event.source_id, event.occurred_at)
    };
    assert_eq!(visit(1, "u1"), visit(59, "u2"));
    assert_ne!(visit(1, "u1"), visit(60, "u1"));
}

#[test]
fn a_category_is_a_word_and_not_a_part_of_one() {
    let named = |name: &str| {
        let url = json!({"hostname": "x.example", "categories": [name]});
        kinds(&event(4002, 3, &json!({"http_request": {"url": url}}))).pop().unwrap_or_default()
    };
    for (name, want) in [
        ("Cults", "BROWSED_CULT"),
        ("Occult", ""),
        ("Culture", ""),
        ("Agriculture", ""),
        ("Hate Speech", "BROWSED_HATE"),
        ("Whatever", ""),
        ("Violence/Hate/Racism", "BROWSED_VIOLENCE"),
        ("Malware Sites", "BROWSED_MALWARE"),
        ("Anti-Malware Vendors and phishing", "BROWSED_PHISHING"),
    ] {
        assert_eq!(named(name), want, "{name}");
    }
}

#[test]
fn each_resource_of_one_event_has_an_id_of_its_own() {
    let resources = json!([{"name": "a.docx", "type": "file"}, {"name": "a.docx", "type": "file"}]);
    let events = run(&event(6001, 7, &json!({"web_resources": resources}))).events;
    assert_eq!(events.len(), 2);
    assert_ne!(events[0].source_id, events[1].source_id);
}

#[test]
fn an_event_without_an_id_gets_the_same_one_each_time() {
    let id = |severity: i64| {
        let more = json!({"metadata": {}, "file": {"path": "C:\\a.docx"}, "severity_id": severity});
        run(&event(1001, 4, &more)).events.remove(0).source_id
    };
    assert_eq!(id(1), id(2));
}

#[test]
fn a_finding_told_of_again_is_one_event_a_person() {
    let told = |uid: &str, order: [&str; 2]| {
        let evidences: Vec<Value> = order.iter().map(|name| json!({"actor": {"user": {"email_addr": name}}})).collect();
        let more = json!({
            "metadata": {"uid": uid}, "finding_info": {"uid": "f1", "title": "x"}, "malware": [{"name": "x"}],
            "evidences": evidences, "status_id": 2,
        });
        run(&event(2004, 1, &more)).events.into_iter().map(|event| event.source_id).collect::<Vec<_>>()
    };
    let first = told("u1", ["ada@northwind.example", "bert@northwind.example"]);
    assert_eq!(first.len(), 2);
    assert_eq!(first, told("u2", ["bert@northwind.example", "ada@northwind.example"]));
}

#[test]
fn what_was_blocked_or_failed_is_no_event() {
    let file = json!({"path": "E:\\a.docx"});
    let with = |more: Value| {
        let mut record = event(1001, 1, &json!({"file": file}));
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        kinds(&record).len()
    };
    assert_eq!(with(json!({})), 1);
    assert_eq!(with(json!({"disposition_id": 1, "status_id": 1, "action_id": 1})), 1);
    for blocked in
        [json!({"disposition_id": 2}), json!({"action_id": "2"}), json!({"status_id": 2}), json!({"status": "failure"})]
    {
        assert_eq!(with(blocked), 0);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed: "events".into(), header: None, records };
        connector_sdk::normalise::<Ocsf>(&testing::context(CONFIG), &batch).unwrap();
    }

    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        class in prop::sample::select(vec![1001_i64, 2001, 2004, 3001, 3002, 4002, 4009, 4010, 6001, 6006, 5001]),
        activity in 0_i64..18,
        time in prop_oneof![Just(json!(TIME)), any::<i64>().prop_map(Value::from), "\\PC{0,12}".prop_map(Value::from)],
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "file", "file_result", "user", "actor", "device", "email", "http_request", "web_resources", "metadata",
                "status_id", "disposition_id", "src_endpoint", "attacks", "malware", "evidences", "finding_info",
            ]),
            prop_oneof![
                "\\PC{0,24}".prop_map(Value::from), Just(json!({"path": "E:\\é", "name": "é.é", "parent_folder": "é"})),
                Just(json!([{"actor": {"user": {"name": "é"}}, "tactics": [{"uid": "TA0005"}]}])),
                Just(json!({"user": {"name": "é\\é", "uid": "S-1-5-é"}})), Just(json!([{"name": "é", "type": "file"}, 7, null])),
                Just(json!({"url": {"hostname": "é.example", "category_ids": [11, "é"], "categories": ["cult é"]}})),
                Just(json!({"from": "é@northwind.example", "to": ["é@é.example", 7]})),
            ],
            0..9,
        ),
    ) {
        let mut record = event(class, activity, &json!({}));
        record["time"] = time;
        for (name, value) in fields {
            record[name] = value;
        }
        let outcome = run(&record);
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
    }
}
