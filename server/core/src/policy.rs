//! A policy: whom it covers, what starts scoring, which indicators count and from when they alert.
//! Never: edited in place; every change is a new version.

mod content;
mod draft;
mod edit;
mod tuning;

use crate::{
    ids::{PolicyId, PriorityGroupId, SubjectId},
    problem::{Problem, ProblemCode},
    scoring::{BoosterKind, input::SubjectContext, threshold::Thresholds},
    template::TemplateCode,
    words::words,
};
pub use content::{PriorityContent, PrioritySeen};
pub use draft::{IndicatorChoice, PolicyDraft, ThresholdCounts, create};
pub use edit::{Change, changes, copy, update};
use serde::{Deserialize, Serialize};
pub use tuning::{TuningChange, tune, tuned};

words! {
    /// Whether a policy works.
    PolicyState {
        /// Being written: neither scores nor alerts.
        Draft = "DRAFT",
        /// Scores and alerts.
        Active = "ACTIVE",
        /// Switched off; its alerts stay.
        Inactive = "INACTIVE",
    }
}

words! {
    /// How many alerts a policy may raise (domain, section 3).
    #[derive(Default)]
    AlertVolume {
        /// All high, fewer medium, no low.
        Fewer = "FEWER",
        /// All high and medium, some low.
        #[default]
        Default = "DEFAULT",
        /// All high and medium, most low.
        More = "MORE",
    }
}

words! {
    /// Where an indicator's daily thresholds come from.
    #[derive(Default)]
    ThresholdMode {
        /// Built in.
        #[default]
        Recommended = "RECOMMENDED",
        /// From this organisation's own last 10 days.
        UserBased = "USER_BASED",
        /// Given counts.
        Custom = "CUSTOM",
        /// This subject's own usual for the day.
        AboveUsual = "ABOVE_USUAL",
    }
}

/// An indicator as a policy uses it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyIndicator {
    /// The indicator's code.
    pub code: String,
    /// Where the thresholds come from.
    pub mode: ThresholdMode,
    /// The counts in force, resolved when the version was made.
    pub thresholds: Thresholds,
}

/// Whom a policy covers. Empty lists and `all = false` cover nobody.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PolicyScope {
    /// Everybody, but for the exclusions.
    pub all: bool,
    /// Departments, compared without regard to case.
    pub departments: Vec<String>,
    /// Priority user groups.
    pub groups: Vec<PriorityGroupId>,
    /// Single subjects.
    pub subjects: Vec<SubjectId>,
    /// Subjects that are never covered, whatever else says so.
    pub excluded: Vec<SubjectId>,
}

/// Everything about a policy that an edit may change: the content of one version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicySpec {
    /// What it is for, in the words of who made it.
    pub description: String,
    /// Whom it covers.
    pub scope: PolicyScope,
    /// Codes of the events that start scoring.
    pub triggers: Vec<String>,
    /// What counts.
    pub indicators: Vec<PolicyIndicator>,
    /// Days of scoring after a trigger, 1–30.
    pub activation_days: i32,
    /// Days before the trigger that are scored as well, 0–90.
    pub lookback_days: i32,
    /// How many alerts.
    pub alert_volume: AlertVolume,
    /// Codes of the sequences it looks for.
    #[serde(default)]
    pub sequences: Vec<String>,
    /// Whether what leaves over 30 days is added up.
    #[serde(default)]
    pub cumulative: bool,
    /// What may raise an insight's score.
    #[serde(default)]
    pub boosters: Vec<BoosterKind>,
    /// Whether everybody in scope is scored without waiting for an event.
    #[serde(default)]
    pub always_on: bool,
    /// Events of a day below which nothing is above the usual; left out: the threshold for low.
    #[serde(default)]
    pub minimum_daily_events: Option<u32>,
    /// Content that has priority, where some has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_content: Option<PriorityContent>,
}

/// One version of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Stable over versions.
    pub id: PolicyId,
    /// Immutable once created.
    pub name: String,
    /// Immutable once created.
    pub template: TemplateCode,
    /// 1 for the first.
    pub version: i32,
    /// Whether it works.
    pub state: PolicyState,
    /// The rest.
    pub spec: PolicySpec,
}

impl Policy {
    /// Whether the policy covers the subject; exclusions win.
    pub fn covers(&self, subject: &SubjectContext) -> bool {
        self.spec.scope.covers(subject)
    }

    /// Whether activity alone brings subjects into scope: nothing but what is scored has singled them out.
    pub fn waits_for_no_event(&self) -> bool {
        let itself = |code: &String| self.spec.indicators.iter().any(|selected| selected.code == *code);
        self.spec.always_on || self.template.template().volume_trigger || self.spec.triggers.iter().any(itself)
    }

    /// Whether the policy may be put into that state. Otherwise what is wrong with the input field at `field`.
    pub fn may_become(&self, state: PolicyState, field: &[&str]) -> Result<(), Problem> {
        if state == PolicyState::Active && self.spec.scope.is_empty() {
            let message = "An active policy covers somebody: choose everybody, departments, priority groups or accounts \
                           that are not excluded.";
            return Err(Problem::new(field, ProblemCode::Required, message));
        }
        Ok(())
    }
}

impl PolicyScope {
    /// Whether it covers the subject.
    pub fn covers(&self, subject: &SubjectContext) -> bool {
        let department = subject.department.as_deref().map(folded);
        let listed = || {
            self.subjects.contains(&subject.id)
                || subject.groups.iter().any(|group| self.groups.contains(group))
                || department.is_some_and(|name| self.departments.iter().any(|listed| folded(listed) == name))
        };
        !self.excluded.contains(&subject.id) && (self.all || listed())
    }

    /// Whether two scopes may cover the same subject, as far as their lists tell.
    pub fn may_share(&self, other: &Self) -> bool {
        let named = |department: &String| other.departments.iter().any(|listed| folded(listed) == folded(department));
        self.all
            || other.all
            || self.departments.iter().any(named)
            || self.groups.iter().any(|group| other.groups.contains(group))
            || self.subjects.iter().any(|subject| other.subjects.contains(subject))
    }

    /// Whether it covers nobody, whoever there is.
    pub fn is_empty(&self) -> bool {
        let listed = self.subjects.iter().any(|subject| !self.excluded.contains(subject));
        !self.all && self.departments.is_empty() && self.groups.is_empty() && !listed
    }
}

/// A department's name as it is compared.
pub(crate) fn folded(department: &str) -> String {
    department.trim().to_lowercase()
}
