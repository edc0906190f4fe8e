//! The sample company from its files to masked, explained alerts, and what people then do with them.

use serde_json::{Value, json};
use std::{collections::BTreeSet, io::Read as _};
use vizard_core::{
    access::Role,
    time::{DAY, HOUR},
};
use vizard_tests::{World, demo, on_both};

const ALERTS: &str = "{ alerts(first: 50) { totalCount nodes { id status severity score trigger subject { id pseudonym identity { displayName } \
                      identityState department } contributions { points insight { id count explanation } } } } }";

fn nodes(data: &Value) -> Vec<Value> {
    data["alerts"]["nodes"].as_array().expect("alerts").clone()
}

/// The pseudonym of an account: told to an administrator who orders its scoring to stop under a policy made for that.
async fn pseudonym(world: &World, policy: &str, account: &str) -> String {
    let stop = "mutation($input: StopScoringInput!) { stopScoring(input: $input) { subjects { pseudonym } userErrors { message } } }";
    let input = json!({"input": {"policyId": policy, "accounts": [account], "reason": "test"}});
    let answer = world.caller(&[Role::Admin]).ask(stop, input).await;
    let shown = &answer.data()["stopScoring"]["subjects"][0]["pseudonym"];
    shown.as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// A minimal Microsoft 365 record of a download.
fn download(id: u32, who: &str, day: &str) -> String {
    json!({
        "Id": format!("00000000-0000-4000-8000-{id:012}"), "RecordType": 6, "CreationTime": format!("{day}T09:00:00"),
        "Operation": "FileDownloaded", "OrganizationId": "0", "UserType": 0, "UserKey": who, "Workload": "SharePoint",
        "UserId": who, "ObjectId": format!("https://halden-optics.example/sites/a/file{id}.docx"),
        "SourceFileName": format!("file{id}.docx"), "SourceFileExtension": "docx", "SiteUrl": "https://halden-optics.example/sites/a/",
    })
    .to_string()
}

/// Downloads of a day, one file each.
pub(crate) fn downloads(ids: std::ops::Range<u32>, who: &str, day: &str) -> Vec<u8> {
    ids.map(|id| download(id, who, day) + "\n").collect::<String>().into_bytes()
}

const RESIGNATION: &[u8] = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@halden-optics.example,2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n";
const MARA: &str = "mara.lindt@halden-optics.example";

on_both! {
    async fn the_sample_company_alerts_exactly_where_its_stories_say(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let data = world.caller(&[Role::Analyst]).query(ALERTS).await;
        let alerts = nodes(&data);
        let expected: Value = serde_json::from_slice(&std::fs::read(demo("expected.json")).unwrap()).unwrap();
        let departing = expected["subjects_with_alert"].as_array().unwrap();
        assert_eq!(alerts.len(), departing.len(), "{data:#}");
        for alert in &alerts {
            let score = alert["score"].as_f64().unwrap();
            let shares: f64 = alert["contributions"].as_array().unwrap().iter().map(|share| share["points"].as_f64().unwrap()).sum();
            assert!((score - shares).abs() < 0.01 && score >= 25.0, "{score} is not {shares}");
            assert_eq!(alert["subject"]["identity"], Value::Null);
            assert_eq!(alert["subject"]["identityState"], "MASKED");
        }
        // A draft of its own, so that asking for pseudonyms changes nothing that is looked at.
        let create = "mutation { createPolicy(input: {name: \"Ask\", template: DATA_THEFT_BY_DEPARTING_USERS, scope: {all: true}}) { policy { id } userErrors { message } } }";
        let ask = world.caller(&[Role::Admin]).query(create).await["createPolicy"]["policy"]["id"].as_str().unwrap().to_owned();
        let alerted: BTreeSet<String> = alerts.iter().map(|alert| alert["subject"]["pseudonym"].as_str().unwrap().to_owned()).collect();
        for person in departing {
            assert!(alerted.contains(&pseudonym(&world, &ask, person["address"].as_str().unwrap()).await), "{person}");
        }
        for person in expected["subjects_without_alert"].as_array().unwrap() {
            assert!(!alerted.contains(&pseudonym(&world, &ask, person["address"].as_str().unwrap()).await), "{person}");
        }
    }

    async fn without_a_trigger_nobody_is_scored_and_with_one_the_same_activity_counts(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM scores").await, 0);
        assert_eq!(nodes(&world.caller(&[Role::Analyst]).query(ALERTS).await), Vec::<Value>::new());
        world.import_text("hr", RESIGNATION).await;
        world.settle().await;
        let alerts = nodes(&world.caller(&[Role::Analyst]).query(ALERTS).await);
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0]["trigger"], "Resignation on 20 June 2026.");
        let explanation = alerts[0]["contributions"][0]["insight"]["explanation"].as_str().unwrap();
        assert!(explanation.starts_with("Downloaded 300 files on 29 June 2026: high"), "{explanation}");
    }

    async fn a_dismissed_alert_comes_back_only_with_new_activity(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        let analyst = world.caller(&[Role::Analyst]);
        let first = nodes(&analyst.query(ALERTS).await);
        let dismiss = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { alerts { status dismissReason notes { system body } } userErrors { code field } } }";
        let input = json!({"input": {"alertIds": [first[0]["id"]], "reason": "EXPECTED_ACTIVITY", "note": "Handover."}});
        let dismissed = analyst.ask(dismiss, input.clone()).await.data()["dismissAlerts"].clone();
        assert_eq!(dismissed["alerts"][0]["status"], "DISMISSED");
        assert_eq!(dismissed["alerts"][0]["notes"].as_array().unwrap().len(), 2);
        let again = analyst.ask(dismiss, input).await.data()["dismissAlerts"].clone();
        assert_eq!(again["userErrors"], json!([{"code": "CONFLICT", "field": ["input", "alertIds", "0"]}]));
        world.clock.advance(DAY);
        let analyst = world.caller(&[Role::Analyst]);
        world.settle().await;
        assert_eq!(nodes(&analyst.query(ALERTS).await).len(), 1, "nothing new happened");
        world.import_text("m365", &downloads(300..700, MARA, "2026-07-02")).await;
        world.settle().await;
        let alerts = nodes(&analyst.query(ALERTS).await);
        assert_eq!(alerts.len(), 2);
        assert_eq!(alerts[0]["contributions"].as_array().unwrap().len(), 1, "only what is new: {:#}", alerts[0]);
    }

    async fn a_second_finding_updates_the_open_alert_and_confirming_it_opens_a_case(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..200, MARA, "2026-06-28")).await;
        world.settle().await;
        let investigator = world.caller(&[Role::Investigator]);
        let before = nodes(&investigator.query(ALERTS).await);
        world.import_text("m365", &downloads(200..800, MARA, "2026-06-30")).await;
        world.settle().await;
        let after = nodes(&investigator.query(ALERTS).await);
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_eq!(before[0]["id"], after[0]["id"]);
        assert!(after[0]["score"].as_f64() > before[0]["score"].as_f64());
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { alert { status case { id } } case { id name status \
                       alerts { nodes { id } } notes { body system } subject { pseudonym } } userErrors { code field } } }";
        let neither = investigator.ask(confirm, json!({"input": {"alertId": after[0]["id"]}})).await;
        assert_eq!(neither.data()["confirmAlert"]["userErrors"][0]["code"], "REQUIRED");
        let input = json!({"input": {"alertId": after[0]["id"], "caseName": "Laptop return", "comment": "Ask HR."}});
        let made = investigator.ask(confirm, input).await.data()["confirmAlert"].clone();
        assert_eq!(made["alert"]["status"], "CONFIRMED");
        assert_eq!(made["alert"]["case"]["id"], made["case"]["id"]);
        assert_eq!(made["case"]["alerts"]["nodes"], json!([{"id": after[0]["id"]}]));
        assert_eq!(made["case"]["notes"].as_array().unwrap().len(), 2);
        let audited = world.number("SELECT count(*) FROM audit WHERE category = 'CASES' AND activity = 'ADDED'").await;
        assert_eq!(audited, 1);
    }

    async fn a_case_that_was_a_violation_is_frozen_and_what_the_subject_does_later_counts_more(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        let investigator = world.caller(&[Role::Investigator]);
        let alert = nodes(&investigator.query(ALERTS).await)[0]["id"].clone();
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id resolution actionTaken } userErrors { code field } } }";
        let made = investigator.ask(confirm, json!({"input": {"alertId": alert, "caseName": "Price lists"}})).await.data()["confirmAlert"].clone();
        let case = made["case"]["id"].clone();
        assert_eq!((&made["case"]["resolution"], &made["case"]["actionTaken"]), (&Value::Null, &Value::Null));
        world.settle().await;
        let levels = "{ subjects { nodes { riskLevel insights { nodes { boosters { kind explanation } activities { totalCount } } } } } }";
        assert_ne!(investigator.query(levels).await["subjects"]["nodes"][0]["riskLevel"], "NONE");
        world.clock.advance(HOUR);
        let investigator = world.caller(&[Role::Investigator]);
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { case { id status resolution actionTaken notes { system body } \
                       alerts { nodes { status } } } userErrors { code field } } }";
        let wrong = |of: &Value, action: &str| json!({"input": {"caseId": of, "resolution": "CONFIRMED_POLICY_VIOLATION", "actionTaken": action}});
        let refused = investigator.ask(resolve, wrong(&case, " ")).await;
        assert_eq!(refused.data()["resolveCase"], json!({"case": null, "userErrors": [{"code": "REQUIRED", "field": ["input", "actionTaken"]}]}));
        let refused = investigator.ask(resolve, wrong(&json!("case_x"), "Warned.")).await;
        assert_eq!(refused.data()["resolveCase"]["userErrors"], json!([{"code": "NOT_FOUND", "field": ["input", "caseId"]}]));
        let resolved = investigator.ask(resolve, wrong(&case, "Warned in writing.")).await.data()["resolveCase"].clone();
        assert_eq!(resolved, json!({"case": {"id": case, "status": "CLOSED", "resolution": "CONFIRMED_POLICY_VIOLATION", "actionTaken": "Warned in writing.",
            "notes": [{"system": true, "body": resolved["case"]["notes"][0]["body"]}, {"system": true, "body": "Case resolved as CONFIRMED_POLICY_VIOLATION."}],
            "alerts": {"nodes": [{"status": "RESOLVED"}]}}, "userErrors": []}));
        let again = investigator.ask(resolve, wrong(&case, "Warned.")).await;
        assert_eq!(again.data()["resolveCase"]["userErrors"], json!([{"code": "NOT_ALLOWED", "field": ["input", "caseId"]}]));
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE detail LIKE '%CONFIRMED_POLICY_VIOLATION%' AND detail NOT LIKE '%Warned%'").await, 1);
        world.settle().await;
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
        let seen = investigator.query(levels).await;
        assert_eq!(seen["subjects"]["nodes"][0]["riskLevel"], "NONE", "what the alert gave is gone: {seen:#}");
        assert!(!seen.to_string().contains("PRIOR_VIOLATION"), "what the case was about is not made graver by it: {seen:#}");
        world.clock.advance(DAY);
        world.import_text("m365", &downloads(300..700, MARA, "2026-07-02")).await;
        world.settle().await;
        let investigator = world.caller(&[Role::Investigator]);
        let seen = investigator.query(levels).await;
        let insights = seen["subjects"]["nodes"][0]["insights"]["nodes"].as_array().unwrap();
        let boosted = |insight: &&Value| insight["boosters"].to_string().contains("An earlier case was resolved as a violation of policy.");
        let counts: Vec<&Value> = insights.iter().filter(boosted).map(|insight| &insight["activities"]["totalCount"]).collect();
        assert!(counts.contains(&&json!(400)) && !counts.contains(&&json!(300)), "{seen:#}");
        let late = nodes(&investigator.query(ALERTS).await);
        assert_eq!(late.len(), 2, "what is new is a new alert");
        let joined = investigator.ask(confirm, json!({"input": {"alertId": late[0]["id"], "caseId": case}})).await;
        assert_eq!(joined.data()["confirmAlert"]["userErrors"], json!([{"code": "NOT_ALLOWED", "field": ["input", "caseId"]}]));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn a_benign_case_takes_what_it_gave_to_the_risk_level_and_boosts_nothing(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        let analyst = world.caller(&[Role::Analyst]);
        let alert = nodes(&analyst.query(ALERTS).await)[0]["id"].clone();
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } } }";
        let case = analyst.ask(confirm, json!({"input": {"alertId": alert, "caseName": "Handover"}})).await.data()["confirmAlert"]["case"]["id"].clone();
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { case { status } } }";
        analyst.ask(resolve, json!({"input": {"caseId": case, "resolution": "BENIGN", "actionTaken": "None needed."}})).await;
        world.clock.advance(DAY);
        world.import_text("m365", &downloads(300..305, MARA, "2026-07-02")).await;
        world.settle().await;
        let seen = world.caller(&[Role::Analyst]).query("{ subjects { nodes { riskLevel insights { nodes { boosters { kind } } } } } }").await;
        assert_eq!(seen["subjects"]["nodes"][0]["riskLevel"], "NONE", "{seen:#}");
        assert!(!seen.to_string().contains("PRIOR_VIOLATION"), "{seen:#}");
    }

    async fn a_risk_level_lasts_as_long_as_is_set_and_is_taken_away_by_hand_until_something_new_matches(world) {
        world.connect().await;
        world.policy().await;
        let update = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { riskLevel { windowDays lastsDays } } userErrors { code field } } }";
        let admin = world.caller(&[Role::Admin]);
        let refused = admin.ask(update, json!({"input": {"riskLevel": {"windowDays": 4, "lastsDays": 31}}})).await;
        assert_eq!(refused.data()["updateSettings"], json!({"settings": null, "userErrors": [{"code": "INVALID", "field": ["input", "riskLevel", "windowDays"]},
            {"code": "INVALID", "field": ["input", "riskLevel", "lastsDays"]}]}));
        let set = admin.ask(update, json!({"input": {"riskLevel": {"lastsDays": 14}}})).await;
        assert_eq!(set.data()["updateSettings"]["settings"], json!({"riskLevel": {"windowDays": 7, "lastsDays": 14}}));
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        let level = async || {
            world.settle().await;
            let seen = world.caller(&[Role::Analyst]).query("{ subjects { nodes { id riskLevel } } }").await;
            seen["subjects"]["nodes"][0].clone()
        };
        let first = level().await;
        assert_eq!(first["riskLevel"], "MODERATE");
        world.clock.advance(10 * DAY);
        assert_eq!(level().await["riskLevel"], "MODERATE", "seven days would be over");
        let reset = "mutation($input: ResetRiskLevelInput!) { resetRiskLevel(input: $input) { subject { id riskLevel } userErrors { code field } } }";
        let analyst = world.caller(&[Role::Analyst]);
        let ask = |id: &Value, reason: &str| json!({"input": {"subjectId": id, "reason": reason}});
        let refused = analyst.ask(reset, ask(&first["id"], "")).await;
        assert_eq!(refused.data()["resetRiskLevel"]["userErrors"], json!([{"code": "REQUIRED", "field": ["input", "reason"]}]));
        let refused = analyst.ask(reset, ask(&json!("subject_x"), "Settled.")).await;
        assert_eq!(refused.data()["resetRiskLevel"]["userErrors"], json!([{"code": "NOT_FOUND", "field": ["input", "subjectId"]}]));
        let done = analyst.ask(reset, ask(&first["id"], "Talked it over.")).await;
        assert_eq!(done.data()["resetRiskLevel"], json!({"subject": {"id": first["id"], "riskLevel": "NONE"}, "userErrors": []}));
        assert_eq!(level().await["riskLevel"], "NONE", "scored again, and nothing new");
        assert_eq!(world.number("SELECT count(*) FROM alerts WHERE status = 'NEEDS_REVIEW'").await, 1, "the alert stays");
        let audited = world.texts("SELECT leaf FROM audit WHERE category = 'SUBJECTS'").await;
        assert!(audited.len() == 1 && audited[0].contains("MODERATE") && !audited[0].contains("Talked it over."), "{audited:?}");
        assert_eq!(world.texts("SELECT reason FROM audit WHERE category = 'SUBJECTS'").await, ["Talked it over."]);
        world.clock.advance(DAY);
        assert_eq!(level().await["riskLevel"], "NONE");
        world.import_text("m365", &downloads(300..900, MARA, "2026-07-12")).await;
        assert_eq!(level().await["riskLevel"], "ELEVATED", "the alert holds something new");
        assert_eq!(world.texts("SELECT severity FROM alerts").await, ["HIGH"]);
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn scores_fall_with_time_and_end_with_the_window(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &downloads(0..300, MARA, "2026-06-29")).await;
        world.settle().await;
        let score = "SELECT CAST(1000 * max(risk_score) AS INTEGER) + 0 FROM subjects";
        let score = if world.engine == vizard_tests::Engine::Postgres { "SELECT (1000 * max(risk_score))::bigint FROM subjects" } else { score };
        let first = world.number(score).await;
        world.clock.advance(7 * DAY);
        world.settle().await;
        let later = world.number(score).await;
        assert!(0 < later && later < first, "{first} then {later}");
        world.clock.advance(60 * DAY);
        world.settle().await;
        assert_eq!(world.number(score).await, 0);
        assert_eq!(world.number("SELECT count(*) FROM insights").await, 0);
        assert_eq!(nodes(&world.caller(&[Role::Analyst]).query(ALERTS).await).len(), 1, "the alert stays as it was");
    }

    async fn shuffled_repeated_and_rebatched_records_give_the_same_insights_to_the_byte(world) {
        world.connect().await;
        world.policy().await;
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(demo("m365-audit.jsonl.gz")).unwrap()).read_to_string(&mut text).unwrap();
        let stories = ["ottoline.brackwater", "thaddeus.ekholm", "wilhelmina.oosterhagen"];
        let told = |line: &&str| stories.iter().any(|login| line.to_ascii_lowercase().contains(login));
        let lines: Vec<&str> = text.lines().filter(told).collect();
        assert!(lines.len() > 1_500);
        world.import("hr", &demo("hr-events.csv")).await;
        world.import_text("m365", lines.join("\n").as_bytes()).await;
        world.settle().await;
        let snapshot = |world: std::sync::Arc<World>| async move {
            let insights = "SELECT indicator || '|' || CAST(day AS TEXT) || '|' || CAST(count AS TEXT) || '|' || level || '|' || CAST(score AS TEXT) \
                            || '|' || CAST(points AS TEXT) || '|' || explanation FROM insights ORDER BY 1";
            let alerts = "SELECT cause || '|' || severity || '|' || CAST(a.score AS TEXT) || '|' || i.explanation || '|' || CAST(i.points AS TEXT) \
                          FROM alerts a JOIN alert_insights i ON i.alert_id = a.id ORDER BY 1";
            let scores = "SELECT CAST(score AS TEXT) || activations FROM scores ORDER BY 1";
            [world.texts(insights).await, world.texts(alerts).await, world.texts(scores).await]
        };
        let straight = snapshot(world.clone()).await;
        assert!(straight.iter().all(|part| !part.is_empty()));
        for seed in 1..=3u64 {
            tokio::task::block_in_place(|| vizard_tests::run(world.engine, async |other| {
                let mut order: Vec<(u64, &str)> = lines.iter().enumerate().map(|(at, line)| (mix(seed, at as u64), *line)).collect();
                order.sort_unstable();
                let shuffled: Vec<&str> = order.iter().map(|(_, line)| *line).collect();
                other.connect().await;
                other.policy().await;
                for (at, part) in shuffled.chunks(97 + 131 * usize::try_from(seed).unwrap()).enumerate() {
                    other.import_text("m365", part.join("\n").as_bytes()).await;
                    if at % 2 == 0 {
                        other.import_text("m365", part.join("\n").as_bytes()).await;
                        other.services.score_all().await.unwrap();
                    }
                }
                other.import("hr", &demo("hr-events.csv")).await;
                other.settle().await;
                assert_eq!(snapshot(other.clone()).await, straight, "seed {seed}");
            }));
        }
    }
}

/// SplitMix64: a number that looks random, the same for the same input.
fn mix(seed: u64, at: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(at.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
