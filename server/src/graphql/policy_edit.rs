//! Policies edited, copied, deleted; the versions they went through.
//! Never: a version by itself; those of a page are loaded together.

use super::{
    guard::{Guarded, guarded},
    policy::{Policy, PolicyIndicatorInput, PolicyScopeInput},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, Json},
    user_error::{UserError, outcome},
    words::AlertVolume,
};
use crate::{
    error::ServiceError,
    service::policy_edits::{PolicyEdit, VersionShown},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject, dataloader::Loader};
use std::{collections::HashMap, sync::Arc};
use vizard_core::{
    access::{Action, Resource},
    ids::PolicyId,
};

/// One version of a policy. An alert names the version that raised it.
#[derive(SimpleObject)]
pub struct PolicyVersion {
    /// 1 for the first.
    number: i32,
    /// When it was made.
    created_at: DateTime,
    /// Who made it.
    created_by: String,
    /// What it changed, one sentence each. Who was added to a scope is told as a number.
    changes: Vec<String>,
}

impl From<&VersionShown> for PolicyVersion {
    fn from(shown: &VersionShown) -> Self {
        let VersionShown { number, created_at, created_by, changes } = shown.clone();
        Self { number, created_at: DateTime(created_at), created_by, changes }
    }
}

/// The key of a policy's versions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct VersionsOf(pub(super) PolicyId);

impl Loader<VersionsOf> for Reader {
    type Value = Arc<Vec<VersionShown>>;
    type Error = Fault;

    async fn load(&self, keys: &[VersionsOf]) -> Result<HashMap<VersionsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Policies, Action::Read)?;
        let ids: Vec<PolicyId> = keys.iter().map(|VersionsOf(id)| *id).collect();
        let found = self.services.policy_versions(&permit, &ids).await?;
        Ok(found.into_iter().map(|(id, versions)| (VersionsOf(id), Arc::new(versions))).collect())
    }
}

/// What `updatePolicy` takes. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdatePolicyInput {
    /// Which policy.
    policy_id: ID,
    /// The version that you saw: where it is no longer the newest, nothing is changed. Left out: the newest, whatever it is.
    version: Option<i32>,
    /// What it is for.
    description: Option<String>,
    /// Whom it covers, as a whole.
    scope: Option<PolicyScopeInput>,
    /// What counts, as a whole.
    indicators: Option<Vec<PolicyIndicatorInput>>,
    /// Codes of indicators of which one event starts scoring, as a whole.
    triggers: Option<Vec<String>>,
    /// Days of scoring after a trigger, 1 to 30.
    activation_days: Option<i32>,
    /// Days before the trigger that are scored as well, 0 to 90.
    lookback_days: Option<i32>,
    /// How many alerts it may raise.
    alert_volume: Option<AlertVolume>,
    /// Codes of the sequences that it looks for, as a whole.
    sequences: Option<Vec<String>>,
    /// Whether what leaves over 30 days is added up.
    cumulative_exfiltration: Option<bool>,
    /// Events of a day below which nothing is above the usual; null for the threshold for low.
    minimum_daily_events: MaybeUndefined<i32>,
    /// As for `createPolicy`; null gives nothing priority.
    priority_content: MaybeUndefined<Json<serde_json::Value>>,
}

impl From<UpdatePolicyInput> for PolicyEdit {
    fn from(input: UpdatePolicyInput) -> Self {
        Self {
            policy: input.policy_id.parse().ok(),
            version: input.version,
            description: input.description,
            scope: input.scope.map(Into::into),
            indicators: input.indicators.map(|chosen| chosen.into_iter().map(Into::into).collect()),
            triggers: input.triggers,
            activation_days: input.activation_days,
            lookback_days: input.lookback_days,
            alert_volume: input.alert_volume.map(Into::into),
            sequences: input.sequences,
            cumulative: input.cumulative_exfiltration,
            minimum_daily_events: input.minimum_daily_events.into(),
            priority_content: Option::from(input.priority_content.map_value(|Json(given)| given)),
        }
    }
}

/// What `updatePolicy` answers.
#[derive(SimpleObject)]
pub struct UpdatePolicyPayload {
    /// The policy in its newest version; null where something was wrong.
    policy: Option<Policy>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `copyPolicy` takes.
#[derive(InputObject)]
pub struct CopyPolicyInput {
    /// Which policy.
    policy_id: ID,
    /// The name of the copy, unique; it cannot be changed later.
    name: String,
}

/// What `copyPolicy` answers.
#[derive(SimpleObject)]
pub struct CopyPolicyPayload {
    /// The copy, a draft; null where something was wrong.
    policy: Option<Policy>,
    /// Everything that was wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `deletePolicy` takes.
#[derive(InputObject)]
pub struct DeletePolicyInput {
    /// Which policy.
    policy_id: ID,
}

/// What `deletePolicy` answers.
#[derive(SimpleObject)]
pub struct DeletePolicyPayload {
    /// The policy as it was; its alerts still name it. Null where something was wrong.
    policy: Option<Policy>,
    /// Everything that was wrong with the input.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about changing policies.
#[derive(Default)]
pub struct PolicyEditMutation;

#[Object]
impl PolicyEditMutation {
    /// Changes a policy: its next version works from now on. Name and template cannot be changed.
    async fn update_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which policy, and what is different.")] input: UpdatePolicyInput,
    ) -> Guarded<UpdatePolicyPayload, rules::UpdatePolicy> {
        guarded(ctx, async |permit| {
            let (made, user_errors) = outcome(request::services(ctx)?.update_policy(&permit, input.into()).await)?;
            Ok::<_, ServiceError>(UpdatePolicyPayload { policy: made.map(Policy::from), user_errors })
        })
        .await
    }

    /// Makes a draft of the same content under another name.
    async fn copy_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which policy, and what the copy is called.")] input: CopyPolicyInput,
    ) -> Guarded<CopyPolicyPayload, rules::CopyPolicy> {
        guarded(ctx, async |permit| {
            let of = input.policy_id.parse().ok();
            let (made, user_errors) = outcome(request::services(ctx)?.copy_policy(&permit, of, &input.name).await)?;
            Ok::<_, ServiceError>(CopyPolicyPayload { policy: made.map(Policy::from), user_errors })
        })
        .await
    }

    /// Deletes a policy: nobody is scored under it any more. Its alerts and cases stay.
    async fn delete_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which policy.")] input: DeletePolicyInput,
    ) -> Guarded<DeletePolicyPayload, rules::DeletePolicy> {
        guarded(ctx, async |permit| {
            let id = input.policy_id.parse().ok();
            let (made, user_errors) = outcome(request::services(ctx)?.delete_policy(&permit, id).await)?;
            Ok::<_, ServiceError>(DeletePolicyPayload { policy: made.map(Policy::from), user_errors })
        })
        .await
    }
}
