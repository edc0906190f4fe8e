//! Whose record was opened: every access is compared with every home that HR ever told, by keyed digests, whichever of the two
//! came first. What they have in common becomes an event of its own beside the access.
//! Never: a match that depends on the order of deliveries; a patient's name, or whom a match was found with.

use super::{
    Store,
    coverage::covered,
    db::{Row, Sql as _, Tx, marks, tuples},
    intake::{Batch, EventRow, insert_events},
    people::{Known, Whose},
    settings::current,
    vault::Vault,
};
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use vizard_core::{
    event::{
        EventKey,
        patient::{self, Marks},
    },
    ids::{ConnectorId, RunId, SubjectId},
    limits,
    time::Micros,
};

/// The lock between deliveries of accesses, which share it, and of homes that are new, which are alone: of two that do not see
/// each other's rows yet, one waits. PostgreSQL only; SQLite has one writer.
const LOCK: i64 = 0x5649_5A41_5244_0018;

/// What a batch tells of patients and of homes.
pub(super) struct Told {
    /// Accesses, by their keys, with who opened the record and when.
    records: Vec<(EventKey, Whose, Micros, Marks)>,
    /// Homes of employees, each version once; also of profiles that were told before: marks go when the coverage ends.
    homes: BTreeMap<(SubjectId, [u8; 16]), (Whose, Marks)>,
    /// People of whom nothing but the department is kept any more.
    bare: BTreeSet<SubjectId>,
}

