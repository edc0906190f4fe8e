//! What a team would otherwise write: a plain threshold rule, a z-score for each subject, an isolation forest.
//! Never: a rival made weak; each gets what its authors would give it.

use crate::Activity;
use extended_isolation_forest::{Forest, ForestOptions};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vizard_core::{
    indicator::{self, ActionClass},
    time::{DAY, Day, HOUR},
};

/// Something that gives scores at the end of a day; whoever is not named has 0.
pub trait Detector {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// The day's scores.
    fn day(&mut self, day: Day, events: &[Activity]) -> BTreeMap<String, f64>;
}

/// All rivals.
pub fn all() -> Vec<Box<dyn Detector>> {
    vec![Box::new(Thresholds), Box::<ZScore>::default(), Box::<Isolation>::default()]
}

type Counts<'a> = BTreeMap<&'a str, BTreeMap<&'static str, u64>>;

fn counts<'a>(day: Day, events: &'a [Activity]) -> Counts<'a> {
    let mut counts = Counts::new();
    for event in events.iter().filter(|event| event.at.day() == day) {
        if let Some(found) = indicator::find(&event.indicator) {
            *counts.entry(&event.account).or_default().entry(found.code).or_default() += u64::from(event.quantity);
        }
    }
    counts
}

/// The built-in threshold for high, and how far a day is above it, by the worst indicator.
struct Thresholds;

impl Detector for Thresholds {
    fn name(&self) -> &'static str {
        "threshold rule"
    }

    fn day(&mut self, day: Day, events: &[Activity]) -> BTreeMap<String, f64> {
        let counts = counts(day, events);
        let over = |code: &str, count: u64| {
            let thresholds = indicator::find(code).and_then(|found| found.thresholds)?;
            (count >= u64::from(thresholds.medium)).then(|| count as f64 / f64::from(thresholds.high))
        };
        let worst =
            |of: &BTreeMap<&str, u64>| of.iter().filter_map(|(code, count)| over(code, *count)).fold(0.0, f64::max);
        counts.iter().map(|(account, of)| ((*account).to_owned(), worst(of))).collect()
    }
}

/// Exponentially weighted mean and deviation of ln(1 + count) of each subject and indicator, half-life 20 active days;
/// the score is the sum of what is more than 3 deviations above.
#[derive(Default)]
struct ZScore {
    subjects: BTreeMap<String, Habits>,
}

#[derive(Default)]
struct Habits {
    days: f64,
    known: BTreeMap<&'static str, (f64, f64)>,
}

impl Detector for ZScore {
    fn name(&self) -> &'static str {
        "z-score"
    }

    fn day(&mut self, day: Day, events: &[Activity]) -> BTreeMap<String, f64> {
        const KEPT: f64 = 0.966;
        let mut scores = BTreeMap::new();
        for (account, today) in counts(day, events) {
            let habits = self.subjects.entry(account.to_owned()).or_default();
            let mut score = 0.0;
            let codes: BTreeSet<&'static str> = today.keys().chain(habits.known.keys()).copied().collect();
            for code in codes {
                let value = (today.get(code).copied().unwrap_or(0) as f64).ln_1p();
                let (mean, variance) = habits.known.entry(code).or_insert((0.0, 0.0));
                let z = (value - *mean) / (variance.sqrt() + 0.3);
                if habits.days >= 15.0 {
                    score += (z - 3.0).max(0.0);
                }
                let step = value - *mean;
                *mean += (1.0 - KEPT) * step;
                *variance = KEPT * (*variance + (1.0 - KEPT) * step * step);
            }
            habits.days += 1.0;
            scores.insert(account.to_owned(), score);
        }
        scores
    }
}

const FEATURES: usize = 14;

/// An isolation forest (Liu, Ting, Zhou 2008) over what subjects did in a day, trained every week on the 30 days before.
#[derive(Default)]
struct Isolation {
    past: VecDeque<(Day, Vec<[f64; FEATURES]>)>,
    forest: Option<Forest<f64, FEATURES>>,
    destinations: BTreeSet<(String, String)>,
    trained: Option<Day>,
}

impl Isolation {
    fn features(&mut self, day: Day, events: &[Activity]) -> BTreeMap<String, [f64; FEATURES]> {
        let mut features: BTreeMap<String, [f64; FEATURES]> = BTreeMap::new();
        for event in events.iter().filter(|event| event.at.day() == day) {
            let Some(found) = indicator::find(&event.indicator) else { continue };
            let of = features.entry(event.account.clone()).or_default();
            let kind = match found.code {
                "FILE_COPIED_TO_USB" => 0,
                "FILE_UPLOADED_TO_WEB" => 1,
                code if code.starts_with("EMAIL_SENT_") && found.action == ActionClass::Exfiltration => 2,
                "FILE_PRINTED" => 3,
                "EMAIL_SENT" | "EMAIL_SENT_EXTERNAL" => 4,
                "LOGON" => 5,
                _ => match found.action {
                    ActionClass::Exfiltration => 6,
                    ActionClass::Collection => 7,
                    ActionClass::Access => 8,
                    ActionClass::Obfuscation => 9,
                    ActionClass::Deletion | ActionClass::CleanUp => 10,
                    _ => 11,
                },
            };
            of[kind] += f64::from(event.quantity);
            let hour = event.at.0.rem_euclid(DAY) / HOUR;
            if !(7..20).contains(&hour) {
                of[12] += 1.0;
            }
            if let Some(to) = &event.destination
                && self.destinations.insert((event.account.clone(), to.clone()))
            {
                of[13] += 1.0;
            }
        }
        for of in features.values_mut() {
            for value in of {
                *value = value.ln_1p();
            }
        }
        features
    }
}

impl Detector for Isolation {
    fn name(&self) -> &'static str {
        "isolation forest"
    }

    fn day(&mut self, day: Day, events: &[Activity]) -> BTreeMap<String, f64> {
        let today = self.features(day, events);
        if self.past.len() >= 15 && self.trained.is_none_or(|last| day.since(last) >= 7) {
            let past: Vec<[f64; FEATURES]> = self.past.iter().flat_map(|(_, of)| of).copied().collect();
            let options = ForestOptions { n_trees: 100, sample_size: 256, max_tree_depth: None, extension_level: 0 };
            self.forest = Forest::from_slice(&past, &options).ok();
            self.trained = Some(day);
        }
        let scores = self.forest.as_ref().map_or_else(BTreeMap::new, |forest| {
            today.iter().map(|(account, of)| (account.clone(), forest.score(of))).collect()
        });
        self.past.push_back((day, today.into_values().collect()));
        while self.past.front().is_some_and(|(first, _)| day.since(*first) > 30) {
            self.past.pop_front();
        }
        scores
    }
}
