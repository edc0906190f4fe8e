//! Which role is told of what by mail, and what there is to tell.
//! Never: a row about a person, or a count of people whom only some may see.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _},
    outbox::Message,
};
use crate::permit::Sight;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::Role,
    alert::Severity,
    ids::PolicyId,
    message::MessageKind,
    notification::NotificationKind,
    time::{Day, Micros},
};

/// That a role is told of something.
#[derive(Clone)]
pub(crate) struct StoredNotification {
    id: Uuid,
    pub(crate) kind: NotificationKind,
    pub(crate) role: Role,
    pub(crate) addresses: Vec<String>,
    /// What happened before is not told.
    pub(crate) since: Micros,
}

fn notification(row: &Row) -> anyhow::Result<StoredNotification> {
    Ok(StoredNotification {
        id: row.get("id")?,
        kind: row.word("kind")?,
        role: row.word("role")?,
        addresses: row.json("addresses")?,
        since: Micros(row.get("created_at")?),
    })
}

const COLUMNS: &str = "id, kind, role, addresses, created_at";

/// What is counted is what everybody sees who may see alerts.
fn everybody() -> Sight {
    Sight::Staff { viewer: String::new(), own: Vec::new() }
}

impl Store {
    /// Who is told of what.
    pub(crate) async fn notifications(&self) -> anyhow::Result<Vec<StoredNotification>> {
        let sql = format!("SELECT {COLUMNS} FROM notifications ORDER BY kind, role");
        self.db.rows(&sql, vec![]).await?.iter().map(notification).collect()
    }

    /// The one that a message is of, if there still is one.
    pub(crate) async fn notification(&self, id: Uuid) -> anyhow::Result<Option<StoredNotification>> {
        let sql = format!("SELECT {COLUMNS} FROM notifications WHERE id = $1");
        self.db.row(&sql, vec![id.into()]).await?.as_ref().map(notification).transpose()
    }

    /// Has a role told of something at these addresses, or no more where there are none.
    pub(crate) async fn set_notification(
        &self,
        (kind, role): (NotificationKind, Role),
        addresses: &[String],
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let key = || vec![kind.as_str().into(), role.as_str().into()];
        if addresses.is_empty() {
            let of = "SELECT id FROM notifications WHERE kind = $1 AND role = $2";
            tx.run(&format!("DELETE FROM outbox WHERE target IN ({of}) AND kind = 'NOTIFICATION'"), key()).await?;
            tx.run("DELETE FROM notifications WHERE kind = $1 AND role = $2", key()).await?;
        } else {
            let mut values = key();
            values.extend([
                self.ids.draw(|id: Uuid| id).into(),
                serde_json::to_string(addresses)?.into(),
                now.0.into(),
            ]);
            let sql = "INSERT INTO notifications (kind, role, id, addresses, created_at) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (kind, role) DO UPDATE SET addresses = excluded.addresses";
            tx.run(sql, values).await?;
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await
    }

    /// Has a message sent about `about`: a policy, or a day; once, whichever replica asks and however often.
    pub(crate) async fn notify(&self, of: &StoredNotification, about: Uuid, now: Micros) -> anyhow::Result<bool> {
        let told = "SELECT 1 AS one FROM outbox WHERE target = $1 AND about = $2 AND kind = 'NOTIFICATION'";
        if self.db.row(told, vec![of.id.into(), about.into()]).await?.is_some() {
            return Ok(false);
        }
        let tx = self.db.begin().await?;
        let (kind, target) = (MessageKind::Notification, Some(of.id));
        let added = self.enqueue(&tx, &Message { kind, about, target, event: None }, now).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Policies whose first alert was raised since the notification was set, and that it has not told of.
    pub(crate) async fn first_alerts(&self, of: &StoredNotification) -> anyhow::Result<Vec<PolicyId>> {
        let mut values = vec![of.id.into(), of.since.0.into()];
        let seen = everybody().and("a.subject_id", Some("a.case_id"), &mut values);
        // Alerts that retention removed are counted with their policy.
        let sql = format!(
            "SELECT p.id FROM policies p WHERE p.deleted_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.target = $1 AND o.about = p.id AND o.kind = 'NOTIFICATION') \
             AND EXISTS (SELECT 1 FROM alerts a WHERE a.policy_id = p.id{seen}) \
             AND NOT EXISTS (SELECT 1 FROM alerts b WHERE b.policy_id = p.id AND b.raised_at < $2) \
             AND NOT EXISTS (SELECT 1 FROM triage_counts c WHERE c.policy_id = p.id) ORDER BY p.id"
        );
        self.db.rows(&sql, values).await?.iter().map(|row| Ok(PolicyId::new(row.get("id")?))).collect()
    }

    /// Alerts of severity HIGH that were raised on a day, by policy.
    pub(crate) async fn high_alerts(&self, day: Day) -> anyhow::Result<BTreeMap<PolicyId, u64>> {
        let mut values = vec![day.start().0.into(), day.plus(1).start().0.into()];
        let seen = everybody().and("subject_id", Some("case_id"), &mut values);
        let sql = format!(
            "SELECT policy_id, count(*) AS number FROM alerts WHERE raised_at >= $1 AND raised_at < $2 \
             AND severity = 'HIGH'{seen} GROUP BY policy_id"
        );
        let rows = self.db.rows(&sql, values).await?;
        let counted = |row: &Row| Ok((PolicyId::new(row.get("policy_id")?), u64::try_from(row.get::<i64>("number")?)?));
        rows.iter().map(counted).collect()
    }

    /// Alerts that need review and are past their time, by severity.
    pub(crate) async fn overdue_alerts(&self, now: Micros) -> anyhow::Result<BTreeMap<Severity, u64>> {
        let mut values = vec![now.0.into()];
        let seen = everybody().and("subject_id", Some("case_id"), &mut values);
        let sql = format!(
            "SELECT severity, count(*) AS number FROM alerts WHERE status = 'NEEDS_REVIEW' AND due_at < $1{seen} \
             GROUP BY severity"
        );
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| Ok((row.word("severity")?, u64::try_from(row.get::<i64>("number")?)?))).collect()
    }
}
