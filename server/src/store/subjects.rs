//! Subjects under their pseudonyms, what they are scored with, and the events beneath.
//! Never: a name; an identity is opened here only to take out of facts what holds a piece of it.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, marks},
    identity::keys_of,
    page::{List, Page, Slice},
    scoring::insight,
    vault::SubjectKey,
};
use crate::permit::Sight;
use anyhow::Context as _;
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    event,
    ids::{CaseId, ConnectorId, InsightId, PolicyId, SubjectId},
    limits,
    scoring::{Activation, Beneath, Insight, InsightKind, RiskFactor, history::Cause},
    subject::{RiskLevel, SeenInsight},
    time::{Day, Micros},
};

/// A subject, as listed.
#[derive(Clone)]
pub(crate) struct StoredSubject {
    /// For look-ups; never shown.
    pub(crate) id: SubjectId,
    /// Shown in place of it. It changes with the pseudonym, so that nobody follows a person by it.
    pub(crate) label: SubjectId,
    /// The case that has this label and pseudonym for itself: seen from it, there is nothing beyond it.
    pub(crate) case: Option<CaseId>,
    pub(crate) pseudonym: String,
    pub(crate) department: Option<String>,
    pub(crate) risk_score: f64,
    pub(crate) risk_level: RiskLevel,
    /// Whether there is nobody behind it any more.
    pub(crate) erased: bool,
}

/// Which insights are wanted; `None` and empty lists want all.
#[derive(Clone, Default)]
pub struct InsightFilter {
    /// From this day on.
    pub from: Option<Day>,
    /// Up to and with this day.
    pub to: Option<Day>,
    /// Any of these.
    pub kinds: Vec<InsightKind>,
    /// Any of these.
    pub risk_factors: Vec<RiskFactor>,
    /// At least this score.
    pub min_score: Option<f64>,
}

/// An event beneath an insight.
#[derive(Clone)]
pub(crate) struct StoredActivity {
    pub(crate) seq: i64,
    pub(crate) subject: SubjectId,
    /// The part of a merged subject that it is of, and whose key it is sealed with.
    part: Option<SubjectId>,
    pub(crate) connector: ConnectorId,
    pub(crate) indicator: String,
    pub(crate) occurred_at: Micros,
    pub(crate) quantity: i64,
    pub(crate) facts: serde_json::Map<String, serde_json::Value>,
    /// Facts that hold a name of the subject's: content.
    withheld: serde_json::Map<String, serde_json::Value>,
    key: [u8; 16],
    content: Option<Vec<u8>>,
}

impl StoredActivity {
    /// Whether there is more than facts.
    pub(crate) fn has_content(&self) -> bool {
        self.content.is_some()
    }
}

/// What drafts make of a subject is not shown with the subject.
pub(super) const NOT_SHADOW: &str = "policy_id NOT IN (SELECT id FROM policies WHERE state = 'DRAFT')";
const SUBJECT: &str = "s.id, s.label, s.pseudonym, s.risk_score, s.risk_level, s.erased_at, p.department";
const FROM: &str = "subjects s LEFT JOIN profiles p ON p.subject_id = s.id";
pub(super) const INSIGHT: &str =
    "id, day, kind, indicator, count, level, score, boosters, points, explanation, risk_factors";
pub(super) const ACTIVITY: &str =
    "seq, subject_id, connector_id, event_key, indicator, occurred_at, quantity, facts, content, part";

fn subject(row: &Row) -> anyhow::Result<StoredSubject> {
    Ok(StoredSubject {
        id: SubjectId::new(row.get("id")?),
        label: SubjectId::new(row.get("label")?),
        case: None,
        pseudonym: row.get("pseudonym")?,
        department: row.get("department")?,
        risk_score: row.get("risk_score")?,
        risk_level: row.word("risk_level")?,
        erased: row.get::<Option<i64>>("erased_at")?.is_some(),
    })
}

