//! The audit log from the outside: entries, checkpoints, proofs that others check, exports that the command checks, feeds.
//! Never: our own verification of our own proofs; a package that is not ours has the last word.

use crate::command::vizard;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use serde_json::{Value, json};
use sha2::Sha256;
use signed_note::{Note, StandardVerifier, VerifierList};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};
use vizard_core::{
    access::Role,
    audit::{from_base64, note::notes},
    time::SECOND,
};
use vizard_server::{app, graphql::rules, ids::Ids, service::audit::public_key};
use vizard_tests::{World, on_both};

mod feeds;

const ENTRIES: &str = "query($first: Int, $after: String, $activity: [AuditActivity!], $actor: String, $from: DateTime, $to: DateTime) { \
    auditLog(first: $first, after: $after, activity: $activity, actor: $actor, from: $from, to: $to) { totalCount pageInfo { hasNextPage endCursor } \
    nodes { id sequence at actor roles activity category object reason before after detail leaf leafHash } } }";

/// Somebody does a few things, one of them with a reason.
async fn do_things(world: &World) -> String {
    let policy = world.policy().await;
    let admin = world.caller(&[Role::Admin]);
    let state = "mutation($input: SetPolicyStateInput!) { setPolicyState(input: $input) { userErrors { message } } }";
    admin.ask(state, json!({"input": {"policyId": policy, "state": "INACTIVE"}})).await.data();
    world.services.sequence_audit_fully().await.unwrap();
    policy
}

