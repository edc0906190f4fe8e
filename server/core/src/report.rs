//! Reports of what one subject did in a period (domain, section 6): which periods there may be, and what of one belongs to a
//! case that stands apart.
//! Never: a period that is not over or has no end; an event beyond the insights of a case that stands apart.

use crate::{
    limits,
    problem::{Problem, ProblemCode},
    scoring::Beneath,
    time::{Day, Micros},
};
use std::collections::{BTreeMap, BTreeSet};

/// When a report goes that was made at that instant.
pub fn expires_at(created_at: Micros) -> Micros {
    created_at.plus_days(limits::RETENTION_REPORT_DAYS)
}

/// What is wrong with a period from one day to another, both included, each at its place below `input`.
pub fn problems(from: Day, to: Day, today: Day) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, code, message: String| problems.push(Problem::new(&["input", field], code, message));
    if to > today {
        wrong("to", ProblemCode::Invalid, "The period ends today at the latest.".to_owned());
    }
    if from > to {
        wrong("from", ProblemCode::Invalid, "The period ends before it begins.".to_owned());
    } else if to.since(from) >= limits::REPORT_DAYS {
        let message = format!("At most {} days.", limits::REPORT_DAYS);
        wrong("from", ProblemCode::LimitExceeded, message);
    }
    problems
}

/// Events of some days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Events {
    /// Codes of their indicators; empty for all.
    pub indicators: Vec<String>,
    /// Of these only what counted for that variant.
    pub variant: Option<String>,
}

/// The days of a period on which events lie beneath insights, by which events of the day do.
pub fn beneath(insights: impl IntoIterator<Item = Beneath>, from: Day, to: Day) -> BTreeMap<Events, BTreeSet<Day>> {
    let mut found: BTreeMap<Events, BTreeSet<Day>> = BTreeMap::new();
    for Beneath { indicators, variant, first, last } in insights {
        let days = (first.max(from).0..=last.min(to).0).map(Day);
        if days.clone().next().is_some() {
            found.entry(Events { indicators, variant }).or_default().extend(days);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::InsightKind;
    use proptest::prelude::*;

    const TODAY: Day = Day(20_635);

    fn wrong(from: i32, to: i32) -> Vec<(String, ProblemCode)> {
        let found = problems(TODAY.plus(from), TODAY.plus(to), TODAY);
        found.into_iter().map(|problem| (problem.field.join("."), problem.code)).collect()
    }

    #[test]
    fn a_period_has_up_to_ninety_days_and_ends_today_at_the_latest() {
        assert_eq!((wrong(-89, 0), wrong(0, 0), wrong(-900, -811)), (vec![], vec![], vec![]));
        assert_eq!(wrong(-90, 0), [("input.from".to_owned(), ProblemCode::LimitExceeded)]);
        assert_eq!(wrong(0, -1), [("input.from".to_owned(), ProblemCode::Invalid)]);
        assert_eq!(wrong(0, 1), [("input.to".to_owned(), ProblemCode::Invalid)]);
        assert_eq!(wrong(2, 1).len(), 2);
        assert_eq!(problems(Day(i32::MIN), Day(i32::MAX), TODAY).len(), 2);
    }

    #[test]
    fn of_a_case_that_stands_apart_a_report_has_what_its_insights_rest_on() {
        let insight = |kind, code: &str, day: i32| Beneath::of(kind, code, TODAY.plus(day));
        let insights = [
            insight(InsightKind::Indicator, "FILE_DOWNLOADED", -3),
            insight(InsightKind::Indicator, "FILE_DOWNLOADED", -5),
            insight(InsightKind::Indicator, "FILE_DOWNLOADED", -50),
            insight(InsightKind::Indicator, "FILE_UPLOADED_TO_WEB#VAULT", -3),
            insight(InsightKind::Indicator, "OFF_HOURS", -4),
            insight(InsightKind::CumulativeExfiltration, "CUMULATIVE_EXFILTRATION", 0),
        ];
        let found = beneath(insights, TODAY.plus(-9), TODAY.plus(-1));
        let days = |codes: &[&str], variant: Option<&str>| -> Vec<i32> {
            let indicators = codes.iter().map(|code| (*code).to_owned()).collect();
            let events = Events { indicators, variant: variant.map(str::to_owned) };
            found[&events].iter().map(|day| day.since(TODAY)).collect()
        };
        assert_eq!(days(&["FILE_DOWNLOADED"], None), [-5, -3]);
        assert_eq!(days(&["FILE_UPLOADED_TO_WEB"], Some("FILE_UPLOADED_TO_WEB#VAULT")), [-3]);
        assert_eq!(days(&[], None), [-4], "a habit is of the whole day");
        assert_eq!(found.len(), 4);
        let longest = found.values().map(BTreeSet::len).max();
        assert_eq!(longest, Some(9), "what left in 30 days, cut to the period");
    }

    proptest! {
        #[test]
        fn nothing_of_a_report_is_outside_of_its_period(ends in prop::collection::vec((-200i32..200, 0i32..30), 0..20), from in -100i32..100, days in 0i32..90) {
            let (from, to) = (Day(from), Day(from + days));
            let span = |(last, back): &(i32, i32)| Beneath { indicators: vec![], variant: None, first: Day(last - back), last: Day(*last) };
            let found = beneath(ends.iter().map(span), from, to);
            let expected: BTreeSet<Day> = (from.0..=to.0)
                .map(Day)
                .filter(|day| ends.iter().any(|(last, back)| (last - back..=*last).contains(&day.0)))
                .collect();
            prop_assert_eq!(found.into_values().next().unwrap_or_default(), expected);
        }
    }
}
