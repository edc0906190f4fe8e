//! Mail as events: which mail left the organisation, where to, with how many attachments.
//!
//! `exchange` reads message traces, `gmail` the logs of Google Workspace, `message` messages themselves with the help of
//! `header` (RFC 5322, RFC 2047) and `mime` (RFC 2045, RFC 2231). All say what they found as a `Mail`; `mail` alone says
//! what that means.
//! Never: the text of a message, or an event for mail that was not delivered.

mod config;
mod exchange;
mod gmail;
mod header;
mod mail;
mod message;
mod mime;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{
    Call, Columns, Connector, Descriptor, Emit, Failure, Feed, Framing, KindUse, Problem, Record, Reject,
    export_connector, kind,
};

/// The connector.
#[derive(Debug)]
pub struct Mail;

impl Connector for Mail {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.mail",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "mail",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("exchange-csv", "Exchange message trace (CSV)", Framing::Csv),
            Feed::new("exchange-json", "Exchange message trace (JSON)", Framing::Json),
            Feed {
                columns: &["Message ID", "Start date", "Sender", "Recipient address", "Event target"],
                ..Feed::new("gmail-csv", "Google Workspace email log search (CSV)", Framing::Csv)
            },
            Feed::new("gmail-json", "Gmail logs of BigQuery (JSON)", Framing::Json),
            Feed::new("message", "One message (.eml)", Framing::Whole),
            Feed::new("message-json", "Messages in JSON, one a record", Framing::Json),
        ],
        kinds: &[
            KindUse(kind::EMAIL_SENT, mail::ATTRIBUTES),
            KindUse(kind::EMAIL_SENT_EXTERNAL, mail::ATTRIBUTES),
            KindUse(kind::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, mail::ATTRIBUTES),
            KindUse(kind::EMAIL_SENT_TO_FREE_DOMAIN, mail::ATTRIBUTES),
            KindUse(kind::EMAIL_SENT_TO_SELF, mail::ATTRIBUTES),
        ],
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn header(_config: &Config, feed: &str, columns: &Columns) -> Result<(), Failure> {
        if feed == "exchange-csv" { exchange::header(columns) } else { Ok(()) }
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let told = match record.feed() {
            "exchange-csv" => exchange::row(config, record)?,
            "exchange-json" => exchange::object(config, record)?,
            "gmail-csv" => gmail::row(config, call, record)?,
            "gmail-json" => gmail::object(record)?,
            "message" => message::whole(record)?,
            _ => message::in_json(record)?,
        };
        match told {
            mail::Told::Mail(mail) => mail::tell(config, &mail, emit),
            mail::Told::Nothing(why) => emit.ignore(why),
        }
        Ok(())
    }
}

export_connector!(Mail);
