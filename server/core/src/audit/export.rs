//! An exported log, as lines of JSON: a header, the entries in order, checkpoints where they were signed.
//! Never: a line that can be written in two ways; a reader writes it again and compares the bytes.

use super::{Hash, base64, from_base64, leaf::SALT_BYTES, note::PublicKey};
use serde::{Deserialize, Serialize};

/// What the first line names.
pub const FORMAT: &str = "vizard-audit-export/1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The name of the log.
    pub origin: String,
    /// The log's verifier key. Not to be trusted: the auditor has it from elsewhere.
    pub key: String,
    /// Entries that follow.
    pub size: u64,
}

/// A line of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Its place in the log, from 0.
    pub sequence: u64,
    /// The bytes that the tree binds.
    pub leaf: String,
    /// SHA-256(0x00 || leaf), in base64.
    pub hash: String,
    /// Texts that the leaf commits to, as far as they were not erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
}

/// Texts beside a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Why it was done.
    pub reason: Text,
}

/// A text and the salt of its commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// In base64.
    pub salt: String,
    /// As it was written.
    pub text: String,
}

/// A line of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// Its place among the checkpoints of this export, from 0.
    pub checkpoint: u64,
    /// The signed note.
    pub note: String,
}

/// One line after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// An entry.
    Entry(EntryLine),
    /// A checkpoint over the entries before it.
    Checkpoint(CheckpointLine),
}

impl Header {
    /// Of a log with this key and so many entries.
    pub fn new(key: &PublicKey, size: u64) -> Self {
        Self { format: FORMAT.to_owned(), origin: key.origin().to_owned(), key: key.to_string(), size }
    }
}

impl EntryLine {
    /// The line of the entry at `sequence`.
    pub fn new(sequence: u64, leaf: String, hash: &Hash, reason: Option<(&[u8], String)>) -> Self {
        let texts = reason.map(|(salt, text)| Texts { reason: Text { salt: base64(salt), text } });
        Self { sequence, leaf, hash: base64(hash), texts }
    }
}

impl Text {
    /// The salt; nothing where it is not one.
    pub fn salt(&self) -> Option<Vec<u8>> {
        from_base64(&self.salt).filter(|salt| salt.len() == SALT_BYTES)
    }
}

/// A line as it is written, with its line break.
///
/// # Errors
/// Never, for the types of this module.
pub fn written(line: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads one line, without its line break; nothing where it is not written exactly as [`written`] does.
pub fn read<T: Serialize + for<'de> Deserialize<'de>>(line: &[u8]) -> Option<T> {
    let found: T = serde_json::from_slice(line).ok()?;
    (serde_json::to_vec(&found).ok()? == line).then_some(found)
}
