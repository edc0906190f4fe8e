//! A token in compact form (RFC 7515, section 7.1), taken apart. Nothing in it is true yet.
//! Never: follows a pointer in a header, or reads a spelling that another reader could take for something else.

use super::{AuthError, json, keyset::Alg};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use vizard_core::limits;

/// Header parameters that bring or point to a key of the sender's choice, or change how the rest is to be read.
const REFUSED: [&str; 12] = ["jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc", "epk", "apu", "p2s", "p2c"];

/// What a token says of itself.
pub(super) struct Token<'a> {
    pub(super) alg: Alg,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    pub(super) claims: Map<String, Value>,
    /// What the signature is over.
    pub(super) message: &'a [u8],
    /// In base64url.
    pub(super) signature: &'a str,
}

impl<'a> Token<'a> {
    /// Takes `bearer` apart.
    pub(super) fn read(bearer: &'a str) -> Result<Self, AuthError> {
        if bearer.len() > limits::BEARER_BYTES {
            return Err(AuthError::TooLong);
        }
        let (message, signature) = bearer.rsplit_once('.').ok_or(AuthError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(AuthError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| json::object(&bytes));
        let header = decode(header).ok_or(AuthError::Malformed)?;
        let claims = decode(claims).ok_or(AuthError::Malformed)?;
        if REFUSED.iter().any(|name| header.contains_key(*name)) {
            return Err(AuthError::Header);
        }
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= limits::KEY_ID_BYTES => Ok(Some(text.clone())),
            Some(_) => Err(AuthError::Malformed),
        };
        let alg = text("alg")?.ok_or(AuthError::Algorithm)?.parse().map_err(|()| AuthError::Algorithm)?;
        if URL_SAFE_NO_PAD.decode(signature).map_or(true, |bytes| bytes.is_empty()) {
            return Err(AuthError::Malformed);
        }
        Ok(Self { alg, kid: text("kid")?, typ: text("typ")?, claims, message: message.as_bytes(), signature })
    }

    /// Whose token it says it is.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }
}
