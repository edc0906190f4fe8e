//! The way in: runs, their batches, and the rows that wait to be scored.
//! Never: a batch half in; an event counted twice; a body of a delivery in the open.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    coverage::Heard,
    db::{Row, Sql as _, Tx, tuples},
    patients::Told,
    people::{Blind, Known, Whose, people_changes},
    retention::lock_events,
};
use anyhow::{Context as _, ensure};
use sea_orm::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};
use uuid::Uuid;
use vizard_core::{
    event::{AcceptedEvent, EventKey, RejectReason},
    ids::{ConnectorId, RunId, SubjectId},
    limits,
    settings::Weight,
    time::{Day, Micros, SECOND},
};

/// The state of a run, as stored. `Queued` and `Running` both read as RUNNING in the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RunState {
    Queued,
    Running,
    Succeeded,
    Failed,
}

impl RunState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

impl std::str::FromStr for RunState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(())
    }
}

/// A delivery over HTTP, as it is to be kept until it is processed.
pub(crate) struct NewDelivery<'a> {
    pub(crate) connector: ConnectorId,
    pub(crate) feed: &'a str,
    pub(crate) idempotency_key: String,
    pub(crate) body_digest: [u8; 32],
    pub(crate) body: &'a [u8],
}

/// What became of a delivery.
pub(crate) enum Queued {
    /// It is durable.
    New(RunId),
    /// It had come before.
    Repeated(RunId),
    /// The key had come before, with another body.
    KeyReused,
    /// Too many deliveries wait.
    Full,
}

/// A run that this process works on.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) run: RunId,
    pub(crate) connector: ConnectorId,
    token: Uuid,
}

impl Lease {
    /// Tells subscribers that the run went on.
    async fn note(&self, tx: &Tx, now: Micros) -> anyhow::Result<()> {
        changes::note(tx, &[Change::Run(self.run, self.connector)], now).await
    }
}

/// A delivery to process, from its `done`th record on.
pub(crate) struct ClaimedDelivery {
    pub(crate) lease: Lease,
    pub(crate) feed: String,
    pub(crate) body: Vec<u8>,
    pub(crate) done: u64,
}

/// One batch, checked and resolved, on its way into the database.
pub(crate) struct Batch {
    /// Events with their subjects.
    pub(crate) events: Vec<(AcceptedEvent, Known)>,
    /// Position, reason and detail of what was not accepted.
    pub(crate) rejects: Vec<(u64, RejectReason, String)>,
    /// Records read.
    pub(crate) read: u64,
    /// Records that mean nothing here.
    pub(crate) ignored: u64,
    /// Records of people outside of the coverage.
    pub(crate) uncovered: u64,
    /// Profiles to keep, whether or not their events are new: of known people outside of the coverage, the department.
    pub(crate) profiles: Vec<(AcceptedEvent, Known)>,
    /// How often it had changed whose accounts are before anybody was looked up.
    pub(crate) as_of: i64,
}

/// A batch sealed and laid out as rows: what takes time is done before the transaction begins.
pub(crate) struct SealedBatch {
    batch: Batch,
    /// Values of the event rows but for connector and run, a statement each.
    rows: Vec<Vec<EventRow>>,
    /// Whose records were opened, and where people live.
    told: Told,
}

pub(super) type EventRow = [Value; EVENT_COLUMNS];
/// Columns of `events` that a batch knows by itself.
const EVENT_COLUMNS: usize = 14;

/// What became of the records of a batch: read = accepted + duplicates + rejected + ignored + uncovered.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Records of which something was new.
    pub accepted: u64,
    /// Records of which everything had come before.
    pub duplicates: u64,
    /// Records that were not understood.
    pub rejected: u64,
    /// Records that mean nothing here.
    pub ignored: u64,
    /// Records of people outside of the coverage, or of a time before it: dropped.
    #[serde(rename = "dropped_outside_coverage")]
    pub uncovered: u64,
}

impl Counts {
    /// Adds another batch's.
    pub fn add(&mut self, more: Self) {
        self.read += more.read;
        self.accepted += more.accepted;
        self.duplicates += more.duplicates;
        self.rejected += more.rejected;
        self.ignored += more.ignored;
        self.uncovered += more.uncovered;
    }

