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
        /// A low alert, or a day of high exfiltration.
        Minor = "MINOR",
        /// A medium alert, or two days of high exfiltration.
        Moderate = "MODERATE",
        /// A high alert.
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

/// The level at `now`: of the subject's alerts within the window that are open or confirmed, and of the instants of its
/// exfiltration insights at high, whichever gives more.
pub fn risk_level(alerts: &[AlertSummary], high_exfiltration: &[Micros], now: Micros) -> RiskLevel {
    let from = now.plus_days(-limits::RISK_LEVEL_DAYS);
    let recent = |at: Micros| from < at && at <= now;
    let counts = |status| matches!(status, AlertStatus::NeedsReview | AlertStatus::Confirmed);
    let by_alert = alerts
        .iter()
        .filter(|alert| counts(alert.status) && recent(alert.at))
        .map(|alert| match alert.severity {
            Severity::High => RiskLevel::Elevated,
            Severity::Medium => RiskLevel::Moderate,
            Severity::Low => RiskLevel::Minor,
        })
        .max()
        .unwrap_or_default();
    let by_insight = match high_exfiltration.iter().filter(|at| recent(**at)).count() {
        0 => RiskLevel::None,
        1 => RiskLevel::Minor,
        _ => RiskLevel::Moderate,
    };
    by_alert.max(by_insight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertStatus::{Confirmed, Dismissed, NeedsReview, Resolved};

    const NOW: Micros = Micros(100 * crate::time::DAY);

    fn alert(severity: Severity, status: AlertStatus, days_ago: i32) -> AlertSummary {
        AlertSummary { severity, status, at: NOW.plus_days(-days_ago) }
    }

    #[test]
    fn the_gravest_alert_decides() {
        let alerts = [alert(Severity::Low, NeedsReview, 1), alert(Severity::High, Confirmed, 6)];
        assert_eq!(risk_level(&alerts, &[], NOW), RiskLevel::Elevated);
        assert_eq!(risk_level(&alerts[..1], &[], NOW), RiskLevel::Minor);
        assert_eq!(risk_level(&[alert(Severity::Medium, NeedsReview, 0)], &[], NOW), RiskLevel::Moderate);
        assert_eq!(risk_level(&[], &[], NOW), RiskLevel::None);
    }

    #[test]
    fn what_is_settled_old_or_to_come_does_not_count() {
        let alerts = [
            alert(Severity::High, Dismissed, 1),
            alert(Severity::High, Resolved, 1),
            alert(Severity::High, NeedsReview, 7),
            alert(Severity::High, NeedsReview, -1),
        ];
        assert_eq!(risk_level(&alerts, &[NOW.plus_days(-7), NOW.plus_days(1)], NOW), RiskLevel::None);
    }

    #[test]
    fn days_of_high_exfiltration_count_without_an_alert() {
        assert_eq!(risk_level(&[], &[NOW], NOW), RiskLevel::Minor);
        assert_eq!(risk_level(&[], &[NOW, NOW.plus_days(-3)], NOW), RiskLevel::Moderate);
    }
}
