//! Cases that are opened again as new ones, and what a case says of what is around and beneath it. The important part: no
//! case of a line ever shows the label that the queue has for the same person after a reveal.

use crate::{
    retention::{self, erase},
    reveal, share,
    story::downloads,
    triage::leaver,
};
use serde_json::{Value, json};
use vizard_core::{
    access::Role,
    time::{DAY, SECOND},
};
use vizard_tests::{Caller, World, on_both};

const CONFIRM: &str =
    "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { code message } } }";
const REOPEN: &str = "mutation($input: ReopenCaseInput!) { reopenCase(input: $input) { case { id } warnings userErrors { code field } } }";
const CASE: &str = "query($id: ID!) { case(id: $id) { id name status severity resolution legalHold contributors viewerCan alerts { totalCount } \
                    reopens { id } reopenedAs { id } notes { system body } subject { id pseudonym identityState } } }";
/// Whatever a case says, of itself, its line and its subject.
const EVERYTHING: &str = "query($id: ID!) { case(id: $id) { id name viewerCan notes { body } contentSummary { contentType } \
    reopens { id notes { body } subject { id pseudonym } alerts { nodes { id subject { id pseudonym } } } } \
    reopenedAs { id notes { body } subject { id pseudonym } alerts { nodes { id subject { id pseudonym } } } } \
    subject { id pseudonym suppressedIndicators activations { trigger } scoreHistory { score } insights { nodes { id } } \
      alerts { nodes { id subject { id pseudonym } case { id subject { id pseudonym } } } } } \
    alerts { nodes { id subject { id pseudonym } case { id subject { id pseudonym } relatedAlerts { nodes { id } } } } } \
    relatedAlerts { totalCount nodes { id subject { id pseudonym } } } timeline { nodes { id } } } }";

/// Somebody who leaves with files.
pub(crate) struct Matter {
    /// As the queue knows them.
    pub(crate) subject: Value,
    /// An alert of each of two policies.
    pub(crate) alerts: [Value; 2],
}

