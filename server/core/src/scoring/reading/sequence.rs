//! Sequences: steps in order on the same object within 7 days, followed through rename, archive, copy and relabel.
//! An object's lineage is everything that links of the last 7 days join to it. A file that went into an archive with
//! 299 others makes one lineage of 300 objects; the count is that of the objects that took the first step.
//! Never: the order of delivery; events are put in order of time, and at one instant in the order of a theft.

use super::{DaySigns, ObjectEvent, ObjectKey, Reading};
use crate::{
    limits,
    template::{SequenceRule, Step, sequences},
    time::{DAY, Micros},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::LazyLock,
};

/// The time that a sequence may take (domain, section 3).
const WINDOW: i64 = 7 * DAY;

/// The events on objects of the last days.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    events: VecDeque<Act>,
}

/// What is kept of an event: which steps it can be.
#[derive(Clone, Copy, Debug)]
struct Act {
    at: Micros,
    steps: Steps,
    object: ObjectKey,
    previous: Option<ObjectKey>,
}

/// A set of [`Step`]s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Steps(u16);

impl Steps {
    fn of(code: &str) -> Self {
        static BY_CODE: LazyLock<BTreeMap<&'static str, u16>> = LazyLock::new(|| {
            let mut by_code = BTreeMap::new();
            for step in Step::ALL {
                for code in step.indicators() {
                    *by_code.entry(*code).or_default() |= 1 << (*step as u16);
                }
            }
            by_code
        });
        Self(BY_CODE.get(code).copied().unwrap_or(0))
    }

    fn has(self, step: Step) -> bool {
        self.0 & 1 << (step as u16) != 0
    }

    /// The stage of a theft, for events of one instant; 3 and 4 are last steps, 0 is none.
    fn stage(self) -> u8 {
        match self {
            steps if steps.has(Step::Download) || steps.has(Step::ThirdParty) || steps.has(Step::Unallowed) => 1,
            steps if steps.has(Step::Obfuscate) => 2,
            steps if steps.has(Step::Exfiltrate) => 3,
            steps if steps.has(Step::Delete) => 4,
            _ => 0,
        }
    }
}

impl Objects {
    /// The sequences that were completed on that day, by code.
    pub(super) fn read(&mut self, signs: &DaySigns) -> Vec<Reading> {
        let start = signs.day.start();
        while self.events.front().is_some_and(|event| event.at.0 < start.0 - WINDOW) {
            self.events.pop_front();
        }
        let mut today = signs.objects.clone();
        today.sort_by_cached_key(order);
        today.dedup();
        today.truncate(limits::OBJECTS_PER_DAY);
        let acts = today.iter().map(|event| Act {
            at: event.at,
            steps: Steps::of(event.indicator),
            object: event.object,
            previous: event.previous,
        });
        let known = self.events.len();
        self.events.extend(acts);
        let last_steps = self.events.range(known..).any(|act| matches!(act.steps.stage(), 3 | 4));
        if last_steps { self.completed(start) } else { Vec::new() }
    }

    fn completed(&self, start: Micros) -> Vec<Reading> {
        let mut lineages: BTreeMap<ObjectKey, Vec<&Act>> = BTreeMap::new();
        let roots = roots(&self.events);
        for event in &self.events {
            lineages.entry(root(&roots, event.object)).or_default().push(event);
        }
        let mut found: BTreeMap<&'static str, u64> = BTreeMap::new();
        for events in lineages.values().filter(|events| events.last().is_some_and(|event| event.at >= start)) {
            if let Some((rule, objects)) = longest(events, start) {
                *found.entry(rule.code).or_default() += objects;
            }
        }
        let day = start.day();
        found.into_iter().map(|(code, count)| Reading::plain(day, code, count)).collect()
    }
}

fn order(event: &ObjectEvent) -> (Micros, u8, &'static str, ObjectKey, Option<ObjectKey>) {
    (event.at, Steps::of(event.indicator).stage(), event.indicator, event.object, event.previous)
}

/// Each object's representative: the least of those that links join.
fn roots(events: &VecDeque<Act>) -> BTreeMap<ObjectKey, ObjectKey> {
    let mut parents: BTreeMap<ObjectKey, ObjectKey> = BTreeMap::new();
    for event in events {
        if let Some(previous) = event.previous {
            let (a, b) = (root(&parents, event.object), root(&parents, previous));
            if a != b {
                parents.insert(a.max(b), a.min(b));
            }
        }
    }
    // Flattened, so that every look-up afterwards is one step.
    parents.keys().map(|key| (*key, root(&parents, *key))).collect()
}

fn root(parents: &BTreeMap<ObjectKey, ObjectKey>, object: ObjectKey) -> ObjectKey {
    let mut at = object;
    while let Some(parent) = parents.get(&at).filter(|parent| **parent != at) {
        at = *parent;
    }
    at
}

/// The longest rule that the lineage completed from `start` on, and how many objects took its first step.
fn longest(events: &[&Act], start: Micros) -> Option<(&'static SequenceRule, u64)> {
    let mut best: Option<(&'static SequenceRule, u64)> = None;
    for rule in sequences() {
        if best.is_none_or(|(found, _)| rule.steps.len() > found.steps.len())
            && let Some(objects) = completed(rule, events, start)
        {
            best = Some((rule, objects));
        }
    }
    best
}

/// Whether the lineage has the rule's steps in order, the last of them from `start` on and all within the window. Tells
/// how many objects took the first step in time.
fn completed(rule: &SequenceRule, events: &[&Act], start: Micros) -> Option<u64> {
    let (first, rest) = rule.steps.split_first()?;
    let is = |step: Step, act: &Act| act.steps.has(step);
    let final_step = *rest.last()?;
    let last = events.iter().rposition(|event| event.at >= start && is(final_step, event))?;
    // Backwards, each step as late as it can be: what is left for the first step is as long as it can be.
    let mut at = last;
    for step in rest.iter().rev().skip(1) {
        at = events[..at].iter().rposition(|event| is(*step, event))?;
    }
    let from = events[last].at.0 - WINDOW;
    let firsts: BTreeSet<ObjectKey> = events[..at]
        .iter()
        .filter(|event| is(*first, event) && event.at.0 >= from)
        .map(|event| event.previous.filter(|_| *first == Step::Archive).unwrap_or(event.object))
        .collect();
    (!firsts.is_empty()).then_some(firsts.len() as u64)
}
