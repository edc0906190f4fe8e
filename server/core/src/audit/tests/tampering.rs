//! A thousand random tamperings of an exported log, each found and named; a thousand clean exports, none accused.
//! Never: a tampering that changes nothing counted as one.

use super::*;
use FindingKind::{Altered, BadlySigned, Forked, Stale, Truncated, Unreadable};
use std::collections::BTreeSet;

/// SplitMix64: a sequence that is the same for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

const START: i64 = 1_782_907_200 * SECOND;

/// A log as the server has it.
#[derive(Clone)]
struct Log {
    entries: Vec<EntryLine>,
    /// The sizes at which it was signed.
    signed: Vec<u64>,
    last: Micros,
}

fn log(dice: &mut Dice) -> Log {
    let count = 2 + dice.below(60) as u64;
    let (mut entries, mut signed) = (Vec::new(), Vec::new());
    for at in 0..count {
        let text = dice.one_in(3).then(|| format!("Because of \"{}\" – ö", dice.below(1_000)));
        let salt: Vec<u8> = (0..SALT_BYTES).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        let leaf = Leaf {
            v: VERSION,
            id: AuditEntryId::new(uuid::Uuid::from_u128(u128::from(dice.next()))),
            at: Leaf::instant(Micros(START + i64::try_from(at).unwrap() * SECOND)),
            actor: format!("dev:{}", dice.below(9)),
            roles: vec![Role::ALL[dice.below(Role::ALL.len())]],
            activity: AuditActivity::ALL[dice.below(AuditActivity::ALL.len())],
            category: AuditCategory::ALL[dice.below(AuditCategory::ALL.len())],
            object: format!("policy_{}", dice.below(99)),
            detail: serde_json::json!({"version": dice.below(9), "note": "\u{1}\n"}),
            before: None,
            after: dice.one_in(4).then(|| serde_json::json!(dice.below(100))),
            reason: text.as_ref().map(|text| committed(&salt, text)),
        };
        let leaf = leaf.canonical().unwrap();
        // Some texts were erased since.
        let text = text.filter(|_| !dice.one_in(5)).map(|text| (salt.as_slice(), text));
        entries.push(EntryLine::new(at, leaf.clone(), &leaf_hash(leaf.as_bytes()), text));
        if dice.one_in(4) || at + 1 == count {
            signed.push(at + 1);
        }
    }
    Log { entries, signed, last: Micros(START + HOUR) }
}

impl Log {
    fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    fn note(&self, key: &LogKey, size: u64) -> String {
        let mut frontier = Frontier::new();
        for entry in &self.entries[..usize::try_from(size).unwrap()] {
            frontier.push(leaf_hash(entry.leaf.as_bytes()));
        }
        key.sign(&Checkpoint { size, root: frontier.root(), at: self.last })
    }

    /// The lines, each with its line break.
    fn export(&self, key: &LogKey) -> Vec<Vec<u8>> {
        let mut lines = vec![written(&Header::new(key.public(), self.size())).unwrap()];
        let mut number = 0;
        for entry in &self.entries {
            lines.push(written(entry).unwrap());
            if self.signed.contains(&(entry.sequence + 1)) {
                let note = self.note(key, entry.sequence + 1);
                lines.push(written(&CheckpointLine { checkpoint: number, note }).unwrap());
                number += 1;
            }
        }
        lines
    }

    /// What an auditor kept: some checkpoints, the newest always.
    fn kept(&self, key: &LogKey, dice: &mut Dice) -> Vec<String> {
        let (last, earlier) = self.signed.split_last().unwrap();
        let mut sizes: Vec<u64> = earlier.iter().copied().filter(|_| dice.one_in(2)).collect();
        sizes.push(*last);
        sizes.iter().map(|size| self.note(key, *size)).collect()
    }

    /// The same with another actor in entry `at`, as somebody would write it who can write the database.
    fn rewritten(&self, at: usize) -> Self {
        let mut other = self.clone();
        let mut leaf: Leaf = serde_json::from_str(&self.entries[at].leaf).unwrap();
        leaf.actor.push('x');
        leaf.reason = None;
        let leaf = leaf.canonical().unwrap();
        other.entries[at] = EntryLine::new(at as u64, leaf.clone(), &leaf_hash(leaf.as_bytes()), None);
        other
    }
}

