//! Microsoft Defender for Endpoint as events: rows of advanced hunting (device, logon, registry and file events, DLP of
//! devices) and alerts, however they were exported.
//!
//! `row` is what every row has, `account` whose it is; `files`, `actions`, `dlp` and `alerts` say what the tables mean.
//! Never: an event for what a policy blocked, or for an account that is no person's.

mod account;
mod actions;
mod alerts;
mod config;
mod dlp;
mod files;
mod kinds;
mod row;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{
    Call, Connector, Descriptor, Emit, Feed, Framing, Json, Problem, Record, Reject, export_connector,
};
use row::Row;

/// The connector.
#[derive(Debug)]
pub struct Endpoint;

impl Connector for Endpoint {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.endpoint",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "endpoint",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("events", "Device events and alerts", Framing::Json),
            Feed { pointer: "/records", ..Feed::new("event-hub", "Messages of an event hub", Framing::Json) },
            Feed { pointer: "/value", ..Feed::new("pages", "Pages of an interface (value)", Framing::Json) },
            Feed { pointer: "/results", ..Feed::new("hunting", "Results of a hunting query", Framing::Json) },
        ],
        kinds: kinds::KINDS,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let value = record.object()?;
        let outer = Json::new(&value);
        // The streaming interface wraps each row.
        let wrapped = outer.at("category").text().starts_with("AdvancedHunting-");
        let json = if wrapped { outer.at("properties") } else { outer };
        if alerts::is_alert(json) {
            return alerts::alert(json, emit);
        }
        let action = json.at("ActionType").text();
        if action.is_empty() {
            let table = if wrapped { outer.at("category") } else { outer.any(&["Type", "TableName"]) };
            let table = table.text();
            if table.is_empty() {
                return Err(Reject::missing("ActionType"));
            }
            let of_devices = table.trim_start_matches("AdvancedHunting-").starts_with("Device");
            emit.ignore(if of_devices { "a table that tells of no activity" } else { "a table of another product" });
            return Ok(());
        }
        let row = Row::new(config, json, &action)?;
        if dlp::is_cloud_app(json) {
            return dlp::activity(&row, emit);
        }
        if !files::files(&row, emit) {
            actions::actions(&row, emit);
        }
        Ok(())
    }
}

export_connector!(Endpoint);
