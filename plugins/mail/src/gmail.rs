//! Logs of Gmail: the CSV of the email log search, and records of the BigQuery export.
//! Never: one mail twice, though the log has a row for each step of its way.

use crate::Config;
use crate::header;
use crate::mail::{Attachment, Mail, Recipient, Told, extension};
use connector_sdk::Text;
use connector_sdk::{Call, Record, Reject, identifier, time};
use serde::Deserialize;

/// Attached files of one mail that are looked at.
const ATTACHMENTS: usize = 200;

pub(crate) fn row(config: &Config, call: &Call<'_>, record: &Record<'_>) -> Result<Told, Reject> {
    let message_id = record.need("Message ID")?;
    if message_id.contains("SMTPIN_ADDED_REJECT_SESSION") {
        return Ok(Told::Nothing("not delivered"));
    }
    let direction = record.column("Direction").unwrap_or_default();
    if direction.eq_ignore_ascii_case("received") {
        return Ok(Told::Nothing("a mail from outside"));
    }
    let target = record.column("Event target").unwrap_or_default().to_ascii_uppercase();
    if ["SMTP_IN", "LIST_SERVER", "ARCHIVE_LIST_SERVER"].contains(&target.as_str()) {
        return Ok(Told::Nothing("a step before the delivery"));
    }
    let status = record.column("Event status").unwrap_or_default();
    if !["", "delivered", "inserted", "sent"].iter().any(|word| status.eq_ignore_ascii_case(word)) {
        let failed = ["bounced", "rejected", "dropped", "quarantined", "failed"];
        let not = failed.iter().any(|word| status.eq_ignore_ascii_case(word));
        return Ok(Told::Nothing(if not { "not delivered" } else { "something that happened to a mail later" }));
    }
    let at = time::parse(&header::with_offset(record.need("Start date")?), call.zone(), config.date_order);
    let at = at.ok_or_else(|| Reject::bad_time("Start date"))?;
    // A delegate's address follows that of the account.
    let sender = addresses(record.need("Sender")?).next().ok_or_else(|| Reject::bad_value("Sender", "an address"))?;
    let recipients: Vec<Recipient> = addresses(record.need("Recipient address")?)
        .map(|address| Recipient { address, name: String::new() })
        .collect();
    if recipients.is_empty() {
        return Err(Reject::bad_value("Recipient address", "an address"));
    }
    let size = record.column("Message size").and_then(|size| size.parse::<i64>().ok());
    Ok(Told::Mail(Box::new(Mail {
        at,
        recipients,
        attachment_count: record.column("Attachments").and_then(|count| count.parse().ok()),
        size,
        subject: record.column("Subject").unwrap_or_default().to_owned(),
        workload: "Gmail",
        operation: "EmailLogSearch",
        identity: identity(message_id, &sender, size),
        message_id: message_id.to_owned(),
        sender,
        ..Mail::default()
    })))
}

/// Senders may write the same message id on every mail: alone it would let the second hide behind the first.
fn identity(message_id: &str, sender: &str, size: Option<i64>) -> Vec<String> {
    vec![message_id.to_owned(), sender.to_owned(), size.map(|size| size.to_string()).unwrap_or_default()]
}

fn addresses(text: &str) -> impl Iterator<Item = String> {
    let apart = |c: char| c == ',' || c == ';' || c.is_whitespace();
    text.split(apart).filter_map(identifier::address).take(1_000)
}

/// A row of the `activity` table, of which `gmail` is a part, or of the older table of Gmail alone.
#[derive(Deserialize)]
struct Activity<'a> {
    #[serde(borrow, default)]
    email: Text<'a>,
    #[serde(borrow, default)]
    gmail: Option<Log<'a>>,
    #[serde(borrow, default)]
    event_info: Option<EventInfo<'a>>,
    #[serde(borrow, default)]
    message_info: Option<MessageInfo<'a>>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow, default)]
    event_info: Option<EventInfo<'a>>,
    #[serde(borrow, default)]
    message_info: Option<MessageInfo<'a>>,
}

#[derive(Default, Deserialize)]
struct EventInfo<'a> {
    #[serde(borrow, default)]
    mail_event_type: Text<'a>,
    #[serde(borrow, default)]
    success: Text<'a>,
    #[serde(borrow, default)]
    timestamp_usec: Text<'a>,
}

#[derive(Default, Deserialize)]
struct MessageInfo<'a> {
    #[serde(borrow, default)]
    attachment: Option<Vec<File<'a>>>,
    #[serde(borrow, default)]
    connection_info: Option<Connection<'a>>,
    #[serde(borrow, default)]
    destination: Option<Vec<Place<'a>>>,
    #[serde(borrow, default)]
    flattened_destinations: Text<'a>,
    #[serde(borrow, default)]
    num_message_attachments: Text<'a>,
    #[serde(borrow, default)]
    payload_size: Text<'a>,
    #[serde(borrow, default)]
    rfc2822_message_id: Text<'a>,
    #[serde(borrow, default)]
    source: Option<Place<'a>>,
    #[serde(borrow, default)]
    subject: Text<'a>,
}

