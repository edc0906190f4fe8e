//! The scorer: what one subject did under one policy, as insights, a score and the shares that make it up.
//! Never: depends on the order of its input, on the clock, or on anything that is not in [`input::ScoringInput`].

pub mod input;
pub mod threshold;

use crate::{
    ids::{InsightId, PolicyId, SubjectId},
    time::{Day, Micros},
    words::words,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use threshold::ThresholdLevel;

/// The answer to a [`input::ScoringInput`]: a function of it, down to the byte.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScoringOutcome {
    /// Windows of scoring that are known, in order; also ended ones that touch the look-back.
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
