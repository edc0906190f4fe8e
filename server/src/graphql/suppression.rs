//! Suppressions: for a time, an indicator does not count for somebody.
//! Never: a member of a group; a group shows how many it has.

use super::{
    group::PriorityUserGroup,
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    subject::{Subject, SubjectOf},
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::suppressions::{Over, StoredSuppression, SuppressionOrder},
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::SubjectId,
};

/// That, for a time, events of an indicator do not count for a subject or the members of a group.
pub struct Suppression(StoredSuppression);

/// That, for a time, events of an indicator do not count for a subject or the members of a group. They stay visible, and count
/// again when it is over.
#[Object]
impl Suppression {
    /// Id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The code of the indicator, or of a variant.
    async fn indicator(&self) -> &str {
        &self.0.indicator
    }

    /// For whom, under a pseudonym; null where it is for a group.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Subject>, Error> {
        match self.0.over {
            Over::Subject(id) => request::load_known(ctx, SubjectOf(id, None)).await.map(Subject::from).map(Some),
            Over::Group(_) => Ok(None),
        }
    }

    /// For whose members, as they are at each moment; null where it is for a subject.
    async fn priority_group(&self, ctx: &Context<'_>) -> Result<Option<PriorityUserGroup>, Error> {
        let Over::Group(id) = self.0.over else { return Ok(None) };
        let found = async {
            let Some(permit) = request::permit(ctx, Resource::Settings, Action::Read) else { return Ok(None) };
            let all = request::services(ctx)?.groups(&permit).await?;
            Ok(all.into_iter().find(|group| group.id == id).map(Into::into))
        };
        found.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// Why, as it was written.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The id of the viewer who made it.
    async fn created_by(&self) -> &str {
        &self.0.by
    }

    /// From when on it holds.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ends by itself.
    async fn until(&self) -> DateTime {
        DateTime(self.0.until)
    }

    /// When somebody ended it before; null where nobody did.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended.as_ref().map(|(at, _)| DateTime(*at))
    }

    /// The id of the viewer who ended it before its time.
    async fn ended_by(&self) -> Option<&str> {
        self.0.ended.as_ref().map(|(_, by)| by.as_str())
    }

    /// Whether it holds now.
    async fn active(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let now = request::services(ctx).map_err(|error| super::errors::failed(&error))?.clock().now();
        Ok(self.0.ended.is_none() && now < self.0.until)
    }
}

/// The key of what does not count for a subject.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SuppressedFor(pub(super) SubjectId);

impl Loader<SuppressedFor> for Reader {
    type Value = Vec<String>;
    type Error = Fault;

    async fn load(&self, keys: &[SuppressedFor]) -> Result<HashMap<SuppressedFor, Vec<String>>, Fault> {
        let permit = self.permit(Resource::Alerts, Action::Change)?;
        let ids: Vec<SubjectId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.suppressed_indicators(&permit, &ids).await?;
        Ok(found.into_iter().map(|(subject, codes)| (SuppressedFor(subject), codes)).collect())
    }
}

/// The part of the root about suppressions.
#[derive(Default)]
pub struct SuppressionQuery;

#[Object]
impl SuppressionQuery {
    /// Suppressions, the newest first: of subjects whom the viewer may see, and of groups.
    async fn suppressions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this subject itself, without its groups'.")] subject_id: Option<ID>,
        #[graphql(desc = "True: only those that hold now.")] active: Option<bool>,
    ) -> Guarded<Connection<Suppression>, rules::QuerySuppressions> {
        guarded(ctx, async |permit| {
            let page = Page::asked("suppressions", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let subject = subject_id.map(|id| id.parse().ok());
            let listed = request::services(ctx)?.suppressions(&permit, subject, active, &slice).await?;
            let key = |one: &StoredSuppression| (one.created_at, one.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, Suppression))
        })
        .await
    }
}

/// What `suppressIndicator` takes: `subjectId` or `priorityGroupId`.
#[derive(InputObject)]
pub struct SuppressIndicatorInput {
    /// The code of an enabled indicator that connectors deliver, or of a variant.
    indicator: String,
    /// For whom.
    subject_id: Option<ID>,
    /// For whose members.
    priority_group_id: Option<ID>,
    /// Until when, at most 90 days from now.
    until: DateTime,
    /// Why, at most 4,000 characters; leave names out.
    reason: String,
}

/// What `suppressIndicator` answers.
#[derive(SimpleObject)]
pub struct SuppressIndicatorPayload {
    /// The suppression; null where something was wrong with the input.
    suppression: Option<Suppression>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `endSuppression` takes.
#[derive(InputObject)]
pub struct EndSuppressionInput {
    /// One that holds.
    suppression_id: ID,
    /// Why, at most 4,000 characters. Kept in the audit log; leave names out.
    reason: String,
}

/// What `endSuppression` answers.
#[derive(SimpleObject)]
pub struct EndSuppressionPayload {
    /// The suppression; null where something was wrong with the input.
    suppression: Option<Suppression>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that changes suppressions.
#[derive(Default)]
pub struct SuppressionMutation;

#[Object]
impl SuppressionMutation {
    /// Leaves events of an indicator out of the scores of a subject or a group's members, for a time. Triggering events still
    /// start scoring, and alerts that need review keep what they show. When it is over the events count again.
    async fn suppress_indicator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, for whom, until when and why.")] input: SuppressIndicatorInput,
    ) -> Guarded<SuppressIndicatorPayload, rules::SuppressIndicator> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let order = SuppressionOrder {
                indicator: input.indicator,
                subject: input.subject_id.map(|id| id.parse().ok()),
                group: input.priority_group_id.map(|id| id.parse().ok()),
                until: input.until.0,
                reason: input.reason,
            };
            let (made, user_errors) = outcome(services.suppress_indicator(&permit, order).await)?;
            Ok::<_, ServiceError>(SuppressIndicatorPayload {
                suppression: made.map(Suppression),
                user_errors,
                warnings,
            })
        })
        .await
    }

    /// Ends a suppression before its time: the events count again.
    async fn end_suppression(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: EndSuppressionInput,
    ) -> Guarded<EndSuppressionPayload, rules::EndSuppression> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let id = input.suppression_id.parse().ok();
            let (ended, user_errors) = outcome(services.end_suppression(&permit, id, &input.reason).await)?;
            Ok::<_, ServiceError>(EndSuppressionPayload { suppression: ended.map(Suppression), user_errors, warnings })
        })
        .await
    }
}
