//! Notifications: which role is told of what by mail.
//! Never: what a notification says; it goes to its addresses alone.

use super::{
    directive::Role,
    guard::{Guarded, guarded},
    request, rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
    words::NotificationKind,
};
use crate::{error::ServiceError, service::notifications::StoredNotification};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// That a role is told of something by mail.
#[derive(SimpleObject)]
pub struct Notification {
    /// What it tells of.
    kind: NotificationKind,
    /// Whom the addresses stand for. A role can be told only of what it may read.
    role: Role,
    /// Where it goes: best a list that whoever runs mail keeps in step with the role.
    addresses: Vec<String>,
    /// Since when. What happened before is not told.
    since: DateTime,
}

impl From<StoredNotification> for Notification {
    fn from(stored: StoredNotification) -> Self {
        let StoredNotification { kind, role, addresses, since, .. } = stored;
        Self { kind: kind.into(), role: role.into(), addresses, since: DateTime(since) }
    }
}

/// The part of the root about notifications.
#[derive(Default)]
pub struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// Which roles are told of what by mail.
    async fn notifications(&self, ctx: &Context<'_>) -> Guarded<Vec<Notification>, rules::QueryNotifications> {
        guarded(ctx, async |permit| {
            let all = request::services(ctx)?.notifications(&permit).await?;
            Ok::<_, ServiceError>(all.into_iter().map(Notification::from).collect::<Vec<_>>())
        })
        .await
    }
}

/// What `setNotification` takes.
#[derive(InputObject)]
pub struct SetNotificationInput {
    /// What to tell of.
    kind: NotificationKind,
    /// Whom the addresses stand for.
    role: Role,
    /// Where it goes, at most 20 addresses; none: it ends.
    addresses: Vec<String>,
}

/// What `setNotification` answers.
#[derive(SimpleObject)]
pub struct SetNotificationPayload {
    /// All that there are now; null where something was wrong.
    notifications: Option<Vec<Notification>>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that changes notifications.
#[derive(Default)]
pub struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Has a role told of something by mail, from now on. Messages hold counts and names of policies.
    async fn set_notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, whom, and where.")] input: SetNotificationInput,
    ) -> Guarded<SetNotificationPayload, rules::SetNotification> {
        guarded(ctx, async |permit| {
            let of = (input.kind.into(), input.role.into());
            let set = request::services(ctx)?.set_notification(&permit, of, &input.addresses).await;
            let (all, user_errors) = outcome(set)?;
            let notifications = all.map(|all| all.into_iter().map(Notification::from).collect());
            Ok::<_, ServiceError>(SetNotificationPayload { notifications, user_errors })
        })
        .await
    }
}