    pub(super) fn of(row: &Row) -> anyhow::Result<Self> {
        let count = |name: &str| anyhow::Ok(u64::try_from(row.get::<i64>(name)?)?);
        Ok(Self {
            read: count("records_read")?,
            accepted: count("accepted")?,
            duplicates: count("duplicates")?,
            rejected: count("rejected")?,
            ignored: count("ignored")?,
            uncovered: count("uncovered")?,
        })
    }
}

impl Store {
    /// Keeps a delivery until a worker takes it.
    pub(crate) async fn queue(&self, delivery: NewDelivery<'_>, now: Micros) -> anyhow::Result<Queued> {
        let tx = self.db.begin().await?;
        let repeated = tx
            .row(
                "SELECT id, body_digest FROM runs WHERE connector_id = $1 AND idempotency_key = $2",
                vec![delivery.connector.uuid().into(), delivery.idempotency_key.clone().into()],
            )
            .await?;
        if let Some(row) = repeated {
            return same_body(&row, &delivery.body_digest);
        }
        let waiting = tx
            .row(
                "SELECT count(*) AS waiting FROM runs WHERE connector_id = $1 AND state IN ('QUEUED', 'RUNNING') AND body IS NOT NULL",
                vec![delivery.connector.uuid().into()],
            )
            .await?
            .context("no count")?
            .get::<i64>("waiting")?;
        if u64::try_from(waiting)? >= limits::QUEUED_RUNS_PER_CONNECTOR {
            return Ok(Queued::Full);
        }
        let Some(run) = self.insert_run(&tx, &delivery, now).await? else {
            // Another process took the same key a moment ago.
            let row = tx
                .row(
                    "SELECT id, body_digest FROM runs WHERE connector_id = $1 AND idempotency_key = $2",
                    vec![delivery.connector.uuid().into(), delivery.idempotency_key.into()],
                )
                .await?
                .context("a delivery vanished")?;
            return same_body(&row, &delivery.body_digest);
        };
        tx.commit().await?;
        Ok(Queued::New(run))
    }

    /// Adds a delivery that waits; nothing where its key is taken.
    pub(super) async fn insert_run(
        &self,
        tx: &Tx,
        delivery: &NewDelivery<'_>,
        now: Micros,
    ) -> anyhow::Result<Option<RunId>> {
        let run = self.ids.draw(RunId::new);
        let body = self.vault.seal_delivery(run.uuid(), delivery.body)?;
        let inserted = tx
            .run(
                "INSERT INTO runs (id, connector_id, feed, state, idempotency_key, body_digest, body, started_at, batches, \
                 records_read, accepted, duplicates, rejected, ignored, uncovered) VALUES ($1, $2, $3, 'QUEUED', $4, $5, $6, $7, \
                 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (connector_id, idempotency_key) DO NOTHING",
                vec![
                    run.uuid().into(),
                    delivery.connector.uuid().into(),
                    delivery.feed.into(),
                    delivery.idempotency_key.clone().into(),
                    delivery.body_digest.to_vec().into(),
                    body.into(),
                    now.0.into(),
                ],
            )
            .await?;
        if inserted == 0 {
            return Ok(None);
        }
        changes::note(tx, &[Change::Run(run, delivery.connector)], now).await?;
        Ok(Some(run))
    }

