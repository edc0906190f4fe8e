//! What keeps a policy from finding anything, and what to do about it (domain, section 4).
//! Never: a finding without an action, or the name of a person or connector in one.

use crate::{
    indicator::{self, Category},
    limits::{
        HEALTH_HR_DAYS, HEALTH_SETTLING_DAYS, HEALTH_TRIGGER_PERCENT, HEALTH_TRIGGER_SUBJECTS, TRIGGERS_A_DAY,
        TRIGGERS_A_DAY_ALL, TRIGGERS_A_DAY_PEOPLE,
    },
    policy::{Policy, PolicyState},
    template::TemplateCode,
    time::Micros,
    words::words,
};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// How grave a finding is.
    HealthStatus {
        /// Nothing to do.
        Healthy = "HEALTHY",
        /// The policy works and could work better.
        Recommendation = "RECOMMENDATION",
        /// The policy misses what it is for.
        Warning = "WARNING",
    }
}

/// One thing that is right or wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthFinding {
    /// How grave.
    pub status: HealthStatus,
    /// The stable word.
    pub code: &'static str,
    /// What is so, in a sentence.
    pub message: String,
    /// What to do, in a sentence.
    pub action: &'static str,
}

words! {
    /// Whether a configured connector takes deliveries.
    SourceState {
        /// It does.
        Enabled = "ENABLED",
        /// Switched off by hand.
        Paused = "PAUSED",
        /// Stopped after repeated faults.
        Quarantined = "QUARANTINED",
    }
}

/// A configured connector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The family of its plugin: "hr", "office", …
    pub family: String,
    /// Whether it takes deliveries.
    pub state: SourceState,
    /// When its last delivery arrived.
    pub last_delivery: Option<Micros>,
}

/// What an installation has seen of late, as far as policies' health goes by it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Experience {
    /// Subjects that are known.
    pub subjects: u64,
    /// Subjects with a triggering event of the last 30 days, by its code.
    pub triggered: BTreeMap<String, u64>,
    /// Triggering events of the busiest of the last 7 days (UTC), by code.
    pub busiest: BTreeMap<String, u64>,
    /// Triggering events of all codes on the busiest of these days.
    pub busiest_day: u64,
    /// Whose last working day passed between 90 and 7 days ago.
    pub departures_expected: u64,
    /// Of these, whose account was deleted or whose employment ended since.
    pub departures_seen: u64,
    /// Accounts deleted in these days without a word from HR.
    pub departures_unannounced: u64,
}

/// Everything that decides about a policy's health.
#[derive(Clone, Debug)]
pub struct HealthInput<'a> {
    /// The clock.
    pub now: Micros,
    /// The version in force.
    pub policy: &'a Policy,
    /// When the policy was created.
    pub created_at: Micros,
    /// Codes of the globally enabled indicators.
    pub enabled: &'a BTreeSet<String>,
    /// All configured connectors.
    pub sources: &'a [Source],
    /// Subjects that the scope covers.
    pub subjects_in_scope: u64,
    /// Subjects with an open window under any policy of the same template.
    pub scored_of_template: u64,
    /// Whether scoring was ever started under the policy.
    pub ever_triggered: bool,
    /// Whether the policy ever raised an alert.
    pub ever_alerted: bool,
    /// Of the subjects that it scores, those with too little history to know what is usual.
    pub unsettled: u64,
    /// Subjects that it scores.
    pub scored: u64,
    /// Other active policies that are as young and cover some of the same subjects.
    pub young_rivals: u64,
    /// Whether the scope names more than the installation's coverage does.
    pub exceeds_coverage: bool,
    /// Known subjects in scope who are outside of the installation's coverage.
    pub uncovered_in_scope: u64,
    /// What the installation has seen of late.
    pub experience: &'a Experience,
}

