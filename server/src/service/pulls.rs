//! Connectors that pull: a page after the other, each durable together with its cursor before the next is asked for.
//! Never: a cursor that moves on without its page; a source that is asked again although its answer was "not you".

use super::{Services, pump::Stop};
use crate::{
    error::ServiceError,
    store::{ClaimedSource, NewPage, StoredConnector},
};
use serde_json::{Value, json};
use std::sync::Arc;
use vizard_core::{
    limits,
    time::{MINUTE, Micros, SECOND},
};
use vizard_plugin_host::{BatchError, Destination, Feed, Framing, Page, Plugin, Position, Reach};

/// What comes after a page or a failure.
enum Next {
    /// Deliveries of its records, and where it ends.
    Page { bodies: Vec<Vec<u8>>, cursor: String, more: bool },
    /// Again after a pause: the vendor's, or one that grows.
    Later { error: String, seconds: u32 },
    /// The plugin failed; counts against it.
    Fault(String),
    /// Not again before somebody has looked.
    Stop(String),
}

impl Services {
    /// Asks one source for one page; false where none is due.
    pub async fn pull_some(&self) -> anyhow::Result<bool> {
        let Some(claimed) = self.store.claim_source(self.clock.now()).await? else { return Ok(false) };
        let connector = self.store.connectors_by_id(&[claimed.connector]).await?.remove(&claimed.connector);
        let Some(connector) = connector else { return Ok(true) };
        let next = match self.plugin(connector.plugin).await {
            Ok(plugin) => self.ask(&plugin, &connector, &claimed).await?,
            Err(ServiceError::Internal(error)) => return Err(error),
            Err(error) => Next::Stop(error.to_string()),
        };
        let now = self.clock.now();
        match next {
            Next::Page { bodies, cursor, more } => {
                let pause = connector.pull_minutes.map(|minutes| i64::from(minutes) * MINUTE);
                let next_at = if more { Some(now) } else { pause.map(|pause| Micros(now.0 + pause)) };
                let new = NewPage { bodies: &bodies, cursor: &cursor, next_at };
                if self.store.store_page(&claimed, &new, now).await? && !bodies.is_empty() {
                    self.bell.deliveries.notify_one();
                }
            }
            Next::Later { error, seconds } => {
                let pause = pause(claimed.failures).max(i64::from(seconds.min(limits::PULL_RETRY_SECONDS)));
                let next = Micros(now.0 + pause * SECOND);
                self.store.source_failed(&claimed, (&error, Some(next))).await?;
            }
            Next::Fault(error) => {
                let next = Micros(now.0 + pause(claimed.failures) * SECOND);
                self.store.source_failed(&claimed, (&error, Some(next))).await?;
                self.note_fault(&connector, &Stop::Plugin(error)).await?;
            }
            Next::Stop(error) => {
                tracing::warn!(connector = %connector.id, "a source is asked no further: see its error");
                self.store.source_failed(&claimed, (&error, None)).await?;
            }
        }
        Ok(true)
    }

    async fn ask(
        &self,
        plugin: &Arc<Plugin>,
        connector: &StoredConnector,
        claimed: &ClaimedSource,
    ) -> anyhow::Result<Next> {
        let destinations = connector.grants.iter().filter_map(|grant| Destination::parse(grant).ok()).collect();
        let reach = Reach { destinations, secrets: self.store.secrets_of(connector)? };
        let call = self.call(connector.id.to_string(), connector.config.clone());
        let (asked, feed, position) = (Arc::clone(plugin), claimed.feed.clone(), claimed.position.clone());
        let pulled = tokio::task::spawn_blocking(move || asked.pull(&call, &feed, &position, reach)).await?;
        Ok(match pulled {
            Ok(page) if stands_still(&page, &claimed.position) => {
                Next::Fault(format!("the plugin {} says that more is ready and does not go on", plugin.name()))
            }
            Ok(Page { records, cursor, more }) => match plugin.spec().feed(&claimed.feed) {
                None => Next::Stop("the plugin has no such feed any more".to_owned()),
                Some(feed) => match bodies(feed, &records) {
                    Ok(bodies) => Next::Page { bodies, cursor, more },
                    Err(error) => Next::Stop(error.to_owned()),
                },
            },
            Err(BatchError::Transient { message, after_seconds }) => {
                Next::Later { error: message, seconds: after_seconds }
            }
            Err(error @ BatchError::Internal(_)) => Next::Fault(error.to_string()),
            Err(error) => Next::Stop(error.to_string()),
        })
    }
}

