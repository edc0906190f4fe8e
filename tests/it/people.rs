//! One person with many accounts: what suggests it, merging, splitting, and that a merge taken back never was.
//! Never: a subject told to whoever names an account; a merge that shows a name.

use crate::{
    privacy::{leaks, names},
    reveal,
    story::downloads,
};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::HOUR};
use vizard_tests::{Caller, Engine, World, on_both};

const MARA: &str = "mara.lindt@halden-optics.example";
const AWAY: &str = "mara.lindt@partner.example";
const OTHER: &str = "otto.brekke@halden-optics.example";
const RESIGNS: &[u8] = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@halden-optics.example,2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n";

fn profile(who: &str, department: &str) -> Vec<u8> {
    let header = "EmailAddress,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept";
    format!("{header}\n{who},Mara,Lindt,Birch Lane 7,1767,{department}\n").into_bytes()
}

/// What is stored of every subject: `part` and the order of ids tell nothing here.
const STATE: &[&str] = &[
    "SELECT 'day ' || s.pseudonym || ' ' || a.day || ' ' || a.indicator || ' ' || a.count FROM activity_days a JOIN subjects s ON s.id = a.subject_id ORDER BY 1",
    "SELECT 'event ' || s.pseudonym || ' ' || e.indicator || ' ' || e.occurred_at || ' ' || e.seq FROM events e JOIN subjects s ON s.id = e.subject_id ORDER BY 1",
    "SELECT 'cause ' || s.pseudonym || ' ' || t.indicator || ' ' || t.occurred_at FROM triggers t JOIN subjects s ON s.id = t.subject_id ORDER BY 1",
    "SELECT 'profile ' || s.pseudonym || ' ' || p.department || ' ' || p.occurred_at FROM profiles p JOIN subjects s ON s.id = p.subject_id ORDER BY 1",
    "SELECT 'score ' || s.pseudonym || ' ' || c.score || ' ' || c.open || ' ' || c.activations FROM scores c JOIN subjects s ON s.id = c.subject_id ORDER BY 1",
    "SELECT 'insight ' || s.pseudonym || ' ' || i.indicator || ' ' || i.day || ' ' || i.count || ' ' || i.points || ' ' || i.explanation FROM insights i JOIN subjects s ON s.id = i.subject_id ORDER BY 1",
    "SELECT 'account ' || s.pseudonym || ' ' || count(*) FROM identifiers n JOIN subjects s ON s.id = n.subject_id GROUP BY s.pseudonym ORDER BY 1",
    "SELECT 'group ' || s.pseudonym || ' ' || count(*) FROM priority_group_members m JOIN subjects s ON s.id = m.subject_id GROUP BY s.pseudonym ORDER BY 1",
];

async fn state(world: &World) -> Vec<String> {
    let mut state = Vec::new();
    for sql in STATE {
        state.extend(world.texts(sql).await);
    }
    state
}

/// The id and the pseudonym of the subject that has exactly this many events.
async fn subject(world: &World, events: u32) -> (String, String) {
    let id =
        if world.engine == Engine::Sqlite { "lower(hex(s.label))" } else { "replace(CAST(s.label AS text), '-', '')" };
    let of = format!(
        "FROM subjects s WHERE s.merged_into IS NULL AND (SELECT count(*) FROM events e WHERE e.subject_id = s.id) = {events}"
    );
    let ids = world.texts(&format!("SELECT 'subject_' || {id} {of}")).await;
    let pseudonyms = world.texts(&format!("SELECT s.pseudonym {of}")).await;
    assert_eq!(ids.len(), 1, "subjects with {events} events");
    (ids[0].clone(), pseudonyms[0].clone())
}

fn investigator(world: &World) -> Caller {
    world.person("Ida Investigator", &[Role::Investigator])
}

async fn merge(who: &Caller, keep: &str, merge: &str) -> Value {
    let mutation = "mutation($input: MergeSubjectsInput!) { mergeSubjects(input: $input) { subject { id pseudonym riskScore mergedSubjects \
                    { id pseudonym mergedAt mergedBy } } userErrors { code field message } warnings } }";
    who.act(mutation, json!({"keepId": keep, "mergeId": merge, "reason": "HR says so."})).await
}

