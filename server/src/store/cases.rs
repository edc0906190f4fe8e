//! What belongs to a case beside its row: whom it shows under which label, its timeline, its contributors.
//! Never: a look beyond a case that has a label of its own; what was learned in it names nobody elsewhere.

use super::{
    Store, StoredCase,
    alerts::{NewNote, lock_case},
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, Tx, marks},
    page::{List, Page, Slice},
    scoring::insight,
    sight::is_limited,
    subjects::{INSIGHT, StoredSubject},
};
use crate::permit::Sight;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    case::CaseStatus,
    ids::{CaseId, SubjectId},
    limits,
    scoring::Insight,
    subject::Pseudonym,
    time::{Day, Micros},
};

/// A subject and the case that it is seen from; without one, as the queue shows it.
pub(crate) type SeenFrom = (SubjectId, Option<CaseId>);

/// The columns of `INSIGHT` as an alert keeps them.
const KEPT: &str = "i.insight_id AS id, i.day, i.kind, i.indicator, i.count, i.level, i.score, i.boosters, i.points, \
                    i.explanation, i.risk_factors";

/// What became of a new contributor, or of one who was to contribute no longer.
pub(crate) enum Contributed {
    Done,
    /// There is no such case in sight.
    NoCase,
    /// A closed case is frozen.
    Closed,
    /// Whoever contributes does not say who does.
    Limited,
    /// There would be too many.
    TooMany,
    /// The viewer does not contribute.
    Nobody,
}

impl Store {
    /// Subjects as they are seen from where they are looked at: under the case's own label where it has one.
    pub(crate) async fn subjects_seen(
        &self,
        sight: &Sight,
        keys: &[SeenFrom],
    ) -> anyhow::Result<BTreeMap<SeenFrom, StoredSubject>> {
        let mut found = BTreeMap::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let ids: BTreeSet<SubjectId> = keys.iter().map(|key| key.0).collect();
        let subjects = self.subjects_by_id(sight, &ids.into_iter().collect::<Vec<_>>()).await?;
        let cases: Vec<Uuid> = keys.iter().filter_map(|key| key.1).map(CaseId::uuid).collect();
        let mut labels = BTreeMap::new();
        if !cases.is_empty() {
            let sql = format!(
                "SELECT id, label, pseudonym FROM cases WHERE label IS NOT NULL AND id IN ({})",
                marks(0, cases.len())
            );
            for row in self.db.rows(&sql, cases.into_iter().map(Into::into).collect()).await? {
                let label = (SubjectId::new(row.get("label")?), row.get::<String>("pseudonym")?);
                labels.insert(CaseId::new(row.get("id")?), label);
            }
        }
        for key in keys {
            let Some(subject) = subjects.get(&key.0) else { continue };
            let own = key.1.and_then(|case| Some((case, labels.get(&case)?.clone())));
            let subject = match own {
                Some((case, (label, pseudonym))) => {
                    StoredSubject { label, pseudonym, case: Some(case), ..subject.clone() }
                }
                None => subject.clone(),
            };
            found.insert(*key, subject);
        }
        Ok(found)
    }

    /// The subject that is shown under this id, or into which it was merged, and the case that it is so shown in: of a line of
    /// cases, which have one id for it, the newest.
    pub(crate) async fn subject_by_label(
        &self,
        sight: &Sight,
        label: SubjectId,
    ) -> anyhow::Result<Option<StoredSubject>> {
        let sql = "SELECT COALESCE(merged_into, id) AS subject_id, NULL AS case_id, 0 AS opened_at FROM subjects WHERE label = $1 \
                   UNION ALL SELECT subject_id, id AS case_id, opened_at FROM cases WHERE label = $1 \
                   ORDER BY opened_at DESC, case_id DESC LIMIT 1";
        let sql = if self.db.is_postgres() { sql.replace("NULL AS", "NULL::uuid AS") } else { sql.to_owned() };
        let Some(row) = self.db.row(&sql, vec![label.uuid().into()]).await? else { return Ok(None) };
        let key = (SubjectId::new(row.get("subject_id")?), row.get::<Option<Uuid>>("case_id")?.map(CaseId::new));
        Ok(self.subjects_seen(sight, &[key]).await?.remove(&key))
    }

    /// The insights that a case's alerts rest on, each once as the newest of them has it, the newest day first.
    pub(crate) async fn timeline(&self, of: CaseId, slice: &Slice<(Day, Uuid)>) -> anyhow::Result<Page<Insight>> {
        timeline(&self.db, of, slice, true).await
    }

    /// Writes a note into a case that is in sight, unless it is closed; answers with the case as it was.
    pub(crate) async fn add_note(
        &self,
        sight: &Sight,
        case: CaseId,
        note: &NewNote<'_>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<Option<StoredCase>> {
        let tx = self.db.begin().await?;
        let Some(found) = lock_case(&tx, sight, case).await? else { return Ok(None) };
        if found.status == CaseStatus::Active {
            self.write_note(&tx, None, Some(case), note, now).await?;
            insert_entries(&tx, &self.ids, &[entry], now).await?;
            tx.commit().await?;
        }
        Ok(Some(found))
    }

    /// Ids of the viewers who contribute to cases.
    pub(crate) async fn contributors(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, Vec<String>>> {
        let mut found: BTreeMap<CaseId, Vec<String>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT case_id, viewer FROM case_contributors WHERE case_id IN ({}) ORDER BY case_id, added_at, viewer",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            found.entry(CaseId::new(row.get("case_id")?)).or_default().push(row.get("viewer")?);
        }
        Ok(found)
    }

