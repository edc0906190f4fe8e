//! In which order to look at alerts: what needs attention, what can wait, and why (docs/triage.md).
//! Never: an order that cannot be explained: every reason is a sentence, and the points of all reasons are the rank.

use super::{AlertStatus, Severity};
use crate::{scoring::RiskFactor, subject::RiskLevel, words::words};
use std::collections::BTreeSet;

words! {
    /// How soon somebody should look at an alert.
    TriageRank {
        /// Before the others.
        NeedsAttention = "NEEDS_ATTENTION",
        /// After them.
        CanWait = "CAN_WAIT",
        /// Not at all: somebody has decided.
        NotRanked = "NOT_RANKED",
    }
}

/// Points from which an alert needs attention. A score of 67 brings 40: a HIGH alert needs it whatever else is known.
pub const ATTENTION_FROM: f64 = 40.0;
/// Points for each point of the score: at most 60 of the about 100 that can be reached, so that the score weighs more than
/// everything that is known beside it.
pub const OF_SCORE: f64 = 0.6;
/// Acts in order on one object, much that left slowly, and a health record: what is hardest to explain away.
pub const GRAVE_FACTOR: f64 = 5.0;
/// Whatever else marks it: the score was raised for it already.
pub const OTHER_FACTOR: f64 = 2.0;
/// All factors together: they are not independent of each other.
pub const MOST_OF_FACTORS: f64 = 10.0;
/// The subject's level is ELEVATED: other things of these days stand beside the alert.
pub const ELEVATED: f64 = 10.0;
/// MODERATE.
pub const MODERATE: f64 = 5.0;
/// MINOR.
pub const MINOR: f64 = 2.0;
/// A case about the subject ended as a violation: with it, an alert of 42 needs attention.
pub const VIOLATED: f64 = 15.0;
/// Past the time to review it: as much, since a target that nothing follows from is none.
pub const OVERDUE: f64 = 15.0;
/// Decisions about the policy's alerts below which nothing is read off them: fewer may be one person's week.
pub const DECISIONS: u32 = 20;
/// Percent dismissed from which the policy's alerts mostly came to nothing.
pub const MOSTLY_DISMISSED: u32 = 80;
/// What that takes off, never from a HIGH alert: habit must not hide what is grave.
pub const DISMISSED_BEFORE: f64 = -10.0;
/// Percent dismissed up to which the policy's alerts mostly came to something.
pub const SELDOM_DISMISSED: u32 = 40;
/// What that adds.
pub const CONFIRMED_BEFORE: f64 = 10.0;

/// What a rank rests on.
#[derive(Clone, PartialEq, Debug)]
pub struct TriageFacts {
    /// Where the alert stands.
    pub status: AlertStatus,
    /// Its score, 0–100.
    pub score: f64,
    /// What marks it, in any order.
    pub risk_factors: Vec<RiskFactor>,
    /// The subject's level now.
    pub level: RiskLevel,
    /// Cases about the subject that ended as a violation of policy.
    pub violations: u32,
    /// Whether its time to be reviewed is over.
    pub overdue: bool,
    /// Of the policy's last decided alerts, those that were confirmed.
    pub confirmed: u32,
    /// Those that were dismissed.
    pub dismissed: u32,
}

/// How soon to look, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Triage {
    /// How soon.
    pub rank: TriageRank,
    /// The sum of the reasons' points; 0 where it is not ranked.
    pub points: f64,
    /// Why, a sentence each with its points, in a fixed order.
    pub reasons: Vec<String>,
}

/// Ranks an alert.
pub fn rank(facts: &TriageFacts) -> Triage {
    if facts.status != AlertStatus::NeedsReview {
        let reasons = vec![format!("It is {} already.", facts.status.as_str().to_lowercase())];
        return Triage { rank: TriageRank::NotRanked, points: 0.0, reasons };
    }
    let score = facts.score.clamp(0.0, 100.0);
    let severity = Severity::of(score);
    let mut reasons = Reasons::default();
    reasons.add(score * OF_SCORE, &format!("Its score is {score:.1} of 100, {}.", severity.as_str().to_lowercase()));
    of_factors(&facts.risk_factors, &mut reasons);
    let level = match facts.level {
        RiskLevel::Elevated => ELEVATED,
        RiskLevel::Moderate => MODERATE,
        RiskLevel::Minor => MINOR,
        RiskLevel::None => 0.0,
    };
    reasons.add(level, &format!("The subject's risk level is {}.", facts.level.as_str().to_lowercase()));
    let cases = if facts.violations == 1 { "case" } else { "cases" };
    let violated = if facts.violations > 0 { VIOLATED } else { 0.0 };
    reasons.add(violated, &format!("{} {cases} about the subject ended as a violation of policy.", facts.violations));
    reasons.add(if facts.overdue { OVERDUE } else { 0.0 }, "Its time to be reviewed is over.");
    of_history(facts, severity, &mut reasons);
    let rank = if reasons.points >= ATTENTION_FROM { TriageRank::NeedsAttention } else { TriageRank::CanWait };
    Triage { rank, points: reasons.points, reasons: reasons.sentences }
}

#[derive(Default)]
struct Reasons {
    points: f64,
    sentences: Vec<String>,
}

impl Reasons {
    /// Adds a reason, where it weighs anything. Points are rounded to tenths first, so that the sum is what one reads.
    fn add(&mut self, points: f64, what: &str) {
        let points = tenths(points);
        if points != 0.0 {
            self.points = tenths(self.points + points);
            self.sentences.push(format!("{what} {points:+.1}"));
        }
    }
}

fn tenths(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}