/// Whether a page would be asked for again and again.
fn stands_still(page: &Page, position: &Position) -> bool {
    page.more && page.records.is_empty() && matches!(position, Position::After(cursor) if *cursor == page.cursor)
}

/// Seconds before a source that failed so often is asked again.
fn pause(failures: i64) -> i64 {
    let (first, longest) = (*limits::PULL_PAUSE_SECONDS.start(), *limits::PULL_PAUSE_SECONDS.end());
    first.saturating_mul(1 << failures.clamp(0, 20)).min(longest)
}

/// Records as a delivery of their feed, the way the host cuts one; none where there are no records.
fn bodies(feed: &Feed, records: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, &'static str> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let broken = |record: &Vec<u8>| record.contains(&b'\n');
    match feed.framing {
        Framing::Whole => Ok(records.to_vec()),
        Framing::Lines if records.iter().any(broken) => Err("the plugin pulls a line with a line break in it"),
        Framing::Lines | Framing::Csv => Ok(vec![records.join(b"\n".as_slice())]),
        Framing::Json if feed.pointer.is_empty() => Ok(vec![records.join(b"\n".as_slice())]),
        Framing::Json => {
            let records: Result<Vec<Value>, _> =
                records.iter().map(|record| serde_json::from_slice::<Value>(record)).collect();
            let records = records.map_err(|_| "the plugin pulls a record that is no JSON")?;
            let parts = feed.pointer[1..].split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
            let whole = parts.rev().fold(Value::Array(records), |inside, part| json!({part: inside}));
            Ok(vec![whole.to_string().into_bytes()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vizard_plugin_host::framing::Records;

    fn feed(framing: Framing, pointer: &str) -> Feed {
        Feed { name: "f".into(), title: "F".into(), framing, pointer: pointer.into(), columns: vec![] }
    }

    #[test]
    fn a_page_is_cut_into_the_records_that_were_pulled() {
        let pulled: Vec<Vec<u8>> = ["{\"a\":1}", "{\"b\":[1,2]}", "{}"].map(|record| record.as_bytes().to_vec()).into();
        for feed in [feed(Framing::Json, ""), feed(Framing::Json, "/value/x~1y"), feed(Framing::Lines, "")] {
            let bodies = bodies(&feed, &pulled).unwrap();
            let mut cut = Records::new(Box::new(std::io::Cursor::new(bodies[0].clone())), &feed).unwrap();
            let batch = cut.next_batch(10, 10_000).unwrap().unwrap();
            assert_eq!((bodies.len(), batch.records), (1, pulled.clone()));
        }
        assert_eq!(bodies(&feed(Framing::Whole, ""), &pulled).unwrap(), pulled);
        assert!(bodies(&feed(Framing::Json, ""), &[]).unwrap().is_empty());
        assert!(bodies(&feed(Framing::Lines, ""), &[b"a\nb".to_vec()]).is_err());
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        assert_eq!([0, 1, 2, 6, 7, 40, -1].map(pause), [30, 60, 120, 1_920, 3_600, 3_600, 30]);
    }

    #[test]
    fn a_cursor_that_stands_still_is_noticed() {
        let page = |records: Vec<Vec<u8>>, more| Page { records, cursor: "a".into(), more };
        let at = Position::After("a".into());
        assert!(stands_still(&page(vec![], true), &at));
        assert!(!stands_still(&page(vec![], false), &at) && !stands_still(&page(vec![vec![]], true), &at));
        assert!(!stands_still(&page(vec![], true), &Position::Since(Micros(0))));
    }
}