/// What was found: the access, by connector and key, and what the patient is to whoever opened the record.
pub(super) type Relations = BTreeSet<(ConnectorId, EventKey, &'static str)>;

/// An event that was derived, and is new.
pub(super) struct Derived {
    key: EventKey,
    pub(super) whose: Whose,
    pub(super) kind: &'static str,
    pub(super) at: Micros,
    pub(super) quantity: i64,
}

impl Told {
    pub(super) fn by(batch: &Batch, vault: &Vault) -> Self {
        let mut told = Self { records: Vec::new(), homes: BTreeMap::new(), bare: BTreeSet::new() };
        for (event, who) in batch.events.iter().chain(&batch.profiles) {
            let digest = |texts: &[&str]| vault.traits_mark(texts);
            match (&event.traits, &event.profile) {
                (Some(traits), Some(_)) => {
                    let home = (who.whose(), traits.marks(digest));
                    told.homes.insert((who.subject, traits.version(digest)), home);
                }
                (Some(traits), None) => {
                    told.records.push((event.key, who.whose(), event.occurred_at, traits.marks(digest)));
                }
                // As `store::coverage` leaves a profile of somebody who is not covered.
                (None, Some(profile)) if profile.display_name.is_none() && profile.more.is_empty() => {
                    told.bare.insert(who.subject);
                }
                (None, _) => {}
            }
        }
        told
    }

    /// Takes the lock that the batch needs: before anything is written, so that nobody waits here who holds a row.
    pub(super) async fn lock(&self, tx: &Tx) -> anyhow::Result<()> {
        let how = match (self.has_news(tx).await? || !self.bare.is_empty(), self.records.is_empty()) {
            (true, _) => "pg_advisory_xact_lock",
            (false, false) => "pg_advisory_xact_lock_shared",
            (false, true) => return Ok(()),
        };
        if tx.is_postgres() {
            // Its answer is of a type that is none.
            tx.row(&format!("SELECT 1 AS one FROM (SELECT {how}({LOCK})) AS held"), vec![]).await?;
        }
        Ok(())
    }

    /// Whether it tells of a home that nobody has told before.
    async fn has_news(&self, tx: &Tx) -> anyhow::Result<bool> {
        let people: BTreeSet<SubjectId> = self.homes.keys().map(|(who, _)| *who).collect();
        let mut known = BTreeSet::new();
        for part in people.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
            let sql =
                format!("SELECT subject_id, version FROM profile_marks WHERE subject_id IN ({})", marks(0, part.len()));
            for row in tx.rows(&sql, part.iter().map(|who| who.uuid().into()).collect()).await? {
                known.insert((SubjectId::new(row.get("subject_id")?), row.get::<Vec<u8>>("version")?));
            }
        }
        Ok(self.homes.keys().any(|(who, version)| !known.contains(&(*who, version.to_vec()))))
    }

    /// Keeps the marks of accesses that are new and of homes, and tells what they have in common with all that were kept.
    pub(super) async fn write(
        mut self,
        tx: &Tx,
        connector: ConnectorId,
        fresh: &HashSet<EventKey>,
    ) -> anyhow::Result<Relations> {
        self.records.retain(|(key, ..)| fresh.contains(key));
        self.insert_records(tx, connector).await?;
        let moved = self.insert_homes(tx).await?;
        for part in self.bare.iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
            let sql = format!("DELETE FROM profile_marks WHERE subject_id IN ({})", marks(0, part.len()));
            tx.run(&sql, part.iter().map(|who| who.uuid().into()).collect()).await?;
        }
        let mut found = Relations::new();
        self.of_new_records(tx, connector, &mut found).await?;
        of_new_homes(tx, moved, &mut found).await?;
        Ok(found)
    }

    async fn insert_records(&self, tx: &Tx, connector: ConnectorId) -> anyhow::Result<()> {
        for rows in self.records.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 9);
            for (key, whose, at, of) in rows {
                values.extend([connector.uuid().into(), key.0.to_vec().into()]);
                values.extend([whose.subject.uuid().into(), at.0.into()]);
                values.extend(columns(of));
                values.push(whose.part().into());
            }
            // Marks go with their event; whatever a fault left behind is of the same record.
            let sql = format!(
                "INSERT INTO record_marks (connector_id, event_key, subject_id, occurred_at, area, family, street, person, part) \
                 VALUES {} ON CONFLICT (connector_id, event_key) DO NOTHING",
                tuples(tx, 9, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        Ok(())
    }

    /// Tells whose homes are new.
    async fn insert_homes(&self, tx: &Tx) -> anyhow::Result<BTreeSet<Uuid>> {
        let mut moved = BTreeSet::new();
        for rows in self.homes.iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 7);
            for ((who, version), (whose, of)) in rows {
                values.extend([who.uuid().into(), version.to_vec().into()]);
                values.extend(columns(of));
                values.push(whose.part().into());
            }
            let sql = format!(
                "INSERT INTO profile_marks (subject_id, version, area, family, street, person, part) VALUES {} \
                 ON CONFLICT (subject_id, version) DO NOTHING RETURNING subject_id",
                tuples(tx, 7, rows.len())
            );
            for row in tx.rows(&sql, values).await? {
                moved.insert(row.get("subject_id")?);
            }
        }
        Ok(moved)
    }

    /// New accesses against all homes: those of who opened the record, and those of people called like the patient.
    async fn of_new_records(&self, tx: &Tx, connector: ConnectorId, found: &mut Relations) -> anyhow::Result<()> {
        let actors: BTreeSet<Uuid> = self.records.iter().map(|(_, whose, ..)| whose.subject.uuid()).collect();
        let people: BTreeSet<[u8; 16]> = self.records.iter().filter_map(|(.., of)| of.person).collect();
        let by_actor = homes_of(tx, "subject_id", actors.into_iter().map(Value::from).collect()).await?;
        let own: HashMap<Uuid, Vec<Marks>> = group(by_actor, |(who, of)| (*who, *of));
        let by_person = homes_of(tx, "person", people.into_iter().map(|of| of.to_vec().into()).collect()).await?;
        let called: HashMap<Option<[u8; 16]>, Vec<(Uuid, Marks)>> = group(by_person, |home| (home.1.person, *home));
        for (key, whose, _, patient) in &self.records {
            let who = whose.subject.uuid();
            let own = own.get(&who).into_iter().flatten().map(|home| (home, true));
            let others = called.get(&patient.person).into_iter().flatten();
            let others = others.filter(|(other, _)| *other != who).map(|(_, home)| (home, false));
            let kinds = own.chain(others).filter_map(|(home, own)| patient::relation(patient, home, own));
            found.extend(kinds.map(|kind| (connector, *key, kind)));
        }
        Ok(())
    }
}

