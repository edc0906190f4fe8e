//! Erasure: in one transaction the key of a person's data is destroyed, and with it go their names, profile, events, scores
//! and every text about them. What stays is a row without a name that old ids point to.
//! Never: while one of their cases is on legal hold; the row given to anybody again, whatever a replica remembers.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, Tx, marks},
    exports::remove_exports,
    people::count_people_change,
    retention::{lock, lock_events, remove_alerts},
    settings::{NewVersion, current, insert_settings},
};
use crate::permit::Viewer;
use anyhow::{Context as _, ensure};
use sea_orm::Value;
use std::collections::BTreeSet;
use uuid::Uuid;
use vizard_core::{
    audit::{AuditActivity, AuditCategory},
    event::NormalisedIdentifier,
    ids::{CaseId, ExportId, NoteId, SubjectId},
    limits,
    settings::{
        Settings,
        coverage::{AccountDigest, Coverage},
    },
    time::Micros,
};

/// What became of an erasure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Erased {
    Done,
    /// Nobody has the identifier, or has it any more.
    Unknown,
    /// One of the person's cases is on legal hold.
    Held,
}

/// Where a row names the person and nothing else would make sense of it.
const TABLES: &[&str] = &[
    "identifiers",
    "profiles",
    "events",
    "triggers",
    "pending",
    "activity_days",
    "insights",
    "score_history",
    "scores",
    "manual_scoring",
    "priority_group_members",
    "device_owners",
    "name_marks",
    "profile_marks",
    "record_marks",
    "suppressions",
    "activity_reports",
    "part_days",
    "part_profiles",
];
/// The label of a case whose name may have told who it was about.
const CASE_LABEL: &str = "Erased";
const CASE_NOTE: &str = "The person whom this case is about was erased.";

impl Store {
    /// Erases the person with that identifier. `entry` tells of it in the audit log.
    pub(crate) async fn erase(
        &self,
        name: &NormalisedIdentifier,
        entry: impl FnOnce(SubjectId) -> Entry,
        viewer: &Viewer,
        now: Micros,
    ) -> anyhow::Result<Erased> {
        let blind = self.vault.blind(name);
        let owner = "SELECT subject_id AS id FROM identifiers WHERE blind = $1";
        let Some(row) = self.db.row(owner, vec![blind.to_vec().into()]).await? else { return Ok(Erased::Unknown) };
        let subject: Uuid = row.get("id")?;
        let parts = parts(&self.db, subject).await?;
        // Those who used a machine of the person: theirs was somebody else's, and now is nobody's.
        let guests = self.guests(subject).await?;
        let tx = self.db.begin().await?;
        lock_events(&tx, "SHARE ROW EXCLUSIVE").await?;
        let locked: Vec<Uuid> =
            guests.iter().chain(&parts).copied().chain([subject]).collect::<BTreeSet<Uuid>>().into_iter().collect();
        let held = lock(&tx, &locked).await?;
        let still = tx.row(owner, vec![blind.to_vec().into()]).await?;
        if still.map(|row| row.get::<Uuid>("id")).transpose()? != Some(subject) {
            return Ok(Erased::Unknown);
        }
        ensure!(self::parts(&tx, subject).await? == parts, "subjects were merged or split meanwhile: erase again");
        if held.contains(&subject) {
            return Ok(Erased::Held);
        }
        let digests = digests(&tx, subject).await?;
        let mut entries = vec![entry(SubjectId::new(subject))];
        entries.extend(self.forget_in_settings(&tx, &digests, viewer, now).await?);
        entries.extend(forget_exports(&tx, subject, viewer).await?);
        forget_alerts_and_cases(&tx, subject, now).await?;
        let cases = tx.rows("SELECT id FROM cases WHERE subject_id = $1", vec![subject.into()]).await?;
        for case in cases {
            let note =
                "INSERT INTO notes (id, case_id, author, system, body, written_at) VALUES ($1, $2, $3, 1, $4, $5)";
            let id = self.ids.draw(NoteId::new).uuid();
            let values = vec![
                id.into(),
                case.get::<Uuid>("id")?.into(),
                viewer.name.as_str().into(),
                CASE_NOTE.into(),
                now.0.into(),
            ];
            tx.run(note, values).await?;
            changes::note(&tx, &[Change::Case(CaseId::new(case.get("id")?))], now).await?;
        }
        for person in parts.into_iter().chain([subject]) {
            for table in TABLES {
                tx.run(&format!("DELETE FROM {table} WHERE subject_id = $1"), vec![person.into()]).await?;
            }
            let suggested = "DELETE FROM merge_suggestions WHERE first_id = $1 OR second_id = $1";
            tx.run(suggested, vec![person.into()]).await?;
            self.forget_subject(&tx, person, now).await?;
        }
        for guest in guests.iter().filter(|guest| **guest != subject) {
            tx.run("UPDATE subjects SET next_due = 0 WHERE id = $1", vec![(*guest).into()]).await?;
        }
        count_people_change(&tx).await?;
        insert_entries(&tx, &self.ids, &entries, now).await?;
        tx.commit().await?;
        Ok(Erased::Done)
    }

