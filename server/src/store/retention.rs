//! What is older than its period goes: in bounded steps, each a transaction, by one replica at a time. The run is a row
//! of `meta`: every step changes it from what it was, so a step of a replica that was overtaken changes nothing.
//! Never: a row whose time the core has not said is over; anything of a subject with a case on legal hold; the audit log.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, Tx, marks, tuples},
    exports::remove_exports,
};
use anyhow::{Context as _, ensure};
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    audit::{AuditActivity, AuditCategory},
    ids::{CaseId, ExportId},
    limits,
    retention::{Kept, Retention},
    time::{Day, Micros, SECOND},
};

/// How much of each kind has gone.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Gone {
    /// Alerts.
    pub alerts: u64,
    /// Cases.
    pub cases: u64,
    /// Notes on either.
    pub notes: u64,
    /// Events.
    pub events: u64,
    /// Counts of a day and kind.
    pub day_counts: u64,
    /// Causes of scoring, and orders by hand.
    pub causes: u64,
    /// Points of scores' histories.
    pub score_points: u64,
    /// Deliveries that nobody processed.
    pub deliveries: u64,
    /// Runs of connectors, with what they rejected.
    pub runs: u64,
    /// Reports of what one subject did.
    #[serde(default)]
    pub reports: u64,
}

/// A run of retention that this replica works on.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RetentionRun {
    day: i32,
    done: bool,
    until: i64,
    token: Uuid,
    pub(crate) gone: Gone,
}

/// Subjects on whom nothing is removed: one of their cases is on legal hold, or one of whom they were merged into.
const HELD: &str = "SELECT held.subject_id FROM (SELECT subject_id FROM cases WHERE legal_hold = 1 UNION ALL \
                    SELECT m.id AS subject_id FROM subjects m JOIN cases c ON c.subject_id = m.merged_into AND c.legal_hold = 1) AS held \
                    WHERE held.subject_id IS NOT NULL";
const ROW: &str = "retention";

impl Store {
    /// Begins the run of the day, or goes on with one whose replica fell silent; nothing where it is done or in hand.
    pub(crate) async fn begin_retention(&self, now: Micros) -> anyhow::Result<Option<RetentionRun>> {
        let tx = self.db.begin().await?;
        let row = tx.row("SELECT value FROM meta WHERE name = $1", vec![ROW.into()]).await?;
        let before: Option<String> = row.map(|row| row.get("value")).transpose()?;
        let known: Option<RetentionRun> = before.as_deref().map(serde_json::from_str).transpose()?;
        let day = now.day().0;
        let gone = match &known {
            Some(known) if known.day >= day && known.done => return Ok(None),
            Some(known) if !known.done && known.until > now.0 => return Ok(None),
            Some(known) if !known.done => known.gone,
            _ => Gone::default(),
        };
        let run = RetentionRun { day, done: false, until: lease(now), token: self.ids.random(|token| token), gone };
        let value = serde_json::to_string(&run)?;
        let taken = match before {
            Some(before) => swap(&tx, &before, &value).await?,
            None => {
                let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                tx.run(sql, vec![ROW.into(), value.into()]).await? == 1
            }
        };
        tx.commit().await?;
        Ok(taken.then_some(run))
    }

    /// Ends the run, with its entry in the audit log.
    pub(crate) async fn end_retention(&self, run: RetentionRun, periods: Retention, now: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let detail = serde_json::json!({"removed": run.gone, "periods": periods});
        insert_entries(
            &tx,
            &self.ids,
            &[Entry::by_the_system(AuditActivity::Deleted, AuditCategory::Subjects, ROW, &detail)],
            now,
        )
        .await?;
        let done = RetentionRun { done: true, ..run.clone() };
        ensure!(
            swap(&tx, &serde_json::to_string(&run)?, &serde_json::to_string(&done)?).await?,
            "another replica has taken over retention"
        );
        tx.commit().await
    }