    /// Takes the oldest delivery that waits, or one whose worker fell silent. Connectors that are paused keep theirs.
    pub(crate) async fn claim_delivery(&self, now: Micros) -> anyhow::Result<Option<ClaimedDelivery>> {
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "FOR UPDATE OF r SKIP LOCKED" } else { "" };
        let sql = format!(
            "SELECT r.id, r.connector_id, r.feed, r.body, r.records_read FROM runs r JOIN connectors c ON c.id = r.connector_id \
             WHERE r.state IN ('QUEUED', 'RUNNING') AND r.body IS NOT NULL AND (r.lease_until IS NULL OR r.lease_until < $1) \
             AND c.state = 'ENABLED' ORDER BY r.id LIMIT 1 {skip}"
        );
        let Some(row) = tx.row(&sql, vec![now.0.into()]).await? else { return Ok(None) };
        let run = RunId::new(row.get("id")?);
        let lease =
            Lease { run, connector: ConnectorId::new(row.get("connector_id")?), token: self.ids.random(|token| token) };
        tx.run(
            "UPDATE runs SET state = 'RUNNING', lease = $1, lease_until = $2 WHERE id = $3",
            vec![lease.token.into(), lease_end(now).into(), run.uuid().into()],
        )
        .await?;
        lease.note(&tx, now).await?;
        tx.commit().await?;
        let body = self.vault.open_delivery(run.uuid(), &row.get::<Vec<u8>>("body")?)?;
        let done = u64::try_from(row.get::<i64>("records_read")?)?;
        Ok(Some(ClaimedDelivery { lease, feed: row.get("feed")?, body, done }))
    }

    /// Begins a run whose records the caller reads itself, from a file.
    pub(crate) async fn begin_run(
        &self,
        connector: ConnectorId,
        feed: &str,
        entry: impl FnOnce(RunId) -> Entry,
        now: Micros,
    ) -> anyhow::Result<Lease> {
        let lease = Lease { run: self.ids.draw(RunId::new), connector, token: self.ids.random(|token| token) };
        let tx = self.db.begin().await?;
        tx.run(
            "INSERT INTO runs (id, connector_id, feed, state, lease, lease_until, started_at, batches, records_read, accepted, \
             duplicates, rejected, ignored, uncovered) VALUES ($1, $2, $3, 'RUNNING', $4, $5, $6, 0, 0, 0, 0, 0, 0, 0)",
            vec![
                lease.run.uuid().into(),
                connector.uuid().into(),
                feed.into(),
                lease.token.into(),
                lease_end(now).into(),
                now.0.into(),
            ],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry(lease.run)], now).await?;
        lease.note(&tx, now).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Marks runs that read a file and whose process is gone as failed: nobody can go on with them.
    pub(crate) async fn fail_abandoned_runs(&self, now: Micros) -> anyhow::Result<u64> {
        let tx = self.db.begin().await?;
        let failed = tx
            .rows(
                "UPDATE runs SET state = 'FAILED', finished_at = $1, lease = NULL, error = $2 \
                 WHERE state = 'RUNNING' AND body IS NULL AND lease_until < $1 RETURNING id, connector_id",
                vec![
                    now.0.into(),
                    "interrupted; what was read is in. Import the file again: nothing is counted twice".into(),
                ],
            )
            .await?;
        let changed =
            |row: &Row| Ok(Change::Run(RunId::new(row.get("id")?), ConnectorId::new(row.get("connector_id")?)));
        changes::note(&tx, &failed.iter().map(changed).collect::<anyhow::Result<Vec<_>>>()?, now).await?;
        tx.commit().await?;
        Ok(failed.len() as u64)
    }

    /// Seals the content of a batch's events and lays them out as rows.
    pub(crate) fn seal_batch(&self, batch: Batch) -> anyhow::Result<SealedBatch> {
        let row = |(event, who): &(AcceptedEvent, Known)| -> anyhow::Result<EventRow> {
            let content = match event.content.is_empty() {
                true => None,
                false => Some(who.key.seal(&event.key.0, &serde_json::to_vec(&event.content)?)?),
            };
            // What does not count is no step of a sequence either.
            let counts = event.verdict.weight != Weight::None;
            let digest = |name: &Option<String>| -> Value {
                name.as_ref().filter(|_| counts).map(|name| self.vault.object(name).to_vec()).into()
            };
            Ok([
                event.key.0.to_vec().into(),
                who.subject.uuid().into(),
                event.indicator.as_str().into(),
                event.occurred_at.0.into(),
                i64::from(event.quantity).into(),
                serde_json::to_string(&event.facts)?.into(),
                content.into(),
                digest(&event.object),
                digest(&event.previous_object),
                digest(&event.site),
                i64::from(event.verdict.weight.code()).into(),
                i64::from(event.verdict.unallowed).into(),
                (!event.verdict.variants.is_empty()).then(|| event.verdict.variants.join(" ")).into(),
                who.whose().part().into(),
            ])
        };
        let rows = batch
            .events
            .chunks(limits::INSERT_ROWS)
            .map(|part| part.iter().map(row).collect::<anyhow::Result<Vec<_>>>())
            .collect::<anyhow::Result<Vec<_>>>()?;
        let told = Told::by(&batch, &self.vault);
        Ok(SealedBatch { batch, rows, told })
    }

    /// Writes a batch, all of it or nothing, with the run's progress.
    pub(crate) async fn write_batch(
        &self,
        lease: &Lease,
        mut sealed: SealedBatch,
        now: Micros,
    ) -> anyhow::Result<Counts> {
        loop {
            let tx = self.db.begin().await?;
            lock_events(&tx, "ROW EXCLUSIVE").await?;
            if people_changes(&tx).await? == sealed.batch.as_of {
                return self.write_current(tx, lease, sealed, now).await;
            }
            // Somebody was erased, merged or split while the batch waited: whoever it names is looked up again, as from the door.
            drop(tx);
            sealed = self.seal_batch(self.admit_again(sealed.batch, now).await?)?;
        }
    }

    async fn admit_again(&self, batch: Batch, now: Micros) -> anyhow::Result<Batch> {
        let Batch { events, rejects, read, ignored, uncovered, profiles, .. } = batch;
        let coverage = self.settings().await?.1.coverage;
        let events = events.into_iter().map(|(event, _)| event).collect();
        let admitted = self.admit(events, &coverage, &mut Heard::default(), now).await?;
        let mut kept = admitted.profiles;
        for (event, _) in profiles {
            // Of whoever was erased not even the department is kept; whoever was merged or split is another subject now.
            let actor: Vec<Blind> = event.actor.iter().map(|name| self.vault.blind(name)).collect();
            let known = self.acquainted(&actor).await?;
            kept.extend(actor.iter().find_map(|blind| known.get(blind)).map(|who| (event, who.clone())));
        }
        Ok(Batch {
            events: admitted.events,
            rejects,
            read,
            ignored,
            uncovered: uncovered + admitted.uncovered,
            profiles: kept,
            as_of: admitted.as_of,
        })
    }

    /// The batch's transaction, begun: it did not change whose accounts are since those whom it names were looked up, and it does
    /// not until it ends.
    async fn write_current(&self, tx: Tx, lease: &Lease, sealed: SealedBatch, now: Micros) -> anyhow::Result<Counts> {
        let SealedBatch { batch, rows, told } = sealed;
        told.lock(&tx).await?;
        let mut fresh = insert_events(&tx, (lease.connector, lease.run), rows).await?;
        let relations = told.write(&tx, lease.connector, &fresh).await?;
        let mut pending: Pending<'_> = BTreeMap::new();
        let mut records: HashMap<u32, bool> = HashMap::new();
        let mut triggers = Vec::new();
        let mut profiles: HashMap<SubjectId, (&AcceptedEvent, &Known)> = HashMap::new();
        for (event, who) in &batch.events {
            let new = fresh.remove(&event.key);
            *records.entry(event.record_index).or_default() |= new;
            if !new {
                continue;
            }
            let day = event.occurred_at.day();
            for (measure, count) in event.measures(|name| self.vault.object(name)) {
                *pending.entry((who.whose(), measure.into(), day)).or_default() += i64::from(count);
            }
            if event.trigger.is_some() {
                triggers.push((event, who));
            }
            if event.profile.is_some() {
                let latest = profiles.entry(who.part).or_insert((event, who));
                if (event.occurred_at, event.key) > (latest.0.occurred_at, latest.0.key) {
                    *latest = (event, who);
                }
            }
        }
        for (event, who) in &batch.profiles {
            let latest = profiles.entry(who.part).or_insert((event, who));
            if (event.occurred_at, event.key) > (latest.0.occurred_at, latest.0.key) {
                *latest = (event, who);
            }
        }
        insert_triggers(&tx, lease.connector, &triggers).await?;
        self.upsert_profiles(&tx, profiles.into_values()).await?;
        // Whether they are covered may have changed. In the order of their ids, as the scorer locks.
        let moved: BTreeSet<SubjectId> = batch.profiles.iter().map(|(_, who)| who.subject).collect();
        for subject in moved {
            tx.run("UPDATE subjects SET next_due = 0 WHERE id = $1", vec![subject.uuid().into()]).await?;
        }
        for derived in self.derive(&tx, relations, now).await? {
            let day = derived.at.day();
            *pending.entry((derived.whose, derived.kind.into(), day)).or_default() += derived.quantity;
        }
        self.insert_pending(&tx, &pending).await?;
        let accepted = records.values().filter(|new| **new).count() as u64;
        let counts = Counts {
            read: batch.read,
            accepted,
            duplicates: records.len() as u64 - accepted,
            rejected: batch.rejects.len() as u64,
            ignored: batch.ignored,
            uncovered: batch.uncovered,
        };
        ensure!(
            counts.read == counts.accepted + counts.duplicates + counts.rejected + counts.ignored + counts.uncovered,
            "the records of a batch do not add up"
        );
        insert_rejects(&tx, lease.run, &batch.rejects).await?;
        advance(&tx, lease, counts, now).await?;
        tx.commit().await?;
        Ok(counts)
    }

    /// Ends a run; the body of a delivery is dropped.
    pub(crate) async fn finish_run(&self, lease: &Lease, error: Option<&str>, now: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        let state = if error.is_some() { RunState::Failed } else { RunState::Succeeded };
        let ended = tx
            .run(
                "UPDATE runs SET state = $1, finished_at = $2, error = $3, body = NULL, lease = NULL, lease_until = NULL \
                 WHERE id = $4 AND lease = $5",
                vec![
                    state.as_str().into(),
                    now.0.into(),
                    error.map(str::to_owned).into(),
                    lease.run.uuid().into(),
                    lease.token.into(),
                ],
            )
            .await?;
        ensure!(ended == 1, "another worker has taken over this run");
        if error.is_none() {
            tx.run(
                "UPDATE connectors SET last_delivery_at = $1 WHERE id = $2 AND (last_delivery_at IS NULL OR last_delivery_at < $1)",
                vec![now.0.into(), lease.connector.uuid().into()],
            )
            .await?;
        }
        lease.note(&tx, now).await?;
        tx.commit().await
    }

    /// Gives a delivery back, to be tried again not before `until`.
    pub(crate) async fn release_run(&self, lease: &Lease, until: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run(
            "UPDATE runs SET lease = NULL, lease_until = $1 WHERE id = $2 AND lease = $3",
            vec![until.0.into(), lease.run.uuid().into(), lease.token.into()],
        )
        .await?;
        tx.commit().await
    }
}

