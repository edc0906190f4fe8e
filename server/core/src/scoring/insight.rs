//! What was read of a subject's days, as a policy sees it.
//! Never: an insight of something that the policy did not select, that is not enabled or that has no weight.

use super::{
    Insight, InsightKind, RiskFactor,
    booster::{BoosterKind, boosted, boosters},
    explain,
    input::ScoringInput,
    insight_id,
    reading::{CUMULATIVE, Reading, Seen},
    threshold::{ThresholdLevel, Thresholds, rounded},
};
use crate::{
    indicator::{self, ActionClass, Category, Indicator},
    policy::{Policy, ThresholdMode},
    template::{self, SequenceRule},
    time::Day,
};
use std::collections::{BTreeMap, BTreeSet};

/// An indicator that counts under a policy.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    indicator: &'static Indicator,
    pub(super) action: ActionClass,
    thresholds: Thresholds,
    mode: ThresholdMode,
}

/// The indicators that a policy selected, that are enabled and that have a weight, by code. Made once for many subjects.
#[derive(Clone, Debug)]
pub struct Counting {
    by_code: BTreeMap<String, Counted>,
    minimum: Option<u32>,
}

impl Counting {
    /// `enabled` are the codes of the globally enabled indicators.
    pub fn of(policy: &Policy, enabled: &BTreeSet<String>) -> Self {
        let mut counting = BTreeMap::new();
        for selected in policy.spec.indicators.iter().filter(|selected| enabled.contains(&selected.code)) {
            if let Some(indicator) = indicator::find(&selected.code).filter(|found| found.weight > 0) {
                let (thresholds, mode) = (selected.thresholds, selected.mode);
                let counted = Counted { indicator, action: indicator.action, thresholds, mode };
                counting.entry(selected.code.clone()).or_insert(counted);
            }
        }
        Self { by_code: counting, minimum: policy.spec.minimum_daily_events }
    }

    /// With the installation's minimum of daily events, where the policy has none of its own.
    pub fn or_minimum(mut self, minimum: Option<u32>) -> Self {
        self.minimum = self.minimum.or(minimum);
        self
    }

    /// Events of a day below which nothing is above the usual.
    pub(super) fn minimum(&self, thresholds: Thresholds) -> u32 {
        self.minimum.unwrap_or(thresholds.low)
    }

    pub(super) fn get(&self, code: &str) -> Option<&Counted> {
        self.by_code.get(code)
    }
}

/// Spreads above the norm from which what left over 30 days is low, medium, high.
const CUMULATIVE_Z: [f64; 3] = [1.5, 2.5, 3.5];
/// What leaves in 30 days is nothing to look at below this, whatever the norm: one thing a working day.
const CUMULATIVE_LEAST: u32 = 20;

/// Everything that counts, by day and code. It has no points yet.
pub(super) fn insights(input: &ScoringInput<'_>) -> Vec<Insight> {
    let readings = joined(input.readings);
    let mut found: BTreeMap<(Day, &str), Insight> = BTreeMap::new();
    for reading in readings.values() {
        if let Some((code, insight)) = insight(input, reading) {
            // Two sequences may be told as one where the policy did not select the longer: the larger stands.
            let key = (reading.day, code);
            if found.get(&key).is_none_or(|known| known.score < insight.score) {
                found.insert(key, insight);
            }
        }
    }
    let mut insights: Vec<Insight> = found.into_values().collect();
    insights.sort_by(|a, b| a.day.cmp(&b.day).then_with(|| a.indicator.cmp(&b.indicator)));
    insights
}

/// Readings of the same day and code as one.
fn joined(readings: &[Reading]) -> BTreeMap<(Day, &str), Reading> {
    let mut joined: BTreeMap<(Day, &str), Reading> = BTreeMap::new();
    for reading in readings.iter().filter(|reading| reading.seen.count > 0) {
        match joined.entry((reading.day, reading.code.as_str())) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(reading.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                let (known, more) = (known.get_mut(), reading.seen);
                let sum = |a: u64, b: u64| a.saturating_add(b);
                known.seen = Seen {
                    count: sum(known.seen.count, more.count),
                    unallowed: sum(known.seen.unallowed, more.unallowed),
                    priority: sum(known.seen.priority, more.priority),
                };
                known.novelty = known.novelty.max(reading.novelty);
            }
        }
    }
    joined
}

fn insight<'a>(input: &ScoringInput<'_>, reading: &'a Reading) -> Option<(&'a str, Insight)> {
    if reading.code == CUMULATIVE {
        return Some((CUMULATIVE, cumulative(input, reading)?));
    }
    if let Some(rule) = template::sequence(&reading.code) {
        let rule = selected(input, rule)?;
        return Some((rule.code, sequence(input, rule, reading)));
    }
    let counted = input.counting.get(&reading.code)?;
    Some((&reading.code, of_indicator(input, counted, reading)))
}

fn of_indicator(input: &ScoringInput<'_>, counted: &Counted, reading: &Reading) -> Insight {
    let (code, count) = (reading.code.as_str(), reading.seen.count);
    if counted.indicator.category == Category::Behaviour {
        let score = rounded(reading.novelty * 100.0).min(100.0);
        let explanation = explain::habit(code, count, reading.day, score);
        let factors = risk_factors(counted.indicator);
        return make(input, reading, (InsightKind::Indicator, code), (level_of(score), score), explanation, factors);
    }
    let floor = input.counting.minimum(counted.thresholds);
    let (thresholds, own) = match (counted.mode, &reading.usual) {
        (ThresholdMode::AboveUsual, Some(usual)) => (Thresholds::above_usual(usual, floor), true),
        _ => (counted.thresholds, false),
    };
    let explanation = explain::sentence(code, count, reading.day, thresholds);
    let mut insight = make(
        input,
        reading,
        (InsightKind::Indicator, code),
        (thresholds.level(count), thresholds.score(count)),
        explanation,
        risk_factors(counted.indicator),
    );
    // The usual is already in such thresholds; otherwise it is a factor.
    boost(input, &mut insight, reading, (!own).then_some(thresholds));
    insight
}

