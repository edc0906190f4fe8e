//! The connector against published and written samples, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::{Outcome, check_config, testing};
use proptest::prelude::*;

const HEADER: &str = "Creation Time,Event Name,Workstation Id,Patient Reg Id,Patient First Name,Patient Last Name,\
                      Patient Address Line 1,Patient City,Patient Zip Code,Restricted Access Reason,\
                      Email Address (UPN) or SamAccountName";

fn run(config: &str, feed: &str, raw: &str) -> Outcome {
    testing::run::<Emr>(config, feed, raw.as_bytes()).unwrap()
}

fn row(config: &str, row: &str) -> Outcome {
    run(config, "healthcare", &format!("{HEADER}\n{row}\n"))
}

fn fhir(config: &str, event: &Value) -> Outcome {
    run(config, "fhir", &event.to_string())
}

/// What is said of an outcome in one word: kinds of its events, the reason of its reject, or why it was ignored.
fn said(outcome: &Outcome) -> String {
    let kinds: Vec<_> = outcome.events.iter().map(|event| event.kind.trim_start_matches("PATIENT_RECORD_")).collect();
    let rejects = outcome.rejects.iter().map(|reject| reject.detail.as_str());
    let ignored = outcome.ignored.iter().map(|(why, _)| why.as_str());
    kinds.into_iter().chain(rejects).chain(ignored).collect::<Vec<_>>().join(", ")
}

