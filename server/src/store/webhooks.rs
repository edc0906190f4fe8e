//! Webhooks and their messages in the outbox.
//! Never: an address or a secret in the open; a message about somebody whom only some viewers may see.

use super::{
    Store,
    alerts::StoredCase,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, Tx},
    outbox::Message,
    page::{List, Page, Slice},
};
use crate::permit::Sight;
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    ids::{AlertId, CaseId, DeliveryId, WebhookId},
    limits,
    message::MessageKind,
    time::{DAY, Micros},
    webhook::{DeliveryState, Masked, Told, WebhookEvent},
};

/// A webhook, without its secret and the whole of its address.
#[derive(Clone)]
pub(crate) struct StoredWebhook {
    pub(crate) id: WebhookId,
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) events: Vec<WebhookEvent>,
    pub(crate) enabled: bool,
    pub(crate) created_at: Micros,
}

/// What a webhook is given or changed to; nothing where it stays as it is.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) url: Option<String>,
    pub(crate) secret: Option<[u8; 32]>,
}

/// What became of a change of a webhook.
pub(crate) enum WebhookSaved {
    Done,
    /// Another one has the name.
    NameTaken,
    /// There are as many as there may be.
    TooMany,
    /// There is none of that id.
    Missing,
}

/// A message to a webhook.
#[derive(Clone)]
pub(crate) struct StoredDelivery {
    pub(crate) id: DeliveryId,
    pub(crate) event: WebhookEvent,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: i64,
    pub(crate) created_at: Micros,
    pub(crate) sent_at: Option<Micros>,
    pub(crate) due_at: Option<Micros>,
    pub(crate) problem: Option<String>,
}

/// What a message is sent with.
pub(crate) struct Receiver {
    /// The whole address.
    pub(crate) url: String,
    pub(crate) secret: Vec<u8>,
    /// What is told of the alert or case, as it is now; nothing where it is gone or not for everybody.
    pub(crate) told: Option<Told>,
}

const WEBHOOK: &str = "id, name, origin, events, enabled, created_at";

fn webhook(row: &Row) -> anyhow::Result<StoredWebhook> {
    Ok(StoredWebhook {
        id: WebhookId::new(row.get("id")?),
        name: row.get("name")?,
        origin: row.get("origin")?,
        events: row.json("events")?,
        enabled: row.get::<i64>("enabled")? != 0,
        created_at: Micros(row.get("created_at")?),
    })
}

fn delivery(row: &Row) -> anyhow::Result<StoredDelivery> {
    let (sent_at, due_at) = (super::cases::instant(row, "sent_at")?, super::cases::instant(row, "due_at")?);
    Ok(StoredDelivery {
        id: DeliveryId::new(row.get("id")?),
        event: row.word("event")?,
        state: match (sent_at, due_at) {
            (Some(_), _) => DeliveryState::Sent,
            (None, Some(_)) => DeliveryState::Waiting,
            (None, None) => DeliveryState::Failed,
        },
        attempts: row.get("attempts")?,
        created_at: Micros(row.get("created_at")?),
        sent_at,
        due_at,
        problem: row.get("error")?,
    })
}

fn condition(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "due_at IS NOT NULL",
        DeliveryState::Sent => "sent_at IS NOT NULL",
        DeliveryState::Failed => "due_at IS NULL AND sent_at IS NULL",
    }
}

/// Where a credential of a webhook belongs.
fn place(id: WebhookId, what: &str) -> Vec<u8> {
    [id.uuid().as_bytes().as_slice(), what.as_bytes()].concat()
}

/// A webhook sees what everybody sees who may see alerts: nobody whom a list keeps to some.
fn sight(id: WebhookId) -> Sight {
    Sight::Staff { viewer: id.to_string(), own: Vec::new() }
}

