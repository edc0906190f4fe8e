//! Who is who: from the identifiers in a record to a subject, over the blind index.
//! Never: keeps an identifier in the open, in memory or in the database.

use super::{
    Store,
    db::{Sql, Tx, marks, tuples},
    retention::lock_events,
    vault::{SubjectKey, Vault},
};
use anyhow::Context as _;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;
use vizard_core::{
    event::NormalisedIdentifier,
    ids::SubjectId,
    limits,
    subject::{Pseudonym, naming},
    time::Micros,
};

/// A person as the store knows them by one of their accounts.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) subject: SubjectId,
    /// Whose account it was before subjects were merged; the subject itself where none was.
    pub(crate) part: SubjectId,
    /// The part's: what is told under this account is sealed with it.
    pub(crate) key: SubjectKey,
}

/// Whom a row is about: the subject, and the part of it that it came with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Whose {
    pub(super) subject: SubjectId,
    pub(super) part: SubjectId,
}

impl Known {
    pub(super) fn whose(&self) -> Whose {
        Whose { subject: self.subject, part: self.part }
    }
}

impl Whose {
    /// The part, where it is another than the subject itself: the column `part`.
    pub(super) fn part(self) -> Option<Uuid> {
        (self.part != self.subject).then(|| self.part.uuid())
    }
}

/// How often it changed whose an account is: people were erased, merged or split. Whoever wrote down whom an identifier
/// belongs to before the last change asks again.
pub(super) async fn people_changes(sql: &impl Sql) -> anyhow::Result<i64> {
    match sql.row("SELECT value FROM meta WHERE name = 'people_changes'", vec![]).await? {
        Some(row) => Ok(row.get::<String>("value")?.parse()?),
        None => Ok(0),
    }
}

/// Counts one more such change, in its transaction.
pub(super) async fn count_people_change(tx: &Tx) -> anyhow::Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ('people_changes', '1') ON CONFLICT (name) DO UPDATE SET value = \
               CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
    tx.run(sql, vec![]).await.map(drop)
}

pub(super) type Blind = [u8; 16];

/// People seen lately, as of a number of changes of whose accounts are (`people_changes`): an entry never becomes wrong before
/// the next one, on whatever replica that is.
#[derive(Default)]
pub(super) struct Acquaintances(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    as_of: i64,
    known: HashMap<Blind, Known>,
    /// Pairs that were named together, and are written down.
    together: BTreeSet<(SubjectId, SubjectId)>,
}

impl Acquaintances {
    fn find(&self, as_of: i64, blinds: &[Blind]) -> HashMap<Blind, Known> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_of < as_of {
            seen.known.clear();
            seen.together.clear();
            seen.as_of = as_of;
        }
        if seen.as_of > as_of {
            return HashMap::new();
        }
        blinds.iter().filter_map(|blind| seen.known.get(blind).map(|who| (*blind, who.clone()))).collect()
    }

    /// Whoever was loaded before a change may be the one whom it was about, and is not remembered.
    fn add(&self, as_of: i64, more: &HashMap<Blind, Known>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_of != as_of {
            return;
        }
        if seen.known.len() + more.len() > limits::RESOLVER_ENTRIES {
            seen.known.clear();
        }
        seen.known.extend(more.iter().map(|(blind, who)| (*blind, who.clone())));
    }

    /// Those of the pairs that were not written down yet; they are taken for it now.
    fn not_yet_together(&self, pairs: BTreeSet<(SubjectId, SubjectId)>) -> BTreeSet<(SubjectId, SubjectId)> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.together.len() > limits::MERGE_SUGGESTIONS {
            seen.together.clear();
        }
        pairs.into_iter().filter(|pair| seen.together.insert(*pair)).collect()
    }
}

impl Store {
    /// The subject behind each list of identifiers, in the same order; unknown people get a subject and a pseudonym.
    /// A list that names several known subjects belongs to the first named, and somebody is asked whether they are one person
    /// (`store::suggestions`). Commits by itself, before the events do:
    /// a subject without events is harmless, and the transaction of the events stays short.
    pub(crate) async fn resolve(&self, actors: &[&[NormalisedIdentifier]], now: Micros) -> anyhow::Result<Vec<Known>> {
        let blinds: Vec<Vec<Blind>> =
            actors.iter().map(|actor| actor.iter().map(|name| self.vault.blind(name)).collect()).collect();
        let mut all: Vec<Blind> = blinds.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let known = loop {
            let as_of = people_changes(&self.db).await?;
            let mut known = self.people.find(as_of, &all);
            let mut missing: Vec<Blind> = all.iter().filter(|blind| !known.contains_key(*blind)).copied().collect();
            if missing.is_empty() {
                break known;
            }
            let found = load(&self.db, &self.vault, &missing).await?;
            missing.retain(|blind| !found.contains_key(blind));
            known.extend(found);
            if !missing.is_empty() {
                let names: HashMap<Blind, &NormalisedIdentifier> = actors
                    .iter()
                    .zip(&blinds)
                    .flat_map(|(actor, blinds)| blinds.iter().copied().zip(actor.iter()))
                    .collect();
                if !self.introduce(&blinds, &names, &mut known, (as_of, now)).await? {
                    continue;
                }
            }
            self.people.add(as_of, &known);
            break known;
        };
        let mut together = BTreeSet::new();
        for blinds in blinds.iter().filter(|blinds| blinds.len() > 1) {
            let subjects: BTreeSet<SubjectId> =
                blinds.iter().filter_map(|blind| known.get(blind)).map(|who| who.subject).collect();
            if let Some(first) = subjects.first() {
                together.extend(subjects.iter().skip(1).map(|other| (*first, *other)));
            }
        }
        if !together.is_empty() {
            let new = self.people.not_yet_together(together);
            if !new.is_empty() {
                self.suggest_named_together(new, now).await?;
            }
        }
        blinds
            .iter()
            .map(|blinds| known.get(blinds.first()?).cloned())
            .collect::<Option<_>>()
            .context("an event without an actor")
    }

