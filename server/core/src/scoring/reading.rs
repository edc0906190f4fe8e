//! What a subject's days were, before any policy looks at them: counts beside the subject's own usual, new habits,
//! sequences over objects, what left over 30 days. Days are read in order; a day costs the same after a year as after
//! a month, since only a bounded memory of the past is kept.
//! Never: a policy's opinion; and never a reading of a day that depends on a later one.

mod baseline;
mod cumulative;
mod habit;
mod sequence;
#[cfg(test)]
mod tests;

use crate::{
    indicator::{self, measure},
    scoring::input::DayCount,
    template::Step,
    time::{Day, Micros},
};
pub use baseline::Usual;
use std::collections::{BTreeMap, BTreeSet};

/// Indicators whose events say to whose domain something went.
const SENT_SOMEWHERE: &[&str] = &[
    "FILE_SHARED_EXTERNALLY",
    "FOLDER_SHARED_EXTERNALLY",
    "SITE_SHARED_EXTERNALLY",
    "EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT",
    "CHAT_FILE_SHARED_EXTERNALLY",
    "CHANNEL_FILE_SHARED_EXTERNALLY",
    "FILE_UPLOADED_TO_WEB",
    "CONTENT_EXTERNALLY_SHARED",
];

const PRIVATE_MAIL: [&str; 2] = ["EMAIL_SENT_TO_FREE_DOMAIN", "EMAIL_SENT_TO_SELF"];

/// A copy to a network share has not left.
pub(super) const INSIDE: &str = "FILE_COPIED_TO_NETWORK_SHARE";
/// The code of the reading of what left over 30 days and all channels.
pub const CUMULATIVE: &str = "CUMULATIVE_EXFILTRATION";
/// Codes of the readings of habits.
pub const OFF_HOURS: &str = "OFF_HOURS";
/// The first use of a device, destination or kind of act after a settled history.
pub const FIRST_TIME: &str = "FIRST_TIME";
/// The use of something known and long unused.
pub const RARE: &str = "RARE";

/// Codes of the indicators whose objects are read: steps of sequences, and copies inside.
pub fn codes_of_objects() -> Vec<&'static str> {
    let mut codes: Vec<&str> = Step::ALL.iter().flat_map(|step| step.indicators()).copied().chain([INSIDE]).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The keyed digest of an object: a file, message or record. Tells nothing about its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectKey(pub u128);

/// One event on an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ObjectEvent {
    /// When.
    pub at: Micros,
    /// The indicator's code, of the catalogue.
    pub indicator: &'static str,
    /// The object afterwards.
    pub object: ObjectKey,
    /// The object before it was renamed, archived, copied or relabelled, where that gave it a new id.
    pub previous: Option<ObjectKey>,
}

/// What a subject used, as a keyed digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Token {
    /// A machine.
    Device(u64),
    /// A machine that is somebody else's.
    ForeignDevice(u64),
    /// Where something was sent.
    Destination(u64),
}

/// A day's events of one indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// All of them.
    pub count: u64,
    /// Of these, to or from a domain that is not allowed.
    pub unallowed: u64,
    /// Of these, on content that a policy gives priority.
    pub priority: u64,
}

/// Everything that was seen of a subject on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DaySigns {
    /// The day (UTC).
    pub day: Day,
    /// By the indicator's code.
    pub counts: BTreeMap<String, Seen>,
    /// Bit *h* is set where the subject was active in hour *h* (UTC).
    pub hours: u32,
    /// What was used.
    pub tokens: BTreeSet<Token>,
    /// Events on objects, in any order.
    pub objects: Vec<ObjectEvent>,
}

impl DaySigns {
    /// A day on which nothing was seen yet.
    pub fn new(day: Day) -> Self {
        Self { day, counts: BTreeMap::new(), hours: 0, tokens: BTreeSet::new(), objects: Vec::new() }
    }

