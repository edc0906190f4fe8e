//! What leaves the installation by itself: one row a message, written with what it tells of, sent by whoever claims it.
//! Never: a text or an address in a row; a message that is given up without a trace. What is sent twice has the same id.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Sql, Tx},
    reveals::common_time,
};
use crate::clock::Clock;
use uuid::Uuid;
use vizard_core::{
    limits,
    message::{self, MessageKind},
    time::{Micros, SECOND},
};

/// A message that is the caller's to send, for [`limits::MESSAGE_LEASE_SECONDS`].
pub(crate) struct Outgoing {
    pub(crate) id: Uuid,
    pub(crate) kind: MessageKind,
    /// What it tells of.
    pub(crate) about: Uuid,
    /// Which attempt this is, from 1.
    attempts: i64,
}

impl Store {
    /// Has a message about `about` sent, if the transaction commits.
    pub(super) async fn tell(&self, tx: &Tx, kind: MessageKind, about: Uuid, now: Micros) -> anyhow::Result<()> {
        tx.run(
            "INSERT INTO outbox (id, kind, about, created_at, attempts, due_at) VALUES ($1, $2, $3, $4, 0, $4)",
            vec![self.ids.draw(|id: Uuid| id).into(), kind.as_str().into(), about.into(), now.0.into()],
        )
        .await?;
        Ok(())
    }

    /// The message that has waited longest, for one replica at a time; nothing where none is due.
    pub(crate) async fn claim_message(&self, clock: &Clock) -> anyhow::Result<Option<Outgoing>> {
        let now = common_time(&self.db, clock).await?;
        // Asked without a transaction first: most of the time nothing waits.
        if self.db.row("SELECT 1 AS one FROM outbox WHERE due_at <= $1 LIMIT 1", vec![now.0.into()]).await?.is_none() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE outbox SET attempts = attempts + 1, due_at = $2 WHERE id = \
             (SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1 {skip}) RETURNING id, kind, about, attempts"
        );
        let lease = now.0 + limits::MESSAGE_LEASE_SECONDS * SECOND;
        let Some(row) = tx.row(&sql, vec![now.0.into(), lease.into()]).await? else { return Ok(None) };
        let claimed = Outgoing {
            id: row.get("id")?,
            kind: row.word("kind")?,
            about: row.get("about")?,
            attempts: row.get("attempts")?,
        };
        tx.commit().await?;
        Ok(Some(claimed))
    }

    /// Writes that it was sent. Whoever claimed it since has sent it again, and writes it then.
    pub(crate) async fn message_sent(&self, sent: &Outgoing, entry: &Entry, clock: &Clock) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let sql = "UPDATE outbox SET sent_at = $1, due_at = NULL, error = NULL WHERE id = $2 AND attempts = $3";
        let values = vec![now.0.into(), sent.id.into(), sent.attempts.into()];
        if tx.run(sql, values).await? == 1 {
            insert_entries(&tx, &self.ids, std::slice::from_ref(entry), now).await?;
        }
        tx.commit().await
    }

    /// Writes why it was not sent, for an operator: `why` holds no address and no server's words. True where it was the last
    /// attempt.
    pub(crate) async fn message_failed(&self, failed: &Outgoing, why: &str, clock: &Clock) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        let next = message::next_attempt(failed.attempts, common_time(&tx, clock).await?);
        let sql = "UPDATE outbox SET error = $1, due_at = $2 WHERE id = $3 AND attempts = $4";
        let due = next.map(|at| at.0);
        tx.run(sql, vec![why.into(), due.into(), failed.id.into(), failed.attempts.into()]).await?;
        tx.commit().await?;
        Ok(next.is_none())
    }

    /// Drops a message whose matter is gone.
    pub(crate) async fn drop_message(&self, id: Uuid) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run("DELETE FROM outbox WHERE id = $1", vec![id.into()]).await?;
        tx.commit().await
    }
}
