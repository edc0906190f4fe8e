//! Policies as code: all policies and the enabled indicators as one file, and a file made true, all of it or nothing.
//! Never: names a person, or changes anything where a single line is wrong.

mod read;
mod write;

use super::{Services, policy_edits::edited};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, IndicatorWrite, PolicyWrite, Saved, StoredPolicy},
};
use read::{Document, Listed, Places};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{Action, Resource},
    ids::{PolicyId, SubjectId},
    indicator, limits,
    policy::{self, PolicySpec, changes},
    problem::{Problem, ProblemCode},
};

/// How an installation differs from a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Difference {
    /// What an import changes, for people: `+` comes, `-` goes, `~` changes.
    pub lines: Vec<String>,
    /// Policies that an import creates.
    pub created: usize,
    /// Policies that it changes.
    pub changed: usize,
    /// Policies that are as the file has them.
    pub unchanged: usize,
    /// Policies that are not in the file and are left as they are.
    pub left: usize,
    /// Indicators that it enables or disables.
    pub indicators: usize,
}

impl Difference {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// What an import does.
#[derive(Default)]
struct Plan {
    on: Vec<&'static str>,
    off: Vec<&'static str>,
    writes: Vec<PolicyWrite>,
    entries: Vec<(PolicyId, &'static str, serde_json::Value)>,
    difference: Difference,
}

/// What a file's policies are read against.
struct Known {
    /// Codes that are enabled after the import.
    enabled: BTreeSet<String>,
    /// The subjects of the pseudonyms that it lists.
    people: BTreeMap<String, SubjectId>,
}

impl Services {
    /// All policies and the enabled indicators as a file: the same bytes as long as nothing changes.
    pub async fn export_policies(&self, permit: &Permit) -> Result<String, ServiceError> {
        permit.require(Resource::Policies, Action::Read)?;
        let policies: Vec<policy::Policy> =
            self.store.policies(None).await?.into_iter().map(|stored| stored.policy).collect();
        let listed: BTreeSet<SubjectId> = policies
            .iter()
            .flat_map(|policy| policy.spec.scope.subjects.iter().chain(&policy.spec.scope.excluded))
            .copied()
            .collect();
        let listed: Vec<SubjectId> = listed.into_iter().collect();
        let pseudonyms = self.store.pseudonyms(&listed).await?;
        let enabled = self.store.enabled_indicators().await?;
        Ok(write::write(enabled.iter().map(String::as_str), &policies, &pseudonyms))
    }

    /// Makes the installation say what the file says; with `dry_run`, tells only how it would change. `permits` are for
    /// changing policies and indicators.
    pub async fn import_policies(
        &self,
        permits: [&Permit; 2],
        text: &str,
        dry_run: bool,
    ) -> Result<Difference, ServiceError> {
        let viewer = permits[0].require(Resource::Policies, Action::Change)?;
        permits[1].require(Resource::Indicators, Action::Change)?;
        if text.len() > limits::POLICY_FILE_BYTES {
            return Err(ServiceError::TooLarge(format!(
                "a file of policies has at most {} bytes",
                limits::POLICY_FILE_BYTES
            )));
        }
        let (document, places, mut problems) = read::read(text);
        // Where the form is wrong, places and numbers of what follows are not to be trusted.
        let plan = if problems.is_empty() { self.plan(document, &mut problems).await? } else { Plan::default() };
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(told(&problems, &places)));
        }
        if dry_run || plan.difference.is_empty() {
            return Ok(plan.difference);
        }
        let mut entries: Vec<Entry> = plan
            .entries
            .iter()
            .map(|(id, activity, detail)| Entry::by(viewer, activity, "POLICIES", id, detail))
            .collect();
        for (codes, enabled) in [(&plan.on, true), (&plan.off, false)] {
            if !codes.is_empty() {
                let detail = serde_json::json!({"codes": codes, "enabled": enabled});
                entries.push(Entry::by(viewer, "EDITED", "SETTINGS", "indicators", &detail));
            }
        }
        let indicators = IndicatorWrite { on: plan.on, off: plan.off };
        let saved = self.store.save_policies(&indicators, &plan.writes, &viewer.id, &entries, self.clock.now()).await?;
        if matches!(saved, Saved::Stale | Saved::NameTaken) {
            let message = "somebody has changed policies while the file was read; nothing was imported, try again";
            return Err(ServiceError::Conflict(message.to_owned()));
        }
        self.settled(&saved)?;
        Ok(plan.difference)
    }

