//! What is kept how long, what a legal hold keeps longer, what an erasure destroys, and what a person is told of their own:
//! every line of docs/retention.md.
//! Never: a real day waited for; the clock is moved.

use crate::{
    privacy::{leaks, names},
    story::downloads,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Read as _};
use vizard_core::{
    access::{Action, Resource, Role, matrix},
    subject::{COVERED, WITHHELD},
    time::{DAY, HOUR},
};
use vizard_server::{
    app,
    ids::Ids,
    permit::Permit,
    service::{Services, retention::Gone},
};
use vizard_tests::{Caller, Engine, World, demo, on_both};

const MARA: &str = "mara.lindt@halden-optics.example";
pub(crate) const OTTOLINE: &str = "ottoline.brackwater@halden-optics.example";
const RESIGNATION: &[u8] = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@halden-optics.example,2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n";

const UPDATE: &str = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { version privacy { pseudonymise justification changedBy changedAt \
                      revealApproval revealHours } alertTargets { highHours mediumHours lowHours } retention { needsReviewAlertDays resolvedCaseDays eventDays auditDays } } \
                      userErrors { code field } } }";
const HOLD: &str = "mutation($input: SetLegalHoldInput!) { setLegalHold(input: $input) { case { legalHold notes { system body } } userErrors { code field } } }";
const ERASE: &str =
    "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { erased userErrors { code message field } } }";

async fn update(world: &World, input: Value) -> Value {
    world.caller(&[Role::Admin]).ask(UPDATE, json!({"input": input})).await.data()["updateSettings"].clone()
}

async fn rows(world: &World, of: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM {of}")).await
}

/// The day's run, everything scored afterwards, and the stored scores still what the log gives.
async fn retain(world: &World) -> Gone {
    let gone = world.services.retain().await.unwrap().expect("the run of the day");
    world.settle().await;
    assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    gone
}

/// Mara resigns and downloads 300 files: one alert.
async fn alerted(world: &World) {
    world.connect().await;
    world.policy().await;
    world.import_text("hr", RESIGNATION).await;
    world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
    world.settle().await;
    assert_eq!(rows(world, "alerts").await, 1);
}

