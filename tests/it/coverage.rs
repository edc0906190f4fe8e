//! Coverage: whom the installation monitors, from what comes in to what is scored.

use crate::story::downloads;
use serde_json::{Value, json};
use vizard_core::{
    access::{Action, Resource, Role},
    time::DAY,
};
use vizard_server::permit::Permit;
use vizard_tests::{World, demo, on_both};

const UPDATE: &str = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { version coverage { name effectiveFrom agreement \
                      departments priorityGroupIds accounts } } userErrors { code field } } }";
const OTTOLINE: &str = "ottoline.brackwater@halden-optics.example";

async fn cover(world: &World, rules: Value) -> Value {
    let answer = world.caller(&[Role::Admin]).ask(UPDATE, json!({"input": {"coverage": rules}})).await;
    answer.data()["updateSettings"].clone()
}

/// A rule for one department.
fn department(name: &str, from: &str) -> Value {
    json!({"name": "AGREED", "effectiveFrom": from, "agreement": "Works agreement of 2 March 2026", "departments": [name]})
}

fn resigns(who: &str) -> Vec<u8> {
    format!("HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,{who},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n").into_bytes()
}

/// The profile of somebody of that department.
fn profile(who: &str, department: &str) -> Vec<u8> {
    format!(
        "EmailAddress,UserName,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept,EmployeeRole\n\
         {who},{who},Vera,Halvorsen,Storgata 1,1767,{department},Head of Sales\n"
    )
    .into_bytes()
}

async fn rows(world: &World, of: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM {of}")).await
}

