//! What an installation says of its export: names of columns and scenarios, order of dates.
//! Never: decides what a row means.

use crate::scenario::Scenario;
use connector_sdk::Problem;
use connector_sdk::time::DateOrder;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The export's names of columns, by ours.
    columns: BTreeMap<String, String>,
    /// The export's names of scenarios.
    scenarios: BTreeMap<String, Scenario>,
    /// The scenario of files that have no column for it and a header that fits several.
    pub(crate) scenario: Option<Scenario>,
    /// Day or month first.
    pub(crate) date_order: DateOrder,
}

impl Config {
    /// What the export calls the column that we call `name`.
    pub(crate) fn column<'a>(&'a self, name: &'a str) -> &'a str {
        self.columns.get(name).map_or(name, |mapped| mapped.trim())
    }

    /// The scenario that the export calls `text`.
    pub(crate) fn scenario_named(&self, text: &str) -> Option<Scenario> {
        let wanted = letters(text);
        let mapped = self.scenarios.iter().find(|(name, _)| letters(name) == wanted).map(|(_, scenario)| *scenario);
        mapped.or_else(|| Scenario::ALL.into_iter().find(|scenario| letters(scenario.name()) == wanted))
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        let mut problems = Vec::new();
        for (ours, theirs) in &self.columns {
            if let Some(other) = taken.insert(theirs.trim().to_lowercase(), ours) {
                let message = format!("{other} and {ours} cannot both be the column {theirs:?}");
                problems.push(Problem { at: format!("/columns/{ours}"), message });
            }
        }
        problems
    }
}

/// The letters and digits of a name, in lower case: `Job level change` and `JobLevel_Change` are one.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
