//! Retention (domain, section 10): what goes at an instant, given its age, how it stands, and whether it is held.
//! Never: anything of a subject while one of their cases is on legal hold; a reader or a writer of rows.

use crate::{
    case::CaseStatus,
    limits,
    problem::{Problem, ProblemCode},
    time::{Day, Micros},
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How long things are kept, in days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Alerts that need review, since they last changed; dismissed ones, since they were dismissed.
    pub needs_review_alert_days: i32,
    /// Resolved cases with their alerts, since they were resolved.
    pub resolved_case_days: i32,
    /// Events and what is counted of them, since they happened.
    pub event_days: i32,
    /// Entries of the audit log.
    pub audit_days: i32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            needs_review_alert_days: limits::RETENTION_ALERT_DAYS,
            resolved_case_days: limits::RETENTION_CASE_DAYS,
            event_days: limits::RETENTION_EVENT_DAYS,
            audit_days: limits::RETENTION_AUDIT_DAYS,
        }
    }
}

/// Something that may have to go. Times are instants; `held`: one of the subject's cases is on legal hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// An alert that needs review or was dismissed, and when it last changed.
    Alert {
        /// When it last changed.
        changed_at: Micros,
        /// Whether it is in a case: then it goes with the case.
        in_case: bool,
    },
    /// A case, its alerts and its notes.
    Case {
        /// How it stands.
        status: CaseStatus,
        /// When it was resolved.
        resolved_at: Option<Micros>,
    },
    /// All events of one day, and what is counted of them.
    EventsOf(Day),
    /// A report of what one subject did.
    Report {
        /// When it was made.
        created_at: Micros,
    },
    /// A cause of scoring: it is needed as long as it says that somebody is about to leave.
    Trigger {
        /// When it happened.
        occurred_at: Micros,
        /// Until when it lasts.
        lasts_until: Option<Micros>,
    },
}

impl Retention {
    /// Whether it goes at `now`.
    pub fn goes(&self, kept: Kept, held: bool, now: Micros) -> bool {
        if held {
            return false;
        }
        match kept {
            Kept::Alert { in_case: true, .. } => false,
            Kept::Alert { changed_at, in_case: false } => changed_at < self.alerts_before(now),
            Kept::Case { status, resolved_at } => {
                status == CaseStatus::Closed && resolved_at.is_some_and(|at| at < self.cases_before(now))
            }
            Kept::EventsOf(day) => day < self.events_before(now),
            Kept::Report { created_at } => created_at < Self::reports_before(now),
            Kept::Trigger { occurred_at, lasts_until } => {
                lasts_until.unwrap_or(occurred_at).max(occurred_at) < self.events_before(now).start()
            }
        }
    }

    /// Alerts go that changed last before this instant.
    pub fn alerts_before(&self, now: Micros) -> Micros {
        now.plus_days(-self.needs_review_alert_days)
    }

    /// Cases go that were resolved before this instant.
    pub fn cases_before(&self, now: Micros) -> Micros {
        now.plus_days(-self.resolved_case_days)
    }

    /// Reports go that were made before this instant.
    pub fn reports_before(now: Micros) -> Micros {
        now.plus_days(-limits::RETENTION_REPORT_DAYS)
    }

    /// Events of the days before this one go. Whole days (UTC), so that a day's counts and its events go together.
    pub fn events_before(&self, now: Micros) -> Day {
        now.day().plus(-self.event_days)
    }

    fn parts(&self) -> [(&'static str, &'static str, i32, RangeInclusive<i32>); 4] {
        [
            (
                "needsReviewAlertDays",
                "Alerts that need review are kept",
                self.needs_review_alert_days,
                limits::RETENTION_DAYS_RANGE,
            ),
            ("resolvedCaseDays", "Resolved cases are kept", self.resolved_case_days, limits::RETENTION_DAYS_RANGE),
            ("eventDays", "Events are kept", self.event_days, limits::RETENTION_DAYS_RANGE),
            ("auditDays", "The audit log is kept", self.audit_days, limits::RETENTION_AUDIT_DAYS_RANGE),
        ]
    }

    /// What is wrong with it, each at its place below `input`.
    pub fn problems(&self) -> Vec<Problem> {
        let wrong = |(field, _, days, allowed): (&str, &str, i32, RangeInclusive<i32>)| {
            let message = format!("{} to {} days.", allowed.start(), allowed.end());
            (!allowed.contains(&days))
                .then(|| Problem::new(&["input", "retention", field], ProblemCode::Invalid, message))
        };
        self.parts().into_iter().filter_map(wrong).collect()
    }