/// A reading as R4 has it, with other fields where `more` names some.
fn reading(more: &Value) -> Value {
    let mut event = json!({
        "resourceType": "AuditEvent", "id": "a1", "action": "R", "recorded": "2026-09-14T08:00:00Z", "outcome": "0",
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}],
        "agent": [{"who": {"identifier": {"value": "ada@northwind.example"}}, "requestor": true}],
        "entity": [{"what": {"reference": "Patient/p1"}}],
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn actor(outcome: &Outcome) -> Vec<String> {
    let actor = outcome.events[0].parties.iter().find(|party| party.role == "actor").unwrap();
    actor.identifiers.iter().map(|one| format!("{}={}", one.scheme, one.value)).collect()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Emr>();
}

#[test]
fn a_missing_mandatory_column_rejects_the_file() {
    let refusal = |config: &str, feed: &str, header: &str| match testing::run::<Emr>(
        config,
        feed,
        format!("{header}\n").as_bytes(),
    ) {
        Err(Failure::Format(why)) => why,
        other => panic!("not refused for its format: {other:?}"),
    };
    let lacking = HEADER.replace(",Patient Zip Code", "");
    assert_eq!(refusal("{}", "healthcare", &lacking), "column Patient Zip Code is missing");
    assert_eq!(refusal("{}", "epic", HEADER), "column ACCESS_LOG.ACCESS_TIME is missing");
    let mapped = r#"{"columns":{"Patient Zip Code":"PLZ"}}"#;
    assert_eq!(refusal(mapped, "healthcare", HEADER), "column PLZ is missing");
}

#[test]
fn a_reason_is_one_only_where_it_says_something() {
    let with = |config: &str, reason: &str| {
        said(&row(
            config,
            &format!("2026-09-14 08:00,Open chart,WS1,7,Ada,Quill,Elm St 1,Springfield,1767,{reason},ada@x.example"),
        ))
    };
    assert_eq!(with("{}", ""), "HIGH_VOLUME");
    assert_eq!(with("{}", "N/A"), "HIGH_VOLUME");
    assert_eq!(with("{}", "Emergency"), "HIGH_VOLUME, RESTRICTED");
    assert_eq!(with(r#"{"unrestricted_reasons":["Routine"]}"#, "routine"), "HIGH_VOLUME");
    assert_eq!(with(r#"{"unrestricted_reasons":["Routine"]}"#, "None"), "HIGH_VOLUME, RESTRICTED");
}

#[test]
fn a_row_without_a_patient_or_of_an_event_left_out_is_ignored_and_one_without_a_person_is_rejected() {
    assert_eq!(said(&row("{}", "2026-09-14 08:00,Sign-in,WS1,,,,,,,,ada@x.example")), "no patient's record");
    let chart = "2026-09-14 08:00,Open chart,WS1,7,Ada,Quill,Elm St 1,Springfield,1767,,";
    assert_eq!(said(&row("{}", chart)), "Email Address (UPN) or SamAccountName is missing");
    let left_out = r#"{"ignored_events":["open CHART"]}"#;
    assert_eq!(said(&row(left_out, chart)), "an event that the configuration leaves out");
    let undated = "soon,Open chart,WS1,7,Ada,Quill,Elm St 1,Springfield,1767,,ada@x.example";
    assert_eq!(said(&row("{}", undated)), "Creation Time is not a time");
}

#[test]
fn a_row_again_is_the_same_event_and_another_second_or_patient_is_another() {
    let id = |at: &str, patient: &str, who: &str| {
        let outcome = row("{}", &format!("{at},Open chart,WS1,{patient},Ada,Quill,Elm St 1,Springfield,1767,,{who}"));
        outcome.events[0].source_id.clone().unwrap()
    };
    let first = id("2026-09-14T08:00:00Z", "7", "ada@x.example");
    assert_eq!(first, id("2026-09-14 10:00:00+02:00", "7", "ADA@x.example"));
    assert_ne!(first, id("2026-09-14T08:00:01Z", "7", "ada@x.example"));
    assert_ne!(first, id("2026-09-14T08:00:00Z", "8", "ada@x.example"));
    assert!(!first.contains("Quill"));
}

#[test]
fn a_patient_is_named_in_the_party_alone() {
    let found =
        row("{}", "2026-09-14 08:00,Open chart,WS1,7,Ada,Quill,Elm St 1,Springfield,1767,Emergency,bo@x.example");
    for event in &found.events {
        let attributes = format!("{:?} {:?}", event.attributes, event.source_id);
        assert!(!["Ada", "Quill", "Elm", "1767", "Springfield"].iter().any(|word| attributes.contains(word)));
    }
}

#[test]
fn readings_count_and_what_else_is_done_to_a_record_does_not() {
    assert_eq!(said(&fhir("{}", &reading(&json!({})))), "HIGH_VOLUME");
    let searched = json!({"action": "E", "subtype": [{"code": "search-type"}]});
    assert_eq!(said(&fhir("{}", &reading(&searched))), "HIGH_VOLUME");
    for action in ["C", "U", "D"] {
        assert_eq!(said(&fhir("{}", &reading(&json!({"action": action})))), "no reading of a record");
    }
    let decided = json!({"action": "E", "subtype": [{"code": "AuthZ-Consent"}]});
    assert_eq!(said(&fhir("{}", &reading(&decided))), "no reading of a record");
    assert_eq!(said(&fhir("{}", &reading(&json!({"outcome": "8"})))), "an access that failed");
    assert_eq!(said(&fhir("{}", &reading(&json!({"resourceType": "Patient"})))), "another resource than an AuditEvent");
    assert_eq!(
        said(&fhir("{}", &reading(&json!({"entity": [{"what": {"reference": "List/1"}}]})))),
        "no patient's record"
    );
}

#[test]
fn the_shapes_of_r5_are_the_same_access() {
    let r5 = json!({
        "resourceType": "AuditEvent", "id": "a5", "recorded": "2026-09-14T08:00:05Z",
        "occurredDateTime": "2026-09-14T08:00:00Z",
        "code": {"coding": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}]},
        "outcome": {"code": {"system": "http://hl7.org/fhir/issue-severity", "code": "success"}},
        "patient": {"reference": "https://ehr.example/fhir/Patient/p1/_history/3"},
        "authorization": [{"coding": [{"code": "BTG"}]}],
        "agent": [{"who": {"identifier": {"value": "E4711"}}, "requestor": true}],
    });
    let found = fhir("{}", &r5);
    assert_eq!(
        (said(&found).as_str(), actor(&found)),
        ("HIGH_VOLUME, RESTRICTED", vec!["employee-id=E4711".to_owned()])
    );
    assert_eq!(found.events[0].occurred_at, 1_789_372_800_000_000);
    assert_eq!(found.events[0].parties[1].identifiers[0].value, "p1");
    let mut failed = r5.clone();
    failed["outcome"]["code"]["code"] = "error".into();
    assert_eq!(said(&fhir("{}", &failed)), "an access that failed");
}

#[test]
fn breaking_the_glass_is_told_by_the_purpose_that_the_configuration_names() {
    let purpose = |code: &str| json!({"purposeOfEvent": [{"coding": [{"code": code}]}]});
    assert_eq!(said(&fhir("{}", &reading(&purpose("ETREAT")))), "HIGH_VOLUME, RESTRICTED");
    assert_eq!(said(&fhir("{}", &reading(&purpose("TREAT")))), "HIGH_VOLUME");
    let only = r#"{"restricted_purposes":["BTG"]}"#;
    assert_eq!(said(&fhir(only, &reading(&purpose("ETREAT")))), "HIGH_VOLUME");
    let of_agent =
        json!({"agent": [{"who": {"identifier": {"value": "E7"}}, "purposeOfUse": [{"coding": [{"code": "btg"}]}]}]});
    assert_eq!(said(&fhir(only, &reading(&of_agent))), "HIGH_VOLUME, RESTRICTED");
}

#[test]
fn programs_organisations_and_patients_are_no_employees() {
    for agent in [
        json!({"who": {"reference": "Device/7"}, "requestor": true}),
        json!({"who": {"display": "app"}, "type": {"coding": [{"code": "110150"}]}, "requestor": true}),
        json!({"who": {"reference": "Organization/7"}, "requestor": true}),
        json!({"who": {"reference": "https://ehr.example/Patient/p1"}, "requestor": true}),
        json!({"who": {"type": "RelatedPerson", "identifier": {"value": "7"}}}),
        json!({"who": {"identifier": {"value": "E7"}}, "requestor": false}),
        json!({"requestor": true}),
    ] {
        assert_eq!(said(&fhir("{}", &reading(&json!({"agent": [agent]})))), "no human agent", "{agent}");
    }
}

#[test]
fn a_person_is_an_account_and_never_a_mere_name() {
    let of = |config: &str, agent: &Value| fhir(config, &reading(&json!({"agent": [agent]})));
    let named = json!({"who": {"display": "jsmith"}, "requestor": true});
    assert_eq!(said(&of("{}", &named)), "agent.who.identifier is missing");
    assert_eq!(actor(&of(r#"{"names_are_accounts":true}"#, &named)), ["sam=jsmith"]);
    let several = json!({
        "who": {"reference": "Practitioner/pr9", "identifier": {"value": "E4711"}, "display": "John Smith"},
        "altId": "John@Northwind.example", "requestor": true,
    });
    assert_eq!(actor(&of("{}", &several)), ["upn=john@northwind.example", "employee-id=E4711", "practitioner-id=pr9"]);
    let domain = json!({"who": {"identifier": {"value": "NW\\JSmith"}}});
    assert_eq!(actor(&of("{}", &domain)), ["sam=nw\\jsmith"]);
}

#[test]
fn what_is_contained_tells_more_of_patient_and_person() {
    let found = fhir(
        "{}",
        &reading(&json!({
            "contained": [
                {"resourceType": "Patient", "id": "p", "identifier": [{"value": "MRN-7"}], "name": [{"family": "Quill", "given": ["Ada", "B"]}],
                 "address": [{"line": ["Elm St 1", "Flat 2"], "postalCode": "1767"}]},
                {"resourceType": "Practitioner", "id": "d", "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "Doc@x.example"}]},
            ],
            "agent": [{"who": {"reference": "#d"}, "requestor": true}],
            "entity": [{"what": {"reference": "#p"}, "role": {"code": "1"}}],
        })),
    );
    assert_eq!(actor(&found), ["upn=doc@x.example"]);
    let said: Vec<_> = found.events[0].parties[1].identifiers.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(said, ["MRN-7", "Ada", "Quill", "Elm St 1", "1767"]);
}

#[test]
fn several_patients_of_one_event_are_several_accesses() {
    let found = fhir(
        "{}",
        &reading(&json!({"entity": [
            {"what": {"reference": "Patient/p1"}}, {"what": {"reference": "Patient/p2"}}, {"what": {"reference": "Patient/p1"}},
        ]})),
    );
    assert_eq!(said(&found), "HIGH_VOLUME, HIGH_VOLUME");
    assert_ne!(found.events[0].source_id, found.events[1].source_id);
}

#[test]
fn a_bundle_belongs_to_the_feed_for_bundles() {
    let bundle = json!({"resourceType": "Bundle", "entry": [{"resource": reading(&json!({}))}, {"resource": {"resourceType": "Patient"}}]});
    assert_eq!(said(&fhir("{}", &bundle)), "a Bundle: deliver it to the feed fhir-bundle");
    assert_eq!(
        said(&run("{}", "fhir-bundle", &bundle.to_string())),
        "HIGH_VOLUME, another resource than an AuditEvent"
    );
}

#[test]
fn two_of_our_columns_cannot_be_one_of_theirs() {
    let config = r#"{"columns":{"Event Name":"What","Patient City":"what"}}"#;
    assert_eq!(check_config::<Emr>(&testing::context(config))[0].at, "/columns/Patient City");
    assert_eq!(check_config::<Emr>(&testing::context("{}")), []);
}

#[test]
fn the_schema_knows_every_column_and_explains_every_setting() {
    let schema: Value = serde_json::from_str(Emr::DESCRIPTOR.config_schema).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    assert!(fields.values().all(|field| field["description"].is_string()));
    let names = fields["columns"]["propertyNames"]["enum"].as_array().unwrap();
    for feed in ["healthcare", "epic"] {
        for column in row::Layout::of(feed).mandatory() {
            assert!(names.iter().any(|name| name == column), "{column}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_cell_gives_an_outcome(cells in prop::collection::vec("[^\\r\\n\"]{0,12}", 0..14)) {
        for feed in ["healthcare", "epic"] {
            let header = row::Layout::of(feed).mandatory().collect::<Vec<_>>().join("|");
            let outcome = run("{}", feed, &format!("{header}\n{}|x\n", cells.join("|")));
            let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize, 1);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        for feed in ["fhir", "fhir-bundle"] {
            let records = vec![connector_sdk::RawRecord { index: 0, body: bytes.clone() }];
            let batch = connector_sdk::Batch { feed: feed.into(), header: None, records };
            connector_sdk::normalise::<Emr>(&testing::context("{}"), &batch).unwrap();
        }
    }

    #[test]
    fn a_reject_never_quotes_the_record(word in "[a-z]{12}", at in prop::sample::select(vec!["agent", "recorded", "entity"])) {
        let odd = match at {
            "agent" => json!([{"who": {"display": word}, "requestor": true}]),
            "recorded" => json!(word),
            _ => json!([{"role": {"code": "1"}, "what": {"display": word}}]),
        };
        let outcome = fhir("{}", &reading(&json!({ at: odd })));
        let told = format!("{:?} {:?}", outcome.rejects, outcome.ignored);
        prop_assert!(!told.contains(&word));
    }
}
