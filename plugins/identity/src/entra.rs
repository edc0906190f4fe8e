//! Which of Entra's logs a record is of: as Graph gives it, as an event hub wraps it, or as Log Analytics exports it.
//! Never: guesses between two logs.

use crate::{audit, risk, sign_in};
use connector_sdk::{Emit, Json, Reject, time};
use std::borrow::Cow;

/// One record. Log Analytics writes the first letter of a field large, and packs inner objects into texts.
pub(crate) struct Entry<'a> {
    outer: Json<'a>,
    inner: Json<'a>,
}

impl<'a> Entry<'a> {
    /// The field of that name (in Graph's spelling), in the record itself or, for wrapped ones, around it.
    pub(crate) fn field(&self, name: &str) -> Json<'a> {
        let large = capital(name);
        let places =
            [self.inner.field(name), self.inner.field(&large), self.outer.field(name), self.outer.field(&large)];
        places.into_iter().find(|found| !found.is_empty()).unwrap_or_else(|| self.inner.field(name))
    }

    /// The text of the first of these fields that has one.
    pub(crate) fn text(&self, names: &[&str]) -> Cow<'a, str> {
        names.iter().map(|name| self.field(name).text()).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The time in the first of these fields that has one.
    pub(crate) fn time(&self, names: &[&str]) -> Result<i64, Reject> {
        let text = self.text(names);
        let name = names.first().copied().unwrap_or_default();
        if text.is_empty() {
            return Err(Reject::missing(name));
        }
        time::utc(&text).ok_or_else(|| Reject::bad_time(name))
    }
}

/// `ipAddress` is `IPAddress` in Log Analytics; every other field has its first letter large.
fn capital(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("ip") {
        return format!("IP{rest}");
    }
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

pub(crate) fn record(outer: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let wrapped = !outer.at("properties").is_empty();
    let entry = Entry { outer, inner: if wrapped { outer.at("properties") } else { outer } };
    let log = outer.any(&["category", "Type"]).text();
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&log));
    let told = if is(&["ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs", "AADServicePrincipalSignInLogs"]) {
        Err("activity of an application")
    } else if is(&["NonInteractiveUserSignInLogs", "AADNonInteractiveUserSignInLogs"]) {
        Err("a program renewed its access: no person signed in")
    } else if !entry.field("riskEventType").is_empty() {
        risk::detected(&entry, emit)?
    } else if !entry.field("initiatedBy").is_empty()
        || !entry.field("activityDisplayName").is_empty()
        || is(&["AuditLogs"])
    {
        audit::activity(&entry, emit)?
    } else if is(&["SignInLogs", "SigninLogs"]) || !entry.field("userPrincipalName").is_empty() {
        sign_in::signed_in(&entry, emit)?
    } else {
        return Err(Reject::unknown_kind("category", "neither a sign-in, an audit record nor a risk"));
    };
    if let Err(why) = told {
        emit.ignore(why);
    }
    Ok(())
}