/// Homes of whoever has a new one against all accesses that are kept: those by who lives there, and those of patients called
/// like them. The statements find whatever may be something, the rules decide.
async fn of_new_homes(tx: &Tx, moved: BTreeSet<Uuid>, found: &mut Relations) -> anyhow::Result<()> {
    for people in moved.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
        let within = marks(0, people.len());
        for (own, join) in [
            (true, "r.subject_id = h.subject_id AND r.area = h.area AND (r.family = h.family OR r.street = h.street)"),
            (false, "r.person = h.person AND r.subject_id <> h.subject_id"),
        ] {
            // SQLite takes the tables of a cross join in their order: from the few homes to the many accesses.
            let sql = format!(
                "SELECT r.connector_id, r.event_key, r.area, r.family, r.street, r.person, h.area AS home_area, \
                 h.family AS home_family, h.street AS home_street, h.person AS home_person \
                 FROM profile_marks h CROSS JOIN record_marks r WHERE h.subject_id IN ({within}) AND {join}"
            );
            for row in tx.rows(&sql, people.iter().map(|who| (*who).into()).collect()).await? {
                if let Some(kind) = patient::relation(&read(&row, "")?, &read(&row, "home_")?, own) {
                    found.insert((ConnectorId::new(row.get("connector_id")?), key(&row)?, kind));
                }
            }
        }
    }
    Ok(())
}

impl Store {
    /// Adds the events that follow from what was found, each beside its access: of its time, facts and content, and causes of
    /// scoring. Tells those that are new. Nothing is added of somebody who is not covered any more.
    pub(super) async fn derive(&self, tx: &Tx, found: Relations, now: Micros) -> anyhow::Result<Vec<Derived>> {
        let mut derived = Vec::new();
        let found: Vec<_> = found.into_iter().collect();
        for of_one in found.chunk_by(|one, next| one.0 == next.0) {
            for part in of_one.chunks(limits::INSERT_ROWS) {
                let connector = part[0].0;
                let accesses = self.accesses(tx, connector, part, now).await?;
                let mut by_run: BTreeMap<RunId, Vec<EventRow>> = BTreeMap::new();
                let mut kinds: HashMap<EventKey, Derived> = HashMap::new();
                for (_, access, kind) in part {
                    let Some(from) = accesses.get(access) else { continue };
                    let key = patient::derived_key(*access, kind);
                    by_run.entry(from.run).or_default().push(from.derived(key, kind)?);
                    let whose = from.who.whose();
                    kinds.insert(key, Derived { key, whose, kind, at: from.at, quantity: from.quantity });
                }
                let before = derived.len();
                for (run, rows) in by_run {
                    let fresh = insert_events(tx, (connector, run), vec![rows]).await?;
                    derived.extend(fresh.iter().filter_map(|key| kinds.remove(key)));
                }
                insert_causes(tx, connector, &derived[before..]).await?;
            }
        }
        Ok(derived)
    }

