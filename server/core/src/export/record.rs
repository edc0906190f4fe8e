//! The lines of a package's evidence, with the names that the API has for the same things.
//! Never: who a subject is; content of evidence anywhere but in `ActivityRecord::content`.

use crate::{
    alert::{AlertStatus, DismissReason, Severity},
    audit::{Hash, base64},
    ids::{AlertId, InsightId, NoteId, PolicyId},
    scoring::{Beneath, Booster, Insight, InsightKind, RiskFactor, history::Cause, threshold::ThresholdLevel},
    time::{Day, Micros},
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt::Display};

fn text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A policy, as it is named.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyRecord {
    /// Its id.
    pub id: PolicyId,
    /// Its name.
    pub name: String,
}

/// An alert.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertRecord {
    /// Its id.
    pub id: AlertId,
    /// The policy that raised it.
    pub policy: PolicyRecord,
    /// The version that it was computed with.
    pub policy_version: i32,
    /// HIGH, MEDIUM or LOW.
    pub severity: Severity,
    /// Where it stands.
    pub status: AlertStatus,
    /// 0–100.
    pub score: f64,
    /// What started the scoring.
    pub trigger: String,
    /// What marks it.
    pub risk_factors: Vec<RiskFactor>,
    /// Who looks into it, by id.
    pub assignee: Option<String>,
    /// Why it was dismissed.
    pub dismiss_reason: Option<DismissReason>,
    /// When it was raised.
    #[serde(serialize_with = "text")]
    pub raised_at: Micros,
    /// When it last changed.
    #[serde(serialize_with = "text")]
    pub updated_at: Micros,
    /// By when it was to be reviewed.
    #[serde(serialize_with = "text")]
    pub due_at: Micros,
    /// What its score is made of, the largest share first.
    pub contributions: Vec<ContributionRecord>,
}

/// An insight's share of an alert's score.
#[derive(Clone, Debug, Serialize)]
pub struct ContributionRecord {
    /// Which insight.
    pub insight: InsightId,
    /// How much.
    pub points: f64,
}

/// An insight.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InsightRecord<'a> {
    id: InsightId,
    #[serde(serialize_with = "text")]
    day: Day,
    kind: InsightKind,
    code: &'a str,
    count: u64,
    level: ThresholdLevel,
    score: f64,
    boosters: &'a [Booster],
    explanation: &'a str,
    risk_factors: &'a [RiskFactor],
}

impl<'a> From<&'a Insight> for InsightRecord<'a> {
    fn from(insight: &'a Insight) -> Self {
        Self {
            id: insight.id,
            day: insight.day,
            kind: insight.kind,
            code: &insight.indicator,
            count: insight.count,
            level: insight.level,
            score: insight.score,
            boosters: &insight.boosters,
            explanation: &insight.explanation,
            risk_factors: &insight.risk_factors,
        }
    }
}

/// An event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityRecord<'a> {
    /// Its id.
    pub id: String,
    /// When it happened.
    #[serde(serialize_with = "text")]
    pub occurred_at: Micros,
    /// What it counts as.
    pub indicator: &'a str,
    /// Through which connector it came, by name.
    pub connector: &'a str,
    /// How often it counts.
    pub quantity: i64,
    /// What names nobody.
    pub facts: &'a Map<String, Value>,
    /// Full names of files, paths, recipients: may name somebody.
    pub content: Option<Value>,
    /// The insights that it lies beneath.
    pub insights: Vec<InsightId>,
}

/// A note.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteRecord<'a> {
    /// Its id.
    pub id: NoteId,
    /// The alert that it is on; null where it is on the case.
    pub alert: Option<AlertId>,
    /// Who wrote it.
    pub author: &'a str,
    /// Whether the system wrote it.
    pub system: bool,
    /// As it was written.
    pub body: &'a str,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Micros,
}

/// A change of the score.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreRecord<'a> {
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Micros,
    /// Under which policy.
    pub policy: &'a PolicyRecord,
    /// 0–100, from then on.
    pub score: f64,
    /// Why it changed.
    pub cause: Cause,
}

/// An entry of the audit log, and what proves that the checkpoint covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyRecord {
    /// Its place in the log, from 0.
    pub sequence: u64,
    /// The bytes that the tree binds.
    pub leaf: String,
    /// The hashes from the leaf to the root (RFC 6962, section 2.1.1), in base64.
    pub proof: Vec<String>,
}

impl CustodyRecord {
    /// Of the entry at `sequence`.
    pub fn new(sequence: u64, leaf: String, proof: &[Hash]) -> Self {
        Self { sequence, leaf, proof: proof.iter().map(|hash| base64(hash)).collect() }
    }
}

/// Which insights of a case an event lies beneath. Small: a few dozen bytes for each insight.
#[derive(Default)]
pub struct Lying {
    by_code: BTreeMap<String, Vec<Span>>,
    /// Whatever the code.
    any: Vec<Span>,
    days: Option<(Day, Day)>,
}

struct Span {
    first: Day,
    last: Day,
    variant: Option<String>,
    insight: InsightId,
}

impl Lying {
    /// One more insight.
    pub fn add(&mut self, insight: &Insight) {
        let Beneath { indicators, variant, first, last } = insight.beneath();
        let (from, to) = self.days.unwrap_or((first, last));
        self.days = Some((from.min(first), to.max(last)));
        let span = || Span { first, last, variant: variant.clone(), insight: insight.id };
        if indicators.is_empty() {
            self.any.push(span());
        }
        for code in indicators {
            self.by_code.entry(code).or_default().push(span());
        }
    }

    /// The first and last day of all; nothing where there is no insight.
    pub fn days(&self) -> Option<(Day, Day)> {
        self.days
    }

    /// The codes of events that come into question; nothing where all do.
    pub fn codes(&self) -> Option<Vec<&str>> {
        self.any.is_empty().then(|| self.by_code.keys().map(String::as_str).collect())
    }

    /// The insights that an event of this code and instant lies beneath; `variants` are those that it counted for.
    pub fn beneath(&self, code: &str, variants: &str, at: Micros) -> Vec<InsightId> {
        let day = at.day();
        let holds = |span: &&Span| {
            let counted =
                span.variant.as_deref().is_none_or(|variant| variants.split(' ').any(|counted| counted == variant));
            (span.first..=span.last).contains(&day) && counted
        };
        let mut found: Vec<InsightId> = self
            .by_code
            .get(code)
            .into_iter()
            .flatten()
            .chain(&self.any)
            .filter(holds)
            .map(|span| span.insight)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// How an activity is named in the package and in the API.
pub fn activity_id(seq: i64) -> String {
    format!("activity_{seq:016x}")
}
