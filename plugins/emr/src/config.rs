//! What an installation says of its export: names of columns, what its words mean, order of dates.
//! Never: decides what a record means.

use connector_sdk::identifier::{EMPLOYEE_ID, SAM};
use connector_sdk::time::DateOrder;
use connector_sdk::{ColumnNames, Problem};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The export's names of columns, by ours.
    columns: ColumnNames,
    /// Names of events that are no access to a record.
    ignored_events: Vec<String>,
    /// Words in the column of the reason that give none.
    unrestricted_reasons: Option<Vec<String>>,
    /// FHIR: codes of purposes that break the glass.
    restricted_purposes: Option<Vec<String>>,
    /// FHIR: what the identifier of a person is that shows no kind of its own.
    user_scheme: Scheme,
    /// FHIR: whether the name of an agent who has no identifier is the sign-in name.
    pub(crate) names_are_accounts: bool,
    /// Day or month first.
    pub(crate) date_order: DateOrder,
}

/// Kinds of identifiers that show nothing of themselves.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    #[default]
    EmployeeId,
    Sam,
    PractitionerId,
}

impl Config {
    /// What the export calls the column that we call `name`.
    pub(crate) fn column<'a>(&'a self, name: &'a str) -> &'a str {
        self.columns.of(name)
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self.user_scheme {
            Scheme::EmployeeId => EMPLOYEE_ID,
            Scheme::Sam => SAM,
            Scheme::PractitionerId => "practitioner-id",
        }
    }

    /// Whether an event of that name is no access to a record.
    pub(crate) fn is_ignored(&self, event: &str) -> bool {
        has(&self.ignored_events, event)
    }

    /// The reason for opening a restricted record, if the text is one.
    pub(crate) fn restricted<'a>(&self, reason: Option<&'a str>) -> Option<&'a str> {
        // Exports write something into a column that is mandatory.
        const NONE: &[&str] = &["none", "no", "n/a", "na", "null", "-", "not applicable", "not restricted"];
        reason.filter(|reason| match &self.unrestricted_reasons {
            Some(listed) => !has(listed, reason),
            None => !has(NONE, reason),
        })
    }

    /// Whether a purpose of that code breaks the glass.
    pub(crate) fn is_restricted_purpose(&self, code: &str) -> bool {
        match &self.restricted_purposes {
            Some(listed) => has(listed, code),
            None => has(&["BTG", "ETREAT"], code),
        }
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        self.columns.problems()
    }
}

fn has<T: AsRef<str>>(list: &[T], text: &str) -> bool {
    let text = text.trim().to_lowercase();
    list.iter().any(|listed| listed.as_ref().trim().to_lowercase() == text)
}
