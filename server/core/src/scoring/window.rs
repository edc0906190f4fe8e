//! When a subject is scored under a policy: what opens a window, what closes it, which windows are one.
//! Never: a window that no trigger and nobody opened.

use super::{
    Activation, Insight, InsightKind,
    explain::on_day,
    input::{ManualScoring, ScoringInput, Trigger},
};
use crate::{
    indicator::{self, ActionClass},
    scoring::threshold::ThresholdLevel,
    time::Micros,
};

/// The trigger of a window that a person opened.
pub(crate) const MANUAL: &str = "MANUAL";
/// The trigger of the window of a policy that scores everybody in scope.
pub(crate) const ALWAYS: &str = "ALWAYS_ON";

/// All windows, in order, none overlapping another. Where several overlap they are one, from the first start to the
/// last end, and the longest of them gives the reason.
pub(super) fn activations(input: &ScoringInput<'_>, seen: &[Insight]) -> Vec<Activation> {
    let stops: Vec<Micros> = input.manual.iter().filter(|order| order.days <= 0).map(|order| order.at).collect();
    let mut windows: Vec<Activation> = by_event(input)
        .chain(by_hand(input.manual))
        .chain(by_volume(input, seen))
        .chain(always_on(input, seen))
        .filter_map(|window| closed(window, &stops))
        .collect();
    windows.sort_by(|a, b| order(a).cmp(&order(b)));
    merged(windows)
}

/// Windows that single events open: until the activation window is over, counted from the later of event and `until`.
fn by_event(input: &ScoringInput<'_>) -> impl Iterator<Item = Activation> {
    let spec = &input.policy.spec;
    input.triggers.iter().filter(|trigger| spec.triggers.contains(&trigger.indicator)).map(|trigger| {
        let from = trigger.until.map_or(trigger.at, |until| until.max(trigger.at));
        window(trigger.indicator.clone(), event_reason(trigger), trigger.at, from.plus_days(spec.activation_days))
    })
}

fn event_reason(trigger: &Trigger) -> String {
    let name = indicator::find(&trigger.indicator).map_or(trigger.indicator.as_str(), |found| found.name);
    format!("{name} {}.", on_day(trigger.at.day()))
}

fn by_hand(orders: &[ManualScoring]) -> impl Iterator<Item = Activation> {
    orders.iter().filter(|order| order.days > 0).map(|order| Activation {
        manual: true,
        ..window(MANUAL.to_owned(), order.reason.clone(), order.at, order.at.plus_days(order.days))
    })
}

/// Windows that a day's volume opens, where the template says so: at least medium of an exfiltration indicator that
/// counts, of a sequence, or of what left over 30 days. They open as that day begins, since a day's count has no hour.
fn by_volume(input: &ScoringInput<'_>, seen: &[Insight]) -> impl Iterator<Item = Activation> {
    let applies = input.policy.template.template().volume_trigger;
    seen.iter().filter(move |insight| applies && insight.level >= ThresholdLevel::Medium).filter_map(|insight| {
        let leaves = match insight.kind {
            InsightKind::Indicator => input.counting.get(&insight.indicator)?.action == ActionClass::Exfiltration,
            InsightKind::Sequence | InsightKind::CumulativeExfiltration => true,
        };
        leaves.then(|| {
            let starts_at = insight.day.start();
            let ends_at = starts_at.plus_days(input.policy.spec.activation_days);
            window(insight.indicator.clone(), insight.explanation.clone(), starts_at, ends_at)
        })
    })
}

/// The window of a policy that scores everybody in scope: from the first day on which something that counts was seen
/// until the activation window after the last one is over.
fn always_on(input: &ScoringInput<'_>, seen: &[Insight]) -> Option<Activation> {
    let days = || seen.iter().map(|insight| insight.day);
    let (first, last) = (days().min()?, days().max()?);
    input.policy.spec.always_on.then(|| {
        let reason = "The policy scores everybody in its scope.".to_owned();
        window(ALWAYS.to_owned(), reason, first.start(), last.start().plus_days(input.policy.spec.activation_days))
    })
}

fn window(trigger: String, reason: String, starts_at: Micros, ends_at: Micros) -> Activation {
    Activation { trigger, reason, starts_at, ends_at, manual: false }
}

/// The window as the stops leave it: it ends with the first stop from its start on.
fn closed(window: Activation, stops: &[Micros]) -> Option<Activation> {
    let stop = stops.iter().filter(|&&stop| stop >= window.starts_at).min();
    let ends_at = stop.map_or(window.ends_at, |&stop| stop.min(window.ends_at));
    (ends_at > window.starts_at).then_some(Activation { ends_at, ..window })
}

/// By start; of those that start together the longest first; the rest makes the order complete.
fn order(window: &Activation) -> (Micros, std::cmp::Reverse<Micros>, bool, &str, &str) {
    (window.starts_at, std::cmp::Reverse(window.ends_at), window.manual, &window.trigger, &window.reason)
}

/// Joins windows that overlap. They come in [`order`]; among equally long ones the first gives the reason.
fn merged(windows: Vec<Activation>) -> Vec<Activation> {
    let length = |window: &Activation| window.ends_at.0.saturating_sub(window.starts_at.0);
    let mut joined: Vec<(i64, Activation)> = Vec::new();
    for next in windows {
        match joined.last_mut() {
            Some((longest, last)) if next.starts_at < last.ends_at => {
                let (starts_at, ends_at) = (last.starts_at, last.ends_at.max(next.ends_at));
                if length(&next) > *longest {
                    *longest = length(&next);
                    *last = next;
                }
                (last.starts_at, last.ends_at) = (starts_at, ends_at);
            }
            _ => joined.push((length(&next), next)),
        }
    }
    joined.into_iter().map(|(_, window)| window).collect()
}
