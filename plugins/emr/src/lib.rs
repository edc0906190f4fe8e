//! Access to patient records as events: FHIR R4 and R5 `AuditEvent`, the generic healthcare export, Epic's access log.
//!
//! One access to one patient's record is one event that counts, and another one where the glass was broken. Who is family,
//! neighbour or colleague is found by the host, which alone knows the profiles of HR.
//! Never: a patient's name or address outside of the patient party; free text that somebody wrote about a patient.

mod access;
mod config;
mod fhir;
mod row;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{
    Attr, Call, Columns, Connector, Descriptor, Emit, Failure, Feed, Framing, KindUse, Problem, Record, Reject, attr,
    attr::ValueType, export_connector, kind,
};

/// Why the record was opened although it is restricted, as the system words it.
const RESTRICTED_REASON: Attr = Attr::new("restricted_reason", ValueType::Text, "content");
/// The part of the record, department or section that was opened.
const SECTION: Attr = Attr::new("section", ValueType::Text, "content");
/// Where it was opened. Not a device of the person's: wards share them, and nobody's first use of one tells anything.
const WORKSTATION: Attr = Attr::new("workstation", ValueType::Text, "content");

/// The connector.
#[derive(Debug)]
pub struct Emr;

impl Connector for Emr {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.emr",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "emr",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[
            Feed::new("fhir", "FHIR AuditEvent", Framing::Json),
            Feed { pointer: "/entry", ..Feed::new("fhir-bundle", "Bundles of FHIR AuditEvent", Framing::Json) },
            Feed::new("healthcare", "Healthcare export", Framing::Csv),
            Feed::new("epic", "Epic access log", Framing::Csv),
        ],
        kinds: &[
            KindUse(kind::PATIENT_RECORD_HIGH_VOLUME, &[attr::OPERATION, attr::WORKLOAD, SECTION, WORKSTATION]),
            KindUse(
                kind::PATIENT_RECORD_RESTRICTED,
                &[attr::OPERATION, attr::WORKLOAD, SECTION, WORKSTATION, RESTRICTED_REASON],
            ),
        ],
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn header(config: &Config, feed: &str, columns: &Columns) -> Result<(), Failure> {
        row::Layout::of(feed).mandatory().try_for_each(|name| columns.require(config.column(name)))
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        match record.feed() {
            "fhir" | "fhir-bundle" => fhir::normalise(config, call, record, emit),
            feed => row::normalise(config, &row::Layout::of(feed), call, record, emit),
        }
    }
}

export_connector!(Emr);
