//! Entra's audit records: deleted accounts, and roles that somebody gives to themself.
//! Never: takes the administrator who deletes an account for the person who leaves.

use crate::entra::Entry;
use crate::person;
use connector_sdk::{Emit, Json, Kind, Person, Reject, attr, identifier, kind};

pub(crate) fn activity(entry: &Entry<'_>, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
    let at = entry.time(&["activityDateTime", "time", "timeGenerated"])?;
    let activity = entry.text(&["activityDisplayName", "operationName"]);
    if activity.is_empty() {
        return Err(Reject::missing("activityDisplayName"));
    }
    if entry.field("result").is_one_of(&["failure", "timeout"]) {
        return Ok(Err("the operation failed"));
    }
    let (kind, person) = match meaning(entry, &activity)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let id = match entry.text(&["id"]) {
        id if id.is_empty() => {
            let correlation = entry.text(&["correlationId"]);
            identifier::content_id(&[&activity, &at.to_string(), person.key(), &correlation])
        }
        id => id.into_owned(),
    };
    emit.event(kind, at)
        .source_id(id)
        .actor(&person.identifiers())
        .attr(attr::WORKLOAD, "Entra ID")
        .attr(attr::OPERATION, activity);
    Ok(Ok(()))
}

type Meaning = Result<(Kind, Person), &'static str>;

fn meaning(entry: &Entry<'_>, activity: &str) -> Result<Meaning, Reject> {
    match activity {
        "Delete user" => deleted(entry),
        "Hard Delete user" => Ok(Err("an account removed for good: it counted when it was deleted")),
        "User has elevated their access to User Access Administrator for their Azure Resources" => {
            Ok(by_person(entry).map(|person| (kind::ADMIN_ANOMALY, person)))
        }
        // Without the service for privileged access, where activating a role for oneself is the rule.
        "Add member to role" | "Add eligible member to role" if !entry.field("loggedByService").is("PIM") => {
            Ok(role_granted(entry))
        }
        _ => Ok(Err("an administrative activity without an indicator")),
    }
}

fn by_person(entry: &Entry<'_>) -> Result<Person, &'static str> {
    let packed = entry.field("initiatedBy").unpacked();
    let user = Json::new(&packed).at("user");
    if user.is_empty() {
        return Err("activity of an application");
    }
    person::of_entra(&user.at("userPrincipalName").text(), &user.at("id").text())
}

/// The event is the deleted account's, whoever (or whatever) deleted it.
fn deleted(entry: &Entry<'_>) -> Result<Meaning, Reject> {
    let packed = entry.field("targetResources").unpacked();
    let user = Json::new(&packed).items().find(|target| target.at("type").is("User"));
    let user = user.ok_or_else(|| Reject::missing("targetResources"))?;
    let name = user.at("userPrincipalName").text();
    if name.to_lowercase().contains("#ext#") {
        return Ok(Err("a guest's account deleted"));
    }
    let person = person::of_entra(without_id(&name), &user.at("id").text());
    let person = person.map_err(|_| Reject::bad_value("targetResources", "the name of the deleted account"))?;
    Ok(Ok((kind::ACCOUNT_DELETED, person)))
}

/// The directory puts the 32 digits of the object id before the name of a deleted account, to free the name.
fn without_id(name: &str) -> &str {
    let (digits, rest) = (name.get(..32).unwrap_or_default(), name.get(32..).unwrap_or_default());
    let prefixed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if prefixed && !rest.starts_with('@') { rest } else { name }
}

/// Administrators give roles every day. That somebody gives one to themself is unusual by itself.
fn role_granted(entry: &Entry<'_>) -> Meaning {
    let packed = entry.field("initiatedBy").unpacked();
    let by = Json::new(&packed).at("user");
    let packed = entry.field("targetResources").unpacked();
    let mut targets = Json::new(&packed).items().filter(|target| target.at("type").is("User"));
    let same = |name: &str, target: Json<'_>| !by.at(name).is_empty() && target.at(name).is(&by.at(name).text());
    if targets.any(|target| same("id", target) || same("userPrincipalName", target)) {
        by_person(entry).map(|person| (kind::ADMIN_ANOMALY, person))
    } else {
        Err("a role given to somebody else")
    }
}
