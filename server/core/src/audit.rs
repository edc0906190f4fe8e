//! The audit log: what an entry says, the tree that binds all entries, signed checkpoints, and the check of an export.
//! Never: a person's name or free text in a leaf; what can be erased enters as a salted commitment.

pub mod export;
pub mod feed;
pub mod leaf;
pub mod note;
pub mod tree;
pub mod verify;

use crate::{access::Resource, words::words};

words! {
    /// What was done (domain, section 9).
    AuditActivity {
        /// Something sensitive was read.
        Viewed = "VIEWED",
        /// Something was made.
        Added = "ADDED",
        /// Something was changed.
        Edited = "EDITED",
        /// Something was removed.
        Deleted = "DELETED",
        /// Somebody asked to see who a subject is.
        RevealRequested = "REVEAL_REQUESTED",
        /// Somebody else agreed.
        RevealApproved = "REVEAL_APPROVED",
        /// Somebody else refused.
        RevealDenied = "REVEAL_DENIED",
        /// A reveal was ended before its time, or a request taken back.
        RevealEnded = "REVEAL_ENDED",
        /// An identity was opened without consent, in an emergency.
        BreakGlass = "BREAK_GLASS",
        /// An identity was shown.
        IdentityViewed = "IDENTITY_VIEWED",
        /// A case was shared.
        Shared = "SHARED",
        /// A share was used.
        ShareUsed = "SHARE_USED",
        /// A share was taken back.
        ShareRevoked = "SHARE_REVOKED",
        /// Something left the system as a file.
        Exported = "EXPORTED",
        /// A notice was sent to a subject.
        NoticeSent = "NOTICE_SENT",
        /// Somebody signed in.
        SignedIn = "SIGNED_IN",
        /// Somebody tried what they may not do.
        Denied = "DENIED",
    }
}

words! {
    /// What it was done to (domain, section 9).
    AuditCategory {
        /// Policies.
        Policies = "POLICIES",
        /// Alerts.
        Alerts = "ALERTS",
        /// Cases.
        Cases = "CASES",
        /// Subjects, their scores and the evidence about them.
        Subjects = "SUBJECTS",
        /// Settings, indicators, groups.
        Settings = "SETTINGS",
        /// Templates of notices.
        NoticeTemplates = "NOTICE_TEMPLATES",
        /// Plugins, connectors and what they deliver.
        Connectors = "CONNECTORS",
        /// Shares of cases.
        Shares = "SHARES",
        /// Who may do what, and who signs in.
        Roles = "ROLES",
        /// The audit log itself.
        Audit = "AUDIT",
    }
}

impl AuditCategory {
    /// The category of what a permit is about.
    pub const fn of(resource: Resource) -> Self {
        match resource {
            Resource::Policies => Self::Policies,
            Resource::Indicators | Resource::Settings | Resource::PriorityGroups => Self::Settings,
            Resource::Connectors
            | Resource::ConnectorConfig
            | Resource::ConnectorGrants
            | Resource::Rejects
            | Resource::Deliveries => Self::Connectors,
            Resource::Alerts => Self::Alerts,
            Resource::Cases
            | Resource::CaseHeaders
            | Resource::Notes
            | Resource::LegalHolds
            | Resource::Exports
            | Resource::ExportPackages
            | Resource::Reveals
            | Resource::RevealRequests
            | Resource::RevealDecisions => Self::Cases,
            Resource::Notices => Self::NoticeTemplates,
            Resource::Shares | Resource::ShareRevocations => Self::Shares,
            Resource::RoleGrants => Self::Roles,
            Resource::AuditLog => Self::Audit,
            _ => Self::Subjects,
        }
    }
}

/// Thirty-two bytes of SHA-256.
pub type Hash = [u8; 32];

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash as it is written everywhere: base64 (RFC 4648, section 4), 44 characters.
pub fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

/// The bytes of such a text; nothing where it is written in any other way.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

/// A hash of such a text.
pub fn hash_from_base64(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}

#[cfg(test)]
mod tests;
