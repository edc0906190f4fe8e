//! Indicators that do not count for a subject or the members of a group, for a time.
//! Never: a row taken back: what held is needed to compute a score again; ending one writes when it ended.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql, Tx, marks},
    page::{List, Page, Slice},
};
use crate::permit::Sight;
use anyhow::Context as _;
use sea_orm::Value;
use uuid::Uuid;
use vizard_core::{
    ids::{PriorityGroupId, SubjectId, SuppressionId},
    limits,
    scoring::suppression::Suppression,
    time::Micros,
};

/// For whom an indicator does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Over {
    Subject(SubjectId),
    /// Whoever is a member at the moment.
    Group(PriorityGroupId),
}

/// A suppression.
#[derive(Clone)]
pub(crate) struct StoredSuppression {
    pub(crate) id: SuppressionId,
    pub(crate) indicator: String,
    pub(crate) over: Over,
    pub(crate) reason: String,
    /// Whose it is, by id.
    pub(crate) by: String,
    pub(crate) created_at: Micros,
    pub(crate) until: Micros,
    /// When it was ended before its time, and by whom.
    pub(crate) ended: Option<(Micros, String)>,
}

/// Which suppressions are wanted; `None` wants all.
#[derive(Clone, Copy, Default)]
pub struct SuppressionFilter {
    /// Of this subject itself, not of its groups.
    pub subject: Option<SubjectId>,
    /// Those that hold at that instant.
    pub holding_at: Option<Micros>,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Suppressed {
    Done,
    /// There is no such subject, group or suppression in sight.
    Unknown,
    /// Some of the group's members are out of sight.
    OutOfSight,
    /// There are too many at once.
    TooMany,
    /// It is over already.
    Over,
}

const SUPPRESSION: &str =
    "id, indicator, subject_id, group_id, reason, created_by, created_at, until, ended_at, ended_by";
/// When a suppression ends, or has ended.
const END: &str = "COALESCE(ended_at, until)";

fn suppression(row: &Row) -> anyhow::Result<StoredSuppression> {
    let over = match row.get::<Option<Uuid>>("subject_id")? {
        Some(subject) => Over::Subject(SubjectId::new(subject)),
        None => Over::Group(PriorityGroupId::new(row.get("group_id")?)),
    };
    Ok(StoredSuppression {
        id: SuppressionId::new(row.get("id")?),
        indicator: row.get("indicator")?,
        over,
        reason: row.get("reason")?,
        by: row.get("created_by")?,
        created_at: Micros(row.get("created_at")?),
        until: Micros(row.get("until")?),
        ended: row.get::<Option<i64>>("ended_at")?.map(Micros).zip(row.get::<Option<String>>("ended_by")?),
    })
}

/// Suppressions of these subjects and their groups that hold or have ended of late. What ended earlier is in no score: the
/// subject was due when it did.
pub(super) async fn of_late(sql: &impl Sql, ids: &[Uuid], now: Micros) -> anyhow::Result<Vec<(Uuid, Suppression)>> {
    let (late, within) = (now.plus_days(-limits::SUPPRESSION_DAYS).0, marks(0, ids.len()));
    let text = format!(
        "SELECT subject_id AS who, indicator, created_at, {END} AS ends FROM suppressions \
         WHERE subject_id IN ({within}) AND until > {late} UNION ALL \
         SELECT m.subject_id AS who, x.indicator, x.created_at, COALESCE(x.ended_at, x.until) AS ends FROM priority_group_members m \
         JOIN suppressions x ON x.group_id = m.group_id WHERE m.subject_id IN ({within}) AND x.until > {late}"
    );
    let read = |row: &Row| -> anyhow::Result<(Uuid, Suppression)> {
        let suppression = Suppression {
            indicator: row.get("indicator")?,
            from: Micros(row.get("created_at")?),
            until: Micros(row.get("ends")?),
        };
        Ok((row.get("who")?, suppression))
    };
    sql.rows(&text, ids.iter().map(|id| (*id).into()).collect()).await?.iter().map(read).collect()
}

/// Locks whom it is over and makes them due, in the order of their ids, as the scorer locks.
async fn due(tx: &Tx, over: Over) -> anyhow::Result<u64> {
    let (whom, id) = match over {
        Over::Subject(id) => ("id = $1 AND erased_at IS NULL", id.uuid()),
        Over::Group(id) => ("id IN (SELECT subject_id FROM priority_group_members WHERE group_id = $1)", id.uuid()),
    };
    let sql = if tx.is_postgres() {
        format!(
            "WITH locked AS (SELECT id FROM subjects WHERE {whom} ORDER BY id FOR UPDATE) \
             UPDATE subjects SET next_due = 0 FROM locked WHERE subjects.id = locked.id"
        )
    } else {
        format!("UPDATE subjects SET next_due = 0 WHERE {whom}")
    };
    tx.run(&sql, vec![id.into()]).await
}

/// Whether everybody whom it is over is in sight; `Unknown` where there is nobody of that id.
async fn in_sight(tx: &Tx, sight: &Sight, over: Over) -> anyhow::Result<Suppressed> {
    let (from, id) = match over {
        Over::Subject(id) => ("subjects WHERE id = $1", id.uuid()),
        Over::Group(id) => ("priority_group_members WHERE group_id = $1", id.uuid()),
    };
    if matches!(over, Over::Group(_)) {
        let known = "SELECT 1 AS one FROM priority_groups WHERE id = $1";
        if tx.row(known, vec![id.into()]).await?.is_none() {
            return Ok(Suppressed::Unknown);
        }
    }
    let column = if matches!(over, Over::Group(_)) { "subject_id" } else { "id" };
    let mut values: Vec<Value> = vec![id.into()];
    let seen = sight.and(column, None, &mut values);
    let sql = format!("SELECT (SELECT count(*) FROM {from}) AS everybody, (SELECT count(*) FROM {from}{seen}) AS seen");
    let row = tx.row(&sql, values).await?.context("no counts")?;
    let (everybody, seen) = (row.get::<i64>("everybody")?, row.get::<i64>("seen")?);
    Ok(match (over, seen == everybody) {
        (Over::Subject(_), _) if seen == 0 => Suppressed::Unknown,
        (_, true) => Suppressed::Done,
        (_, false) => Suppressed::OutOfSight,
    })
}

impl Store {
    /// Adds a suppression; whom it is over is scored again.
    pub(crate) async fn suppress(
        &self,
        sight: &Sight,
        new: &StoredSuppression,
        entry: Entry,
    ) -> anyhow::Result<Suppressed> {
        let tx = self.db.begin().await?;
        let due = due(&tx, new.over).await?;
        let seen = in_sight(&tx, sight, new.over).await?;
        if seen != Suppressed::Done {
            return Ok(seen);
        }
        if due == 0 && matches!(new.over, Over::Subject(_)) {
            // Erased a moment ago.
            return Ok(Suppressed::Unknown);
        }
        let now = new.created_at;
        let held = format!("SELECT count(*) AS held FROM suppressions WHERE {END} > {}", now.0);
        let held: i64 = tx.row(&held, vec![]).await?.context("no count")?.get("held")?;
        if u64::try_from(held)? >= limits::SUPPRESSIONS {
            return Ok(Suppressed::TooMany);
        }
        let (subject, group) = match new.over {
            Over::Subject(id) => (Some(id.uuid()), None),
            Over::Group(id) => (None, Some(id.uuid())),
        };
        tx.run(
            "INSERT INTO suppressions (id, indicator, subject_id, group_id, reason, created_by, created_at, until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            vec![
                new.id.uuid().into(),
                new.indicator.as_str().into(),
                subject.into(),
                group.into(),
                new.reason.as_str().into(),
                new.by.as_str().into(),
                now.0.into(),
                new.until.0.into(),
            ],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Suppressed::Done)
    }

