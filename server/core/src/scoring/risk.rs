//! From insights to one score and the share of each: independent evidence accumulates, repetition and age count less.
//! Never: above 100, lower with more evidence, or a sum in the order of the input.

use super::{
    Insight,
    reading::{CUMULATIVE, INSIDE, OFF_HOURS, RARE},
    threshold::rounded,
};
use crate::{
    indicator::{self, ActionClass, Category},
    policy::Policy,
    time::Day,
};

/// Days after which an insight weighs half: a week-old act still matters when the next one comes, a month-old one
/// (a sixteenth) hardly does.
pub const HALF_LIFE_DAYS: f64 = 7.0;
/// What each further day of the same indicator weighs compared with the one before it, the strongest first: a habit
/// is one finding, not thirty.
pub const REPEAT: f64 = 0.5;

/// What a further day of that code weighs compared with the one before it. Totals of 30 days overlap: the highest counts.
fn repeat(code: &str) -> f64 {
    if code == CUMULATIVE { 0.0 } else { REPEAT }
}
/// No single insight is more certain than this, so that another one can always add to the score.
pub const CERTAIN: f64 = 0.995;

/// What evidence weighs where no event has singled the subject out: of a thousand people most have a reason, of those who
/// resigned or evaded a control fewer do.
pub const NO_EVENT: f64 = 0.6;
/// The same for fetching and deleting: that is everybody's work, and only what follows makes it more.
pub const NO_EVENT_WORK: f64 = 0.35;

/// What the policy's evidence of that code weighs.
fn prior(policy: &Policy, code: &str) -> f64 {
    if !policy.waits_for_no_event() {
        return 1.0;
    }
    let work = |found: &indicator::Indicator| matches!(found.action, ActionClass::Collection | ActionClass::Deletion);
    if indicator::find(code).is_some_and(work) { NO_EVENT_WORK } else { NO_EVENT }
}

/// The evidence of a score just below what DEFAULT raises an alert from. What stays inside adds to an alert and never makes
/// one: with it, what is not yet an alert goes up to here. Whoever tidies up and hands over has taken nothing.
pub const NO_ALERT: f64 = 0.27;

/// Whether nothing has left or been hidden by it: deleting, copies inside; habits that an event has changed; and, where no
/// event has singled anybody out, fetching, and hours and things that are merely unusual.
fn inside(policy: &Policy, code: &str) -> bool {
    let stays = |found: &indicator::Indicator| match policy.waits_for_no_event() {
        true => {
            matches!(found.action, ActionClass::Deletion | ActionClass::Collection)
                || matches!(found.code, OFF_HOURS | RARE)
        }
        false => found.action == ActionClass::Deletion || found.category == Category::Behaviour,
    };
    code == INSIDE || indicator::find(code).is_some_and(stays)
}

/// What is counted of the evidence that stays inside: the more there is, the more, and never as much as an alert.
fn limited(inside: f64, rest: f64) -> f64 {
    let left = NO_ALERT - rest;
    if left <= 0.0 { inside } else { left * -(-inside / left).exp_m1() }
}

/// What is left of a share of the risk once it can no longer be seen in a score of four decimals.
pub(super) const NOTHING: f64 = 1e-7;

/// An insight as far as the score goes by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    pub(super) day: Day,
    /// Weight and score, as a share of 1.
    says: f64,
    pub(super) code: &'static str,
    /// Whether it is of what stays inside.
    stays: bool,
}

impl Evidence {
    /// Nothing where the insight says nothing.
    pub(super) fn of(insight: &Insight, policy: &Policy) -> Option<Self> {
        let says = f64::from(super::weight(&insight.indicator)) / 100.0 * insight.score / 100.0
            * prior(policy, &insight.indicator);
        let code = super::known_code(&insight.indicator)?;
        (says > 0.0).then(|| Self { day: insight.day, says, code, stays: inside(policy, code) })
    }

    /// What it says as of `today`, as a share of 1.
    pub(super) fn fades(&self, today: Day) -> f64 {
        let age_days = f64::from(today.since(self.day).max(0));
        self.says * (-age_days / HALF_LIFE_DAYS).exp2()
    }

    pub(super) fn strength(&self, today: Day) -> f64 {
        -(-self.fades(today).clamp(0.0, CERTAIN)).ln_1p()
    }
}

