//! The installation's settings: read, and changed as versions.
//! Never: a change without its audit entry; an entry of a list in that entry, since a path may name somebody.

use super::{Services, alerts::text, policies::identifier};
pub(crate) use crate::store::{InForce, SettingsVersion};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, NewVersion, Page, Slice},
};
use std::collections::BTreeSet;
use vizard_core::{
    access::{Action, Resource},
    alert::AlertTargets,
    audit::{AuditActivity, AuditCategory},
    ids::PriorityGroupId,
    problem::{Problem, ProblemCode},
    retention::Retention,
    settings::{
        CustomIndicator, Domains, Exclusions, Group, Privacy, RevealApproval, Settings, Variant,
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
    /// Why, kept with the version.
    pub reason: Option<String>,
    pub privacy: PrivacyEdit,
    pub alert_targets: AlertTargetsEdit,
    pub retention: RetentionEdit,
    pub domains: DomainsEdit,
    pub exclusions: ExclusionsEdit,
    /// The inner `None` goes back to each indicator's threshold for low.
    pub minimum_daily_events: Option<Option<u32>>,
    pub risk_level: RiskTimingEdit,
    pub inline_tuning: Option<bool>,
    /// All rules; none at all covers everybody.
    pub coverage: Option<Vec<CoverageEdit>>,
    pub groups: Option<Vec<Group>>,
    pub variants: Option<Vec<Variant>>,
    pub custom_indicators: Option<Vec<CustomIndicator>>,
}

/// What to change of how identities are protected.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct PrivacyEdit {
    pub pseudonymise: Option<bool>,
    pub justification: Option<String>,
    pub reveal_approval: Option<RevealApproval>,
    pub reveal_hours: Option<u32>,
}

/// Hours to change.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct AlertTargetsEdit {
    pub high_hours: Option<i32>,
    pub medium_hours: Option<i32>,
    pub low_hours: Option<i32>,
}

/// Days to change.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct RetentionEdit {
    pub needs_review_alert_days: Option<i32>,
    pub resolved_case_days: Option<i32>,
    pub event_days: Option<i32>,
    pub audit_days: Option<i32>,
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
    /// The settings in force.
    pub(crate) async fn current_settings(&self, permit: &Permit) -> Result<InForce, ServiceError> {
        permit.require(Resource::Settings, Action::Read)?;
        Ok(self.store.settings_in_force().await?)
    }

    /// The versions of the settings: who changed what, when and why. The newest first.
    pub(crate) async fn settings_history(
        &self,
        permit: &Permit,
        slice: &Slice<i32>,
    ) -> Result<Page<SettingsVersion>, ServiceError> {
        permit.require(Resource::Settings, Action::Read)?;
        Ok(self.store.settings_versions(slice).await?)
    }

    /// Makes the next version of the settings; the same where nothing changes. It holds for what comes in from then on.
    pub(crate) async fn update_settings(&self, permit: &Permit, edit: SettingsEdit) -> Result<InForce, ServiceError> {
        let viewer = permit.require(Resource::Settings, Action::Change)?;
        let reason = text(edit.reason.as_deref(), &["input", "reason"])?.map(str::to_owned);
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
            return Ok(self.store.settings_in_force().await?);
        }
        let detail = serde_json::json!({"version": version + 1, "changes": before.changes(&after)});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "settings", &detail);
        let entry = match told(&before, &after, reason.as_deref()) {
            Some(why) => entry.reason(&why),
            None => entry,
        };
        let new = NewVersion { from: version, settings: &after, by: &viewer.id, reason: reason.as_deref() };
        if !self.store.save_settings(&new, entry, self.clock.now()).await? {
            return Err(stale());
        }
        self.bell.scoring.notify_one();
        Ok(self.store.settings_in_force().await?)
    }
}

/// Why a version was made, as far as somebody said: the reason, and the justification of a change of privacy.
fn told(before: &Settings, after: &Settings, reason: Option<&str>) -> Option<String> {
    let why = after.privacy.justification.as_deref().filter(|_| before.privacy != after.privacy);
    let said: Vec<&str> = reason.into_iter().chain(why).collect();
    (!said.is_empty()).then(|| said.join("\n"))
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
            privacy: self.privacy.of(settings.privacy),
            alert_targets: self.alert_targets.of(settings.alert_targets),
            retention: self.retention.of(settings.retention),
            inline_tuning: self.inline_tuning.unwrap_or(settings.inline_tuning),
            groups: self.groups.unwrap_or(settings.groups),
            variants: self.variants.unwrap_or(settings.variants),
            custom_indicators: self.custom_indicators.unwrap_or(settings.custom_indicators),
            ..settings
        }
    }
}

impl PrivacyEdit {
    fn of(self, was: Privacy) -> Privacy {
        Privacy {
            pseudonymise: self.pseudonymise.unwrap_or(was.pseudonymise),
            justification: self.justification.or(was.justification),
            reveal_approval: self.reveal_approval.unwrap_or(was.reveal_approval),
            reveal_hours: self.reveal_hours.unwrap_or(was.reveal_hours),
        }
    }
}

impl AlertTargetsEdit {
    fn of(self, was: AlertTargets) -> AlertTargets {
        AlertTargets {
            high_hours: self.high_hours.unwrap_or(was.high_hours),
            medium_hours: self.medium_hours.unwrap_or(was.medium_hours),
            low_hours: self.low_hours.unwrap_or(was.low_hours),
        }
    }
}

impl RetentionEdit {
    fn of(self, was: Retention) -> Retention {
        Retention {
            needs_review_alert_days: self.needs_review_alert_days.unwrap_or(was.needs_review_alert_days),
            resolved_case_days: self.resolved_case_days.unwrap_or(was.resolved_case_days),
            event_days: self.event_days.unwrap_or(was.event_days),
            audit_days: self.audit_days.unwrap_or(was.audit_days),
        }
    }
}

fn stale() -> ServiceError {
    let message = "The settings were changed in the meantime: read them again and decide anew.";
    ServiceError::Invalid(vec![Problem::new(&["input", "version"], ProblemCode::Stale, message)])
}
