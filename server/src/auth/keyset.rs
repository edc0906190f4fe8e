//! A provider's key set: from the bytes of a JWK set (RFC 7517) to keys that may verify, or a named refusal of the whole.
//! Never: a symmetric key, a weak one, a private one, or a set in which two keys could be meant by one name.

use super::json;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt, str::FromStr};
use vizard_core::limits;

/// The algorithms that an issuer may be pinned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words of RFC 7518 and RFC 8037")]
pub enum Alg {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Alg {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The word in a token's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn implementation(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Ps256 => Algorithm::PS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

impl FromStr for Alg {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text).ok_or(())
    }
}

/// Why a whole key set is refused. `Display` is for the operator's log: it holds nothing of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum BadSet {
    #[error("it is not a JSON object with a list `keys` of objects, every name once")]
    Shape,
    #[error("it has more keys than {}", limits::KEY_SET_KEYS)]
    TooManyKeys,
    #[error("two of its keys have the same `kid`")]
    DuplicateKid,
    #[error("some of its keys have a `kid` and others have none")]
    Unnamed,
    #[error("a `kid` is not a text of 1 to {} bytes", limits::KEY_ID_BYTES)]
    Kid,
    #[error("it holds a symmetric key (`kty` \"oct\", or an algorithm HS…): whoever reads the set could sign")]
    Symmetric,
    #[error("it holds a part of a private key")]
    Private,
    #[error("an RSA modulus is not of {} to {} bits, or is even", limits::RSA_BITS.start(), limits::RSA_BITS.end())]
    Modulus,
    #[error("an RSA exponent is even, below 65537 or longer than 32 bits")]
    Exponent,
    #[error("a key's type or curve does not go with its `alg`")]
    Mismatch,
    #[error("a point is not on its curve, or of small order")]
    Point,
    #[error("`use`, `key_ops` or `alg` of a key have another shape than RFC 7517 says")]
    Parameters,
    #[error("none of its keys may verify with an algorithm of this issuer")]
    NoUsableKey,
}

/// Parameters of private keys (RFC 7518, section 6; RFC 8037) and of symmetric ones.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A key that may verify.
#[derive(Clone)]
pub struct Key {
    kid: Option<String>,
    algorithms: Vec<Alg>,
    decoding: DecodingKey,
}

impl Key {
    /// Whether `signature` (base64url) is this key's over `message` by `alg`, which must be an algorithm of the key.
    pub fn verifies(&self, alg: Alg, message: &[u8], signature: &str) -> bool {
        self.algorithms.contains(&alg)
            && matches!(crypto::verify(signature, message, &self.decoding, alg.implementation()), Ok(true))
    }

    /// Whether the key may be used with `alg`.
    pub fn is_for(&self, alg: Alg) -> bool {
        self.algorithms.contains(&alg)
    }
}

/// Keys that may verify, each found by one name.
#[derive(Clone)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// Public keys are public, but nobody needs them in a log.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.keys.len())
    }
}

impl KeySet {
    /// Checks a JWK set. `pinned` are the algorithms of its issuer. Keys for anything else (encryption, other
    /// algorithms) are left out: providers publish them in the same set. They must not be symmetric or private either.
    pub fn read(bytes: &[u8], pinned: &[Alg]) -> Result<Self, BadSet> {
        let set = json::object(bytes).ok_or(BadSet::Shape)?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or(BadSet::Shape)?;
        if listed.len() > limits::KEY_SET_KEYS {
            return Err(BadSet::TooManyKeys);
        }
        let mut names = BTreeSet::new();
        let mut keys = Vec::new();
        for jwk in listed {
            let jwk = jwk.as_object().ok_or(BadSet::Shape)?;
            let kid = kid(jwk)?;
            if let Some(kid) = &kid
                && !names.insert(kid.clone())
            {
                return Err(BadSet::DuplicateKid);
            }
            if let Some((algorithms, decoding)) = check(jwk, pinned)? {
                keys.push(Key { kid, algorithms, decoding });
            }
        }
        // One nameless key is meant by a token without a name; two could both be.
        if names.len() < listed.len() && listed.len() > 1 {
            return Err(BadSet::Unnamed);
        }
        if keys.is_empty() { Err(BadSet::NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// The one Ed25519 key that development tokens are signed with.
    pub(super) fn of_ed25519(public: &[u8; 32]) -> Self {
        let decoding = DecodingKey::from_ed_der(public);
        Self { keys: vec![Key { kid: None, algorithms: vec![Alg::EdDsa], decoding }] }
    }

    /// The key that a token's header means. Without a `kid`, the only one there is.
    pub fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        }
    }
}

fn kid(jwk: &Map<String, Value>) -> Result<Option<String>, BadSet> {
    match jwk.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if (1..=limits::KEY_ID_BYTES).contains(&kid.len()) => Ok(Some(kid.clone())),
        Some(_) => Err(BadSet::Kid),
    }
}

