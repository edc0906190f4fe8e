//! How a connector says what a record means.
//! Never: decides anything; the host checks every event again.

use crate::bindings::vizard::connector::types::{Attribute, Event, Identifier, Party, Value};
use crate::{Attr, Kind};
use std::borrow::Cow;

/// What [`crate::Connector::normalise`] makes of one record: events, or a reason to ignore it.
#[derive(Debug)]
pub struct Emit<'o> {
    pub(crate) events: &'o mut Vec<Event>,
    pub(crate) record_index: u32,
    pub(crate) ignored: Option<Cow<'static, str>>,
}

impl Emit<'_> {
    /// Adds an event. `occurred_at` is in microseconds since 1970 (see [`crate::time`]).
    pub fn event(&mut self, kind: Kind, occurred_at: i64) -> NewEvent<'_> {
        self.events.push(Event {
            record_index: self.record_index,
            source_id: None,
            kind: kind.code.into(),
            occurred_at,
            parties: Vec::with_capacity(1),
            attributes: Vec::with_capacity(12),
        });
        let last = self.events.len() - 1;
        NewEvent { event: &mut self.events[last] }
    }

    /// The record is understood and means nothing here. The host counts records by reason, so keep the reasons few and
    /// free of data. Has no effect on a record that gave an event.
    pub fn ignore(&mut self, why: impl Into<Cow<'static, str>>) {
        self.ignored = Some(why.into());
    }
}

/// An event under construction; it is already part of the outcome.
#[derive(Debug)]
pub struct NewEvent<'e> {
    event: &'e mut Event,
}

impl NewEvent<'_> {
    /// The vendor's own id. With feed and kind it tells a repeated delivery from a new event; without it the host can
    /// only compare whole records. See [`crate::identifier::content_id`] for vendors that have none.
    pub fn source_id(&mut self, id: impl Into<String>) -> &mut Self {
        self.event.source_id = Some(id.into());
        self
    }

    /// The person whose activity this is, by one or more `(scheme, value)`; the address first.
    pub fn actor(&mut self, identifiers: &[(&str, &str)]) -> &mut Self {
        self.party("actor", identifiers)
    }

    /// Somebody or something else that took part: "target", "recipient", "device", "patient".
    pub fn party(&mut self, role: &str, identifiers: &[(&str, &str)]) -> &mut Self {
        let identifiers = identifiers
            .iter()
            .map(|(scheme, value)| Identifier { scheme: (*scheme).into(), value: (*value).into() })
            .collect();
        self.event.parties.push(Party { role: role.into(), identifiers });
        self
    }

    /// Sets an attribute. Empty text, an empty list and `None` say nothing and are left out.
    pub fn attr(&mut self, attr: Attr, value: impl AttrValue) -> &mut Self {
        if let Some(value) = value.into_value() {
            self.event.attributes.push(Attribute { name: attr.name.into(), value });
        }
        self
    }

    /// Sets a time attribute, in microseconds since 1970.
    pub fn time(&mut self, attr: Attr, at: i64) -> &mut Self {
        self.event.attributes.push(Attribute { name: attr.name.into(), value: Value::Time(at) });
        self
    }
}

/// What may be given as an attribute's value.
pub trait AttrValue {
    /// The value, unless it says nothing.
    fn into_value(self) -> Option<Value>;
}

impl AttrValue for &str {
    fn into_value(self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Text(self.into()))
    }
}
impl AttrValue for String {
    fn into_value(self) -> Option<Value> {
        (!self.is_empty()).then_some(Value::Text(self))
    }
}
impl AttrValue for Cow<'_, str> {
    fn into_value(self) -> Option<Value> {
        self.into_owned().into_value()
    }
}
impl AttrValue for Vec<String> {
    fn into_value(self) -> Option<Value> {
        (!self.is_empty()).then_some(Value::Texts(self))
    }
}
impl AttrValue for i64 {
    fn into_value(self) -> Option<Value> {
        Some(Value::Integer(self))
    }
}
impl AttrValue for usize {
    fn into_value(self) -> Option<Value> {
        i64::try_from(self).ok().map(Value::Integer)
    }
}
impl AttrValue for f64 {
    fn into_value(self) -> Option<Value> {
        Some(Value::Real(self))
    }
}
impl AttrValue for bool {
    fn into_value(self) -> Option<Value> {
        Some(Value::Boolean(self))
    }
}
impl<T: AttrValue> AttrValue for Option<T> {
    fn into_value(self) -> Option<Value> {
        self.and_then(AttrValue::into_value)
    }
}
