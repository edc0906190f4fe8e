//! The connector against samples of every table, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"],"removable_paths":["E:\\","/Volumes/"]}"#;

fn run_with(config: &str, record: &Value) -> Outcome {
    testing::run::<Endpoint>(config, "events", record.to_string().as_bytes()).unwrap()
}

fn run(record: &Value) -> Outcome {
    run_with(CONFIG, record)
}

/// A row of a file event by somebody, with more fields or other ones.
fn row(action: &str, more: &Value) -> Value {
    let mut row = json!({
        "Timestamp": "2026-09-14T08:00:00Z", "ActionType": action, "ReportId": 7, "DeviceId": "d1",
        "DeviceName": "pc-1.northwind.example", "InitiatingProcessAccountUpn": "ada@northwind.example",
    });
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn kind_of(outcome: &Outcome) -> &str {
    outcome.events.first().map_or("", |event| event.kind.as_str())
}

fn problems(config: &str) -> Vec<String> {
    check_config::<Endpoint>(&testing::context(config))
        .into_iter()
        .map(|p| format!("{}: {}", p.at, p.message))
        .collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Endpoint>();
}

#[test]
fn a_configuration_needs_a_domain_and_no_path_that_is_every_path() {
    assert_eq!(problems(CONFIG), Vec::<String>::new());
    assert_eq!(
        problems(r#"{"internal_domains":[]}"#),
        ["/internal_domains: name at least one domain of the organisation"]
    );
    assert_eq!(
        problems(r#"{"internal_domains":["x"],"removable_paths":["/"]}"#),
        [
            r#"/internal_domains/0: "x" is not a domain"#,
            "/removable_paths/0: every path begins so: name a drive or a folder"
        ]
    );
}

#[test]
fn a_drive_counts_as_removable_only_where_the_configuration_says_so() {
    let written = row("FileCreated", &json!({"FileName": "a.docx", "FolderPath": "e:\\a.docx"}));
    assert_eq!(kind_of(&run(&written)), "FILE_COPIED_TO_USB");
    assert_eq!(kind_of(&run_with(r#"{"internal_domains":["northwind.example"]}"#, &written)), "");
    let lookalike = row("FileCreated", &json!({"FileName": "a.docx", "FolderPath": "/VolumesOfMine/a.docx"}));
    assert_eq!(kind_of(&run(&lookalike)), "");
}

#[test]
fn a_path_of_the_device_written_the_long_way_is_no_share() {
    for (path, want) in [
        ("\\\\?\\C:\\a.docx", ""),
        ("\\\\.\\pipe\\a.docx", ""),
        ("\\\\?\\UNC\\fs1\\x\\a.docx", "FILE_COPIED_TO_NETWORK_SHARE"),
        ("\\\\fs1\\x\\a.docx", "FILE_COPIED_TO_NETWORK_SHARE"),
    ] {
        let written = row("FileCreated", &json!({"FileName": "a.docx", "FolderPath": path}));
        assert_eq!(kind_of(&run(&written)), want, "{path}");
    }
}

#[test]
fn an_archive_counts_only_when_an_archiver_made_it() {
    let made = |program: &str| {
        row(
            "FileCreated",
            &json!({"FileName": "a.zip", "FolderPath": "C:\\a.zip", "InitiatingProcessFileName": program}),
        )
    };
    assert_eq!(kind_of(&run(&made("7Z.EXE"))), "FILE_ARCHIVED");
    assert_eq!(kind_of(&run(&made("setup.exe"))), "");
    let own = r#"{"internal_domains":["northwind.example"],"archivers":["setup.exe"]}"#;
    assert_eq!(kind_of(&run_with(own, &made("setup.exe"))), "FILE_ARCHIVED");
    assert_eq!(kind_of(&run_with(own, &made("7z.exe"))), "");
}

#[test]
fn the_report_number_alone_is_no_id_because_it_starts_anew() {
    let at = |time: &str, device: &str| {
        let deleted = json!({"FileName": "a.docx", "FolderPath": "C:\\a.docx", "Timestamp": time, "DeviceId": device});
        run(&row("FileDeleted", &deleted)).events.remove(0).source_id.unwrap()
    };
    let first = at("2026-09-14T08:00:00Z", "d1");
    assert_eq!(first, at("2026-09-14T10:00:00+02:00", "d1"));
    assert_ne!(first, at("2026-09-14T08:00:01Z", "d1"));
    assert_ne!(first, at("2026-09-14T08:00:00Z", "d2"));
}

#[test]
fn a_copy_that_device_control_and_the_file_event_tell_of_is_one_event() {
    let copied = |action: &str, time: &str, report: i64| {
        let file = json!({"FileName": "a.docx", "FolderPath": "E:\\a.docx", "Timestamp": time, "ReportId": report});
        let event = run(&row(action, &file)).events.remove(0);
        (event.kind, event.source_id)
    };
    let first = copied("FileCreated", "2026-09-14T08:00:00Z", 1);
    assert_eq!(first, copied("RemovableStorageFileEvent", "2026-09-14T08:00:02Z", 2));
    assert_ne!(first, copied("FileCreated", "2026-09-15T08:00:00Z", 3));
}

#[test]
fn a_row_without_a_report_number_keeps_its_id_whatever_else_is_exported_with_it() {
    let deleted = |more: &str| {
        let fields = json!({"FileName": "a.docx", "FolderPath": "C:\\a.docx", "ReportId": null, "Extra": more});
        run(&row("FileDeleted", &fields)).events.remove(0).source_id
    };
    assert_eq!(deleted("x"), deleted("y"));
}

#[test]
fn systems_services_and_machines_are_no_people() {
    for account in [
        json!({"InitiatingProcessAccountUpn": "", "InitiatingProcessAccountName": "SYSTEM"}),
        json!({"InitiatingProcessAccountUpn": "", "InitiatingProcessAccountName": "root", "InitiatingProcessAccountDomain": "pc-1"}),
        json!({"InitiatingProcessAccountUpn": "", "InitiatingProcessAccountName": "_www", "InitiatingProcessAccountDomain": "pc-1"}),
        json!({"InitiatingProcessAccountUpn": "", "InitiatingProcessAccountName": "PC-1$", "InitiatingProcessAccountDomain": "nw"}),
        json!({"InitiatingProcessAccountUpn": "", "InitiatingProcessAccountSid": "S-1-5-80-1"}),
        json!({"InitiatingProcessAccountDomain": "NT AUTHORITY"}),
    ] {
        let mut deleted = row("FileDeleted", &json!({"FileName": "a.docx", "FolderPath": "C:\\a.docx"}));
        for (name, value) in account.as_object().unwrap() {
            deleted[name] = value.clone();
        }
        let outcome = run(&deleted);
        assert_eq!(outcome.ignored, [("activity of the system or of a service".to_owned(), 1)], "{account}");
    }
}

#[test]
fn local_accounts_of_two_devices_are_two_people() {
    let on = |device: &str| {
        let local = json!({
            "InitiatingProcessAccountUpn": "", "InitiatingProcessAccountName": "ada", "DeviceName": device,
            "FileName": "a.docx", "FolderPath": "C:\\a.docx",
        });
        run(&row("FileDeleted", &local)).events.remove(0).parties.remove(0).identifiers.remove(0).value
    };
    assert_eq!((on("Mac-7.local"), on("mac-8")), ("mac-7\\ada".to_owned(), "mac-8\\ada".to_owned()));
}

#[test]
fn evidence_of_one_alert_in_several_rows_is_one_event_a_person() {
    let evidence = |entity: &str| {
        let row = json!({
            "Timestamp": "2026-09-14T08:00:00Z", "AlertId": "a1", "Categories": "[\"Malware\"]", "EntityType": entity,
            "AccountUpn": "ada@northwind.example",
        });
        let event = run(&row).events.remove(0);
        (event.kind, event.source_id)
    };
    assert_eq!(evidence("User"), evidence("Process"));
}

#[test]
fn an_unknown_action_is_never_repeated_in_the_reason() {
    let outcome = run(&row("ada@northwind.example", &json!({})));
    assert_eq!(outcome.ignored, [("an action that this connector does not know".to_owned(), 1)]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, feed in 0_usize..4) {
        let feed = Endpoint::DESCRIPTOR.feeds[feed].name.into();
        let records = vec![connector_sdk::RawRecord { index: 0, body: bytes }];
        let batch = connector_sdk::Batch { feed, header: None, records };
        connector_sdk::normalise::<Endpoint>(&testing::context(CONFIG), &batch).unwrap();
    }

    #[test]
    fn any_text_in_any_field_gives_an_outcome(
        action in prop::sample::select(vec![
            "FileCreated", "FileRenamed", "FileDeleted", "RemovableStorageFileEvent", "SensitiveFileRead", "LogonSuccess",
            "RegistryValueSet", "SmartScreenUserOverride", "FileCopiedToRemovableMedia", "FilePrinted",
        ]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "FileName", "FolderPath", "PreviousFileName", "PreviousFolderPath", "FileOriginUrl", "AdditionalFields",
                "InitiatingProcessAccountName", "InitiatingProcessAccountDomain", "InitiatingProcessAccountSid",
                "AccountName", "LogonType", "RegistryKey", "RegistryValueName", "RawEventData", "AlertId", "Categories",
                "title", "category", "SHA256", "FileSize", "DeviceName",
            ]),
            prop_oneof![
                "\\PC{0,24}", Just("\\\\fs1\\é".to_owned()), Just("E:\\x\\é".to_owned()), Just("DefenseEvasion".to_owned()),
                Just("{\"Workload\":\"Endpoint\",\"UserId\":\"ada@northwind.example\",\"Id\":\"1\",\"ObjectId\":\"é\",\"PreviousFileName\":\"ü\"}".to_owned()),
            ],
            0..12,
        ),
    ) {
        let mut record = row(action, &json!({}));
        for (name, value) in fields {
            record[name] = value.into();
        }
        let outcome = run(&record);
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize == 1);
    }
}

#[test]
fn the_schema_of_the_configuration_is_json() {
    let schema: Value = serde_json::from_str(Endpoint::DESCRIPTOR.config_schema).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    assert!(fields.values().all(|field| field["description"].is_string()));
}
