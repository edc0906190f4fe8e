//! Development tokens: signed with a key that lies in the data directory.
//! Never: in production; [`super::Verifier`] does not know the key there.

use super::{AuthError, keyset::KeySet, slug};
use crate::keyfile;
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use std::{path::Path, time::Duration};
use vizard_core::{
    access::{Role, duties},
    limits,
    time::{Micros, SECOND},
};

/// `iss` of these tokens.
pub(super) const ISSUER: &str = "vizard-development";
/// `aud` of these tokens.
pub(super) const AUDIENCE: &str = "vizard";
/// What their viewers' ids begin with.
pub const DEVELOPMENT: &str = "dev";
/// How long a development token holds when nobody says.
pub const DEVELOPMENT_TOKEN_LIFE: Duration = Duration::from_secs(12 * 3_600);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    name: &'a str,
    roles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs development tokens with the key in the data directory.
pub struct DevSigner {
    pub(super) signing: EncodingKey,
    pub(super) public: [u8; 32],
}

impl DevSigner {
    /// Opens the key at `path`, or makes one there that only its owner can read.
    pub fn open_or_create(path: &Path) -> anyhow::Result<Self> {
        let seed = keyfile::open_or_create(path)?;
        let key = SigningKey::from_bytes(&seed);
        let signing = EncodingKey::from_ed_der(key.to_pkcs8_der()?.as_bytes());
        Ok(Self { signing, public: key.verifying_key().to_bytes() })
    }

    /// A token for the viewer called `name`, with `roles`, valid from `now` for `life`.
    pub fn issue(&self, name: &str, roles: &[Role], life: Duration, now: Micros) -> Result<String, AuthError> {
        self.issue_for(name, None, roles, life, now)
    }

    /// The same, for somebody whom connectors know by `account`.
    pub fn issue_for(
        &self,
        name: &str,
        account: Option<&str>,
        roles: &[Role],
        life: Duration,
        now: Micros,
    ) -> Result<String, AuthError> {
        if let Some((one, other)) = duties::conflict(roles) {
            return Err(AuthError::Conflict(one.as_str(), other.as_str()));
        }
        if name.chars().count() > limits::NAME_CHARS {
            return Err(AuthError::Name);
        }
        let from = now.0.div_euclid(SECOND);
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: slug(name).ok_or(AuthError::Name)?,
            name,
            roles: roles.iter().map(|role| role.as_str()).collect(),
            preferred_username: account,
            iat: from,
            nbf: from,
            exp: from.saturating_add(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing).map_err(|_| AuthError::Signature)
    }

    pub(super) fn keys(&self) -> KeySet {
        KeySet::of_ed25519(&self.public)
    }
}
