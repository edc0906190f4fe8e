//! How risky a subject is now (domain, section 11), for systems that act on it.
//! Never: a second score; it is read off alerts and insights.

use crate::{
    alert::{AlertStatus, Severity},
    limits,
    problem::{Problem, ProblemCode},
    time::{Day, Micros},
    words::words,
};
use serde::{Deserialize, Serialize};

words! {
    /// A subject's risk level.
    #[derive(Default)]
    RiskLevel {
        /// Nothing that counts.
        #[default]
        None = "NONE",
        /// A low alert, or an exfiltration insight at high.
        Minor = "MINOR",
        /// A medium alert, or two exfiltration insights at high.
        Moderate = "MODERATE",
        /// A high alert, or three sequences at high.
        Elevated = "ELEVATED",
    }
}

/// How long things count for a level; set for the whole installation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RiskTiming {
    /// Days before an instant that make up a match together with it.
    pub window_days: i32,
    /// Days that a level lasts after its last match.
    pub lasts_days: i32,
}

impl Default for RiskTiming {
    fn default() -> Self {
        Self { window_days: limits::RISK_WINDOW_DAYS, lasts_days: limits::RISK_LEVEL_DAYS }
    }
}

impl RiskTiming {
    /// What is wrong with it, at its place below `input`.
    pub fn problems(&self) -> Vec<Problem> {
        let allowed = limits::RISK_TIMING_DAYS;
        let wrong = |field: &str| {
            let message = format!("{} to {} days.", allowed.start(), allowed.end());
            Problem::new(&["input", "riskLevel", field], ProblemCode::Invalid, message)
        };
        let of = [("windowDays", self.window_days), ("lastsDays", self.lasts_days)];
        of.into_iter().filter(|(_, days)| !allowed.contains(days)).map(|(field, _)| wrong(field)).collect()
    }
}

/// An alert, as far as the level goes by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertSummary {
    /// How severe it is now.
    pub severity: Severity,
    /// Where it stands: dismissed and resolved ones do not count.
    pub status: AlertStatus,
    /// When it was raised; after a reset by hand, when something new was added to it.
    pub at: Micros,
}

/// An insight, as far as a reset remembers it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SeenInsight {
    /// Its day.
    pub day: Day,
    /// Its indicator.
    pub indicator: String,
    /// Its count.
    pub count: u64,
}

/// A level that was taken away by hand: what there was then counts no more, until something new matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RiskReset {
    /// When.
    pub at: Micros,
    /// The insights that there were.
    pub seen: Vec<SeenInsight>,
}

impl RiskReset {
    /// Whether an insight is new: it was not there, or has grown since.
    pub fn is_new(&self, day: Day, indicator: &str, count: u64) -> bool {
        let was = |seen: &&SeenInsight| seen.day == day && seen.indicator == indicator;
        self.seen.iter().filter(was).all(|seen| seen.count < count)
    }

    /// From when on an alert counts that holds these insights: since it was raised, or where that was before the reset, since
    /// something new was added to it. None where nothing was.
    pub fn counts_from<'a>(
        &self,
        raised_at: Micros,
        insights: impl IntoIterator<Item = (Day, &'a str, u64)>,
    ) -> Option<Micros> {
        if raised_at > self.at {
            return Some(raised_at);
        }
        let new = insights.into_iter().filter(|(day, indicator, count)| self.is_new(*day, indicator, *count));
        new.map(|(day, ..)| day.start().max(Micros(self.at.0 + 1))).max()
    }
}

/// A day's insight at high, as far as the level goes by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum HighInsight {
    /// Data left.
    Exfiltration,
    /// A sequence was completed.
    Sequence,
}

/// A level and how long it lasts unless something new extends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RiskStanding {
    /// The level.
    pub level: RiskLevel,
    /// When it falls; none where there is nothing to fall.
    pub until: Option<Micros>,
}

/// The standing at `now`. What happened at an instant is a match together with everything of the window before it; the
/// level of a match lasts its days, and the gravest that lasts is the subject's. Alerts that were dismissed or resolved
/// count for nothing, so triage resets what they gave. `insights` are instants of insights at high.
pub fn risk_level(
    alerts: &[AlertSummary],
    insights: &[(Micros, HighInsight)],
    timing: RiskTiming,
    now: Micros,
) -> RiskStanding {
    let counts = |alert: &&AlertSummary| matches!(alert.status, AlertStatus::NeedsReview | AlertStatus::Confirmed);
    let alerts: Vec<&AlertSummary> = alerts.iter().filter(counts).collect();
    let lasting = |at: Micros| now.plus_days(-timing.lasts_days) < at && at <= now;
    let instants = alerts.iter().map(|alert| alert.at).chain(insights.iter().map(|(at, _)| *at));
    let mut standing = RiskStanding::default();
    for at in instants.filter(|at| lasting(*at)) {
        let level = matched(&alerts, insights, timing, at);
        let until = Some(at.plus_days(timing.lasts_days));
        if (level, until) > (standing.level, standing.until) && level > RiskLevel::None {
            standing = RiskStanding { level, until };
        }
    }
    standing
}

