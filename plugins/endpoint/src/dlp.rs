//! CloudAppEvents: rows that carry an audit record of DLP on devices (copied, printed, uploaded, archived).
//! Never: an event for what the policy blocked, or for activity in a cloud application, which has its own connectors.

use crate::row::{Row, device_kind, hash};
use connector_sdk::{Emit, Json, Kind, Person, Reject, attr, identifier, kind, names, time};

/// Whether the row is of that table: no other has the raw record.
pub(crate) fn is_cloud_app(json: Json<'_>) -> bool {
    !json.at("RawEventData").is_empty()
}

pub(crate) fn activity(row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let value = row.json.at("RawEventData").unpacked();
    let raw = Json::new(&value);
    if !raw.at("Workload").is("Endpoint") && !raw.at("RecordType").is_one_of(&["63", "DLPEndpoint"]) {
        emit.ignore("activity in a cloud application: for its own connector");
        return Ok(());
    }
    let Some(kind) = meaning(raw, row.action) else {
        emit.ignore("an action that this connector does not know");
        return Ok(());
    };
    if raw.at("EnforcementMode").is_one_of(&["4", "Block"]) {
        emit.ignore("blocked by a policy on the device");
        return Ok(());
    }
    let domain = |name: &str| names::host(&raw.at(name).text());
    let (to, from) = match kind {
        kind::FILE_UPLOADED_TO_WEB => (domain("TargetDomain"), None),
        kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE => (None, domain("OriginatingDomain")),
        _ => (None, None),
    };
    if to.iter().chain(&from).any(|domain| row.config.internal_domains.have(domain)) {
        emit.ignore("to or from a domain of the organisation");
        return Ok(());
    }
    let address = identifier::address(&raw.any(&["UserId", "UserKey"]).text());
    let person = match Person::named(address.map(|address| (identifier::UPN, address)).into_iter().collect()) {
        Ok(person) => person,
        Err(why) => {
            emit.ignore(why);
            return Ok(());
        }
    };
    let id = raw.at("Id").text();
    if id.is_empty() {
        return Err(Reject::missing("RawEventData.Id"));
    }
    let at = match raw.at("CreationTime").text() {
        text if text.is_empty() => row.at,
        text => time::utc(&text).ok_or_else(|| Reject::bad_time("RawEventData.CreationTime"))?,
    };
    let types: Vec<String> = raw
        .at("SensitiveInfoTypeData")
        .items()
        .map(|found| found.any(&["SensitiveInfoTypeName", "SensitiveInfoTypeId"]).text().into_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let path = raw.at("ObjectId").text();
    let mut event = emit.event(kind, at);
    event
        .source_id(id)
        .actor(&person.identifiers())
        .attr(attr::WORKLOAD, "Endpoint")
        .attr(attr::OPERATION, row.action)
        .attr(attr::DEVICE_NAME, raw.at("DeviceName").text());
    if kind == kind::USB_MOUNTED {
        return Ok(());
    }
    event
        .attr(attr::SENSITIVE_INFO_TYPES, types)
        .attr(attr::DLP_POLICY, raw.at("PolicyMatchInfo.PolicyName").text())
        .attr(attr::DESTINATION_DOMAIN, to)
        .attr(attr::SOURCE_DOMAIN, from)
        .attr(attr::FILE_EXTENSION, names::extension(&path))
        .attr(attr::SIZE_BYTES, raw.at("FileSize").integer().filter(|size| *size >= 0))
        .attr(attr::DEVICE_KIND, device_kind(&path))
        .attr(attr::OBJECT_NAME, names::last(&path))
        .attr(attr::OBJECT_PATH, &*path)
        .attr(attr::OBJECT_ID, &*path)
        .attr(attr::OBJECT_HASH, hash(raw));
    let old = raw.at("PreviousFileName").text();
    if kind == kind::FILE_RENAMED && !old.is_empty() {
        // A bare name lay in the same folder.
        let folder = path.get(..path.len() - names::last(&path).len()).unwrap_or_default();
        let before = if names::last(&old) == old { format!("{folder}{old}") } else { old.clone().into_owned() };
        event.attr(attr::PREVIOUS_OBJECT_ID, before).attr(attr::PREVIOUS_NAME, names::last(&old));
    }
    Ok(())
}

/// The operations of DLP on devices.
fn meaning(raw: Json<'_>, action: &str) -> Option<Kind> {
    let sensitive = !raw.at("SensitiveInfoTypeData").is_empty();
    Some(match action {
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
        "FileCreated" if raw.at("Hidden").is("true") => kind::HIDDEN_FILE_CREATED,
        "FileCreated" if sensitive => kind::SENSITIVE_FILE_CREATED,
        "FileRead" if sensitive => kind::SENSITIVE_FILE_READ,
        "RemovableMediaMount" => kind::USB_MOUNTED,
        _ => return None,
    })
}
