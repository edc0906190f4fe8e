//! Webhooks: alerts and cases are told to other systems, masked, signed, and until they take it.
//! Never: to a place that the operator did not name; an address or an answer of a receiver in a log, an error or an entry.

use super::{
    Services,
    alerts::{invalid, not_found},
};
pub(crate) use crate::store::{StoredDelivery, StoredWebhook};
use crate::{
    error::ServiceError,
    permit::Permit,
    post::post,
    store::{Credentials, Entry, Outgoing, Page, Receivers, Slice, WebhookSaved},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{DeliveryId, WebhookId},
    limits,
    problem::{Problem, ProblemCode},
    time::{Micros, SECOND},
    webhook::{self, DeliveryState, WebhookEvent},
};

/// A webhook as it is wanted; what is left out stays as it is.
#[derive(Clone, Debug)]
pub struct WebhookAsked {
    /// Which; nothing for a new one. The inner `None` is a text that cannot be an id.
    pub id: Option<Option<WebhookId>>,
    /// What staff call it.
    pub name: String,
    /// The address.
    pub url: Option<String>,
    /// What it tells of.
    pub events: Vec<WebhookEvent>,
    /// Whether messages are sent.
    pub enabled: bool,
}

impl Services {
    /// All webhooks, by name.
    pub(crate) async fn webhooks(&self, permit: &Permit) -> Result<Vec<StoredWebhook>, ServiceError> {
        permit.require(Resource::Webhooks, Action::Read)?;
        Ok(self.store.webhooks().await?)
    }

    /// How many messages to each webhook were given up; those of which none was are missing.
    pub(crate) async fn failed_deliveries(&self, permit: &Permit) -> Result<BTreeMap<WebhookId, i64>, ServiceError> {
        permit.require(Resource::Webhooks, Action::Read)?;
        Ok(self.store.failed_deliveries().await?)
    }

    /// The messages to a webhook, the newest first.
    pub(crate) async fn deliveries(
        &self,
        permit: &Permit,
        of: WebhookId,
        state: Option<DeliveryState>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredDelivery>, ServiceError> {
        permit.require(Resource::Webhooks, Action::Read)?;
        Ok(self.store.deliveries(of, state, slice).await?)
    }

    /// Adds a webhook or changes one; answers with it and, of a new one, with the secret, which is shown once.
    pub(crate) async fn save_webhook(
        &self,
        permit: &Permit,
        asked: WebhookAsked,
    ) -> Result<(StoredWebhook, Option<String>), ServiceError> {
        let viewer = permit.require(Resource::Webhooks, Action::Change)?;
        let before = match asked.id {
            None => None,
            Some(id) => Some(self.webhook(id, &["input", "id"]).await?),
        };
        let name = webhook::check(&asked.name, &asked.events).map_err(ServiceError::Invalid)?;
        let field = ["input", "url"];
        let origin = match (&asked.url, &before) {
            (Some(url), _) => webhook::origin(url, &self.settings.webhook_origins, &field).map_err(invalid)?,
            (None, Some(before)) => before.origin.clone(),
            (None, None) => {
                return Err(invalid(Problem::new(&field, ProblemCode::Required, "A new webhook needs an address.")));
            }
        };
        let mut events = asked.events;
        events.sort_unstable();
        events.dedup();
        let now = self.clock.now();
        let new = before.is_none();
        let stored = StoredWebhook {
            id: before.as_ref().map_or_else(|| self.ids.draw(WebhookId::new), |before| before.id),
            name,
            origin,
            events,
            enabled: asked.enabled,
            created_at: before.as_ref().map_or(now, |before| before.created_at),
        };
        let secret = new.then(|| self.drawn_secret());
        let credentials = Credentials { url: asked.url, secret };
        let entry = |before: Option<&StoredWebhook>| {
            let activity = if new { AuditActivity::Added } else { AuditActivity::Edited };
            let detail = serde_json::json!({"address": if credentials.url.is_some() { "given" } else { "kept" }});
            Entry::by(viewer, activity, AuditCategory::Settings, stored.id, &detail)
                .change([before.map_or(serde_json::Value::Null, shown), shown(&stored)])
        };
        let saved = self.store.save_webhook((&stored, new), &credentials, entry, now).await?;
        settled(&saved)?;
        self.bell.webhooks.notify_one();
        Ok((stored, secret.map(|secret| written(&secret))))
    }

    /// Gives a webhook another secret; answers with it. The old one signs nothing from now on.
    pub(crate) async fn renew_webhook_secret(
        &self,
        permit: &Permit,
        id: Option<WebhookId>,
    ) -> Result<(StoredWebhook, String), ServiceError> {
        let viewer = permit.require(Resource::Webhooks, Action::Change)?;
        let stored = self.webhook(id, &["input", "webhookId"]).await?;
        let secret = self.drawn_secret();
        let credentials = Credentials { url: None, secret: Some(secret) };
        let detail = serde_json::json!({"secret": "renewed"});
        let entry = |_: Option<&StoredWebhook>| {
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, stored.id, &detail)
        };
        let saved = self.store.save_webhook((&stored, false), &credentials, entry, self.clock.now()).await?;
        settled(&saved)?;
        Ok((stored, written(&secret)))
    }

    /// Removes a webhook and what waits for it.
    pub(crate) async fn delete_webhook(
        &self,
        permit: &Permit,
        id: Option<WebhookId>,
    ) -> Result<WebhookId, ServiceError> {
        let viewer = permit.require(Resource::Webhooks, Action::Change)?;
        let stored = self.webhook(id, &["input", "webhookId"]).await?;
        let entry =
            Entry::by(viewer, AuditActivity::Deleted, AuditCategory::Settings, stored.id, &serde_json::json!({}))
                .change([shown(&stored), serde_json::Value::Null]);
        self.store.delete_webhook(stored.id, entry, self.clock.now()).await?;
        Ok(stored.id)
    }

