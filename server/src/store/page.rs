//! Pages by key: a page begins after the last row of the one before, however many rows came in between.
//! Never: OFFSET; it skips and repeats rows, and slows down with every page.

use super::db::{Row, Sql};
use sea_orm::Value;

/// Which part of an ordered list is wanted.
#[derive(Clone, Debug)]
pub struct Slice<K> {
    /// Only what comes after this key.
    pub after: Option<K>,
    /// Only what comes before this key.
    pub before: Option<K>,
    /// At most so many.
    pub limit: usize,
    /// Take them from the end of the list.
    pub from_end: bool,
    /// Whether the total is wanted: it costs a statement.
    pub count: bool,
}

/// A part of an ordered list, in the list's order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// At most `limit`.
    pub items: Vec<T>,
    /// Whether there is more beyond: after the last item, or before the first where the slice was taken from the end.
    pub more: bool,
    /// How many there are altogether; 0 where the slice did not ask.
    pub total: u64,
}

/// A list: what to select from where, and the two columns that order it.
pub(super) struct List<'a> {
    pub(super) columns: &'a str,
    pub(super) from: &'a str,
    /// Conditions joined by AND; empty for none.
    pub(super) conditions: Vec<String>,
    pub(super) values: Vec<Value>,
    /// The column that orders, and the one that decides between equals.
    pub(super) order: (&'a str, &'a str),
    pub(super) descending: bool,
}

impl List<'_> {
    /// Rows of the slice, and the total where it is wanted: one statement or two, whatever the size.
    pub(super) async fn page<K, T>(
        self,
        sql: &impl Sql,
        slice: &Slice<K>,
        key: impl Fn(&K) -> [Value; 2],
        read: impl Fn(&Row) -> anyhow::Result<T>,
    ) -> anyhow::Result<Page<T>> {
        let Self { columns, from, mut conditions, mut values, order: (first, second), descending } = self;
        let clause = |conditions: &[String]| match conditions {
            [] => String::new(),
            some => format!("WHERE {}", some.join(" AND ")),
        };
        let total = if slice.count {
            let count = format!("SELECT count(*) AS total FROM {from} {}", clause(&conditions));
            sql.row(&count, values.clone()).await?.map_or(Ok(0), |row| row.get::<i64>("total"))?
        } else {
            0
        };
        for (bound, forward) in [(&slice.after, true), (&slice.before, false)] {
            if let Some(at) = bound {
                let sign = if forward == descending { "<" } else { ">" };
                conditions.push(format!("({first}, {second}) {sign} (${}, ${})", values.len() + 1, values.len() + 2));
                values.extend(key(at));
            }
        }
        let direction = if descending == slice.from_end { "ASC" } else { "DESC" };
        let text = format!(
            "SELECT {columns} FROM {from} {} ORDER BY {first} {direction}, {second} {direction} LIMIT {}",
            clause(&conditions),
            slice.limit + 1
        );
        let rows = sql.rows(&text, values).await?;
        let more = rows.len() > slice.limit;
        let mut items = rows.iter().take(slice.limit).map(read).collect::<anyhow::Result<Vec<_>>>()?;
        if slice.from_end {
            items.reverse();
        }
        Ok(Page { items, more, total: u64::try_from(total)? })
    }
}
