//! The page for who holds a share, as it is served.
//! Never: a page that another site may frame, feed or read.

use super::*;

#[tokio::test]
async fn the_page_of_a_share_is_served_in_every_mode_and_runs_its_own_files_alone() {
    for mode in [Mode::Development, Mode::Production] {
        let world = World::with(mode, 1);
        let page = world.send(get("/share")).await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        for directive in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"] {
            assert!(page.header("content-security-policy").contains(directive), "{directive}");
        }
        assert!(!page.header("content-security-policy").contains("unsafe"));
        assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("no-referrer", "no-store"));
        // Whatever the page asks for is there, with a type that a browser runs.
        let asked = page.text.split('"').filter(|part| part.starts_with("share/"));
        let mut files = 0;
        for path in asked {
            let file = world.send(get(&format!("/{path}"))).await;
            assert_eq!(file.status, StatusCode::OK, "{path}");
            assert_eq!(file.header("x-content-type-options"), "nosniff", "{path}");
            let media = file.header("content-type");
            assert!(
                ["text/css", "text/javascript", "image/svg+xml"].iter().any(|known| media.starts_with(known)),
                "{media}"
            );
            files += 1;
        }
        assert!(files >= 3, "{files}");
    }
}

#[tokio::test]
async fn the_page_is_read_and_never_sent_to() {
    let world = World::new();
    let reply = world.send(Request::post("/share").body(Body::from("token=vzs_x")).unwrap()).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.send(get("/share/nothing.js")).await.status, StatusCode::NOT_FOUND);
}