/// Inserts events of a run; tells the keys that were not there yet.
pub(super) async fn insert_events(
    tx: &Tx,
    (connector, run): (ConnectorId, RunId),
    statements: Vec<Vec<EventRow>>,
) -> anyhow::Result<HashSet<EventKey>> {
    let mut fresh = HashSet::new();
    for rows in statements {
        let count = rows.len();
        let mut values: Vec<Value> = Vec::with_capacity(count * (EVENT_COLUMNS + 2));
        for row in rows {
            values.push(connector.uuid().into());
            values.push(run.uuid().into());
            values.extend(row);
        }
        let sql = format!(
            "INSERT INTO events (connector_id, run_id, event_key, subject_id, indicator, occurred_at, quantity, facts, content, \
             object, previous_object, site, weight, unallowed, variants, part) VALUES {} ON CONFLICT (connector_id, event_key) DO NOTHING RETURNING event_key",
            tuples(tx, EVENT_COLUMNS + 2, count)
        );
        for row in tx.rows(&sql, values).await? {
            let key: Vec<u8> = row.get("event_key")?;
            fresh.insert(EventKey(key.try_into().map_err(|_| anyhow::anyhow!("an event key of another length"))?));
        }
    }
    Ok(fresh)
}

fn same_body(row: &Row, digest: &[u8; 32]) -> anyhow::Result<Queued> {
    let same = row.get::<Option<Vec<u8>>>("body_digest")?.is_some_and(|have| have == digest);
    Ok(if same { Queued::Repeated(RunId::new(row.get("id")?)) } else { Queued::KeyReused })
}

