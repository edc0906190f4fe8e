//! Consultations: asked with a share, answered once by its holder.
//! Never: an answer by somebody else, or one that is changed.

use super::{
    Store,
    alerts::{NewNote, lock_case},
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, Tx, marks},
    reveals::common_time,
};
use crate::{clock::Clock, permit::Sight};
use std::collections::BTreeMap;
use vizard_core::{
    access::share::ShareAudience,
    case::CaseStatus,
    consultation::{Answer, Question},
    ids::{CaseId, ConsultationId, ShareId},
    time::Micros,
};

/// A question that was asked about a case, and what was answered.
#[derive(Clone)]
pub(crate) struct StoredConsultation {
    pub(crate) id: ConsultationId,
    pub(crate) case: CaseId,
    pub(crate) question: Question,
    /// The name of the viewer.
    pub(crate) asker: String,
    pub(crate) asked_at: Micros,
    pub(crate) audience: ShareAudience,
    pub(crate) recipient: String,
    /// Until when the share lets it be answered.
    pub(crate) expires_at: Micros,
    pub(crate) answer: Option<(Answer, Micros)>,
}

/// What became of an answer.
pub(crate) enum Answered {
    Done(Box<StoredConsultation>),
    /// There is no such question to whoever answers.
    Unknown,
    /// It was answered before.
    Already,
    /// The case is closed.
    Closed,
}

const CONSULTATION: &str = "q.id, q.case_id, q.question, q.choices, q.asked_at, q.choice, q.comment, q.answered_at, \
                            s.creator, s.audience, s.recipient, s.expires_at";
const FROM: &str = "consultations q JOIN shares s ON s.id = q.share_id";

fn consultation(row: &Row) -> anyhow::Result<StoredConsultation> {
    let answer = match row.get::<Option<String>>("choice")? {
        Some(choice) => Some((Answer { choice, comment: row.get("comment")? }, Micros(row.get("answered_at")?))),
        None => None,
    };
    Ok(StoredConsultation {
        id: ConsultationId::new(row.get("id")?),
        case: CaseId::new(row.get("case_id")?),
        question: Question { text: row.get("question")?, choices: row.json("choices")? },
        asker: row.get("creator")?,
        asked_at: Micros(row.get("asked_at")?),
        audience: row.word("audience")?,
        recipient: row.get("recipient")?,
        expires_at: Micros(row.get("expires_at")?),
        answer,
    })
}

/// Writes a question down with its share.
pub(super) async fn insert_question(
    tx: &Tx,
    (id, case, share): (ConsultationId, CaseId, ShareId),
    question: &Question,
    now: Micros,
) -> anyhow::Result<()> {
    tx.run(
        "INSERT INTO consultations (id, case_id, share_id, question, choices, asked_at) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            id.uuid().into(),
            case.uuid().into(),
            share.uuid().into(),
            question.text.as_str().into(),
            serde_json::to_string(&question.choices)?.into(),
            now.0.into(),
        ],
    )
    .await?;
    Ok(())
}

impl Store {
    /// The consultations of cases, the newest first; to the holder of a share, their own.
    pub(crate) async fn case_consultations(
        &self,
        held: Option<ShareId>,
        ids: &[CaseId],
    ) -> anyhow::Result<BTreeMap<CaseId, Vec<StoredConsultation>>> {
        let mut found: BTreeMap<CaseId, Vec<StoredConsultation>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let mut values: Vec<_> = ids.iter().map(|id| id.uuid().into()).collect();
        let own = held.map_or_else(String::new, |share| {
            values.push(share.uuid().into());
            format!(" AND q.share_id = ${}", values.len())
        });
        let within = marks(0, ids.len());
        let sql = format!(
            "SELECT {CONSULTATION} FROM {FROM} WHERE q.case_id IN ({within}){own} ORDER BY q.asked_at DESC, q.id DESC"
        );
        for row in self.db.rows(&sql, values).await? {
            let stored = consultation(&row)?;
            found.entry(stored.case).or_default().push(stored);
        }
        Ok(found)
    }

    /// A question as its share's holder finds it.
    pub(crate) async fn question(
        &self,
        share: ShareId,
        id: ConsultationId,
    ) -> anyhow::Result<Option<StoredConsultation>> {
        let sql = format!("SELECT {CONSULTATION} FROM {FROM} WHERE q.id = $1 AND q.share_id = $2");
        let row = self.db.row(&sql, vec![id.uuid().into(), share.uuid().into()]).await?;
        row.as_ref().map(consultation).transpose()
    }

    /// Writes an answer down, and as a note in the case.
    pub(crate) async fn answer(
        &self,
        (sight, asked): (&Sight, &StoredConsultation),
        answer: &Answer,
        (note, entry): (&NewNote<'_>, Entry),
        clock: &Clock,
    ) -> anyhow::Result<Answered> {
        let tx = self.db.begin().await?;
        let Some(case) = lock_case(&tx, sight, asked.case).await? else { return Ok(Answered::Unknown) };
        if case.status == CaseStatus::Closed {
            return Ok(Answered::Closed);
        }
        let now = common_time(&tx, clock).await?;
        let sql =
            "UPDATE consultations SET choice = $1, comment = $2, answered_at = $3 WHERE id = $4 AND choice IS NULL";
        let values =
            vec![answer.choice.as_str().into(), answer.comment.as_deref().into(), now.0.into(), asked.id.uuid().into()];
        if tx.run(sql, values).await? == 0 {
            return Ok(Answered::Already);
        }
        self.write_note(&tx, None, Some(asked.case), note, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Answered::Done(Box::new(StoredConsultation { answer: Some((answer.clone(), now)), ..asked.clone() })))
    }
}
