//! One person, several subjects: merging says that two subjects are one, splitting that they are not. Rows go over to the
//! subject that is kept and remember in `part` which one they came with, sealed with its key as before: a split takes back
//! exactly those, and what came in under its accounts meanwhile.
//! Never: a merge that nobody asked for; a reveal that outlives one, since its consent was to another person's name; a count or
//! a profile that cannot be taken apart again.

use super::{
    NewNote, Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql, Tx, marks},
    people::count_people_change,
    profiles::{merge_profiles, split_profiles},
    retention::{lock, lock_events},
    scoring::fold_pending,
};
use crate::clock::Clock;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    event::NormalisedIdentifier,
    ids::{CaseId, SubjectId},
    limits,
    reveal::Reveal,
    subject::likeness::MergeReason,
    time::Micros,
};

/// A subject that was merged into another.
#[derive(Clone)]
pub(crate) struct MergedPart {
    /// The label under which it was shown.
    pub(crate) label: SubjectId,
    pub(crate) pseudonym: String,
    pub(crate) at: Micros,
    /// Id of the viewer who merged it.
    pub(crate) by: String,
}

/// What became of a merge or a split.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Joined {
    Done,
    /// One of them was erased, merged or split meanwhile.
    Gone,
    /// The subject would have more parts than `limits::SUBJECT_PARTS`.
    TooMany,
}

/// What is written down with a merge or a split.
pub(crate) struct MergeRecord<'a> {
    /// Id of the viewer.
    pub(crate) by: &'a str,
    pub(crate) entry: Entry,
    /// For each case whose reveals end.
    pub(crate) note: NewNote<'a>,
    /// For each reveal that ends.
    pub(crate) ended: &'a (dyn Fn(&Reveal) -> Entry + Sync),
}

/// Tables whose rows are about a subject and remember which part of it they came with.
const TABLES: &[&str] = &[
    "identifiers",
    "events",
    "triggers",
    "profile_marks",
    "record_marks",
    "manual_scoring",
    "suppressions",
    "device_owners",
    "activity_reports",
    "cases",
    "alerts",
    "exports",
];

impl Store {
    /// Makes `part` a part of `kept`: what is known of it, its alerts and cases are the kept subject's from now on, and it is
    /// scored from all of it.
    pub(crate) async fn merge_subjects(
        &self,
        (kept, part): (SubjectId, SubjectId),
        record: MergeRecord<'_>,
        clock: &Clock,
    ) -> anyhow::Result<Joined> {
        let (kept, part) = (kept.uuid(), part.uuid());
        let tx = self.db.begin().await?;
        lock_events(&tx, "SHARE ROW EXCLUSIVE").await?;
        lock(&tx, &[kept, part]).await?;
        let both = || -> Vec<Value> { vec![kept.into(), part.into()] };
        let there = "SELECT count(*) AS number FROM subjects WHERE id IN ($1, $2) AND erased_at IS NULL AND merged_into IS NULL";
        if tx.count(there, both()).await? != 2 {
            return Ok(Joined::Gone);
        }
        let parts = "SELECT count(*) AS number FROM subjects WHERE merged_into IN ($1, $2)";
        if tx.count(parts, both()).await? >= i64::try_from(limits::SUBJECT_PARTS)? {
            return Ok(Joined::TooMany);
        }
        self.end_all_reveals(&tx, &[kept, part], &record, clock).await?;
        merge_counts(&tx, kept, part).await?;
        merge_profiles(&tx, kept, part).await?;
        // A home that both told of is one home.
        for sql in [
            "DELETE FROM profile_marks WHERE subject_id = $2 AND version IN (SELECT version FROM profile_marks WHERE subject_id = $1)",
            "UPDATE reveals SET subject_id = $1 WHERE subject_id = $2",
            "INSERT INTO priority_group_members (subject_id, group_id) SELECT $1, group_id FROM priority_group_members \
             WHERE subject_id = $2 ON CONFLICT (subject_id, group_id) DO NOTHING",
        ] {
            tx.run(sql, both()).await?;
        }
        for table in TABLES {
            let sql =
                format!("UPDATE {table} SET part = COALESCE(part, subject_id), subject_id = $1 WHERE subject_id = $2");
            tx.run(&sql, both()).await?;
        }
        for table in ["priority_group_members", "scores", "insights"] {
            tx.run(&format!("DELETE FROM {table} WHERE subject_id = $1"), vec![part.into()]).await?;
        }
        let now = clock.now();
        tx.run(
            "UPDATE subjects SET merged_into = $1, merged_at = $2, merged_by = $3, next_due = NULL, risk_score = 0, \
             risk_level = 'NONE', risk_until = NULL WHERE id = $4",
            vec![kept.into(), now.0.into(), record.by.into(), part.into()],
        )
        .await?;
        tx.run("UPDATE subjects SET merged_into = $1 WHERE merged_into = $2", both()).await?;
        tx.run("DELETE FROM merge_suggestions WHERE first_id = $1 OR second_id = $1", vec![part.into()]).await?;
        self.told(tx, &[kept], record.entry, now).await
    }

