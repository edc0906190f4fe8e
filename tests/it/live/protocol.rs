//! `graphql-transport-ws` and event streams as their specifications have them, and the bounds of both.

use super::{ALERTS, CASE};
use serde_json::json;
use vizard_core::{access::Role, limits};
use vizard_tests::{Heard, World, on_both};

on_both! {
    async fn a_socket_follows_the_protocol_and_its_bounds(world) {
        let ann = world.person("Ann", &[Role::Analyst]);
        let ack = Heard::Message(json!({"type": "connection_ack"}));

        // The handshake.
        let bearer = format!("Bearer {}", ann.payload()["Authorization"].as_str().unwrap().trim_start_matches("Bearer "));
        assert_eq!(ann.handshake(&[("sec-websocket-protocol", "graphql-ws")]).await.err(), Some(400));
        assert_eq!(ann.handshake(&[("origin", "https://elsewhere.example")]).await.err(), Some(403));
        assert_eq!(ann.handshake(&[("authorization", "Bearer nothing")]).await.err(), Some(401));
        let mut by_header = ann.handshake(&[("authorization", &bearer)]).await.unwrap();
        by_header.say(&json!({"type": "connection_init"})).await;
        assert_eq!(by_header.hear().await, ack);

        // Who nobody is, who is refused, and who does not say in time.
        let refused = json!({"type": "connection_init", "payload": {"authorization": "Bearer nothing"}});
        for (messages, code) in [
            (vec![json!({"type": "connection_init"})], 4401),
            (vec![json!({"type": "connection_init", "payload": {}})], 4401),
            (vec![refused], 4403),
            (vec![json!({"id": "1", "type": "subscribe", "payload": {"query": ALERTS}})], 4401),
            (vec![], 4408),
        ] {
            let mut socket = ann.handshake(&[]).await.unwrap();
            for message in &messages {
                socket.say(message).await;
            }
            assert_eq!(socket.closed().await, code, "{messages:?}");
        }
        let init = json!({"type": "connection_init", "payload": ann.payload()});
        let subscribe = |id: &str| json!({"id": id, "type": "subscribe", "payload": {"query": ALERTS}});
        for (messages, code) in [
            (vec![init.clone()], 4429),
            (vec![subscribe("1"), subscribe("1")], 4409),
            (vec![json!({"type": "start", "id": "1"})], 4400),
            (vec![json!({"type": "next", "id": "1", "payload": {}})], 4400),
            (vec![json!({"id": "1", "type": "subscribe"})], 4400),
            (vec![json!({"type": "subscribe", "payload": {"query": ALERTS}})], 4400),
            (vec![json!({"id": 1, "type": "complete"})], 4400),
            (vec![json!({"id": "x".repeat(limits::LIVE_OPERATION_ID_BYTES + 1), "type": "complete"})], 4400),
            (vec![json!([init])], 4400),
            (vec![json!({"type": "ping", "payload": "x".repeat(limits::GRAPHQL_BODY_BYTES)})], 4400),
        ] {
            let mut socket = ann.socket().await;
            for message in &messages {
                socket.say(message).await;
            }
            assert_eq!(socket.closed().await, code, "{}", messages[0].to_string().chars().take(80).collect::<String>());
        }
        let mut binary = ann.socket().await;
        binary.send(tokio_tungstenite::tungstenite::Message::Binary(init.to_string().into_bytes().into())).await;
        assert_eq!(binary.closed().await, 4400);

        // Only subscriptions, one at a time, each measured as a request is.
        let mut socket = ann.socket().await;
        for (document, code) in [
            ("{ viewer { id } }", "INVALID"),
            ("mutation { confirmAlert(input: {alertId: \"x\"}) { userErrors { code } } }", "INVALID"),
            ("subscription { a: alertRaised { id } b: alertRaised { id } }", "INVALID"),
            ("subscription { ...F } fragment F on Subscription { a: alertRaised { id } ...G } fragment G on Subscription { b: alertRaised { id } }", "INVALID"),
            ("subscription { __typename }", "INVALID"),
            ("subscription { alertRaised @skip(if: true) { id } }", "INVALID"),
            ("subscription { ... @skip(if: true) { alertRaised { id } } }", "INVALID"),
            ("subscription { ...F @include(if: false) } fragment F on Subscription { ... { alertRaised { id } } }", "INVALID"),
            ("subscription { ... on Query { alertRaised { id } } }", "INVALID"),
            ("subscription { ...F } fragment F on Query { alertRaised { id } }", "INVALID"),
            ("subscription { ...Nothing alertRaised { id } }", "INVALID"),
            ("subscription { alertRaised { nothing } }", "INVALID"),
            ("subscription { alertRaised", "INVALID"),
        ] {
            let refused = socket.subscribe("1", document, json!({})).await.unwrap_err();
            assert_eq!(refused[0]["extensions"]["code"], code, "{document}: {refused}");
        }
        let aliases: String = (0..=limits::GRAPHQL_ALIASES).map(|at| format!(" a{at}: id")).collect();
        let refused = socket.subscribe("1", &format!("subscription {{ alertRaised {{{aliases} }} }}"), json!({})).await.unwrap_err();
        assert_eq!(refused[0]["extensions"]["code"], "LIMIT_EXCEEDED");
        for at in 0..limits::LIVE_OPERATIONS {
            socket.subscribe(&at.to_string(), ALERTS, json!({})).await.unwrap();
        }
        assert_eq!(socket.subscribe("more", ALERTS, json!({})).await.unwrap_err()[0]["extensions"]["code"], "LIMIT_EXCEEDED");
        socket.say(&json!({"id": "0", "type": "complete"})).await;
        socket.subscribe("0", ALERTS, json!({})).await.unwrap();
        socket.say(&json!({"type": "ping", "payload": {"at": 1}})).await;
        assert_eq!(socket.hear().await, Heard::Message(json!({"type": "pong"})));

        // So many connections of one viewer, of both kinds together. Somebody else has their own.
        let bea = world.person("Bea", &[Role::Analyst]);
        let mut open = Vec::new();
        for _ in 1..limits::LIVE_CONNECTIONS_PER_VIEWER {
            open.push(bea.socket().await);
        }
        let mut stream = bea.events(ALERTS, json!({})).await;
        stream.opened().await.unwrap();
        assert_eq!(bea.events(ALERTS, json!({})).await.status, 429);
        let mut one_more = bea.handshake(&[]).await.unwrap();
        one_more.say(&json!({"type": "connection_init", "payload": bea.payload()})).await;
        assert_eq!(one_more.closed().await, 1013);
        ann.socket().await;
        let metrics = world.stranger().get("/metrics").await.body.to_string();
        assert!(metrics.contains("vizard_live_connections"), "{metrics}");
    }

    async fn an_event_stream_follows_the_protocol(world) {
        world.connect().await;
        let ann = world.person("Ann", &[Role::Analyst]);
        // What is wrong with the document is told in the stream; what is wrong with the request is its status.
        for document in ["subscription { nothing }", "subscription { alertRaised", "subscription { a: alertRaised { id } b: alertRaised { id } }"] {
            let mut stream = ann.events(document, json!({})).await;
            assert_eq!((stream.status, stream.content_type.as_str()), (200, "text/event-stream"));
            assert_eq!(stream.opened().await.unwrap_err()[0]["extensions"]["code"], "INVALID");
        }
        assert_eq!(world.with_token("nothing").events(ALERTS, json!({})).await.status, 401);
        assert_eq!(ann.events("{ viewer { id } }", json!({})).await.status, 406);
        let answer = ann.ask(ALERTS, json!({})).await;
        assert_eq!(answer.body["errors"][0]["message"], "a subscription is answered as text/event-stream, or over a WebSocket");
        let refused = ann.events(CASE, json!({"id": "x"})).await.opened().await.unwrap_err();
        assert_eq!((&refused[0]["extensions"]["code"], &refused[0]["path"]), (&json!("NOT_FOUND"), &json!(["caseUpdated"])));
        let mut stream = ann.events(ALERTS, json!({})).await;
        stream.opened().await.unwrap();
        drop(stream);
        until_closed(&world).await;
    }
}

/// A client that goes away leaves nothing open.
async fn until_closed(world: &World) {
    for _ in 0..600 {
        let metrics = world.stranger().get("/metrics").await.body.to_string();
        if metrics.contains("vizard_live_connections 0") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the server holds a stream that nobody reads");
}
