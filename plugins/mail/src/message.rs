//! A message itself: as a file, or as text in JSON.
//! Never: keeps any of what the message says; only who, to whom, when, and which files.

use crate::header::{self, Fields, words};
use crate::mail::{Mail, Recipient, Told};
use crate::mime::Parts;
use connector_sdk::Text;
use connector_sdk::{Record, Reject};
use serde::Deserialize;

pub(crate) fn whole(record: &Record<'_>) -> Result<Told, Reject> {
    read(record.bytes(), None)
}

/// `{"message": "From: …", "size": 1234567}`: for mailbox files, and for messages that are larger than a record may be.
#[derive(Deserialize)]
struct InJson<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    /// What the message had before something was taken out of it.
    #[serde(borrow, default)]
    size: Text<'a>,
}

pub(crate) fn in_json(record: &Record<'_>) -> Result<Told, Reject> {
    let entry: InJson<'_> = record.json()?;
    if entry.message.get().is_none() {
        return Err(Reject::missing("message"));
    }
    read(entry.message.0.as_bytes(), entry.size.number())
}

fn read(bytes: &[u8], size: Option<i64>) -> Result<Told, Reject> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    let (fields, body) = Fields::read(bytes.get(start..).unwrap_or_default());
    // A report of a mail server on a mail that did not arrive has an empty one.
    if fields.get("return-path").is_some_and(|path| path.trim() == "<>") {
        return Ok(Told::Nothing("a bounce, or a mail without sender"));
    }
    if fields.get("auto-submitted").is_some_and(|how| !how.trim().eq_ignore_ascii_case("no")) {
        return Ok(Told::Nothing("a mail of a service or of the system"));
    }
    let from = fields.get("from").ok_or_else(|| Reject::missing("From"))?;
    let sender = header::addresses(from).into_iter().next().ok_or_else(|| Reject::bad_value("From", "an address"))?;
    let at = written_at(&fields)?;
    let mut recipients: Vec<Recipient> = Vec::new();
    let mut listed = false;
    for name in ["to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"] {
        for list in fields.all(name) {
            listed = true;
            recipients.extend(header::addresses(list));
        }
    }
    recipients.sort_unstable();
    recipients.dedup_by(|one, other| one.address == other.address);
    if recipients.is_empty() && listed && fields.get("to").is_some_and(|to| !is_undisclosed(to)) {
        return Err(Reject::bad_value("To", "a list of addresses"));
    }
    let parts = Parts::of(&fields, body);
    let message_id = fields.get("message-id").unwrap_or_default();
    let subject = words(fields.get("subject").unwrap_or_default());
    let size = size.or_else(|| i64::try_from(bytes.len()).ok());
    // A copy of the same message may have other headers of its way: what its author wrote identifies it. The message id
    // alone would not: whoever writes it at will could hide a second message behind the first.
    let mut identity = vec![message_id.to_owned(), sender.address.clone(), at.to_string(), subject.clone()];
    identity.extend(recipients.iter().map(|to| to.address.clone()));
    identity.extend(parts.files.iter().map(|file| file.name.clone()));
    Ok(Told::Mail(Box::new(Mail {
        at,
        sender: sender.address,
        sender_name: sender.name,
        recipients,
        complete: true,
        attachment_count: Some(parts.files.len()),
        attachments: parts.files,
        size,
        message_id: message_id.to_owned(),
        subject,
        workload: "Mail",
        operation: "Message",
        identity,
        ..Mail::default()
    })))
}

/// The date that the author's program wrote, else that of the first server, which is the last in the order of the text.
fn written_at(fields: &Fields) -> Result<i64, Reject> {
    if let Some(date) = fields.get("date") {
        return header::date(date).ok_or_else(|| Reject::bad_time("Date"));
    }
    let mut servers = fields.all("received").rev().filter_map(|way| header::date(way.rsplit_once(';')?.1));
    servers.next().ok_or_else(|| Reject::missing("Date"))
}

/// `undisclosed-recipients:;`
fn is_undisclosed(to: &str) -> bool {
    to.trim_end().ends_with([';', ':']) && to.contains(':')
}
