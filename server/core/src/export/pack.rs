//! Packs the files of a package one after the other, in bounded memory: pieces come out as they are ready.
//! Never: more than one piece of content held back; a file's length is known when it ends, so its header comes out last.

use super::{
    About, FORMAT, IDENTITY, MAY_NAME, Manifest, ManifestFile, ManifestLog, PackageFile, hex, seal,
    tar::{self, BLOCK, END},
};
use crate::{
    audit::{
        base64,
        note::{Checkpoint, LogKey},
    },
    limits,
    time::{Micros, SECOND},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Bytes of the package and where in it they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From the beginning of the package.
    pub at: u64,
    /// What stands there.
    pub bytes: Vec<u8>,
}

/// The file that is being packed.
struct Open {
    file: PackageFile,
    header_at: u64,
    bytes: u64,
    records: u64,
    digest: Sha256,
}

/// A package in the making.
pub struct Packer {
    made_at: Micros,
    /// Where the next byte of content stands that is not in `buffer`.
    at: u64,
    buffer: Vec<u8>,
    open: Option<Open>,
    ready: Vec<Piece>,
    files: Vec<ManifestFile>,
}

impl Packer {
    /// An empty one, made at that instant.
    pub fn new(made_at: Micros) -> Self {
        Self { made_at, at: 0, buffer: Vec::new(), open: None, ready: Vec::new(), files: Vec::new() }
    }

    /// How long it is so far.
    pub fn size(&self) -> u64 {
        self.at + self.buffer.len() as u64
    }

    /// What can be stored now, each piece once.
    pub fn ready(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.ready)
    }

    /// Ends the file before, if there is one, and begins the next.
    pub fn begin(&mut self, file: PackageFile) {
        self.end();
        self.open = Some(Open { file, header_at: self.at, bytes: 0, records: 0, digest: Sha256::new() });
        self.at += BLOCK as u64;
    }

    /// More of the file.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(open) = &mut self.open {
            open.digest.update(bytes);
            open.bytes += bytes.len() as u64;
            open.records += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.buffer.extend_from_slice(bytes);
            if self.buffer.len() >= limits::EXPORT_PIECE_BYTES {
                self.flush();
            }
        }
    }

    /// A line of JSON.
    ///
    /// # Errors
    /// Where a number cannot be written as JSON.
    pub fn record(&mut self, record: &impl Serialize) -> Result<(), serde_json::Error> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.write(&line);
        Ok(())
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let bytes = std::mem::take(&mut self.buffer);
            let at = self.at;
            self.at += bytes.len() as u64;
            self.ready.push(Piece { at, bytes });
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.buffer.resize(self.buffer.len() + tar::padding(open.bytes), 0);
        self.flush();
        let modified = u64::try_from(self.made_at.0.div_euclid(SECOND)).unwrap_or(0);
        let header = tar::header(open.file.as_str(), open.bytes, modified);
        self.ready.push(Piece { at: open.header_at, bytes: header.to_vec() });
        self.files.push(ManifestFile {
            name: open.file.to_string(),
            bytes: open.bytes,
            sha256: hex(&open.digest.finalize()),
            records: open.file.as_str().ends_with(".ndjson").then_some(open.records),
        });
    }

    /// Seals the package: manifest, signature, end. The last pieces, and how long the whole is.
    ///
    /// # Errors
    /// Never, for the manifest.
    pub fn seal(
        mut self,
        key: &LogKey,
        about: About,
        log: &Checkpoint,
    ) -> Result<(Vec<Piece>, u64), serde_json::Error> {
        self.end();
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            id: about.id,
            case: about.case,
            exported_by: about.by,
            exported_at: self.made_at.to_string(),
            identity: IDENTITY.to_owned(),
            may_name_persons: MAY_NAME.iter().map(|&text| text.to_owned()).collect(),
            audit_log: ManifestLog { key: key.public().to_string(), size: log.size, root: base64(&log.root) },
            files: std::mem::take(&mut self.files),
        };
        let mut manifest = serde_json::to_vec_pretty(&manifest)?;
        manifest.push(b'\n');
        self.begin(PackageFile::Manifest);
        self.write(&manifest);
        self.begin(PackageFile::Signature);
        self.write(seal(key, &manifest).as_bytes());
        self.end();
        self.buffer.resize(END, 0);
        self.flush();
        Ok((self.ready, self.at))
    }
}
