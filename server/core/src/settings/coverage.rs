//! Whom an installation monitors (domain, section 14): everybody, or those of rules, each with the agreement it rests on.
//! Never: an account in the open; who is listed is listed by a keyed digest.

use super::check::{list_of, name, too_many};
use crate::{
    ids::PriorityGroupId,
    limits,
    policy::{PolicyScope, folded},
    problem::{Problem, ProblemCode},
    time::{Day, Micros},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The rules; without any, everybody is covered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coverage {
    /// Whoever one of them holds is covered.
    pub rules: Vec<CoverageRule>,
}

/// Some of the people whom the installation monitors, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageRule {
    /// In capitals, digits and underscores.
    pub name: String,
    /// What happened before this day (UTC) is not taken in.
    #[serde(with = "iso")]
    pub effective_from: Day,
    /// What it rests on: a works agreement and its date, say.
    pub agreement: String,
    /// Departments, compared without regard to case.
    #[serde(default)]
    pub departments: Vec<String>,
    /// Priority user groups.
    #[serde(default)]
    pub groups: Vec<PriorityGroupId>,
    /// Accounts.
    #[serde(default)]
    pub accounts: BTreeSet<AccountDigest>,
}

/// A keyed digest of an account's name: without the installation's key it tells nothing. Printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountDigest(pub [u8; 16]);

/// What was meant for a digest and is none. The text is not quoted: it may be an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account is listed by its digest, as the export writes it; add accounts by `updateSettings`")]
pub struct NoDigest;

impl fmt::Display for AccountDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountDigest")
    }
}

impl FromStr for AccountDigest {
    type Err = NoDigest;
    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let fits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u128::from_str_radix(text, 16).ok().filter(|_| fits).ok_or(NoDigest)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl TryFrom<String> for AccountDigest {
    type Error = NoDigest;
    fn try_from(text: String) -> Result<Self, NoDigest> {
        text.parse()
    }
}

impl From<AccountDigest> for String {
    fn from(digest: AccountDigest) -> Self {
        digest.to_string()
    }
}

/// A day as people write it: 2026-11-24.
mod iso {
    use crate::time::Day;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(day: &Day, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Day, D::Error> {
        let text = String::deserialize(from)?;
        let mut parts = text.splitn(3, '-').map(str::parse::<u16>);
        let mut next = || parts.next().and_then(Result::ok);
        let (year, month, day) = (next(), next(), next());
        let small = |number: Option<u16>| number.and_then(|number| u8::try_from(number).ok());
        let found = year.zip(small(month)).zip(small(day));
        let found = found.and_then(|((year, month), day)| Day::from_civil(i32::from(year), month, day));
        found.ok_or_else(|| D::Error::custom("a day is written 2026-11-24"))
    }
}

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Of the latest HR profile.
    pub department: Option<&'a str>,
    /// The priority user groups that the person is in.
    pub groups: &'a [PriorityGroupId],
    /// Digests of all known names of the person.
    pub accounts: &'a [AccountDigest],
}

/// Whether somebody is covered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Covered {
    /// Everybody is.
    #[default]
    Always,
    /// From the start of that day (UTC) on.
    From(Day),
    /// By no rule.
    Never,
}

impl Covered {
    /// Whether that instant is covered.
    pub fn at(self, instant: Micros) -> bool {
        match self {
            Self::Always => true,
            Self::From(day) => day.start() <= instant,
            Self::Never => false,
        }
    }

    /// When it begins, where that is after `now`.
    pub fn begins_after(self, now: Micros) -> Option<Micros> {
        match self {
            Self::From(day) => Some(day.start()).filter(|start| *start > now),
            Self::Always | Self::Never => None,
        }
    }
}

