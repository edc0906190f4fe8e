//! Authentication (3002) and Account Change (3001).
//! Never: takes the administrator who deletes an account for the person who leaves.

use crate::case::Case;
use connector_sdk::{Emit, kind};

pub(crate) fn authentication(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let kind = match case.activity {
        1 => kind::LOGON,
        2 => kind::LOGOFF,
        _ => return Err("a ticket or a step of a sign-in"),
    };
    // Over the network, of a job, of a service: no person sits there. Without a type it is an application's sign-in.
    if case.json.at("logon_type_id").integer().is_some_and(|kind| matches!(kind, 3 | 4 | 5 | 8 | 9)) {
        return Err("a sign-in over the network, of a job or a service");
    }
    let user = case.json.at("user");
    let person = if user.is_empty() { case.actor()? } else { case.person(user)? };
    case.event(emit, kind, &person, "");
    Ok(())
}

/// The event is the deleted account's, whoever (or whatever) deleted it.
pub(crate) fn change(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    if case.activity != 6 {
        return Err("an account changed, not deleted");
    }
    let person = case.person(case.json.at("user"))?;
    case.event(emit, kind::ACCOUNT_DELETED, &person, "");
    Ok(())
}