async fn split(who: &Caller, part: &str) -> Value {
    let mutation = "mutation($input: SplitSubjectInput!) { splitSubject(input: $input) { subject { id mergedSubjects { id } } split { id pseudonym \
                    mergedSubjects { id } } userErrors { code field } warnings } }";
    who.act(mutation, json!({"mergedId": part, "reason": "Two people after all."})).await
}

async fn suggestions(who: &Caller) -> Value {
    who.query("{ subjectMergeSuggestions { reason subjects { id pseudonym } } }").await["subjectMergeSuggestions"]
        .clone()
}

/// Somebody who resigned and downloads under two accounts: 100 files under one, 200 under the other.
async fn two_accounts(world: &World) -> [(String, String); 2] {
    world.connect().await;
    world.policy().await;
    world.import_text("hr", &profile(MARA, "Optics")).await;
    world.import_text("hr", RESIGNS).await;
    world.import_text("m365", &downloads(0..100, MARA, "2026-06-28")).await;
    world.import_text("m365", &downloads(100..300, AWAY, "2026-06-29")).await;
    world.import_text("m365", &downloads(300..303, OTHER, "2026-06-29")).await;
    world.settle().await;
    [subject(world, 102).await, subject(world, 200).await]
}

async fn relayed(world: &World, id: &str, who: &str, also: &str) {
    let at = vizard_core::time::Day::from_civil(2026, 6, 20).unwrap().start().0;
    let line = json!({"id": id, "at": at, "who": who, "also": also, "kind": "FILE_DOWNLOADED"});
    world.import_text("relay", line.to_string().as_bytes()).await;
}

