//! The trait that a vendor implements, and the whole call around it: the same natively and in the plugin.
//! Never: loses a record. Each gives events, or one reject, or counts as ignored.

use crate::bindings::vizard::connector::types as wire;
use crate::csv::Rows;
use crate::record::Record;
use crate::time::DateOrder;
use crate::{Batch, CallContext, Columns, Descriptor, Emit, Failure, Framing, Outcome, Problem, Reject};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

/// A connector. It is pure: no clock, no randomness, no memory of the batch before. The same record always gives the
/// same events, so that a batch can be replayed after an upgrade, and cut differently.
pub trait Connector: 'static {
    /// The installation's configuration, already valid against the descriptor's schema.
    type Config: DeserializeOwned;

    /// What the connector is.
    const DESCRIPTOR: Descriptor;

    /// Rules for the configuration that its schema cannot say. Empty means good.
    fn check(config: &Self::Config) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// Refuses a CSV delivery by its header, typically with [`Columns::require`].
    fn header(config: &Self::Config, feed: &str, columns: &Columns) -> Result<(), Failure> {
        let _ = (config, feed, columns);
        Ok(())
    }

    /// Says what one record means, through `emit`. What it emitted before an error is taken back.
    fn normalise(
        config: &Self::Config,
        call: &Call<'_>,
        record: &Record<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), Reject>;
}

/// What a call knows besides configuration and records.
#[derive(Debug)]
pub struct Call<'a> {
    context: &'a CallContext,
    zone: TimeZone,
}

impl<'a> Call<'a> {
    fn new(context: &'a CallContext) -> Result<Self, Problem> {
        let zone = TimeZone::get(&context.default_zone).map_err(|_| Problem {
            at: String::new(),
            message: format!("{:?} is not a time zone of the IANA database", context.default_zone),
        })?;
        Ok(Self { context, zone })
    }

    /// When the host received the batch, in microseconds since 1970. A replay passes the original time.
    #[must_use]
    pub fn received_at(&self) -> i64 {
        self.context.received_at
    }

    /// The zone of times that name none.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A time in any known shape (see [`crate::time::parse`]), month before day where numbers alone do not tell.
    #[must_use]
    pub fn time(&self, text: &str) -> Option<i64> {
        crate::time::parse(text, &self.zone, DateOrder::MonthFirst)
    }
}

/// What is wrong with a configuration. Empty means good.
#[must_use]
pub fn check_config<C: Connector>(context: &CallContext) -> Vec<Problem> {
    match prepare::<C>(context) {
        Ok((config, _)) => C::check(&config),
        Err(problem) => vec![problem],
    }
}

pub(crate) fn prepare<C: Connector>(context: &CallContext) -> Result<(C::Config, Call<'_>), Problem> {
    // The configuration is the operator's own and holds no secret: serde's message, which may quote it, is welcome.
    let config = serde_json::from_str(&context.config)
        .map_err(|error| Problem { at: String::new(), message: error.to_string() })?;
    Ok((config, Call::new(context)?))
}

/// Normalises one batch.
pub fn normalise<C: Connector>(context: &CallContext, batch: &Batch) -> Result<Outcome, Failure> {
    let (config, call) = prepare::<C>(context).map_err(|problem| Failure::Config(vec![problem]))?;
    let feed = C::DESCRIPTOR.feed(&batch.feed).ok_or_else(|| Failure::Format("there is no such feed".into()))?;
    let mut rows = match (feed.framing, &batch.header) {
        (Framing::Csv, Some(header)) => Some(Rows::new(header)?.with_surplus_into_last(feed.surplus_into_last)),
        (Framing::Csv, None) => return Err(Failure::Format("the delivery has no header".into())),
        _ => None,
    };
    if let Some(rows) = &rows {
        feed.columns.iter().try_for_each(|column| rows.columns().require(column))?;
        C::header(&config, feed.name, rows.columns())?;
    }

    let mut outcome =
        Outcome { events: Vec::with_capacity(batch.records.len()), rejects: Vec::new(), ignored: Vec::new() };
    for raw in &batch.records {
        let before = outcome.events.len();
        let mut emit = Emit { events: &mut outcome.events, record_index: raw.index, ignored: None };
        let result = match rows.as_mut().map(|rows| rows.row(&raw.body)).transpose() {
            Ok(row) => {
                let record = Record { index: raw.index, feed: feed.name, body: &raw.body, row };
                C::normalise(&config, &call, &record, &mut emit)
            }
            Err(reject) => Err(reject),
        };
        let ignored = emit.ignored;
        match result {
            Err(reject) => {
                outcome.events.truncate(before);
                outcome.rejects.push(to_wire(raw.index, reject));
            }
            Ok(()) if outcome.events.len() > before => {}
            Ok(()) => count(&mut outcome.ignored, ignored.as_deref().unwrap_or("no indicator")),
        }
    }
    // Sorted, so that two halves of a batch add up to the whole whatever comes first.
    outcome.ignored.sort();
    Ok(outcome)
}

fn to_wire(record_index: u32, reject: Reject) -> wire::Reject {
    wire::Reject { record_index, reason: reject.reason, field: reject.field, detail: reject.detail }
}

fn count(ignored: &mut Vec<(String, u32)>, why: &str) {
    match ignored.iter_mut().find(|(known, _)| known == why) {
        Some((_, count)) => *count += 1,
        None => ignored.push((why.into(), 1)),
    }
}
