//! Alerts as viewers read and triage them.
//! Never: a triage that is half done; a bulk change is all or nothing.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql as _, Tx, marks},
    page::{List, Page, Slice},
    scoring::insight,
    sight::limited,
};
use crate::{clock::Clock, permit::Sight};
use sea_orm::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use uuid::Uuid;
use vizard_core::{
    alert::{AlertStatus, DismissReason, Severity},
    case::{CaseResolution, CaseStatus},
    ids::{AlertId, CaseId, NoteId, PolicyId, SubjectId},
    reveal::Reveal,
    scoring::{Insight, RiskFactor},
    time::Micros,
    webhook::WebhookEvent,
};

/// An alert, without its insights.
#[derive(Clone)]
pub(crate) struct StoredAlert {
    pub(crate) id: AlertId,
    pub(crate) subject: SubjectId,
    pub(crate) policy: PolicyId,
    pub(crate) policy_version: i32,
    pub(crate) severity: Severity,
    pub(crate) status: AlertStatus,
    pub(crate) score: f64,
    pub(crate) trigger: String,
    pub(crate) risk_factors: Vec<RiskFactor>,
    pub(crate) assignee: Option<String>,
    pub(crate) dismiss_reason: Option<DismissReason>,
    pub(crate) case: Option<CaseId>,
    pub(crate) raised_at: Micros,
    pub(crate) updated_at: Micros,
    pub(crate) due_at: Micros,
    pub(crate) review: Option<StoredReview>,
}

/// That an alert was sent for review.
#[derive(Clone)]
pub(crate) struct StoredReview {
    /// A viewer's id, or the word of a role.
    pub(crate) to: String,
    /// Who sent it, by name.
    pub(crate) by: String,
    /// Who sent it, by id.
    pub(crate) sender: String,
    pub(crate) note: String,
    pub(crate) at: Micros,
}

/// Which alerts are wanted; empty lists and `None` want all.
#[derive(Clone, Default)]
pub struct AlertFilter {
    /// Any of these.
    pub status: Vec<AlertStatus>,
    /// Any of these.
    pub severity: Vec<Severity>,
    /// Any of these.
    pub policies: Vec<PolicyId>,
    /// Any of these.
    pub risk_factors: Vec<RiskFactor>,
    /// Assigned to this viewer.
    pub assignee: Option<String>,
    /// Needs review and is past its time, or not.
    pub overdue: Option<bool>,
    /// Raised at or after.
    pub raised_after: Option<Micros>,
    /// Raised before.
    pub raised_before: Option<Micros>,
    /// Of this subject.
    pub subject: Option<SubjectId>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// Of any other case, or of none.
    pub outside: Option<CaseId>,
    /// Sent for review to any of these: ids of viewers, words of roles.
    pub sent_to: Vec<String>,
    /// Sent for review by this viewer.
    pub sent_by: Option<String>,
}

/// How alerts are ordered; equals by id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AlertOrder {
    /// Newest first.
    #[default]
    RaisedAtDesc,
    /// Oldest first.
    RaisedAtAsc,
    /// Highest score first.
    ScoreDesc,
    /// Most urgent first.
    DueAtAsc,
}

/// A note on an alert or a case.
#[derive(Clone)]
pub(crate) struct StoredNote {
    pub(crate) id: NoteId,
    pub(crate) author: String,
    pub(crate) system: bool,
    pub(crate) body: String,
    pub(crate) at: Micros,
}

/// A case, as stored.
#[derive(Clone)]
pub(crate) struct StoredCase {
    pub(crate) id: CaseId,
    pub(crate) name: String,
    pub(crate) subject: SubjectId,
    pub(crate) status: CaseStatus,
    pub(crate) severity: Severity,
    pub(crate) opened_at: Micros,
    pub(crate) updated_at: Micros,
    pub(crate) resolution: Option<CaseResolution>,
    pub(crate) action_taken: Option<String>,
    pub(crate) legal_hold: bool,
    /// The closed case that it goes on from.
    pub(crate) reopens: Option<CaseId>,
    /// Whether it has a label of its own, which leads nowhere else.
    pub(crate) parted: bool,
}