    /// Looks for rows of `table` that are `old`, the oldest by `order` first, locks their subjects, and decides about each
    /// under the lock. The transaction, the locked subjects, and the ids of what goes; nothing where nothing is old.
    async fn overdue(
        &self,
        (table, columns): (&str, &str),
        (old, order): (&str, &str),
        kept: impl Fn(&Row) -> anyhow::Result<Kept>,
        periods: Retention,
        now: Micros,
    ) -> anyhow::Result<Option<(Tx, Vec<Uuid>, Vec<Uuid>)>> {
        let sql = format!(
            "SELECT DISTINCT subject_id AS id FROM (SELECT subject_id FROM {table} WHERE {old} ORDER BY {order}, id LIMIT {}) AS old",
            limits::RETENTION_BATCH
        );
        let subjects = ids(&self.db.rows(&sql, vec![]).await?)?;
        if subjects.is_empty() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let held = lock(&tx, &subjects).await?;
        let sql = format!(
            "SELECT id, subject_id, {columns} FROM {table} WHERE {old} AND subject_id IN ({}) ORDER BY {order}, id LIMIT {}",
            marks(0, subjects.len()),
            limits::RETENTION_BATCH
        );
        let mut gone = Vec::new();
        for row in tx.rows(&sql, subjects.iter().map(|id| (*id).into()).collect()).await? {
            if periods.goes(kept(&row)?, held.contains(&row.get::<Uuid>("subject_id")?), now) {
                gone.push(row.get::<Uuid>("id")?);
            }
        }
        Ok(Some((tx, subjects, gone)))
    }

    /// Removes some alerts that are in no case; false where there was none.
    pub(crate) async fn remove_alerts(
        &self,
        run: &mut RetentionRun,
        periods: Retention,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let before = periods.alerts_before(now).0;
        // An alert changes after it was raised: the index is by that.
        let old = format!(
            "status IN ('NEEDS_REVIEW', 'DISMISSED') AND raised_at < {before} AND updated_at < {before} AND case_id IS NULL \
             AND subject_id NOT IN ({HELD})"
        );
        let kept = |row: &Row| Ok(Kept::Alert { changed_at: Micros(row.get("updated_at")?), in_case: false });
        let found = self.overdue(("alerts", "updated_at"), (&old, "raised_at"), kept, periods, now).await?;
        let Some((tx, subjects, gone)) = found else { return Ok(false) };
        let (alerts, notes) = remove_alerts(&tx, &gone).await?;
        score_again(&tx, &subjects).await?;
        let more = Gone { alerts, notes, ..Gone::default() };
        self.step(tx, run, more, now).await?;
        Ok(!gone.is_empty())
    }

    /// Removes some resolved cases with their alerts and notes; false where there was none.
    pub(crate) async fn remove_cases(
        &self,
        run: &mut RetentionRun,
        periods: Retention,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let old = format!(
            "status = 'CLOSED' AND resolved_at < {} AND subject_id NOT IN ({HELD})",
            periods.cases_before(now).0
        );
        let kept = |row: &Row| {
            let resolved_at = row.get::<Option<i64>>("resolved_at")?.map(Micros);
            Ok(Kept::Case { status: row.word("status")?, resolved_at })
        };
        let found = self.overdue(("cases", "status, resolved_at"), (&old, "resolved_at"), kept, periods, now).await?;
        let Some((tx, subjects, gone)) = found else { return Ok(false) };
        let mut more = Gone::default();
        if !gone.is_empty() {
            let within = marks(0, gone.len());
            let list = || -> Vec<Value> { gone.iter().map(|id| (*id).into()).collect() };
            let alerts = tx.rows(&format!("SELECT id FROM alerts WHERE case_id IN ({within})"), list()).await?;
            (more.alerts, more.notes) = remove_alerts(&tx, &ids(&alerts)?).await?;
            more.notes += tx.run(&format!("DELETE FROM notes WHERE case_id IN ({within})"), list()).await?;
            tx.run(&format!("DELETE FROM outbox WHERE about IN ({within})"), list()).await?;
            for table in ["reveals", "notices"] {
                let told =
                    format!("DELETE FROM outbox WHERE about IN (SELECT id FROM {table} WHERE case_id IN ({within}))");
                tx.run(&told, list()).await?;
            }
            let exports = remove_exports(&tx, &format!("case_id IN ({within})"), &gone).await?;
            let detail = serde_json::json!({"because": "retention"});
            let entry = |id: &ExportId| {
                Entry::by_the_system(AuditActivity::Deleted, AuditCategory::Cases, &id.to_string(), &detail)
            };
            insert_entries(&tx, &self.ids, &exports.iter().map(entry).collect::<Vec<_>>(), now).await?;
            for table in ["consultations", "shares", "reveals", "notices", "case_contributors", "activity_reports"] {
                tx.run(&format!("DELETE FROM {table} WHERE case_id IN ({within})"), list()).await?;
            }
            // What goes on from a case stays, and goes on from nothing.
            let on = format!("UPDATE cases SET reopens = NULL WHERE reopens IN ({within}) RETURNING id");
            let on = ids(&tx.rows(&on, list()).await?)?;
            more.cases = tx.run(&format!("DELETE FROM cases WHERE id IN ({within})"), list()).await?;
            let changed: Vec<Change> = gone.iter().chain(&on).map(|id| Change::Case(CaseId::new(*id))).collect();
            changes::note(&tx, &changed, now).await?;
            score_again(&tx, &subjects).await?;
        }
        self.step(tx, run, more, now).await?;
        Ok(!gone.is_empty())
    }

