//! What left over 30 days, all channels together, each object once: catches a little every day.
//! Never: one object twice because it went two ways.

use super::{CUMULATIVE, DaySigns, Norms, ObjectKey, Reading, Usual};
use crate::{limits, template::Step, time::Day};
use std::collections::{BTreeMap, VecDeque};

/// Days that are added up (domain, section 3).
const DAYS: i32 = 30;

/// Active days whose totals are remembered.
const PAST_DAYS: usize = 90;
/// Days after which a total is one of 30 days, put on.
const LEAST_DAYS: i32 = 14;
/// Active days, all over 30 days ago, from which there is a past of one's own to compare with.
const OWN_DAYS: usize = 8;

/// What left of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    /// By day: what left then for the last time.
    days: VecDeque<(Day, u64)>,
    /// When each object last left.
    objects: BTreeMap<ObjectKey, Day>,
    /// The objects that left on each day, for letting go of them.
    left_on: VecDeque<(Day, Vec<ObjectKey>)>,
    total: u64,
    /// The total of each active day of late: the subject's own past.
    past: VecDeque<(Day, u64)>,
    first: Option<Day>,
}

impl Left {
    pub(super) fn total(&self, day: Day) -> u64 {
        let first = day.plus(1 - DAYS);
        self.days.iter().filter(|(day, _)| *day >= first).fold(0u64, |sum, (_, count)| sum.saturating_add(*count))
    }

    pub(super) fn read(&mut self, signs: &DaySigns, norms: &Norms<'_>) -> Option<Reading> {
        self.pass_to(signs.day);
        let new = self.new_today(signs);
        if new > 0 {
            self.days.push_back((signs.day, new));
            self.total = self.total.saturating_add(new);
        }
        let (usual, own) = self.usual(signs.day, norms);
        let known = signs.day.since(*self.first.get_or_insert(signs.day)) + 1;
        if known >= LEAST_DAYS {
            // Before there are 30 days their total is what it would come to.
            self.past.push_back((
                signs.day,
                self.total * DAYS.unsigned_abs() as u64 / u64::from(known.clamp(1, DAYS).unsigned_abs()),
            ));
        }
        if self.past.len() > PAST_DAYS {
            self.past.pop_front();
        }
        (new > 0).then(|| Reading { usual, own, ..Reading::plain(signs.day, CUMULATIVE, self.total) })
    }

    /// The norm that the total exceeds least: it has to stand out against peers (against the organisation where there are
    /// too few) and against what the subject did before.
    fn usual(&self, today: Day, norms: &Norms<'_>) -> (Option<Usual>, bool) {
        let before = today.plus(-DAYS);
        let mut own: Vec<u64> = self.past.iter().filter(|(day, _)| *day <= before).map(|(_, total)| *total).collect();
        let own = if own.len() >= OWN_DAYS { super::baseline::usual_of(&mut own) } else { None };
        let others = [norms.peers.or(norms.organisation), own];
        (others.into_iter().flatten().min_by(|a, b| a.z(self.total).total_cmp(&b.z(self.total))), own.is_some())
    }

    fn pass_to(&mut self, today: Day) {
        let first = today.plus(1 - DAYS);
        while let Some((_, count)) = self.days.front().filter(|(day, _)| *day < first) {
            self.total = self.total.saturating_sub(*count);
            self.days.pop_front();
        }
        while let Some((day, objects)) = self.left_on.pop_front_if(|(day, _)| *day < first) {
            for object in objects {
                // Unless it left again since.
                if self.objects.get(&object) == Some(&day) {
                    self.objects.remove(&object);
                }
            }
        }
    }

    fn take_back(&mut self, before: Day) {
        if let Some((_, count)) = self.days.iter_mut().find(|(day, count)| *day == before && *count > 0) {
            *count -= 1;
            self.total = self.total.saturating_sub(1);
        }
    }

    fn new_today(&mut self, signs: &DaySigns) -> u64 {
        let leaves = |code: &str| Step::Exfiltrate.indicators().contains(&code);
        let counted: u64 = signs
            .counts
            .iter()
            .filter(|(code, _)| leaves(code))
            .fold(0u64, |sum, (_, seen)| sum.saturating_add(seen.count));
        let mut on_objects = 0u64;
        let mut new = 0u64;
        let mut remembered = Vec::new();
        for event in signs.objects.iter().filter(|event| leaves(event.indicator)) {
            on_objects += 1;
            new += 1;
            let known = self.objects.contains_key(&event.object);
            if known || self.objects.len() < limits::OBJECTS_REMEMBERED {
                // An object counts on the last day on which it left.
                remembered.push(event.object);
                match self.objects.insert(event.object, signs.day) {
                    Some(before) if before == signs.day => new -= 1,
                    Some(before) => self.take_back(before),
                    None => {}
                }
            }
        }
        if !remembered.is_empty() {
            self.left_on.push_back((signs.day, remembered));
        }
        // What has no object cannot be told from what left before: it counts as new.
        new + counted.saturating_sub(on_objects)
    }
}
