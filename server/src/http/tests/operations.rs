//! What operators see, what a request leaves in the log, and how the server stops.
//! Never: a name that came in a request, in any line or metric.

use super::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn health_needs_nothing_and_readiness_asks() {
    let world = World::new();
    assert_eq!(world.send(get("/healthz")).await.status, StatusCode::OK);
    assert_eq!(world.ready.load(Ordering::SeqCst), 0);
    assert_eq!(world.send(get("/readyz")).await.status, StatusCode::OK);
    let (lines, _listening) = listen();
    let reply = world.send(get("/readyz")).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("UNAVAILABLE")));
    assert!(!reply.text.contains("db.example") && lines.text().contains("db.example"), "{}", reply.text);
}

#[tokio::test]
async fn graphiql_is_served_in_development_only() {
    for path in ["/", "/graphiql"] {
        let reply = World::new().send(get(path)).await;
        assert!(reply.status == StatusCode::OK && reply.text.contains("/graphql"), "{path}");
        assert_eq!(World::with(Mode::Production, 1).send(get(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_path_or_method_is_told_in_json() {
    let world = World::new();
    let reply = world.send(get("/nothing/here")).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::NOT_FOUND, &json!("NOT_FOUND")));
    let reply = world.send(get("/ingest/hr")).await;
    assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(reply.json()["code"], "NOT_ALLOWED");
}

#[tokio::test]
async fn every_answer_has_an_id_of_our_own() {
    let world = World::new();
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/healthz", "/nothing", "/graphql", "/ingest/hr"] {
        let request = Request::get(path).header("x-request-id", "chosen-by-the-client").body(Body::empty()).unwrap();
        let reply = world.send(request).await;
        let id = reply.header("x-request-id");
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}: {id}");
        assert_eq!((reply.header("cache-control"), reply.header("x-content-type-options")), ("no-store", "nosniff"));
        seen.insert(id.to_owned());
    }
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn a_request_leaves_one_line_and_a_count_without_what_was_in_it() {
    let world = World::new();
    let (lines, _listening) = listen();
    let name = "ada-example";
    let request = Request::builder()
        .method("POST")
        .uri(format!("/ingest/{name}?feed={name}"))
        .header("authorization", world.token(&[Role::Connector]))
        .header("idempotency-key", name)
        .body(Body::from(name))
        .unwrap();
    let reply = world.send(request).await;
    let query = format!("/graphql?query=%7Bhello(name:%22{name}%22)%7D");
    world.send(get(&query)).await;
    world.send(get(&format!("/{name}"))).await;
    world.send(Request::builder().method("ADA-EXAMPLE").uri("/healthz").body(Body::empty()).unwrap()).await;
    let text = lines.text();
    assert!(!text.to_lowercase().contains("ada"), "{text}");
    let told: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 4, "{text}");
    assert_eq!((&told[0]["method"], &told[0]["route"]), (&json!("POST"), &json!("/ingest/{connector}")));
    assert_eq!((&told[0]["status"], &told[0]["message"]), (&json!(202), &json!("answered")));
    assert_eq!(told[0]["span"]["request_id"], reply.header("x-request-id"));
    assert_eq!((&told[2]["route"], &told[3]["method"]), (&json!("none"), &json!("OTHER")));

    let metrics = world.send(get("/metrics")).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let line = "vizard_http_requests_total{route=\"/ingest/{connector}\",status=\"202\"} 1";
    assert!(metrics.text.lines().any(|have| have == line), "{}", metrics.text);
    assert!(!metrics.text.contains("ada"), "{}", metrics.text);
}

#[tokio::test]
async fn a_bug_is_an_internal_error_and_the_server_goes_on() {
    let world = World::new();
    let reply = world.send(get("/graphql?query=%7Bbug%7D")).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("INTERNAL")));
    assert!(!reply.text.contains("Ada"), "{}", reply.text);
    assert_eq!(world.send(get("/healthz")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn stopping_finishes_the_request_in_hand_and_takes_no_other() {
    let world = World::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serve(listener, world.router.clone(), async move {
        let _ = stopped.await;
    }));
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /ingest/hr HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {}\r\ncontent-length: 3\r\n\r\na,",
        world.token(&[Role::Connector])
    );
    client.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!served.is_finished(), "a request is in hand");
    client.write_all(b"b").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    served.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