    async fn plan(&self, document: Document, problems: &mut Vec<Problem>) -> Result<Plan, ServiceError> {
        let mut plan = Plan::default();
        let before = self.store.enabled_indicators().await?;
        let enabled = match document.enabled {
            Some(codes) => plan.indicators(&before, &codes, problems),
            None => before,
        };
        let stored: BTreeMap<String, StoredPolicy> =
            self.store.policies(None).await?.into_iter().map(|one| (one.policy.name.clone(), one)).collect();
        let known = Known { enabled, people: self.people(&document.policies).await? };
        let mut named = BTreeSet::new();
        for (at, listed) in document.policies.into_iter().enumerate() {
            let at = at.to_string();
            let path = ["policy", at.as_str()];
            let name = listed.draft.name.trim().to_owned();
            if !named.insert(name.clone()) {
                let message = "Another policy of this file has the same name.";
                problems.push(Problem::new(&[path[0], path[1], "name"], ProblemCode::Conflict, message));
                continue;
            }
            let mut own = Vec::new();
            self.one(listed, stored.get(&name), &known, &mut plan, &mut own).await?;
            problems.extend(own.into_iter().map(|problem| in_file(problem).within(&path)));
        }
        plan.difference.left = stored.keys().filter(|name| !named.contains(*name)).count();
        Ok(plan)
    }

    async fn one(
        &self,
        listed: Listed,
        stored: Option<&StoredPolicy>,
        known: &Known,
        plan: &mut Plan,
        problems: &mut Vec<Problem>,
    ) -> Result<(), ServiceError> {
        let Listed { mut draft, subjects, excluded } = listed;
        draft.scope.subjects = listed_subjects(&subjects, &known.people, "subjects", problems);
        draft.scope.excluded = listed_subjects(&excluded, &known.people, "excluded", problems);
        if !draft.scope.groups.is_empty() {
            let message = "Priority user groups are not part of this version: leave them out.";
            problems.push(Problem::new(&["scope", "groups"], ProblemCode::NotAllowed, message));
        }
        let organisation = self.user_based(&draft).await?;
        let made = match stored {
            Some(stored) if stored.policy.template != draft.template => {
                let message = "The policy of this name has another template, which cannot be changed.";
                problems.push(Problem::new(&["template"], ProblemCode::Conflict, message));
                return Ok(());
            }
            Some(stored) => policy::update(&stored.policy, draft, &known.enabled, &organisation),
            None => policy::create(draft, &known.enabled, &organisation, self.ids.draw(PolicyId::new)),
        };
        match made {
            Ok(policy) => plan.policy(stored.map(|stored| &stored.policy), policy),
            Err(more) => problems.extend(more),
        }
        Ok(())
    }

    /// The subjects of all pseudonyms that the policies list.
    async fn people(&self, policies: &[Listed]) -> Result<BTreeMap<String, SubjectId>, ServiceError> {
        let named: BTreeSet<&String> =
            policies.iter().flat_map(|listed| listed.subjects.iter().chain(&listed.excluded)).collect();
        let named: Vec<String> = named.into_iter().cloned().collect();
        Ok(self.store.subjects_by_pseudonym(&named).await?)
    }
}

impl Plan {
    /// What shall be enabled after the import.
    fn indicators(
        &mut self,
        before: &BTreeSet<String>,
        codes: &[String],
        problems: &mut Vec<Problem>,
    ) -> BTreeSet<String> {
        let mut after = BTreeSet::new();
        for (at, code) in codes.iter().enumerate() {
            let message = match indicator::find(code) {
                None => "There is no indicator of that code.",
                Some(found) if !found.is_selectable() => "It starts scoring or is context: it is always on.",
                Some(found) => {
                    after.insert(found.code);
                    continue;
                }
            };
            problems.push(Problem::new(&["indicators", "enabled", &at.to_string()], ProblemCode::Invalid, message));
        }
        self.on = after.iter().copied().filter(|code| !before.contains(*code)).collect();
        let off = before.iter().filter(|code| !after.contains(code.as_str()));
        self.off = off.filter_map(|code| indicator::find(code)).map(|found| found.code).collect();
        self.difference.indicators = self.on.len() + self.off.len();
        if self.difference.indicators > 0 {
            let lines = &mut self.difference.lines;
            lines.push("~ indicators".to_owned());
            lines.extend(self.on.iter().map(|code| format!("    + enabled: {code}")));
            lines.extend(self.off.iter().map(|code| format!("    - enabled: {code}")));
        }
        after.into_iter().map(str::to_owned).collect()
    }

