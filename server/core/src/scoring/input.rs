//! Everything the scorer may know of one subject under one policy, gathered before thinking begins.
//! Never: looked up later; what is not in here cannot change a score.

use crate::{
    ids::{PriorityGroupId, SubjectId},
    policy::Policy,
    scoring::{Counting, reading::Reading},
    time::{Day, Micros},
};

/// How often one indicator was seen for the subject on one day (UTC): the sum over all connectors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayCount {
    /// The day.
    pub day: Day,
    /// The indicator's code.
    pub indicator: String,
    /// Events, by their quantity.
    pub count: u64,
}

/// An event that starts scoring.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Trigger {
    /// When it happened.
    pub at: Micros,
    /// The code of its indicator.
    pub indicator: String,
    /// Scoring goes on at least until then plus the activation window (a last working day after a resignation).
    pub until: Option<Micros>,
}

/// Scoring that a person started or stopped by hand under this policy.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct ManualScoring {
    /// When it was ordered.
    pub at: Micros,
    /// Days of scoring from then on; 0 stops all scoring until the next trigger.
    pub days: i32,
    /// Why, in the words of who did it.
    pub reason: String,
}

/// What is known of the subject apart from activity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectContext {
    /// Who.
    pub id: SubjectId,
    /// From the HR profile.
    pub department: Option<String>,
    /// Priority groups the subject is a member of.
    pub groups: Vec<PriorityGroupId>,
    /// From the HR profile.
    pub title: Option<String>,
    /// False where no HR profile was delivered: the score says so.
    pub has_profile: bool,
    /// When the first of the subject's cases was resolved as a violation of policy. It counts from then on, and for what
    /// happens from that day on: a case does not make itself graver.
    pub prior_violation: Option<Micros>,
    /// Why what the subject does has more impact than others' acts, where it has: a privileged role, many reports.
    pub high_impact: Option<String>,
}

/// The whole input of [`super::score`].
#[derive(Clone, Copy, Debug)]
pub struct ScoringInput<'a> {
    /// The clock.
    pub now: Micros,
    /// The policy version in force.
    pub policy: &'a Policy,
    /// The subject.
    pub subject: &'a SubjectContext,
    /// What counts under the policy.
    pub counting: &'a Counting,
    /// What the subject's days were, in any order.
    pub readings: &'a [Reading],
    /// The subject's triggering events, in any order, possibly repeated.
    pub triggers: &'a [Trigger],
    /// Orders by hand under this policy, in any order.
    pub manual: &'a [ManualScoring],
}
