//! A working day on the sample data, over HTTP: five people with their tokens, a mail server, and the audit log of that day.
//! Never: a step that the day's people could not take at a screen.

use crate::{
    command::vizard,
    privacy::{leaks, names},
    reveal::{decided, requested},
    share,
};
use serde_json::{Value, json};
use std::process::Command;
use vizard_core::{
    access::Role,
    time::{HOUR, MINUTE},
};
use vizard_server::service::audit::public_key;
use vizard_tests::{Caller, Postbox, on_both};

async fn act(who: &Caller, mutation: &str, input: Value) -> Value {
    let done = who.act(mutation, input).await;
    assert_eq!(done["userErrors"], json!([]), "{done}");
    done
}

const SEND: &str = "mutation($input: SendAlertForReviewInput!) { sendAlertForReview(input: $input) { alert { id } userErrors { message } } }";
const DISMISS: &str =
    "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { alerts { id } userErrors { message } } }";
const CONFIRM: &str =
    "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
const NOTE: &str =
    "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { case { id } userErrors { message } } }";
const TEMPLATE: &str = "mutation($input: SaveNoticeTemplateInput!) { saveNoticeTemplate(input: $input) { template { id } userErrors { message } } }";
const NOTICE: &str =
    "mutation($input: SendNoticeInput!) { sendNotice(input: $input) { notice { id } userErrors { message } } }";
const EXPORT: &str =
    "mutation($input: ExportCaseInput!) { exportCase(input: $input) { export { url sha256 } userErrors { message } } }";
const RESOLVE: &str =
    "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { case { status } userErrors { message } } }";
const OVERVIEW: &str = "{ overview { openAlertsBySeverity { severity count } activeCases overdueAlerts } }";

