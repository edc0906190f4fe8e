//! The export of a case for a court or a lawyer: one sealed file that anybody can check without the server.
//! Never: who the subject is; what staff or file names may tell of it is marked in the manifest. A signature over a package
//! that could be taken for one over a checkpoint, or the other way round.

pub mod check;
mod pack;
pub mod record;
pub mod summary;
mod tar;

pub use pack::{Packer, Piece};

use crate::{
    audit::{hex, note::LogKey},
    ids::{CaseId, ExportId},
    words::words,
};
use serde::{Deserialize, Serialize};

/// What a manifest names as its format.
pub const FORMAT: &str = "vizard-case-export/1";

/// What the manifest says about names.
pub const IDENTITY: &str =
    "not in this package: the subject is called by a pseudonym; what may name somebody is listed in mayNamePersons";

/// Where a person may be named nevertheless.
pub const MAY_NAME: &[&str] = &[
    "activities.ndjson: content (names of files, paths, recipients and subjects of messages)",
    "notes.ndjson: body, where system is false (written by staff)",
    "summary.html: the name of the case, what was done about it and the notes of staff",
];

words! {
    /// The files of a package, in the order in which they stand in it.
    PackageFile {
        /// For people: what the case is, in one page of HTML.
        Summary = "summary.html",
        /// Its alerts.
        Alerts = "alerts.ndjson",
        /// What they rest on.
        Insights = "insights.ndjson",
        /// The events beneath those.
        Activities = "activities.ndjson",
        /// What was written down.
        Notes = "notes.ndjson",
        /// How the score came to be what it is.
        ScoreHistory = "score-history.ndjson",
        /// The audit log when the package was made, signed.
        Checkpoint = "checkpoint",
        /// Entries of the audit log about the case, each with the proof that the checkpoint covers it.
        Custody = "custody.ndjson",
        /// Names, sizes and digests of the files above.
        Manifest = "manifest.json",
        /// The signature over the manifest.
        Signature = "signature",
    }
}

/// The table of contents of a package; its digest is what is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Which export.
    pub id: ExportId,
    /// Of which case.
    pub case: ManifestCase,
    /// By whom.
    pub exported_by: ManifestStaff,
    /// When: RFC 3339, UTC.
    pub exported_at: String,
    /// [`IDENTITY`].
    pub identity: String,
    /// [`MAY_NAME`].
    pub may_name_persons: Vec<String>,
    /// The audit log that the custody is proved against.
    pub audit_log: ManifestLog,
    /// The files before the manifest, in order.
    pub files: Vec<ManifestFile>,
}

/// The case of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestCase {
    /// Its id.
    pub id: CaseId,
    /// What its subject is called in it.
    pub pseudonym: String,
}

/// Who made a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestStaff {
    /// The stable id of the sign-in.
    pub id: String,
    /// The name.
    pub name: String,
}

/// The audit log as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestLog {
    /// The verifier key. Not to be trusted: whoever checks has it from elsewhere.
    pub key: String,
    /// Entries.
    pub size: u64,
    /// The root over them, in base64.
    pub root: String,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Of a file of lines, how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// What a package is about, as far as the manifest says it.
#[derive(Clone, Debug)]
pub struct About {
    /// Which export.
    pub id: ExportId,
    /// Of which case.
    pub case: ManifestCase,
    /// By whom.
    pub by: ManifestStaff,
}

/// The two lines that are signed: what they are, and the manifest's digest as `sha256sum` writes it.
fn sealed_text(digest: &str) -> String {
    format!("{FORMAT}\n{digest}  {}\n", PackageFile::Manifest)
}

/// The file `signature` over a manifest.
fn seal(key: &LogKey, manifest: &[u8]) -> String {
    key.sign_text(&sealed_text(&hex(&sha256(manifest))))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests;
