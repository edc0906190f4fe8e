//! What leaves the organisation and groups of peers in 30 days, and what is usual of each act among peers: made once a day
//! and kept, so that the norm that a day was compared with can be found again.
//! Never: a norm of fewer than `limits::PEERS` people, or one that changes after somebody was compared with it.

use super::{
    Store,
    db::{Sql, marks, tuples},
};
use sea_orm::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;
use vizard_core::{
    limits,
    scoring::reading::{self, Acts, Norms, Usual},
    template::Step,
    time::{Day, Micros},
};

/// The whole organisation, among groups of peers: no digest is empty.
const ORGANISATION: &[u8] = &[];
/// Days of which a total is made (domain, section 3).
const DAYS: i32 = 30;
/// How old a norm may be that a day is compared with: an installation that stood still for a week starts anew.
const OLDEST_DAYS: i32 = 7;

/// What is known of a group.
#[derive(Clone)]
struct Norm {
    made_at: Micros,
    /// What left a member in 30 days.
    left: Usual,
    /// What is usual of each act on an active day.
    acts: Option<Acts>,
}

/// The norms of a group by the day from which on they hold.
type Series = BTreeMap<Day, Norm>;

/// The norms that subjects taken together are compared with.
#[derive(Default)]
pub(crate) struct Compared(BTreeMap<Vec<u8>, Arc<Series>>);

/// Norms that were read before, by group: what is made once never changes, so only later days are asked for.
#[derive(Default)]
pub(super) struct KnownNorms(Mutex<BTreeMap<Vec<u8>, Arc<Series>>>);

impl Compared {
    /// What a day is compared with: of the groups that the subject is in the closest that has a norm; as known at `at`.
    pub(crate) fn norms(&self, peers: Option<&[u8]>, day: Day, at: Micros) -> Norms<'_> {
        let known = |group: &[u8]| {
            let series = self.0.get(group)?;
            let norms = series.range(day.plus(-OLDEST_DAYS)..=day).rev().map(|(_, norm)| norm);
            Some(norms.filter(move |norm| norm.made_at <= at))
        };
        let of = |group: &[u8]| known(group)?.next();
        let acts = |group: &[u8]| known(group)?.find_map(|norm| norm.acts.as_ref());
        // The first half of a digest is the department's.
        let department = peers.and_then(|peers| peers.get(..DIGEST));
        let groups = || peers.into_iter().chain(department);
        Norms {
            organisation: of(ORGANISATION).map(|norm| norm.left),
            peers: groups().find_map(of).map(|norm| norm.left),
            acts: groups().find_map(acts),
        }
    }
}

/// Bytes of a digest of a department, and of one of a title.
const DIGEST: usize = 16;

impl Store {
    /// The group of a subject: digests of the department, and of department and title. None without a department.
    pub(super) fn peers(&self, department: Option<&str>, title: Option<&str>) -> Option<Vec<u8>> {
        let folded = |text: &str| text.trim().to_lowercase();
        let department = department.map(folded).filter(|department| !department.is_empty())?;
        let mut peers = self.vault.object(&format!("department {department}")).to_vec();
        if let Some(title) = title.map(folded).filter(|title| !title.is_empty()) {
            peers.extend(self.vault.object(&format!("title {department} {title}")));
        }
        Some(peers)
    }

