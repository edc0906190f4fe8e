//! What a SIEM gets of an entry: the leaf, as a line of JSON or as a message of syslog (RFC 5424).
//! Never: a text or its salt; only what the leaf holds leaves by this way.

use super::{AuditActivity, leaf::Leaf, tree::leaf_hash};
use crate::limits;
use serde::Serialize;

/// Facility 13 of syslog: log audit.
const FACILITY: u8 = 13;
const WARNING: u8 = 4;
const NOTICE: u8 = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    log: &'a str,
    sequence: u64,
    leaf_hash: String,
    entry: &'a Leaf,
}

/// One line, without a line break: the log, the place, the hash of the leaf and the leaf. A receiver that gets a line
/// twice knows it by the place.
///
/// # Errors
/// Where the leaf cannot be written.
pub fn json(log: &str, sequence: u64, text: &str, leaf: &Leaf) -> Result<String, serde_json::Error> {
    let leaf_hash = super::base64(&leaf_hash(text.as_bytes()));
    serde_json::to_string(&Sent { log, sequence, leaf_hash, entry: leaf })
}

/// One message of syslog: facility 13, severity 4 for what was denied and 5 for the rest, the activity as its id, and the
/// line of [`json`] in ASCII. Where it would be longer than a datagram, the entry's detail is left out.
///
/// # Errors
/// Where the leaf cannot be written.
pub fn syslog(log: &str, sequence: u64, text: &str, leaf: &Leaf) -> Result<String, serde_json::Error> {
    let severity = if leaf.activity == AuditActivity::Denied { WARNING } else { NOTICE };
    let head = format!("<{}>1 {} - vizard - {} - ", FACILITY * 8 + severity, leaf.at, leaf.activity);
    let whole = format!("{head}{}", ascii(&json(log, sequence, text, leaf)?));
    if whole.len() <= limits::SIEM_DATAGRAM_BYTES {
        return Ok(whole);
    }
    let short = Leaf { detail: serde_json::Value::Null, before: None, after: None, ..leaf.clone() };
    Ok(format!("{head}{}", ascii(&json(log, sequence, text, &short)?)))
}

/// JSON of the same meaning without a letter beyond ASCII.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut pair = [0u16; 2];
            for unit in letter.encode_utf16(&mut pair) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{AuditCategory, leaf::VERSION},
        ids::AuditEntryId,
        time::Micros,
    };
    use serde_json::{Value, json};

    fn leaf(detail: Value) -> Leaf {
        Leaf {
            v: VERSION,
            id: AuditEntryId::new(uuid::Uuid::from_u128(1)),
            at: Leaf::instant(Micros(1_782_907_200_123_456)),
            actor: "dev:ada".into(),
            roles: vec![],
            activity: AuditActivity::Denied,
            category: AuditCategory::Policies,
            object: "Mutation.createPolicy".into(),
            detail,
            before: None,
            after: None,
            reason: None,
        }
    }

    #[test]
    fn a_message_of_syslog_is_ascii_and_its_json_means_the_same() {
        let leaf = leaf(json!({"name": "Größe 😀"}));
        let text = leaf.canonical().unwrap();
        let message = syslog("log", 7, &text, &leaf).unwrap();
        let head = "<108>1 2026-07-01T12:00:00.123Z - vizard - DENIED - ";
        let said: Value = serde_json::from_str(message.strip_prefix(head).unwrap()).unwrap();
        assert!(message.is_ascii());
        assert_eq!(said, serde_json::from_str::<Value>(&json("log", 7, &text, &leaf).unwrap()).unwrap());
        assert_eq!((&said["sequence"], &said["log"]), (&json!(7), &json!("log")));
        assert_eq!(said["entry"], serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn an_entry_that_fits_no_datagram_goes_without_its_detail() {
        let leaf = leaf(json!("x".repeat(limits::SIEM_DATAGRAM_BYTES)));
        let message = syslog("log", 7, &leaf.canonical().unwrap(), &leaf).unwrap();
        assert!(message.len() < 1_000 && message.contains("Mutation.createPolicy") && !message.contains("xxx"));
    }
}
