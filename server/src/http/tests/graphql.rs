//! GraphQL over HTTP: media types, status codes, methods, tokens, limits.
//! Never: a status that the draft does not give.

use super::*;

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

fn post(body: &Json) -> Request<Body> {
    Request::post("/graphql").header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn code(reply: &Reply) -> String {
    reply.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_query_is_answered_by_post_and_by_get() {
    let world = World::new();
    let asked = json!({"query": "query A($n: String) { hello(name: $n) }", "variables": {"n": "x"}});
    let reply = world.send(post(&asked)).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, r#"{"data":{"hello":"hello x"}}"#));
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let path = "/graphql?query=query%20A($n:String)%7Bhello(name:$n)%7D&variables=%7B%22n%22:%22x%22%7D";
    assert_eq!(world.send(get(path)).await.text, reply.text);
}

#[tokio::test]
async fn the_status_tells_by_the_form_of_the_answer_whether_the_request_was_executed() {
    let world = World::new();
    let cases = [
        ("{ hello }", 200, 200),
        ("{ policies }", 200, 200),
        ("{ nothing }", 200, 400),
        ("{ hello", 200, 400),
        ("subscription { a }", 200, 400),
    ];
    for (query, plain, graphql) in cases {
        for (accept, status) in [("application/json", plain), (GRAPHQL_RESPONSE, graphql)] {
            let reply = world.send(with(post(&json!({"query": query})), "accept", accept)).await;
            assert_eq!(reply.status.as_u16(), status, "{query} {accept}: {}", reply.text);
            assert!(reply.header("content-type").starts_with(accept), "{query}");
            let executed = query.ends_with("s }") || query.ends_with("o }");
            assert_eq!(reply.json().get("data").is_some(), executed, "{query}: {}", reply.text);
        }
    }
    let reply = world.send(with(post(&json!({"query": "{ hello }"})), "accept", "text/html")).await;
    assert_eq!(reply.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn every_error_has_a_code() {
    let world = World::new();
    for query in ["{ nothing }", "{ hello", "{ hello(name: 1) }", "{ hello(x: 1) }"] {
        let reply = world.send(post(&json!({"query": query}))).await;
        assert_eq!(code(&reply), "INVALID", "{}", reply.text);
    }
    let deep = format!("{{ {} }}", "a ".repeat(limits::GRAPHQL_ROOT_FIELDS + 1));
    assert_eq!(code(&world.send(post(&json!({"query": deep}))).await), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_mutation_runs_by_post_only() {
    let world = World::new();
    for path in [
        "/graphql?query=mutation%7Btouch%7D",
        "/graphql?query=query%20A%7Bhello%7D%20mutation%20B%7Btouch%7D&operationName=B",
    ] {
        let reply = world.send(get(path)).await;
        assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
    assert_eq!(world.touched.load(Ordering::SeqCst), 0);
    assert_eq!(
        world.send(post(&json!({"query": "mutation { touch }"}))).await.json(),
        json!({"data": {"touch": true}})
    );
    assert_eq!(world.touched.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_a_page_of_another_site_can_send_unasked_is_refused() {
    let world = World::new();
    let body = json!({"query": "mutation { touch }"}).to_string();
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "",
    ] {
        let request = Request::post("/graphql").header("content-type", media).body(Body::from(body.clone())).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media}");
    }
    assert_eq!(world.touched.load(Ordering::SeqCst), 0);
    let request = with(post(&json!({"query": "{ hello }"})), "content-type", "Application/JSON; Charset=\"UTF-8\"");
    assert_eq!(world.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_no_single_operation_is_refused() {
    let world = World::new();
    let bodies = [
        json!([{"query": "{ hello }"}]),
        json!(["{ hello }", null, null]),
        json!("{ hello }"),
        json!({}),
        json!({"query": 1}),
        json!({"query": "{ hello }", "operationName": 1}),
        json!({"query": "{ hello }", "variables": [1]}),
        json!({"query": "{ hello }", "extensions": "x"}),
    ];
    for body in bodies {
        for accept in ["application/json", GRAPHQL_RESPONSE] {
            let reply = world.send(with(post(&body), "accept", accept)).await;
            assert_eq!((reply.status, code(&reply).as_str()), (StatusCode::BAD_REQUEST, "INVALID"), "{body}");
        }
    }
    let nulls = json!({"query": "{ hello }", "operationName": null, "variables": null, "extensions": null, "id": 1});
    assert_eq!(world.send(post(&nulls)).await.status, StatusCode::OK);
    let broken = Request::post("/graphql").header("content-type", "application/json").body("{".into()).unwrap();
    assert_eq!(world.send(broken).await.status, StatusCode::BAD_REQUEST);
    for path in ["/graphql", "/graphql?query=%7Bhello%7D&variables=1", "/graphql?query=%7Bhello%7D&query=%7Bhello%7D"] {
        assert_eq!(world.send(get(path)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn the_named_operation_runs() {
    let world = World::new();
    let both = "query A { hello } query B { me }";
    let ask = |name: Option<&str>| world.send(post(&json!({"query": both, "operationName": name})));
    assert_eq!(ask(Some("B")).await.json(), json!({"data": {"me": null}}));
    assert_eq!(ask(Some("A")).await.json(), json!({"data": {"hello": "hello "}}));
    for name in [None, Some("Ada"), Some("")] {
        let reply = ask(name).await;
        assert_eq!(code(&reply), "INVALID");
        assert!(!reply.text.contains("Ada"), "{}", reply.text);
    }
    let path = "/graphql?query=query%20A%7Bhello%7Dquery%20B%7Bme%7D&operationName=B";
    assert_eq!(world.send(get(path)).await.json(), json!({"data": {"me": null}}));
}

#[tokio::test]
async fn the_token_tells_who_asks_and_no_token_is_nobody() {
    let world = World::new();
    let query = json!({"query": "{ me policies }"});
    let reply = world.send(with(post(&query), "authorization", &world.token(&[Role::Admin]))).await;
    assert_eq!(reply.json(), json!({"data": {"me": "dev:ada-example", "policies": 3}}));
    let reply = world.send(post(&query)).await;
    assert_eq!((reply.status, &reply.json()["data"]), (StatusCode::OK, &json!({"me": null, "policies": null})));
    assert_eq!(code(&reply), "UNAUTHENTICATED");
    let reply = world.send(with(post(&query), "authorization", &world.token(&[Role::Approver]))).await;
    assert_eq!((reply.status, code(&reply).as_str()), (StatusCode::OK, "FORBIDDEN"));
}

#[tokio::test]
async fn a_bad_token_is_never_taken_for_nobody() {
    let world = World::new();
    let good = world.token(&[Role::Admin]);
    let late = world.signer.issue("Ada", &[], Duration::from_secs(60), Micros(NOW.0 - 200 * SECOND)).unwrap();
    for value in ["", "Bearer", "Bearer x", "Basic YTpi", &good[7..], &format!("{good}x"), &format!("Bearer {late}")] {
        for request in [post(&json!({"query": "{ hello }"})), get("/graphql?query=%7Bhello%7D")] {
            let reply = world.send(with(request, "authorization", value)).await;
            assert_eq!((reply.status, code(&reply).as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"), "{value}");
            let challenge = reply.header("www-authenticate");
            assert!(challenge.starts_with("Bearer realm=\"vizard\", error=\"invalid_token\""), "{challenge}");
            assert!(reply.json().get("data").is_none());
        }
    }
    for (value, reason) in [(&*format!("Bearer {late}"), "EXPIRED"), ("Basic YTpi", "AUTHORIZATION")] {
        let reply = world.send(with(get("/graphql?query=%7Bhello%7D"), "authorization", value)).await;
        assert_eq!(reply.json()["errors"][0]["extensions"]["reason"], reason, "a machine tells kinds of 401 apart");
    }
    let mut twice = with(post(&json!({"query": "{ hello }"})), "authorization", &good);
    twice.headers_mut().append("authorization", good.parse().unwrap());
    assert_eq!(world.send(twice).await.status, StatusCode::UNAUTHORIZED);
    let reply =
        world.send(with(post(&json!({"query": "{ hello }"})), "authorization", &good.replace("Bearer", "bearer")));
    assert_eq!(reply.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let world = World::new();
    let filled = |bytes: usize| {
        let mut body = json!({"query": "{ hello }"}).to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        with(Request::post("/graphql").body(Body::from(body)).unwrap(), "content-type", "application/json")
    };
    assert_eq!(world.send(filled(limits::GRAPHQL_BODY_BYTES)).await.status, StatusCode::OK);
    let reply = world.send(filled(limits::GRAPHQL_BODY_BYTES + 1)).await;
    assert_eq!((reply.status, code(&reply).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let world = World::new();
    let reply = world.send(post(&json!({"query": "{ slow }"}))).await;
    assert_eq!((reply.status, code(&reply).as_str()), (StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT"));
}

#[tokio::test]
async fn the_schema_is_introspected_in_development_only_and_given_to_staff() {
    let query = json!({"query": "{ __schema { queryType { name } } }"});
    let seen = World::new().send(post(&query)).await;
    assert!(seen.text.contains("Query"), "{}", seen.text);
    let world = World::with(Mode::Production, 1);
    let hidden = world.send(post(&query)).await;
    assert!(!hidden.text.contains("\"Query\""), "{}", hidden.text);
    assert_eq!(world.send(get("/schema.graphql")).await.status, StatusCode::UNAUTHORIZED);
    // A development token is none in production.
    let world = World::new();
    for (roles, status) in [(&[Role::Analyst][..], 200), (&[Role::Connector], 403), (&[], 403)] {
        let request = with(get("/schema.graphql"), "authorization", &world.token(roles));
        assert_eq!(world.send(request).await.status, status, "{roles:?}");
    }
}

#[tokio::test]
async fn with_a_list_of_trusted_documents_nothing_else_is_run_by_any_way() {
    let world = World::trusting(br#"{"h1": "{ hello }", "m1": "mutation { touch }"}"#);
    for body in [
        json!({"documentId": "h1"}),
        json!({"documentId": "sha256:h1"}),
        json!({"query": "{ hello }"}),
        json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "h1"}}}),
    ] {
        let reply = world.send(post(&body)).await;
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, r#"{"data":{"hello":"hello "}}"#), "{body}");
    }
    assert_eq!(world.send(get("/graphql?documentId=h1")).await.status, StatusCode::OK);
    for body in [
        json!({"query": "{ hello  }"}),
        json!({"documentId": "h2"}),
        json!({"documentId": "h1", "query": "{ broken }"}),
    ] {
        let reply = world.send(post(&body)).await;
        assert_eq!(code(&reply), "DOCUMENT_NOT_TRUSTED", "{body} {}", reply.text);
        assert!(!reply.text.contains("broken"), "{}", reply.text);
    }
    let reply = world.send(get("/graphql?query=%7B%20broken%20%7D")).await;
    assert_eq!(code(&reply), "DOCUMENT_NOT_TRUSTED");
    assert_eq!(
        world.send(get("/graphql?documentId=m1")).await.status,
        StatusCode::METHOD_NOT_ALLOWED,
        "still by POST alone"
    );
}

#[tokio::test]
async fn answers_are_compressed_where_the_client_takes_it_and_it_pays() {
    let world = World::new();
    let long = "x".repeat(5_000);
    let asked = json!({"query": "query($n: String) { hello(name: $n) }", "variables": {"n": long}});
    let response = world.router.clone().oneshot(with(post(&asked), "accept-encoding", "gzip")).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let packed = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&packed[..]), &mut text).unwrap();
    assert!(packed.len() < 500 && text.contains(&long));
    assert_eq!(world.send(post(&asked)).await.header("content-encoding"), "");
    let short = with(post(&json!({"query": "{ hello }"})), "accept-encoding", "gzip");
    assert_eq!(world.send(short).await.header("content-encoding"), "");
}

#[tokio::test]
async fn pages_of_other_sites_ask_only_where_the_configuration_lets_them_and_never_with_cookies() {
    let world = World::new();
    let preflight = |origin: &str| {
        let request = Request::options("/graphql").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type").body(Body::empty()).unwrap()
    };
    let known = world.send(preflight("https://triage.example")).await;
    assert_eq!(known.header("access-control-allow-origin"), "https://triage.example");
    assert!(known.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(world.send(preflight("https://elsewhere.example")).await.header("access-control-allow-origin"), "");
    for (origin, allowed) in [("https://triage.example", "https://triage.example"), ("https://elsewhere.example", "")] {
        let reply = world.send(with(post(&json!({"query": "{ hello }"})), "origin", origin)).await;
        assert_eq!(reply.header("access-control-allow-origin"), allowed);
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn an_internal_error_is_logged_once_with_the_id_of_the_request() {
    let world = World::new();
    let (lines, _listening) = listen();
    let reply = world.send(post(&json!({"query": "{ broken }"}))).await;
    assert_eq!(code(&reply), "INTERNAL");
    assert!(!reply.text.contains("table"), "{}", reply.text);
    let text = lines.text();
    let told: Vec<Json> = text
        .lines()
        .filter(|line| line.contains("the table is gone"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 1, "{text}");
    assert_eq!(told[0]["span"]["request_id"], reply.header("x-request-id"));
}
