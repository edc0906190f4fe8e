//! Which tokens are accepted, to the second, and what they say.
//! Never: sleeps or reads the machine's clock.

use super::{testkeys::*, *};
use crate::config::Config;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt as _, time::Duration};
use vizard_core::{limits, time::SECOND};

struct World {
    _folder: tempfile::TempDir,
    signer: DevSigner,
    verifier: Verifier,
}

fn config(mode: &str) -> Config {
    Config::load(None, [("VIZARD_MODE".to_owned(), mode.to_owned())].into_iter(), []).unwrap()
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let signer = DevSigner::open_or_create(&folder.path().join("keys/dev-signing.key")).unwrap();
    let verifier = Verifier::new(&config("development"), Some(&signer)).unwrap();
    World { _folder: folder, signer, verifier }
}

/// A genuine signature of the development key over any claims.
fn development(world: &World, header: &Header, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({
        "iss": development::ISSUER, "aud": development::AUDIENCE, "sub": "ada", "name": "Ada", "roles": ["ANALYST"],
        "iat": NOW_SECONDS, "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 60,
    });
    change(&mut claims);
    signed(header, &claims, &world.signer.signing)
}

fn eddsa() -> Header {
    Header::new(Algorithm::EdDSA)
}

fn why(result: Result<Claimed, Refused>) -> Result<Claimed, AuthError> {
    result.map_err(|refused| refused.why)
}

/// What a development token with changed claims gets.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Claimed, AuthError> {
    let world = world();
    let token = development(&world, &eddsa(), change);
    why(verdict(&world.verifier, &token))
}

/// What a provider's token with changed claims gets.
fn provided(change: impl FnOnce(&mut Value)) -> Result<Claimed, AuthError> {
    why(verdict(&any(), &signed(&header(Algorithm::EdDSA, "ed"), &claims(change), &ed25519(1).0)))
}

