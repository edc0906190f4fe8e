//! Which key sets are refused, and which keys of a good one may verify.
//! Never: a set that is refused for another reason than the one that is meant.

use super::{
    super::testkeys::{P256, P384, RSA_MODULUS, ed25519, ed25519_jwk, p256_jwk, rsa_jwk, set},
    *,
};
use proptest::prelude::*;
use serde_json::json;

fn read(keys: &[Value]) -> Result<KeySet, BadSet> {
    KeySet::read(&set(keys), &Alg::ALL)
}

#[track_caller]
fn refused(keys: &[Value], expected: BadSet) {
    assert_eq!(read(keys).unwrap_err(), expected, "{keys:?}");
}

/// A good key with one member set.
fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn bytes(length: usize, first: u8, last: u8) -> String {
    let mut bytes = vec![0x5a; length];
    bytes[0] = first;
    bytes[length - 1] = last;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn a_good_set_finds_each_key_by_its_name_for_its_algorithms() {
    let set = read(&[rsa_jwk("r"), p256_jwk("e"), ed25519_jwk("d", 1)]).unwrap();
    for (kid, algorithms) in [("r", vec![Alg::Rs256, Alg::Ps256]), ("e", vec![Alg::Es256]), ("d", vec![Alg::EdDsa])] {
        let key = set.find(Some(kid)).unwrap();
        assert_eq!(Alg::ALL.into_iter().filter(|alg| key.is_for(*alg)).collect::<Vec<_>>(), algorithms);
    }
    for kid in [None, Some(""), Some("R"), Some("r ")] {
        assert!(set.find(kid).is_none(), "{kid:?}");
    }
    assert_eq!(format!("{set:?}"), "KeySet(3)");
}

#[test]
fn keys_for_something_else_are_left_out_and_the_set_is_good() {
    let others = [
        json!({"kty": "RSA", "kid": "1", "use": "enc", "alg": "RSA-OAEP", "n": RSA_MODULUS, "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "2", "use": "enc", "n": bytes(128, 0xff, 1), "e": "Aw"}),
        json!({"kty": "RSA", "kid": "3", "alg": "RS512", "n": RSA_MODULUS, "e": "AQAB"}),
        json!({"kty": "EC", "kid": "4", "crv": "P-384", "x": P384.0, "y": P384.1}),
        json!({"kty": "EC", "kid": "5", "crv": "P-384", "alg": "ES384", "x": P384.0, "y": P384.1}),
        json!({"kty": "OKP", "kid": "6", "crv": "X25519", "x": ed25519(1).1}),
        json!({"kty": "AKP", "kid": "7", "alg": "ML-DSA-44", "pub": "AA"}),
        with(ed25519_jwk("8", 1), "key_ops", json!(["encrypt"])),
        with(ed25519_jwk("9", 1), "key_ops", json!([])),
        with(ed25519_jwk("10", 1), "use", json!("tls")),
        with(with(ed25519_jwk("11", 1), "use", json!("enc")), "key_ops", json!(["verify"])),
    ];
    let all: Vec<Value> = others.iter().cloned().chain([p256_jwk("good")]).collect();
    let set = read(&all).unwrap();
    assert!(set.find(Some("good")).is_some());
    for other in &others {
        assert!(set.find(other["kid"].as_str()).is_none(), "{other}");
        refused(std::slice::from_ref(other), BadSet::NoUsableKey);
    }
    // What the issuer is not pinned to is such a thing as well.
    let pinned = KeySet::read(&super::super::testkeys::set(&[rsa_jwk("r"), p256_jwk("e")]), &[Alg::Es256]).unwrap();
    assert!(pinned.find(Some("r")).is_none() && pinned.find(Some("e")).is_some());
    assert!(read(&[with(ed25519_jwk("d", 1), "key_ops", json!(["sign", "verify"]))]).is_ok());
}

#[test]
fn a_symmetric_or_private_key_anywhere_refuses_the_set() {
    let good = p256_jwk("good");
    for bad in [
        json!({"kty": "oct", "kid": "x", "k": "AAAA"}),
        json!({"kty": "OCT", "kid": "x"}),
        json!({"kty": "oct", "kid": "x", "use": "enc"}),
        with(rsa_jwk("x"), "alg", json!("HS256")),
        with(rsa_jwk("x"), "alg", json!("hs512")),
    ] {
        refused(&[good.clone(), bad], BadSet::Symmetric);
    }
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        for key in [rsa_jwk("x"), p256_jwk("x"), ed25519_jwk("x", 1), with(rsa_jwk("x"), "use", json!("enc"))] {
            refused(&[good.clone(), with(key, name, json!("AQ"))], BadSet::Private);
        }
    }
}

#[test]
fn every_key_has_one_name_of_its_own() {
    refused(&[p256_jwk("a"), p256_jwk("a")], BadSet::DuplicateKid);
    refused(&[p256_jwk("a"), rsa_jwk("a")], BadSet::DuplicateKid);
    // Also where one of them is for something else.
    refused(&[p256_jwk("a"), with(rsa_jwk("a"), "use", json!("enc"))], BadSet::DuplicateKid);
    let nameless = json!({"kty": "EC", "crv": "P-256", "x": P256.0, "y": P256.1});
    refused(&[nameless.clone(), p256_jwk("a")], BadSet::Unnamed);
    refused(&[nameless.clone(), nameless.clone()], BadSet::Unnamed);
    let alone = read(std::slice::from_ref(&nameless)).unwrap();
    assert!(alone.find(None).is_some() && alone.find(Some("a")).is_none());
    for kid in [json!(""), json!(1), json!(null), json!(["a"]), json!("a".repeat(257))] {
        refused(&[with(nameless.clone(), "kid", kid)], BadSet::Kid);
    }
}

#[test]
fn an_rsa_key_is_long_enough_and_its_exponent_large_and_odd() {
    for modulus in [
        bytes(128, 0xff, 1),
        bytes(256, 0x7f, 1),
        bytes(255, 0xff, 1),
        bytes(513, 1, 1),
        bytes(1_024, 0xff, 1),
        String::new(),
        "AA".into(),
    ] {
        refused(&[with(rsa_jwk("x"), "n", json!(modulus))], BadSet::Modulus);
    }
    refused(&[with(rsa_jwk("x"), "n", json!(bytes(256, 0xff, 2)))], BadSet::Modulus);
    // Zeros in front do not make it longer.
    let padded = URL_SAFE_NO_PAD.encode([vec![0; 200], vec![0xff; 128]].concat());
    refused(&[with(rsa_jwk("x"), "n", json!(padded))], BadSet::Modulus);
    for length in [256, 384, 512] {
        assert!(read(&[with(rsa_jwk("x"), "n", json!(bytes(length, 0x80, 1)))]).is_ok(), "{length}");
    }
    for exponent in
        [vec![], vec![0], vec![1], vec![3], vec![0xff, 0xff], vec![1, 0, 0], vec![1, 0, 2], vec![1, 0, 0, 0, 1]]
    {
        refused(&[with(rsa_jwk("x"), "e", json!(URL_SAFE_NO_PAD.encode(exponent)))], BadSet::Exponent);
    }
    for exponent in [vec![1, 0, 1], vec![0, 1, 0, 1], vec![1, 0, 3], vec![0xff, 0xff, 0xff, 0xff]] {
        assert!(read(&[with(rsa_jwk("x"), "e", json!(URL_SAFE_NO_PAD.encode(exponent)))]).is_ok());
    }
}

#[test]
fn a_curve_goes_with_its_algorithm_and_a_point_lies_on_it() {
    refused(&[with(rsa_jwk("x"), "alg", json!("ES256"))], BadSet::Mismatch);
    refused(&[with(rsa_jwk("x"), "alg", json!("EdDSA"))], BadSet::Mismatch);
    refused(&[with(p256_jwk("x"), "alg", json!("RS256"))], BadSet::Mismatch);
    refused(&[with(p256_jwk("x"), "alg", json!("EdDSA"))], BadSet::Mismatch);
    let p384 = json!({"kty": "EC", "kid": "x", "crv": "P-384", "alg": "ES256", "x": P384.0, "y": P384.1});
    refused(&[p384], BadSet::Mismatch);
    refused(&[with(with(p256_jwk("x"), "crv", json!("secp256k1")), "alg", json!("ES256"))], BadSet::Mismatch);
    refused(&[with(with(ed25519_jwk("x", 1), "crv", json!("X25519")), "alg", json!("EdDSA"))], BadSet::Mismatch);
    refused(&[with(with(ed25519_jwk("x", 1), "crv", json!("Ed448")), "alg", json!("EdDSA"))], BadSet::Mismatch);
    // P-384's coordinates under P-256's name; short, long, swapped, zero; not on the curve.
    refused(&[json!({"kty": "EC", "kid": "x", "crv": "P-256", "x": P384.0, "y": P384.1})], BadSet::Point);
    for (x, y) in [(P256.1, P256.0), ("AA", P256.1), (P256.0, "AA"), ("", "")] {
        refused(&[json!({"kty": "EC", "kid": "x", "crv": "P-256", "x": x, "y": y})], BadSet::Point);
    }
    let zero = URL_SAFE_NO_PAD.encode([0; 32]);
    refused(&[json!({"kty": "EC", "kid": "x", "crv": "P-256", "x": zero, "y": zero})], BadSet::Point);
    // Points of small order accept signatures that nobody made.
    for first in [0u8, 1] {
        let mut point = [0u8; 32];
        point[0] = first;
        refused(&[with(ed25519_jwk("x", 1), "x", json!(URL_SAFE_NO_PAD.encode(point)))], BadSet::Point);
    }
    for length in [0, 31, 33] {
        refused(&[with(ed25519_jwk("x", 1), "x", json!(URL_SAFE_NO_PAD.encode(vec![9; length])))], BadSet::Point);
    }
}

#[test]
fn a_set_has_the_shape_of_one() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{\"keys\": {}}",
        "{\"keys\": [1]}",
        "{\"keys\": [[]]}",
        "{\"keys\": []} x",
        "<html>",
        "{\"keys\": [], \"keys\": []}",
    ] {
        assert_eq!(KeySet::read(text.as_bytes(), &Alg::ALL).unwrap_err(), BadSet::Shape, "{text}");
    }
    refused(&[], BadSet::NoUsableKey);
    let twice = String::from_utf8(set(&[p256_jwk("a")])).unwrap().replacen("\"crv\"", "\"crv\":\"P-256\",\"crv\"", 1);
    assert_eq!(KeySet::read(twice.as_bytes(), &Alg::ALL).unwrap_err(), BadSet::Shape);
    for name in ["kty", "x", "y"] {
        let mut key = p256_jwk("a");
        key.as_object_mut().unwrap().remove(name);
        refused(&[key], BadSet::Shape);
        refused(&[with(p256_jwk("a"), name, json!(1))], if name == "kty" { BadSet::Parameters } else { BadSet::Shape });
    }
    refused(&[with(p256_jwk("a"), "x", json!(format!("{}=", P256.0)))], BadSet::Shape);
    refused(&[with(p256_jwk("a"), "use", json!(["sig"]))], BadSet::Parameters);
    refused(&[with(p256_jwk("a"), "alg", json!(1))], BadSet::Parameters);
    refused(&[with(p256_jwk("a"), "key_ops", json!("verify"))], BadSet::Parameters);
    refused(&[with(p256_jwk("a"), "key_ops", json!([1]))], BadSet::Parameters);
    let many: Vec<Value> = (0..=limits::KEY_SET_KEYS).map(|at| p256_jwk(&at.to_string())).collect();
    refused(&many, BadSet::TooManyKeys);
    assert!(read(&many[1..]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_a_set_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = KeySet::read(&bytes, &Alg::ALL);
    }

    /// A good key with one member changed to anything.
    #[test]
    fn any_member_is_taken_or_refused(
        which in 0usize..3,
        name in prop::sample::select(vec!["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "d"]),
        value in prop::sample::select(vec![json!(null), json!(1), json!(""), json!("AAAA"), json!("EC"), json!("RSA"), json!("OKP"), json!("EdDSA"), json!([]), json!({})]),
    ) {
        let key = [rsa_jwk("a"), p256_jwk("a"), ed25519_jwk("a", 1)][which].clone();
        let _ = read(&[with(key, name, value)]);
    }
}