    /// Adds what a connector counted. `code` may be a measure (`indicator::measure`).
    pub fn add(&mut self, code: &str, count: u64) {
        match measure::read(code) {
            measure::Measure::Count(code) => {
                self.seen(code, |seen| seen.count = seen.count.saturating_add(count));
            }
            measure::Measure::Unallowed(code) => {
                self.seen(code, |seen| seen.unallowed = seen.unallowed.saturating_add(count));
            }
            measure::Measure::Priority(code) => {
                self.seen(code, |seen| seen.priority = seen.priority.saturating_add(count));
            }
            measure::Measure::Hour(hour) => self.hours |= 1 << hour.min(23),
            measure::Measure::Token(token) => {
                self.tokens.insert(token);
            }
            measure::Measure::Unknown => {}
        }
    }

    fn seen(&mut self, code: &str, add: impl FnOnce(&mut Seen)) {
        // Most events are not the first of their kind: no text is made for them.
        match self.counts.get_mut(code) {
            Some(seen) => add(seen),
            None => add(self.counts.entry(code.to_owned()).or_default()),
        }
    }

    /// The stored counts and objects of a subject as days, in order. Both in any order.
    pub fn of(counts: &[DayCount], objects: &[ObjectEvent]) -> Vec<Self> {
        let mut days: BTreeMap<Day, Self> = BTreeMap::new();
        for seen in counts.iter().filter(|seen| seen.count > 0) {
            days.entry(seen.day).or_insert_with(|| Self::new(seen.day)).add(&seen.indicator, seen.count);
        }
        for event in objects {
            let day = event.at.day();
            days.entry(day).or_insert_with(|| Self::new(day)).objects.push(*event);
        }
        days.into_values().collect()
    }
}

/// What others did of late. Taken over at least [`crate::limits::PEERS`] subjects, otherwise absent.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Norms<'a> {
    /// What left the whole organisation in 30 days, a subject.
    pub organisation: Option<Usual>,
    /// What left the subject's department and title.
    pub peers: Option<Usual>,
    /// What people of department and title usually do on an active day. Nothing where too little is known of them.
    pub acts: Option<&'a Acts>,
}

/// What is usual of each act on an active day of a group of peers.
#[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Acts {
    /// By the indicator's code; what happens on fewer than one in ten days is left out.
    by_code: BTreeMap<String, Usual>,
    /// Active days behind it.
    days: u32,
}

impl Acts {
    /// Of how often each count above 0 was seen, by code, on so many active days. The caller sees to it that there are
    /// [`crate::limits::PEERS`] people behind it.
    pub fn of<C: Into<String>>(counts: BTreeMap<C, BTreeMap<u64, u64>>, days: u64) -> Self {
        let usual = |seen: &BTreeMap<u64, u64>| {
            let on: u64 = seen.values().sum();
            let zeros = [(0, days.saturating_sub(on))].into_iter().filter(|(_, times)| *times > 0);
            let grouped: Vec<(u64, u64)> = zeros.chain(seen.iter().map(|(count, times)| (*count, *times))).collect();
            baseline::usual_of_grouped(&grouped).filter(|usual| usual.upper > 0)
        };
        let by_code = counts.into_iter().filter_map(|(code, seen)| Some((code.into(), usual(&seen)?))).collect();
        Self { by_code, days: u32::try_from(days).unwrap_or(u32::MAX) }
    }

    /// What is usual of that code.
    pub fn usual(&self, code: &str) -> Usual {
        self.by_code.get(code).copied().unwrap_or(Usual { of: self.days, ..Usual::NEVER })
    }
}

/// One thing seen on one day.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// The day.
    pub day: Day,
    /// The code of an indicator or sequence, or [`CUMULATIVE`].
    pub code: String,
    /// How much of it.
    pub seen: Seen,
    /// What is usual: for the subject before that day; for [`CUMULATIVE`] what it exceeds least of peers (else the
    /// organisation) and the subject's own past.
    pub usual: Option<Usual>,
    /// What is usual for peers on such a day, where the code is of an indicator.
    pub peers: Option<Usual>,
    /// Whether the usual rests on the subject's own history.
    pub own: bool,
    /// 0–1 where the code is of a habit: how far from it.
    pub novelty: f64,
    /// Where the code is of something sent: whether all that was sent that day went where the subject has sent before.
    pub to_known: bool,
    /// Where the code is of something fetched: how many of the objects were put on a share that day, and did not leave.
    pub moved: u64,
}