#[test]
fn an_issued_token_tells_who_and_which_roles() {
    let world = world();
    let roles = [Role::Analyst, Role::Investigator];
    let token = world.signer.issue("Ada  L. Example", &roles, DEVELOPMENT_TOKEN_LIFE, NOW).unwrap();
    let claimed = verdict(&world.verifier, &token).unwrap();
    let expected = Claimed {
        id: "dev:ada-l-example".into(),
        name: "Ada  L. Example".into(),
        roles: roles.into(),
        until: Micros((NOW_SECONDS + 12 * 3_600 + limits::TOKEN_LEEWAY_SECONDS) * SECOND),
        accounts: vec![],
    };
    assert_eq!(claimed, expected);
    assert_eq!(format!("{claimed:?}"), "Claimed([Analyst, Investigator], 0 accounts)", "the name stays out of logs");
    let account = Some("Ada@Example.com");
    let token = world.signer.issue_for("Ada", account, &[], DEVELOPMENT_TOKEN_LIFE, NOW).unwrap();
    let accounts = verdict(&world.verifier, &token).unwrap().accounts;
    assert_eq!(accounts.iter().map(|account| account.value.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
}

#[test]
fn a_providers_token_tells_who_by_its_name_and_maps_groups_to_roles() {
    let claimed = provided(|_| ()).unwrap();
    assert_eq!((claimed.id.as_str(), claimed.name.as_str()), ("company:a1b2", "Ada"));
    assert_eq!(claimed.roles, [Role::Analyst], "a group without a meaning here means nothing");
    let accounts: Vec<&str> = claimed.accounts.iter().map(|account| account.value.as_str()).collect();
    assert_eq!(accounts, ["ada.quill@example.com"], "one account in two spellings is one");
    let long = provided(|claims| claims["name"] = json!(format!("A\n\u{0}d{}", "a".repeat(300)))).unwrap();
    assert!(long.name.starts_with("Ada") && long.name.len() == 200);
    let more = provided(|claims| {
        claims["preferred_username"] = json!("HALDEN\\AQuill");
        claims["upn"] = json!("aquill@halden.example");
    });
    let accounts: Vec<String> = more.unwrap().accounts.into_iter().map(|account| account.value).collect();
    assert_eq!(accounts, ["halden\\aquill", "ada.quill@example.com", "aquill@halden.example"]);
    for (name, roles) in [
        (json!("vizard-analysts"), vec![Role::Analyst]),
        (json!(["vizard-admins", "vizard-analysts", "vizard-admins"]), vec![Role::Admin, Role::Analyst]),
        (json!([]), vec![]),
        (json!(null), vec![]),
        // A role's own word means nothing unless it is mapped, nor does another spelling of a mapped value.
        (json!(["ADMIN", "Vizard-Admins", "vizard-admins ", "vizard-analysts vizard-admins"]), vec![]),
    ] {
        assert_eq!(provided(|claims| claims["groups"] = name.clone()).unwrap().roles, roles, "{name}");
    }
    for groups in [json!(3), json!({"vizard-admins": true}), json!([["vizard-admins"]]), json!(["vizard-admins", 3])] {
        assert_eq!(provided(|claims| claims["groups"] = groups.clone()), Err(AuthError::Claims), "{groups}");
    }
}

#[test]
fn a_claim_is_found_by_its_name_or_by_a_path() {
    let mapped = |claim: &str| {
        let mut issuer = issuer(&[Alg::EdDsa], &[ed25519_jwk("ed", 1)]);
        let map = [("boss".to_owned(), Role::Admin)].into();
        issuer.reading.roles = Roles::Mapped(claim.to_owned(), map);
        let token = signed(
            &header(Algorithm::EdDSA, "ed"),
            &claims(|claims| {
                claims["realm_access"] = json!({"roles": ["boss"]});
                claims["https://example.com/roles"] = json!(["boss"]);
            }),
            &ed25519(1).0,
        );
        verdict(&verifier(issuer), &token).unwrap().roles
    };
    assert_eq!(mapped("realm_access.roles"), [Role::Admin]);
    assert_eq!(mapped("https://example.com/roles"), [Role::Admin]);
    assert_eq!(mapped("realm_access.groups"), []);
    assert_eq!(mapped("name.roles"), []);
}

#[test]
fn a_token_holds_from_its_issue_to_its_expiry_with_a_minute_of_leeway() {
    let world = world();
    let token = world.signer.issue("Ada", &[Role::Analyst], Duration::from_secs(100), NOW).unwrap();
    let at = |micros: i64| why(verdict_at(&world.verifier, &token, Micros(NOW.0 + micros))).map(|_| ());
    for (seconds, verdict) in [
        (-61, Err(AuthError::TooEarly)),
        (-60, Ok(())),
        (-59, Ok(())),
        (0, Ok(())),
        (100, Ok(())),
        (100 + 59, Ok(())),
        (100 + 60, Err(AuthError::Expired)),
        (100 + 61, Err(AuthError::Expired)),
        (i32::MAX.into(), Err(AuthError::Expired)),
    ] {
        assert_eq!(at(seconds * SECOND), verdict, "{seconds} s");
    }
    assert_eq!(at(160 * SECOND - 1), Ok(()), "the last microsecond");
}

#[test]
fn a_providers_token_has_the_same_edges_and_needs_only_exp() {
    let at = |seconds: i64, change: fn(&mut Value)| {
        let token = signed(&header(Algorithm::EdDSA, "ed"), &claims(change), &ed25519(1).0);
        why(verdict_at(&any(), &token, Micros(NOW.0 + seconds * SECOND))).map(|_| ())
    };
    let only_exp = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("iat"));
    assert_eq!(at(-1_000_000, only_exp), Ok(()), "without iat and nbf it holds from ever");
    for (seconds, verdict) in [(119, Ok(())), (120, Err(AuthError::Expired)), (121, Err(AuthError::Expired))] {
        assert_eq!(at(seconds, only_exp), verdict, "{seconds}");
    }
    for (seconds, verdict) in [(-61, Err(AuthError::TooEarly)), (-60, Ok(())), (-59, Ok(()))] {
        assert_eq!(at(seconds, |_| ()), verdict, "iat, {seconds}");
    }
    let nbf = |claims: &mut Value| claims["nbf"] = json!(NOW_SECONDS + 10);
    for (seconds, verdict) in [(-51, Err(AuthError::TooEarly)), (-50, Ok(())), (-49, Ok(()))] {
        assert_eq!(at(seconds, nbf), verdict, "nbf, {seconds}");
    }
}

#[test]
fn a_token_without_a_claim_or_with_a_wrong_one_is_refused() {
    assert!(changed(|_| ()).is_ok() && provided(|_| ()).is_ok(), "the unchanged tokens are good");
    for claim in ["iss", "aud", "sub", "exp"] {
        let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(claim));
        assert_eq!(changed(without), Err(AuthError::Claims), "without {claim}");
        assert_eq!(provided(without), Err(AuthError::Claims), "without {claim}");
    }
    for claim in ["iss", "sub", "name", "roles", "iat", "nbf", "exp"] {
        assert_eq!(changed(|claims| claims[claim] = json!({})), Err(AuthError::Claims), "{claim} of another shape");
    }
    let subjects =
        [json!(""), json!(" "), json!("a b"), json!("a\n"), json!("\u{e9}"), json!(7), json!("a".repeat(256))];
    for subject in subjects {
        assert_eq!(provided(|claims| claims["sub"] = subject.clone()), Err(AuthError::Claims), "{subject}");
    }
    let times = [json!("1800000060"), json!(-1.5), json!(1_800_000_060.5), json!(u64::MAX), json!([1_800_000_060])];
    for time in times {
        assert_eq!(provided(|claims| claims["exp"] = time.clone()), Err(AuthError::Claims), "{time}");
        assert_eq!(provided(|claims| claims["nbf"] = time.clone()), Err(AuthError::Claims), "{time}");
    }
    assert!(provided(|claims| claims["exp"] = json!(i64::MAX)).is_ok(), "no overflow");
    assert_eq!(provided(|claims| claims["exp"] = json!(i64::MIN)), Err(AuthError::Expired));
    assert_eq!(provided(|claims| claims["nbf"] = json!(i64::MAX)), Err(AuthError::TooEarly));
}

