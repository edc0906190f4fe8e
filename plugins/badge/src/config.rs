//! What an installation says of its doors and of the system that watches them.
//! Never: a door that is sensitive by its name alone.

use connector_sdk::Problem;
use connector_sdk::time::DateOrder;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// In lower case.
    #[serde(deserialize_with = "lower")]
    sensitive_assets: Vec<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    statuses: BTreeMap<String, Opened>,
    #[serde(default)]
    terminated_statuses: Vec<String>,
    /// What a UserId is that shows no kind of its own.
    #[serde(default)]
    pub(crate) user_scheme: Scheme,
    /// Day or month first.
    #[serde(default)]
    pub(crate) date_order: DateOrder,
}

/// Whether a door opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Opened {
    Success,
    Failed,
}

/// Kinds of identifiers that show nothing of themselves.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    #[default]
    EmployeeId,
    Sam,
    BadgeId,
}

impl Scheme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EmployeeId => connector_sdk::identifier::EMPLOYEE_ID,
            Self::Sam => connector_sdk::identifier::SAM,
            Self::BadgeId => "badge-id",
        }
    }
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |at: String, message: &str| problems.push(Problem { at, message: message.into() });
        for (at, asset) in self.sensitive_assets.iter().enumerate() {
            if matches!(asset.as_str(), "" | "*") {
                report(format!("/sensitive_assets/{at}"), "not every door can be sensitive: name them");
            }
        }
        if !self.terminated_statuses.is_empty() && !self.fields.contains_key("HolderStatus") {
            let message = "say in fields/HolderStatus where a record tells the state of the holder";
            report("/terminated_statuses".into(), message);
        }
        if self.terminated_statuses.is_empty() && self.fields.contains_key("HolderStatus") {
            report(
                "/fields/HolderStatus".into(),
                "say in terminated_statuses which of its values mean that somebody left",
            );
        }
        problems
    }

    /// What the system calls the field that we call `name`.
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> &'a str {
        self.fields.get(name).map_or(name, |mapped| mapped.trim())
    }

    /// The same for a field that exists only where it is configured.
    pub(crate) fn optional_field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|mapped| mapped.trim())
    }

    /// Whether this is the id or name of a sensitive door.
    pub(crate) fn is_sensitive(&self, asset: &str) -> bool {
        let asset = asset.trim().to_lowercase();
        self.sensitive_assets.iter().any(|listed| match listed.strip_suffix('*') {
            Some(start) => asset.starts_with(start),
            None => asset == *listed,
        })
    }

    /// Whether the door opened; `None` for a word that nobody explained.
    pub(crate) fn opened(&self, status: &str) -> Option<bool> {
        let mapped = self.statuses.iter().find(|(word, _)| same(word, status)).map(|(_, opened)| *opened);
        let known = || match status.to_ascii_lowercase().as_str() {
            "success" => Some(Opened::Success),
            "failed" => Some(Opened::Failed),
            _ => None,
        };
        mapped.or_else(known).map(|opened| opened == Opened::Success)
    }

    /// Whether the state of a holder says that they have left.
    pub(crate) fn is_terminated(&self, state: &str) -> bool {
        self.terminated_statuses.iter().any(|listed| same(listed, state))
    }
}

/// Once a batch, so that it is not done for every record.
fn lower<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<String>::deserialize(from)?.iter().map(|asset| asset.trim().to_lowercase()).collect())
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
