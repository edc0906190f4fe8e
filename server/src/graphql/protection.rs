//! The settings that protect people: who sees names, how long an alert may wait, how long things are kept; and every
//! version of the settings with who made it, when and why.
//! Never: an entry of a list in a version's changes; a path may name somebody.

use super::{
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request, rules,
    scalars::{DateTime, int},
    words::RevealApproval,
};
use crate::{
    error::ServiceError,
    service::settings::{AlertTargetsEdit, InForce, PrivacyEdit, RetentionEdit, SettingsVersion as Version},
};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use vizard_core::{alert, retention};

/// How identities are protected.
#[derive(SimpleObject)]
pub struct PrivacySettings {
    /// Whether subjects are shown under pseudonyms. False shows every identity to whoever may see the subject.
    pseudonymise: bool,
    /// Why pseudonyms are off; null while they are on.
    justification: Option<String>,
    /// Id of the viewer who last changed any of this; null where nobody ever did.
    changed_by: Option<String>,
    /// When that was.
    changed_at: Option<DateTime>,
    /// Whose consent a reveal needs.
    reveal_approval: RevealApproval,
    /// Hours for which a reveal holds.
    reveal_hours: i32,
}

impl From<&InForce> for PrivacySettings {
    fn from(of: &InForce) -> Self {
        let privacy = of.settings.privacy.clone();
        Self {
            pseudonymise: privacy.pseudonymise,
            justification: privacy.justification,
            changed_by: of.privacy.as_ref().map(|made| made.by.clone()),
            changed_at: of.privacy.as_ref().map(|made| DateTime(made.at)),
            reveal_approval: privacy.reveal_approval.into(),
            reveal_hours: int(privacy.reveal_hours),
        }
    }
}

/// Hours within which an alert is to be reviewed, by severity. They hold for alerts that are raised afterwards.
#[derive(SimpleObject)]
pub struct AlertTargets {
    /// Of severity HIGH.
    high_hours: i32,
    /// Of severity MEDIUM.
    medium_hours: i32,
    /// Of severity LOW.
    low_hours: i32,
}

impl From<alert::AlertTargets> for AlertTargets {
    fn from(alert::AlertTargets { high_hours, medium_hours, low_hours }: alert::AlertTargets) -> Self {
        Self { high_hours, medium_hours, low_hours }
    }
}

/// Days for which things are kept; a legal hold keeps a case and what is beneath it longer.
#[derive(SimpleObject)]
pub struct RetentionSettings {
    /// Alerts that need review, from their last change; dismissed ones, from the dismissal.
    needs_review_alert_days: i32,
    /// Resolved cases with their alerts and notes, from the resolution.
    resolved_case_days: i32,
    /// Events and what is counted of them, from the day on which they happened.
    event_days: i32,
    /// The audit log, at least.
    audit_days: i32,
}

impl From<retention::Retention> for RetentionSettings {
    fn from(of: retention::Retention) -> Self {
        let retention::Retention { needs_review_alert_days, resolved_case_days, event_days, audit_days } = of;
        Self { needs_review_alert_days, resolved_case_days, event_days, audit_days }
    }
}

/// How identities shall be protected. What is left out stays.
#[derive(InputObject)]
pub struct PrivacyInput {
    /// As in `PrivacySettings`. Switching it off needs a justification.
    pseudonymise: Option<bool>,
    /// As in `PrivacySettings`.
    reveal_approval: Option<RevealApproval>,
    /// 1 to 72.
    reveal_hours: Option<i32>,
    /// Why pseudonyms are off, 20 to 4,000 characters; everybody who reads the settings sees it. Leave names out.
    justification: Option<String>,
}

impl From<PrivacyInput> for PrivacyEdit {
    fn from(input: PrivacyInput) -> Self {
        Self {
            pseudonymise: input.pseudonymise,
            justification: input.justification,
            reveal_approval: input.reveal_approval.map(Into::into),
            // What is below 1 is refused as 0 is.
            reveal_hours: input.reveal_hours.map(|hours| u32::try_from(hours).unwrap_or(0)),
        }
    }
}

/// Hours within which an alert is to be reviewed, 1 to 720; less severe alerts do not have less time. What is left out
/// stays.
#[derive(InputObject)]
pub struct AlertTargetsInput {
    /// Of severity HIGH.
    high_hours: Option<i32>,
    /// Of severity MEDIUM.
    medium_hours: Option<i32>,
    /// Of severity LOW.
    low_hours: Option<i32>,
}

impl From<AlertTargetsInput> for AlertTargetsEdit {
    fn from(AlertTargetsInput { high_hours, medium_hours, low_hours }: AlertTargetsInput) -> Self {
        Self { high_hours, medium_hours, low_hours }
    }
}

/// Days for which things are kept, 30 to 3,650. What is left out stays.
#[derive(InputObject)]
pub struct RetentionInput {
    /// As in `RetentionSettings`.
    needs_review_alert_days: Option<i32>,
    /// As in `RetentionSettings`.
    resolved_case_days: Option<i32>,
    /// As in `RetentionSettings`. Below 150, scores see less of the past: docs/retention.md.
    event_days: Option<i32>,
    /// As in `RetentionSettings`, at least 180.
    audit_days: Option<i32>,
}

impl From<RetentionInput> for RetentionEdit {
    fn from(input: RetentionInput) -> Self {
        let RetentionInput { needs_review_alert_days, resolved_case_days, event_days, audit_days } = input;
        Self { needs_review_alert_days, resolved_case_days, event_days, audit_days }
    }
}

/// One version of the settings.
#[derive(SimpleObject)]
pub struct SettingsVersion {
    /// Counts the changes.
    version: i32,
    /// When it was made.
    at: DateTime,
    /// Id of the viewer who made it.
    by: String,
    /// Why, as far as it was said.
    reason: Option<String>,
    /// What it changed, a sentence each; of lists, how many entries came and went.
    changes: Vec<String>,
}

impl From<Version> for SettingsVersion {
    fn from(Version { version, made, changes }: Version) -> Self {
        Self { version, at: DateTime(made.at), by: made.by, reason: made.reason, changes }
    }
}

/// The part of the root about the history of the settings.
#[derive(Default)]
pub struct ProtectionQuery;

#[Object]
impl ProtectionQuery {
    /// Every version of the settings: who changed what, when and why. The newest first.
    async fn settings_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<SettingsVersion>, rules::QuerySettingsHistory> {
        guarded(ctx, async |permit| {
            let page = Page::asked("settings", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.settings_history(&permit, &slice).await?;
            Ok::<_, ServiceError>(Connection::of(&page, listed, |one: &Version| one.version, SettingsVersion::from))
        })
        .await
    }
}