impl Store {
    /// Has all webhooks told of the events that they want to hear of, if the transaction commits. Each is about an alert or a
    /// case.
    pub(super) async fn tell_webhooks(
        &self,
        tx: &Tx,
        events: &[(WebhookEvent, Uuid)],
        now: Micros,
    ) -> anyhow::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        for row in tx.rows("SELECT id, events FROM webhooks WHERE enabled = 1 ORDER BY id", vec![]).await? {
            let (target, wanted) = (WebhookId::new(row.get("id")?), row.json::<Vec<WebhookEvent>>("events")?);
            for (event, about) in events.iter().filter(|(event, _)| wanted.contains(event)) {
                self.tell_webhook(tx, target, (*event, *about), now).await?;
            }
        }
        Ok(())
    }

    async fn tell_webhook(
        &self,
        tx: &Tx,
        target: WebhookId,
        (event, about): (WebhookEvent, Uuid),
        now: Micros,
    ) -> anyhow::Result<()> {
        if event.is_told_by_others() {
            let waits = "SELECT 1 AS one FROM outbox WHERE target = $1 AND about = $2 AND attempts = 0 \
                         AND due_at IS NOT NULL LIMIT 1";
            if tx.row(waits, vec![target.uuid().into(), about.into()]).await?.is_some() {
                return Ok(());
            }
        }
        let (kind, target) = (MessageKind::Webhook, Some(target.uuid()));
        // The same event that waits already says what this one would.
        self.enqueue(tx, &Message { kind, about, target, event: Some(event) }, now).await?;
        Ok(())
    }

    /// All webhooks, by name.
    pub(crate) async fn webhooks(&self) -> anyhow::Result<Vec<StoredWebhook>> {
        let rows = self.db.rows(&format!("SELECT {WEBHOOK} FROM webhooks ORDER BY name, id"), vec![]).await?;
        rows.iter().map(webhook).collect()
    }

    /// Adds a webhook, or changes the one of that id. The entry is made from what was there before.
    pub(crate) async fn save_webhook(
        &self,
        (stored, new): (&StoredWebhook, bool),
        credentials: &Credentials,
        entry: impl FnOnce(Option<&StoredWebhook>) -> Entry,
        now: Micros,
    ) -> anyhow::Result<WebhookSaved> {
        let tx = self.db.begin().await?;
        let id = Value::from(stored.id.uuid());
        let taken = "SELECT 1 AS one FROM webhooks WHERE name = $1 AND id <> $2";
        if tx.row(taken, vec![stored.name.as_str().into(), id.clone()]).await?.is_some() {
            return Ok(WebhookSaved::NameTaken);
        }
        let sql = format!("SELECT {WEBHOOK}, url, secret FROM webhooks WHERE id = $1 {}", tx.for_update());
        let before = tx.row(&sql, vec![id.clone()]).await?;
        let kept = |name: &str| before.as_ref().map(|row| row.get::<Vec<u8>>(name)).transpose();
        let url = match &credentials.url {
            Some(url) => Some(self.vault.seal_credential(&place(stored.id, "url"), url.as_bytes())?),
            None => kept("url")?,
        };
        let secret = match &credentials.secret {
            Some(secret) => Some(self.vault.seal_credential(&place(stored.id, "secret"), secret)?),
            None => kept("secret")?,
        };
        if !new && before.is_none() {
            return Ok(WebhookSaved::Missing);
        }
        if new && tx.count("SELECT count(*) AS number FROM webhooks", vec![]).await? >= limits::WEBHOOKS {
            return Ok(WebhookSaved::TooMany);
        }
        tx.run(
            "INSERT INTO webhooks (id, name, origin, url, secret, events, enabled, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
             origin = excluded.origin, url = excluded.url, secret = excluded.secret, events = excluded.events, \
             enabled = excluded.enabled",
            vec![
                id,
                stored.name.as_str().into(),
                stored.origin.as_str().into(),
                url.context("a webhook without an address")?.into(),
                secret.context("a webhook without a secret")?.into(),
                serde_json::to_string(&stored.events)?.into(),
                i64::from(stored.enabled).into(),
                stored.created_at.0.into(),
            ],
        )
        .await?;
        let before = before.as_ref().map(webhook).transpose()?;
        insert_entries(&tx, &self.ids, &[entry(before.as_ref())], now).await?;
        tx.commit().await?;
        Ok(WebhookSaved::Done)
    }

    /// Removes a webhook and its messages; false where there is none.
    pub(crate) async fn delete_webhook(&self, id: WebhookId, entry: Entry, now: Micros) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        tx.run("DELETE FROM outbox WHERE target = $1", vec![id.uuid().into()]).await?;
        if tx.run("DELETE FROM webhooks WHERE id = $1", vec![id.uuid().into()]).await? == 0 {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Sends a test to a webhook.
    pub(crate) async fn test_webhook(&self, id: WebhookId, entry: Entry, now: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        self.tell_webhook(&tx, id, (WebhookEvent::Test, id.uuid()), now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await
    }

    /// Lets the messages be sent again that were given up; tells how many.
    pub(crate) async fn retry_deliveries(
        &self,
        id: WebhookId,
        entry: impl FnOnce(u64) -> Entry,
        now: Micros,
    ) -> anyhow::Result<u64> {
        let tx = self.db.begin().await?;
        // From the first attempt on; their time begins anew.
        let sql = format!(
            "UPDATE outbox SET attempts = 1, due_at = $1, created_at = $1, error = NULL WHERE target = $2 AND {}",
            condition(DeliveryState::Failed)
        );
        let number = tx.run(&sql, vec![now.0.into(), id.uuid().into()]).await?;
        insert_entries(&tx, &self.ids, &[entry(number)], now).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// The messages to a webhook, the newest first.
    pub(crate) async fn deliveries(
        &self,
        of: WebhookId,
        state: Option<DeliveryState>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredDelivery>> {
        let mut conditions = vec!["target = $1".to_owned()];
        conditions.extend(state.map(|state| condition(state).to_owned()));
        let list = List {
            columns: "id, event, attempts, created_at, sent_at, due_at, error",
            from: "outbox",
            conditions,
            values: vec![of.uuid().into()],
            order: ("created_at", "id"),
            descending: true,
        };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], delivery).await
    }

    /// How many messages to each webhook were given up.
    pub(crate) async fn failed_deliveries(&self) -> anyhow::Result<BTreeMap<WebhookId, i64>> {
        let sql = format!(
            "SELECT target, count(*) AS number FROM outbox WHERE kind = 'WEBHOOK' AND {} GROUP BY target",
            condition(DeliveryState::Failed)
        );
        let rows = self.db.rows(&sql, vec![]).await?;
        rows.iter().map(|row| Ok((WebhookId::new(row.get("target")?), row.get("number")?))).collect()
    }

    /// What a message to a webhook is sent with; nothing where there is no such webhook any more.
    pub(crate) async fn receiver(
        &self,
        target: WebhookId,
        event: WebhookEvent,
        about: Uuid,
    ) -> anyhow::Result<Option<Receiver>> {
        let sql = "SELECT url, secret FROM webhooks WHERE id = $1";
        let Some(row) = self.db.row(sql, vec![target.uuid().into()]).await? else { return Ok(None) };
        let url = self.vault.open_credential(&place(target, "url"), &row.get::<Vec<u8>>("url")?)?;
        let told = match event {
            WebhookEvent::Test => Some(Told::Nothing),
            WebhookEvent::AlertRaised | WebhookEvent::AlertUpdated | WebhookEvent::AlertDecided => {
                self.told_alert(&sight(target), AlertId::new(about)).await?
            }
            WebhookEvent::CaseOpened | WebhookEvent::CaseUpdated | WebhookEvent::CaseResolved => {
                self.told_case(&sight(target), CaseId::new(about)).await?
            }
        };
        Ok(Some(Receiver {
            url: String::from_utf8(url).context("a webhook's address is no text")?,
            secret: self.vault.open_credential(&place(target, "secret"), &row.get::<Vec<u8>>("secret")?)?,
            told,
        }))
    }

    async fn told_alert(&self, sight: &Sight, id: AlertId) -> anyhow::Result<Option<Told>> {
        let Some(alert) = self.alerts_by_id(sight, &[id]).await?.remove(&id) else { return Ok(None) };
        let Some(subject) = self.masked(sight, (alert.subject, alert.case)).await? else { return Ok(None) };
        let policy = self.policies_by_id(&[alert.policy]).await?.remove(&alert.policy);
        Ok(Some(Told::Alert {
            id,
            subject,
            policy: (alert.policy, policy.context("an alert of no policy")?.policy.name),
            severity: alert.severity,
            status: alert.status,
            score: alert.score,
            risk_factors: alert.risk_factors,
            case: alert.case,
            raised_at: alert.raised_at,
            updated_at: alert.updated_at,
            due_at: alert.due_at,
        }))
    }

    async fn told_case(&self, sight: &Sight, id: CaseId) -> anyhow::Result<Option<Told>> {
        let Some(case) = self.cases_by_id(sight, &[id]).await?.remove(&id) else { return Ok(None) };
        let StoredCase { subject, severity, status, resolution, opened_at, updated_at, .. } = case;
        let Some(subject) = self.masked(sight, (subject, Some(id))).await? else { return Ok(None) };
        Ok(Some(Told::Case { id, subject, severity, status, resolution, opened_at, updated_at }))
    }

    async fn masked(&self, sight: &Sight, key: super::SeenFrom) -> anyhow::Result<Option<Masked>> {
        let seen = self.subjects_seen(sight, &[key]).await?.remove(&key);
        Ok(seen.map(|seen| Masked { id: seen.label, pseudonym: seen.pseudonym }))
    }

    /// Removes what is known of messages to webhooks and roles that were sent or given up long ago.
    pub(crate) async fn forget_deliveries(&self, now: Micros) -> anyhow::Result<()> {
        let before = now.0 - i64::from(limits::WEBHOOK_KEPT_DAYS) * DAY;
        let tx = self.db.begin().await?;
        // That a policy raised its first alert is told once, so it is remembered.
        let sql = "DELETE FROM outbox WHERE target IS NOT NULL AND due_at IS NULL AND created_at < $1 \
                   AND about NOT IN (SELECT id FROM policies)";
        tx.run(sql, vec![before.into()]).await?;
        tx.commit().await
    }
}
