//! Webhooks: alerts and cases told to other systems.
//! Never: an address or a secret, but the secret once to whoever made it; which alert or case a message was about.

use super::{
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
    words::{WebhookDeliveryState, WebhookEvent},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    service::webhooks::{StoredDelivery, StoredWebhook, WebhookAsked},
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::WebhookId,
};

/// Where alerts and cases are told to another system.
pub struct Webhook(StoredWebhook);

/// Where alerts and cases are told to another system: as JSON, masked, signed, until it takes them.
#[Object]
impl Webhook {
    /// Id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What staff call it, unique.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Scheme, host and port of its address. The rest is not shown: with chat systems it is a credential.
    async fn origin(&self) -> &str {
        &self.0.origin
    }

    /// What it tells of.
    async fn events(&self) -> Vec<WebhookEvent> {
        self.0.events.iter().map(|event| (*event).into()).collect()
    }

    /// Whether messages are sent. What waits is kept while it is not; what happens meanwhile is never told.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// How many messages of the last 30 days were given up: `retryWebhookDeliveries` sends them again.
    async fn failed_deliveries(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let found = request::load(ctx, FailedOf(self.0.id)).await;
        found.map(Option::unwrap_or_default).map_err(|error| super::errors::failed(&error))
    }

    /// Its messages of the last 30 days, the newest first.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<WebhookDeliveryState>,
    ) -> Result<Connection<WebhookDelivery>, Error> {
        let listed = async {
            let permit = Permit::check(ctx.data_opt(), Resource::Webhooks, Action::Read)?;
            let page = Page::asked("webhook/deliveries", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let state = state.map(Into::into);
            let listed = request::services(ctx)?.deliveries(&permit, self.0.id, state, &slice).await?;
            let key = |one: &StoredDelivery| (one.created_at, one.id.uuid());
            Ok(Connection::of(&page, listed, key, WebhookDelivery::from))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }
}

/// The key of how many messages to a webhook were given up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FailedOf(WebhookId);

impl Loader<FailedOf> for Reader {
    type Value = i64;
    type Error = Fault;

    async fn load(&self, _: &[FailedOf]) -> Result<HashMap<FailedOf, i64>, Fault> {
        let permit = self.permit(Resource::Webhooks, Action::Read)?;
        let found = self.services.failed_deliveries(&permit).await?;
        Ok(found.into_iter().map(|(webhook, count)| (FailedOf(webhook), count)).collect())
    }
}

/// A message to a webhook.
#[derive(SimpleObject)]
pub struct WebhookDelivery {
    /// Id, which the message carries as `webhook-id`, the same at each attempt.
    id: ID,
    /// What it tells of.
    event: WebhookEvent,
    /// What became of it.
    state: WebhookDeliveryState,
    /// How often it was sent.
    attempts: i64,
    /// When it happened.
    created_at: DateTime,
    /// When the receiver took it.
    sent_at: Option<DateTime>,
    /// When it is sent next; null where it is sent or given up.
    next_attempt_at: Option<DateTime>,
    /// Why the last attempt failed.
    problem: Option<String>,
}

impl From<StoredDelivery> for WebhookDelivery {
    fn from(stored: StoredDelivery) -> Self {
        Self {
            id: stored.id.into(),
            event: stored.event.into(),
            state: stored.state.into(),
            attempts: stored.attempts,
            created_at: DateTime(stored.created_at),
            sent_at: stored.sent_at.map(DateTime),
            next_attempt_at: stored.due_at.map(DateTime),
            problem: stored.problem,
        }
    }
}

/// The part of the root about webhooks.
#[derive(Default)]
pub struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// All webhooks, by name; at most 20.
    async fn webhooks(&self, ctx: &Context<'_>) -> Guarded<Vec<Webhook>, rules::QueryWebhooks> {
        guarded(ctx, async |permit| {
            let all = request::services(ctx)?.webhooks(&permit).await?;
            Ok::<_, ServiceError>(all.into_iter().map(Webhook).collect::<Vec<_>>())
        })
        .await
    }
}

/// What `saveWebhook` takes.
#[derive(InputObject)]
pub struct SaveWebhookInput {
    /// Which webhook to change; left out: a new one.
    id: Option<ID>,
    /// What staff call it, unique.
    name: String,
    /// Where messages go: an address within one of the operator's `webhook_origins`, at most 2,000 characters. It is kept
    /// sealed and never shown. Left out: it stays as it is.
    url: Option<String>,
    /// What it tells of.
    events: Vec<WebhookEvent>,
    /// Whether messages are sent; by default they are.
    #[graphql(default = true)]
    enabled: bool,
}

