//! Signing in with a provider's tokens over real HTTP: what is accepted, what every attack gets, and how roles are given
//! and lost. The provider listens on this machine and lies where a test wants it to.

use serde_json::{Value, json};
use std::process::{Command, Stdio};
use vizard_core::{
    access::{Action, Resource, Role},
    time::{DAY, SECOND},
};
use vizard_server::{
    auth::{DevSigner, Verifier},
    permit::Permit,
    service::{
        grants::GrantOrder,
        sign_in::{Door, SignIn as _},
    },
};
use vizard_tests::{
    Caller, Provider, Second, World, on_both,
    provider::{DISCOVERY, KEYS, header, jwk, signed},
};

const ME: &str = "{ viewer { id name roles } }";
const GRANTS: &str = "roles_claim = \"groups\"\nrole_map = { admins = \"ADMIN\", auditors = \"AUDITOR\", analysts = \"ANALYST\", feeds = \"CONNECTOR\" }";

/// A good token of `subject` with these groups.
fn token(provider: &Provider, world: &World, subject: &str, groups: &[&str]) -> String {
    let mut claims = provider.claims(subject, world.clock.now());
    claims["groups"] = json!(groups);
    signed(&header("k1"), &claims, 1)
}

async fn roles(caller: &Caller) -> Value {
    caller.query(ME).await["viewer"]["roles"].clone()
}

async fn grant(caller: &Caller, input: Value) -> Value {
    let document = "mutation($input: GrantRoleInput!) { grantRole(input: $input) { \
                    grant { id viewer role reason grantedBy grantedAt expiresAt holds } userErrors { code field message } } }";
    caller.ask(document, json!({"input": input})).await.data()["grantRole"].clone()
}

async fn revoke(caller: &Caller, id: &Value) -> Value {
    let document = "mutation($input: RevokeRoleInput!) { revokeRole(input: $input) { \
                    grant { id holds revokedBy revokeReason } userErrors { code field message } } }";
    caller.ask(document, json!({"input": {"grantId": id, "reason": "Left."}})).await.data()["revokeRole"].clone()
}

#[track_caller]
fn code(payload: &Value) -> &str {
    assert!(payload["grant"].is_null(), "{payload}");
    payload["userErrors"][0]["code"].as_str().unwrap_or_else(|| panic!("{payload}"))
}

/// Entries of the audit log about roles: what was done, by whom, and the detail.
async fn entries(world: &World) -> Vec<String> {
    world.texts("SELECT activity || ' ' || actor || ' ' || object || ' ' || detail FROM audit WHERE category = 'ROLES' ORDER BY at, id").await
}

async fn count(world: &World, of: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM {of}")).await
}

/// The first ADMIN, as the operator makes one on the machine.
async fn first_admin(server: &Second, subject: &str) {
    let permit = Permit::of_the_operator_bypassing_roles(Resource::RoleGrants, Action::Change);
    let order =
        GrantOrder { viewer: format!("company:{subject}"), role: Role::Admin, days: None, reason: "First.".into() };
    server.services.grant_role(&permit, order).await.expect("granted");
}