#[test]
fn unknown_and_conflicting_roles_are_refused() {
    assert_eq!(changed(|claims| claims["roles"] = json!(["ROOT"])), Err(AuthError::UnknownRole));
    assert_eq!(changed(|claims| claims["roles"] = json!(["analyst"])), Err(AuthError::UnknownRole));
    let both = |a: &str, b: &str| changed(|claims| claims["roles"] = json!([a, "ANALYST", b]));
    assert_eq!(both("INVESTIGATOR", "APPROVER"), Err(AuthError::Conflict("INVESTIGATOR", "APPROVER")));
    assert_eq!(both("AUDITOR", "ADMIN"), Err(AuthError::Conflict("ADMIN", "AUDITOR")));
    let groups = json!(["vizard-auditors", "vizard-admins"]);
    assert_eq!(provided(|claims| claims["groups"] = groups), Err(AuthError::Conflict("ADMIN", "AUDITOR")));
    let issued = world().signer.issue("Ada", &[Role::Approver, Role::Investigator], DEVELOPMENT_TOKEN_LIFE, NOW);
    assert!(matches!(issued, Err(AuthError::Conflict(..))));
}

#[test]
fn a_role_named_twice_counts_once() {
    assert_eq!(changed(|claims| claims["roles"] = json!(["ANALYST", "ANALYST"])).unwrap().roles, [Role::Analyst]);
}

