//! Slack's audit logs as events: what people take out of the chat, and whom they let in.
//!
//! `slack` says what each action means. Audit logs hold no messages.
//! Never: an event for what was blocked, for an application, or for an account outside the organisation.

mod kinds;
mod slack;
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
pub struct Chat;

impl Connector for Chat {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.chat",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "chat",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("slack", "Slack audit logs", Framing::Json),
            Feed { pointer: "/entries", ..Feed::new("slack-pages", "Slack, pages (entries)", Framing::Json) },
        ],
        kinds: kinds::KINDS,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.internal_domains.problems_of_own("internal_domains")
    }

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let value = record.object()?;
        slack::entry(config, Json::new(&value), emit)
    }
}

export_connector!(Chat);
