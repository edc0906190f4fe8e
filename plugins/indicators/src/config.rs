//! Which rows feed which indicator, and how much they count.
//! Never: two meanings for one row and indicator; the first that fits counts.

use crate::kinds;
use connector_sdk::time::DateOrder;
use connector_sdk::{Kind, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default = "upn")]
    pub(crate) user_column: String,
    pub(crate) time_column: String,
    #[serde(default)]
    pub(crate) source_column: Option<String>,
    #[serde(default)]
    pub(crate) key_columns: Vec<String>,
    pub(crate) indicators: Vec<Rule>,
    #[serde(default)]
    pub(crate) date_order: DateOrder,
}

fn upn() -> String {
    "UPN".into()
}

/// What feeds one indicator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(deserialize_with = "kind")]
    pub(crate) code: Kind,
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    #[serde(default)]
    pub(crate) count_column: Option<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    #[serde(default)]
    pub(crate) details: Vec<String>,
}

/// What must hold of a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) column: String,
    #[serde(default)]
    pub(crate) at_least: Option<f64>,
    #[serde(default)]
    pub(crate) at_most: Option<f64>,
    #[serde(default)]
    pub(crate) is: Vec<String>,
}

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
    let code = String::deserialize(from)?;
    let found = kinds::ALL.iter().find(|kind| kind.code == code);
    found.copied().ok_or_else(|| D::Error::custom(format!("{code:?} is none of the codes OWN_01 to OWN_50")))
}

impl Condition {
    /// Whether it compares numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        self.at_least.is_some() || self.at_most.is_some()
    }
}

impl Rule {
    /// Whether it takes rows of that source.
    pub(crate) fn takes(&self, source: Option<&str>) -> bool {
        self.sources.is_empty() || source.is_some_and(|source| self.sources.iter().any(|known| same(known, source)))
    }
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |at: String, message: &str| problems.push(Problem { at, message: message.into() });
        if self.indicators.is_empty() {
            report("/indicators".into(), "name at least one indicator");
        }
        if same(&self.user_column, &self.time_column) {
            report("/time_column".into(), "cannot be the column of the person");
        }
        for (at, rule) in self.indicators.iter().enumerate() {
            if !rule.sources.is_empty() && self.source_column.is_none() {
                report(format!("/indicators/{at}/sources"), "say in source_column which column tells the source");
            }
            for (nth, condition) in rule.when.iter().enumerate() {
                let place = || format!("/indicators/{at}/when/{nth}");
                match (condition.at_least, condition.at_most) {
                    (Some(least), Some(most)) if least > most => report(place(), "no number is within it"),
                    (None, None) if condition.is.is_empty() => report(place(), "compares nothing"),
                    _ => {}
                }
            }
            if rule.details.iter().any(|detail| same(detail, &self.user_column)) {
                report(format!("/indicators/{at}/details"), "the person's name is no detail: it is kept apart");
            }
        }
        problems
    }

    /// Every column that a delivery must have, each once.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut columns = vec![self.user_column.trim(), self.time_column.trim()];
        columns.extend(self.source_column.iter().chain(&self.key_columns).map(|column| column.trim()));
        for rule in &self.indicators {
            let conditions = rule.when.iter().map(|condition| &condition.column);
            columns.extend(rule.count_column.iter().chain(&rule.details).chain(conditions).map(|column| column.trim()));
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether a rule speaks of that source; rules without sources speak of all.
    pub(crate) fn knows(&self, source: Option<&str>) -> bool {
        self.indicators.iter().any(|rule| rule.takes(source))
    }
}

pub(crate) fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