fn check(key: &LogKey, kept: &[String], bytes: &[u8], now: Micros) -> Report {
    let mut check = Check::new(key.public().clone(), kept);
    let cut = !bytes.is_empty() && !bytes.ends_with(b"\n");
    if !bytes.is_empty() {
        let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        whole.split(|byte| *byte == b'\n').for_each(|line| check.line(line));
    }
    check.finish(cut, now, Some(24 * 3_600))
}

/// One way to tamper: what it is, what comes of it, what it may be named.
type Tampered = (&'static str, Vec<Vec<u8>>, &'static [FindingKind]);

/// Somebody changes the file.
fn tamper_with_lines(way: usize, log: &Log, key: &LogKey, dice: &mut Dice) -> Tampered {
    let mut lines = log.export(key);
    let any = 1 + dice.below(lines.len() - 1);
    let at = dice.below(log.entries.len());
    let number = lines.iter().position(|line| *line == written(&log.entries[at]).unwrap()).unwrap();
    match way {
        0 => {
            // Any bit of any byte. What was the header may not be one any more.
            let line = dice.below(lines.len());
            let byte = dice.below(lines[line].len());
            lines[line][byte] ^= 1 << dice.below(8);
            ("a bit", lines, &[Altered, BadlySigned, Truncated, Unreadable])
        }
        1 => {
            lines.remove(any);
            ("a line removed", lines, &[Altered, Truncated])
        }
        2 => {
            lines.insert(any, lines[any].clone());
            ("a line doubled", lines, &[Altered])
        }
        3 => {
            let with = if any + 1 < lines.len() { any + 1 } else { any - 1 };
            lines.swap(any, with);
            ("two lines swapped", lines, &[Altered, Truncated, Unreadable])
        }
        4 => {
            lines.truncate(1 + dice.below(lines.len() - 1));
            ("lines cut off", lines, &[Truncated])
        }
        5 => {
            let mut bytes = lines.concat();
            bytes.truncate(1 + dice.below(bytes.len() - 1));
            ("bytes cut off", vec![bytes], &[Truncated, Altered, Unreadable])
        }
        6 => {
            lines[number] = written(&log.rewritten(at).entries[at]).unwrap();
            ("an entry changed with its hash", lines, &[Altered])
        }
        7 => {
            let leaf = log.entries[at].leaf.clone();
            lines.push(written(&EntryLine::new(log.size(), leaf.clone(), &leaf_hash(leaf.as_bytes()), None)).unwrap());
            ("an entry added at the end", lines, &[Altered])
        }
        8 => {
            let mut line = log.entries[at].clone();
            match &mut line.texts {
                Some(texts) => texts.reason.text.push('!'),
                none => {
                    let reason = export::Text { salt: base64(&[1; SALT_BYTES]), text: "x".into() };
                    *none = Some(export::Texts { reason });
                }
            }
            lines[number] = written(&line).unwrap();
            ("a reason changed or invented", lines, &[Altered])
        }
        _ => {
            let number = lines.iter().rposition(|line| line.starts_with(b"{\"checkpoint\"")).unwrap();
            let found: CheckpointLine = export::read(lines[number].strip_suffix(b"\n").unwrap()).unwrap();
            let note = found.note.replace("\ntime ", "\ntime 1");
            lines[number] = written(&CheckpointLine { note, ..found }).unwrap();
            ("the time of a checkpoint changed", lines, &[BadlySigned])
        }
    }
}

/// Somebody who holds the database, and perhaps the key, exports another history.
fn tamper_with_history(way: usize, log: &Log, key: &LogKey, dice: &mut Dice) -> Tampered {
    let stranger = LogKey::new(&[99; 32]);
    let at = dice.below(log.entries.len());
    match way {
        0 => {
            // As a former state was: everything in it fits, but for what the auditor remembers.
            let mut older = log.clone();
            older.entries.truncate(usize::try_from(log.signed[0].min(log.size() - 1)).unwrap());
            older.signed = vec![older.size()];
            ("an older state, signed as the newest", older.export(key), &[Truncated])
        }
        1 => {
            let mut other = log.clone();
            other.entries[at].leaf.clone_from(&log.rewritten(at).entries[at].leaf);
            ("a leaf changed, its old hash beside it", other.export(key), &[Altered])
        }
        2 => ("history signed again by the key", log.rewritten(at).export(key), &[Forked]),
        3 => ("history signed by another key", log.rewritten(at).export(&stranger), &[BadlySigned]),
        4 => {
            let mut lines = log.rewritten(at).export(&stranger);
            lines[0] = written(&Header::new(key.public(), log.size())).unwrap();
            ("the same under our header", lines, &[BadlySigned])
        }
        _ => {
            let older = Log { last: Micros(log.last.0 - 25 * HOUR), ..log.clone() };
            ("an export of the day before yesterday", older.export(key), &[Stale])
        }
    }
}

