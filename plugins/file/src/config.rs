//! The mapping: where a record has what, and what its words mean.
//! Never: a default for where something is; what is not mapped is not known.

use crate::kinds;
use connector_sdk::time::DateOrder;
use connector_sdk::{Domains, Kind, Problem, identifier};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::{BTreeMap, BTreeSet};

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) fields: BTreeMap<Field, Places>,
    /// By the word in lower case.
    #[serde(default, deserialize_with = "by_word")]
    operations: BTreeMap<String, Meaning>,
    #[serde(default)]
    kind: Option<Meaning>,
    #[serde(default)]
    pub(crate) other_operations: Other,
    #[serde(default)]
    failed: Vec<String>,
    #[serde(default)]
    succeeded: Vec<String>,
    #[serde(default)]
    severities: BTreeMap<String, Severity>,
    #[serde(default)]
    label_order: Vec<String>,
    #[serde(default)]
    pub(crate) internal_domains: Domains,
    /// In lower case.
    #[serde(default, deserialize_with = "lower")]
    service_accounts: BTreeSet<String>,
    #[serde(default)]
    pub(crate) user_scheme: Scheme,
    #[serde(default)]
    pub(crate) size_unit: SizeUnit,
    #[serde(default)]
    pub(crate) date_order: DateOrder,
    #[serde(default)]
    pub(crate) workload: String,
}

/// What may be found in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Id,
    Collector,
    Time,
    User,
    UserDomain,
    Operation,
    Result,
    Path,
    Name,
    PreviousPath,
    ObjectId,
    PreviousObjectId,
    Hash,
    Size,
    Count,
    Label,
    PreviousLabel,
    Destination,
    Source,
    Target,
    Device,
    ClientIp,
    Site,
    Policy,
    Severity,
    InfoTypes,
}

/// Where it is: one name of a column or JSON pointer, or several of which the first that holds something counts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Places {
    One(String),
    Several(Vec<String>),
}

impl Places {
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// What a word of an operation means: events of these kinds, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Ignore,
    Kinds(Vec<Kind>),
    /// A label changed; which way, the order of labels tells.
    LabelChanged,
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Places::deserialize(from)?;
        match words.names() {
            [word] if word == "ignore" => return Ok(Self::Ignore),
            [word] if word == "LABEL_CHANGED" => return Ok(Self::LabelChanged),
            _ => {}
        }
        let kind = |word: &String| {
            let found = kinds::ALL.iter().find(|kind| kind.code == word);
            found.copied().ok_or_else(|| D::Error::custom(format!("{word:?} is no kind of this connector")))
        };
        Ok(Self::Kinds(words.names().iter().map(kind).collect::<Result<_, _>>()?))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Other {
    #[default]
    Reject,
    Ignore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    Low,
    Medium,
    High,
}

impl Severity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a user is that shows no kind of its own.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    #[default]
    Sam,
    EmployeeId,
    UserId,
}

impl Scheme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sam => identifier::SAM,
            Self::EmployeeId => identifier::EMPLOYEE_ID,
            Self::UserId => "user-id",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SizeUnit {
    #[default]
    Bytes,
    Kib,
    Mib,
}

impl SizeUnit {
    pub(crate) const fn bytes(self) -> f64 {
        match self {
            Self::Bytes => 1.0,
            Self::Kib => 1_024.0,
            Self::Mib => 1_048_576.0,
        }
    }
}

/// Results that mean that nothing happened, in any product.
const FAILED: &[&str] =
    &["failure", "failed", "fail", "denied", "access denied", "blocked", "block", "error", "false", "audit failure"];