    /// Removes some reports of what one subject did; false where there was none.
    pub(crate) async fn remove_reports(
        &self,
        run: &mut RetentionRun,
        periods: Retention,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let old = format!("created_at < {} AND subject_id NOT IN ({HELD})", Retention::reports_before(now).0);
        let kept = |row: &Row| Ok(Kept::Report { created_at: Micros(row.get("created_at")?) });
        let found = self.overdue(("activity_reports", "created_at"), (&old, "created_at"), kept, periods, now).await?;
        let Some((tx, _, gone)) = found else { return Ok(false) };
        let mut more = Gone::default();
        if !gone.is_empty() {
            let sql = format!("DELETE FROM activity_reports WHERE id IN ({})", marks(0, gone.len()));
            more.reports = tx.run(&sql, gone.iter().map(|id| (*id).into()).collect()).await?;
        }
        self.step(tx, run, more, now).await?;
        Ok(!gone.is_empty())
    }

    /// Removes old events, and what was counted and made of them, of some of the subjects after `after`; tells up to
    /// which subject everything is done, nothing where there are no more.
    pub(crate) async fn remove_activity(
        &self,
        run: &mut RetentionRun,
        periods: Retention,
        after: Uuid,
        now: Micros,
    ) -> anyhow::Result<Option<Uuid>> {
        let day = periods.events_before(now);
        let (day, before) = (day.0, day.start().0);
        let old = |table: &str, condition: String| {
            format!("EXISTS (SELECT 1 FROM {table} o WHERE o.subject_id = s.id AND {condition})")
        };
        let any = [
            old("events", format!("o.occurred_at < {before}")),
            old("activity_days", format!("o.day < {day}")),
            old("pending", format!("o.day < {day}")),
            old(
                "triggers",
                format!("o.occurred_at < {before} AND (o.lasts_until IS NULL OR o.lasts_until < {before})"),
            ),
            old("manual_scoring", format!("o.ordered_at < {before} AND {}", unneeded("o"))),
            old("score_history", format!("o.at < {before}")),
            format!("(s.risk_reset_at < {before} AND s.risk_reset_seen <> '[]')"),
        ];
        let sql = format!(
            "SELECT s.id FROM subjects s WHERE s.id > $1 AND s.id NOT IN ({HELD}) AND ({}) ORDER BY s.id LIMIT {}",
            any.join(" OR "),
            limits::RETENTION_BATCH
        );
        let subjects = ids(&self.db.rows(&sql, vec![after.into()]).await?)?;
        let Some(last) = subjects.last().copied() else { return Ok(None) };
        let tx = self.db.begin().await?;
        lock_events(&tx, "ROW EXCLUSIVE").await?;
        let held = lock(&tx, &subjects).await?;
        let (mut more, mut done) = (Gone::default(), last);
        for (at, subject) in subjects.iter().enumerate() {
            let until = first_days(&tx, *subject, Day(day)).await?;
            if !periods.goes(Kept::EventsOf(until.plus(-1)), held.contains(subject), now) {
                continue;
            }
            remove_days(&tx, *subject, until, &mut more).await?;
            if until.0 == day {
                remove_causes(&tx, *subject, periods, now, &mut more).await?;
            } else {
                // The rest of this one's days is for the next step.
                done = if at == 0 { after } else { subjects[at - 1] };
                break;
            }
            if more.events >= limits::RETENTION_EVENTS as u64 {
                done = *subject;
                break;
            }
        }
        score_again(&tx, &subjects).await?;
        self.step(tx, run, more, now).await?;
        Ok(Some(done))
    }