impl Reading {
    /// A count of which nothing else is known.
    pub fn plain(day: Day, code: &str, count: u64) -> Self {
        let seen = Seen { count, ..Seen::default() };
        let code = code.to_owned();
        Self { day, code, seen, usual: None, peers: None, own: false, novelty: 0.0, to_known: false, moved: 0 }
    }
}

/// The memory of one subject's past.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    baseline: baseline::Baseline,
    habit: habit::Habit,
    objects: sequence::Objects,
    left: cumulative::Left,
    last: Option<Day>,
}

impl Reader {
    /// What the next day was. Days that lie before the last one read are left out: read all days again, in order.
    pub fn read(&mut self, signs: &DaySigns, norms: &Norms<'_>) -> Vec<Reading> {
        if self.last.is_some_and(|last| signs.day <= last) {
            return Vec::new();
        }
        self.last = Some(signs.day);
        let (to_known, moved) = (self.habit.sends_to_known(signs), moved(signs));
        // At a free provider everybody has an address: that the domain is known says nothing.
        let private = PRIVATE_MAIL.iter().any(|code| signs.counts.contains_key(*code));
        let sent = |code: &str| SENT_SOMEWHERE.contains(&code) && !(private && code.starts_with("EMAIL_"));
        let mut readings: Vec<Reading> = signs
            .counts
            .iter()
            .filter(|(code, seen)| seen.count > 0 && indicator::find(code).is_none_or(|found| found.weight > 0))
            .map(|(code, seen)| Reading {
                day: signs.day,
                code: code.clone(),
                seen: *seen,
                usual: self.baseline.usual(signs.day, code),
                peers: norms.acts.map(|acts| acts.usual(code)),
                own: true,
                novelty: 0.0,
                to_known: to_known && sent(code),
                moved: if Step::Download.indicators().contains(&code.as_str()) { moved } else { 0 },
            })
            .collect();
        readings.extend(self.habit.read(signs, norms.acts));
        let mut sequences = self.objects.read(signs);
        for reading in &mut sequences {
            reading.usual = self.baseline.usual(signs.day, &reading.code);
        }
        readings.extend(self.left.read(signs, norms));
        self.baseline.absorb(signs, &sequences);
        readings.extend(sequences);
        readings
    }

    /// What left over the 30 days up to that day, the last one read or later: for the norms of others.
    pub fn left(&self, day: Day) -> u64 {
        self.left.total(day)
    }

    /// Days of history behind the baseline of weekdays, for saying how far a subject has settled in.
    pub fn settled_days(&self) -> u32 {
        self.baseline.days()
    }
}

/// Objects that were fetched and put on a share that day, and did not leave: a move, or handing over.
fn moved(signs: &DaySigns) -> u64 {
    let of = |step: &[&str]| -> BTreeSet<ObjectKey> {
        signs.objects.iter().filter(|event| step.contains(&event.indicator)).map(|event| event.object).collect()
    };
    let put = of(&[INSIDE]);
    if put.is_empty() {
        return 0;
    }
    let (fetched, left) = (of(Step::Download.indicators()), of(Step::Exfiltrate.indicators()));
    put.iter().filter(|object| fetched.contains(object) && !left.contains(object)).count() as u64
}

/// All readings of a subject's days. `norms` tells those of a day.
pub fn read_all<'a>(days: &[DaySigns], norms: impl Fn(Day) -> Norms<'a>) -> Vec<Reading> {
    let mut reader = Reader::default();
    days.iter().flat_map(|signs| reader.read(signs, &norms(signs.day))).collect()
}

/// The norm of a group: median and spread of what left its members over 30 days. Nothing below
/// [`crate::limits::PEERS`] members: a norm of few would tell of each of them.
pub fn norm(left: &mut [u64]) -> Option<Usual> {
    (left.len() >= crate::limits::PEERS).then(|| baseline::usual_of(left)).flatten()
}

/// Saturday or Sunday (UTC).
fn is_weekend(day: Day) -> bool {
    // 1970-01-01 was a Thursday.
    matches!((day.0 + 4).rem_euclid(7), 0 | 6)
}