/// Alerts under a lock, for a decision.
pub(crate) struct Triage {
    pub(super) tx: Tx,
    /// Those that exist, in the order asked for.
    pub(crate) alerts: Vec<StoredAlert>,
    /// Of their subjects those about whom the viewer leaves decisions to others.
    pub(crate) limited: BTreeSet<SubjectId>,
}

/// A note to write.
pub(crate) struct NewNote<'a> {
    pub(crate) author: Cow<'a, str>,
    pub(crate) system: bool,
    pub(crate) body: Cow<'a, str>,
}

pub(super) const ALERT: &str = "id, subject_id, policy_id, policy_version, severity, status, score, cause, risk_factors, assignee, \
                     dismiss_reason, case_id, raised_at, updated_at, due_at, review_to, review_by, review_sender, review_note, \
                     review_at";
/// A review ends with the decision.
pub(super) const NOT_IN_REVIEW: &str =
    "review_to = NULL, review_by = NULL, review_sender = NULL, review_note = NULL, review_at = NULL";
const CASE: &str = "id, name, subject_id, status, severity, opened_at, updated_at, resolution, action_taken, legal_hold, reopens, label";

pub(super) fn alert(row: &Row) -> anyhow::Result<StoredAlert> {
    Ok(StoredAlert {
        id: AlertId::new(row.get("id")?),
        subject: SubjectId::new(row.get("subject_id")?),
        policy: PolicyId::new(row.get("policy_id")?),
        policy_version: i32::try_from(row.get::<i64>("policy_version")?)?,
        severity: row.word("severity")?,
        status: row.word("status")?,
        score: row.get("score")?,
        trigger: row.get("cause")?,
        risk_factors: row.json("risk_factors")?,
        assignee: row.get("assignee")?,
        dismiss_reason: match row.get::<Option<String>>("dismiss_reason")? {
            Some(_) => Some(row.word("dismiss_reason")?),
            None => None,
        },
        case: row.get::<Option<Uuid>>("case_id")?.map(CaseId::new),
        raised_at: Micros(row.get("raised_at")?),
        updated_at: Micros(row.get("updated_at")?),
        due_at: Micros(row.get("due_at")?),
        review: match row.get::<Option<String>>("review_to")? {
            Some(to) => Some(StoredReview {
                to,
                by: row.get("review_by")?,
                sender: row.get("review_sender")?,
                note: row.get("review_note")?,
                at: Micros(row.get("review_at")?),
            }),
            None => None,
        },
    })
}

fn case(row: &Row) -> anyhow::Result<StoredCase> {
    Ok(StoredCase {
        id: CaseId::new(row.get("id")?),
        name: row.get("name")?,
        subject: SubjectId::new(row.get("subject_id")?),
        status: row.word("status")?,
        severity: row.word("severity")?,
        opened_at: Micros(row.get("opened_at")?),
        updated_at: Micros(row.get("updated_at")?),
        resolution: match row.get::<Option<String>>("resolution")? {
            Some(_) => Some(row.word("resolution")?),
            None => None,
        },
        action_taken: row.get("action_taken")?,
        legal_hold: row.get::<i64>("legal_hold")? != 0,
        reopens: row.get::<Option<Uuid>>("reopens")?.map(CaseId::new),
        parted: row.get::<Option<Uuid>>("label")?.is_some(),
    })
}

