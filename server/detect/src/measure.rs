//! How good detections are: what was found, how much of what was raised was right, how late, at which budget.
//! Never: a case counted as found by an alert before its first act, or long after its last.

#[cfg(test)]
mod tests;

use crate::Label;
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::time::Day;

/// Days after the last act within which an alert still finds a case: it takes a day or two to look, and two weeks later
/// the data is gone.
pub const GRACE_DAYS: i32 = 14;
/// Days for which somebody who was alerted is not put on a ranked list again: the alert is being looked at.
pub const COOL_DOWN_DAYS: i32 = 14;

/// An alert as far as measuring goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Raised {
    /// When.
    pub day: Day,
    /// Whose.
    pub account: String,
}

/// What was found of one scenario, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Cases that there were.
    pub cases: u32,
    /// Cases with an alert in time.
    pub found: u32,
    /// Days from the first act to the first alert, of each that was found.
    pub delays: Vec<i32>,
}

impl Found {
    /// Share of the cases that were found.
    pub fn recall(&self) -> f64 {
        if self.cases == 0 { 0.0 } else { f64::from(self.found) / f64::from(self.cases) }
    }

    /// Half of the found cases were found by then.
    pub fn median_delay(&self) -> Option<i32> {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }

    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.found += other.found;
        self.delays.extend(&other.delays);
    }
}

/// How good a detector was.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    /// By scenario.
    pub scenarios: BTreeMap<String, Found>,
    /// Alerts.
    pub alerts: u32,
    /// Of these, on somebody's case and in time.
    pub right: u32,
    /// Of these, on people whose acts only look like a case.
    pub on_look_alikes: u32,
    /// Of these, on leavers who do nothing.
    pub on_quiet_leavers: u32,
    /// Leavers who do nothing.
    pub quiet_leavers: u32,
    /// Subjects times days that were watched.
    pub subject_days: f64,
}

impl Quality {
    /// Judges alerts.
    pub fn of(
        raised: &[Raised],
        labels: &[Label],
        look_alikes: &BTreeSet<&str>,
        quiet_leavers: &BTreeSet<&str>,
        subject_days: f64,
    ) -> Self {
        let hits = |label: &Label, alert: &Raised| {
            let last = label.last_act.day().plus(GRACE_DAYS);
            label.account == alert.account && (label.first_act.day()..=last).contains(&alert.day)
        };
        let mut quality = Self { subject_days, ..Self::default() };
        quality.quiet_leavers = u32::try_from(quiet_leavers.len()).unwrap_or(u32::MAX);
        for label in labels {
            let found = quality.scenarios.entry(label.scenario.clone()).or_default();
            found.cases += 1;
            if let Some(first) = raised.iter().filter(|alert| hits(label, alert)).map(|alert| alert.day).min() {
                found.found += 1;
                found.delays.push(first.since(label.first_act.day()));
            }
        }
        for alert in raised {
            quality.alerts += 1;
            if labels.iter().any(|label| hits(label, alert)) {
                quality.right += 1;
            } else if look_alikes.contains(alert.account.as_str()) {
                quality.on_look_alikes += 1;
            } else if quiet_leavers.contains(alert.account.as_str()) {
                quality.on_quiet_leavers += 1;
            }
        }
        quality
    }

    /// All scenarios together.
    pub fn total(&self) -> Found {
        let mut total = Found::default();
        for found in self.scenarios.values() {
            total.add(found);
        }
        total
    }

    /// Share of the alerts that were right.
    pub fn precision(&self) -> f64 {
        if self.alerts == 0 { 0.0 } else { f64::from(self.right) / f64::from(self.alerts) }
    }

    /// Alerts for a thousand subjects a day.
    pub fn per_thousand_a_day(&self) -> f64 {
        if self.subject_days > 0.0 { f64::from(self.alerts) * 1_000.0 / self.subject_days } else { 0.0 }
    }

    /// Adds what was measured with another seed.
    pub fn add(&mut self, other: &Self) {
        for (scenario, found) in &other.scenarios {
            self.scenarios.entry(scenario.clone()).or_default().add(found);
        }
        self.alerts += other.alerts;
        self.right += other.right;
        self.on_look_alikes += other.on_look_alikes;
        self.on_quiet_leavers += other.on_quiet_leavers;
        self.quiet_leavers += other.quiet_leavers;
        self.subject_days += other.subject_days;
    }
}

/// Turns daily scores into a ranked list with a budget: on average `budget` alerts for a thousand subjects a day. Every
/// day the highest scores above 0 are taken, unless the account was taken in the last [`COOL_DOWN_DAYS`] days. What is
/// left of a day's budget is not kept for the next.
#[derive(Clone, Debug)]
pub struct Ranked {
    budget: f64,
    owed: f64,
    taken: BTreeMap<String, Day>,
    raised: Vec<Raised>,
}

impl Ranked {
    /// For a thousand subjects a day.
    pub fn new(budget: f64) -> Self {
        Self { budget, owed: 0.0, taken: BTreeMap::new(), raised: Vec::new() }
    }

    /// A day's scores.
    pub fn day<'a>(&mut self, day: Day, scores: impl Iterator<Item = (&'a str, f64)>) {
        let scores: Vec<(&str, f64)> = scores.collect();
        self.owed = self.owed.fract() + self.budget * scores.len() as f64 / 1_000.0;
        let free = |account: &str| self.taken.get(account).is_none_or(|last| day.since(*last) >= COOL_DOWN_DAYS);
        let mut ranked: Vec<(&str, f64)> =
            scores.into_iter().filter(|(name, score)| *score > 0.0 && free(name)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
        let places = self.owed.floor().max(0.0) as usize;
        for (account, _) in ranked.into_iter().take(places) {
            self.taken.insert(account.to_owned(), day);
            self.raised.push(Raised { day, account: account.to_owned() });
        }
    }

    /// What was taken.
    pub fn raised(&self) -> &[Raised] {
        &self.raised
    }

    /// For a thousand subjects a day.
    pub fn budget(&self) -> f64 {
        self.budget
    }
}
