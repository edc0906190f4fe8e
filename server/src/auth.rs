//! Sign-in: who is behind a bearer token. Tokens are JWTs of the configured OpenID Connect providers; in development also
//! those that the local key signs.
//! Never: lets a bad token pass as nobody, trusts a token's own choice of algorithm or key, or reads the machine's clock.

mod claims;
mod development;
mod json;
mod keyset;
mod provider;
mod token;

pub(crate) use claims::is_viewer_of;
pub use development::{DEVELOPMENT, DEVELOPMENT_TOKEN_LIFE, DevSigner};
pub use keyset::{Alg, BadSet, KeySet};
pub use provider::acceptable_url;

use crate::config::{Config, Mode};
use claims::{Reading, Roles};
use provider::Keys;
use std::fmt;
use token::Token;
use vizard_core::{access::Role, event::NormalisedIdentifier, time::Micros};

/// Why a token was not accepted, or not issued. Safe to show; never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Not three parts of base64url, or not JSON objects with every name once.
    #[error("the token is not a signed JSON web token")]
    Malformed,
    /// See `limits::BEARER_BYTES`.
    #[error("the token is too long")]
    TooLong,
    /// It brings its own key, points to one, or asks for a feature that is not supported.
    #[error(
        "the token's header holds a parameter that is refused: jwk, jku, x5c, x5u, crit, b64, zip or one of encryption"
    )]
    Header,
    /// `alg` is not an algorithm that the issuer is pinned to, or not the key's.
    #[error("the token is not signed with an algorithm that its issuer may use here")]
    Algorithm,
    /// `typ` is missing or something else than a token for access or of an identity.
    #[error("the token's typ is neither JWT nor at+jwt")]
    Type,
    /// `iss` is none of the configured ones.
    #[error("the token is of an issuer that is not configured here")]
    UnknownIssuer,
    /// The issuer has no key of this name.
    #[error("the token's key is not in its issuer's key set")]
    UnknownKey,
    /// No good key set of the issuer is known.
    #[error("the keys of the token's issuer cannot be had at the moment")]
    NoKeys,
    /// Forged or damaged.
    #[error("the token's signature is wrong")]
    Signature,
    /// `aud` is not ours.
    #[error("the token is for another audience")]
    Audience,
    /// A claim is missing or has another shape.
    #[error("the token lacks a claim (iss, aud, sub, exp), or one has another shape than it must have")]
    Claims,
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
    Development,
    /// A share token that was never given out.
    #[error("the share token is not valid here")]
    UnknownShare,
    /// A share whose time is over.
    #[error("the share has expired: ask who shared the case for a new one")]
    ExpiredShare,
    /// A share that was taken back.
    #[error("the share was revoked: ask who shared the case")]
    RevokedShare,
    /// No connector's credential.
    #[error("the connector's credential is not valid here")]
    UnknownCredential,
    /// A connector's credential whose time is over, or that was taken back.
    #[error("the connector's credential has expired or was revoked: ask an administrator for a new one")]
    CredentialOver,
    /// Several Authorization headers, or another scheme than Bearer.
    #[error("one Authorization header with a Bearer token is wanted")]
    Authorization,
    /// A name without a letter or digit, or too long.
    #[error("a name needs at least one ASCII letter or digit and at most 200 characters")]
    Name,
}

impl AuthError {
    /// The word for the audit log and the metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::TooLong => "TOO_LONG",
            Self::Header => "HEADER",
            Self::Algorithm => "ALGORITHM",
            Self::Type => "TYPE",
            Self::UnknownIssuer => "UNKNOWN_ISSUER",
            Self::UnknownKey => "UNKNOWN_KEY",
            Self::NoKeys => "NO_KEYS",
            Self::UnknownShare => "UNKNOWN_SHARE",
            Self::ExpiredShare => "EXPIRED_SHARE",
            Self::RevokedShare => "REVOKED_SHARE",
            Self::UnknownCredential => "UNKNOWN_CREDENTIAL",
            Self::CredentialOver => "CREDENTIAL_OVER",
            Self::Signature => "SIGNATURE",
            Self::Audience => "AUDIENCE",
            Self::Claims => "CLAIMS",
            Self::Expired => "EXPIRED",
            Self::TooEarly => "TOO_EARLY",
            Self::UnknownRole => "UNKNOWN_ROLE",
            Self::Conflict(..) => "ROLE_CONFLICT",
            Self::Development => "DEVELOPMENT_TOKEN",
            Self::Authorization => "AUTHORIZATION",
            Self::Name => "NAME",
        }
    }
}

/// A token that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: AuthError,
    /// The configured name of the issuer that the token says it is of, where it says one. The token may lie.
    pub issuer: Option<String>,
}

