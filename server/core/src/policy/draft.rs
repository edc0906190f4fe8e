//! A new policy from what a viewer asked for: defaults filled in, every rule checked, all problems told at once.
//! Never: half a policy; a value of the input in a problem.

use super::{
    AlertVolume, Policy, PolicyIndicator, PolicyScope, PolicySpec, PolicyState, PriorityContent, ThresholdMode,
};
use crate::{
    case::name_of,
    ids::PolicyId,
    indicator::{self, Indicator},
    limits,
    problem::{Problem, ProblemCode},
    scoring::{BoosterKind, threshold::Thresholds},
    template::{self, TemplateCode},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

/// What a viewer asks a new policy to be. What is left out comes from the template or from the product's defaults.
#[derive(Clone, Debug)]
pub struct PolicyDraft {
    /// Immutable once created.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where the defaults come from.
    pub template: TemplateCode,
    /// Whom it covers.
    pub scope: PolicyScope,
    /// What counts; left out: those of the template that are enabled, with the built-in thresholds.
    pub indicators: Option<Vec<IndicatorChoice>>,
    /// Codes of the events that start scoring; left out: those of the template.
    pub triggers: Option<Vec<String>>,
    /// Left out: the longest window.
    pub activation_days: Option<i32>,
    /// Left out: the longest look-back.
    pub lookback_days: Option<i32>,
    /// Left out: DEFAULT.
    pub alert_volume: Option<AlertVolume>,
    /// Codes of the sequences it looks for; left out: those of the template.
    pub sequences: Option<Vec<String>>,
    /// Whether what leaves over 30 days is added up; left out: as the template has it.
    pub cumulative: Option<bool>,
    /// What may raise a score; left out: everything.
    pub boosters: Option<Vec<BoosterKind>>,
    /// Whether everybody in scope is scored without waiting for an event; left out: as the template has it.
    pub always_on: Option<bool>,
    /// Events of a day below which nothing is above the usual; left out: the threshold for low.
    pub minimum_daily_events: Option<i32>,
    /// Content that has priority; left out: none has.
    pub priority_content: Option<PriorityContent>,
    /// Left out: ACTIVE, since whoever creates a policy wants it to work.
    pub state: Option<PolicyState>,
}

impl PolicyDraft {
    /// A draft that is in everything else as its template has it.
    pub fn new(name: String, template: TemplateCode, scope: PolicyScope) -> Self {
        Self {
            name,
            description: None,
            template,
            scope,
            indicators: None,
            triggers: None,
            activation_days: None,
            lookback_days: None,
            alert_volume: None,
            sequences: None,
            cumulative: None,
            boosters: None,
            always_on: None,
            minimum_daily_events: None,
            priority_content: None,
            state: None,
        }
    }
}

/// An indicator that a viewer selected.
#[derive(Clone, Debug)]
pub struct IndicatorChoice {
    /// Its code.
    pub code: String,
    /// Left out: CUSTOM where there are thresholds, RECOMMENDED where there are none.
    pub mode: Option<ThresholdMode>,
    /// For CUSTOM.
    pub thresholds: Option<ThresholdCounts>,
}

/// Daily counts as they were given.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the words of the field")]
pub struct ThresholdCounts {
    pub low: i32,
    pub medium: i32,
    pub high: i32,
}

/// The first version of the policy, or everything that is wrong with the draft. `enabled` are the codes of the
/// indicators that are enabled globally, `organisation` the thresholds of USER_BASED (`Thresholds::user_based`; an
/// indicator that is not in it keeps the built-in ones). The paths of problems are those of the API's input.
pub fn create(
    draft: PolicyDraft,
    enabled: &BTreeSet<String>,
    organisation: &BTreeMap<String, Thresholds>,
    id: PolicyId,
) -> Result<Policy, Vec<Problem>> {
    let mut problems = Vec::new();
    let name = name_of("policy", &draft.name, &["input", "name"]).unwrap_or_else(|problem| {
        problems.push(problem);
        String::new()
    });
    let state = draft.state.unwrap_or(PolicyState::Active);
    let spec = PolicySpec {
        description: description(draft.description, &mut problems),
        indicators: indicators(draft.indicators, draft.template, enabled, organisation, &mut problems),
        triggers: triggers(draft.triggers, draft.template, &mut problems),
        activation_days: days(draft.activation_days, limits::ACTIVATION_DAYS, "activationDays", &mut problems),
        lookback_days: days(draft.lookback_days, limits::LOOKBACK_DAYS, "lookbackDays", &mut problems),
        alert_volume: draft.alert_volume.unwrap_or_default(),
        sequences: sequences(draft.sequences, draft.template, &mut problems),
        cumulative: draft.cumulative.unwrap_or(draft.template.template().cumulative),
        boosters: boosters(draft.boosters.as_deref()),
        always_on: draft.always_on.unwrap_or(draft.template.template().always_on),
        minimum_daily_events: minimum(draft.minimum_daily_events, &mut problems),
        priority_content: content(draft.priority_content, &mut problems),
        scope: scope(draft.scope, &mut problems),
    };
    let policy = Policy { id, name, template: draft.template, version: 1, state, spec };
    problems.extend(policy.may_become(state, &["input", "scope"]).err());
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

fn description(given: Option<String>, problems: &mut Vec<Problem>) -> String {
    let text = given.unwrap_or_default();
    if text.chars().count() > limits::STAFF_TEXT_CHARS {
        let message = format!("A description has at most {} characters.", limits::STAFF_TEXT_CHARS);
        problems.push(Problem::new(&["input", "description"], ProblemCode::LimitExceeded, message));
    }
    text.trim().to_owned()
}

fn days(given: Option<i32>, allowed: RangeInclusive<i32>, field: &str, problems: &mut Vec<Problem>) -> i32 {
    let days = given.unwrap_or(*allowed.end());
    if !allowed.contains(&days) {
        let message = format!("Allowed are {} to {} days.", allowed.start(), allowed.end());
        problems.push(Problem::new(&["input", field], ProblemCode::Invalid, message));
    }
    days
}

fn scope(mut scope: PolicyScope, problems: &mut Vec<Problem>) -> PolicyScope {
    let most = limits::POLICY_SCOPE_ITEMS;
    let sizes = [
        ("departments", scope.departments.len()),
        ("priorityGroupIds", scope.groups.len()),
        ("accounts", scope.subjects.len()),
        ("excludeAccounts", scope.excluded.len()),
    ];
    for (field, _) in sizes.iter().filter(|(_, size)| *size > most) {
        let message = format!("A scope lists at most {most} of a kind.");
        problems.push(Problem::new(&["input", "scope", field], ProblemCode::LimitExceeded, message));
    }
    for (at, department) in scope.departments.iter_mut().enumerate().take(most) {
        let path = ["input", "scope", "departments", &at.to_string()];
        match name_of("department", department, &path) {
            Ok(name) => *department = name,
            Err(problem) => problems.push(problem),
        }
    }
    scope
}

fn sequences(given: Option<Vec<String>>, template: TemplateCode, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(given) = given else {
        return template.template().sequences.iter().map(|rule| rule.code.to_owned()).collect();
    };
    if too_many(given.len(), "sequences", problems) {
        return given;
    }
    let mut seen = BTreeSet::new();
    for (at, code) in given.iter().enumerate() {
        let problem = match template::sequence(code) {
            None => (ProblemCode::NotFound, "There is no sequence of that code."),
            Some(_) if !seen.insert(code) => (ProblemCode::Invalid, "This sequence is listed twice."),
            Some(_) => continue,
        };
        problems.push(Problem::new(&["input", "sequences", &at.to_string()], problem.0, problem.1));
    }
    given
}

/// Each kind once, in the order of their declaration: a list of kinds is a set.
fn boosters(given: Option<&[BoosterKind]>) -> Vec<BoosterKind> {
    let chosen = |kind: &&BoosterKind| given.is_none_or(|given| given.contains(kind));
    BoosterKind::ALL.iter().filter(chosen).copied().collect()
}

fn content(given: Option<PriorityContent>, problems: &mut Vec<Problem>) -> Option<PriorityContent> {
    given?.checked().map_err(|found| problems.extend(found)).ok()
}

fn minimum(given: Option<i32>, problems: &mut Vec<Problem>) -> Option<u32> {
    let count = given.map(|given| u32::try_from(given).ok().filter(|count| *count >= 1));
    if count == Some(None) {
        let message = "The minimum is at least 1 event a day.";
        problems.push(Problem::new(&["input", "minimumDailyEvents"], ProblemCode::Invalid, message));
    }
    count.flatten()
}

fn triggers(given: Option<Vec<String>>, template: TemplateCode, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(given) = given else {
        return template.template().triggers.iter().map(|&code| code.to_owned()).collect();
    };
    if too_many(given.len(), "triggers", problems) {
        return given;
    }
    let mut seen = BTreeMap::new();
    for (at, code) in given.iter().enumerate() {
        let mut refuse = |code, message: &str| {
            problems.push(Problem::new(&["input", "triggers", &at.to_string()], code, message));
        };
        match indicator::find(code) {
            None => refuse(ProblemCode::NotFound, "There is no indicator of that code."),
            Some(_) if seen.insert(code, at).is_some() => refuse(ProblemCode::Invalid, "This trigger is listed twice."),
            Some(found) if !found.triggers => {
                refuse(
                    ProblemCode::Invalid,
                    "No single event of this indicator starts scoring: choose another trigger.",
                );
            }
            Some(_) => {}
        }
    }
    given
}

fn indicators(
    given: Option<Vec<IndicatorChoice>>,
    template: TemplateCode,
    enabled: &BTreeSet<String>,
    organisation: &BTreeMap<String, Thresholds>,
    problems: &mut Vec<Problem>,
) -> Vec<PolicyIndicator> {
    let Some(given) = given else { return preselected(template, enabled, problems) };
    if given.is_empty() {
        let message = "A policy needs at least one indicator: leave the list out to take those of the template.";
        problems.push(Problem::new(&["input", "indicators"], ProblemCode::Required, message));
    }
    if too_many(given.len(), "indicators", problems) {
        return Vec::new();
    }
    let mut chosen: BTreeSet<&str> = BTreeSet::new();
    let mut resolved = Vec::new();
    for (at, choice) in given.iter().enumerate() {
        let outcome = if chosen.insert(&choice.code) {
            resolve(choice, enabled, organisation)
        } else {
            Err(Problem::new(&["code"], ProblemCode::Invalid, "This indicator is listed twice."))
        };
        match outcome {
            Ok(indicator) => resolved.push(indicator),
            Err(problem) => problems.push(problem.within(&["input", "indicators", &at.to_string()])),
        }
    }
    resolved
}

/// What the template preselects, as far as it is enabled.
fn preselected(
    template: TemplateCode,
    enabled: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Vec<PolicyIndicator> {
    let codes = template.template().indicators;
    let known = codes.iter().filter(|&&code| enabled.contains(code)).filter_map(|code| indicator::find(code));
    let selected: Vec<_> = known.filter_map(recommended).collect();
    if selected.is_empty() {
        let message =
            format!("None of the template's indicators is enabled. Enable some of them first: {}.", codes.join(", "));
        problems.push(Problem::new(&["input", "indicators"], ProblemCode::NotEnabled, message));
    }
    selected
}

fn recommended(indicator: &Indicator) -> Option<PolicyIndicator> {
    let thresholds = indicator.thresholds?;
    Some(PolicyIndicator { code: indicator.code.to_owned(), mode: ThresholdMode::Recommended, thresholds })
}

/// A choice with its thresholds, or what is wrong with it; the path begins below the choice.
fn resolve(
    choice: &IndicatorChoice,
    enabled: &BTreeSet<String>,
    organisation: &BTreeMap<String, Thresholds>,
) -> Result<PolicyIndicator, Problem> {
    let refuse = |field: &str, code, message: String| Err(Problem::new(&[field], code, message));
    let Some(found) = indicator::find(&choice.code) else {
        return refuse("code", ProblemCode::NotFound, "There is no indicator of that code.".into());
    };
    let known = recommended(found).map(|known| PolicyIndicator { code: choice.code.clone(), ..known });
    let Some(built_in) = known else {
        let message = format!("{} starts scoring or is context: it has no score of its own.", found.code);
        return refuse("code", ProblemCode::Invalid, message);
    };
    if found.code != choice.code && !enabled.contains(&choice.code) {
        let message = "The settings have no such variant or indicator, or what it narrows is not enabled.";
        return refuse("code", ProblemCode::NotEnabled, message.into());
    }
    if !enabled.contains(&choice.code) {
        let message = format!("{} is not enabled. Enable it in the settings first.", found.code);
        return refuse("code", ProblemCode::NotEnabled, message);
    }
    let implied = if choice.thresholds.is_some() { ThresholdMode::Custom } else { ThresholdMode::Recommended };
    match (choice.mode.unwrap_or(implied), choice.thresholds) {
        (ThresholdMode::Recommended, None) => Ok(built_in),
        (ThresholdMode::Recommended, Some(_)) => {
            let message = "RECOMMENDED uses the built-in thresholds: leave yours out, or choose CUSTOM.";
            refuse("thresholds", ProblemCode::Invalid, message.into())
        }
        (mode @ ThresholdMode::Custom, Some(counts)) => {
            let thresholds = Thresholds::new(counts.low, counts.medium, counts.high);
            let thresholds = thresholds.map_err(|problem| problem.within(&["thresholds"]))?;
            Ok(PolicyIndicator { mode, thresholds, ..built_in })
        }
        (ThresholdMode::Custom, None) => {
            refuse("thresholds", ProblemCode::Required, "CUSTOM needs thresholds: low, medium and high.".into())
        }
        (mode @ ThresholdMode::AboveUsual, None) => Ok(PolicyIndicator { mode, ..built_in }),
        (mode @ ThresholdMode::UserBased, None) => {
            let thresholds = organisation.get(&choice.code).copied().unwrap_or(built_in.thresholds);
            Ok(PolicyIndicator { mode, thresholds, ..built_in })
        }
        (mode @ (ThresholdMode::UserBased | ThresholdMode::AboveUsual), Some(_)) => {
            let message = format!("{mode} finds its own thresholds: leave yours out, or choose CUSTOM.");
            refuse("thresholds", ProblemCode::Invalid, message)
        }
    }
}

fn too_many(given: usize, field: &str, problems: &mut Vec<Problem>) -> bool {
    let exceeded = given > limits::INDICATOR_CODES;
    if exceeded {
        let message = format!("At most {} can be listed.", limits::INDICATOR_CODES);
        problems.push(Problem::new(&["input", field], ProblemCode::LimitExceeded, message));
    }
    exceeded
}

#[cfg(test)]
mod tests;
