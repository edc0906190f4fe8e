//! The check of a package, byte by byte as it comes, against the key or the checkpoints that somebody kept.
//! Never: trusts anything in the package that the key did not sign; more of it in memory than one small file.

use super::{
    FORMAT, Manifest, ManifestFile, PackageFile, hex,
    record::CustodyRecord,
    sealed_text, sha256,
    tar::{self, BLOCK},
};
use crate::{
    audit::{
        export::read,
        hash_from_base64,
        leaf::Leaf,
        note::{Checkpoint, PublicKey},
        tree::{leaf_hash, verify_inclusion},
    },
    limits,
    time::{Micros, SECOND},
    words::words,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

words! {
    /// What can be wrong with a package, the gravest first.
    FlawKind {
        /// It is no package.
        NoPackage = "NO_PACKAGE",
        /// A file, or the container, is not what was sealed.
        Altered = "ALTERED",
        /// A file is missing, or there is one more.
        Incomplete = "MISSING_OR_ADDED",
        /// It is not signed by the key.
        BadlySigned = "BADLY_SIGNED",
        /// An entry of the audit log in it is not proved by the checkpoint in it.
        Unproved = "CUSTODY_NOT_PROVED",
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What.
    pub kind: FlawKind,
    /// In which file; nothing where it is the container.
    pub file: Option<String>,
    /// For people.
    pub sentence: String,
}

/// What a package is worth.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its table of contents; to be trusted only where nothing is wrong.
    pub manifest: Option<Manifest>,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of all of it, in hexadecimal.
    pub sha256: String,
    /// Entries of the audit log that are proved.
    pub custody: u64,
    /// Whether the key is known from elsewhere: given, or that of a remembered checkpoint. Otherwise the package vouches for
    /// itself, which anybody's could.
    pub vouched: bool,
    /// What is wrong, at most `EXPORT_FINDINGS`.
    pub flaws: Vec<Flaw>,
    /// Flaws beyond those.
    pub more: u64,
    /// The gravest kind of all; nothing where the package is whole.
    pub worst: Option<FlawKind>,
}

/// A file that was read.
struct Found {
    name: String,
    bytes: u64,
    sha256: String,
}

/// The file that is being read.
struct Reading {
    name: String,
    file: Option<PackageFile>,
    bytes: u64,
    left: u64,
    digest: Sha256,
    /// The content of a small file; of the custody, the line in hand.
    kept: Vec<u8>,
}

enum State {
    Header,
    Content(Box<Reading>),
    Padding(usize),
    End,
}

/// A check in progress.
pub struct Check {
    key: Option<PublicKey>,
    remembered: Vec<String>,
    state: State,
    block: Vec<u8>,
    zeros: usize,
    dead: bool,
    bytes: u64,
    digest: Sha256,
    modified: Option<u64>,
    last: Option<PackageFile>,
    found: Vec<Found>,
    manifest: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    checkpoint: Option<String>,
    signed: Option<Checkpoint>,
    lines: u64,
    proved: u64,
    next: u64,
    flaws: Vec<Flaw>,
    more: u64,
    kinds: BTreeSet<FlawKind>,
}

impl Check {
    /// Against the key, where it is known, and against the notes of remembered checkpoints.
    pub fn new(key: Option<PublicKey>, remembered: Vec<String>) -> Self {
        Self {
            key,
            remembered,
            state: State::Header,
            block: Vec::with_capacity(BLOCK),
            zeros: 0,
            dead: false,
            bytes: 0,
            digest: Sha256::new(),
            modified: None,
            last: None,
            found: Vec::new(),
            manifest: None,
            signature: None,
            checkpoint: None,
            signed: None,
            lines: 0,
            proved: 0,
            next: 0,
            flaws: Vec::new(),
            more: 0,
            kinds: BTreeSet::new(),
        }
    }

    fn flaw(&mut self, kind: FlawKind, file: Option<&str>, sentence: impl Into<String>) {
        self.kinds.insert(kind);
        if self.flaws.len() < limits::EXPORT_FINDINGS {
            self.flaws.push(Flaw { kind, file: file.map(str::to_owned), sentence: sentence.into() });
        } else {
            self.more += 1;
        }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() && !self.dead {
            let taken = match std::mem::replace(&mut self.state, State::End) {
                State::Header => self.block(rest),
                State::Content(reading) => self.content(reading, rest),
                State::Padding(left) => self.padding(left, rest),
                State::End => {
                    if rest.iter().any(|byte| *byte != 0) || self.zeros + rest.len() > tar::END {
                        self.flaw(FlawKind::Altered, None, "something follows after the end of the package");
                        self.dead = true;
                    }
                    self.zeros += rest.len();
                    rest.len()
                }
            };
            self.bytes += taken as u64;
            rest = &rest[taken..];
        }
        self.bytes += rest.len() as u64;
    }

    /// More of a header; how many bytes belong to it.
    fn block(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        self.state = State::Header;
        if self.block.len() == BLOCK
            && let Ok(block) = <[u8; BLOCK]>::try_from(std::mem::take(&mut self.block))
        {
            self.header(&block);
        }
        taken
    }

    fn header(&mut self, block: &[u8; BLOCK]) {
        if block.iter().all(|byte| *byte == 0) && self.last.is_some() {
            self.zeros = BLOCK;
            self.state = State::End;
            return;
        }
        let Some((name, bytes, modified)) = tar::read(block) else {
            self.dead = true;
            let first = tar::name(block).and_then(|name| name.parse::<PackageFile>().ok());
            return if self.found.is_empty() && first.is_none() {
                self.flaw(FlawKind::NoPackage, None, "the file does not begin as a package of a case does");
            } else {
                let sentence = match self.found.last() {
                    Some(before) => format!("the container is damaged after {}", before.name),
                    None => "the container is damaged at its beginning".to_owned(),
                };
                self.flaw(FlawKind::Altered, None, sentence);
            };
        };
        let file = name.parse::<PackageFile>().ok();
        match file {
            None if self.found.is_empty() => {
                self.dead = true;
                return self.flaw(FlawKind::NoPackage, None, "it is an archive of something else");
            }
            None => self.flaw(FlawKind::Incomplete, Some(&name), format!("{name} was added")),
            Some(file) if self.found.iter().any(|found| found.name == name) => {
                self.flaw(FlawKind::Incomplete, Some(&name), format!("{file} is there twice"));
            }
            Some(file) if self.last.is_some_and(|last| last > file) => {
                self.flaw(FlawKind::Altered, Some(&name), format!("{file} is not in its place"));
            }
            Some(_) => {}
        }
        self.last = self.last.max(file);
        if *self.modified.get_or_insert(modified) != modified {
            self.flaw(
                FlawKind::Altered,
                Some(&name),
                format!("the time of {name} is another than that of the files before"),
            );
        }
        let reading = Reading { name, file, bytes, left: bytes, digest: Sha256::new(), kept: Vec::new() };
        if bytes == 0 {
            self.read_through(reading);
        } else {
            self.state = State::Content(Box::new(reading));
        }
    }

    /// More of a file; how many bytes belong to it.
    fn content(&mut self, mut reading: Box<Reading>, bytes: &[u8]) -> usize {
        let taken = usize::try_from(reading.left).unwrap_or(usize::MAX).min(bytes.len());
        let part = &bytes[..taken];
        reading.digest.update(part);
        reading.left -= taken as u64;
        match reading.file {
            Some(PackageFile::Custody) => {
                let mut lines = part.split(|byte| *byte == b'\n');
                reading.kept.extend_from_slice(lines.next().unwrap_or_default());
                for line in lines {
                    let whole = std::mem::replace(&mut reading.kept, line.to_vec());
                    self.custody(&whole);
                }
            }
            Some(PackageFile::Manifest | PackageFile::Signature | PackageFile::Checkpoint) => {
                reading.kept.extend_from_slice(part);
            }
            _ => {}
        }
        if reading.kept.len() > limits::EXPORT_SMALL_FILE_BYTES {
            self.dead = true;
            self.flaw(FlawKind::Altered, Some(&reading.name), format!("{} was altered: it is too long", reading.name));
        } else if reading.left == 0 {
            self.read_through(*reading);
        } else {
            self.state = State::Content(reading);
        }
        taken
    }

    fn padding(&mut self, left: usize, bytes: &[u8]) -> usize {
        let taken = left.min(bytes.len());
        if bytes[..taken].iter().any(|byte| *byte != 0) {
            let name = self.found.last().map(|found| found.name.clone()).unwrap_or_default();
            self.flaw(FlawKind::Altered, None, format!("the container was altered after {name}"));
        }
        self.state = if left == taken { State::Header } else { State::Padding(left - taken) };
        taken
    }

    /// A file has ended.
    fn read_through(&mut self, reading: Reading) {
        let Reading { name, file, bytes, digest, kept, .. } = reading;
        match file {
            Some(PackageFile::Manifest) => self.manifest = Some(kept),
            Some(PackageFile::Signature) => self.signature = Some(kept),
            Some(PackageFile::Checkpoint) => {
                let text = String::from_utf8(kept).unwrap_or_default();
                self.signed = Checkpoint::unproven(&text);
                self.checkpoint = Some(text);
            }
            Some(PackageFile::Custody) if !kept.is_empty() => {
                self.flaw(FlawKind::Unproved, Some(&name), "the last line of the custody is cut off");
            }
            _ => {}
        }
        self.state = match tar::padding(bytes) {
            0 => State::Header,
            left => State::Padding(left),
        };
        self.found.push(Found { name, bytes, sha256: hex(&digest.finalize()) });
    }

    /// A line of the custody.
    fn custody(&mut self, line: &[u8]) {
        self.lines += 1;
        let at = self.lines;
        let name = Some(PackageFile::Custody.as_str());
        let Some(record) = read::<CustodyRecord>(line) else {
            return self.flaw(FlawKind::Unproved, name, format!("line {at} of the custody is no entry with its proof"));
        };
        if record.sequence < self.next {
            self.flaw(FlawKind::Unproved, name, format!("line {at} of the custody is not in its place"));
        }
        self.next = record.sequence.saturating_add(1);
        let proof: Option<Vec<_>> = record.proof.iter().map(|hash| hash_from_base64(hash)).collect();
        let proved = self.signed.as_ref().zip(proof).is_some_and(|(signed, proof)| {
            let leaf = leaf_hash(record.leaf.as_bytes());
            verify_inclusion(&leaf, record.sequence, signed.size, &proof, &signed.root)
        });
        if !proved || serde_json::from_str::<Leaf>(&record.leaf).is_err() {
            let sentence = format!(
                "the checkpoint does not prove entry {} of the audit log (line {at} of the custody)",
                record.sequence
            );
            return self.flaw(FlawKind::Unproved, name, sentence);
        }
        self.proved += 1;
    }

    /// Ends the check.
    pub fn finish(mut self) -> Verdict {
        if !self.dead {
            self.end();
        }
        let manifest = self.manifest.as_deref().and_then(|bytes| serde_json::from_slice::<Manifest>(bytes).ok());
        let mut vouched = false;
        if !self.kinds.contains(&FlawKind::NoPackage) {
            vouched = self.judge(manifest.as_ref());
        }
        let worst = FlawKind::ALL.iter().copied().find(|kind| self.kinds.contains(kind));
        Verdict {
            manifest,
            bytes: self.bytes,
            sha256: hex(&self.digest.finalize()),
            custody: self.proved,
            vouched,
            flaws: self.flaws,
            more: self.more,
            worst,
        }
    }

    /// What the end of the file says about the container.
    fn end(&mut self) {
        match &self.state {
            State::End if self.zeros == tar::END => {}
            State::Content(reading) => {
                let name = reading.name.clone();
                self.flaw(FlawKind::Altered, Some(&name), format!("{name} was altered: it is cut off"));
            }
            _ if self.found.is_empty() => {
                self.flaw(FlawKind::NoPackage, None, "the file does not begin as a package of a case does");
            }
            _ => self.flaw(FlawKind::Altered, None, "the end of the package is cut off"),
        }
    }

    /// Holds the files against the manifest and the manifest against the key; whether the key is known from elsewhere.
    fn judge(&mut self, manifest: Option<&Manifest>) -> bool {
        // Of what is cut off or damaged nobody knows what else was there.
        let read_through = !self.dead && matches!(self.state, State::End) && self.zeros == tar::END;
        let missing: Vec<PackageFile> = PackageFile::ALL
            .iter()
            .copied()
            .filter(|file| read_through && self.found.iter().all(|found| found.name != file.as_str()))
            .collect();
        for file in missing {
            self.flaw(FlawKind::Incomplete, Some(file.as_str()), format!("{file} is missing"));
        }
        let Some(bytes) = self.manifest.take() else { return false };
        let named = manifest.and_then(|manifest| PublicKey::parse(&manifest.audit_log.key).ok());
        let Some(key) = self.key.clone().or(named) else {
            self.flaw(
                FlawKind::Altered,
                Some("manifest.json"),
                "manifest.json was altered: it is no table of contents of a package",
            );
            return false;
        };
        let sealed = self.sealed(&key, &bytes);
        if let Some(manifest) = manifest.filter(|_| sealed != Some(false)) {
            self.compare(manifest);
            self.checkpoint(&key, manifest);
        } else if sealed == Some(true) {
            self.flaw(FlawKind::NoPackage, None, format!("its manifest is of another format than {FORMAT}"));
        }
        self.key.is_some() || self.remember(&key)
    }

    /// Whether the manifest is what was signed; nothing where there is no good signature to say so.
    fn sealed(&mut self, key: &PublicKey, manifest: &[u8]) -> Option<bool> {
        let note = self.signature.take()?;
        let text = String::from_utf8(note).unwrap_or_default();
        match key.open_text(&text) {
            Ok(body) if body == sealed_text(&hex(&sha256(manifest))) => Some(true),
            Ok(_) => {
                self.flaw(
                    FlawKind::Altered,
                    Some("manifest.json"),
                    "manifest.json was altered: another one was signed",
                );
                Some(false)
            }
            Err(why) => {
                let sentence = format!("the package is not signed by {}: {why}", key.origin());
                self.flaw(FlawKind::BadlySigned, Some("signature"), sentence);
                None
            }
        }
    }

    fn compare(&mut self, manifest: &Manifest) {
        let seconds =
            self.modified.and_then(|at| i64::try_from(at).ok()).map(|at| Micros(at.saturating_mul(SECOND)).to_string());
        let second = |text: &str| text.get(..19).map(str::to_owned);
        if seconds.as_deref().and_then(second) != second(&manifest.exported_at) {
            self.flaw(FlawKind::Altered, None, "the container was altered: its time is not that of the export");
        }
        for ManifestFile { name, bytes, sha256, .. } in &manifest.files {
            let found = self.found.iter().find(|found| found.name == *name);
            if found.is_some_and(|found| found.bytes != *bytes || found.sha256 != *sha256) {
                self.flaw(FlawKind::Altered, Some(name), format!("{name} was altered"));
            }
        }
        let listed = |name: &str| manifest.files.iter().any(|file| file.name == name);
        let own = [PackageFile::Manifest.as_str(), PackageFile::Signature.as_str()];
        let more: Vec<String> = self
            .found
            .iter()
            .map(|found| found.name.clone())
            .filter(|name| name.parse::<PackageFile>().is_ok() && !own.contains(&name.as_str()) && !listed(name))
            .collect();
        for name in more {
            self.flaw(FlawKind::Incomplete, Some(&name), format!("{name} was added"));
        }
    }

    fn checkpoint(&mut self, key: &PublicKey, manifest: &Manifest) {
        let Some(note) = self.checkpoint.clone() else { return };
        let name = Some(PackageFile::Checkpoint.as_str());
        match key.open(&note) {
            Ok(signed) => {
                let told = (Some(signed.root), signed.size);
                if told != (hash_from_base64(&manifest.audit_log.root), manifest.audit_log.size) {
                    self.flaw(FlawKind::Unproved, name, "the manifest speaks of another checkpoint than there is");
                }
                for remembered in self.remembered.clone() {
                    let Ok(kept) = key.open(&remembered) else { continue };
                    if kept.size == signed.size && kept.root != signed.root {
                        let sentence = format!(
                            "a remembered checkpoint says otherwise about the first {} entries of the audit log",
                            kept.size
                        );
                        self.flaw(FlawKind::Unproved, name, sentence);
                    }
                }
            }
            Err(why) => {
                let sentence = format!("the checkpoint is none of {}: {why}", key.origin());
                self.flaw(FlawKind::Unproved, name, sentence);
            }
        }
    }

    /// Whether one of the remembered checkpoints is of this key.
    fn remember(&mut self, key: &PublicKey) -> bool {
        let known = self.remembered.iter().any(|note| key.open(note).is_ok());
        if !known && !self.remembered.is_empty() {
            let sentence = format!("no remembered checkpoint is of {}, whom the package names", key.origin());
            self.flaw(FlawKind::BadlySigned, Some("signature"), sentence);
        }
        known
    }
}