    /// Ends a suppression before its time; whom it is over is scored again.
    pub(crate) async fn end_suppression(
        &self,
        sight: &Sight,
        id: SuppressionId,
        by: &str,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<Suppressed> {
        let Some(found) = self.suppression(id).await? else { return Ok(Suppressed::Unknown) };
        let tx = self.db.begin().await?;
        due(&tx, found.over).await?;
        let seen = in_sight(&tx, sight, found.over).await?;
        if seen != Suppressed::Done {
            return Ok(seen);
        }
        let sql =
            "UPDATE suppressions SET ended_at = $1, ended_by = $2 WHERE id = $3 AND ended_at IS NULL AND until > $1";
        if tx.run(sql, vec![now.0.into(), by.into(), id.uuid().into()]).await? == 0 {
            return Ok(Suppressed::Over);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Suppressed::Done)
    }

    /// One suppression, whoever may see it.
    pub(crate) async fn suppression(&self, id: SuppressionId) -> anyhow::Result<Option<StoredSuppression>> {
        let sql = format!("SELECT {SUPPRESSION} FROM suppressions WHERE id = $1");
        self.db.row(&sql, vec![id.uuid().into()]).await?.as_ref().map(suppression).transpose()
    }

    /// Suppressions, the newest first: those over subjects in sight, and those over groups.
    pub(crate) async fn suppressions(
        &self,
        sight: &Sight,
        filter: SuppressionFilter,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredSuppression>> {
        let mut conditions = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        if let Some(subject) = filter.subject {
            values.push(subject.uuid().into());
            conditions.push(format!("subject_id = ${}", values.len()));
        }
        if let Some(at) = filter.holding_at {
            conditions.push(format!("created_at <= {at} AND {END} > {at}", at = at.0));
        }
        let seen = sight.conditions("subject_id", None, &mut values);
        if !seen.is_empty() {
            conditions.push(format!("(subject_id IS NULL OR ({}))", seen.join(" AND ")));
        }
        let list = List {
            columns: SUPPRESSION,
            from: "suppressions",
            conditions,
            values,
            order: ("created_at", "id"),
            descending: true,
        };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], suppression).await
    }

    /// Codes of the indicators that do not count for these subjects at an instant, by themselves or by a group of theirs.
    pub(crate) async fn suppressed_indicators(
        &self,
        ids: &[SubjectId],
        at: Micros,
    ) -> anyhow::Result<Vec<(SubjectId, String)>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let all = of_late(&self.db, &ids, at).await?;
        let holding = all.into_iter().filter(|(_, one)| one.holds_at(at));
        Ok(holding.map(|(subject, one)| (SubjectId::new(subject), one.indicator)).collect())
    }
}