#[test]
fn a_development_token_signed_with_another_key_or_a_shared_secret_is_refused() {
    let (one, other) = (world(), world());
    let token = development(&other, &eddsa(), |_| ());
    assert_eq!(why(verdict(&one.verifier, &token)), Err(AuthError::Signature));
    let good = development(&one, &eddsa(), |_| ());
    let body: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap()).unwrap();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token = signed(&Header::new(algorithm), &body, &EncodingKey::from_secret(&one.signer.public));
        assert_eq!(why(verdict(&one.verifier, &token)), Err(AuthError::Algorithm));
    }
    // A key's name that the one key does not have.
    let token = development(&one, &Header { kid: Some("x".into()), ..eddsa() }, |_| ());
    assert_eq!(why(verdict(&one.verifier, &token)), Err(AuthError::UnknownKey));
}

#[test]
fn production_refuses_development_tokens_and_does_not_start_without_a_sign_in() {
    let world = world();
    let token = development(&world, &eddsa(), |_| ());
    let production = config("production");
    let verifier = Verifier::new(&production, Some(&world.signer)).unwrap();
    assert_eq!(why(verdict(&verifier, &token)), Err(AuthError::Development));
    assert!(require_sign_in(&config("development")).is_ok());
    assert!(require_sign_in(&production).unwrap_err().to_string().contains("needs a way to sign in"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vizard.toml");
    let text = format!(
        "mode = \"production\"\n[[issuer]]\nname = \"company\"\nissuer = \"{PROVIDER}\"\naudience = \"vizard\""
    );
    std::fs::write(&file, &text).unwrap();
    let production = Config::load(Some(&file), std::iter::empty(), []).unwrap();
    assert!(require_sign_in(&production).is_ok());
    let verifier = Verifier::new(&production, Some(&world.signer)).unwrap();
    assert_eq!(why(verdict(&verifier, &token)), Err(AuthError::Development));
    // An authority's file that is not there, or none.
    for ca in ["/nowhere/ca.pem", file.to_str().unwrap()] {
        let other = folder.path().join("other.toml");
        std::fs::write(&other, format!("{text}\nca_file = \"{ca}\"")).unwrap();
        let config = Config::load(Some(&other), std::iter::empty(), []).unwrap();
        assert!(Verifier::new(&config, None).err().expect("refused").to_string().contains(ca));
    }
}

#[test]
fn a_viewer_of_an_issuer_is_its_name_and_a_subject() {
    assert!(is_viewer_of("company", "company:a1b2") && is_viewer_of("company", "company:a:b|c"));
    for text in ["company", "company:", "company: a", "other:a1b2", "dev:ada", "operator", "company:a b", ""] {
        assert!(!is_viewer_of("company", text), "{text}");
    }
}

#[test]
fn a_name_that_leaves_no_id_is_refused() {
    let world = world();
    for name in ["", " ", "\u{4e2d}\u{6587}", &"a".repeat(201)] {
        assert_eq!(world.signer.issue(name, &[], DEVELOPMENT_TOKEN_LIFE, NOW), Err(AuthError::Name));
    }
}

#[test]
fn the_key_is_made_once_for_its_owner_only_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/dev-signing.key");
    let first = DevSigner::open_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let written = std::fs::read(&path).unwrap();
    let again = DevSigner::open_or_create(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), written);
    let token = first.issue("Ada", &[], DEVELOPMENT_TOKEN_LIFE, NOW).unwrap();
    assert!(verdict(&Verifier::new(&config("development"), Some(&again)).unwrap(), &token).is_ok());
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_key_that_others_can_read_or_that_is_damaged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev-signing.key");
    let text = |result: anyhow::Result<DevSigner>| format!("{:#}", result.err().expect("refused"));
    DevSigner::open_or_create(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(text(DevSigner::open_or_create(&path)).contains("must be 600, not 640"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "c0ffee").unwrap();
    let error = text(DevSigner::open_or_create(&path));
    assert!(error.contains("64 hexadecimal digits") && !error.contains("c0ffee"), "{error}");
}
