//! Message traces of Exchange Online: a record for each recipient (`Get-MessageTraceV2`, Microsoft Graph), or a row for
//! each mail (the enhanced summary report).
//! Never: an attachment; traces do not tell of them.

use crate::Config;
use crate::mail::{Mail, Recipient, Told};
use connector_sdk::Text;
use connector_sdk::jiff::tz::TimeZone;
use connector_sdk::{Columns, Failure, Record, Reject, identifier, time};
use serde::Deserialize;

/// Names of the columns of both shapes: the trace's, the report's.
const RECEIVED: [&str; 2] = ["Received", "origin_timestamp_utc"];
const SENDER: [&str; 2] = ["SenderAddress", "sender_address"];
const RECIPIENT: [&str; 2] = ["RecipientAddress", "recipient_status"];

/// Refuses what is neither, and says which report is.
pub(crate) fn header(columns: &Columns) -> Result<(), Failure> {
    let shape = |at: usize| [RECEIVED, SENDER, RECIPIENT].iter().all(|names| columns.has(names[at]));
    if columns.has("event_id") {
        return Err(Failure::Format(
            "an extended report or a tracking log has a row for each step: export a message trace or the enhanced summary report".into(),
        ));
    }
    if shape(0) || shape(1) {
        return Ok(());
    }
    Err(Failure::Format(
        "the header is neither that of a message trace (Received, SenderAddress, RecipientAddress) nor that of an enhanced summary report (origin_timestamp_utc, sender_address, recipient_status)"
            .into(),
    ))
}

/// What both shapes say, by whatever names.
struct Trace<'t> {
    /// The name of the field that holds the time, for rejects; so for the others.
    received: (&'static str, Option<&'t str>),
    sender: (&'static str, Option<&'t str>),
    recipient: (&'static str, Option<&'t str>),
    status: Option<&'t str>,
    subject: Option<&'t str>,
    size: Option<&'t str>,
    message_id: Option<&'t str>,
    /// The server's own id of the mail.
    trace_id: Option<&'t str>,
    client_ip: Option<&'t str>,
}

pub(crate) fn row(config: &Config, record: &Record<'_>) -> Result<Told, Reject> {
    let report = record.columns().is_some_and(|columns| columns.has(RECIPIENT[1]));
    let at = usize::from(report);
    let cell = |names: [&'static str; 2]| (names[at], record.column(names[at]));
    let trace = Trace {
        received: cell(RECEIVED),
        sender: cell(SENDER),
        recipient: cell(RECIPIENT),
        status: record.column("Status"),
        subject: record.column(["Subject", "message_subject"][at]),
        size: record.column(["Size", "total_bytes"][at]),
        message_id: record.column(["MessageId", "message_id"][at]),
        trace_id: record.column(["MessageTraceId", "network_message_id"][at]),
        client_ip: record.column(["FromIP", "original_client_ip"][at]),
    };
    if report { summary(config, &trace) } else { one_recipient(config, &trace) }
}

/// PowerShell's names of the fields, and those of Microsoft Graph.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default, rename = "Received", alias = "receivedDateTime")]
    received: Text<'a>,
    #[serde(borrow, default, rename = "SenderAddress", alias = "senderAddress")]
    sender: Text<'a>,
    #[serde(borrow, default, rename = "RecipientAddress", alias = "recipientAddress")]
    recipient: Text<'a>,
    #[serde(borrow, default, rename = "Status", alias = "status")]
    status: Text<'a>,
    #[serde(borrow, default, rename = "Subject", alias = "subject")]
    subject: Text<'a>,
    #[serde(borrow, default, rename = "Size", alias = "size")]
    size: Text<'a>,
    #[serde(borrow, default, rename = "MessageId", alias = "messageId")]
    message_id: Text<'a>,
    #[serde(borrow, default, rename = "MessageTraceId", alias = "id")]
    trace_id: Text<'a>,
    #[serde(borrow, default, rename = "FromIP", alias = "fromIP")]
    client_ip: Text<'a>,
}

pub(crate) fn object(config: &Config, record: &Record<'_>) -> Result<Told, Reject> {
    let entry: Entry<'_> = record.json()?;
    let trace = Trace {
        received: (RECEIVED[0], entry.received.get()),
        sender: (SENDER[0], entry.sender.get()),
        recipient: (RECIPIENT[0], entry.recipient.get()),
        status: entry.status.get(),
        subject: entry.subject.get(),
        size: entry.size.get(),
        message_id: entry.message_id.get(),
        trace_id: entry.trace_id.get(),
        client_ip: entry.client_ip.get(),
    };
    one_recipient(config, &trace)
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Went,
    NotYet,
    NotAtAll,
    /// A group was resolved to its members, or a mail redirected: whom it reached has a record of its own.
    Elsewhere,
}

