//! Keys for the tests of tokens, made for them with OpenSSL, and a provider's tokens signed with them.
//! Never: used for anything but tests.

use super::{
    Alg, Claimed, DEVELOPMENT, Issuer, KeySet, Refused, Verifier,
    claims::{Reading, Roles},
    provider::Keys,
};
use crate::config::Mode;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vizard_core::{
    access::Role,
    time::{Micros, SECOND},
};

pub(super) const NOW_SECONDS: i64 = 1_800_000_000;
pub(super) const NOW: Micros = Micros(NOW_SECONDS * SECOND);
pub(super) const PROVIDER: &str = "https://login.example.com/realms/company";

/// An RSA key of 2,048 bits: PKCS #1, base64.
pub(super) const RSA_PRIVATE: &str = "\
    MIIEowIBAAKCAQEA7XSO2uU+XuMxq0x0EA+DvpYx5DiWFyozH4waZuG2qYuVu18nZSrVCKWDh+maU3lFCYvcRuZFM3qmS72dS4czleZCRbHCGV2v\
    CxuinJOikDa9G6ZitdhRsT282v9pOTXwQHbkeXzohe2aFxztWMohT19KZO1/Ux4by5V0gL/bVx0BOxxtdg1E5BYowfsS6SEW2Wn5T1GWfJ3jpU3L\
    waLVOp5noQID6eHwbHXo12RwXoTEYbk0Q8zJb7AjJQibsYizZ4t+4iHQ6KwyM9QYPvCiD8IwUajIvH9la26C9HbjW3suNS2lF8H9u2PfrEjBpyeU\
    UpGU4bgWLzLII6YVK093kwIDAQABAoIBAC6j1MVg/rmzhVeAmlFnQrjGFoGdrblaFBWPtsXbcr3liWD2xS2lVpeuruGcvC/GI43G91rDsvb0EcLR\
    uRoTMcoxInY+/oFt+cpEQNHhW65Y2hcavMu78/vMxRH81eWjVw/KaoEETEW2ECyXBXWJqjZFYL7nOTmRseLwdaQuSv5WdsLt0ytIJVgfyKr7s6nA\
    3ssxRTQipOZp/fhjxnQPPufclD2JgCUlcE0zHWs/cpxgsRTMDMt0Fi+P6zivPTJF2bYL9crD6euMeZkxXPDDHLJ0+8NE/hdBwMc39bDlVYrndnSn\
    tuzpB03ERrorKZun3/TNaKFact+Y4C7sk+gTa7UCgYEA9tS+jeCP+hZPBjacb+u52IL00C0hRP85wpTSF4vzG3aMuhegQExIOFMhRK8gZuKrboT6\
    x++lI/APDHBwuZudD4TBHebgJgUT2+o0DJAjrxStl++S2gVL04N6yFDeIgHj+d5g4nqd+Ar9JkMwK9rDfHKBQssoY8x6k8dTo5cknM0CgYEA9kan\
    ku+aS5+vtjZxfKr1p+sf03sHUeBfZfTf62FqLiUCoY1dUNAc2PM6ZcNwhJcJ9fc2F+/JJiCEEUEWm5WvlKd7qG6oo/0nBBb+I9ftNQ4edwbqvWt7\
    wqaJrniKQjSR+hOjCPFnhAH3uR0CWwPWWAnM0HodqIAtfp0zCPLGZd8CgYBWvr2ZLupqgZyUGm0wCC/wH1XaM4IVtXyfHZ4YGF7/r9IVNGhlMGnR\
    IaX3dXR1tAN7e9CGo3nt/1fKj1mOYVn5MjaMQ69SrUYla1GPeLiRtzqqws9hP6s+Ul68N29ZlECCd9yku2L44SPGZqZvQxqgib1TtAIl0J7jgJGs\
    VFnRoQKBgB/TL5KAXgsJvrYoQPAgU5B4hOtaSa7d9NYDF/Cd7Q+7fqSL1RQ9YIz0mYZPBDpOHl5nrNjZBsBjkU19gMNoS4FFR2iTrD1M2H7hzcOq\
    AqBJi8xL24fQ3PRhewdN0mgNzRNo+DeOopbffjiws/4497j2wz3pme2NatOi0taEMPk3AoGBALP0NIWV1i1sMUvoz6SbdCeznzzoUAVpv0aPlHJo\
    uh2T+u8TDWk4P11AfCgVHVP9BuHqq6sP6Ngpj6B5CP+I5uQl/9nLv0yiWuU/cDy24hsET6Myevjf0j8KVPDSM9d5ncQB14Kq0HmBKYY33izDDXJe\
    dnyh+aUaLFP8PiyxfvIi";
/// Its modulus, base64url.
pub(super) const RSA_MODULUS: &str = "\
    7XSO2uU-XuMxq0x0EA-DvpYx5DiWFyozH4waZuG2qYuVu18nZSrVCKWDh-maU3lFCYvcRuZFM3qmS72dS4czleZCRbHCGV2vCxuinJOikDa9G6Zi\
    tdhRsT282v9pOTXwQHbkeXzohe2aFxztWMohT19KZO1_Ux4by5V0gL_bVx0BOxxtdg1E5BYowfsS6SEW2Wn5T1GWfJ3jpU3LwaLVOp5noQID6eHw\
    bHXo12RwXoTEYbk0Q8zJb7AjJQibsYizZ4t-\
    4iHQ6KwyM9QYPvCiD8IwUajIvH9la26C9HbjW3suNS2lF8H9u2PfrEjBpyeUUpGU4bgWLzLII6YVK093kw";
