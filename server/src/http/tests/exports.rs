//! The download of a package: whole, in ranges, to whoever may have it, and 404 to everybody else.
//! Never: a byte read for an answer that has none.

use super::*;

const PATH: &str = "/exports/export_00000000000000000000000000000007";

fn asked(world: &World, roles: &[Role], path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path).header("authorization", world.token(roles));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn an_investigator_gets_the_package_whole_and_in_ranges() {
    let world = World::new();
    let ida = [Role::Investigator];
    let whole = world.send(asked(&world, &ida, PATH, &[])).await;
    assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, "0123456789"));
    let headers = ["content-type", "content-length", "accept-ranges", "etag", "cache-control", "content-range"];
    let said = headers.map(|name| whole.header(name));
    assert_eq!(said, ["application/x-tar", "10", "bytes", "\"abc\"", "no-store", ""]);
    assert_eq!(
        whole.header("content-disposition"),
        "attachment; filename=\"vizard-export_00000000000000000000000000000007.tar\""
    );
    let rest = world.send(asked(&world, &ida, PATH, &[("range", "bytes=7-"), ("if-range", "\"abc\"")])).await;
    assert_eq!((rest.status, rest.text.as_str()), (StatusCode::PARTIAL_CONTENT, "789"));
    assert_eq!((rest.header("content-range"), rest.header("content-length")), ("bytes 7-9/10", "3"));
    let other = world.send(asked(&world, &ida, PATH, &[("range", "bytes=7-"), ("if-range", "\"abd\"")])).await;
    assert_eq!((other.status, other.text.as_str()), (StatusCode::OK, "0123456789"));
    let beyond = world.send(asked(&world, &ida, PATH, &[("range", "bytes=10-")])).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */10"));
    let mut head = asked(&world, &ida, PATH, &[]);
    *head.method_mut() = axum::http::Method::HEAD;
    let head = world.send(head).await;
    assert_eq!((head.status, head.text.as_str(), head.header("content-length")), (StatusCode::OK, "", "10"));
    assert_eq!(*world.packages.0.lock().unwrap(), [0..10, 7..10, 0..10]);
}

#[tokio::test]
async fn without_a_token_it_is_401_and_for_everybody_else_there_is_nothing() {
    let world = World::new();
    let nobody = world.send(get(PATH)).await;
    assert_eq!(
        (nobody.status, nobody.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"vizard\"")
    );
    let bad = Request::get(PATH).header("authorization", "Bearer x").body(Body::empty()).unwrap();
    assert_eq!(world.send(bad).await.status, StatusCode::UNAUTHORIZED);
    let nowhere = world.send(asked(&world, &[Role::Investigator], "/exports/export_0", &[])).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    for role in Role::ALL.iter().filter(|role| **role != Role::Investigator) {
        let answer = world.send(asked(&world, &[*role], PATH, &[])).await;
        assert_eq!((answer.status, &answer.text), (nowhere.status, &nowhere.text), "{role}");
    }
    assert!(world.packages.0.lock().unwrap().is_empty());
}
