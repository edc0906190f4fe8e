//! The connector against published and written samples, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::{Event, Outcome, Value, check_config, testing};
use proptest::prelude::*;

fn run(config: &str, csv: &str) -> Outcome {
    testing::run::<Indicators>(config, "detections", csv.as_bytes()).unwrap()
}

fn problems(config: &str) -> Vec<String> {
    check_config::<Indicators>(&testing::context(config))
        .into_iter()
        .map(|p| format!("{}: {}", p.at, p.message))
        .collect()
}

fn quantity(event: &Event) -> i64 {
    let found = event.attributes.iter().find(|attribute| attribute.name == "quantity");
    match found.map(|attribute| &attribute.value) {
        None => 1,
        Some(Value::Integer(count)) => *count,
        other => panic!("{other:?}"),
    }
}

const COUNTING: &str = r#"{"time_column":"At","indicators":[{"code":"OWN_01","count_column":"N","details":["Info"]}]}"#;

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Indicators>();
}

#[test]
fn the_schema_names_the_codes_of_the_descriptor() {
    let schema = Indicators::DESCRIPTOR.config_schema;
    let schema: connector_sdk::serde_json::Value = connector_sdk::serde_json::from_str(schema).unwrap();
    let codes: Vec<&str> = kinds::ALL.iter().map(|kind| kind.code).collect();
    assert_eq!(schema["$defs"]["indicator"]["properties"]["code"]["enum"], connector_sdk::serde_json::json!(codes));
    let catalogue: Vec<&str> = connector_sdk::kind::ALL.iter().map(|kind| kind.code).collect();
    assert!(codes.iter().all(|code| !catalogue.contains(code)), "a code of the catalogue is nobody's own");
}

#[test]
fn commas_that_nobody_quoted_belong_to_the_last_column() {
    let outcome = run(COUNTING, "UPN,At,N,Info\nada@example.com,2026-09-14,3,Model: 67%, Name: a, b");
    let details = outcome.events[0].attributes.iter().find(|attribute| attribute.name == "details").unwrap();
    assert_eq!(details.value, Value::Texts(vec!["Info: Model: 67%, Name: a, b".into()]));
    assert_eq!(quantity(&outcome.events[0]), 3);
    let ended = run(COUNTING, "UPN,At,N,Info\nada@example.com,2026-09-14,3,a,b,, ");
    assert!(format!("{:?}", ended.events[0].attributes).contains(r#""Info: a,b""#));
}

#[test]
fn a_comma_in_a_column_before_shifts_numbers_and_is_rejected() {
    let outcome = run(COUNTING, "UPN,At,Info,N\nada@example.com,2026-09-14,one, two,3");
    assert_eq!(outcome.rejects[0].detail, "N is not a number");
}

#[test]
fn a_count_is_a_whole_number_of_times() {
    let counted = |n: &str| {
        let outcome = run(COUNTING, &format!("UPN,At,Info,N\nada@example.com,2026-09-14,x,{n}"));
        match (outcome.events.first(), outcome.rejects.first()) {
            (Some(event), _) => quantity(event).to_string(),
            (None, Some(reject)) => reject.detail.clone(),
            (None, None) => outcome.ignored[0].0.clone(),
        }
    };
    assert_eq!(counted("7"), "7");
    assert_eq!(counted(" 7.9 "), "7");
    assert_eq!(counted("67%"), "67");
    assert_eq!(counted("0"), "below what the configuration asks for");
    assert_eq!(counted("-1"), "N is not a count");
    assert_eq!(counted("1e12"), "N is not a count");
    assert_eq!(counted("NaN"), "N is not a number");
    assert_eq!(counted("many"), "N is not a number");
    assert_eq!(counted(""), "N is missing");
}

#[test]
fn conditions_hold_together_and_an_empty_cell_fulfils_none() {
    let config = r#"{"time_column":"At","indicators":[
        {"code":"OWN_02","when":[{"column":"Score","at_least":5,"at_most":9},{"column":"Level","is":["High","medium"]}]}]}"#;
    let events = |score: &str, level: &str| {
        run(config, &format!("UPN,At,Score,Level\nada@example.com,2026-09-14,{score},{level}")).events.len()
    };
    assert_eq!(events("5", "HIGH"), 1);
    assert_eq!(events("9", "Medium"), 1);
    assert_eq!(events("4.99", "High"), 0);
    assert_eq!(events("9.01", "High"), 0);
    assert_eq!(events("7", "Low"), 0);
    assert_eq!(events("", "High"), 0);
    let rejects = run(config, "UPN,At,Score,Level\nada@example.com,2026-09-14,much,high").rejects;
    assert_eq!(rejects[0].detail, "Score is not a number");
}

