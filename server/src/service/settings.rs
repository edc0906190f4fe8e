//! The installation's settings: read, and changed as versions.
//! Never: a change without its audit entry; an entry of a list in that entry, since a path may name somebody.

use super::{Services, policies::identifier};
use crate::{error::ServiceError, permit::Permit, store::Entry};
use std::collections::BTreeSet;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::PriorityGroupId,
    problem::{Problem, ProblemCode},
    settings::{
        CustomIndicator, Domains, Exclusions, Group, Settings, Variant,
        coverage::{AccountDigest, Coverage, CoverageRule},
    },
    subject::RiskTiming,
    time::Day,
};

/// What a viewer wants changed. What is left out stays; a list is replaced as a whole.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct SettingsEdit {
    /// The version that the viewer saw.
    pub version: Option<i32>,
    pub domains: DomainsEdit,
    pub exclusions: ExclusionsEdit,
    /// The inner `None` goes back to each indicator's threshold for low.
    pub minimum_daily_events: Option<Option<u32>>,
    pub risk_level: RiskTimingEdit,
    /// All rules; none at all covers everybody.
    pub coverage: Option<Vec<CoverageEdit>>,
    pub groups: Option<Vec<Group>>,
    pub variants: Option<Vec<Variant>>,
    pub custom_indicators: Option<Vec<CustomIndicator>>,
}

/// Lists of domains to replace.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct DomainsEdit {
    pub unallowed: Option<Vec<String>>,
    pub allowed: Option<Vec<String>>,
    pub third_party: Option<Vec<String>>,
}

/// A rule of coverage as it shall be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct CoverageEdit {
    pub name: String,
    pub effective_from: Day,
    pub agreement: String,
    pub departments: Vec<String>,
    /// None where what was given is no id.
    pub groups: Vec<Option<PriorityGroupId>>,
    /// Accounts to list beside those that the rule of this name has.
    pub add: Vec<String>,
    /// Accounts to take off the list.
    pub remove: Vec<String>,
}

/// Days to change.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct RiskTimingEdit {
    pub window_days: Option<i32>,
    pub lasts_days: Option<i32>,
}

/// Lists of exclusions to replace.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct ExclusionsEdit {
    pub file_types: Option<Vec<String>>,
    pub paths: Option<Vec<String>>,
    pub sites: Option<Vec<String>>,
    pub sensitive_types: Option<Vec<String>>,
    pub keywords: Option<Vec<String>>,
}

impl Services {
    /// The settings in force and the number of their version, 0 for those of a new installation.
    pub(crate) async fn current_settings(&self, permit: &Permit) -> Result<(i32, Settings), ServiceError> {
        permit.require(Resource::Settings, Action::Read)?;
        Ok(self.store.settings().await?)
    }

    /// Makes the next version of the settings; the same where nothing changes. It holds for what comes in from then on.
    pub(crate) async fn update_settings(
        &self,
        permit: &Permit,
        edit: SettingsEdit,
    ) -> Result<(i32, Settings), ServiceError> {
        let viewer = permit.require(Resource::Settings, Action::Change)?;
        let (version, before) = self.store.settings().await?;
        if edit.version.is_some_and(|seen| seen != version) {
            return Err(stale());
        }
        let mut problems = Vec::new();
        let coverage = match &edit.coverage {
            Some(rules) => Some(self.coverage(rules, &before.coverage, &mut problems).await?),
            None => None,
        };
        let mut after = edit.of(before.clone());
        after.coverage = coverage.unwrap_or(after.coverage);
        let after = match after.checked() {
            Ok(after) if problems.is_empty() => after,
            checked => {
                problems.extend(checked.err().unwrap_or_default());
                return Err(ServiceError::Invalid(problems));
            }
        };
        if after == before {
            return Ok((version, before));
        }
        let detail = serde_json::json!({"version": version + 1, "changes": before.changes(&after)});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "settings", &detail);
        if !self.store.save_settings(version, &after, &viewer.id, entry, self.clock.now()).await? {
            return Err(stale());
        }
        self.bell.scoring.notify_one();
        Ok((version + 1, after))
    }
}