impl Coverage {
    /// Whether anybody may be outside.
    pub fn is_restricted(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Whether accounts are listed: then names of people have to be looked at.
    pub fn lists_accounts(&self) -> bool {
        self.rules.iter().any(|rule| !rule.accounts.is_empty())
    }

    /// Whether the person is covered: from the earliest day of the rules that hold them.
    pub fn of(&self, person: &Person<'_>) -> Covered {
        if !self.is_restricted() {
            return Covered::Always;
        }
        let first = self.rules.iter().filter(|rule| rule.holds(person)).map(|rule| rule.effective_from).min();
        first.map_or(Covered::Never, Covered::From)
    }

    /// Whether the scope reaches people whom no rule holds, as far as its lists tell without knowing anybody.
    pub fn is_exceeded_by(&self, scope: &PolicyScope) -> bool {
        let held = |department: &String| self.rules.iter().any(|rule| rule.has_department(department));
        self.is_restricted() && (scope.all || !scope.departments.iter().all(held))
    }

    /// What is wrong with it, each at its place below `input`; departments trimmed, each once.
    pub(super) fn check(&mut self, found: &mut Vec<Problem>) {
        too_many(self.rules.len(), limits::COVERAGE_RULES, &["input", "coverage"], found);
        let mut names = BTreeSet::new();
        for (at, rule) in self.rules.iter_mut().enumerate() {
            let at = at.to_string();
            let place = |field| ["input", "coverage", at.as_str(), field];
            name(&rule.name, &place("name"), &mut names, found);
            list_of(&mut rule.departments, &place("departments"), limits::POLICY_SCOPE_ITEMS, found);
            too_many(rule.groups.len(), limits::PRIORITY_GROUPS, &place("priorityGroupIds"), found);
            too_many(rule.accounts.len(), limits::POLICY_SCOPE_ITEMS, &place("addAccounts"), found);
            rule.groups.sort_unstable();
            rule.groups.dedup();
            rule.agreement = rule.agreement.trim().to_owned();
            if rule.departments.is_empty() && rule.groups.is_empty() && rule.accounts.is_empty() {
                let message =
                    "A rule names departments, priority user groups or accounts. Without rules, everybody is covered.";
                found.push(Problem::new(&["input", "coverage", &at], ProblemCode::Required, message));
            }
            if rule.agreement.is_empty() {
                let message = "Say which agreement the monitoring of these people rests on.";
                found.push(Problem::new(&place("agreement"), ProblemCode::Required, message));
            } else if rule.agreement.chars().count() > limits::STAFF_TEXT_CHARS {
                let message = format!("At most {} characters.", limits::STAFF_TEXT_CHARS);
                found.push(Problem::new(&place("agreement"), ProblemCode::LimitExceeded, message));
            }
        }
    }

    /// What another coverage changes, in sentences without a name.
    pub(super) fn changes(&self, after: &Self) -> Vec<String> {
        if self == after {
            return Vec::new();
        }
        let said = match (self.is_restricted(), after.is_restricted()) {
            (_, false) => "Coverage: everybody.".to_owned(),
            (false, true) => "Coverage: no longer everybody.".to_owned(),
            (true, true) => "Coverage changed.".to_owned(),
        };
        let rule = |rule: &CoverageRule| {
            let (departments, groups, accounts) = (rule.departments.len(), rule.groups.len(), rule.accounts.len());
            format!(
                "Coverage rule {} from {}: {departments} departments, {groups} priority user groups, {accounts} accounts.",
                rule.name, rule.effective_from
            )
        };
        let new = after.rules.iter().filter(|rule| !self.rules.contains(rule)).map(rule);
        let kept = |was: &&CoverageRule| after.rules.iter().any(|rule| rule.name == was.name);
        let gone = self.rules.iter().filter(|was| !kept(was)).map(|was| format!("Coverage rule {} removed.", was.name));
        [said].into_iter().chain(new).chain(gone).collect()
    }
}

impl CoverageRule {
    fn holds(&self, person: &Person<'_>) -> bool {
        person.department.is_some_and(|department| self.has_department(department))
            || person.groups.iter().any(|group| self.groups.contains(group))
            || person.accounts.iter().any(|account| self.accounts.contains(account))
    }

    fn has_department(&self, department: &str) -> bool {
        let department = folded(department);
        self.departments.iter().any(|listed| folded(listed) == department)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use uuid::Uuid;

    const JULY: Day = Day(20_635);

    fn rule(name: &str) -> CoverageRule {
        CoverageRule {
            name: name.into(),
            effective_from: JULY,
            agreement: "Works agreement of 2026".into(),
            departments: vec![],
            groups: vec![],
            accounts: BTreeSet::new(),
        }
    }

    fn nobody() -> Person<'static> {
        Person { department: None, groups: &[], accounts: &[] }
    }

    #[test]
    fn without_rules_everybody_is_covered_always() {
        let everybody = Coverage::default();
        assert_eq!(everybody.of(&nobody()), Covered::Always);
        assert!(Covered::Always.at(Micros(i64::MIN)));
        assert!(!everybody.is_exceeded_by(&PolicyScope { all: true, ..PolicyScope::default() }));
    }

