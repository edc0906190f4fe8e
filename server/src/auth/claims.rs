//! What the claims of a token with a good signature mean: whether it holds now and here, who it is, which roles.
//! Never: a role that no rule of the configuration maps, or a claim of another shape taken for a missing one.

use super::{AuthError, Claimed};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Role, duties},
    event::NormalisedIdentifier,
    limits,
    subject::normalise,
    time::{Micros, SECOND},
};

/// How one issuer's claims are read.
pub(super) struct Reading {
    /// The viewer's id is this, a colon and the subject.
    pub(super) name: String,
    pub(super) audience: Vec<String>,
    pub(super) roles: Roles,
    pub(super) name_claim: String,
    pub(super) account_claim: String,
}

/// Where roles come from.
pub(super) enum Roles {
    /// From grants alone.
    None,
    /// The claim `roles` holds roles by their own words.
    Words,
    /// A claim and what its values mean.
    Mapped(String, BTreeMap<String, Role>),
}

/// Claims besides the configured one that name the person as connectors do.
const ACCOUNTS: [&str; 2] = ["email", "upn"];

impl Reading {
    /// Whom the claims are about, where they hold at `now`.
    pub(super) fn read(&self, claims: &Map<String, Value>, now: Micros) -> Result<Claimed, AuthError> {
        self.for_us(claims)?;
        let until = in_time(claims, now)?;
        let subject = match claims.get("sub") {
            Some(Value::String(subject)) if is_subject(subject) => subject,
            _ => return Err(AuthError::Claims),
        };
        let name = match find(claims, &self.name_claim) {
            None | Some(Value::Null) => subject.clone(),
            Some(Value::String(name)) => name.chars().filter(|c| !c.is_control()).take(limits::NAME_CHARS).collect(),
            Some(_) => return Err(AuthError::Claims),
        };
        let roles = self.roles(claims)?;
        if let Some((one, other)) = duties::conflict(&roles) {
            return Err(AuthError::Conflict(one.as_str(), other.as_str()));
        }
        Ok(Claimed { id: format!("{}:{subject}", self.name), name, roles, until, accounts: self.accounts(claims) })
    }

    fn for_us(&self, claims: &Map<String, Value>) -> Result<(), AuthError> {
        let ours = |value: &Value| value.as_str().is_some_and(|said| self.audience.iter().any(|name| name == said));
        let good = match claims.get("aud") {
            None => return Err(AuthError::Claims),
            Some(Value::Array(list)) => {
                list.len() <= limits::TOKEN_CLAIM_VALUES && list.iter().all(Value::is_string) && list.iter().any(ours)
            }
            Some(one) => ours(one),
        };
        if good { Ok(()) } else { Err(AuthError::Audience) }
    }

    fn roles(&self, claims: &Map<String, Value>) -> Result<Vec<Role>, AuthError> {
        let claim = match &self.roles {
            Roles::None => return Ok(vec![]),
            Roles::Words => "roles",
            Roles::Mapped(claim, _) => claim,
        };
        let values: Vec<&Value> = match find(claims, claim) {
            None | Some(Value::Null) => vec![],
            Some(Value::Array(list)) if list.len() <= limits::TOKEN_CLAIM_VALUES => list.iter().collect(),
            Some(one @ Value::String(_)) => vec![one],
            Some(_) => return Err(AuthError::Claims),
        };
        let mut roles = Vec::new();
        for value in values {
            let value = value.as_str().ok_or(AuthError::Claims)?;
            let role = match &self.roles {
                Roles::Mapped(_, map) => map.get(value).copied(),
                _ => Some(value.parse().map_err(|_| AuthError::UnknownRole)?),
            };
            if let Some(role) = role
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        Ok(roles)
    }

    /// The viewer's own accounts, in the form that connectors' identifiers are compared in.
    fn accounts(&self, claims: &Map<String, Value>) -> Vec<NormalisedIdentifier> {
        let names = [self.account_claim.as_str()].into_iter().chain(ACCOUNTS);
        let mut accounts = Vec::new();
        for name in names.filter_map(|name| find(claims, name).and_then(Value::as_str)) {
            // An address where it is one, otherwise a sign-in name.
            if let Ok(account) = normalise("login", name)
                && !accounts.contains(&account)
            {
                accounts.push(account);
            }
        }
        accounts
    }
}

/// A claim by its name, or by a path with dots; a name may hold dots itself.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    rest.split('.').try_fold(claims.get(first)?, |at, part| at.as_object()?.get(part))
}

/// Both ends with the same allowance for clocks that differ. Tells from when on it is over.
fn in_time(claims: &Map<String, Value>, now: Micros) -> Result<Micros, AuthError> {
    let instant = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(AuthError::Claims),
    };
    let (now, leeway) = (now.0.div_euclid(SECOND), limits::TOKEN_LEEWAY_SECONDS);
    let end = instant("exp")?.ok_or(AuthError::Claims)?.saturating_add(leeway);
    let start = instant("nbf")?.max(instant("iat")?);
    if now >= end {
        return Err(AuthError::Expired);
    }
    if start.is_some_and(|start| now.saturating_add(leeway) < start) {
        return Err(AuthError::TooEarly);
    }
    Ok(Micros(end.saturating_mul(SECOND)))
}

/// Visible ASCII (OpenID Connect Core, section 2). Spaces are left out: an id is one word.
fn is_subject(text: &str) -> bool {
    (1..=limits::TOKEN_SUBJECT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `text` can be the id of a viewer who signs in with the issuer called `name`.
pub(crate) fn is_viewer_of(name: &str, text: &str) -> bool {
    text.split_once(':').is_some_and(|(issuer, subject)| issuer == name && is_subject(subject))
}
