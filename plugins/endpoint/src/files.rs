//! DeviceFileEvents: files created, renamed and deleted on a device, and what that means by where they lie.
//! Never: an event for a program's temporary files, or two for one act.

use crate::row::Row;
use connector_sdk::{Emit, Kind, Person, attr, kind, names};

/// `false` if the action is none of these.
pub(crate) fn files(row: &Row<'_>, emit: &mut Emit<'_>) -> bool {
    let told = match row.action {
        "FileCreated" => created(row),
        "FileRenamed" => renamed(row),
        "FileDeleted" => deleted(row),
        "FileModified" => Err("a file was changed"),
        _ => return false,
    };
    match told.and_then(|act| Ok((act, row.person()?))) {
        Ok((act, person)) => tell(row, emit, &act, &person),
        Err(why) => emit.ignore(why),
    }
    true
}

/// What was done, to the file at which path.
struct Act {
    kind: Kind,
    path: String,
    from_domain: Option<String>,
    previous: Option<String>,
}

impl Act {
    fn new(kind: Kind, path: String) -> Result<Self, &'static str> {
        if path.is_empty() {
            return Err("the row names no file");
        }
        Ok(Self { kind, path, from_domain: None, previous: None })
    }
}

fn tell(row: &Row<'_>, emit: &mut Emit<'_>, act: &Act, person: &Person) {
    let mut event = row.file_event(emit, act.kind, person, &act.path);
    event.attr(attr::SOURCE_DOMAIN, act.from_domain.as_deref());
    if let Some(previous) = &act.previous {
        event.attr(attr::PREVIOUS_OBJECT_ID, &**previous).attr(attr::PREVIOUS_NAME, names::last(previous));
    }
}

fn created(row: &Row<'_>) -> Result<Act, &'static str> {
    let path = row.path();
    if is_temporary(&path) {
        return Err("a program's temporary file");
    }
    if is_in_bin(&path) {
        return Err("a file of the recycle bin itself");
    }
    if let Some(kind) = elsewhere(row, &path) {
        return Act::new(kind, path);
    }
    let protocol = row.json.at("RequestProtocol");
    if !protocol.is_empty() && !protocol.is_one_of(&["Local", "Unknown"]) {
        return Err("written over the network: the other machine's record counts");
    }
    let program = row.json.at("InitiatingProcessFileName").text();
    if is_archive(&path) && row.config.is_archiver(&program) {
        return Act::new(kind::FILE_ARCHIVED, path);
    }
    match names::host(&row.json.at("FileOriginUrl").text()) {
        Some(domain) if row.config.internal_domains.have(&domain) => {
            Err("downloaded from a domain of the organisation")
        }
        Some(domain) => {
            let act = Act::new(kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE, path)?;
            Ok(Act { from_domain: Some(domain), ..act })
        }
        None => Err("a file made on the device"),
    }
}

fn renamed(row: &Row<'_>) -> Result<Act, &'static str> {
    let (path, before) = (row.path(), row.previous_path());
    let (name, old_name) = (names::last(&path), names::last(&before));
    if is_in_bin(&path) {
        let gone =
            if is_in_bin(&before) || is_temporary(&before) { Err("a file of the recycle bin itself") } else { Ok(()) };
        // The bin gives it a name of its own; who asks for the file knows the old one.
        return gone.and_then(|()| Act::new(kind::DEVICE_FILE_DELETED, before));
    }
    if is_in_bin(&before) {
        return Err("taken back out of the recycle bin");
    }
    // A browser writes under another name and renames at the end.
    if is_download(&before) && !is_temporary(&path) {
        return created(row);
    }
    if is_temporary(&path) || is_temporary(&before) {
        return Err("a program's temporary file");
    }
    if old_name.is_empty() {
        return Err("renamed, and the row does not say from what");
    }
    if let (Some(kind), None) = (elsewhere(row, &path), elsewhere(row, &before)) {
        let act = Act::new(kind, path)?;
        return Ok(Act { previous: Some(before), ..act });
    }
    if name.eq_ignore_ascii_case(old_name) {
        return Err("moved, under the same name");
    }
    let act = Act::new(kind::FILE_RENAMED, path)?;
    Ok(Act { previous: Some(before), ..act })
}

fn deleted(row: &Row<'_>) -> Result<Act, &'static str> {
    let path = row.path();
    if is_temporary(&path) {
        return Err("a program's temporary file");
    }
    if is_in_bin(&path) {
        return Err("the recycle bin emptied: the file counted when it was put there");
    }
    Act::new(kind::DEVICE_FILE_DELETED, path)
}

/// Off the device: on removable media, or on a share.
fn elsewhere(row: &Row<'_>, path: &str) -> Option<Kind> {
    if row.config.removable_paths.have(path) {
        return Some(kind::FILE_COPIED_TO_USB);
    }
    is_share(path).then_some(kind::FILE_COPIED_TO_NETWORK_SHARE)
}

/// `\\server\share\…`, also as the kernel writes it. `\\?\C:\…` and `\\.\…` are paths of the device.
fn is_share(path: &str) -> bool {
    let starts = |start: &str| path.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    starts("\\\\?\\UNC\\") || starts("\\Device\\Mup\\") || (starts("\\\\") && !starts("\\\\?\\") && !starts("\\\\.\\"))
}

fn is_in_bin(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["\\$recycle.bin\\", "/.trash/", "/.trashes/", "/.local/share/trash/"].iter().any(|bin| path.contains(bin))
}

/// What browsers call a file that is not yet there.
fn is_download(path: &str) -> bool {
    const DOWNLOADS: [&str; 5] = ["crdownload", "download", "opdownload", "part", "partial"];
    names::extension(path).is_some_and(|extension| DOWNLOADS.contains(&&*extension))
}

fn is_temporary(path: &str) -> bool {
    const TEMPORARY: [&str; 8] = ["lck", "lock", "swp", "swx", "temp", "tmp", "wal", "journal"];
    let name = names::last(path);
    name.starts_with('~')
        || name.starts_with(".~")
        || is_download(path)
        || names::extension(path).is_some_and(|extension| TEMPORARY.contains(&&*extension))
}

fn is_archive(path: &str) -> bool {
    const ARCHIVES: [&str; 12] = ["7z", "arj", "bz2", "cab", "gz", "lzh", "rar", "tar", "tgz", "xz", "zip", "zipx"];
    names::extension(path).is_some_and(|extension| ARCHIVES.contains(&&*extension))
}