/// The findings, the gravest first; one that says so where there is nothing to do.
pub fn policy_health(input: &HealthInput<'_>) -> Vec<HealthFinding> {
    let mut findings = Vec::new();
    let found = &mut findings;
    of_scope(input, found);
    of_indicators(input, found);
    of_triggers(input, found);
    of_sources(input, found);
    of_experience(input, found);
    of_youth(input, found);
    of_trigger_volume(input, found);
    of_departures(input, found);
    findings.sort_by_key(|finding: &HealthFinding| (std::cmp::Reverse(finding.status), finding.code));
    if findings.is_empty() {
        let message = "Nothing stands in the policy's way.".to_owned();
        findings.push(HealthFinding { status: HealthStatus::Healthy, code: "HEALTHY", message, action: "None." });
    }
    findings
}

fn add(
    found: &mut Vec<HealthFinding>,
    status: HealthStatus,
    code: &'static str,
    message: impl Into<String>,
    action: &'static str,
) {
    found.push(HealthFinding { status, code, message: message.into(), action });
}

use HealthStatus::{Recommendation, Warning};

fn of_scope(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let policy = input.policy;
    let by_group = matches!(
        policy.template,
        TemplateCode::DataLeaksByPriorityUsers | TemplateCode::SecurityPolicyViolationsByPriorityUsers
    );
    if by_group && policy.spec.scope.groups.is_empty() {
        let message = "The template is for priority user groups, and the scope has none.";
        add(found, Warning, "NO_PRIORITY_GROUP", message, "Add a priority user group to the scope.");
    }
    if input.subjects_in_scope == 0 {
        let action = "Widen the scope, or check that the departments and groups in it have members.";
        add(found, Warning, "NO_SUBJECTS_IN_SCOPE", "The scope covers nobody.", action);
    }
    if input.exceeds_coverage || input.uncovered_in_scope > 0 {
        let message = format!(
            "The scope holds people outside of the installation's coverage ({} of them known): nothing of them comes in, \
             and they are not scored.",
            input.uncovered_in_scope
        );
        let action = "Narrow the scope to who is covered, or extend the coverage by an agreement that allows it.";
        add(found, Recommendation, "SCOPE_EXCEEDS_COVERAGE", message, action);
    }
    let cap = u64::from(policy.template.template().max_subjects);
    let scored = input.scored_of_template;
    let action = "Narrow the scope or shorten the activation window of the policies of this template.";
    let message = format!("{scored} subjects are scored under policies of this template; {cap} is its limit.");
    if scored >= cap {
        add(found, Warning, "SUBJECT_LIMIT_REACHED", message, action);
    } else if scored >= cap - cap / 10 {
        add(found, Recommendation, "SUBJECT_LIMIT_NEAR", message, action);
    }
}

fn of_indicators(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let selected = &input.policy.spec.indicators;
    if selected.is_empty() {
        add(found, Warning, "NO_INDICATORS", "No indicator is selected.", "Select indicators.");
        return;
    }
    let off: Vec<&str> =
        selected.iter().map(|chosen| chosen.code.as_str()).filter(|code| !input.enabled.contains(*code)).collect();
    if !off.is_empty() {
        let message = format!("Selected and not enabled in the settings: {}.", some(&off));
        let action = "Enable them in the settings, or take them out of the policy.";
        add(found, Warning, "INDICATOR_NOT_ENABLED", message, action);
    }
    let fed = |code: &str| {
        indicator::find(code).is_some_and(|known| match known.category {
            Category::Custom => !input.sources.is_empty(),
            _ => known.sources.iter().any(|family| configured(input, family)),
        })
    };
    let dry: Vec<&str> = selected.iter().map(|chosen| chosen.code.as_str()).filter(|code| !fed(code)).collect();
    if !dry.is_empty() {
        let all = dry.len() == selected.len();
        let status = if all { Warning } else { Recommendation };
        let message = format!("Selected, and no configured connector feeds them: {}.", some(&dry));
        let action = "Configure a connector that feeds them, or take them out of the policy.";
        add(found, status, "SOURCE_NOT_CONFIGURED", message, action);
    }
}