fn conditions(filter: &AlertFilter, now: Micros) -> (Vec<String>, Vec<Value>) {
    let (mut conditions, mut values): (Vec<String>, Vec<Value>) = (vec![], vec![]);
    let mut any = |column: &str, wanted: Vec<Value>| {
        if !wanted.is_empty() {
            conditions.push(format!("{column} IN ({})", marks(values.len(), wanted.len())));
            values.extend(wanted);
        }
    };
    any("status", filter.status.iter().map(|status| status.as_str().into()).collect());
    any("severity", filter.severity.iter().map(|severity| severity.as_str().into()).collect());
    any("policy_id", filter.policies.iter().map(|id| id.uuid().into()).collect());
    any("assignee", filter.assignee.iter().map(|name| name.as_str().into()).collect());
    any("subject_id", filter.subject.iter().map(|id| id.uuid().into()).collect());
    any("review_to", filter.sent_to.iter().map(|to| to.as_str().into()).collect());
    any("review_sender", filter.sent_by.iter().map(|viewer| viewer.as_str().into()).collect());
    any("case_id", filter.case.iter().map(|id| id.uuid().into()).collect());
    if let Some(case) = filter.outside {
        values.push(case.uuid().into());
        conditions.push(format!("(case_id IS NULL OR case_id <> ${})", values.len()));
    }
    if filter.subject.is_some() {
        // From the label that a subject has in the queue no way leads to a case that has parted from it.
        let parted = "(case_id IS NULL OR case_id NOT IN (SELECT c.id FROM cases c WHERE c.label IS NOT NULL))";
        conditions.push(parted.to_owned());
    }
    if !filter.risk_factors.is_empty() {
        let each = filter.risk_factors.iter().map(|factor| format!("risk_factors LIKE '%\"{}\"%'", factor.as_str()));
        conditions.push(format!("({})", each.collect::<Vec<_>>().join(" OR ")));
    }
    match filter.overdue {
        Some(true) => conditions.push(format!("(status = 'NEEDS_REVIEW' AND due_at < {})", now.0)),
        Some(false) => conditions.push(format!("(status <> 'NEEDS_REVIEW' OR due_at >= {})", now.0)),
        None => {}
    }
    if let Some(after) = filter.raised_after {
        conditions.push(format!("raised_at >= {}", after.0));
    }
    if let Some(before) = filter.raised_before {
        conditions.push(format!("raised_at < {}", before.0));
    }
    (conditions, values)
}

/// Locks the subject of a case, before the case: as scoring, retention and erasure do.
pub(super) async fn lock_subject_of(tx: &Tx, case: CaseId) -> anyhow::Result<()> {
    if tx.is_postgres() {
        let sql = "SELECT id FROM subjects WHERE id IN (SELECT subject_id FROM cases WHERE id = $1) FOR UPDATE";
        tx.rows(sql, vec![case.uuid().into()]).await?;
    }
    Ok(())
}

/// A case that is in sight, under a lock.
pub(super) async fn lock_case(tx: &Tx, sight: &Sight, id: CaseId) -> anyhow::Result<Option<StoredCase>> {
    one_case(tx, sight, id, tx.for_update()).await
}

/// A case that is in sight, as the transaction sees it.
pub(super) async fn read_case(tx: &Tx, sight: &Sight, id: CaseId) -> anyhow::Result<Option<StoredCase>> {
    one_case(tx, sight, id, "").await
}

async fn one_case(tx: &Tx, sight: &Sight, id: CaseId, lock: &str) -> anyhow::Result<Option<StoredCase>> {
    let mut values = vec![id.uuid().into()];
    let seen = sight.and("subject_id", Some("id"), &mut values);
    let sql = format!("SELECT {CASE} FROM cases WHERE id = $1{seen} {lock}");
    tx.row(&sql, values).await?.as_ref().map(case).transpose()
}

/// What webhooks are told of alerts that somebody has decided about.
fn decided(alerts: &[StoredAlert]) -> impl Iterator<Item = (WebhookEvent, Uuid)> {
    alerts.iter().map(|alert| (WebhookEvent::AlertDecided, alert.id.uuid()))
}

impl Store {
    /// A page of alerts. The key is the ordering column (times as microseconds) and the id.
    pub(crate) async fn alerts(
        &self,
        sight: &Sight,
        filter: &AlertFilter,
        order: AlertOrder,
        slice: &Slice<(f64, Uuid)>,
        now: Micros,
    ) -> anyhow::Result<Page<StoredAlert>> {
        let (mut conditions, mut values) = conditions(filter, now);
        conditions.extend(sight.conditions("subject_id", Some("case_id"), &mut values));
        let (column, descending) = match order {
            AlertOrder::RaisedAtDesc => ("raised_at", true),
            AlertOrder::RaisedAtAsc => ("raised_at", false),
            AlertOrder::ScoreDesc => ("score", true),
            AlertOrder::DueAtAsc => ("due_at", false),
        };
        let list = List { columns: ALERT, from: "alerts", conditions, values, order: (column, "id"), descending };
        let key = |(value, id): &(f64, Uuid)| {
            // Microseconds of this age fit a double exactly.
            #[expect(clippy::cast_possible_truncation, reason = "made from an i64 by the same order")]
            let first = if column == "score" { (*value).into() } else { (*value as i64).into() };
            [first, (*id).into()]
        };
        list.page(&self.db, slice, key, alert).await
    }

