//! The same score as [`super::score`], kept from day to day: for those who watch many subjects over long times. A day
//! costs what that day brought, however long the history is.
//! Never: another formula; a property test holds it to [`super::score`].

use super::{
    Insight,
    input::ScoringInput,
    insight,
    risk::{self, Evidence},
    window,
};
use crate::{
    policy::Policy,
    time::{Day, Micros},
};

/// Days of one code of which the last no longer shows in a score of four decimals: each weighs half of the one before.
const REPEATED: usize = 20;

/// What one subject has shown under one policy.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    evidence: Vec<Evidence>,
    /// How much evidence was left when it was last thinned out.
    thinned: usize,
    /// The window that is open or was the last one: start and end.
    window: Option<(Micros, Micros)>,
}

/// What a day made of it.
#[derive(Clone, Debug)]
pub struct Today {
    /// The risk score at the end of the day, 0–100.
    pub score: f64,
    /// The insights of the day; whether or not a window is open.
    pub insights: Vec<Insight>,
    /// Whether a window is open at the end of the day.
    pub open: bool,
}

impl Standing {
    /// Adds one day. The input holds that day's readings and triggers only, `now` is its end. Days come in order.
    pub fn day(&mut self, input: &ScoringInput<'_>) -> Today {
        let today = input.now.day();
        let insights = insight::insights(input);
        for opened in window::activations(input, &insights) {
            self.open(opened.starts_at, opened.ends_at);
        }
        self.evidence.extend(insights.iter().filter_map(|insight| Evidence::of(insight, input.policy)));
        self.forget(input.policy, today);
        let open = self.window.is_some_and(|(starts_at, ends_at)| starts_at <= input.now && input.now < ends_at);
        Today { score: self.score_of(input.policy, input.now, Day(i32::MIN)), insights, open }
    }

    /// The score at the end of a day that brought nothing.
    pub fn quiet(&mut self, policy: &Policy, now: Micros) -> f64 {
        self.forget(policy, now.day());
        self.score_of(policy, now, Day(i32::MIN))
    }

    /// The score over what happened from `since` on: for what is fresh since somebody looked.
    pub fn score_of(&self, policy: &Policy, now: Micros, since: Day) -> f64 {
        let open = self.window.filter(|(starts_at, ends_at)| *starts_at <= now && now < *ends_at);
        open.map_or(0.0, |(starts_at, _)| {
            let first = starts_at.day().plus(-policy.spec.lookback_days).max(since);
            risk::score(self.evidence.iter().filter(|evidence| evidence.day >= first), now.day())
        })
    }

    /// What the score rests on, the strongest first: code, day, evidence before repetition counts less.
    pub fn strongest(&self, now: Micros) -> Vec<(&'static str, Day, f64)> {
        let today = now.day();
        let mut strongest: Vec<_> = self.evidence.iter().map(|one| (one.code, one.day, one.strength(today))).collect();
        strongest.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| (a.1, a.0).cmp(&(b.1, b.0))));
        strongest
    }

    fn open(&mut self, starts_at: Micros, ends_at: Micros) {
        self.window = Some(match self.window {
            Some((first, last)) if starts_at < last => (first.min(starts_at), last.max(ends_at)),
            _ => (starts_at, ends_at),
        });
    }

    /// Lets go of what is too old for any look-back, or has faded to nothing.
    fn forget(&mut self, policy: &Policy, today: Day) {
        let oldest = today.plus(-(policy.spec.lookback_days + policy.spec.activation_days));
        let open = self.window.is_some_and(|(_, ends_at)| ends_at > today.start());
        self.evidence.retain(|evidence| (open || evidence.day >= oldest) && evidence.fades(today) >= risk::NOTHING);
        if self.evidence.len() > 2 * self.thinned + REPEATED {
            self.thin_out(today);
        }
    }

    /// Lets go of evidence that [`REPEATED`] others of its code outdo, none of them older: all of it fades alike, so it will
    /// never again weigh more than ½^[`REPEATED`], whatever day one looks from.
    fn thin_out(&mut self, today: Day) {
        self.evidence.sort_by(|a, b| a.code.cmp(b.code).then(b.day.cmp(&a.day)));
        let (mut code, mut best): (&str, Vec<f64>) = ("", Vec::with_capacity(REPEATED + 1));
        self.evidence.retain(|evidence| {
            if code != evidence.code {
                code = evidence.code;
                best.clear();
            }
            let says = evidence.fades(today);
            let place = best.partition_point(|better| *better >= says);
            if place >= REPEATED {
                return false;
            }
            best.insert(place, says);
            best.truncate(REPEATED);
            true
        });
        self.thinned = self.evidence.len();
    }
}
