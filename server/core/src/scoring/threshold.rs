//! From a daily count to a level and a base score (domain, section 3; design, section 4).
//! Never: a jump; one event more moves the score a little, and never down.

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

/// How a day's count compares with the thresholds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ThresholdLevel {
    /// Below low.
    Minimal,
    /// From low.
    Low,
    /// From medium.
    Medium,
    /// From high.
    High,
}
