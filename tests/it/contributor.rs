//! Whoever contributes to a case: what they leave to others, for how long, and that a contribution ends.

use crate::{
    lines::{Matter, confirmed, matters},
    need, share,
    triage::leaver,
};
use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{Caller, World, on_both};

const ADD: &str = "mutation($input: AddCaseContributorInput!) { addCaseContributor(input: $input) { case { contributors } userErrors { code field message } } }";
const REMOVE: &str = "mutation($input: RemoveCaseContributorInput!) { removeCaseContributor(input: $input) { case { contributors notes { system body } } userErrors { code field message } } }";
const DISMISS: &str = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { alerts { status } userErrors { code field message } } }";
const CONFIRM: &str = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { alert { status } userErrors { code field message } } }";
const EXPORT: &str = "mutation($input: ExportCaseInput!) { exportCase(input: $input) { export { id url } userErrors { code field message } } }";
const RESOLVE: &str = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";
const CONTENT: &str = "query($id: ID!) { alert(id: $id) { insights(first: 1) { nodes { activities(first: 2) { nodes { facts content } } } } } }";
const LOOKS: &str = "SELECT count(*) FROM audit WHERE activity = 'VIEWED' AND category = 'SUBJECTS'";

/// That it was refused because whoever asked contributes, and at which field of the input.
#[track_caller]
fn refused(payload: &Value, field: &[&str]) {
    let error = &payload["userErrors"][0];
    let field: Vec<&str> = ["input"].iter().chain(field).copied().collect();
    assert_eq!((&error["code"], &error["field"]), (&json!("NOT_ALLOWED"), &json!(field)), "{payload}");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("You contribute to a case about this subject: only "), "{message}");
}

async fn viewer_can(who: &Caller, of: &str, id: &Value) -> Vec<String> {
    let document = format!("query($id: ID!) {{ {of}(id: $id) {{ viewerCan }} }}");
    let listed = who.ask(&document, json!({"id": id})).await.data()[of]["viewerCan"].clone();
    serde_json::from_value(listed).unwrap()
}

/// Events beneath an alert as somebody reads them, and the codes of the errors.
async fn read(who: &Caller, alert: &Value) -> (Vec<Value>, Vec<Value>) {
    let body = who.ask(CONTENT, json!({"id": alert})).await.body;
    let nodes = &body["data"]["alert"]["insights"]["nodes"][0]["activities"]["nodes"];
    let errors = body["errors"].as_array().into_iter().flatten().map(|error| error["extensions"]["code"].clone());
    (nodes.as_array().unwrap_or_else(|| panic!("{body}")).clone(), errors.collect())
}

/// Two people, each with an alert of two policies; a case about the first, to which Ida contributes.
async fn prepared(world: &World) -> (Vec<Matter>, Value) {
    let matters = matters(world, 2).await;
    let ann = world.person("Ann", &[Role::Analyst]);
    let case = confirmed(&ann, &matters[0].alerts[0]).await;
    let added = ann.act(ADD, json!({"caseId": case, "viewer": "dev:ida"})).await;
    assert_eq!(added["case"]["contributors"], json!(["dev:ida"]), "{added}");
    (matters, case)
}

