//! What is usual for a subject: the median of the last active days and how far they spread, robust against single days.
//! Never: an opinion from too little; below the minimum history there is no usual.

use super::{DaySigns, Reading, is_weekend};
use crate::time::Day;
use std::collections::{BTreeMap, VecDeque};

/// Active days that are remembered: two months of weekdays, so that a new job is usual after one.
const REMEMBERED: u32 = 40;
/// Active days below which nothing is called usual: three weeks hold every weekday thrice.
const MINIMUM: u32 = 12;
/// Spread, as a factor of e, that is granted to everybody: counts of human work vary by half from day to day even
/// where the few days seen do not.
const LEAST_SPREAD: f64 = 0.5;
/// Where the upper tenth of a normal distribution with standard deviation 1 begins. Counts that are mostly zero have no
/// deviation in the middle; their upper tenth tells how far they go.
const UPPER: f64 = 1.2816;
/// Median absolute deviation of a normal distribution with standard deviation 1, inverted.
const MAD: f64 = 1.4826;

/// What is usual of a count. Counts of work are spread by factors rather than by sums, so the comparison is made in
/// logarithms: `z = (ln(1 + count) − ln(1 + median)) / spread`.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Usual {
    /// Half of the days (or subjects) have at most this.
    pub median: f64,
    /// Of ln(1 + count): the larger of 1.4826 times the median absolute deviation, of the way to the upper tenth divided by
    /// 1.2816, and of 0.5.
    pub spread: f64,
    /// One in ten days (or subjects) has more than this; 0 where it hardly ever happens.
    pub upper: u64,
    /// Days (or subjects) behind it.
    pub of: u32,
}

impl Usual {
    /// Of what hardly ever happens.
    pub(super) const NEVER: Self = Self { median: 0.0, spread: LEAST_SPREAD, upper: 0, of: 0 };

    /// How far above (or below) the usual a count is, in spreads.
    pub fn z(&self, count: u64) -> f64 {
        ((count as f64).ln_1p() - self.median.ln_1p()) / self.spread
    }

    /// The least count that is `z` spreads above the median.
    pub fn at(&self, z: f64) -> u32 {
        let count = (self.median.ln_1p() + z * self.spread).exp_m1().ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let count = count.clamp(1.0, f64::from(u32::MAX)) as u32;
        count
    }
}

/// Median and spread of the counts; nothing of nothing.
pub(super) fn usual_of(counts: &mut [u64]) -> Option<Usual> {
    counts.sort_unstable();
    let mut grouped: Vec<(u64, u64)> = Vec::new();
    for &count in counts.iter() {
        match grouped.last_mut() {
            Some((known, times)) if *known == count => *times += 1,
            _ => grouped.push((count, 1)),
        }
    }
    usual_of_grouped(&grouped)
}

/// The same of counts and how often each was seen, in order of the counts.
pub(super) fn usual_of_grouped(counts: &[(u64, u64)]) -> Option<Usual> {
    let all: u64 = counts.iter().map(|(_, times)| times).sum();
    if all == 0 {
        return None;
    }
    let mut logarithms: Vec<(f64, u64)> =
        counts.iter().map(|&(count, times)| ((count as f64).ln_1p(), times)).collect();
    let tenth = (all - 1) * 9 / 10;
    let (median, upper_tenth) = (middle(&logarithms, all), at(&logarithms, tenth));
    for (value, _) in &mut logarithms {
        *value = (*value - median).abs();
    }
    logarithms.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let spread = (MAD * middle(&logarithms, all)).max((upper_tenth - median) / UPPER).max(LEAST_SPREAD);
    let upper = at(counts, tenth);
    Some(Usual { median: median.exp_m1(), spread, upper, of: u32::try_from(all).unwrap_or(u32::MAX) })
}

/// The value at a place among all, of values in order with how often each is there.
fn at<T: Copy + Default>(sorted: &[(T, u64)], place: u64) -> T {
    let mut before = 0;
    for &(value, times) in sorted {
        before += times;
        if place < before {
            return value;
        }
    }
    sorted.last().map(|(value, _)| *value).unwrap_or_default()
}

/// The median.
fn middle(sorted: &[(f64, u64)], all: u64) -> f64 {
    let upper = at(sorted, all / 2);
    if all.is_multiple_of(2) { f64::midpoint(at(sorted, (all / 2).saturating_sub(1)), upper) } else { upper }
}

/// Weekdays and weekends apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    kinds: [Kind; 2],
}

#[derive(Clone, Debug, Default)]
struct Kind {
    /// Active days so far.
    days: u32,
    /// By code: number of the active day and count, the last [`REMEMBERED`] active days, zeros left out.
    counts: BTreeMap<String, VecDeque<(u32, u64)>>,
}

impl Baseline {
    /// What was usual before that day. A weekend without a history of its own is compared with weekdays.
    pub(super) fn usual(&self, day: Day, code: &str) -> Option<Usual> {
        let own = self.kinds[usize::from(is_weekend(day))].usual(code);
        own.or_else(|| self.kinds[0].usual(code))
    }

    pub(super) fn absorb(&mut self, signs: &DaySigns, sequences: &[Reading]) {
        if signs.counts.is_empty() && signs.hours == 0 {
            return;
        }
        let kind = &mut self.kinds[usize::from(is_weekend(signs.day))];
        let counts = signs.counts.iter().map(|(code, seen)| (code, seen.count));
        let sequences = sequences.iter().map(|reading| (&reading.code, reading.seen.count));
        for (code, count) in counts.chain(sequences).filter(|(_, count)| *count > 0) {
            kind.counts.entry(code.clone()).or_default().push_back((kind.days, count));
        }
        kind.days = kind.days.saturating_add(1);
        let oldest = kind.days.saturating_sub(REMEMBERED);
        kind.counts.retain(|_, counts| {
            while counts.front().is_some_and(|(number, _)| *number < oldest) {
                counts.pop_front();
            }
            !counts.is_empty()
        });
    }

    pub(super) fn days(&self) -> u32 {
        self.kinds[0].days
    }
}

impl Kind {
    fn usual(&self, code: &str) -> Option<Usual> {
        if self.days < MINIMUM {
            return None;
        }
        let mut counts: Vec<u64> = self.counts.get(code).into_iter().flatten().map(|(_, count)| *count).collect();
        counts.resize(usize::try_from(self.days.min(REMEMBERED)).unwrap_or(0), 0);
        usual_of(&mut counts)
    }
}
