//! What is new for this subject: hours in which it never worked, machines and destinations it never used, kinds of acts
//! it never did, and the use of what lay unused for long. Strong where the history is settled and such news are few;
//! whoever has news every day has none that count.
//! Never: a judgement before the history is settled.

use super::{Acts, DaySigns, FIRST_TIME, OFF_HOURS, RARE, Reading, Token, is_weekend};
use crate::{
    indicator::{self, ActionClass},
    limits,
    time::Day,
};
use std::collections::{BTreeMap, BTreeSet};

/// Days since the first one seen before anything is called new: three weeks of habits.
const SETTLED_DAYS: i32 = 21;
/// Active days among them.
const SETTLED_ACTIVE: u32 = 10;
/// An hour is familiar if the subject was active in it, or in the one before or after, on this share of the days: once
/// in six weeks of working days.
const FAMILIAR: f64 = 0.03;
/// Hours away from the nearest familiar one at which the distance counts in full.
const FAR_HOURS: f64 = 4.0;
/// What one hour far off says, of 1. Several add up as independent findings do.
const PER_HOUR: f64 = 0.5;
/// What a day takes from the memory of hours: half is forgotten after 69 days.
const KEPT_HOURS: f64 = 0.99;
/// What a day takes from the memory of how often something new was used: half is forgotten after 34 days.
const KEPT_NEWS: f64 = 0.98;
/// Days after which something known counts as long unused.
const LONG_UNUSED_DAYS: i32 = 60;
/// Days since the first time after which a destination is one that the subject sends to.
const KNOWN_DAYS: i32 = 30;
/// News of one day that add up; more of them are one finding.
const NEWS_PER_DAY: usize = 4;

/// What a token's or act's first use says for itself, of 1.
mod says {
    pub(super) const FOREIGN_DEVICE: f64 = 0.9;
    pub(super) const DEVICE: f64 = 0.3;
    pub(super) const ACT: f64 = 0.35;
    pub(super) const DESTINATION: f64 = 0.2;
    /// Of that, where it was known and lay unused.
    pub(super) const RARE: f64 = 0.5;
}

/// Something that can be used for the first time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Thing {
    Used(Token),
    /// An indicator of exfiltration, obfuscation, clean-up, infiltration or security.
    Did(&'static str),
}

/// The memory of habits.
#[derive(Clone, Debug, Default)]
pub(super) struct Habit {
    first: Option<Day>,
    last: Option<Day>,
    active: u32,
    /// How often each hour was active, and how many days there were: weekdays, weekends. Faded.
    hours: [[f64; 24]; 2],
    days: [f64; 2],
    /// Things used, when first and when last.
    known: BTreeMap<Thing, (Day, Day)>,
    /// How many news there were of late, by kind. Faded.
    news: [f64; 4],
}

impl Habit {
    pub(super) fn read(&mut self, signs: &DaySigns, peers: Option<&Acts>) -> Vec<Reading> {
        self.pass_to(signs.day);
        let settled =
            self.first.is_some_and(|first| signs.day.since(first) >= SETTLED_DAYS) && self.active >= SETTLED_ACTIVE;
        let mut readings = Vec::new();
        if settled {
            readings.extend(self.off_hours(signs));
        }
        readings.extend(self.things(signs, settled, peers));
        self.absorb(signs);
        readings
    }

    /// Whether everything that was sent that day went where the subject has sent for a month, and of late.
    pub(super) fn sends_to_known(&self, signs: &DaySigns) -> bool {
        let known = |to: &Token| {
            self.known.get(&Thing::Used(*to)).is_some_and(|(first, last)| {
                signs.day.since(*first) >= KNOWN_DAYS && signs.day.since(*last) < LONG_UNUSED_DAYS
            })
        };
        let mut to = signs.tokens.iter().filter(|token| matches!(token, Token::Destination(_))).peekable();
        to.peek().is_some() && to.all(known)
    }

    /// Fades the memory over the days since the last one.
    fn pass_to(&mut self, day: Day) {
        let Some(last) = self.last else {
            return;
        };
        for passed in 1..=day.since(last).clamp(0, 400) {
            let kind = usize::from(is_weekend(last.plus(passed)));
            self.days[kind] = self.days[kind] * KEPT_HOURS + 1.0;
            for hour in &mut self.hours[kind] {
                *hour *= KEPT_HOURS;
            }
            for news in &mut self.news {
                *news *= KEPT_NEWS;
            }
        }
    }

    fn off_hours(&self, signs: &DaySigns) -> Option<Reading> {
        let weekend = is_weekend(signs.day);
        let usual = self.familiar(usize::from(weekend));
        // Whoever never works at weekends has no usual hours there: those of weekdays, and a step further away.
        let (usual, further) = if weekend && usual == 0 { (self.familiar(0), 2.0) } else { (usual, 0.0) };
        if usual == 0 {
            return None;
        }
        let mut count = 0;
        let mut nothing_new = 1.0;
        for hour in (0..24).filter(|hour| signs.hours & (1 << hour) != 0) {
            let far = distance(usual, hour) + further;
            if far > 0.0 {
                count += 1;
                nothing_new *= 1.0 - PER_HOUR * (far / FAR_HOURS).min(1.0);
            }
        }
        (count > 0).then(|| reading(signs.day, OFF_HOURS, count, 1.0 - nothing_new))
    }