    /// Removes bodies of deliveries that nobody processed, some old runs with their rejects, and who had a machine before
    /// whoever had it when scores begin to look; false where there was no old run.
    pub(crate) async fn remove_runs(
        &self,
        run: &mut RetentionRun,
        periods: Retention,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let day = periods.events_before(now);
        let before = day.start().0;
        let tx = self.db.begin().await?;
        let sql = format!(
            "UPDATE runs SET state = 'FAILED', finished_at = $1, body = NULL, lease = NULL, lease_until = NULL, error = $2 \
             WHERE body IS NOT NULL AND started_at < {before} AND (lease_until IS NULL OR lease_until < $1)"
        );
        let error = "it waited for longer than events are kept, and its records were dropped";
        let deliveries = tx.run(&sql, vec![now.0.into(), error.into()]).await?;
        // What failed just now is shown until the next run of retention.
        let sql = format!(
            "SELECT id FROM runs WHERE started_at < {before} AND state IN ('SUCCEEDED', 'FAILED') AND finished_at < $1 ORDER BY started_at LIMIT {}",
            limits::RETENTION_RUNS
        );
        let gone = ids(&tx.rows(&sql, vec![now.0.into()]).await?)?;
        let mut runs = 0;
        if !gone.is_empty() {
            let within = marks(0, gone.len());
            let list = || -> Vec<Value> { gone.iter().map(|id| (*id).into()).collect() };
            tx.run(&format!("DELETE FROM rejects WHERE run_id IN ({within})"), list()).await?;
            runs = tx.run(&format!("DELETE FROM runs WHERE id IN ({within})"), list()).await?;
        }
        // As long as any score may look at a day, on hold or not, it is known whose machine was whose on it.
        let seen = day.min(now.day().plus(-limits::SCORING_HISTORY_DAYS));
        let sql = format!(
            "DELETE FROM device_owners WHERE EXISTS (SELECT 1 FROM device_owners later WHERE later.device = device_owners.device \
             AND later.day > device_owners.day AND later.day <= {})",
            seen.0
        );
        tx.run(&sql, vec![]).await?;
        self.step(tx, run, Gone { deliveries, runs, ..Gone::default() }, now).await?;
        Ok(!gone.is_empty())
    }

    /// Commits a step of the run, unless another replica has taken it over.
    async fn step(&self, tx: Tx, run: &mut RetentionRun, more: Gone, now: Micros) -> anyhow::Result<()> {
        let before = serde_json::to_string(run)?;
        let after = RetentionRun { until: lease(now), gone: run.gone.plus(more), ..run.clone() };
        ensure!(swap(&tx, &before, &serde_json::to_string(&after)?).await?, "another replica has taken over retention");
        tx.commit().await?;
        *run = after;
        Ok(())
    }
}

impl Gone {
    fn plus(self, more: Self) -> Self {
        Self {
            alerts: self.alerts + more.alerts,
            cases: self.cases + more.cases,
            notes: self.notes + more.notes,
            events: self.events + more.events,
            day_counts: self.day_counts + more.day_counts,
            causes: self.causes + more.causes,
            score_points: self.score_points + more.score_points,
            deliveries: self.deliveries + more.deliveries,
            runs: self.runs + more.runs,
            reports: self.reports + more.reports,
        }
    }
}

fn lease(now: Micros) -> i64 {
    now.0 + limits::RETENTION_LEASE_SECONDS * SECOND
}

async fn swap(tx: &Tx, before: &str, after: &str) -> anyhow::Result<bool> {
    let sql = "UPDATE meta SET value = $1 WHERE name = $2 AND value = $3";
    Ok(tx.run(sql, vec![after.into(), ROW.into(), before.into()]).await? == 1)
}

fn ids(rows: &[Row]) -> anyhow::Result<Vec<Uuid>> {
    rows.iter().map(|row| row.get("id")).collect()
}

/// An order by hand is needed as long as there is a cause before it: an order to stop holds against that.
fn unneeded(order: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM triggers c WHERE c.subject_id = {order}.subject_id AND c.occurred_at <= {order}.ordered_at)"
    )
}