    async fn guests(&self, subject: Uuid) -> anyhow::Result<Vec<Uuid>> {
        let sql = "SELECT DISTINCT device FROM device_owners WHERE subject_id = $1";
        let rows = self.db.rows(sql, vec![subject.into()]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let devices: Vec<Value> =
            rows.iter().map(|row| row.get::<String>("device").map(Value::from)).collect::<anyhow::Result<_>>()?;
        let sql = format!(
            "SELECT DISTINCT subject_id AS id FROM activity_days WHERE indicator IN ({})",
            marks(0, devices.len())
        );
        self.db.rows(&sql, devices).await?.iter().map(|row| row.get("id")).collect()
    }

    /// Puts digests of nobody in the place of the person's, in every version: a rule of coverage that lists one person must
    /// not become a rule about everybody. Where the newest version had one, a new one is made, so that whoever edits the old
    /// one at the moment cannot bring it back.
    async fn forget_in_settings(
        &self,
        tx: &Tx,
        digests: &[AccountDigest],
        viewer: &Viewer,
        now: Micros,
    ) -> anyhow::Result<Option<Entry>> {
        let (newest, settings) = current(tx).await?;
        let named = |settings: &Settings| {
            settings.coverage.rules.iter().any(|rule| digests.iter().any(|digest| rule.accounts.contains(digest)))
        };
        let is_named = named(&settings);
        let patterns: Vec<String> = (1..=digests.len()).map(|at| format!("body LIKE ${at}")).collect();
        if patterns.is_empty() {
            return Ok(None);
        }
        let sql = format!("SELECT version, body FROM settings WHERE {}", patterns.join(" OR "));
        let values = digests.iter().map(|digest| format!("%{digest}%").into()).collect();
        let mut last = settings;
        for row in tx.rows(&sql, values).await? {
            let mut settings: Settings = row.json("body")?;
            self.replace(&mut settings.coverage, digests);
            let version: i64 = row.get("version")?;
            let body = serde_json::to_string(&settings)?;
            tx.run("UPDATE settings SET body = $1 WHERE version = $2", vec![body.into(), version.into()]).await?;
            if version == i64::from(newest) {
                last = settings;
            }
        }
        if !is_named {
            return Ok(None);
        }
        let reason = "A person was erased whom a rule of coverage listed.";
        let new = NewVersion { from: newest, settings: &last, by: &viewer.id, reason: Some(reason) };
        ensure!(insert_settings(tx, &new, now).await?, "the settings were changed meanwhile: erase again");
        let detail = serde_json::json!({"version": newest + 1, "changes": [], "reason": reason});
        Ok(Some(Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "settings", &detail)))
    }

    fn replace(&self, coverage: &mut Coverage, digests: &[AccountDigest]) {
        for rule in &mut coverage.rules {
            for digest in digests {
                if rule.accounts.remove(digest) {
                    let mut nobody = [0u8; 16];
                    self.ids.fill(&mut nobody);
                    rule.accounts.insert(AccountDigest(nobody));
                }
            }
        }
    }

    /// Leaves of the subject a row without a key, under a label that nobody has seen.
    async fn forget_subject(&self, tx: &Tx, subject: Uuid, now: Micros) -> anyhow::Result<()> {
        let label = self.fresh_pseudonym(tx).await?;
        tx.run(
            "UPDATE subjects SET pseudonym = $1, key = $2, created_at = $3, erased_at = $3, merged_by = NULL, next_due = NULL, risk_score = 0, \
             risk_level = 'NONE', risk_until = NULL, risk_reset_at = NULL, risk_reset_seen = NULL WHERE id = $4",
            vec![label.into(), Vec::<u8>::new().into(), now.0.into(), subject.into()],
        )
        .await?;
        Ok(())
    }
}

/// What was merged into the subject.
async fn parts(sql: &impl Sql, subject: Uuid) -> anyhow::Result<BTreeSet<Uuid>> {
    let text = "SELECT id FROM subjects WHERE merged_into = $1";
    sql.rows(text, vec![subject.into()]).await?.iter().map(|row| row.get("id")).collect()
}

/// Digests of all names of a subject.
async fn digests(tx: &Tx, subject: Uuid) -> anyhow::Result<Vec<AccountDigest>> {
    let rows = tx.rows("SELECT blind FROM identifiers WHERE subject_id = $1", vec![subject.into()]).await?;
    let digest = |row: &Row| {
        let blind: Vec<u8> = row.get("blind")?;
        blind.try_into().map(AccountDigest).ok().context("a blind index of another length")
    };
    rows.iter().map(digest).collect()
}