/// People who leave with files, `leaver(0)` first, each with an alert of two policies.
pub(crate) async fn matters(world: &World, people: u32) -> Vec<Matter> {
    world.connect().await;
    let first = world.policy().await;
    let create =
        "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
    let input =
        json!({"name": "Departing, again", "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"all": true}});
    let made = world.caller(&[Role::Admin]).ask(create, json!({"input": input})).await;
    assert_eq!(made.data()["createPolicy"]["userErrors"], json!([]));
    let mut rows = "HRScenario,EmailAddress,ResignationDate,LastWorkingDate\n".to_owned();
    for at in 0..people {
        rows.push_str(&format!("Resignation,{},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n", leaver(at)));
    }
    world.import_text("hr", rows.as_bytes()).await;
    let mut matters: Vec<Matter> = Vec::new();
    for at in 0..people {
        world.import_text("m365", &downloads(at * 1_000..at * 1_000 + 140, &leaver(at), "2026-06-29")).await;
        world.settle().await;
        let found = "{ alerts(first: 100) { totalCount nodes { id policy { id } subject { id } } } }";
        let found = world.caller(&[Role::Analyst]).query(found).await["alerts"].clone();
        assert_eq!(found["totalCount"], json!(2 * (at + 1)), "an alert of each policy");
        let known = |alert: &&Value| !matters.iter().any(|matter| matter.subject == alert["subject"]["id"]);
        let new: Vec<&Value> = found["nodes"].as_array().unwrap().iter().filter(known).collect();
        assert_eq!((new.len(), &new[0]["subject"]), (2, &new[1]["subject"]));
        let of = |first_policy: bool| {
            let ours = |alert: &&&Value| (alert["policy"]["id"] == json!(first)) == first_policy;
            new.iter().find(ours).unwrap_or_else(|| panic!("{new:?}"))["id"].clone()
        };
        let matter = Matter { subject: new[0]["subject"]["id"].clone(), alerts: [of(true), of(false)] };
        matters.push(matter);
    }
    matters
}

/// A new case of an alert.
pub(crate) async fn confirmed(who: &Caller, alert: &Value) -> Value {
    let input = json!({"alertId": alert, "caseName": "Leaving with the price list"});
    let made = who.ask(CONFIRM, json!({"input": input})).await.data()["confirmAlert"].clone();
    assert_eq!(made["userErrors"], json!([]));
    made["case"]["id"].clone()
}

async fn reopened(who: &Caller, case: &Value) -> Value {
    let input = json!({"caseId": case, "reason": "More came in."});
    let made = who.ask(REOPEN, json!({"input": input})).await.data()["reopenCase"].clone();
    assert_eq!(made["userErrors"], json!([]), "{made}");
    made["case"]["id"].clone()
}

/// What comes next is later.
async fn resolved(world: &World, case: &Value) {
    retention::resolve(world, case.as_str().unwrap()).await;
    world.clock.advance(SECOND);
}

async fn seen(who: &Caller, document: &str, id: &Value) -> Value {
    who.ask(document, json!({"id": id})).await.data().as_object().unwrap().values().next().unwrap().clone()
}

/// The identity is asked for and consented to.
async fn revealed(world: &World, case: &Value) {
    let ida = world.person("Ida Investigator", &[Role::Investigator]);
    let asked = reveal::requested(&ida, case.as_str().unwrap()).await;
    let april = world.person("April Approver", &[Role::Approver]);
    assert_eq!(reveal::decided(&april, &asked["reveal"], true).await["userErrors"], json!([]));
}

on_both! {
    async fn a_closed_case_stays_as_it_is_and_a_new_one_goes_on_from_it_once(world) {
        let matters = matters(&world, 1).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        let old = confirmed(&ann, &matters[0].alerts[0]).await;
        let add = "mutation($input: AddCaseContributorInput!) { addCaseContributor(input: $input) { userErrors { code } } }";
        ann.ask(add, json!({"input": {"caseId": old, "viewer": "dev:bea"}})).await.data();
        let refused = async |input: Value| ann.ask(REOPEN, json!({"input": input})).await.data()["reopenCase"]["userErrors"].clone();
        assert_eq!(refused(json!({"caseId": old, "reason": "r"})).await, json!([{"code": "CONFLICT", "field": ["input", "caseId"]}]), "it is active");
        assert!(!seen(&ann, CASE, &old).await["viewerCan"].to_string().contains("REOPEN"));
        resolved(&world, &old).await;
        assert_eq!(refused(json!({"caseId": old, "reason": " "})).await, json!([{"code": "REQUIRED", "field": ["input", "reason"]}]));
        assert_eq!(refused(json!({"caseId": old, "reason": "r", "name": "two\nlines"})).await, json!([{"code": "INVALID", "field": ["input", "name"]}]));
        assert_eq!(refused(json!({"caseId": "x", "reason": "r"})).await, json!([{"code": "NOT_FOUND", "field": ["input", "caseId"]}]));
        assert!(seen(&ann, CASE, &old).await["viewerCan"].to_string().contains("REOPEN"));

        let before = seen(&ann, CASE, &old).await;
        let new = reopened(&ann, &old).await;
        let (then, now) = (seen(&ann, CASE, &old).await, seen(&ann, CASE, &new).await);
        for what in ["name", "severity", "contributors", "subject"] {
            assert_eq!(now[what], before[what], "{what}");
        }
        assert_eq!((&now["status"], &now["resolution"], &now["legalHold"]), (&json!("ACTIVE"), &Value::Null, &json!(false)));
        assert_eq!((&now["alerts"]["totalCount"], &now["contributors"]), (&json!(0), &json!(["dev:bea"])));
        assert_eq!((&now["reopens"]["id"], &now["reopenedAs"]), (&old, &Value::Null));
        assert_eq!((&then["reopens"], &then["reopenedAs"]["id"]), (&Value::Null, &new));
        for what in ["name", "status", "severity", "resolution", "contributors", "alerts", "subject"] {
            assert_eq!(then[what], before[what], "{what}");
        }
        let note = |system: bool, body: String| json!({"system": system, "body": body});
        let mut notes = before["notes"].as_array().unwrap().clone();
        notes.push(note(true, format!("Reopened as {}.", new.as_str().unwrap())));
        assert_eq!(then["notes"], json!(notes));
        assert_eq!(now["notes"].as_array().unwrap().len(), 2);
        for one in [note(true, format!("Reopens {}, which stays closed.", old.as_str().unwrap())), note(false, "More came in.".to_owned())] {
            assert!(now["notes"].as_array().unwrap().contains(&one), "{now}");
        }
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE category = 'CASES' AND reason = 'More came in.'").await, 2);
        // Once; and the closed one is as frozen as before.
        assert_eq!(refused(json!({"caseId": old, "reason": "r"})).await, json!([{"code": "CONFLICT", "field": ["input", "caseId"]}]));
        assert!(!then["viewerCan"].to_string().contains("REOPEN"));
        let joined = ann.ask(CONFIRM, json!({"input": {"alertId": matters[0].alerts[1], "caseId": old}})).await;
        assert_eq!(joined.data()["confirmAlert"]["userErrors"][0]["code"], "NOT_ALLOWED");
        let joined = ann.ask(CONFIRM, json!({"input": {"alertId": matters[0].alerts[1], "caseId": new}})).await;
        assert_eq!(joined.data()["confirmAlert"]["userErrors"], json!([]));
        // A share opens one case, not its line.
        let linked = "{ viewer { share { case { reopens { id } reopenedAs { id } relatedAlerts { totalCount } } } } }";
        for case in [&old, &new] {
            let holder = share::holder(&world, &share::shared(&ida, case.as_str().unwrap(), json!({})).await);
            let shown = holder.query(linked).await["viewer"]["share"]["case"].clone();
            assert_eq!(shown, json!({"reopens": null, "reopenedAs": null, "relatedAlerts": null}));
        }
        // Of two who reopen at once one does.
        resolved(&world, &new).await;
        let input = json!({"input": {"caseId": new, "reason": "r"}});
        let (one, other) = tokio::join!(ann.ask(REOPEN, input.clone()), ida.ask(REOPEN, input));
        let won = [one, other].iter().filter(|answer| answer.data()["reopenCase"]["case"].is_object()).count();
        assert_eq!((won, world.number("SELECT count(*) FROM cases").await), (1, 3));
        // Of somebody who was erased nothing goes on.
        assert_eq!(erase(&world, &leaver(0), "Asked for it.").await["erased"], true);
        let last = "SELECT count(*) FROM cases WHERE status = 'CLOSED'";
        assert_eq!(world.number(last).await, 3);
        for case in ann.query("{ cases { nodes { id } } }").await["cases"]["nodes"].as_array().unwrap() {
            assert_ne!(refused(json!({"caseId": case["id"], "reason": "r"})).await, json!([]), "{case}");
        }
    }

    async fn whatever_is_revealed_in_a_line_of_cases_none_of_them_leads_to_the_queue_or_from_it(world) {
        // For each person: how often the case is reopened, and after which of these steps the identity is revealed. 0 is
        // before it was ever closed.
        let plans: [(usize, &[usize]); 5] = [(1, &[0]), (1, &[1]), (2, &[2]), (2, &[0, 2]), (1, &[])];
        let matters = matters(&world, 5).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida Investigator", &[Role::Investigator]));
        let mut lines: Vec<Vec<Value>> = Vec::new();
        for (matter, (times, reveals)) in matters.iter().zip(plans) {
            let mut line = vec![confirmed(&ann, &matter.alerts[0]).await];
            for step in 0..=times {
                if step > 0 {
                    resolved(&world, &line[step - 1]).await;
                    line.push(reopened(&ann, &line[step - 1]).await);
                    // What was revealed before opens nothing here.
                    assert_eq!(seen(&ida, CASE, &line[step]).await["subject"]["identityState"], "MASKED");
                }
                if reveals.contains(&step) {
                    revealed(&world, &line[step]).await;
                    assert_eq!(seen(&ida, CASE, &line[step]).await["subject"]["identityState"], "REVEALED");
                }
            }
            lines.push(line);
        }
        let of_alert = "query($id: ID!) { alert(id: $id) { subject { id pseudonym alerts { nodes { id case { id } } } } } }";
        for ((matter, (_, reveals)), line) in matters.iter().zip(plans).zip(&lines) {
            let parted = !reveals.is_empty();
            let queue = seen(&ann, of_alert, &matter.alerts[1]).await["subject"].clone();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (id, pseudonym) = (text(&queue["id"]), text(&queue["pseudonym"]));
            assert_eq!(queue["id"] != matter.subject, parted, "after a reveal the queue has another");
            let mut labels = Vec::new();
            for case in line {
                for who in [&ann, &ida] {
                    let all = seen(who, EVERYTHING, case).await;
                    labels.push((text(&all["subject"]["id"]), text(&all["subject"]["pseudonym"])));
                    let all = all.to_string();
                    assert_eq!(all.contains(&id) || all.contains(&pseudonym), !parted, "{all}");
                    assert_eq!(all.contains(&text(&matter.alerts[1])), !parted, "{all}");
                }
            }
            labels.sort();
            labels.dedup();
            assert_eq!(labels.len(), 1, "a line has one label");
            let (label, name) = labels.pop().unwrap();
            assert_eq!(json!(label), matter.subject, "the one that the subject had");
            // By that label one comes to the newest case of the line, and not beyond; by the queue's to none of them.
            let by_label = "query($id: ID!) { subject(id: $id) { id pseudonym alerts { nodes { id case { id } } } } }";
            let known = seen(&ida, by_label, &json!(label)).await;
            assert_eq!((&known["id"], &known["pseudonym"]), (&json!(label), &json!(name)));
            if parted {
                for alert in known["alerts"]["nodes"].as_array().unwrap() {
                    assert_eq!(&alert["case"]["id"], line.last().unwrap());
                }
                assert!(line.iter().all(|case| !queue["alerts"].to_string().contains(&text(case))), "{queue}");
                let listed = ida.query("{ subjects(first: 100) { nodes { id pseudonym } } }").await.to_string();
                assert!(!listed.contains(&label) && !listed.contains(&name) && listed.contains(&id), "{listed}");
            }
        }
        // The lists that show both name each as it should be.
        let listed = ida.query("{ cases(first: 100) { nodes { id subject { id } reopens { subject { id } } } } }").await;
        for case in listed["cases"]["nodes"].as_array().unwrap() {
            assert!(case["reopens"].is_null() || case["reopens"]["subject"] == case["subject"], "{case}");
        }
        // Erased, a line is nobody's: its cases show the one row that is left, in all of them.
        assert_eq!(erase(&world, &leaver(3), "Asked for it.").await["erased"], true);
        let mut left: Vec<String> = Vec::new();
        for case in &lines[3] {
            left.push(seen(&ida, CASE, case).await["subject"].to_string());
        }
        left.dedup();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    async fn what_goes_on_from_a_case_stays_when_that_is_removed(world) {
        let matters = matters(&world, 1).await;
        let ann = world.person("Ann", &[Role::Analyst]);
        let old = confirmed(&ann, &matters[0].alerts[0]).await;
        revealed(&world, &old).await;
        resolved(&world, &old).await;
        let new = reopened(&ann, &old).await;
        let before = seen(&ann, CASE, &new).await;
        world.clock.advance(122 * DAY);
        world.settle().await;
        let gone = world.services.retain().await.unwrap().expect("the run of the day");
        assert_eq!(gone.cases, 1, "{gone:?}");
        assert_eq!(seen(&ann, CASE, &old).await, Value::Null);
        let after = seen(&ann, CASE, &new).await;
        assert_eq!((&before["reopens"]["id"], &after["reopens"]), (&old, &Value::Null));
        assert_eq!(after["subject"]["pseudonym"], before["subject"]["pseudonym"]);
        // Its line goes on under the same label.
        resolved(&world, &new).await;
        let third = reopened(&ann, &new).await;
        assert_eq!(seen(&ann, CASE, &third).await["subject"]["pseudonym"], before["subject"]["pseudonym"]);
    }

    async fn a_case_shows_what_else_there_is_of_its_subject_until_that_would_join_it_with_the_queue(world) {
        let matters = matters(&world, 2).await;
        let ann = world.person("Ann", &[Role::Analyst]);
        let case = confirmed(&ann, &matters[0].alerts[0]).await;
        let related = "query($id: ID!) { case(id: $id) { relatedAlerts { totalCount nodes { id policy { name } } } } }";
        let around = seen(&ann, related, &case).await["relatedAlerts"].clone();
        assert_eq!(around, json!({"totalCount": 1, "nodes": [{"id": matters[0].alerts[1], "policy": {"name": "Departing, again"}}]}));
        // In another case it is still another alert of the same person; in this one it is none.
        let other = confirmed(&ann, &matters[0].alerts[1]).await;
        assert_eq!(seen(&ann, related, &case).await["relatedAlerts"], around);
        assert_eq!(seen(&ann, related, &other).await["relatedAlerts"]["nodes"][0]["id"], matters[0].alerts[0]);
        // The other case parts: what is known there leads to nothing here, and the other way round.
        revealed(&world, &other).await;
        assert_eq!(seen(&ann, related, &other).await, json!({"relatedAlerts": null}));
        assert_eq!(seen(&ann, related, &case).await["relatedAlerts"], json!({"totalCount": 0, "nodes": []}));
    }

    async fn a_case_says_what_its_events_are_about(world) {
        let matters = matters(&world, 1).await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        let case = confirmed(&ann, &matters[0].alerts[0]).await;
        let summary = "query($id: ID!) { case(id: $id) { contentSummary { contentType activities quantity labels lastAt } } }";
        let documents = json!([{"contentType": "DOCUMENT", "activities": 140, "quantity": 140, "labels": [], "lastAt": "2026-06-29T09:00:00.000Z"}]);
        assert_eq!(seen(&ann, summary, &case).await["contentSummary"], documents);
        // Through a share with the timeline, and without it not.
        let shared = "{ viewer { share { case { contentSummary { contentType activities quantity labels lastAt } } } } }";
        for (section, shown) in [("TIMELINE", documents), ("ALERTS", json!([]))] {
            let made = share::shared(&ida, case.as_str().unwrap(), json!({"sections": [section]})).await;
            let holder = share::holder(&world, &made);
            assert_eq!(holder.query(shared).await["viewer"]["share"]["case"]["contentSummary"], shown, "{section}");
        }
        // Events of a day without an insight of the case are not beneath it.
        world.import_text("m365", &downloads(900..903, &leaver(0), "2026-06-11")).await;
        world.settle().await;
        assert_eq!(seen(&ann, summary, &case).await["contentSummary"][0]["activities"], 140);
    }
}