impl Services {
    /// The rules with digests in place of accounts.
    async fn coverage(
        &self,
        rules: &[CoverageEdit],
        before: &Coverage,
        problems: &mut Vec<Problem>,
    ) -> Result<Coverage, ServiceError> {
        let mut made = Vec::with_capacity(rules.len());
        let known: BTreeSet<PriorityGroupId> = self.store.groups().await?.into_iter().map(|group| group.id).collect();
        for (at, rule) in rules.iter().enumerate() {
            let at = at.to_string();
            let mut digests = |field: &str, accounts: &[String]| -> Vec<AccountDigest> {
                let digest = |(place, account): (usize, &String)| {
                    let digest = identifier(account).map(|name| self.store.account_digest(&name));
                    if digest.is_none() {
                        let path = ["input", "coverage", &at, field, &place.to_string()];
                        problems.push(Problem::new(&path, ProblemCode::Invalid, "This is the name of no account."));
                    }
                    digest
                };
                accounts.iter().enumerate().filter_map(digest).collect()
            };
            let (add, remove) = (digests("addAccounts", &rule.add), digests("removeAccounts", &rule.remove));
            for (place, _) in rule.groups.iter().enumerate().filter(|(_, id)| id.is_none_or(|id| !known.contains(&id)))
            {
                let path = ["input", "coverage", &at, "priorityGroupIds", &place.to_string()];
                problems.push(no_group(&path));
            }
            let had = before.rules.iter().find(|had| had.name == rule.name);
            let mut accounts = had.map(|had| had.accounts.clone()).unwrap_or_default();
            accounts.extend(add);
            accounts.retain(|account| !remove.contains(account));
            made.push(CoverageRule {
                name: rule.name.clone(),
                effective_from: rule.effective_from,
                agreement: rule.agreement.clone(),
                departments: rule.departments.clone(),
                groups: rule.groups.iter().flatten().copied().collect(),
                accounts,
            });
        }
        Ok(Coverage { rules: made })
    }
}

/// A problem at the place of a group that there is not.
pub(super) fn no_group(path: &[&str]) -> Problem {
    Problem::new(path, ProblemCode::NotFound, "There is no priority user group of that id.")
}

impl SettingsEdit {
    fn of(self, mut settings: Settings) -> Settings {
        let Domains { unallowed, allowed, third_party } = &mut settings.domains;
        let Exclusions { file_types, paths, sites, sensitive_types, keywords } = &mut settings.exclusions;
        for (list, given) in [
            (unallowed, self.domains.unallowed),
            (allowed, self.domains.allowed),
            (third_party, self.domains.third_party),
            (file_types, self.exclusions.file_types),
            (paths, self.exclusions.paths),
            (sites, self.exclusions.sites),
            (sensitive_types, self.exclusions.sensitive_types),
            (keywords, self.exclusions.keywords),
        ] {
            if let Some(given) = given {
                *list = given;
            }
        }
        Settings {
            minimum_daily_events: self.minimum_daily_events.unwrap_or(settings.minimum_daily_events),
            risk_level: RiskTiming {
                window_days: self.risk_level.window_days.unwrap_or(settings.risk_level.window_days),
                lasts_days: self.risk_level.lasts_days.unwrap_or(settings.risk_level.lasts_days),
            },
            groups: self.groups.unwrap_or(settings.groups),
            variants: self.variants.unwrap_or(settings.variants),
            custom_indicators: self.custom_indicators.unwrap_or(settings.custom_indicators),
            ..settings
        }
    }
}

fn stale() -> ServiceError {
    let message = "The settings were changed in the meantime: read them again and decide anew.";
    ServiceError::Invalid(vec![Problem::new(&["input", "version"], ProblemCode::Stale, message)])
}
