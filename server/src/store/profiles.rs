//! What HR says of people: of each subject the latest profile, of a merged one the latest of each of its parts beside it.
//! Never: a name in the open; an earlier profile over a later one, whatever the order of delivery.

use super::{
    Store,
    db::{Sql, Tx, marks, tuples},
    people::Known,
};
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::BTreeSet;
use uuid::Uuid;
use vizard_core::{
    event::AcceptedEvent,
    limits,
    subject::{Impact, naming},
};

const PROFILE: &str = "occurred_at, event_key, department, sealed, impact, peers";

impl Store {
    /// The latest profile stays, whatever the order of delivery; of a merged subject, also the latest of each part.
    pub(super) async fn upsert_profiles(
        &self,
        tx: &Tx,
        profiles: impl Iterator<Item = (&AcceptedEvent, &Known)>,
    ) -> anyhow::Result<()> {
        let mut profiles: Vec<_> = profiles.collect();
        profiles.sort_unstable_by_key(|(_, who)| (who.subject, who.part));
        for rows in profiles.chunks(limits::INSERT_ROWS) {
            let subjects: Vec<Uuid> = rows.iter().map(|(_, who)| who.subject.uuid()).collect();
            let merged = merged_among(tx, &subjects).await?;
            let (of_parts, whole): (Vec<_>, Vec<_>) =
                rows.iter().partition(|(_, who)| merged.contains(&who.subject.uuid()));
            self.upsert_profiles_in(tx, ("profiles", "subject_id"), &whole).await?;
            self.upsert_profiles_in(tx, ("part_profiles", "subject_id, part"), &of_parts).await?;
            for subject in merged {
                take_latest_profile(tx, subject).await?;
            }
            let named = rows
                .iter()
                .filter_map(|(event, who)| Some((who.part, event.profile.as_ref()?.display_name.as_deref()?)));
            let marks =
                named.flat_map(|(part, name)| naming::of_name(name).into_iter().map(move |piece| (part, piece)));
            self.mark_names(tx, marks.collect()).await?;
        }
        Ok(())
    }

    async fn upsert_profiles_in(
        &self,
        tx: &Tx,
        (table, key): (&str, &str),
        rows: &[&(&AcceptedEvent, &Known)],
    ) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 8);
        for (event, who) in rows {
            let profile = event.profile.as_ref().context("a profile without its content")?;
            values.push(who.subject.uuid().into());
            values.push(event.occurred_at.0.into());
            values.push(event.key.0.to_vec().into());
            values.push(profile.department.clone().into());
            values.push(who.key.seal(who.part.uuid().as_bytes(), &serde_json::to_vec(profile)?)?.into());
            let impact = profile.title.as_deref().and_then(Impact::of_title);
            values.push(impact.map(|impact| impact.as_str().to_owned()).into());
            values.push(self.peers(profile.department.as_deref(), profile.title.as_deref()).into());
            values.push(who.part.uuid().into());
        }
        let sql = format!(
            "INSERT INTO {table} (subject_id, occurred_at, event_key, department, sealed, impact, peers, part) VALUES {} \
             ON CONFLICT ({key}) DO UPDATE SET occurred_at = excluded.occurred_at, event_key = excluded.event_key, \
             department = excluded.department, sealed = excluded.sealed, impact = excluded.impact, peers = excluded.peers, \
             part = excluded.part WHERE (excluded.occurred_at, excluded.event_key) > ({table}.occurred_at, {table}.event_key)",
            tuples(tx, 8, rows.len())
        );
        tx.run(&sql, values).await.map(drop)
    }
}

/// Those of the subjects into which others were merged.
async fn merged_among(sql: &impl Sql, subjects: &[Uuid]) -> anyhow::Result<BTreeSet<Uuid>> {
    let text = format!("SELECT DISTINCT merged_into FROM subjects WHERE merged_into IN ({})", marks(0, subjects.len()));
    let rows = sql.rows(&text, subjects.iter().map(|id| (*id).into()).collect()).await?;
    rows.iter().map(|row| row.get("merged_into")).collect()
}

/// The latest profile of a merged subject's parts is the subject's.
async fn take_latest_profile(tx: &Tx, subject: Uuid) -> anyhow::Result<()> {
    tx.run("DELETE FROM profiles WHERE subject_id = $1", vec![subject.into()]).await?;
    let sql = format!(
        "INSERT INTO profiles (subject_id, part, {PROFILE}) SELECT subject_id, part, {PROFILE} FROM part_profiles \
         WHERE subject_id = $1 ORDER BY occurred_at DESC, event_key DESC LIMIT 1"
    );
    tx.run(&sql, vec![subject.into()]).await.map(drop)
}

pub(super) async fn merge_profiles(tx: &Tx, kept: Uuid, part: Uuid) -> anyhow::Result<()> {
    let sql = format!(
        "INSERT INTO part_profiles (subject_id, part, {PROFILE}) SELECT $1, COALESCE(p.part, p.subject_id), {PROFILE} \
         FROM profiles p WHERE p.subject_id IN ($1, $2) AND NOT EXISTS \
         (SELECT 1 FROM part_profiles o WHERE o.subject_id = p.subject_id)"
    );
    let both = || -> Vec<Value> { vec![kept.into(), part.into()] };
    tx.run(&sql, both()).await?;
    tx.run("UPDATE part_profiles SET subject_id = $1 WHERE subject_id = $2", both()).await?;
    tx.run("DELETE FROM profiles WHERE subject_id = $1", vec![part.into()]).await?;
    take_latest_profile(tx, kept).await
}

/// After the part is none any more: a subject without parts needs no profiles of parts.
pub(super) async fn split_profiles(tx: &Tx, kept: Uuid, part: Uuid) -> anyhow::Result<()> {
    let sql = "UPDATE part_profiles SET subject_id = $2 WHERE subject_id = $1 AND part = $2";
    tx.run(sql, vec![kept.into(), part.into()]).await?;
    for subject in [kept, part] {
        take_latest_profile(tx, subject).await?;
        if merged_among(tx, &[subject]).await?.is_empty() {
            tx.run("DELETE FROM part_profiles WHERE subject_id = $1", vec![subject.into()]).await?;
        }
    }
    Ok(())
}
