//! A leaf: one entry as canonical JSON (RFC 8785), the bytes that the tree binds.
//! Never: free text. The leaf holds SHA-256(salt || text); text and salt lie beside it and can be erased.

use super::{AuditActivity, AuditCategory, Hash, base64};
use crate::{access::Role, ids::AuditEntryId, time::Micros};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The version of this form, written into every leaf.
pub const VERSION: u8 = 1;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 32;

/// What one entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The version of this form.
    pub v: u8,
    /// Which entry.
    pub id: AuditEntryId,
    /// When, as RFC 3339 in UTC with milliseconds.
    pub at: String,
    /// Who: the stable id of the sign-in, `system`, `operator` or `anonymous`.
    pub actor: String,
    /// The roles that the actor held then.
    pub roles: Vec<Role>,
    /// What was done.
    pub activity: AuditActivity,
    /// To what kind of thing.
    pub category: AuditCategory,
    /// To which one.
    pub object: String,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The commitment to why it was done, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Leaf {
    /// The bytes that the tree binds.
    ///
    /// # Errors
    /// Where a number cannot be written as JSON.
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        serde_json_canonicalizer::to_string(self)
    }

    /// The instant as it is written in a leaf.
    pub fn instant(at: Micros) -> String {
        at.to_string()
    }
}

/// What a leaf holds in place of a text. Without the salt it cannot be guessed from likely texts.
pub fn commitment(salt: &[u8], text: &str) -> Hash {
    Sha256::new().chain_update(salt).chain_update(text.as_bytes()).finalize().into()
}

/// The commitment as it is written in a leaf.
pub fn committed(salt: &[u8], text: &str) -> String {
    base64(&commitment(salt, text))
}
