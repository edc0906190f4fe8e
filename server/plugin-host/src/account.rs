//! Judges what a plugin made of a batch: every record is in exactly one place, and nothing undeclared gets through.
//! Never: repairs an account that does not add up.

use crate::convert::Draft;
use crate::error::message;
use crate::spec::{Kind, ValueType};
use std::collections::HashMap;
use vizard_core::event::{RawEvent, Reject, RejectReason, Value};
use vizard_core::limits::{EVENTS_PER_RECORD, PLUGIN_IGNORE_REASONS};

/// What a plugin declared that it gives: attributes by kind.
pub(crate) struct Declared(HashMap<String, HashMap<String, ValueType>>);

impl Declared {
    pub(crate) fn new(kinds: &[Kind]) -> Self {
        let attributes =
            |kind: &Kind| kind.attributes.iter().map(|spec| (spec.name.clone(), spec.value_type)).collect();
        Self(kinds.iter().map(|kind| (kind.code.clone(), attributes(kind))).collect())
    }
}

/// Each of `records` records is in exactly one of events, rejects and ignored, or this says what is wrong.
pub(crate) fn adds_up(draft: &Draft, records: usize) -> Result<(), String> {
    let mut events = vec![false; records];
    let mut rejects = vec![false; records];
    for event in &draft.events {
        *place(&mut events, event.record_index)? = true;
    }
    for reject in &draft.rejects {
        if std::mem::replace(place(&mut rejects, reject.record_index)?, true) {
            return Err("it rejected a record twice".into());
        }
    }
    if events.iter().zip(&rejects).any(|(event, reject)| *event && *reject) {
        return Err("it gave events for a record that it also rejected".into());
    }
    let elsewhere = events.iter().zip(&rejects).filter(|(event, reject)| !**event && !**reject).count();
    let ignored: u64 = draft.ignored.iter().map(|(_, count)| u64::from(*count)).sum();
    if elsewhere as u64 != ignored {
        return Err(format!("it says nothing of {elsewhere} records, and that it ignored {ignored}"));
    }
    Ok(())
}

fn place(places: &mut [bool], index: u32) -> Result<&mut bool, String> {
    let records = places.len();
    let place = usize::try_from(index).ok().and_then(|index| places.get_mut(index));
    place.ok_or_else(|| format!("it speaks of record {index}, of a batch of {records}"))
}

/// Takes out what was not declared or is too much; how many attributes that were.
pub(crate) fn keep_declared(draft: &mut Draft, records: usize, declared: &Declared) -> u32 {
    let mut counts = vec![0_usize; records];
    let mut refused: Vec<Option<RejectReason>> = vec![None; records];
    for event in &draft.events {
        let record = event.record_index as usize;
        counts[record] += 1;
        if !declared.0.contains_key(&event.kind) {
            refused[record] = Some(RejectReason::UnknownKind);
        }
        if counts[record] > EVENTS_PER_RECORD {
            refused[record] = Some(RejectReason::TooLarge);
        }
    }
    draft.events.retain(|event| refused[event.record_index as usize].is_none());
    draft.rejects.extend((0..).zip(&refused).filter_map(|(record_index, reason)| {
        let detail = match (*reason)? {
            RejectReason::TooLarge => format!("more than {EVENTS_PER_RECORD} events from one record"),
            _ => "the plugin gave an event of a kind that it does not declare".into(),
        };
        Some(Reject { record_index, reason: (*reason)?, detail })
    }));
    draft.rejects.sort_by_key(|reject| reject.record_index);
    draft.events.iter_mut().map(|event| drop_undeclared(event, declared)).fold(0, u32::saturating_add)
}

fn drop_undeclared(event: &mut RawEvent, declared: &Declared) -> u32 {
    let before = event.attributes.len();
    if let Some(known) = declared.0.get(&event.kind) {
        event.attributes.retain(|(name, value)| known.get(name).is_some_and(|wanted| fits(value, *wanted)));
    }
    u32::try_from(before - event.attributes.len()).unwrap_or(u32::MAX)
}

fn fits(value: &Value, wanted: ValueType) -> bool {
    matches!(
        (value, wanted),
        (Value::Text(_), ValueType::Text)
            | (Value::Integer(_), ValueType::Integer | ValueType::Real)
            | (Value::Real(_), ValueType::Real)
            | (Value::Boolean(_), ValueType::Boolean)
            | (Value::Time(_), ValueType::Time)
            | (Value::Texts(_), ValueType::Texts)
    )
}

