//! The Merkle tree of RFC 6962 (section 2.1; verification after RFC 9162, section 2.1.3 and 2.1.4).
//! Never: a hash of a leaf taken for one of a node; the first byte tells them apart.
//!
//! What is kept is the hash of every complete subtree: node (level, position) covers the leaves from position · 2^level
//! on, 2^level of them. Any root and any proof is made of at most two times the logarithm of the size of those.

use super::Hash;
use sha2::{Digest as _, Sha256};

/// A complete subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Its height: 0 is a leaf.
    pub level: u8,
    /// Which of its level, from the left.
    pub position: u64,
}

/// SHA-256(0x00 || leaf).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The complete subtrees that make up the leaves from `start` on, `length` of them, the largest first. `start` is a
/// multiple of the largest.
fn parts(start: u64, length: u64) -> Vec<NodeId> {
    let mut at = start;
    let mut found = Vec::new();
    for level in (0..64u8).rev() {
        if length & (1 << level) != 0 {
            found.push(NodeId { level, position: at >> level });
            at += 1 << level;
        }
    }
    found
}

/// The root over such parts; of none, the root of the empty tree.
fn fold(parts: &[Hash]) -> Hash {
    let Some((last, larger)) = parts.split_last() else { return Sha256::digest([]).into() };
    larger.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}

/// The right edge of a growing tree: all that is needed to add a leaf or to tell the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The largest first.
    parts: Vec<Hash>,
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// Of the empty tree.
    pub const fn new() -> Self {
        Self { size: 0, parts: Vec::new() }
    }

    /// The subtrees that a tree of `size` leaves needs to go on.
    pub fn needs(size: u64) -> Vec<NodeId> {
        parts(0, size)
    }

    /// From the hashes of [`Frontier::needs`], in that order; nothing where their number is another.
    pub fn of(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, parts: hashes })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        fold(&self.parts)
    }

    /// Adds a leaf; tells which subtrees it completed, itself first.
    pub fn push(&mut self, leaf: Hash) -> Vec<(NodeId, Hash)> {
        let mut made = vec![(NodeId { level: 0, position: self.size }, leaf)];
        let (mut hash, mut level) = (leaf, 0u8);
        while self.size >> level & 1 == 1 {
            let Some(left) = self.parts.pop() else { break };
            hash = node_hash(&left, &hash);
            level += 1;
            made.push((NodeId { level, position: self.size >> level }, hash));
        }
        self.parts.push(hash);
        self.size += 1;
        made
    }
}

/// One hash of a proof: the subtrees that it is folded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part(Vec<NodeId>);

impl Part {
    fn of(start: u64, end: u64) -> Self {
        Self(parts(start, end - start))
    }

    /// What it needs.
    pub fn needs(&self) -> &[NodeId] {
        &self.0
    }

    /// The hash, from those of its subtrees; nothing where one is missing.
    pub fn hash(&self, known: impl Fn(NodeId) -> Option<Hash>) -> Option<Hash> {
        self.0.iter().map(|id| known(*id)).collect::<Option<Vec<_>>>().map(|hashes| fold(&hashes))
    }
}

/// The largest power of two below `size`.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// What proves that leaf `index` is in the tree of `size` leaves (PATH of RFC 6962), from the leaf upwards. `None` where
/// there is no such leaf.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Part>> {
    if index >= size {
        return None;
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(Part::of(middle, end));
            end = middle;
        } else {
            path.push(Part::of(start, middle));
            start = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// What proves that the tree of `from` leaves is the beginning of the tree of `to` (PROOF of RFC 6962). Empty where they
/// are the same; `None` where `from` is 0 or larger than `to`.
pub fn consistency(from: u64, to: u64) -> Option<Vec<Part>> {
    if from == 0 || from > to {
        return None;
    }
    let (mut start, mut end, mut whole) = (0, to, true);
    let mut path = Vec::new();
    // SUBPROOF(from, [start, end), whole): descend until the old tree ends where the subtree does.
    while from != end {
        let middle = start + split(end - start);
        if from <= middle {
            path.push(Part::of(middle, end));
            end = middle;
        } else {
            path.push(Part::of(start, middle));
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(Part::of(start, end));
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that the leaf of this hash is at `index` in the tree of `size` and `root`.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `from` leaves and `old` root is the beginning of the tree of `to` and `new`.
pub fn verify_consistency(from: u64, to: u64, old: &Hash, new: &Hash, proof: &[Hash]) -> bool {
    if from == 0 || from > to {
        return false;
    }
    if from == to {
        return proof.is_empty() && old == new;
    }
    let mut path = proof.iter();
    let first = if from.is_power_of_two() { Some(old) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut before, mut after) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = node_hash(sibling, &before);
            after = node_hash(sibling, &after);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            after = node_hash(&after, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old && after == *new
}