/// Takes the lock on the table of events that every writer of events has, before any lock on a subject: an erasure waits
/// for them there, and they for it.
pub(super) async fn lock_events(tx: &Tx, mode: &str) -> anyhow::Result<()> {
    if tx.is_postgres() {
        tx.run(&format!("LOCK TABLE events IN {mode} MODE"), vec![]).await?;
    }
    Ok(())
}

/// Locks subjects in the order of their ids, as the scorer does; tells those with a case on hold.
pub(super) async fn lock(tx: &Tx, subjects: &[Uuid]) -> anyhow::Result<BTreeSet<Uuid>> {
    let within = marks(0, subjects.len());
    let list = || -> Vec<Value> { subjects.iter().map(|id| (*id).into()).collect() };
    if tx.is_postgres() {
        tx.rows(&format!("SELECT id FROM subjects WHERE id IN ({within}) ORDER BY id FOR UPDATE"), list()).await?;
    }
    let held = tx.rows(&format!("{HELD} AND held.subject_id IN ({within})"), list()).await?;
    held.iter().map(|row| row.get("subject_id")).collect()
}

/// Subjects with a score are scored again: from what is left, the same must come out as is stored.
async fn score_again(tx: &Tx, subjects: &[Uuid]) -> anyhow::Result<()> {
    let sql = format!(
        "UPDATE subjects SET next_due = 0 WHERE id IN ({}) AND EXISTS (SELECT 1 FROM scores c WHERE c.subject_id = subjects.id)",
        marks(0, subjects.len())
    );
    tx.run(&sql, subjects.iter().map(|id| (*id).into()).collect()).await?;
    Ok(())
}

/// Removes alerts with what hangs on them; what a policy's effectiveness is made of is kept as counts of a day. Tells how
/// many alerts and notes.
pub(super) async fn remove_alerts(tx: &Tx, alerts: &[Uuid]) -> anyhow::Result<(u64, u64)> {
    let (mut removed, mut notes) = (0, 0);
    let mut counts: BTreeMap<(Uuid, i32, &str), i64> = BTreeMap::new();
    for alerts in alerts.chunks(limits::INSERT_ROWS) {
        let within = marks(0, alerts.len());
        let list = || -> Vec<Value> { alerts.iter().map(|id| (*id).into()).collect() };
        let sql = format!("SELECT policy_id, status, raised_at, triaged_at FROM alerts WHERE id IN ({within})");
        for row in tx.rows(&sql, list()).await? {
            let policy: Uuid = row.get("policy_id")?;
            let raised = Micros(row.get("raised_at")?).day().0;
            *counts.entry((policy, raised, "RAISED")).or_default() += 1;
            let outcome = match row.get::<String>("status")?.as_str() {
                "NEEDS_REVIEW" => continue,
                "DISMISSED" => "DISMISSED",
                _ => "CONFIRMED",
            };
            if let Some(at) = row.get::<Option<i64>>("triaged_at")? {
                *counts.entry((policy, Micros(at).day().0, outcome)).or_default() += 1;
            }
        }
        notes += tx.run(&format!("DELETE FROM notes WHERE alert_id IN ({within})"), list()).await?;
        tx.run(&format!("DELETE FROM alert_insights WHERE alert_id IN ({within})"), list()).await?;
        tx.run(&format!("DELETE FROM outbox WHERE about IN ({within})"), list()).await?;
        removed += tx.run(&format!("DELETE FROM alerts WHERE id IN ({within})"), list()).await?;
    }
    for rows in counts.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
        let row = |((policy, day, outcome), count): &((Uuid, i32, &str), i64)| -> [Value; 4] {
            [(*policy).into(), i64::from(*day).into(), (*outcome).into(), (*count).into()]
        };
        let sql = format!(
            "INSERT INTO triage_counts (policy_id, day, outcome, count) VALUES {} ON CONFLICT (policy_id, day, outcome) \
             DO UPDATE SET count = triage_counts.count + excluded.count",
            tuples(tx, 4, rows.len())
        );
        tx.run(&sql, rows.iter().flat_map(row).collect()).await?;
    }
    Ok((removed, notes))
}

