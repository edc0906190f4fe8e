//! An outcome as text that a person reads in a diff, and the checks that the host makes as well.
//! Never: leaves anything of the outcome out.

use crate::bindings::exports::vizard::connector::describe::ValueType;
use crate::{Batch, Descriptor, Event, Failure, Outcome, Value};
use std::fmt::Write as _;

/// The outcome as the text of a `.snap` file.
#[must_use]
pub fn render(result: &Result<Outcome, Failure>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match result {
        Ok(outcome) => write_outcome(&mut text, outcome),
        Err(failure) => write_failure(&mut text, failure),
    };
    text
}

fn write_outcome(text: &mut String, outcome: &Outcome) -> std::fmt::Result {
    for event in &outcome.events {
        write_event(text, event)?;
    }
    for reject in &outcome.rejects {
        let reason = format!("{:?}", reject.reason);
        let reason = reason.rsplit("::").next().unwrap_or_default();
        let field = reject.field.as_deref().unwrap_or("-");
        writeln!(text, "record {}: rejected, {reason}, {field}: {}", reject.record_index, reject.detail)?;
    }
    for (why, count) in &outcome.ignored {
        writeln!(text, "ignored {count}: {why}")?;
    }
    Ok(())
}

fn write_event(text: &mut String, event: &Event) -> std::fmt::Result {
    writeln!(text, "record {}: {} at {}", event.record_index, event.kind, time(event.occurred_at))?;
    writeln!(text, "    source_id: {}", event.source_id.as_deref().unwrap_or("-"))?;
    for party in &event.parties {
        let names: Vec<_> = party.identifiers.iter().map(|id| format!("{}={}", id.scheme, id.value)).collect();
        writeln!(text, "    {}: {}", party.role, names.join(" "))?;
    }
    for attribute in &event.attributes {
        writeln!(text, "    .{} = {}", attribute.name, value(&attribute.value))?;
    }
    writeln!(text)
}

fn write_failure(text: &mut String, failure: &Failure) -> std::fmt::Result {
    match failure {
        Failure::Config(problems) => problems
            .iter()
            .try_for_each(|problem| writeln!(text, "refused, configuration {:?}: {}", problem.at, problem.message)),
        Failure::Auth(why) => writeln!(text, "refused, credentials: {why}"),
        Failure::Transient((why, seconds)) => writeln!(text, "refused for {seconds} s: {why}"),
        Failure::Format(why) => writeln!(text, "refused, format: {why}"),
        Failure::Internal(why) => writeln!(text, "refused, internal: {why}"),
    }
}

fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} µs"), |time| time.to_string())
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Time(micros) => time(*micros),
        Value::Texts(texts) => format!("{texts:?}"),
    }
}

/// Every record is in exactly one of events, rejects and ignored.
pub(super) fn accounted(batch: &Batch, outcome: &Outcome) -> Result<(), String> {
    let mut seen: Vec<u32> = outcome.events.iter().map(|event| event.record_index).collect();
    seen.dedup();
    seen.extend(outcome.rejects.iter().map(|reject| reject.record_index));
    let ignored: usize = outcome.ignored.iter().map(|(_, count)| *count as usize).sum();
    if seen.len() + ignored == batch.records.len() {
        return Ok(());
    }
    Err(format!("{} records, yet {} with events or rejects and {ignored} ignored", batch.records.len(), seen.len()))
}

/// Every kind and attribute is in the descriptor, with the type it has there.
pub(super) fn declared(descriptor: &Descriptor, outcome: &Outcome) -> Result<(), String> {
    for event in &outcome.events {
        let Some(kind) = descriptor.kinds.iter().find(|kind| kind.0.code == event.kind) else {
            return Err(format!("kind {} is not in the descriptor: the host rejects such events", event.kind));
        };
        for attribute in &event.attributes {
            let known = kind.1.iter().find(|attr| attr.name == attribute.name);
            if known.is_none_or(|attr| attr.value_type != type_of(&attribute.value)) {
                return Err(format!(
                    "attribute {} of {} is not in the descriptor with that type: the host drops it",
                    attribute.name, event.kind
                ));
            }
        }
    }
    Ok(())
}

fn type_of(value: &Value) -> ValueType {
    match value {
        Value::Text(_) => ValueType::Text,
        Value::Integer(_) => ValueType::Integer,
        Value::Real(_) => ValueType::Real,
        Value::Boolean(_) => ValueType::Boolean,
        Value::Time(_) => ValueType::Time,
        Value::Texts(_) => ValueType::Texts,
    }
}
