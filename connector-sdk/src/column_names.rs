//! What an export calls the columns that a connector knows by names of its own.
//! Never: two of our columns from one of theirs; `problems` tells of it before a row is read.

use crate::Problem;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A configuration's `columns`: our name of a column, and theirs. Columns left out keep our name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ColumnNames(BTreeMap<String, String>);

impl ColumnNames {
    /// What the export calls the column that we call `name`.
    #[must_use]
    pub fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, |mapped| mapped.trim())
    }

    /// Two of ours that are one of theirs, each as a problem of the configuration's `columns`.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        let mut problems = Vec::new();
        for (ours, theirs) in &self.0 {
            if let Some(other) = taken.insert(theirs.trim().to_lowercase(), ours) {
                let message = format!("{other} and {ours} cannot both be the column {theirs:?}");
                problems.push(Problem { at: format!("/columns/{ours}"), message });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::ColumnNames;

    #[test]
    fn a_column_has_the_name_that_the_export_gives_it_and_no_two_have_one() {
        let columns: ColumnNames = serde_json::from_str(r#"{"Mail": " E-Mail ", "Name": "e-mail"}"#).unwrap();
        assert_eq!((columns.of("Mail"), columns.of("Date")), ("E-Mail", "Date"));
        let problems = columns.problems();
        assert_eq!((problems.len(), problems[0].at.as_str()), (1, "/columns/Name"));
        assert_eq!(ColumnNames::default().problems(), []);
    }
}
