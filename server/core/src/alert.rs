//! Alerts: when one is raised, updated or left alone, and what a viewer may do with it.
//! Never: a second alert of a subject and policy while one still needs review.

use crate::{
    scoring::{Insight, RiskFactor},
    words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// HIGH from 67, MEDIUM from 34, LOW below (domain, section 3).
    #[expect(missing_docs, reason = "the words of the field")]
    Severity {
        Low = "LOW",
        Medium = "MEDIUM",
        High = "HIGH",
    }
}

words! {
    /// Where an alert stands (domain, section 5).
    AlertStatus {
        /// Open.
        NeedsReview = "NEEDS_REVIEW",
        /// In a case.
        Confirmed = "CONFIRMED",
        /// Put aside with a reason.
        Dismissed = "DISMISSED",
        /// Its case was resolved.
        Resolved = "RESOLVED",
    }
}

words! {
    /// Why an alert was dismissed (domain, section 5).
    #[expect(missing_docs, reason = "the words of the field")]
    DismissReason {
        FalsePositive = "FALSE_POSITIVE",
        ExpectedActivity = "EXPECTED_ACTIVITY",
        InsufficientEvidence = "INSUFFICIENT_EVIDENCE",
        NotImpactful = "NOT_IMPACTFUL",
        TooMuchActivity = "TOO_MUCH_ACTIVITY",
    }
}

/// What an alert says, as of its last update: complete in itself, whatever later happens to the subject's score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AlertContent {
    /// The policy's version that it was computed with.
    pub policy_version: i32,
    /// Of `score`.
    pub severity: Severity,
    /// 0–100. The insights' `points` add up to it.
    pub score: f64,
    /// One sentence: what started the scoring.
    pub trigger: String,
    /// Of all insights, each once, sorted.
    pub risk_factors: Vec<RiskFactor>,
    /// What it rests on, the largest share first.
    pub insights: Vec<Insight>,
}

/// What to do after a subject was scored.
#[derive(Clone, PartialEq, Debug)]
pub enum AlertMove {
    /// Nothing.
    Stay,
    /// Raise a new alert.
    Raise(AlertContent),
    /// Replace the content of the open alert.
    Update(AlertContent),
}