#[derive(Default, Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    file_extension_type: Text<'a>,
    #[serde(borrow, default)]
    file_name: Text<'a>,
    #[serde(borrow, default)]
    sha256: Text<'a>,
}

#[derive(Default, Deserialize)]
struct Connection<'a> {
    #[serde(borrow, default)]
    client_ip: Text<'a>,
}

#[derive(Default, Deserialize)]
struct Place<'a> {
    #[serde(borrow, default)]
    address: Text<'a>,
    #[serde(borrow, default)]
    from_header_address: Text<'a>,
    #[serde(borrow, default)]
    from_header_displayname: Text<'a>,
}

pub(crate) fn object(record: &Record<'_>) -> Result<Told, Reject> {
    let activity: Activity<'_> = record.json()?;
    let (event, message) = match activity.gmail {
        Some(log) => (log.event_info, log.message_info),
        None => (activity.event_info, activity.message_info),
    };
    let Some(event) = event else { return Err(Reject::missing("event_info")) };
    let forwarded = match event.mail_event_type.get() {
        None => return Err(Reject::missing("event_info.mail_event_type")),
        Some("1") => false,
        Some("11") => true,
        Some("0") => return Ok(Told::Nothing("a step before the delivery")),
        Some("2") => return Ok(Told::Nothing("a mail received")),
        Some(number) if number.parse::<u32>().is_ok() => {
            return Ok(Told::Nothing("something that happened to a mail later"));
        }
        Some(_) => return Err(Reject::bad_value("event_info.mail_event_type", "a number")),
    };
    if event.success.0.eq_ignore_ascii_case("false") {
        return Ok(Told::Nothing("not delivered"));
    }
    let at = event.timestamp_usec.number().ok_or_else(|| Reject::bad_time("event_info.timestamp_usec"))?;
    let Some(message) = message else { return Err(Reject::missing("message_info")) };
    let source = message.source.unwrap_or_default();
    // A mail that Gmail forwards by itself keeps the address of whoever wrote it: the account is the one that forwards.
    let sender = match forwarded {
        true => identifier::address(activity.email.or_empty()),
        false => [&source.from_header_address, &source.address, &activity.email]
            .into_iter()
            .find_map(|text| identifier::address(text.or_empty())),
    };
    let sender = match sender {
        Some(sender) => sender,
        None if forwarded => return Err(Reject::missing("email")),
        None => return Err(Reject::missing("message_info.source.address")),
    };
    let files: Vec<Attachment> = message.attachment.unwrap_or_default().iter().take(ATTACHMENTS).map(file).collect();
    let count = message.num_message_attachments.number().and_then(|count| usize::try_from(count).ok());
    let size = message.payload_size.number();
    let message_id = message.rfc2822_message_id.or_empty();
    let mut recipients: Vec<Recipient> = message
        .destination
        .iter()
        .flatten()
        .filter_map(|place| Recipient::of(place.address.or_empty()))
        .chain(flattened(&message.flattened_destinations.0))
        .collect();
    recipients.sort_unstable();
    recipients.dedup();
    let mut identity = identity(message_id, &sender, size);
    // One mail is sent once, but may be forwarded by many.
    identity.push(if forwarded { "forwarded".to_owned() } else { at.to_string() });
    Ok(Told::Mail(Box::new(Mail {
        at,
        sender,
        sender_name: if forwarded { String::new() } else { source.from_header_displayname.or_empty().to_owned() },
        recipients,
        complete: true,
        attachment_count: count.or(Some(files.len()).filter(|count| *count > 0)),
        attachments: files,
        size,
        subject: message.subject.or_empty().to_owned(),
        client_ip: message.connection_info.unwrap_or_default().client_ip.or_empty().to_owned(),
        workload: "Gmail",
        operation: if forwarded { "AutoForward" } else { "Send" },
        identity,
        message_id: message_id.to_owned(),
    })))
}

fn file(file: &File<'_>) -> Attachment {
    let name = file.file_name.or_empty();
    let given = file.file_extension_type.or_empty();
    let hash = file.sha256.get().filter(|hash| hash.len() <= 128).map(|hash| format!("sha256:{}", hash.to_lowercase()));
    Attachment {
        name: name.to_owned(),
        extension: extension(&format!(".{given}")).or_else(|| extension(name)).unwrap_or_default(),
        hash: hash.unwrap_or_default(),
    }
}

/// `smtp-outbound:relay:a@x.org,gmail-ui::b@y.org`
fn flattened(text: &str) -> impl Iterator<Item = Recipient> {
    let last = |entry: &'_ str| entry.rsplit(':').next().and_then(Recipient::of);
    text.split([',', ';', ' ']).filter_map(last).take(1_000)
}
