//! Working the queue: alerts given to somebody and sent for review, two people at once, what the overview counts, how soon to
//! look, and what was dismissed.

use crate::{share, story::downloads};
use serde_json::{Value, json};
use vizard_core::{
    access::Role,
    time::{DAY, HOUR},
};
use vizard_tests::{Caller, World, on_both};

const ASSIGN: &str = "mutation($input: AssignAlertInput!) { assignAlert(input: $input) { alert { status assignee notes { system body } } userErrors { code field message } } }";
const SEND: &str = "mutation($input: SendAlertForReviewInput!) { sendAlertForReview(input: $input) { alert { status review { to sentBy note at } notes { system body } } warnings userErrors { code field message } } }";
const END: &str = "mutation($input: EndAlertReviewInput!) { endAlertReview(input: $input) { alert { review { to } notes { body } } userErrors { code } } }";
const DISMISS: &str = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { alerts { status dismissReason review { to } } userErrors { code field } } }";
const CONFIRM: &str = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { alert { status case { id } } case { id } userErrors { code field } } }";

/// People who leave with files, an alert about each; the ids, in the order of the people (`leaver.0` first).
pub(crate) async fn alerted(world: &World, people: u32) -> Vec<Value> {
    world.connect().await;
    world.policy().await;
    let mut rows = "HRScenario,EmailAddress,ResignationDate,LastWorkingDate\n".to_owned();
    for at in 0..people {
        rows.push_str(&format!("Resignation,{},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n", leaver(at)));
    }
    world.import_text("hr", rows.as_bytes()).await;
    for at in 0..people {
        world.import_text("m365", &downloads(at * 1_000..at * 1_000 + 140, &leaver(at), "2026-06-29")).await;
        world.settle().await;
        world.clock.advance(1_000);
    }
    let found =
        world.caller(&[Role::Analyst]).query("{ alerts(first: 100, orderBy: RAISED_AT_ASC) { nodes { id } } }").await;
    let ids: Vec<Value> =
        found["alerts"]["nodes"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect();
    assert_eq!(ids.len(), people as usize, "an alert each");
    ids
}

pub(crate) fn leaver(at: u32) -> String {
    format!("leaver.{at}@halden-optics.example")
}

/// Ids of the alerts that a filter finds for somebody.
async fn found(who: &Caller, filter: Value) -> Vec<Value> {
    let query = "query($filter: AlertFilter) { alerts(filter: $filter) { totalCount nodes { id } } }";
    let found = who.ask(query, json!({"filter": filter})).await.data()["alerts"].clone();
    let ids: Vec<Value> = found["nodes"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect();
    assert_eq!(json!(ids.len()), found["totalCount"]);
    ids
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("none")
}

on_both! {
    async fn an_alert_is_given_to_one_person_and_sent_to_another_without_a_decision(world) {
        let alerts = alerted(&world, 2).await;
        let (ann, bea) = (world.person("Ann", &[Role::Analyst]), world.person("Bea", &[Role::Analyst]));
        let ida = world.person("Ida", &[Role::Investigator]);
        let alert = &alerts[0];

        // To one viewer at a time; whoever takes it over says from whom.
        let taken = ann.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:ann"})).await;
        assert_eq!((&taken["alert"]["assignee"], &taken["userErrors"]), (&json!("dev:ann"), &json!([])), "{taken}");
        assert_eq!(taken["alert"]["notes"], json!([{"system": true, "body": "Assigned to dev:ann."}]));
        let late = bea.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:bea"})).await;
        assert_eq!((code(&late), &late["alert"]["assignee"]), ("CONFLICT", &json!("dev:ann")), "{late}");
        let over = bea.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:bea", "insteadOf": "dev:ann"})).await;
        assert_eq!(over["alert"]["assignee"], "dev:bea", "{over}");
        assert_eq!(found(&ann, json!({"assignee": "dev:bea"})).await, std::slice::from_ref(alert));
        let back = bea.act(ASSIGN, json!({"alertId": alert, "insteadOf": "dev:bea"})).await;
        assert_eq!((&back["alert"]["assignee"], &back["userErrors"]), (&Value::Null, &json!([])));
        assert_eq!(code(&bea.act(ASSIGN, json!({"alertId": alert})).await), "CONFLICT", "it is nobody's already");
        assert_eq!(code(&bea.act(ASSIGN, json!({"alertId": alert, "assignee": "somebody"})).await), "INVALID");
        assert_eq!(code(&bea.act(ASSIGN, json!({"alertId": "x", "assignee": "dev:bea"})).await), "NOT_FOUND");

        // To a role: everybody with it finds it, nobody else.
        let sent = ann.act(SEND, json!({"alertId": alert, "to": "INVESTIGATOR", "note": "Is this the handover?"})).await;
        assert_eq!((&sent["alert"]["status"], &sent["userErrors"]), (&json!("NEEDS_REVIEW"), &json!([])), "{sent}");
        let review = &sent["alert"]["review"];
        assert_eq!((&review["to"], &review["sentBy"], &review["note"]), (&json!("INVESTIGATOR"), &json!("Ann"), &json!("Is this the handover?")));
        let notes = sent["alert"]["notes"].as_array().unwrap();
        assert!(notes.contains(&json!({"system": true, "body": "Sent for review to INVESTIGATOR."})), "{notes:?}");
        assert!(notes.contains(&json!({"system": false, "body": "Is this the handover?"})), "{notes:?}");
        assert_eq!(found(&ida, json!({"review": "TO_ME"})).await, std::slice::from_ref(alert));
        assert_eq!(found(&bea, json!({"review": "TO_ME"})).await, [json!(null); 0]);
        assert_eq!(found(&ann, json!({"review": "BY_ME"})).await, std::slice::from_ref(alert));
        // On to a person, by who sees whom it is with; back with an answer, by whom it was sent to.
        assert_eq!(code(&ann.act(SEND, json!({"alertId": alert, "to": "dev:bea", "note": "n"})).await), "CONFLICT");
        let on = ida.act(SEND, json!({"alertId": alert, "to": "dev:bea", "note": "You know the team.", "insteadOf": "INVESTIGATOR"})).await;
        assert_eq!(on["alert"]["review"]["to"], "dev:bea", "{on}");
        assert_eq!(code(&ann.act(END, json!({"alertId": alert, "note": "n"})).await), "NOT_ALLOWED", "it is between Ida and Bea now");
        let ended = bea.act(END, json!({"alertId": alert, "note": "It is no handover."})).await;
        assert_eq!((&ended["alert"]["review"], &ended["userErrors"]), (&Value::Null, &json!([])), "{ended}");
        assert!(ended["alert"]["notes"].as_array().unwrap().contains(&json!({"body": "It is no handover."})), "{ended}");
        assert_eq!(code(&bea.act(END, json!({"alertId": alert, "note": "n"})).await), "CONFLICT");
        assert_eq!(found(&bea, json!({"review": "TO_ME"})).await, [json!(null); 0]);

        // What cannot be: no note, a role that reviews nothing, oneself.
        for (input, expected) in [
            (json!({"to": "dev:bea", "note": " "}), "REQUIRED"), (json!({"to": "ADMIN", "note": "n"}), "INVALID"),
            (json!({"to": "nobody", "note": "n"}), "INVALID"), (json!({"to": "dev:ann", "note": "n"}), "SELF_DEALING"),
        ] {
            let mut input = input;
            input["alertId"] = alert.clone();
            assert_eq!(code(&ann.act(SEND, input.clone()).await), expected, "{input}");
        }
        // Whoever names somebody is told.
        let naming = ann.act(SEND, json!({"alertId": alerts[1], "to": "dev:bea", "note": "Ask leaver.1@halden-optics.example."})).await;
        assert_eq!(naming["warnings"].as_array().unwrap().len(), 1, "{naming}");
        // A decision ends the review; nothing is handed over afterwards.
        let dismissed = ida.act(DISMISS, json!({"alertIds": [alerts[1]], "reason": "NOT_IMPACTFUL"})).await;
        assert_eq!(dismissed["alerts"], json!([{"status": "DISMISSED", "dismissReason": "NOT_IMPACTFUL", "review": null}]));
        assert_eq!(found(&bea, json!({"review": "TO_ME"})).await, [json!(null); 0]);
        let late = ann.act(ASSIGN, json!({"alertId": alerts[1], "assignee": "dev:ann"})).await;
        assert_eq!((code(&late), &late["alert"]["status"]), ("CONFLICT", &json!("DISMISSED")));
        assert_eq!(code(&ann.act(SEND, json!({"alertId": alerts[1], "to": "dev:bea", "note": "n"})).await), "CONFLICT");
        // All of it is in the audit log, without the words.
        let audited = world.texts("SELECT detail FROM audit WHERE category = 'ALERTS' AND (detail LIKE '%assignee%' OR detail LIKE '%review%') ORDER BY at, id").await;
        assert_eq!(audited.len(), 3 + 3 + 1, "{audited:?}");
        assert!(audited.iter().all(|detail| !detail.contains("handover") && !detail.contains("team")), "{audited:?}");

        // Not to somebody who would not see it.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { size } userErrors { message } } }";
        let group = json!({"name": "Board", "addAccounts": [leaver(0)], "viewers": ["dev:ann"]});
        world.caller(&[Role::Admin]).act(save, group).await;
        let refused = ann.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:bea"})).await;
        assert_eq!((code(&refused), &refused["alert"]["assignee"]), ("NOT_ALLOWED", &Value::Null), "{refused}");
        assert_eq!(code(&ann.act(SEND, json!({"alertId": alert, "to": "dev:bea", "note": "n"})).await), "NOT_ALLOWED");
        let out_of_sight = bea.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:bea"})).await;
        assert_eq!((code(&out_of_sight), &out_of_sight["alert"]), ("NOT_FOUND", &Value::Null));
        assert_eq!(ann.act(ASSIGN, json!({"alertId": alert, "assignee": "dev:ann"})).await["userErrors"], json!([]));

        // Who works here, and how soon they look, is no part of a share.
        let case = ann.act(CONFIRM, json!({"alertId": alert, "caseName": "A case"})).await["case"]["id"].as_str().unwrap().to_owned();
        let add = "mutation($input: AddCaseContributorInput!) { addCaseContributor(input: $input) { userErrors { code } } }";
        ann.act(add, json!({"caseId": case, "viewer": "dev:ida"})).await;
        let holder = share::holder(&world, &share::shared(&ida, &case, json!({"sections": ["ALERTS"]})).await);
        let seen = holder.query("{ viewer { share { case { alerts { nodes { score assignee review { to } triage { rank } } } } } } }").await;
        let shared = &seen["viewer"]["share"]["case"]["alerts"]["nodes"][0];
        assert!(shared["score"].as_f64() > Some(0.0), "{seen}");
        assert_eq!((&shared["assignee"], &shared["review"], &shared["triage"]), (&Value::Null, &Value::Null, &Value::Null));
    }

    async fn of_many_who_act_on_one_alert_at_once_one_wins_and_the_others_see_what_was_done(world) {
        let alerts = alerted(&world, 4).await;
        let people: Vec<(String, Caller)> = (0..12).map(|at| (format!("dev:p{at}"), world.person(&format!("P{at}"), &[Role::Analyst]))).collect();
        let all = async |alert: &Value, mutation: &dyn Fn(usize, &str) -> (&'static str, Value)| -> Vec<Value> {
            let acts = people.iter().enumerate().map(|(at, (id, who))| {
                let (mutation, mut input) = mutation(at, id);
                if input.get("alertIds").is_none() {
                    input["alertId"] = alert.clone();
                }
                async move { who.act(mutation, input).await }
            });
            futures_util::future::join_all(acts).await
        };
        let split = |answers: &[Value]| {
            let (lost, won): (Vec<Value>, Vec<Value>) = answers.iter().cloned().partition(|answer| code(answer) != "none");
            assert_eq!(won.len(), 1, "{answers:#?}");
            assert!(lost.iter().all(|answer| code(answer) == "CONFLICT"), "{lost:#?}");
            (won[0].clone(), lost)
        };

        let answers = all(&alerts[0], &|_, id| (ASSIGN, json!({"assignee": id}))).await;
        let (won, lost) = split(&answers);
        assert!(won["alert"]["assignee"].is_string());
        assert!(lost.iter().all(|answer| answer["alert"]["assignee"] == won["alert"]["assignee"]), "the current state");

        let answers = all(&alerts[1], &|at, _| (SEND, json!({"to": if at % 2 == 0 { "INVESTIGATOR" } else { "dev:bea" }, "note": format!("From {at}.")}))).await;
        let (won, lost) = split(&answers);
        assert!(lost.iter().all(|answer| answer["alert"]["review"] == won["alert"]["review"]), "{lost:#?}");

        // Confirming and dismissing exclude each other.
        let alert = &alerts[2];
        let answers = all(alert, &|at, id| match at % 2 {
            0 => (CONFIRM, json!({"caseName": id})),
            _ => (DISMISS, json!({"alertIds": [alert], "reason": "FALSE_POSITIVE"})),
        }).await;
        let (won, lost) = split(&answers);
        let status = |answer: &Value| answer.pointer("/alert/status").or(answer.pointer("/alerts/0/status")).cloned().unwrap();
        assert_ne!(status(&won), "NEEDS_REVIEW");
        assert!(lost.iter().all(|answer| status(answer) == status(&won)), "{lost:#?}");
        assert_eq!(world.number("SELECT count(*) FROM cases").await, i64::from(status(&won) == "CONFIRMED"));
        let decided = world.number("SELECT count(*) FROM audit WHERE category = 'ALERTS' AND detail LIKE '%\"status\"%'").await;
        assert_eq!(decided, 1);

        // In bulk: overlapping lists, each all or nothing.
        let bulk = [json!([alerts[0], alerts[1], alerts[3]]), json!([alerts[3], alerts[1]])];
        let answers = all(&alerts[3], &|at, _| (DISMISS, json!({"alertIds": bulk[at % 2], "reason": "EXPECTED_ACTIVITY"}))).await;
        let (won, lost) = split(&answers);
        assert!(won["alerts"].as_array().unwrap().iter().all(|alert| alert["status"] == "DISMISSED"));
        for answer in lost {
            let at = answer["userErrors"][0]["field"][2].as_str().unwrap().parse::<usize>().unwrap();
            assert_eq!(answer["alerts"][at]["status"], "DISMISSED", "{answer}");
        }
        let dismissed = world.number("SELECT count(*) FROM alerts WHERE status = 'DISMISSED' AND dismiss_reason = 'EXPECTED_ACTIVITY'").await;
        assert_eq!(dismissed, i64::try_from(won["alerts"].as_array().unwrap().len()).unwrap());
    }

    async fn the_overview_counts_what_one_may_see_and_the_checklist_what_is_so(world) {
        const OVERVIEW: &str = "{ overview { openAlertsBySeverity { severity count } overdueAlerts openOver30Days activeCases activePolicies meanHoursToReview \
            meanHoursToResolve alertsByDay { day count } dismissalsByReason { reason count } recommendedActions { code done required how title } } }";
        let (admin, ann, bea) = (world.person("Adam", &[Role::Admin]), world.person("Ann", &[Role::Analyst]), world.person("Bea", &[Role::Analyst]));
        let overview = async |who: &Caller| who.query(OVERVIEW).await["overview"].clone();
        let to_do = |of: &Value| -> Vec<String> {
            let steps = of["recommendedActions"].as_array().unwrap().iter();
            steps.filter(|step| step["done"] == false).map(|step| step["code"].as_str().unwrap().to_owned()).collect()
        };
        let bare = overview(&admin).await;
        assert_eq!(bare["openAlertsBySeverity"], json!([{"severity": "HIGH", "count": 0}, {"severity": "MEDIUM", "count": 0}, {"severity": "LOW", "count": 0}]));
        assert_eq!((&bare["meanHoursToReview"], &bare["activePolicies"]), (&Value::Null, &json!(0)));
        for step in ["SOURCES_DELIVER", "HR_DELIVERS", "FIRST_POLICY", "INDICATORS_ENABLED", "COVERAGE_SET", "PRIVACY_DECIDED", "REVIEW_TARGETS_SET"] {
            assert!(to_do(&bare).contains(&step.to_owned()), "{step}: {bare:#}");
        }

        let alerts = alerted(&world, 3).await;
        let set = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { userErrors { message } } }";
        let updated = admin.act(set, json!({"privacy": {"revealHours": 4}, "alertTargets": {"highHours": 12}})).await;
        assert_eq!(updated["userErrors"], json!([]));
        let full = overview(&ann).await;
        let open = |of: &Value| of["openAlertsBySeverity"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum::<i64>();
        assert_eq!((open(&full), &full["activePolicies"], &full["overdueAlerts"]), (3, &json!(1), &json!(0)), "{full:#}");
        assert_eq!(overview(&admin).await["openAlertsBySeverity"], full["openAlertsBySeverity"], "aggregates are for the administrator too");
        assert!(admin.ask("{ alerts { totalCount } }", json!({})).await.body["data"]["alerts"].is_null());
        let days = full["alertsByDay"].as_array().unwrap();
        assert_eq!((days.len(), &days[29]), (30, &json!({"day": "2026-07-01", "count": 3})));
        for step in ["SOURCES_DELIVER", "HR_DELIVERS", "FIRST_POLICY", "INDICATORS_ENABLED", "PRIVACY_DECIDED", "REVIEW_TARGETS_SET", "QUEUE_OWNED", "ONE_POLICY_AT_A_TIME"] {
            assert!(!to_do(&full).contains(&step.to_owned()), "{step}: {full:#}");
        }
        assert!(full["recommendedActions"].as_array().unwrap().iter().all(|step| step["how"].as_str().is_some_and(|how| how.contains("mutation ") || how.contains("query "))));

        // Whom one may not see is in no count.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { userErrors { message } } }";
        admin.act(save, json!({"name": "Board", "addAccounts": [leaver(0)], "viewers": ["dev:ann"]})).await;
        world.settle().await;
        for (who, count) in [(&ann, 3), (&bea, 2), (&admin, 2)] {
            let seen = overview(who).await;
            assert_eq!((open(&seen), seen["alertsByDay"][29]["count"].as_i64()), (count, Some(count)));
        }

        // Decisions and time.
        world.clock.advance(10 * HOUR);
        assert_eq!(ann.act(DISMISS, json!({"alertIds": [alerts[2]], "reason": "EXPECTED_ACTIVITY"})).await["userErrors"], json!([]));
        world.clock.advance(10 * HOUR);
        let case = ann.act(CONFIRM, json!({"alertId": alerts[1], "caseName": "A case"})).await["case"]["id"].clone();
        let later = overview(&ann).await;
        let near = |value: &Value, hours: f64| (value.as_f64().unwrap() - hours).abs() < 0.001;
        assert!(near(&later["meanHoursToReview"], 15.0), "{later:#}");
        assert_eq!((&later["activeCases"], open(&later)), (&json!(1), 1));
        assert_eq!(later["dismissalsByReason"], json!([{"reason": "EXPECTED_ACTIVITY", "count": 1}]));
        world.clock.advance(5 * HOUR);
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";
        ann.act(resolve, json!({"caseId": case, "resolution": "CONFIRMED_POLICY_VIOLATION", "actionTaken": "Talked."})).await;
        let resolved = overview(&ann).await;
        assert!(near(&resolved["meanHoursToResolve"], 5.0) && resolved["activeCases"] == 0, "{resolved:#}");
        world.clock.advance(8 * DAY);
        let late = overview(&ann).await;
        assert_eq!(late["overdueAlerts"], 1, "{late:#}");
        assert!(to_do(&late).contains(&"QUEUE_OWNED".to_owned()));
        assert!(!to_do(&overview(&bea).await).contains(&"QUEUE_OWNED".to_owned()), "Bea is not told of whom she may not see");
        let open_alert = found(&ann, json!({"status": ["NEEDS_REVIEW"]})).await.remove(0);
        ann.act(ASSIGN, json!({"alertId": open_alert, "assignee": "dev:ann"})).await;
        assert!(!to_do(&overview(&ann).await).contains(&"QUEUE_OWNED".to_owned()));
        world.clock.advance(23 * DAY);
        assert_eq!(overview(&ann).await["openOver30Days"], 1);

        // What was dismissed, and why.
        let statistics = "query($policy: ID, $days: Int) { dismissalStatistics(policyId: $policy, days: $days) { byReason { reason count } \
            byPolicy { policy { id name } confirmed dismissed } byIndicator { code confirmed dismissed } } }";
        let asked = async |who: &Caller, variables: Value| who.ask(statistics, variables).await.data()["dismissalStatistics"].clone();
        let all = asked(&ann, json!({})).await;
        let policy = all["byPolicy"][0]["policy"]["id"].clone();
        assert_eq!(all, json!({
            "byReason": [{"reason": "EXPECTED_ACTIVITY", "count": 1}],
            "byPolicy": [{"policy": {"id": policy, "name": "Departing"}, "confirmed": 1, "dismissed": 1}],
            "byIndicator": [{"code": "FILE_DOWNLOADED", "confirmed": 1, "dismissed": 1}],
        }));
        assert_eq!(asked(&ann, json!({"policy": policy})).await, all);
        let nothing = json!({"byReason": [], "byPolicy": [], "byIndicator": []});
        assert_eq!(asked(&ann, json!({"days": 20})).await, nothing, "the decisions are older");
        assert_eq!(asked(&ann, json!({"policy": "policy_00000000000000000000000000000000"})).await, nothing);
        let refused = ann.ask(statistics, json!({"days": 400})).await.body;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
    }

    async fn a_rank_says_how_soon_to_look_and_follows_what_is_known(world) {
        const RANKS: &str = "{ alerts(first: 100, orderBy: SCORE_DESC) { nodes { id status severity score overdue subject { riskLevel } triage { rank points reasons } } } }";
        let alerts = alerted(&world, 26).await;
        let ann = world.person("Ann", &[Role::Analyst]);
        let ranks = async || ann.query(RANKS).await["alerts"]["nodes"].as_array().unwrap().clone();
        let check = |alert: &Value| {
            let triage = &alert["triage"];
            let open = alert["status"] == "NEEDS_REVIEW";
            let points = triage["points"].as_f64().unwrap();
            let told: f64 = triage["reasons"].as_array().unwrap().iter().filter_map(|reason| reason.as_str().unwrap().rsplit(' ').next().unwrap().parse::<f64>().ok()).sum();
            assert!((points - told).abs() < 0.001, "{alert}");
            let expected = if !open { "NOT_RANKED" } else if points >= 40.0 { "NEEDS_ATTENTION" } else { "CAN_WAIT" };
            assert_eq!(triage["rank"], expected, "{alert}");
            assert!(alert["severity"] != "HIGH" || !open || expected == "NEEDS_ATTENTION", "{alert}");
        };
        let first = ranks().await;
        first.iter().for_each(check);
        let of = |all: &[Value], id: &Value| all.iter().find(|alert| alert["id"] == *id).unwrap().clone();
        let points = |alert: &Value| alert["triage"]["points"].as_f64().unwrap();

        // One is confirmed and 21 are dismissed: what is left can wait longer, unless it is HIGH.
        let rest = &alerts[..4];
        let policy = world.number("SELECT count(DISTINCT policy_id) FROM alerts").await;
        assert_eq!(policy, 1);
        ann.act(CONFIRM, json!({"alertId": alerts[4], "caseName": "A case"})).await;
        let dismissed = ann.act(DISMISS, json!({"alertIds": alerts[5..], "reason": "EXPECTED_ACTIVITY"})).await;
        assert_eq!(dismissed["userErrors"], json!([]));
        let second = ranks().await;
        second.iter().for_each(check);
        for id in rest {
            let (before, after) = (of(&first, id), of(&second, id));
            let said = after["triage"]["reasons"].to_string().contains("Of the last 22 alerts of this policy that were decided, 95 % were dismissed. -10.0");
            assert_eq!(said, after["severity"] != "HIGH", "{after}");
            assert!((points(&before) - points(&after) - if said { 10.0 } else { 0.0 }).abs() < 0.001, "{before} {after}");
        }
        assert_eq!(of(&second, &alerts[4])["triage"], json!({"rank": "NOT_RANKED", "points": 0.0, "reasons": ["It is confirmed already."]}));

        // Time goes by.
        world.clock.advance(8 * DAY);
        let third = ranks().await;
        third.iter().for_each(check);
        for id in rest {
            let late = of(&third, id);
            assert_eq!(late["overdue"], true);
            assert!(late["triage"]["reasons"].to_string().contains("Its time to be reviewed is over. +15.0"), "{late}");
        }
    }

    async fn a_suppression_holds_for_its_time_and_the_score_comes_back(world) {
        const SUPPRESS: &str = "mutation($input: SuppressIndicatorInput!) { suppressIndicator(input: $input) { suppression { id indicator active until subject { pseudonym } priorityGroup { name } } warnings userErrors { code field } } }";
        const END: &str = "mutation($input: EndSuppressionInput!) { endSuppression(input: $input) { suppression { active endedBy } userErrors { code } } }";
        const SUBJECTS: &str = "{ subjects(first: 100) { nodes { id pseudonym riskScore suppressedIndicators insights { totalCount nodes { indicator { code } } } scoreHistory { score cause } } } }";
        const LIST: &str = "query($subject: ID, $active: Boolean) { suppressions(subjectId: $subject, active: $active) { totalCount nodes { indicator active reason createdBy subject { id } priorityGroup { name } } } }";
        alerted(&world, 2).await;
        let (ann, bea) = (world.person("Ann", &[Role::Analyst]), world.person("Bea", &[Role::Analyst]));
        let subjects = async || ann.query(SUBJECTS).await["subjects"]["nodes"].as_array().unwrap().clone();
        let replays = async || world.services.replay(|_| {}).await.unwrap();
        let first = subjects().await;
        let who = first[0].clone();
        let now = async |id: &Value| subjects().await.into_iter().find(|one| one["id"] == *id).unwrap();
        let score = |of: &Value| of["riskScore"].as_f64().unwrap();
        assert!(score(&who) > 0.0 && who["insights"]["totalCount"].as_i64() > Some(0), "{who:#}");

        // What cannot be.
        let order = |more: Value| {
            let mut input = json!({"indicator": "FILE_DOWNLOADED", "subjectId": who["id"], "until": "2026-07-11T12:00:00Z", "reason": "Moves the archive, ticket 7."});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        for (more, expected) in [
            (json!({"indicator": "NO_SUCH"}), "NOT_ENABLED"), (json!({"until": "2026-10-01T00:00:00Z"}), "LIMIT_EXCEEDED"),
            (json!({"until": "2026-07-01T00:00:00Z"}), "INVALID"), (json!({"reason": " "}), "REQUIRED"),
            (json!({"subjectId": "subject_00000000000000000000000000000000"}), "NOT_FOUND"), (json!({"subjectId": null}), "INVALID"),
            (json!({"priorityGroupId": "x"}), "INVALID"), (json!({"subjectId": null, "priorityGroupId": "x"}), "NOT_FOUND"),
        ] {
            assert_eq!(code(&ann.act(SUPPRESS, order(more.clone())).await), expected, "{more}");
        }
        assert_eq!(score(&now(&who["id"]).await), score(&who));

        // While it holds nothing of the indicator counts for this subject, and for no other.
        let made = ann.act(SUPPRESS, order(json!({}))).await;
        assert_eq!((&made["suppression"]["active"], &made["suppression"]["subject"]["pseudonym"]), (&json!(true), &who["pseudonym"]), "{made}");
        world.settle().await;
        let held = now(&who["id"]).await;
        assert_eq!((score(&held), &held["suppressedIndicators"]), (0.0, &json!(["FILE_DOWNLOADED"])), "{held:#}");
        assert!(held["insights"]["nodes"].as_array().unwrap().iter().all(|one| one["indicator"]["code"] != "FILE_DOWNLOADED"), "{held:#}");
        assert_eq!(held["scoreHistory"].as_array().unwrap().last().unwrap()["cause"], "A suppression of an indicator began or ended.");
        assert_eq!(now(&first[1]["id"]).await["riskScore"], first[1]["riskScore"]);
        let replayed = replays().await;
        assert_eq!((replayed.differences, replayed.waiting), (vec![], 0));
        // New events of it count as little, and are there.
        let before = world.number("SELECT count(*) FROM events").await;
        for at in 0..2 {
            world.import_text("m365", &downloads(90_000 + at * 100..90_050 + at * 100, &leaver(at), "2026-06-30")).await;
        }
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM events").await, before + 100);
        assert_eq!(score(&now(&who["id"]).await), 0.0);
        assert_eq!(replays().await.differences, Vec::<String>::new());

        // It ends by itself: the score is what it would have been without.
        world.clock.advance(DAY);
        world.settle().await;
        let still = now(&who["id"]).await;
        assert_eq!((score(&still), &still["suppressedIndicators"]), (0.0, &json!(["FILE_DOWNLOADED"])));
        world.clock.advance(9 * DAY);
        assert_eq!(now(&who["id"]).await["suppressedIndicators"], json!([]));
        world.settle().await;
        let after = now(&who["id"]).await;
        assert!(score(&after) > 0.0, "{after:#}");
        assert_eq!(after["scoreHistory"].as_array().unwrap().last().unwrap()["cause"], "A suppression of an indicator began or ended.");
        let replayed = replays().await;
        assert_eq!((replayed.differences, replayed.waiting), (vec![], 0));
        let rest = score(&after);

        // Ended by hand, by a second person; once.
        let made = ann.act(SUPPRESS, order(json!({"until": "2026-09-01T00:00:00Z"}))).await;
        world.settle().await;
        assert_eq!(score(&now(&who["id"]).await), 0.0);
        let end = json!({"suppressionId": made["suppression"]["id"], "reason": "The archive is moved."});
        let ended = bea.act(END, end.clone()).await;
        assert_eq!(ended["suppression"], json!({"active": false, "endedBy": "dev:bea"}), "{ended}");
        assert_eq!(code(&bea.act(END, end).await), "CONFLICT");
        world.settle().await;
        assert_eq!(score(&now(&who["id"]).await), rest);
        assert_eq!(replays().await.differences, Vec::<String>::new());

        // For a group's members, by somebody who sees all of them.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { id } userErrors { message } } }";
        let accounts = [leaver(0), leaver(1)];
        let admin = world.caller(&[Role::Admin]);
        let group = admin.act(save, json!({"name": "Board", "addAccounts": accounts, "viewers": ["dev:ann"]})).await["group"]["id"].clone();
        world.settle().await;
        let for_group = order(json!({"subjectId": null, "priorityGroupId": group, "until": "2026-08-01T00:00:00Z"}));
        assert_eq!(code(&bea.act(SUPPRESS, for_group.clone()).await), "NOT_ALLOWED");
        let one_of_them = world.caller_with_account("Leaver", &accounts[1], &[Role::Analyst]);
        admin.act(save, json!({"id": group, "name": "Board", "viewers": null})).await;
        assert_eq!(code(&one_of_them.act(SUPPRESS, for_group.clone()).await), "NOT_ALLOWED", "nobody's own score");
        world.clock.advance(1_000);
        let made = ann.act(SUPPRESS, for_group).await;
        assert_eq!((&made["suppression"]["priorityGroup"]["name"], &made["suppression"]["subject"]), (&json!("Board"), &Value::Null), "{made}");
        world.settle().await;
        assert!(subjects().await.iter().all(|one| score(one) == 0.0 && one["suppressedIndicators"] == json!(["FILE_DOWNLOADED"])));
        // Who leaves the group is scored again.
        admin.act(save, json!({"id": group, "name": "Board", "removeAccounts": [accounts[0]]})).await;
        world.settle().await;
        let counts: Vec<bool> = subjects().await.iter().map(|one| score(one) > 0.0).collect();
        assert_eq!(counts.iter().filter(|counts| **counts).count(), 1);
        assert_eq!(replays().await.differences, Vec::<String>::new());

        // Listed to who may see the subject; audited with the reason.
        let listed = async |who: &Caller, variables: Value| who.ask(LIST, variables).await.data()["suppressions"].clone();
        let all = listed(&ann, json!({})).await;
        let shown: Vec<Value> = all["nodes"].as_array().unwrap().iter().map(|one| json!([one["active"], one["priorityGroup"]["name"], one["subject"]["id"]])).collect();
        assert_eq!(shown, [json!([true, "Board", null]), json!([false, null, who["id"]]), json!([false, null, who["id"]])], "{all:#}");
        assert_eq!(all["nodes"][0]["reason"], "Moves the archive, ticket 7.");
        assert_eq!(listed(&ann, json!({"active": true})).await["totalCount"], 1);
        assert_eq!(listed(&ann, json!({"subject": who["id"]})).await["totalCount"], 2);
        let is_other = score(&now(&who["id"]).await) > 0.0;
        assert_eq!(listed(&one_of_them, json!({})).await["totalCount"], if is_other { 3 } else { 1 }, "not about oneself");
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE object LIKE 'suppression_%' AND reason IS NOT NULL").await, 4);
    }
}
