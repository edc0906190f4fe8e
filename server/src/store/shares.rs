//! Shares of cases: found by the digest of their token, counted and audited with every use.
//! Never: a token; only its SHA-256 is kept.

use super::{
    Store, StoredCase,
    alerts::{NewNote, lock_case},
    audit::{Entry, insert_entries},
    cases::instant,
    consultations::insert_question,
    db::{Row, Sql as _, marks},
    reveals::{common_time, open_reveals},
    sight::is_limited,
};
use crate::{
    clock::Clock,
    permit::{SharedCase, Sight, VeilKey, Viewer},
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use vizard_core::{
    access::share::{ShareAudience, ShareSection},
    audit::{AuditActivity, AuditCategory},
    consultation::Question,
    ids::{CaseId, ConsultationId, RevealId, ShareId, SubjectId},
    limits,
    reveal::Reveal,
    time::Micros,
};

/// A share, without its token.
#[derive(Clone)]
pub(crate) struct StoredShare {
    pub(crate) id: ShareId,
    pub(crate) case: CaseId,
    /// The reveal that lets it show the identity, as long as the reveal lasts.
    pub(crate) reveal: Option<RevealId>,
    pub(crate) audience: ShareAudience,
    pub(crate) recipient: String,
    pub(crate) sections: Vec<ShareSection>,
    pub(crate) reason: String,
    pub(crate) created_by: String,
    pub(crate) creator: String,
    pub(crate) created_at: Micros,
    pub(crate) expires_at: Micros,
    pub(crate) revoked_at: Option<Micros>,
    pub(crate) last_used_at: Option<Micros>,
    pub(crate) uses: u64,
}

/// What became of a new share.
pub(crate) enum Shared {
    Done(Box<StoredShare>),
    /// There is no such case in sight.
    NoCase,
    /// The case has as many as it can have.
    TooMany,
    /// Identity was to be shown, and is not revealed to who shares.
    NotRevealed,
    /// Evidence was to be shown, and who shares contributes to a case about the subject.
    Limited,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoShare {
    /// There is no such share.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

const SHARE: &str = "id, case_id, reveal_id, audience, recipient, sections, reason, created_by, creator, created_at, \
                     expires_at, revoked_at, last_used_at, uses";

fn share(row: &Row) -> anyhow::Result<StoredShare> {
    Ok(StoredShare {
        id: ShareId::new(row.get("id")?),
        case: CaseId::new(row.get("case_id")?),
        reveal: row.get::<Option<uuid::Uuid>>("reveal_id")?.map(RevealId::new),
        audience: row.word("audience")?,
        recipient: row.get("recipient")?,
        sections: row.json("sections")?,
        reason: row.get("reason")?,
        created_by: row.get("created_by")?,
        creator: row.get("creator")?,
        created_at: Micros(row.get("created_at")?),
        expires_at: Micros(row.get("expires_at")?),
        revoked_at: instant(row, "revoked_at")?,
        last_used_at: instant(row, "last_used_at")?,
        uses: u64::try_from(row.get::<i64>("uses")?)?,
    })
}

/// What is kept of a token.
pub(super) fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Store {
    /// Shares a case that is in sight: `make` draws the share up from the case and the viewer's live reveal of it.
    pub(crate) async fn share_case(
        &self,
        (sight, viewer): (&Sight, &Viewer),
        (case, identity): (CaseId, bool),
        (token, question): (&str, Option<(ConsultationId, &Question)>),
        clock: &Clock,
        make: impl FnOnce(&StoredCase, Option<&Reveal>, Micros) -> (StoredShare, NewNote<'static>, Entry),
    ) -> anyhow::Result<Shared> {
        let tx = self.db.begin().await?;
        let Some(found) = lock_case(&tx, sight, case).await? else { return Ok(Shared::NoCase) };
        let now = common_time(&tx, clock).await?;
        let sql = "SELECT count(*) AS number FROM shares WHERE case_id = $1";
        let number = tx.count(sql, vec![case.uuid().into()]).await?;
        if u64::try_from(number)? >= limits::CASE_SHARES {
            return Ok(Shared::TooMany);
        }
        let open = open_reveals(&tx, &[case], now).await?;
        // What was opened in an emergency is for one person's eyes.
        let reveal = open.iter().find(|reveal| !reveal.emergency && reveal.opens(&viewer.id, case, found.subject, now));
        if identity && reveal.is_none() {
            return Ok(Shared::NotRevealed);
        }
        let (stored, note, entry) = make(&found, reveal.filter(|_| identity), now);
        if stored.sections.contains(&ShareSection::Evidence) && is_limited(&tx, sight, found.subject).await? {
            return Ok(Shared::Limited);
        }
        tx.run(
            &format!("INSERT INTO shares ({SHARE}, token, pseudonym) VALUES ({})", marks(0, 16)),
            vec![
                stored.id.uuid().into(),
                case.uuid().into(),
                stored.reveal.map(|id| id.uuid()).into(),
                stored.audience.as_str().into(),
                stored.recipient.as_str().into(),
                serde_json::to_string(&stored.sections)?.into(),
                stored.reason.as_str().into(),
                stored.created_by.as_str().into(),
                stored.creator.as_str().into(),
                stored.created_at.0.into(),
                stored.expires_at.0.into(),
                None::<i64>.into(),
                None::<i64>.into(),
                0i64.into(),
                digest(token).into(),
                self.fresh_pseudonym(&tx).await?.into(),
            ],
        )
        .await?;
        if let Some((id, question)) = question {
            insert_question(&tx, (id, case, stored.id), question, now).await?;
        }
        self.write_note(&tx, None, Some(case), &note, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Shared::Done(Box::new(stored)))
    }

    /// Whoever holds this share token; the use is counted and in the audit log before anything is answered.
    pub(crate) async fn use_share(&self, token: &str, clock: &Clock) -> anyhow::Result<Result<Viewer, NoShare>> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let sql = format!(
            "UPDATE shares SET uses = uses + 1, last_used_at = $1 WHERE token = $2 AND revoked_at IS NULL AND expires_at > $1 \
             RETURNING {SHARE}, pseudonym, (SELECT c.subject_id FROM cases c WHERE c.id = shares.case_id) AS subject_id"
        );
        let Some(row) = tx.row(&sql, vec![now.0.into(), digest(token).into()]).await? else {
            let sql = "SELECT revoked_at FROM shares WHERE token = $1";
            return Ok(Err(match tx.row(sql, vec![digest(token).into()]).await? {
                None => NoShare::Unknown,
                Some(row) if instant(&row, "revoked_at")?.is_some() => NoShare::Revoked,
                Some(_) => NoShare::Expired,
            }));
        };
        let stored = share(&row)?;
        let subject = SubjectId::new(row.get("subject_id")?);
        let open = open_reveals(&tx, &[stored.case], now).await?;
        let identity = stored.reveal.is_some_and(|id| {
            open.iter().any(|reveal| reveal.id == id && reveal.opens(&stored.created_by, stored.case, subject, now))
        });
        let share = SharedCase {
            id: stored.id,
            case: stored.case,
            subject,
            pseudonym: row.get("pseudonym")?,
            sections: stored.sections,
            identity,
            veil: VeilKey(self.vault.share_key(stored.id)),
        };
        let viewer =
            Viewer { share: Some(Arc::new(share)), ..Viewer::new(stored.id.to_string(), stored.recipient, &[]) };
        let entry = Entry::by(
            &viewer,
            AuditActivity::ShareUsed,
            AuditCategory::Shares,
            stored.id,
            &serde_json::json!({"identity": identity}),
        );
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Ok(viewer))
    }

    /// Shares by id, those of cases in sight.
    pub(crate) async fn shares_by_id(
        &self,
        sight: &Sight,
        ids: &[ShareId],
    ) -> anyhow::Result<BTreeMap<ShareId, StoredShare>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("c.subject_id", Some("c.id"), &mut values);
        let sql = format!(
            "SELECT {SHARE} FROM shares WHERE id IN ({}) AND EXISTS (SELECT 1 FROM cases c WHERE c.id = shares.case_id{seen})",
            marks(0, ids.len())
        );
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| share(row).map(|found| (found.id, found))).collect()
    }

    /// The shares of cases, the newest first.
    pub(crate) async fn case_shares(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, Vec<StoredShare>>> {
        let mut found: BTreeMap<CaseId, Vec<StoredShare>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {SHARE} FROM shares WHERE case_id IN ({}) ORDER BY created_at DESC, id DESC",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let stored = share(&row)?;
            found.entry(stored.case).or_default().push(stored);
        }
        Ok(found)
    }

    /// Takes a share back: from the next request on it opens nothing, on every server. Whether it was open until now.
    pub(crate) async fn revoke_share(
        &self,
        id: ShareId,
        note: &NewNote<'_>,
        entry: Entry,
        clock: &Clock,
    ) -> anyhow::Result<bool> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let sql = "UPDATE shares SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL RETURNING case_id";
        let Some(row) = tx.row(sql, vec![now.0.into(), id.uuid().into()]).await? else { return Ok(false) };
        self.write_note(&tx, None, Some(CaseId::new(row.get("case_id")?)), note, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
