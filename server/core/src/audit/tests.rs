//! The tree against an independent one, checkpoints against an independent reader, and a thousand tamperings.
//! Never: our own verification alone as proof of our own proofs.

use super::{
    export::{CheckpointLine, EntryLine, Header, Line, written},
    leaf::{Leaf, SALT_BYTES, VERSION, committed},
    note::{Checkpoint, LogKey, NoteError, PublicKey, notes},
    tree::{Frontier, NodeId, consistency, inclusion, leaf_hash, verify_consistency, verify_inclusion},
    verify::{Check, FindingKind, Report},
    *,
};
use crate::{
    access::Role,
    ids::AuditEntryId,
    time::{HOUR, Micros, SECOND},
};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Note, StandardVerifier, VerifierList};
use std::collections::BTreeMap;

type Digest = sha2::digest::Output<Sha256>;

mod tampering;

/// A log of these leaves with every complete subtree.
struct Tree {
    frontier: Frontier,
    nodes: BTreeMap<NodeId, Hash>,
    roots: Vec<Hash>,
}

fn tree(leaves: &[Vec<u8>]) -> Tree {
    let mut tree = Tree { frontier: Frontier::new(), nodes: BTreeMap::new(), roots: vec![Frontier::new().root()] };
    for leaf in leaves {
        tree.nodes.extend(tree.frontier.push(leaf_hash(leaf)));
        tree.roots.push(tree.frontier.root());
    }
    tree
}

fn hashes(tree: &Tree, parts: &[super::tree::Part]) -> Vec<Hash> {
    parts.iter().map(|part| part.hash(|id| tree.nodes.get(&id).copied()).unwrap()).collect()
}

fn digests(hashes: &[Hash]) -> Vec<Digest> {
    hashes.iter().map(|hash| (*hash).into()).collect()
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|at| format!("leaf {at}").into_bytes()).collect()
}

#[test]
fn roots_and_proofs_of_all_trees_up_to_70_are_those_of_an_independent_implementation() {
    let all = leaves(70);
    let ours = tree(&all);
    let mut theirs: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
    assert_eq!(ours.roots[0].as_slice(), theirs.root().as_bytes().as_slice());
    for size in 1..=all.len() {
        theirs.push(all[size - 1].clone());
        let root = theirs.root();
        assert_eq!(ours.roots[size].as_slice(), root.as_bytes().as_slice(), "root of {size}");
        for (index, leaf) in all.iter().enumerate().take(size) {
            let proof = hashes(&ours, &inclusion(index as u64, size as u64).unwrap());
            assert_eq!(proof.concat(), theirs.prove_inclusion(index).as_bytes(), "inclusion of {index} in {size}");
            assert!(verify_inclusion(&leaf_hash(leaf), index as u64, size as u64, &proof, &ours.roots[size]));
        }
        for from in 1..size {
            let proof = hashes(&ours, &consistency(from as u64, size as u64).unwrap());
            assert_eq!(proof.concat(), theirs.prove_consistency(size - from).as_bytes(), "{from} to {size}");
            assert!(verify_consistency(from as u64, size as u64, &ours.roots[from], &ours.roots[size], &proof));
        }
        assert_eq!(consistency(size as u64, size as u64), Some(vec![]));
    }
    assert_eq!((inclusion(3, 3), consistency(0, 3), consistency(4, 3)), (None, None, None));
}

