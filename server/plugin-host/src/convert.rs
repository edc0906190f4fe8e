//! Between the types of the interface, which are generated, and ours. The only file that names the former.
//! Never: a rule; what comes from a plugin is judged in `account` and in the core.

use crate::error::{BatchError, Problem, message};
use crate::http;
use crate::run::Room;
use crate::spec::{AttributeSpec, Feed, Framing, Kind, ValueType};
use crate::{Batch, Call, Page, Position};
use vizard_core::event::{Identifier, Party, RawEvent, Reject, RejectReason, Value};
use vizard_core::time::Micros;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Result, Store};

mod generated {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated from the interface")]
    wasmtime::component::bindgen!({ path: "../../connector-sdk/wit", world: "connector" });

    pub mod pulling {
        wasmtime::component::bindgen!({
            path: "../../connector-sdk/wit",
            world: "pull-connector",
            with: {
                "vizard:connector/types": super::vizard::connector::types,
                "vizard:connector/host": super::vizard::connector::host,
            },
        });
    }
}

use generated::exports::vizard::connector::describe as described;
use generated::pulling::exports::vizard::connector::pull as pulled;
use generated::pulling::vizard::connector::http as asked;
use generated::vizard::connector::{host, types as wire};

impl wire::Host for Room {}

impl host::Host for Room {
    fn log(&mut self, level: host::Level, line: String) {
        let level = match level {
            host::Level::Debug => "debug",
            host::Level::Info => "info",
            host::Level::Warn => "warn",
            host::Level::Error => "error",
        };
        Self::log(self, level, line);
    }

    fn panicked(&mut self, message: String, location: String) {
        Self::panicked(self, message, &location);
    }
}

impl asked::Host for Room {
    fn send(&mut self, request: asked::Request) -> Result<asked::Response, asked::HttpError> {
        let client =
            self.client().ok_or_else(|| asked::HttpError::Denied("only `pull` reaches anything".to_owned()))?;
        client.send(&outgoing(request)).map(incoming).map_err(|error| match error {
            http::Refused::Denied(why) => asked::HttpError::Denied(why),
            http::Refused::Budget(why) => asked::HttpError::Budget(why),
            http::Refused::Timeout => asked::HttpError::Timeout,
            http::Refused::TooLarge(most) => asked::HttpError::TooLarge(most),
            http::Refused::Network(why) => asked::HttpError::Network(why),
        })
    }
}

fn outgoing(from: asked::Request) -> http::Request {
    let parts = |from: Vec<asked::Part>| from.into_iter().map(part).collect();
    http::Request {
        method: from.method,
        url: from.url,
        headers: from.headers.into_iter().map(|(name, value)| (name, parts(value))).collect(),
        body: parts(from.body),
    }
}

fn part(from: asked::Part) -> http::Part {
    match from {
        asked::Part::Text(text) => http::Part::Text(text),
        asked::Part::Secret(asked::SecretUse { name, prefix, suffix, encoding }) => {
            let encoding = match encoding {
                asked::Encoding::Plain => http::Encoding::Plain,
                asked::Encoding::Percent => http::Encoding::Percent,
                asked::Encoding::Base64 => http::Encoding::Base64,
            };
            http::Part::Secret { name, prefix, suffix, encoding }
        }
    }
}

fn incoming(from: http::Response) -> asked::Response {
    let http::Response { status, headers, body } = from;
    asked::Response { status, headers, body }
}

/// A component, linked with what connectors are granted and ready to be instantiated.
pub(crate) struct Guest {
    connector: generated::ConnectorPre<Room>,
    /// Of a component that pulls.
    pulling: Option<generated::pulling::PullConnectorPre<Room>>,
}

/// What a component says of itself.
pub(crate) struct Description {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) vendor: String,
    pub(crate) family: String,
    pub(crate) config_schema: String,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) kinds: Vec<Kind>,
}

/// What a component made of a batch, unchecked.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) events: Vec<RawEvent>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) ignored: Vec<(String, u32)>,
}

