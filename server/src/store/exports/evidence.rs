//! What a package is made of: pages of a case's alerts, insights, events, notes, scores and entries of the audit log.
//! Never: an entry of the audit log that leads from a case with a pseudonym of its own to the person elsewhere.

use super::{NewExport, Sink};
use crate::store::{
    Store, StoredCase,
    alerts::{ALERT, StoredAlert, alert},
    audit::{newest, proofs},
    cases::timeline,
    db::{Row, Sql as _, Tx, marks},
    identity::{Opened, keys_of},
    page::{List, Slice},
    subjects::{ACTIVITY, NOT_SHADOW, activity},
    vault::SubjectKey,
};
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    audit::note::Checkpoint,
    export::{
        PackageFile,
        record::{
            ActivityRecord, AlertRecord, ContributionRecord, CustodyRecord, InsightRecord, Lying, NoteRecord,
            PolicyRecord, ScoreRecord, activity_id,
        },
        summary::{self, AlertRow, Head, SECTION_END, Worker},
    },
    ids::{AlertId, InsightId, NoteId, PolicyId, SubjectId},
    limits,
    scoring::Insight,
    time::{Day, Micros},
};

/// A case that can be exported.
pub(super) struct Evidence<'a> {
    case: &'a StoredCase,
    /// What the case calls its subject.
    pub(super) pseudonym: String,
    pub(super) key: SubjectKey,
    /// With those of what was merged into the subject: what lies in the log is sealed with them.
    keys: BTreeMap<SubjectId, SubjectKey>,
    /// Whether that is the case's own, which leads nowhere else.
    parted: bool,
    /// Whether entries about the subject name it as the case does.
    plain: bool,
    names: Opened,
    policies: BTreeMap<PolicyId, PolicyRecord>,
    connectors: BTreeMap<Uuid, String>,
}

struct Note {
    id: NoteId,
    alert: Option<AlertId>,
    author: String,
    system: bool,
    body: String,
    at: Micros,
}

fn slice<K>(after: Option<K>) -> Slice<K> {
    Slice { after, before: None, limit: limits::EXPORT_ROWS, from_end: false, count: false }
}

impl<'a> Evidence<'a> {
    /// Of a case; nothing where the person was erased.
    pub(super) async fn of(store: &Store, tx: &Tx, case: &'a StoredCase) -> anyhow::Result<Option<Self>> {
        let sql = "SELECT s.key, s.id, s.label, c.label AS own, COALESCE(c.pseudonym, s.pseudonym) AS pseudonym FROM cases c \
                   JOIN subjects s ON s.id = c.subject_id WHERE c.id = $1";
        let row = tx.row(sql, vec![case.id.uuid().into()]).await?.context("a case without a subject")?;
        let wrapped: Vec<u8> = row.get("key")?;
        if wrapped.is_empty() {
            return Ok(None);
        }
        let own: Option<Uuid> = row.get("own")?;
        let names = store.open_identities(tx, &[case.subject.uuid()]).await?.remove(&case.subject);
        let sql = "SELECT id, name FROM policies WHERE id IN (SELECT policy_id FROM alerts WHERE case_id = $1)";
        let policy = |row: &Row| {
            let id = PolicyId::new(row.get("id")?);
            anyhow::Ok((id, PolicyRecord { id, name: row.get("name")? }))
        };
        let policies = tx.rows(sql, vec![case.id.uuid().into()]).await?.iter().map(policy).collect::<Result<_, _>>()?;
        let connector = |row: &Row| anyhow::Ok((row.get("id")?, row.get("name")?));
        let connectors = tx.rows("SELECT id, name FROM connectors", vec![]).await?;
        Ok(Some(Self {
            case,
            pseudonym: row.get("pseudonym")?,
            key: store.vault.unwrap(case.subject, &wrapped)?,
            keys: keys_of(tx, &store.vault, &[case.subject.uuid()]).await?,
            parted: own.is_some(),
            plain: own.map_or_else(|| row.get("label"), Ok)? == row.get::<Uuid>("id")?,
            names: names.unwrap_or_default(),
            policies,
            connectors: connectors.iter().map(connector).collect::<Result<_, _>>()?,
        }))
    }

