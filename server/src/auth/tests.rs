//! Which tokens are accepted, to the second, and which forgeries are not.
//! Never: sleeps or reads the machine's clock.

use super::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

const NOW: Micros = Micros(1_800_000_000 * SECOND);
const NOW_SECONDS: i64 = 1_800_000_000;

struct World {
    _folder: tempfile::TempDir,
    signer: DevSigner,
    verifier: Verifier,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let signer = DevSigner::open_or_create(&folder.path().join("keys/dev-signing.key")).unwrap();
    let verifier = Verifier::new(Mode::Development, &signer);
    World { _folder: folder, signer, verifier }
}

/// A genuine signature over any claims.
fn signed(world: &World, header: &Header, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "dev:ada", "name": "Ada", "roles": ["ANALYST"],
        "iat": NOW_SECONDS, "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 60,
    });
    change(&mut claims);
    jsonwebtoken::encode(header, &claims, &world.signer.signing).unwrap()
}

fn eddsa() -> Header {
    Header::new(Algorithm::EdDSA)
}

fn verdict(change: impl FnOnce(&mut Value)) -> Result<Viewer, AuthError> {
    let world = world();
    let token = signed(&world, &eddsa(), change);
    world.verifier.verify(&token, NOW)
}

#[test]
fn an_issued_token_tells_who_and_which_roles() {
    let world = world();
    let roles = [Role::Analyst, Role::Investigator];
    let token = world.signer.issue("Ada  L. Example", &roles, DEVELOPMENT_TOKEN_LIFE, NOW).unwrap();
    let viewer = world.verifier.verify(&token, NOW).unwrap();
    assert_eq!(viewer, Viewer::staff("dev:ada-l-example".into(), "Ada  L. Example".into(), roles.into()));
    assert_eq!(format!("{viewer:?}"), "Viewer(ANALYST, INVESTIGATOR)", "the name stays out of logs");
}

#[test]
fn a_token_holds_from_its_issue_to_its_expiry_with_a_minute_of_leeway() {
    let world = world();
    let token = world.signer.issue("Ada", &[Role::Analyst], Duration::from_secs(100), NOW).unwrap();
    let at = |seconds: i64| world.verifier.verify(&token, Micros(NOW.0 + seconds * SECOND)).map(|_| ());
    assert_eq!(at(-61), Err(AuthError::TooEarly));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(0), Ok(()));
    assert_eq!(at(100 + 59), Ok(()));
    assert_eq!(at(100 + 60), Err(AuthError::Expired));
    assert_eq!(at(i32::MAX.into()), Err(AuthError::Expired));
}

#[test]
fn a_token_without_a_claim_or_with_a_wrong_one_is_refused() {
    assert!(verdict(|_| ()).is_ok(), "the unchanged token is good");
    for claim in ["iss", "aud", "sub", "name", "roles", "iat", "nbf", "exp"] {
        let missing = verdict(|claims| drop(claims.as_object_mut().unwrap().remove(claim)));
        assert_eq!(missing, Err(AuthError::Invalid), "without {claim}");
        assert_eq!(verdict(|claims| claims[claim] = json!({})), Err(AuthError::Invalid), "{claim} of another shape");
    }
    let cases = [
        ("iss", json!("vizard-developmen")),
        ("iss", json!([ISSUER])),
        ("aud", json!("vizard2")),
        ("exp", json!("1800000060")),
        ("exp", json!(-1.5)),
    ];
    for (claim, value) in cases {
        assert_eq!(verdict(|claims| claims[claim] = value.clone()), Err(AuthError::Invalid), "{claim} = {value}");
    }
}

