//! What leaves the installation by itself: one row a message, written with what it tells of, sent by whoever claims it.
//! Never: a text or an address in a row; a message that is given up without a trace. What is sent twice has the same id.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Sql, Tx},
    reveals::common_time,
};
use crate::clock::Clock;
use anyhow::ensure;
use uuid::Uuid;
use vizard_core::{
    limits,
    message::{self, MessageKind},
    time::{Micros, SECOND},
    webhook::WebhookEvent,
};

/// A message that is the caller's to send, for [`limits::MESSAGE_LEASE_SECONDS`].
pub(crate) struct Outgoing {
    pub(crate) id: Uuid,
    pub(crate) kind: MessageKind,
    /// What it tells of.
    pub(crate) about: Uuid,
    /// The webhook or the notification.
    pub(crate) target: Option<Uuid>,
    /// What a webhook is told.
    pub(crate) event: Option<WebhookEvent>,
    created_at: Micros,
    /// Which attempt this is, from 1.
    attempts: i64,
}

/// A message to be written down.
pub(super) struct Message {
    pub(super) kind: MessageKind,
    /// What it tells of.
    pub(super) about: Uuid,
    /// The webhook or the notification.
    pub(super) target: Option<Uuid>,
    /// What a webhook is told.
    pub(super) event: Option<WebhookEvent>,
}

/// Who gets messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Receivers {
    Mail,
    Webhooks,
}

impl Store {
    /// Has a message about `about` sent, if the transaction commits.
    pub(super) async fn tell(&self, tx: &Tx, kind: MessageKind, about: Uuid, now: Micros) -> anyhow::Result<()> {
        let new = self.enqueue(tx, &Message { kind, about, target: None, event: None }, now).await?;
        ensure!(new, "a message about this was written before");
        Ok(())
    }

    /// Has a message sent, if the transaction commits; false where there is the same already (the indexes of the table say
    /// which are the same).
    pub(super) async fn enqueue(&self, tx: &Tx, message: &Message, now: Micros) -> anyhow::Result<bool> {
        let sql = "INSERT INTO outbox (id, kind, about, created_at, attempts, due_at, target, event) \
                   VALUES ($1, $2, $3, $4, 0, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = vec![
            self.ids.draw(|id: Uuid| id).into(),
            message.kind.as_str().into(),
            message.about.into(),
            now.0.into(),
            message.target.into(),
            message.event.map(WebhookEvent::as_str).into(),
        ];
        Ok(tx.run(sql, values).await? == 1)
    }

    /// The message that has waited longest, mail or one to a webhook that is enabled, for one replica at a time; nothing
    /// where none is due.
    pub(crate) async fn claim_message(&self, to: Receivers, clock: &Clock) -> anyhow::Result<Option<Outgoing>> {
        let now = common_time(&self.db, clock).await?;
        let of = match to {
            Receivers::Mail => "kind <> 'WEBHOOK'",
            Receivers::Webhooks => "kind = 'WEBHOOK' AND target IN (SELECT id FROM webhooks WHERE enabled = 1)",
        };
        // Asked without a transaction first: most of the time nothing waits.
        let waits = format!("SELECT 1 AS one FROM outbox WHERE due_at <= $1 AND {of} LIMIT 1");
        if self.db.row(&waits, vec![now.0.into()]).await?.is_none() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE outbox SET attempts = attempts + 1, due_at = $2 WHERE id = \
             (SELECT id FROM outbox WHERE due_at <= $1 AND {of} ORDER BY due_at, created_at, id LIMIT 1 {skip}) \
             RETURNING id, kind, about, attempts, target, event, created_at"
        );
        let lease = now.0 + limits::MESSAGE_LEASE_SECONDS * SECOND;
        let Some(row) = tx.row(&sql, vec![now.0.into(), lease.into()]).await? else { return Ok(None) };
        let claimed = Outgoing {
            id: row.get("id")?,
            kind: row.word("kind")?,
            about: row.get("about")?,
            target: row.get("target")?,
            event: match row.get::<Option<String>>("event")? {
                Some(_) => Some(row.word("event")?),
                None => None,
            },
            created_at: Micros(row.get("created_at")?),
            attempts: row.get("attempts")?,
        };
        tx.commit().await?;
        Ok(Some(claimed))
    }

    /// Writes that it was sent, and `entry` about it. Whoever claimed it since has sent it again, and writes it then.
    pub(crate) async fn message_sent(
        &self,
        sent: &Outgoing,
        entry: Option<&Entry>,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let sql = "UPDATE outbox SET sent_at = $1, due_at = NULL, error = NULL WHERE id = $2 AND attempts = $3";
        let values = vec![now.0.into(), sent.id.into(), sent.attempts.into()];
        if tx.run(sql, values).await? == 1 {
            insert_entries(&tx, &self.ids, entry.map(std::slice::from_ref).unwrap_or_default(), now).await?;
        }
        tx.commit().await
    }

    /// Writes why it was not sent, for an operator: `why` holds no address and no server's words. True where it was the last
    /// attempt. Whatever else waits for the same webhook waits as long: one that is down costs one attempt a pause.
    pub(crate) async fn message_failed(&self, failed: &Outgoing, why: &str, clock: &Clock) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let age = (now.0 - failed.created_at.0) / SECOND;
        let next = match failed.kind {
            MessageKind::Webhook if age >= limits::WEBHOOK_GIVE_UP_SECONDS => None,
            _ => message::next_attempt(failed.attempts, now),
        };
        let sql = "UPDATE outbox SET error = $1, due_at = $2 WHERE id = $3 AND attempts = $4";
        let due = next.map(|at| at.0);
        tx.run(sql, vec![why.into(), due.into(), failed.id.into(), failed.attempts.into()]).await?;
        if let (MessageKind::Webhook, Some(target), Some(next)) = (failed.kind, failed.target, next) {
            let sql = "UPDATE outbox SET due_at = $1 WHERE target = $2 AND due_at < $1";
            tx.run(sql, vec![next.0.into(), target.into()]).await?;
        }
        tx.commit().await?;
        Ok(next.is_none())
    }

    /// Gives a message up at once, for a reason that no repetition will change.
    pub(crate) async fn message_given_up(&self, failed: &Outgoing, why: &str) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let sql = "UPDATE outbox SET error = $1, due_at = NULL WHERE id = $2 AND attempts = $3";
        tx.run(sql, vec![why.into(), failed.id.into(), failed.attempts.into()]).await?;
        tx.commit().await
    }

    /// Drops a message whose matter is gone.
    pub(crate) async fn drop_message(&self, id: Uuid) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run("DELETE FROM outbox WHERE id = $1", vec![id.into()]).await?;
        tx.commit().await
    }
}