    /// Whoever is known behind these digests; nobody is introduced.
    pub(super) async fn acquainted(&self, blinds: &[Blind]) -> anyhow::Result<HashMap<Blind, Known>> {
        let as_of = people_changes(&self.db).await?;
        let mut known = self.people.find(as_of, blinds);
        let missing: Vec<Blind> = blinds.iter().filter(|blind| !known.contains_key(*blind)).copied().collect();
        if !missing.is_empty() {
            let found = load(&self.db, &self.vault, &missing).await?;
            self.people.add(as_of, &found);
            known.extend(found);
        }
        Ok(known)
    }

    /// Gives every unknown identifier to the subject it occurs with, or to a new one; false where it changed whose accounts are
    /// since the known ones were looked up.
    async fn introduce(
        &self,
        actors: &[Vec<Blind>],
        names: &HashMap<Blind, &NormalisedIdentifier>,
        known: &mut HashMap<Blind, Known>,
        (as_of, now): (i64, Micros),
    ) -> anyhow::Result<bool> {
        let mut fresh: BTreeMap<Blind, Known> = BTreeMap::new();
        let mut subjects: Vec<(SubjectId, Vec<u8>)> = Vec::new();
        for blinds in actors {
            let who = blinds.iter().find_map(|blind| known.get(blind).or_else(|| fresh.get(blind))).cloned();
            let who = match who {
                Some(who) => who,
                None => {
                    let subject = self.ids.random(SubjectId::new);
                    let (key, wrapped) = self.vault.new_subject_key(subject)?;
                    subjects.push((subject, wrapped));
                    Known { subject, part: subject, key }
                }
            };
            for blind in blinds {
                if !known.contains_key(blind) {
                    fresh.entry(*blind).or_insert_with(|| who.clone());
                }
            }
        }
        let tx = self.db.begin().await?;
        lock_events(&tx, "ROW EXCLUSIVE").await?;
        if people_changes(&tx).await? != as_of {
            return Ok(false);
        }
        self.insert_subjects(&tx, &subjects, now).await?;
        // In the order of the blind index, so that two deliveries that introduce the same people cannot wait for each
        // other in a circle.
        let mut won = HashSet::new();
        for rows in fresh.iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
            let mut values = Vec::with_capacity(rows.len() * 4);
            for (blind, who) in rows {
                let name = names.get(*blind).context("an identifier without a name")?;
                let plain = serde_json::to_vec(&(&name.namespace, &name.value))?;
                values.push(blind.to_vec().into());
                values.push(who.subject.uuid().into());
                values.push(who.key.seal(*blind, &plain)?.into());
                values.push(who.whose().part().into());
            }
            let sql = format!(
                "INSERT INTO identifiers (blind, subject_id, sealed, part) VALUES {} ON CONFLICT (blind) DO NOTHING RETURNING blind",
                tuples(&tx, 4, rows.len())
            );
            for row in tx.rows(&sql, values).await? {
                won.insert(row.get::<Vec<u8>>("blind")?);
            }
        }
        let lost: Vec<Blind> = fresh.keys().filter(|blind| !won.contains(blind.as_slice())).copied().collect();
        if !lost.is_empty() {
            // Somebody else introduced them meanwhile: take theirs, and drop subjects that nothing points to.
            for (blind, who) in load(&tx, &self.vault, &lost).await? {
                fresh.insert(blind, who);
            }
            let used: HashSet<SubjectId> = fresh.values().map(|who| who.subject).collect();
            for (subject, _) in subjects.iter().filter(|(subject, _)| !used.contains(subject)) {
                tx.run("DELETE FROM subjects WHERE id = $1", vec![subject.uuid().into()]).await?;
            }
        }
        let marks = fresh.iter().filter(|(blind, _)| won.contains(blind.as_slice())).filter_map(|(blind, who)| {
            let pieces = naming::of_account(&names.get(blind)?.value);
            Some(pieces.into_iter().map(|piece| (who.part, piece)))
        });
        self.mark_names(&tx, marks.flatten().collect()).await?;
        tx.commit().await?;
        known.extend(fresh);
        Ok(true)
    }

    /// Remembers pieces of names as keyed digests, with the part that they came with, so that a text of staff that holds one is noticed.
    pub(super) async fn mark_names(&self, tx: &Tx, pieces: BTreeSet<(SubjectId, String)>) -> anyhow::Result<()> {
        let mut marks: Vec<(Blind, SubjectId)> =
            pieces.into_iter().map(|(subject, piece)| (self.vault.name_mark(&piece), subject)).collect();
        // In one order, so that two deliveries that know the same people do not wait for each other in a circle.
        marks.sort_unstable();
        for rows in marks.chunks(limits::INSERT_ROWS) {
            let values =
                rows.iter().flat_map(|(mark, subject)| [mark.to_vec().into(), subject.uuid().into()]).collect();
            let sql = format!(
                "INSERT INTO name_marks (mark, subject_id) VALUES {} ON CONFLICT (mark, subject_id) DO NOTHING",
                tuples(tx, 2, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        Ok(())
    }

    /// Whether a text names somebody who is known here. Not whom: it could be asked about anybody.
    pub(crate) async fn names_somebody(&self, text: &str) -> anyhow::Result<bool> {
        let marks_of: Vec<Blind> = naming::of_text(text).iter().map(|piece| self.vault.name_mark(piece)).collect();
        for part in marks_of.chunks(limits::INSERT_ROWS) {
            let sql = format!("SELECT 1 AS one FROM name_marks WHERE mark IN ({}) LIMIT 1", marks(0, part.len()));
            if self.db.row(&sql, part.iter().map(|mark| mark.to_vec().into()).collect()).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Inserts new subjects, each with a pseudonym that nobody has.
    pub(super) async fn insert_subjects(
        &self,
        tx: &Tx,
        subjects: &[(SubjectId, Vec<u8>)],
        now: Micros,
    ) -> anyhow::Result<()> {
        let mut left: Vec<&(SubjectId, Vec<u8>)> = subjects.iter().collect();
        while !left.is_empty() {
            let mut inserted = HashSet::new();
            for rows in left.chunks(limits::INSERT_ROWS) {
                let mut values = Vec::with_capacity(rows.len() * 7);
                for (subject, wrapped) in rows {
                    values.push(subject.uuid().into());
                    values.push(subject.uuid().into());
                    values.push(Pseudonym::from_random(self.ids.random_u64()).to_string().into());
                    values.push(wrapped.clone().into());
                    values.push(now.0.into());
                    values.push(0.0.into());
                    values.push("NONE".into());
                }
                let sql = format!(
                    "INSERT INTO subjects (id, label, pseudonym, key, created_at, risk_score, risk_level) VALUES {} \
                     ON CONFLICT (pseudonym) DO NOTHING RETURNING id",
                    tuples(tx, 7, rows.len())
                );
                for row in tx.rows(&sql, values).await? {
                    inserted.insert(SubjectId::new(row.get::<Uuid>("id")?));
                }
            }
            left.retain(|(subject, _)| !inserted.contains(subject));
        }
        Ok(())
    }

    /// The subjects behind identifiers that a viewer typed, in the same order; nothing for unknown ones.
    pub(crate) async fn find_subjects(&self, names: &[NormalisedIdentifier]) -> anyhow::Result<Vec<Option<SubjectId>>> {
        let blinds: Vec<Blind> = names.iter().map(|name| self.vault.blind(name)).collect();
        let found = load(&self.db, &self.vault, &blinds).await?;
        Ok(blinds.iter().map(|blind| found.get(blind).map(|who| who.subject)).collect())
    }
}

async fn load(sql: &impl Sql, vault: &Vault, blinds: &[Blind]) -> anyhow::Result<HashMap<Blind, Known>> {
    let mut found = HashMap::with_capacity(blinds.len());
    for part in blinds.chunks(limits::INSERT_ROWS) {
        let text = format!(
            "SELECT i.blind, i.subject_id, s.id AS part, s.key FROM identifiers i \
             JOIN subjects s ON s.id = COALESCE(i.part, i.subject_id) WHERE i.blind IN ({})",
            marks(0, part.len())
        );
        for row in sql.rows(&text, part.iter().map(|blind| blind.to_vec().into()).collect()).await? {
            let blind: Vec<u8> = row.get("blind")?;
            let blind: Blind = blind.try_into().map_err(|_| anyhow::anyhow!("a blind index of another length"))?;
            let part = SubjectId::new(row.get("part")?);
            let key = vault.unwrap(part, &row.get::<Vec<u8>>("key")?)?;
            found.insert(blind, Known { subject: SubjectId::new(row.get("subject_id")?), part, key });
        }
    }
    Ok(found)
}