#[test]
fn unknown_and_conflicting_roles_are_refused() {
    assert_eq!(verdict(|claims| claims["roles"] = json!(["ROOT"])), Err(AuthError::UnknownRole));
    assert_eq!(verdict(|claims| claims["roles"] = json!(["analyst"])), Err(AuthError::UnknownRole));
    let both = |a: &str, b: &str| verdict(|claims| claims["roles"] = json!([a, "ANALYST", b]));
    assert_eq!(both("INVESTIGATOR", "APPROVER"), Err(AuthError::Conflict("INVESTIGATOR", "APPROVER")));
    assert_eq!(both("AUDITOR", "ADMIN"), Err(AuthError::Conflict("ADMIN", "AUDITOR")));
    let world = world();
    let issued = world.signer.issue("Ada", &[Role::Approver, Role::Investigator], DEVELOPMENT_TOKEN_LIFE, NOW);
    assert!(matches!(issued, Err(AuthError::Conflict(..))));
}

#[test]
fn a_role_named_twice_counts_once() {
    let viewer = verdict(|claims| claims["roles"] = json!(["ANALYST", "ANALYST"])).unwrap();
    assert_eq!(viewer.roles, [Role::Analyst]);
}

#[test]
fn an_unsigned_token_is_refused() {
    let world = world();
    let good = signed(&world, &eddsa(), |_| ());
    let claims = good.split('.').nth(1).unwrap();
    for algorithm in ["none", "None", "NONE", "EdDSA"] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#));
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{claims}.{signature}");
            assert_eq!(world.verifier.verify(&token, NOW), Err(AuthError::Invalid), "{algorithm}");
        }
    }
}

#[test]
fn the_public_key_is_not_a_shared_secret() {
    let world = world();
    let public = world.signer.public.try_get_as_bytes().unwrap();
    let claims: Value = {
        let good = signed(&world, &eddsa(), |_| ());
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap()).unwrap()
    };
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(public)).unwrap();
        assert_eq!(world.verifier.verify(&token, NOW), Err(AuthError::Invalid));
    }
}

#[test]
fn a_token_signed_with_another_key_is_refused() {
    let (one, other) = (world(), world());
    let token = signed(&other, &eddsa(), |_| ());
    assert_eq!(one.verifier.verify(&token, NOW), Err(AuthError::Invalid));
}

#[test]
fn changing_any_part_of_a_token_breaks_it() {
    let world = world();
    let good = signed(&world, &eddsa(), |_| ());
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(bytes).unwrap();
        assert_eq!(world.verifier.verify(&token, NOW), Err(AuthError::Invalid), "byte {at}");
    }
    for token in ["", ".", "..", "a.b.c", &good[1..], &format!("{good}."), &"A".repeat(100_000)] {
        assert_eq!(world.verifier.verify(token, NOW), Err(AuthError::Invalid));
    }
}

#[test]
fn a_token_of_another_type_or_with_critical_headers_is_refused() {
    let world = world();
    let cases = [
        Header { typ: None, ..eddsa() },
        Header { typ: Some("at+jwt".into()), ..eddsa() },
        Header { crit: Some(vec!["exp".into()]), ..eddsa() },
    ];
    for header in cases {
        let token = signed(&world, &header, |_| ());
        assert_eq!(world.verifier.verify(&token, NOW), Err(AuthError::Invalid), "{header:?}");
    }
}

#[test]
fn production_refuses_development_tokens_and_does_not_start_without_a_sign_in() {
    let world = world();
    let token = signed(&world, &eddsa(), |_| ());
    let production = Verifier::new(Mode::Production, &world.signer);
    assert_eq!(production.verify(&token, NOW), Err(AuthError::NoSignIn));

    let config = |mode: &str| {
        let set = [("VIZARD_MODE".to_owned(), mode.to_owned())];
        Config::load(None, set.into_iter(), []).unwrap()
    };
    assert!(require_sign_in(&config("development")).is_ok());
    assert!(require_sign_in(&config("production")).unwrap_err().to_string().contains("needs a way to sign in"));
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
    assert!(Verifier::new(Mode::Development, &again).verify(&token, NOW).is_ok());
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