/// By its name in a trace or the last step in a report.
fn status(text: &str) -> Option<Status> {
    let last = text.rsplit(',').next().unwrap_or(text).trim().to_ascii_lowercase();
    Some(match last.as_str() {
        "delivered" | "deliver" | "send" | "sent" | "none" => Status::Went,
        "pending" | "gettingstatus" | "getting status" | "receive" | "defer" | "submit" | "transfer" => Status::NotYet,
        "failed" | "fail" | "quarantined" | "quarantine" | "filteredasspam" | "filtered as spam" | "rejected"
        | "reject" | "spam" | "drop" | "dropped" => Status::NotAtAll,
        "expanded" | "expand" | "resolved" | "resolve" | "redirect" => Status::Elsewhere,
        _ => return None,
    })
}

fn one_recipient(config: &Config, trace: &Trace<'_>) -> Result<Told, Reject> {
    let Some(mut mail) = read(config, trace)? else { return Ok(Told::Nothing("a bounce, or a mail without sender")) };
    let to = need(trace.recipient)?;
    let to = Recipient::of(to).ok_or_else(|| Reject::bad_value(trace.recipient.0, "an address"))?;
    match trace.status.map(status) {
        // Whoever left the column out did not ask for what was not delivered.
        None | Some(Some(Status::Went)) => {}
        Some(Some(Status::NotYet)) => return Ok(Told::Nothing("not delivered yet")),
        Some(Some(Status::NotAtAll)) => return Ok(Told::Nothing("not delivered")),
        Some(Some(Status::Elsewhere)) => {
            return Ok(Told::Nothing("a group or a redirected mail: its recipients follow"));
        }
        Some(None) => return Err(Reject::unknown_kind("Status", "Status is none that a message trace has")),
    }
    mail.recipients.push(to);
    Ok(Told::Mail(mail))
}

/// `a@x.org##Receive, Send;b@y.org##Receive, Fail`
fn summary(config: &Config, trace: &Trace<'_>) -> Result<Told, Reject> {
    let Some(mut mail) = read(config, trace)? else { return Ok(Told::Nothing("a bounce, or a mail without sender")) };
    let (mut addresses, mut open) = (0, 0);
    for entry in need(trace.recipient)?.split(';').filter(|entry| !entry.trim().is_empty()) {
        let (address, steps) = entry.split_once("##").unwrap_or((entry, ""));
        let Some(to) = Recipient::of(address) else { continue };
        addresses += 1;
        match status(steps) {
            Some(Status::NotAtAll | Status::Elsewhere) => {}
            Some(Status::NotYet) => open += 1,
            // A step that is not known here is no reason to hide that a mail went out.
            Some(Status::Went) | None => mail.recipients.push(to),
        }
    }
    if addresses == 0 {
        return Err(Reject::bad_value(trace.recipient.0, "a list of addresses, each with its status"));
    }
    if mail.recipients.is_empty() {
        return Ok(Told::Nothing(if open > 0 { "not delivered yet" } else { "not delivered" }));
    }
    mail.complete = true;
    Ok(Told::Mail(mail))
}

/// All but the recipients; `None` where there is no sender.
fn read(config: &Config, trace: &Trace<'_>) -> Result<Option<Box<Mail>>, Reject> {
    // Traces are in UTC, whether they say so or not.
    let at = time::parse(need(trace.received)?, &TimeZone::UTC, config.date_order);
    let at = at.ok_or_else(|| Reject::bad_time(trace.received.0))?;
    let sender = match trace.sender.1 {
        None | Some("<>") => return Ok(None),
        Some(text) => identifier::address(text).ok_or_else(|| Reject::bad_value(trace.sender.0, "an address"))?,
    };
    let size = trace.size.and_then(|size| size.parse::<i64>().ok());
    let message_id = trace.message_id.unwrap_or_default();
    let identity = match trace.trace_id.filter(|id| id.contains(|c: char| c.is_ascii_hexdigit() && c != '0')) {
        Some(id) => vec![id.to_owned()],
        None if message_id.is_empty() => vec![sender.clone(), at.to_string()],
        None => vec![message_id.to_owned(), sender.clone(), size.map(|size| size.to_string()).unwrap_or_default()],
    };
    Ok(Some(Box::new(Mail {
        at,
        sender,
        size,
        subject: trace.subject.unwrap_or_default().to_owned(),
        message_id: message_id.to_owned(),
        client_ip: trace.client_ip.unwrap_or_default().to_owned(),
        workload: "Exchange",
        operation: "MessageTrace",
        identity,
        ..Mail::default()
    })))
}

fn need<'t>(field: (&'static str, Option<&'t str>)) -> Result<&'t str, Reject> {
    field.1.ok_or_else(|| Reject::missing(field.0))
}