impl Guest {
    pub(crate) fn new(engine: &Engine, component: &Component, pulls: bool) -> Result<Self> {
        let mut linker = Linker::new(engine);
        generated::Connector::add_to_linker::<_, HasSelf<Room>>(&mut linker, |room| room)?;
        if pulls {
            asked::add_to_linker::<_, HasSelf<Room>>(&mut linker, |room| room)?;
        }
        let linked = linker.instantiate_pre(component)?;
        let pulling = pulls.then(|| generated::pulling::PullConnectorPre::new(linked.clone())).transpose()?;
        Ok(Self { connector: generated::ConnectorPre::new(linked)?, pulling })
    }

    pub(crate) fn describe(&self, store: &mut Store<Room>) -> Result<Description> {
        let guest = self.connector.instantiate(&mut *store)?;
        Ok(description(guest.vizard_connector_describe().call_describe(store)?))
    }

    pub(crate) fn check_config(&self, store: &mut Store<Room>, call: &WireCall) -> Result<Vec<Problem>> {
        let guest = self.connector.instantiate(&mut *store)?;
        Ok(problems(guest.vizard_connector_normalise().call_check_config(store, &call.0)?))
    }

    pub(crate) fn normalise(
        &self,
        store: &mut Store<Room>,
        call: &WireCall,
        batch: &WireBatch,
    ) -> Result<std::result::Result<Draft, BatchError>> {
        let guest = self.connector.instantiate(&mut *store)?;
        let result = guest.vizard_connector_normalise().call_normalise(store, &call.0, &batch.0)?;
        Ok(result.map(draft).map_err(batch_error))
    }

    pub(crate) fn pull(
        &self,
        store: &mut Store<Room>,
        call: &WireCall,
        (feed, position): (&str, &Position),
        most: u32,
    ) -> Result<std::result::Result<Page, BatchError>> {
        let Some(pulling) = &self.pulling else {
            return Ok(Err(BatchError::Format("the plugin pulls from nowhere".to_owned())));
        };
        let position = match position {
            Position::Since(at) => pulled::Position::Since(at.0),
            Position::After(cursor) => pulled::Position::After(cursor.clone()),
        };
        let guest = pulling.instantiate(&mut *store)?;
        let result = guest.vizard_connector_pull().call_pull(store, &call.0, feed, &position, most)?;
        let page = |from: pulled::Page| Page { records: from.records, cursor: from.cursor, more: from.more };
        Ok(result.map(page).map_err(batch_error))
    }
}

/// The context of a call as a component takes it.
pub(crate) struct WireCall(wire::CallContext);

impl WireCall {
    pub(crate) fn new(call: &Call) -> Self {
        Self(wire::CallContext {
            installation: call.installation.clone(),
            config: call.config.clone(),
            received_at: call.received_at.0,
            default_zone: call.default_zone.clone(),
        })
    }
}

/// A batch as a component takes it.
pub(crate) struct WireBatch(wire::Batch);

impl WireBatch {
    pub(crate) fn new(batch: Batch) -> Self {
        let records = (0..).zip(batch.records).map(|(index, body)| wire::RawRecord { index, body }).collect();
        Self(wire::Batch { feed: batch.feed, header: batch.header, records })
    }

    pub(crate) fn len(&self) -> usize {
        self.0.records.len()
    }

    /// Two halves, each counting its records from 0 like any batch.
    pub(crate) fn halves(self) -> (Self, Self) {
        let wire::Batch { feed, header, mut records } = self.0;
        let mut second = records.split_off(records.len() / 2);
        (0..).zip(&mut second).for_each(|(index, record)| record.index = index);
        let first = wire::Batch { feed: feed.clone(), header: header.clone(), records };
        (Self(first), Self(wire::Batch { feed, header, records: second }))
    }
}

fn description(from: described::DescriptorInfo) -> Description {
    Description {
        id: from.id,
        version: from.version,
        vendor: from.vendor,
        family: from.family,
        config_schema: from.config_schema,
        feeds: from.feeds.into_iter().map(feed).collect(),
        kinds: from.kinds.into_iter().map(kind).collect(),
    }
}

