//! The registry of id kinds: two kinds never mix, and every id shows its kind when printed.
//! Never: makes an id up. Random and time-ordered values come from the caller (`vizard_server::ids`).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {expected} id")]
pub struct IdError {
    /// The prefix that was expected, for example `alert`.
    pub expected: &'static str,
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The visible prefix of this kind.
            pub const PREFIX: &'static str = $prefix;
            /// Wraps a value that the caller drew or loaded.
            pub const fn new(value: Uuid) -> Self { Self(value) }
            /// The bare value, for storage.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}_{}", $prefix, self.0.simple()) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(IdError { expected: $prefix })
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }
    )*
        /// The visible prefixes of all kinds.
        pub const PREFIXES: &[&str] = &[$($prefix,)*];
    };
}

id_kinds! {
    /// A monitored person. Random, derived from nothing about them.
    SubjectId = "subject";
    /// A policy, over all its versions.
    PolicyId = "policy";
    /// An alert.
    AlertId = "alert";
    /// A case.
    CaseId = "case";
    /// A request to lift the mask, and what became of it.
    RevealId = "reveal";
    /// A case shared with somebody.
    ShareId = "share";
    /// A question about a case.
    ConsultationId = "consultation";
    /// A package that a case was exported as.
    ExportId = "export";
    /// A note on an alert or a case.
    NoteId = "note";
    /// One subject's activity of one kind over one day, as one policy sees it.
    InsightId = "insight";
    /// An installed plugin: one digest.
    PluginId = "plugin";
    /// A configured connector.
    ConnectorId = "connector";
    /// What somebody delivers to one connector with.
    CredentialId = "credential";
    /// One delivery to a connector: a file, a request body.
    RunId = "run";
    /// A group of subjects with its own viewers.
    PriorityGroupId = "group";
    /// That an indicator does not count for somebody.
    SuppressionId = "suppression";
    /// A report of what one subject did.
    ReportId = "report";
    /// A role that somebody was given.
    RoleGrantId = "grant";
    /// An entry of the audit log.
    AuditEntryId = "audit";
    /// A template of notices.
    NoticeTemplateId = "template";
    /// A notice that was sent.
    NoticeId = "notice";
    /// Where alerts and cases are told to another system.
    WebhookId = "webhook";
    /// A message to a webhook.
    DeliveryId = "delivery";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_its_kind_and_reads_back() {
        let id = AlertId::new(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "alert_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = AlertId::new(Uuid::from_u128(7)).to_string();
        assert_eq!(id.parse::<CaseId>(), Err(IdError { expected: "case" }));
        assert!("alert_7".parse::<AlertId>().is_err());
        assert!("alert_0000000000000000000000000000000G".parse::<AlertId>().is_err());
    }
}
