//! Policies as code: all policies and the enabled indicators as one file, and a file made true, all of it or nothing.
//! Never: names a person, or changes anything where a single line is wrong.

mod read;
mod write;

use super::{Services, policy_edits::edited, settings::no_group};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, PolicyWrite, Saved, SetupWrite, StoredPolicy},
};
use read::{Document, Listed, Named, Places};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{PolicyId, PriorityGroupId, SubjectId},
    indicator, limits,
    policy::{self, PolicySpec, changes},
    problem::{Problem, ProblemCode},
    settings::Settings,
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
    /// Whether it changes the settings.
    pub settings: bool,
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
    /// The version that they were made from, and the settings as they shall be.
    settings: Option<(i32, Settings)>,
    writes: Vec<PolicyWrite>,
    entries: Vec<(PolicyId, AuditActivity, serde_json::Value)>,
    /// The version of the settings that it makes, and what that changes.
    changed: Option<(i32, Vec<String>)>,
    difference: Difference,
}

/// What a file's policies are read against.
struct Known {
    /// The settings after the import.
    settings: Settings,
    /// Codes that are enabled after the import.
    enabled: BTreeSet<String>,
    /// The subjects of the pseudonyms that it lists.
    people: BTreeMap<String, SubjectId>,
    /// Priority user groups by name.
    groups: BTreeMap<String, PriorityGroupId>,
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
        let enabled = self.store.chosen_indicators().await?;
        let (_, settings) = self.store.settings().await?;
        let groups = self.store.groups().await?.into_iter().map(|group| (group.id, group.name)).collect();
        let known = write::Names { pseudonyms: &pseudonyms, groups: &groups };
        Ok(write::write(enabled.iter().map(String::as_str), &settings, &policies, known))
    }

    /// Makes the installation say what the file says; with `dry_run`, tells only how it would change. `permits` are for
    /// changing policies, indicators and settings.
    pub async fn import_policies(
        &self,
        permits: [&Permit; 3],
        text: &str,
        dry_run: bool,
    ) -> Result<Difference, ServiceError> {
        let viewer = permits[0].require(Resource::Policies, Action::Change)?;
        permits[1].require(Resource::Indicators, Action::Change)?;
        permits[2].require(Resource::Settings, Action::Change)?;
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
            .map(|(id, activity, detail)| Entry::by(viewer, *activity, AuditCategory::Policies, id, detail))
            .collect();
        for (codes, enabled) in [(&plan.on, true), (&plan.off, false)] {
            if !codes.is_empty() {
                let detail = serde_json::json!({"codes": codes, "enabled": enabled});
                entries.push(Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "indicators", &detail));
            }
        }
        if let Some((version, changes)) = plan.changed {
            let detail = serde_json::json!({"version": version, "changes": changes, "imported": true});
            entries.push(Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "settings", &detail));
        }
        let indicators = SetupWrite { on: plan.on, off: plan.off, settings: plan.settings };
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
        let before = self.store.chosen_indicators().await?;
        let enabled = match document.enabled {
            Some(codes) => plan.indicators(&before, &codes, problems),
            None => before,
        };
        let (version, mut settings) = self.store.settings().await?;
        if let Some(mut wanted) = document.settings {
            // A file that does not speak of it must not put people under monitoring, show who they are, keep or drop what is
            // known of them, or decide who changes policies.
            let said = |name: &str| document.said.contains(name);
            if !said("coverage") {
                wanted.coverage.clone_from(&settings.coverage);
            }
            if !said("privacy") {
                wanted.privacy.clone_from(&settings.privacy);
            }
            if !said("alert_targets") {
                wanted.alert_targets = settings.alert_targets;
            }
            if !said("retention") {
                wanted.retention = settings.retention;
            }
            if !said("inline_tuning") {
                wanted.inline_tuning = settings.inline_tuning;
            }
            match wanted.checked() {
                Ok(wanted) => {
                    let known: BTreeSet<PriorityGroupId> =
                        self.store.groups().await?.into_iter().map(|group| group.id).collect();
                    for (at, rule) in wanted.coverage.rules.iter().enumerate() {
                        for (place, _) in rule.groups.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
                            let path = ["settings", "coverage", &at.to_string(), "groups", &place.to_string()];
                            problems.push(no_group(&path));
                        }
                    }
                    plan.settings(version, &settings, &wanted);
                    settings = wanted;
                }
                Err(found) => {
                    problems.extend(found.into_iter().map(|problem| in_file(problem).within(&["settings"])));
                    return Ok(plan);
                }
            }
        }
        let stored: BTreeMap<String, StoredPolicy> =
            self.store.policies(None).await?.into_iter().map(|one| (one.policy.name.clone(), one)).collect();
        let groups = self.store.groups().await?.into_iter().map(|group| (group.name, group.id)).collect();
        let people = self.people(&document.policies).await?;
        let known = Known { enabled: settings.enabled(&enabled), settings, people, groups };
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
        let Listed { mut draft, named: Named { groups, subjects, excluded } } = listed;
        draft.scope.subjects = listed_subjects(&subjects, &known.people, "subjects", problems);
        draft.scope.excluded = listed_subjects(&excluded, &known.people, "excluded", problems);
        for (at, name) in groups.iter().enumerate() {
            match known.groups.get(name) {
                Some(group) => draft.scope.groups.push(*group),
                None => {
                    let message = "There is no priority user group of this name: create it first.";
                    problems.push(Problem::new(&["scope", "groups", &at.to_string()], ProblemCode::NotFound, message));
                }
            }
        }
        draft.scope.groups.sort_unstable();
        draft.scope.groups.dedup();
        let organisation = self.thresholds(&mut draft, &known.settings).await?;
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
            policies.iter().flat_map(|listed| listed.named.subjects.iter().chain(&listed.named.excluded)).collect();
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

    fn settings(&mut self, version: i32, before: &Settings, after: &Settings) {
        let changes = before.changes(after);
        if before == after {
            return;
        }
        self.difference.settings = true;
        self.difference.lines.push("~ settings".to_owned());
        self.difference.lines.extend(changes.iter().map(|change| format!("    ~ {change}")));
        self.settings = Some((version, after.clone()));
        self.changed = Some((version + 1, changes));
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
            self.entries.push((after.id, AuditActivity::Added, detail));
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
        self.entries.push((after.id, AuditActivity::Edited, edited(before, &after, &found)));
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
        priority_content: None,
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
            "priorityContent" => "priority_content".to_owned(),
            "sensitiveTypes" => "sensitive_types".to_owned(),
            "fileTypes" => "file_types".to_owned(),
            "thirdParty" => "third_party".to_owned(),
            "detectionGroups" => "groups".to_owned(),
            "customIndicators" => "custom_indicators".to_owned(),
            "actionClass" => "action".to_owned(),
            "activationDays" => "activation_days".to_owned(),
            "lookbackDays" => "lookback_days".to_owned(),
            "alertVolume" => "alert_volume".to_owned(),
            "effectiveFrom" => "effective_from".to_owned(),
            "addAccounts" => "accounts".to_owned(),
            "riskLevel" => "risk_level".to_owned(),
            "windowDays" => "window_days".to_owned(),
            "lastsDays" => "lasts_days".to_owned(),
            "minimumDailyEvents" => "minimum_daily_events".to_owned(),
            "revealHours" => "reveal_hours".to_owned(),
            "alertTargets" => "alert_targets".to_owned(),
            "highHours" => "high_hours".to_owned(),
            "mediumHours" => "medium_hours".to_owned(),
            "lowHours" => "low_hours".to_owned(),
            "needsReviewAlertDays" => "needs_review_alert_days".to_owned(),
            "resolvedCaseDays" => "resolved_case_days".to_owned(),
            "eventDays" => "event_days".to_owned(),
            "auditDays" => "audit_days".to_owned(),
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
