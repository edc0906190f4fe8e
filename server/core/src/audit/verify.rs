//! The check of an exported log, line by line, against the key and the checkpoints that an auditor kept.
//! Never: trusts anything in the export that the key did not sign.

use super::{
    Hash, base64,
    export::{CheckpointLine, EntryLine, FORMAT, Header, Line, read},
    leaf::{Leaf, committed},
    note::{Checkpoint, NoteError, PublicKey},
    tree::{Frontier, leaf_hash},
};
use crate::{
    limits,
    time::{Micros, SECOND},
    words::words,
};
use std::collections::BTreeSet;

words! {
    /// What can be wrong with an export, the gravest first.
    FindingKind {
        /// It is no export.
        Unreadable = "UNREADABLE",
        /// Something in it is not what was written.
        Altered = "ALTERED",
        /// The key signed two histories: this one, and the one that the auditor remembers.
        Forked = "FORKED",
        /// A checkpoint, or the whole export, is not of the auditor's key.
        BadlySigned = "BADLY_SIGNED",
        /// Its end is missing.
        Truncated = "TRUNCATED",
        /// Its last checkpoint is older than the auditor allows.
        Stale = "STALE",
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// The line of the file, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The entry, from 0, or the first of those that come into question.
    pub entry: Option<u64>,
    /// For people.
    pub sentence: String,
}

/// What an export is worth.
#[derive(Clone, Debug)]
pub struct Report {
    /// Entries that were read.
    pub entries: u64,
    /// Checkpoints of the key among them.
    pub checkpoints: u64,
    /// The last of those.
    pub newest: Option<Checkpoint>,
    /// Reasons that are there, each as it was committed to.
    pub texts: u64,
    /// Reasons that a leaf commits to and that are not there: erased, or withheld from this export.
    pub erased: u64,
    /// Remembered checkpoints that the export was held against.
    pub remembered: u64,
    /// What is wrong, at most `AUDIT_FINDINGS` in the order of the lines.
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub more: u64,
    /// The gravest kind of all; nothing where the export is whole.
    pub worst: Option<FindingKind>,
}

/// A check in progress.
pub struct Check {
    key: PublicKey,
    /// By size, and how many of them were compared.
    remembered: Vec<Checkpoint>,
    compared: usize,
    /// A remembered checkpoint that says otherwise: a fork where the export's own next one bears the export out.
    disputed: Option<(u64, u64)>,
    header: Option<Header>,
    dead: bool,
    line: u64,
    next: u64,
    next_checkpoint: u64,
    frontier: Frontier,
    /// A finding was made that makes every later root another.
    broken: bool,
    /// A line could not be read: the next sequence may be one further.
    lost: bool,
    texts: u64,
    erased: u64,
    checkpoints: u64,
    newest: Option<Checkpoint>,
    findings: Vec<Finding>,
    more: u64,
    kinds: BTreeSet<FindingKind>,
}

impl Check {
    /// With the log's key, and the notes that the auditor kept. A note that the key did not sign is a finding.
    pub fn new(key: PublicKey, remembered: &[String]) -> Self {
        let mut check = Self {
            key,
            remembered: Vec::new(),
            compared: 0,
            disputed: None,
            header: None,
            dead: false,
            line: 0,
            next: 0,
            next_checkpoint: 0,
            frontier: Frontier::new(),
            broken: false,
            lost: false,
            texts: 0,
            erased: 0,
            checkpoints: 0,
            newest: None,
            findings: Vec::new(),
            more: 0,
            kinds: BTreeSet::new(),
        };
        for (at, note) in remembered.iter().enumerate() {
            match check.key.open(note) {
                Ok(checkpoint) => check.remembered.push(checkpoint),
                Err(why) => {
                    let sentence = format!("remembered checkpoint {}: {why}", at + 1);
                    check.found(FindingKind::BadlySigned, None, sentence);
                }
            }
        }
        check.remembered.sort_by_key(|checkpoint| checkpoint.size);
        check.compare();
        check
    }

    fn found(&mut self, kind: FindingKind, entry: Option<u64>, sentence: String) {
        self.kinds.insert(kind);
        if self.findings.len() < limits::AUDIT_FINDINGS {
            self.findings.push(Finding { kind, line: self.line, entry, sentence });
        } else {
            self.more += 1;
        }
    }

    /// Takes the next line, without its line break.
    pub fn line(&mut self, bytes: &[u8]) {
        self.line += 1;
        if self.dead {
            return;
        }
        if self.header.is_none() {
            return self.header(bytes);
        }
        match read::<Line>(bytes) {
            Some(Line::Entry(entry)) => self.entry(&entry),
            Some(Line::Checkpoint(checkpoint)) => self.checkpoint(&checkpoint),
            None => {
                let sentence = format!("line {} is not a line of this format as the server writes it", self.line);
                self.found(FindingKind::Altered, Some(self.next), sentence);
                (self.broken, self.lost) = (true, true);
            }
        }
    }

    fn header(&mut self, bytes: &[u8]) {
        let Some(header) = read::<Header>(bytes).filter(|header| header.format == FORMAT) else {
            self.dead = true;
            let sentence = format!("the first line is not the header of a {FORMAT} file");
            return self.found(FindingKind::Unreadable, None, sentence);
        };
        if header.origin != self.key.origin() || header.key != self.key.to_string() {
            let sentence = format!("the header names another key than {}", self.key.origin());
            self.found(FindingKind::BadlySigned, None, sentence);
        }
        self.header = Some(header);
    }

    fn entry(&mut self, entry: &EntryLine) {
        let (expected, at) = (self.next, entry.sequence);
        if at != expected && !self.lost {
            let sentence = match at {
                at if at > expected => format!("entry {expected} is missing: entry {at} follows on line {}", self.line),
                at => format!("line {} holds entry {at} where entry {expected} belongs", self.line),
            };
            self.found(FindingKind::Altered, Some(expected), sentence);
            self.broken = true;
        }
        self.lost = false;
        self.next = at.saturating_add(1);
        let hash = leaf_hash(entry.leaf.as_bytes());
        if base64(&hash) != entry.hash {
            self.found(FindingKind::Altered, Some(at), format!("entry {at} was altered: its hash is another"));
        }
        match serde_json::from_str::<Leaf>(&entry.leaf) {
            Ok(leaf) => self.texts(entry, &leaf),
            Err(_) => {
                self.found(
                    FindingKind::Altered,
                    Some(at),
                    format!("entry {at} was altered: it is no leaf of an audit log"),
                );
            }
        }
        // What the line states, so that an altered leaf is told once and the rest can still be checked.
        self.frontier.push(super::hash_from_base64(&entry.hash).unwrap_or(hash));
        self.compare();
    }

    fn texts(&mut self, entry: &EntryLine, leaf: &Leaf) {
        let at = entry.sequence;
        match (&leaf.reason, &entry.texts) {
            (None, None) => {}
            (Some(_), None) => self.erased += 1,
            (Some(committed_to), Some(texts)) => {
                let text = &texts.reason;
                if text.salt().is_some_and(|salt| committed(&salt, &text.text) == *committed_to) {
                    self.texts += 1;
                } else {
                    let sentence = format!("the reason of entry {at} was altered: the entry commits to another");
                    self.found(FindingKind::Altered, Some(at), sentence);
                }
            }
            (None, Some(_)) => {
                let sentence = format!("entry {at} was given a reason that it does not commit to");
                self.found(FindingKind::Altered, Some(at), sentence);
            }
        }
    }

    /// Holds the tree against remembered checkpoints of this size.
    fn compare(&mut self) {
        while let Some(remembered) = self.remembered.get(self.compared) {
            if remembered.size > self.frontier.size() {
                return;
            }
            if remembered.size == self.frontier.size() && !self.broken && remembered.root != self.frontier.root() {
                self.disputed = self.disputed.or(Some((remembered.size, self.line)));
            }
            self.compared += 1;
        }
    }

    fn checkpoint(&mut self, line: &CheckpointLine) {
        let expected = self.next_checkpoint;
        if line.checkpoint != expected {
            let sentence = format!("checkpoint {expected} is missing: line {} holds {}", self.line, line.checkpoint);
            self.found(FindingKind::Altered, Some(self.next), sentence);
        }
        self.next_checkpoint = line.checkpoint.saturating_add(1);
        let checkpoint = match self.key.open(&line.note) {
            Ok(checkpoint) if single(&line.note) => checkpoint,
            other => {
                let why = other.err().unwrap_or(NoteError::Shape);
                let sentence = format!("the checkpoint on line {} after entry {}: {why}", self.line, last(self.next));
                return self.found(FindingKind::BadlySigned, Some(self.next), sentence);
            }
        };
        self.checkpoints += 1;
        let since = self.newest.as_ref().map_or(0, |earlier| earlier.size);
        if checkpoint.size != self.next && !self.broken {
            let sentence = format!(
                "the checkpoint on line {} is over {} entries and stands after {}",
                self.line, checkpoint.size, self.next
            );
            self.found(FindingKind::Altered, Some(self.next), sentence);
            self.broken = true;
        }
        if !self.broken && checkpoint.root != self.frontier.root() {
            let sentence = format!(
                "something in entries {since} to {} was altered: the signed root is {}, theirs is {}",
                last(checkpoint.size),
                base64(&checkpoint.root),
                base64(&self.frontier.root())
            );
            self.found(FindingKind::Altered, Some(since), sentence);
            self.broken = true;
        }
        if !self.broken
            && let Some((size, _)) = self.disputed.take()
        {
            self.forked(size);
        }
        self.newest = Some(checkpoint);
    }

    fn forked(&mut self, size: u64) {
        let sentence = format!(
            "the log was forked within its first {size} entries: the key signed this history and the one that is remembered"
        );
        self.found(FindingKind::Forked, Some(size.saturating_sub(1)), sentence);
    }

    /// Ends the check. `cut` tells that the last line has no line break; `most` is the age in seconds that the last
    /// checkpoint may have at `now`.
    pub fn finish(mut self, cut: bool, now: Micros, most: Option<i64>) -> Report {
        if self.line == 0 {
            self.found(FindingKind::Unreadable, None, "the file is empty".to_owned());
            self.dead = true;
        }
        if !self.dead {
            self.end(cut, now, most);
        }
        let worst = FindingKind::ALL.iter().copied().find(|kind| self.kinds.contains(kind));
        Report {
            entries: self.frontier.size(),
            checkpoints: self.checkpoints,
            newest: self.newest,
            texts: self.texts,
            erased: self.erased,
            remembered: self.compared as u64,
            findings: self.findings,
            more: self.more,
            worst,
        }
    }

    fn end(&mut self, cut: bool, now: Micros, most: Option<i64>) {
        let have = self.next;
        // Under a bad signature nothing says which of two histories is the log's own.
        let unsigned = self.kinds.contains(&FindingKind::BadlySigned);
        if cut {
            self.found(FindingKind::Truncated, Some(have), "the last line is cut off".to_owned());
        }
        let told = self.header.as_ref().map_or(0, |header| header.size);
        if told > have {
            let sentence = format!("the header speaks of {told} entries and there are {have}");
            self.found(FindingKind::Truncated, Some(have), sentence);
        } else if told < have {
            let sentence = format!("the header speaks of {told} entries and there are {have}");
            self.found(FindingKind::Altered, Some(told), sentence);
        }
        let signed = self.newest.as_ref().map_or(0, |newest| newest.size);
        if signed < have && !unsigned {
            let sentence = format!("no checkpoint covers the entries from {signed} to {}", last(have));
            self.found(FindingKind::Truncated, Some(signed), sentence);
        }
        if let Some((size, line)) = self.disputed.take().filter(|_| !unsigned) {
            let sentence =
                format!("a remembered checkpoint says otherwise about the first {size} entries (line {line})");
            self.found(FindingKind::Altered, Some(size.saturating_sub(1)), sentence);
        }
        if let Some(beyond) = self.remembered.last().map(|last| last.size).filter(|size| *size > have) {
            let sentence = format!("a remembered checkpoint is over {beyond} entries and there are {have}");
            self.found(FindingKind::Truncated, Some(have), sentence);
        }
        let Some(most) = most else { return };
        let age = self.newest.as_ref().map(|newest| (now.0 - newest.at.0).div_euclid(SECOND));
        match age {
            Some(age) if age <= most => {}
            Some(age) => {
                let sentence = format!("the last checkpoint is {} old and may be {}", hours(age), hours(most));
                self.found(FindingKind::Stale, None, sentence);
            }
            None if have == 0 => self.found(FindingKind::Stale, None, "there is no checkpoint".to_owned()),
            None => {}
        }
    }
}

/// Whether a note has one signature: what the server writes, and nothing beside it.
fn single(note: &str) -> bool {
    note.lines().count() == 6
}

fn last(size: u64) -> u64 {
    size.saturating_sub(1)
}

fn hours(seconds: i64) -> String {
    format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60)
}

impl Report {
    /// Whether nothing is wrong.
    pub fn whole(&self) -> bool {
        self.worst.is_none()
    }

    /// The root and size that an auditor should keep: of the last checkpoint, where nothing is wrong.
    pub fn to_keep(&self) -> Option<(u64, Hash)> {
        self.newest.as_ref().filter(|_| self.whole()).map(|newest| (newest.size, newest.root))
    }
}
