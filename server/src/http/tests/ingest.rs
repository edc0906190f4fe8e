//! Deliveries: who may, what is passed on, and every way to be refused.
//! Never: a refused delivery that reached the intake.

use super::*;

fn delivery(world: &World, path: &str) -> axum::http::request::Builder {
    Request::post(path).header("authorization", world.token(&[Role::Connector]))
}

async fn deliver(world: &World, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut request = delivery(world, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

fn taken(world: &World) -> Vec<(String, Delivery)> {
    std::mem::take(&mut *world.intake.taken.lock().unwrap())
}

#[tokio::test]
async fn a_delivery_is_passed_on_as_it_came_and_accepted_with_its_run() {
    let world = World::new();
    let packed: &[u8] = &[0x1f, 0x8b, 8, 0, 255];
    let headers = [("idempotency-key", "day-1"), ("content-encoding", "gzip")];
    let reply = deliver(&world, "/ingest/hr%20de?feed=profiles", &headers, packed).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json(), json!({"run": "run_00000000000000000000000000000007", "state": "QUEUED"}));
    let feed = Some("profiles".to_owned());
    let expected = Delivery { feed, idempotency_key: Some("day-1".into()), body: bytes::Bytes::from_static(packed) };
    assert_eq!(taken(&world), [("hr de".to_owned(), expected)]);
    assert_eq!(deliver(&world, "/ingest/hr", &[], "a,b").await.status, StatusCode::ACCEPTED);
    let expected = Delivery { feed: None, idempotency_key: None, body: bytes::Bytes::from_static(b"a,b") };
    assert_eq!(taken(&world), [("hr".to_owned(), expected)]);
}

#[tokio::test]
async fn a_repeated_delivery_gets_its_first_run() {
    let world = World::new();
    let run = RunId::new(uuid::Uuid::from_u128(9));
    world.intake.answers.lock().unwrap().push(Ok(Receipt { run, repeated: true }));
    let reply = deliver(&world, "/ingest/hr", &[], "a").await;
    assert_eq!((reply.status, reply.json()), (StatusCode::ACCEPTED, json!({"run": run.to_string(), "repeated": true})));
}

#[tokio::test]
async fn only_a_connector_delivers() {
    let world = World::new();
    let reply = world.send(Request::post("/ingest/hr").body(Body::from("a")).unwrap()).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHENTICATED")));
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"vizard\"");
    let forged = Request::post("/ingest/hr").header("authorization", "Bearer x").body(Body::from("a")).unwrap();
    assert_eq!(world.send(forged).await.status, StatusCode::UNAUTHORIZED);
    let token = world.token(&[Role::Admin, Role::Analyst]);
    let staff = Request::post("/ingest/hr").header("authorization", token).body(Body::from("a")).unwrap();
    let reply = world.send(staff).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::FORBIDDEN, &json!("FORBIDDEN")));
    assert_eq!(taken(&world), []);
}

#[tokio::test]
async fn what_the_intake_refuses_becomes_its_status() {
    let world = World::new();
    let cases = [
        (ServiceError::NotFound, 404, "NOT_FOUND", ""),
        (ServiceError::Conflict("the connector is paused".into()), 409, "CONFLICT", ""),
        (ServiceError::TooBusy { retry_after_seconds: 5 }, 429, "TOO_BUSY", "5"),
        (ServiceError::TooLarge("unpacked it is too large".into()), 413, "LIMIT_EXCEEDED", ""),
        (ServiceError::Unavailable("the database is away".into()), 503, "UNAVAILABLE", ""),
        (ServiceError::Internal(anyhow::anyhow!("row of Ada")), 500, "INTERNAL", ""),
    ];
    for (error, status, code, retry_after) in cases {
        world.intake.answers.lock().unwrap().push(Err(error));
        let reply = deliver(&world, "/ingest/hr", &[], "a").await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (status, Some(code)));
        assert_eq!(reply.header("retry-after"), retry_after, "{code}");
        assert!(!reply.text.contains("Ada"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_malformed_delivery_is_refused_before_the_intake() {
    let world = World::new();
    let long = "k".repeat(limits::IDEMPOTENCY_KEY_CHARS + 1);
    for (headers, status) in [
        (vec![("idempotency-key", "")], 400),
        (vec![("idempotency-key", "with space")], 400),
        (vec![("idempotency-key", long.as_str())], 400),
        (vec![("idempotency-key", "a"), ("idempotency-key", "b")], 400),
        (vec![("content-encoding", "br")], 415),
        (vec![("content-encoding", "gzip, gzip")], 415),
        (vec![("content-encoding", "gzip"), ("content-encoding", "gzip")], 415),
    ] {
        let reply = deliver(&world, "/ingest/hr", &headers, "a").await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (status, &json!("INVALID")), "{headers:?}");
    }
    for path in ["/ingest/hr?feed=a&feed=b", "/ingest/hr?fed=a", &format!("/ingest/hr?feed={}", "a".repeat(201))] {
        assert_eq!(deliver(&world, path, &[], "a").await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    for path in [format!("/ingest/{}", "a".repeat(201)), "/ingest/%ff".to_owned()] {
        assert_eq!(deliver(&world, &path, &[], "a").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let key = "!".repeat(limits::IDEMPOTENCY_KEY_CHARS);
    assert_eq!(taken(&world), []);
    assert_eq!(deliver(&world, "/ingest/hr", &[("idempotency-key", &key)], "a").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_delivery_over_the_limit_is_refused_even_where_its_length_is_not_told() {
    let world = World::new();
    let most = vec![b'a'; limits::INGEST_BODY_BYTES];
    assert_eq!(deliver(&world, "/ingest/hr", &[], most.clone()).await.status, StatusCode::ACCEPTED);
    taken(&world);
    let chunks = [most, vec![b'a']].map(|chunk| Ok::<_, std::io::Error>(bytes::Bytes::from(chunk)));
    let streamed = Body::from_stream(futures_util::stream::iter(chunks));
    let reply = deliver(&world, "/ingest/hr", &[], streamed).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("LIMIT_EXCEEDED")));
    assert_eq!(taken(&world), []);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_delivered() {
    let world = World::new();
    let chunks = [Ok(bytes::Bytes::from_static(b"a,b")), Err(std::io::Error::other("gone"))];
    let reply = deliver(&world, "/ingest/hr", &[], Body::from_stream(futures_util::stream::iter(chunks))).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(taken(&world), []);
}

#[tokio::test]
async fn more_bodies_than_memory_is_set_aside_for_are_told_to_wait() {
    let world = World::with(Mode::Development, 1);
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let stalled = futures_util::stream::once(async move {
        let _ = receiver.await;
        Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"a"))
    });
    let request = delivery(&world, "/ingest/hr").body(Body::from_stream(stalled)).unwrap();
    let router = world.router.clone();
    let first = tokio::spawn(async move { router.oneshot(request).await.unwrap().status() });
    tokio::task::yield_now().await;
    let reply = deliver(&world, "/ingest/hr", &[], "a").await;
    let wait = limits::RETRY_AFTER_SECONDS.to_string();
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, wait.as_str()));
    sender.send(()).unwrap();
    assert_eq!(first.await.unwrap(), StatusCode::ACCEPTED);
    assert_eq!(deliver(&world, "/ingest/hr", &[], "a").await.status, StatusCode::ACCEPTED);
}