fn lease_end(now: Micros) -> i64 {
    now.0 + limits::RUN_LEASE_SECONDS * SECOND
}

/// The run's counts go forward only while its lease is ours: a worker that was taken for dead writes nothing.
async fn advance(tx: &Tx, lease: &Lease, counts: Counts, now: Micros) -> anyhow::Result<()> {
    let number = |count: u64| anyhow::Ok(Value::from(i64::try_from(count)?));
    let moved = tx
        .run(
            "UPDATE runs SET batches = batches + 1, records_read = records_read + $1, accepted = accepted + $2, \
             duplicates = duplicates + $3, rejected = rejected + $4, ignored = ignored + $5, uncovered = uncovered + $6, lease_until = $7 \
             WHERE id = $8 AND lease = $9",
            vec![
                number(counts.read)?,
                number(counts.accepted)?,
                number(counts.duplicates)?,
                number(counts.rejected)?,
                number(counts.ignored)?,
                number(counts.uncovered)?,
                lease_end(now).into(),
                lease.run.uuid().into(),
                lease.token.into(),
            ],
        )
        .await?;
    ensure!(moved == 1, "another worker has taken over this run");
    lease.note(tx, now).await
}

async fn insert_triggers(tx: &Tx, connector: ConnectorId, triggers: &[(&AcceptedEvent, &Known)]) -> anyhow::Result<()> {
    for rows in triggers.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 7);
        for (event, who) in rows {
            let trigger = event.trigger.as_ref().context("a trigger without its time")?;
            values.push(connector.uuid().into());
            values.push(event.key.0.to_vec().into());
            values.push(who.subject.uuid().into());
            values.push(trigger.indicator.as_str().into());
            values.push(trigger.at.0.into());
            values.push(trigger.until.map(|until| until.0).into());
            values.push(who.whose().part().into());
        }
        // A cause may outlive its event (`store::retention`), which then comes in again as a new one.
        let sql = format!(
            "INSERT INTO triggers (connector_id, event_key, subject_id, indicator, occurred_at, lasts_until, part) VALUES {} \
             ON CONFLICT (connector_id, event_key) DO NOTHING",
            tuples(tx, 7, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

impl Store {
    /// Each part's rows are a batch of their own, so that the key of a row stays one when they are a subject's together.
    async fn insert_pending(&self, tx: &Tx, pending: &Pending<'_>) -> anyhow::Result<()> {
        let mut batches: HashMap<Option<Uuid>, Uuid> = HashMap::new();
        for rows in pending.iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 6);
            for ((whose, indicator, day), count) in rows {
                values.push(whose.subject.uuid().into());
                values.push((*batches.entry(whose.part()).or_insert_with(|| self.ids.draw(|batch| batch))).into());
                values.push(i64::from(day.0).into());
                values.push(indicator.as_ref().into());
                values.push((**count).into());
                values.push(whose.part().into());
            }
            let sql = format!(
                "INSERT INTO pending (subject_id, batch, day, indicator, count, part) VALUES {}",
                tuples(tx, 6, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        Ok(())
    }
}

/// Counts that wait to be scored: of which part of which subject, of which measure and day.
type Pending<'a> = BTreeMap<(Whose, Cow<'a, str>, Day), i64>;

async fn insert_rejects(tx: &Tx, run: RunId, rejects: &[(u64, RejectReason, String)]) -> anyhow::Result<()> {
    if rejects.is_empty() {
        return Ok(());
    }
    let kept = tx
        .row("SELECT count(*) AS kept FROM rejects WHERE run_id = $1", vec![run.uuid().into()])
        .await?
        .context("no count")?
        .get::<i64>("kept")?;
    let room = limits::REJECTS_PER_RUN.saturating_sub(usize::try_from(kept)?);
    for rows in rejects[..rejects.len().min(room)].chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
        for (position, reason, detail) in rows {
            values.push(run.uuid().into());
            values.push(i64::try_from(*position)?.into());
            values.push(reason.code().into());
            values.push(detail.as_str().into());
        }
        let sql = format!(
            "INSERT INTO rejects (run_id, position, reason, detail) VALUES {} ON CONFLICT (run_id, position) DO NOTHING",
            tuples(tx, 4, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}
