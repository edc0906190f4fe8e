//! How long an alert may wait for its review, by severity (domain, section 5).
//! Never: a due time that moves because the targets were edited later.

use super::Severity;
use crate::{
    limits,
    problem::{Problem, ProblemCode},
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// Hours within which an alert of each severity is to be reviewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertTargets {
    /// Of severity HIGH.
    pub high_hours: i32,
    /// Of severity MEDIUM; not less than `high_hours`.
    pub medium_hours: i32,
    /// Of severity LOW; not less than `medium_hours`.
    pub low_hours: i32,
}

impl Default for AlertTargets {
    fn default() -> Self {
        Self {
            high_hours: limits::REVIEW_HIGH_HOURS,
            medium_hours: limits::REVIEW_MEDIUM_HOURS,
            low_hours: limits::REVIEW_LOW_HOURS,
        }
    }
}

impl AlertTargets {
    /// When an alert should have been reviewed. It counts from the first time it was raised, at its present severity.
    pub fn due_at(&self, raised_at: Micros, severity: Severity) -> Micros {
        raised_at.plus_hours(match severity {
            Severity::High => self.high_hours,
            Severity::Medium => self.medium_hours,
            Severity::Low => self.low_hours,
        })
    }

    /// What is wrong with them, each at its place below `input`.
    pub fn problems(&self) -> Vec<Problem> {
        let allowed = limits::REVIEW_HOURS_RANGE;
        let wrong = |field: &str, message: String| {
            Problem::new(&["input", "alertTargets", field], ProblemCode::Invalid, message)
        };
        let each = [("highHours", self.high_hours), ("mediumHours", self.medium_hours), ("lowHours", self.low_hours)];
        let mut problems: Vec<Problem> = each
            .into_iter()
            .filter(|(_, hours)| !allowed.contains(hours))
            .map(|(field, _)| wrong(field, format!("{} to {} hours.", allowed.start(), allowed.end())))
            .collect();
        for ((_, graver), (field, lighter)) in each.into_iter().zip(each.into_iter().skip(1)) {
            if lighter < graver {
                problems.push(wrong(field, "What is less severe does not have less time.".to_owned()));
            }
        }
        problems
    }

    /// What other targets change, a sentence each.
    pub fn changes(&self, after: &Self) -> Vec<String> {
        [
            ("high", self.high_hours, after.high_hours),
            ("medium", self.medium_hours, after.medium_hours),
            ("low", self.low_hours, after.low_hours),
        ]
        .into_iter()
        .filter(|(_, was, is)| was != is)
        .map(|(severity, was, is)| {
            format!("Time to review an alert of {severity} severity changed from {was} to {is} hours.")
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_rise_from_high_to_low_and_stay_within_their_range() {
        let wrong = |high_hours, medium_hours, low_hours| -> Vec<String> {
            let problems = AlertTargets { high_hours, medium_hours, low_hours }.problems();
            problems.into_iter().map(|problem| problem.field.join(".")).collect()
        };
        assert_eq!(wrong(24, 72, 168), [""; 0]);
        assert_eq!(wrong(8, 8, 8), [""; 0]);
        assert_eq!(wrong(0, 72, 168), ["input.alertTargets.highHours"]);
        assert_eq!(wrong(24, 12, 168), ["input.alertTargets.mediumHours"]);
        assert_eq!(wrong(24, 72, 9_000), ["input.alertTargets.lowHours"]);
    }

    #[test]
    fn each_change_is_a_sentence() {
        let after = AlertTargets { low_hours: 100, ..AlertTargets::default() };
        assert_eq!(
            AlertTargets::default().changes(&after),
            ["Time to review an alert of low severity changed from 168 to 100 hours."]
        );
    }
}
