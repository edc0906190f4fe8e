//! File Hosting Activity (6006, and 4010 before it) and Web Resources Activity (6001): content in applications.
//! Never: calls a share external of which the event does not say whom it reaches.

use crate::case::Case;
use crate::file::{describe, path};
use connector_sdk::{Emit, Kind, attr, kind, names};

/// More resources than this in one event are told as one event with their number.
const RESOURCES: usize = 100;

pub(crate) fn activity(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let kind = match case.activity {
        2 => kind::CONTENT_DOWNLOADED,
        4 => kind::CONTENT_DELETED,
        5 => kind::FILE_RENAMED,
        9 | 14 => kind::CONTENT_ACCESSED,
        15 => kind::FILE_SYNCED,
        1 => return Err("put into the application"),
        12 => return Err("shared, and the event does not say with whom"),
        _ => return Err("an activity without an indicator"),
    };
    let (file, result) = (case.json.at("file"), case.json.at("file_result"));
    let renamed = kind == kind::FILE_RENAMED;
    let whole = path(if renamed && !result.is_empty() { result } else { file });
    if whole.is_empty() {
        return Err("the event names no file");
    }
    let person = case.actor()?;
    let uid = file.at("uid").text();
    let mut event = case.event(emit, kind, &person, &whole);
    describe(&mut event, file, &whole);
    event.attr(attr::OBJECT_ID, if uid.is_empty() { whole.as_str() } else { &uid });
    if renamed && !result.is_empty() {
        let before = path(file);
        event.attr(attr::PREVIOUS_NAME, names::last(&before));
        // With an id of its own the file stays the same: nothing to link.
        event.attr(attr::PREVIOUS_OBJECT_ID, Some(before.as_str()).filter(|_| uid.is_empty()));
    }
    Ok(())
}

/// Resources of the web are anything; those that are files count.
pub(crate) fn resources(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let kind: Kind = match case.activity {
        2 => kind::CONTENT_ACCESSED,
        4 => kind::CONTENT_DELETED,
        7 => kind::CONTENT_DOWNLOADED,
        8 => return Err("shared, and the event does not say with whom"),
        _ => return Err("an activity without an indicator"),
    };
    const FILES: [&str; 7] = ["file", "document", "folder", "spreadsheet", "presentation", "attachment", "report"];
    let is_file = |of: &str| {
        let of = of.to_ascii_lowercase();
        FILES.iter().any(|known| of.contains(known))
    };
    let files: Vec<_> =
        case.json.at("web_resources").items().filter(|resource| is_file(&resource.at("type").text())).collect();
    if files.is_empty() {
        return Err("no resource that is a file");
    }
    let person = case.actor()?;
    let many = files.len() > RESOURCES;
    let told = if many { files.get(..1).unwrap_or_default() } else { &files };
    for (place, resource) in told.iter().enumerate() {
        let (name, uid, url) =
            (resource.at("name").text(), resource.at("uid").text(), resource.at("url_string").text());
        let about = format!("{place} {uid} {name}");
        let mut event = case.event(emit, kind, &person, &about);
        event.attr(attr::QUANTITY, many.then_some(files.len()));
        if !many {
            event
                .attr(attr::FILE_EXTENSION, names::extension(&name))
                .attr(attr::OBJECT_NAME, &*name)
                .attr(attr::OBJECT_PATH, &*url)
                .attr(attr::OBJECT_ID, if uid.is_empty() { &*url } else { &*uid });
        }
    }
    Ok(())
}
