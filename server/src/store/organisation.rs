//! Counts over the whole organisation, of what is stored of everybody whether or not any policy scores them.
//! Never: rows of people, or a viewer's sight in them: what one viewer is told less another's would be about those between.

use super::{
    Store,
    db::{Row, Sql as _},
};
use anyhow::Context as _;
use std::{collections::BTreeMap, ops::RangeInclusive};
use vizard_core::{anonymous, time::Day};

/// Exact numbers of people; `vizard_core::anonymous` says what may be told of them.
#[derive(Default)]
pub(crate) struct OrganisationCounts {
    /// Everybody known.
    pub(crate) known: u64,
    /// Of these, who let data out.
    pub(crate) leaking: u64,
    /// Of these, who are leaving.
    pub(crate) leaving: u64,
    /// Both.
    pub(crate) leaving_and_leaking: u64,
    /// Who let data out, by the indicator's code.
    pub(crate) by_indicator: BTreeMap<String, u64>,
}

/// Whether a row `a` of day counts is a day that counts, by the built-in threshold of its indicator.
fn counts(days: &RangeInclusive<Day>) -> String {
    let low: String = anonymous::exfiltration().map(|(code, low)| format!(" WHEN '{code}' THEN {low}")).collect();
    format!("a.day >= {} AND a.day <= {} AND a.count >= CASE a.indicator{low} END", days.start().0, days.end().0)
}

fn count(row: &Row, name: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.get::<i64>(name)?)?)
}

impl Store {
    /// How many people did what in the last whole days before `today`: two statements, however many there are.
    pub(crate) async fn organisation_counts(&self, today: Day) -> anyhow::Result<OrganisationCounts> {
        let counts = counts(&anonymous::days(today));
        let leaving = anonymous::leaving_days(today);
        let causes: Vec<String> = anonymous::leaving().iter().map(|code| format!("'{code}'")).collect();
        let sql = format!(
            "SELECT count(*) AS known, count(CASE WHEN leaking = 1 THEN 1 END) AS leaking, \
             count(CASE WHEN leaving = 1 THEN 1 END) AS leaving, \
             count(CASE WHEN leaking = 1 AND leaving = 1 THEN 1 END) AS leaving_and_leaking FROM (SELECT \
             CASE WHEN EXISTS (SELECT 1 FROM activity_days a WHERE a.subject_id = s.id AND {counts}) THEN 1 ELSE 0 END AS leaking, \
             CASE WHEN EXISTS (SELECT 1 FROM triggers t WHERE t.subject_id = s.id AND t.indicator IN ({}) \
             AND t.occurred_at >= {} AND t.occurred_at < {}) THEN 1 ELSE 0 END AS leaving \
             FROM subjects s WHERE s.erased_at IS NULL AND s.merged_into IS NULL) AS people",
            causes.join(", "),
            leaving.start().start().0,
            leaving.end().plus(1).start().0
        );
        let row = self.db.row(&sql, vec![]).await?.context("no counts")?;
        let mut found = OrganisationCounts {
            known: count(&row, "known")?,
            leaking: count(&row, "leaking")?,
            leaving: count(&row, "leaving")?,
            leaving_and_leaking: count(&row, "leaving_and_leaking")?,
            by_indicator: BTreeMap::new(),
        };
        let sql = format!(
            "SELECT a.indicator, count(DISTINCT a.subject_id) AS people FROM subjects s \
             JOIN activity_days a ON a.subject_id = s.id AND {counts} WHERE s.erased_at IS NULL AND s.merged_into IS NULL GROUP BY a.indicator"
        );
        for row in self.db.rows(&sql, vec![]).await? {
            found.by_indicator.insert(row.get("indicator")?, count(&row, "people")?);
        }
        Ok(found)
    }
}