    /// Lets a viewer see a case's subject; again changes nothing.
    pub(crate) async fn add_contributor(
        &self,
        sight: &Sight,
        (case, viewer): (CaseId, &str),
        (by, note): (&str, &NewNote<'_>),
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<Contributed> {
        let tx = self.db.begin().await?;
        if let Some(refused) = lock_contributors(&tx, sight, case).await? {
            return Ok(refused);
        }
        let sql = "SELECT count(*) AS number FROM case_contributors WHERE case_id = $1 AND viewer <> $2";
        let others = tx.count(sql, vec![case.uuid().into(), viewer.into()]).await?;
        if others >= i64::try_from(limits::LISTED_VIEWERS)? {
            return Ok(Contributed::TooMany);
        }
        let added = tx
            .run(
                "INSERT INTO case_contributors (case_id, viewer, added_by, added_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (case_id, viewer) DO NOTHING",
                vec![case.uuid().into(), viewer.into(), by.into(), now.0.into()],
            )
            .await?;
        if added == 1 {
            self.write_note(&tx, None, Some(case), note, now).await?;
            insert_entries(&tx, &self.ids, &[entry], now).await?;
        }
        tx.commit().await?;
        Ok(Contributed::Done)
    }

    /// Ends that a viewer contributes: what they saw by that alone is out of their sight at once.
    pub(crate) async fn remove_contributor(
        &self,
        sight: &Sight,
        (case, viewer): (CaseId, &str),
        note: &NewNote<'_>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<Contributed> {
        let tx = self.db.begin().await?;
        if let Some(refused) = lock_contributors(&tx, sight, case).await? {
            return Ok(refused);
        }
        let sql = "DELETE FROM case_contributors WHERE case_id = $1 AND viewer = $2";
        if tx.run(sql, vec![case.uuid().into(), viewer.into()]).await? == 0 {
            return Ok(Contributed::Nobody);
        }
        self.write_note(&tx, None, Some(case), note, now).await?;
        changes::note(&tx, &[Change::Access], now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Contributed::Done)
    }

    /// Gives a case, and all of its line, the label that its subject has in the queue, and the queue a new one, so that what is
    /// learned in the case from now on names nobody outside of the line. The entry tells of both; nothing where the case has
    /// its own already: then all of the line have it.
    pub(super) async fn part(
        &self,
        tx: &Tx,
        case: CaseId,
        subject: SubjectId,
        entry: impl FnOnce(&str, &str) -> Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let sql = "UPDATE cases SET label = (SELECT label FROM subjects WHERE id = $2), \
                   pseudonym = (SELECT pseudonym FROM subjects WHERE id = $2) WHERE subject_id = $2 AND label IS NULL \
                   AND COALESCE(line, id) = (SELECT COALESCE(c.line, c.id) FROM cases c WHERE c.id = $1) RETURNING pseudonym";
        let rows = tx.rows(sql, vec![case.uuid().into(), subject.uuid().into()]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let before: String = row.get("pseudonym")?;
        let after = self.fresh_pseudonym(tx).await?;
        tx.run(
            "UPDATE subjects SET label = $1, pseudonym = $2 WHERE id = $3",
            vec![self.ids.random(SubjectId::new).uuid().into(), after.as_str().into(), subject.uuid().into()],
        )
        .await?;
        insert_entries(tx, &self.ids, &[entry(&before, &after)], now).await
    }

    /// A pseudonym that nobody has, in the queue, a case or a share.
    pub(super) async fn fresh_pseudonym(&self, tx: &Tx) -> anyhow::Result<String> {
        loop {
            let drawn = Pseudonym::from_random(self.ids.random_u64()).to_string();
            let sql = "SELECT 1 AS one FROM subjects WHERE pseudonym = $1 UNION ALL \
                       SELECT 1 AS one FROM cases WHERE pseudonym = $1 UNION ALL \
                       SELECT 1 AS one FROM shares WHERE pseudonym = $1";
            if tx.row(sql, vec![drawn.as_str().into()]).await?.is_none() {
                return Ok(drawn);
            }
        }
    }
}

/// Locks a case whose contributors are to change; tells why they may not.
async fn lock_contributors(tx: &Tx, sight: &Sight, case: CaseId) -> anyhow::Result<Option<Contributed>> {
    let Some(found) = lock_case(tx, sight, case).await? else { return Ok(Some(Contributed::NoCase)) };
    if found.status == CaseStatus::Closed {
        return Ok(Some(Contributed::Closed));
    }
    Ok(is_limited(tx, sight, found.subject).await?.then_some(Contributed::Limited))
}

/// The insights that a case's alerts rest on, each once as the newest of them has it, by day.
pub(super) async fn timeline(
    sql: &impl Sql,
    of: CaseId,
    slice: &Slice<(Day, Uuid)>,
    descending: bool,
) -> anyhow::Result<Page<Insight>> {
    let from = format!(
        "(SELECT {KEPT} FROM alert_insights i JOIN alerts a ON a.id = i.alert_id WHERE a.case_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM alert_insights j JOIN alerts b ON b.id = j.alert_id WHERE b.case_id = $1 \
         AND j.insight_id = i.insight_id AND b.id > a.id)) AS t"
    );
    let list = List {
        columns: INSIGHT,
        from: &from,
        conditions: vec![],
        values: vec![of.uuid().into()],
        order: ("day", "id"),
        descending,
    };
    list.page(sql, slice, |(day, id)| [i64::from(day.0).into(), (*id).into()], insight).await
}

/// A column that holds an instant or nothing.
pub(super) fn instant(row: &Row, name: &str) -> anyhow::Result<Option<Micros>> {
    Ok(row.get::<Option<i64>>(name)?.map(Micros))
}
