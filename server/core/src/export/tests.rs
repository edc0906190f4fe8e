//! A package is packed in pieces, read by anybody's tar, checked without the server; five hundred tamperings are each found.
//! Never: a tampering that changes nothing counted as one.

use super::{
    check::{Check, FlawKind, Verdict},
    record::{CustodyRecord, Lying},
    summary::{escaped, highest, scores},
    tar::{BLOCK, header, padding},
    *,
};
use crate::{
    audit::{
        AuditActivity, AuditCategory,
        leaf::{Leaf, VERSION},
        note::{Checkpoint, NoteError, PublicKey},
        tree::{self, Frontier, leaf_hash},
    },
    ids::{AuditEntryId, InsightId},
    limits,
    scoring::{Insight, InsightKind, threshold::ThresholdLevel},
    time::{Day, Micros, SECOND},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const MADE: Micros = Micros(1_782_907_200_123_456);

fn key(seed: u8) -> LogKey {
    LogKey::new(&[seed; 32])
}

fn about() -> About {
    About {
        id: ExportId::new(Uuid::from_u128(1)),
        case: ManifestCase { id: CaseId::new(Uuid::from_u128(2)), pseudonym: "Anon-1".into() },
        by: ManifestStaff { id: "dev:ida".into(), name: "Ida Investigator".into() },
    }
}

/// A log of so many entries, its checkpoint, and the lines of its custody.
fn log(key: &LogKey, size: u64) -> (Checkpoint, String, Vec<CustodyRecord>) {
    let (mut frontier, mut nodes, mut leaves) = (Frontier::new(), BTreeMap::new(), Vec::new());
    for at in 0..size {
        let leaf = Leaf {
            v: VERSION,
            id: AuditEntryId::new(Uuid::from_u128(u128::from(at))),
            at: Leaf::instant(MADE),
            actor: format!("dev:{at}"),
            roles: vec![],
            activity: AuditActivity::Viewed,
            category: AuditCategory::Cases,
            object: "case_1".into(),
            detail: serde_json::json!({"text": "a\n\"b\""}),
            before: None,
            after: None,
            reason: None,
        };
        let text = leaf.canonical().unwrap();
        nodes.extend(frontier.push(leaf_hash(text.as_bytes())));
        leaves.push(text);
    }
    let checkpoint = Checkpoint { size, root: frontier.root(), at: Micros(MADE.0 - 123_456) };
    let records = (0..).zip(leaves).filter(|(at, _)| at % 3 != 1).map(|(at, leaf)| {
        let proof: Vec<_> = tree::inclusion(at, size)
            .unwrap()
            .iter()
            .map(|part| part.hash(|id| nodes.get(&id).copied()).unwrap())
            .collect();
        CustodyRecord::new(at, leaf, &proof)
    });
    (checkpoint.clone(), key.sign(&checkpoint), records.collect())
}

/// The pieces of a package whose files have these lengths; the custody is of a log of `size` entries.
fn pieces(key: &LogKey, lengths: [usize; 6], size: u64) -> Vec<Piece> {
    let (checkpoint, note, records) = log(key, size);
    let mut packer = Packer::new(MADE);
    let mut pieces = Vec::new();
    for (file, length) in PackageFile::ALL.iter().zip(lengths) {
        packer.begin(*file);
        for at in 0..length {
            packer.record(&serde_json::json!({"line": at, "of": file})).unwrap();
            pieces.extend(packer.ready());
        }
    }
    packer.begin(PackageFile::Checkpoint);
    packer.write(note.as_bytes());
    packer.begin(PackageFile::Custody);
    for record in &records {
        packer.record(record).unwrap();
    }
    let (last, bytes) = packer.seal(key, about(), &checkpoint).unwrap();
    pieces.extend(last);
    pieces.sort_by_key(|piece| piece.at);
    let end = pieces.last().unwrap();
    assert_eq!(end.at + end.bytes.len() as u64, bytes);
    pieces
}

fn package(key: &LogKey, lengths: [usize; 6], size: u64) -> Vec<u8> {
    let mut whole = Vec::new();
    for piece in pieces(key, lengths, size) {
        assert_eq!(piece.at, whole.len() as u64, "no gap and no overlap");
        whole.extend(piece.bytes);
    }
    whole
}

fn check(key: Option<&PublicKey>, remembered: &[String], bytes: &[u8], step: usize) -> Verdict {
    let mut check = Check::new(key.cloned(), remembered.to_vec());
    for part in bytes.chunks(step) {
        check.feed(part);
    }
    check.finish()
}

/// Name and content of every file, read as any tar is: by the lengths in the headers.
fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while bytes[at] != 0 {
        let block = &bytes[at..at + BLOCK];
        let name = String::from_utf8(block[..100].to_vec()).unwrap().trim_end_matches('\0').to_owned();
        let length = usize::from_str_radix(std::str::from_utf8(&block[124..135]).unwrap(), 8).unwrap();
        found.push((name, bytes[at + BLOCK..at + BLOCK + length].to_vec()));
        at += BLOCK + length.next_multiple_of(BLOCK);
    }
    found
}