    /// The hours that are familiar on days of that kind, widened by one to both sides.
    fn familiar(&self, kind: usize) -> u32 {
        let (hours, days) = (&self.hours[kind], self.days[kind]);
        let often = |hour: &usize| hours[*hour] > 0.0 && hours[*hour] >= FAMILIAR * days;
        let mask = (0..24).filter(often).fold(0u32, |mask, hour| mask | 1 << hour);
        widened(mask)
    }

    fn things(&mut self, signs: &DaySigns, settled: bool, peers: Option<&Acts>) -> Vec<Reading> {
        let acts = signs.counts.iter().filter(|(_, seen)| seen.count > 0).filter_map(|(code, _)| {
            let found = indicator::find(code).filter(|found| found.weight > 0)?;
            // Whoever hands over or tidies up does so for the first time, and takes nothing.
            let work = matches!(
                found.action,
                ActionClass::Access | ActionClass::Collection | ActionClass::Deletion | ActionClass::Context
            );
            // Nor is it news that somebody does what peers do.
            let usual_there = peers.is_some_and(|acts| acts.usual(code).upper > 0);
            (!work && !usual_there && found.code != super::INSIDE).then_some(Thing::Did(found.code))
        });
        let things: BTreeSet<Thing> = signs.tokens.iter().copied().map(Thing::Used).chain(acts).collect();
        let (mut new, mut rare) = (Vec::new(), Vec::new());
        for thing in &things {
            let (kind, says) = thing.says();
            let strength = says / (1.0 + self.news[kind]);
            match self.known.get(thing) {
                None => new.push((kind, strength)),
                Some((_, last)) if signs.day.since(*last) >= LONG_UNUSED_DAYS => rare.push(strength * says::RARE),
                Some(_) => {}
            }
        }
        for thing in things {
            self.known.entry(thing).or_insert((signs.day, signs.day)).1 = signs.day;
        }
        self.forget();
        if !settled {
            return Vec::new();
        }
        for (kind, _) in &new {
            self.news[*kind] += 1.0;
        }
        let mut readings = Vec::new();
        for (code, strengths) in [(FIRST_TIME, new.into_iter().map(|(_, strength)| strength).collect()), (RARE, rare)] {
            let mut strengths: Vec<f64> = strengths;
            strengths.sort_unstable_by(|a, b| b.total_cmp(a));
            let count = strengths.len();
            let nothing_new = strengths.iter().take(NEWS_PER_DAY).fold(1.0, |rest, strength| rest * (1.0 - strength));
            if count > 0 {
                readings.push(reading(signs.day, code, count as u64, 1.0 - nothing_new));
            }
        }
        readings
    }

    /// Keeps the memory within its bound: what lay unused longest goes first.
    fn forget(&mut self) {
        if self.known.len() > limits::KNOWN_THINGS {
            let mut last: Vec<Day> = self.known.values().map(|(_, last)| *last).collect();
            last.sort_unstable();
            let kept = last[last.len() / 4];
            self.known.retain(|_, (_, last)| *last > kept);
        }
    }

    fn absorb(&mut self, signs: &DaySigns) {
        if self.first.is_none() {
            self.first = Some(signs.day);
            self.days[usize::from(is_weekend(signs.day))] = 1.0;
        }
        self.last = Some(signs.day);
        if signs.hours != 0 || !signs.counts.is_empty() {
            self.active = self.active.saturating_add(1);
        }
        for hour in (0..24usize).filter(|hour| signs.hours & (1 << hour) != 0) {
            self.hours[usize::from(is_weekend(signs.day))][hour] += 1.0;
        }
    }
}

impl Thing {
    /// The kind it is counted under, and what its first use says.
    fn says(&self) -> (usize, f64) {
        match self {
            Self::Used(Token::Device(_)) => (0, says::DEVICE),
            Self::Used(Token::ForeignDevice(_)) => (1, says::FOREIGN_DEVICE),
            Self::Used(Token::Destination(_)) => (2, says::DESTINATION),
            Self::Did(_) => (3, says::ACT),
        }
    }
}

fn reading(day: Day, code: &str, count: u64, novelty: f64) -> Reading {
    Reading { novelty, own: true, ..Reading::plain(day, code, count) }
}

/// The hours and their neighbours, around the clock.
fn widened(mask: u32) -> u32 {
    (mask | mask << 1 | mask >> 1 | mask >> 23 | (mask & 1) << 23) & 0xFF_FFFF
}

/// Hours from `hour` to the nearest of the mask, around the clock; 0 where it is one of them.
fn distance(mask: u32, hour: u32) -> f64 {
    let near = |far: u32| mask & (1 << ((hour + far) % 24) | 1 << ((hour + 24 - far) % 24)) != 0;
    (0..=12).find(|far| near(*far)).map_or(12.0, f64::from)
}
