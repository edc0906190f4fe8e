//! The directory: sign-ins, and accounts that were deleted.
//! Never: takes the administrator who deletes an account for the person who leaves.

use crate::Case;
use crate::actor::Actor;
use crate::record::part;
use connector_sdk::{Emit, Reject, Text, attr, identifier, kind};
use serde::Deserialize;

/// `false` if the operation is not a sign-in.
pub(crate) fn signed_in(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> bool {
    let known = &*case.audit.operation.0 == "UserLoggedIn";
    if known {
        case.event(emit, kind::LOGON, actor);
    }
    known
}

#[derive(Default, Deserialize)]
struct Identity<'a> {
    #[serde(borrow, default, rename = "ID")]
    id: Text<'a>,
    #[serde(borrow, default, rename = "Type")]
    kind: Text<'a>,
}

/// The event is the deleted account's, whoever (or whatever) deleted it.
pub(crate) fn account_deleted(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    let audit = &case.audit;
    if !matches!(&*audit.operation.0, "Delete user." | "Delete user") {
        return Ok(false);
    }
    let targets: Vec<Identity<'_>> = part(audit.target, "Target")?;
    // Type 5 is the sign-in name.
    let named = targets.iter().filter(|target| target.kind.is("5")).map(|target| &*target.id.0);
    let Some(account) = named.chain([&*audit.object_id.0]).find_map(deleted_name) else {
        return Err(Reject::bad_value("ObjectId", "the sign-in name of the deleted account"));
    };
    if account.contains("#ext#") {
        emit.ignore("a guest's account deleted");
        return Ok(true);
    }
    emit.event(kind::ACCOUNT_DELETED, case.at)
        .source_id(&*audit.id.0)
        .actor(&[(identifier::UPN, &account)])
        .attr(attr::WORKLOAD, &*audit.workload.0)
        .attr(attr::OPERATION, &*audit.operation.0);
    Ok(true)
}

/// The directory puts the 32 digits of the object id before the name of a deleted account, to free the name.
fn deleted_name(text: &str) -> Option<String> {
    let address = identifier::address(text)?;
    let prefixed =
        address.find('@').is_some_and(|at| at > 32) && address.as_bytes().iter().take(32).all(u8::is_ascii_hexdigit);
    if prefixed { identifier::address(address.get(32..)?) } else { Some(address) }
}
