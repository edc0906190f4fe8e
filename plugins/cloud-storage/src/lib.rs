//! Box events and the audit activities of Google Workspace (Drive first) as events.
//!
//! `box_events` and `google` are the vendors; `act` is what their records come down to.
//! Never: an event for an account outside the organisation, or for an application.

mod act;
mod box_events;
mod google;
mod kinds;
#[cfg(test)]
mod tests;

use connector_sdk::{
    Call, Connector, Descriptor, Domains, Emit, Feed, Framing, Json, Problem, Record, Reject, export_connector,
};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    internal_domains: Domains,
}

/// The connector.
#[derive(Debug)]
pub struct CloudStorage;

impl Connector for CloudStorage {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.cloud-storage",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "cloud",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("box", "Box events", Framing::Json),
            Feed { pointer: "/entries", ..Feed::new("box-pages", "Box, pages (entries)", Framing::Json) },
            Feed::new("google", "Google Workspace activities", Framing::Json),
            Feed { pointer: "/items", ..Feed::new("google-pages", "Google Workspace, pages (items)", Framing::Json) },
        ],
        kinds: kinds::KINDS,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.internal_domains.problems_of_own("internal_domains")
    }

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let value = record.object()?;
        match record.feed() {
            "box" | "box-pages" => box_events::event(config, Json::new(&value), emit),
            _ => google::activity(config, Json::new(&value), emit),
        }
    }
}

export_connector!(CloudStorage);
