//! The scorer: what one subject did under one policy, as insights, a score and the shares that make it up.
//! Never: depends on the order of its input, on the clock, or on anything that is not in [`input::ScoringInput`].

mod explain;
pub mod input;
mod insight;
pub mod risk;
pub mod threshold;
mod window;

#[cfg(test)]
pub(crate) mod tests;

use crate::{
    ids::{InsightId, PolicyId, SubjectId},
    time::{Day, Micros},
    words::words,
};
use input::ScoringInput;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use threshold::ThresholdLevel;

/// The answer to a [`ScoringInput`]: a function of it, down to the byte.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScoringOutcome {
    /// The clock it was computed with.
    pub as_of: Micros,
    /// Windows of scoring that are known, in order and apart from each other: ended, open and to come.
    pub activations: Vec<Activation>,
    /// Whether `now` lies in a window. If not, there are no insights and the score is 0.
    pub open: bool,
    /// Every day × indicator that was seen in the scored period, by day and indicator.
    pub insights: Vec<Insight>,
    /// 0–100. The insights' `points` add up to it.
    pub score: f64,
    /// What the score had to do without.
    pub missing: Vec<MissingInput>,
    /// When the outcome changes though nothing happens: decay, a window's end. Nothing while no window is open or to come.
    pub next_due: Option<Micros>,
}

/// A window of scoring.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Activation {
    /// Code of the indicator that opened it; `MANUAL` where a person did.
    pub trigger: String,
    /// One sentence: why. Without personal data, except that a person wrote it where `manual`.
    pub reason: String,
    /// When it opened.
    pub starts_at: Micros,
    /// When it ends (exclusive).
    pub ends_at: Micros,
    /// Whether a person ordered it.
    pub manual: bool,
}

/// One subject's activity of one indicator over one day (UTC), as one policy sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Insight {
    /// See [`insight_id`].
    pub id: InsightId,
    /// The day.
    pub day: Day,
    /// The indicator's code.
    pub indicator: String,
    /// Events of that day.
    pub count: u64,
    /// Against the policy's thresholds.
    pub level: ThresholdLevel,
    /// 0–100, the insight for itself.
    pub score: f64,
    /// Its share of the risk score.
    pub points: f64,
    /// One plain sentence, without personal data.
    pub explanation: String,
    /// What marks it.
    pub risk_factors: Vec<RiskFactor>,
}

words! {
    /// Marks of an insight or alert that a queue can be filtered by (domain, section 5).
    #[expect(missing_docs, reason = "the words of the field")]
    RiskFactor {
        Sequence = "SEQUENCE",
        CumulativeExfiltration = "CUMULATIVE_EXFILTRATION",
        Unusual = "UNUSUAL",
        PriorityContent = "PRIORITY_CONTENT",
        UnallowedDomain = "UNALLOWED_DOMAIN",
        PriorityGroup = "PRIORITY_GROUP",
        HighImpact = "HIGH_IMPACT",
        HealthRecord = "HEALTH_RECORD",
        RiskyBrowsing = "RISKY_BROWSING",
    }
}

words! {
    /// Something a score had to do without.
    MissingInput {
        /// No HR profile was delivered for the subject.
        HrProfile = "HR_PROFILE",
    }
}

impl ScoringOutcome {
    /// The window that `as_of` lies in.
    pub fn open_window(&self) -> Option<&Activation> {
        open_at(&self.activations, self.as_of)
    }
}

/// Scores one subject under one policy. Whether the policy is active and covers the subject is for the caller to ask.
pub fn score(input: &ScoringInput<'_>) -> ScoringOutcome {
    let counting = insight::counting(input);
    let counts = insight::counts(input, &counting);
    let activations = window::activations(input, &counting, &counts);
    let open = open_at(&activations, input.now);
    let mut insights = open.map_or_else(Vec::new, |window| insight::insights(input, window, &counting, &counts));
    let score = risk::assess(&mut insights, input.now.day());
    let next_due = match open {
        // Until a score has decayed to nothing it changes with every day; so it does when a day dated ahead begins.
        Some(window) if score > 0.0 || counts.keys().any(|(day, _)| *day > input.now.day()) => {
            Some(window.ends_at.min(input.now.day().plus(1).start()))
        }
        Some(window) => Some(window.ends_at),
        None => activations.iter().map(|window| window.starts_at).find(|start| *start > input.now),
    };
    let missing = if input.subject.has_profile { Vec::new() } else { vec![MissingInput::HrProfile] };
    ScoringOutcome { as_of: input.now, open: open.is_some(), activations, insights, score, missing, next_due }
}

fn open_at(activations: &[Activation], at: Micros) -> Option<&Activation> {
    activations.iter().find(|window| window.starts_at <= at && at < window.ends_at)
}

/// The id of an insight: the same whenever the same insight is computed. A UUID version 8 (RFC 9562) of the SHA-256
/// of subject, policy, day and indicator; it tells nothing about the person, since the subject's id is random.
pub fn insight_id(subject: SubjectId, policy: PolicyId, day: Day, indicator: &str) -> InsightId {
    let mut hash = Sha256::new();
    hash.update(subject.uuid().as_bytes());
    hash.update(policy.uuid().as_bytes());
    hash.update(day.0.to_be_bytes());
    hash.update(indicator.as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    InsightId::new(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