fn feed(from: described::FeedSpec) -> Feed {
    let framing = match from.framing {
        described::Framing::Json => Framing::Json,
        described::Framing::Csv => Framing::Csv,
        described::Framing::Lines => Framing::Lines,
        described::Framing::Whole => Framing::Whole,
    };
    Feed { name: from.name, title: from.title, framing, pointer: from.pointer, columns: from.columns }
}

fn kind(from: described::KindSpec) -> Kind {
    let attributes = from.attributes.into_iter().map(|attribute| AttributeSpec {
        name: attribute.name,
        value_type: match attribute.type_ {
            described::ValueType::Text => ValueType::Text,
            described::ValueType::Integer => ValueType::Integer,
            described::ValueType::Real => ValueType::Real,
            described::ValueType::Boolean => ValueType::Boolean,
            described::ValueType::Time => ValueType::Time,
            described::ValueType::Texts => ValueType::Texts,
        },
        sensitivity: attribute.sensitivity,
    });
    Kind { code: from.name, title: from.title, attributes: attributes.collect() }
}

fn problems(from: Vec<wire::Problem>) -> Vec<Problem> {
    from.into_iter().map(|problem| Problem { at: message(problem.at), message: message(problem.message) }).collect()
}

fn batch_error(from: wire::Failure) -> BatchError {
    match from {
        wire::Failure::Config(list) => BatchError::Config(problems(list)),
        wire::Failure::Auth(text) => BatchError::Auth(message(text)),
        wire::Failure::Transient((text, after_seconds)) => {
            BatchError::Transient { message: message(text), after_seconds }
        }
        wire::Failure::Format(text) => BatchError::Format(message(text)),
        wire::Failure::Internal(text) => BatchError::Internal(message(text)),
    }
}

fn draft(from: wire::Outcome) -> Draft {
    Draft {
        events: from.events.into_iter().map(event).collect(),
        rejects: from.rejects.into_iter().map(reject).collect(),
        ignored: from.ignored,
    }
}

fn event(from: wire::Event) -> RawEvent {
    RawEvent {
        record_index: from.record_index,
        source_id: from.source_id,
        kind: from.kind,
        occurred_at: Micros(from.occurred_at),
        parties: from.parties.into_iter().map(party).collect(),
        attributes: from.attributes.into_iter().map(|attribute| (attribute.name, value(attribute.value))).collect(),
    }
}

fn party(from: wire::Party) -> Party {
    let identifiers = from.identifiers.into_iter();
    let identifiers = identifiers.map(|identifier| Identifier { scheme: identifier.scheme, value: identifier.value });
    Party { role: from.role, identifiers: identifiers.collect() }
}

fn value(from: wire::Value) -> Value {
    match from {
        wire::Value::Text(text) => Value::Text(text),
        wire::Value::Integer(number) => Value::Integer(number),
        wire::Value::Real(number) => Value::Real(number),
        wire::Value::Boolean(yes) => Value::Boolean(yes),
        wire::Value::Time(at) => Value::Time(Micros(at)),
        wire::Value::Texts(texts) => Value::Texts(texts),
    }
}

fn reject(from: wire::Reject) -> Reject {
    let reason = match from.reason {
        wire::RejectReason::Malformed => RejectReason::Malformed,
        wire::RejectReason::MissingField => RejectReason::MissingField,
        wire::RejectReason::BadValue => RejectReason::BadValue,
        wire::RejectReason::BadTime => RejectReason::BadTime,
        wire::RejectReason::UnknownKind => RejectReason::UnknownKind,
        wire::RejectReason::Internal => RejectReason::PluginFault,
    };
    let detail = match from.field {
        Some(field) if !from.detail.contains(&field) => format!("{field}: {}", from.detail),
        _ => from.detail,
    };
    Reject { record_index: from.record_index, reason, detail: message(detail) }
}