    #[test]
    fn a_rule_covers_its_departments_groups_and_accounts_and_nobody_else() {
        let group = PriorityGroupId::new(Uuid::from_u128(1));
        let rules = vec![CoverageRule {
            departments: vec!["Research & Development".into()],
            groups: vec![group],
            accounts: [AccountDigest([7; 16])].into(),
            ..rule("LAB")
        }];
        let coverage = Coverage { rules };
        let of = |person: Person<'_>| coverage.of(&person);
        assert_eq!(of(nobody()), Covered::Never);
        assert_eq!(of(Person { department: Some(" research & DEVELOPMENT"), ..nobody() }), Covered::From(JULY));
        assert_eq!(of(Person { department: Some("Research"), ..nobody() }), Covered::Never);
        assert_eq!(of(Person { groups: &[group], ..nobody() }), Covered::From(JULY));
        assert_eq!(of(Person { accounts: &[AccountDigest([7; 16])], ..nobody() }), Covered::From(JULY));
        assert_eq!(of(Person { accounts: &[AccountDigest([8; 16])], ..nobody() }), Covered::Never);
    }

    #[test]
    fn of_several_rules_the_earliest_day_counts_and_what_was_before_it_is_not_covered() {
        let sales =
            |name, effective_from| CoverageRule { departments: vec!["Sales".into()], effective_from, ..rule(name) };
        let coverage = Coverage { rules: vec![sales("LATER", JULY.plus(9)), sales("FIRST", JULY)] };
        let covered = coverage.of(&Person { department: Some("Sales"), ..nobody() });
        assert_eq!(covered, Covered::From(JULY));
        assert!(covered.at(JULY.start()) && !covered.at(Micros(JULY.start().0 - 1)));
        assert_eq!(covered.begins_after(Micros(0)), Some(JULY.start()));
        assert_eq!(covered.begins_after(JULY.start()), None);
    }

    #[test]
    fn a_scope_that_names_more_than_is_covered_exceeds_it() {
        let coverage = Coverage { rules: vec![CoverageRule { departments: vec!["Sales".into()], ..rule("SALES") }] };
        let scope = |departments: &[&str]| PolicyScope {
            departments: departments.iter().map(|&name| name.to_owned()).collect(),
            ..PolicyScope::default()
        };
        assert!(!coverage.is_exceeded_by(&scope(&["sales"])));
        assert!(coverage.is_exceeded_by(&scope(&["Sales", "Legal"])));
        assert!(coverage.is_exceeded_by(&PolicyScope { all: true, ..scope(&["Sales"]) }));
    }

    #[test]
    fn a_rule_needs_its_agreement_and_somebody_to_cover() {
        let problems = |rules: Vec<CoverageRule>| -> Vec<String> {
            let settings = Settings { coverage: Coverage { rules }, ..Settings::default() };
            let place = |problem: Problem| problem.field[1..].join(".");
            settings.checked().err().unwrap_or_default().into_iter().map(place).collect()
        };
        let sales = CoverageRule { departments: vec!["Sales".into()], ..rule("SALES") };
        assert_eq!(problems(vec![sales.clone()]), [""; 0]);
        assert_eq!(problems(vec![CoverageRule { agreement: "  ".into(), ..sales.clone() }]), ["coverage.0.agreement"]);
        assert_eq!(problems(vec![rule("NOBODY")]), ["coverage.0"]);
        assert_eq!(problems(vec![sales.clone(), sales.clone()]), ["coverage.1.name"]);
        assert_eq!(problems(vec![CoverageRule { name: "sales".into(), ..sales }]), ["coverage.0.name"]);
    }

    #[test]
    fn a_rule_is_kept_with_its_day_in_words_and_its_accounts_as_digests() {
        let kept = CoverageRule { accounts: [AccountDigest([0xa0; 16])].into(), ..rule("LISTED") };
        let text = serde_json::to_string(&kept).unwrap();
        assert!(text.contains("\"2026-07-01\"") && text.contains(&"a0".repeat(16)), "{text}");
        assert_eq!(serde_json::from_str::<CoverageRule>(&text).unwrap(), kept);
        let wrong = text.replace(&"a0".repeat(16), "mara@halden.example");
        let error = serde_json::from_str::<CoverageRule>(&wrong).unwrap_err().to_string();
        assert!(error.contains("digest") && !error.contains("mara"), "{error}");
        assert!(serde_json::from_str::<CoverageRule>(&text.replace("2026-07-01", "2026-02-30")).is_err());
    }

    #[test]
    fn a_change_is_told_without_names_of_departments_or_people() {
        let one = Coverage { rules: vec![CoverageRule { departments: vec!["Sales".into()], ..rule("AGREED") }] };
        assert_eq!(
            Coverage::default().changes(&one),
            [
                "Coverage: no longer everybody.",
                "Coverage rule AGREED from 2026-07-01: 1 departments, 0 priority user groups, 0 accounts.",
            ]
        );
        assert_eq!(one.changes(&Coverage::default()), ["Coverage: everybody.", "Coverage rule AGREED removed."]);
        assert_eq!(one.changes(&one), [""; 0]);
    }
}