    /// What other periods change, a sentence each.
    pub fn changes(&self, after: &Self) -> Vec<String> {
        let both = self.parts().into_iter().zip(after.parts());
        both.filter(|(was, is)| was.2 != is.2)
            .map(|((_, name, was, _), (_, _, is, _))| format!("{name} for {is} days, no longer {was}."))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;
    use proptest::prelude::*;

    const NOW: Micros = Micros(20_635 * DAY + DAY / 2);

    fn kept() -> impl Strategy<Value = Kept> {
        let at = || (-1_000i64..100).prop_map(|days| Micros(NOW.0 + days * DAY + 7));
        prop_oneof![
            (at(), any::<bool>()).prop_map(|(changed_at, in_case)| Kept::Alert { changed_at, in_case }),
            (prop::sample::select(CaseStatus::ALL), prop::option::of(at()))
                .prop_map(|(status, resolved_at)| Kept::Case { status, resolved_at }),
            (-1_000i32..100).prop_map(|days| Kept::EventsOf(NOW.day().plus(days))),
            at().prop_map(|created_at| Kept::Report { created_at }),
            (at(), prop::option::of(at()))
                .prop_map(|(occurred_at, lasts_until)| Kept::Trigger { occurred_at, lasts_until }),
        ]
    }

    fn retention() -> impl Strategy<Value = Retention> {
        (30..400i32, 30..400i32, 30..400i32).prop_map(|(needs_review_alert_days, resolved_case_days, event_days)| {
            Retention { needs_review_alert_days, resolved_case_days, event_days, ..Retention::default() }
        })
    }

    proptest! {
        #[test]
        fn a_hold_keeps_everything_at_any_time(of in retention(), kept in kept(), days in 0i32..100_000) {
            prop_assert!(!of.goes(kept, true, NOW.plus_days(days)));
        }

        #[test]
        fn what_is_gone_stays_gone_and_a_longer_period_takes_nothing_more(
            of in retention(), kept in kept(), later in 0i32..500, longer in 0i32..500,
        ) {
            if of.goes(kept, false, NOW) {
                prop_assert!(of.goes(kept, false, NOW.plus_days(later)));
            } else {
                let of = Retention {
                    needs_review_alert_days: of.needs_review_alert_days + longer,
                    resolved_case_days: of.resolved_case_days + longer,
                    event_days: of.event_days + longer,
                    ..of
                };
                prop_assert!(!of.goes(kept, false, NOW));
            }
        }

        #[test]
        fn what_is_worked_on_or_in_a_case_stays_and_all_else_goes_in_the_end(of in retention(), kept in kept()) {
            let stays = match kept {
                Kept::Alert { in_case, .. } => in_case,
                Kept::Case { status, resolved_at } => status == CaseStatus::Active || resolved_at.is_none(),
                Kept::EventsOf(_) | Kept::Report { .. } | Kept::Trigger { .. } => false,
            };
            prop_assert_eq!(of.goes(kept, false, NOW.plus_days(2_000)), !stays);
        }

        #[test]
        fn nothing_goes_before_its_period_is_over(of in retention(), age in 0i32..400) {
            let at = NOW.plus_days(-age);
            let alert = Kept::Alert { changed_at: at, in_case: false };
            prop_assert_eq!(of.goes(alert, false, NOW), age > of.needs_review_alert_days);
            let case = Kept::Case { status: CaseStatus::Closed, resolved_at: Some(at) };
            prop_assert_eq!(of.goes(case, false, NOW), age > of.resolved_case_days);
            prop_assert_eq!(of.goes(Kept::EventsOf(at.day()), false, NOW), age > of.event_days);
            let report = Kept::Report { created_at: at };
            prop_assert_eq!(of.goes(report, false, NOW), age > limits::RETENTION_REPORT_DAYS);
        }
    }

    #[test]
    fn a_cause_is_kept_until_the_person_has_left() {
        let of = Retention::default();
        let told = |days: i32, until: i32| Kept::Trigger {
            occurred_at: NOW.plus_days(-days),
            lasts_until: Some(NOW.plus_days(until)),
        };
        assert!(!of.goes(told(300, 20), false, NOW));
        assert!(!of.goes(told(300, -180), false, NOW));
        assert!(of.goes(told(300, -182), false, NOW));
        assert!(!of.goes(told(10, -300), false, NOW), "an end before the beginning changes nothing");
    }

    #[test]
    fn periods_stay_within_their_range_and_each_change_is_a_sentence() {
        let of = Retention { event_days: 5, audit_days: 179, ..Retention::default() };
        let wrong: Vec<String> = of.problems().into_iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(wrong, ["input.retention.eventDays", "input.retention.auditDays"]);
        assert_eq!(Retention::default().problems(), []);
        let after = Retention { resolved_case_days: 200, ..Retention::default() };
        assert_eq!(Retention::default().changes(&after), ["Resolved cases are kept for 200 days, no longer 120."]);
    }
}
