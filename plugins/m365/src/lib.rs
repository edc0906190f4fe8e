//! Microsoft 365 audit records (Office 365 Management Activity API) as events.
//!
//! `record` is what a record may hold, `actor` whose it is; the other modules are the workloads, each of which says
//! what its operations mean. A record is parsed once, borrowing from the bytes; nested parts only where an operation asks.
//! Never: an event for what did not happen (a failed or blocked operation), or for an account that is no person's.

mod actor;
mod config;
mod device;
mod directory;
mod dlp;
mod files;
mod kinds;
mod mail;
mod pull;
mod record;
mod sharing;
mod teams;
#[cfg(test)]
mod tests;

pub use config::Config;

use actor::Actor;
use connector_sdk::{
    Call, Connector, Descriptor, Emit, Feed, Framing, Kind, NewEvent, Problem, Record, Reject, attr,
    export_pull_connector,
};
use record::Audit;

/// The connector.
#[derive(Debug)]
pub struct M365;

impl Connector for M365 {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.m365",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "office",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[Feed::new("audit", "Audit records", Framing::Json)],
        kinds: kinds::KINDS,
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn normalise(config: &Config, _call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let audit: Audit<'_> = record.json()?;
        let case = Case { config, at: audit.time()?, audit };
        if case.audit.id.is_empty() {
            return Err(Reject::missing("Id"));
        }
        if case.audit.operation.is_empty() {
            return Err(Reject::missing("Operation"));
        }
        if case.audit.failed() {
            emit.ignore("the operation failed");
            return Ok(());
        }
        // These two name the person elsewhere than in UserId.
        if directory::account_deleted(&case, emit)? || dlp::matched(&case, emit)? || mail::labelled(&case, emit)? {
            return Ok(());
        }
        if case.audit.user_id.is_empty() {
            return Err(Reject::missing("UserId"));
        }
        match actor::of(&case.audit) {
            Ok(actor) => workload(&case, &actor, emit),
            Err(why) => {
                emit.ignore(why);
                Ok(())
            }
        }
    }
}

/// One record, read, with all that its meaning depends on.
struct Case<'a> {
    config: &'a Config,
    audit: Audit<'a>,
    at: i64,
}

impl Case<'_> {
    /// Adds an event with what every event of this connector has.
    fn event<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind, actor: &Actor) -> NewEvent<'e> {
        let mut event = emit.event(kind, self.at);
        event
            .source_id(&*self.audit.id.0)
            .actor(&[(actor.scheme, &actor.value)])
            .attr(attr::WORKLOAD, &*self.audit.workload.0)
            .attr(attr::OPERATION, &*self.audit.operation.0)
            .attr(attr::CLIENT_IP, self.audit.client_ip());
        event
    }
}

fn workload(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let known = if case.audit.is_device() {
        device::device(case, actor, emit)?
    } else {
        files::files(case, actor, emit)
            || sharing::sharing(case, actor, emit)
            || mail::mail(case, actor, emit)?
            || teams::teams(case, actor, emit)?
            || directory::signed_in(case, actor, emit)
    };
    if !known {
        emit.ignore(match kinds::NO_INDICATOR.binary_search(&&*case.audit.operation.0) {
            Ok(at) => kinds::NO_INDICATOR_REASONS[at],
            Err(_) => "an operation that this connector does not know",
        });
    }
    Ok(())
}

export_pull_connector!(M365);