/// A container of these files.
fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        bytes.extend(header(name, content.len() as u64, u64::try_from(MADE.0 / SECOND).unwrap()));
        bytes.extend(content);
        bytes.resize(bytes.len() + padding(content.len() as u64), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn flaws(verdict: &Verdict) -> Vec<(FlawKind, Option<&str>)> {
    verdict.flaws.iter().map(|flaw| (flaw.kind, flaw.file.as_deref())).collect()
}

/// The files and the kind that a change to them is called.
fn told(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> (FlawKind, Vec<(FlawKind, Option<String>)>) {
    let key = key(1);
    let mut all = files(&package(&key, [3; 6], 9));
    change(&mut all);
    let verdict = check(Some(key.public()), &[], &packed(&all), 1_000);
    let flaws = flaws(&verdict).into_iter().map(|(kind, file)| (kind, file.map(str::to_owned))).collect();
    (verdict.worst.expect("a tampering is found"), flaws)
}

fn signed(key: &LogKey, all: &mut [(String, Vec<u8>)]) {
    let mut manifest: Manifest = serde_json::from_slice(&all[8].1).unwrap();
    for (file, (name, content)) in manifest.files.iter_mut().zip(&*all) {
        assert_eq!(file.name, *name);
        (file.bytes, file.sha256) = (content.len() as u64, hex(&sha256(content)));
    }
    all[8].1 = serde_json::to_vec_pretty(&manifest).unwrap();
    all[9].1 = seal(key, &all[8].1).into_bytes();
}

#[test]
fn a_clean_package_is_whole_however_it_arrives_and_the_key_must_come_from_elsewhere() {
    let key = key(1);
    for (lengths, size) in [([0; 6], 1), ([3; 6], 9), ([1, 40_000, 0, 2, 0, 7], 300)] {
        let bytes = package(&key, lengths, size);
        let (_, note, records) = log(&key, size);
        for step in [1_000, 511, 512, 70_000] {
            let verdict = check(Some(key.public()), &[], &bytes, step);
            assert_eq!((flaws(&verdict), verdict.vouched), (vec![], true));
            assert_eq!((verdict.custody, verdict.bytes), (records.len() as u64, bytes.len() as u64));
            assert_eq!(verdict.sha256, hex(&sha256(&bytes)));
            assert_eq!(verdict.manifest.unwrap().exported_by.name, "Ida Investigator");
        }
        // Nobody vouches for the key that a package names itself, but who kept a checkpoint of it.
        let alone = check(None, &[], &bytes, 1_000);
        assert_eq!((alone.worst, alone.vouched), (None, false));
        let kept = check(None, &[note], &bytes, 1_000);
        assert_eq!((kept.worst, kept.vouched), (None, true));
    }
}

#[test]
fn no_piece_is_much_larger_than_its_limit_and_files_are_what_went_in() {
    let key = key(1);
    let pieces = pieces(&key, [0, 30_000, 0, 0, 0, 0], 2);
    assert!(pieces.iter().filter(|piece| piece.bytes.len() > 200_000).count() >= 3);
    assert!(pieces.iter().all(|piece| piece.bytes.len() < limits::EXPORT_PIECE_BYTES + 4 * BLOCK));
    let all = files(&package(&key, [0, 30_000, 0, 0, 0, 0], 2));
    let names: Vec<&str> = all.iter().map(|file| file.0.as_str()).collect();
    assert_eq!(names, PackageFile::ALL.iter().map(|file| file.as_str()).collect::<Vec<_>>());
    assert_eq!(all[1].1.iter().filter(|byte| **byte == b'\n').count(), 30_000);
    let manifest: Manifest = serde_json::from_slice(&all[8].1).unwrap();
    assert_eq!((manifest.files[1].records, manifest.files[0].records), (Some(30_000), None));
    assert_eq!(packed(&all), package(&key, [0, 30_000, 0, 0, 0, 0], 2));
}

#[test]
fn each_tampering_is_called_by_its_name() {
    use FlawKind::{Altered, BadlySigned, Incomplete, NoPackage, Unproved};
    let named = |kind, file: &str| (kind, Some(file.to_owned()));
    assert_eq!(told(|all| all[3].1[5] ^= 1), (Altered, vec![named(Altered, "activities.ndjson")]));
    assert_eq!(told(|all| all[0].1.clear()), (Altered, vec![named(Altered, "summary.html")]));
    assert_eq!(told(|all| drop(all.remove(4))), (Incomplete, vec![named(Incomplete, "notes.ndjson")]));
    let extra = ("readme.txt".to_owned(), b"hello".to_vec());
    assert_eq!(told(|all| all.insert(2, extra)), (Incomplete, vec![named(Incomplete, "readme.txt")]));
    let (worst, flaws) = told(|all| {
        let text = String::from_utf8(all[8].1.clone()).unwrap().replace("Ida", "Eve");
        all[8].1 = text.into_bytes();
    });
    assert_eq!((worst, flaws), (Altered, vec![named(Altered, "manifest.json")]));
    assert_eq!(told(|all| all.swap(1, 2)).0, Altered);
    assert_eq!(told(|all| signed(&key(2), all)).0, BadlySigned);
    assert_eq!(told(|all| drop(all.remove(9))), (Incomplete, vec![named(Incomplete, "signature")]));
    // Whoever holds the key can sign what they like, but not prove what the log does not hold.
    let (worst, flaws) = told(|all| {
        all[7].1 = String::from_utf8(all[7].1.clone()).unwrap().replace("dev:3", "dev:4").into_bytes();
        signed(&key(1), all);
    });
    assert_eq!((worst, flaws), (Unproved, vec![named(Unproved, "custody.ndjson")]));
    assert_eq!(
        told(|all| {
            let (_, note, _) = log(&key(1), 8);
            all[6].1 = note.into_bytes();
            signed(&key(1), all);
        })
        .0,
        Unproved
    );
    let whole = package(&key(1), [3; 6], 9);
    let cut = check(Some(key(1).public()), &[], &whole[..3 * BLOCK + 7], 100);
    assert_eq!(self::flaws(&cut), [(Altered, Some("alerts.ndjson"))], "what else was there is not known");
    let nothing = |bytes: &[u8]| check(Some(key(1).public()), &[], bytes, 100).worst;
    assert_eq!(nothing(b""), Some(NoPackage));
    assert_eq!(nothing(&[0; 4_096]), Some(NoPackage));
    assert_eq!(nothing(&[b'x'; 4_096]), Some(NoPackage));
    assert_eq!(nothing(&packed(&[("letter.txt".to_owned(), b"x".to_vec())])), Some(NoPackage));
}

#[test]
fn a_log_that_was_rewritten_is_not_the_one_that_somebody_remembers() {
    let key = key(1);
    let bytes = package(&key, [1; 6], 9);
    let other = key.sign(&Checkpoint { size: 9, root: [7; 32], at: MADE });
    assert_eq!(check(Some(key.public()), std::slice::from_ref(&other), &bytes, 512).worst, Some(FlawKind::Unproved));
    // Of another size it says nothing; of another key neither, unless the key was to come from it.
    let later = key.sign(&Checkpoint { size: 12, root: [7; 32], at: MADE });
    assert_eq!(check(Some(key.public()), &[later], &bytes, 512).worst, None);
    let foreign = super::tests::key(2).sign(&Checkpoint { size: 9, root: [7; 32], at: MADE });
    assert_eq!(check(Some(key.public()), std::slice::from_ref(&foreign), &bytes, 512).worst, None);
    assert_eq!(check(None, &[foreign], &bytes, 512).worst, Some(FlawKind::BadlySigned));
}

#[test]
fn a_signature_of_one_kind_is_none_of_the_other() {
    let key = key(1);
    let package = seal(&key, b"{}");
    assert_eq!(key.public().open(&package), Err(NoteError::Shape));
    let checkpoint = key.sign(&Checkpoint { size: 1, root: [0; 32], at: MADE });
    // Neither does the signature of one stand under the text of the other.
    let parts =
        |note: &str| note.split_once("\n\n").map(|(text, signature)| (text.to_owned(), signature.to_owned())).unwrap();
    let ((sealed, seal), (head, sign)) = (parts(&package), parts(&checkpoint));
    assert_eq!(key.public().open(&format!("{head}\n\n{seal}")), Err(NoteError::Signature));
    assert_eq!(key.public().open_text(&format!("{sealed}\n\n{sign}")), Err(NoteError::Signature));
    let opened = key.public().open_text(&checkpoint).unwrap();
    assert!(!opened.starts_with(FORMAT) && opened.starts_with(key.public().origin()));
    assert_eq!(key.public().open_text(&package).unwrap(), sealed_text(&hex(&sha256(b"{}"))));
    // Read by an implementation that is not ours.
    let note = signed_note::Note::from_bytes(package.as_bytes()).unwrap();
    let verifier = signed_note::StandardVerifier::new(&key.public().to_string()).unwrap();
    note.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).expect("signed by the key");
}

/// One random change to a package; nothing where it would change nothing.
fn tampered(bytes: &[u8], kind: usize, at: usize, with: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let mut all = files(bytes);
    let (place, one, two) = (at % bytes.len(), at % all.len(), (at / all.len()) % all.len());
    match kind {
        0 => changed[place] ^= with.max(1),
        1 => changed.truncate(place),
        2 => drop(changed.remove(place)),
        3 => changed.insert(place, with),
        4 => changed.push(with),
        5 => {
            all.remove(one);
            changed = packed(&all);
        }
        6 => {
            all.swap(one, two);
            changed = packed(&all);
        }
        7 => {
            all.insert(one, all[two].clone());
            changed = packed(&all);
        }
        8 => {
            all.insert(one, (format!("file{with}.txt"), vec![with; 7]));
            changed = packed(&all);
        }
        9 => {
            // Lines in another order, or one twice.
            let mut lines: Vec<&[u8]> = bytes_lines(&all[one].1);
            let line = lines.remove(at % lines.len());
            lines.insert(usize::from(with) % (lines.len() + 1), line);
            if with.is_multiple_of(2) {
                lines.push(line);
            }
            all[one].1 = lines.concat();
            changed = packed(&all);
        }
        10 => {
            // Two files exchange their contents.
            let content = all[two].1.clone();
            all[two].1 = std::mem::replace(&mut all[one].1, content);
            changed = packed(&all);
        }
        _ => {
            // Everything sealed again, with a key of the tamperer's own.
            let length = all[one].1.len().max(1);
            if one < 6 && !all[one].1.is_empty() {
                all[one].1[at % length] ^= 1;
            }
            signed(&key(9), &mut all);
            changed = packed(&all);
        }
    }
    changed
}

fn bytes_lines(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.is_empty() { vec![b"\n"] } else { bytes.split_inclusive(|byte| *byte == b'\n').collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_tampering_is_found(kind in 0usize..12, at in any::<usize>(), with in any::<u8>(), lines in prop::array::uniform6(0usize..6), size in 1u64..20, step in 1usize..2_000) {
        let key = key(1);
        let clean = package(&key, lines, size);
        prop_assert_eq!(check(Some(key.public()), &[], &clean, step).worst, None);
        let changed = tampered(&clean, kind, at, with);
        if changed != clean {
            let verdict = check(Some(key.public()), &[], &changed, step);
            prop_assert!(verdict.worst.is_some(), "kind {} is not found", kind);
            prop_assert!(!verdict.flaws.is_empty() && verdict.flaws.iter().any(|flaw| Some(flaw.kind) == verdict.worst));
        }
    }

    #[test]
    fn nothing_that_is_fed_ends_the_check(bytes in prop::collection::vec(any::<u8>(), 0..3_000), at in any::<usize>(), step in 1usize..700) {
        let key = key(1);
        let mut mixed = package(&key, [1; 6], 3);
        let place = at % mixed.len();
        mixed.splice(place..place, bytes.iter().copied());
        prop_assert_eq!(check(Some(key.public()), &[], &mixed, step).worst.is_none(), bytes.is_empty());
        prop_assert!(check(None, &[], &bytes, step).worst.is_some());
    }
}

fn seen(id: u128, kind: InsightKind, code: &str, day: &str) -> Insight {
    let part = |at: std::ops::Range<usize>| day[at].parse::<u16>().unwrap();
    let day =
        Day::from_civil(i32::from(part(0..4)), u8::try_from(part(5..7)).unwrap(), u8::try_from(part(8..10)).unwrap());
    Insight {
        id: InsightId::new(Uuid::from_u128(id)),
        day: day.unwrap(),
        kind,
        indicator: code.to_owned(),
        count: 1,
        level: ThresholdLevel::High,
        score: 70.0,
        boosters: vec![],
        points: 1.0,
        explanation: "Something <b>was</b> done.".to_owned(),
        risk_factors: vec![],
    }
}

#[test]
fn an_event_lies_beneath_the_insights_of_its_code_and_days() {
    let mut lying = Lying::default();
    lying.add(&seen(1, InsightKind::Indicator, "FILE_DOWNLOADED", "2026-06-20"));
    lying.add(&seen(2, InsightKind::Indicator, "FILE_DOWNLOADED#payroll", "2026-06-20"));
    lying.add(&seen(3, InsightKind::CumulativeExfiltration, "CUMULATIVE_EXFILTRATION", "2026-06-20"));
    let at = |day: &str| Micros(seen(9, InsightKind::Indicator, "X", day).day.start().0 + 5);
    let of = |code: &str, variants: &str, day: &str| -> Vec<u128> {
        lying.beneath(code, variants, at(day)).iter().map(|id| id.uuid().as_u128()).collect()
    };
    assert_eq!(of("FILE_DOWNLOADED", "", "2026-06-20"), [1]);
    assert_eq!(of("FILE_DOWNLOADED", "FILE_DOWNLOADED#other FILE_DOWNLOADED#payroll", "2026-06-20"), [1, 2]);
    assert_eq!(of("FILE_DOWNLOADED", "", "2026-06-19"), [0u128; 0]);
    assert_eq!(of("FILE_COPIED_TO_USB", "", "2026-06-19"), [3]);
    assert_eq!(of("FILE_COPIED_TO_USB", "", "2026-05-22"), [3]);
    assert_eq!(of("FILE_COPIED_TO_USB", "", "2026-05-21"), [0u128; 0]);
    assert_eq!(lying.days().map(|(first, last)| last.since(first)), Some(29));
    assert!(lying.codes().unwrap().contains(&"FILE_COPIED_TO_USB"));
    // A habit rests on the whole day.
    lying.add(&seen(4, InsightKind::Indicator, "OFF_HOURS", "2026-06-20"));
    assert_eq!(lying.codes(), None);
    assert_eq!(lying.beneath("LOGON", "", at("2026-06-20")).len(), 1);
}

#[test]
fn what_staff_and_vendors_wrote_is_text_in_the_summary() {
    let nasty = "<script>alert('x')</script>&\"\u{202e}\u{7}";
    assert_eq!(escaped(nasty), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}\u{fffd}");
    let row = summary::insight(&seen(1, InsightKind::Indicator, "X", "2026-06-20"));
    assert!(row.contains("Something &lt;b&gt;was&lt;/b&gt; done.") && row.contains("2026-06-20"));
    assert!(!summary::note(MADE, nasty, true, nasty).contains("<script"));
    assert!(!summary::section(nasty, &[nasty]).contains("<script"));
}

#[test]
fn the_line_of_the_score_is_the_highest_in_force() {
    let at = |hours: i64| Micros(MADE.0 + hours * crate::time::HOUR);
    let changes = [(at(0), 1, 20.0), (at(1), 2, 50.0), (at(2), 1, 40.0), (at(3), 2, 10.0), (at(3), 1, 0.0)];
    assert_eq!(highest(&changes), [(at(0), 20.0), (at(1), 50.0), (at(3), 10.0)]);
    let drawn = scores(&highest(&changes), &[(at(1), 50.0)], at(48));
    assert!(drawn.contains("<path d=\"M") && drawn.matches("<circle").count() == 1 && !drawn.contains("NaN"));
    assert!(scores(&[], &[], at(0)).contains("No score is kept."));
    assert!(scores(&[], &[(at(0), 70.0)], at(0)).contains("left out"));
}