    /// Makes the norms that hold from the day of `now` on, unless they are there, and looks whose machine is whose; tells
    /// whether it did. They are of the 30 days that ended with the day before.
    pub(crate) async fn make_norms(&self, now: Micros) -> anyhow::Result<bool> {
        let today = now.day();
        let made = "SELECT 1 AS one FROM norms WHERE day = $1 LIMIT 1";
        if self.db.row(made, vec![i64::from(today.0).into()]).await?.is_some() {
            return Ok(false);
        }
        self.learn_devices(now).await?;
        let leaves: Vec<String> = Step::Exfiltrate.indicators().iter().map(|code| format!("'{code}'")).collect();
        let sql = format!(
            "SELECT s.id, p.peers, CAST(COALESCE(sum(a.count), 0) AS BIGINT) AS total FROM subjects s \
             LEFT JOIN profiles p ON p.subject_id = s.id LEFT JOIN activity_days a ON a.subject_id = s.id AND a.day >= {} \
             AND a.day < {} AND a.indicator IN ({}) WHERE s.erased_at IS NULL AND s.merged_into IS NULL GROUP BY s.id, p.peers",
            today.plus(-DAYS).0,
            today.0,
            leaves.join(", ")
        );
        let mut groups: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
        for row in self.db.rows(&sql, vec![]).await? {
            let total = u64::try_from(row.get::<i64>("total")?)?;
            groups.entry(ORGANISATION.to_vec()).or_default().push(total);
            for group in row.get::<Option<Vec<u8>>>("peers")?.into_iter().flat_map(with_department) {
                groups.entry(group).or_default().push(total);
            }
        }
        let lately = "SELECT 1 AS one FROM norms WHERE acts IS NOT NULL AND day > $1 LIMIT 1";
        let since = today.plus(-limits::PEERS_ACTS_DAYS).0;
        let due = self.db.row(lately, vec![i64::from(since).into()]).await?.is_none();
        let mut acts = if due { self.acts(today).await? } else { BTreeMap::new() };
        let norms: Vec<(Vec<u8>, Usual, Option<Acts>)> = groups
            .into_iter()
            .filter_map(|(group, mut totals)| {
                let left = reading::norm(&mut totals)?;
                let acts = acts.remove(&group);
                Some((group, left, acts))
            })
            .collect();
        let tx = self.db.begin().await?;
        for rows in norms.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 5);
            for (group, left, acts) in rows {
                values.extend([i64::from(today.0).into(), group.clone().into(), serde_json::to_string(left)?.into()]);
                values.extend([acts.as_ref().map(serde_json::to_string).transpose()?.into(), now.0.into()]);
            }
            let sql = format!(
                "INSERT INTO norms (day, peers, usual, acts, made_at) VALUES {} ON CONFLICT (day, peers) DO NOTHING",
                tuples(&tx, 5, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        let oldest = today.plus(-limits::SCORING_HISTORY_DAYS).0;
        tx.run(&format!("DELETE FROM norms WHERE day < {oldest}"), vec![]).await?;
        tx.commit().await?;
        Ok(!norms.is_empty())
    }
}

/// The groups that somebody with these digests is in: the department, and where the title is known, department and title.
fn with_department(peers: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    let department = peers[..DIGEST.min(peers.len())].to_vec();
    let title = (peers.len() > DIGEST).then_some(peers);
    [Some(department), title].into_iter().flatten()
}

/// What a group did: people who were active, their active days, and by code how often each count was seen.
#[derive(Default)]
struct Did {
    people: u64,
    days: u64,
    counts: BTreeMap<String, BTreeMap<u64, u64>>,
}

impl Store {
    /// What is usual of each act among the members of a group on an active day of the 30 days before `today`; of groups of
    /// enough people.
    async fn acts(&self, today: Day) -> anyhow::Result<BTreeMap<Vec<u8>, Acts>> {
        // Counts alone: hours, machines and destinations stand beside them under names with '!'.
        let days = format!(
            "FROM activity_days a JOIN profiles p ON p.subject_id = a.subject_id WHERE p.peers IS NOT NULL AND a.count > 0 \
             AND a.day >= {} AND a.day < {} AND a.indicator NOT LIKE '%!%'",
            today.plus(-DAYS).0,
            today.0
        );
        let mut groups: BTreeMap<Vec<u8>, Did> = BTreeMap::new();
        let sql = format!(
            "SELECT peers, CAST(count(*) AS BIGINT) AS people, CAST(sum(days) AS BIGINT) AS days FROM \
             (SELECT p.peers, a.subject_id, count(DISTINCT a.day) AS days {days} GROUP BY p.peers, a.subject_id) AS active \
             GROUP BY peers"
        );
        for row in self.db.rows(&sql, vec![]).await? {
            for group in with_department(row.get("peers")?) {
                let did = groups.entry(group).or_default();
                did.people += u64::try_from(row.get::<i64>("people")?)?;
                did.days += u64::try_from(row.get::<i64>("days")?)?;
            }
        }
        // As many rows as there are different counts, however many people there are.
        let sql = format!(
            "SELECT p.peers, a.indicator, a.count, CAST(count(*) AS BIGINT) AS times {days} \
             GROUP BY p.peers, a.indicator, a.count"
        );
        for row in self.db.rows(&sql, vec![]).await? {
            let (count, times) = (u64::try_from(row.get::<i64>("count")?)?, u64::try_from(row.get::<i64>("times")?)?);
            for group in with_department(row.get("peers")?) {
                let code: String = row.get("indicator")?;
                let seen = groups.entry(group).or_default().counts.entry(code).or_default();
                *seen.entry(count).or_default() += times;
            }
        }
        let enough = |did: &Did| did.people >= limits::PEERS as u64;
        Ok(groups
            .into_iter()
            .filter(|(_, did)| enough(did))
            .map(|(group, did)| (group, Acts::of(did.counts, did.days)))
            .collect())
    }
}

/// The groups of subjects, and the norms that they and the organisation are compared with.
pub(super) async fn load(
    sql: &impl Sql,
    known: &KnownNorms,
    ids: &[Uuid],
    now: Micros,
) -> anyhow::Result<(BTreeMap<Uuid, Vec<u8>>, Compared)> {
    let mut peers: BTreeMap<Uuid, Vec<u8>> = BTreeMap::new();
    let query = format!(
        "SELECT subject_id, peers FROM profiles WHERE peers IS NOT NULL AND subject_id IN ({})",
        marks(0, ids.len())
    );
    for row in sql.rows(&query, ids.iter().map(|id| (*id).into()).collect()).await? {
        peers.insert(row.get("subject_id")?, row.get("peers")?);
    }
    let departments = peers.values().map(|peers| peers[..DIGEST.min(peers.len())].to_vec());
    let mut groups: Vec<Vec<u8>> = peers.values().cloned().chain(departments).chain([ORGANISATION.to_vec()]).collect();
    groups.sort_unstable();
    groups.dedup();
    Ok((peers, known.of(sql, groups, now).await?))
}

impl KnownNorms {
    /// The norms of the groups: what is known of them, and what was made since.
    async fn of(&self, sql: &impl Sql, groups: Vec<Vec<u8>>, now: Micros) -> anyhow::Result<Compared> {
        let oldest = now.day().plus(-limits::SEQUENCE_HISTORY_DAYS);
        let mut compared: BTreeMap<Vec<u8>, Arc<Series>> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            groups.into_iter().map(|group| (group.clone(), known.get(&group).cloned().unwrap_or_default())).collect()
        };
        let mut values: Vec<Value> = Vec::with_capacity(compared.len() * 2);
        let mut wanted = Vec::with_capacity(compared.len());
        for (group, series) in &compared {
            let last = series.keys().next_back().copied().unwrap_or(oldest.plus(-1));
            wanted.push(format!("(peers = ${} AND day > ${})", values.len() + 1, values.len() + 2));
            values.extend([group.clone().into(), i64::from(last.0).into()]);
        }
        let query = format!("SELECT day, peers, usual, acts, made_at FROM norms WHERE {}", wanted.join(" OR "));
        let rows = sql.rows(&query, values).await?;
        if rows.is_empty() {
            return Ok(Compared(compared));
        }
        let mut touched: BTreeSet<Vec<u8>> = BTreeSet::new();
        for row in rows {
            let (group, day) = (row.get::<Vec<u8>>("peers")?, Day(i32::try_from(row.get::<i64>("day")?)?));
            let acts: Option<String> = row.get("acts")?;
            let acts = acts.map(|text| serde_json::from_str(&text)).transpose()?;
            let norm = Norm { made_at: Micros(row.get("made_at")?), left: row.json("usual")?, acts };
            let series = Arc::make_mut(compared.entry(group.clone()).or_default());
            series.insert(day, norm);
            series.retain(|day, _| *day >= oldest);
            touched.insert(group);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for group in touched {
            if let Some(series) = compared.get(&group) {
                known.insert(group, Arc::clone(series));
            }
        }
        Ok(Compared(compared))
    }
}