/// Every entry that has its place, the oldest first.
async fn entries(world: &World, variables: Value) -> Vec<Value> {
    world.services.sequence_audit_fully().await.unwrap();
    let auditor = world.caller(&[Role::Auditor]);
    let mut all = Vec::new();
    let mut variables = variables;
    loop {
        let page = auditor.ask(ENTRIES, variables.clone()).await.data()["auditLog"].clone();
        all.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            all.reverse();
            return all;
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

async fn checkpoint(world: &World) -> Value {
    world.services.sequence_audit_fully().await.unwrap();
    let found = world.caller(&[Role::Auditor]).query("{ auditCheckpoint { size rootHash at note } }").await;
    found["auditCheckpoint"].clone()
}

/// The root that a checkpoint's note signs, read by an implementation that is not ours.
fn root(world: &World, checkpoint: &Value) -> RootHash<Sha256> {
    let key = public_key(&world.config.audit_key_file).unwrap();
    let note = Note::from_bytes(checkpoint["note"].as_str().unwrap().as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("signed by the key");
    let text = String::from_utf8(note.text().to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], checkpoint["rootHash"]);
    assert_eq!(json!(lines[1].parse::<u64>().unwrap()), checkpoint["size"]);
    let digest: [u8; 32] = from_base64(lines[2]).unwrap().try_into().unwrap();
    RootHash::new(digest.into(), lines[1].parse().unwrap())
}

fn bytes(proof: &Value) -> Vec<u8> {
    proof.as_array().unwrap().iter().flat_map(|hash| from_base64(hash.as_str().unwrap()).unwrap()).collect()
}

/// What the command says about a file, and its exit code.
fn verify(file: &Path, more: &[&str]) -> (i32, String) {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(vizard);
    let said = Command::new(&*BUILT).env_clear().args(["audit", "verify"]).arg(file).args(more).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    (said.status.code().unwrap(), text)
}

/// Changes rows behind the product's back.
async fn tamper(world: &World, sql: &str) {
    world.texts(sql).await;
}

async fn export(world: &World) -> String {
    let answer = world.caller(&[Role::Auditor]).get("/audit/export").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_str().unwrap().to_owned()
}

on_both! {
    async fn what_is_done_is_an_entry_with_a_place_and_reading_it_is_one_too(world) {
        let policy = do_things(&world).await;
        let all = entries(&world, json!({"first": 2})).await;
        for (at, entry) in all.iter().enumerate() {
            assert_eq!(entry["sequence"], json!(at), "{all:#?}");
        }
        let paused = all.iter().find(|entry| entry["after"] == json!({"state": "INACTIVE"})).unwrap();
        assert_eq!(paused["before"], json!({"state": "ACTIVE"}));
        assert_eq!([&paused["activity"], &paused["category"], &paused["object"]], [&json!("EDITED"), &json!("POLICIES"), &json!(policy)]);
        assert_eq!([&paused["actor"], &paused["roles"], &paused["reason"]], [&json!("dev:test-person"), &json!(["ADMIN"]), &Value::Null]);
        // Each of the requests above was a look at the log; one more that looks twice is one more entry.
        let viewed = "SELECT count(*) FROM audit WHERE activity = 'VIEWED' AND category = 'AUDIT'";
        let before = world.number(viewed).await;
        let twice = format!("{{ a: auditLog(first: 1) {{ totalCount }} b: auditLog {{ nodes {{ id }} }} node(id: {}) {{ id ... on AuditEntry {{ leaf }} }} }}", paused["id"]);
        world.services.sequence_audit_fully().await.unwrap();
        let placed = world.number("SELECT count(*) FROM audit").await;
        let seen = world.caller(&[Role::Auditor]).query(&twice).await;
        assert_eq!(seen["node"], json!({"id": paused["id"], "leaf": paused["leaf"]}));
        // The look itself may have its place already.
        assert!([placed, placed + 1].contains(&seen["a"]["totalCount"].as_i64().unwrap()), "{placed} {seen}");
        assert_eq!(world.number(viewed).await, before + 1);
        // Filters.
        let added = entries(&world, json!({"activity": ["ADDED"]})).await;
        assert!(!added.is_empty() && added.iter().all(|entry| entry["activity"] == "ADDED"));
        assert_eq!(entries(&world, json!({"actor": "dev:nobody"})).await, Vec::<Value>::new());
        assert_eq!(entries(&world, json!({"to": paused["at"]})).await, Vec::<Value>::new());
        assert!(entries(&world, json!({"from": paused["at"], "activity": ["ADDED", "EDITED"]})).await.len() > 2);
    }

    async fn proofs_hold_for_an_implementation_that_is_not_ours(world) {
        let first = checkpoint(&world).await;
        do_things(&world).await;
        let second = checkpoint(&world).await;
        world.caller(&[Role::Auditor]).query("{ auditLog { totalCount } }").await;
        let third = checkpoint(&world).await;
        let size = third["size"].as_u64().unwrap();
        assert!(first["size"] == 0 && second["size"].as_u64().unwrap() >= 3 && size > second["size"].as_u64().unwrap());
        let all = entries(&world, json!({"first": 100})).await;
        let auditor = world.caller(&[Role::Auditor]);
        let now = root(&world, &third);
        for at in 0..size {
            let asked = format!("{{ auditInclusionProof(sequence: {at}, treeSize: {size}) }}");
            let proof = InclusionProof::<Sha256>::try_from_bytes(bytes(&auditor.query(&asked).await["auditInclusionProof"])).unwrap();
            let leaf = all[usize::try_from(at).unwrap()]["leaf"].as_str().unwrap().as_bytes().to_vec();
            now.verify_inclusion(&leaf, at, &proof).unwrap_or_else(|error| panic!("entry {at}: {error:?}"));
            assert!(now.verify_inclusion(&b"another".to_vec(), at, &proof).is_err());
        }
        let from = second["size"].as_u64().unwrap();
        let asked = format!("{{ auditConsistencyProof(fromSize: {from}, toSize: {size}) }}");
        let proof = ConsistencyProof::<Sha256>::try_from_bytes(bytes(&auditor.query(&asked).await["auditConsistencyProof"])).unwrap();
        now.verify_consistency(&root(&world, &second), &proof).unwrap();
        for wrong in ["auditInclusionProof(sequence: 9999, treeSize: 1)", "auditInclusionProof(sequence: 0, treeSize: 9999)",
            "auditConsistencyProof(fromSize: 0, toSize: 1)", "auditConsistencyProof(fromSize: 2, toSize: 1)", "auditInclusionProof(sequence: -1, treeSize: 1)"] {
            let refused = auditor.ask(&format!("{{ {wrong} }}"), json!({})).await.body;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
        }
    }

    async fn the_command_checks_an_export_and_tells_what_is_wrong_by_its_code(world) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let older = export(&world).await;
        do_things(&world).await;
        let admin = world.caller(&[Role::Admin]);
        admin.ask("mutation { resetRiskLevel(input: {subjectId: \"x\", reason: \"r\"}) { userErrors { code } } }", json!({})).await;
        let text = export(&world).await;
        let exported = world.number("SELECT count(*) FROM audit WHERE activity = 'EXPORTED' AND category = 'AUDIT'").await;
        assert_eq!(exported, 2);
        let key = public_key(&world.config.audit_key_file).unwrap();
        let sink = world.config.audit_checkpoint_file.display().to_string();
        let whole = file("whole", &text);
        let checked = ["--key", &key, "--checkpoint", &sink];
        let (code, said) = verify(&whole, &checked);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("WHOLE: keep the last checkpoint"), "{said}");
        let (code, said) = verify(&file("altered", &text.replacen("dev:test-person", "dev:test-parson", 1)), &checked);
        assert!(code == 10 && said.contains("was altered: its hash is another"), "{code} {said}");
        let cut: Vec<&str> = text.lines().take(3).collect();
        let (code, said) = verify(&file("cut", &format!("{}\n", cut.join("\n"))), &checked);
        assert!(code == 11 && said.contains("the header speaks of"), "{code} {said}");
        let (code, said) = verify(&file("older", &older), &checked);
        assert!(code == 11 && said.contains("a remembered checkpoint is over"), "{code} {said}");
        assert_eq!(verify(&file("older", &older), &["--key", &key]).0, 0, "without a remembered checkpoint it is a whole log");
        let stranger = public_key(&folder.path().join("stranger.key")).unwrap();
        assert_eq!(verify(&whole, &["--key", &stranger]).0, 13);
        // The clock of the test stands in the past.
        let (code, said) = verify(&whole, &["--key", &key, "--max-age", "1"]);
        assert!(code == 14 && said.contains("the last checkpoint is"), "{code} {said}");
        assert_eq!(verify(&file("unreadable", "a letter\n"), &checked).0, 15);
        assert_eq!(verify(&folder.path().join("missing"), &checked).0, 1);
        assert_eq!(verify(&whole, &["--key", "no key"]).0, 1);
        // Somebody who holds the database and the key writes another history.
        tamper(&world, "DELETE FROM audit_nodes").await;
        tamper(&world, "DELETE FROM audit_checkpoints").await;
        tamper(&world, "UPDATE audit SET sequence = NULL").await;
        tamper(&world, "UPDATE audit SET leaf = replace(leaf, 'dev:test-person', 'dev:somebody-else')").await;
        tamper(&world, "UPDATE audit_state SET value = 0 WHERE name = 'size'").await;
        let forked = file("forked", &export(&world).await);
        let (code, said) = verify(&forked, &checked);
        assert!(code == 12 && said.contains("the log was forked"), "{code} {said}");
        assert_eq!(verify(&forked, &["--key", &key]).0, 0, "who remembers nothing is told nothing");
    }

    async fn the_log_holds_after_a_reason_was_erased(world) {
        world.connect().await;
        let policy = world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let subject = world.caller(&[Role::Analyst]).query("{ subjects(first: 1) { nodes { id } } }").await["subjects"]["nodes"][0]["id"].clone();
        let reset = "mutation($input: ResetRiskLevelInput!) { resetRiskLevel(input: $input) { userErrors { code } } }";
        world.caller(&[Role::Analyst]).ask(reset, json!({"input": {"subjectId": subject, "reason": "Talked to Otto."}})).await.data();
        let why = |all: &[Value]| all.iter().filter_map(|entry| entry["reason"].as_str().map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(why(&entries(&world, json!({"first": 100})).await), ["Talked to Otto."]);
        let folder = tempfile::tempdir().unwrap();
        let key = public_key(&world.config.audit_key_file).unwrap();
        let sink = world.config.audit_checkpoint_file.display().to_string();
        let path = folder.path().join("log");
        let text = export(&world).await;
        std::fs::write(&path, &text).unwrap();
        let (code, said) = verify(&path, &["--key", &key, "--checkpoint", &sink]);
        assert!(code == 0 && said.contains("1 reasons are as they were written") && text.contains("Talked to Otto."), "{code} {said}");
        std::fs::write(&path, text.replace("Talked to Otto.", "Talked to Anna.")).unwrap();
        let (code, said) = verify(&path, &["--key", &key]);
        assert!(code == 10 && said.contains("the reason of entry"), "{code} {said}");
        tamper(&world, "UPDATE audit SET reason = NULL, reason_salt = NULL").await;
        let text = export(&world).await;
        std::fs::write(&path, &text).unwrap();
        let (code, said) = verify(&path, &["--key", &key, "--checkpoint", &sink]);
        assert!(code == 0 && said.contains("1 were erased since") && !text.contains("Otto"), "{code} {said}");
        assert!(!policy.is_empty());
    }

    async fn evidence_is_shown_after_the_look_at_it_is_audited_once_a_subject(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let looks = "SELECT count(*) FROM audit WHERE activity = 'VIEWED' AND category = 'SUBJECTS'";
        let content = "{ subjects(first: 3) { nodes { insights(first: 2) { nodes { activities(first: 5) { nodes { content } } } } } } }";
        let shown = |answer: &Value| answer.to_string().matches("\"content\":{").count();
        let analyst = world.caller(&[Role::Analyst]).ask(content, json!({})).await;
        assert_eq!((shown(&analyst.body), world.number(looks).await), (0, 0));
        let investigator = world.caller(&[Role::Investigator]);
        let seen = investigator.query(content).await;
        let subjects = seen["subjects"]["nodes"].as_array().unwrap().iter().filter(|subject| shown(subject) > 0).count();
        assert!(subjects > 0 && shown(&seen) > 3, "{seen:#}");
        assert_eq!(world.number(looks).await, i64::try_from(subjects).unwrap());
        // Where it cannot be audited, it is not shown.
        tamper(&world, "ALTER TABLE audit RENAME TO away").await;
        let blind = investigator.ask(content, json!({})).await.body;
        assert_eq!(shown(&blind), 0, "{blind}");
        assert_eq!(blind["errors"][0]["extensions"]["code"], "INTERNAL");
        tamper(&world, "ALTER TABLE away RENAME TO audit").await;
    }

    async fn every_mutation_that_is_refused_leaves_an_entry(world) {
        let nobody = world.caller(&[Role::Connector]);
        let mutations: Vec<&str> = rules::RULES.iter().filter(|(of, _)| *of == "Mutation").map(|(_, field)| *field).collect();
        for field in &mutations {
            let (document, _) = crate::privacy::reach("Mutation", field);
            nobody.ask(document, json!({})).await;
            // The refusals of a minute are bounded.
            world.clock.advance(60 * SECOND);
        }
        let mut denied = world.texts("SELECT object FROM audit WHERE activity = 'DENIED' AND actor = 'dev:test-person' AND roles = 'CONNECTOR'").await;
        let mut expected: Vec<String> = mutations.iter().map(|field| format!("Mutation.{field}")).collect();
        denied.sort();
        expected.sort();
        assert_eq!(denied, expected);
        let (document, _) = crate::privacy::reach("Mutation", "createPolicy");
        world.stranger().ask(document, json!({})).await;
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'DENIED' AND actor = 'anonymous'").await, 1);
    }

    async fn the_log_is_signed_every_minute_and_every_checkpoint_is_in_the_file(world) {
        let first = checkpoint(&world).await;
        world.clock.advance(59 * SECOND);
        assert_eq!(checkpoint(&world).await, first);
        world.clock.advance(SECOND);
        let second = checkpoint(&world).await;
        assert!(second["size"] == first["size"] && second["rootHash"] == first["rootHash"] && second["at"] != first["at"]);
        do_things(&world).await;
        let third = checkpoint(&world).await;
        // The jobs of the server take turns as well: what they sign comes by the same way.
        let kept = notes(&std::fs::read_to_string(&world.config.audit_checkpoint_file).unwrap());
        for checkpoint in [first, second, third] {
            assert!(kept.iter().any(|note| json!(note) == checkpoint["note"]), "{kept:#?}");
        }
    }

    async fn a_log_that_was_changed_in_the_database_is_not_signed_again(world) {
        do_things(&world).await;
        let signed = checkpoint(&world).await;
        tamper(&world, if world.engine == vizard_tests::Engine::Postgres {
            "UPDATE audit_nodes SET hash = sha256(hash)"
        } else {
            "UPDATE audit_nodes SET hash = randomblob(32)"
        }).await;
        world.caller(&[Role::Auditor]).query("{ auditLog { totalCount } }").await;
        let refused = world.services.sequence_audit_fully().await.unwrap_err();
        assert!(format!("{refused:#}").contains("is not the one that was signed last"), "{refused:#}");
        let newest = world.caller(&[Role::Auditor]).query("{ auditCheckpoint { size rootHash at note } }").await;
        assert_eq!(newest["auditCheckpoint"], signed);
    }

    async fn rows_of_an_earlier_version_get_their_leaves(world) {
        world.policy().await;
        tamper(&world, "UPDATE audit SET leaf = NULL WHERE sequence IS NULL").await;
        let id = if world.engine == vizard_tests::Engine::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
        tamper(&world, &format!("INSERT INTO audit (id, at, actor, roles, activity, category, object, detail) VALUES \
            ({id}, 1, 'dev:ada', 'ADMIN AUDITOR', 'EDITED', 'SETTINGS', 'settings', '{{\"b\":1,\"a\":[]}}')")).await;
        let all = entries(&world, json!({"first": 100})).await;
        let old = all.iter().find(|entry| entry["actor"] == "dev:ada").unwrap();
        assert_eq!((&old["roles"], &old["detail"]), (&json!(["ADMIN", "AUDITOR"]), &json!({"a": [], "b": 1})));
    }

    async fn two_replicas_give_every_entry_one_place(world) {
        let mut config = world.config.clone();
        config.audit_checkpoint_file = world.config.data_dir.join("other-checkpoints");
        let other = app::open(&config, world.clock.clone(), Ids::system(world.clock.clone())).await.unwrap();
        let document = crate::privacy::reach("Mutation", "createPolicy").0;
        let mut tasks = Vec::new();
        for at in 0..24 {
            let (caller, one) = (world.caller(&[Role::Auditor]), if at % 2 == 0 { other.clone() } else { world.services.clone() });
            tasks.push(tokio::spawn(async move {
                caller.query("{ auditLog(first: 1) { totalCount } }").await;
                caller.ask(document, json!({})).await;
                one.sequence_audit().await.unwrap();
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        other.sequence_audit_fully().await.unwrap();
        let places = "SELECT count(*) FROM audit WHERE sequence IS NOT NULL";
        assert!(world.number(places).await >= 48);
        for (sql, expected) in [
            ("SELECT count(*) FROM audit WHERE sequence IS NULL", 0),
            ("SELECT count(*) - count(DISTINCT sequence) FROM audit", 0),
            ("SELECT count(*) - max(sequence) - 1 FROM audit", 0),
            ("SELECT count(*) - (SELECT value FROM audit_state WHERE name = 'size') FROM audit", 0),
        ] {
            assert_eq!(world.number(sql).await, expected, "{sql}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, export(&world).await).unwrap();
        let key = public_key(&world.config.audit_key_file).unwrap();
        let files = [&world.config, &config].map(|config| config.audit_checkpoint_file.display().to_string());
        let (code, said) = verify(&path, &["--key", &key, "--checkpoint", &files[0], "--checkpoint", &files[1]]);
        assert_eq!(code, 0, "{said}");
        other.shut_down().await;
    }

    async fn only_an_auditor_takes_the_log_away(world) {
        for role in Role::ALL {
            let expected = if *role == Role::Auditor { 200 } else { 403 };
            assert_eq!(world.caller(&[*role]).get("/audit/export").await.status, expected, "{role}");
        }
        assert_eq!(world.stranger().get("/audit/export").await.status, 401);
    }
}
