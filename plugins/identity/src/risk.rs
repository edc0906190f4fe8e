//! Risks that Entra's protection found.
//! Never: an event for a risk that somebody found to be none.

use crate::entra::Entry;
use crate::kinds::SIGN_IN_COUNTRY;
use crate::person;
use crate::sign_in::{country, describe};
use connector_sdk::{Emit, Kind, Reject, identifier, kind};

pub(crate) fn detected(entry: &Entry<'_>, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
    let at = entry.time(&["activityDateTime", "detectedDateTime", "time", "timeGenerated"])?;
    let Some(kind) = meaning(&entry.field("riskEventType").text()) else {
        return Ok(Err("a risk without an indicator"));
    };
    if is_dismissed(&entry.field("riskState").text()) {
        return Ok(Err("a risk found to be none"));
    }
    let person = match person::of_entra(&entry.field("userPrincipalName").text(), &entry.field("userId").text()) {
        Ok(person) => person,
        Err(why) => return Ok(Err(why)),
    };
    let sign_in = entry.text(&["requestId", "id"]);
    if sign_in.is_empty() {
        return Err(Reject::missing("id"));
    }
    let mut event = emit.event(kind, at);
    event.source_id(id(&sign_in)).actor(&person.identifiers());
    describe(entry, &mut event);
    if kind != kind::ADMIN_ANOMALY {
        event.attr(SIGN_IN_COUNTRY, country(entry));
    }
    Ok(Ok(()))
}

/// By the vendor's name of the finding.
pub(crate) fn meaning(finding: &str) -> Option<Kind> {
    match finding {
        "impossibleTravel" | "mcasImpossibleTravel" | "unlikelyTravel" => Some(kind::IMPOSSIBLE_TRAVEL),
        "newCountry" => Some(kind::INFREQUENT_COUNTRY),
        "anomalousUserActivity" => Some(kind::ADMIN_ANOMALY),
        _ => None,
    }
}

pub(crate) fn is_dismissed(state: &str) -> bool {
    ["dismissed", "confirmedSafe", "none"].iter().any(|known| known.eq_ignore_ascii_case(state))
}

/// The sign-in and the risk tell of the same finding: both make this id from the sign-in's.
pub(crate) fn id(sign_in: &str) -> String {
    identifier::content_id(&["risk", sign_in])
}
