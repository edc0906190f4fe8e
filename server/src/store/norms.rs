//! What leaves the organisation and groups of peers in 30 days, made once a day and kept: the norm that a day was compared
//! with can be found again.
//! Never: a norm of fewer than `limits::PEERS` people, or one that changes after somebody was compared with it.

use super::{
    Store,
    db::{Sql, marks, tuples},
};
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    limits,
    scoring::reading::{self, Norms, Usual},
    template::Step,
    time::{Day, Micros},
};

/// The whole organisation, among groups of peers: no digest is empty.
const ORGANISATION: &[u8] = &[];
/// Days of which a total is made (domain, section 3).
const DAYS: i32 = 30;
/// How old a norm may be that a day is compared with: an installation that stood still for a week starts anew.
const OLDEST_DAYS: i32 = 7;

/// The norms of a group by the day from which on they hold, with the instant at which they were made.
type Series = BTreeMap<Day, (Micros, Usual)>;

/// The norms that subjects taken together are compared with.
#[derive(Default)]
pub(crate) struct Compared(BTreeMap<Vec<u8>, Series>);

impl Compared {
    /// What a day is compared with: of the groups that the subject is in the closest that has a norm; as known at `at`.
    pub(crate) fn norms(&self, peers: Option<&[u8]>, day: Day, at: Micros) -> Norms {
        let of = |group: &[u8]| {
            let series = self.0.get(group)?;
            let known = series.range(day.plus(-OLDEST_DAYS)..=day).rev().find(|(_, (made, _))| *made <= at);
            known.map(|(_, (_, usual))| *usual)
        };
        // The first half of a digest is the department's.
        let closest = peers.and_then(|peers| of(peers).or_else(|| of(peers.get(..DIGEST)?)));
        Norms { organisation: of(ORGANISATION), peers: closest }
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

    /// Makes the norms that hold from the day of `now` on, unless they are there; tells whether it did. They are of the 30
    /// days that ended with the day before.
    pub(crate) async fn make_norms(&self, now: Micros) -> anyhow::Result<bool> {
        let today = now.day();
        let made = "SELECT 1 AS one FROM norms WHERE day = $1 LIMIT 1";
        if self.db.row(made, vec![i64::from(today.0).into()]).await?.is_some() {
            return Ok(false);
        }
        let leaves: Vec<String> = Step::Exfiltrate.indicators().iter().map(|code| format!("'{code}'")).collect();
        let sql = format!(
            "SELECT s.id, p.peers, CAST(COALESCE(sum(a.count), 0) AS BIGINT) AS total FROM subjects s \
             LEFT JOIN profiles p ON p.subject_id = s.id LEFT JOIN activity_days a ON a.subject_id = s.id AND a.day >= {} \
             AND a.day < {} AND a.indicator IN ({}) GROUP BY s.id, p.peers",
            today.plus(-DAYS).0,
            today.0,
            leaves.join(", ")
        );
        let mut groups: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
        for row in self.db.rows(&sql, vec![]).await? {
            let total = u64::try_from(row.get::<i64>("total")?)?;
            groups.entry(ORGANISATION.to_vec()).or_default().push(total);
            if let Some(peers) = row.get::<Option<Vec<u8>>>("peers")? {
                groups.entry(peers[..DIGEST.min(peers.len())].to_vec()).or_default().push(total);
                if peers.len() > DIGEST {
                    groups.entry(peers).or_default().push(total);
                }
            }
        }
        let norms: Vec<(Vec<u8>, Usual)> = groups
            .into_iter()
            .filter_map(|(group, mut totals)| reading::norm(&mut totals).map(|usual| (group, usual)))
            .collect();
        let tx = self.db.begin().await?;
        for rows in norms.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
            for (group, usual) in rows {
                values.extend([i64::from(today.0).into(), group.clone().into()]);
                values.extend([serde_json::to_string(usual)?.into(), now.0.into()]);
            }
            let sql = format!(
                "INSERT INTO norms (day, peers, usual, made_at) VALUES {} ON CONFLICT (day, peers) DO NOTHING",
                tuples(&tx, 4, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        let oldest = today.plus(-limits::SCORING_HISTORY_DAYS).0;
        tx.run(&format!("DELETE FROM norms WHERE day < {oldest}"), vec![]).await?;
        tx.commit().await?;
        Ok(!norms.is_empty())
    }
}

/// The groups of subjects, and the norms that they and the organisation are compared with.
pub(super) async fn load(
    sql: &impl Sql,
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
    let mut compared = Compared::default();
    let query = format!(
        "SELECT day, peers, usual, made_at FROM norms WHERE day >= {} AND peers IN ({})",
        now.day().plus(-limits::SEQUENCE_HISTORY_DAYS).0,
        marks(0, groups.len())
    );
    for row in sql.rows(&query, groups.into_iter().map(Value::from).collect()).await? {
        let day = Day(i32::try_from(row.get::<i64>("day")?)?);
        let series = compared.0.entry(row.get("peers")?).or_default();
        series.insert(day, (Micros(row.get("made_at")?), row.json("usual")?));
    }
    Ok((peers, compared))
}