/// The algorithms and the key where it may verify, nothing where it is for something else.
fn check(jwk: &Map<String, Value>, pinned: &[Alg]) -> Result<Option<(Vec<Alg>, DecodingKey)>, BadSet> {
    let word = |name: &str| match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(word)) => Ok(Some(word.as_str())),
        Some(_) => Err(BadSet::Parameters),
    };
    let kty = word("kty")?.ok_or(BadSet::Shape)?;
    let (alg, purpose, curve) = (word("alg")?, word("use")?, word("crv")?);
    if kty.eq_ignore_ascii_case("oct") || alg.is_some_and(|alg| alg.to_ascii_uppercase().starts_with("HS")) {
        return Err(BadSet::Symmetric);
    }
    if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err(BadSet::Private);
    }
    let operations = match jwk.get("key_ops") {
        None => None,
        Some(Value::Array(operations)) if operations.iter().all(Value::is_string) => Some(operations),
        Some(_) => return Err(BadSet::Parameters),
    };
    let verifies = purpose.is_none_or(|purpose| purpose == "sig")
        && operations.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    let goes_with = goes_with(kty, curve);
    let declared = match alg.map(str::parse::<Alg>) {
        Some(Ok(alg)) if !goes_with.contains(&alg) => return Err(BadSet::Mismatch),
        Some(Ok(alg)) => vec![alg],
        // Another algorithm: a key for encryption, or one that no issuer here is pinned to.
        Some(Err(())) => return Ok(None),
        None => goes_with.to_vec(),
    };
    let usable: Vec<Alg> = declared.into_iter().filter(|alg| pinned.contains(alg)).collect();
    if !verifies || usable.is_empty() {
        return Ok(None);
    }
    let bytes = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).ok_or(BadSet::Shape)?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| BadSet::Shape)
    };
    let decoding = match kty {
        "RSA" => rsa(&bytes("n")?, &bytes("e")?)?,
        "EC" => p256(&bytes("x")?, &bytes("y")?)?,
        _ => ed25519(&bytes("x")?)?,
    };
    Ok(Some((usable, decoding)))
}

/// The algorithms that a type of key and a curve can be used with.
fn goes_with(kty: &str, curve: Option<&str>) -> &'static [Alg] {
    match (kty, curve) {
        ("RSA", None) => &[Alg::Rs256, Alg::Ps256],
        ("EC", Some("P-256")) => &[Alg::Es256],
        ("OKP", Some("Ed25519")) => &[Alg::EdDsa],
        _ => &[],
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<DecodingKey, BadSet> {
    let modulus = trim(modulus);
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !limits::RSA_BITS.contains(&bits) || modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err(BadSet::Modulus);
    }
    let exponent = trim(exponent);
    if exponent.len() > 4 {
        return Err(BadSet::Exponent);
    }
    let value = exponent.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    if value < 65_537 || value % 2 == 0 {
        return Err(BadSet::Exponent);
    }
    Ok(DecodingKey::from_rsa_raw_components(modulus, exponent))
}

fn trim(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

fn p256(x: &[u8], y: &[u8]) -> Result<DecodingKey, BadSet> {
    // RFC 7518, section 6.2.1.2: the full length, no shorter.
    if x.len() != 32 || y.len() != 32 {
        return Err(BadSet::Point);
    }
    let key = DecodingKey::from_ec_der(&[&[4], x, y].concat());
    // The library looks at the point first: an error here is about the key, a `false` about the signature.
    match crypto::verify("", b"", &key, Algorithm::ES256) {
        Ok(_) => Ok(key),
        Err(_) => Err(BadSet::Point),
    }
}

fn ed25519(x: &[u8]) -> Result<DecodingKey, BadSet> {
    let bytes: &[u8; 32] = x.try_into().map_err(|_| BadSet::Point)?;
    match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
        Ok(key) if !key.is_weak() => Ok(DecodingKey::from_ed_der(bytes)),
        _ => Err(BadSet::Point),
    }
}

#[cfg(test)]
mod tests;
