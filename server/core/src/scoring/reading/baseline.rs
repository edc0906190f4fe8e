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
    if counts.is_empty() {
        return None;
    }
    counts.sort_unstable();
    let mut logarithms: Vec<f64> = counts.iter().map(|count| (*count as f64).ln_1p()).collect();
    let median = middle(&logarithms);
    let tenth = logarithms[(logarithms.len() - 1) * 9 / 10] - median;
    for value in &mut logarithms {
        *value = (*value - median).abs();
    }
    logarithms.sort_unstable_by(f64::total_cmp);
    let spread = (MAD * middle(&logarithms)).max(tenth / UPPER).max(LEAST_SPREAD);
    let upper = counts[(counts.len() - 1) * 9 / 10];
    Some(Usual { median: median.exp_m1(), spread, upper, of: u32::try_from(counts.len()).unwrap_or(u32::MAX) })
}

/// The median of sorted values.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).and_then(|before| sorted.get(before))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => f64::midpoint(*lower, *upper),
        (Some(value), _) => *value,
        (None, _) => 0.0,
    }
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
