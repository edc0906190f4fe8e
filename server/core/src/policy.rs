//! A policy: whom it covers, what starts scoring, which indicators count and from when they alert.
//! Never: edited in place; every change is a new version.

use crate::{
    ids::{PolicyId, PriorityGroupId, SubjectId},
    scoring::threshold::Thresholds,
    template::TemplateCode,
    words::words,
};
use serde::{Deserialize, Serialize};

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
