//! Cases that are opened again: a closed case stays as it is, and a new one about the same subject goes on from it.
//! Never: two cases of a line under different labels; one of them would join what was learned in the other with the queue.

use super::{
    Store, StoredCase,
    alerts::{NewNote, lock_case, lock_subject_of},
    audit::{Entry, insert_entries},
    db::{Sql as _, Tx, marks},
    sight::is_limited,
};
use crate::permit::Sight;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{ids::CaseId, webhook::WebhookEvent};

/// A case under a lock, to be opened again.
pub(crate) struct Reopening {
    tx: Tx,
    pub(crate) case: StoredCase,
    /// Whether another case goes on from it already.
    pub(crate) reopened: bool,
    /// Whether the viewer leaves that to others.
    pub(crate) limited: bool,
    /// Whether there is nobody behind it any more.
    pub(crate) erased: bool,
}

impl Store {
    /// Locks a case that is in sight, its subject first.
    pub(crate) async fn begin_reopening(&self, sight: &Sight, id: CaseId) -> anyhow::Result<Option<Reopening>> {
        let tx = self.db.begin().await?;
        lock_subject_of(&tx, id).await?;
        let Some(case) = lock_case(&tx, sight, id).await? else { return Ok(None) };
        let next = "SELECT id FROM cases WHERE reopens = $1";
        let reopened = tx.row(next, vec![id.uuid().into()]).await?.is_some();
        let gone = "SELECT id FROM subjects WHERE id = $1 AND erased_at IS NOT NULL";
        let erased = tx.row(gone, vec![case.subject.uuid().into()]).await?.is_some();
        let limited = is_limited(&tx, sight, case.subject).await?;
        Ok(Some(Reopening { tx, case, reopened, limited, erased }))
    }

    /// Writes the case that goes on from the locked one, in its line: with its label and pseudonym where it has its own, and
    /// with its contributors. Notes come with the case that they are for.
    pub(crate) async fn reopen(
        &self,
        reopening: Reopening,
        new: &StoredCase,
        (notes, entries): (&[(CaseId, NewNote<'_>)], &[Entry]),
    ) -> anyhow::Result<()> {
        let (tx, old, now) = (&reopening.tx, reopening.case.id, new.opened_at);
        tx.run(
            "INSERT INTO cases (id, name, subject_id, status, severity, opened_at, updated_at, reopens, line, label, pseudonym) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, (SELECT COALESCE(line, id) FROM cases WHERE id = $7), \
             (SELECT label FROM cases WHERE id = $7), (SELECT pseudonym FROM cases WHERE id = $7))",
            vec![
                new.id.uuid().into(),
                new.name.as_str().into(),
                new.subject.uuid().into(),
                new.status.as_str().into(),
                new.severity.as_str().into(),
                now.0.into(),
                old.uuid().into(),
            ],
        )
        .await?;
        tx.run(
            "INSERT INTO case_contributors (case_id, viewer, added_by, added_at) SELECT n.id, x.viewer, x.added_by, x.added_at \
             FROM case_contributors x JOIN cases n ON n.reopens = x.case_id WHERE n.id = $1",
            vec![new.id.uuid().into()],
        )
        .await?;
        self.tell_webhooks(tx, &[(WebhookEvent::CaseOpened, new.id.uuid())], now).await?;
        for (case, note) in notes {
            self.write_note(tx, None, Some(*case), note, now).await?;
        }
        insert_entries(tx, &self.ids, entries, now).await?;
        reopening.tx.commit().await
    }

    /// The cases that go on from these, by the one that each goes on from: those in sight.
    pub(crate) async fn reopened_as(&self, sight: &Sight, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, CaseId>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values: Vec<Value> = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", Some("id"), &mut values);
        let sql = format!("SELECT id, reopens FROM cases WHERE reopens IN ({}){seen}", marks(0, ids.len()));
        let mut found = BTreeMap::new();
        for row in self.db.rows(&sql, values).await? {
            found.insert(CaseId::new(row.get::<Uuid>("reopens")?), CaseId::new(row.get("id")?));
        }
        Ok(found)
    }
}
