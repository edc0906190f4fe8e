//! Alerts: when one is raised, updated or left alone, and what a viewer may do with it.
//! Never: a second alert of a subject and policy while one still needs review.

pub mod handover;
mod targets;
pub mod triage;

pub use targets::AlertTargets;

use crate::{
    ids::InsightId,
    policy::{AlertVolume, Policy, PolicyState},
    problem::{Problem, ProblemCode},
    scoring::{Insight, RiskFactor, ScoringOutcome, risk},
    words::words,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

impl Severity {
    /// The severity of a risk score.
    pub fn of(score: f64) -> Self {
        if score >= 67.0 {
            Self::High
        } else if score >= 34.0 {
            Self::Medium
        } else {
            Self::Low
        }
    }
}

impl AlertVolume {
    /// The risk score from which an alert is raised: FEWER leaves out all low and half of the medium scores, DEFAULT
    /// takes all medium and the upper part of the low ones, MORE most of the low ones.
    pub const fn raises_from(self) -> f64 {
        match self {
            Self::Fewer => 50.0,
            Self::Default => 24.0,
            Self::More => 15.0,
        }
    }
}

/// What a subject's new score means for its alerts under the policy. `open` is the content of the alert that still needs
/// review; `triaged` holds, by insight, the count that earlier alerts showed when they were confirmed or dismissed.
///
/// Only what is fresh counts: insights that no earlier alert showed, or that have grown since, each as a whole. The score
/// is computed over them alone, so that a decision once taken is not asked for again.
///
/// An open alert follows the score up and down while that is enough to raise one. Below, it keeps its last content: an
/// alert that nobody looked at does not fade away.
pub fn decide(
    policy: &Policy,
    outcome: &ScoringOutcome,
    open: Option<&AlertContent>,
    triaged: &BTreeMap<InsightId, u64>,
) -> AlertMove {
    if policy.state != PolicyState::Active {
        return AlertMove::Stay;
    }
    let Some(content) = content(policy, outcome, triaged) else { return AlertMove::Stay };
    match open {
        None => AlertMove::Raise(content),
        Some(shown) if *shown != content => AlertMove::Update(content),
        Some(_) => AlertMove::Stay,
    }
}

/// What an alert would say now; nothing outside a window, or where what is fresh is not enough to raise one.
fn content(policy: &Policy, outcome: &ScoringOutcome, triaged: &BTreeMap<InsightId, u64>) -> Option<AlertContent> {
    let window = outcome.open_window()?;
    let fresh = |insight: &&Insight| triaged.get(&insight.id).is_none_or(|&seen| insight.count > seen);
    let mut insights: Vec<Insight> = outcome.insights.iter().filter(fresh).cloned().collect();
    let score = risk::assess(&mut insights, outcome.as_of.day(), policy);
    if score < policy.spec.alert_volume.raises_from() {
        return None;
    }
    insights.sort_by(|a, b| {
        b.points.total_cmp(&a.points).then(a.day.cmp(&b.day)).then_with(|| a.indicator.cmp(&b.indicator))
    });
    let risk_factors: BTreeSet<RiskFactor> =
        insights.iter().flat_map(|insight| &insight.risk_factors).copied().collect();
    // A reason that a person wrote stays on the timeline: an alert holds no free text.
    let trigger = if window.manual { "Scoring was started by hand.".to_owned() } else { window.reason.clone() };
    Some(AlertContent {
        policy_version: policy.version,
        severity: Severity::of(score),
        score,
        trigger,
        risk_factors: risk_factors.into_iter().collect(),
        insights,
    })
}

/// The status of an alert after it was dismissed. The problem has no path: the caller knows which alert of its input.
pub fn dismiss(status: AlertStatus) -> Result<AlertStatus, Problem> {
    triage(status, AlertStatus::Dismissed)
}

/// The status of an alert after it was confirmed into a case. The problem has no path.
pub fn confirm(status: AlertStatus) -> Result<AlertStatus, Problem> {
    triage(status, AlertStatus::Confirmed)
}

fn triage(status: AlertStatus, to: AlertStatus) -> Result<AlertStatus, Problem> {
    decided(status).map_or(Ok(to), Err)
}

/// What is wrong where somebody has decided already; nothing while the alert needs review.
fn decided(status: AlertStatus) -> Option<Problem> {
    let was = match status {
        AlertStatus::NeedsReview => return None,
        AlertStatus::Confirmed => "already confirmed",
        AlertStatus::Dismissed => "already dismissed",
        AlertStatus::Resolved => "already resolved",
    };
    let message = format!("The alert is {was}. Only an alert that needs review can be decided about or handed over.");
    Some(Problem::new(&[], ProblemCode::Conflict, message))
}

#[cfg(test)]
mod tests;
