//! Forged, bent and borrowed tokens: each is refused, and for the reason that is meant.
//! Never: a token that is refused because the test made it wrongly; every attack begins with a token that is good.

use super::{testkeys::*, *};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

#[track_caller]
fn refused(verifier: &Verifier, token: &str, expected: AuthError) {
    let refused = verdict(verifier, token).expect_err(token);
    assert_eq!(refused.why, expected, "{token}");
    let said = format!("{} {}", refused.why, refused.why.code());
    assert!(!said.contains("a1b2") && !said.contains("Ada") && !said.contains("example"), "{said}");
}

fn good() -> String {
    let token = signed(&header(Algorithm::RS256, "rsa"), &claims(|_| ()), &rsa());
    assert!(verdict(&any(), &token).is_ok());
    token
}

/// A header as text over the good claims, signed genuinely with the RSA key.
fn with_header(text: &str) -> String {
    signed_as(text, &claims(|_| ()).to_string(), &rsa(), Algorithm::RS256)
}

#[test]
fn each_algorithm_works_with_its_own_key() {
    for (algorithm, kid, key) in [
        (Algorithm::RS256, "rsa", rsa()),
        (Algorithm::PS256, "rsa", rsa()),
        (Algorithm::ES256, "ec", p256()),
        (Algorithm::EdDSA, "ed", ed25519(1).0),
    ] {
        let token = signed(&header(algorithm, kid), &claims(|_| ()), &key);
        assert!(verdict(&any(), &token).is_ok(), "{algorithm:?}");
    }
    assert!(verdict(&any(), &with_header(r#"{"alg":"RS256","typ":"JWT","kid":"rsa","x5t":"a","cty":"b"}"#)).is_ok());
}

#[test]
fn none_in_every_spelling_is_no_algorithm() {
    let good = good();
    let [_, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    for spelling in
        ["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "NoNe\u{0}", "rs256", "RS256 ", "RS256\u{0}"]
    {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": spelling, "typ": "JWT", "kid": "rsa"}).to_string());
        for signature in ["", "AAAA", signature] {
            refused(&any(), &format!("{header}.{body}.{signature}"), AuthError::Algorithm);
        }
    }
    for alg in [json!(null), json!(["RS256"]), json!({"RS256": 1}), json!(0), json!(true)] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT", "kid": "rsa"}).to_string());
        refused(&any(), &format!("{header}.{body}.{signature}"), AuthError::Malformed);
    }
    refused(&any(), &with_header(r#"{"typ":"JWT","kid":"rsa"}"#), AuthError::Algorithm);
    // A signature that is left out, under a good algorithm.
    refused(&any(), &format!("{}.", good.rsplit_once('.').unwrap().0), AuthError::Malformed);
}

#[test]
fn a_public_key_is_not_a_shared_secret() {
    let modulus = URL_SAFE_NO_PAD.decode(RSA_MODULUS).unwrap();
    let jwk = rsa_jwk("rsa").to_string();
    let point = URL_SAFE_NO_PAD.decode(ed25519(1).1).unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&modulus));
    for secret in [modulus.as_slice(), RSA_MODULUS.as_bytes(), jwk.as_bytes(), &point, pem.as_bytes(), b""] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            for kid in ["rsa", "ec", "ed"] {
                let token = signed(&header(algorithm, kid), &claims(|_| ()), &EncodingKey::from_secret(secret));
                refused(&any(), &token, AuthError::Algorithm);
            }
        }
    }
}

#[test]
fn an_algorithm_that_the_issuer_is_not_pinned_to_or_that_is_not_the_keys_is_refused() {
    // Genuine, but the issuer is pinned to others.
    let pinned = verifier(issuer(&[Alg::Ps256, Alg::EdDsa], &[rsa_jwk("rsa"), ed25519_jwk("ed", 1)]));
    refused(&pinned, &good(), AuthError::Algorithm);
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS384, Algorithm::PS512] {
        refused(&any(), &signed(&header(algorithm, "rsa"), &claims(|_| ()), &rsa()), AuthError::Algorithm);
    }
    // The wrong curve, under its own name and under another.
    refused(&any(), &signed(&header(Algorithm::ES384, "ec"), &claims(|_| ()), &p384()), AuthError::Algorithm);
    let lie =
        signed_as(r#"{"alg":"ES256","typ":"JWT","kid":"ec"}"#, &claims(|_| ()).to_string(), &p384(), Algorithm::ES384);
    refused(&any(), &lie, AuthError::Signature);
    // The key's own `alg` counts, where it has one.
    let mut only_ps = rsa_jwk("rsa");
    only_ps["alg"] = json!("PS256");
    refused(&verifier(issuer(&Alg::ALL, &[only_ps])), &good(), AuthError::Algorithm);
    // Another kind of key by its name.
    for kid in ["ec", "ed"] {
        refused(&any(), &signed(&header(Algorithm::RS256, kid), &claims(|_| ()), &rsa()), AuthError::Algorithm);
    }
}

#[test]
fn a_header_brings_no_key_and_points_to_none() {
    let own = ed25519(9);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": own.1});
    let extras = [
        ("jwk", jwk.clone()),
        ("jwk", json!(null)),
        ("jku", json!("https://evil.example/keys")),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("epk", jwk),
    ];
    for (name, value) in extras {
        for (kid, alg, key, algorithm) in
            [("evil", "EdDSA", &own.0, Algorithm::EdDSA), ("rsa", "RS256", &rsa(), Algorithm::RS256)]
        {
            let text = json!({"alg": alg, "typ": "JWT", "kid": kid, name: value}).to_string();
            refused(&any(), &signed_as(&text, &claims(|_| ()).to_string(), key, algorithm), AuthError::Header);
        }
    }
}

#[test]
fn a_kid_is_a_name_in_the_set_and_nothing_else() {
    for kid in [
        "",
        "RSA",
        "rsa ",
        "rsa\u{0}",
        "../rsa",
        "../../../../dev/null",
        "/dev/null",
        "rsa' OR '1'='1",
        "file:///etc/passwd",
        "https://evil.example/k",
        "|cat",
        "rsa,ec",
        "*",
        "%72sa",
        "0",
    ] {
        refused(&any(), &signed(&header(Algorithm::RS256, kid), &claims(|_| ()), &rsa()), AuthError::UnknownKey);
    }
    for kid in [json!(null), json!(0), json!(["rsa"]), json!({"rsa": 1}), json!("r".repeat(257))] {
        refused(
            &any(),
            &with_header(&json!({"alg": "RS256", "typ": "JWT", "kid": kid}).to_string()),
            AuthError::Malformed,
        );
    }
    refused(&any(), &with_header(r#"{"alg":"RS256","typ":"JWT","kid":"rsa","kid":"ec"}"#), AuthError::Malformed);
    // None, where there are several keys; where there is one, it is meant.
    refused(&any(), &with_header(r#"{"alg":"RS256","typ":"JWT"}"#), AuthError::UnknownKey);
    let one = verifier(issuer(&Alg::ALL, &[rsa_jwk("rsa")]));
    assert!(verdict(&one, &with_header(r#"{"alg":"RS256","typ":"JWT"}"#)).is_ok());
}

#[test]
fn a_typ_is_that_of_a_token() {
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        let text = json!({"alg": "RS256", "typ": typ, "kid": "rsa"}).to_string();
        assert!(verdict(&any(), &with_header(&text)).is_ok(), "{typ}");
    }
    for typ in ["", "JOSE", "logout+jwt", "secevent+jwt", "dpop+jwt", "JWT ", "jwt;a", "application/jwt", "id_token"] {
        refused(&any(), &with_header(&json!({"alg": "RS256", "typ": typ, "kid": "rsa"}).to_string()), AuthError::Type);
    }
    refused(&any(), &with_header(r#"{"alg":"RS256","kid":"rsa"}"#), AuthError::Type);
    let mut lenient = issuer(&Alg::ALL, &[rsa_jwk("rsa")]);
    lenient.allow_missing_typ = true;
    let lenient = verifier(lenient);
    assert!(verdict(&lenient, &with_header(r#"{"alg":"RS256","kid":"rsa"}"#)).is_ok());
    refused(&lenient, &with_header(r#"{"alg":"RS256","typ":"logout+jwt","kid":"rsa"}"#), AuthError::Type);
}

#[test]
fn an_audience_is_ours_letter_by_letter() {
    let with = |audience: Value| {
        signed(&header(Algorithm::EdDSA, "ed"), &claims(|claims| claims["aud"] = audience), &ed25519(1).0)
    };
    for good in [json!("vizard"), json!(["vizard"]), json!(["other", "vizard"])] {
        assert!(verdict(&any(), &with(good)).is_ok());
    }
    for bad in [
        json!(""),
        json!("Vizard"),
        json!("vizard "),
        json!("vizard/"),
        json!("vizar"),
        json!("vizard2"),
        json!("*"),
        json!("other vizard"),
        json!("vizard,other"),
        json!([]),
        json!([["vizard"]]),
        json!(["other"]),
        json!(["vizard", 3]),
        json!({"vizard": true}),
        json!(null),
        json!(7),
        json!(vec!["vizard"; 501]),
    ] {
        refused(&any(), &with(bad), AuthError::Audience);
    }
}

#[test]
fn an_issuer_is_a_configured_one_letter_by_letter() {
    for issuer in [
        "",
        "https://login.example.com/realms/company/",
        "https://LOGIN.example.com/realms/company",
        "https://login.example.com/realms/Company",
        "http://login.example.com/realms/company",
        "https://login.example.com:443/realms/company",
        "https://login.example.com/realms/company?x",
        "https://login.example.com/realms/company#x",
        "https://login.example.com/realms/../realms/company",
        "https://evil.example/realms/company",
        " https://login.example.com/realms/company",
        "company",
    ] {
        let token =
            signed(&header(Algorithm::EdDSA, "ed"), &claims(|claims| claims["iss"] = json!(issuer)), &ed25519(1).0);
        refused(&any(), &token, AuthError::UnknownIssuer);
    }
    for issuer in [json!([PROVIDER]), json!({"a": PROVIDER}), json!(1), json!(null)] {
        let token = signed(&header(Algorithm::EdDSA, "ed"), &claims(|claims| claims["iss"] = issuer), &ed25519(1).0);
        refused(&any(), &token, AuthError::Claims);
    }
}

#[test]
fn the_key_of_one_issuer_does_not_sign_for_another() {
    let mut other = issuer(&Alg::ALL, &[ed25519_jwk("ed", 2)]);
    other.issuer = "https://other.example".to_owned();
    other.reading.name = "other".to_owned();
    let both = Verifier { issuers: vec![issuer(&Alg::ALL, &[ed25519_jwk("ed", 1)]), other], mode: Mode::Production };
    let token = |seed, issuer: &str| {
        signed(&header(Algorithm::EdDSA, "ed"), &claims(|claims| claims["iss"] = json!(issuer)), &ed25519(seed).0)
    };
    assert_eq!(verdict(&both, &token(1, PROVIDER)).unwrap().id, "company:a1b2");
    assert_eq!(verdict(&both, &token(2, "https://other.example")).unwrap().id, "other:a1b2");
    refused(&both, &token(2, PROVIDER), AuthError::Signature);
    refused(&both, &token(1, "https://other.example"), AuthError::Signature);
    let told = verdict(&both, &token(1, "https://other.example")).unwrap_err();
    assert_eq!(told.issuer.as_deref(), Some("other"), "the configured name, not what the token says");
    assert_eq!(verdict(&both, &token(1, "https://evil.example")).unwrap_err().issuer, None);
}

#[test]
fn two_spellings_of_one_token_are_not_both_good() {
    let good = good();
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let json = |text: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    for (part, whole) in [(head, 0), (body, 1), (signature, 2)] {
        let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(part).unwrap());
        let spellings =
            [format!("{part}="), format!("{part}=="), format!(" {part}"), format!("{part}\n"), format!("{part}%")];
        for spelling in spellings.into_iter().chain((padded != part).then_some(padded)) {
            let mut parts = [head, body, signature];
            parts[whole] = &spelling;
            refused(&any(), &parts.join("."), AuthError::Malformed);
        }
    }
    let twice = format!("{},\"sub\":\"other\"}}", json(body).trim_end_matches('}'));
    refused(&any(), &signed_as(&json(head), &twice, &rsa(), Algorithm::RS256), AuthError::Malformed);
    for text in ["[]", "\"a\"", "null", "", "{", "{}x"] {
        refused(&any(), &signed_as(&json(head), text, &rsa(), Algorithm::RS256), AuthError::Malformed);
        refused(&any(), &with_header(text), AuthError::Malformed);
    }
    // Other serialisations, encrypted tokens, nested dots.
    let flattened = json!({"protected": head, "payload": body, "signature": signature}).to_string();
    for token in [
        flattened.as_str(),
        &format!("{good}.{signature}"),
        &format!("{head}.{head}.{body}.{signature}.{signature}"),
        "",
        ".",
        "..",
        "a.b.c",
    ] {
        refused(&any(), token, AuthError::Malformed);
    }
    refused(&any(), &"A".repeat(100_000), AuthError::TooLong);
    refused(&any(), "vzs_2fJk0Q1v8m3nQxYt5sLr7w9zBbCcDdEeFfGgHhIiJj", AuthError::Malformed);
}

#[test]
fn changing_any_byte_of_a_token_breaks_it() {
    for (algorithm, kid, key) in
        [(Algorithm::RS256, "rsa", rsa()), (Algorithm::ES256, "ec", p256()), (Algorithm::EdDSA, "ed", ed25519(1).0)]
    {
        let good = signed(&header(algorithm, kid), &claims(|_| ()), &key);
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(bytes).unwrap();
            assert!(verdict(&any(), &token).is_err(), "{algorithm:?}: byte {at}");
        }
    }
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let good = signed(&header(Algorithm::ES256, "ec"), &claims(|_| ()), &p256());
    assert!(verdict(&any(), &good).is_ok());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = raw.split_at(32);
    // DER, all zeros (CVE-2022-21449), the order of the group, doubled, cut.
    let integer = |number: &[u8]| {
        let positive = if number[0] >= 0x80 { [&[0], number].concat() } else { number.to_vec() };
        [&[2, u8::try_from(positive.len()).unwrap()], positive.as_slice()].concat()
    };
    let inner = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap()).collect();
    for forged in
        [der, vec![0; 64], [order.clone(), order].concat(), [s, r].concat(), raw.repeat(2), raw[..63].to_vec(), vec![0]]
    {
        refused(&any(), &format!("{message}.{}", URL_SAFE_NO_PAD.encode(forged)), AuthError::Signature);
    }
}