on_both! {
    async fn of_whoever_is_not_covered_nothing_is_stored_and_what_was_dropped_is_counted(world) {
        world.connect().await;
        let policy = world.policy().await;
        let made = cover(&world, json!([department("optical engineering", "2026-03-01")])).await;
        assert_eq!(made["userErrors"], json!([]), "{made:#}");
        assert_eq!(made["settings"]["coverage"][0]["effectiveFrom"], "2026-03-01");
        let profiles = world.import("hr", &demo("hr-profiles.csv")).await.counts;
        assert_eq!((profiles.accepted, profiles.uncovered, profiles.read), (11, 29, 40));
        let events = world.import("hr", &demo("hr-events.csv")).await.counts;
        assert_eq!((events.accepted, events.rejected, events.uncovered, events.read), (3, 4, 3, 10));
        let audit = world.import("m365", &demo("m365-audit.jsonl.gz")).await.counts;
        assert!(audit.uncovered > 10_000 && audit.accepted > 3_000, "{audit:?}");
        assert_eq!(audit.read, audit.accepted + audit.duplicates + audit.rejected + audit.ignored + audit.uncovered);
        world.settle().await;
        assert_eq!(rows(&world, "subjects").await, 11);
        assert_eq!(world.texts("SELECT DISTINCT department FROM profiles").await, ["Optical Engineering"]);
        assert_eq!(rows(&world, "profiles").await, 11);
        for table in ["events", "triggers", "activity_days", "identifiers", "scores", "alerts"] {
            let strangers = format!("{table} WHERE subject_id NOT IN (SELECT subject_id FROM profiles)");
            assert_eq!(rows(&world, &strangers).await, 0, "{table}");
            assert!(rows(&world, table).await > 0, "{table}");
        }
        let analyst = world.caller(&[Role::Analyst]);
        let alerts = analyst.query("{ alerts { nodes { subject { department } } } }").await;
        assert_eq!(alerts["alerts"]["nodes"], json!([{"subject": {"department": "Optical Engineering"}}]));
        let runs = analyst.query("{ connectors { nodes { runs { nodes { read droppedOutsideCoverage } } } } }").await;
        assert!(runs.to_string().contains(&format!("\"droppedOutsideCoverage\":{}", audit.uncovered)), "{runs}");
        let health = "query($id: ID!) { node(id: $id) { ... on Policy { health { code action } } } }";
        let health = world.caller(&[Role::Admin]).ask(health, json!({"id": policy})).await;
        assert!(health.data().to_string().contains("SCOPE_EXCEEDS_COVERAGE"), "{health:?}");
        let again = world.import("hr", &demo("hr-profiles.csv")).await.counts;
        assert_eq!((again.duplicates, again.uncovered), (11, 29));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn whoever_is_no_longer_covered_is_no_longer_scored_and_nothing_more_of_them_comes_in(world) {
        world.connect().await;
        world.policy().await;
        world.import("hr", &demo("hr-profiles.csv")).await;
        world.import_text("hr", &resigns(OTTOLINE)).await;
        world.import_text("m365", &downloads(0..300, OTTOLINE, "2026-06-29")).await;
        world.settle().await;
        let seen = async || {
            world.settle().await;
            let all = world.caller(&[Role::Analyst]).query("{ subjects(first: 1) { nodes { id riskScore riskLevel department scoreHistory { score cause } } } }").await;
            all["subjects"]["nodes"][0].clone()
        };
        let first = seen().await;
        assert!(first["riskScore"].as_f64() > Some(25.0), "{first:#}");
        world.clock.advance(DAY);
        cover(&world, json!([department("Sales", "2026-03-01")])).await;
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM subjects WHERE risk_score > 0 OR risk_level <> 'NONE'").await, 0);
        assert_eq!((rows(&world, "scores").await, rows(&world, "insights").await), (0, 0));
        assert_eq!(world.texts("SELECT cause FROM score_history WHERE score = 0").await, ["UNCOVERED"]);
        let before = (rows(&world, "events").await, rows(&world, "triggers").await);
        let late = world.import_text("m365", &downloads(300..320, OTTOLINE, "2026-07-01")).await.counts;
        assert_eq!((late.uncovered, late.accepted), (20, 0));
        assert_eq!((rows(&world, "events").await, rows(&world, "triggers").await), before);
        // Listed by the account: known or not, and kept as a digest.
        let listed = json!([department("Sales", "2026-03-01"), {"name": "LISTED", "effectiveFrom": "2026-07-02", "agreement": "Consent",
            "addAccounts": [OTTOLINE.to_uppercase(), "nobody.yet@halden-optics.example"]}]);
        let made = cover(&world, listed).await;
        assert_eq!(made["settings"]["coverage"][1]["accounts"], 2, "{made:#}");
        for kept in [world.texts("SELECT body FROM settings").await, world.texts("SELECT detail FROM audit WHERE category = 'SETTINGS'").await] {
            assert!(!kept.iter().any(|text| text.to_lowercase().contains("ottoline")), "{kept:?}");
        }
        assert!(seen().await["riskScore"].as_f64() > Some(25.0), "scored again");
        let early = world.import_text("m365", &downloads(400..420, OTTOLINE, "2026-07-01")).await.counts;
        assert_eq!((early.uncovered, early.accepted), (20, 0), "before the day from which the rule holds");
        let late = world.import_text("m365", &downloads(500..520, OTTOLINE, "2026-07-02")).await.counts;
        assert_eq!((late.uncovered, late.accepted), (0, 20));
        let stranger = world.import_text("m365", &downloads(600..605, "nobody.yet@halden-optics.example", "2026-07-02")).await.counts;
        assert_eq!(stranger.accepted, 5);
        let off = json!([department("Sales", "2026-03-01"), {"name": "LISTED", "effectiveFrom": "2026-07-02", "agreement": "Consent", "removeAccounts": [OTTOLINE]}]);
        assert_eq!(cover(&world, off).await["settings"]["coverage"][1]["accounts"], 1);
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM subjects WHERE risk_score > 0").await, 0);
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn who_moves_out_of_a_covered_department_leaves_nothing_but_the_new_department(world) {
        world.connect().await;
        world.policy().await;
        cover(&world, json!([department("Sales", "2026-03-01")])).await;
        let vera = "vera.halvorsen@halden-optics.example";
        world.import_text("hr", &profile(vera, "Sales")).await;
        world.import_text("hr", &resigns(vera)).await;
        world.import_text("m365", &downloads(0..300, vera, "2026-06-29")).await;
        world.settle().await;
        assert_eq!(rows(&world, "alerts").await, 1);
        world.clock.advance(DAY);
        let sealed = world.number("SELECT CAST(length(sealed) AS BIGINT) FROM profiles").await;
        let moved = world.import_text("hr", &profile(vera, "Legal")).await.counts;
        assert_eq!((moved.accepted, moved.uncovered), (0, 1));
        assert_eq!(world.texts("SELECT department FROM profiles").await, ["Legal"]);
        assert!(world.number("SELECT CAST(length(sealed) AS BIGINT) FROM profiles").await < sealed, "neither name nor street");
        assert_eq!(rows(&world, "profiles WHERE impact IS NOT NULL").await, 0);
        world.settle().await;
        assert_eq!((rows(&world, "scores").await, world.number("SELECT count(*) FROM subjects WHERE risk_score > 0").await), (0, 0));
        let more = world.import_text("m365", &downloads(300..310, vera, "2026-07-02")).await.counts;
        assert_eq!((more.accepted, more.uncovered), (0, 10));
        let order = "mutation($input: StartScoringInput!) { startScoring(input: $input) { userErrors { code field } } }";
        let policy = world.caller(&[Role::Admin]).query("{ policies { nodes { id } } }").await["policies"]["nodes"][0]["id"].clone();
        let refused = world.caller(&[Role::Admin]).ask(order, json!({"input": {"policyId": policy, "accounts": [vera], "days": 5, "reason": "x"}})).await;
        assert_eq!(refused.data()["startScoring"]["userErrors"], json!([{"code": "NOT_ALLOWED", "field": ["input", "accounts", "0"]}]), "{refused:?}");
        world.clock.advance(DAY);
        let back = world.import_text("hr", &profile(vera, "Sales")).await.counts;
        assert_eq!((back.duplicates, back.uncovered), (1, 0), "an undated row that was there before");
        assert_eq!(world.texts("SELECT department FROM profiles").await, ["Sales"]);
        world.settle().await;
        assert_eq!(rows(&world, "scores").await, 1, "scored again");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn a_profile_speaks_for_its_whole_delivery_whatever_its_place(world) {
        world.connect().await;
        world.policy().await;
        cover(&world, json!([department("Sales", "2026-03-01")])).await;
        let (vera, otto) = ("vera.halvorsen@halden-optics.example", "otto.moen@halden-optics.example");
        let resigned = |who: &str| format!("Resignation,{who},2026-06-20T09:00:00Z,,,,,\n");
        let is_in = |who: &str, department: &str| format!("Employee profile,{who},,Vera,Halvorsen,Storgata 1,1767,{department}\n");
        let mut rows_ = "HRScenario,EmailAddress,ResignationDate,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept\n".to_owned();
        rows_ += &(resigned(vera) + &resigned(otto) + &is_in(vera, "Sales") + &is_in(otto, "Legal"));
        // More than a batch between the profile and what comes after it.
        for number in 0..2_100 {
            rows_ += &resigned(&format!("stranger{number}@halden-optics.example"));
        }
        rows_ += &format!("Resignation,{vera},2026-06-24T09:00:00Z,,,,,\n");
        let counts = world.import_text("hr", rows_.as_bytes()).await.counts;
        assert_eq!((counts.accepted, counts.uncovered, counts.rejected), (3, 2_102, 0), "{counts:?}");
        assert_eq!((rows(&world, "subjects").await, rows(&world, "triggers").await), (1, 2));
    }

    async fn coverage_is_checked_and_part_of_the_file(world) {
        world.connect().await;
        world.policy().await;
        let wrong = json!([{"name": "A", "effectiveFrom": "2026-03-01", "agreement": " ", "departments": ["Sales"]},
            {"name": "B", "effectiveFrom": "2026-03-01", "agreement": "x"},
            {"name": "C", "effectiveFrom": "2026-03-01", "agreement": "x", "priorityGroupIds": ["group_x"], "departments": ["Sales"]}]);
        let refused = cover(&world, wrong).await;
        let fields: Vec<String> = refused["userErrors"].as_array().unwrap().iter().map(|error| error["field"].to_string()).collect();
        assert_eq!(fields, [r#"["input","coverage","2","priorityGroupIds","0"]"#, r#"["input","coverage","0","agreement"]"#, r#"["input","coverage","1"]"#]);
        let rules = json!([{"name": "LISTED", "effectiveFrom": "2026-03-01", "agreement": "Consent of 1 May", "departments": ["Sales"], "addAccounts": [OTTOLINE]}]);
        assert_eq!(cover(&world, rules).await["userErrors"], json!([]));
        let permit = |resource, action| Permit::of_the_operator_bypassing_roles(resource, action);
        let text = world.services.export_policies(&permit(Resource::Policies, Action::Read)).await.unwrap();
        assert!(text.contains("agreement = \"Consent of 1 May\"") && !text.contains("ottoline"), "{text}");
        let permits = [Resource::Policies, Resource::Indicators, Resource::Settings].map(|resource| permit(resource, Action::Change));
        let [policies, indicators, settings] = &permits;
        let import = async |text: &str| world.services.import_policies([policies, indicators, settings], text, false).await;
        assert!(import(&text).await.unwrap().is_empty());
        let open = text.replace("name = \"LISTED\"", "name = \"OTHER\"").replace("2026-03-01", "2026-04-01");
        assert!(import(&open).await.unwrap().settings);
        let shown = world.caller(&[Role::Auditor]).query("{ settings { coverage { name effectiveFrom accounts } } }").await;
        assert_eq!(shown["settings"]["coverage"], json!([{"name": "OTHER", "effectiveFrom": "2026-04-01", "accounts": 1}]));
        let silent = open[..open.find("[[settings.coverage]]").unwrap()].to_owned();
        assert!(import(&silent).await.unwrap().is_empty(), "a file that does not speak of coverage puts nobody under monitoring");
        let digest = text.lines().skip_while(|line| *line != "accounts = [").nth(1).unwrap().trim().to_owned();
        let named = text.replace(&digest, &format!("\"{OTTOLINE}\","));
        let error = format!("{:?}", import(&named).await.unwrap_err());
        assert!(error.contains("digest") && !error.contains("ottoline"), "{error}");
        let everybody = cover(&world, json!([])).await;
        assert_eq!(everybody["settings"]["coverage"], json!([]));
    }
}