/// What happened at that instant and in the window before it gives.
fn matched(alerts: &[&AlertSummary], insights: &[(Micros, HighInsight)], timing: RiskTiming, at: Micros) -> RiskLevel {
    let within = |then: Micros| at.plus_days(-timing.window_days) < then && then <= at;
    let by_alert = alerts.iter().filter(|alert| within(alert.at)).map(|alert| match alert.severity {
        Severity::High => RiskLevel::Elevated,
        Severity::Medium => RiskLevel::Moderate,
        Severity::Low => RiskLevel::Minor,
    });
    let count = |kind| insights.iter().filter(|(then, of)| *of == kind && within(*then)).count();
    let by_insight = match (count(HighInsight::Sequence), count(HighInsight::Exfiltration)) {
        (3.., _) => RiskLevel::Elevated,
        (_, 2..) => RiskLevel::Moderate,
        (_, 1) => RiskLevel::Minor,
        _ => RiskLevel::None,
    };
    by_alert.max().unwrap_or_default().max(by_insight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertStatus::{Confirmed, Dismissed, NeedsReview, Resolved};
    use HighInsight::{Exfiltration, Sequence};
    use proptest::prelude::*;

    const NOW: Micros = Micros(100 * crate::time::DAY);

    fn alert(severity: Severity, status: AlertStatus, days_ago: i32) -> AlertSummary {
        AlertSummary { severity, status, at: NOW.plus_days(-days_ago) }
    }

    fn level(alerts: &[AlertSummary], insights: &[(i32, HighInsight)]) -> (RiskLevel, Option<i32>) {
        level_with(RiskTiming::default(), alerts, insights)
    }

    fn level_with(
        timing: RiskTiming,
        alerts: &[AlertSummary],
        insights: &[(i32, HighInsight)],
    ) -> (RiskLevel, Option<i32>) {
        let insights: Vec<_> = insights.iter().map(|(ago, kind)| (NOW.plus_days(-ago), *kind)).collect();
        let standing = risk_level(alerts, &insights, timing, NOW);
        (standing.level, standing.until.map(|until| until.day().0 - NOW.day().0))
    }

    #[test]
    fn the_gravest_alert_decides_for_seven_days() {
        let alerts = [alert(Severity::Low, NeedsReview, 1), alert(Severity::High, Confirmed, 6)];
        assert_eq!(level(&alerts, &[]), (RiskLevel::Elevated, Some(6)), "the low one finds the high one in its window");
        assert_eq!(level(&alerts[1..], &[]), (RiskLevel::Elevated, Some(1)));
        assert_eq!(level(&alerts[..1], &[]), (RiskLevel::Minor, Some(6)));
        assert_eq!(level(&[alert(Severity::Medium, NeedsReview, 0)], &[]), (RiskLevel::Moderate, Some(7)));
        assert_eq!(level(&[], &[]), (RiskLevel::None, None));
    }

    #[test]
    fn what_is_settled_old_or_to_come_does_not_count() {
        let alerts = [
            alert(Severity::High, Dismissed, 1),
            alert(Severity::High, Resolved, 1),
            alert(Severity::High, NeedsReview, 7),
            alert(Severity::High, NeedsReview, -1),
        ];
        assert_eq!(level(&alerts, &[(7, Exfiltration), (-1, Exfiltration)]), (RiskLevel::None, None));
    }

    #[test]
    fn insights_at_high_count_without_an_alert() {
        assert_eq!(level(&[], &[(0, Exfiltration)]), (RiskLevel::Minor, Some(7)));
        assert_eq!(level(&[], &[(0, Exfiltration), (3, Exfiltration)]), (RiskLevel::Moderate, Some(7)));
        assert_eq!(level(&[], &[(0, Sequence), (1, Sequence)]), (RiskLevel::None, None));
        assert_eq!(level(&[], &[(0, Sequence), (1, Sequence), (6, Sequence)]), (RiskLevel::Elevated, Some(7)));
    }

    #[test]
    fn a_level_lasts_from_its_last_match_on() {
        // The first of the two is older than the window now; the match was when the second came.
        assert_eq!(level(&[], &[(2, Exfiltration), (8, Exfiltration)]), (RiskLevel::Moderate, Some(5)));
        assert_eq!(level(&[], &[(2, Exfiltration), (9, Exfiltration)]), (RiskLevel::Minor, Some(5)));
        let alerts = [alert(Severity::Medium, NeedsReview, 5)];
        assert_eq!(level(&alerts, &[(1, Exfiltration)]), (RiskLevel::Moderate, Some(6)), "extended by a new match");
    }

    #[test]
    fn the_window_and_how_long_a_level_lasts_are_set_apart() {
        let timing = |window_days, lasts_days| RiskTiming { window_days, lasts_days };
        let insights = [(2, Exfiltration), (11, Exfiltration)];
        assert_eq!(level_with(timing(7, 7), &[], &insights), (RiskLevel::Minor, Some(5)));
        assert_eq!(level_with(timing(10, 7), &[], &insights), (RiskLevel::Moderate, Some(5)));
        assert_eq!(level_with(timing(10, 30), &[], &insights), (RiskLevel::Moderate, Some(28)));
        assert_eq!(level_with(timing(30, 5), &[], &[(6, Exfiltration)]), (RiskLevel::None, None));
        assert_eq!(level_with(timing(5, 6), &[], &[(5, Exfiltration)]), (RiskLevel::Minor, Some(1)));
    }

    #[test]
    fn either_is_5_to_30_days() {
        let wrong = |window_days, lasts_days| -> Vec<String> {
            let problems = RiskTiming { window_days, lasts_days }.problems();
            problems.into_iter().map(|problem| problem.field.join(".")).collect()
        };
        assert_eq!(wrong(5, 30), [""; 0]);
        assert_eq!(wrong(4, 7), ["input.riskLevel.windowDays"]);
        assert_eq!(wrong(31, 0), ["input.riskLevel.windowDays", "input.riskLevel.lastsDays"]);
    }

    #[test]
    fn what_was_there_at_a_reset_counts_when_it_has_grown_and_an_alert_with_it() {
        let day = NOW.day().plus(-1);
        let seen = vec![SeenInsight { day, indicator: "FILE_COPIED_TO_USB".into(), count: 30 }];
        let reset = RiskReset { at: NOW, seen };
        assert!(!reset.is_new(day, "FILE_COPIED_TO_USB", 30));
        assert!(reset.is_new(day, "FILE_COPIED_TO_USB", 31));
        assert!(reset.is_new(day, "FILE_PRINTED", 1) && reset.is_new(day.plus(1), "FILE_COPIED_TO_USB", 1));
        let from = |raised_at, count| reset.counts_from(raised_at, [(day, "FILE_COPIED_TO_USB", count)]);
        assert_eq!(from(Micros(NOW.0 + 5), 30), Some(Micros(NOW.0 + 5)));
        assert_eq!(from(NOW, 30), None);
        assert_eq!(from(NOW, 31), Some(Micros(NOW.0 + 1)));
        let later = reset.counts_from(NOW, [(day.plus(3), "FILE_PRINTED", 1), (day, "FILE_PRINTED", 1)]);
        assert_eq!(later, Some(day.plus(3).start()));
    }

    proptest! {
        #[test]
        fn longer_timing_never_lowers_a_level(
            days in prop::collection::vec((0..40i32, 0..5usize), 0..12),
            (window, more_window) in (5..=30i32, 0..10i32),
            (lasts, more_lasts) in (5..=30i32, 0..10i32),
        ) {
            let severities = [Severity::Low, Severity::Medium, Severity::High];
            let alerts: Vec<_> = days.iter().filter(|(_, kind)| *kind < 3)
                .map(|(ago, kind)| alert(severities[*kind], NeedsReview, *ago)).collect();
            let insights: Vec<_> = days.iter().filter(|(_, kind)| *kind >= 3)
                .map(|(ago, kind)| (*ago, if *kind == 3 { Exfiltration } else { Sequence })).collect();
            let read = |window_days, lasts_days| level_with(RiskTiming { window_days, lasts_days }, &alerts, &insights);
            prop_assert!(read(window, lasts) <= read(window + more_window, lasts + more_lasts));
        }

        #[test]
        fn more_evidence_never_lowers_a_level_and_order_does_not_matter(
            days in prop::collection::vec((0..20i32, 0..5usize), 0..12),
            more in (0..20i32, 0..5usize),
        ) {
            let read = |days: &[(i32, usize)]| {
                let severities = [Severity::Low, Severity::Medium, Severity::High];
                let alerts: Vec<_> = days.iter().filter(|(_, kind)| *kind < 3)
                    .map(|(ago, kind)| alert(severities[*kind], NeedsReview, *ago)).collect();
                let insights: Vec<_> = days.iter().filter(|(_, kind)| *kind >= 3)
                    .map(|(ago, kind)| (*ago, if *kind == 3 { Exfiltration } else { Sequence })).collect();
                level(&alerts, &insights)
            };
            let before = read(&days);
            let reversed: Vec<_> = days.iter().rev().copied().collect();
            prop_assert_eq!(read(&reversed), before);
            let with: Vec<_> = days.iter().copied().chain([more]).collect();
            prop_assert!(read(&with) >= before);
        }
    }
}
