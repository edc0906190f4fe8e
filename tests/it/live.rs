//! What happens while somebody waits for it: on whatever server, by both transports, to who may see it at that moment.

mod protocol;

use crate::{need, reveal, share, story::downloads};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vizard_core::{access::Role, time::HOUR};
use vizard_server::service::live::{Change, Listener, Topic};
use vizard_tests::{Caller, Engine, Sent, World, on_both};

const ALERTS: &str = "subscription($of: [Severity!]) { alertRaised(severity: $of) { id severity status subject { pseudonym identity { displayName } } policy { name } } }";
const CASE: &str = "subscription($id: ID!) { caseUpdated(id: $id) { id status notes { body } subject { identityState identity { displayName } } } }";
const RUNS: &str =
    "subscription($id: ID!) { connectorRunUpdated(connectorId: $id) { id state read accepted finishedAt } }";

/// Somebody leaves with files, which raises an alert.
async fn leaves_with_files(world: &World, number: u32, who: &str) {
    world.import_text("m365", &downloads(number * 200..number * 200 + 120, who, "2026-06-29")).await;
    let row = format!("Resignation,{who},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n");
    world.import_text("hr", format!("HRScenario,EmailAddress,ResignationDate,LastWorkingDate\n{row}").as_bytes()).await;
    world.settle().await;
}

async fn note(who: &Caller, case: &str, body: &str) {
    let write = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { message } } }";
    let answer = who.ask(write, json!({"input": {"caseId": case, "body": body}})).await;
    assert_eq!(answer.data()["addCaseNote"]["userErrors"], json!([]));
}

async fn granted(world: &World, viewer: &str, role: Role) -> Value {
    let grant =
        "mutation($input: GrantRoleInput!) { grantRole(input: $input) { grant { id } userErrors { message } } }";
    let input = json!({"viewer": viewer, "role": role.as_str(), "reason": "On leave cover."});
    let answer = world.person("Adam Admin", &[Role::Admin]).ask(grant, json!({"input": input})).await;
    answer.data()["grantRole"]["grant"]["id"].clone()
}

async fn revoked(world: &World, grant: &Value) {
    let revoke = "mutation($input: RevokeRoleInput!) { revokeRole(input: $input) { userErrors { message } } }";
    let input = json!({"grantId": grant, "reason": "Back from leave."});
    let answer = world.person("Adam Admin", &[Role::Admin]).ask(revoke, json!({"input": input})).await;
    assert_eq!(answer.data()["revokeRole"]["userErrors"], json!([]));
}

fn bodies(event: &Value) -> Vec<&str> {
    let notes = event["data"]["caseUpdated"]["notes"].as_array().unwrap_or_else(|| panic!("{event}"));
    notes.iter().filter_map(|note| note["body"].as_str()).collect()
}

