//! A case as a sealed package: made, downloaded in parts, read with a common tar, checked by the command and by nobody but
//! its key, equal to what the API shows; not there for whoever may not see the case; gone with the case and with the person.
//! Never: our own container read by our own reader alone.

use crate::{
    command::vizard,
    privacy::{leaks, names},
    retention::{OTTOLINE, erase, hold, resolve},
    reveal, share,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};
use vizard_core::{access::Role, export::PackageFile, limits, time::DAY};
use vizard_server::service::audit::public_key;
use vizard_tests::{Caller, Engine, on_both};

const EXPORT: &str = "mutation($input: ExportCaseInput!) { exportCase(input: $input) { export { id createdBy createdAt sha256 bytes url } userErrors { code field } warnings } }";
const LISTED: &str = "query($id: ID!) { case(id: $id) { viewerCan exports { id createdBy sha256 bytes url } } }";
const REASON: &str = "Matter 17 of the labour court.";

async fn exported(who: &Caller, case: &str) -> Value {
    let made = who.ask(EXPORT, json!({"input": {"caseId": case, "reason": REASON}})).await;
    made.data()["exportCase"].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

/// The files of a package, unpacked by the machine's own tar.
pub(crate) fn unpacked(package: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new("tar").arg("-xf").arg(package).arg("-C").arg(folder.path()).status().unwrap();
    assert!(done.success(), "tar reads it");
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the command says about a file, and its exit code.
fn verify(file: &Path, more: &[&str]) -> (i32, String) {
    let said = Command::new(vizard()).env_clear().args(["case", "verify"]).arg(file).args(more).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    (said.status.code().unwrap(), text)
}

/// All nodes of a connection of the case, page by page.
async fn all(who: &Caller, case: &str, list: &str, of: &str) -> Vec<Value> {
    let document = format!(
        "query($id: ID!, $after: String) {{ case(id: $id) {{ {list}(first: 50, after: $after) {{ nodes {{ {of} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
    );
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = who.ask(&document, json!({"id": case, "after": after})).await.data()["case"][list].clone();
        found.extend(page["nodes"].as_array().unwrap().iter().cloned());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
    }
}

/// By id, each once.
fn by_id(values: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    values.into_iter().map(|value| (text(&value["id"]).to_owned(), value)).collect()
}

/// All events beneath an insight.
async fn beneath(who: &Caller, insight: &Value) -> Vec<Value> {
    let document = "query($id: ID!, $after: String) { node(id: $id) { ... on Insight { activities(first: 100, after: $after) { \
        nodes { id occurredAt quantity facts content indicator { code } connector { name } } pageInfo { hasNextPage endCursor } } } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = who.ask(document, json!({"id": insight, "after": after})).await.data()["node"]["activities"].clone();
        found.extend(page["nodes"].as_array().unwrap().iter().cloned());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
    }
}

/// The package through the door, whole, into a file.
async fn downloaded(who: &Caller, made: &Value, into: &Path) -> Vec<u8> {
    let fetched = who.fetch(text(&made["url"]), &[]).await;
    assert_eq!(fetched.status, 200);
    std::fs::write(into, &fetched.bytes).unwrap();
    fetched.bytes
}

