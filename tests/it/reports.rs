//! Reports of what one subject did: everything of a period, scored or not, with a reason, for a time, and every look audited.

use crate::{need, retention, reveal, story::downloads, triage};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::DAY};
use vizard_tests::{Caller, World, on_both};

const MARA: &str = "mara.lindt@halden-optics.example";
const CREATE: &str = "mutation($input: CreateActivityReportInput!) { createActivityReport(input: $input) { activityReport { id } warnings userErrors { code field } } }";
const REPORT: &str = "query($id: ID!) { activityReport(id: $id) { id from to reason createdBy createdAt expiresAt subject { id pseudonym identity { email } } \
    byIndicator { indicator { code } activities quantity days lastDay } \
    activities(first: 100) { totalCount nodes { occurredAt indicator { code } content } } } }";
const LIST: &str = "{ activityReports { totalCount nodes { id } } }";

async fn made(who: &Caller, input: Value) -> Value {
    who.ask(CREATE, json!({"input": input})).await.data()["createActivityReport"].clone()
}

/// The id of a new report of June.
async fn june(who: &Caller, subject: &Value) -> Value {
    let input = json!({"subjectId": subject, "from": "2026-06-01", "to": "2026-06-30", "reason": "Asked by the lead."});
    let made = made(who, input).await;
    assert_eq!(made["userErrors"], json!([]));
    made["activityReport"]["id"].clone()
}

async fn read(who: &Caller, id: &Value) -> Value {
    who.ask(REPORT, json!({"id": id})).await.data()["activityReport"].clone()
}

/// Code, events, quantity and days of each indicator.
fn lines(report: &Value) -> Value {
    let line = |line: &Value| json!([line["indicator"]["code"], line["activities"], line["quantity"], line["days"]]);
    report["byIndicator"].as_array().unwrap_or_else(|| panic!("{report:#}")).iter().map(line).collect()
}

async fn listed(who: &Caller) -> Vec<Value> {
    let found = who.query(LIST).await["activityReports"].clone();
    let ids: Vec<Value> = found["nodes"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(found["totalCount"], ids.len());
    ids
}

async fn audited(world: &World, activity: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM audit WHERE activity = '{activity}' AND category = 'SUBJECTS' AND object LIKE 'report_%'"
    );
    world.number(&sql).await
}

/// What somebody did whom no policy scores. The subject's id.
async fn unscored(world: &World) -> Value {
    world.connect().await;
    world.connect_relay().await;
    world.import_text("m365", &downloads(0..30, MARA, "2026-06-29")).await;
    world.import_text("m365", &downloads(30..33, MARA, "2026-06-03")).await;
    world.import_text("m365", &downloads(40..45, MARA, "2026-05-31")).await;
    relayed(world, "LOGON", MARA, "2026-06-10", 1).await;
    relayed(world, "FILE_COPIED_TO_USB", MARA, "2026-06-30", 7).await;
    world.settle().await;
    let found =
        world.caller(&[Role::Analyst]).query("{ subjects { nodes { id riskScore } } alerts { totalCount } }").await;
    assert_eq!((&found["subjects"]["nodes"][0]["riskScore"], &found["alerts"]["totalCount"]), (&json!(0.0), &json!(0)));
    found["subjects"]["nodes"][0]["id"].clone()
}

async fn relayed(world: &World, kind: &str, who: &str, day: &str, quantity: u32) {
    let at = vizard_core::time::Day::from_civil(2026, 6, day[8..].parse().unwrap()).unwrap().start().0;
    let line = json!({"id": format!("{kind}-{who}"), "at": at, "who": who, "kind": kind, "quantity": quantity});
    world.import_text("relay", line.to_string().as_bytes()).await;
}

