//! Between the types of the interface, which are generated, and ours. The only file that names the former.
//! Never: a rule; what comes from a plugin is judged in `account` and in the core.

use crate::error::{BatchError, Problem, message};
use crate::run::Room;
use crate::spec::{AttributeSpec, Feed, Framing, Kind, ValueType};
use crate::{Batch, Call};
use vizard_core::event::{Identifier, Party, RawEvent, Reject, RejectReason, Value};
use vizard_core::time::Micros;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Result, Store};

mod generated {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated from the interface")]
    wasmtime::component::bindgen!({ path: "../../connector-sdk/wit", world: "connector" });
}

use generated::exports::vizard::connector::describe as described;
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

/// A component, linked with what connectors are granted and ready to be instantiated.
pub(crate) struct Guest(generated::ConnectorPre<Room>);

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
    pub(crate) fn new(engine: &Engine, component: &Component) -> Result<Self> {
        let mut linker = Linker::new(engine);
        generated::Connector::add_to_linker::<_, HasSelf<Room>>(&mut linker, |room| room)?;
        Ok(Self(generated::ConnectorPre::new(linker.instantiate_pre(component)?)?))
    }

    pub(crate) fn describe(&self, store: &mut Store<Room>) -> Result<Description> {
        let guest = self.0.instantiate(&mut *store)?;
        Ok(description(guest.vizard_connector_describe().call_describe(store)?))
    }

    pub(crate) fn check_config(&self, store: &mut Store<Room>, call: &WireCall) -> Result<Vec<Problem>> {
        let guest = self.0.instantiate(&mut *store)?;
        Ok(problems(guest.vizard_connector_normalise().call_check_config(store, &call.0)?))
    }

    pub(crate) fn normalise(
        &self,
        store: &mut Store<Room>,
        call: &WireCall,
        batch: &WireBatch,
    ) -> Result<std::result::Result<Draft, BatchError>> {
        let guest = self.0.instantiate(&mut *store)?;
        let result = guest.vizard_connector_normalise().call_normalise(store, &call.0, &batch.0)?;
        Ok(result.map(draft).map_err(batch_error))
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
