//! Detections of other systems (CSV: a person, a time, any number of columns) as indicators of the installation's own.
//!
//! `config` says which rows feed which indicator and how much they count, `kinds` holds the codes that indicators may
//! have, `row` reads a row.
//! Never: keeps a column that the configuration does not name, or takes a text for a number.

mod config;
mod kinds;
mod row;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{
    Call, Columns, Connector, Descriptor, Emit, Failure, Feed, Framing, Problem, Record, Reject, export_connector,
};

/// The connector.
#[derive(Debug)]
pub struct Indicators;

impl Connector for Indicators {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.indicators",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "indicators",
        config_schema: include_str!("../config.schema.json"),
        // Published samples have commas in their last column that nobody quoted.
        feeds: &[Feed { surplus_into_last: true, ..Feed::new("detections", "Detections (CSV)", Framing::Csv) }],
        kinds: kinds::USES,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn header(config: &Config, _feed: &str, columns: &Columns) -> Result<(), Failure> {
        config.columns().iter().try_for_each(|column| columns.require(column))
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        row::tell(config, call, record, emit)
    }
}

export_connector!(Indicators);
