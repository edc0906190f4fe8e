//! What triggering events an installation has seen of late, in counts.
//! Never: a subject in the answer.

use super::{
    Store,
    db::{Row, Sql as _},
};
use anyhow::Context as _;
use std::collections::BTreeMap;
use vizard_core::{health::Experience, time::Micros};

impl Store {
    /// The counts at `now`.
    pub(crate) async fn experience(&self, now: Micros) -> anyhow::Result<Experience> {
        const DAY: i64 = vizard_core::time::DAY;
        let days = |days: i32| now.plus_days(-days).0;
        let count = |row: &Row, name: &str| anyhow::Ok(u64::try_from(row.get::<i64>(name)?)?);
        let mut seen = Experience::default();
        let sql = format!(
            "SELECT indicator, count(DISTINCT subject_id) AS people FROM triggers WHERE occurred_at >= {} AND occurred_at <= {} \
             GROUP BY indicator",
            days(30),
            now.0
        );
        for row in self.db.rows(&sql, vec![]).await? {
            seen.triggered.insert(row.get("indicator")?, count(&row, "people")?);
        }
        let sql = format!(
            "SELECT indicator, occurred_at / {DAY} AS day, count(*) AS times FROM triggers WHERE occurred_at >= {} \
             AND occurred_at <= {} GROUP BY 1, 2",
            days(7),
            now.0
        );
        let mut by_day: BTreeMap<i64, u64> = BTreeMap::new();
        for row in self.db.rows(&sql, vec![]).await? {
            let times = count(&row, "times")?;
            *by_day.entry(row.get("day")?).or_default() += times;
            let busiest = seen.busiest.entry(row.get("indicator")?).or_default();
            *busiest = times.max(*busiest);
        }
        seen.busiest_day = by_day.into_values().max().unwrap_or_default();
        let (from, until) = (days(90), days(7));
        let left =
            "EXISTS (SELECT 1 FROM triggers d WHERE d.subject_id = t.subject_id AND d.indicator = 'ACCOUNT_DELETED')";
        let told = "EXISTS (SELECT 1 FROM triggers h WHERE h.subject_id = t.subject_id AND h.indicator IN ('RESIGNATION', 'TERMINATION'))";
        let sql = format!(
            "SELECT (SELECT count(*) FROM subjects WHERE erased_at IS NULL AND merged_into IS NULL) AS subjects, \
             (SELECT count(DISTINCT subject_id) FROM triggers t WHERE lasts_until >= {from} AND lasts_until < {until}) AS expected, \
             (SELECT count(DISTINCT subject_id) FROM triggers t WHERE lasts_until >= {from} AND lasts_until < {until} AND {left}) AS gone, \
             (SELECT count(DISTINCT subject_id) FROM triggers t WHERE indicator = 'ACCOUNT_DELETED' AND occurred_at >= {from} \
             AND occurred_at < {until} AND NOT {told}) AS unannounced"
        );
        let row = self.db.row(&sql, vec![]).await?.context("no counts")?;
        seen.subjects = count(&row, "subjects")?;
        seen.departures_expected = count(&row, "expected")?;
        seen.departures_seen = count(&row, "gone")?;
        seen.departures_unannounced = count(&row, "unannounced")?;
        Ok(seen)
    }
}
