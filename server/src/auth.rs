//! Sign-in: who is behind a bearer token. For now the only issuer is the local development key.
//! Never: lets a bad token pass as nobody, trusts a token's own choice of algorithm, or reads the machine's clock.

mod key;

use crate::{
    config::{Config, Mode},
    permit::Viewer,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::{path::Path, time::Duration};
use vizard_core::{
    access::Role,
    limits,
    time::{Micros, SECOND},
};

const ISSUER: &str = "vizard-development";
const AUDIENCE: &str = "vizard";
/// How long a development token holds when nobody says.
pub const DEVELOPMENT_TOKEN_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// Roles that one viewer may not hold together (domain, section 7).
const CONFLICTS: [(Role, Role); 2] = [(Role::Investigator, Role::Approver), (Role::Admin, Role::Auditor)];

/// Why a token was not accepted, or not issued. Safe to show; never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Not a token of ours: shape, algorithm, signature, issuer, audience or a missing claim.
    #[error("the token is not valid here")]
    Invalid,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// It will be valid later.
    #[error("the token is not valid yet")]
    TooEarly,
    /// A role that does not exist.
    #[error("the token names an unknown role")]
    UnknownRole,
    /// Roles that must be held by different people.
    #[error("the roles {0} and {1} may not be held together")]
    Conflict(&'static str, &'static str),
    /// A development token in production.
    #[error("development tokens are refused in production mode")]
    NoSignIn,
    /// A name without a letter or digit, or too long.
    #[error("a name needs at least one ASCII letter or digit and at most 200 characters")]
    Name,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    name: String,
    roles: Vec<String>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs development tokens with the key in the data directory.
pub struct DevSigner {
    signing: EncodingKey,
    public: DecodingKey,
}

impl DevSigner {
    /// Opens the key at `path`, or makes one there that only its owner can read.
    pub fn open_or_create(path: &Path) -> anyhow::Result<Self> {
        let (signing, public) = key::open_or_create(path)?;
        Ok(Self { signing: EncodingKey::from_ed_der(&signing), public: DecodingKey::from_ed_der(&public) })
    }

    /// A token for the viewer called `name`, with `roles`, valid from `now` for `life`.
    pub fn issue(&self, name: &str, roles: &[Role], life: Duration, now: Micros) -> Result<String, AuthError> {
        refuse_conflicts(roles)?;
        if name.chars().count() > limits::NAME_CHARS {
            return Err(AuthError::Name);
        }
        let from = now.0.div_euclid(SECOND);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: format!("dev:{}", slug(name).ok_or(AuthError::Name)?),
            name: name.to_owned(),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            iat: from,
            nbf: from,
            exp: from.saturating_add(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing).map_err(|_| AuthError::Invalid)
    }
}

/// Tells who is behind a token.
pub struct Verifier {
    development: Option<DecodingKey>,
    rules: Validation,
}

impl Verifier {
    /// The tokens that this configuration accepts: in production none, for development the signer's.
    pub fn new(mode: Mode, signer: &DevSigner) -> Self {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library reads the machine's clock; `verify` checks both times against ours.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        Self { development: (mode == Mode::Development).then(|| signer.public.clone()), rules }
    }

    /// The viewer whose token this is.
    pub fn verify(&self, bearer: &str, now: Micros) -> Result<Viewer, AuthError> {
        let key = self.development.as_ref().ok_or(AuthError::NoSignIn)?;
        if bearer.len() > limits::BEARER_BYTES {
            return Err(AuthError::Invalid);
        }
        let token = jsonwebtoken::decode::<Claims>(bearer, key, &self.rules).map_err(|_| AuthError::Invalid)?;
        if token.header.typ.as_deref() != Some("JWT") || token.header.crit.is_some() {
            return Err(AuthError::Invalid);
        }
        let claims = token.claims;
        let (now, leeway) = (now.0.div_euclid(SECOND), limits::TOKEN_LEEWAY_SECONDS);
        if now >= claims.exp.saturating_add(leeway) {
            return Err(AuthError::Expired);
        }
        if now.saturating_add(leeway) < claims.nbf.max(claims.iat) {
            return Err(AuthError::TooEarly);
        }
        let roles = roles_of(&claims.roles)?;
        Ok(Viewer::staff(claims.sub, claims.name, roles))
    }
}

/// Refuses to serve where nobody could sign in.
pub fn require_sign_in(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.mode == Mode::Development,
        "mode = \"production\" needs a way to sign in, and this version has only development tokens, which production \
         refuses. Set mode = \"development\" (VIZARD_MODE=development) on a machine that only you can reach."
    );
    Ok(())
}

fn roles_of(names: &[String]) -> Result<Vec<Role>, AuthError> {
    let mut roles = Vec::new();
    for name in names {
        let role = Role::ALL.iter().find(|role| role.as_str() == name).ok_or(AuthError::UnknownRole)?;
        if !roles.contains(role) {
            roles.push(*role);
        }
    }
    refuse_conflicts(&roles)?;
    Ok(roles)
}

fn refuse_conflicts(roles: &[Role]) -> Result<(), AuthError> {
    match CONFLICTS.iter().find(|(one, other)| roles.contains(one) && roles.contains(other)) {
        Some((one, other)) => Err(AuthError::Conflict(one.as_str(), other.as_str())),
        None => Ok(()),
    }
}

/// `Ada Lovelace` becomes `ada-lovelace`; `None` where nothing is left.
fn slug(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod tests;
