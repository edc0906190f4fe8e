//! A connector for tests: each record is a line of JSON that says which event it is, of any kind of the catalogue. For
//! what the real connectors do not deliver yet.
//! Never: reachable from a build that anybody installs.

use connector_sdk::{
    Attr, Call, Connector, Descriptor, Emit, Feed, Framing, KindUse, Problem, Record, Reject, attr, export_connector,
    identifier, kind,
};

/// What a line may say of its event.
const ATTRS: &[Attr] = &[
    attr::RATING,
    attr::DLP_SEVERITY,
    attr::QUANTITY,
    attr::DESTINATION_DOMAIN,
    attr::OBJECT_ID,
    attr::DESTINATION_DOMAINS,
];

const KINDS: [KindUse; kind::ALL.len()] = {
    let mut kinds = [KindUse(kind::ALL[0], ATTRS); kind::ALL.len()];
    let mut at = 0;
    while at < kinds.len() {
        kinds[at] = KindUse(kind::ALL[at], ATTRS);
        at += 1;
    }
    kinds
};

#[derive(serde::Deserialize)]
pub struct Config {}

#[derive(serde::Deserialize)]
struct Line<'a> {
    id: &'a str,
    /// Microseconds since 1970.
    at: i64,
    who: &'a str,
    /// Another account of theirs.
    #[serde(default)]
    also: Option<&'a str>,
    kind: &'a str,
    #[serde(default)]
    quantity: Option<i64>,
    #[serde(default)]
    rating: Option<&'a str>,
    #[serde(default)]
    dlp_severity: Option<&'a str>,
    #[serde(default)]
    to: Option<&'a str>,
    #[serde(default)]
    object: Option<&'a str>,
    #[serde(default)]
    device: Option<&'a str>,
    /// Name of the patient whose record it is.
    #[serde(default)]
    patient: Option<&'a str>,
}

pub struct Relay;

impl Connector for Relay {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.test.relay",
        version: "0.1.0",
        vendor: "Nobody",
        family: "test",
        config_schema: r#"{ "type": "object", "additionalProperties": false }"#,
        feeds: &[Feed::new("events", "What happened", Framing::Lines)],
        kinds: &KINDS,
    };

    fn check(_: &Config) -> Vec<Problem> {
        Vec::new()
    }

    fn normalise(_: &Config, _: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let line: Line<'_> = record.json()?;
        let known = kind::ALL.iter().find(|kind| kind.code == line.kind);
        let known = known.ok_or_else(|| Reject::unknown_kind("kind", "not of the catalogue"))?;
        let mut event = emit.event(*known, line.at);
        event.source_id(line.id);
        match line.also {
            Some(also) => event.actor(&[(identifier::UPN, line.who), (identifier::SAM, also)]),
            None => event.actor(&[(identifier::UPN, line.who)]),
        };
        if let Some(device) = line.device {
            event.party("device", &[(identifier::DEVICE, device)]);
        }
        if let Some(patient) = line.patient {
            event.party("patient", &[("patient-name", patient)]);
        }
        event.attr(attr::QUANTITY, line.quantity);
        event.attr(attr::RATING, line.rating).attr(attr::DLP_SEVERITY, line.dlp_severity);
        event.attr(attr::DESTINATION_DOMAIN, line.to).attr(attr::OBJECT_ID, line.object);
        Ok(())
    }
}

export_connector!(Relay);