/// The alert confirmed into a case. Its id.
async fn case(world: &World) -> String {
    let investigator = world.caller(&[Role::Investigator]);
    let alert = investigator.query("{ alerts { nodes { id } } }").await["alerts"]["nodes"][0]["id"].clone();
    let confirm =
        "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { code } } }";
    let input =
        json!({"input": {"alertId": alert, "caseName": "About Mara Lindt", "comment": "Ask Mara Lindt's lead."}});
    let made = investigator.ask(confirm, input).await;
    made.data()["confirmAlert"]["case"]["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn resolve(world: &World, case: &str) {
    let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";
    let input = json!({"input": {"caseId": case, "resolution": "BENIGN", "actionTaken": "Talked to Mara Lindt."}});
    let done = world.caller(&[Role::Investigator]).ask(resolve, input).await;
    assert_eq!(done.data()["resolveCase"]["userErrors"], json!([]));
    world.settle().await;
}

pub(crate) async fn hold(world: &World, case: &str, hold: bool, reason: &str) -> Value {
    let input = json!({"input": {"caseId": case, "hold": hold, "reason": reason}});
    world.caller(&[Role::Investigator]).ask(HOLD, input).await.data()["setLegalHold"].clone()
}

pub(crate) async fn erase(world: &World, account: &str, reason: &str) -> Value {
    let input = json!({"input": {"account": account, "reason": reason}});
    world.caller(&[Role::Admin]).ask(ERASE, input).await.data()["eraseSubject"].clone()
}

/// Every column of every table, as the migrations class them.
fn columns() -> BTreeMap<String, BTreeMap<String, String>> {
    toml::from_str(vizard_migrations::PRIVACY).unwrap()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Where in the database any of the texts is, or the bytes that they stand for as hexadecimal digits.
async fn found(world: &World, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in columns() {
        for column in columns.keys() {
            for text in texts {
                let digits = hex(text);
                let condition = match world.engine {
                    // In bytes as they are, and in texts whatever their case.
                    Engine::Sqlite => format!(
                        "instr(lower(hex(\"{column}\")), '{text}') > 0 OR instr(lower(hex(\"{column}\")), '{digits}') > 0 \
                         OR instr(lower(hex(lower(CAST(\"{column}\" AS TEXT)))), '{digits}') > 0"
                    ),
                    Engine::Postgres => format!(
                        "position('{text}' in lower(to_jsonb(t.\"{column}\")::text)) > 0 OR position('{digits}' in lower(to_jsonb(t.\"{column}\")::text)) > 0"
                    ),
                };
                if world.number(&format!("SELECT count(*) FROM {table} t WHERE {condition}")).await > 0 {
                    found.push(format!("{table}.{column}: {text}"));
                }
            }
        }
    }
    found
}

/// Blind indices of all known identifiers, as hexadecimal digits.
async fn blinds(world: &World) -> Vec<String> {
    let digits = if world.engine == Engine::Sqlite { "lower(hex(blind))" } else { "encode(blind, 'hex')" };
    world.texts(&format!("SELECT {digits} FROM identifiers")).await
}

/// Tables that hold rows of subjects, alerts or cases, and are dealt with by erasure and retention.
const DEALT_WITH: &[&str] = &[
    "activity_days",
    "activity_reports",
    "alert_insights",
    "alerts",
    "case_contributors",
    "cases",
    "consultations",
    "device_owners",
    "events",
    "exports",
    "identifiers",
    "insights",
    "manual_scoring",
    "name_marks",
    "notes",
    "notices",
    "part_days",
    "part_profiles",
    "pending",
    "priority_group_members",
    "profile_marks",
    "profiles",
    "record_marks",
    "reveals",
    "score_history",
    "scores",
    "shares",
    "suppressions",
    "triggers",
];

#[test]
fn every_table_about_people_is_dealt_with_by_erasure_and_retention() {
    let about = |columns: &BTreeMap<String, String>| {
        ["subject_id", "alert_id", "case_id"].iter().any(|id| columns.contains_key(*id))
    };
    let tables: Vec<String> =
        columns().into_iter().filter(|(_, columns)| about(columns)).map(|(table, _)| table).collect();
    assert_eq!(tables, DEALT_WITH, "add what is new to store/erasure.rs and store/retention.rs first");
}

#[test]
fn no_role_may_read_a_persons_own_data() {
    assert!(
        matrix::roles(Resource::OwnData, Action::Read).is_empty()
            && matrix::roles(Resource::OwnData, Action::Change).is_empty()
    );
}

on_both! {
    async fn pseudonyms_go_off_with_a_reason_that_everybody_reads_and_every_change_is_kept_with_who_when_and_why(world) {
        let new = world.caller(&[Role::Auditor]).query("{ settings { privacy { pseudonymise justification changedBy changedAt revealApproval revealHours } \
            alertTargets { highHours mediumHours lowHours } retention { needsReviewAlertDays resolvedCaseDays eventDays auditDays } } settingsHistory { totalCount } }").await;
        assert_eq!(new["settings"], json!({
            "privacy": {"pseudonymise": true, "justification": null, "changedBy": null, "changedAt": null, "revealApproval": "SECOND_PERSON", "revealHours": 8},
            "alertTargets": {"highHours": 24, "mediumHours": 72, "lowHours": 168},
            "retention": {"needsReviewAlertDays": 120, "resolvedCaseDays": 120, "eventDays": 180, "auditDays": 180},
        }));
        assert_eq!(new["settingsHistory"]["totalCount"], 0);
        let refused = update(&world, json!({"privacy": {"pseudonymise": false, "justification": "because"}})).await;
        assert_eq!(refused["userErrors"], json!([{"code": "REQUIRED", "field": ["input", "privacy", "justification"]}]));
        let wrong = update(&world, json!({"privacy": {"revealHours": 100}, "alertTargets": {"lowHours": 1}, "retention": {"auditDays": 179}})).await;
        let fields: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(json!(fields), json!([["input", "privacy", "revealHours"], ["input", "alertTargets", "lowHours"], ["input", "retention", "auditDays"]]));
        let why = "Works agreement of 2 March 2026, section 4.";
        let off = update(&world, json!({"privacy": {"pseudonymise": false, "justification": why}, "reason": "Decided on 30 June."})).await;
        let changed = off["settings"]["privacy"].clone();
        assert_eq!((&changed["pseudonymise"], &changed["justification"]), (&json!(false), &json!(why)), "{off}");
        assert!(changed["changedBy"].is_string() && changed["changedAt"] == "2026-07-01T12:00:00.000Z", "{off}");
        let audited = world.texts("SELECT detail || coalesce(reason, '') FROM audit WHERE object = 'settings'").await;
        assert!(audited[0].contains(why) && audited[0].contains("Decided on 30 June.") && audited[0].contains("Pseudonyms switched off"), "{audited:?}");
        world.clock.advance(HOUR);
        let later = update(&world, json!({"retention": {"eventDays": 90}})).await;
        assert_eq!(later["settings"]["privacy"]["changedAt"], "2026-07-01T12:00:00.000Z", "that was no change of privacy");
        let on = update(&world, json!({"privacy": {"pseudonymise": true}})).await;
        assert_eq!((&on["settings"]["privacy"]["justification"], &on["settings"]["privacy"]["changedAt"]), (&json!(null), &json!("2026-07-01T13:00:00.000Z")), "{on}");
        let history = "query($after: String) { settingsHistory(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { version at by reason changes } } }";
        let auditor = world.caller(&[Role::Auditor]);
        let page = auditor.ask(history, json!({})).await.data()["settingsHistory"].clone();
        assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
        assert_eq!(page["nodes"][0]["changes"], json!(["Pseudonyms switched on."]), "{page:#}");
        assert_eq!(page["nodes"][1]["changes"], json!(["Events are kept for 90 days, no longer 180."]));
        let rest = auditor.ask(history, json!({"after": page["pageInfo"]["endCursor"]})).await.data()["settingsHistory"].clone();
        assert_eq!(rest["nodes"], json!([{"version": 1, "at": "2026-07-01T12:00:00.000Z", "by": changed["changedBy"], "reason": "Decided on 30 June.",
            "changes": ["Pseudonyms switched off: every identity is shown to whoever may see the subject."]}]));
    }

    async fn a_file_of_policies_that_does_not_speak_of_privacy_or_retention_changes_neither(world) {
        let why = "Works agreement of 2 March 2026, section 4.";
        update(&world, json!({"privacy": {"pseudonymise": false, "justification": why}, "retention": {"eventDays": 90}, "alertTargets": {"highHours": 4}})).await;
        let read = Permit::of_the_operator_bypassing_roles(Resource::Policies, Action::Read);
        let file = world.services.export_policies(&read).await.unwrap();
        assert!(file.contains(why) && file.contains("event_days = 90") && file.contains("high_hours = 4"), "{file}");
        let change = |resource| Permit::of_the_operator_bypassing_roles(resource, Action::Change);
        let permits = [change(Resource::Policies), change(Resource::Indicators), change(Resource::Settings)];
        let permits = [&permits[0], &permits[1], &permits[2]];
        let silent = "format = 1\n[settings]\ncoverage = []\nminimum_daily_events = 7\n";
        assert!(world.services.import_policies(permits, silent, false).await.unwrap().settings);
        let after = world.services.export_policies(&read).await.unwrap();
        assert!(after.contains(why) && after.contains("event_days = 90") && after.contains("minimum_daily_events = 7"), "{after}");
        let said = file.replace("pseudonymise = false", "pseudonymise = true").replace("event_days = 90", "event_days = 120");
        let lines = world.services.import_policies(permits, &said, false).await.unwrap().lines;
        assert!(lines.iter().any(|line| line.contains("Pseudonyms switched on.")) && lines.iter().any(|line| line.contains("120 days")), "{lines:?}");
    }

    async fn alerts_are_due_by_the_targets_that_held_when_they_were_raised(world) {
        let all = json!({"alertTargets": {"highHours": 5, "mediumHours": 5, "lowHours": 5}});
        assert_eq!(update(&world, all).await["userErrors"], json!([]));
        alerted(&world).await;
        let due = async || world.number("SELECT due_at - raised_at FROM alerts").await;
        assert_eq!(due().await, 5 * HOUR);
        update(&world, json!({"alertTargets": {"highHours": 9, "mediumHours": 9, "lowHours": 9}})).await;
        world.clock.advance(DAY);
        world.settle().await;
        assert_eq!(due().await, 5 * HOUR, "it was raised before");
    }

    async fn alerts_go_after_their_period_events_after_theirs_and_a_cause_when_the_person_has_left(world) {
        alerted(&world).await;
        assert_eq!(rows(&world, "events").await, 301);
        world.clock.advance(119 * DAY);
        world.settle().await;
        assert_eq!(retain(&world).await, Gone::default());
        assert!(world.services.retain().await.unwrap().is_none(), "once a day");
        world.clock.advance(2 * DAY);
        world.settle().await;
        let gone = retain(&world).await;
        assert_eq!((gone.alerts, gone.events), (1, 0));
        assert_eq!((rows(&world, "alerts").await, rows(&world, "alert_insights").await), (0, 0));
        // 26 December: what happened on 29 June is 180 days old, the resignation of 20 June is older.
        world.clock.advance(57 * DAY);
        world.settle().await;
        retain(&world).await;
        assert_eq!((rows(&world, "events").await, rows(&world, "triggers").await), (300, 1));
        world.clock.advance(DAY);
        world.settle().await;
        assert_eq!(retain(&world).await.events, 300);
        for table in ["events", "activity_days", "pending", "insights"] {
            assert_eq!(rows(&world, table).await, 0, "{table}");
        }
        // The last working day was the 31st of July.
        world.clock.advance(31 * DAY);
        world.settle().await;
        retain(&world).await;
        assert_eq!(rows(&world, "triggers").await, 1);
        world.clock.advance(DAY);
        world.settle().await;
        assert_eq!(retain(&world).await.causes, 1);
        let cutoff = world.clock.now().day().plus(-180).start().0;
        assert_eq!((rows(&world, "triggers").await, rows(&world, &format!("score_history WHERE at < {cutoff}")).await), (0, 0));
        assert_eq!(rows(&world, "runs").await, 0, "what was delivered half a year ago is forgotten");
        let audited = world.texts("SELECT detail FROM audit WHERE object = 'retention' AND actor = 'system' AND activity = 'DELETED'").await;
        assert_eq!(audited.len(), 6, "one entry a run");
        assert!(audited.iter().any(|entry| entry.contains("\"events\":300")), "{audited:?}");
        assert_eq!(rows(&world, "audit WHERE category = 'ALERTS'").await, 1, "the audit log is not touched");
    }

    async fn dismissed_alerts_go_as_open_ones_do_and_a_policys_effectiveness_stays(world) {
        alerted(&world).await;
        let analyst = world.caller(&[Role::Analyst]);
        let alert = analyst.query("{ alerts { nodes { id } } }").await["alerts"]["nodes"][0]["id"].clone();
        let dismiss = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { userErrors { code } } }";
        analyst.ask(dismiss, json!({"input": {"alertIds": [alert], "reason": "FALSE_POSITIVE", "note": "Mara moves house."}})).await;
        world.clock.advance(121 * DAY);
        world.settle().await;
        let gone = retain(&world).await;
        assert_eq!((gone.alerts, gone.notes), (1, 2));
        assert_eq!((rows(&world, "alerts").await, rows(&world, "notes").await), (0, 0));
        let policies = world.caller(&[Role::Admin]).query("{ policies { nodes { effectiveness health { code } } } }").await;
        assert_eq!(policies["policies"]["nodes"][0]["effectiveness"], 0.0, "{policies}");
    }

    async fn an_active_case_stays_and_a_resolved_one_goes_with_everything_in_it_after_its_period(world) {
        alerted(&world).await;
        let case = case(&world).await;
        world.clock.advance(400 * DAY);
        world.settle().await;
        let gone = retain(&world).await;
        assert_eq!((gone.alerts, gone.cases, gone.notes, gone.events), (0, 0, 0, 301), "{gone:?}");
        resolve(&world, &case).await;
        world.clock.advance(120 * DAY);
        world.settle().await;
        assert_eq!(retain(&world).await.cases, 0);
        world.clock.advance(DAY);
        world.settle().await;
        let gone = retain(&world).await;
        assert_eq!((gone.alerts, gone.cases, gone.notes), (1, 1, 3), "{gone:?}");
        for table in ["alerts", "alert_insights", "cases", "notes"] {
            assert_eq!(rows(&world, table).await, 0, "{table}");
        }
        let policies = world.caller(&[Role::Admin]).query("{ policies { nodes { effectiveness } } }").await;
        assert_eq!(policies["policies"]["nodes"][0]["effectiveness"], Value::Null, "confirmed more than a year ago: {policies}");
    }

    async fn a_legal_hold_keeps_the_case_and_all_of_its_subject_until_it_is_lifted(world) {
        alerted(&world).await;
        let case = case(&world).await;
        assert_eq!(hold(&world, &case, false, "Claim 7.").await["userErrors"], json!([{"code": "CONFLICT", "field": ["input", "hold"]}]));
        assert_eq!(hold(&world, &case, true, " ").await["userErrors"], json!([{"code": "REQUIRED", "field": ["input", "reason"]}]));
        assert_eq!(hold(&world, "case_x", true, "Claim 7.").await["userErrors"], json!([{"code": "NOT_FOUND", "field": ["input", "caseId"]}]));
        resolve(&world, &case).await;
        let held = hold(&world, &case, true, "Claim 7.").await;
        assert_eq!(held["case"]["legalHold"], true, "{held}");
        assert!(held["case"]["notes"].to_string().contains("Put on legal hold."), "{held}");
        assert_eq!(rows(&world, "audit WHERE category = 'CASES' AND reason = 'Claim 7.'").await, 1);
        let refused = erase(&world, MARA, "Asked for it.").await;
        assert_eq!((&refused["erased"], &refused["userErrors"][0]["code"]), (&json!(false), &json!("NOT_ALLOWED")), "{refused}");
        assert!(!refused.to_string().contains("mara"), "{refused}");
        let kept = ["events", "triggers", "activity_days", "alerts", "alert_insights", "cases", "notes", "identifiers"];
        let mut before = Vec::new();
        for table in kept {
            before.push(rows(&world, table).await);
        }
        world.clock.advance(2_000 * DAY);
        world.settle().await;
        let gone = retain(&world).await;
        assert_eq!(Gone { runs: 0, ..gone }, Gone::default());
        for (table, before) in kept.into_iter().zip(before) {
            assert_eq!(rows(&world, table).await, before, "{table}");
        }
        assert_eq!(hold(&world, &case, false, "Settled.").await["case"]["legalHold"], false);
        world.clock.advance(DAY);
        let gone = retain(&world).await;
        assert_eq!((gone.cases, gone.alerts, gone.events), (1, 1, 301), "{gone:?}");
        assert_eq!((rows(&world, "events").await, rows(&world, "triggers").await, rows(&world, "notes").await), (0, 0, 0));
    }

    async fn an_erasure_leaves_nothing_that_names_or_singles_out_and_what_comes_afterwards_is_somebody_new(world) {
        alerted(&world).await;
        let case = case(&world).await;
        world.import_text("m365", &downloads(900..940, "noa.weber@halden-optics.example", "2026-06-29")).await;
        world.settle().await;
        let investigator = world.caller(&[Role::Investigator]);
        let look = "query($case: ID!) { case(id: $case) { name status actionTaken notes { body } alerts { nodes { id status trigger contributions { points } } } \
                    subject { id pseudonym identityState insights { totalCount } alerts { totalCount } } } subjects { totalCount } }";
        let was = investigator.ask(look, json!({"case": case})).await.data().clone();
        let of = |blinds: &[String], all: Vec<String>| -> Vec<String> { all.into_iter().filter(|blind| !blinds.contains(blind)).collect() };
        let all = blinds(&world).await;
        let texts: Vec<String> = ["mara.lindt", "mara lindt", "lindt@"].map(str::to_owned).into();
        assert!(!found(&world, &texts).await.is_empty(), "the case names her: the search finds what is there");
        assert_eq!(found(&world, &all).await.len(), all.len(), "each in identifiers, and nowhere else");
        // What staff wrote about her in the audit log, in a reveal and in a share.
        let asked = crate::reveal::requested(&investigator, &case).await;
        assert_eq!(asked["userErrors"], json!([]));
        let shared = "mutation($input: ShareCaseInput!) { shareCase(input: $input) { userErrors { code } } }";
        let input = json!({"caseId": case, "audience": "HR", "recipient": "HR", "sections": ["SUMMARY"], "expiresInHours": 1, "reason": "HR asked."});
        assert_eq!(investigator.ask(shared, json!({"input": input})).await.data()["shareCase"]["userErrors"], json!([]));
        let question = crate::consultation::asked(&investigator, &case, json!({})).await;
        assert_eq!(question["userErrors"], json!([]), "{question}");
        let reasons = "audit WHERE reason IN ('The works council has to be heard.', 'HR asked.')";
        assert_eq!(rows(&world, reasons).await, 2);
        let echoed = erase(&world, MARA, &format!("Letter of {}", MARA.to_uppercase())).await;
        assert_eq!(echoed["userErrors"][0]["code"], "INVALID", "{echoed}");
        // Another replica knows her.
        let ids = Ids::system(world.clock.clone());
        let replica: Services = app::open(&world.config, world.clock.clone(), ids).await.unwrap();
        import_at(&replica, "m365", &downloads(300..301, MARA, "2026-06-28")).await;
        world.settle().await;
        let audit = rows(&world, "audit").await;
        assert_eq!(erase(&world, MARA, "Asked for it.").await, json!({"erased": true, "userErrors": []}));
        assert_eq!(rows(&world, "audit").await, audit + 1);
        assert_eq!(rows(&world, "audit WHERE activity = 'DELETED' AND category = 'SUBJECTS' AND reason = 'Asked for it.'").await, 1);
        assert_eq!(rows(&world, reasons).await, 0, "the log keeps a commitment to them");
        for table in ["reveals", "shares", "consultations", "notices"] {
            assert_eq!(rows(&world, table).await, 0, "{table}");
        }
        world.settle().await;
        let left = blinds(&world).await;
        let hers = of(&left, all);
        assert_eq!((hers.len(), left.len()), (1, 1));
        let searched: Vec<String> = texts.iter().cloned().chain(hers).collect();
        assert_eq!(found(&world, &searched).await, Vec::<String>::new());
        let is = investigator.ask(look, json!({"case": case})).await.data().clone();
        let (was_subject, subject) = (&was["case"]["subject"], &is["case"]["subject"]);
        assert_eq!(subject["id"], was_subject["id"], "old ids stay valid");
        assert_ne!(subject["pseudonym"], was_subject["pseudonym"]);
        assert_eq!((&subject["identityState"], &subject["insights"]["totalCount"]), (&json!("ERASED"), &json!(0)), "{is:#}");
        assert_eq!((&is["case"]["name"], &is["case"]["status"], &is["case"]["actionTaken"]), (&json!("Erased"), &json!("CLOSED"), &Value::Null));
        assert_eq!(is["case"]["notes"], json!([{"body": "The person whom this case is about was erased."}]));
        assert_eq!(is["case"]["alerts"]["nodes"], json!([{"id": was["case"]["alerts"]["nodes"][0]["id"], "status": "RESOLVED", "trigger": "Erased.", "contributions": []}]));
        assert_eq!((&was["subjects"]["totalCount"], &is["subjects"]["totalCount"]), (&json!(2), &json!(1)), "a list shows people");
        let tombstone = "(SELECT id FROM subjects WHERE erased_at IS NOT NULL)";
        for table in DEALT_WITH.iter().filter(|table| !["alerts", "cases", "alert_insights", "notes", "notices", "case_contributors", "consultations", "shares"].contains(table)) {
            assert_eq!(rows(&world, &format!("{table} WHERE subject_id IN {tombstone}")).await, 0, "{table}");
        }
        assert_eq!(rows(&world, "subjects WHERE erased_at IS NOT NULL AND length(key) > 0").await, 0);
        let never = erase(&world, "nobody@halden-optics.example", "Asked for it.").await;
        assert_eq!(never["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(erase(&world, MARA, "Asked for it.").await, never, "whoever was erased never was");
        // The same delivery once more, and a new one, here and at the replica that knew her.
        import_at(&replica, "m365", &downloads(300..340, MARA, "2026-06-28")).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.import_text("hr", RESIGNATION).await;
        world.settle().await;
        assert_eq!(rows(&world, &format!("events WHERE subject_id IN {tombstone}")).await, 0);
        assert_eq!((rows(&world, "subjects").await, rows(&world, "identifiers").await), (3, 2));
        assert_eq!(rows(&world, "events").await, 40 + 340 + 1);
        let again = world.caller(&[Role::Investigator]).query("{ alerts { nodes { status subject { id pseudonym identityState } } } }").await;
        let new = again["alerts"]["nodes"].as_array().unwrap().iter().find(|alert| alert["status"] == "NEEDS_REVIEW").unwrap_or_else(|| panic!("{again:#}"));
        assert_eq!(new["subject"]["identityState"], "MASKED");
        assert!(new["subject"]["id"] != subject["id"] && new["subject"]["pseudonym"] != was_subject["pseudonym"], "{again:#}");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
        replica.shut_down().await;
    }

    async fn an_erasure_in_the_middle_of_a_delivery_attaches_nothing_to_whoever_was_erased(world) {
        alerted(&world).await;
        for round in 0..3u32 {
            let text = downloads(10_000 * (round + 1)..10_000 * (round + 1) + 4_000, MARA, "2026-06-30");
            let (imported, erased) = tokio::join!(world.import_text("m365", &text), erase(&world, MARA, "Asked for it."));
            assert_eq!((imported.counts.accepted, &erased["erased"]), (4_000, &json!(true)), "{erased}");
            world.settle().await;
            let tombstones = "(SELECT id FROM subjects WHERE erased_at IS NOT NULL)";
            for table in ["events", "identifiers", "pending", "activity_days", "triggers", "scores"] {
                assert_eq!(rows(&world, &format!("{table} WHERE subject_id IN {tombstones}")).await, 0, "{table}");
            }
            // Whoever is erased next has to be there.
            world.import_text("m365", &downloads(10_000 * (round + 1) + 5_000..10_000 * (round + 1) + 5_001, MARA, "2026-06-30")).await;
            world.settle().await;
        }
    }

    async fn an_erasure_takes_a_person_off_the_lists_of_coverage_in_every_version(world) {
        alerted(&world).await;
        let rule = |accounts: &[&str]| json!([{"name": "AGREED", "effectiveFrom": "2026-01-01", "agreement": "Works agreement of 2026", "addAccounts": accounts}]);
        update(&world, json!({"coverage": rule(&[MARA])})).await;
        update(&world, json!({"coverage": rule(&[OTTOLINE]), "reason": "One more."})).await;
        world.settle().await;
        let hers = blinds(&world).await;
        assert_eq!(found(&world, &hers).await.len(), 2, "in identifiers and settings");
        assert_eq!(erase(&world, MARA, "Asked for it.").await["erased"], true);
        assert_eq!(found(&world, &hers).await, Vec::<String>::new());
        let seen = world.caller(&[Role::Admin]).query("{ settings { version coverage { accounts } } settingsHistory { nodes { version reason } } }").await;
        assert_eq!(seen["settings"], json!({"version": 3, "coverage": [{"accounts": 2}]}), "a rule about two never becomes one about everybody");
        assert_eq!(seen["settingsHistory"]["nodes"][0]["reason"], "A person was erased whom a rule of coverage listed.");
        let dropped = world.import_text("m365", &downloads(400..410, MARA, "2026-06-30")).await;
        assert_eq!((dropped.counts.accepted, dropped.counts.uncovered), (0, 10));
    }

    async fn a_person_is_told_everything_of_their_own_and_of_nobody_else(world) {
        world.connect().await;
        world.policy().await;
        world.import("hr", &demo("hr-profiles.csv")).await;
        world.import("hr", &demo("hr-events.csv")).await;
        let mut lines = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(demo("m365-audit.jsonl.gz")).unwrap()).read_to_string(&mut lines).unwrap();
        let own: Vec<&str> = lines.lines().filter(|line| line.to_lowercase().contains("ottoline")).collect();
        world.import_text("m365", own.join("\n").as_bytes()).await;
        let shared = String::from_utf8(downloads(0..3, OTTOLINE, "2026-06-29")).unwrap();
        let shared = shared.replace("sites/a/file", "personal/thaddeus_ekholm_halden-optics_example/Thaddeus Ekholm ");
        world.import_text("m365", shared.as_bytes()).await;
        world.settle().await;
        let permit = Permit::of_the_operator_bypassing_roles(Resource::OwnData, Action::Read);
        let told = world.services.own_data(&permit, OTTOLINE, "Request of 1 July.", false).await.unwrap();
        let text = told.to_string();
        assert!(told["identity"]["identifiers"].to_string().contains(OTTOLINE) && text.contains("Brackwater"), "{}", told["identity"]);
        let hers = "(SELECT subject_id FROM events WHERE content IS NOT NULL GROUP BY subject_id ORDER BY count(*) DESC LIMIT 1)";
        assert_eq!(told["events"].as_array().unwrap().len(), usize::try_from(rows(&world, &format!("events WHERE subject_id = {hers}")).await).unwrap());
        assert!(told["events"].as_array().unwrap().iter().any(|event| event["content"].is_object()));
        assert!(text.contains(COVERED) && text.contains(WITHHELD));
        let row = std::fs::read_to_string(demo("people.csv")).unwrap().lines().find(|line| line.contains(OTTOLINE)).unwrap().to_lowercase();
        let colleagues: Vec<String> = names().into_iter().filter(|name| !row.contains(name.as_str())).collect();
        assert!(colleagues.contains(&"ekholm".to_owned()) && colleagues.len() > 80);
        assert_eq!(leaks(&text, &colleagues), Vec::<String>::new());
        let audited = world.texts("SELECT detail || coalesce(reason, '') FROM audit WHERE activity = 'EXPORTED' AND category = 'SUBJECTS' AND actor = 'operator'").await;
        assert!(audited.len() == 1 && audited[0].contains("Request of 1 July."), "{audited:?}");
        let unknown = world.services.own_data(&permit, "nobody@halden-optics.example", "Request.", false).await.unwrap_err();
        assert!(!unknown.to_string().contains("nobody@"), "{unknown}");
        let other = Permit::of_the_operator_bypassing_roles(Resource::Subjects, Action::Read);
        assert!(world.services.own_data(&other, OTTOLINE, "Request.", false).await.is_err(), "a permit for subjects is none for this");
    }

    async fn of_cases_a_person_is_told_that_there_are_some_and_of_active_ones_when_it_is_decided_so(world) {
        alerted(&world).await;
        let case = case(&world).await;
        let permit = Permit::of_the_operator_bypassing_roles(Resource::OwnData, Action::Read);
        let told = async |active| world.services.own_data(&permit, MARA, "Request.", active).await.unwrap()["cases"].clone();
        assert_eq!(told(false).await, json!([]));
        let active = told(true).await;
        assert_eq!((&active[0]["id"], &active[0]["status"]), (&json!(case), &json!("ACTIVE")));
        assert!(!active.to_string().contains("About"), "not its name: {active}");
        resolve(&world, &case).await;
        assert_eq!(told(false).await[0]["resolution"], "BENIGN");
        let all = world.services.own_data(&permit, MARA, "Request.", true).await.unwrap();
        assert_eq!(all["alerts"].as_array().unwrap().len(), 1, "{all}");
        assert!(!all["score_history"].as_array().unwrap().is_empty() && !all["activity"].as_array().unwrap().is_empty());
        assert!(!all.to_string().contains("Talked to"), "staff's notes are not the person's data to copy");
    }

    async fn a_delivery_that_nobody_processes_is_dropped_when_its_events_would_be_too_old(world) {
        world.connect().await;
        let admin: Caller = world.caller(&[Role::Admin]);
        let connectors = admin.query("{ connectors { nodes { id name } } }").await;
        let m365 = connectors["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "m365").unwrap()["id"].clone();
        let pause = "mutation($input: SetConnectorStateInput!) { setConnectorState(input: $input) { userErrors { code } } }";
        let machine = world.caller(&[Role::Connector]);
        // The pause comes before the worker is through: what it has not begun waits.
        for part in 0..30u32 {
            let sent = machine.deliver("/ingest/m365", &[], downloads(1_000 * part..1_000 * (part + 1), MARA, "2026-06-29")).await;
            assert_eq!(sent.status, 202, "{sent:?}");
        }
        admin.ask(pause, json!({"input": {"connectorId": m365, "state": "PAUSED"}})).await;
        while rows(&world, "runs WHERE state = 'RUNNING'").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let waiting = "runs WHERE body IS NOT NULL";
        let left = rows(&world, waiting).await;
        assert!(left > 0, "all 30 were processed before the pause");
        world.clock.advance(179 * DAY);
        assert_eq!((world.services.retain().await.unwrap().unwrap().deliveries, rows(&world, waiting).await), (0, left));
        world.clock.advance(2 * DAY);
        let dropped = world.services.retain().await.unwrap().unwrap().deliveries;
        assert_eq!((i64::try_from(dropped).unwrap(), rows(&world, waiting).await), (left, 0));
        assert_eq!(rows(&world, "runs WHERE state = 'FAILED' AND error LIKE 'it waited for longer than events are kept%'").await, left);
    }
}

/// Reads a text through a connector of another replica.
async fn import_at(services: &Services, connector: &str, text: &[u8]) {
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
    let id = services.connector_to_import(&permit, connector).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    services.import(&permit, id, None, file.path(), &mut |_| ()).await.unwrap();
}