fn of_triggers(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let triggers = &input.policy.spec.triggers;
    let by_volume = input.policy.template.template().volume_trigger;
    if triggers.is_empty() && !by_volume {
        let message = "Nothing starts scoring but an order by hand.";
        add(found, Warning, "NO_TRIGGER", message, "Select a triggering event.");
        return;
    }
    let is_hr = |code: &String| indicator::find(code).is_some_and(|known| known.sources == ["hr"]);
    if !triggers.iter().any(is_hr) {
        return;
    }
    let hr: Vec<&Source> = input.sources.iter().filter(|source| source.family == "hr").collect();
    if hr.is_empty() {
        let others = by_volume || !triggers.iter().all(is_hr);
        let status = if others { Recommendation } else { Warning };
        let message = "Events from HR start scoring, and no HR connector is configured.";
        add(found, status, "HR_NOT_CONFIGURED", message, "Configure an HR connector.");
    } else if !hr.iter().filter_map(|source| source.last_delivery).any(|at| at > input.now.plus_days(-HEALTH_HR_DAYS)) {
        let message = format!("The HR connector has delivered nothing for {HEALTH_HR_DAYS} days.");
        add(found, Warning, "HR_SILENT", message, "Check the export from HR and how it reaches the connector.");
    }
}

/// Connectors that the policy draws on and that do not take deliveries.
fn of_sources(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let spec = &input.policy.spec;
    let codes = spec.indicators.iter().map(|chosen| &chosen.code).chain(&spec.triggers);
    let needed: BTreeSet<&str> =
        codes.filter_map(|code| indicator::find(code)).flat_map(|known| known.sources).copied().collect();
    let families = |state: SourceState| -> Vec<&str> {
        let stopped = input.sources.iter().filter(|source| source.state == state);
        let families: BTreeSet<&str> = stopped.map(|source| source.family.as_str()).collect();
        families.into_iter().filter(|family| needed.contains(family)).collect()
    };
    let quarantined = families(SourceState::Quarantined);
    if !quarantined.is_empty() {
        let message = format!("A connector was stopped after repeated faults, of the family: {}.", some(&quarantined));
        let action = "Look at the connector's runs, replace or repair its plugin, and enable it again.";
        add(found, Warning, "CONNECTOR_QUARANTINED", message, action);
    }
    let paused = families(SourceState::Paused);
    if !paused.is_empty() {
        let message = format!("A connector is paused, of the family: {}.", some(&paused));
        add(found, Recommendation, "CONNECTOR_PAUSED", message, "Enable it again, or remove it.");
    }
}

/// What only time tells: not asked of a policy that is not active or still young.
fn of_experience(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let settled = input.created_at <= input.now.plus_days(-HEALTH_SETTLING_DAYS);
    if input.policy.state != PolicyState::Active || !settled {
        return;
    }
    if !input.ever_triggered {
        let message = format!("In over {HEALTH_SETTLING_DAYS} days nothing has started scoring.");
        let action = "Check that the triggering events arrive for subjects in scope.";
        add(found, Recommendation, "TRIGGER_NEVER_FIRED", message, action);
    } else if !input.ever_alerted {
        let message = format!("In over {HEALTH_SETTLING_DAYS} days the policy has raised no alert.");
        let action = "Lower the thresholds, select more indicators, or raise the alert volume.";
        add(found, Recommendation, "NEVER_ALERTED", message, action);
    }
}

