//! The connector against published and written samples, and the refusals and ids that no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::testing;
use connector_sdk::{Event, Outcome};

fn run(config: &str, csv: &str) -> Result<Outcome, Failure> {
    testing::run::<Hr>(config, "people", csv.as_bytes())
}

fn events(csv: &str) -> Vec<Event> {
    let outcome = run("{}", csv).unwrap();
    assert_eq!(outcome.rejects, []);
    outcome.events
}

fn refusal(config: &str, header: &str) -> String {
    match run(config, &format!("{header}\n")) {
        Err(Failure::Format(why)) => why,
        other => panic!("not refused for its format: {other:?}"),
    }
}

fn reject(csv: &str) -> String {
    let outcome = run("{}", csv).unwrap();
    assert_eq!(outcome.events, []);
    outcome.rejects[0].detail.clone()
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Hr>();
}

#[test]
fn a_missing_mandatory_column_rejects_the_file() {
    assert_eq!(refusal("{}", "ResignationDate,LastWorkingDate"), "column EmailAddress is missing");
    assert_eq!(refusal("{}", "EmailAddress,OldLevel,NewLevel"), "column EffectiveDate is missing");
    assert_eq!(
        refusal("{}", "EmailAddress,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1"),
        "column EmployeeZipCode is missing"
    );
    let mapped = r#"{"columns":{"EmailAddress":"Work e-mail"}}"#;
    assert_eq!(refusal(mapped, "EmailAddress,ResignationDate"), "column Work e-mail is missing");
}

#[test]
fn a_header_that_fits_no_scenario_or_several_is_refused() {
    assert_eq!(
        refusal("{}", "EmailAddress,EffectiveDate"),
        "the file has no column that tells its scenario: add the column HRScenario, or configure `scenario`"
    );
    assert_eq!(
        refusal("{}", "EmailAddress,EffectiveDate,OldLevel,Rating"),
        "the file has columns of several scenarios: add the column HRScenario, or configure `scenario`"
    );
}

#[test]
fn the_configuration_says_what_the_header_does_not() {
    let csv = "EmailAddress,EffectiveDate\nada@example.com,2026-03-01";
    let outcome = run(r#"{"scenario":"performance-improvement-plan"}"#, csv).unwrap();
    assert_eq!(outcome.events[0].kind, "PERFORMANCE_IMPROVEMENT_PLAN");
}

#[test]
fn spellings_of_a_row_are_one_event() {
    let written = [
        "Ada@Example.com,2026-03-01T08:00:00Z",
        " ada@example.com , 2026-03-01 09:00:00+01:00",
        "<ADA@example.com>,2026-03-01T08:00Z",
    ];
    let ids = written.map(|row| events(&format!("EmailAddress,ResignationDate\n{row}"))[0].source_id.clone());
    assert!(ids[0].is_some() && ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn another_person_date_or_scenario_is_another_event() {
    let header = "HRScenario,EmailAddress,ResignationDate,TerminationDate\n";
    let rows = [
        "Resignation,ada@example.com,2026-03-01,",
        "Resignation,bob@example.com,2026-03-01,",
        "Resignation,ada@example.com,2026-03-02,",
        "Termination,ada@example.com,,2026-03-01",
    ];
    let mut ids: Vec<_> = events(&format!("{header}{}", rows.join("\n"))).into_iter().map(|e| e.source_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), rows.len());
}

#[test]
fn an_id_does_not_show_the_address() {
    let event = &events("EmailAddress,ResignationDate\nada@example.com,2026-03-01")[0];
    assert!(!event.source_id.as_deref().unwrap().contains("ada"));
}

#[test]
fn a_departure_that_lies_ahead_counts_from_when_it_is_known() {
    let event = &events("EmailAddress,TerminationDate\nada@example.com,2026-12-24")[0];
    assert_eq!(event.occurred_at, testing::RECEIVED_AT);
    assert_eq!(event.attributes[0].name, "last_working_at");
}

#[test]
fn a_job_level_date_in_the_resignation_column_is_no_resignation() {
    let csv = "HRScenario,EmailAddress,ResignationDate,EffectiveDate,OldLevel,NewLevel\n\
               Job level change,ada@example.com,2026-03-01,,Level 61,Level 60";
    assert_eq!(
        reject(csv),
        "EffectiveDate is missing; the row has a ResignationDate: is the date in the wrong column?"
    );
}

#[test]
fn texts_over_their_length_are_rejected_and_at_it_are_not() {
    let row = |remarks: usize, rating: usize| {
        let (remarks, rating) = ("ü".repeat(remarks), "1".repeat(rating));
        format!("EmailAddress,EffectiveDate,Remarks,Rating\nada@example.com,2026-03-01,{remarks},{rating}")
    };
    assert_eq!(events(&row(200, 25)).len(), 1);
    assert_eq!(reject(&row(201, 25)), "Remarks is not at most 200 characters");
    assert_eq!(reject(&row(200, 26)), "Rating is not at most 25 characters");
}

#[test]
fn dates_may_have_the_day_first() {
    let csv = "EmailAddress,ResignationDate\nada@example.com,04/05/2026";
    let outcome = run(r#"{"date_order":"day-first"}"#, csv).unwrap();
    assert_ne!(outcome.events[0].occurred_at, events(csv)[0].occurred_at);
}

#[test]
fn scenarios_in_another_language_are_mapped() {
    let csv = "HRScenario,EmailAddress,ResignationDate\nKündigung,ada@example.com,2026-03-01";
    assert_eq!(reject(csv), "an unknown scenario: map it in the configuration's `scenarios`");
    let outcome = run(r#"{"scenarios":{"kündigung":"resignation"}}"#, csv).unwrap();
    assert_eq!(outcome.events[0].kind, "RESIGNATION");
}

#[test]
fn two_of_our_columns_cannot_be_one_of_theirs() {
    let config = r#"{"columns":{"Remarks":"Notes","Rating":"notes"}}"#;
    let problems = connector_sdk::check_config::<Hr>(&testing::context(config));
    assert_eq!(problems[0].at, "/columns/Remarks");
}
