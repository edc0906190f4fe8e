//! Reveals on their way from a request to their end, on the database's clock.
//! Never: a state of a reveal without its audit entry; two decisions on one request.

use super::{
    Store,
    alerts::{NewNote, lock_case},
    audit::{Entry, insert_entries},
    cases::instant,
    db::{Row, Sql, Tx, marks},
    page::{List, Page, Slice},
};
use crate::{
    clock::Clock,
    permit::{Sight, Viewer},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    audit::{AuditActivity, AuditCategory},
    ids::{CaseId, RevealId, SubjectId},
    message::MessageKind,
    problem::Problem,
    reveal::{Reveal, RevealState},
    time::Micros,
};

/// A reveal with what people wrote about it.
#[derive(Clone)]
pub(crate) struct StoredReveal {
    pub(crate) reveal: Reveal,
    /// Names of staff, for staff to read.
    pub(crate) requester: String,
    pub(crate) decider: Option<String>,
    pub(crate) reason: String,
    pub(crate) note: Option<String>,
    /// When the configured addresses were told of it, of an emergency.
    pub(crate) told_at: Option<Micros>,
}

/// A change of a reveal, to be written in one transaction.
pub(crate) struct RevealChange<'a> {
    pub(crate) reveal: StoredReveal,
    pub(crate) entries: Vec<Entry>,
    /// A note of the system in the case.
    pub(crate) note: NewNote<'a>,
}

macro_rules! written {
    () => {
        "id, case_id, subject_id, requested_by, requester, reason, state, requested_at, decided_by, decider, decided_at, \
         note, expires_at, emergency"
    };
}
const WRITTEN: &str = written!();
const REVEAL: &str = concat!(
    written!(),
    ", (SELECT o.sent_at FROM outbox o WHERE o.about = reveals.id AND o.kind = 'BREAK_GLASS') AS told_at"
);

fn reveal(row: &Row) -> anyhow::Result<StoredReveal> {
    Ok(StoredReveal {
        reveal: Reveal {
            id: RevealId::new(row.get("id")?),
            case: CaseId::new(row.get("case_id")?),
            subject: SubjectId::new(row.get("subject_id")?),
            requested_by: row.get("requested_by")?,
            written: row.word("state")?,
            requested_at: Micros(row.get("requested_at")?),
            decided_by: row.get("decided_by")?,
            decided_at: instant(row, "decided_at")?,
            expires_at: Micros(row.get("expires_at")?),
            emergency: row.get::<i64>("emergency")? != 0,
        },
        requester: row.get("requester")?,
        decider: row.get("decider")?,
        reason: row.get("reason")?,
        note: row.get("note")?,
        told_at: instant(row, "told_at")?,
    })
}

/// What time it is for reveals and shares: the database's, which all servers have in common. A fixed clock stands for it in
/// tests and the demo.
pub(super) async fn common_time(sql: &impl Sql, clock: &Clock) -> anyhow::Result<Micros> {
    if clock.is_fixed() {
        return Ok(clock.now());
    }
    let ask = if sql.is_postgres() {
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now"
    } else {
        "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now"
    };
    let row = sql.row(ask, vec![]).await?;
    Ok(Micros(row.map_or(Err(anyhow::anyhow!("the database does not tell the time")), |row| row.get("now"))?))
}

/// Reveals of a case that were approved and have not run out.
pub(super) async fn open_reveals(sql: &impl Sql, cases: &[CaseId], now: Micros) -> anyhow::Result<Vec<Reveal>> {
    if cases.is_empty() {
        return Ok(vec![]);
    }
    let sql_text = format!(
        "SELECT {REVEAL} FROM reveals WHERE state = 'APPROVED' AND expires_at > {} AND case_id IN ({})",
        now.0,
        marks(0, cases.len())
    );
    let rows = sql.rows(&sql_text, cases.iter().map(|case| case.uuid().into()).collect()).await?;
    rows.iter().map(|row| reveal(row).map(|found| found.reveal)).collect()
}

impl Store {
    /// What time it is for reveals and shares.
    pub(crate) async fn common_time(&self, clock: &Clock) -> anyhow::Result<Micros> {
        common_time(&self.db, clock).await
    }