#[test]
fn a_thousand_tamperings_are_each_found_and_named() {
    let key = LogKey::new(&[42; 32]);
    let mut seen: BTreeMap<&str, BTreeMap<FindingKind, u32>> = BTreeMap::new();
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let log = log(&mut dice);
        let kept = log.kept(&key, &mut dice);
        let (name, lines, kinds) = match dice.below(16) {
            way @ 0..10 => tamper_with_lines(way, &log, &key, &mut dice),
            way => tamper_with_history(way - 10, &log, &key, &mut dice),
        };
        assert_ne!(lines.concat(), log.export(&key).concat(), "seed {seed}: {name} changed nothing");
        let report = check(&key, &kept, &lines.concat(), Micros(log.last.0 + HOUR));
        let worst = report.worst.unwrap_or_else(|| panic!("seed {seed}: {name} was not found"));
        assert!(kinds.contains(&worst), "seed {seed}: {name} was taken for {worst}: {:#?}", report.findings);
        assert!(report.to_keep().is_none() && report.findings.iter().any(|finding| finding.kind == worst));
        *seen.entry(name).or_default().entry(worst).or_default() += 1;
    }
    assert_eq!(seen.len(), 16, "every way was tried: {seen:#?}");
    let named: BTreeSet<FindingKind> = seen.values().flat_map(BTreeMap::keys).copied().collect();
    assert_eq!(named.len(), FindingKind::ALL.len(), "every name was given: {seen:#?}");
}

#[test]
fn a_thousand_clean_exports_are_not_accused() {
    let key = LogKey::new(&[42; 32]);
    let (mut erased, mut texts) = (0, 0);
    for seed in 0..1_000 {
        let mut dice = Dice(1_000_000 + seed);
        let log = log(&mut dice);
        let kept = log.kept(&key, &mut dice);
        let report = check(&key, &kept, &log.export(&key).concat(), Micros(log.last.0 + HOUR));
        assert!(report.whole(), "seed {seed}: {:#?}", report.findings);
        assert_eq!((report.entries, report.remembered), (log.size(), kept.len() as u64));
        assert_eq!(report.to_keep().unwrap().0, log.size());
        erased += report.erased;
        texts += report.texts;
    }
    assert!(erased > 0 && texts > 0, "erased texts and texts that are there were among them");
}

#[test]
fn an_altered_entry_is_named_by_its_place() {
    let key = LogKey::new(&[42; 32]);
    let log = log(&mut Dice(5));
    let mut lines = log.export(&key);
    let number = lines.iter().position(|line| *line == written(&log.entries[1]).unwrap()).unwrap();
    let mut altered = log.entries[1].clone();
    altered.leaf = altered.leaf.replace("dev:", "dev:x");
    lines[number] = written(&altered).unwrap();
    let report = check(&key, &[], &lines.concat(), log.last);
    let said: Vec<(FindingKind, Option<u64>, &str)> =
        report.findings.iter().map(|finding| (finding.kind, finding.entry, finding.sentence.as_str())).collect();
    assert_eq!(said, [(Altered, Some(1), "entry 1 was altered: its hash is another")]);
}

#[test]
fn an_empty_log_is_whole_and_an_empty_file_is_not() {
    let key = LogKey::new(&[42; 32]);
    let header = written(&Header::new(key.public(), 0)).unwrap();
    let root = Frontier::new().root();
    let note = key.sign(&Checkpoint { size: 0, root, at: Micros(START) });
    let line = written(&Line::Checkpoint(CheckpointLine { checkpoint: 0, note: note.clone() })).unwrap();
    assert!(check(&key, &[note], &[header, line].concat(), Micros(START)).whole());
    assert_eq!(check(&key, &[], b"", Micros(START)).worst, Some(Unreadable));
    assert_eq!(check(&key, &[], b"{}\n", Micros(START)).worst, Some(Unreadable));
}