/// The risk score alone; the same as [`assess`] gives, to within the order of summing up.
pub(super) fn score<'a>(evidence: impl Iterator<Item = &'a Evidence>, today: Day) -> f64 {
    let mut strengths: Vec<(&str, bool, f64)> =
        evidence.map(|one| (one.code, one.stays, one.strength(today))).collect();
    strengths.sort_by(|a, b| a.0.cmp(b.0).then(b.2.total_cmp(&a.2)));
    let (mut rest, mut within, mut factor, mut last) = (0.0, 0.0, 1.0, None);
    for (code, stays, strength) in strengths {
        factor = if last == Some(code) { factor * repeat(code) } else { 1.0 };
        last = Some(code);
        *if stays { &mut within } else { &mut rest } += strength * factor;
    }
    let total = rest + limited(within, rest);
    rounded(-100.0 * f64::exp_m1(-total)).clamp(0.0, 100.0)
}

/// The risk score of the insights as of `today`, 0–100 in four decimals. Sets every insight's `points` to its share;
/// the points add up to the score.
///
/// With `w` the indicator's weight in percent, `s` the insight's score, `a` its age in days and `q` the prior ([`NO_EVENT`] or 1):
/// `p = min(q·w·s/100 · 2^(−a/7), 0.995)` and its evidence `L = −ln(1 − p)`. Of one indicator the strongest `L` counts in
/// full, the next one half, and so on. The score is `100·(1 − e^−ΣL)`, an insight's share of it `L/ΣL`.
pub(crate) fn assess(insights: &mut [Insight], today: Day, policy: &Policy) -> f64 {
    let evidence = discounted(insights, today, policy);
    // From +0.0: the sum of nothing is -0.0, which would be shown.
    let total = evidence.iter().fold(0.0, |sum, &(_, strength)| sum + strength);
    let score = rounded(-100.0 * (-total).exp_m1()).clamp(0.0, 100.0);
    for insight in insights.iter_mut() {
        insight.points = 0.0;
    }
    if total > 0.0 {
        share(insights, &evidence, total, score);
    }
    score
}

/// What each insight (by its place) adds to the sum, repetition discounted: by indicator, the strongest first.
fn discounted(insights: &[Insight], today: Day, policy: &Policy) -> Vec<(usize, f64)> {
    let mut evidence: Vec<(usize, f64)> =
        insights.iter().enumerate().map(|(at, insight)| (at, strength(insight, today, policy))).collect();
    evidence.sort_by(|&(a, strength_a), &(b, strength_b)| {
        let (a, b) = (&insights[a], &insights[b]);
        a.indicator.cmp(&b.indicator).then(strength_b.total_cmp(&strength_a)).then(a.day.cmp(&b.day))
    });
    let mut factor = 1.0;
    for at in 0..evidence.len() {
        let repeated = at > 0 && insights[evidence[at - 1].0].indicator == insights[evidence[at].0].indicator;
        factor = if repeated { factor * repeat(&insights[evidence[at].0].indicator) } else { 1.0 };
        evidence[at].1 *= factor;
    }
    let stays = |at: usize| inside(policy, &insights[at].indicator);
    let sum =
        |of: bool| evidence.iter().filter(|(at, _)| stays(*at) == of).fold(0.0, |sum, (_, strength)| sum + strength);
    let (within, rest) = (sum(true), sum(false));
    if limited(within, rest) < within {
        let share = limited(within, rest) / within;
        evidence.iter_mut().filter(|(at, _)| stays(*at)).for_each(|(_, strength)| *strength *= share);
    }
    evidence
}

fn strength(insight: &Insight, today: Day, policy: &Policy) -> f64 {
    Evidence::of(insight, policy).map_or(0.0, |evidence| evidence.strength(today))
}

/// Divides the score's steps of 0.0001 by the evidence; what rounding down leaves over goes to the largest remainders.
fn share(insights: &mut [Insight], evidence: &[(usize, f64)], total: f64, score: f64) {
    let steps = (score * 10_000.0).round();
    let mut parts: Vec<(usize, f64, f64)> = evidence
        .iter()
        .map(|&(at, strength)| {
            let exact = steps * (strength / total);
            (at, exact.floor(), exact.fract())
        })
        .collect();
    let mut left = steps - parts.iter().map(|part| part.1).sum::<f64>();
    // Stable: among equal remainders the order of `evidence` decides, which is that of indicator, strength and day.
    parts.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (at, whole, _) in parts {
        let more = if left >= 1.0 { 1.0 } else { 0.0 };
        left -= more;
        insights[at].points = (whole + more) / 10_000.0;
    }
}
