//! Policies as a file that people read and keep under version control: the same policies give the same bytes.
//! Never: an account or a name of a person; who is listed is listed by pseudonym.

use std::{collections::BTreeMap, fmt::Write as _};
use vizard_core::{
    alert::AlertTargets,
    ids::{PriorityGroupId, SubjectId},
    policy::{IndicatorChoice, Policy, PolicyDraft, PolicyScope, PriorityContent},
    retention::Retention,
    scoring::threshold::Thresholds,
    settings::{CustomIndicator, Domains, Exclusions, Group, Privacy, Settings, Variant, coverage::CoverageRule},
    subject::RiskTiming,
};

const HEADER: &str = "\
# The policies and settings of a Vizard installation, and which indicators it has enabled.
#
# Written by `vizard policy export`, read by `vizard policy import FILE [--dry-run]`. An import makes the installation say
# what is said here, all of it or, where anything is wrong, nothing. A policy is found by its name, which cannot be changed,
# as its template cannot; a policy that is not in this file is left as it is. What a [[policy]] leaves out is as its template
# has it. Thresholds stand where the mode is CUSTOM; the other modes find their own. Without the table [indicators], nothing is
# enabled or disabled; without [settings], those stay, as do coverage, privacy, times to review, periods of retention and tuning
# from alerts of which they do not speak. People are listed by
# their pseudonyms, the accounts of a rule of coverage by keyed digests, its groups by ids: these hold for one installation only.
";

/// The file. `policies` come in the order of their names, `enabled` in that of the codes.
pub(super) fn write<'a>(
    enabled: impl Iterator<Item = &'a str>,
    settings: &Settings,
    policies: &[Policy],
    known: Names<'_>,
) -> String {
    let mut out = format!("{HEADER}\nformat = 1\n\n[indicators]\n");
    list(&mut out, "enabled", enabled.map(quoted));
    self::settings(&mut out, settings);
    for policy in policies {
        one(&mut out, policy, known);
    }
    out
}

fn settings(out: &mut String, settings: &Settings) {
    // Without `..`, so that no field is forgotten that a later version of the product adds.
    let Settings {
        domains,
        exclusions,
        minimum_daily_events,
        risk_level,
        coverage,
        privacy,
        alert_targets,
        retention,
        inline_tuning,
        groups,
        variants,
        custom_indicators,
    } = settings;
    out.push_str("\n[settings]\n");
    if let Some(minimum) = minimum_daily_events {
        field(out, "minimum_daily_events", minimum);
    }
    field(out, "inline_tuning", inline_tuning);
    if !coverage.is_restricted() {
        field(out, "coverage", "[]");
    }
    let texts = |out: &mut String, name, of: &[String]| list(out, name, of.iter().map(|entry| quoted(entry)));
    let Domains { unallowed, allowed, third_party } = domains;
    out.push_str("\n[settings.domains]\n");
    for (name, of) in [("unallowed", unallowed), ("allowed", allowed), ("third_party", third_party)] {
        texts(out, name, of);
    }
    let Exclusions { file_types, paths, sites, sensitive_types, keywords } = exclusions;
    out.push_str("\n[settings.exclusions]\n");
    for (name, of) in [
        ("file_types", file_types),
        ("paths", paths),
        ("sites", sites),
        ("sensitive_types", sensitive_types),
        ("keywords", keywords),
    ] {
        texts(out, name, of);
    }
    let RiskTiming { window_days, lasts_days } = risk_level;
    out.push_str("\n[settings.risk_level]\n");
    field(out, "window_days", window_days);
    field(out, "lasts_days", lasts_days);
    let Privacy { pseudonymise, justification, reveal_approval, reveal_hours } = privacy;
    out.push_str("\n[settings.privacy]\n");
    field(out, "pseudonymise", pseudonymise);
    if let Some(justification) = justification {
        field(out, "justification", quoted(justification));
    }
    field(out, "reveal_approval", quoted(reveal_approval.as_str()));
    field(out, "reveal_hours", reveal_hours);
    let AlertTargets { high_hours, medium_hours, low_hours } = alert_targets;
    out.push_str("\n[settings.alert_targets]\n");
    for (name, hours) in [("high_hours", high_hours), ("medium_hours", medium_hours), ("low_hours", low_hours)] {
        field(out, name, hours);
    }
    let Retention { needs_review_alert_days, resolved_case_days, event_days, audit_days } = retention;
    out.push_str("\n[settings.retention]\n");
    for (name, days) in [
        ("needs_review_alert_days", needs_review_alert_days),
        ("resolved_case_days", resolved_case_days),
        ("event_days", event_days),
        ("audit_days", audit_days),
    ] {
        field(out, name, days);
    }
    for CoverageRule { name, effective_from, agreement, departments, groups, accounts } in &coverage.rules {
        out.push_str("\n[[settings.coverage]]\n");
        field(out, "name", quoted(name));
        field(out, "effective_from", quoted(&effective_from.to_string()));
        field(out, "agreement", quoted(agreement));
        texts(out, "departments", departments);
        list(out, "groups", groups.iter().map(|id| quoted(&id.to_string())));
        list(out, "accounts", accounts.iter().map(|digest| quoted(&digest.to_string())));
    }
    for Group { name, kind, items } in groups {
        out.push_str("\n[[settings.groups]]\n");
        field(out, "name", quoted(name));
        field(out, "kind", quoted(kind.as_str()));
        texts(out, "items", items);
    }
    for Variant { indicator, name, groups, excluding } in variants {
        out.push_str("\n[[settings.variants]]\n");
        field(out, "indicator", quoted(indicator));
        field(out, "name", quoted(name));
        field(out, "excluding", excluding);
        texts(out, "groups", groups);
    }
    for CustomIndicator { code, name, action, thresholds } in custom_indicators {
        out.push_str("\n[[settings.custom_indicators]]\n");
        field(out, "code", quoted(code));
        field(out, "name", quoted(name));
        field(out, "action", quoted(action.as_str()));
        let Thresholds { low, medium, high } = thresholds;
        field(out, "thresholds", format!("{{ low = {low}, medium = {medium}, high = {high} }}"));
    }
}