on_both! {
    async fn a_contributor_decides_nothing_about_the_subject_and_says_not_who_contributes(world) {
        let (matters, case) = prepared(&world).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        let open = &matters[0].alerts[1];
        let both = json!({"alertIds": [open, matters[1].alerts[1]], "reason": "FALSE_POSITIVE"});
        let tried = ida.act(DISMISS, both).await;
        refused(&tried, &["alertIds", "0"]);
        assert_eq!(tried["alerts"], json!([{"status": "NEEDS_REVIEW"}, {"status": "NEEDS_REVIEW"}]), "all or none");
        refused(&ida.act(CONFIRM, json!({"alertId": open, "caseName": "Mine"})).await, &["alertId"]);
        refused(&ida.act(CONFIRM, json!({"alertId": open, "caseId": case})).await, &["alertId"]);
        refused(&ida.act(ADD, json!({"caseId": case, "viewer": "dev:bea"})).await, &["caseId"]);
        refused(&ida.act(REMOVE, json!({"caseId": case, "viewer": "dev:ida"})).await, &["caseId"]);
        assert_eq!(world.number("SELECT count(*) FROM cases").await, 1);
        // What decides nothing is theirs, and so is what is about somebody else.
        let assign = "mutation($input: AssignAlertInput!) { assignAlert(input: $input) { alert { assignee } userErrors { code } } }";
        assert_eq!(ida.act(assign, json!({"alertId": open, "assignee": "dev:ida"})).await["alert"]["assignee"], "dev:ida");
        let note = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { code } } }";
        assert_eq!(ida.act(note, json!({"caseId": case, "body": "The file is a template."})).await["userErrors"], json!([]));
        let other = json!({"alertIds": [matters[1].alerts[1]], "reason": "FALSE_POSITIVE"});
        assert_eq!(ida.act(DISMISS, other).await["alerts"], json!([{"status": "DISMISSED"}]));
        // The buttons say the same.
        assert_eq!(viewer_can(&ida, "alert", open).await, ["ASSIGN", "SEND_FOR_REVIEW"]);
        assert_eq!(viewer_can(&ann, "alert", open).await, ["CONFIRM", "DISMISS", "ASSIGN", "SEND_FOR_REVIEW"]);
        let may = viewer_can(&ida, "case", &case).await;
        assert!(["ADD_NOTE", "RESOLVE", "SHARE"].iter().all(|action| may.contains(&(*action).to_owned())), "{may:?}");
        let never = ["ADD_CONTRIBUTOR", "REMOVE_CONTRIBUTOR", "EXPORT", "REOPEN"];
        assert!(never.iter().all(|action| !may.contains(&(*action).to_owned())), "{may:?}");
        let may = viewer_can(&ann, "case", &case).await;
        assert!(never[..2].iter().all(|action| may.contains(&(*action).to_owned())), "{may:?}");

        // It ends: by somebody who does not contribute, once, with a note and an entry.
        let ended = ann.act(REMOVE, json!({"caseId": case, "viewer": "dev:ida"})).await;
        assert_eq!((&ended["case"]["contributors"], &ended["userErrors"]), (&json!([]), &json!([])), "{ended}");
        let notes = ended["case"]["notes"].as_array().unwrap();
        assert!(notes.contains(&json!({"system": true, "body": "dev:ida contributes no longer."})), "{notes:?}");
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE detail LIKE '%contributorRemoved%'").await, 1);
        let again = ann.act(REMOVE, json!({"caseId": case, "viewer": "dev:ida"})).await;
        assert_eq!((&again["userErrors"][0]["code"], &again["userErrors"][0]["field"]), (&json!("NOT_FOUND"), &json!(["input", "viewer"])));
        assert_eq!(ida.act(CONFIRM, json!({"alertId": open, "caseId": case})).await["alert"]["status"], "CONFIRMED");
        // A closed case is frozen in this as well.
        ann.act(ADD, json!({"caseId": case, "viewer": "dev:bea"})).await;
        ann.act(RESOLVE, json!({"caseId": case, "resolution": "BENIGN", "actionTaken": "None."})).await;
        let late = ann.act(REMOVE, json!({"caseId": case, "viewer": "dev:bea"})).await;
        assert_eq!(late["userErrors"][0]["code"], "NOT_ALLOWED", "{late}");
    }

    async fn a_contributor_neither_reads_evidence_in_full_nor_exports_it_nor_shows_it_to_others(world) {
        let (matters, case) = prepared(&world).await;
        let (ida, ben) = (world.person("Ida", &[Role::Investigator]), world.person("Ben", &[Role::Investigator]));
        // In the case and in the queue alike; what is not shown is no look.
        for alert in &matters[0].alerts {
            let looks = world.number(LOOKS).await;
            let (seen, errors) = read(&ida, alert).await;
            assert!(seen.len() == 2 && seen.iter().all(|one| one["content"].is_null() && one["facts"].is_object()), "{seen:?}");
            assert_eq!(errors, [json!("FORBIDDEN"), json!("FORBIDDEN")], "an error at each");
            assert_eq!(world.number(LOOKS).await, looks);
            let (seen, errors) = read(&ben, alert).await;
            assert!(errors.is_empty() && seen.iter().all(|one| one["content"].is_object()), "{seen:?}");
            assert_eq!(world.number(LOOKS).await, looks + 1);
        }
        let (seen, errors) = read(&ida, &matters[1].alerts[0]).await;
        assert!(errors.is_empty() && seen[0]["content"].is_object(), "somebody else's: {seen:?}");

        refused(&ida.act(EXPORT, json!({"caseId": case, "reason": "Legal asked."})).await, &["caseId"]);
        let made = ben.act(EXPORT, json!({"caseId": case, "reason": "Legal asked."})).await;
        let url = made["export"]["url"].as_str().unwrap_or_else(|| panic!("{made}"));
        assert_eq!((ida.fetch(url, &[]).await.status, ben.fetch(url, &[]).await.status), (403, 200));
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'EXPORTED' AND actor = 'dev:ida'").await, 0);

        let share = "mutation($input: ShareCaseInput!) { shareCase(input: $input) { token userErrors { code field message } } }";
        let mut input = json!({"caseId": case, "audience": "LEGAL", "recipient": "Legal", "expiresInHours": 1,
            "sections": ["SUMMARY", "EVIDENCE"], "reason": "Legal asked."});
        let tried = ida.act(share, input.clone()).await;
        refused(&tried, &["sections"]);
        assert!(tried["token"].is_null());
        assert!(ben.act(share, input.clone()).await["token"].is_string());
        input["sections"] = json!(["SUMMARY", "TIMELINE", "ALERTS", "NOTES"]);
        assert!(ida.act(share, input).await["token"].is_string());
        assert!(share::shared(&ida, case.as_str().unwrap(), json!({"sections": ["EVIDENCE"]})).await["token"].is_null());
    }

    async fn the_limits_end_with_the_case_but_for_whom_nothing_else_lets_see_the_subject(world) {
        let (matters, case) = prepared(&world).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        need::grouped(&world, &leaver(0), json!(["dev:ann"])).await;
        let open = json!({"alertIds": [matters[0].alerts[1]], "reason": "FALSE_POSITIVE"});
        refused(&ida.act(DISMISS, open.clone()).await, &["alertIds", "0"]);
        ann.act(RESOLVE, json!({"caseId": case, "resolution": "BENIGN", "actionTaken": "None."})).await;
        // The subject is in her sight by the contribution alone: it stays one.
        refused(&ida.act(DISMISS, open.clone()).await, &["alertIds", "0"]);
        assert_eq!(read(&ida, &matters[0].alerts[0]).await.1.len(), 2);
        assert!(!viewer_can(&ida, "case", &case).await.contains(&"EXPORT".to_owned()));
        let reopen = "mutation($input: ReopenCaseInput!) { reopenCase(input: $input) { userErrors { code field message } } }";
        refused(&ida.act(reopen, json!({"caseId": case, "reason": "More came in."})).await, &["caseId"]);
        // On the list herself she is like everybody.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { userErrors { message } } }";
        let admin = world.caller(&[Role::Admin]);
        let group = admin.query("{ priorityUserGroups { id } }").await["priorityUserGroups"][0]["id"].clone();
        admin.act(save, json!({"id": group, "name": "Board", "viewers": ["dev:ann", "dev:ida"]})).await;
        assert!(viewer_can(&ida, "case", &case).await.contains(&"EXPORT".to_owned()));
        assert!(read(&ida, &matters[0].alerts[0]).await.1.is_empty());
        assert_eq!(ida.act(DISMISS, open).await["alerts"], json!([{"status": "DISMISSED"}]));
    }

    async fn whoever_contributes_no_longer_sees_nothing_more_at_once(world) {
        let (_, case) = prepared(&world).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        need::grouped(&world, &leaver(0), json!(["dev:ann"])).await;
        let look = "query($id: ID!) { case(id: $id) { id } }";
        assert_eq!(ida.ask(look, json!({"id": case})).await.data()["case"]["id"], case);
        let mut stream = ida.events("subscription($id: ID!) { caseUpdated(id: $id) { id } }", json!({"id": case})).await;
        stream.opened().await.unwrap();
        assert_eq!(ann.act(REMOVE, json!({"caseId": case, "viewer": "dev:ida"})).await["userErrors"], json!([]));
        let last = stream.next().await;
        assert_eq!((&last["data"], &last["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("NOT_FOUND")));
        assert_eq!(ida.ask(look, json!({"id": case})).await.data(), &json!({"case": null}));
    }
}