/// The rule itself, or the longest that the policy selected and that whoever completed this one completed too.
fn selected(input: &ScoringInput<'_>, rule: &'static SequenceRule) -> Option<&'static SequenceRule> {
    let wanted = |code: &str| input.policy.spec.sequences.iter().any(|selected| selected == code);
    if wanted(rule.code) {
        return Some(rule);
    }
    let others = template::sequences().iter().filter(|other| wanted(other.code) && rule.includes(other));
    others.rev().max_by_key(|other| other.steps.len())
}

fn sequence(input: &ScoringInput<'_>, rule: &'static SequenceRule, reading: &Reading) -> Insight {
    let (count, thresholds) = (reading.seen.count, rule.thresholds());
    let explanation = explain::sequence(rule, count, reading.day, thresholds);
    let factors = vec![RiskFactor::Sequence];
    let level = (thresholds.level(count), thresholds.score(count));
    let mut insight = make(input, reading, (InsightKind::Sequence, rule.code), level, explanation, factors);
    boost(input, &mut insight, reading, Some(thresholds));
    insight
}

/// What left over 30 days, where there is a norm to compare it with.
fn cumulative(input: &ScoringInput<'_>, reading: &Reading) -> Option<Insight> {
    // Where nothing has singled the subject out, others alone are no measure: some always send more than others.
    let known = reading.own || !input.policy.waits_for_no_event();
    let usual = reading.usual.as_ref().filter(|_| input.policy.spec.cumulative && known)?;
    let [low, medium, high] = CUMULATIVE_Z.map(|z| usual.at(z));
    let low = low.max(CUMULATIVE_LEAST);
    let medium = medium.max(low.saturating_add(1));
    let thresholds = Thresholds { low, medium, high: high.max(medium.saturating_add(1)) };
    let count = reading.seen.count;
    let explanation = explain::cumulative(count, reading.day, usual, thresholds);
    let factors = vec![RiskFactor::CumulativeExfiltration];
    let kind = (InsightKind::CumulativeExfiltration, CUMULATIVE);
    let mut insight =
        make(input, reading, kind, (thresholds.level(count), thresholds.score(count)), explanation, factors);
    boost(input, &mut insight, reading, None);
    Some(insight)
}

fn make(
    input: &ScoringInput<'_>,
    reading: &Reading,
    (kind, code): (InsightKind, &str),
    (level, score): (ThresholdLevel, f64),
    explanation: String,
    risk_factors: Vec<RiskFactor>,
) -> Insight {
    Insight {
        id: insight_id(input.subject.id, input.policy.id, reading.day, code),
        day: reading.day,
        kind,
        indicator: code.to_owned(),
        count: reading.seen.count,
        level,
        score,
        boosters: Vec::new(),
        points: 0.0,
        explanation,
        risk_factors,
    }
}

/// Applies the factors. `thresholds` where the count is compared with the subject's usual.
fn boost(input: &ScoringInput<'_>, insight: &mut Insight, reading: &Reading, thresholds: Option<Thresholds>) {
    insight.boosters = boosters(input, reading, thresholds);
    insight.score = boosted(insight.score, &insight.boosters);
    let marks = insight.boosters.iter().filter(|booster| booster.factor > 1.0).filter_map(|booster| {
        Some(match booster.kind {
            BoosterKind::AboveUsual => RiskFactor::Unusual,
            BoosterKind::PriorityGroup => RiskFactor::PriorityGroup,
            BoosterKind::HighImpact => RiskFactor::HighImpact,
            BoosterKind::PriorityContent => RiskFactor::PriorityContent,
            BoosterKind::UnallowedDomain => RiskFactor::UnallowedDomain,
            BoosterKind::PriorViolation | BoosterKind::KnownDestination | BoosterKind::MovedInside => return None,
        })
    });
    insight.risk_factors.extend(marks);
    insight.risk_factors.sort_unstable();
    insight.risk_factors.dedup();
}

/// The level of a score that no count stands behind.
fn level_of(score: f64) -> ThresholdLevel {
    match score {
        score if score >= 67.0 => ThresholdLevel::High,
        score if score >= 41.0 => ThresholdLevel::Medium,
        score if score >= 16.0 => ThresholdLevel::Low,
        _ => ThresholdLevel::Minimal,
    }
}

/// What the indicator alone says; the other marks come from boosters and sequences.
fn risk_factors(indicator: &Indicator) -> Vec<RiskFactor> {
    let mut factors = Vec::new();
    match indicator.category {
        Category::Behaviour => factors.push(RiskFactor::Unusual),
        Category::Clinical => factors.push(RiskFactor::HealthRecord),
        Category::Browsing => factors.push(RiskFactor::RiskyBrowsing),
        _ => {}
    }
    if matches!(indicator.code, "BROWSED_UNALLOWED_DOMAIN" | "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN") {
        factors.push(RiskFactor::UnallowedDomain);
    }
    factors.sort_unstable();
    factors
}
