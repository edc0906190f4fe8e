//! SharePoint and OneDrive: files and folders read, downloaded, deleted, renamed, relabelled.
//! Never: a downgrade that the record does not say; label ids alone have no order.

use crate::Case;
use crate::actor::Actor;
use crate::record::part;
use connector_sdk::{Emit, Kind, NewEvent, Text, attr, kind};
use serde::Deserialize;

/// `false` if the operation is none of these.
pub(crate) fn files(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> bool {
    let kind = match &*case.audit.operation.0 {
        "FileAccessed" | "FileAccessedExtended" | "FilePreviewed" => kind::FILE_ACCESSED,
        "FileDownloaded" => kind::FILE_DOWNLOADED,
        "FileSyncDownloadedFull" => kind::FILE_SYNCED,
        "FileDeleted" | "FileRecycled" => kind::FILE_DELETED,
        "FileDeletedFirstStageRecycleBin" => kind::FILE_DELETED_FIRST_STAGE_BIN,
        "FileDeletedSecondStageRecycleBin" => kind::FILE_DELETED_SECOND_STAGE_BIN,
        "FolderDeleted" | "FolderRecycled" => kind::FOLDER_DELETED,
        "FolderDeletedFirstStageRecycleBin" => kind::FOLDER_DELETED_FIRST_STAGE_BIN,
        "FolderDeletedSecondStageRecycleBin" => kind::FOLDER_DELETED_SECOND_STAGE_BIN,
        "FileRenamed" => return renamed(case, actor, emit),
        "FileSensitivityLabelChanged" | "SensitivityLabelUpdated" => return relabelled(case, actor, emit),
        "FileSensitivityLabelRemoved" | "SensitivityLabelRemoved" => kind::LABEL_REMOVED,
        "SiteSensitivityLabelRemoved" => kind::SITE_LABEL_REMOVED,
        _ => return false,
    };
    let mut event = object(case, actor, emit, kind);
    if matches!(kind, kind::LABEL_REMOVED | kind::SITE_LABEL_REMOVED) {
        labels(case, &mut event);
    }
    true
}

/// An event about the record's file, folder or site.
pub(crate) fn object<'e>(case: &Case<'_>, actor: &Actor, emit: &'e mut Emit<'_>, kind: Kind) -> NewEvent<'e> {
    let audit = &case.audit;
    let mut event = case.event(emit, kind, actor);
    let id = if audit.item_id.is_empty() { &audit.object_id } else { &audit.item_id };
    event
        .attr(attr::FILE_EXTENSION, extension(&audit.file_extension.0))
        .attr(attr::SIZE_BYTES, audit.size_bytes.0.parse::<i64>().ok())
        .attr(attr::SITE_KIND, site_kind(&audit.site_url.0))
        .attr(attr::CLIENT_KIND, client_kind(&audit.user_agent.0))
        .attr(attr::SENSITIVITY_LABEL, &*audit.label.0)
        .attr(attr::OBJECT_NAME, &*audit.file_name.0)
        .attr(attr::OBJECT_PATH, &*audit.object_id.0)
        .attr(attr::OBJECT_ID, &*id.0)
        .attr(attr::SITE_URL, &*audit.site_url.0);
    event
}

/// The record is about the old name and says the new one. The event is about the file as it is afterwards.
fn renamed(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> bool {
    let audit = &case.audit;
    let old = &*audit.object_id.0;
    // The new path, from its parts; without them, the old path with its last segment exchanged.
    let new = match (audit.site_url.is_empty(), audit.new_folder.is_empty(), old.rsplit_once('/')) {
        _ if audit.new_name.is_empty() => old.to_owned(),
        (false, false, _) => {
            let (site, folder) = (audit.site_url.0.trim_end_matches('/'), audit.new_folder.0.trim_matches('/'));
            format!("{site}/{folder}/{}", audit.new_name.0)
        }
        (_, _, Some((folder, _))) => format!("{folder}/{}", audit.new_name.0),
        _ => audit.new_name.0.clone().into_owned(),
    };
    // Where the vendor's own id is known, it stays the same: nothing to link.
    let (id, previous) = match audit.item_id.is_empty() {
        true => (&*new, old),
        false => (&*audit.item_id.0, ""),
    };
    let new_name = if audit.new_name.is_empty() { &audit.file_name } else { &audit.new_name };
    case.event(emit, kind::FILE_RENAMED, actor)
        .attr(attr::FILE_EXTENSION, new_name.0.rsplit_once('.').and_then(|(_, last)| extension(last)))
        .attr(attr::SITE_KIND, site_kind(&audit.site_url.0))
        .attr(attr::OBJECT_NAME, &*new_name.0)
        .attr(attr::OBJECT_PATH, &*new)
        .attr(attr::OBJECT_ID, id)
        .attr(attr::PREVIOUS_OBJECT_ID, previous)
        .attr(attr::PREVIOUS_NAME, &*audit.file_name.0)
        .attr(attr::SITE_URL, &*audit.site_url.0);
    true
}

#[derive(Default, Deserialize)]
struct LabelEvent<'a> {
    #[serde(borrow, default, rename = "LabelEventType")]
    what: Text<'a>,
    #[serde(borrow, default, rename = "SensitivityLabelId")]
    new: Text<'a>,
    #[serde(borrow, default, rename = "OldSensitivityLabelId")]
    old: Text<'a>,
}

fn relabelled(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> bool {
    let change: LabelEvent<'_> = part(case.audit.label_event, "SensitivityLabelEventData").unwrap_or_default();
    let kind = match &*change.what.0 {
        "2" | "LabelDowngraded" => kind::LABEL_DOWNGRADED,
        "3" | "LabelRemoved" => kind::LABEL_REMOVED,
        _ => {
            emit.ignore("a label changed, not downwards");
            return true;
        }
    };
    labels(case, &mut object(case, actor, emit, kind));
    true
}

fn labels(case: &Case<'_>, event: &mut NewEvent<'_>) {
    let audit = &case.audit;
    let change: LabelEvent<'_> = part(audit.label_event, "SensitivityLabelEventData").unwrap_or_default();
    if audit.label.is_empty() {
        event.attr(attr::SENSITIVITY_LABEL, &*change.new.0);
    }
    let old = if audit.old_label.is_empty() { &change.old } else { &audit.old_label };
    event.attr(attr::PREVIOUS_SENSITIVITY_LABEL, &*old.0);
}

/// Lower case, without a dot; only what looks like one, because anything may follow the last dot of a name.
pub(crate) fn extension(text: &str) -> Option<String> {
    let text = text.trim_start_matches('.');
    let plain = !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| text.to_ascii_lowercase())
}

fn site_kind(url: &str) -> &'static str {
    match url {
        "" => "",
        _ if url.contains("/personal/") => "personal",
        _ => "team",
    }
}

fn client_kind(agent: &str) -> &'static str {
    const KINDS: [(&str, &str); 8] = [
        ("SkyDriveSync", "sync"),
        ("OneDriveMpc", "sync"),
        ("Mobile", "mobile"),
        ("Android", "mobile"),
        ("iPhone", "mobile"),
        ("Microsoft Office", "desktop"),
        ("Mozilla/", "browser"),
        ("MSWAC", "browser"),
    ];
    KINDS.iter().find(|(sign, _)| agent.contains(sign)).map_or("", |(_, kind)| kind)
}
