//! A day's count of one indicator, as a policy sees it.
//! Never: an insight of an indicator that the policy did not select, that is not enabled or that has no weight.

use super::{Activation, Insight, RiskFactor, explain, input::ScoringInput, insight_id, threshold::Thresholds};
use crate::{
    indicator::{self, Category, Indicator},
    time::Day,
};
use std::collections::BTreeMap;

/// An indicator that counts under the policy.
pub(super) struct Counted {
    pub(super) indicator: &'static Indicator,
    pub(super) thresholds: Thresholds,
}

/// The indicators that count, by code.
pub(super) type Counting<'a> = BTreeMap<&'a str, Counted>;

/// What was seen of the indicators that count, above 0, by day and code.
pub(super) type Counts<'a> = BTreeMap<(Day, &'a str), u64>;

/// The indicators that the policy selected, that are enabled and that have a weight.
pub(super) fn counting<'a>(input: &ScoringInput<'a>) -> Counting<'a> {
    let mut counting = Counting::new();
    for selected in input.policy.spec.indicators.iter().filter(|selected| input.enabled.contains(&selected.code)) {
        if let Some(indicator) = indicator::find(&selected.code).filter(|found| found.weight > 0) {
            counting.entry(selected.code.as_str()).or_insert(Counted { indicator, thresholds: selected.thresholds });
        }
    }
    counting
}

/// Every day's count of what counts; entries of the same day and indicator are added up.
pub(super) fn counts<'a>(input: &ScoringInput<'a>, counting: &Counting<'_>) -> Counts<'a> {
    let mut counts = Counts::new();
    for seen in input.days.iter().filter(|seen| seen.count > 0 && counting.contains_key(seen.indicator.as_str())) {
        let count = counts.entry((seen.day, seen.indicator.as_str())).or_insert(0u64);
        *count = count.saturating_add(seen.count);
    }
    counts
}

/// The insights of the window: from its look-back to today, by day and indicator. They have no points yet.
pub(super) fn insights(
    input: &ScoringInput<'_>,
    window: &Activation,
    counting: &Counting<'_>,
    counts: &Counts<'_>,
) -> Vec<Insight> {
    let first = window.starts_at.day().plus(-input.policy.spec.lookback_days);
    let scored = counts.iter().filter(|((day, _), _)| (first..=input.now.day()).contains(day));
    scored.filter_map(|(&(day, code), &count)| Some(insight(input, day, count, counting.get(code)?))).collect()
}

fn insight(input: &ScoringInput<'_>, day: Day, count: u64, counted: &Counted) -> Insight {
    let code = counted.indicator.code;
    Insight {
        id: insight_id(input.subject.id, input.policy.id, day, code),
        day,
        indicator: code.to_owned(),
        count,
        level: counted.thresholds.level(count),
        score: counted.thresholds.score(count),
        points: 0.0,
        explanation: explain::sentence(code, count, day, counted.thresholds),
        risk_factors: risk_factors(counted.indicator),
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