on_both! {
    async fn five_people_work_through_a_day_and_the_audit_log_tells_it(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let mut post = Postbox::start().await;
        let server = world.second(&post.settings()).await;
        let here = |name: &str, role| server.at_its_door(&world.person(name, &[role]));
        let ann = here("Ann Analyst", Role::Analyst);
        let ida = here("Ida Investigator", Role::Investigator);
        let april = here("April Approver", Role::Approver);
        let audrey = here("Audrey Auditor", Role::Auditor);
        let before = world.number("SELECT count(*) FROM audit").await;

        // 9:00, the analyst: what is there, what first; two that come to nothing, one that an investigator should see.
        let open = |seen: &Value| seen["overview"]["openAlertsBySeverity"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum::<i64>();
        let morning = ann.query(OVERVIEW).await;
        let queue = ann.query("{ alerts(first: 50, orderBy: SCORE_DESC) { totalCount nodes { id score severity triage { rank reasons } subject { pseudonym } contributions { points insight { explanation } } } } }").await;
        let alerts = queue["alerts"]["nodes"].as_array().unwrap();
        assert!(alerts.len() >= 3 && open(&morning) == alerts.len() as i64, "{morning}");
        assert_eq!(alerts[0]["triage"]["rank"], "NEEDS_ATTENTION", "{}", alerts[0]);
        let last: Vec<&Value> = alerts.iter().rev().take(2).map(|alert| &alert["id"]).collect();
        act(&ann, DISMISS, json!({"alertIds": last, "reason": "EXPECTED_ACTIVITY", "note": "A handover, with a ticket."})).await;
        act(&ann, SEND, json!({"alertId": alerts[0]["id"], "to": "INVESTIGATOR", "note": "Resigned, and then this."})).await;

        // 10:00, the investigator: confirms, notes, asks for the name; somebody else agrees.
        world.clock.advance(HOUR);
        let mine = ida.query("{ alerts(filter: {review: TO_ME}) { nodes { id } } }").await;
        assert_eq!(mine["alerts"]["nodes"], json!([{"id": alerts[0]["id"]}]));
        let case = act(&ida, CONFIRM, json!({"alertId": alerts[0]["id"], "caseName": "Leaving with drawings", "comment": "Clear enough."})).await["case"]["id"].as_str().unwrap().to_owned();
        act(&ida, NOTE, json!({"caseId": case, "body": "Downloads doubled after the resignation."})).await;
        let asked = requested(&ida, &case).await;
        assert_eq!(decided(&april, &asked["reveal"], true).await["userErrors"], json!([]));
        let seen = ida.ask("query($id: ID!) { case(id: $id) { subject { identity { displayName } } } }", json!({"id": case})).await;
        assert!(!leaks(&seen.data().to_string(), &names()).is_empty(), "{:?}", seen.body);

        // 11:00: a notice to the subject, whom the analyst never sees; HR reads the masked case.
        world.clock.advance(HOUR);
        let template = json!({"name": "Handing over", "from": "hr@halden-optics.example", "subjectLine": "Your files", "body": "Dear {{name}}, please hand over your files."});
        let template = act(&ann, TEMPLATE, template).await["template"]["id"].clone();
        act(&ann, NOTICE, json!({"caseId": case, "templateId": template})).await;
        let mail = post.next().await;
        assert!(!leaks(&mail.text, &names()).is_empty(), "{}", mail.text);
        let shared = share::shared(&ida, &case, json!({"audience": "HR", "recipient": "Hanna in HR", "sections": ["SUMMARY", "TIMELINE"], "expiresInHours": 24})).await;
        let hanna = server.with_token(shared["token"].as_str().unwrap());
        let read = hanna.query("{ viewer { share { recipient case { status severity subject { pseudonym identityState } timeline(first: 10) { nodes { explanation } } } } } }").await;
        let read = &read["viewer"]["share"];
        assert_eq!((&read["recipient"], &read["case"]["subject"]["identityState"]), (&json!("Hanna in HR"), &json!("MASKED")));
        assert!(!read["case"]["timeline"]["nodes"].as_array().unwrap().is_empty(), "{read}");
        assert_eq!(leaks(&read.to_string(), &names()), Vec::<String>::new());

        // 15:00: the package for the lawyer, checked without the server; the case is resolved, and the reveal ends with it.
        world.clock.advance(4 * HOUR);
        let made = act(&ida, EXPORT, json!({"caseId": case, "reason": "Legal asked for it."})).await["export"].clone();
        let package = ida.fetch(made["url"].as_str().unwrap(), &[]).await;
        let file = world.config.data_dir.join("case.tar");
        std::fs::write(&file, &package.bytes).unwrap();
        let key = public_key(&world.config.audit_key_file).unwrap();
        let said = Command::new(vizard()).env_clear().args(["case", "verify"]).arg(&file).args(["--key", &key]).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
        world.clock.advance(30 * MINUTE);
        act(&ida, RESOLVE, json!({"caseId": case, "resolution": "CONFIRMED_POLICY_VIOLATION", "actionTaken": "A talk, and the files came back."})).await;
        let evening = ann.query(OVERVIEW).await;
        assert_eq!((open(&morning) - open(&evening), &evening["overview"]["activeCases"]), (3, &json!(0)));
        let masked = ida.ask("query($id: ID!) { case(id: $id) { subject { identityState } } }", json!({"id": case})).await;
        assert_eq!(masked.data()["case"]["subject"]["identityState"], "MASKED");

        // 17:00, the auditor: the day as the log tells it, by whom and in order, and nobody named.
        world.comes_to("SELECT count(*) FROM audit WHERE activity = 'NOTICE_SENT'", 2).await;
        world.services.sequence_audit_fully().await.unwrap();
        let log = audrey.ask("query($first: Int!) { auditLog(first: $first) { nodes { actor activity category reason before after } } }", json!({"first": 100})).await.data().clone();
        assert_eq!(leaks(&log.to_string(), &names()), Vec::<String>::new());
        let told = log["auditLog"]["nodes"].as_array().unwrap().len() as i64;
        assert!(told > world.number("SELECT count(*) FROM audit").await - before - 5, "all of the day is on one page");
        // What happened at one instant of the fixed clock has no order that two engines must share: sorted.
        let mut rows = world.texts(&format!("SELECT at || ' ' || actor || ' ' || activity || ' ' || category FROM audit WHERE at >= {}", vizard_tests::NOON().0)).await;
        rows.sort();
        let of_the_day = |row: String| {
            let row = row.split_once(' ').unwrap().1;
            let row = row.strip_prefix("share_").map_or(row.to_owned(), |rest| format!("share{}", &rest[rest.find(' ').unwrap()..]));
            let people = ["dev:ann", "dev:ida", "dev:april", "share", "system NOTICE"];
            people.iter().any(|who| row.starts_with(who)).then_some(row)
        };
        let day: Vec<String> = rows.into_iter().filter_map(of_the_day).collect();
        insta::with_settings!({prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!("the_audit_log_of_a_day", day.join("\n"));
        });
        server.stop().await;
    }
}
