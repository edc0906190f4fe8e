//! What is usual of each act among peers, over the last 30 days.
//! Never: of fewer than `limits::PEERS` people.

use crate::Person;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vizard_core::{
    limits,
    scoring::reading::{Acts, DaySigns},
    time::Day,
};

/// Days that are looked at.
const DAYS: i32 = 30;

/// Department and title; an empty title for the whole department.
type Group = (String, String);

/// What a group did on one day: who was active, and by code how often each count was seen.
#[derive(Default)]
struct Did {
    active: BTreeSet<String>,
    counts: BTreeMap<String, BTreeMap<u64, u64>>,
}

/// The same of several days.
#[derive(Default)]
struct Lately<'a> {
    people: BTreeSet<&'a str>,
    /// Active days of all of them.
    days: u64,
    counts: BTreeMap<&'a str, BTreeMap<u64, u64>>,
}

/// What peers do.
#[derive(Default)]
pub(super) struct PeersActs {
    /// What a day is compared with: made of the days before it.
    pub(super) usual: BTreeMap<Group, Acts>,
    days: VecDeque<(Day, BTreeMap<Group, Did>)>,
    made: Option<Day>,
}

impl PeersActs {
    /// Adds a day. On every seventh, what the days from it on are compared with is made of those before it, as the server
    /// does.
    pub(super) fn learn<'a>(&mut self, day: Day, active: impl Iterator<Item = (&'a str, &'a Person, &'a DaySigns)>) {
        if self.made.is_none_or(|made| day.since(made) >= limits::PEERS_ACTS_DAYS) && !self.days.is_empty() {
            self.made = Some(day);
            self.make(day);
        }
        let mut today: BTreeMap<Group, Did> = BTreeMap::new();
        for (account, person, signs) in active {
            let department = person.department.clone();
            for group in [(department.clone(), String::new()), (department, person.title.clone())] {
                let did = today.entry(group).or_default();
                did.active.insert(account.to_owned());
                for (code, seen) in signs.counts.iter().filter(|(_, seen)| seen.count > 0) {
                    *did.counts.entry(code.clone()).or_default().entry(seen.count).or_default() += 1;
                }
            }
        }
        self.days.push_back((day, today));
    }

    fn make(&mut self, day: Day) {
        while self.days.front().is_some_and(|(first, _)| day.since(*first) > DAYS) {
            self.days.pop_front();
        }
        let mut groups: BTreeMap<&Group, Lately<'_>> = BTreeMap::new();
        for (group, did) in self.days.iter().flat_map(|(_, groups)| groups) {
            let lately = groups.entry(group).or_default();
            lately.people.extend(did.active.iter().map(String::as_str));
            lately.days += did.active.len() as u64;
            for (code, seen) in &did.counts {
                let known = lately.counts.entry(code).or_default();
                for (count, times) in seen {
                    *known.entry(*count).or_default() += times;
                }
            }
        }
        self.usual = groups
            .into_iter()
            .filter(|(_, lately)| lately.people.len() >= limits::PEERS)
            .map(|(group, lately)| (group.clone(), Acts::of(lately.counts, lately.days)))
            .collect();
    }
}
