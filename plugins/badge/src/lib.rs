//! Badge readers (JSON) as events: refused at a sensitive door; a badge used after its holder has left.
//!
//! `config` says which doors are sensitive and what a system calls things, `access` reads a record, and here is what it
//! means.
//! Never: an event for a door that simply opened, or a guess at who has left; only a record that says so counts.

mod access;
mod config;
#[cfg(test)]
mod tests;

pub use config::Config;

use access::Access;
use connector_sdk::{
    Attr, Call, Connector, Descriptor, Emit, Feed, Framing, KindUse, Problem, Record, Reject, attr, export_connector,
    identifier, kind,
};

const ATTRIBUTES: &[Attr] = &[attr::WORKLOAD, attr::OPERATION, attr::OBJECT_ID, attr::OBJECT_NAME];

/// The connector.
#[derive(Debug)]
pub struct Badge;

impl Connector for Badge {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.badge",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "physical",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[Feed::new("badges", "Badge events", Framing::Json)],
        kinds: &[
            KindUse(kind::PHYSICAL_ACCESS_FAILED_SENSITIVE, ATTRIBUTES),
            KindUse(kind::PHYSICAL_ACCESS_AFTER_TERMINATION, ATTRIBUTES),
        ],
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let access = Access::read(config, call, record)?;
        let sensitive = [&access.asset_id, &access.asset_name].into_iter().any(|asset| config.is_sensitive(asset));
        let kind = match (access.terminated, access.opened, sensitive) {
            // Whoever has left is the graver matter, whether the door opened or not.
            (true, _, _) => kind::PHYSICAL_ACCESS_AFTER_TERMINATION,
            (false, false, true) => kind::PHYSICAL_ACCESS_FAILED_SENSITIVE,
            (false, false, false) => {
                emit.ignore("refused at a door that is not sensitive");
                return Ok(());
            }
            (false, true, _) => {
                emit.ignore("a door that opened");
                return Ok(());
            }
        };
        let at = access.at.to_string();
        let (scheme, user) = (access.scheme, access.user.as_str());
        let opened = if access.opened { "Success" } else { "Failed" };
        let id = match access.event_id {
            Some(id) => identifier::content_id(&["id", &id]),
            None => identifier::content_id(&["record", user, &access.asset_id, &at, opened]),
        };
        emit.event(kind, access.at)
            .source_id(id)
            .actor(&[(scheme, user)])
            .attr(attr::WORKLOAD, "Badge")
            .attr(attr::OPERATION, opened)
            .attr(attr::OBJECT_ID, access.asset_id)
            .attr(attr::OBJECT_NAME, access.asset_name);
        Ok(())
    }
}

export_connector!(Badge);
