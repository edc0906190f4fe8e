//! Policies: edited, copied, deleted; the versions they went through.
//! Never: an edit without its version, or a version without its audit entry.

use super::{
    Services,
    policies::{NewScope, no_policy, priority_content},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, PolicyWrite, Saved, SetupWrite, StoredPolicy, StoredVersion},
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::PolicyId,
    limits,
    policy::{self, AlertVolume, Change, IndicatorChoice, PolicyDraft},
    problem::{Problem, ProblemCode},
    time::Micros,
};

/// What a viewer wants changed about a policy. What is left out stays.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct PolicyEdit {
    pub policy: Option<PolicyId>,
    /// The version that the viewer saw.
    pub version: Option<i32>,
    pub description: Option<String>,
    pub scope: Option<NewScope>,
    pub indicators: Option<Vec<IndicatorChoice>>,
    pub triggers: Option<Vec<String>>,
    pub activation_days: Option<i32>,
    pub lookback_days: Option<i32>,
    pub alert_volume: Option<AlertVolume>,
    pub sequences: Option<Vec<String>>,
    pub cumulative: Option<bool>,
    /// The inner `None` goes back to the threshold for low.
    pub minimum_daily_events: Option<Option<i32>>,
    /// An object of `PriorityContent`; the inner `None` gives nothing priority.
    pub priority_content: Option<Option<serde_json::Value>>,
}

/// One version of a policy, as it is listed.
#[derive(Clone, Debug)]
pub(crate) struct VersionShown {
    pub(crate) number: i32,
    pub(crate) created_at: Micros,
    pub(crate) created_by: String,
    /// What it changed, one sentence each.
    pub(crate) changes: Vec<String>,
}

impl Services {
    /// Makes the next version of a policy; the same policy where nothing changes.
    pub(crate) async fn update_policy(&self, permit: &Permit, edit: PolicyEdit) -> Result<StoredPolicy, ServiceError> {
        let viewer = permit.require(Resource::Policies, Action::Change)?;
        let stored = self.named_policy(edit.policy).await?;
        if edit.version.is_some_and(|seen| seen != stored.policy.version) {
            return Err(stale());
        }
        let mut problems = Vec::new();
        let mut draft = PolicyDraft::of(&stored.policy);
        if let Some(asked) = edit.scope {
            draft.scope = self.scope(asked, &mut problems).await?;
        }
        draft.description = edit.description.or(draft.description);
        draft.indicators = edit.indicators.or(draft.indicators);
        draft.triggers = edit.triggers.or(draft.triggers);
        draft.activation_days = edit.activation_days.or(draft.activation_days);
        draft.lookback_days = edit.lookback_days.or(draft.lookback_days);
        draft.alert_volume = edit.alert_volume.or(draft.alert_volume);
        draft.sequences = edit.sequences.or(draft.sequences);
        draft.cumulative = edit.cumulative.or(draft.cumulative);
        if let Some(given) = edit.priority_content {
            draft.priority_content = given.and_then(|given| priority_content(given, &mut problems));
        }
        draft.minimum_daily_events = edit.minimum_daily_events.unwrap_or(draft.minimum_daily_events);
        let enabled = self.store.enabled_indicators().await?;
        let (_, settings) = self.store.settings().await?;
        let organisation = self.thresholds(&mut draft, &settings).await?;
        let next = match policy::update(&stored.policy, draft, &enabled, &organisation) {
            Ok(next) if problems.is_empty() => next,
            Ok(_) => return Err(ServiceError::Invalid(problems)),
            Err(more) => {
                problems.extend(more);
                return Err(ServiceError::Invalid(problems));
            }
        };
        if next == stored.policy {
            return Ok(stored);
        }
        let now = self.clock.now();
        let changes = policy::changes(&stored.policy.spec, &next.spec);
        let entry = Entry::by(
            viewer,
            AuditActivity::Edited,
            AuditCategory::Policies,
            next.id,
            &edited(&stored.policy, &next, &changes),
        );
        let from = Some(stored.policy.version);
        let writes = [PolicyWrite { policy: next, from }];
        self.save_policies(&writes, &viewer.id, &[entry], now).await?;
        let [PolicyWrite { policy, .. }] = writes;
        Ok(StoredPolicy { policy, updated_at: now, ..stored })
    }