pub(super) fn activity(row: &Row) -> anyhow::Result<StoredActivity> {
    let key: Vec<u8> = row.get("event_key")?;
    Ok(StoredActivity {
        seq: row.get("seq")?,
        subject: SubjectId::new(row.get("subject_id")?),
        part: row.get::<Option<Uuid>>("part")?.map(SubjectId::new),
        connector: ConnectorId::new(row.get("connector_id")?),
        indicator: row.get("indicator")?,
        occurred_at: Micros(row.get("occurred_at")?),
        quantity: row.get("quantity")?,
        facts: row.json("facts")?,
        withheld: serde_json::Map::new(),
        key: key.try_into().map_err(|_| anyhow::anyhow!("an event key of another length"))?,
        content: row.get("content")?,
    })
}

impl StoredActivity {
    /// Takes out of the facts what holds a name of whose activity it is; it is content.
    pub(super) fn withhold(&mut self, profile: Option<&event::Profile>, identifiers: &[(String, String)]) {
        self.withheld = event::withhold(&mut self.facts, identifiers, profile);
    }

    /// Its content: names and paths. `keys` are those of the subject and of what was merged into it.
    pub(super) fn opened_with(
        &self,
        keys: &BTreeMap<SubjectId, SubjectKey>,
    ) -> anyhow::Result<Option<serde_json::Value>> {
        let mut content = self.withheld.clone();
        if let Some(sealed) = &self.content {
            let key = keys.get(&self.part.unwrap_or(self.subject)).context("a subject vanished")?;
            let plain = key.open(&self.key, sealed)?;
            content.extend(serde_json::from_slice::<serde_json::Map<_, _>>(&plain)?);
        }
        Ok((!content.is_empty()).then(|| content.into()))
    }
}