/// A key on P-256: PKCS #8, base64.
pub(super) const P256_PRIVATE: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBOE6RylmSGm1mWfol2wOnd1nsMz+sL/3N2ZNt6ynonKhRANCAARQamGWE+FzdVg0\
    CVUfI6OpSPRfDviP08ZLfLWYPtt+lA6JoDIzfipxzQcyAWxcPVQ2zMji2arMocST9jd+IIio";
/// Its point.
pub(super) const P256: (&str, &str) =
    ("UGphlhPhc3VYNAlVHyOjqUj0Xw74j9PGS3y1mD7bfpQ", "DomgMjN-KnHNBzIBbFw9VDbMyOLZqsyhxJP2N34giKg");
/// A key on P-384: PKCS #8, base64.
pub(super) const P384_PRIVATE: &str = "\
    MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCCocisQyu+GKv5aPmO+vFOcWxs1NiGHeZxG5cBqsKuFP2OSxm/MioUqbGnU0rbiIuh\
    ZANiAARM8hP/cnx9caQc4QeCXMs4Vu1tLXpOrwtESNc8/QSHCuXxiQ74itO6V8x3lMH85a19aAbtkVf1j57u4rn3efWsguq88VdHYSWxr0JBtNuD\
    9PmUGxYQt7K7FCi4PoEKvgM=";
/// Its point.
pub(super) const P384: (&str, &str) = (
    "TPIT_3J8fXGkHOEHglzLOFbtbS16Tq8LREjXPP0Ehwrl8YkO-IrTulfMd5TB_OWt",
    "fWgG7ZFX9Y-e7uK593n1rILqvPFXR2Elsa9CQbTbg_T5lBsWELeyuxQouD6BCr4D",
);

pub(super) fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(&STANDARD.decode(RSA_PRIVATE).unwrap())
}

pub(super) fn p256() -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(P256_PRIVATE).unwrap())
}

pub(super) fn p384() -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(P384_PRIVATE).unwrap())
}

/// An Ed25519 key from one byte, and its point in base64url.
pub(super) fn ed25519(seed: u8) -> (EncodingKey, String) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let private = EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes());
    (private, URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes()))
}

pub(super) fn rsa_jwk(kid: &str) -> Value {
    json!({"kty": "RSA", "kid": kid, "use": "sig", "n": RSA_MODULUS, "e": "AQAB"})
}

pub(super) fn p256_jwk(kid: &str) -> Value {
    json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": P256.0, "y": P256.1})
}

pub(super) fn ed25519_jwk(kid: &str, seed: u8) -> Value {
    json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": ed25519(seed).1})
}

pub(super) fn set(keys: &[Value]) -> Vec<u8> {
    json!({"keys": keys}).to_string().into_bytes()
}

/// Good claims of the provider, changed.
pub(super) fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": PROVIDER, "aud": "vizard", "sub": "a1b2", "name": "Ada", "groups": ["vizard-analysts", "canteen"],
        "preferred_username": "Ada.Quill@Example.com", "email": "ada.quill@example.com",
        "iat": NOW_SECONDS, "exp": NOW_SECONDS + 60,
    });
    change(&mut claims);
    claims
}

pub(super) fn header(algorithm: Algorithm, kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) }
}

/// A token with a genuine signature.
pub(super) fn signed(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

/// A token over a header that no library would write, with a genuine signature by `algorithm`.
pub(super) fn signed_as(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The provider, pinned to `algorithms`, with a key set that does not change.
pub(super) fn issuer(algorithms: &[Alg], jwks: &[Value]) -> Issuer {
    let map = BTreeMap::from([
        ("vizard-analysts".to_owned(), Role::Analyst),
        ("vizard-admins".to_owned(), Role::Admin),
        ("vizard-auditors".to_owned(), Role::Auditor),
    ]);
    Issuer {
        issuer: PROVIDER.to_owned(),
        algorithms: algorithms.to_vec(),
        types: &["jwt", "at+jwt", "application/at+jwt"],
        allow_missing_typ: false,
        keys: Keys::fixed(KeySet::read(&set(jwks), algorithms).unwrap()),
        reading: Reading {
            name: "company".to_owned(),
            audience: vec!["vizard".to_owned()],
            roles: Roles::Mapped("groups".to_owned(), map),
            name_claim: "name".to_owned(),
            account_claim: "preferred_username".to_owned(),
        },
    }
}

pub(super) fn verifier(issuer: Issuer) -> Verifier {
    assert_ne!(issuer.reading.name, DEVELOPMENT);
    Verifier { issuers: vec![issuer], mode: Mode::Production }
}

/// The provider with a key of each kind: `rsa`, `ec`, `ed`.
pub(super) fn any() -> Verifier {
    verifier(issuer(&Alg::ALL, &[rsa_jwk("rsa"), p256_jwk("ec"), ed25519_jwk("ed", 1)]))
}

pub(super) fn verdict(verifier: &Verifier, token: &str) -> Result<Claimed, Refused> {
    verdict_at(verifier, token, NOW)
}

pub(super) fn verdict_at(verifier: &Verifier, token: &str, now: Micros) -> Result<Claimed, Refused> {
    futures_util::FutureExt::now_or_never(verifier.verify(token, now)).expect("nothing is waited for")
}