on_both! {
    async fn roles_come_from_groups_and_from_grants_and_change_with_the_next_request(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table(GRANTS)).await;
        let boss = server.with_token(&token(&provider, &world, "boss", &["admins", "canteen"]));
        let me = boss.query(ME).await;
        assert_eq!(me["viewer"], json!({"id": "company:boss", "name": "Somebody", "roles": ["ADMIN"]}));
        let eve = server.with_token(&token(&provider, &world, "eve", &[]));
        assert_eq!(roles(&eve).await, json!([]));
        let alerts = "{ alerts { totalCount } }";
        assert_eq!(eve.ask(alerts, json!({})).await.body["errors"][0]["extensions"]["code"], "FORBIDDEN");

        let made = grant(&boss, json!({"viewer": "company:eve", "role": "ANALYST", "reason": " On duty. "})).await;
        assert_eq!(made["userErrors"], json!([]));
        assert_eq!((&made["grant"]["holds"], &made["grant"]["reason"]), (&json!(true), &json!("On duty.")));
        assert_eq!(eve.query(alerts).await["alerts"]["totalCount"], 0, "the same token, the next request");
        // Entries of one instant have no order: the clock moves a little.
        world.clock.advance(1);
        let gone = revoke(&boss, &made["grant"]["id"]).await;
        assert_eq!((&gone["grant"]["holds"], &gone["grant"]["revokedBy"]), (&json!(false), &json!("company:boss")));
        assert_eq!(roles(&eve).await, json!([]), "taken back: the next request has it no more");

        world.clock.advance(1);
        let made = grant(&boss, json!({"viewer": "company:eve", "role": "AUDITOR", "expiresInDays": 1, "reason": "A day."})).await;
        assert!(made["grant"]["expiresAt"].is_string());
        assert_eq!(roles(&eve).await, json!(["AUDITOR"]));
        let then = world.clock.now();
        world.clock.set(vizard_core::time::Micros(then.0 + DAY));
        let late = server.with_token(&token(&provider, &world, "eve", &[]));
        assert_eq!(roles(&late).await, json!([]), "a grant ends with its last instant");
        let listed = boss_at(&server, &provider, &world).await.query("{ now: roleGrants { totalCount } ever: roleGrants(holding: false) { totalCount nodes { viewer holds } } }").await;
        assert_eq!((&listed["now"]["totalCount"], &listed["ever"]["totalCount"]), (&json!(0), &json!(2)));

        let written = entries(&world).await;
        assert_eq!(written.len(), 3, "{written:?}");
        for (entry, start) in written.iter().zip(["ADDED company:boss grant_", "DELETED company:boss grant_", "ADDED company:boss grant_"]) {
            assert!(entry.starts_with(start) && entry.contains("company:eve"), "{entry}");
        }
        server.stop().await;
    }

    async fn duties_stay_apart_and_the_last_admin_stays(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table("")).await;
        first_admin(&server, "ada").await;
        let ada = server.with_token(&token(&provider, &world, "ada", &["admins"]));
        assert_eq!(roles(&ada).await, json!(["ADMIN"]), "by the grant: without a role_map groups mean nothing");
        let order = |viewer: &str, role: &str, days: Option<i32>| json!({"viewer": viewer, "role": role, "expiresInDays": days, "reason": "r"});

        assert_eq!(code(&grant(&ada, order("company:ada", "ANALYST", None)).await), "SELF_DEALING");
        assert_eq!(code(&grant(&ada, order("company:bob", "ANALYST", Some(0))).await), "INVALID");
        assert_eq!(code(&grant(&ada, order("company:bob", "ANALYST", Some(367))).await), "INVALID");
        for viewer in ["bob", "company:", "other:bob", "dev:bob", "operator", "company:b ob", ""] {
            let refused = grant(&ada, order(viewer, "ANALYST", None)).await;
            assert_eq!((code(&refused), &refused["userErrors"][0]["field"]), ("INVALID", &json!(["input", "viewer"])), "{viewer}");
        }
        let bare = grant(&ada, json!({"viewer": "company:bob", "role": "ANALYST", "reason": " "})).await;
        assert_eq!(code(&bare), "REQUIRED");

        let investigator = grant(&ada, order("company:bob", "INVESTIGATOR", Some(2))).await;
        assert!(investigator["grant"]["id"].is_string());
        assert_eq!(code(&grant(&ada, order("company:bob", "APPROVER", None)).await), "CONFLICT");
        assert_eq!(code(&grant(&ada, order("company:bob", "INVESTIGATOR", Some(1))).await), "CONFLICT");
        assert!(grant(&ada, order("company:bob", "INVESTIGATOR", None)).await["grant"]["id"].is_string(), "for longer");
        let second = grant(&ada, order("company:bob", "ADMIN", Some(30))).await;
        assert_eq!(code(&grant(&ada, order("company:bob", "AUDITOR", None)).await), "CONFLICT");
        assert_eq!(roles(&server.with_token(&token(&provider, &world, "bob", &[]))).await, json!(["ADMIN", "INVESTIGATOR"]));

        // Nobody takes their own back, nor the ADMIN who lasts longest.
        let list = "{ roleGrants(viewer: \"company:ada\") { nodes { id } } }";
        let own = ada.query(list).await["roleGrants"]["nodes"][0]["id"].clone();
        assert_eq!(code(&revoke(&ada, &own).await), "SELF_DEALING");
        let bob = server.with_token(&token(&provider, &world, "bob", &[]));
        assert_eq!(code(&revoke(&bob, &own).await), "NOT_ALLOWED");
        assert_eq!(code(&revoke(&bob, &second["grant"]["id"]).await), "SELF_DEALING");
        assert!(revoke(&ada, &second["grant"]["id"]).await["grant"]["id"].is_string());
        assert_eq!(code(&revoke(&ada, &second["grant"]["id"]).await), "NOT_ALLOWED", "once is enough");
        assert_eq!(code(&revoke(&ada, &json!("grant_00000000000000000000000000000007")).await), "NOT_FOUND");
        assert_eq!(code(&revoke(&ada, &json!("x")).await), "NOT_FOUND");
        assert_eq!(roles(&ada).await, json!(["ADMIN"]));
        // Nothing that was refused left a trace in the table: four were granted, one of them taken back.
        assert_eq!(count(&world, "role_grants").await, 4);
        assert_eq!(entries(&world).await.len(), 5);
        server.stop().await;
    }

    async fn admins_at_once_cannot_remove_each_other(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table("")).await;
        first_admin(&server, "ada").await;
        first_admin(&server, "bob").await;
        let ada = server.with_token(&token(&provider, &world, "ada", &[]));
        let bob = server.with_token(&token(&provider, &world, "bob", &[]));
        let of = async |viewer: &str| {
            let document = format!("{{ roleGrants(viewer: \"company:{viewer}\") {{ nodes {{ id }} }} }}");
            ada.query(&document).await["roleGrants"]["nodes"][0]["id"].clone()
        };
        let (adas, bobs) = (of("ada").await, of("bob").await);
        let document = "mutation($input: RevokeRoleInput!) { revokeRole(input: $input) { grant { id } userErrors { code } } }";
        let input = |id: &Value| json!({"input": {"grantId": id, "reason": "r"}});
        let (one, other) = tokio::join!(ada.ask(document, input(&bobs)), bob.ask(document, input(&adas)));
        let done = [&one, &other].iter().filter(|answer| answer.body["data"]["revokeRole"]["grant"]["id"].is_string()).count();
        assert_eq!(done, 1, "{one:?} {other:?}");
        assert_eq!(count(&world, "role_grants WHERE revoked_at IS NULL").await, 1);
        server.stop().await;
    }

    async fn a_claim_and_a_grant_that_clash_refuse_the_sign_in(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table(GRANTS)).await;
        first_admin(&server, "ada").await;
        world.clock.advance(1);
        let clash = server.with_token(&token(&provider, &world, "ada", &["auditors"]));
        let answer = clash.ask(ME, json!({})).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body["errors"][0]["message"], "the roles ADMIN and AUDITOR may not be held together");
        assert!(entries(&world).await.last().unwrap().contains("{\"reason\":\"ROLE_CONFLICT\"}"));
        // Where ADMINs come from groups, the last grant may go: whoever takes it is one.
        let boss = server.with_token(&token(&provider, &world, "boss", &["admins"]));
        let id = boss.query("{ roleGrants { nodes { id } } }").await["roleGrants"]["nodes"][0]["id"].clone();
        assert!(revoke(&boss, &id).await["grant"]["id"].is_string());
        assert_eq!(roles(&server.with_token(&token(&provider, &world, "ada", &["auditors"]))).await, json!(["AUDITOR"]));
        server.stop().await;
    }

    async fn every_attack_is_401_audited_and_without_effect(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table(GRANTS)).await;
        let now = world.clock.now();
        let good = |change: &dyn Fn(&mut Value)| {
            let mut claims = provider.claims("mallory", now);
            claims["groups"] = json!(["admins", "analysts", "feeds"]);
            change(&mut claims);
            claims
        };
        let seconds = now.0 / SECOND;
        let head = header("k1");
        let with = |name: &str, value: Value| { let mut head = head.clone(); head[name] = value; head };
        let same: &dyn Fn(&mut Value) = &|_| ();
        let whole = signed(&head, &good(same), 1);
        let (unsigned, _) = whole.rsplit_once('.').unwrap();
        let none = signed(&with("alg", json!("none")), &good(same), 1);
        let development = world.token_of("Mallory", "mallory@halden-optics.example", &[Role::Admin]);
        let attacks = [
            ("ALGORITHM", none.clone()),
            ("ALGORITHM", format!("{}.", none.rsplit_once('.').unwrap().0)),
            ("ALGORITHM", signed(&with("alg", json!("NoNe")), &good(same), 1)),
            ("ALGORITHM", signed(&with("alg", json!("HS256")), &good(same), 1)),
            ("ALGORITHM", signed(&with("alg", json!("RS256")), &good(same), 1)),
            ("ALGORITHM", signed(&with("alg", json!("ES256")), &good(same), 1)),
            ("HEADER", signed(&with("jwk", jwk("k9", 9)), &good(same), 9)),
            ("HEADER", signed(&with("jku", json!(format!("{}/evil", provider.url))), &good(same), 9)),
            ("HEADER", signed(&with("x5u", json!(format!("{}/evil", provider.url))), &good(same), 9)),
            ("HEADER", signed(&with("crit", json!(["exp"])), &good(same), 1)),
            ("TYPE", signed(&with("typ", json!("logout+jwt")), &good(same), 1)),
            ("UNKNOWN_KEY", signed(&header("../k1"), &good(same), 1)),
            ("UNKNOWN_KEY", signed(&header("K1"), &good(same), 1)),
            ("SIGNATURE", signed(&head, &good(same), 9)),
            ("SIGNATURE", format!("{unsigned}.AAAA")),
            ("MALFORMED", format!("{unsigned}.")),
            ("UNKNOWN_SHARE", "vzs_2fJk0Q1v8m3nQxYt5sLr7w9zBbCcDdEeFfGgHhIiJj".to_owned()),
            ("TOO_LONG", "A".repeat(20_000)),
            ("AUDIENCE", signed(&head, &good(&|claims| claims["aud"] = json!("vizard2")), 1)),
            ("CLAIMS", signed(&head, &good(&|claims| drop(claims.as_object_mut().unwrap().remove("exp"))), 1)),
            ("UNKNOWN_ISSUER", signed(&head, &good(&|claims| claims["iss"] = json!("https://evil.example")), 1)),
            ("UNKNOWN_ISSUER", signed(&head, &good(&|claims| claims["iss"] = json!(format!("{}/", provider.url))), 1)),
            ("EXPIRED", signed(&head, &good(&|claims| claims["exp"] = json!(seconds - 60)), 1)),
            ("TOO_EARLY", signed(&head, &good(&|claims| claims["nbf"] = json!(seconds + 61)), 1)),
            ("DEVELOPMENT_TOKEN", development),
        ];
        let mutation = "mutation { grantRole(input: {viewer: \"company:mallory\", role: ADMIN, reason: \"r\"}) { userErrors { code } } }";
        let mut audited = 0;
        for (reason, token) in &attacks {
            let caller = server.with_token(token);
            let answer = caller.ask(mutation, json!({})).await;
            assert_eq!((answer.status, &answer.body["data"]), (401, &Value::Null), "{reason}: {answer:?}");
            assert_eq!(answer.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
            let delivery = caller.deliver("/ingest/hr", &[], b"{}".to_vec()).await;
            assert_eq!(delivery.status, 401, "{reason}: {delivery:?}");
            audited += 2;
            world.clock.advance(1);
            let written = entries(&world).await;
            assert_eq!(written.len(), audited, "{reason}");
            let last = written.last().unwrap();
            assert!(last.starts_with("DENIED anonymous ") && last.contains(&format!("{{\"reason\":\"{reason}\"}}")), "{reason}: {last}");
            assert!(!last.contains("mallory") && !last.contains("evil") && !last.contains(&token[..10]), "{last}");
        }
        // To the second: refused a second later, accepted here.
        for change in [
            &|claims: &mut Value| claims["exp"] = json!(seconds - 59),
            &|claims: &mut Value| claims["nbf"] = json!(seconds + 60),
        ] as [&dyn Fn(&mut Value); 2] {
            assert_eq!(server.with_token(&signed(&head, &good(change), 1)).ask(ME, json!({})).await.status, 200);
        }
        assert_eq!((count(&world, "role_grants").await, count(&world, "runs").await), (0, 0));
        assert_eq!(count(&world, "audit").await, i64::try_from(audited).unwrap(), "nothing else happened");
        assert_eq!(provider.asked("/evil"), 0);
        let metrics = server.stranger().get("/metrics").await.body.to_string();
        assert!(metrics.contains("vizard_refused_tokens_total{reason=\\\"EXPIRED\\\"} 2"), "{metrics}");
        // The same token, whole, at the connectors' door: the connector is not there, but the sender is known.
        assert_eq!(server.with_token(&whole).deliver("/ingest/hr", &[], b"{}".to_vec()).await.status, 404);
        // Production gives nobody the development's door.
        assert_eq!(server.stranger().ask(ME, json!({})).await.data()["viewer"]["id"], "anonymous");
        server.stop().await;
    }

    async fn keys_turn_over_and_the_last_good_ones_count_while_the_provider_is_away(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table("")).await;
        let status = async |kid: &str, seed: u8| {
            let token = signed(&header(kid), &provider.claims("ada", world.clock.now()), seed);
            server.with_token(&token).ask(ME, json!({})).await.status
        };
        assert_eq!(provider.asked(KEYS), 0, "nothing is asked before it is needed");
        assert_eq!(status("k1", 1).await, 200);
        assert_eq!((provider.asked(DISCOVERY), provider.asked(KEYS)), (1, 1));
        provider.publish(&[("k1", 1), ("k2", 2)]);
        for attempt in 0..20 {
            assert_eq!(status(&format!("x{attempt}"), 1).await, 401);
        }
        assert_eq!(status("k2", 2).await, 401, "within 30 s of the last look");
        assert_eq!(provider.asked(KEYS), 1, "whatever key ids tokens name");
        world.clock.advance(30 * SECOND - 1);
        assert_eq!((status("k2", 2).await, provider.asked(KEYS)), (401, 1));
        world.clock.advance(1);
        assert_eq!((status("k2", 2).await, provider.asked(KEYS)), (200, 2));
        for attempt in 0..20 {
            assert_eq!(status(&format!("y{attempt}"), 2).await, 401);
        }
        assert_eq!(provider.asked(KEYS), 2);
        // A key that is withdrawn stops to count ten minutes later at the latest.
        provider.publish(&[("k2", 2)]);
        assert_eq!(status("k1", 1).await, 200);
        world.clock.advance(600 * SECOND);
        assert_eq!((status("k1", 1).await, status("k2", 2).await), (401, 200));
        // Away: what was known goes on, for a day.
        provider.go_away();
        world.clock.advance(3_600 * SECOND);
        assert_eq!((status("k2", 2).await, status("k3", 3).await), (200, 401));
        world.clock.advance(24 * 3_600 * SECOND);
        assert_eq!(status("k2", 2).await, 401, "a day is long enough");
        assert!(entries(&world).await.last().unwrap().ends_with("company {\"reason\":\"NO_KEYS\"}"));
        world.clock.advance(30 * SECOND);
        provider.publish(&[("k2", 2)]);
        assert_eq!(status("k2", 2).await, 200, "back again");
        server.stop().await;
    }

    async fn a_provider_that_lies_signs_nobody_in(world) {
        let provider = Provider::start().await;
        let server = world.production(&provider.table("")).await;
        let token = signed(&header("k1"), &provider.claims("ada", world.clock.now()), 1);
        let caller = server.with_token(&token);
        let keys = |keys: Value| json!({"keys": keys}).to_string();
        let good = jwk("k1", 1);
        let with = |name: &str, value: &str| { let mut key = good.clone(); key[name] = json!(value); key };
        let discovery = |issuer: &str, uri: &str| json!({"issuer": issuer, "jwks_uri": uri}).to_string();
        let own = format!("{}{KEYS}", provider.url);
        // Each at the path that it is told at; the other path says the truth.
        let lies = [
            (KEYS, 302, format!("location: {}/other\r\n", provider.url), String::new()),
            (DISCOVERY, 301, format!("location: {}/other\r\n", provider.url), String::new()),
            (KEYS, 200, String::new(), format!("{}{}", keys(json!([good])), " ".repeat(300_000))),
            (DISCOVERY, 200, String::new(), " ".repeat(300_000)),
            (KEYS, 200, String::new(), keys(json!([good, jwk("k1", 2)]))),
            (KEYS, 200, String::new(), keys(json!([good, with("kid", "k2"), with("d", "AAAA")]))),
            (KEYS, 200, String::new(), keys(json!([good, {"kty": "oct", "kid": "k2", "k": "AAAA"}]))),
            (KEYS, 200, String::new(), keys(json!([good, {"kty": "OKP", "crv": "Ed25519", "x": good["x"]}]))),
            (KEYS, 200, String::new(), keys(json!([]))),
            (KEYS, 200, String::new(), keys(json!([with("use", "enc")]))),
            (KEYS, 200, String::new(), "<html>sign in</html>".to_owned()),
            (KEYS, 500, String::new(), keys(json!([good]))),
            (KEYS, 204, String::new(), String::new()),
            (DISCOVERY, 404, String::new(), String::new()),
            (DISCOVERY, 200, String::new(), discovery("https://evil.example", &own)),
            (DISCOVERY, 200, String::new(), discovery(&format!("{}/", provider.url), &own)),
            (DISCOVERY, 200, String::new(), discovery(&provider.url, "http://keys.example/keys")),
            (DISCOVERY, 200, String::new(), discovery(&provider.url, "file:///etc/passwd")),
        ];
        for (at, (path, status, line, body)) in lies.iter().enumerate() {
            provider.publish(&[("k1", 1)]);
            provider.answer("/other", 200, "", keys(json!([good])));
            provider.answer(path, *status, line, body.clone());
            let answer = caller.ask(ME, json!({})).await;
            assert_eq!(answer.status, 401, "lie {at}: {answer:?}");
            let written = entries(&world).await;
            assert_eq!(written.len(), at + 1, "lie {at}");
            assert!(written[at].ends_with("company {\"reason\":\"NO_KEYS\"}"), "{written:?}");
            world.clock.advance(30 * SECOND);
        }
        assert_eq!(provider.asked("/other"), 0, "no redirect is followed");
        provider.publish(&[("k1", 1)]);
        assert_eq!(caller.ask(ME, json!({})).await.status, 200, "and the truth is taken");
        // A lie that comes later changes nothing.
        world.clock.advance(600 * SECOND);
        provider.answer(KEYS, 200, "", keys(json!([good, jwk("k1", 2)])));
        assert_eq!(caller.ask(ME, json!({})).await.status, 200);
        server.stop().await;
    }

    async fn several_providers_are_kept_apart(world) {
        let (one, other) = (Provider::start().await, Provider::start().await);
        one.publish(&[("k1", 1)]);
        other.publish(&[("k1", 2)]);
        let tables = format!("{}{}", one.table(""), other.table("").replace("\"company\"", "\"partner\""));
        let server = world.production(&tables).await;
        let id = async |provider: &Provider, seed: u8| {
            let token = signed(&header("k1"), &provider.claims("ada", world.clock.now()), seed);
            let answer = server.with_token(&token).ask(ME, json!({})).await;
            (answer.status, answer.body["data"]["viewer"]["id"].clone())
        };
        assert_eq!(id(&one, 1).await, (200, json!("company:ada")));
        assert_eq!(id(&other, 2).await, (200, json!("partner:ada")));
        assert_eq!(id(&one, 2).await.0, 401);
        assert_eq!(id(&other, 1).await.0, 401);
        // Somebody of the same subject elsewhere is somebody else.
        first_admin(&server, "ada").await;
        let theirs = server.with_token(&signed(&header("k1"), &other.claims("ada", world.clock.now()), 2));
        assert_eq!(roles(&theirs).await, json!([]));
        server.stop().await;
    }

    async fn a_viewer_who_asks_too_often_waits_for_the_next_minute_and_nobody_else_does(world) {
        let server = world.second("requests_a_minute = 10\n").await;
        let (ann, otto) = (server.at_its_door(&world.person("Ann", &[Role::Analyst])), server.at_its_door(&world.person("Otto", &[Role::Analyst])));
        for at in 0..12 {
            let answer = ann.ask(ME, json!({})).await;
            assert_eq!((answer.status, answer.retry_after.as_deref()), if at < 10 { (200, None) } else { (429, Some("60")) }, "{at}: {answer:?}");
        }
        let refused = ann.ask(ME, json!({})).await;
        let error = &refused.body["errors"][0];
        assert_eq!((&error["extensions"]["code"], error["message"].as_str().unwrap().contains("10 requests a minute")), (&json!("TOO_BUSY"), true));
        assert_eq!(otto.ask(ME, json!({})).await.status, 200);
        world.clock.advance(60 * SECOND);
        assert_eq!(ann.ask(ME, json!({})).await.status, 200);
        server.stop().await;
    }

    async fn a_flood_of_bad_tokens_is_told_to_wait_and_leaves_a_bounded_trace(world) {
        let provider = Provider::start().await;
        provider.publish(&[("k1", 1)]);
        let server = world.production(&provider.table("")).await;
        let good = server.with_token(&token(&provider, &world, "ada", &[]));
        let bad = server.with_token("x.y.z");
        let mut waits = 0;
        for at in 0..130 {
            let answer = bad.ask(ME, json!({})).await;
            assert_eq!(answer.status, if at < 120 { 401 } else { 429 }, "{at}: {answer:?}");
            assert!(answer.body["data"].is_null());
            if answer.status == 429 {
                // The world's clock stands at a full minute.
                assert_eq!(answer.retry_after.as_deref(), Some("60"));
                waits += 1;
            }
        }
        assert_eq!(waits, 10);
        assert_eq!(good.ask(ME, json!({})).await.status, 200, "a good token passes, also from behind the same proxy");
        assert_eq!(entries(&world).await.len(), 60);
        world.clock.advance(60 * SECOND);
        assert_eq!(good.ask(ME, json!({})).await.status, 200);
        let written = entries(&world).await;
        assert_eq!(written.len(), 61);
        assert_eq!(written[60], "DENIED anonymous  {\"count\":70,\"reason\":\"MORE\"}");
        assert_eq!(bad.ask(ME, json!({})).await.status, 401, "a new minute");
        server.stop().await;
    }

    async fn a_viewer_is_known_as_the_subject_that_connectors_know_by_the_same_account(world) {
        world.connect().await;
        world.import_demo().await;
        world.settle().await;
        let people = std::fs::read_to_string(vizard_tests::demo("people.csv")).unwrap();
        let account = people.split([',', '\n']).map(str::trim).find(|value| value.contains('@')).unwrap().to_uppercase();
        let signer = DevSigner::open_or_create(&vizard_server::app::development_key(&world.config)).unwrap();
        let door = Door::new(world.services.clone(), Verifier::new(&world.config, Some(&signer)).unwrap(), 100);
        let own = async |account: &str| {
            door.sign_in(&world.token_of("Ada", account, &[Role::Analyst]), None).await.unwrap().own
        };
        let known = own(&account).await;
        assert_eq!(known.len(), 1, "in another spelling than the connector's");
        let found = world.number(&format!("SELECT count(*) FROM subjects WHERE id = {}", literal(&world, known[0].uuid()))).await;
        assert_eq!(found, 1);
        assert_eq!(own("nobody@elsewhere.example").await, []);
        let before = count(&world, "subjects").await;
        assert_eq!(own("newcomer@halden-optics.example").await, []);
        assert_eq!(count(&world, "subjects").await, before, "signing in makes nobody a subject");
        // The same through the doors: the token is good, and its account is nowhere in what the log keeps.
        assert_eq!(roles(&world.caller_with_account("Ada", &account, &[Role::Analyst])).await, json!(["ANALYST"]));
    }
}

