//! Policies over their life: edited, copied, deleted, kept as a file, and made true from one.

use crate::command::vizard;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
    sync::OnceLock,
};
use vizard_core::{access::Role, time::DAY};
use vizard_tests::{Caller, World, on_both};

const MARA: &str = "mara.lindt@halden-optics.example";
const RESIGNATION: &[u8] = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,mara.lindt@halden-optics.example,2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n";

/// `vizard policy …` as an operator runs it, on the data directory and database named.
fn policy(data_dir: &Path, database: Option<&str>, arguments: &[&str], input: &str) -> Output {
    static VIZARD: OnceLock<std::path::PathBuf> = OnceLock::new();
    let mut command = Command::new(VIZARD.get_or_init(vizard));
    command.arg("--data-dir").arg(data_dir).arg("policy").args(arguments).env_clear();
    if let Some(url) = database {
        command.env("VIZARD_DATABASE_URL", url);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The same on the installation of a test, while it serves.
fn of(world: &World, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    told(&policy(&world.config.data_dir, Some(&world.config.database_url()), arguments, input))
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

async fn update(admin: &Caller, input: Value) -> Value {
    let update = "mutation($input: UpdatePolicyInput!) { updatePolicy(input: $input) { policy { version activationDays description } userErrors { code field message } } }";
    admin.ask(update, json!({"input": input})).await.data()["updatePolicy"].clone()
}

on_both! {
    async fn every_edit_is_a_version_that_says_what_it_changed(world) {
        world.connect().await;
        let id = world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        let made = update(&admin, json!({"policyId": id, "version": 1, "activationDays": 14, "description": "Shorter."})).await;
        assert_eq!(made["policy"], json!({"version": 2, "activationDays": 14, "description": "Shorter."}), "{made}");
        let same = update(&admin, json!({"policyId": id, "activationDays": 14})).await;
        assert_eq!(same["policy"]["version"], 2, "nothing changed: {same}");
        let stale = update(&admin, json!({"policyId": id, "version": 1, "activationDays": 7})).await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE", "{stale}");
        let wrong = update(&admin, json!({"policyId": id, "activationDays": 31, "sequences": ["NO_SUCH"]})).await;
        let fields: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(fields, [&json!(["input", "activationDays"]), &json!(["input", "sequences", "0"])], "{wrong}");
        let versions = format!("{{ policy(id: {}) {{ version versions {{ number createdBy changes }} }} }}", json!(id));
        let seen = world.caller(&[Role::Auditor]).query(&versions).await["policy"].clone();
        assert_eq!(seen["version"], 2);
        let listed = seen["versions"].as_array().unwrap();
        assert_eq!((listed.len(), &listed[0]["number"], &listed[1]["changes"]), (2, &json!(2), &json!(["Created."])));
        assert_eq!(listed[0]["changes"], json!(["Description changed.", "Activation days changed from 30 to 14."]));
        assert!(listed.iter().all(|version| version["createdBy"] == listed[0]["createdBy"]));
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'EDITED' AND category = 'POLICIES'").await, 1);
    }

    async fn an_alert_names_the_version_that_raised_it_and_outlives_its_policy(world) {
        world.connect().await;
        let id = world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        update(&admin, json!({"policyId": id, "lookbackDays": 60})).await;
        world.import_demo().await;
        world.settle().await;
        let copy = "mutation($input: CopyPolicyInput!) { copyPolicy(input: $input) { policy { id name state version lookbackDays } userErrors { code field } } }";
        let taken = admin.ask(copy, json!({"input": {"policyId": id, "name": "Departing"}})).await;
        assert_eq!(taken.data()["copyPolicy"]["userErrors"], json!([{"code": "CONFLICT", "field": ["input", "name"]}]));
        let copied = admin.ask(copy, json!({"input": {"policyId": id, "name": "Second"}})).await.data()["copyPolicy"]["policy"].clone();
        assert_eq!([&copied["state"], &copied["version"], &copied["lookbackDays"]], [&json!("DRAFT"), &json!(1), &json!(60)]);
        let alerts = "{ alerts(first: 50) { totalCount nodes { policyVersion policy { id name deletedAt } } } }";
        let analyst = world.caller(&[Role::Analyst]);
        let before = analyst.query(alerts).await["alerts"].clone();
        assert!(before["totalCount"].as_i64().unwrap() >= 3 && before["nodes"][0]["policyVersion"] == 2, "{before}");
        let delete = "mutation($input: DeletePolicyInput!) { deletePolicy(input: $input) { policy { state deletedAt } userErrors { code } } }";
        let gone = admin.ask(delete, json!({"input": {"policyId": id}})).await.data()["deletePolicy"].clone();
        assert!(gone["policy"]["deletedAt"].is_string() && gone["policy"]["state"] == "INACTIVE", "{gone}");
        world.settle().await;
        let after = analyst.query(alerts).await["alerts"].clone();
        assert_eq!(after["totalCount"], before["totalCount"]);
        assert!(after["nodes"][0]["policy"]["deletedAt"].is_string() && after["nodes"][0]["policy"]["name"] == "Departing", "{after}");
        let under_it = "SELECT count(*) FROM scores s JOIN policies p ON p.id = s.policy_id WHERE p.name = 'Departing'";
        assert_eq!(world.number(under_it).await, 0, "nobody is scored under it any more");
        let lookup = format!("{{ policy(id: {id}) {{ name }} node(id: {id}) {{ id }} policies {{ nodes {{ name }} }} }}", id = json!(id));
        let listed = json!({"policy": null, "node": null, "policies": {"nodes": [{"name": "Second"}]}});
        assert_eq!(admin.query(&lookup).await, listed);
        let again = admin.ask(delete, json!({"input": {"policyId": id}})).await;
        assert_eq!(again.data()["deletePolicy"]["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(update(&admin, json!({"policyId": id, "lookbackDays": 1})).await["userErrors"][0]["code"], "NOT_FOUND");
        let anew = admin.ask(copy, json!({"input": {"policyId": copied["id"], "name": "Departing"}})).await;
        assert_eq!(anew.data()["copyPolicy"]["userErrors"], json!([]), "a deleted policy's name is free");
    }

    async fn a_file_of_policies_makes_another_installation_alike_and_changes_nothing_where_it_came_from(world) {
        world.connect().await;
        let id = world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        let admin = world.caller(&[Role::Admin]);
        let indicators = json!([{"code": "FILE_PRINTED", "thresholds": {"low": 1, "medium": 2, "high": 3}},
            {"code": "FILE_COPIED_TO_USB", "mode": "ABOVE_USUAL"}, {"code": "FILE_DOWNLOADED", "mode": "USER_BASED"}]);
        let edit = json!({"policyId": id, "indicators": indicators, "minimumDailyEvents": 40, "description": "Für \"alle\"\n# zwei Zeilen"});
        assert_eq!(update(&admin, edit).await["userErrors"], json!([]));
        let (code, file, _) = of(&world, &["export"], "");
        assert_eq!(code, Some(0), "{file}");
        let same = of(&world, &["import", "-", "--dry-run"], &file);
        assert!(same.0 == Some(0) && same.1.starts_with("no changes: 1 policies as in the file"), "{same:?}");
        let rows = "SELECT (SELECT count(*) FROM policy_versions) + (SELECT count(*) FROM audit)";
        let before = world.number(rows).await;
        assert!(of(&world, &["import", "-"], &file).1.starts_with("no changes"));
        assert_eq!(world.number(rows).await, before);

        let elsewhere = tempfile::tempdir().unwrap();
        let there = |arguments: &[&str], input: &str| told(&policy(elsewhere.path(), None, arguments, input));
        let dry = there(&["import", "-", "--dry-run"], &file);
        assert!(dry.0 == Some(2) && dry.1.contains("+ policy \"Departing\"") && dry.1.contains("+ enabled: FILE_PRINTED"), "{dry:?}");
        assert!(there(&["export"], "").1.contains("enabled = []"), "a dry run changes nothing");
        let done = there(&["import", "-"], &file);
        assert!(done.0 == Some(0) && done.1.contains("1 policies were created"), "{done:?}");
        assert_eq!(there(&["export"], "").1, file, "byte for byte");
        assert!(there(&["import", "-"], &file).1.starts_with("no changes"));
    }

    async fn an_edited_file_shows_its_difference_and_becomes_a_version(world) {
        world.connect().await;
        world.policy().await;
        world.import_text("hr", RESIGNATION).await;
        let pseudonym = world.texts("SELECT pseudonym FROM subjects").await.remove(0);
        let (_, file, _) = of(&world, &["export"], "");
        let edited = file
            .replace("activation_days = 30", "activation_days = 14")
            .replace("state = \"ACTIVE\"", "state = \"INACTIVE\"")
            .replace("excluded = []", &format!("excluded = [\n    \"{pseudonym}\",\n]"))
            .replace("    { code = \"FILE_PRINTED\", mode = \"RECOMMENDED\" },\n", "");
        let (code, said, _) = of(&world, &["import", "-", "--dry-run"], &edited);
        assert_eq!(code, Some(2), "{said}");
        for line in ["~ policy \"Departing\" (version 2)", "    ~ state: ACTIVE -> INACTIVE", "    ~ activation_days: 30 -> 14", "    + scope.excluded: 1 subject",
                     "    - indicators: FILE_PRINTED RECOMMENDED", "0 policies would be created, 1 changed"] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert_eq!(of(&world, &["import", "-"], &edited).0, Some(0));
        assert_eq!(of(&world, &["export"], "").1, edited, "the installation says what the file says");
        assert!(!edited.contains(MARA));
        let seen = world.caller(&[Role::Admin]).query("{ policies { nodes { state versions { number createdBy changes } } } }").await;
        let seen = seen["policies"]["nodes"][0].clone();
        assert_eq!((&seen["state"], &seen["versions"][0]["number"], &seen["versions"][0]["createdBy"]), (&json!("INACTIVE"), &json!(2), &json!("operator")));
        assert!(seen["versions"][0]["changes"].to_string().contains("Scope excluded: 1 subject added."), "{seen}");
        let audited = world.texts("SELECT detail FROM audit WHERE actor = 'operator' AND category = 'POLICIES'").await;
        assert!(audited.len() == 1 && audited[0].contains("Activation days changed from 30 to 14."), "{audited:?}");
    }

    async fn a_file_with_anything_wrong_changes_nothing_and_every_problem_has_its_line(world) {
        world.connect().await;
        world.policy().await;
        let (_, file, _) = of(&world, &["export"], "");
        let wrong = file
            .replace("activation_days = 30", "activation_days = 31")
            .replace("excluded = []", "excluded = [\"Anon-AAAA-AAAA\"]")
            .replace("    \"FILE_PRINTED\",\n", "    \"FILE_PRINTED\",\n    \"NO_SUCH\",\n")
            + "\n[[policy]]\nname = \"New\"\ntemplate = \"DATA_LEAKS\"\nscope = { all = true }\nindicators = [{ code = \"COMPETITOR_SITE\" }]\n";
        let rows = "SELECT (SELECT count(*) FROM policies) + (SELECT count(*) FROM policy_versions) + (SELECT count(*) FROM audit)";
        let before = world.number(rows).await;
        for arguments in [&["import", "-"][..], &["import", "-", "--dry-run"]] {
            let (code, said, problems) = of(&world, arguments, &wrong);
            assert_eq!((code, said.as_str()), (Some(1), ""), "{problems}");
            let line_of = |what: &str| wrong.lines().position(|line| line.contains(what)).unwrap() + 1;
            for (line, what) in [
                (line_of("\"NO_SUCH\""), "indicators.enabled"),
                (line_of("activation_days = 31"), "policy[1].activation_days"),
                (line_of("Anon-AAAA-AAAA"), "policy[1].scope.excluded[1]"),
                (line_of("COMPETITOR_SITE"), "policy[2].indicators[1].code"),
            ] {
                assert!(problems.contains(&format!("line {line}, {what}")), "line {line}, {what}: {problems}");
            }
            assert!(!problems.contains("Anon-AAAA"), "{problems}");
        }
        assert_eq!(world.number(rows).await, before);
        world.clock.advance(DAY);
        assert_eq!(of(&world, &["export"], "").1, file);
    }
}