    /// The accesses themselves, those of people who are covered.
    async fn accesses(
        &self,
        tx: &Tx,
        connector: ConnectorId,
        of: &[(ConnectorId, EventKey, &'static str)],
        now: Micros,
    ) -> anyhow::Result<HashMap<EventKey, Access>> {
        let sql = format!(
            "SELECT e.event_key, e.run_id, e.subject_id, s.id AS part, e.occurred_at, e.quantity, e.facts, e.content, s.key \
             FROM events e JOIN subjects s ON s.id = COALESCE(e.part, e.subject_id) WHERE e.connector_id = $1 AND s.erased_at IS NULL AND e.event_key IN ({})",
            marks(1, of.len())
        );
        let keys = of.iter().map(|(_, key, _)| key.0.to_vec().into());
        let rows = tx.rows(&sql, [connector.uuid().into()].into_iter().chain(keys).collect()).await?;
        let mut found: HashMap<EventKey, Access> = HashMap::new();
        for row in rows {
            let (subject, part) = (SubjectId::new(row.get("subject_id")?), SubjectId::new(row.get("part")?));
            let access = key(&row)?;
            let content = row.get::<Option<Vec<u8>>>("content")?;
            let own = self.vault.unwrap(part, &row.get::<Vec<u8>>("key")?)?;
            let content = content.map(|sealed| own.open(&access.0, &sealed)).transpose()?;
            let quantity = row.get("quantity")?;
            let (run, at) = (RunId::new(row.get("run_id")?), Micros(row.get("occurred_at")?));
            found.insert(
                access,
                Access { run, who: Known { subject, part, key: own }, at, quantity, facts: row.get("facts")?, content },
            );
        }
        let coverage = current(tx).await?.1.coverage;
        if coverage.is_restricted() {
            let who: BTreeSet<Uuid> = found.values().map(|access| access.who.subject.uuid()).collect();
            let covered = covered(tx, &coverage, &who.into_iter().collect::<Vec<_>>()).await?;
            found.retain(|_, access| covered.get(&access.who.subject).is_some_and(|covered| covered.at(now)));
        }
        Ok(found)
    }
}

/// An access as it is stored, its content open: a record's number, a workstation, never a patient's name.
struct Access {
    run: RunId,
    who: Known,
    at: Micros,
    quantity: i64,
    facts: String,
    content: Option<Vec<u8>>,
}

impl Access {
    /// Only what counts fully was compared: no exclusion, no domain and no variant is about it.
    fn derived(&self, key: EventKey, kind: &str) -> anyhow::Result<EventRow> {
        let content = self.content.as_ref().map(|plain| self.who.key.seal(&key.0, plain)).transpose()?;
        let nothing = || Value::from(None::<Vec<u8>>);
        Ok([
            key.0.to_vec().into(),
            self.who.subject.uuid().into(),
            kind.into(),
            self.at.0.into(),
            self.quantity.into(),
            self.facts.as_str().into(),
            content.into(),
            nothing(),
            nothing(),
            nothing(),
            0i64.into(),
            0i64.into(),
            Value::from(None::<String>),
            self.who.whose().part().into(),
        ])
    }
}

/// Each of the three kinds starts scoring.
async fn insert_causes(tx: &Tx, connector: ConnectorId, derived: &[Derived]) -> anyhow::Result<()> {
    if derived.is_empty() {
        return Ok(());
    }
    let mut values: Vec<Value> = Vec::with_capacity(derived.len() * 6);
    for of in derived {
        values.extend([connector.uuid().into(), of.key.0.to_vec().into(), of.whose.subject.uuid().into()]);
        values.extend([of.kind.into(), of.at.0.into(), of.whose.part().into()]);
    }
    let sql = format!(
        "INSERT INTO triggers (connector_id, event_key, subject_id, indicator, occurred_at, part) VALUES {} \
         ON CONFLICT (connector_id, event_key) DO NOTHING",
        tuples(tx, 6, derived.len())
    );
    tx.run(&sql, values).await?;
    Ok(())
}

/// The homes with one of these values in the column, with who lives there.
async fn homes_of(tx: &Tx, column: &str, values: Vec<Value>) -> anyhow::Result<Vec<(Uuid, Marks)>> {
    let mut found = Vec::new();
    for part in values.chunks(limits::INSERT_ROWS) {
        let sql = format!(
            "SELECT subject_id, area, family, street, person FROM profile_marks WHERE {column} IN ({})",
            marks(0, part.len())
        );
        for row in tx.rows(&sql, part.to_vec()).await? {
            found.push((row.get("subject_id")?, read(&row, "")?));
        }
    }
    Ok(found)
}

fn group<T, K: std::hash::Hash + Eq, V>(of: Vec<T>, by: impl Fn(&T) -> (K, V)) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for one in of {
        let (key, value) = by(&one);
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// Area, family, street and person.
fn columns(of: &Marks) -> [Value; 4] {
    let some = |mark: Option<[u8; 16]>| Value::from(mark.map(|mark| mark.to_vec()));
    [of.area.to_vec().into(), of.family.to_vec().into(), some(of.street), some(of.person)]
}

fn read(row: &Row, prefix: &str) -> anyhow::Result<Marks> {
    let mark = |name: &str| -> anyhow::Result<Option<[u8; 16]>> {
        let bytes: Option<Vec<u8>> = row.get(&format!("{prefix}{name}"))?;
        bytes.map(|bytes| bytes.try_into().ok().context("a mark of another length")).transpose()
    };
    let need = |name: &str| mark(name)?.context("a mark is missing");
    Ok(Marks { area: need("area")?, family: need("family")?, street: mark("street")?, person: mark("person")? })
}

fn key(row: &Row) -> anyhow::Result<EventKey> {
    let key: Vec<u8> = row.get("event_key")?;
    Ok(EventKey(key.try_into().ok().context("an event key of another length")?))
}