impl Store {
    /// Takes a subject's risk level away with the insights that there are; tells which it was, nothing where there is no
    /// such subject.
    pub(crate) async fn reset_risk_level(
        &self,
        sight: &Sight,
        id: SubjectId,
        entry: impl FnOnce(RiskLevel) -> Entry,
        now: Micros,
    ) -> anyhow::Result<Option<RiskLevel>> {
        let tx = self.db.begin().await?;
        let lock = tx.for_update();
        let mut values = vec![id.uuid().into()];
        let seen = sight.and("id", None, &mut values);
        let sql = format!("SELECT risk_level FROM subjects WHERE id = $1{seen} {lock}");
        let Some(row) = tx.row(&sql, values).await? else { return Ok(None) };
        let was: RiskLevel = row.word("risk_level")?;
        let sql = format!(
            "SELECT day, indicator, max(count) AS count FROM insights WHERE subject_id = $1 AND {NOT_SHADOW} \
             GROUP BY day, indicator ORDER BY day, indicator"
        );
        let seen = |row: &Row| -> anyhow::Result<SeenInsight> {
            Ok(SeenInsight {
                day: Day(i32::try_from(row.get::<i64>("day")?)?),
                indicator: row.get("indicator")?,
                count: u64::try_from(row.get::<i64>("count")?)?,
            })
        };
        let seen: Vec<SeenInsight> =
            tx.rows(&sql, vec![id.uuid().into()]).await?.iter().map(seen).collect::<anyhow::Result<_>>()?;
        tx.run(
            "UPDATE subjects SET risk_level = 'NONE', risk_until = NULL, risk_reset_at = $1, risk_reset_seen = $2, next_due = 0 \
             WHERE id = $3",
            vec![now.0.into(), serde_json::to_string(&seen)?.into(), id.uuid().into()],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry(was)], now).await?;
        tx.commit().await?;
        Ok(Some(was))
    }

    /// Subjects by id, those that are in sight, as the queue shows them.
    pub(crate) async fn subjects_by_id(
        &self,
        sight: &Sight,
        ids: &[SubjectId],
    ) -> anyhow::Result<BTreeMap<SubjectId, StoredSubject>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut values = ids.iter().map(|id| id.uuid().into()).collect();
        let seen = sight.and("s.id", None, &mut values);
        let sql = format!("SELECT {SUBJECT} FROM {FROM} WHERE s.id IN ({}){seen}", marks(0, ids.len()));
        let rows = self.db.rows(&sql, values).await?;
        rows.iter().map(|row| subject(row).map(|subject| (subject.id, subject))).collect()
    }

    /// How many subjects there are of each department, as it was delivered.
    pub(crate) async fn subjects_by_department(&self) -> anyhow::Result<Vec<(Option<String>, u64)>> {
        let sql = format!(
            "SELECT p.department, count(*) AS number FROM {FROM} WHERE s.erased_at IS NULL AND s.merged_into IS NULL GROUP BY p.department"
        );
        let count = |row: &Row| Ok((row.get("department")?, u64::try_from(row.get::<i64>("number")?)?));
        self.db.rows(&sql, vec![]).await?.iter().map(count).collect()
    }

    /// The departments of these subjects, those that exist.
    pub(crate) async fn departments_of(
        &self,
        ids: &[SubjectId],
    ) -> anyhow::Result<BTreeMap<SubjectId, Option<String>>> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(limits::INSERT_ROWS) {
            let sql = format!("SELECT s.id, p.department FROM {FROM} WHERE s.id IN ({})", marks(0, ids.len()));
            for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
                found.insert(SubjectId::new(row.get("id")?), row.get("department")?);
            }
        }
        Ok(found)
    }

    /// Subjects, the highest risk first.
    pub(crate) async fn subjects(
        &self,
        sight: &Sight,
        level: Option<RiskLevel>,
        slice: &Slice<(f64, Uuid)>,
    ) -> anyhow::Result<Page<StoredSubject>> {
        let mut conditions = vec!["s.erased_at IS NULL AND s.merged_into IS NULL".to_owned()];
        conditions.extend(level.iter().map(|_| "s.risk_level = $1".to_owned()));
        let mut values = level.iter().map(|level| level.as_str().into()).collect();
        conditions.extend(sight.conditions("s.id", None, &mut values));
        let list = List {
            columns: SUBJECT,
            from: FROM,
            conditions,
            values,
            order: ("s.risk_score", "s.label"),
            descending: true,
        };
        list.page(&self.db, slice, |(score, id)| [(*score).into(), (*id).into()], subject).await
    }

    /// Windows of scoring of these subjects, by policy.
    pub(crate) async fn activations(
        &self,
        ids: &[SubjectId],
    ) -> anyhow::Result<BTreeMap<SubjectId, Vec<(PolicyId, Activation)>>> {
        let mut found: BTreeMap<SubjectId, Vec<(PolicyId, Activation)>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT subject_id, policy_id, activations FROM scores WHERE subject_id IN ({}) AND {NOT_SHADOW} \
             ORDER BY subject_id, policy_id",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let policy = PolicyId::new(row.get("policy_id")?);
            let of = found.entry(SubjectId::new(row.get("subject_id")?)).or_default();
            of.extend(row.json::<Vec<Activation>>("activations")?.into_iter().map(|window| (policy, window)));
        }
        Ok(found)
    }

    /// A subject's insights of all policies, the newest day first.
    pub(crate) async fn insights(
        &self,
        of: SubjectId,
        filter: &InsightFilter,
        slice: &Slice<(Day, Uuid)>,
    ) -> anyhow::Result<Page<Insight>> {
        let mut conditions = vec!["subject_id = $1".to_owned(), NOT_SHADOW.to_owned()];
        let mut values: Vec<Value> = vec![of.uuid().into()];
        if let Some(from) = filter.from {
            conditions.push(format!("day >= {}", from.0));
        }
        if let Some(to) = filter.to {
            conditions.push(format!("day <= {}", to.0));
        }
        if !filter.kinds.is_empty() {
            let kinds: Vec<String> = filter.kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
            conditions.push(format!("kind IN ({})", kinds.join(", ")));
        }
        if let Some(score) = filter.min_score {
            values.push(score.into());
            conditions.push(format!("score >= ${}", values.len()));
        }
        if !filter.risk_factors.is_empty() {
            let each =
                filter.risk_factors.iter().map(|factor| format!("risk_factors LIKE '%\"{}\"%'", factor.as_str()));
            conditions.push(format!("({})", each.collect::<Vec<_>>().join(" OR ")));
        }
        let list =
            List { columns: INSIGHT, from: "insights", conditions, values, order: ("day", "id"), descending: true };
        list.page(&self.db, slice, |(day, id)| [i64::from(day.0).into(), (*id).into()], insight).await
    }

    /// Whose insight this is; also of insights that only an alert still holds.
    pub(crate) async fn insight(&self, sight: &Sight, id: InsightId) -> anyhow::Result<Option<(SubjectId, Insight)>> {
        let mut values = vec![id.uuid().into()];
        let seen = sight.and("subject_id", None, &mut values);
        let live = format!("SELECT subject_id, {INSIGHT} FROM insights WHERE id = $1{seen}");
        let seen = sight.and("a.subject_id", None, &mut vec![id.uuid().into()]);
        let kept = format!(
            "SELECT a.subject_id, i.insight_id AS id, i.day, i.kind, i.indicator, i.count, i.level, i.score, i.boosters, i.points, i.explanation, \
                    i.risk_factors FROM alert_insights i JOIN alerts a ON a.id = i.alert_id WHERE i.insight_id = $1{seen} \
                    ORDER BY a.id DESC LIMIT 1"
        );
        let row = match self.db.row(&live, values.clone()).await? {
            Some(row) => Some(row),
            None => self.db.row(&kept, values).await?,
        };
        row.map(|row| Ok((SubjectId::new(row.get("subject_id")?), insight(&row)?))).transpose()
    }

    /// The events of one subject, indicator and day, in the order in which they happened.
    pub(crate) async fn activities(
        &self,
        of: SubjectId,
        beneath: &Beneath,
        slice: &Slice<(Micros, i64)>,
    ) -> anyhow::Result<Page<StoredActivity>> {
        let (from, until) = (beneath.first.start().0, beneath.last.plus(1).start().0);
        let mut conditions =
            vec!["subject_id = $1".to_owned(), format!("occurred_at >= {from} AND occurred_at < {until}")];
        let mut values: Vec<Value> = vec![of.uuid().into()];
        if !beneath.indicators.is_empty() {
            values.extend(beneath.indicators.iter().map(|code| Value::from(code.as_str())));
            conditions.push(format!("indicator IN ({})", marks(1, beneath.indicators.len())));
        }
        if let Some(variant) = &beneath.variant {
            values.push(variant.as_str().into());
            conditions.push(format!("' ' || variants || ' ' LIKE '% ' || ${} || ' %'", values.len()));
        }
        let list = List {
            columns: ACTIVITY,
            from: "events",
            conditions,
            values,
            order: ("occurred_at", "seq"),
            descending: false,
        };
        let mut page = list.page(&self.db, slice, |(at, seq)| [at.0.into(), (*seq).into()], activity).await?;
        self.withhold(of, &mut page.items).await?;
        Ok(page)
    }

    /// No fact holds a name of whose activity it is. What was known of them when an event came in was applied then; what
    /// is known today is applied whenever it is read.
    pub(super) async fn withhold(&self, of: SubjectId, activities: &mut [StoredActivity]) -> anyhow::Result<()> {
        if activities.is_empty() {
            return Ok(());
        }
        // Erased: there is no name left to withhold.
        let opened = self.open_identities(&self.db, &[of.uuid()]).await?;
        let Some((profile, identifiers)) = opened.get(&of) else { return Ok(()) };
        activities.iter_mut().for_each(|activity| activity.withhold(profile.as_ref(), identifiers));
        Ok(())
    }

    /// The newest points of a subject's score, in order of time: of one policy, or the highest of all at each instant.
    pub(crate) async fn score_history(
        &self,
        of: SubjectId,
        policy: Option<PolicyId>,
    ) -> anyhow::Result<Vec<(Micros, f64, Cause)>> {
        let mut values: Vec<Value> = vec![of.uuid().into()];
        let only = policy.map_or_else(String::new, |policy| {
            values.push(policy.uuid().into());
            " AND policy_id = $2".to_owned()
        });
        let sql = format!(
            "SELECT at, score, cause FROM score_history WHERE subject_id = $1{only} AND {NOT_SHADOW} ORDER BY at DESC, score DESC LIMIT {}",
            limits::SCORE_HISTORY_POINTS
        );
        let rows = self.db.rows(&sql, values).await?;
        let read = |row: &Row| Ok((Micros(row.get("at")?), row.get("score")?, row.word("cause")?));
        let mut points: Vec<(Micros, f64, Cause)> = rows.iter().map(read).collect::<anyhow::Result<_>>()?;
        points.dedup_by_key(|point| point.0);
        points.reverse();
        Ok(points)
    }

    /// The subjects that have these pseudonyms, by pseudonym.
    pub(crate) async fn subjects_by_pseudonym(
        &self,
        pseudonyms: &[String],
    ) -> anyhow::Result<BTreeMap<String, SubjectId>> {
        let mut found = BTreeMap::new();
        for pseudonyms in pseudonyms.chunks(limits::INSERT_ROWS) {
            let sql = format!(
                "SELECT id, pseudonym FROM subjects WHERE erased_at IS NULL AND merged_into IS NULL AND pseudonym IN ({})",
                marks(0, pseudonyms.len())
            );
            for row in self.db.rows(&sql, pseudonyms.iter().map(|one| one.as_str().into()).collect()).await? {
                found.insert(row.get("pseudonym")?, SubjectId::new(row.get("id")?));
            }
        }
        Ok(found)
    }

    /// The pseudonyms of subjects.
    pub(crate) async fn pseudonyms(&self, ids: &[SubjectId]) -> anyhow::Result<BTreeMap<SubjectId, String>> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(limits::INSERT_ROWS) {
            let sql = format!(
                "SELECT id, pseudonym FROM subjects WHERE erased_at IS NULL AND id IN ({})",
                marks(0, ids.len())
            );
            for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
                found.insert(SubjectId::new(row.get("id")?), row.get("pseudonym")?);
            }
        }
        Ok(found)
    }

    /// One event.
    pub(crate) async fn activity(&self, sight: &Sight, seq: i64) -> anyhow::Result<Option<StoredActivity>> {
        let mut values = vec![seq.into()];
        let seen = sight.and("subject_id", None, &mut values);
        let sql = format!("SELECT {ACTIVITY} FROM events WHERE seq = $1{seen}");
        let Some(row) = self.db.row(&sql, values).await? else { return Ok(None) };
        let mut found = [activity(&row)?];
        self.withhold(found[0].subject, &mut found).await?;
        let [found] = found;
        Ok(Some(found))
    }

    /// The sealed content of events, opened: names and paths. Only for a viewer with the right to evidence content.
    pub(crate) async fn open_content(
        &self,
        activities: &[&StoredActivity],
    ) -> anyhow::Result<Vec<Option<serde_json::Value>>> {
        let mut subjects: Vec<Uuid> = activities.iter().map(|activity| activity.subject.uuid()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        if subjects.is_empty() {
            return Ok(vec![]);
        }
        let keys = keys_of(&self.db, &self.vault, &subjects).await?;
        activities.iter().map(|activity| activity.opened_with(&keys)).collect()
    }
}
