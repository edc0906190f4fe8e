//! Endpoint DLP: what happens to files on a person's device.
//! Never: an event for what the policy blocked (EnforcementMode 4), or two for one copy (the record of the new file
//! on the stick or share comes besides the record of the copying).

use crate::Case;
use crate::actor::Actor;
use crate::dlp::{InfoType, info_types};
use crate::files::extension;
use crate::record::part;
use connector_sdk::{Emit, Kind, NewEvent, Reject, Text, attr, identifier, kind};
use serde::Deserialize;

/// `false` if the operation is none of these.
pub(crate) fn device(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    let audit = &case.audit;
    let types: Vec<InfoType<'_>> = part(audit.info_types, "SensitiveInfoTypeData")?;
    let types = info_types(&types);
    let sensitive = !types.is_empty();
    let kind = match &*audit.operation.0 {
        "FileUploadedToCloud" => kind::FILE_UPLOADED_TO_WEB,
        "FileCopiedToRemovableMedia" => kind::FILE_COPIED_TO_USB,
        "FilePrinted" => kind::FILE_PRINTED,
        "FileCopiedToClipboard" => kind::FILE_COPIED_TO_CLIPBOARD,
        "FileCopiedToNetworkShare" => kind::FILE_COPIED_TO_NETWORK_SHARE,
        "FileCopiedToRemoteDesktopSession" => kind::FILE_COPIED_TO_REMOTE_SESSION,
        "FileDownloadedFromBrowser" => kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE,
        "FileArchived" | "ArchiveCreated" => kind::FILE_ARCHIVED,
        "FileRenamed" => kind::FILE_RENAMED,
        "FileDeleted" => kind::DEVICE_FILE_DELETED,
        "FileCreated" if audit.hidden.is("true") => kind::HIDDEN_FILE_CREATED,
        "FileCreated" if sensitive => kind::SENSITIVE_FILE_CREATED,
        "FileRead" if sensitive => kind::SENSITIVE_FILE_READ,
        "RemovableMediaMount" => kind::USB_MOUNTED,
        _ => return Ok(false),
    };
    if audit.enforcement.is("4") || audit.enforcement.is("Block") {
        emit.ignore("blocked by a policy on the device");
    } else if let Some(why) = stays_inside(case, kind) {
        emit.ignore(why);
    } else {
        let matched: Match<'_> = part(audit.policy_match, "PolicyMatchInfo")?;
        let mut event = case.event(emit, kind, actor);
        event.attr(attr::SENSITIVE_INFO_TYPES, types).attr(attr::DLP_POLICY, &*matched.policy_name.0);
        describe(case, &mut event, kind);
    }
    Ok(true)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match<'a> {
    #[serde(borrow, default)]
    policy_name: Text<'a>,
}

fn stays_inside(case: &Case<'_>, kind: Kind) -> Option<&'static str> {
    match kind {
        kind::FILE_UPLOADED_TO_WEB if case.config.is_internal(host(&case.audit.target_domain.0)) => {
            Some("uploaded to a domain of the organisation")
        }
        kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE if case.config.is_internal(host(&case.audit.origin_domain.0)) => {
            Some("downloaded from a domain of the organisation")
        }
        _ => None,
    }
}

fn describe(case: &Case<'_>, event: &mut NewEvent<'_>, kind: Kind) {
    let audit = &case.audit;
    let path = &*audit.object_id.0;
    let name = last(path);
    let domain = |name: &str| Some(host(name)).filter(|host| identifier::is_domain(host)).map(str::to_lowercase);
    let (to, from) = match kind {
        kind::FILE_UPLOADED_TO_WEB => (domain(&audit.target_domain.0), None),
        kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE => (None, domain(&audit.origin_domain.0)),
        _ => (None, None),
    };
    let device_kind = match &*audit.platform.0 {
        "1" | "Windows" => "windows",
        "MacOS" => "macos",
        _ => "",
    };
    event
        .attr(attr::FILE_EXTENSION, extension(&audit.device_file_extension.0))
        .attr(attr::DEVICE_KIND, device_kind)
        .attr(attr::DEVICE_NAME, &*audit.device.0);
    if kind == kind::USB_MOUNTED {
        return;
    }
    event
        .attr(attr::SIZE_BYTES, audit.device_file_size.0.parse::<i64>().ok())
        .attr(attr::DESTINATION_DOMAIN, to)
        .attr(attr::SOURCE_DOMAIN, from)
        .attr(attr::OBJECT_NAME, name)
        .attr(attr::OBJECT_PATH, path)
        .attr(attr::OBJECT_ID, path)
        .attr(
            attr::OBJECT_HASH,
            (!audit.sha256.is_empty()).then(|| format!("sha256:{}", audit.sha256.0.to_lowercase())),
        );
    if kind == kind::FILE_RENAMED && !audit.previous_name.is_empty() {
        let old = &*audit.previous_name.0;
        // A bare name lay in the same folder.
        let full = if last(old) == old { format!("{}{old}", &path[..path.len() - name.len()]) } else { old.to_owned() };
        event.attr(attr::PREVIOUS_OBJECT_ID, full).attr(attr::PREVIOUS_NAME, last(old));
    }
}

fn last(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Some agents write an address where the schema says domain.
fn host(text: &str) -> &str {
    let text = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    text.split(['/', ':', '?']).next().unwrap_or(text)
}