    /// Alerts by id, those that are in sight.
    pub(crate) async fn alerts_by_id(
        &self,
        sight: &Sight,
        ids: &[AlertId],
    ) -> anyhow::Result<BTreeMap<AlertId, StoredAlert>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {ALERT} FROM alerts WHERE id IN ({}){seen}", marks(0, ids.len()));
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| alert(row).map(|alert| (alert.id, alert))).collect()
    }

    /// What these alerts rest on, the largest share first.
    pub(crate) async fn alert_insights(&self, ids: &[AlertId]) -> anyhow::Result<BTreeMap<AlertId, Vec<Insight>>> {
        let mut found: BTreeMap<AlertId, Vec<Insight>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT alert_id, insight_id AS id, day, kind, indicator, count, level, score, boosters, points, explanation, risk_factors \
             FROM alert_insights WHERE alert_id IN ({}) ORDER BY alert_id, position",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            found.entry(AlertId::new(row.get("alert_id")?)).or_default().push(insight(&row)?);
        }
        Ok(found)
    }

    /// Notes on these alerts, the oldest first.
    pub(crate) async fn alert_notes(&self, ids: &[AlertId]) -> anyhow::Result<BTreeMap<Uuid, Vec<StoredNote>>> {
        self.notes("alert_id", ids.iter().map(|id| id.uuid()).collect()).await
    }

    /// Notes on these cases, the oldest first.
    pub(crate) async fn case_notes(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<Uuid, Vec<StoredNote>>> {
        self.notes("case_id", ids.iter().map(|id| id.uuid()).collect()).await
    }

    async fn notes(&self, column: &str, ids: Vec<Uuid>) -> anyhow::Result<BTreeMap<Uuid, Vec<StoredNote>>> {
        let mut found: BTreeMap<Uuid, Vec<StoredNote>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {column} AS owner, id, author, system, body, written_at FROM notes WHERE {column} IN ({}) ORDER BY written_at, id",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.into_iter().map(Value::from).collect()).await? {
            found.entry(row.get("owner")?).or_default().push(StoredNote {
                id: NoteId::new(row.get("id")?),
                author: row.get("author")?,
                system: row.get::<i64>("system")? != 0,
                body: row.get("body")?,
                at: Micros(row.get("written_at")?),
            });
        }
        Ok(found)
    }

    /// Cases by id, those that are in sight.
    pub(crate) async fn cases_by_id(
        &self,
        sight: &Sight,
        ids: &[CaseId],
    ) -> anyhow::Result<BTreeMap<CaseId, StoredCase>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("subject_id", Some("id"), &mut values);
        let sql = format!("SELECT {CASE} FROM cases WHERE id IN ({}){seen}", marks(0, ids.len()));
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| case(row).map(|case| (case.id, case))).collect()
    }

    /// Cases, the newest first.
    pub(crate) async fn cases(
        &self,
        sight: &Sight,
        status: Option<CaseStatus>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredCase>> {
        let mut conditions: Vec<String> = status.iter().map(|_| "status = $1".to_owned()).collect();
        let mut values = status.iter().map(|status| status.as_str().into()).collect();
        conditions.extend(sight.conditions("subject_id", Some("id"), &mut values));
        let list =
            List { columns: CASE, from: "cases", conditions, values, order: ("opened_at", "id"), descending: true };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], case).await
    }

    /// Locks alerts that are in sight for a decision. Subjects are locked first, in the order of their ids, as the scorer
    /// does.
    pub(crate) async fn triage(&self, sight: &Sight, ids: &[AlertId]) -> anyhow::Result<Triage> {
        let tx = self.db.begin().await?;
        let mut list: Vec<Value> = ids.iter().map(|id| id.uuid().into()).collect();
        if tx.is_postgres() {
            let sql = format!(
                "SELECT id FROM subjects WHERE id IN (SELECT subject_id FROM alerts WHERE id IN ({})) ORDER BY id FOR UPDATE",
                marks(0, ids.len())
            );
            tx.rows(&sql, list.clone()).await?;
        }
        let lock = if tx.is_postgres() { "ORDER BY id FOR UPDATE" } else { "" };
        let seen = sight.and("subject_id", Some("case_id"), &mut list);
        let sql = format!("SELECT {ALERT} FROM alerts WHERE id IN ({}){seen} {lock}", marks(0, ids.len()));
        let mut found = BTreeMap::new();
        for row in tx.rows(&sql, list).await? {
            let alert = alert(&row)?;
            found.insert(alert.id, alert);
        }
        let alerts: Vec<StoredAlert> = ids.iter().filter_map(|id| found.remove(id)).collect();
        let limited = limited(&tx, sight, &alerts.iter().map(|alert| alert.subject).collect()).await?;
        Ok(Triage { tx, alerts, limited })
    }

    /// Dismisses all alerts of the triage.
    pub(crate) async fn dismiss(
        &self,
        triage: Triage,
        reason: DismissReason,
        notes: &[NewNote<'_>],
        entries: &[Entry],
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = &triage.tx;
        for alert in &triage.alerts {
            tx.run(
                &format!("UPDATE alerts SET status = 'DISMISSED', dismiss_reason = $1, triaged_at = $2, updated_at = $2, {NOT_IN_REVIEW} WHERE id = $3"),
                vec![reason.as_str().into(), now.0.into(), alert.id.uuid().into()],
            )
            .await?;
            for note in notes {
                self.write_note(tx, Some(alert.id), None, note, now).await?;
            }
            tx.run("UPDATE subjects SET next_due = 0 WHERE id = $1", vec![alert.subject.uuid().into()]).await?;
        }
        self.tell_webhooks(tx, &decided(&triage.alerts).collect::<Vec<_>>(), now).await?;
        insert_entries(tx, &self.ids, entries, now).await?;
        triage.tx.commit().await
    }

    /// A case that is in sight, read under the triage's lock.
    pub(crate) async fn case_for(
        &self,
        sight: &Sight,
        triage: &Triage,
        id: CaseId,
    ) -> anyhow::Result<Option<StoredCase>> {
        lock_case(&triage.tx, sight, id).await
    }

    /// Puts the one alert of the triage into `case`, which is written as given: new, or the existing one changed.
    pub(crate) async fn confirm(
        &self,
        triage: Triage,
        (case, new): (&StoredCase, bool),
        notes: &[NewNote<'_>],
        entries: &[Entry],
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = &triage.tx;
        tx.run(
            "INSERT INTO cases (id, name, subject_id, status, severity, opened_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, updated_at = excluded.updated_at",
            vec![
                case.id.uuid().into(),
                case.name.as_str().into(),
                case.subject.uuid().into(),
                case.status.as_str().into(),
                case.severity.as_str().into(),
                case.opened_at.0.into(),
                case.updated_at.0.into(),
            ],
        )
        .await?;
        for alert in &triage.alerts {
            tx.run(
                &format!("UPDATE alerts SET status = 'CONFIRMED', case_id = $1, triaged_at = $2, updated_at = $2, {NOT_IN_REVIEW} WHERE id = $3"),
                vec![case.id.uuid().into(), now.0.into(), alert.id.uuid().into()],
            )
            .await?;
            tx.run("UPDATE subjects SET next_due = 0 WHERE id = $1", vec![alert.subject.uuid().into()]).await?;
        }
        let opened = new.then_some((WebhookEvent::CaseOpened, case.id.uuid()));
        self.tell_webhooks(tx, &decided(&triage.alerts).chain(opened).collect::<Vec<_>>(), now).await?;
        for note in notes {
            self.write_note(tx, None, Some(case.id), note, now).await?;
        }
        insert_entries(tx, &self.ids, entries, now).await?;
        triage.tx.commit().await
    }

    /// Locks the confirmed alerts of a case for its resolution, its subject first; of an unknown case there are none.
    pub(crate) async fn triage_case(&self, id: CaseId) -> anyhow::Result<Triage> {
        let tx = self.db.begin().await?;
        lock_subject_of(&tx, id).await?;
        let lock = tx.for_update();
        let sql = format!("SELECT {ALERT} FROM alerts WHERE case_id = $1 AND status = 'CONFIRMED' ORDER BY id {lock}");
        let alerts = tx.rows(&sql, vec![id.uuid().into()]).await?.iter().map(alert).collect::<anyhow::Result<_>>()?;
        Ok(Triage { tx, alerts, limited: BTreeSet::new() })
    }

    /// Closes the case of the triage, which is written as given, and all alerts that were confirmed into it.
    pub(crate) async fn resolve_case(
        &self,
        triage: Triage,
        case: &StoredCase,
        (notes, entries): (&[NewNote<'_>], &[Entry]),
        ended: impl Fn(&Reveal) -> Entry,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let (tx, now) = (&triage.tx, clock.now());
        tx.run(
            "UPDATE cases SET status = $1, resolution = $2, action_taken = $3, resolved_at = $4, updated_at = $4 WHERE id = $5",
            vec![
                case.status.as_str().into(),
                case.resolution.map(CaseResolution::as_str).into(),
                case.action_taken.as_deref().into(),
                now.0.into(),
                case.id.uuid().into(),
            ],
        )
        .await?;
        tx.run(
            "UPDATE alerts SET status = 'RESOLVED', updated_at = $1 WHERE case_id = $2 AND status = 'CONFIRMED'",
            vec![now.0.into(), case.id.uuid().into()],
        )
        .await?;
        tx.run("UPDATE subjects SET next_due = 0 WHERE id = $1", vec![case.subject.uuid().into()]).await?;
        let resolved = (WebhookEvent::CaseResolved, case.id.uuid());
        self.tell_webhooks(tx, &decided(&triage.alerts).chain([resolved]).collect::<Vec<_>>(), now).await?;
        for note in notes {
            self.write_note(tx, None, Some(case.id), note, now).await?;
        }
        insert_entries(tx, &self.ids, entries, now).await?;
        self.end_reveals(tx, case.id, ended, clock).await?;
        triage.tx.commit().await
    }

    /// Puts the case of the triage on hold, or takes it off, as given.
    pub(crate) async fn hold_case(
        &self,
        triage: Triage,
        case: &StoredCase,
        notes: &[NewNote<'_>],
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = &triage.tx;
        let sql = "UPDATE cases SET legal_hold = $1, updated_at = $2 WHERE id = $3";
        tx.run(sql, vec![i64::from(case.legal_hold).into(), now.0.into(), case.id.uuid().into()]).await?;
        for note in notes {
            self.write_note(tx, None, Some(case.id), note, now).await?;
        }
        insert_entries(tx, &self.ids, &[entry], now).await?;
        triage.tx.commit().await
    }

    /// Writes a note. Nothing of a case changes without one, so subscribers and webhooks are told of the case here.
    pub(super) async fn write_note(
        &self,
        tx: &Tx,
        alert: Option<AlertId>,
        case: Option<CaseId>,
        note: &NewNote<'_>,
        now: Micros,
    ) -> anyhow::Result<()> {
        tx.run(
            "INSERT INTO notes (id, alert_id, case_id, author, system, body, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            vec![
                self.ids.draw(NoteId::new).uuid().into(),
                alert.map(|id| id.uuid()).into(),
                case.map(|id| id.uuid()).into(),
                note.author.as_ref().into(),
                i64::from(note.system).into(),
                note.body.as_ref().into(),
                now.0.into(),
            ],
        )
        .await?;
        match case {
            Some(case) => {
                self.tell_webhooks(tx, &[(WebhookEvent::CaseUpdated, case.uuid())], now).await?;
                changes::note(tx, &[Change::Case(case)], now).await
            }
            None => Ok(()),
        }
    }
}
