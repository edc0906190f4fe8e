//! SharePoint and OneDrive: who is let in.
//! Never: calls a share external whose target is not known to be.

use crate::Case;
use crate::actor::{Actor, Other, other};
use crate::files::object;
use connector_sdk::{Emit, Kind, attr, kind};

/// `false` if the operation is none of these.
pub(crate) fn sharing(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> bool {
    match &*case.audit.operation.0 {
        "AnonymousLinkCreated" => {
            object(case, actor, emit, shared(case)).attr(attr::AUDIENCE, "anonymous").attr(attr::IS_EXTERNAL, true);
        }
        "SharingSet" | "SharingInvitationCreated" | "SecureLinkCreated" | "AddedToSecureLink" => {
            with_somebody(case, actor, emit);
        }
        "AddedToGroup" | "SiteCollectionAdminAdded" | "GuestAddedToSite" => added_to_site(case, actor, emit),
        "AccessRequestCreated" => {
            object(case, actor, emit, kind::ACCESS_REQUESTED);
        }
        "AccessRequestApproved" | "AccessRequestAccepted" => {
            let target = other(case.config, &case.audit.target_name.0);
            object(case, actor, emit, kind::ACCESS_APPROVED)
                .attr(attr::TARGET_ACCOUNT, target.as_ref().map(|target| &*target.address))
                .attr(attr::IS_EXTERNAL, target.as_ref().map(|target| target.external));
        }
        _ => return false,
    }
    true
}

/// What is shared, by ItemType (a name, or its number).
fn shared(case: &Case<'_>) -> Kind {
    match &*case.audit.item_type.0 {
        "Folder" | "DocumentLibrary" | "List" | "5" | "9" => kind::FOLDER_SHARED_EXTERNALLY,
        "Site" | "Web" | "6" | "7" => kind::SITE_SHARED_EXTERNALLY,
        _ => kind::FILE_SHARED_EXTERNALLY,
    }
}

/// The other party: with an address, or a guest that the record names otherwise.
fn target(case: &Case<'_>) -> Option<Option<Other>> {
    match other(case.config, &case.audit.target_name.0) {
        Some(other) if other.external => Some(Some(other)),
        None if case.audit.target_type.is("Guest") => Some(None),
        _ => None,
    }
}

fn with_somebody(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) {
    let Some(target) = target(case) else {
        emit.ignore("shared, with nobody outside");
        return;
    };
    object(case, actor, emit, shared(case))
        .attr(attr::AUDIENCE, "external")
        .attr(attr::IS_EXTERNAL, true)
        .attr(attr::DESTINATION_DOMAIN, target.as_ref().map(|target| &*target.domain))
        .attr(attr::TARGET_ACCOUNT, target.as_ref().map(|target| &*target.address));
}

fn added_to_site(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) {
    let audit = &case.audit;
    let site = if audit.site_url.is_empty() { &audit.object_id.0 } else { &audit.site_url.0 };
    if let Some(target) = target(case) {
        object(case, actor, emit, kind::EXTERNAL_USER_ADDED_TO_SITE)
            .attr(attr::IS_EXTERNAL, true)
            .attr(attr::DESTINATION_DOMAIN, target.as_ref().map(|target| &*target.domain))
            .attr(attr::TARGET_ACCOUNT, target.as_ref().map(|target| &*target.address));
    } else if let (true, Some(target)) = (case.config.is_priority(site), other(case.config, &audit.target_name.0)) {
        object(case, actor, emit, kind::INTERNAL_USER_ADDED_TO_PRIORITY_SITE)
            .attr(attr::IS_EXTERNAL, false)
            .attr(attr::TARGET_ACCOUNT, target.address);
    } else {
        emit.ignore("an internal account or a group added to an ordinary site");
    }
}