    fn of_case(&self) -> Vec<Value> {
        vec![self.case.id.uuid().into()]
    }

    /// Writes every file but the manifest and its signature; the checkpoint that the custody is proved by.
    pub(super) async fn pack(&self, tx: &Tx, sink: &mut Sink<'_>, new: &NewExport<'_>) -> anyhow::Result<Checkpoint> {
        let signed = newest(tx).await?.context("the audit log has no checkpoint")?;
        let log = Checkpoint { size: u64::try_from(signed.size)?, root: signed.root, at: signed.at };
        self.summary(tx, sink, new).await?;
        self.alerts(tx, sink).await?;
        let lying = self.insights(tx, sink).await?;
        self.activities(tx, sink, &lying).await?;
        self.notes(tx, sink).await?;
        self.scores(tx, sink).await?;
        sink.packer.begin(PackageFile::Checkpoint);
        sink.packer.write(signed.note.as_bytes());
        self.custody(tx, sink, log.size).await?;
        Ok(log)
    }

    async fn summary(&self, tx: &Tx, sink: &mut Sink<'_>, new: &NewExport<'_>) -> anyhow::Result<()> {
        let case = self.case;
        let public = new.key.public();
        let head = Head {
            export: new.id,
            case: case.id,
            name: case.name.clone(),
            pseudonym: self.pseudonym.clone(),
            status: case.status,
            severity: case.severity,
            opened_at: case.opened_at,
            resolution: case.resolution,
            action_taken: case.action_taken.clone(),
            legal_hold: case.legal_hold,
            exported_by: new.viewer.name.clone(),
            exported_at: new.now,
            log: summary::fingerprint(public.origin(), &public.to_string()),
        };
        sink.packer.begin(PackageFile::Summary);
        sink.packer.write(summary::opening(&head).as_bytes());
        sink.packer.write(summary::workers(&self.workers(tx).await?).as_bytes());
        let columns = ["Raised", "Policy", "Severity", "Score", "State", "What started the scoring"];
        sink.packer.write(summary::section("Alerts", &columns).as_bytes());
        let (mut after, mut dots) = (None, Vec::new());
        loop {
            let page = self.alert_page(tx, after).await?;
            for found in &page {
                let row = AlertRow {
                    raised_at: found.raised_at,
                    policy: self.policy(found.policy).name.clone(),
                    severity: found.severity,
                    score: found.score,
                    status: found.status,
                    trigger: found.trigger.clone(),
                };
                sink.packer.write(summary::alert(&row).as_bytes());
                if dots.len() < limits::SCORE_HISTORY_POINTS {
                    dots.push((found.raised_at, found.score));
                }
            }
            after = page.last().map(|last| (last.raised_at, last.id.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                break;
            }
        }
        sink.packer.write(SECTION_END.as_bytes());
        let line = summary::highest(&self.newest_scores(tx).await?);
        sink.packer.write(summary::scores(&line, &dots, new.now).as_bytes());
        sink.packer.write(summary::section("What was seen", &["Day", "Insight", "Score"]).as_bytes());
        let mut after = None;
        loop {
            let page = self.insight_page(tx, after).await?;
            page.iter().for_each(|insight| sink.packer.write(summary::insight(insight).as_bytes()));
            after = page.last().map(|last| (last.day, last.id.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                break;
            }
        }
        sink.packer.write(SECTION_END.as_bytes());
        sink.packer.write(summary::section("Notes", &["When", "Who", "What"]).as_bytes());
        let mut after = None;
        loop {
            let page = self.note_page(tx, after).await?;
            for note in &page {
                sink.packer.write(summary::note(note.at, &note.author, note.system, &note.body).as_bytes());
            }
            after = page.last().map(|last| (last.at, last.id.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                break;
            }
        }
        sink.packer.write(SECTION_END.as_bytes());
        sink.packer.write(summary::closing().as_bytes());
        sink.store().await?;
        Ok(())
    }

    /// A policy of the case's alerts: there is one of every alert, deleted or not.
    fn policy(&self, id: PolicyId) -> PolicyRecord {
        self.policies.get(&id).cloned().unwrap_or(PolicyRecord { id, name: String::new() })
    }

    async fn workers(&self, tx: &Tx) -> anyhow::Result<Vec<Worker>> {
        let sql = format!(
            "SELECT author, count(*) AS number, min(written_at) AS first, max(written_at) AS last FROM notes WHERE {NOTES_OF} \
             GROUP BY author ORDER BY first, author LIMIT {}",
            limits::EXPORT_ROWS
        );
        let worker = |row: &Row| {
            Ok(Worker {
                name: row.get("author")?,
                notes: u64::try_from(row.get::<i64>("number")?)?,
                first: Micros(row.get("first")?),
                last: Micros(row.get("last")?),
            })
        };
        tx.rows(&sql, self.of_case()).await?.iter().map(worker).collect()
    }

    async fn alert_page(&self, tx: &Tx, after: Option<(Micros, Uuid)>) -> anyhow::Result<Vec<StoredAlert>> {
        let list = List {
            columns: ALERT,
            from: "alerts",
            conditions: vec!["case_id = $1".to_owned()],
            values: self.of_case(),
            order: ("raised_at", "id"),
            descending: false,
        };
        Ok(list.page(tx, &slice(after), |(at, id)| [at.0.into(), (*id).into()], alert).await?.items)
    }

    async fn alerts(&self, tx: &Tx, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        sink.packer.begin(PackageFile::Alerts);
        let mut after = None;
        loop {
            let page = self.alert_page(tx, after).await?;
            let mut shares: BTreeMap<AlertId, Vec<ContributionRecord>> = BTreeMap::new();
            if !page.is_empty() {
                let sql = format!(
                    "SELECT alert_id, insight_id, points FROM alert_insights WHERE alert_id IN ({}) ORDER BY alert_id, position",
                    marks(0, page.len())
                );
                for row in tx.rows(&sql, page.iter().map(|found| found.id.uuid().into()).collect()).await? {
                    let share = ContributionRecord {
                        insight: InsightId::new(row.get("insight_id")?),
                        points: row.get("points")?,
                    };
                    shares.entry(AlertId::new(row.get("alert_id")?)).or_default().push(share);
                }
            }
            after = page.last().map(|last| (last.raised_at, last.id.uuid()));
            let last = page.len() < limits::EXPORT_ROWS;
            for found in page {
                sink.packer.record(&AlertRecord {
                    id: found.id,
                    policy: self.policy(found.policy),
                    policy_version: found.policy_version,
                    severity: found.severity,
                    status: found.status,
                    score: found.score,
                    trigger: found.trigger,
                    risk_factors: found.risk_factors,
                    assignee: found.assignee,
                    dismiss_reason: found.dismiss_reason,
                    raised_at: found.raised_at,
                    updated_at: found.updated_at,
                    due_at: found.due_at,
                    contributions: shares.remove(&found.id).unwrap_or_default(),
                })?;
            }
            if !sink.store().await? || last {
                return Ok(());
            }
        }
    }

    async fn insight_page(&self, tx: &Tx, after: Option<(Day, Uuid)>) -> anyhow::Result<Vec<Insight>> {
        Ok(timeline(tx, self.case.id, &slice(after), false).await?.items)
    }

    async fn insights(&self, tx: &Tx, sink: &mut Sink<'_>) -> anyhow::Result<Lying> {
        sink.packer.begin(PackageFile::Insights);
        let (mut after, mut lying) = (None, Lying::default());
        loop {
            let page = self.insight_page(tx, after).await?;
            for insight in &page {
                lying.add(insight);
                sink.packer.record(&InsightRecord::from(insight))?;
            }
            after = page.last().map(|last| (last.day, last.id.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                return Ok(lying);
            }
        }
    }

    /// The events beneath the insights, each once, in the order in which they happened.
    async fn activities(&self, tx: &Tx, sink: &mut Sink<'_>, lying: &Lying) -> anyhow::Result<()> {
        sink.packer.begin(PackageFile::Activities);
        let Some((first, last)) = lying.days() else { return Ok(()) };
        let mut conditions = vec![format!(
            "subject_id = $1 AND occurred_at >= {} AND occurred_at < {}",
            first.start().0,
            last.plus(1).start().0
        )];
        let mut values: Vec<Value> = vec![self.case.subject.uuid().into()];
        if let Some(codes) = lying.codes() {
            values.extend(codes.iter().map(|code| Value::from(*code)));
            conditions.push(format!("indicator IN ({})", marks(1, codes.len())));
        }
        let (profile, identifiers) = &self.names;
        let mut after = None;
        loop {
            let list = List {
                columns: &format!("{ACTIVITY}, variants"),
                from: "events",
                conditions: conditions.clone(),
                values: values.clone(),
                order: ("occurred_at", "seq"),
                descending: false,
            };
            let read = |row: &Row| Ok((activity(row)?, row.get::<Option<String>>("variants")?.unwrap_or_default()));
            let key = |(at, seq): &(Micros, i64)| [at.0.into(), (*seq).into()];
            let page = list.page(tx, &slice(after), key, read).await?.items;
            after = page.last().map(|(last, _)| (last.occurred_at, last.seq));
            let last = page.len() < limits::EXPORT_ROWS;
            for (mut event, variants) in page {
                let insights = lying.beneath(&event.indicator, &variants, event.occurred_at);
                if insights.is_empty() {
                    continue;
                }
                event.withhold(profile.as_ref(), identifiers);
                sink.packer.record(&ActivityRecord {
                    id: activity_id(event.seq),
                    occurred_at: event.occurred_at,
                    indicator: &event.indicator,
                    connector: self.connectors.get(&event.connector.uuid()).map_or("", String::as_str),
                    quantity: event.quantity,
                    facts: &event.facts,
                    content: event.opened_with(&self.keys)?,
                    insights,
                })?;
            }
            if !sink.store().await? || last {
                return Ok(());
            }
        }
    }

    async fn note_page(&self, tx: &Tx, after: Option<(Micros, Uuid)>) -> anyhow::Result<Vec<Note>> {
        let list = List {
            columns: "id, alert_id, author, system, body, written_at",
            from: "notes",
            conditions: vec![NOTES_OF.to_owned()],
            values: self.of_case(),
            order: ("written_at", "id"),
            descending: false,
        };
        let read = |row: &Row| {
            Ok(Note {
                id: NoteId::new(row.get("id")?),
                alert: row.get::<Option<Uuid>>("alert_id")?.map(AlertId::new),
                author: row.get("author")?,
                system: row.get::<i64>("system")? != 0,
                body: row.get("body")?,
                at: Micros(row.get("written_at")?),
            })
        };
        Ok(list.page(tx, &slice(after), |(at, id)| [at.0.into(), (*id).into()], read).await?.items)
    }

    async fn notes(&self, tx: &Tx, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        sink.packer.begin(PackageFile::Notes);
        let mut after = None;
        loop {
            let page = self.note_page(tx, after).await?;
            for Note { id, alert, author, system, body, at } in &page {
                let (id, alert, system, at) = (*id, *alert, *system, *at);
                sink.packer.record(&NoteRecord { id, alert, author, system, body, at })?;
            }
            after = page.last().map(|last| (last.at, last.id.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                return Ok(());
            }
        }
    }

    /// Of scores under the policies that raised the case's alerts. A case with a pseudonym of its own shows none: the same
    /// numbers stand under the person's new one.
    fn scores_of(&self) -> Option<(String, Vec<Value>)> {
        let condition = format!(
            "subject_id = $1 AND policy_id IN (SELECT policy_id FROM alerts WHERE case_id = $2) AND {NOT_SHADOW}"
        );
        (!self.parted).then(|| (condition, vec![self.case.subject.uuid().into(), self.case.id.uuid().into()]))
    }

    async fn newest_scores(&self, tx: &Tx) -> anyhow::Result<Vec<(Micros, PolicyId, f64)>> {
        let Some((condition, values)) = self.scores_of() else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT at, policy_id, score FROM score_history WHERE {condition} ORDER BY at DESC, policy_id DESC LIMIT {}",
            limits::SCORE_HISTORY_POINTS
        );
        let point = |row: &Row| Ok((Micros(row.get("at")?), PolicyId::new(row.get("policy_id")?), row.get("score")?));
        tx.rows(&sql, values).await?.iter().rev().map(point).collect()
    }

    async fn scores(&self, tx: &Tx, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        sink.packer.begin(PackageFile::ScoreHistory);
        let Some((condition, values)) = self.scores_of() else { return Ok(()) };
        let mut after: Option<(Micros, Uuid)> = None;
        loop {
            let list = List {
                columns: "at, policy_id, score, cause",
                from: "score_history",
                conditions: vec![condition.clone()],
                values: values.clone(),
                order: ("at", "policy_id"),
                descending: false,
            };
            let read = |row: &Row| {
                let (at, policy) = (Micros(row.get("at")?), PolicyId::new(row.get("policy_id")?));
                Ok((at, policy, row.get::<f64>("score")?, row.word("cause")?))
            };
            let page = list.page(tx, &slice(after), |(at, id)| [at.0.into(), (*id).into()], read).await?.items;
            for (at, policy, score, cause) in &page {
                let record = ScoreRecord { at: *at, policy: &self.policy(*policy), score: *score, cause: *cause };
                sink.packer.record(&record)?;
            }
            after = page.last().map(|last| (last.0, last.1.uuid()));
            if !sink.store().await? || page.len() < limits::EXPORT_ROWS {
                return Ok(());
            }
        }
    }

    /// What was done with the case, its alerts, reveals, shares and packages, and who opened the content of its evidence, as
    /// far as the log is signed.
    async fn custody(&self, tx: &Tx, sink: &mut Sink<'_>, size: u64) -> anyhow::Result<()> {
        sink.packer.begin(PackageFile::Custody);
        let hex = if tx.is_postgres() { "replace(id::text, '-', '')" } else { "lower(hex(id))" };
        let objects: Vec<String> = [
            ("case", "cases", "id"),
            ("alert", "alerts", "case_id"),
            ("reveal", "reveals", "case_id"),
            ("share", "shares", "case_id"),
            ("export", "exports", "case_id"),
        ]
        .iter()
        .map(|(kind, table, of)| format!("SELECT '{kind}_' || {hex} FROM {table} WHERE {of} = $1"))
        .collect();
        let mut sql =
            format!("SELECT sequence FROM audit WHERE sequence < $2 AND object IN ({})", objects.join(" UNION ALL "));
        let mut values = vec![self.case.id.uuid().into(), i64::try_from(size)?.into()];
        if self.plain {
            sql.push_str(
                " UNION ALL SELECT sequence FROM audit WHERE sequence < $2 AND object = $3 AND activity = 'VIEWED'",
            );
            values.push(self.case.subject.to_string().into());
        }
        let places = tx.rows(&sql, values).await?;
        let mut places: Vec<i64> = places.iter().map(|row| row.get("sequence")).collect::<anyhow::Result<_>>()?;
        places.sort_unstable();
        for places in places.chunks(limits::EXPORT_PROOFS) {
            let numbers: Vec<u64> = places.iter().map(|place| u64::try_from(*place)).collect::<Result<_, _>>()?;
            let proofs = proofs(tx, &numbers, size).await?;
            let sql =
                format!("SELECT leaf FROM audit WHERE sequence IN ({}) ORDER BY sequence", marks(0, places.len()));
            let rows = tx.rows(&sql, places.iter().map(|place| (*place).into()).collect()).await?;
            for ((row, place), proof) in rows.iter().zip(numbers).zip(proofs) {
                sink.packer.record(&CustodyRecord::new(place, row.get("leaf")?, &proof))?;
            }
            if !sink.store().await? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Notes on the case and on its alerts.
const NOTES_OF: &str = "(case_id = $1 OR alert_id IN (SELECT id FROM alerts WHERE case_id = $1))";
