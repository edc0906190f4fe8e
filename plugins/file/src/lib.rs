//! Records of files of any vendor, CSV or JSON, as events, by a mapping: which column or field is what, and which word
//! of an operation means which kind of event.
//!
//! `config` is the mapping, `row` reads a record by it, `event` says what the record means.
//! Never: knows a vendor. What a word means stands in the configuration, or the record is rejected.

mod config;
mod event;
mod kinds;
mod row;
#[cfg(test)]
mod tests;

pub use config::Config;

use config::Field;
use connector_sdk::{
    Call, Columns, Connector, Descriptor, Emit, Failure, Feed, Framing, Problem, Record, Reject, export_connector,
};

/// The connector.
#[derive(Debug)]
pub struct Files;

impl Connector for Files {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.file",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "file",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("records-csv", "Records (CSV)", Framing::Csv),
            Feed::new("records-json", "Records (JSON)", Framing::Json),
        ],
        kinds: kinds::USES,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    /// A mapping to a column that is not there would go unnoticed for ever: for results it would make failures events.
    fn header(config: &Config, _feed: &str, columns: &Columns) -> Result<(), Failure> {
        for (field, places) in &config.fields {
            let names = places.names();
            let found = names.iter().find(|name| columns.has(name.trim()));
            match (found, names.first()) {
                (Some(name), _) => columns.require(name.trim())?,
                (None, Some(name)) => columns.require(name.trim())?,
                (None, None) if matches!(field, Field::Time | Field::User | Field::Operation) => {
                    return Err(Failure::Format("a field that every record needs is mapped to no column".into()));
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let row = row::Row::new(config, record)?;
        event::tell(config, call, &row, emit)
    }
}

export_connector!(Files);