fn of_factors(factors: &[RiskFactor], reasons: &mut Reasons) {
    let once: BTreeSet<RiskFactor> = factors.iter().copied().collect();
    let points = |factor: &RiskFactor| match factor {
        RiskFactor::Sequence | RiskFactor::CumulativeExfiltration | RiskFactor::HealthRecord => GRAVE_FACTOR,
        _ => OTHER_FACTOR,
    };
    let sum: f64 = once.iter().map(points).sum();
    let words: Vec<String> = once.iter().map(|one| one.as_str().to_lowercase().replace('_', " ")).collect();
    reasons.add(sum.min(MOST_OF_FACTORS), &format!("It is marked: {}.", words.join(", ")));
}

fn of_history(facts: &TriageFacts, severity: Severity, reasons: &mut Reasons) {
    let decided = facts.confirmed.saturating_add(facts.dismissed);
    if decided < DECISIONS {
        return;
    }
    let percent = u64::from(facts.dismissed) * 100 / u64::from(decided);
    let said = format!("Of the last {decided} alerts of this policy that were decided, {percent} % were dismissed.");
    if percent >= u64::from(MOSTLY_DISMISSED) && severity != Severity::High {
        reasons.add(DISMISSED_BEFORE, &said);
    } else if percent <= u64::from(SELDOM_DISMISSED) {
        reasons.add(CONFIRMED_BEFORE, &said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts() -> impl Strategy<Value = TriageFacts> {
        let factors = prop::collection::vec(prop::sample::select(RiskFactor::ALL), 0..6);
        let level = prop::sample::select(RiskLevel::ALL);
        (0.0..=100.0f64, factors, level, 0u32..4, any::<bool>(), 0u32..300, 0u32..300).prop_map(
            |(score, risk_factors, level, violations, overdue, confirmed, dismissed)| TriageFacts {
                status: AlertStatus::NeedsReview,
                score,
                risk_factors,
                level,
                violations,
                overdue,
                confirmed,
                dismissed,
            },
        )
    }

    /// The points that the sentences name, added up.
    fn told(triage: &Triage) -> f64 {
        triage.reasons.iter().map(|reason| reason.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    proptest! {
        #[test]
        fn the_reasons_add_up_to_the_points_and_the_points_are_the_rank(facts in facts()) {
            let triage = rank(&facts);
            prop_assert!((told(&triage) - triage.points).abs() < 0.001, "{triage:?}");
            prop_assert_eq!(triage.rank == TriageRank::NeedsAttention, triage.points >= ATTENTION_FROM);
        }

        #[test]
        fn the_same_facts_in_any_order_give_the_same_rank(facts in facts()) {
            let mut turned = facts.clone();
            turned.risk_factors.reverse();
            turned.risk_factors.extend(facts.risk_factors.first());
            prop_assert_eq!(rank(&turned), rank(&facts));
        }

        #[test]
        fn whatever_makes_it_graver_never_lets_it_wait(facts in facts(), more in 0.0..50.0f64) {
            let before = rank(&facts).points;
            let next = |level: RiskLevel| RiskLevel::ALL[(level as usize + 1).min(3)];
            let marked = [facts.risk_factors.clone(), vec![RiskFactor::Sequence]].concat();
            for graver in [
                TriageFacts { score: (facts.score + more).min(100.0), ..facts.clone() },
                TriageFacts { level: next(facts.level), ..facts.clone() },
                TriageFacts { violations: facts.violations + 1, ..facts.clone() },
                TriageFacts { overdue: true, ..facts.clone() },
                TriageFacts { risk_factors: marked, ..facts.clone() },
                TriageFacts { confirmed: facts.confirmed + 300, dismissed: 0, ..facts.clone() },
            ] {
                prop_assert!(rank(&graver).points >= before, "{graver:?}");
            }
        }

        #[test]
        fn what_is_high_needs_attention_whatever_became_of_others(facts in facts(), score in 67.0..=100.0f64) {
            prop_assert_eq!(rank(&TriageFacts { score, ..facts }).rank, TriageRank::NeedsAttention);
        }

        #[test]
        fn what_somebody_decided_about_is_not_ranked(facts in facts()) {
            for status in [AlertStatus::Confirmed, AlertStatus::Dismissed, AlertStatus::Resolved] {
                let triage = rank(&TriageFacts { status, ..facts.clone() });
                prop_assert_eq!((triage.rank, triage.points, triage.reasons.len()), (TriageRank::NotRanked, 0.0, 1));
            }
        }
    }

    /// The example of docs/triage.md: its facts, and what the page says comes out.
    #[test]
    fn the_worked_example_of_the_documentation_comes_out() {
        let example = TriageFacts {
            status: AlertStatus::NeedsReview,
            score: 45.0,
            risk_factors: vec![RiskFactor::Sequence, RiskFactor::Unusual],
            level: RiskLevel::Moderate,
            violations: 0,
            overdue: false,
            confirmed: 8,
            dismissed: 42,
        };
        let page = include_str!("../../../../docs/triage.md");
        let first = rank(&example);
        let later = rank(&TriageFacts { overdue: true, ..example });
        for (triage, rank, points) in [(&first, "CAN_WAIT", "29.0"), (&later, "NEEDS_ATTENTION", "44.0")] {
            assert_eq!((triage.rank.as_str(), format!("{:.1}", triage.points)), (rank, points.to_owned()));
            assert!(page.contains(&format!("**{rank}**, {points} points")), "{rank} with {points} is not in the page");
            for reason in &triage.reasons {
                assert!(page.contains(reason.as_str()), "the page does not say: {reason}");
            }
        }
    }
}