    fn policy(&mut self, before: Option<&policy::Policy>, after: policy::Policy) {
        let difference = &mut self.difference;
        let name = toml::Value::String(after.name.clone());
        let Some(before) = before else {
            difference.created += 1;
            difference.lines.push(format!("+ policy {name} ({}, {})", after.template, after.state));
            let lines = changes(&nothing(), &after.spec);
            difference.lines.extend(lines.iter().map(|change| match &change.is {
                Some(is) => format!("    + {}: {is}", change.field),
                None => format!("    {}", change.line()),
            }));
            let detail = serde_json::json!({"version": after.version, "state": after.state, "template": after.template,
                "imported": true});
            self.entries.push((after.id, "ADDED", detail));
            self.writes.push(PolicyWrite { policy: after, from: None });
            return;
        };
        if *before == after {
            difference.unchanged += 1;
            return;
        }
        let found = changes(&before.spec, &after.spec);
        difference.changed += 1;
        let version =
            if before.version == after.version { String::new() } else { format!(" (version {})", after.version) };
        difference.lines.push(format!("~ policy {name}{version}"));
        if before.state != after.state {
            difference.lines.push(format!("    ~ state: {} -> {}", before.state, after.state));
        }
        difference.lines.extend(found.iter().map(|change| format!("    {}", change.line())));
        self.entries.push((after.id, "EDITED", edited(before, &after, &found)));
        self.writes.push(PolicyWrite { from: Some(before.version), policy: after });
    }
}

/// What a new policy is compared with, so that everything about it is told.
fn nothing() -> PolicySpec {
    PolicySpec {
        description: String::new(),
        scope: policy::PolicyScope::default(),
        triggers: vec![],
        indicators: vec![],
        activation_days: 0,
        lookback_days: -1,
        alert_volume: policy::AlertVolume::default(),
        sequences: vec![],
        cumulative: false,
        boosters: vec![],
        always_on: false,
        minimum_daily_events: None,
    }
}

/// The subjects of these pseudonyms, each once; a problem at the place of each that nobody has.
fn listed_subjects(
    pseudonyms: &[String],
    people: &BTreeMap<String, SubjectId>,
    field: &str,
    problems: &mut Vec<Problem>,
) -> Vec<SubjectId> {
    let mut found = BTreeSet::new();
    for (at, pseudonym) in pseudonyms.iter().enumerate() {
        match people.get(pseudonym) {
            Some(subject) => {
                found.insert(*subject);
            }
            None => {
                let message = "Nobody here has this pseudonym: pseudonyms hold for one installation only.";
                problems.push(Problem::new(&["scope", field, &at.to_string()], ProblemCode::NotFound, message));
            }
        }
    }
    found.into_iter().collect()
}

/// A problem of the core, which speaks of the API's input, with the names that the file has.
fn in_file(mut problem: Problem) -> Problem {
    if problem.field.first().is_some_and(|first| first == "input") {
        problem.field.remove(0);
    }
    // Thresholds stand flat in a file.
    problem.field.retain(|part| part != "thresholds");
    for part in &mut problem.field {
        *part = match part.as_str() {
            "activationDays" => "activation_days".to_owned(),
            "lookbackDays" => "lookback_days".to_owned(),
            "alertVolume" => "alert_volume".to_owned(),
            "minimumDailyEvents" => "minimum_daily_events".to_owned(),
            "accounts" => "subjects".to_owned(),
            "excludeAccounts" => "excluded".to_owned(),
            "priorityGroupIds" => "groups".to_owned(),
            other => other.to_owned(),
        };
    }
    problem
}

/// The problems with their lines, as far as a person reads them.
fn told(problems: &[Problem], places: &Places) -> Vec<Problem> {
    let most = limits::POLICY_FILE_PROBLEMS;
    let mut told: Vec<Problem> = problems.iter().take(most).map(|problem| places.told(problem)).collect();
    if problems.len() > most {
        let message = format!("and {} more", problems.len() - most);
        told.push(Problem::new(&[], ProblemCode::Invalid, message));
    }
    told
}

#[cfg(test)]
mod tests;
