//! From a daily count to a level and a base score (domain, section 3; `SCORING.md`).
//! Never: down with one event more, nor a score that says another level than the count.

use crate::{
    problem::{Problem, ProblemCode},
    scoring::reading::Usual,
    words::words,
};
use serde::{Deserialize, Serialize};

/// Daily counts from which an indicator is low, medium, high. Ordered: `1 <= low <= medium <= high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Thresholds {
    /// Low from here.
    pub low: u32,
    /// Medium from here.
    pub medium: u32,
    /// High from here.
    pub high: u32,
}

words! {
    /// How a day's count compares with the thresholds.
    ThresholdLevel {
        /// Below low.
        Minimal = "MINIMAL",
        /// From low.
        Low = "LOW",
        /// From medium.
        Medium = "MEDIUM",
        /// From high.
        High = "HIGH",
    }
}

/// Where the levels begin on the scale of 0 to 100.
const LOW: f64 = 16.0;
const MEDIUM: f64 = 41.0;
const HIGH: f64 = 67.0;
const TOP: f64 = 100.0;

/// The smallest step of a score: four decimals are kept, so that what is shown is what was computed with.
pub(super) const STEP: f64 = 1e-4;

impl Thresholds {
    /// The counts in order, or the first that is out of order: its field is `low`, `medium` or `high`.
    pub fn new(low: i32, medium: i32, high: i32) -> Result<Self, Problem> {
        let refuse = |field: &str, message: &str| Problem::new(&[field], ProblemCode::Invalid, message);
        let count = |value: i32| u32::try_from(value).unwrap_or(0);
        let counts = Self { low: count(low), medium: count(medium), high: count(high) };
        if counts.low < 1 {
            Err(refuse("low", "The threshold for low is at least 1."))
        } else if counts.medium < counts.low {
            Err(refuse("medium", "The threshold for medium is at least that for low."))
        } else if counts.high < counts.medium {
            Err(refuse("high", "The threshold for high is at least that for medium."))
        } else {
            Ok(counts)
        }
    }

    /// From the organisation's own subject-days of the last 10 days on which the indicator was seen: low from what one
    /// day in ten exceeds, medium one in fifty, high one in two hundred. Nothing from fewer than 50 such days: the
    /// rarest of fewer says nothing about one in two hundred.
    pub fn user_based(mut counts: Vec<u64>) -> Option<Self> {
        if counts.len() < 50 {
            return None;
        }
        counts.sort_unstable();
        let above = |share: usize| {
            let at = counts.len() - 1 - counts.len() / share;
            u32::try_from(counts[at].saturating_add(1)).unwrap_or(u32::MAX)
        };
        let low = above(10);
        let medium = above(50).max(low.saturating_add(1));
        let high = above(200).max(medium.saturating_add(1));
        Some(Self { low, medium, high })
    }

    /// From what is usual for the subject: low, medium and high begin 2, 4 and 6 spreads above its median, and never
    /// below `floor` events.
    pub fn above_usual(usual: &Usual, floor: u32) -> Self {
        let low = usual.at(2.0).max(floor);
        let medium = usual.at(4.0).max(low.saturating_add(1));
        Self { low, medium, high: usual.at(6.0).max(medium.saturating_add(1)) }
    }

    /// The level of a day's count.
    pub fn level(self, count: u64) -> ThresholdLevel {
        if count >= u64::from(self.high) {
            ThresholdLevel::High
        } else if count >= u64::from(self.medium) {
            ThresholdLevel::Medium
        } else if count >= u64::from(self.low) {
            ThresholdLevel::Low
        } else {
            ThresholdLevel::Minimal
        }
    }

    /// The base score of a day's count, 0–100 in four decimals: straight lines through (0, 0), (low, 16), (medium, 41)
    /// and (high, 67), from there on `67 + 33·(1 − high/count)`. Equal thresholds skip the levels between them.
    pub fn score(self, count: u64) -> f64 {
        if count == 0 {
            return 0.0;
        }
        let at = count as f64;
        let (low, medium, high) = (f64::from(self.low), f64::from(self.medium), f64::from(self.high));
        // Every divisor is above 0: its level is entered only where the next threshold is larger than the count.
        let (score, next) = match self.level(count) {
            ThresholdLevel::Minimal => (LOW * at / low, LOW),
            ThresholdLevel::Low => (LOW + (MEDIUM - LOW) * (at - low) / (medium - low), MEDIUM),
            ThresholdLevel::Medium => (MEDIUM + (HIGH - MEDIUM) * (at - medium) / (high - medium), HIGH),
            ThresholdLevel::High => (HIGH + (TOP - HIGH) * (1.0 - high / at), TOP),
        };
        rounded(score).min(rounded(next - STEP))
    }
}

/// To whole steps.
pub(super) fn rounded(value: f64) -> f64 {
    (value / STEP).round() / (1.0 / STEP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Thresholds in order, equal ones among them.
    pub(in crate::scoring) fn thresholds() -> impl Strategy<Value = Thresholds> {
        (1u32..200, 0u32..200, 0u32..200).prop_map(|(low, more, most)| Thresholds {
            low,
            medium: low + more,
            high: low + more + most,
        })
    }

    #[test]
    fn the_levels_begin_at_16_41_and_67() {
        let counts = Thresholds::new(10, 30, 75).unwrap();
        let scores = [0, 5, 10, 20, 30, 75, 150].map(|count| counts.score(count));
        assert_eq!(scores, [0.0, 8.0, 16.0, 28.5, 41.0, 67.0, 83.5]);
    }

    #[test]
    fn equal_thresholds_jump_over_the_levels_between() {
        let counts = Thresholds::new(5, 5, 5).unwrap();
        assert_eq!([4, 5, 10].map(|count| counts.score(count)), [12.8, 67.0, 83.5]);
        assert_eq!([4, 5].map(|count| counts.level(count)), [ThresholdLevel::Minimal, ThresholdLevel::High]);
    }

    #[test]
    fn thresholds_out_of_order_are_refused_by_name() {
        let field = |low, medium, high| Thresholds::new(low, medium, high).unwrap_err().field.join(".");
        assert_eq!(field(0, 1, 1), "low");
        assert_eq!(field(-3, 1, 1), "low");
        assert_eq!(field(5, 4, 9), "medium");
        assert_eq!(field(5, 6, 5), "high");
    }

    proptest! {
        #[test]
        fn one_event_more_never_lowers_the_score(counts in thresholds(), count in 0u64..2_000) {
            prop_assert!(counts.score(count) <= counts.score(count + 1));
        }

        #[test]
        fn the_score_says_the_same_level_as_the_count(counts in thresholds(), count in 0u64..2_000_000) {
            let score = counts.score(count);
            let level = if score >= HIGH { ThresholdLevel::High }
                else if score >= MEDIUM { ThresholdLevel::Medium }
                else if score >= LOW { ThresholdLevel::Low }
                else { ThresholdLevel::Minimal };
            prop_assert_eq!(counts.level(count), level);
        }

        #[test]
        fn the_score_stays_between_0_and_100(counts in thresholds(), count: u64) {
            prop_assert!((0.0..=100.0).contains(&counts.score(count)));
        }
    }
}