    /// Sends a message to a webhook that says nothing.
    pub(crate) async fn test_webhook(
        &self,
        permit: &Permit,
        id: Option<WebhookId>,
    ) -> Result<StoredWebhook, ServiceError> {
        let viewer = permit.require(Resource::Webhooks, Action::Change)?;
        let field = ["input", "webhookId"];
        let stored = self.webhook(id, &field).await?;
        if !stored.enabled {
            let message = "The webhook is not enabled: nothing is sent to it.";
            return Err(invalid(Problem::new(&field, ProblemCode::NotEnabled, message)));
        }
        let detail = serde_json::json!({"test": "sent"});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, stored.id, &detail);
        self.store.test_webhook(stored.id, entry, self.clock.now()).await?;
        self.bell.webhooks.notify_one();
        Ok(stored)
    }

    /// Sends again what was given up; answers with the webhook and how many messages.
    pub(crate) async fn retry_deliveries(
        &self,
        permit: &Permit,
        id: Option<WebhookId>,
    ) -> Result<(StoredWebhook, u64), ServiceError> {
        let viewer = permit.require(Resource::Webhooks, Action::Change)?;
        let stored = self.webhook(id, &["input", "webhookId"]).await?;
        let entry = |number: u64| {
            let detail = serde_json::json!({"sentAgain": number});
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, stored.id, &detail)
        };
        let number = self.store.retry_deliveries(stored.id, entry, self.clock.now()).await?;
        self.bell.webhooks.notify_one();
        Ok((stored, number))
    }

    async fn webhook(&self, id: Option<WebhookId>, field: &[&str]) -> Result<StoredWebhook, ServiceError> {
        let all = self.store.webhooks().await?;
        all.into_iter().find(|one| Some(one.id) == id).ok_or_else(|| invalid(not_found("webhook").within(field)))
    }

    fn drawn_secret(&self) -> [u8; 32] {
        let mut secret = [0u8; 32];
        self.ids.fill(&mut secret);
        secret
    }

    /// Sends one message to a webhook; false where none is due, or the operator names no place where they may go.
    pub async fn send_to_webhook(&self) -> anyhow::Result<bool> {
        if self.settings.webhook_origins.is_empty() {
            return Ok(false);
        }
        let claimed = self.store.claim_message(Receivers::Webhooks, &self.clock).await?;
        let Some(claimed) = claimed else { return Ok(false) };
        let (Some(target), Some(event)) = (claimed.target, claimed.event) else { return Ok(false) };
        let receiver = self.store.receiver(WebhookId::new(target), event, claimed.about).await?;
        let Some((receiver, told)) = receiver.and_then(|mut one| one.told.take().map(|told| (one, told))) else {
            self.store.drop_message(claimed.id).await?;
            return Ok(true);
        };
        // The operator may have taken the place off the list since.
        if webhook::origin(&receiver.url, &self.settings.webhook_origins, &[]).is_err() {
            self.give_up(&claimed, "the operator does not allow webhooks to go there any more").await?;
            return Ok(true);
        }
        let now = self.clock.now();
        let body = webhook::message(event, &told, now).to_string();
        let headers = headers(&claimed, &receiver.secret, now, &body);
        let time = Duration::from_secs(limits::WEBHOOK_SECONDS);
        match post(receiver.url, headers, body, time).await? {
            Ok(200..300) => self.store.message_sent(&claimed, None, &self.clock).await?,
            Ok(410) => self.give_up(&claimed, "the receiver is gone (410)").await?,
            Ok(status) => self.failed(&claimed, &format!("the receiver answers with status {status}")).await?,
            Err(why) => self.failed(&claimed, why).await?,
        }
        Ok(true)
    }
}

/// What the audit log shows of a webhook.
fn shown(stored: &StoredWebhook) -> serde_json::Value {
    serde_json::json!({"origin": stored.origin, "events": stored.events, "enabled": stored.enabled})
}

/// A secret as receivers keep it.
fn written(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// Which message it is, when it was sent, and the signature over both and the body, as in Standard Webhooks 1.0.0: the id is
/// the same at each attempt.
fn headers(claimed: &Outgoing, secret: &[u8], now: Micros, body: &str) -> Vec<(&'static str, String)> {
    let id = DeliveryId::new(claimed.id).to_string();
    let at = (now.0 / SECOND).to_string();
    let signature = signature(secret, &id, &at, body);
    vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", at),
        ("webhook-signature", signature),
    ]
}

fn signature(secret: &[u8], id: &str, at: &str, body: &str) -> String {
    // A key of any length is one (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn settled(saved: &WebhookSaved) -> Result<(), ServiceError> {
    let problem = match saved {
        WebhookSaved::Done => return Ok(()),
        WebhookSaved::NameTaken => {
            let message = "Another webhook has this name. Names are unique.";
            Problem::new(&["input", "name"], ProblemCode::Conflict, message)
        }
        WebhookSaved::TooMany => {
            let message = format!("There are at most {} webhooks.", limits::WEBHOOKS);
            Problem::new(&["input"], ProblemCode::LimitExceeded, message)
        }
        WebhookSaved::Missing => not_found("webhook").within(&["input", "id"]),
    };
    Err(invalid(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementations (standardwebhooks, "verify" of the test vectors).
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