/// A UUID as the engine's literal.
fn literal(world: &World, id: impl std::fmt::Display) -> String {
    let text = id.to_string();
    match world.engine {
        vizard_tests::Engine::Sqlite => format!("X'{}'", text.replace('-', "")),
        vizard_tests::Engine::Postgres => format!("'{text}'"),
    }
}

async fn boss_at(server: &Second, provider: &Provider, world: &World) -> Caller {
    server.with_token(&token(provider, world, "boss", &["admins"]))
}

#[test]
fn the_command_grants_the_first_role_and_issues_no_development_token_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vizard.toml");
    let issuer = "[[issuer]]\nname = \"company\"\nissuer = \"https://login.example.com\"\naudience = \"vizard\"\n";
    std::fs::write(&file, format!("mode = \"production\"\n{issuer}")).unwrap();
    let vizard = crate::command::vizard();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&vizard);
        command.arg("--data-dir").arg(folder.path().join("data")).arg("--config").arg(&file).args(arguments);
        let done = command.env_clear().env("VIZARD_LOG", "warn").stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let (code, out, said) = run(&["token", "--role", "ADMIN", "--name", "Ada"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(said.contains("development tokens are refused in production mode, so none is issued"), "{said}");
    let (code, _, said) = run(&["demo"]);
    assert!(code == Some(2) && said.contains("production mode refuses"), "{said}");

    let grant = ["role", "grant", "--issuer", "company", "--subject", "a1b2", "admin", "--reason", "The first."];
    let (code, out, said) = run(&grant);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        out.contains("ADMIN") && out.contains("company:a1b2  granted by operator, until it is taken back"),
        "{out}"
    );
    let id = out.split_whitespace().next().unwrap().to_owned();
    let (code, _, said) = run(&grant);
    assert!(code == Some(1) && said.contains("was granted the role already"), "{said}");
    let (code, _, said) = run(&["role", "grant", "--issuer", "other", "--subject", "a", "ADMIN", "--reason", "r"]);
    assert!(code == Some(1) && said.contains("Issuers here: company."), "{said}");
    let (code, _, said) = run(&["role", "revoke", &id, "--reason", "r"]);
    assert!(code == Some(1) && said.contains("lasts longest"), "{said}");
    let (code, out, _) = run(&["--json", "role", "list"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &listed["id"], &listed["role"]), (Some(0), &json!(id), &json!("ADMIN")));
    assert!(!folder.path().join("data/keys/dev-signing.key").exists(), "production makes no development key");

    // Without an issuer production does not start, and says what is missing.
    std::fs::write(&file, "mode = \"production\"\n").unwrap();
    let (code, _, said) = run(&["--listen", "127.0.0.1:0", "serve"]);
    assert!(code == Some(1) && said.contains("an [[issuer]] in the configuration file"), "{said}");
}