    /// Takes a part off the subject that it was merged into: a subject of its own again, with what came with it before and
    /// since. What was made about both together stays where it is; alerts go with their case.
    pub(crate) async fn split_subject(
        &self,
        (kept, part): (SubjectId, SubjectId),
        record: MergeRecord<'_>,
        clock: &Clock,
    ) -> anyhow::Result<Joined> {
        let (kept, part) = (kept.uuid(), part.uuid());
        let tx = self.db.begin().await?;
        lock_events(&tx, "SHARE ROW EXCLUSIVE").await?;
        lock(&tx, &[kept, part]).await?;
        let both = || -> Vec<Value> { vec![kept.into(), part.into()] };
        let there = "SELECT count(*) AS number FROM subjects WHERE id = $2 AND merged_into = $1 AND erased_at IS NULL";
        if tx.count(there, both()).await? != 1 {
            return Ok(Joined::Gone);
        }
        self.end_all_reveals(&tx, &[kept], &record, clock).await?;
        split_counts(&tx, kept, part).await?;
        for table in TABLES {
            let alone = if *table == "alerts" { " AND case_id IS NULL" } else { "" };
            let sql = format!("UPDATE {table} SET subject_id = $2 WHERE subject_id = $1 AND part = $2{alone}");
            tx.run(&sql, both()).await?;
        }
        for table in ["alerts", "reveals", "exports"] {
            // Sealed by the kept subject, a package stays its part.
            let part = if table == "exports" { "part = COALESCE(part, subject_id), " } else { "" };
            let sql = format!(
                "UPDATE {table} SET {part}subject_id = (SELECT c.subject_id FROM cases c WHERE c.id = {table}.case_id) \
                 WHERE subject_id IN ($1, $2) AND case_id IS NOT NULL"
            );
            tx.run(&sql, both()).await?;
        }
        let groups = "INSERT INTO priority_group_members (subject_id, group_id) SELECT $2, group_id FROM priority_group_members \
                      WHERE subject_id = $1 ON CONFLICT (subject_id, group_id) DO NOTHING";
        tx.run(groups, both()).await?;
        let apart = "UPDATE subjects SET merged_into = NULL, merged_at = NULL, merged_by = NULL WHERE id = $1";
        tx.run(apart, vec![part.into()]).await?;
        split_profiles(&tx, kept, part).await?;
        // Whoever takes them apart has decided: nobody is asked again.
        let settled = "INSERT INTO merge_suggestions (first_id, second_id, because, found_at, dismissed_at) VALUES ($1, $2, $3, $4, $4) \
                       ON CONFLICT (first_id, second_id) DO UPDATE SET dismissed_at = excluded.dismissed_at";
        let (first, second, now) = (kept.min(part), kept.max(part), clock.now());
        let because = MergeReason::NamedTogether.as_str().into();
        tx.run(settled, vec![first.into(), second.into(), because, now.0.into()]).await?;
        self.told(tx, &[kept, part], record.entry, clock.now()).await
    }