on_both! {
    async fn an_investigator_exports_a_case_that_anybody_can_check_and_that_equals_what_the_api_shows(world) {
        let (case, subject, pseudonym) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let ann = world.person("Ann Analyst", &[Role::Analyst]);
        // Who may not.
        let refused = ann.ask(EXPORT, json!({"input": {"caseId": case, "reason": REASON}})).await.body;
        assert_eq!((&refused["data"]["exportCase"], &refused["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("FORBIDDEN")));
        let bare = ida.ask(EXPORT, json!({"input": {"caseId": case, "reason": " "}})).await.data()["exportCase"].clone();
        assert_eq!((&bare["export"], &bare["userErrors"]), (&Value::Null, &json!([{"code": "REQUIRED", "field": ["input", "reason"]}])));
        assert_eq!(world.number("SELECT count(*) FROM exports").await, 0);

        let made = exported(&ida, &case).await;
        assert_eq!((&made["userErrors"], &made["warnings"]), (&json!([]), &json!([])));
        let made = made["export"].clone();
        let url = text(&made["url"]);
        assert_eq!((&made["createdBy"], url), (&json!("Ida Investigator"), format!("/exports/{}", text(&made["id"])).as_str()));
        let listed = ida.ask(LISTED, json!({"id": case})).await.data()["case"].clone();
        assert_eq!(listed["exports"], json!([{"id": made["id"], "createdBy": "Ida Investigator", "sha256": made["sha256"], "bytes": made["bytes"], "url": url}]));
        assert!(listed["viewerCan"].as_array().unwrap().contains(&json!("EXPORT")), "{listed}");
        let by_node = ida.ask("query($id: ID!) { node(id: $id) { ... on CaseExport { bytes } } }", json!({"id": made["id"]})).await;
        assert_eq!(by_node.data()["node"]["bytes"], made["bytes"]);
        let written = "SELECT count(*) FROM audit WHERE activity = 'EXPORTED' AND reason = 'Matter 17 of the labour court.'";
        assert_eq!(world.number(written).await, 1);
        assert_eq!(world.number("SELECT count(*) FROM notes WHERE system = 1 AND body = 'Exported as a sealed package.'").await, 1);

        // A download that breaks off goes on; what begins is audited before.
        let bytes = made["bytes"].as_u64().unwrap();
        let first = ida.fetch(url, &[("range", "bytes=0-300000")]).await;
        assert_eq!((first.status, first.bytes.len()), (206, 300_001));
        assert_eq!(first.headers["etag"], format!("\"{}\"", text(&made["sha256"])));
        let rest = ida.fetch(url, &[("range", "bytes=300001-"), ("if-range", &first.headers["etag"])]).await;
        assert_eq!((rest.status, &rest.headers["content-range"]), (206, &format!("bytes 300001-{}/{bytes}", bytes - 1)));
        let whole = [first.bytes, rest.bytes].concat();
        assert_eq!((whole.len() as u64, sha256(&whole)), (bytes, text(&made["sha256"]).to_owned()));
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'EXPORTED'").await, 3);
        let tail = ida.fetch(url, &[("range", "bytes=-1024")]).await;
        assert_eq!((tail.status, tail.bytes), (206, vec![0; 1_024]));

        // Checked by the command, without the server.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("case.tar");
        std::fs::write(&file, &whole).unwrap();
        let key = public_key(&world.config.audit_key_file).unwrap();
        let (code, said) = verify(&file, &["--key", &key]);
        assert!(code == 0 && said.contains("WHOLE") && said.contains(&case) && said.contains(&pseudonym), "{said}");
        assert_eq!(verify(&file, &[]).0, 25);
        assert_eq!(verify(&file, &["--checkpoint", world.config.audit_checkpoint_file.to_str().unwrap()]).0, 0);
        let mut bad = whole.clone();
        let at = whole.windows(12).position(|window| window == b"\"occurredAt\"").unwrap();
        bad[at + 16] ^= 1;
        std::fs::write(&file, &bad).unwrap();
        let (code, said) = verify(&file, &["--key", &key]);
        assert!(code == 20 && said.contains("activities.ndjson was altered"), "{code} {said}");
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(verify(&file, &["--key", &key]).0, 20);
        std::fs::write(&file, "hello").unwrap();
        assert_eq!(verify(&file, &["--key", &key]).0, 24);
        std::fs::write(&file, &whole).unwrap();
        let foreign = tempfile::tempdir().unwrap();
        assert_eq!(verify(&file, &["--key", &public_key(&foreign.path().join("other.key")).unwrap()]).0, 22);

        // What is in it is what the API shows.
        let files = unpacked(&file);
        let every: BTreeSet<&str> = PackageFile::ALL.iter().map(|file| file.as_str()).collect();
        assert_eq!(files.keys().map(String::as_str).collect::<BTreeSet<_>>(), every);
        let manifest: Value = serde_json::from_str(&files["manifest.json"]).unwrap();
        assert_eq!(manifest["case"], json!({"id": case, "pseudonym": pseudonym}));
        assert_eq!((&manifest["exportedBy"]["name"], &manifest["exportedAt"]), (&json!("Ida Investigator"), &made["createdAt"]));
        for listed in manifest["files"].as_array().unwrap() {
            let content = &files[text(&listed["name"])];
            assert_eq!((listed["bytes"].as_u64().unwrap(), &listed["sha256"]), (content.len() as u64, &json!(sha256(content.as_bytes()))));
        }
        let alerts = all(&ida, &case, "alerts", "id policyVersion severity status score trigger riskFactors assignee dismissReason raisedAt updatedAt dueAt policy { id name } contributions { points insight { id } }").await;
        let packed: Vec<Value> = lines(&files["alerts.ndjson"]).into_iter().map(|mut alert| {
            for share in alert["contributions"].as_array_mut().unwrap() {
                share["insight"] = json!({"id": share["insight"]});
            }
            alert
        }).collect();
        assert!(!alerts.is_empty());
        assert_eq!(by_id(packed), by_id(alerts));
        let timeline = all(&ida, &case, "timeline", "id day kind count level score explanation riskFactors boosters { kind factor explanation } indicator { code } sequence { code }").await;
        let shown = timeline.iter().cloned().map(|mut insight| {
            let code = [&insight["indicator"]["code"], &insight["sequence"]["code"]].into_iter().find(|code| code.is_string());
            let code = code.cloned().unwrap_or_else(|| json!("CUMULATIVE_EXFILTRATION"));
            let fields = insight.as_object_mut().unwrap();
            fields.remove("indicator");
            fields.remove("sequence");
            fields.insert("code".into(), code);
            insight
        });
        assert!(timeline.len() > 5);
        assert_eq!(by_id(lines(&files["insights.ndjson"])), by_id(shown));
        let mut events: BTreeMap<String, (Value, BTreeSet<String>)> = BTreeMap::new();
        for insight in &timeline {
            for event in beneath(&ida, &insight["id"]).await {
                let shown = json!({"id": event["id"], "occurredAt": event["occurredAt"], "quantity": event["quantity"], "facts": event["facts"],
                    "content": event["content"], "indicator": event["indicator"]["code"], "connector": event["connector"]["name"]});
                let of = events.entry(text(&event["id"]).to_owned()).or_insert((shown, BTreeSet::new()));
                of.1.insert(text(&insight["id"]).to_owned());
            }
        }
        let packed: BTreeMap<String, (Value, BTreeSet<String>)> = lines(&files["activities.ndjson"]).into_iter().map(|mut event| {
            let insights = event.as_object_mut().unwrap().remove("insights").unwrap();
            let insights = insights.as_array().unwrap().iter().map(|id| text(id).to_owned()).collect();
            (text(&event["id"]).to_owned(), (event, insights))
        }).collect();
        assert!(events.len() > 100);
        assert_eq!(packed, events);
        let notes = ida.ask("query($id: ID!) { case(id: $id) { notes { id author system body at } subject { scoreHistory { at score } } alerts { nodes { notes { id } } } } }", json!({"id": case})).await.data()["case"].clone();
        let mut packed = lines(&files["notes.ndjson"]);
        packed.retain(|note| note["alert"].is_null());
        packed.iter_mut().for_each(|note| drop(note.as_object_mut().unwrap().remove("alert")));
        let before: Vec<Value> = notes["notes"].as_array().unwrap().iter().filter(|note| note["body"] != "Exported as a sealed package.").cloned().collect();
        assert_eq!(packed, before);
        assert!(before.iter().any(|note| note["body"] == "Looks bad."));
        let scores: Vec<Value> = lines(&files["score-history.ndjson"]).into_iter().map(|point| json!({"at": point["at"], "score": point["score"]})).collect();
        assert!(!scores.is_empty());
        assert_eq!(json!(scores), notes["subject"]["scoreHistory"]);

        // Nobody is named but in the content of evidence.
        let names = names();
        for (name, content) in &files {
            if name != "activities.ndjson" {
                assert_eq!(leaks(content, &names), Vec::<String>::new(), "{name}");
            }
        }
        let (mut facts, mut contents) = (String::new(), String::new());
        for mut event in lines(&files["activities.ndjson"]) {
            contents.push_str(&event.as_object_mut().unwrap().remove("content").unwrap().to_string());
            facts.push_str(&event.to_string());
        }
        assert_eq!(leaks(&facts, &names), Vec::<String>::new());
        assert!(!leaks(&contents, &names).is_empty(), "the content names nobody: the search proves nothing");

        // The custody: that the case was opened, and no reason of anybody.
        let custody: Vec<Value> = lines(&files["custody.ndjson"]).iter().map(|line| serde_json::from_str(text(&line["leaf"])).unwrap()).collect();
        let of = |activity: &str, object: &str| custody.iter().filter(|leaf| leaf["activity"] == activity && leaf["object"] == object).count();
        assert!(of("ADDED", &case) + of("EDITED", &case) >= 1, "{custody:#?}");
        assert!(custody.iter().all(|leaf| leaf["object"] == case || leaf["object"] == subject || text(&leaf["object"]).starts_with("alert_")), "{custody:#?}");
        assert!(!files["custody.ndjson"].contains("labour court"));
        // The next package proves this one and its downloads.
        let again = exported(&ida, &case).await["export"].clone();
        downloaded(&ida, &again, &file).await;
        let files = unpacked(&file);
        assert_eq!(files["custody.ndjson"].matches("EXPORTED").count(), 4);
        assert!(!files.values().any(|content| content.contains("labour court")), "the reason is not in the package");

        // The summary is one page without anything from elsewhere.
        let page = &files["summary.html"];
        for wanted in ["Leaving with the price list", &pseudonym, "Ann Analyst", "Looks bad.", "<svg", "<path d="] {
            assert!(page.contains(wanted), "{wanted}");
        }
        for insight in &timeline {
            let sentence = text(&insight["explanation"]).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
            assert!(page.contains(&sentence), "{sentence}");
        }
        for unwanted in ["<script", "src=", "href=", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(unwanted), "{unwanted}");
        }
        // The bytes in the database are sealed.
        for needle in ["manifest.json", "summary.html"] {
            let found = world.number(&match world.engine {
                Engine::Sqlite => format!("SELECT count(*) FROM export_pieces WHERE instr(sealed, CAST('{needle}' AS BLOB)) > 0"),
                Engine::Postgres => format!("SELECT count(*) FROM export_pieces WHERE position('{needle}'::bytea in sealed) > 0"),
            }).await;
            assert_eq!(found, 0, "{needle}");
        }
    }

    async fn whoever_may_not_see_the_case_finds_no_package_and_a_revealed_case_leads_nowhere_else(world) {
        let (case, subject, pseudonym) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = exported(&ida, &case).await["export"].clone();
        let url = text(&made["url"]).to_owned();
        let nothing = ida.fetch("/exports/export_00000000000000000000000000000000", &[]).await;
        assert_eq!(nothing.status, 404);
        let held = share::holder(&world, &share::shared(&ida, &case, json!({})).await);
        let before = world.number("SELECT count(*) FROM audit WHERE activity = 'EXPORTED'").await;
        // Other roles, the holder of a share, and an investigator from whom a list keeps the case.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { size } userErrors { message } } }";
        let input = json!({"name": "Board", "addAccounts": [OTTOLINE], "viewers": ["dev:ida-investigator", "dev:april-approver"]});
        let saved = world.caller(&[Role::Admin]).ask(save, json!({"input": input})).await;
        assert_eq!(saved.data()["savePriorityUserGroup"]["group"], json!({"size": 1}), "{saved:?}");
        let otto = world.person("Otto Other", &[Role::Investigator]);
        let mut others: Vec<Caller> = [Role::Admin, Role::Analyst, Role::Auditor, Role::Approver, Role::Connector].iter().map(|role| world.caller(&[*role])).collect();
        others.extend([otto.clone(), held.clone()]);
        for who in &others {
            let answer = who.fetch(&url, &[]).await;
            assert_eq!((answer.status, &answer.bytes), (404, &nothing.bytes));
        }
        let stranger = world.stranger().fetch(&url, &[]).await;
        assert_eq!((stranger.status, stranger.headers.contains_key("www-authenticate")), (401, true));
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'EXPORTED'").await, before);
        assert_eq!(otto.ask(LISTED, json!({"id": case})).await.data()["case"], Value::Null);
        let node = otto.ask("query($id: ID!) { node(id: $id) { id } }", json!({"id": made["id"]})).await;
        assert_eq!(node.data()["node"], Value::Null);
        assert_eq!(exported(&otto, &case).await["userErrors"], json!([{"code": "NOT_FOUND", "field": ["input", "caseId"]}]));
        assert_eq!(exported(&otto, "case_00000000000000000000000000000000").await, exported(&otto, &case).await);
        let through = held.ask("{ viewer { share { case { exports { id } } } } }", json!({})).await.body;
        assert_eq!((&through["data"]["viewer"]["share"]["case"]["exports"], &through["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("FORBIDDEN")));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("case.tar");
        downloaded(&ida, &made, &file).await;

        // The identity is revealed in the case: from then on the person is somebody else in the queue, and no package tells who.
        let asked = reveal::requested(&ida, &case).await;
        reveal::decided(&world.person("April Approver", &[Role::Approver]), &asked["reveal"], true).await;
        let look = ida.ask("query($id: ID!) { case(id: $id) { subject { id pseudonym identityState identity { displayName } } } }", json!({"id": case})).await.data()["case"]["subject"].clone();
        assert_eq!((&look["identityState"], &look["pseudonym"]), (&json!("REVEALED"), &json!(pseudonym)));
        let again = exported(&ida, &case).await["export"].clone();
        downloaded(&ida, &again, &file).await;
        let key = public_key(&world.config.audit_key_file).unwrap();
        assert_eq!(verify(&file, &["--key", &key]).0, 0);
        let files = unpacked(&file);
        let new = world.texts("SELECT pseudonym FROM subjects WHERE id IN (SELECT subject_id FROM cases)").await;
        assert!(new.len() == 1 && new[0] != pseudonym);
        assert_eq!(files["score-history.ndjson"], "");
        assert!(files["summary.html"].contains(&pseudonym) && !files["summary.html"].contains("<path d="));
        for activity in ["REVEAL_APPROVED", "IDENTITY_VIEWED", "SHARED", "EXPORTED"] {
            assert!(files["custody.ndjson"].contains(activity), "{activity}");
        }
        let names = names();
        for (name, content) in &files {
            assert!(!content.contains(&new[0]), "{name} leads to the person in the queue");
            if name != "activities.ndjson" {
                assert_eq!(leaks(content, &names), Vec::<String>::new(), "{name}");
            }
        }
        // The id that the case calls its subject by is the one from before.
        assert_eq!(look["id"], json!(subject));
    }

    async fn packages_go_with_the_case_and_with_the_person_unless_they_are_held(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = exported(&ida, &case).await["export"].clone();
        let url = text(&made["url"]).to_owned();
        let rows = async |of: &str| world.number(&format!("SELECT count(*) FROM {of}")).await;
        assert_eq!(hold(&world, &case, true, "Matter 17.").await["userErrors"], json!([]));
        assert_eq!(erase(&world, OTTOLINE, "Asked for it.").await["userErrors"][0]["code"], "NOT_ALLOWED");
        resolve(&world, &case).await;
        // A closed case can be exported as well.
        let closed = exported(&ida, &case).await;
        assert_eq!(closed["userErrors"], json!([]));
        world.clock.advance(130 * DAY);
        world.services.retain().await.unwrap().unwrap();
        assert_eq!((rows("cases").await, rows("exports").await), (1, 2));
        assert_eq!(ida.fetch(&url, &[("range", "bytes=0-9")]).await.status, 206);
        assert_eq!(hold(&world, &case, false, "Settled.").await["userErrors"], json!([]));
        world.clock.advance(DAY);
        world.services.retain().await.unwrap().unwrap();
        assert_eq!((rows("cases").await, rows("exports").await, rows("export_pieces").await), (0, 0, 0));
        assert_eq!(rows("audit WHERE activity = 'DELETED' AND object LIKE 'export_%' AND actor = 'system'").await, 2);
        assert_eq!(ida.fetch(&url, &[]).await.status, 404);
    }

    async fn whoever_is_erased_is_in_no_package_any_more(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = exported(&ida, &case).await["export"].clone();
        let rows = async |of: &str| world.number(&format!("SELECT count(*) FROM {of}")).await;
        assert!(rows("export_pieces").await > 10);
        // A case has so many packages and no more.
        let id = if world.engine == Engine::Sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
        for _ in 1..limits::CASE_EXPORTS {
            world.execute(&format!("INSERT INTO exports SELECT {id}, case_id, subject_id, created_by, creator, created_at, sha256, bytes, part FROM exports LIMIT 1")).await;
        }
        assert_eq!(exported(&ida, &case).await["userErrors"], json!([{"code": "LIMIT_EXCEEDED", "field": ["input", "caseId"]}]));
        assert_eq!(erase(&world, OTTOLINE, "Asked for it.").await, json!({"erased": true, "userErrors": []}));
        assert_eq!((rows("exports").await, rows("export_pieces").await), (0, 0));
        let gone = format!("audit WHERE activity = 'DELETED' AND object = '{}'", text(&made["id"]));
        assert_eq!((rows(&gone).await, rows("audit WHERE reason = 'Matter 17 of the labour court.'").await), (1, 0));
        assert_eq!(ida.fetch(text(&made["url"]), &[]).await.status, 404);
        assert_eq!(ida.ask(LISTED, json!({"id": case})).await.data()["case"]["exports"], json!([]));
        assert_eq!(exported(&ida, &case).await["userErrors"], json!([{"code": "NOT_ALLOWED", "field": ["input", "caseId"]}]));
    }
}