/// What a good token says about whoever sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// `<issuer's name>:<subject>`.
    pub id: String,
    /// To show.
    pub name: String,
    /// Without repeats or conflicts.
    pub roles: Vec<Role>,
    /// From when on the token no longer counts.
    pub until: Micros,
    /// Accounts of theirs, as connectors name them.
    pub accounts: Vec<NormalisedIdentifier>,
}

/// Without anything that tells who it is.
impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claimed({:?}, {} accounts)", self.roles, self.accounts.len())
    }
}

/// Tells who is behind a token.
pub struct Verifier {
    issuers: Vec<Issuer>,
    mode: Mode,
}

struct Issuer {
    issuer: String,
    algorithms: Vec<Alg>,
    types: &'static [&'static str],
    allow_missing_typ: bool,
    keys: Keys,
    reading: Reading,
}

impl Verifier {
    /// The tokens that this configuration accepts: those of its issuers, and in development the signer's. Fails where a
    /// `ca_file` cannot be read. No provider is asked yet.
    pub fn new(config: &Config, signer: Option<&DevSigner>) -> anyhow::Result<Self> {
        let mut issuers = Vec::new();
        if let Some(signer) = signer.filter(|_| config.mode == Mode::Development) {
            issuers.push(Issuer::development(signer));
        }
        for issuer in &config.issuers {
            issuers.push(Issuer::configured(issuer)?);
        }
        Ok(Self { issuers, mode: config.mode })
    }

    /// Whose token this is. `iss` is believed only to choose the keys that then prove it.
    pub async fn verify(&self, bearer: &str, now: Micros) -> Result<Claimed, Refused> {
        let unknown = |why| Refused { why, issuer: None };
        let token = Token::read(bearer).map_err(unknown)?;
        let said = token.issuer().ok_or(unknown(AuthError::Claims))?;
        let Some(issuer) = self.issuers.iter().find(|issuer| issuer.issuer == said) else {
            let development = self.mode == Mode::Production && said == development::ISSUER;
            return Err(unknown(if development { AuthError::Development } else { AuthError::UnknownIssuer }));
        };
        let checked = issuer.verify(&token, now).await;
        checked.map_err(|why| Refused { why, issuer: Some(issuer.reading.name.clone()) })
    }
}

impl Issuer {
    fn development(signer: &DevSigner) -> Self {
        Self {
            issuer: development::ISSUER.to_owned(),
            algorithms: vec![Alg::EdDsa],
            types: &["jwt"],
            allow_missing_typ: false,
            keys: Keys::fixed(signer.keys()),
            reading: Reading {
                name: DEVELOPMENT.to_owned(),
                audience: vec![development::AUDIENCE.to_owned()],
                roles: Roles::Words,
                name_claim: "name".to_owned(),
                account_claim: "preferred_username".to_owned(),
            },
        }
    }

    fn configured(issuer: &crate::config::Issuer) -> anyhow::Result<Self> {
        let roles = match &issuer.roles_claim {
            Some(claim) => Roles::Mapped(claim.clone(), issuer.role_map.clone()),
            None => Roles::None,
        };
        Ok(Self {
            issuer: issuer.issuer.clone(),
            algorithms: issuer.algorithms.clone(),
            // OpenID Connect's tokens of identity, and RFC 9068's of access.
            types: &["jwt", "at+jwt", "application/at+jwt"],
            allow_missing_typ: issuer.allow_missing_typ,
            keys: Keys::of(issuer)?,
            reading: Reading {
                name: issuer.name.clone(),
                audience: issuer.audience.clone(),
                roles,
                name_claim: issuer.name_claim.clone(),
                account_claim: issuer.account_claim.clone(),
            },
        })
    }

    async fn verify(&self, token: &Token<'_>, now: Micros) -> Result<Claimed, AuthError> {
        if !self.algorithms.contains(&token.alg) {
            return Err(AuthError::Algorithm);
        }
        let typ = token.typ.as_deref().map(str::to_ascii_lowercase);
        if !typ.map_or(self.allow_missing_typ, |typ| self.types.contains(&typ.as_str())) {
            return Err(AuthError::Type);
        }
        let key = self.keys.find(token.kid.as_deref(), now).await?;
        if !key.is_for(token.alg) {
            return Err(AuthError::Algorithm);
        }
        if !key.verifies(token.alg, token.message, token.signature) {
            return Err(AuthError::Signature);
        }
        self.reading.read(&token.claims, now)
    }
}

/// Refuses to serve where nobody could sign in.
pub fn require_sign_in(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.mode == Mode::Development || !config.issuers.is_empty(),
        "mode = \"production\" needs a way to sign in: an [[issuer]] in the configuration file (docs/sign-in.md). \
         Development tokens are refused there. On a machine that only you can reach, set mode = \"development\" \
         (VIZARD_MODE=development)."
    );
    Ok(())
}

/// `Ada Lovelace` becomes `ada-lovelace`; `None` where nothing is left.
fn slug(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod testkeys;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
