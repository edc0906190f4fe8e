//! Reads subjects and what was stored of their scores, to be computed again; and everything that a preview needs.
//! Never: writes.

use super::{
    Store,
    db::{Row, Sql, marks},
    scoring::insight,
    work::{Work, load_work},
};
use crate::permit::Sight;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    ids::{PolicyId, SubjectId},
    policy::Policy,
    scoring::{Activation, Insight, MissingInput},
    time::{Day, Micros},
};

/// What is stored of a subject's score under a policy.
pub(crate) struct StoredScore {
    pub(crate) policy: PolicyId,
    pub(crate) version: i32,
    pub(crate) as_of: Micros,
    pub(crate) open: bool,
    pub(crate) score: f64,
    pub(crate) missing: Vec<MissingInput>,
    pub(crate) activations: Vec<Activation>,
    pub(crate) next_due: Option<Micros>,
    /// In the order of day and indicator.
    pub(crate) insights: Vec<Insight>,
}

/// A subject to compute again.
pub(crate) struct Stored {
    pub(crate) work: Work,
    pub(crate) scores: Vec<StoredScore>,
    /// Whether it has news or is due: what is stored is not the last word.
    pub(crate) waiting: bool,
    /// Day counts by day and indicator, summed up from the log.
    pub(crate) counted: BTreeMap<(Day, String), u64>,
}

impl Store {
    /// The next subjects in sight after that id, by id, with everything that scoring may need at `now`.
    pub(crate) async fn work_after(
        &self,
        sight: &Sight,
        after: Option<SubjectId>,
        limit: usize,
        policies: &[Policy],
        now: Micros,
    ) -> anyhow::Result<Vec<Work>> {
        let after = after.map_or(Uuid::nil(), SubjectId::uuid);
        let mut values = vec![after.into()];
        let seen = sight.and("id", None, &mut values);
        let sql = format!(
            "SELECT id FROM subjects WHERE id > $1 AND erased_at IS NULL AND merged_into IS NULL{seen} ORDER BY id LIMIT {limit}"
        );
        let rows = self.db.rows(&sql, values).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
        if ids.is_empty() {
            Ok(Vec::new())
        } else {
            load_work(&self.db, (&self.vault, &self.norms), &ids, policies, now).await
        }
    }

    /// One subject, with everything that scoring may need at `now`; nothing where there is none.
    pub(crate) async fn work_of(
        &self,
        subject: SubjectId,
        policies: &[Policy],
        now: Micros,
    ) -> anyhow::Result<Option<Work>> {
        Ok(load_work(&self.db, (&self.vault, &self.norms), &[subject.uuid()], policies, now).await?.pop())
    }

    /// The next subjects after that id that have a score, with what is stored and what the log says.
    pub(crate) async fn stored_after(
        &self,
        after: Option<SubjectId>,
        limit: usize,
        policies: &[Policy],
        now: Micros,
    ) -> anyhow::Result<Vec<Stored>> {
        let after = after.map_or(Uuid::nil(), SubjectId::uuid);
        let sql = format!(
            "SELECT s.id, CAST(CASE WHEN s.next_due <= {} OR EXISTS (SELECT 1 FROM pending p WHERE p.subject_id = s.id) \
             THEN 1 ELSE 0 END AS BIGINT) AS waiting FROM subjects s WHERE s.id > $1 AND EXISTS (SELECT 1 FROM scores c WHERE c.subject_id = s.id) \
             ORDER BY s.id LIMIT {limit}",
            now.0
        );
        let mut waiting: BTreeMap<Uuid, bool> = BTreeMap::new();
        for row in self.db.rows(&sql, vec![after.into()]).await? {
            waiting.insert(row.get("id")?, row.get::<i64>("waiting")? != 0);
        }
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = waiting.keys().copied().collect();
        let mut scores = self.stored_scores(&ids).await?;
        let mut counted = self.counted(&ids).await?;
        let work = load_work(&self.db, (&self.vault, &self.norms), &ids, policies, now).await?;
        let stored = |work: Work| {
            let id = work.context.id.uuid();
            Stored {
                scores: scores.remove(&id).unwrap_or_default(),
                waiting: waiting.get(&id).copied().unwrap_or_default(),
                counted: counted.remove(&id).unwrap_or_default(),
                work,
            }
        };
        Ok(work.into_iter().map(stored).collect())
    }

