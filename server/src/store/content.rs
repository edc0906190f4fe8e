//! What the events beneath a case's insights are about, counted where they lie.
//! Never: content of evidence; facts, freed of names as wherever they are read.

use super::{
    Store, StoredCase,
    cases::timeline,
    db::{Row, Sql as _, marks},
    page::Slice,
};
use sea_orm::Value;
use serde_json::{Map, Value as Json};
use vizard_core::{
    event::{
        self,
        content::{Alike, ContentType},
    },
    export::record::Lying,
    limits,
    time::{DAY, Micros},
};

const EXTENSION: &str = "file_extension";
const LABEL: &str = "sensitivity_label";

impl Store {
    /// Events beneath the case's insights, the newest of both first, those that are alike together. A few statements however
    /// many there are; see `CONTENT_INSIGHTS` and `CONTENT_GROUPS`.
    pub(crate) async fn content_of(&self, case: &StoredCase) -> anyhow::Result<Vec<Alike>> {
        let slice = Slice { after: None, before: None, limit: limits::CONTENT_INSIGHTS, from_end: false, count: false };
        let mut lying = Lying::default();
        timeline(&self.db, case.id, &slice, true).await?.items.iter().for_each(|insight| lying.add(insight));
        let Some((first, last)) = lying.days() else { return Ok(Vec::new()) };
        let mut values: Vec<Value> = vec![case.subject.uuid().into()];
        let among = lying.codes().map_or_else(String::new, |codes| {
            values.extend(codes.iter().map(|code| Value::from(*code)));
            format!(" AND indicator IN ({})", marks(1, codes.len()))
        });
        let fact = |name: &str| match self.db.is_postgres() {
            true => format!("facts::json ->> '{name}'"),
            false => format!("json_extract(facts, '$.{name}')"),
        };
        let sql = format!(
            "SELECT indicator, COALESCE(variants, '') AS variants, occurred_at / {DAY} AS day, {} AS extension, {} AS label, \
             count(*) AS activities, CAST(sum(quantity) AS BIGINT) AS quantity, max(occurred_at) AS last_at FROM events \
             WHERE subject_id = $1 AND occurred_at >= {} AND occurred_at < {}{among} GROUP BY 1, 2, 3, 4, 5 \
             ORDER BY last_at DESC LIMIT {}",
            fact(EXTENSION),
            fact(LABEL),
            first.start().0,
            last.plus(1).start().0,
            limits::CONTENT_GROUPS
        );
        let rows = self.db.rows(&sql, values).await?;
        // Erased: there is no name left to take out.
        let mut opened = self.open_identities(&self.db, &[case.subject.uuid()]).await?;
        let (profile, identifiers) = opened.remove(&case.subject).unwrap_or_default();
        let mut found = Vec::new();
        for row in &rows {
            let last_at = Micros(row.get("last_at")?);
            let (code, variants): (String, String) = (row.get("indicator")?, row.get("variants")?);
            if lying.beneath(&code, &variants, last_at).is_empty() {
                continue;
            }
            let mut facts = Map::new();
            facts.insert(EXTENSION.to_owned(), texts(row, "extension")?);
            facts.insert(LABEL.to_owned(), texts(row, "label")?);
            event::withhold(&mut facts, &identifiers, profile.as_ref());
            let left = |name: &str| -> Vec<String> {
                let texts = facts.get(name).and_then(Json::as_array).into_iter().flatten();
                texts.filter_map(Json::as_str).map(str::to_owned).collect()
            };
            found.push(Alike {
                content: ContentType::of(&code, &left(EXTENSION)),
                activities: u64::try_from(row.get::<i64>("activities")?)?,
                quantity: u64::try_from(row.get::<i64>("quantity")?)?,
                labels: left(LABEL),
                last_at,
            });
        }
        Ok(found)
    }
}

/// A fact as a list of texts: of one, of several (which the database gives as JSON; no fact of these begins like it), of none.
fn texts(row: &Row, column: &str) -> anyhow::Result<Json> {
    let Some(text) = row.get::<Option<String>>(column)? else { return Ok(Json::Array(vec![])) };
    match text.starts_with('[') {
        true => Ok(serde_json::from_str(&text)?),
        false => Ok(Json::Array(vec![text.into()])),
    }
}
