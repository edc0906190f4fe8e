//! Who is covered (domain, section 14): asked before anything of a person is stored, and whenever one is scored.
//! Never: introduces somebody who is not covered.

use super::{
    Store,
    db::{Sql, marks},
    groups::groups_of,
    people::{Blind, Known, people_changes},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;
use vizard_core::{
    event::{AcceptedEvent, EventKey, NormalisedIdentifier, Profile},
    ids::{PriorityGroupId, SubjectId},
    limits,
    settings::coverage::{AccountDigest, Coverage, Covered, Person},
    time::Micros,
};

/// A department and which profile says so: the latest holds.
#[derive(Clone, Default)]
struct Told {
    at: Option<(Micros, EventKey)>,
    department: Option<String>,
}

impl Told {
    fn by(event: &AcceptedEvent) -> Option<Self> {
        let profile = event.profile.as_ref()?;
        Some(Self { at: Some((event.occurred_at, event.key)), department: profile.department.clone() })
    }

    fn hear(&mut self, other: &Self) {
        if other.at > self.at {
            self.clone_from(other);
        }
    }
}

/// What a run has heard of known people's departments, in batches that may not be written yet.
#[derive(Default)]
pub(crate) struct Heard(HashMap<SubjectId, Told>);

impl Heard {
    fn hear(&mut self, who: SubjectId, told: &Told) {
        if self.0.len() > limits::RESOLVER_ENTRIES {
            self.0.clear();
        }
        self.0.entry(who).or_default().hear(told);
    }
}

/// The part of a batch that may be stored.
pub(crate) struct Admitted {
    /// Events of people who are covered.
    pub(crate) events: Vec<(AcceptedEvent, Known)>,
    /// Profiles to keep beside those of new events: of known people who are not covered nothing but the department, and of
    /// whoever comes back into a department, since an undated row that was there before is no new event.
    pub(crate) profiles: Vec<(AcceptedEvent, Known)>,
    /// Records of which nothing is kept.
    pub(crate) uncovered: u64,
    /// How often it had changed whose accounts are before anybody was looked up.
    pub(crate) as_of: i64,
}

/// What is stored of a subject, as far as coverage goes by it.
#[derive(Default)]
struct Facts {
    /// As it is stored.
    department: Option<String>,
    /// With what the run has heard since.
    told: Told,
    groups: Vec<PriorityGroupId>,
    accounts: Vec<AccountDigest>,
}

impl Store {
    /// The digest by which an account is listed.
    pub(crate) fn account_digest(&self, name: &NormalisedIdentifier) -> AccountDigest {
        AccountDigest(self.vault.blind(name))
    }

    /// Takes out of a batch what is not covered, before anybody in it is introduced. A profile tells the department of the
    /// whole batch and of later ones, whatever its place; an event from before the coverage is not covered.
    pub(crate) async fn admit(
        &self,
        events: Vec<AcceptedEvent>,
        coverage: &Coverage,
        heard: &mut Heard,
        now: Micros,
    ) -> anyhow::Result<Admitted> {
        let as_of = people_changes(&self.db).await?;
        if !coverage.is_restricted() {
            let events = self.introduced(events, now).await?;
            return Ok(Admitted { events, profiles: Vec::new(), uncovered: 0, as_of });
        }
        let actors: Vec<Vec<Blind>> =
            events.iter().map(|event| event.actor.iter().map(|name| self.vault.blind(name)).collect()).collect();
        let all: BTreeSet<Blind> = actors.iter().flatten().copied().collect();
        let known = self.acquainted(&all.into_iter().collect::<Vec<_>>()).await?;
        let who: Vec<Option<&Known>> =
            actors.iter().map(|actor| actor.iter().find_map(|blind| known.get(blind))).collect();
        // Whoever is not known has only what this batch says.
        let mut strangers: HashMap<Blind, Told> = HashMap::new();
        for ((event, actor), who) in events.iter().zip(&actors).zip(&who) {
            let Some(told) = Told::by(event) else { continue };
            match who {
                Some(who) => heard.hear(who.subject, &told),
                None => actor.iter().for_each(|blind| strangers.entry(*blind).or_default().hear(&told)),
            }
        }
        let subjects: BTreeSet<Uuid> = who.iter().flatten().map(|who| who.subject.uuid()).collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let mut facts = facts(&self.db, coverage, &subjects).await?;
        for (subject, facts) in &mut facts {
            if let Some(told) = heard.0.get(subject) {
                facts.told.hear(told);
            }
        }
        let covered: Vec<Covered> = actors
            .iter()
            .zip(&who)
            .map(|(actor, who)| match who {
                Some(who) => facts.get(&who.subject).map_or(Covered::Never, |facts| facts.covered(coverage)),
                None => {
                    let mut stranger = Facts::default();
                    actor.iter().filter_map(|blind| strangers.get(blind)).for_each(|told| stranger.told.hear(told));
                    stranger.accounts = actor.iter().copied().map(AccountDigest).collect();
                    stranger.covered(coverage)
                }
            })
            .collect();
        let (mut kept, mut profiles, mut dropped) = (Vec::new(), Vec::new(), BTreeSet::new());
        for ((event, who), covered) in events.into_iter().zip(who).zip(covered) {
            // A profile is no activity: it may be older than the coverage.
            if covered.at(now) && (event.profile.is_some() || covered.at(event.occurred_at)) {
                if let (Some(who), Some(profile)) = (who, &event.profile)
                    && facts.get(&who.subject).is_some_and(|facts| facts.department != profile.department)
                {
                    profiles.push((event.clone(), who.clone()));
                }
                kept.push(event);
                continue;
            }
            dropped.insert(event.record_index);
            if let (Some(who), Some(profile)) = (who, &event.profile) {
                let profile = Profile { department: profile.department.clone(), ..Profile::default() };
                profiles.push((AcceptedEvent { profile: Some(profile), traits: None, ..event }, who.clone()));
            }
        }
        for event in &kept {
            dropped.remove(&event.record_index);
        }
        let events = self.introduced(kept, now).await?;
        for (event, who) in &events {
            if let Some(told) = Told::by(event) {
                heard.hear(who.subject, &told);
            }
        }
        Ok(Admitted { events, profiles, uncovered: dropped.len() as u64, as_of })
    }

    /// Events with their subjects; unknown people get one.
    async fn introduced(&self, events: Vec<AcceptedEvent>, now: Micros) -> anyhow::Result<Vec<(AcceptedEvent, Known)>> {
        let actors: Vec<&[NormalisedIdentifier]> = events.iter().map(|event| event.actor.as_slice()).collect();
        let known = self.resolve(&actors, now).await?;
        Ok(events.into_iter().zip(known).collect())
    }

    /// Whether these subjects are covered, those that exist.
    pub(crate) async fn covered(
        &self,
        coverage: &Coverage,
        ids: &[SubjectId],
    ) -> anyhow::Result<BTreeMap<SubjectId, Covered>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        covered(&self.db, coverage, &ids).await
    }

    /// All known subjects who are not covered at `now`.
    pub(crate) async fn uncovered(&self, coverage: &Coverage, now: Micros) -> anyhow::Result<Vec<SubjectId>> {
        if !coverage.is_restricted() {
            return Ok(Vec::new());
        }
        let (mut found, mut after) = (Vec::new(), Uuid::nil());
        let sql = format!(
            "SELECT id FROM subjects WHERE id > $1 AND erased_at IS NULL AND merged_into IS NULL ORDER BY id LIMIT {}",
            limits::INSERT_ROWS
        );
        loop {
            let rows = self.db.rows(&sql, vec![after.into()]).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect::<anyhow::Result<_>>()?;
            let Some(last) = ids.last() else { return Ok(found) };
            after = *last;
            let of = covered(&self.db, coverage, &ids).await?;
            found.extend(of.into_iter().filter(|(_, covered)| !covered.at(now)).map(|(id, _)| id));
        }
    }
}

