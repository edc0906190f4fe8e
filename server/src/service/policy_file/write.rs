//! Policies as a file that people read and keep under version control: the same policies give the same bytes.
//! Never: an account or a name of a person; who is listed is listed by pseudonym.

use std::{collections::BTreeMap, fmt::Write as _};
use vizard_core::{
    ids::SubjectId,
    policy::{IndicatorChoice, Policy, PolicyDraft, PolicyScope},
};

const HEADER: &str = "\
# The policies of a Vizard installation, and which indicators it has enabled.
#
# Written by `vizard policy export`, read by `vizard policy import FILE [--dry-run]`. An import makes the installation say
# what is said here, all of it or, where anything is wrong, nothing. A policy is found by its name, which cannot be changed,
# as its template cannot; a policy that is not in this file is left as it is. What a [[policy]] leaves out is as its template
# has it. Thresholds stand where the mode is CUSTOM; the other modes find their own. Without the table [indicators], nothing is
# enabled or disabled. People are listed by their pseudonyms, which hold for one installation only.
";

/// The file. `policies` come in the order of their names, `enabled` in that of the codes.
pub(super) fn write<'a>(
    enabled: impl Iterator<Item = &'a str>,
    policies: &[Policy],
    pseudonyms: &BTreeMap<SubjectId, String>,
) -> String {
    let mut out = format!("{HEADER}\nformat = 1\n\n[indicators]\n");
    list(&mut out, "enabled", enabled.map(quoted));
    for policy in policies {
        one(&mut out, policy, pseudonyms);
    }
    out
}

fn one(out: &mut String, policy: &Policy, pseudonyms: &BTreeMap<SubjectId, String>) {
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
    let PolicyScope { all, departments, groups, subjects, excluded } = scope;
    out.push_str("\n[policy.scope]\n");
    field(out, "all", all);
    list(out, "departments", departments.iter().map(|department| quoted(department)));
    list(out, "groups", groups.iter().map(|group| quoted(&group.to_string())));
    let named = |subjects: &[SubjectId]| {
        // Ids are random: sorted by pseudonym, the list reads the same wherever it is written.
        let mut names: Vec<String> =
            subjects.iter().filter_map(|subject| pseudonyms.get(subject)).map(|name| quoted(name)).collect();
        names.sort();
        names
    };
    list(out, "subjects", named(&subjects).into_iter());
    list(out, "excluded", named(&excluded).into_iter());
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
