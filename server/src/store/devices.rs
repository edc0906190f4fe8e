//! Whose machine is whose, as use shows: looked at once a day, and kept with the day from which it holds, so that what a day
//! was read as can be found again.
//! Never: a machine's name; machines are keyed digests.

use super::{
    Store,
    db::{Sql, marks, tuples},
};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    ids::SubjectId,
    indicator::measure::{self, Measure},
    limits,
    scoring::{
        input::DayCount,
        reading::{DaySigns, Token},
    },
    subject::owner,
    time::{Day, Micros},
};

/// Days of use that are looked at.
const DAYS: i32 = 60;

/// Since when and as made at which instant a machine is whose; of nobody where it is shared or no longer used.
type Since = (Day, Micros, Option<SubjectId>);

/// Whose the machines of some subjects are.
#[derive(Default)]
pub(crate) struct Owners(BTreeMap<u64, Vec<Since>>);

impl Owners {
    /// Names the machines of a subject's days that are somebody else's, as known at `at`.
    pub(crate) fn tell(&self, days: &mut [DaySigns], subject: SubjectId, at: Micros) {
        for signs in days {
            let day = signs.day;
            let foreign = |token: &Token| match token {
                Token::Device(device) if self.is_foreign(*device, subject, day, at) => Token::ForeignDevice(*device),
                other => *other,
            };
            signs.tokens = signs.tokens.iter().map(foreign).collect();
        }
    }

    fn is_foreign(&self, device: u64, subject: SubjectId, day: Day, at: Micros) -> bool {
        let since = self.0.get(&device).into_iter().flatten();
        let owner = since.filter(|(from, made, _)| *from <= day && *made <= at).max_by_key(|(from, ..)| *from);
        owner.is_some_and(|(_, _, owner)| owner.is_some_and(|owner| owner != subject))
    }
}

impl Store {
    /// Looks whose the machines are, from their use in the 60 days before `now`'s; what has changed holds from that day on.
    pub(super) async fn learn_devices(&self, now: Micros) -> anyhow::Result<()> {
        let today = now.day();
        let sql = format!(
            "SELECT indicator, subject_id, CAST(count(*) AS BIGINT) AS days FROM activity_days WHERE indicator LIKE '@DEVICE!%' \
             AND day >= {} AND day < {} GROUP BY indicator, subject_id",
            today.plus(-DAYS).0,
            today.0
        );
        let mut used: BTreeMap<String, BTreeMap<SubjectId, u32>> = BTreeMap::new();
        for row in self.db.rows(&sql, vec![]).await? {
            let days = u32::try_from(row.get::<i64>("days")?)?;
            used.entry(row.get("indicator")?).or_default().insert(SubjectId::new(row.get("subject_id")?), days);
        }
        let mut owners: BTreeMap<String, Option<SubjectId>> = BTreeMap::new();
        for row in self.db.rows("SELECT device, subject_id FROM device_owners ORDER BY device, day", vec![]).await? {
            owners.insert(row.get("device")?, row.get::<Option<Uuid>>("subject_id")?.map(SubjectId::new));
        }
        let devices: BTreeSet<&String> = used.keys().chain(owners.keys()).collect();
        let changed: Vec<(&String, Option<SubjectId>)> = devices
            .into_iter()
            .filter_map(|device| {
                let now = used.get(device).and_then(|days| owner(days).copied());
                (now != owners.get(device).copied().flatten()).then_some((device, now))
            })
            .collect();
        let tx = self.db.begin().await?;
        for rows in changed.chunks(limits::INSERT_ROWS) {
            let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
            for (device, owner) in rows {
                values.extend([device.as_str().into(), i64::from(today.0).into()]);
                values.extend([owner.map(SubjectId::uuid).into(), now.0.into()]);
            }
            let sql = format!(
                "INSERT INTO device_owners (device, day, subject_id, made_at) VALUES {} ON CONFLICT (device, day) DO NOTHING",
                tuples(&tx, 4, rows.len())
            );
            tx.run(&sql, values).await?;
        }
        tx.commit().await
    }
}

/// Whose the machines of these days are.
pub(super) async fn load<'a>(sql: &impl Sql, days: impl Iterator<Item = &'a DayCount>) -> anyhow::Result<Owners> {
    let devices: BTreeSet<&str> = days
        .filter(|seen| matches!(measure::read(&seen.indicator), Measure::Token(Token::Device(_))))
        .map(|seen| seen.indicator.as_str())
        .collect();
    let devices: Vec<&str> = devices.into_iter().collect();
    let mut owners = Owners::default();
    for some in devices.chunks(limits::INSERT_ROWS) {
        let query = format!(
            "SELECT device, day, subject_id, made_at FROM device_owners WHERE device IN ({})",
            marks(0, some.len())
        );
        for row in sql.rows(&query, some.iter().map(|device| (*device).into()).collect()).await? {
            let name: String = row.get("device")?;
            let Measure::Token(Token::Device(device)) = measure::read(&name) else { continue };
            let owner = row.get::<Option<Uuid>>("subject_id")?.map(SubjectId::new);
            let day = Day(i32::try_from(row.get::<i64>("day")?)?);
            owners.0.entry(device).or_default().push((day, Micros(row.get("made_at")?), owner));
        }
    }
    Ok(owners)
}