on_both! {
    async fn an_alert_reaches_who_may_see_it_on_every_server_by_both_transports(world) {
        world.connect().await;
        world.policy().await;
        let replica = world.replica().await;
        let (ann, ida) = (world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]));
        let mut here = ann.socket().await;
        here.subscribe("1", ALERTS, json!({})).await.unwrap();
        let mut there = replica.at_its_door(&ann).socket().await;
        there.subscribe("one of many", ALERTS, json!({})).await.unwrap();
        let mut stream = replica.at_its_door(&ida).events(ALERTS, json!({})).await;
        assert_eq!((stream.status, stream.content_type.as_str()), (200, "text/event-stream"));
        stream.opened().await.unwrap();

        // Who may not see alerts is told which roles may, whatever the field is called and wherever it stands.
        let adam = world.person("Adam", &[Role::Admin]);
        let mut closed = adam.socket().await;
        for document in [
            "subscription { alertRaised { id } }",
            "subscription { other: alertRaised { id } }",
            "subscription { ...F } fragment F on Subscription { alertRaised { id } }",
            "subscription { ... on Subscription { ... @include(if: true) { x: alertRaised { id } } } }",
        ] {
            let refused = closed.subscribe("a", document, json!({})).await.unwrap_err();
            let expected = json!({"code": "FORBIDDEN", "requires": ["ANALYST", "INVESTIGATOR"]});
            assert_eq!(refused[0]["extensions"], expected, "{document}");
            let refused = adam.events(document, json!({})).await.opened().await.unwrap_err();
            assert_eq!(refused[0]["extensions"], expected, "{document}");
        }
        let refused = world.stranger().events(ALERTS, json!({})).await.opened().await.unwrap_err();
        assert_eq!(refused[0]["extensions"]["code"], "UNAUTHENTICATED");

        leaves_with_files(&world, 0, "mara.lindt@halden-optics.example").await;
        let raised = here.next("1").await;
        let alert = &raised["data"]["alertRaised"];
        assert_eq!((&alert["status"], &alert["policy"]["name"], &raised["errors"]), (&json!("NEEDS_REVIEW"), &json!("Departing"), &Value::Null));
        assert!(alert["subject"]["pseudonym"].as_str().unwrap().starts_with("Anon-") && alert["subject"]["identity"].is_null(), "{raised}");
        let id = alert["id"].clone();
        assert_eq!(there.next("one of many").await["data"]["alertRaised"]["id"], id);
        assert_eq!(stream.next().await["data"]["alertRaised"]["id"], id);

        // Only what was asked for: the marker that comes after it is the first that is heard.
        let severity = alert["severity"].as_str().unwrap().to_owned();
        let others: Vec<&str> = ["LOW", "MEDIUM", "HIGH"].into_iter().filter(|other| *other != severity).collect();
        let mut some = ann.socket().await;
        some.subscribe("others", ALERTS, json!({"of": others})).await.unwrap();
        some.subscribe("these", ALERTS, json!({"of": [severity]})).await.unwrap();
        // Whoever a list keeps from a subject hears nothing of them either.
        world.import_text("m365", &downloads(200..201, "edda.sund@halden-optics.example", "2026-06-29")).await;
        need::grouped(&world, "edda.sund@halden-optics.example", json!(["dev:ida"])).await;
        leaves_with_files(&world, 1, "edda.sund@halden-optics.example").await;
        let hidden = stream.next().await["data"]["alertRaised"]["id"].clone();
        leaves_with_files(&world, 2, "olaf.ness@halden-optics.example").await;
        let marker = stream.next().await["data"]["alertRaised"]["id"].clone();
        assert_ne!(hidden, marker);
        assert_eq!(some.next("these").await["data"]["alertRaised"]["id"], marker);
        assert_eq!(here.next("1").await["data"]["alertRaised"]["id"], marker);

        // A server that stops says so, and does not wait for who listens.
        replica.stop().await;
        assert_eq!(there.closed().await, 1001);
        while stream.hear().await != Sent::Complete {}
        assert_eq!(stream.hear().await, Sent::Gone);
    }

    async fn a_case_is_told_of_until_the_right_to_it_is_lost(world) {
        let (case, _, _) = reveal::case(&world).await;
        let replica = world.replica().await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let (gone, grace) = (granted(&world, "dev:grace", Role::Analyst).await, world.person("Grace", &[]));
        let at = |id: &str| json!({"id": id});
        let mut socket = replica.at_its_door(&ida).socket().await;
        socket.subscribe("case", CASE, at(&case)).await.unwrap();
        let mut stream = ida.events(CASE, at(&case)).await;
        stream.opened().await.unwrap();
        let mut covered = replica.at_its_door(&grace).socket().await;
        covered.subscribe("case", CASE, at(&case)).await.unwrap();
        covered.subscribe("alerts", ALERTS, json!({})).await.unwrap();
        for unknown in ["case_00000000000000000000000000000000", "nothing"] {
            let refused = socket.subscribe("x", CASE, at(unknown)).await.unwrap_err();
            assert_eq!((&refused[0]["extensions"]["code"], &refused[0]["message"]), (&json!("NOT_FOUND"), &json!("not found")));
        }

        note(&ida, &case, "Asked the manager.").await;
        for event in [socket.next("case").await, stream.next().await, covered.next("case").await] {
            assert!(bodies(&event).contains(&"Asked the manager."), "{event}");
        }

        // Every delivery that shows an identity is a look of its own.
        let asked = reveal::requested(&ida, &case).await;
        socket.next("case").await;
        reveal::decided(&world.person("April Approver", &[Role::Approver]), &asked["reveal"], true).await;
        let looks = "SELECT count(*) FROM audit WHERE activity = 'IDENTITY_VIEWED' AND actor = 'dev:ida-investigator'";
        for more in 1..=3 {
            let event = socket.next("case").await;
            assert!(event["data"]["caseUpdated"]["subject"]["identity"]["displayName"].is_string(), "{event}");
            let event = loop {
                let event = stream.next().await;
                if event["data"]["caseUpdated"]["subject"]["identityState"] == "REVEALED" { break event }
            };
            assert!(event["data"]["caseUpdated"]["subject"]["identity"]["displayName"].is_string(), "{event}");
            assert_eq!(world.number(looks).await, 2 * more, "one for each of the two streams");
            if more < 3 {
                note(&ida, &case, &format!("Note {more}.")).await;
            }
        }
        loop {
            let event = covered.next("case").await;
            assert!(event["data"]["caseUpdated"]["subject"]["identity"].is_null(), "{event}");
            if bodies(&event).contains(&"Note 2.") { break }
        }

        // A role that is taken back ends what it opened, at once and without an event.
        revoked(&world, &gone).await;
        let mut ended = BTreeSet::new();
        while ended.len() < 2 {
            let message = covered.hear().await.message();
            assert_eq!((&message["type"], &message["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("FORBIDDEN")), "{message}");
            ended.insert(message["id"].as_str().unwrap().to_owned());
        }
        // A list that the viewer is not on makes the case one that is not there.
        need::grouped(&world, "ottoline.brackwater@halden-optics.example", json!(["dev:somebody"])).await;
        assert_eq!(socket.errors("case").await[0]["extensions"]["code"], "NOT_FOUND");
        let last = stream.next().await;
        assert_eq!((&last["data"], &last["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("NOT_FOUND")));
        assert_eq!((stream.hear().await, stream.hear().await), (Sent::Complete, Sent::Gone));
        replica.stop().await;
    }

    async fn nothing_of_a_share_is_on_an_open_subscription(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let holder = share::holder(&world, &share::shared(&ida, &case, json!({})).await);
        let seen = holder.query("{ viewer { share { case { id } } } }").await["viewer"]["share"]["case"]["id"].clone();
        let mut socket = holder.socket().await;
        for (document, variables) in [(CASE, json!({"id": seen})), (CASE, json!({"id": case})), (ALERTS, json!({}))] {
            assert_eq!(socket.subscribe("s", document, variables.clone()).await.unwrap_err()[0]["extensions"]["code"], "FORBIDDEN");
            let refused = holder.events(document, variables).await.opened().await.unwrap_err();
            assert_eq!(refused[0]["extensions"]["code"], "FORBIDDEN");
        }
    }

    async fn a_run_is_told_of_from_its_beginning_to_its_end(world) {
        world.connect().await;
        let replica = world.replica().await;
        let admin = world.person("Adam Admin", &[Role::Admin]);
        let connectors = admin.query("{ connectors { nodes { id name } } }").await;
        let id = |name: &str| connectors["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["id"].clone();
        let mut socket = replica.at_its_door(&admin).socket().await;
        socket.subscribe("hr", RUNS, json!({"id": id("hr")})).await.unwrap();
        socket.subscribe("m365", RUNS, json!({"id": id("m365")})).await.unwrap();
        let refused = socket.subscribe("x", RUNS, json!({"id": "connector_00000000000000000000000000000000"})).await.unwrap_err();
        assert_eq!(refused[0]["extensions"]["code"], "NOT_FOUND");
        let refused = world.person("Ann", &[Role::Analyst]).events(RUNS, json!({"id": id("hr")})).await.opened().await.unwrap_err();
        assert_eq!(refused[0]["extensions"]["requires"], json!(["ADMIN"]));

        let lines = downloads(0..2_500, "mara.lindt@halden-optics.example", "2026-06-29");
        world.import_text("m365", &lines).await;
        let mut read = 0;
        loop {
            let event = socket.next("m365").await["data"]["connectorRunUpdated"].clone();
            let now = event["read"].as_i64().unwrap();
            assert!(now >= read, "{event}");
            read = now;
            if event["state"] == "SUCCEEDED" {
                assert!(read == 2_500 && event["finishedAt"].is_string(), "{event}");
                break;
            }
            assert_eq!((&event["state"], &event["finishedAt"]), (&json!("RUNNING"), &Value::Null));
        }
        replica.stop().await;
    }

    async fn a_token_that_is_over_ends_what_it_opened(world) {
        world.connect().await;
        let ann = world.caller(&[Role::Analyst]);
        let (mut idle, mut busy) = (ann.socket().await, ann.socket().await);
        busy.subscribe("1", ALERTS, json!({})).await.unwrap();
        let mut stream = ann.events(ALERTS, json!({})).await;
        stream.opened().await.unwrap();
        // The allowance for clocks that differ is a minute.
        world.clock.advance(HOUR);
        assert_eq!(ann.query("{ viewer { id } }").await["viewer"]["id"], "dev:test-person");
        world.clock.advance(HOUR / 60);
        assert_eq!((idle.closed().await, busy.closed().await), (4403, 4403));
        let last = stream.next().await;
        assert_eq!(last["errors"][0], json!({"message": "the token has expired", "extensions": {"code": "UNAUTHENTICATED"}}));
        assert_eq!(stream.hear().await, Sent::Complete);
        // It was no try to get in.
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'DENIED'").await, 0);
    }

    async fn no_change_is_lost_whatever_the_order_of_commits(world) {
        let replica = world.replica().await;
        let listeners = [world.services.live().listen(Topic::Alerts), replica.services.live().listen(Topic::Alerts)];
        // SQLite has one writer at a time, whoever asks.
        let connections = world.connections(if world.engine == Engine::Postgres { 8 } else { 1 }).await;
        if world.engine == Engine::Postgres {
            // The trap: drawn first, committed last.
            let (early, late) = (connections.begin().await.unwrap(), connections.begin().await.unwrap());
            write(&early, 1).await;
            write(&late, 2).await;
            late.commit().await.unwrap();
            for listener in &listeners {
                assert_eq!(heard(listener, 1).await, BTreeSet::from([2]));
            }
            early.commit().await.unwrap();
            for listener in &listeners {
                assert_eq!(heard(listener, 1).await, BTreeSet::from([1]));
            }
        }
        // Many at once, each of them several changes long; every fifth is rolled back.
        let writers = (0..8u128).map(|writer| {
            let connections = connections.clone();
            tokio::spawn(async move {
                for turn in 0..20 {
                    let tx = connections.begin().await.unwrap();
                    for change in 0..4 {
                        write(&tx, 1_000 + writer * 100 + turn * 4 + change).await;
                        tokio::task::yield_now().await;
                    }
                    if turn % 5 == 4 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        let expected: BTreeSet<u128> = (0..8u128)
            .flat_map(|writer| (0..80).filter(|change| change / 4 % 5 != 4).map(move |change| 1_000 + writer * 100 + change))
            .collect();
        for listener in &listeners {
            assert_eq!(heard(listener, expected.len()).await, expected);
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let order = "SELECT count(*) FROM changes WHERE place IS NULL";
        assert_eq!(world.number(order).await, 0);
        let gaps = "SELECT max(place) - count(*) FROM changes";
        assert_eq!(world.number(gaps).await, 0, "places have no gaps");
        connections.close().await.unwrap();
        // What everybody has heard goes, and nobody hears the end of it.
        world.clock.advance(HOUR);
        world.services.forget_changes().await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM changes").await, 0);
        let more = world.connections(1).await;
        write(&more, 7).await;
        for listener in &listeners {
            assert_eq!(heard(listener, 1).await, BTreeSet::from([7]));
        }
        // Who was away for longer than changes are kept is told so.
        let place = world.number("SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'changes'").await;
        world.execute(&format!("UPDATE meta SET value = '{}' WHERE name = 'changes'", place + 3)).await;
        for listener in &listeners {
            assert_eq!(tokio::time::timeout(std::time::Duration::from_secs(30), listener.next()).await.unwrap().unwrap_err().to_string(),
                "some changes were missed: ask for what there is now, and subscribe again");
        }
        more.close().await.unwrap();
        replica.stop().await;
    }
}

/// Notes a change as the store does.
async fn write(on: &impl ConnectionTrait, number: u128) {
    let backend = on.get_database_backend();
    let (id, mark) =
        (uuid::Uuid::from_u128(number), if backend == sea_orm::DatabaseBackend::Postgres { "$1" } else { "?" });
    let sql = format!("INSERT INTO changes (kind, thing, at) VALUES ('ALERT', {mark}, 1782820800000000)");
    on.execute_raw(Statement::from_sql_and_values(backend, sql, [id.into()])).await.unwrap();
}

/// The next changes of alerts, so many different ones.
async fn heard(listener: &Listener, number: usize) -> BTreeSet<u128> {
    let mut all = BTreeSet::new();
    while all.len() < number {
        let next = tokio::time::timeout(std::time::Duration::from_secs(30), listener.next()).await;
        match next.unwrap_or_else(|_| panic!("{} of {number} changes came", all.len())) {
            Ok(Change::Alert(id)) => all.insert(id.uuid().as_u128()),
            other => panic!("{other:?}"),
        };
    }
    all
}
