//! What an installation says of its export: names of columns and scenarios, order of dates.
//! Never: decides what a row means.

use crate::scenario::Scenario;
use connector_sdk::time::DateOrder;
use connector_sdk::{ColumnNames, Problem};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The export's names of columns, by ours.
    columns: ColumnNames,
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
        self.columns.of(name)
    }

    /// The scenario that the export calls `text`.
    pub(crate) fn scenario_named(&self, text: &str) -> Option<Scenario> {
        let wanted = letters(text);
        let mapped = self.scenarios.iter().find(|(name, _)| letters(name) == wanted).map(|(_, scenario)| *scenario);
        mapped.or_else(|| Scenario::ALL.into_iter().find(|scenario| letters(scenario.name()) == wanted))
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        self.columns.problems()
    }
}

/// The letters and digits of a name, in lower case: `Job level change` and `JobLevel_Change` are one.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
