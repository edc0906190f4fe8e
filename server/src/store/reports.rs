//! Reports of what one subject did: whom, which days, who asked and why. What they show is read from the events.
//! Never: a copy of an event; beyond the insights of a case that has a label of its own.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, marks},
    page::{List, Page, Slice},
    subjects::{ACTIVITY, StoredActivity, activity},
};
use crate::permit::Sight;
use sea_orm::Value;
use uuid::Uuid;
use vizard_core::{
    ids::{CaseId, ReportId, SubjectId},
    limits, report,
    scoring::Beneath,
    time::{DAY, Day, Micros},
};

/// A report.
#[derive(Clone)]
pub(crate) struct StoredReport {
    pub(crate) id: ReportId,
    pub(crate) subject: SubjectId,
    /// The case with a label of its own that the subject was seen from.
    pub(crate) case: Option<CaseId>,
    pub(crate) from: Day,
    pub(crate) to: Day,
    pub(crate) reason: String,
    /// Whose it is, by id.
    pub(crate) by: String,
    pub(crate) created_at: Micros,
}

/// What a report has of one indicator.
#[derive(Clone)]
pub(crate) struct ReportLine {
    pub(crate) indicator: String,
    pub(crate) activities: u64,
    pub(crate) quantity: u64,
    pub(crate) days: u64,
    pub(crate) last: Day,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reported {
    Done,
    /// There is no such subject in sight.
    Unknown,
    /// There are too many at once.
    TooMany,
}

const REPORT: &str = "id, subject_id, case_id, first_day, last_day, reason, created_by, created_at";

fn stored(row: &Row) -> anyhow::Result<StoredReport> {
    let day = |name: &str| anyhow::Ok(Day(i32::try_from(row.get::<i64>(name)?)?));
    Ok(StoredReport {
        id: ReportId::new(row.get("id")?),
        subject: SubjectId::new(row.get("subject_id")?),
        case: row.get::<Option<Uuid>>("case_id")?.map(CaseId::new),
        from: day("first_day")?,
        to: day("last_day")?,
        reason: row.get("reason")?,
        by: row.get("created_by")?,
        created_at: Micros(row.get("created_at")?),
    })
}

impl Store {
    /// Adds a report. Its subject is locked, as whoever erases them and whoever removes their case locks them.
    pub(crate) async fn create_report(
        &self,
        sight: &Sight,
        new: &StoredReport,
        entry: Entry,
    ) -> anyhow::Result<Reported> {
        let tx = self.db.begin().await?;
        let mut values: Vec<Value> = vec![new.subject.uuid().into()];
        let seen = sight.and("id", None, &mut values);
        let known = format!("SELECT id FROM subjects WHERE id = $1 AND erased_at IS NULL{seen} {}", tx.for_update());
        if tx.row(&known, values).await?.is_none() {
            return Ok(Reported::Unknown);
        }
        if let Some(case) = new.case {
            let known = "SELECT id FROM cases WHERE id = $1 AND label IS NOT NULL";
            if tx.row(known, vec![case.uuid().into()]).await?.is_none() {
                return Ok(Reported::Unknown);
            }
        }
        if tx.count("SELECT count(*) AS number FROM activity_reports", vec![]).await? >= limits::ACTIVITY_REPORTS {
            return Ok(Reported::TooMany);
        }
        tx.run(
            "INSERT INTO activity_reports (id, subject_id, case_id, first_day, last_day, reason, created_by, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            vec![
                new.id.uuid().into(),
                new.subject.uuid().into(),
                new.case.map(CaseId::uuid).into(),
                i64::from(new.from.0).into(),
                i64::from(new.to.0).into(),
                new.reason.as_str().into(),
                new.by.as_str().into(),
                new.created_at.0.into(),
            ],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry], new.created_at).await?;
        tx.commit().await?;
        Ok(Reported::Done)
    }

    /// One report, if its subject is in sight.
    pub(crate) async fn report(&self, sight: &Sight, id: ReportId) -> anyhow::Result<Option<StoredReport>> {
        let mut values: Vec<Value> = vec![id.uuid().into()];
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {REPORT} FROM activity_reports WHERE id = $1{seen}");
        self.db.row(&sql, values).await?.as_ref().map(stored).transpose()
    }

    /// Reports of subjects in sight, the newest first.
    pub(crate) async fn reports(
        &self,
        sight: &Sight,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredReport>> {
        let mut values: Vec<Value> = Vec::new();
        let conditions = sight.conditions("subject_id", Some("case_id"), &mut values);
        let list = List {
            columns: REPORT,
            from: "activity_reports",
            conditions,
            values,
            order: ("created_at", "id"),
            descending: true,
        };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], stored).await
    }

    /// What a report has, by indicator in the order of their codes: one statement, or two for a case that stands apart.
    pub(crate) async fn report_lines(&self, of: &StoredReport) -> anyhow::Result<Vec<ReportLine>> {
        let (conditions, values) = self.events_of(of).await?;
        let sql = format!(
            "SELECT indicator, count(*) AS activities, CAST(sum(quantity) AS BIGINT) AS quantity, \
             count(DISTINCT occurred_at / {DAY}) AS days, max(occurred_at) AS last FROM events WHERE {} \
             GROUP BY indicator ORDER BY indicator",
            conditions.join(" AND ")
        );
        let count = |row: &Row, name: &str| anyhow::Ok(u64::try_from(row.get::<i64>(name)?)?);
        let line = |row: &Row| {
            Ok(ReportLine {
                indicator: row.get("indicator")?,
                activities: count(row, "activities")?,
                quantity: count(row, "quantity")?,
                days: count(row, "days")?,
                last: Micros(row.get("last")?).day(),
            })
        };
        self.db.rows(&sql, values).await?.iter().map(line).collect()
    }

    /// The events of a report, in the order in which they happened.
    pub(crate) async fn report_activities(
        &self,
        of: &StoredReport,
        slice: &Slice<(Micros, i64)>,
    ) -> anyhow::Result<Page<StoredActivity>> {
        let (conditions, values) = self.events_of(of).await?;
        let list = List {
            columns: ACTIVITY,
            from: "events",
            conditions,
            values,
            order: ("occurred_at", "seq"),
            descending: false,
        };
        let mut page = list.page(&self.db, slice, |(at, seq)| [at.0.into(), (*seq).into()], activity).await?;
        self.withhold(of.subject, &mut page.items).await?;
        Ok(page)
    }

    /// Conditions on the events of a report: those of its days; of a case with a label of its own those that its insights
    /// rest on, since seen from it there is nothing beyond it.
    async fn events_of(&self, of: &StoredReport) -> anyhow::Result<(Vec<String>, Vec<Value>)> {
        let (from, until) = (of.from.start().0, of.to.plus(1).start().0);
        let mut conditions =
            vec!["subject_id = $1".to_owned(), format!("occurred_at >= {from} AND occurred_at < {until}")];
        let mut values: Vec<Value> = vec![of.subject.uuid().into()];
        let Some(case) = of.case else { return Ok((conditions, values)) };
        let sql = "SELECT DISTINCT i.kind, i.indicator, i.day FROM alert_insights i JOIN alerts a ON a.id = i.alert_id \
                   WHERE a.case_id = $1";
        let insight = |row: &Row| {
            let day = Day(i32::try_from(row.get::<i64>("day")?)?);
            anyhow::Ok(Beneath::of(row.word("kind")?, &row.get::<String>("indicator")?, day))
        };
        let rows = self.db.rows(sql, vec![case.uuid().into()]).await?;
        let insights: Vec<Beneath> = rows.iter().map(insight).collect::<anyhow::Result<_>>()?;
        let mut any = Vec::new();
        for (events, days) in report::beneath(insights, of.from, of.to) {
            let days: Vec<String> = days.iter().map(|day| day.0.to_string()).collect();
            let mut each = vec![format!("occurred_at / {DAY} IN ({})", days.join(","))];
            if !events.indicators.is_empty() {
                each.push(format!("indicator IN ({})", marks(values.len(), events.indicators.len())));
                values.extend(events.indicators.into_iter().map(Value::from));
            }
            if let Some(variant) = events.variant {
                values.push(variant.into());
                each.push(format!("' ' || variants || ' ' LIKE '% ' || ${} || ' %'", values.len()));
            }
            any.push(format!("({})", each.join(" AND ")));
        }
        // A case without insights has no events.
        conditions.push(if any.is_empty() { "1 = 0".to_owned() } else { format!("({})", any.join(" OR ")) });
        Ok((conditions, values))
    }
}