    /// The rest of both: whoever is changed is scored, every replica asks again whose an account is, the audit.
    async fn told(&self, tx: Tx, changed: &[Uuid], entry: Entry, now: Micros) -> anyhow::Result<Joined> {
        let sql = format!(
            "UPDATE subjects SET next_due = 0, regrouped_at = {} WHERE id IN ({})",
            now.0,
            marks(0, changed.len())
        );
        tx.run(&sql, changed.iter().map(|id| (*id).into()).collect()).await?;
        count_people_change(&tx).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Joined::Done)
    }

    /// Ends every reveal of the subjects that waits or holds, with a note in its case.
    async fn end_all_reveals(
        &self,
        tx: &Tx,
        subjects: &[Uuid],
        record: &MergeRecord<'_>,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let sql = format!("SELECT id FROM cases WHERE subject_id IN ({}) ORDER BY id", marks(0, subjects.len()));
        for row in tx.rows(&sql, subjects.iter().map(|id| (*id).into()).collect()).await? {
            let case = CaseId::new(row.get("id")?);
            self.end_reveals(tx, case, record.ended, clock).await?;
            self.write_note(tx, None, Some(case), &record.note, clock.now()).await?;
        }
        Ok(())
    }

    /// What was merged into these subjects, by subject, the earliest first.
    pub(crate) async fn merged_parts(&self, ids: &[SubjectId]) -> anyhow::Result<BTreeMap<SubjectId, Vec<MergedPart>>> {
        let mut found: BTreeMap<SubjectId, Vec<MergedPart>> = BTreeMap::new();
        for ids in ids.chunks(limits::INSERT_ROWS) {
            let sql = format!(
                "SELECT merged_into, label, pseudonym, merged_at, merged_by FROM subjects WHERE merged_into IN ({}) \
                 ORDER BY merged_at, id",
                marks(0, ids.len())
            );
            for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
                found.entry(SubjectId::new(row.get("merged_into")?)).or_default().push(MergedPart {
                    label: SubjectId::new(row.get("label")?),
                    pseudonym: row.get("pseudonym")?,
                    at: Micros(row.get("merged_at")?),
                    by: row.get("merged_by")?,
                });
            }
        }
        Ok(found)
    }

    /// The part that was shown under this label, with the subject that it was merged into.
    pub(crate) async fn part_by_label(&self, label: SubjectId) -> anyhow::Result<Option<(SubjectId, SubjectId)>> {
        let sql =
            "SELECT merged_into, id FROM subjects WHERE label = $1 AND merged_into IS NOT NULL AND erased_at IS NULL";
        self.db.row(sql, vec![label.uuid().into()]).await?.as_ref().map(pair).transpose()
    }

    /// The part that an account came with, with the subject that it is merged into; nothing where nobody has the account, the
    /// same twice where it is no part of anything.
    pub(crate) async fn part_by_account(
        &self,
        name: &NormalisedIdentifier,
    ) -> anyhow::Result<Option<(SubjectId, SubjectId)>> {
        let sql =
            "SELECT subject_id AS merged_into, COALESCE(part, subject_id) AS id FROM identifiers WHERE blind = $1";
        self.db.row(sql, vec![self.vault.blind(name).to_vec().into()]).await?.as_ref().map(pair).transpose()
    }
}

fn pair(row: &Row) -> anyhow::Result<(SubjectId, SubjectId)> {
    Ok((SubjectId::new(row.get("merged_into")?), SubjectId::new(row.get("id")?)))
}

/// The part's own counts are remembered as its own, then all are added up.
async fn merge_counts(tx: &Tx, kept: Uuid, part: Uuid) -> anyhow::Result<()> {
    fold_pending(tx, &[kept, part]).await?;
    for sql in [
        "INSERT INTO part_days (subject_id, part, day, indicator, count) SELECT $1, $2, d.day, d.indicator, d.count - \
         CAST(COALESCE((SELECT sum(o.count) FROM part_days o WHERE o.subject_id = $2 AND o.day = d.day \
         AND o.indicator = d.indicator), 0) AS BIGINT) FROM activity_days d WHERE d.subject_id = $2",
        "UPDATE part_days SET subject_id = $1 WHERE subject_id = $2",
        "INSERT INTO activity_days (subject_id, day, indicator, count) SELECT $1, day, indicator, count FROM activity_days \
         WHERE subject_id = $2 ON CONFLICT (subject_id, day, indicator) DO UPDATE SET count = activity_days.count + excluded.count",
    ] {
        tx.run(sql, vec![kept.into(), part.into()]).await?;
    }
    tx.run("DELETE FROM activity_days WHERE subject_id = $1", vec![part.into()]).await.map(drop)
}

/// The part's counts are taken off; a measure of which nothing is left was the part's alone.
async fn split_counts(tx: &Tx, kept: Uuid, part: Uuid) -> anyhow::Result<()> {
    const OWN: &str = "FROM part_days o WHERE o.subject_id = $1 AND o.part = $2 AND o.day = activity_days.day \
                       AND o.indicator = activity_days.indicator";
    fold_pending(tx, &[kept]).await?;
    for sql in [
        "INSERT INTO activity_days (subject_id, day, indicator, count) SELECT part, day, indicator, count FROM part_days \
         WHERE subject_id = $1 AND part = $2"
            .to_owned(),
        format!(
            "UPDATE activity_days SET count = count - (SELECT o.count {OWN}) WHERE subject_id = $1 AND EXISTS (SELECT 1 {OWN})"
        ),
        format!("DELETE FROM activity_days WHERE subject_id = $1 AND count = 0 AND EXISTS (SELECT 1 {OWN})"),
        "DELETE FROM part_days WHERE subject_id = $1 AND part = $2".to_owned(),
    ] {
        tx.run(&sql, vec![kept.into(), part.into()]).await?;
    }
    Ok(())
}