/// What `saveWebhook` answers.
#[derive(SimpleObject)]
pub struct SaveWebhookPayload {
    /// The webhook as it is now; null where something was wrong.
    webhook: Option<Webhook>,
    /// What messages are signed with, of a new webhook: shown here once and nowhere else. As in Standard Webhooks:
    /// `whsec_` and 32 bytes in Base64.
    secret: Option<String>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// Which webhook.
#[derive(InputObject)]
pub struct WebhookInput {
    /// Its id.
    webhook_id: ID,
}

/// What `renewWebhookSecret` answers.
#[derive(SimpleObject)]
pub struct RenewWebhookSecretPayload {
    /// The webhook; null where something was wrong.
    webhook: Option<Webhook>,
    /// What messages are signed with from now on: shown here once and nowhere else.
    secret: Option<String>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `deleteWebhook` answers.
#[derive(SimpleObject)]
pub struct DeleteWebhookPayload {
    /// The id of what is gone; null where something was wrong.
    deleted_id: Option<ID>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `testWebhook` answers.
#[derive(SimpleObject)]
pub struct TestWebhookPayload {
    /// The webhook, whose `deliveries` tell what becomes of the message; null where something was wrong.
    webhook: Option<Webhook>,
    /// What was wrong with the input. Nothing was sent then.
    user_errors: Vec<UserError>,
}

/// What `retryWebhookDeliveries` answers.
#[derive(SimpleObject)]
pub struct RetryWebhookDeliveriesPayload {
    /// The webhook; null where something was wrong.
    webhook: Option<Webhook>,
    /// How many messages are sent again.
    count: i64,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that changes webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Adds a webhook, or changes one.
    async fn save_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of the webhook.")] input: SaveWebhookInput,
    ) -> Guarded<SaveWebhookPayload, rules::SaveWebhook> {
        guarded(ctx, async |permit| {
            let asked = WebhookAsked {
                id: input.id.map(|id| id.parse().ok()),
                name: input.name,
                url: input.url,
                events: input.events.into_iter().map(Into::into).collect(),
                enabled: input.enabled,
            };
            let (saved, user_errors) = outcome(request::services(ctx)?.save_webhook(&permit, asked).await)?;
            let (webhook, secret) = match saved {
                Some((stored, secret)) => (Some(Webhook(stored)), secret),
                None => (None, None),
            };
            Ok::<_, ServiceError>(SaveWebhookPayload { webhook, secret, user_errors })
        })
        .await
    }

    /// Gives a webhook another secret. Messages are signed with it from now on, and with the old one no more.
    async fn renew_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookInput,
    ) -> Guarded<RenewWebhookSecretPayload, rules::RenewWebhookSecret> {
        guarded(ctx, async |permit| {
            let id = input.webhook_id.parse().ok();
            let (renewed, user_errors) = outcome(request::services(ctx)?.renew_webhook_secret(&permit, id).await)?;
            let (webhook, secret) = match renewed {
                Some((stored, secret)) => (Some(Webhook(stored)), Some(secret)),
                None => (None, None),
            };
            Ok::<_, ServiceError>(RenewWebhookSecretPayload { webhook, secret, user_errors })
        })
        .await
    }

    /// Removes a webhook, what waits for it, and what is known of its messages.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookInput,
    ) -> Guarded<DeleteWebhookPayload, rules::DeleteWebhook> {
        guarded(ctx, async |permit| {
            let id = input.webhook_id.parse().ok();
            let (deleted, user_errors) = outcome(request::services(ctx)?.delete_webhook(&permit, id).await)?;
            Ok::<_, ServiceError>(DeleteWebhookPayload { deleted_id: deleted.map(Into::into), user_errors })
        })
        .await
    }

    /// Sends a message of the event `TEST` to a webhook. It answers at once; `Webhook.deliveries` tells what became of it.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookInput,
    ) -> Guarded<TestWebhookPayload, rules::TestWebhook> {
        guarded(ctx, async |permit| {
            let id = input.webhook_id.parse().ok();
            let (tested, user_errors) = outcome(request::services(ctx)?.test_webhook(&permit, id).await)?;
            Ok::<_, ServiceError>(TestWebhookPayload { webhook: tested.map(Webhook), user_errors })
        })
        .await
    }

    /// Sends the messages again that were given up, for three more days at most.
    async fn retry_webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which webhook.")] input: WebhookInput,
    ) -> Guarded<RetryWebhookDeliveriesPayload, rules::RetryWebhookDeliveries> {
        guarded(ctx, async |permit| {
            let id = input.webhook_id.parse().ok();
            let (sent, user_errors) = outcome(request::services(ctx)?.retry_deliveries(&permit, id).await)?;
            let (webhook, count) = match sent {
                Some((stored, count)) => (Some(Webhook(stored)), i64::try_from(count).unwrap_or(0)),
                None => (None, 0),
            };
            Ok::<_, ServiceError>(RetryWebhookDeliveriesPayload { webhook, count, user_errors })
        })
        .await
    }
}