on_both! {
    async fn a_report_has_everything_of_its_days_whether_or_not_a_policy_scores_it(world) {
        let subject = unscored(&world).await;
        let ida = world.person("Ida", &[Role::Investigator]);
        let id = june(&ida, &subject).await;
        let report = read(&ida, &id).await;
        assert_eq!(lines(&report), json!([["FILE_COPIED_TO_USB", 1, 7, 1], ["FILE_DOWNLOADED", 33, 33, 2], ["LOGON", 1, 1, 1]]));
        assert_eq!((&report["byIndicator"][1]["lastDay"], &report["from"], &report["to"]), (&json!("2026-06-29"), &json!("2026-06-01"), &json!("2026-06-30")));
        assert_eq!((&report["createdBy"], &report["reason"]), (&json!("dev:ida"), &json!("Asked by the lead.")));
        assert_eq!((&report["createdAt"], &report["expiresAt"]), (&json!("2026-07-01T12:00:00.000Z"), &json!("2026-10-29T12:00:00.000Z")));
        assert_eq!((&report["subject"]["id"], &report["subject"]["identity"]), (&subject, &Value::Null), "under the pseudonym");
        let events = report["activities"]["nodes"].as_array().unwrap();
        assert_eq!((&report["activities"]["totalCount"], events.len()), (&json!(35), 35));
        assert!(events.windows(2).all(|two| two[0]["occurredAt"].as_str() <= two[1]["occurredAt"].as_str()));
        // Page by page the same.
        let paged = "query($id: ID!, $after: String) { activityReport(id: $id) { activities(first: 20, after: $after) { pageInfo { hasNextPage endCursor } nodes { occurredAt } } } }";
        let first = ida.ask(paged, json!({"id": id})).await.data()["activityReport"]["activities"].clone();
        let next = json!({"id": id, "after": first["pageInfo"]["endCursor"]});
        let second = ida.ask(paged, next).await.data()["activityReport"]["activities"].clone();
        let number = |page: &Value| page["nodes"].as_array().unwrap().len();
        assert_eq!((number(&first), number(&second), &second["pageInfo"]["hasNextPage"]), (20, 15, &json!(false)));
        // The newest first, and by its id.
        world.clock.advance(1_000);
        let later = june(&ida, &subject).await;
        assert_eq!(listed(&ida).await, [later, id.clone()]);
        let node = "query($id: ID!) { node(id: $id) { ... on ActivityReport { reason } } }";
        assert_eq!(ida.ask(node, json!({"id": id})).await.data()["node"]["reason"], "Asked by the lead.");
        // What comes in late is in it.
        world.import_text("m365", &downloads(60..62, MARA, "2026-06-15")).await;
        assert_eq!(lines(&read(&ida, &id).await)[1], json!(["FILE_DOWNLOADED", 35, 35, 3]));
    }

    async fn a_report_needs_a_reason_a_subject_and_days_that_were(world) {
        let subject = unscored(&world).await;
        let ida = world.person("Ida", &[Role::Investigator]);
        let order = |more: Value| {
            let mut input = json!({"subjectId": subject, "from": "2026-06-01", "to": "2026-06-30", "reason": "Asked by the lead."});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        for (more, code, field) in [
            (json!({"reason": " "}), "REQUIRED", "reason"), (json!({"to": "2026-07-02"}), "INVALID", "to"),
            (json!({"from": "2026-07-01"}), "INVALID", "from"), (json!({"from": "2026-04-01"}), "LIMIT_EXCEEDED", "from"),
            (json!({"subjectId": "x"}), "NOT_FOUND", "subjectId"),
            (json!({"subjectId": "subject_00000000000000000000000000000000"}), "NOT_FOUND", "subjectId"),
        ] {
            let refused = made(&ida, order(more.clone())).await;
            assert_eq!(refused["userErrors"], json!([{"code": code, "field": ["input", field]}]), "{more}");
            assert!(refused["activityReport"].is_null());
        }
        assert_eq!((listed(&ida).await.len(), audited(&world, "ADDED").await), (0, 0));
        let longest = made(&ida, order(json!({"from": "2026-04-03", "to": "2026-07-01"}))).await;
        assert!(longest["activityReport"]["id"].is_string(), "90 days, today among them: {longest}");
        for who in [world.person("Ann", &[Role::Analyst]), world.person("Ada", &[Role::Admin]), world.person("Otto", &[Role::Auditor])] {
            let refused = who.ask(CREATE, json!({"input": order(json!({}))})).await.body;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
            for (query, variables) in [(LIST, json!({})), (REPORT, json!({"id": longest["activityReport"]["id"]}))] {
                let refused = who.ask(query, variables).await.body;
                assert_eq!(refused["errors"][0]["extensions"]["requires"], json!(["INVESTIGATOR"]), "{refused}");
            }
            let node = "query($id: ID!) { node(id: $id) { id } }";
            assert!(who.ask(node, json!({"id": longest["activityReport"]["id"]})).await.data()["node"].is_null());
        }
    }

    async fn nobody_makes_or_reads_a_report_of_themselves_or_of_somebody_out_of_sight(world) {
        let subject = unscored(&world).await;
        let (ida, ian) = (world.person("Ida", &[Role::Investigator]), world.person("Ian", &[Role::Investigator]));
        let own = world.caller_with_account("Mara", MARA, &[Role::Investigator]);
        let id = june(&ida, &subject).await;
        assert_eq!((listed(&ian).await, listed(&own).await), (vec![id.clone()], vec![]));
        need::grouped(&world, MARA, json!(["dev:ida"])).await;
        for who in [&own, &ian] {
            let input = json!({"subjectId": subject, "from": "2026-06-01", "to": "2026-06-30", "reason": "r"});
            let refused = made(who, input).await;
            assert_eq!(refused["userErrors"], json!([{"code": "NOT_FOUND", "field": ["input", "subjectId"]}]));
            assert_eq!((read(who, &id).await, listed(who).await), (Value::Null, vec![]));
            let node = "query($id: ID!) { node(id: $id) { id } }";
            assert!(who.ask(node, json!({"id": id})).await.data()["node"].is_null());
        }
        assert_eq!(listed(&ida).await, [id]);
    }

    async fn making_a_report_and_each_look_at_it_are_in_the_audit_log(world) {
        let subject = unscored(&world).await;
        let (ida, ian) = (world.person("Ida", &[Role::Investigator]), world.person("Ian", &[Role::Investigator]));
        let id = june(&ida, &subject).await;
        let told = "SELECT reason FROM audit WHERE activity = 'ADDED' AND category = 'SUBJECTS' AND object LIKE 'report_%' AND actor = 'dev:ida'";
        assert_eq!(world.texts(told).await, ["Asked by the lead."]);
        assert_eq!((listed(&ida).await.len(), audited(&world, "VIEWED").await), (1, 0), "that there is one is no look at it");
        // Once a request, however many fields show it.
        read(&ian, &id).await;
        assert_eq!(audited(&world, "VIEWED").await, 1);
        let both = "{ activityReports { nodes { byIndicator { days } } } again: activityReports { nodes { activities { totalCount } } } }";
        ian.query(both).await;
        assert_eq!(audited(&world, "VIEWED").await, 2);
        let who = "SELECT DISTINCT actor FROM audit WHERE activity = 'VIEWED' AND object LIKE 'report_%'";
        assert_eq!(world.texts(who).await, ["dev:ian"]);
    }

    async fn a_report_from_a_case_that_stands_apart_has_what_the_case_has_and_does_not_lead_to_the_queue(world) {
        let alert = triage::alerted(&world, 1).await.remove(0);
        world.connect_relay().await;
        relayed(&world, "LOGON", &triage::leaver(0), "2026-06-10", 1).await;
        world.settle().await;
        let (ida, april) = (world.person("Ida", &[Role::Investigator]), world.person("April", &[Role::Approver]));
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { code } } }";
        let case = ida.ask(confirm, json!({"input": {"alertId": alert, "caseName": "A case"}})).await.data()["confirmAlert"]["case"]["id"].clone();
        let asked = reveal::requested(&ida, case.as_str().unwrap()).await;
        reveal::decided(&april, &asked["reveal"], true).await;
        let seen = "query($id: ID!) { case(id: $id) { subject { id pseudonym } } subjects { nodes { id pseudonym } } }";
        let seen = ida.ask(seen, json!({"id": case})).await.data().clone();
        let (apart, queue) = (seen["case"]["subject"].clone(), seen["subjects"]["nodes"][0].clone());
        assert_ne!(apart["id"], queue["id"], "{seen}");

        let (of_case, of_queue) = (june(&ida, &apart["id"]).await, june(&ida, &queue["id"]).await);
        let (of_case, of_queue) = (read(&ida, &of_case).await, read(&ida, &of_queue).await);
        let shown = |report: &Value| json!({"id": report["subject"]["id"], "pseudonym": report["subject"]["pseudonym"]});
        assert_eq!((shown(&of_case), shown(&of_queue)), (apart, queue));
        assert_eq!(lines(&of_case), json!([["FILE_DOWNLOADED", 140, 140, 1]]), "what the case's insights rest on");
        assert_eq!(of_case["activities"]["totalCount"], 140);
        assert_eq!(lines(&of_queue), json!([["FILE_DOWNLOADED", 140, 140, 1], ["LOGON", 1, 1, 1], ["RESIGNATION", 1, 1, 1]]));
        // The reveal is of the case: there the name is, and in the queue's report it is not.
        assert_eq!((&of_case["subject"]["identity"]["email"], &of_queue["subject"]["identity"]), (&json!(triage::leaver(0)), &Value::Null));
        assert_eq!(world.number("SELECT count(*) FROM activity_reports WHERE case_id IS NULL").await, 1);
        // With the case its report goes.
        retention::resolve(&world, case.as_str().unwrap()).await;
        world.execute("UPDATE activity_reports SET created_at = created_at + 864000000000").await;
        world.clock.advance(121 * DAY);
        world.settle().await;
        world.services.retain().await.unwrap().unwrap();
        assert_eq!(world.number("SELECT count(*) FROM cases").await, 0);
        assert_eq!(world.texts("SELECT CASE WHEN case_id IS NULL THEN 'queue' ELSE 'case' END FROM activity_reports").await, ["queue"]);
    }

    async fn a_report_goes_after_its_time_with_an_erasure_and_not_while_its_subject_is_held(world) {
        let alerts = triage::alerted(&world, 3).await;
        let (ida, admin) = (world.person("Ida", &[Role::Investigator]), world.person("Ada", &[Role::Admin]));
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { code } } }";
        let case = ida.ask(confirm, json!({"input": {"alertId": alerts[0], "caseName": "A case"}})).await.data()["confirmAlert"]["case"]["id"].clone();
        let mut reports = Vec::new();
        for alert in &alerts {
            let of = ida.ask("query($id: ID!) { alert(id: $id) { subject { id } } }", json!({"id": alert})).await;
            reports.push(june(&ida, &of.data()["alert"]["subject"]["id"]).await);
            world.clock.advance(1_000);
        }
        let reasons = "SELECT count(*) FROM audit WHERE object LIKE 'report_%' AND reason IS NOT NULL";
        assert_eq!(world.number(reasons).await, 3);
        let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { userErrors { message } } }";
        let input = json!({"account": triage::leaver(2), "reason": "They asked for it."});
        assert_eq!(admin.ask(erase, json!({"input": input})).await.data()["eraseSubject"]["userErrors"], json!([]));
        let left = |of: Vec<Value>| of.iter().map(|id| reports.iter().position(|known| known == id).unwrap()).collect::<Vec<_>>();
        assert_eq!((left(listed(&ida).await), world.number(reasons).await), (vec![1, 0], 2), "the log stays, without the reason");
        assert!(read(&ida, &reports[2]).await.is_null());

        retention::hold(&world, case.as_str().unwrap(), true, "The court asked.").await;
        world.clock.advance(119 * DAY);
        world.settle().await;
        assert_eq!(world.services.retain().await.unwrap().unwrap().reports, 0);
        world.clock.advance(2 * DAY);
        world.settle().await;
        assert_eq!(world.services.retain().await.unwrap().unwrap().reports, 1);
        assert_eq!(left(listed(&ida).await), [0], "held");
        retention::hold(&world, case.as_str().unwrap(), false, "It is decided.").await;
        world.clock.advance(DAY);
        world.settle().await;
        assert_eq!(world.services.retain().await.unwrap().unwrap().reports, 1);
        assert_eq!(left(listed(&ida).await), Vec::<usize>::new());
    }
}