#[test]
fn a_row_feeds_several_indicators_but_each_once() {
    let config = r#"{"time_column":"At","indicators":[
        {"code":"OWN_01","when":[{"column":"N","at_least":10}]},
        {"code":"OWN_01","count_column":"N"},
        {"code":"OWN_02"}]}"#;
    let kinds = |n: &str| {
        let events = run(config, &format!("UPN,At,N\nada@example.com,2026-09-14,{n}")).events;
        events.iter().map(|event| format!("{}*{}", event.kind, quantity(event))).collect::<Vec<_>>()
    };
    assert_eq!(kinds("20"), ["OWN_01*1", "OWN_02*1"]);
    assert_eq!(kinds("5"), ["OWN_01*5", "OWN_02*1"]);
}

#[test]
fn a_source_that_no_indicator_takes_is_rejected_without_being_repeated() {
    let config =
        r#"{"time_column":"At","source_column":"From","indicators":[{"code":"OWN_01","sources":["Dropbox"]}]}"#;
    let outcome = run(config, "UPN,At,From\nada@example.com,2026-09-14,DROPBOX\nada@example.com,2026-09-14,Salesforce");
    assert_eq!(outcome.events.len(), 1);
    assert_eq!(outcome.rejects[0].detail, "a source that no indicator takes: name it in the configuration's `sources`");
}

#[test]
fn with_keys_a_corrected_row_is_the_same_detection_and_without_them_another() {
    let ids = |keys: &str, rows: [&str; 2]| {
        let config = format!(
            r#"{{"time_column":"At","key_columns":[{keys}],"indicators":[{{"code":"OWN_01","count_column":"N"}}]}}"#
        );
        let events = run(&config, &format!("UPN,At,Name,N\n{}\n{}", rows[0], rows[1])).events;
        events[0].source_id == events[1].source_id
    };
    let rows = ["ada@example.com,2026-09-14,leaks,3", "Ada@Example.com,2026-09-14T00:00:00Z,Leaks,5"];
    assert!(ids(r#""Name""#, rows));
    assert!(!ids("", rows));
    assert!(!ids(r#""Name""#, ["ada@example.com,2026-09-14,leaks,3", "ada@example.com,2026-09-14,prints,3"]));
    assert!(ids("", ["ada@example.com,2026-09-14,leaks,3", "ada@example.com,2026-09-14,leaks,3"]));
}

#[test]
fn a_column_of_the_configuration_that_is_missing_refuses_the_file() {
    let refusal = |header: &str| match testing::run::<Indicators>(COUNTING, "detections", header.as_bytes()) {
        Err(Failure::Format(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal("UPN,At,N\n1,2,3"), "column Info is missing");
    assert_eq!(refusal("At,N,Info\n1,2,3"), "column UPN is missing");
    assert_eq!(refusal("UPN,At,N,n,Info\n1,2,3"), "column N appears more than once");
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    assert_eq!(problems(COUNTING), Vec::<String>::new());
    let of = |rule: &str| problems(&format!(r#"{{"time_column":"At","indicators":[{rule}]}}"#));
    assert_eq!(
        of(r#"{"code":"OWN_01","sources":["x"]}"#),
        ["/indicators/0/sources: say in source_column which column tells the source"]
    );
    assert_eq!(
        of(r#"{"code":"OWN_01","when":[{"column":"a","at_least":2,"at_most":1}]}"#),
        ["/indicators/0/when/0: no number is within it"]
    );
    assert_eq!(of(r#"{"code":"OWN_01","when":[{"column":"a"}]}"#), ["/indicators/0/when/0: compares nothing"]);
    assert_eq!(
        of(r#"{"code":"OWN_01","details":["upn"]}"#),
        ["/indicators/0/details: the person's name is no detail: it is kept apart"]
    );
    assert!(of(r#"{"code":"FILE_PRINTED"}"#)[0].contains("none of the codes"));
    assert_eq!(of(""), ["/indicators: name at least one indicator"]);
}

#[test]
fn ragged_rows_and_strange_people_and_times_are_rejected() {
    let csv =
        "UPN,At,N,Info\nada@example.com\nada,2026-09-14,3,x\nada@example.com,soon,3,x\nada@example.com,2026-09-14";
    let rejects = run(COUNTING, csv).rejects;
    let details: Vec<&str> = rejects.iter().map(|reject| reject.detail.as_str()).collect();
    assert_eq!(details, ["At is missing", "UPN is not an address", "At is not a time", "N is missing"]);
}

proptest! {
    #[test]
    fn any_row_gives_an_outcome(cells in prop::collection::vec("\\PC{0,12}", 0..8), bytes: Vec<u8>) {
        for body in [cells.join(",").into_bytes(), format!("ada@example.com,2026-09-14,{}", cells.join(",")).into_bytes(), bytes] {
            let records = vec![connector_sdk::RawRecord { index: 0, body }];
            let header = Some(b"UPN,At,N,Info".to_vec());
            let batch = connector_sdk::Batch { feed: "detections".into(), header, records };
            let outcome = connector_sdk::normalise::<Indicators>(&testing::context(COUNTING), &batch).unwrap();
            let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(outcome.events.len() + outcome.rejects.len() + ignored as usize, 1);
        }
    }
}