/// Packages that the person's cases were exported as go, each with its entry; their pieces could not be opened any more.
async fn forget_exports(tx: &Tx, subject: Uuid, viewer: &Viewer) -> anyhow::Result<Vec<Entry>> {
    let gone = remove_exports(tx, "subject_id = $1 OR part = $1", &[subject]).await?;
    let detail = serde_json::json!({"because": "erasure"});
    let entry = |id: &ExportId| Entry::by(viewer, AuditActivity::Deleted, AuditCategory::Cases, *id, &detail);
    Ok(gone.iter().map(entry).collect())
}

/// Alerts outside of cases go; of those in cases, and of the cases, ids, dates, severity and how they ended stay.
async fn forget_alerts_and_cases(tx: &Tx, subject: Uuid, now: Micros) -> anyhow::Result<()> {
    let own = || -> Vec<Value> { vec![subject.into()] };
    let loose = tx.rows("SELECT id FROM alerts WHERE subject_id = $1 AND case_id IS NULL", own()).await?;
    let loose: Vec<Uuid> = loose.iter().map(|row| row.get("id")).collect::<anyhow::Result<_>>()?;
    remove_alerts(tx, &loose).await?;
    // What staff wrote goes from the audit log as well; its leaves keep a commitment to it, and the log stays whole.
    let mut objects = Vec::new();
    for (sql, kind) in [
        ("SELECT id FROM alerts WHERE subject_id = $1", "alert"),
        ("SELECT id FROM cases WHERE subject_id = $1", "case"),
        ("SELECT s.id FROM shares s JOIN cases c ON c.id = s.case_id WHERE c.subject_id = $1", "share"),
        ("SELECT id FROM reveals WHERE subject_id = $1", "reveal"),
        ("SELECT id FROM suppressions WHERE subject_id = $1", "suppression"),
        ("SELECT id FROM activity_reports WHERE subject_id = $1", "report"),
        ("SELECT id FROM subjects WHERE id = $1 OR merged_into = $1", "subject"),
        ("SELECT label AS id FROM subjects WHERE id = $1 OR merged_into = $1", "subject"),
    ] {
        for row in tx.rows(sql, own()).await? {
            objects.push(format!("{kind}_{}", row.get::<Uuid>("id")?.simple()));
        }
    }
    for objects in objects.chunks(limits::INSERT_ROWS) {
        let sql =
            format!("UPDATE audit SET reason = NULL, reason_salt = NULL WHERE object IN ({})", marks(0, objects.len()));
        tx.run(&sql, objects.iter().map(|object| object.as_str().into()).collect()).await?;
    }
    for sql in [
        "DELETE FROM alert_insights WHERE alert_id IN (SELECT id FROM alerts WHERE subject_id = $1)",
        "DELETE FROM notes WHERE alert_id IN (SELECT id FROM alerts WHERE subject_id = $1)",
        "DELETE FROM notes WHERE case_id IN (SELECT id FROM cases WHERE subject_id = $1)",
        "DELETE FROM consultations WHERE case_id IN (SELECT id FROM cases WHERE subject_id = $1)",
        "DELETE FROM shares WHERE case_id IN (SELECT id FROM cases WHERE subject_id = $1)",
        "DELETE FROM outbox WHERE about IN (SELECT id FROM reveals WHERE subject_id = $1)",
        "DELETE FROM reveals WHERE subject_id = $1",
        "DELETE FROM outbox WHERE about IN (SELECT n.id FROM notices n JOIN cases c ON c.id = n.case_id WHERE c.subject_id = $1)",
        "DELETE FROM outbox WHERE about IN (SELECT id FROM alerts WHERE subject_id = $1 UNION SELECT id FROM cases WHERE subject_id = $1)",
        "DELETE FROM notices WHERE case_id IN (SELECT id FROM cases WHERE subject_id = $1)",
        "UPDATE alerts SET status = 'RESOLVED', cause = 'Erased.', score = 0, risk_factors = '[]', review_to = NULL, \
         review_by = NULL, review_sender = NULL, review_note = NULL, review_at = NULL WHERE subject_id = $1",
    ] {
        tx.run(sql, own()).await?;
    }
    tx.run(
        "UPDATE cases SET name = $1, action_taken = NULL, label = NULL, pseudonym = NULL, status = 'CLOSED', resolved_at = COALESCE(resolved_at, $2), updated_at = $2 \
         WHERE subject_id = $3",
        vec![CASE_LABEL.into(), now.0.into(), subject.into()],
    )
    .await?;
    Ok(())
}