    async fn stored_scores(&self, ids: &[Uuid]) -> anyhow::Result<BTreeMap<Uuid, Vec<StoredScore>>> {
        let values = || -> Vec<Value> { ids.iter().map(|id| (*id).into()).collect() };
        let within = marks(0, ids.len());
        let sql = format!(
            "SELECT subject_id, policy_id, policy_version, as_of, open, score, missing, activations, next_due FROM scores \
             WHERE subject_id IN ({within}) ORDER BY subject_id, policy_id"
        );
        let mut scores: BTreeMap<Uuid, Vec<StoredScore>> = BTreeMap::new();
        for row in self.db.rows(&sql, values()).await? {
            scores.entry(row.get("subject_id")?).or_default().push(StoredScore {
                policy: PolicyId::new(row.get("policy_id")?),
                version: i32::try_from(row.get::<i64>("policy_version")?)?,
                as_of: Micros(row.get("as_of")?),
                open: row.get::<i64>("open")? != 0,
                score: row.get("score")?,
                missing: row.json("missing")?,
                activations: row.json("activations")?,
                next_due: row.get::<Option<i64>>("next_due")?.map(Micros),
                insights: Vec::new(),
            });
        }
        let sql = format!(
            "SELECT subject_id, policy_id, id, day, kind, indicator, count, level, score, boosters, points, explanation, \
             risk_factors FROM insights WHERE subject_id IN ({within}) ORDER BY subject_id, policy_id, day, indicator"
        );
        for row in self.db.rows(&sql, values()).await? {
            let (subject, policy): (Uuid, Uuid) = (row.get("subject_id")?, row.get("policy_id")?);
            let of = scores.get_mut(&subject).into_iter().flatten();
            if let Some(score) = of.into_iter().find(|score| score.policy.uuid() == policy) {
                score.insights.push(insight(&row)?);
            }
        }
        for score in scores.values_mut().flatten() {
            // The database may sort words by another rule.
            score.insights.sort_by(|a, b| a.day.cmp(&b.day).then_with(|| a.indicator.cmp(&b.indicator)));
        }
        Ok(scores)
    }

    /// Day counts from the events themselves.
    async fn counted(&self, ids: &[Uuid]) -> anyhow::Result<BTreeMap<Uuid, BTreeMap<(Day, String), u64>>> {
        const DAY: i64 = vizard_core::time::DAY;
        // Whole days below 1970 too: the remainder is taken off first.
        let sql = format!(
            "SELECT subject_id, indicator, variants, (occurred_at - (((occurred_at % {DAY}) + {DAY}) % {DAY})) / {DAY} AS day, \
             CAST(sum(quantity) AS BIGINT) AS total FROM events WHERE subject_id IN ({}) AND weight = 0 GROUP BY 1, 2, 3, 4",
            marks(0, ids.len())
        );
        let mut counted: BTreeMap<Uuid, BTreeMap<(Day, String), u64>> = BTreeMap::new();
        for row in self.db.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
            let day = Day(i32::try_from(row.get::<i64>("day")?)?);
            let total = u64::try_from(row.get::<i64>("total")?)?;
            let of = counted.entry(row.get("subject_id")?).or_default();
            let variants: Option<String> = row.get("variants")?;
            for code in
                variants.iter().flat_map(|codes| codes.split(' ')).map(str::to_owned).chain([row.get("indicator")?])
            {
                *of.entry((day, code)).or_default() += total;
            }
        }
        Ok(counted)
    }

    /// Every version of every policy, and the codes of the enabled indicators.
    pub(crate) async fn policy_versions(
        &self,
    ) -> anyhow::Result<(BTreeMap<(PolicyId, i32), Policy>, BTreeSet<String>)> {
        let sql = "SELECT p.id, p.name, p.template, p.state, v.version, v.spec FROM policies p \
                   JOIN policy_versions v ON v.policy_id = p.id";
        let read = |row: &Row| -> anyhow::Result<_> {
            let policy = Policy {
                id: PolicyId::new(row.get("id")?),
                name: row.get("name")?,
                template: row.word("template")?,
                version: i32::try_from(row.get::<i64>("version")?)?,
                state: row.word("state")?,
                spec: row.json("spec")?,
            };
            Ok(((policy.id, policy.version), policy))
        };
        let rows = self.db.rows(sql, vec![]).await?;
        let versions = rows.iter().map(read).collect::<anyhow::Result<_>>()?;
        Ok((versions, super::policies::enabled(&self.db).await?))
    }
}
