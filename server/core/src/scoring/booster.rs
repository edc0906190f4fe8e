//! What makes an insight count more, or as a habit less: factors on the odds of its score, each with its sentence.
//! Never: a factor without a sentence; and the score never leaves 0–100, since odds cannot.

use super::{
    input::ScoringInput,
    reading::{Reading, Usual},
    threshold::{Thresholds, rounded},
};
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Why an insight counts more or less (domain, section 3).
    BoosterKind {
        /// Compared with what is usual for the subject on such a day. Below 1 where it is what the subject always does.
        AboveUsual = "ABOVE_USUAL",
        /// An earlier case was resolved as a violation of policy.
        PriorViolation = "PRIOR_VIOLATION",
        /// Member of a priority user group.
        PriorityGroup = "PRIORITY_GROUP",
        /// Potentially of high impact. Not together with PRIORITY_GROUP.
        HighImpact = "HIGH_IMPACT",
        /// Content to which a policy gives priority.
        PriorityContent = "PRIORITY_CONTENT",
        /// To or from a domain that is not allowed.
        UnallowedDomain = "UNALLOWED_DOMAIN",
        /// Below 1: everything sent that day went where the subject has sent for a month.
        KnownDestination = "KNOWN_DESTINATION",
        /// Below 1: what was fetched was put on a share the same day, and did not leave.
        MovedInside = "MOVED_INSIDE",
    }
}

/// One factor on an insight's odds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Booster {
    /// Why.
    pub kind: BoosterKind,
    /// The factor.
    pub factor: f64,
    /// One plain sentence, without personal data.
    pub explanation: String,
}

/// Spreads above the usual at which nothing is added or taken; each one more or less is a factor of 3.
const NEUTRAL_Z: f64 = 3.0;
/// At most this much more.
const MOST: f64 = 3.0;
/// At least this much is left: what is as usual says next to nothing.
const LEAST: f64 = 1.0 / 27.0;
/// Where a policy scores everybody, a count of which nobody knows what is usual says little.
const UNKNOWN: f64 = 1.0 / 9.0;
/// Whoever sends to the same partners as always does the job.
const KNOWN: f64 = 1.0 / 9.0;
/// The other factors: a fact about the person or the thing, not about the act.
const FACT: f64 = 1.5;

/// The factors of a reading of which the policy has the thresholds.
pub(super) fn boosters(input: &ScoringInput<'_>, reading: &Reading, thresholds: Option<Thresholds>) -> Vec<Booster> {
    let allowed = |kind: &BoosterKind| input.policy.spec.boosters.contains(kind);
    let grouped = !input.subject.groups.is_empty() && allowed(&BoosterKind::PriorityGroup);
    BoosterKind::ALL
        .iter()
        .filter(|kind| allowed(kind))
        .filter_map(|&kind| {
            let fact = |holds: bool, why: &str| holds.then(|| (FACT, why.to_owned()));
            let (factor, explanation) = match kind {
                BoosterKind::AboveUsual => above_usual(input, reading, thresholds?)?,
                BoosterKind::PriorViolation => {
                    fact(after_a_violation(input, reading), "An earlier case was resolved as a violation of policy.")?
                }
                BoosterKind::PriorityGroup => fact(grouped, "Member of a priority user group.")?,
                BoosterKind::HighImpact => {
                    let why = input.subject.high_impact.as_deref().filter(|_| !grouped)?;
                    (FACT, format!("Potentially of high impact: {why}."))
                }
                BoosterKind::PriorityContent => fact(reading.seen.priority > 0, "Priority content is among it.")?,
                BoosterKind::UnallowedDomain => {
                    fact(reading.seen.unallowed > 0, "A domain that is not allowed is among it.")?
                }
                BoosterKind::KnownDestination => {
                    let why = "Everything sent that day went where this subject has sent for a month or more.";
                    (reading.to_known && reading.seen.unallowed == 0).then(|| (round(KNOWN), why.to_owned()))?
                }
                BoosterKind::MovedInside => moved_inside(reading)?,
            };
            Some(Booster { kind, factor, explanation })
        })
        .collect()
}

fn after_a_violation(input: &ScoringInput<'_>, reading: &Reading) -> bool {
    input.subject.prior_violation.is_some_and(|at| at <= input.now && at.day() <= reading.day)
}

/// Above (or as) usual for that day: for the subject, and for peers; the one that it exceeds least decides. Below the
/// minimum of daily events nothing is above the usual.
fn above_usual(input: &ScoringInput<'_>, reading: &Reading, thresholds: Thresholds) -> Option<(f64, String)> {
    let count = reading.seen.count;
    // What hardly ever happened is no habit, however little it is.
    let z = |usual: &Usual| if usual.upper == 0 { usual.z(count).max(NEUTRAL_Z) } else { usual.z(count) };
    let own = reading.usual.as_ref().map(|usual| (z(usual), usual, "this subject"));
    let peers = reading.peers.as_ref().map(|usual| (z(usual), usual, "the subject's peers"));
    let Some((z, usual, whom)) = own.into_iter().chain(peers).min_by(|a, b| a.0.total_cmp(&b.0)) else {
        let why = "There is too little history to tell what is usual for this subject.".to_owned();
        return input.policy.waits_for_no_event().then_some((round(UNKNOWN), why));
    };
    let floor = u64::from(input.counting.minimum(thresholds));
    let factor = 3f64.powf(z - NEUTRAL_Z).clamp(LEAST, MOST);
    let factor = round(if count < floor { factor.min(1.0) } else { factor });
    if factor == 1.0 {
        return None;
    }
    let median = (usual.median * 10.0).round() / 10.0;
    let how = if factor > 1.0 { "more than usual" } else { "near the usual" };
    let days = usual.of;
    Some((factor, format!("{count} is {how} for {whom}: half of the last {days} such days have at most {median}.")))
}

/// The share that was not moved, squared: of 300 fetched and 290 put on a share next to nothing is left.
fn moved_inside(reading: &Reading) -> Option<(f64, String)> {
    let (count, moved) = (reading.seen.count, reading.moved.min(reading.seen.count));
    if moved * 2 < count {
        return None;
    }
    let rest = (count - moved) as f64 / count as f64;
    let why = format!("{moved} of these {count} were put on a network share the same day, and did not leave.");
    Some((round((rest * rest).max(0.01)), why))
}

fn round(factor: f64) -> f64 {
    (factor * 100.0).round() / 100.0
}

/// The score with its odds multiplied by all factors, in four decimals.
pub(super) fn boosted(score: f64, boosters: &[Booster]) -> f64 {
    let factor: f64 = boosters.iter().map(|booster| booster.factor).product();
    if boosters.is_empty() || score <= 0.0 {
        return score;
    }
    rounded(100.0 * factor * score / (100.0 - score + factor * score))
}
