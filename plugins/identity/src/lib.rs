//! Okta's System Log and Microsoft Entra's sign-in, audit and risk logs as events.
//!
//! `okta` and `entra` say which record is which; `sign_in`, `audit` and `risk` are Entra's. `person` is whose it is.
//! Never: an event for a failed sign-in that the vendor does not call one of many, or for what is no person's account.

mod audit;
mod config;
mod entra;
mod kinds;
mod okta;
mod person;
mod risk;
mod sign_in;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{Call, Connector, Descriptor, Emit, Feed, Framing, Json, Record, Reject, export_connector};

/// The connector.
#[derive(Debug)]
pub struct Identity;

impl Connector for Identity {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.identity",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "directory",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("okta", "Okta System Log", Framing::Json),
            Feed::new("entra", "Entra sign-ins, audits, risks", Framing::Json),
            Feed { pointer: "/value", ..Feed::new("entra-pages", "Entra, pages of Graph (value)", Framing::Json) },
            Feed {
                pointer: "/records",
                ..Feed::new("entra-event-hub", "Entra, messages of an event hub", Framing::Json)
            },
        ],
        kinds: kinds::KINDS,
    };

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let value = record.object()?;
        match record.feed() {
            "okta" => okta::event(config, Json::new(&value), emit),
            _ => entra::record(Json::new(&value), emit),
        }
    }
}

export_connector!(Identity);
