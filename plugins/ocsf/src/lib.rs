//! Events in the Open Cybersecurity Schema Framework, of whatever product writes them, as events.
//!
//! `case` is what every class has, `person` whose it is; the other modules are classes: `file` (1001), `finding` (2001,
//! 2004), `account` (3001, 3002), `web` (4002), `mail` (4009), `hosting` (4010, 6006, 6001).
//! Never: an event for what failed or was blocked, or for an account that is no person's.

mod account;
mod case;
mod config;
mod file;
mod finding;
mod hosting;
mod kinds;
mod mail;
mod person;
#[cfg(test)]
mod tests;
mod web;

pub use config::Config;

use case::Case;
use connector_sdk::{
    Call, Connector, Descriptor, Emit, Feed, Framing, Json, Problem, Record, Reject, export_connector,
};

/// The connector.
#[derive(Debug)]
pub struct Ocsf;

impl Connector for Ocsf {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.ocsf",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "endpoint",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[Feed::new("events", "OCSF events", Framing::Json)],
        kinds: kinds::KINDS,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let value = record.object()?;
        let case = Case::new(config, Json::new(&value))?;
        let told = match case.class {
            1001 => case.happened().and_then(|()| file::activity(&case, emit)),
            2001 | 2004 => finding::detected(&case, emit),
            3001 => case.happened().and_then(|()| account::change(&case, emit)),
            3002 => case.happened().and_then(|()| account::authentication(&case, emit)),
            4002 => case.happened().and_then(|()| web::activity(&case, emit)),
            4009 => case.happened().and_then(|()| mail::activity(&case, emit)),
            4010 | 6006 => case.happened().and_then(|()| hosting::activity(&case, emit)),
            6001 => case.happened().and_then(|()| hosting::resources(&case, emit)),
            _ => Err("an event class that this connector does not read"),
        };
        if let Err(why) = told {
            emit.ignore(why);
        }
        Ok(())
    }
}

export_connector!(Ocsf);