/// A young policy builds its baseline, and wants to be looked at alone.
fn of_youth(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    if input.policy.state != PolicyState::Active {
        return;
    }
    let young = input.created_at > input.now.plus_days(-HEALTH_SETTLING_DAYS);
    if input.unsettled > 0 && (young || input.unsettled * 2 > input.scored) {
        let message = format!(
            "Of {} subjects that it scores, {} have too little history to tell what is usual: expect more low and medium alerts.",
            input.scored, input.unsettled
        );
        let action = "Wait until there are 12 active days of most of them, or import older activity.";
        add(found, Recommendation, "SETTLING_IN", message, action);
    }
    if young && input.young_rivals > 0 {
        let message = format!(
            "{} other policies, active and less than {HEALTH_SETTLING_DAYS} days old, cover some of the same subjects.",
            input.young_rivals
        );
        let action = "Tune one policy for 30 to 60 days before you add the next.";
        add(found, Recommendation, "OVERLAPPING_NEW_POLICIES", message, action);
    }
}

/// A trigger that fires for many singles nobody out; one that fires too often is told, and nothing is dropped.
fn of_trigger_volume(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let seen = input.experience;
    for code in &input.policy.spec.triggers {
        let name = indicator::find(code).map_or(code.as_str(), |known| known.name);
        let subjects = seen.triggered.get(code).copied().unwrap_or_default();
        if seen.subjects >= HEALTH_TRIGGER_SUBJECTS && subjects * 100 > seen.subjects * HEALTH_TRIGGER_PERCENT {
            let message =
                format!("{name}: seen of {subjects} of {} subjects in 30 days. It singles nobody out.", seen.subjects);
            let action = "Take the trigger out, or have its source deliver the grave cases only.";
            add(found, Warning, "TRIGGER_TOO_WIDE", message, action);
        }
        let most = if indicator::find(code)
            .is_some_and(|known| matches!(known.category, Category::Hr | Category::Directory | Category::Custom))
        {
            TRIGGERS_A_DAY_PEOPLE
        } else {
            TRIGGERS_A_DAY
        };
        let busiest = seen.busiest.get(code).copied().unwrap_or_default();
        if busiest >= most {
            let message =
                format!("{name}: {busiest} on one of the last 7 days; {most} is the limit that this was made for.");
            add(found, Warning, "TRIGGER_LIMIT_REACHED", message, LOOK_AT_SOURCE);
        }
    }
    if seen.busiest_day >= TRIGGERS_A_DAY_ALL {
        let message = format!(
            "{} triggering events on one of the last 7 days; {TRIGGERS_A_DAY_ALL} is the limit.",
            seen.busiest_day
        );
        add(found, Warning, "TRIGGERS_LIMIT_REACHED", message, LOOK_AT_SOURCE);
    }
}

const LOOK_AT_SOURCE: &str = "All of them were taken; look at what the source delivers.";

/// Who leaves by HR and who leaves by the directory should be the same people.
fn of_departures(input: &HealthInput<'_>, found: &mut Vec<HealthFinding>) {
    let by_date = ["RESIGNATION", "TERMINATION", "ACCOUNT_DELETED"];
    if !input.policy.spec.triggers.iter().any(|code| by_date.contains(&code.as_str())) {
        return;
    }
    let seen = input.experience;
    let fed = |code: &str| {
        indicator::find(code).is_some_and(|known| known.sources.iter().any(|family| configured(input, family)))
    };
    if fed("ACCOUNT_DELETED") && seen.departures_seen < seen.departures_expected {
        let message = format!(
            "The last working day of {} people has passed; of {} of them nothing says that they have left.",
            seen.departures_expected,
            seen.departures_expected - seen.departures_seen
        );
        let action = "Check that the directory's deletions are delivered, and that accounts are closed.";
        add(found, Recommendation, "DEPARTURES_NOT_SEEN", message, action);
    }
    if fed("RESIGNATION") && seen.departures_unannounced > 0 {
        let message =
            format!("{} accounts were deleted without a resignation or termination.", seen.departures_unannounced);
        let action = "Check the export from HR: whoever leaves should be in it before the account goes.";
        add(found, Recommendation, "DEPARTURES_NOT_ANNOUNCED", message, action);
    }
}

fn configured(input: &HealthInput<'_>, family: &str) -> bool {
    input.sources.iter().any(|source| source.family == family)
}

/// The first few of a list, and how many more there are.
fn some(words: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = words.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
