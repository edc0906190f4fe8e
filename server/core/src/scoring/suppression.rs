//! Suppression: for a time, events of an indicator do not count for a subject. While it holds they are left out of what the
//! scorer reads, as if they had not happened; afterwards they are there again.
//! Never: a suppression without an end, or one that changes what is stored: which hold is asked for the clock of the score.

use super::reading::DaySigns;
use crate::{
    indicator, limits,
    problem::{Problem, ProblemCode},
    time::Micros,
};
use std::collections::BTreeSet;

/// That an indicator does not count for a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suppression {
    /// The code of the indicator, or of a variant.
    pub indicator: String,
    /// From this instant,
    pub from: Micros,
    /// to this one (exclusive).
    pub until: Micros,
}

impl Suppression {
    /// Whether it holds.
    pub fn holds_at(&self, at: Micros) -> bool {
        self.from <= at && at < self.until
    }
}

/// When the next of these begins or ends after an instant: the subject is scored again then.
pub fn next_change(all: &[Suppression], after: Micros) -> Option<Micros> {
    bounds(all).filter(|at| *at > after).min()
}

/// Whether one of these began or ended after one instant and up to another.
pub fn changed(all: &[Suppression], after: Micros, until: Micros) -> bool {
    bounds(all).any(|at| after < at && at <= until)
}

fn bounds(all: &[Suppression]) -> impl Iterator<Item = Micros> {
    all.iter().filter(|one| one.from < one.until).flat_map(|one| [one.from, one.until])
}

/// Takes out of the days what does not count at an instant. Hours, machines and destinations stay: they are of the whole day,
/// whatever was done.
pub fn leave_out(days: &mut Vec<DaySigns>, all: &[Suppression], at: Micros) {
    let codes: BTreeSet<&str> = all.iter().filter(|one| one.holds_at(at)).map(|one| one.indicator.as_str()).collect();
    if codes.is_empty() {
        return;
    }
    // A variant goes with what it narrows.
    let goes = |code: &str| codes.contains(code) || codes.contains(indicator::split(code).0);
    for day in days.iter_mut() {
        day.counts.retain(|code, _| !goes(code));
        day.objects.retain(|event| !goes(event.indicator));
    }
    days.retain(|day| *day != DaySigns::new(day.day));
}

