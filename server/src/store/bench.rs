//! For `vizard bench`: the rows that a database holds, written once more as bare multi-row inserts, as the yardstick for
//! the whole path.
//! Never: used on data that matter; the target is a database of its own.

mod queue;

pub(crate) use queue::MadeAlert;

use super::{
    Store,
    db::{Sql as _, tuples},
};
use sea_orm::Value;
use std::time::{Duration, Instant};
use uuid::Uuid;
use vizard_core::limits;

const COLUMNS: &str = "connector_id, event_key, run_id, subject_id, indicator, occurred_at, quantity, facts, content, object, \
                       previous_object, site, weight, unallowed, variants";
const WIDTH: usize = 15;

impl Store {
    /// Copies every event into the empty `target`, in transactions of one batch, as the path does; tells how many there
    /// were and how long the writing took, without the reading.
    pub(crate) async fn copy_events(&self, target: &Self) -> anyhow::Result<(u64, Duration)> {
        let (mut last, mut written, mut spent) = (0i64, 0u64, Duration::ZERO);
        loop {
            let sql = format!(
                "SELECT seq, {COLUMNS} FROM events WHERE seq > $1 ORDER BY seq LIMIT {}",
                limits::BATCH_RECORDS
            );
            let rows = self.db.rows(&sql, vec![last.into()]).await?;
            let Some(end) = rows.last() else { return Ok((written, spent)) };
            last = end.get("seq")?;
            let mut statements: Vec<(usize, Vec<Value>)> = Vec::new();
            for part in rows.chunks(limits::INSERT_ROWS) {
                let mut values = Vec::with_capacity(part.len() * WIDTH);
                for row in part {
                    values.push(row.get::<Uuid>("connector_id")?.into());
                    values.push(row.get::<Vec<u8>>("event_key")?.into());
                    values.push(row.get::<Uuid>("run_id")?.into());
                    values.push(row.get::<Uuid>("subject_id")?.into());
                    values.push(row.get::<String>("indicator")?.into());
                    values.push(row.get::<i64>("occurred_at")?.into());
                    values.push(row.get::<i64>("quantity")?.into());
                    values.push(row.get::<String>("facts")?.into());
                    values.push(row.get::<Option<Vec<u8>>>("content")?.into());
                    values.push(row.get::<Option<Vec<u8>>>("object")?.into());
                    values.push(row.get::<Option<Vec<u8>>>("previous_object")?.into());
                    values.push(row.get::<Option<Vec<u8>>>("site")?.into());
                    values.push(row.get::<i64>("weight")?.into());
                    values.push(row.get::<i64>("unallowed")?.into());
                    values.push(row.get::<Option<String>>("variants")?.into());
                }
                statements.push((part.len(), values));
            }
            let began = Instant::now();
            let tx = target.db.begin().await?;
            for (count, values) in statements {
                tx.run(&format!("INSERT INTO events ({COLUMNS}) VALUES {}", tuples(&tx, WIDTH, count)), values).await?;
                written += count as u64;
            }
            tx.commit().await?;
            spent += began.elapsed();
        }
    }
}
