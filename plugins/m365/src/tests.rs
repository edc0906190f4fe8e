//! The connector against samples of every workload, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::{Outcome, Value, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"]}"#;

fn run(json: &str) -> Outcome {
    testing::run::<M365>(CONFIG, "audit", json.as_bytes()).unwrap()
}

fn problems(config: &str) -> Vec<String> {
    check_config::<M365>(&testing::context(config)).into_iter().map(|p| format!("{}: {}", p.at, p.message)).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<M365>();
}

#[test]
fn a_configuration_needs_a_domain_of_the_organisation() {
    assert_eq!(problems(CONFIG), Vec::<String>::new());
    assert_eq!(
        problems(r#"{"internal_domains":[]}"#),
        ["/internal_domains: name at least one domain of the organisation"]
    );
    assert_eq!(problems("{}"), [": missing field `internal_domains` at line 1 column 2"]);
    assert_eq!(
        problems(r#"{"internal_domains":["https://northwind.example"]}"#),
        [r#"/internal_domains/0: "https://northwind.example" is not a domain"#]
    );
    assert_eq!(
        problems(r#"{"internal_domains":["northwind.example"],"free_mail_domains":["gmail"]}"#),
        [r#"/free_mail_domains/0: "gmail" is not a domain"#]
    );
}

#[test]
fn domains_are_compared_in_normal_form_and_with_everything_below_them() {
    let config: Config = connector_sdk::serde_json::from_str(
        r#"{"internal_domains":[" @NorthWind.example "],"free_mail_domains":["post.example"]}"#,
    )
    .unwrap();
    assert!(config.is_internal("northwind.example") && config.is_internal("eu.northwind.example"));
    assert!(!config.is_internal("evilnorthwind.example"));
    assert!(config.is_free_mail("post.example") && !config.is_free_mail("gmail.com"));
}

#[test]
fn what_a_dlp_record_found_is_not_in_any_event() {
    let raw = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/written-dlp.raw")).unwrap();
    assert!(raw.contains("4111-1111-1111-1111"));
    assert!(!format!("{:?}", run(&raw)).contains("4111-1111-1111-1111"));
}

#[test]
fn an_unknown_operation_is_never_repeated_in_the_reason() {
    let outcome = run(
        r#"{"Id":"1","CreationTime":"2026-09-14T08:00:00","UserId":"ada@northwind.example","Operation":"ada@x.org"}"#,
    );
    assert_eq!(outcome.ignored, [("an operation that this connector does not know".to_owned(), 1)]);
}

#[test]
fn records_of_one_mail_give_one_id() {
    let mail = |operation: &str, more: &str| {
        format!(
            r#"{{"Id":"{operation}","CreationTime":"2026-09-14T08:00:00","UserId":"ada@northwind.example",
                "Operation":"{operation}",{more}}}"#
        )
    };
    let sent = mail("Send", r#""Item":{"InternetMessageId":"<1@x>","Recipients":["ada@gmail.com"]}"#);
    let labelled =
        mail("MipLabel", r#""ObjectId":"<1@x>","Sender":"ada@northwind.example","Receivers":["ada@gmail.com"]"#);
    let events = run(&format!("{sent}\n{labelled}")).events;
    assert_eq!(events.len(), 2);
    assert_eq!((&events[0].kind, &events[0].source_id), (&events[1].kind, &events[1].source_id));
}

#[test]
fn a_time_is_utc_as_the_schema_says_whatever_the_installation_s_zone() {
    let record = br#"{"Id":"1","CreationTime":"2026-07-14T08:00:00","UserId":"ada@northwind.example","Operation":"FileDownloaded"}"#;
    let batch = testing::cut(&M365::DESCRIPTOR.feeds[0], record);
    let context = connector_sdk::CallContext { default_zone: "Asia/Tokyo".into(), ..testing::context(CONFIG) };
    let outcome = connector_sdk::normalise::<M365>(&context, &batch).unwrap();
    assert_eq!(outcome.events[0].occurred_at, 1_784_016_000_000_000);
}

#[test]
fn addresses_of_clients_lose_their_port() {
    let ip = |written: &str| {
        let record = format!(
            r#"{{"Id":"1","CreationTime":"2026-07-14T08:00:00","UserId":"ada@northwind.example","Operation":"UserLoggedIn","ClientIP":"{written}"}}"#
        );
        let event = run(&record).events.remove(0);
        let found = event.attributes.into_iter().find(|attribute| attribute.name == "client_ip");
        match found.map(|attribute| attribute.value) {
            Some(Value::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ip("203.0.113.17:50123"), "203.0.113.17");
    assert_eq!(ip("[2001:db8::17]:50123"), "2001:db8::17");
    assert_eq!(ip("2001:db8::17"), "2001:db8::17");
}

proptest! {
    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        operation in prop::sample::select(vec![
            "FileRenamed", "SharingSet", "AddedToGroup", "Send", "New-InboxRule", "MemberAdded", "MessageSent",
            "DlpRuleMatch", "Delete user.", "MipLabel", "FileSensitivityLabelChanged", "UserLoggedIn",
        ]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "UserId", "UserKey", "ObjectId", "SiteUrl", "SourceFileName", "DestinationFileName", "TargetDomain",
                "PreviousFileName", "TargetUserOrGroupName", "ClientIP", "Item", "Parameters", "Members", "Target",
                "PolicyDetails", "ExchangeMetaData", "Receivers", "Sender", "Workload", "RecordType", "MessageURLs",
            ]),
            prop_oneof![
                "\\PC{0,24}", Just("a_b.example#ext#@northwind.example".to_owned()), Just("ada@northwind.example".to_owned()),
                Just("C:\\x\\é".to_owned()), Just("Endpoint".to_owned()), Just("63".to_owned()),
            ],
            0..12,
        ),
    ) {
        let mut record = connector_sdk::serde_json::json!({"Id": "1", "CreationTime": "2026-09-14T08:00:00"});
        record["Operation"] = operation.into();
        for (name, value) in fields {
            record[name] = value.into();
        }
        let outcome = run(&format!("[{record}]"));
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
    }
}