/// What is wrong with an order to suppress at `now`. `enabled` are the codes that policies may select.
pub fn check(code: &str, until: Micros, enabled: &BTreeSet<String>, now: Micros) -> Vec<Problem> {
    let mut problems = Vec::new();
    let field = ["input", "indicator"];
    if !enabled.contains(code) {
        let message = "No indicator of that code is enabled. `indicators(enabled: true)` lists those that are.";
        problems.push(Problem::new(&field, ProblemCode::NotEnabled, message));
    } else if !indicator::find(code).is_some_and(indicator::Indicator::is_delivered) {
        let message = "It is computed from habits, not from events of its own: there is nothing to leave out.";
        problems.push(Problem::new(&field, ProblemCode::NotAllowed, message));
    }
    let field = ["input", "until"];
    if until <= now {
        problems.push(Problem::new(&field, ProblemCode::Invalid, "That is over already."));
    } else if until > now.plus_days(limits::SUPPRESSION_DAYS) {
        let message =
            format!("At most {} days from now: what should never count is an exclusion.", limits::SUPPRESSION_DAYS);
        problems.push(Problem::new(&field, ProblemCode::LimitExceeded, message));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scoring::{
            input::DayCount,
            reading::{ObjectEvent, ObjectKey},
        },
        time::{DAY, Day},
    };
    use proptest::prelude::*;

    const CODES: &[&str] = &[
        "FILE_DOWNLOADED",
        "FILE_DOWNLOADED#PLANS",
        "FILE_DOWNLOADED!UNALLOWED_DOMAIN",
        "FILE_COPIED_TO_USB",
        "@HOUR!9",
    ];

    fn suppression(code: &str, from: i64, until: i64) -> Suppression {
        Suppression { indicator: code.to_owned(), from: Micros(from * DAY), until: Micros(until * DAY) }
    }

    fn counts() -> impl Strategy<Value = Vec<DayCount>> {
        let one = (0i32..6, prop::sample::select(CODES), 1u64..50);
        let count =
            |(day, code, count): (i32, &str, u64)| DayCount { day: Day(day), indicator: code.to_owned(), count };
        prop::collection::vec(one.prop_map(count), 0..20)
    }

    fn objects() -> impl Strategy<Value = Vec<ObjectEvent>> {
        let one = (0i64..6, prop::sample::select(&["FILE_DOWNLOADED", "FILE_COPIED_TO_USB"][..]), any::<u8>());
        let event = |(day, indicator, object): (i64, &'static str, u8)| ObjectEvent {
            at: Micros(day * DAY),
            indicator,
            object: ObjectKey(u128::from(object)),
            previous: None,
        };
        prop::collection::vec(one.prop_map(event), 0..20)
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_as_if_it_had_not_happened(counts in counts(), objects in objects()) {
            let mut left = DaySigns::of(&counts, &objects);
            leave_out(&mut left, &[suppression("FILE_DOWNLOADED", 0, 9)], Micros(5 * DAY));
            let others: Vec<DayCount> = counts.into_iter().filter(|one| !one.indicator.starts_with("FILE_DOWNLOADED")).collect();
            let on_others: Vec<ObjectEvent> = objects.into_iter().filter(|one| one.indicator != "FILE_DOWNLOADED").collect();
            prop_assert_eq!(left, DaySigns::of(&others, &on_others));
        }

        #[test]
        fn nothing_is_left_out_before_it_begins_and_from_its_end_on(counts in counts(), objects in objects(), at in 0i64..20) {
            let all = [suppression("FILE_DOWNLOADED", 5, 9)];
            let whole = DaySigns::of(&counts, &objects);
            let mut left = whole.clone();
            leave_out(&mut left, &all, Micros(at * DAY));
            prop_assert!((5..9).contains(&at) || left == whole);
        }

        #[test]
        fn their_order_does_not_matter_and_a_change_is_never_missed(
            bounds in prop::collection::vec((0i64..20, 0i64..20), 0..6), counts in counts(), at in 0i64..20,
        ) {
            let of = |(at, (from, until)): (usize, &(i64, i64))| suppression(CODES[at % 4], *from, *until);
            let all: Vec<Suppression> = bounds.iter().enumerate().map(of).collect();
            let turned: Vec<Suppression> = all.iter().rev().cloned().collect();
            let left = |all: &[Suppression], at: i64| {
                let mut days = DaySigns::of(&counts, &[]);
                leave_out(&mut days, all, Micros(at * DAY));
                days
            };
            prop_assert_eq!(left(&all, at), left(&turned, at));
            // Until the next change the days stay as they are.
            let next = next_change(&all, Micros(at * DAY)).map_or(25, |next| next.0 / DAY);
            for later in at..next {
                prop_assert_eq!(left(&all, at), left(&all, later));
                prop_assert!(!changed(&all, Micros(at * DAY), Micros(later * DAY)));
            }
        }
    }

    #[test]
    fn a_variant_alone_leaves_what_it_narrows() {
        let count = |code: &str| DayCount { day: Day(1), indicator: code.to_owned(), count: 3 };
        let mut days = DaySigns::of(&[count("FILE_DOWNLOADED"), count("FILE_DOWNLOADED#PLANS")], &[]);
        leave_out(&mut days, &[suppression("FILE_DOWNLOADED#PLANS", 0, 9)], Micros(DAY));
        assert_eq!(days, DaySigns::of(&[count("FILE_DOWNLOADED")], &[]));
    }

    #[test]
    fn an_order_names_an_enabled_indicator_and_an_end_within_90_days() {
        let enabled: BTreeSet<String> = ["FILE_DOWNLOADED".to_owned(), "OFF_HOURS".to_owned()].into();
        let now = Micros(100 * DAY);
        let code = |code: &str, until: i64| -> Vec<ProblemCode> {
            check(code, Micros(until * DAY), &enabled, now).into_iter().map(|problem| problem.code).collect()
        };
        assert_eq!(code("FILE_DOWNLOADED", 190), []);
        assert_eq!(code("FILE_DOWNLOADED", 191), [ProblemCode::LimitExceeded]);
        assert_eq!(code("FILE_DOWNLOADED", 100), [ProblemCode::Invalid]);
        assert_eq!(code("OFF_HOURS", 101), [ProblemCode::NotAllowed]);
        assert_eq!(code("FILE_PRINTED", 99), [ProblemCode::NotEnabled, ProblemCode::Invalid]);
    }
}