/// Adds counts by reason; reasons beyond the limit are counted together.
pub(crate) fn add_ignored(all: &mut Vec<(String, u32)>, more: Vec<(String, u32)>) {
    for (reason, count) in more.into_iter().filter(|(_, count)| *count > 0) {
        let reason = message(reason);
        let reason = match all.iter().any(|(known, _)| *known == reason) || all.len() < PLUGIN_IGNORE_REASONS {
            true => reason,
            false => "other reasons".into(),
        };
        match all.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => all.push((reason, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::AttributeSpec;
    use vizard_core::time::Micros;

    fn event(record_index: u32, kind: &str) -> RawEvent {
        RawEvent {
            record_index,
            source_id: None,
            kind: kind.into(),
            occurred_at: Micros(0),
            parties: vec![],
            attributes: vec![("size".into(), Value::Integer(1)), ("other".into(), Value::Integer(1))],
        }
    }

    fn reject(record_index: u32) -> Reject {
        Reject { record_index, reason: RejectReason::BadTime, detail: String::new() }
    }

    fn declared() -> Declared {
        let attribute =
            |name: &str, value_type| AttributeSpec { name: name.into(), value_type, sensitivity: String::new() };
        let attributes = vec![attribute("size", ValueType::Real), attribute("other", ValueType::Text)];
        Declared::new(&[Kind { code: "KNOWN".into(), title: String::new(), attributes }])
    }

    #[test]
    fn an_account_adds_up_only_if_each_record_is_in_exactly_one_place() {
        let good = || Draft {
            events: vec![event(0, "A"), event(0, "B")],
            rejects: vec![reject(1)],
            ignored: vec![("x".into(), 1)],
        };
        assert_eq!(adds_up(&good(), 3), Ok(()));
        assert!(adds_up(&good(), 4).unwrap_err().contains("nothing of 2 records, and that it ignored 1"));
        assert!(adds_up(&good(), 2).is_err());
        let twice = Draft { rejects: vec![reject(1), reject(1)], ..good() };
        assert!(adds_up(&twice, 3).unwrap_err().contains("twice"));
        let both = Draft { rejects: vec![reject(0), reject(1)], ..good() };
        assert!(adds_up(&both, 3).unwrap_err().contains("also rejected"));
        let outside = Draft { events: vec![event(7, "A")], ..good() };
        assert!(adds_up(&outside, 3).unwrap_err().contains("record 7, of a batch of 3"));
        let many = Draft { ignored: vec![("x".into(), u32::MAX), ("y".into(), 2)], ..good() };
        assert!(adds_up(&many, 3).is_err(), "counts do not wrap around");
    }

    #[test]
    fn undeclared_kinds_and_floods_reject_their_record_and_undeclared_attributes_are_dropped() {
        let mut draft =
            Draft { events: vec![event(0, "KNOWN"), event(1, "KNOWN"), event(1, "NEW")], ..Draft::default() };
        draft.events.extend((0..=EVENTS_PER_RECORD).map(|_| event(2, "KNOWN")));
        draft.events.extend((0..EVENTS_PER_RECORD).map(|_| event(3, "KNOWN")));
        let dropped = keep_declared(&mut draft, 4, &declared());
        let reasons: Vec<_> = draft.rejects.iter().map(|reject| (reject.record_index, reject.reason)).collect();
        assert_eq!(reasons, [(1, RejectReason::UnknownKind), (2, RejectReason::TooLarge)]);
        assert_eq!(draft.events.len(), 1 + EVENTS_PER_RECORD);
        // A whole number fits where a number is declared; a number does not fit where text is.
        assert_eq!(draft.events[0].attributes, [("size".into(), Value::Integer(1))]);
        assert_eq!(dropped as usize, 1 + EVENTS_PER_RECORD);
    }

    #[test]
    fn reasons_to_ignore_are_added_up_and_bounded() {
        let mut all = vec![];
        add_ignored(&mut all, vec![("a".into(), 1), ("b".into(), 2), ("none".into(), 0)]);
        add_ignored(&mut all, vec![("a".into(), 3)]);
        assert_eq!(all, [("a".into(), 4), ("b".into(), 2)]);
        add_ignored(&mut all, (0..200).map(|n| (n.to_string(), 1)).collect());
        assert_eq!(all.len(), PLUGIN_IGNORE_REASONS + 1);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u32>(), 206);
    }
}