    /// A policy of the same content under another name, as a draft.
    pub(crate) async fn copy_policy(
        &self,
        permit: &Permit,
        of: Option<PolicyId>,
        name: &str,
    ) -> Result<StoredPolicy, ServiceError> {
        let viewer = permit.require(Resource::Policies, Action::Change)?;
        let stored = self.named_policy(of).await?;
        let copied = policy::copy(&stored.policy, name, self.ids.draw(PolicyId::new));
        let policy = copied.map_err(|problem| ServiceError::Invalid(vec![problem]))?;
        let now = self.clock.now();
        let detail = serde_json::json!({"version": 1, "state": policy.state, "template": policy.template,
            "copied": {"policy": stored.policy.id, "version": stored.policy.version}});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Policies, policy.id, &detail);
        let writes = [PolicyWrite { policy, from: None }];
        self.save_policies(&writes, &viewer.id, &[entry], now).await?;
        let [PolicyWrite { policy, .. }] = writes;
        Ok(StoredPolicy { policy, created_at: now, updated_at: now, deleted_at: None })
    }

    /// Deletes a policy. Its alerts stay and still name it.
    pub(crate) async fn delete_policy(
        &self,
        permit: &Permit,
        id: Option<PolicyId>,
    ) -> Result<StoredPolicy, ServiceError> {
        let viewer = permit.require(Resource::Policies, Action::Change)?;
        let stored = self.named_policy(id).await?;
        let (id, now) = (stored.policy.id, self.clock.now());
        let detail = serde_json::json!({"version": stored.policy.version, "state": stored.policy.state});
        let entry = Entry::by(viewer, AuditActivity::Deleted, AuditCategory::Policies, id, &detail);
        if !self.store.delete_policy(id, entry, now).await? {
            return Err(no_policy());
        }
        self.bell.scoring.notify_one();
        self.store.policies_by_id(&[id]).await?.remove(&id).ok_or_else(no_policy)
    }

    /// The newest versions of policies, the newest first. The number of statements does not depend on how many they are.
    pub(crate) async fn policy_versions(
        &self,
        permit: &Permit,
        ids: &[PolicyId],
    ) -> Result<BTreeMap<PolicyId, Vec<VersionShown>>, ServiceError> {
        permit.require(Resource::Policies, Action::Read)?;
        let found = self.store.versions(ids).await?;
        Ok(found.into_iter().map(|(id, versions)| (id, shown(&versions))).collect())
    }

    /// Saves policies, all or none, and has everybody scored again.
    pub(super) async fn save_policies(
        &self,
        writes: &[PolicyWrite],
        by: &str,
        entries: &[Entry],
        now: Micros,
    ) -> Result<(), ServiceError> {
        let saved = self.store.save_policies(&SetupWrite::default(), writes, by, entries, now).await?;
        self.settled(&saved)
    }

    /// What is said where a change was not saved; otherwise everybody is scored again.
    pub(super) fn settled(&self, saved: &Saved) -> Result<(), ServiceError> {
        match saved {
            Saved::Done => {
                self.bell.scoring.notify_one();
                Ok(())
            }
            Saved::NameTaken => {
                let message = "Another policy has this name. Names are unique.";
                Err(ServiceError::invalid(&["input", "name"], ProblemCode::Conflict, message))
            }
            Saved::TooMany => {
                let message = format!("An installation has at most {} policies.", limits::POLICIES);
                Err(ServiceError::invalid(&["input"], ProblemCode::LimitExceeded, message))
            }
            Saved::Stale => Err(stale()),
        }
    }
}

/// The detail of an audit entry about an edit: without anybody's name, since changes tell people as numbers.
pub(super) fn edited(was: &policy::Policy, is: &policy::Policy, changes: &[Change]) -> serde_json::Value {
    let changes: Vec<String> = changes.iter().map(Change::sentence).collect();
    serde_json::json!({
        "before": {"version": was.version, "state": was.state},
        "after": {"version": is.version, "state": is.state},
        "changes": changes,
    })
}

fn shown(versions: &[StoredVersion]) -> Vec<VersionShown> {
    let earlier = versions.iter().skip(1).map(Some).chain([None]);
    let most = usize::try_from(limits::POLICY_VERSIONS_SHOWN).unwrap_or(usize::MAX);
    let show = |(version, earlier): (&StoredVersion, Option<&StoredVersion>)| VersionShown {
        number: version.version,
        created_at: version.created_at,
        created_by: version.created_by.clone(),
        changes: earlier.map_or_else(
            || vec!["Created.".to_owned()],
            |earlier| policy::changes(&earlier.spec, &version.spec).iter().map(Change::sentence).collect(),
        ),
    };
    versions.iter().zip(earlier).take(most).map(show).collect()
}

fn stale() -> ServiceError {
    let message = "The policy was changed in the meantime: read it again and decide anew.";
    ServiceError::Invalid(vec![Problem::new(&["input", "version"], ProblemCode::Stale, message)])
}
