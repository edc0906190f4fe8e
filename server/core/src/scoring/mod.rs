//! The scorer: what one subject did under one policy, as insights, a score and the shares that make it up.
//! Never: depends on the order of its input, on the clock, or on anything that is not in [`input::ScoringInput`].

mod booster;
mod explain;
pub mod history;
pub mod input;
mod insight;
pub mod reading;
pub mod risk;
mod standing;
pub mod suppression;
pub mod threshold;
mod window;

#[cfg(test)]
pub(crate) mod tests;

use crate::{
    ids::{InsightId, PolicyId, SubjectId},
    indicator, template,
    time::{Day, Micros},
    words::words,
};
pub use booster::{Booster, BoosterKind};
use input::ScoringInput;
pub use insight::Counting;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
pub use standing::{Standing, Today};
use std::collections::BTreeSet;
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
    /// What it is of.
    pub kind: InsightKind,
    /// The code of the indicator or sequence, or `CUMULATIVE_EXFILTRATION`.
    pub indicator: String,
    /// Events of that day; of a sequence the objects, of cumulative exfiltration what left in 30 days.
    pub count: u64,
    /// Against the policy's thresholds.
    pub level: ThresholdLevel,
    /// 0–100, the insight for itself, boosted.
    pub score: f64,
    /// What raised or lowered its score.
    pub boosters: Vec<Booster>,
    /// Its share of the risk score.
    pub points: f64,
    /// One plain sentence, without personal data.
    pub explanation: String,
    /// What marks it.
    pub risk_factors: Vec<RiskFactor>,
}

words! {
    /// What an insight is of.
    InsightKind {
        /// A day's count of one indicator.
        Indicator = "INDICATOR",
        /// Steps in order on the same object.
        Sequence = "SEQUENCE",
        /// What left over 30 days and all channels.
        CumulativeExfiltration = "CUMULATIVE_EXFILTRATION",
    }
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
        /// The subject's history is too short to know what is usual.
        Baseline = "BASELINE",
    }
}

/// Which events of the subject an insight rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beneath {
    /// Codes of their indicators; empty for all of the days.
    pub indicators: Vec<String>,
    /// Of these only what counted for that variant.
    pub variant: Option<String>,
    /// From this day,
    pub first: Day,
    /// to this one.
    pub last: Day,
}

impl Insight {
    /// The events it rests on.
    pub fn beneath(&self) -> Beneath {
        Beneath::of(self.kind, &self.indicator, self.day)
    }
}

impl Beneath {
    /// The events that an insight of that kind, code and day rests on: those of its day, of a sequence all steps of the 7
    /// days, of cumulative exfiltration what left in the 30 days, of a habit the whole day.
    pub fn of(kind: InsightKind, code: &str, day: Day) -> Self {
        let of = |indicators: Vec<&str>, days: i32| Self {
            indicators: indicators.into_iter().map(str::to_owned).collect(),
            variant: None,
            first: day.plus(-days),
            last: day,
        };
        match (kind, template::sequence(code), indicator::find(code)) {
            (InsightKind::Sequence, Some(rule), _) => {
                let steps = rule.steps.iter().chain([&template::Step::Obfuscate]);
                let codes: BTreeSet<&str> = steps.flat_map(|step| step.indicators()).copied().collect();
                of(codes.into_iter().collect(), 7)
            }
            (InsightKind::CumulativeExfiltration, ..) => of(template::Step::Exfiltrate.indicators().to_vec(), 29),
            (_, _, Some(found)) if found.category == indicator::Category::Custom => of(vec![code], 0),
            (_, _, Some(found)) if found.is_delivered() => {
                let variant = indicator::split(code).1.map(|_| code.to_owned());
                Self { variant, ..of(vec![found.code], 0) }
            }
            _ => of(Vec::new(), 0),
        }
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
    let seen = insight::insights(input);
    let activations = window::activations(input, &seen);
    let open = open_at(&activations, input.now);
    let today = input.now.day();
    let ahead = seen.iter().any(|insight| insight.day > today);
    let mut insights = open.map_or_else(Vec::new, |window| {
        let first = window.starts_at.day().plus(-input.policy.spec.lookback_days);
        seen.into_iter().filter(|insight| (first..=today).contains(&insight.day)).collect()
    });
    let score = risk::assess(&mut insights, today, input.policy);
    let next_due = match open {
        // Until a score has decayed to nothing it changes with every day; so it does when a day dated ahead begins.
        Some(window) if score > 0.0 || ahead => Some(window.ends_at.min(today.plus(1).start())),
        Some(window) => Some(window.ends_at),
        None => activations.iter().map(|window| window.starts_at).find(|start| *start > input.now),
    };
    let missing = missing(input);
    ScoringOutcome { as_of: input.now, open: open.is_some(), activations, insights, score, missing, next_due }
}

fn missing(input: &ScoringInput<'_>) -> Vec<MissingInput> {
    let settled = input.readings.iter().any(|reading| reading.usual.is_some());
    let mut missing = Vec::new();
    if !input.subject.has_profile {
        missing.push(MissingInput::HrProfile);
    }
    if !settled && !input.readings.is_empty() {
        missing.push(MissingInput::Baseline);
    }
    missing
}

/// How much a day of full score weighs in the risk, 0–100: of an indicator, of a sequence, or of what left over 30 days.
pub fn weight(code: &str) -> u8 {
    if code == reading::CUMULATIVE {
        return CUMULATIVE_WEIGHT;
    }
    let indicator = indicator::find(code).map(|found| found.weight);
    indicator.or_else(|| template::sequence(code).map(template::SequenceRule::weight)).unwrap_or(0)
}

/// The code itself, where it is one that can weigh.
fn known_code(code: &str) -> Option<&'static str> {
    let indicator = indicator::find(code).map(|found| found.code);
    let known = indicator.or_else(|| template::sequence(code).map(|rule| rule.code));
    known.or((code == reading::CUMULATIVE).then_some(reading::CUMULATIVE))
}

/// As much as a day of uploads: much that left slowly is as much.
const CUMULATIVE_WEIGHT: u8 = 75;

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
