//! What counts as found, and what a budget buys.
//! Never: a detector.

use super::*;
use vizard_core::time::Micros;

fn label(account: &str, first: i32, last: i32) -> Label {
    let at = |day: i32| Micros(Day(day).start().0);
    Label { account: account.into(), scenario: "CHAIN".into(), first_act: at(first), last_act: at(last) }
}

fn raised(account: &str, day: i32) -> Raised {
    Raised { day: Day(day), account: account.into() }
}

fn judge(alerts: &[Raised], labels: &[Label]) -> Quality {
    Quality::of(alerts, labels, &BTreeSet::from(["look"]), &BTreeSet::from(["quiet"]), 2_000.0)
}

#[test]
fn a_case_is_found_from_its_first_act_to_two_weeks_after_its_last() {
    for (day, found) in [(9, 0), (10, 1), (12, 1), (26, 1), (27, 0)] {
        assert_eq!(judge(&[raised("ann", day)], &[label("ann", 10, 12)]).total().found, found, "{day}");
    }
}

#[test]
fn the_delay_runs_from_the_first_act_to_the_first_alert() {
    let quality = judge(&[raised("ann", 15), raised("ann", 12)], &[label("ann", 10, 20)]);
    assert_eq!((quality.total().delays, quality.right, quality.precision()), (vec![2], 2, 1.0));
}

#[test]
fn other_alerts_are_told_by_whom_they_fall_on() {
    let quality = judge(&[raised("look", 1), raised("quiet", 1), raised("bob", 1)], &[label("ann", 1, 2)]);
    assert_eq!((quality.on_look_alikes, quality.on_quiet_leavers, quality.alerts), (1, 1, 3));
    assert_eq!((quality.total().recall(), quality.per_thousand_a_day()), (0.0, 1.5));
}

#[test]
fn a_budget_takes_the_highest_and_rests_for_two_weeks() {
    let mut ranked = Ranked::new(500.0);
    for day in 0..15 {
        ranked.day(Day(day), [("ann", 9.0), ("bob", 5.0)].into_iter());
    }
    let taken: Vec<_> = ranked.raised().iter().map(|alert| (alert.account.as_str(), alert.day.0)).collect();
    assert_eq!(taken, [("ann", 0), ("bob", 1), ("ann", 14)]);
}

#[test]
fn a_budget_below_one_a_day_saves_up_fractions_only() {
    let mut ranked = Ranked::new(250.0);
    for day in 0..8 {
        ranked.day(Day(day), [("ann", f64::from(day)), ("bob", 1.0)].into_iter());
    }
    // Half a place a day: every second day one is due; both rest afterwards.
    let days: Vec<i32> = ranked.raised().iter().map(|alert| alert.day.0).collect();
    assert_eq!(days, [1, 3]);
}
