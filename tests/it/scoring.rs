//! What a score can be held to: computed again from the log, tried before it is enabled, explained change by change.

use crate::templates::{enable_all, event};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::Day};
use vizard_tests::on_both;

const PREVIEW: &str = "query($input: CreatePolicyInput!, $days: Int) { policyPreview(input: $input, days: $days) { days subjectsActivated \
                       alertsHigh alertsMedium alertsLow byIndicator { indicator { code } subjectsOverLow subjectsOverMedium subjectsOverHigh } } }";

fn departing() -> Value {
    json!({"name": "Not yet", "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"all": true}})
}

on_both! {
    async fn a_replay_of_the_sample_company_differs_in_nothing_and_finds_what_was_changed_by_hand(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let replayed = world.services.replay(|_| {}).await.unwrap();
        assert_eq!(replayed.differences, Vec::<String>::new());
        assert!(replayed.subjects >= 3 && replayed.insights > 20 && replayed.waiting == 0, "{replayed:?}");
        let changed = "UPDATE scores SET score = score - 1 WHERE subject_id = \
                       (SELECT subject_id FROM scores WHERE score > 25 ORDER BY subject_id LIMIT 1) RETURNING open";
        world.number(changed).await;
        let replayed = world.services.replay(|_| {}).await.unwrap();
        assert!(replayed.differences.iter().any(|difference| difference.contains(": score: ")), "{replayed:?}");
        let counts = "UPDATE activity_days SET count = count + 1 WHERE indicator = 'FILE_DOWNLOADED' RETURNING count";
        world.number(counts).await;
        let replayed = world.services.replay(|_| {}).await.unwrap();
        assert!(replayed.differences.iter().any(|difference| difference.contains("FILE_DOWNLOADED on ")), "{replayed:?}");
    }

    async fn a_preview_tells_what_a_policy_would_have_done_and_stores_nothing(world) {
        world.connect().await;
        world.import_demo().await;
        let admin = world.caller(&[Role::Admin]);
        let codes = world.policy().await;
        let input = json!({"input": departing(), "days": 60});
        let seen = admin.ask(PREVIEW, input.clone()).await;
        let preview = &seen.data()["policyPreview"];
        let alerts: i64 = ["alertsHigh", "alertsMedium", "alertsLow"].iter().map(|of| preview[of].as_i64().unwrap()).sum();
        assert!(preview["subjectsActivated"].as_i64().unwrap() >= alerts && alerts >= 3, "{preview:#} {codes}");
        let rows = preview["byIndicator"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["subjectsOverHigh"].as_i64().unwrap() > 0), "{preview:#}");
        for row in rows {
            let [low, medium, high] = ["subjectsOverLow", "subjectsOverMedium", "subjectsOverHigh"].map(|of| row[of].as_i64().unwrap());
            assert!(low >= medium && medium >= high, "{row}");
        }
        assert_eq!(world.number("SELECT count(*) FROM policies WHERE name = 'Not yet'").await, 0);
        let refused = world.caller(&[Role::Analyst]).ask(PREVIEW, input).await;
        assert_eq!((&refused.body["data"]["policyPreview"], &refused.body["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("FORBIDDEN")));
        let long = admin.ask(PREVIEW, json!({"input": departing(), "days": 91})).await;
        assert_eq!(long.body["data"]["policyPreview"], Value::Null);
        assert!(long.body.to_string().contains("1 to 90 days"), "{long:?}");
    }

    async fn a_score_tells_change_by_change_how_it_came_about(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let history = "{ alerts(first: 1) { nodes { score subject { riskScore scoreHistory { at score cause } } } } }";
        let subject = |data: &Value| data["alerts"]["nodes"][0]["subject"].clone();
        let today = subject(&world.caller(&[Role::Analyst]).query(history).await);
        let points = today["scoreHistory"].as_array().unwrap();
        // The clock stands still: what changed at one instant is one point, with the last cause.
        assert!(["Scoring began.", "New activity was added."].contains(&points[0]["cause"].as_str().unwrap()));
        assert_eq!(points.last().unwrap()["score"], today["riskScore"]);
        world.clock.advance(vizard_core::time::DAY);
        world.settle().await;
        let tomorrow = subject(&world.caller(&[Role::Analyst]).query(history).await);
        let last = tomorrow["scoreHistory"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["cause"], "What was seen has aged.");
        assert!(last["score"].as_f64() < points.last().unwrap()["score"].as_f64());
        let disable = "mutation { enableIndicators(input: {codes: [\"FILE_DOWNLOADED\", \"FILE_COPIED_TO_USB\", \"FILE_UPLOADED_TO_WEB\"], enabled: false}) { userErrors { message } } }";
        world.caller(&[Role::Admin]).query(disable).await;
        world.settle().await;
        let switched = subject(&world.caller(&[Role::Analyst]).query(history).await);
        assert_eq!(switched["scoreHistory"].as_array().unwrap().last().unwrap()["cause"], "What is enabled or set for all policies was changed.");
        let admin = world.caller(&[Role::Admin]).ask("{ subjects(first: 1) { nodes { scoreHistory { score } } } }", Value::Null).await;
        assert!(!format!("{admin:?}").contains("\"score\":"), "{admin:?}");
    }

    async fn a_draft_scores_in_the_shadow_and_raises_alerts_once_it_is_active(world) {
        world.connect().await;
        let id = world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        let switch = "mutation($input: SetPolicyStateInput!) { setPolicyState(input: $input) { policy { state } userErrors { message } } }";
        let become_ = async |state: &str| {
            let answer = admin.ask(switch, json!({"input": {"policyId": id, "state": state}})).await;
            assert_eq!(answer.data()["setPolicyState"]["policy"]["state"], state, "{answer:?}");
        };
        become_("DRAFT").await;
        world.import_demo().await;
        world.settle().await;
        let shown = "{ policies { nodes { subjectsInScope subjectsOverVolume activeAlerts } } }";
        let policy = admin.query(shown).await["policies"]["nodes"][0].clone();
        assert_eq!((&policy["subjectsOverVolume"], &policy["activeAlerts"]), (&json!(3), &json!(0)), "{policy}");
        assert!(policy["subjectsInScope"].as_i64().unwrap() >= 3);
        let subjects = "{ subjects { nodes { riskLevel riskScore insights { totalCount } activations { manual } scoreHistory { score } } } }";
        let seen = world.caller(&[Role::Analyst]).query(subjects).await;
        for subject in seen["subjects"]["nodes"].as_array().unwrap() {
            let nothing = json!({"riskLevel": "NONE", "riskScore": 0.0, "insights": {"totalCount": 0}, "activations": [], "scoreHistory": []});
            assert_eq!(subject, &nothing, "a draft shows in nobody");
        }
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
        become_("ACTIVE").await;
        world.settle().await;
        let policy = admin.query(shown).await["policies"]["nodes"][0].clone();
        assert_eq!((&policy["subjectsOverVolume"], &policy["activeAlerts"]), (&json!(3), &json!(3)), "{policy}");
    }

    async fn what_left_over_thirty_days_is_compared_with_what_left_colleagues(world) {
        world.connect().await;
        world.policy().await;
        let people: Vec<String> = (0..6).map(|number| format!("colleague{number}@halden-optics.example")).collect();
        let profile = |who: &String| format!("Employee profile,{who},Ada,Example,Street 1,12345,Sales,Seller\n");
        let header = "HRScenario,EmailAddress,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept,EmployeeRole\n";
        world.import_text("hr", format!("{header}{}", people.iter().map(profile).collect::<String>()).as_bytes()).await;
        let resignation = format!("HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,{},2026-06-28T09:00:00Z,2026-07-31T00:00:00Z\n", people[0]);
        world.import_text("hr", resignation.as_bytes()).await;
        let upload = |who: &str, day: &str, at: usize| {
            json!({"CreationTime": format!("{day}T08:{:02}:{:02}", at / 60, at % 60), "Id": format!("{who}-{day}-{at}"), "Operation": "FileUploadedToCloud",
                "RecordType": 63, "UserKey": who, "UserType": 0, "Version": 1, "Workload": "Endpoint", "UserId": who,
                "ObjectId": format!("D:\\{day}-{at}.pdf"), "DeviceName": "HO-1", "Platform": 1, "FileExtension": "pdf", "TargetDomain": "x.example"})
            .to_string()
        };
        let mut records: Vec<String> = Vec::new();
        for who in &people {
            records.extend((10..30).flat_map(|day| (0..2).map(move |at| upload(who, &format!("2026-06-{day}"), at))));
        }
        records.extend((0..200).map(|at| upload(&people[0], "2026-07-01", at)));
        world.import_text("m365", records.join("\n").as_bytes()).await;
        world.settle().await;
        let left = "SELECT explanation FROM insights WHERE kind = 'CUMULATIVE_EXFILTRATION'";
        assert_eq!(world.texts(left).await, [""; 0], "nobody knows what is usual yet");
        assert!(world.services.make_norms().await.unwrap());
        assert!(!world.services.make_norms().await.unwrap(), "once a day");
        assert_eq!(world.number("SELECT count(*) FROM norms").await, 3, "organisation, department, department and title");
        world.import_text("m365", upload(&people[0], "2026-07-01", 999).as_bytes()).await;
        world.settle().await;
        let told = world.texts(left).await;
        assert!(told.len() == 1 && told[0].contains("241"), "{told:?}");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn what_peers_usually_do_weighs_little_even_for_somebody_new(world) {
        world.connect().await;
        world.connect_relay().await;
        let admin = world.caller(&[Role::Admin]);
        enable_all(&admin).await;
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
        let input = json!({"name": "Records", "template": "PATIENT_DATA_MISUSE", "scope": {"all": true}});
        assert_eq!(admin.ask(create, json!({"input": input})).await.data()["createPolicy"]["userErrors"], json!([]));
        let profile = |number: i32| format!("Employee profile,p{number}@halden.example,Ada,Example,Street 1,12345,Clinic,Emergency physician\n");
        let header = "HRScenario,EmailAddress,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept,EmployeeRole\n";
        world.import_text("hr", format!("{header}{}", (0..7).map(profile).collect::<String>()).as_bytes()).await;
        let today = world.clock.now().day();
        let opened = |who: i32, day: Day| event(&format!("{who}-{day}"), &format!("p{who}"), day, 9, "PATIENT_RECORD_RESTRICTED", &json!({"quantity": 4}));
        let past: String = (1..=20).flat_map(|before| (1..7).map(move |who| opened(who, today.plus(-before)))).collect();
        world.import_text("relay", past.as_bytes()).await;
        world.settle().await;
        assert!(world.services.make_norms().await.unwrap());
        world.import_text("relay", opened(0, today).as_bytes()).await;
        world.settle().await;
        let told = world.texts(&format!("SELECT boosters FROM insights WHERE day = {} AND indicator = 'PATIENT_RECORD_RESTRICTED'", today.0)).await;
        assert!(told.len() == 1 && told[0].contains("near the usual for the subject's peers"), "{told:?}");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn a_sign_in_at_somebody_elses_machine_is_told_from_one_at_a_new_machine(world) {
        world.connect_relay().await;
        let admin = world.caller(&[Role::Admin]);
        enable_all(&admin).await;
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
        let input = json!({"name": "Leaks", "template": "GENERAL_DATA_LEAKS", "scope": {"all": true}});
        assert_eq!(admin.ask(create, json!({"input": input})).await.data()["createPolicy"]["userErrors"], json!([]));
        let today = world.clock.now().day();
        let signs_in = |who: &str, day: Day, device: &str| event(&format!("{who}-{day}-{device}"), who, day, 9, "LOGON", &json!({"device": device}));
        let people = ["ada", "bob", "cid", "dan", "eve"];
        let past: String = (1..=30).flat_map(|before| people.map(|who| signs_in(who, today.plus(-before), &format!("pc-of-{who}")))).collect();
        world.import_text("relay", past.as_bytes()).await;
        world.settle().await;
        assert!(world.services.make_norms().await.unwrap());
        assert_eq!(world.number("SELECT count(*) FROM device_owners").await, 5);
        let now = [signs_in("bob", today, "pc-of-ada"), signs_in("cid", today, "pc-new")].concat();
        world.import_text("relay", now.as_bytes()).await;
        world.settle().await;
        let score = async |more: &str| world.number(&format!("SELECT count(*) FROM insights WHERE indicator = 'FIRST_TIME' AND {more}")).await;
        assert_eq!((score("score = 90").await, score("score = 30").await, score("day > 0").await), (1, 1, 2));
        assert!(world.texts("SELECT device FROM device_owners").await.iter().all(|device| device.starts_with("@DEVICE!") && !device.contains("pc-")));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }
}
