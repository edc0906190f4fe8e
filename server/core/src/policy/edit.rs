//! A policy with another content: its next version, and what differs between two of them, in words.
//! Never: names a subject; who was added to a scope is told as a number.

use super::{
    IndicatorChoice, Policy, PolicyDraft, PolicyIndicator, PolicyScope, PolicySpec, PolicyState, PriorityContent,
    ThresholdCounts, ThresholdMode, create,
};
use crate::{case::name_of, ids::PolicyId, problem::Problem, scoring::threshold::Thresholds};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

impl PolicyDraft {
    /// The draft that a policy could have been made from, complete: what an edit or a copy starts with.
    pub fn of(policy: &Policy) -> Self {
        // Without `..`, so that no field is forgotten that a later version of the product adds.
        let PolicySpec {
            description,
            scope,
            triggers,
            indicators,
            activation_days,
            lookback_days,
            alert_volume,
            sequences,
            cumulative,
            boosters,
            always_on,
            minimum_daily_events,
            priority_content,
        } = policy.spec.clone();
        Self {
            name: policy.name.clone(),
            description: Some(description),
            template: policy.template,
            scope,
            indicators: Some(indicators.iter().map(IndicatorChoice::of).collect()),
            triggers: Some(triggers),
            activation_days: Some(activation_days),
            lookback_days: Some(lookback_days),
            alert_volume: Some(alert_volume),
            sequences: Some(sequences),
            cumulative: Some(cumulative),
            boosters: Some(boosters),
            always_on: Some(always_on),
            minimum_daily_events: minimum_daily_events.map(signed),
            priority_content,
            state: Some(policy.state),
        }
    }
}

impl IndicatorChoice {
    /// The choice behind an indicator of a policy: only CUSTOM thresholds were chosen by somebody.
    pub fn of(selected: &PolicyIndicator) -> Self {
        let Thresholds { low, medium, high } = selected.thresholds;
        let counts = ThresholdCounts { low: signed(low), medium: signed(medium), high: signed(high) };
        let custom = selected.mode == ThresholdMode::Custom;
        Self { code: selected.code.clone(), mode: Some(selected.mode), thresholds: custom.then_some(counts) }
    }
}

/// A count as inputs have it; beyond what they can say, the most that they can.
fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The policy as the draft wants it, in its state and, where its content differs, as the next version; or everything that
/// is wrong with the draft. Name and template stay, whatever the draft says. An indicator that the policy selects already
/// may stay although it was disabled since, and keeps the thresholds that its mode once found.
pub fn update(
    policy: &Policy,
    draft: PolicyDraft,
    enabled: &BTreeSet<String>,
    organisation: &BTreeMap<String, Thresholds>,
) -> Result<Policy, Vec<Problem>> {
    let selected = policy.spec.indicators.iter().map(|indicator| indicator.code.clone());
    let allowed: BTreeSet<String> = enabled.iter().cloned().chain(selected).collect();
    let draft = PolicyDraft { name: policy.name.clone(), template: policy.template, ..draft };
    let mut next = create(draft, &allowed, organisation, policy.id)?;
    for indicator in next.spec.indicators.iter_mut().filter(|indicator| indicator.mode != ThresholdMode::Custom) {
        let same = |had: &&PolicyIndicator| had.code == indicator.code && had.mode == indicator.mode;
        if let Some(had) = policy.spec.indicators.iter().find(same) {
            indicator.thresholds = had.thresholds;
        }
    }
    next.version = policy.version + i32::from(next.spec != policy.spec);
    Ok(next)
}

/// The same policy under another name, as a draft: two that are alike would alert twice.
pub fn copy(policy: &Policy, name: &str, id: PolicyId) -> Result<Policy, Problem> {
    let name = name_of("policy", name, &["input", "name"])?;
    Ok(Policy { id, name, version: 1, state: PolicyState::Draft, ..policy.clone() })
}

/// One thing that differs between two versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The field, as it is called in files: `activation_days`.
    pub field: &'static str,
    /// What was; nothing where something came.
    pub was: Option<String>,
    /// What is; nothing where something went.
    pub is: Option<String>,
}

impl Change {
    /// The change in a sentence.
    pub fn sentence(&self) -> String {
        let what = self.field.replace(['_', '.'], " ");
        let mut sentence = match (&self.was, &self.is) {
            (Some(was), Some(is)) => format!("{what} changed from {was} to {is}."),
            (None, Some(is)) => format!("{what}: {is} added."),
            (Some(was), None) => format!("{what}: {was} removed."),
            (None, None) => format!("{what} changed."),
        };
        if let Some(first) = sentence.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        sentence
    }

    /// The change as a line of a difference that people read.
    pub fn line(&self) -> String {
        match (&self.was, &self.is) {
            (Some(was), Some(is)) => format!("~ {}: {was} -> {is}", self.field),
            (None, Some(is)) => format!("+ {}: {is}", self.field),
            (Some(was), None) => format!("- {}: {was}", self.field),
            (None, None) => format!("~ {}", self.field),
        }
    }
}

