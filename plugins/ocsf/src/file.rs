//! File System Activity (1001): files on a device.
//! Never: an event for a program's temporary files.

use crate::case::Case;
use connector_sdk::{Emit, Json, Kind, NewEvent, attr, kind, names};

pub(crate) fn activity(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let before = path(case.json.at("file"));
    let after = path(case.json.at("file_result"));
    let (kind, path, previous) = match case.activity {
        1 => (created(case, &before)?, before, None),
        2 | 14 if is_confidential(case) => (kind::SENSITIVE_FILE_READ, before, None),
        4 => (kind::DEVICE_FILE_DELETED, before, None),
        5 if after.is_empty() => return Err("renamed, and the event does not say to what"),
        5 => {
            let moved = names::last(&before).eq_ignore_ascii_case(names::last(&after));
            match elsewhere(case, &after).filter(|_| elsewhere(case, &before).is_none()) {
                Some(kind) => (kind, after, Some(before)),
                None if moved => return Err("moved, under the same name"),
                None => (kind::FILE_RENAMED, after, Some(before)),
            }
        }
        2 | 3 | 14 => return Err("a file read or changed"),
        _ => return Err("an activity without an indicator"),
    };
    if path.is_empty() {
        return Err("the event names no file");
    }
    if is_temporary(&path) || previous.as_deref().is_some_and(is_temporary) {
        return Err("a program's temporary file");
    }
    let person = case.actor()?;
    let mut event = case.event(emit, kind, &person, &path);
    describe(&mut event, case.json.at("file"), &path);
    event.attr(attr::OBJECT_ID, path.as_str());
    if let Some(previous) = &previous {
        event.attr(attr::PREVIOUS_OBJECT_ID, &**previous).attr(attr::PREVIOUS_NAME, names::last(previous));
    }
    Ok(())
}

fn created(case: &Case<'_>, path: &str) -> Result<Kind, &'static str> {
    match elsewhere(case, path) {
        Some(kind) => Ok(kind),
        None if is_confidential(case) => Ok(kind::SENSITIVE_FILE_CREATED),
        None => Err("a file made on the device"),
    }
}

/// Off the device: on removable media, or on a share.
fn elsewhere(case: &Case<'_>, path: &str) -> Option<Kind> {
    if case.config.removable_paths.have(path) {
        return Some(kind::FILE_COPIED_TO_USB);
    }
    let share = path.starts_with("\\\\") && !path.starts_with("\\\\?\\") && !path.starts_with("\\\\.\\");
    share.then_some(kind::FILE_COPIED_TO_NETWORK_SHARE)
}

/// Confidential, secret, top secret, private or restricted.
fn is_confidential(case: &Case<'_>) -> bool {
    case.json.at("file.confidentiality_id").integer().is_some_and(|level| (2..=6).contains(&level))
}

pub(crate) fn path(file: Json<'_>) -> String {
    let (path, folder, name) = (file.at("path").text(), file.at("parent_folder").text(), file.at("name").text());
    if !path.is_empty() {
        return path.into_owned();
    }
    let slash = if folder.contains('\\') { '\\' } else { '/' };
    if folder.is_empty() { name.into_owned() } else { format!("{}{slash}{name}", folder.trim_end_matches(['\\', '/'])) }
}

/// What is told of a file wherever it lies.
pub(crate) fn describe(event: &mut NewEvent<'_>, file: Json<'_>, path: &str) {
    event
        .attr(attr::FILE_EXTENSION, names::extension(path))
        .attr(attr::SIZE_BYTES, file.at("size").integer().filter(|size| *size >= 0))
        .attr(attr::SENSITIVITY_LABEL, file.at("confidentiality").text())
        .attr(attr::OBJECT_NAME, names::last(path))
        .attr(attr::OBJECT_PATH, path)
        .attr(attr::OBJECT_HASH, hash(file));
}

/// The strongest that is given: SHA-256 (3), else SHA-1 (2).
fn hash(file: Json<'_>) -> Option<String> {
    let digest = |id: i64, name: &str, length: usize| {
        let same = |hash: &Json<'_>| hash.at("algorithm_id").integer() == Some(id) || hash.at("algorithm").is(name);
        let found = file.at("hashes").items().find(same)?.at("value").text().to_ascii_lowercase();
        (found.len() == length && found.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(found)
    };
    let sha256 = digest(3, "SHA-256", 64).map(|found| format!("sha256:{found}"));
    sha256.or_else(|| digest(2, "SHA-1", 40).map(|found| format!("sha1:{found}")))
}

fn is_temporary(path: &str) -> bool {
    const TEMPORARY: [&str; 8] = ["crdownload", "lock", "part", "partial", "swp", "temp", "tmp", "wal"];
    let name = names::last(path);
    name.starts_with('~')
        || name.starts_with(".~")
        || names::extension(path).is_some_and(|extension| TEMPORARY.contains(&&*extension))
}