/// Results that mean that it happened.
const SUCCEEDED: &[&str] = &[
    "success",
    "succeeded",
    "successful",
    "allowed",
    "allow",
    "permitted",
    "ok",
    "true",
    "completed",
    "audit success",
];

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |at: String, message: String| problems.push(Problem { at, message });
        for (field, name) in [(Field::Time, "time"), (Field::User, "user")] {
            if !self.fields.contains_key(&field) {
                report("/fields".into(), format!("say where {name} is"));
            }
        }
        match (self.fields.contains_key(&Field::Operation), &self.kind) {
            (false, None) => report("/fields".into(), "say where operation is, or give a kind for all records".into()),
            (true, Some(_)) => {
                report("/kind".into(), "is for records without an operation: map operations instead".into());
            }
            (true, None) if self.operations.is_empty() => {
                report("/operations".into(), "say what at least one operation means".into());
            }
            _ => {}
        }
        let relabels = |meaning: &Meaning| *meaning == Meaning::LabelChanged;
        if self.label_order.len() < 2 && self.operations.values().chain(&self.kind).any(relabels) {
            report("/label_order".into(), "LABEL_CHANGED needs the labels in order, the lowest first".into());
        }
        problems.extend(self.internal_domains.problems("internal_domains"));
        problems
    }

    /// What a word of an operation means, by the word itself before any with a `*` at its end; `None` if nobody said.
    pub(crate) fn meaning(&self, operation: &str) -> Option<&Meaning> {
        let lower = operation.trim().to_lowercase();
        let begun = || {
            let starts = self
                .operations
                .iter()
                .filter(|(word, _)| word.strip_suffix('*').is_some_and(|start| lower.starts_with(start)));
            starts.max_by_key(|(word, _)| word.len()).map(|(_, meaning)| meaning)
        };
        self.operations.get(&lower).or_else(begun)
    }

    /// What every record means, where they have no operation.
    pub(crate) fn constant_meaning(&self) -> Option<&Meaning> {
        self.kind.as_ref()
    }

    /// Whether a result means that nothing happened; `None` for a word that nobody explained.
    pub(crate) fn is_failed(&self, result: &str) -> Option<bool> {
        let own = |words: &[String]| words.iter().any(|word| same(word, result));
        let known = |words: &[&str]| words.iter().any(|word| same(word, result));
        match (own(&self.failed), own(&self.succeeded)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) if known(FAILED) => Some(true),
            (false, false) => known(SUCCEEDED).then_some(false),
        }
    }

    /// How severe a DLP match is; `None` for a word that nobody explained.
    pub(crate) fn severity(&self, word: &str) -> Option<Severity> {
        let mapped = self.severities.iter().find(|(known, _)| same(known, word)).map(|(_, severity)| *severity);
        let all = [Severity::Low, Severity::Medium, Severity::High];
        mapped.or_else(|| all.into_iter().find(|severity| same(severity.name(), word)))
    }

    /// Where a label stands, the lowest first; no label at all is below all.
    pub(crate) fn rank(&self, label: Option<&str>) -> Option<usize> {
        match label {
            None => Some(0),
            Some(label) => self.label_order.iter().position(|known| same(known, label)).map(|at| at + 1),
        }
    }

    /// Whether an account is no person's: of the system, of a machine, or listed.
    pub(crate) fn is_service(&self, user: &str) -> bool {
        const SYSTEM: &[&str] =
            &["system", "local service", "network service", "anonymous logon", "iusr", "dwm-1", "umfd-0", "root", "-"];
        const AUTHORITIES: &[&str] =
            &["nt authority", "nt service", "window manager", "font driver host", "iis apppool"];
        const SIDS: &[&str] = &["s-1-5-18", "s-1-5-19", "s-1-5-20", "s-1-5-7"];
        let user = user.trim().to_lowercase();
        let (domain, name) = user.split_once('\\').unwrap_or(("", &user));
        name.ends_with('$')
            || SYSTEM.contains(&name)
            || AUTHORITIES.contains(&domain)
            || SIDS.contains(&name)
            || self.service_accounts.contains(&user)
            || self.service_accounts.contains(name)
    }
}

/// Once a batch, so that it is not done for every record.
fn by_word<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Meaning>, D::Error> {
    let written = BTreeMap::<String, Meaning>::deserialize(from)?;
    Ok(written.into_iter().map(|(word, meaning)| (word.trim().to_lowercase(), meaning)).collect())
}

fn lower<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<String>, D::Error> {
    let written = Vec::<String>::deserialize(from)?;
    Ok(written.iter().map(|account| account.trim().to_lowercase()).collect())
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
