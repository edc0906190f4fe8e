//! Everything about one person, for that person: opened by `store::identity`, other people's names covered.
//! Never: reachable with a role; another person's name in what comes out.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _},
    identity::{identifier, keys_of, profile},
    retention::lock_events,
    subjects::{ACTIVITY, activity},
    vault::SubjectKey,
};
use anyhow::Context as _;
use sea_orm::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    event::{NormalisedIdentifier, Profile},
    ids::{AlertId, CaseId, SubjectId},
    limits,
    subject::{Cover, Words},
    time::{Day, Micros},
};

/// Names of a person, opened. Identifying: no `Debug`.
struct Named {
    identifiers: Vec<NormalisedIdentifier>,
    profile: Option<Profile>,
}

impl Named {
    fn words(&self, into: &mut Words) {
        self.identifiers.iter().for_each(|name| into.add_identifier(name));
        let Some(profile) = &self.profile else { return };
        let more = ["first_name", "last_name", "user_name"].map(|name| profile.more.get(name));
        profile.display_name.iter().chain(more.into_iter().flatten()).for_each(|name| into.add(name));
    }
}

fn named((namespace, value): (String, String)) -> NormalisedIdentifier {
    NormalisedIdentifier { namespace, value }
}

impl Store {
    /// The data of the person with that identifier as JSON, with the entry in the audit log; nothing where nobody has it.
    /// Of cases there are id, state and dates; of active ones only with `active_cases`.
    pub(crate) async fn own_data(
        &self,
        name: &NormalisedIdentifier,
        active_cases: bool,
        entry: impl FnOnce(SubjectId) -> Entry,
        now: Micros,
    ) -> anyhow::Result<Option<Json>> {
        let blind = self.vault.blind(name).to_vec();
        let tx = self.db.begin().await?;
        // Neither a batch nor an erasure comes between what is read first and last.
        lock_events(&tx, "SHARE ROW EXCLUSIVE").await?;
        let sql = "SELECT s.id, s.pseudonym, s.created_at, s.risk_score, s.risk_level FROM identifiers i \
                   JOIN subjects s ON s.id = i.subject_id WHERE i.blind = $1";
        let Some(row) = tx.row(sql, vec![blind.into()]).await? else { return Ok(None) };
        let id = SubjectId::new(row.get("id")?);
        let opened = self.open_identities(&tx, &[id.uuid()]).await?.remove(&id).context("a subject without a key")?;
        let own = Named { profile: opened.0, identifiers: opened.1.into_iter().map(named).collect() };
        let mut cover = Cover { others: Words::default(), own: Words::default() };
        own.words(&mut cover.own);
        self.others(&tx, id, &mut cover.others).await?;
        let keys = keys_of(&tx, &self.vault, &[id.uuid()]).await?;
        let identifiers: Vec<Json> =
            own.identifiers.iter().map(|name| json!({"namespace": name.namespace, "value": name.value})).collect();
        let profile = own.profile.as_ref().map(serde_json::to_value).transpose()?.map(|profile| cover.json(profile));
        let list = |sql: &'static str| {
            let tx = &tx;
            async move { tx.rows(sql, vec![id.uuid().into()]).await }
        };
        let at = |row: &Row, name: &str| -> anyhow::Result<String> { Ok(Micros(row.get(name)?).to_string()) };
        let mut scores = Vec::new();
        for row in list("SELECT p.name, c.score, c.as_of, c.activations FROM scores c JOIN policies p ON p.id = c.policy_id WHERE c.subject_id = $1 ORDER BY p.name").await? {
            scores.push(json!({"policy": row.get::<String>("name")?, "score": row.get::<f64>("score")?, "as_of": at(&row, "as_of")?,
                "windows": cover.json(row.json("activations")?)}));
        }
        let mut history = Vec::new();
        for row in list("SELECT p.name, h.at, h.score, h.cause FROM score_history h JOIN policies p ON p.id = h.policy_id WHERE h.subject_id IN (SELECT id FROM subjects WHERE id = $1 OR merged_into = $1) ORDER BY h.at, p.name").await? {
            history.push(json!({"policy": row.get::<String>("name")?, "at": at(&row, "at")?, "score": row.get::<f64>("score")?,
                "cause": row.get::<String>("cause")?}));
        }
        let mut insights = Vec::new();
        for row in list("SELECT p.name, i.day, i.indicator, i.count, i.level, i.score, i.explanation FROM insights i JOIN policies p ON p.id = i.policy_id WHERE i.subject_id = $1 ORDER BY i.day, i.indicator, p.name").await? {
            let day = Day(i32::try_from(row.get::<i64>("day")?)?);
            insights.push(json!({"policy": row.get::<String>("name")?, "day": day.to_string(), "indicator": row.get::<String>("indicator")?,
                "count": row.get::<i64>("count")?, "level": row.get::<String>("level")?, "score": row.get::<f64>("score")?,
                "explanation": row.get::<String>("explanation")?}));
        }
        let mut alerts = Vec::new();
        for row in list("SELECT a.id, p.name, a.severity, a.status, a.score, a.cause, a.raised_at, a.updated_at FROM alerts a JOIN policies p ON p.id = a.policy_id WHERE a.subject_id = $1 ORDER BY a.raised_at, a.id").await? {
            alerts.push(json!({"id": AlertId::new(row.get("id")?), "policy": row.get::<String>("name")?, "severity": row.get::<String>("severity")?,
                "status": row.get::<String>("status")?, "score": row.get::<f64>("score")?, "trigger": row.get::<String>("cause")?,
                "raised_at": at(&row, "raised_at")?, "updated_at": at(&row, "updated_at")?}));
        }
        let mut cases = Vec::new();
        for row in list("SELECT id, status, opened_at, resolved_at, resolution FROM cases WHERE subject_id = $1 ORDER BY opened_at, id").await? {
            let status: String = row.get("status")?;
            if active_cases || status == "CLOSED" {
                cases.push(json!({"id": CaseId::new(row.get("id")?), "status": status, "opened_at": at(&row, "opened_at")?,
                    "resolved_at": row.get::<Option<i64>>("resolved_at")?.map(|at| Micros(at).to_string()),
                    "resolution": row.get::<Option<String>>("resolution")?}));
            }
        }
        let mut days = Vec::new();
        // Hours, machines and destinations stand beside the counts as keyed digests: they are the events below once more.
        for row in list("SELECT day, indicator, count FROM activity_days WHERE subject_id = $1 AND indicator NOT LIKE '%!%' ORDER BY day, indicator").await? {
            let day = Day(i32::try_from(row.get::<i64>("day")?)?);
            days.push(json!({"day": day.to_string(), "indicator": row.get::<String>("indicator")?, "count": row.get::<i64>("count")?}));
        }
        let events = self.own_events(&tx, id, &keys, &cover).await?;
        let told = json!({
            "made_at": now.to_string(),
            "subject": {"pseudonym": row.get::<String>("pseudonym")?, "known_since": at(&row, "created_at")?,
                "risk_score": row.get::<f64>("risk_score")?, "risk_level": row.get::<String>("risk_level")?},
            "identity": {"identifiers": identifiers, "profile": profile},
            "scores": scores, "score_history": history, "insights": insights, "alerts": alerts, "cases": cases,
            "activity": days, "events": events,
        });
        insert_entries(&tx, &self.ids, &[entry(id)], now).await?;
        tx.commit().await?;
        Ok(Some(told))
    }

    /// Words of everybody else's names, a few thousand people at a time.
    async fn others(&self, tx: &super::db::Tx, but: SubjectId, words: &mut Words) -> anyhow::Result<()> {
        let mut after = Uuid::nil();
        let page = |columns: &str, from: &str| {
            format!(
                "SELECT s.id, k.id AS part, k.key, {columns} FROM (SELECT id FROM subjects WHERE id > $1 AND erased_at IS NULL \
                 ORDER BY id LIMIT {}) s {from} JOIN subjects k ON k.id = COALESCE(o.part, s.id) ORDER BY s.id",
                limits::INSERT_ROWS
            )
        };
        let names = page("o.blind, o.sealed", "LEFT JOIN identifiers o ON o.subject_id = s.id");
        let profiles = page("o.sealed", "JOIN profiles o ON o.subject_id = s.id");
        let key_of = |row: &Row| self.vault.unwrap(SubjectId::new(row.get("part")?), &row.get::<Vec<u8>>("key")?);
        loop {
            let from: Vec<Value> = vec![after.into()];
            let rows = tx.rows(&names, from.clone()).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            for row in rows.iter() {
                let id = SubjectId::new(row.get("id")?);
                if id != but && row.get::<Option<Vec<u8>>>("sealed")?.is_some() {
                    words.add_identifier(&named(identifier(row, &key_of(row)?)?));
                }
            }
            for row in tx.rows(&profiles, from).await? {
                let id = SubjectId::new(row.get("id")?);
                if id != but {
                    let profile = profile(&row, SubjectId::new(row.get("part")?), &key_of(&row)?)?;
                    Named { identifiers: vec![], profile: Some(profile) }.words(words);
                }
            }
            after = last.get("id")?;
        }
    }

    async fn own_events(
        &self,
        tx: &super::db::Tx,
        id: SubjectId,
        keys: &BTreeMap<SubjectId, SubjectKey>,
        cover: &Cover,
    ) -> anyhow::Result<Vec<Json>> {
        let (mut events, mut after) = (Vec::new(), i64::MIN);
        let sql = format!(
            "SELECT {ACTIVITY} FROM events WHERE subject_id = $1 AND seq > $2 ORDER BY seq LIMIT {}",
            limits::BATCH_RECORDS
        );
        loop {
            let rows = tx.rows(&sql, vec![id.uuid().into(), after.into()]).await?;
            for row in &rows {
                let event = activity(row)?;
                after = event.seq;
                let content = event.opened_with(keys)?.map(|content| cover.json(content));
                events.push(json!({"at": event.occurred_at.to_string(), "indicator": event.indicator, "quantity": event.quantity,
                    "facts": cover.json(event.facts.clone().into()), "content": content}));
            }
            if rows.len() < limits::BATCH_RECORDS {
                return Ok(events);
            }
        }
    }
}