/// What differs between two contents of a policy, field by field in the order in which files have them; nothing where
/// they are the same.
pub fn changes(before: &PolicySpec, after: &PolicySpec) -> Vec<Change> {
    // Without `..`, as above.
    let PolicySpec {
        description,
        scope,
        triggers,
        indicators,
        activation_days,
        lookback_days,
        alert_volume,
        sequences,
        cumulative,
        boosters,
        always_on,
        minimum_daily_events,
        priority_content,
    } = before;
    let mut found = Found(Vec::new());
    found.text("description", description, &after.description);
    found.one("activation_days", activation_days, &after.activation_days);
    found.one("lookback_days", lookback_days, &after.lookback_days);
    found.one("alert_volume", alert_volume, &after.alert_volume);
    found.one("always_on", always_on, &after.always_on);
    found.one("cumulative", cumulative, &after.cumulative);
    let minimum = |of: &Option<u32>| of.map_or_else(|| "the threshold for low".to_owned(), |count| count.to_string());
    found.one("minimum_daily_events", &minimum(minimum_daily_events), &minimum(&after.minimum_daily_events));
    found.words("triggers", triggers, &after.triggers);
    found.words("sequences", sequences, &after.sequences);
    found.words("boosters", boosters, &after.boosters);
    found.content(priority_content.as_ref(), after.priority_content.as_ref());
    found.scope(scope, &after.scope);
    found.indicators(indicators, &after.indicators);
    if found.0.is_empty() && before != after {
        // Lists are compared as sets above.
        found.0.push(Change { field: "order", was: None, is: None });
    }
    found.0
}

struct Found(Vec<Change>);

impl Found {
    fn one<T: PartialEq + Display>(&mut self, field: &'static str, was: &T, is: &T) {
        if was != is {
            self.0.push(Change { field, was: Some(was.to_string()), is: Some(is.to_string()) });
        }
    }

    /// Free text may be long: that it changed is enough, the versions themselves have it.
    fn text(&mut self, field: &'static str, was: &str, is: &str) {
        if was != is {
            self.0.push(Change { field, was: None, is: None });
        }
    }

    fn words<T: Ord + Display>(&mut self, field: &'static str, was: &[T], is: &[T]) {
        let (before, after): (BTreeSet<&T>, BTreeSet<&T>) = (was.iter().collect(), is.iter().collect());
        let gone = before.difference(&after).map(|word| Change { field, was: Some(word.to_string()), is: None });
        self.0.extend(gone);
        let come = after.difference(&before).map(|word| Change { field, was: None, is: Some(word.to_string()) });
        self.0.extend(come);
    }

    fn numbers<T: Ord>(&mut self, field: &'static str, unit: &str, was: &[T], is: &[T]) {
        let (before, after): (BTreeSet<&T>, BTreeSet<&T>) = (was.iter().collect(), is.iter().collect());
        let told = |count: usize| (count > 0).then(|| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        if let Some(gone) = told(before.difference(&after).count()) {
            self.0.push(Change { field, was: Some(gone), is: None });
        }
        if let Some(come) = told(after.difference(&before).count()) {
            self.0.push(Change { field, was: None, is: Some(come) });
        }
    }

    fn content(&mut self, was: Option<&PriorityContent>, is: Option<&PriorityContent>) {
        let none = PriorityContent::default();
        let (was, is) = (was.unwrap_or(&none), is.unwrap_or(&none));
        let PriorityContent { sites, sensitive_types, labels, file_types, only } = was;
        // An address of a site may name somebody.
        self.numbers("priority_content.sites", "site", sites, &is.sites);
        self.words("priority_content.sensitive_types", sensitive_types, &is.sensitive_types);
        self.words("priority_content.labels", labels, &is.labels);
        self.words("priority_content.file_types", file_types, &is.file_types);
        self.one("priority_content.only", only, &is.only);
    }

    fn scope(&mut self, was: &PolicyScope, is: &PolicyScope) {
        let PolicyScope { all, departments, groups, subjects, excluded } = was;
        self.one("scope.all", all, &is.all);
        self.words("scope.departments", departments, &is.departments);
        self.words("scope.groups", groups, &is.groups);
        self.numbers("scope.subjects", "subject", subjects, &is.subjects);
        self.numbers("scope.excluded", "subject", excluded, &is.excluded);
    }

    fn indicators(&mut self, was: &[PolicyIndicator], is: &[PolicyIndicator]) {
        let by_code = |list: &[PolicyIndicator]| -> BTreeMap<String, String> {
            list.iter().map(|selected| (selected.code.clone(), told(selected))).collect()
        };
        let (before, after) = (by_code(was), by_code(is));
        let codes: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for code in codes {
            let (was, is) = (before.get(code), after.get(code));
            if was != is {
                let named = |told: &String| format!("{code} {told}");
                self.0.push(Change {
                    field: "indicators",
                    was: was.map(named),
                    is: is.cloned().map(|is| match was {
                        Some(_) => is,
                        None => named(&is),
                    }),
                });
            }
        }
    }
}

fn told(selected: &PolicyIndicator) -> String {
    let Thresholds { low, medium, high } = selected.thresholds;
    format!("{} {low}/{medium}/{high}", selected.mode)
}

#[cfg(test)]
mod tests;