fn one(out: &mut String, policy: &Policy, known: Names<'_>) {
    // Without `..`, so that no field is forgotten that a later version of the product adds.
    let PolicyDraft {
        name,
        description,
        template,
        scope,
        indicators,
        triggers,
        activation_days,
        lookback_days,
        alert_volume,
        sequences,
        cumulative,
        boosters,
        always_on,
        minimum_daily_events,
        priority_content,
        state,
    } = PolicyDraft::of(policy);
    out.push_str("\n[[policy]]\n");
    field(out, "name", quoted(&name));
    field(out, "template", quoted(template.as_str()));
    // A draft of a policy has all of these.
    field(out, "state", quoted(state.unwrap_or(policy.state).as_str()));
    field(out, "description", quoted(&description.unwrap_or_default()));
    field(out, "activation_days", activation_days.unwrap_or_default());
    field(out, "lookback_days", lookback_days.unwrap_or_default());
    field(out, "alert_volume", quoted(alert_volume.unwrap_or_default().as_str()));
    field(out, "always_on", always_on.unwrap_or_default());
    field(out, "cumulative", cumulative.unwrap_or_default());
    if let Some(minimum) = minimum_daily_events {
        field(out, "minimum_daily_events", minimum);
    }
    list(out, "triggers", triggers.unwrap_or_default().iter().map(|code| quoted(code)));
    list(out, "sequences", sequences.unwrap_or_default().iter().map(|code| quoted(code)));
    list(out, "boosters", boosters.unwrap_or_default().iter().map(|kind| quoted(kind.as_str())));
    list(out, "indicators", indicators.unwrap_or_default().iter().map(indicator));
    if let Some(PriorityContent { sites, sensitive_types, labels, file_types, only }) = priority_content {
        out.push_str("\n[policy.priority_content]\n");
        field(out, "only", only);
        for (name, of) in
            [("sites", sites), ("sensitive_types", sensitive_types), ("labels", labels), ("file_types", file_types)]
        {
            list(out, name, of.iter().map(|entry| quoted(entry)));
        }
    }
    let PolicyScope { all, departments, groups, subjects, excluded } = scope;
    out.push_str("\n[policy.scope]\n");
    field(out, "all", all);
    list(out, "departments", departments.iter().map(|department| quoted(department)));
    list(out, "groups", names(&groups, known.groups).into_iter());
    list(out, "subjects", names(&subjects, known.pseudonyms).into_iter());
    list(out, "excluded", names(&excluded, known.pseudonyms).into_iter());
}

/// Ids are random: sorted by name, the list reads the same wherever it is written.
fn names<T: Ord>(ids: &[T], known: &BTreeMap<T, String>) -> Vec<String> {
    let mut names: Vec<String> = ids.iter().filter_map(|id| known.get(id)).map(|name| quoted(name)).collect();
    names.sort();
    names
}

/// What the file calls things that the installation knows by ids.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) pseudonyms: &'a BTreeMap<SubjectId, String>,
    pub(super) groups: &'a BTreeMap<PriorityGroupId, String>,
}

fn indicator(choice: &IndicatorChoice) -> String {
    let mut text = format!("{{ code = {}", quoted(&choice.code));
    if let Some(mode) = choice.mode {
        let _ = write!(text, ", mode = {}", quoted(mode.as_str()));
    }
    if let Some(counts) = choice.thresholds {
        let _ = write!(text, ", low = {}, medium = {}, high = {}", counts.low, counts.medium, counts.high);
    }
    text.push_str(" }");
    text
}

fn field(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} = {value}");
}

/// One item a line, so that a difference of two files shows the item.
fn list(out: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return field(out, name, "[]");
    }
    let _ = writeln!(out, "{name} = [");
    for item in items {
        let _ = writeln!(out, "    {item},");
    }
    out.push_str("]\n");
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