on_both! {
    async fn two_accounts_of_one_person_are_scored_as_one(world) {
        let [mara, away] = two_accounts(&world).await;
        let ida = investigator(&world);
        let before = ida.query("{ subjects { totalCount } alerts { totalCount nodes { score subject { id } } } }").await;
        assert_eq!((&before["subjects"]["totalCount"], &before["alerts"]["totalCount"]), (&json!(3), &json!(1)));

        let merged = merge(&ida, &mara.0, &away.0).await;
        assert_eq!((&merged["userErrors"], &merged["subject"]["id"]), (&json!([]), &json!(mara.0)));
        let part = &merged["subject"]["mergedSubjects"][0];
        assert_eq!((&part["id"], &part["pseudonym"], &part["mergedBy"]), (&json!(away.0), &json!(away.1), &json!("dev:ida-investigator")));
        world.settle().await;
        let after = ida.query("{ subjects { totalCount nodes { id } } alerts { totalCount nodes { score subject { id } contributions { insight { explanation } } } } }").await;
        assert_eq!((&after["subjects"]["totalCount"], &after["alerts"]["totalCount"]), (&json!(2), &json!(1)));
        assert!(after["alerts"]["nodes"][0]["score"].as_f64() > before["alerts"]["nodes"][0]["score"].as_f64(), "{before} {after}");
        assert!(after.to_string().contains("Downloaded 200 files on 29 June 2026"), "{after:#}");
        // What comes in under either account is hers, and the old id leads to her.
        world.import_text("m365", &downloads(400..410, AWAY, "2026-06-30")).await;
        world.import_text("m365", &downloads(410..415, MARA, "2026-06-30")).await;
        world.settle().await;
        assert_eq!(subject(&world, 317).await.0, mara.0);
        let old = ida.ask("query($id: ID!) { subject(id: $id) { id } }", json!({"id": away.0})).await;
        assert_eq!(old.data()["subject"]["id"], json!(mara.0));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
        let written = "SELECT count(*) FROM audit WHERE category = 'SUBJECTS' AND activity = 'EDITED' AND reason = 'HR says so.'";
        assert_eq!(world.number(written).await, 1);
    }

    async fn a_merge_that_is_taken_back_never_was(world) {
        let [mara, away] = two_accounts(&world).await;
        let ida = investigator(&world);
        // What comes in while they are merged: activity of both, a new profile of the part, another of the whole.
        let meanwhile: &[(&str, Vec<u8>)] = &[
            ("m365", downloads(400..440, AWAY, "2026-06-30")),
            ("m365", downloads(440..447, MARA, "2026-06-30")),
            ("hr", profile(AWAY, "Partners")),
            ("hr", profile(MARA, "Prisms")),
            ("hr", b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@partner.example,2026-06-25T09:00:00Z,2026-08-31T00:00:00Z\n".to_vec()),
        ];
        // Without a merge: the same again in a world of its own would have other pseudonyms, so it is read first and forgotten.
        merge(&ida, &mara.0, &away.0).await;
        for (connector, file) in meanwhile {
            world.import_text(connector, file).await;
        }
        world.settle().await;
        let apart = split(&ida, &away.0).await;
        assert_eq!((&apart["userErrors"], &apart["subject"]["id"], &apart["split"]["id"]), (&json!([]), &json!(mara.0), &json!(away.0)));
        assert_eq!((&apart["split"]["pseudonym"], &apart["subject"]["mergedSubjects"]), (&json!(away.1), &json!([])));
        world.settle().await;
        let taken_back = state(&world).await;
        // What it is without the merge: counts and scores made anew from the same deliveries.
        for table in ["alert_insights", "notes", "alerts", "outbox", "insights", "scores", "score_history", "triggers", "pending", "activity_days", "events", "profiles", "runs"] {
            world.execute(&format!("DELETE FROM {table}")).await;
        }
        world.import_text("hr", &profile(MARA, "Optics")).await;
        world.import_text("hr", RESIGNS).await;
        world.import_text("m365", &downloads(0..100, MARA, "2026-06-28")).await;
        world.import_text("m365", &downloads(100..300, AWAY, "2026-06-29")).await;
        world.import_text("m365", &downloads(300..303, OTHER, "2026-06-29")).await;
        for (connector, file) in meanwhile {
            world.import_text(connector, file).await;
        }
        world.settle().await;
        let never = state(&world).await;
        let without_places = |state: Vec<String>| -> Vec<String> {
            let place = |line: String| if line.starts_with("event ") { line.rsplit_once(' ').unwrap().0.to_owned() } else { line };
            let mut lines: Vec<String> = state.into_iter().map(place).collect();
            lines.sort();
            lines
        };
        assert_eq!(without_places(taken_back), without_places(never));
        for leftover in ["part_days", "part_profiles", "subjects WHERE merged_into IS NOT NULL"] {
            assert_eq!(world.number(&format!("SELECT count(*) FROM {leftover}")).await, 0, "{leftover}");
        }
    }

    async fn what_was_sealed_before_and_after_a_merge_is_opened(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = investigator(&world);
        let listed = ida.ask("query($id: ID!) { case(id: $id) { subject { id } } }", json!({"id": case})).await;
        let kept = listed.data()["case"]["subject"]["id"].as_str().unwrap().to_owned();
        world.import_text("m365", &downloads(0..7, "stray@partner.example", "2026-06-29")).await;
        world.settle().await;
        let stray = subject(&world, 7).await;
        merge(&ida, &kept, &stray.0).await;
        world.import_text("m365", &downloads(7..9, "stray@partner.example", "2026-06-29")).await;
        world.settle().await;
        // Evidence of both, in full.
        let report = "mutation($input: CreateActivityReportInput!) { createActivityReport(input: $input) { activityReport { activities(first: 100) { nodes { content } } } userErrors { message } } }";
        let made = ida.act(report, json!({"subjectId": kept, "from": "2026-06-29", "to": "2026-06-29", "reason": "Asked by the lead."})).await;
        let opened = made["activityReport"]["activities"]["nodes"].as_array().unwrap_or_else(|| panic!("{made}")).clone();
        let strays = opened.iter().filter(|event| event["content"].to_string().contains("/sites/a/file")).count();
        assert_eq!(strays, 9, "{made}");
        assert!(opened.iter().all(|event| event["content"].is_object()), "{made}");
        // A reveal names all of the person's accounts.
        let april = world.person("April Approver", &[Role::Approver]);
        let asked = reveal::requested(&ida, &case).await;
        reveal::decided(&april, &asked["reveal"], true).await;
        let look = "query($id: ID!) { case(id: $id) { subject { identity { displayName accounts } mergedSubjects { id } } } }";
        let seen = ida.ask(look, json!({"id": case})).await.data()["case"]["subject"].clone();
        assert!(seen["identity"]["accounts"].as_array().unwrap().contains(&json!("stray@partner.example")), "{seen}");
        assert_eq!(seen["mergedSubjects"], json!([]), "the case has parted from the queue");
        // The package, the person's own data, and the log, over the same rows.
        let export = "mutation($input: ExportCaseInput!) { exportCase(input: $input) { export { id } userErrors { message } } }";
        let exported = ida.act(export, json!({"caseId": case, "reason": "For the court."})).await;
        assert_eq!(exported["userErrors"], json!([]), "{exported}");
        let own = vizard_server::permit::Permit::of_the_operator_bypassing_roles(vizard_core::access::Resource::OwnData, vizard_core::access::Action::Read);
        let told = world.services.own_data(&own, "stray@partner.example", "Asked by the person.", true).await.unwrap();
        assert!(told["identity"]["identifiers"].as_array().unwrap().len() >= 2, "{told}");
        assert_eq!(told["events"].to_string().matches("/sites/a/file").count(), 9 * told["events"].to_string().matches("/sites/a/file0.docx").count());
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn a_merge_and_a_split_end_what_is_revealed(world) {
        let (case, _, _) = reveal::case(&world).await;
        let (ida, april) = (investigator(&world), world.person("April Approver", &[Role::Approver]));
        world.import_text("m365", &downloads(0..7, "stray@partner.example", "2026-06-29")).await;
        world.settle().await;
        let stray = subject(&world, 7).await;
        let look = "query($id: ID!) { case(id: $id) { subject { id identityState identity { displayName accounts } } reveals { state } notes { body system } } }";
        let seen = async || ida.ask(look, json!({"id": case})).await.data()["case"].clone();
        let reveal = async || {
            let asked = reveal::requested(&ida, &case).await;
            reveal::decided(&april, &asked["reveal"], true).await;
            assert_eq!(seen().await["subject"]["identityState"], "REVEALED");
        };
        reveal().await;
        // The case has parted from the queue: from its own label nothing is merged, or somebody would learn who is who.
        let parted = seen().await["subject"]["id"].as_str().unwrap().to_owned();
        assert_eq!(merge(&ida, &parted, &stray.0).await["userErrors"][0]["code"], "NOT_FOUND");
        let queued = ida.query("{ subjects(first: 100) { nodes { id riskScore } } }").await;
        let kept = queued["subjects"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(merge(&ida, &kept, &stray.0).await["userErrors"], json!([]));
        let after = seen().await;
        assert_eq!((&after["subject"]["identityState"], &after["reveals"][0]["state"]), (&json!("MASKED"), &json!("ENDED")));
        assert!(after["notes"].to_string().contains("merged with another"), "{after}");
        assert_eq!(leaks(&after.to_string(), &names()), Vec::<String>::new());
        world.clock.advance(HOUR);
        reveal().await;
        assert_eq!(split(&ida, &stray.0).await["userErrors"], json!([]));
        assert_eq!(seen().await["subject"]["identityState"], "MASKED");
    }

    async fn cases_and_alerts_go_over_and_come_back(world) {
        let [mara, away] = two_accounts(&world).await;
        world.import_text("hr", b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@partner.example,2026-06-25T09:00:00Z,2026-08-31T00:00:00Z\n").await;
        world.settle().await;
        let ida = investigator(&world);
        let of = "query($id: ID!) { subject(id: $id) { alerts(first: 50) { nodes { id status case { id subject { id } } subject { id } } } } }";
        let alerts = async |id: &str| ida.ask(of, json!({"id": id})).await.data()["subject"]["alerts"]["nodes"].clone();
        let theirs = alerts(&away.0).await;
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
        let made = ida.act(confirm, json!({"alertId": theirs[0]["id"], "caseName": "Partner account", "comment": "Looks bad."})).await;
        assert_eq!(made["userErrors"], json!([]));
        let hers = alerts(&mara.0).await;
        assert_eq!((theirs.as_array().unwrap().len(), hers.as_array().unwrap().len()), (1, 1));

        merge(&ida, &mara.0, &away.0).await;
        world.settle().await;
        let all = alerts(&mara.0).await;
        let there: Vec<&Value> = all.as_array().unwrap().iter().map(|alert| &alert["id"]).collect();
        assert!(there.contains(&&theirs[0]["id"]) && there.contains(&&hers[0]["id"]), "{all:#}");
        assert!(all.as_array().unwrap().iter().all(|alert| alert["subject"]["id"] == json!(mara.0)), "{all:#}");
        let case = "query($id: ID!) { case(id: $id) { subject { id } alerts { nodes { id subject { id } } } } }";
        let shown = async || ida.ask(case, json!({"id": made["case"]["id"]})).await.data()["case"].clone();
        assert_eq!(shown().await["subject"]["id"], json!(mara.0));

        split(&ida, &away.0).await;
        world.settle().await;
        let back = shown().await;
        assert_eq!((&back["subject"]["id"], &back["alerts"]["nodes"]), (&json!(away.0), &json!([{"id": theirs[0]["id"], "subject": {"id": away.0}}])));
        assert_eq!(alerts(&mara.0).await[0]["id"], hers[0]["id"]);
    }

    async fn two_alerts_that_wait_under_one_policy_both_wait_and_one_follows_the_score(world) {
        let [mara, away] = two_accounts(&world).await;
        world.import_text("hr", b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@partner.example,2026-06-25T09:00:00Z,2026-08-31T00:00:00Z\n").await;
        world.settle().await;
        let ida = investigator(&world);
        let waiting = async || ida.query("{ alerts(filter: {status: [NEEDS_REVIEW]}, orderBy: RAISED_AT_ASC) { nodes { id score subject { id } } } }").await["alerts"]["nodes"].clone();
        let before = waiting().await;
        assert_eq!(before.as_array().unwrap().len(), 2);
        merge(&ida, &mara.0, &away.0).await;
        world.settle().await;
        let after = waiting().await;
        assert_eq!((after.as_array().unwrap().len(), &after[0]["id"], &after[1]["id"]), (2, &before[0]["id"], &before[1]["id"]));
        assert!(after[0]["score"].as_f64() > before[0]["score"].as_f64() && after[1]["score"] == before[1]["score"], "{before} {after}");
        assert!(after.as_array().unwrap().iter().all(|alert| alert["subject"]["id"] == json!(mara.0)), "{after}");
        let history = "query($id: ID!) { subject(id: $id) { scoreHistory { score cause } } }";
        let causes = ida.ask(history, json!({"id": mara.0})).await.data()["subject"]["scoreHistory"].to_string();
        assert!(causes.contains("Accounts were found to be the same person's"), "{causes}");
        split(&ida, &away.0).await;
        world.settle().await;
        let apart = waiting().await;
        assert_eq!((&apart[0]["subject"]["id"], &apart[1]["subject"]["id"]), (&before[0]["subject"]["id"], &before[1]["subject"]["id"]));
    }

    async fn accounts_that_are_alike_are_suggested_and_never_merged(world) {
        world.connect().await;
        world.import_text("m365", &downloads(0..1, MARA, "2026-06-28")).await;
        world.import_text("m365", &downloads(1..3, "mara.lindt@partner.example", "2026-06-28")).await;
        world.import_text("m365", &downloads(3..6, "mlindt@elsewhere.example", "2026-06-28")).await;
        world.import_text("m365", &downloads(6..10, OTHER, "2026-06-28")).await;
        world.clock.advance(2 * HOUR);
        let ida = investigator(&world);
        assert_eq!(world.services.compare_accounts().await.unwrap(), Some(3));
        assert_eq!(world.services.compare_accounts().await.unwrap(), None, "not again within the hour");
        let found = suggestions(&ida).await;
        let reasons: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["reason"]).collect();
        assert_eq!(reasons, [&json!("SAME_ACCOUNT"), &json!("SPELLING"), &json!("SPELLING")]);
        assert_eq!(ida.query("{ subjects { totalCount } }").await["subjects"]["totalCount"], 4, "nothing is merged by itself");
        assert_eq!(leaks(&found.to_string(), &["lindt", "mara", "partner"].map(str::to_owned)), Vec::<String>::new());

        // Dismissed, it does not come back; merged, it is settled.
        let dismiss = "mutation($input: DismissMergeSuggestionInput!) { dismissMergeSuggestion(input: $input) { dismissed userErrors { code field } warnings } }";
        let pair = |at: usize| json!([found[at]["subjects"][0]["id"], found[at]["subjects"][1]["id"]]);
        let input = |at: usize| json!({"subjectIds": pair(at), "reason": "Asked both."});
        assert_eq!(ida.act(dismiss, input(1)).await["dismissed"], json!(true));
        let again = ida.act(dismiss, input(1)).await;
        assert_eq!((&again["dismissed"], &again["userErrors"][0]["code"]), (&json!(false), &json!("NOT_FOUND")));
        let one = ida.act(dismiss, json!({"subjectIds": [pair(0)[0]], "reason": "Asked both."})).await;
        assert_eq!(one["userErrors"][0]["code"], "INVALID");
        world.clock.advance(2 * HOUR);
        world.services.compare_accounts().await.unwrap();
        assert_eq!(suggestions(&ida).await.as_array().unwrap().len(), 2);
        let merged = merge(&ida, pair(0)[0].as_str().unwrap(), pair(0)[1].as_str().unwrap()).await;
        assert_eq!(merged["userErrors"], json!([]));
        assert!(suggestions(&ida).await.as_array().unwrap().iter().all(|one| one["reason"] != "SAME_ACCOUNT"));
        // Taken apart again, they are not suggested again.
        split(&ida, pair(0)[1].as_str().unwrap()).await;
        world.clock.advance(2 * HOUR);
        world.services.compare_accounts().await.unwrap();
        assert!(suggestions(&ida).await.as_array().unwrap().iter().all(|one| one["reason"] != "SAME_ACCOUNT"));
    }

    async fn what_a_source_puts_on_one_record_is_suggested_at_once(world) {
        world.connect_relay().await;
        relayed(&world, "1", MARA, "mlindt").await;
        relayed(&world, "2", OTHER, "obrekke").await;
        assert_eq!(world.number("SELECT count(*) FROM merge_suggestions").await, 0);
        relayed(&world, "3", MARA, "obrekke").await;
        relayed(&world, "4", MARA, "obrekke").await;
        let found = suggestions(&investigator(&world)).await;
        assert_eq!((found.as_array().unwrap().len(), &found[0]["reason"]), (1, &json!("NAMED_TOGETHER")));
        assert_eq!(world.number("SELECT count(*) FROM subjects").await, 2, "the record belongs to whom it names first");
    }

    async fn who_is_merged_and_by_whom_is_decided_by_rights_and_sight(world) {
        let [mara, away] = two_accounts(&world).await;
        let other = subject(&world, 3).await;
        let analyst = world.person("Ann Analyst", &[Role::Analyst]);
        let mutation = "mutation($input: MergeSubjectsInput!) { mergeSubjects(input: $input) { subject { id } } }";
        let refused = analyst.ask(mutation, json!({"input": {"keepId": mara.0, "mergeId": away.0, "reason": "x"}})).await;
        assert_eq!(refused.body["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let ida = investigator(&world);
        for (keep, part, code, field) in [
            (mara.0.as_str(), mara.0.as_str(), "INVALID", "mergeId"),
            (mara.0.as_str(), "subject_00000000000000000000000000000000", "NOT_FOUND", "mergeId"),
            ("x", away.0.as_str(), "NOT_FOUND", "keepId"),
        ] {
            let answer = merge(&ida, keep, part).await;
            assert_eq!((&answer["userErrors"][0]["code"], &answer["userErrors"][0]["field"]), (&json!(code), &json!(["input", field])), "{answer}");
        }
        // Nobody merges or splits themselves, and what one may not see is not there.
        let own = world.caller_with_account("Otto Brekke", OTHER, &[Role::Investigator]);
        assert_eq!(merge(&own, &mara.0, &other.0).await["userErrors"][0]["code"], "NOT_FOUND");
        merge(&ida, &other.0, &away.0).await;
        assert_eq!(split(&own, &away.0).await["userErrors"][0]["code"], "NOT_FOUND");
        // Once merged, it is merged.
        assert_eq!(merge(&ida, &mara.0, &away.0).await["userErrors"], json!([]), "the old id leads to the whole person");
        assert_eq!(subject(&world, 305).await.0, mara.0);
        assert_eq!(split(&ida, &mara.0).await["userErrors"][0]["code"], "NOT_FOUND", "the kept one is no part");
        // Parts come off one by one.
        assert_eq!(split(&ida, &away.0).await["userErrors"], json!([]));
        assert_eq!((subject(&world, 105).await.0, subject(&world, 200).await.0), (mara.0.clone(), away.0.clone()));
        assert_eq!(split(&ida, &other.0).await["userErrors"], json!([]));
        assert_eq!((subject(&world, 102).await.0, subject(&world, 3).await.0), (mara.0, other.0));
    }

    async fn an_erased_person_is_gone_with_every_account(world) {
        let [mara, away] = two_accounts(&world).await;
        merge(&investigator(&world), &mara.0, &away.0).await;
        world.settle().await;
        let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { userErrors { message } } }";
        let admin = world.caller(&[Role::Admin]);
        assert_eq!(admin.act(erase, json!({"account": AWAY, "reason": "Asked by the person."})).await["userErrors"], json!([]));
        for left in ["identifiers", "events", "activity_days", "part_days", "profiles", "part_profiles", "name_marks", "scores", "insights"] {
            let of = "IN (SELECT id FROM subjects WHERE erased_at IS NOT NULL)";
            assert_eq!(world.number(&format!("SELECT count(*) FROM {left} WHERE subject_id {of}")).await, 0, "{left}");
        }
        assert_eq!(world.number("SELECT count(*) FROM subjects WHERE erased_at IS NOT NULL AND length(key) = 0").await, 2);
        // They come back as strangers to each other.
        world.import_text("m365", &downloads(500..501, MARA, "2026-06-30")).await;
        world.import_text("m365", &downloads(501..503, AWAY, "2026-06-30")).await;
        assert_ne!(subject(&world, 1).await.0, subject(&world, 2).await.0);
    }

    async fn the_operator_merges_and_splits_by_account(world) {
        let [mara, away] = two_accounts(&world).await;
        use vizard_core::access::{Action, Resource};
        let permit = vizard_server::permit::Permit::of_the_operator_bypassing_roles(Resource::Merges, Action::Change);
        assert!(world.services.merge_accounts(&permit, ["nobody@halden.example", MARA], "HR says so.").await.is_err());
        assert!(world.services.split_account(&permit, AWAY, "HR says so.").await.is_err(), "it is no part of anything");
        world.services.merge_accounts(&permit, [AWAY, MARA], "HR says so.").await.unwrap();
        assert_eq!(subject(&world, 302).await.0, mara.0);
        world.services.split_account(&permit, AWAY, "HR was wrong.").await.unwrap();
        assert_eq!(subject(&world, 200).await.0, away.0);
    }
}
