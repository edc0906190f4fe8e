//! What a plugin says happened.
//! Never: keeps a name, address or path among the facts.

mod accept;
pub mod content;
mod evidence;
mod measures;
mod names;
pub mod patient;

pub use accept::{Origin, accept, is_poor};
pub use evidence::withhold;
pub(crate) use names::foldings;

use crate::{scoring::input::Trigger, settings::Verdict, time::Micros};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// One value of an attribute, as a plugin gave it.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Boolean(bool),
    /// An instant.
    Time(Micros),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Value {
    /// As it is stored: instants as RFC 3339, numbers that JSON does not have as text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Real(number) => {
                serde_json::Number::from_f64(*number).map_or_else(|| Json::from(number.to_string()), Json::Number)
            }
            Self::Boolean(boolean) => Json::from(*boolean),
            Self::Time(at) => Json::from(at.to_string()),
            Self::Texts(texts) => Json::from(texts.as_slice()),
        }
    }
}

/// How a connector names a person or thing: a scheme ("upn", "email", "employee-id", "sid", …) and its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identifier {
    /// What kind of name it is.
    pub scheme: String,
    /// The name itself.
    pub value: String,
}

/// Somebody or something that took part: "actor" is the person whose activity this is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    /// "actor", "target", "recipient", "device", …
    pub role: String,
    /// Its names.
    pub identifiers: Vec<Identifier>,
}

/// One event as a plugin returned it, unchecked.
#[derive(Clone, PartialEq, Debug)]
pub struct RawEvent {
    /// The record of the batch that it came from, 0-based.
    pub record_index: u32,
    /// The vendor's own id.
    pub source_id: Option<String>,
    /// The code of the indicator, for example `FILE_DOWNLOADED`.
    pub kind: String,
    /// When it happened.
    pub occurred_at: Micros,
    /// Who took part.
    pub parties: Vec<Party>,
    /// What else is known, by the names of `connector_sdk::attr` and of the vendor.
    pub attributes: Vec<(String, Value)>,
}

/// Why a record was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RejectReason {
    /// Not in the feed's format.
    Malformed,
    /// A mandatory field is missing.
    MissingField,
    /// A field holds something that it may not.
    BadValue,
    /// A time that is no time, or far outside the plausible.
    BadTime,
    /// A kind of event that is not known here.
    UnknownKind,
    /// The plugin failed on this record.
    PluginFault,
    /// Larger or more than a limit allows.
    TooLarge,
}

impl RejectReason {
    /// The stable name, as stored and served.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::MissingField => "MISSING_FIELD",
            Self::BadValue => "BAD_VALUE",
            Self::BadTime => "BAD_TIME",
            Self::UnknownKind => "UNKNOWN_KIND",
            Self::PluginFault => "PLUGIN_FAULT",
            Self::TooLarge => "TOO_LARGE",
        }
    }
}

/// A record that was not accepted. Neither text quotes the record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// The record of the batch, 0-based.
    pub record_index: u32,
    /// Why.
    pub reason: RejectReason,
    /// Field and advice, for an operator.
    pub detail: String,
}

/// An HR profile, or what another connector knows of a person. Identifying: no `Debug`.
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// How the person is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Job title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Department: shown beside the pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Everything else the source gave, by attribute name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<String, String>,
}

/// What makes a repeated delivery change nothing: one key per connector and event. The first 16 bytes of a SHA-256 over
/// feed, kind and the vendor's id; where there is none, over the record itself and the event's position in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey(pub [u8; 16]);

/// An identifier in the one form in which it is compared, whatever a source writes: see `subject::normalise`.
/// Identifying: no `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NormalisedIdentifier {
    /// What it is compared within: "address" (mail addresses and sign-in names), "employee-id", "sid", …
    pub namespace: String,
    /// Trimmed, in lower case, composed.
    pub value: String,
}

/// One event that may be stored: checked, its evidence divided into what everybody may see and what may name a person.
#[derive(Clone, PartialEq)]
pub struct AcceptedEvent {
    /// The record of the batch that it came from, 0-based.
    pub record_index: u32,
    /// Its key within the connector.
    pub key: EventKey,
    /// The indicator's code.
    pub indicator: String,
    /// When it happened.
    pub occurred_at: Micros,
    /// Names of the person whose activity this is, at least one; the first is the one to show after a reveal.
    pub actor: Vec<NormalisedIdentifier>,
    /// How often it counts, at least 1.
    pub quantity: u32,
    /// A JSON object with sorted keys; safe for every viewer who may see the activity.
    pub facts: Map<String, Json>,
    /// A JSON object: everything else. It can name a person; it is stored sealed.
    pub content: Map<String, Json>,
    /// The object's own id, for lineage; stored only as a keyed digest.
    pub object: Option<String>,
    /// The object before it was renamed, moved, archived or copied.
    pub previous_object: Option<String>,
    /// The machine it happened on; stored only as a keyed digest.
    pub device: Option<String>,
    /// The domains it went to; stored as keyed digests beside the facts.
    pub destinations: Vec<String>,
    /// Present where the event can start scoring by itself (HR, directory, DLP of high severity, endpoint alerts).
    pub trigger: Option<Trigger>,
    /// What it tells of the person (`EMPLOYEE_PROFILE`).
    pub profile: Option<Profile>,
    /// The address of the site it is in; stored as a keyed digest, for priority content.
    pub site: Option<String>,
    /// What the settings say of it.
    pub verdict: Verdict,
    /// Whom the record is of that was opened, or whom a profile tells of, as far as the two are compared. Nothing of it is
    /// stored but keyed digests.
    pub traits: Option<patient::Traits>,
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