/// The day before which a subject's days are removed in one step: `until`, or earlier where there are too many events. Whole
/// days, so that counts and events of a day are never apart.
async fn first_days(tx: &Tx, subject: Uuid, until: Day) -> anyhow::Result<Day> {
    let old = format!("FROM events WHERE subject_id = $1 AND occurred_at < {}", until.start().0);
    let sql = format!("SELECT occurred_at {old} ORDER BY occurred_at LIMIT 1 OFFSET {}", limits::RETENTION_EVENTS);
    let Some(row) = tx.row(&sql, vec![subject.into()]).await? else { return Ok(until) };
    let beyond = Micros(row.get("occurred_at")?).day();
    let first = tx.row(&format!("SELECT min(occurred_at) AS first {old}"), vec![subject.into()]).await?;
    let first = Micros(first.context("no events")?.get("first")?).day();
    Ok(beyond.max(first.plus(1)))
}

async fn remove_days(tx: &Tx, subject: Uuid, until: Day, more: &mut Gone) -> anyhow::Result<()> {
    let events = format!("DELETE FROM events WHERE subject_id = $1 AND occurred_at < {}", until.start().0);
    let marks = format!("DELETE FROM record_marks WHERE subject_id = $1 AND occurred_at < {}", until.start().0);
    let pending = format!("DELETE FROM pending WHERE subject_id = $1 AND day < {}", until.0);
    let counts = format!("DELETE FROM activity_days WHERE subject_id = $1 AND day < {}", until.0);
    let of_parts = format!("DELETE FROM part_days WHERE subject_id = $1 AND day < {}", until.0);
    if tx.is_postgres() {
        // One statement sees one state: a batch that commits meanwhile is wholly before it or wholly after it.
        let sql = format!(
            "WITH gone AS ({events} RETURNING 1), marks AS ({marks}), parts AS ({of_parts}), waiting AS ({pending} RETURNING 1), counted AS ({counts} RETURNING 1) \
             SELECT (SELECT count(*) FROM gone) AS events, (SELECT count(*) FROM waiting) + (SELECT count(*) FROM counted) AS counts"
        );
        let row = tx.row(&sql, vec![subject.into()]).await?.context("no counts")?;
        more.events += u64::try_from(row.get::<i64>("events")?)?;
        more.day_counts += u64::try_from(row.get::<i64>("counts")?)?;
    } else {
        more.events += tx.run(&events, vec![subject.into()]).await?;
        tx.run(&marks, vec![subject.into()]).await?;
        tx.run(&of_parts, vec![subject.into()]).await?;
        more.day_counts += tx.run(&pending, vec![subject.into()]).await?;
        more.day_counts += tx.run(&counts, vec![subject.into()]).await?;
    }
    Ok(())
}

async fn remove_causes(tx: &Tx, subject: Uuid, periods: Retention, now: Micros, more: &mut Gone) -> anyhow::Result<()> {
    let before = periods.events_before(now).start().0;
    let sql = format!(
        "SELECT connector_id, event_key, occurred_at, lasts_until FROM triggers WHERE subject_id = $1 AND occurred_at < {before}"
    );
    for row in tx.rows(&sql, vec![subject.into()]).await? {
        let kept = Kept::Trigger {
            occurred_at: Micros(row.get("occurred_at")?),
            lasts_until: row.get::<Option<i64>>("lasts_until")?.map(Micros),
        };
        if periods.goes(kept, false, now) {
            let key: Vec<Value> =
                vec![row.get::<Uuid>("connector_id")?.into(), row.get::<Vec<u8>>("event_key")?.into()];
            more.causes += tx.run("DELETE FROM triggers WHERE connector_id = $1 AND event_key = $2", key).await?;
        }
    }
    let orders = format!(
        "DELETE FROM manual_scoring WHERE subject_id = $1 AND ordered_at < {before} AND {}",
        unneeded("manual_scoring")
    );
    more.causes += tx.run(&orders, vec![subject.into()]).await?;
    // Scored again when it ended: no score rests on it any more.
    let over = format!("DELETE FROM suppressions WHERE subject_id = $1 AND until < {before}");
    more.causes += tx.run(&over, vec![subject.into()]).await?;
    let points = format!("DELETE FROM score_history WHERE subject_id = $1 AND at < {before}");
    more.score_points += tx.run(&points, vec![subject.into()]).await?;
    let seen = format!("UPDATE subjects SET risk_reset_seen = '[]' WHERE id = $1 AND risk_reset_at < {before}");
    tx.run(&seen, vec![subject.into()]).await?;
    Ok(())
}