impl Facts {
    fn covered(&self, coverage: &Coverage) -> Covered {
        let department = self.told.department.as_deref();
        coverage.of(&Person { department, groups: &self.groups, accounts: &self.accounts })
    }
}

pub(super) async fn covered(
    sql: &impl Sql,
    coverage: &Coverage,
    ids: &[Uuid],
) -> anyhow::Result<BTreeMap<SubjectId, Covered>> {
    let facts = facts(sql, coverage, ids).await?;
    Ok(facts.into_iter().map(|(id, facts)| (id, facts.covered(coverage))).collect())
}

async fn facts(sql: &impl Sql, coverage: &Coverage, ids: &[Uuid]) -> anyhow::Result<BTreeMap<SubjectId, Facts>> {
    let mut found: BTreeMap<SubjectId, Facts> = BTreeMap::new();
    for ids in ids.chunks(limits::INSERT_ROWS) {
        let values = || ids.iter().map(|id| (*id).into()).collect();
        let within = marks(0, ids.len());
        let query = format!(
            "SELECT s.id, p.department, p.occurred_at, p.event_key FROM subjects s LEFT JOIN profiles p ON p.subject_id = s.id \
             WHERE s.id IN ({within})"
        );
        for row in sql.rows(&query, values()).await? {
            let facts = found.entry(SubjectId::new(row.get("id")?)).or_default();
            facts.department = row.get("department")?;
            facts.told.department.clone_from(&facts.department);
            let key: Option<Vec<u8>> = row.get("event_key")?;
            let key = key.and_then(|key| key.try_into().ok()).map(EventKey);
            facts.told.at = row.get::<Option<i64>>("occurred_at")?.map(Micros).zip(key);
        }
        let subjects: Vec<SubjectId> = ids.iter().copied().map(SubjectId::new).collect();
        for (subject, groups) in groups_of(sql, &subjects).await? {
            found.entry(subject).or_default().groups = groups;
        }
        if coverage.lists_accounts() {
            let query = format!("SELECT subject_id, blind FROM identifiers WHERE subject_id IN ({within})");
            for row in sql.rows(&query, values()).await? {
                let blind: Vec<u8> = row.get("blind")?;
                let facts = found.entry(SubjectId::new(row.get("subject_id")?)).or_default();
                facts.accounts.extend(blind.try_into().ok().map(AccountDigest));
            }
        }
    }
    Ok(found)
}
