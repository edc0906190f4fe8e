//! Records on their way in: over HTTP and from files, good and bad, once and again, one after another and all at once.

use serde_json::json;
use std::{
    io::{Read as _, Write as _},
    sync::Arc,
};
use vizard_core::{access::Role, limits, time::DAY};
use vizard_tests::{World, demo, on_both};

const COUNTS: &str = "{ connectors { nodes { name lastRun { state read accepted duplicates rejected ignored rejects { totalCount nodes { position reason detail } } } } } }";

fn sample(lines: usize) -> Vec<String> {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(demo("m365-audit.jsonl.gz")).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        .take(lines)
        .map(str::to_owned)
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Everything that scoring rests on, as one text a row.
async fn state(world: &World) -> Vec<String> {
    let mut state = world.texts("SELECT indicator || CAST(occurred_at AS TEXT) || facts FROM events ORDER BY 1").await;
    state.extend(world.texts("SELECT indicator || CAST(day AS TEXT) || '=' || CAST(sum(count) AS TEXT) FROM activity_days GROUP BY indicator, day ORDER BY 1").await);
    state.extend(world.texts("SELECT explanation || CAST(points AS TEXT) FROM insights ORDER BY 1").await);
    state
}

on_both! {
    async fn the_same_file_twice_changes_nothing(world) {
        world.connect().await;
        world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let before = state(&world).await;
        let again = world.import("m365", &demo("m365-audit.jsonl.gz")).await.counts;
        assert_eq!((again.accepted, again.rejected), (0, 3));
        assert_eq!(again.read, again.duplicates + again.rejected + again.ignored);
        assert_eq!(world.import("hr", &demo("hr-events.csv")).await.counts.accepted, 0);
        world.settle().await;
        assert_eq!(state(&world).await, before);
    }

    async fn bad_rows_become_rejects_with_line_and_reason_and_quote_nothing(world) {
        world.connect().await;
        let counts = world.import("hr", &demo("hr-events.csv")).await.counts;
        assert_eq!((counts.read, counts.accepted, counts.rejected), (10, 6, 4));
        let rejected = world.caller(&[Role::Admin]).query(COUNTS).await;
        let hr = rejected["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "hr").unwrap();
        let rejects = &hr["lastRun"]["rejects"];
        assert_eq!(rejects["totalCount"], 4);
        let text = std::fs::read_to_string(demo("hr-events.csv")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for reject in rejects["nodes"].as_array().unwrap() {
            let line = usize::try_from(reject["position"].as_u64().unwrap()).unwrap();
            assert!((2..=lines.len()).contains(&line), "{reject}");
            let detail = reject["detail"].as_str().unwrap();
            for value in lines[line - 1].split(',').map(str::trim).filter(|value| value.len() > 5 && !lines[0].contains(value)) {
                assert!(!detail.contains(value), "{detail} quotes {value}");
            }
        }
        // Who is not an administrator sees that there were some, and not which.
        let seen = world.caller(&[Role::Analyst]).ask(COUNTS, json!({})).await.body;
        assert_eq!(seen["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(seen["errors"][0]["extensions"]["requires"], json!(["ADMIN"]));
    }

    async fn a_delivery_is_durable_before_202_and_counted_once_however_it_is_written(world) {
        world.connect().await;
        let sender = world.caller(&[Role::Connector]);
        let lines = sample(200);
        let as_lines = lines.join("\n").into_bytes();
        let as_array = format!("[{}]", lines.join(",")).into_bytes();
        let first = sender.deliver("/ingest/m365", &[], as_lines.clone()).await;
        assert_eq!(first.status, 202, "{first:?}");
        assert_eq!(world.number("SELECT count(*) FROM runs").await, 1);
        let again = sender.deliver("/ingest/m365", &[], as_lines.clone()).await;
        assert_eq!((again.status, &again.body["run"], &again.body["repeated"]), (202, &first.body["run"], &json!(true)));
        let packed = sender.deliver("/ingest/m365", &[("content-encoding", "gzip")], gzip(&as_lines)).await;
        let array = sender.deliver("/ingest/m365", &[("idempotency-key", "array")], as_array).await;
        assert_eq!((packed.status, array.status), (202, 202), "{packed:?} {array:?}");
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM runs WHERE state = 'SUCCEEDED'").await, 3);
        assert_eq!(world.number("SELECT count(*) FROM runs WHERE body IS NOT NULL").await, 0);
        let totals = world.texts("SELECT CAST(records_read AS TEXT) FROM runs").await;
        assert_eq!(totals, ["200", "200", "200"]);
        let accepted = world.number("SELECT count(*) FROM runs WHERE accepted > 0").await;
        assert_eq!(accepted, 1, "the others held nothing new");
    }

    async fn a_delivery_that_cannot_be_taken_is_told_why(world) {
        world.connect().await;
        let sender = world.caller(&[Role::Connector]);
        let body = || b"{}".to_vec();
        assert_eq!(world.stranger().deliver("/ingest/m365", &[], body()).await.status, 401);
        assert_eq!(world.with_token("nonsense").deliver("/ingest/m365", &[], body()).await.status, 401);
        assert_eq!(world.caller(&[Role::Admin]).deliver("/ingest/m365", &[], body()).await.status, 403);
        assert_eq!(sender.deliver("/ingest/nobody", &[], body()).await.status, 404);
        assert_eq!(sender.deliver("/ingest/m365", &[], vec![b' '; limits::INGEST_BODY_BYTES + 1]).await.status, 413);
        assert_eq!(sender.deliver("/ingest/m365", &[("idempotency-key", "one")], body()).await.status, 202);
        assert_eq!(sender.deliver("/ingest/m365", &[("idempotency-key", "one")], b"[]".to_vec()).await.status, 409);
        let admin = world.caller(&[Role::Admin]);
        let ids = admin.query("{ connectors { nodes { id name } } }").await;
        let m365 = ids["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "m365").unwrap()["id"].clone();
        let pause = "mutation($input: SetConnectorStateInput!) { setConnectorState(input: $input) { connector { state } userErrors { message } } }";
        world.settle().await;
        let paused = admin.ask(pause, json!({"input": {"connectorId": m365, "state": "PAUSED"}})).await;
        assert_eq!(paused.data()["setConnectorState"]["connector"]["state"], "PAUSED");
        assert_eq!(sender.deliver("/ingest/m365", &[], b"[{}]".to_vec()).await.status, 409);
    }

    async fn run_connector_reads_a_file_of_the_inbox_and_nothing_outside(world) {
        world.connect().await;
        let inbox = world.config.inbox_dir.clone();
        std::fs::create_dir_all(&inbox).unwrap();
        std::fs::write(inbox.join("audit.jsonl"), sample(150).join("\n")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", inbox.join("out")).unwrap();
        let admin = world.caller(&[Role::Admin]);
        let ids = admin.query("{ connectors { nodes { id name } } }").await;
        let m365 = ids["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "m365").unwrap()["id"].clone();
        let start = "mutation($input: RunConnectorInput!) { runConnector(input: $input) { run { id state } userErrors { code field } } }";
        let started = admin.ask(start, json!({"input": {"connectorId": m365, "path": "audit.jsonl"}})).await;
        assert!(started.data()["runConnector"]["run"]["id"].is_string(), "{started:?}");
        world.settle().await;
        let runs = admin.query("{ connectors { nodes { name lastRun { state read } } } }").await;
        let read = runs["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "m365").unwrap()["lastRun"].clone();
        assert_eq!(read, json!({"state": "SUCCEEDED", "read": 150}));
        let audited = "SELECT count(*) FROM audit WHERE activity = 'ADDED' AND object LIKE 'run_%' AND roles = 'ADMIN'";
        assert_eq!(world.number(audited).await, 1);
        for path in ["../vizard.db", "/etc/hostname", "out", "missing.jsonl"] {
            let refused = admin.ask(start, json!({"input": {"connectorId": m365, "path": path}})).await;
            let problems = &refused.data()["runConnector"]["userErrors"];
            assert_eq!(problems[0]["field"], json!(["input", "path"]), "{path}: {refused:?}");
        }
    }

    async fn a_full_queue_answers_429_and_says_when_to_come_back(world) {
        world.connect().await;
        // Deliveries that another worker holds: nobody here takes them.
        let lease = world.clock.now().0 + 3_600_000_000;
        let columns = "id, connector_id, feed, state, body, lease_until, started_at, batches, records_read, accepted, duplicates, rejected, ignored, uncovered";
        for _ in 0..limits::QUEUED_RUNS_PER_CONNECTOR {
            let id = match world.engine {
                vizard_tests::Engine::Sqlite => "randomblob(16)",
                vizard_tests::Engine::Postgres => "gen_random_uuid()",
            };
            let body = if world.engine == vizard_tests::Engine::Sqlite { "x'00'" } else { "'\\x00'" };
            let insert = format!(
                "INSERT INTO runs ({columns}) SELECT {id}, id, 'audit', 'RUNNING', {body}, {lease}, 0, 0, 0, 0, 0, 0, 0, 0 FROM connectors \
                 WHERE name = 'm365' RETURNING 1 + 0"
            );
            let _ = world.texts(&insert.replace("RETURNING 1 + 0", "RETURNING feed")).await;
        }
        let refused = world.caller(&[Role::Connector]).deliver("/ingest/m365", &[], b"[]".to_vec()).await;
        assert_eq!((refused.status, refused.retry_after.as_deref()), (429, Some("5")), "{refused:?}");
        let _ = world.texts("DELETE FROM runs RETURNING feed").await;
    }

    async fn what_is_ingested_by_many_at_once_is_scored_exactly_once(world) {
        world.connect().await;
        world.policy().await;
        world.import("hr", &demo("hr-events.csv")).await;
        let lines = Arc::new(sample(6_000));
        let mut tasks = Vec::new();
        for sender in 0..4usize {
            let (world, lines) = (Arc::clone(&world), Arc::clone(&lines));
            tasks.push(tokio::spawn(async move {
                // Overlapping parts, in different order: every record comes from two senders.
                for part in 0..6 {
                    let from = (part * 1_000 + sender * 1_500) % 6_000;
                    let some: Vec<&str> = lines.iter().cycle().skip(from).take(500).map(String::as_str).collect();
                    world.import_text("m365", some.join("\n").as_bytes()).await;
                }
            }));
        }
        for _ in 0..3 {
            let world = Arc::clone(&world);
            tasks.push(tokio::spawn(async move {
                for _ in 0..40 {
                    world.services.score_some().await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        world.settle().await;
        let ingested = world.number("SELECT CAST(sum(quantity) AS BIGINT) FROM events").await;
        assert!(ingested > 1_000);
        // Beside the counts stand measures: hours, machines, destinations.
        assert_eq!(world.number("SELECT CAST(sum(count) AS BIGINT) FROM activity_days WHERE indicator NOT LIKE '%!%'").await, ingested);
        assert_eq!(world.number("SELECT count(*) FROM pending").await, 0);
        // One person, one subject, however many senders introduced them.
        assert_eq!(world.number("SELECT count(*) FROM subjects WHERE id NOT IN (SELECT subject_id FROM identifiers)").await, 0);
    }

    async fn another_vault_key_is_refused(world) {
        let mut settings = vec![
            ("data_dir", world.config.data_dir.display().to_string()),
            ("database_url", world.config.database_url()),
            ("vault_key_file", world.config.data_dir.join("keys/other.key").display().to_string()),
        ];
        let open = |settings: Vec<(&'static str, String)>| async move {
            let config = vizard_server::config::Config::load(None, std::iter::empty(), settings).unwrap();
            let clock = vizard_server::clock::Clock::system();
            vizard_server::app::open(&config, clock.clone(), vizard_server::ids::Ids::system(clock)).await.map(|_| ())
        };
        let refused = open(settings.clone()).await.unwrap_err();
        assert!(refused.to_string().contains("does not belong to this database"), "{refused}");
        settings.pop();
        open(settings).await.unwrap();
    }

    async fn a_credential_delivers_to_its_connector_and_opens_nothing_else(world) {
        world.connect().await;
        let admin = world.person("Ada Admin", &[Role::Admin]);
        let found = admin.query("{ connectors { nodes { id name } } }").await;
        let hr = found["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "hr").unwrap()["id"].clone();
        let create = "mutation($input: CreateConnectorCredentialInput!) { createConnectorCredential(input: $input) { token credential { id name expiresAt lastUsedAt } userErrors { code field } } }";
        let make = async |days: i64, name: &str| {
            let input = json!({"input": {"connectorId": hr, "name": name, "expiresInDays": days}});
            admin.ask(create, input).await.data()["createConnectorCredential"].clone()
        };
        assert_eq!(make(0, "").await["userErrors"], json!([{"code": "REQUIRED", "field": ["input", "name"]}, {"code": "INVALID", "field": ["input", "expiresInDays"]}]));
        let made = make(30, "Nightly export").await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let token = made["token"].as_str().unwrap();
        assert!(token.starts_with("vzc_") && token.len() == 4 + 43);
        let job = world.with_token(token);
        let csv = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,ada@halden-optics.example,2026-06-20T09:00:00Z,\n".to_vec();
        assert_eq!(job.deliver("/ingest/hr", &[], csv.clone()).await.status, 202);
        // To it there is no other connector, and of the API only what everybody may ask.
        assert_eq!(job.deliver("/ingest/m365", &[], b"{}".to_vec()).await.status, 404);
        let answer = job.ask("{ viewer { roles } alerts { totalCount } connectors { totalCount } policies { totalCount } }", json!({})).await.body;
        assert_eq!(answer["data"], json!({"viewer": {"roles": ["CONNECTOR"]}, "alerts": null, "connectors": null, "policies": null}));
        let seen = admin.query("{ connectors { nodes { name credentials { name lastUsedAt revokedAt } } } }").await.to_string();
        assert!(seen.contains("\"lastUsedAt\":\"2026-07-01T12:00:00.000Z\"") && !seen.contains(&token[4..]), "{seen}");
        assert!(world.texts("SELECT leaf FROM audit").await.iter().all(|leaf| !leaf.contains(&token[4..])));
        // Its time ends, and it can be taken back before.
        let second = make(30, "The next one").await;
        let other = world.with_token(second["token"].as_str().unwrap());
        let revoke = "mutation($input: RevokeConnectorCredentialInput!) { revokeConnectorCredential(input: $input) { credential { revokedAt } userErrors { code } } }";
        let input = json!({"input": {"credentialId": second["credential"]["id"]}});
        assert_eq!(admin.ask(revoke, input.clone()).await.data()["revokeConnectorCredential"]["userErrors"], json!([]));
        assert_eq!(admin.ask(revoke, input).await.data()["revokeConnectorCredential"]["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(other.deliver("/ingest/hr", &[], csv.clone()).await.status, 401);
        world.clock.advance(30 * DAY);
        assert_eq!(job.deliver("/ingest/hr", &[], csv.clone()).await.status, 401);
        assert_eq!(world.with_token("vzc_nothing").deliver("/ingest/hr", &[], csv).await.status, 401);
    }
}
