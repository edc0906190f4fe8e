//! How risky a subject is now (domain, section 11), for systems that act on it.
//! Never: a second score; it is read off alerts and insights.

use crate::{
    alert::{AlertStatus, Severity},
    limits,
    time::Micros,
    words::words,
};

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

/// An alert, as far as the level goes by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertSummary {
    /// How severe it is now.
    pub severity: Severity,
    /// Where it stands: dismissed and resolved ones do not count.
    pub status: AlertStatus,
    /// When it was raised or last updated.
    pub at: Micros,
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

/// The standing at `now`. What happened at an instant is a match together with everything of the 7 days before it; the
/// level of a match lasts 7 days, and the gravest that lasts is the subject's. Alerts that were dismissed or resolved
/// count for nothing, so triage resets what they gave. `insights` are instants of insights at high.
pub fn risk_level(alerts: &[AlertSummary], insights: &[(Micros, HighInsight)], now: Micros) -> RiskStanding {
    let counts = |alert: &&AlertSummary| matches!(alert.status, AlertStatus::NeedsReview | AlertStatus::Confirmed);
    let alerts: Vec<&AlertSummary> = alerts.iter().filter(counts).collect();
    let lasting = |at: Micros| now.plus_days(-limits::RISK_LEVEL_DAYS) < at && at <= now;
    let instants = alerts.iter().map(|alert| alert.at).chain(insights.iter().map(|(at, _)| *at));
    let mut standing = RiskStanding::default();
    for at in instants.filter(|at| lasting(*at)) {
        let level = matched(&alerts, insights, at);
        let until = Some(at.plus_days(limits::RISK_LEVEL_DAYS));
        if (level, until) > (standing.level, standing.until) && level > RiskLevel::None {
            standing = RiskStanding { level, until };
        }
    }
    standing
}

/// What happened at that instant and in the window before it gives.
fn matched(alerts: &[&AlertSummary], insights: &[(Micros, HighInsight)], at: Micros) -> RiskLevel {
    let within = |then: Micros| at.plus_days(-limits::RISK_WINDOW_DAYS) < then && then <= at;
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
        let insights: Vec<_> = insights.iter().map(|(ago, kind)| (NOW.plus_days(-ago), *kind)).collect();
        let standing = risk_level(alerts, &insights, NOW);
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

    proptest! {
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