    /// Reveals, the newest request first.
    pub(crate) async fn reveals(
        &self,
        sight: &Sight,
        (state, awaits_judgement): (Option<RevealState>, Option<bool>),
        slice: &Slice<(Micros, Uuid)>,
        now: Micros,
    ) -> anyhow::Result<Page<StoredReveal>> {
        let mut conditions: Vec<String> = match state {
            None => vec![],
            Some(RevealState::Expired) => {
                vec![format!("(state = 'EXPIRED' OR (state IN ('REQUESTED', 'APPROVED') AND expires_at <= {}))", now.0)]
            }
            Some(state @ (RevealState::Requested | RevealState::Approved)) => {
                vec![format!("state = '{state}' AND expires_at > {}", now.0)]
            }
            Some(state) => vec![format!("state = '{state}'")],
        };
        if let Some(awaits) = awaits_judgement {
            let not = if awaits { "" } else { "NOT " };
            conditions.push(format!("{not}(emergency = 1 AND decided_by IS NULL)"));
        }
        let mut values = vec![];
        conditions.extend(sight.conditions("subject_id", Some("case_id"), &mut values));
        let list = List {
            columns: REVEAL,
            from: "reveals",
            conditions,
            values,
            order: ("requested_at", "id"),
            descending: true,
        };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], reveal).await
    }

    /// Reveals by id, those that are in sight.
    pub(crate) async fn reveals_by_id(
        &self,
        sight: &Sight,
        ids: &[RevealId],
    ) -> anyhow::Result<BTreeMap<RevealId, StoredReveal>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {REVEAL} FROM reveals WHERE id IN ({}){seen}", marks(0, ids.len()));
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| reveal(row).map(|found| (found.reveal.id, found))).collect()
    }

    /// The reveals of cases, the newest first.
    pub(crate) async fn case_reveals(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, Vec<StoredReveal>>> {
        let mut found: BTreeMap<CaseId, Vec<StoredReveal>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {REVEAL} FROM reveals WHERE case_id IN ({}) ORDER BY requested_at DESC, id DESC",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let stored = reveal(&row)?;
            found.entry(stored.reveal.case).or_default().push(stored);
        }
        Ok(found)
    }

    /// A reveal, for the message about it: nobody reads it in an answer.
    pub(crate) async fn reveal_to_tell_of(&self, id: RevealId) -> anyhow::Result<Option<StoredReveal>> {
        let sql = format!("SELECT {REVEAL} FROM reveals WHERE id = $1");
        self.db.row(&sql, vec![id.uuid().into()]).await?.map(|row| reveal(&row)).transpose()
    }

    /// Writes a new request that `ask` makes of the locked case, of the reveals in it and the viewer's emergencies elsewhere
    /// that nobody has judged, and of the time; nothing where there is no such case in sight.
    pub(crate) async fn request_reveal<E>(
        &self,
        (sight, viewer): (&Sight, &Viewer),
        case: CaseId,
        clock: &Clock,
        ask: impl FnOnce(&super::StoredCase, &[Reveal], Micros) -> Result<RevealChange<'static>, E>,
    ) -> anyhow::Result<Option<Result<StoredReveal, E>>> {
        let tx = self.db.begin().await?;
        let Some(found) = lock_case(&tx, sight, case).await? else { return Ok(None) };
        let now = common_time(&tx, clock).await?;
        let sql = format!(
            "SELECT {REVEAL} FROM reveals WHERE case_id = $1 OR (requested_by = $2 AND emergency = 1 AND decided_by IS NULL)"
        );
        let rows = tx.rows(&sql, vec![case.uuid().into(), viewer.id.as_str().into()]).await?;
        let there: Vec<Reveal> =
            rows.iter().map(|row| reveal(row).map(|found| found.reveal)).collect::<anyhow::Result<_>>()?;
        let change = match ask(&found, &there, now) {
            Ok(change) => change,
            Err(refused) => return Ok(Some(Err(refused))),
        };
        let stored = change.reveal.clone();
        tx.run(
            &format!("INSERT INTO reveals ({WRITTEN}) VALUES ({})", marks(0, 14)),
            vec![
                stored.reveal.id.uuid().into(),
                case.uuid().into(),
                stored.reveal.subject.uuid().into(),
                stored.reveal.requested_by.as_str().into(),
                stored.requester.as_str().into(),
                stored.reason.as_str().into(),
                stored.reveal.written.as_str().into(),
                stored.reveal.requested_at.0.into(),
                stored.reveal.decided_by.clone().into(),
                stored.decider.clone().into(),
                stored.reveal.decided_at.map(|at| at.0).into(),
                stored.note.clone().into(),
                stored.reveal.expires_at.0.into(),
                i64::from(stored.reveal.emergency).into(),
            ],
        )
        .await?;
        if stored.reveal.emergency {
            self.tell(&tx, MessageKind::BreakGlass, stored.reveal.id.uuid(), now).await?;
        }
        self.written(tx, change, now).await?;
        Ok(Some(Ok(stored)))
    }

    /// Writes what `change` makes of the locked reveal; nothing where there is none of that id in sight. Of many who decide
    /// at once, one is first and the others see what it made.
    pub(crate) async fn change_reveal(
        &self,
        sight: &Sight,
        id: RevealId,
        clock: &Clock,
        change: impl FnOnce(&StoredReveal, Micros) -> Result<RevealChange<'static>, Problem>,
    ) -> anyhow::Result<Option<Result<StoredReveal, Problem>>> {
        let tx = self.db.begin().await?;
        let lock = tx.for_update();
        let mut values = vec![id.uuid().into()];
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {REVEAL} FROM reveals WHERE id = $1{seen} {lock}");
        let Some(row) = tx.row(&sql, values).await? else { return Ok(None) };
        let now = common_time(&tx, clock).await?;
        let change = match change(&reveal(&row)?, now) {
            Ok(change) => change,
            Err(refused) => return Ok(Some(Err(refused))),
        };
        let stored = change.reveal.clone();
        tx.run(
            "UPDATE reveals SET state = $1, decided_by = $2, decider = $3, decided_at = $4, note = $5, expires_at = $6 \
             WHERE id = $7",
            vec![
                stored.reveal.written.as_str().into(),
                stored.reveal.decided_by.clone().into(),
                stored.decider.clone().into(),
                stored.reveal.decided_at.map(|at| at.0).into(),
                stored.note.clone().into(),
                stored.reveal.expires_at.0.into(),
                id.uuid().into(),
            ],
        )
        .await?;
        self.written(tx, change, now).await?;
        Ok(Some(Ok(stored)))
    }

    /// Ends what waits or holds in a case, as its resolution does; `entry` says so of each.
    pub(super) async fn end_reveals(
        &self,
        tx: &Tx,
        case: CaseId,
        entry: impl Fn(&Reveal) -> Entry,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let lock = tx.for_update();
        let sql = format!(
            "SELECT {REVEAL} FROM reveals WHERE case_id = $1 AND state IN ('REQUESTED', 'APPROVED') ORDER BY id {lock}"
        );
        let rows = tx.rows(&sql, vec![case.uuid().into()]).await?;
        let now = common_time(tx, clock).await?;
        for row in rows {
            let Ok(ended) = reveal(&row)?.reveal.end(now) else { continue };
            let sql = "UPDATE reveals SET state = $1, expires_at = $2 WHERE id = $3";
            let values = vec![ended.written.as_str().into(), ended.expires_at.0.into(), ended.id.uuid().into()];
            tx.run(sql, values).await?;
            insert_entries(tx, &self.ids, &[entry(&ended)], now).await?;
        }
        Ok(())
    }

    /// The rest of a change: the case parts from the queue when a reveal is approved, the note, the audit.
    async fn written(&self, tx: Tx, change: RevealChange<'_>, now: Micros) -> anyhow::Result<()> {
        let of = &change.reveal.reveal;
        if of.written == RevealState::Approved {
            let entry = |before: &str, after: &str| {
                let detail = serde_json::json!({"pseudonym": after, "because": of.id});
                Entry::by_the_system(AuditActivity::Edited, AuditCategory::Subjects, before, &detail)
            };
            self.part(&tx, of.case, of.subject, entry, now).await?;
        }
        self.write_note(&tx, None, Some(of.case), &change.note, now).await?;
        insert_entries(&tx, &self.ids, &change.entries, now).await?;
        tx.commit().await
    }
}