proptest! {
    #[test]
    fn a_proof_holds_for_an_independent_verifier_and_for_nothing_else(
        size in 1u64..600, index in any::<u64>(), from in any::<u64>(), wrong in any::<u64>(), byte in any::<u8>(),
    ) {
        let all = leaves(usize::try_from(size).unwrap());
        let ours = tree(&all);
        let (index, from) = (index % size, from % size + 1);
        let at = usize::try_from(index).unwrap();
        let root = ours.roots[usize::try_from(size).unwrap()];
        let proof = hashes(&ours, &inclusion(index, size).unwrap());
        let theirs = RootHash::<Sha256>::new(root.into(), size);
        let listed = digests(&proof);
        prop_assert!(theirs.verify_inclusion(&all[at], index, &InclusionProof::from_digests(&listed)).is_ok());
        let leaf = leaf_hash(&all[at]);
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root));
        if wrong % size != index {
            prop_assert!(!verify_inclusion(&leaf, wrong % size, size, &proof, &root));
        }
        prop_assert!(!verify_inclusion(&leaf_hash(b"other"), index, size, &proof, &root));
        let old = ours.roots[usize::try_from(from).unwrap()];
        let proof = hashes(&ours, &consistency(from, size).unwrap());
        prop_assert!(verify_consistency(from, size, &old, &root, &proof));
        if from < size {
            let listed = digests(&proof);
            let before = RootHash::<Sha256>::new(old.into(), from);
            prop_assert!(theirs.verify_consistency(&before, &ConsistencyProof::from_digests(&listed)).is_ok());
            prop_assert!(!verify_consistency(from, size, &root, &root, &proof));
        }
        for part in 0..proof.len() {
            let mut bad = proof.clone();
            bad[part][usize::from(byte) % 32] ^= byte | 1;
            prop_assert!(!verify_consistency(from, size, &old, &root, &bad));
        }
        let mut longer = proof.clone();
        longer.push([byte; 32]);
        prop_assert!(!verify_consistency(from, size, &old, &root, &longer));
    }

    #[test]
    fn a_frontier_goes_on_from_what_was_kept(size in 0u64..300, more in 1u64..50) {
        let all = leaves(usize::try_from(size + more).unwrap());
        let whole = tree(&all);
        let kept = Frontier::needs(size).iter().map(|id| whole.nodes[id]).collect();
        let mut frontier = Frontier::of(size, kept).unwrap();
        for leaf in &all[usize::try_from(size).unwrap()..] {
            for (id, hash) in frontier.push(leaf_hash(leaf)) {
                prop_assert_eq!(whole.nodes[&id], hash);
            }
        }
        prop_assert_eq!(frontier, whole.frontier);
        prop_assert_eq!(Frontier::of(size + 1, vec![]), None);
    }

    #[test]
    fn a_signed_note_is_read_by_an_independent_reader(secret in any::<[u8; 32]>(), size in any::<u64>(), root in any::<[u8; 32]>(), seconds in 0i64..4_000_000_000) {
        let key = LogKey::new(&secret);
        let checkpoint = Checkpoint { size, root, at: Micros(seconds * SECOND) };
        let note = key.sign(&checkpoint);
        prop_assert_eq!(key.public().open(&note), Ok(checkpoint));
        let theirs = StandardVerifier::new(&key.public().to_string()).unwrap();
        let parsed = Note::from_bytes(note.as_bytes()).unwrap();
        let (verified, unverified) = parsed.verify(&VerifierList::new(vec![Box::new(theirs)])).unwrap();
        prop_assert_eq!((verified.len(), unverified.len()), (1, 0));
        let text = tlog_tiles::Checkpoint::from_bytes(parsed.text()).unwrap();
        prop_assert_eq!((text.origin(), text.size(), text.hash().0), (key.public().origin(), size, root));
        prop_assert_eq!(PublicKey::parse(&key.public().to_string()), Ok(key.public().clone()));
    }

    #[test]
    fn a_note_with_any_byte_changed_is_not_taken(at in any::<prop::sample::Index>(), flip in 1u8..128) {
        let key = LogKey::new(&[7; 32]);
        let note = key.sign(&Checkpoint { size: 9, root: [3; 32], at: Micros(SECOND) });
        let mut bytes = note.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(key.public().open(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn any_text_is_a_key_or_none_and_a_note_or_none(text in "\\PC{0,60}") {
        let key = LogKey::new(&[7; 32]);
        prop_assert!(PublicKey::parse(&text).is_err());
        prop_assert!(key.public().open(&text).is_err());
        notes(&text);
    }
}

#[test]
fn notes_are_told_apart_in_a_file_and_other_keys_signatures_are_of_no_account() {
    let (key, other) = (LogKey::new(&[1; 32]), LogKey::new(&[2; 32]));
    let note = |size| key.sign(&Checkpoint { size, root: [0; 32], at: Micros(0) });
    let file = format!("{}\n{}\n{}", note(1), note(2), note(3));
    assert_eq!(notes(&file), [note(1), note(2), note(3)]);
    assert_eq!(notes(&note(1)), [note(1)]);
    let theirs = other.sign(&Checkpoint { size: 1, root: [0; 32], at: Micros(0) });
    let line = theirs.lines().last().unwrap();
    let witnessed = format!("{}{line}\n", note(1));
    assert_eq!(notes(&witnessed), std::slice::from_ref(&witnessed));
    assert_eq!(key.public().open(&witnessed).unwrap().size, 1);
    assert_eq!(key.public().open(&theirs), Err(NoteError::Origin));
    let renamed = theirs.replace(other.public().origin(), key.public().origin());
    assert_eq!(key.public().open(&renamed), Err(NoteError::Unsigned));
}

#[test]
fn a_leaf_is_canonical_and_holds_no_text() {
    let salt = [5; SALT_BYTES];
    let leaf = Leaf {
        v: VERSION,
        id: AuditEntryId::new(uuid::Uuid::from_u128(1)),
        at: Leaf::instant(Micros(1_782_907_200_123_456)),
        actor: "dev:ada".into(),
        roles: vec![Role::Admin],
        activity: AuditActivity::Edited,
        category: AuditCategory::Settings,
        object: "settings".into(),
        detail: serde_json::json!({"z": 1.0, "a": [1e21, "ö\u{1f600}"], "B": null}),
        before: None,
        after: None,
        reason: Some(committed(&salt, "Talked it over.")),
    };
    let text = leaf.canonical().unwrap();
    assert_eq!(
        text,
        "{\"activity\":\"EDITED\",\"actor\":\"dev:ada\",\"at\":\"2026-07-01T12:00:00.123Z\",\"category\":\"SETTINGS\",\
         \"detail\":{\"B\":null,\"a\":[1e+21,\"ö😀\"],\"z\":1},\"id\":\"audit_00000000000000000000000000000001\",\
         \"object\":\"settings\",\"reason\":\"jQ5t/lzspecbDu2wnFg74L+taH/SjmTQedyFKPmW1n8=\",\"roles\":[\"ADMIN\"],\"v\":1}"
    );
    assert_eq!(serde_json::from_str::<Leaf>(&text).unwrap().canonical().unwrap(), text);
    assert_ne!(committed(&salt, "x"), committed(&[6; SALT_BYTES], "x"));
}
