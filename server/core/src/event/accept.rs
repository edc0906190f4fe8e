//! From what a plugin returned to an event that may be stored, or the reason why not.
//! Never: a value of the record in a reject.

use super::{
    AcceptedEvent, EventKey, NormalisedIdentifier, Profile, RawEvent, Reject, RejectReason, Value,
    evidence::divide,
    patient::{self, Traits},
};
use crate::{
    indicator, limits,
    scoring::input::Trigger,
    settings::{Settings, Verdict, Weight, site_key},
    subject,
    time::Micros,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Where an event comes from, as far as that decides about it.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// The feed of the connector.
    pub feed: &'a str,
    /// The record as it was delivered.
    pub record: &'a [u8],
    /// The event's place among those of its record, 0-based.
    pub ordinal: u32,
    /// The host's clock at the delivery.
    pub received_at: Micros,
    /// How sensitive the plugin declared an attribute of this kind to be: "none", "personal", "content", …
    pub sensitivity: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The installation's settings at that time.
    pub settings: &'a Settings,
}

/// The event, checked, named, divided and keyed.
pub fn accept(raw: RawEvent, origin: &Origin<'_>) -> Result<AcceptedEvent, Reject> {
    let record_index = raw.record_index;
    judge(raw, origin).map_err(|(reason, detail)| Reject { record_index, reason, detail: detail.to_owned() })
}

type Refusal = (RejectReason, &'static str);

fn judge(mut raw: RawEvent, origin: &Origin<'_>) -> Result<AcceptedEvent, Refusal> {
    within_limits(&raw)?;
    let own = origin.settings.stored_code(&raw.kind);
    // A plugin does not name variants: the settings decide about those.
    let known = match indicator::split(own.as_deref().unwrap_or(&raw.kind)) {
        (_, Some(_)) if own.is_none() => None,
        _ => indicator::find(own.as_deref().unwrap_or(&raw.kind)),
    };
    let indicator = known
        .filter(|found| found.is_delivered())
        .ok_or((RejectReason::UnknownKind, "neither the catalogue nor the settings have an indicator of this kind"))?;
    in_time(raw.occurred_at, origin.received_at)?;
    let actor = actor(&raw)?;
    let is_profile = indicator.code == "EMPLOYEE_PROFILE";
    let patients = patient::take(&mut raw);
    let (facts, content) = match is_profile {
        true => Default::default(),
        false => divide(&raw, &patients, |name| (origin.sensitivity)(name) == Some("none")),
    };
    let mut event = AcceptedEvent {
        record_index: raw.record_index,
        key: key(&raw, origin),
        indicator: own.unwrap_or_else(|| indicator.code.to_owned()),
        occurred_at: raw.occurred_at,
        actor,
        quantity: quantity(&raw),
        facts,
        content,
        object: text(&raw, "object_id"),
        previous_object: text(&raw, "previous_object_id"),
        device: device(&raw),
        destinations: if indicator.goes_out() { destinations(&raw) } else { Vec::new() },
        trigger: trigger(&raw, indicator),
        site: text(&raw, "site_url").map(|site| site_key(&site)),
        verdict: Verdict::default(),
        traits: patients.first().filter(|_| indicator.code == patient::ACCESS).and_then(Traits::of_patient),
        profile: is_profile.then(|| profile(raw)),
    };
    origin.settings.judge(&mut event);
    match &mut event.profile {
        Some(profile) => event.traits = patient::take_home(profile),
        // What the settings leave out is compared with nobody.
        None if event.verdict.weight != Weight::Full => event.traits = None,
        None => {}
    }
    Ok(event)
}

fn within_limits(raw: &RawEvent) -> Result<(), Refusal> {
    let too_large = |detail| Err((RejectReason::TooLarge, detail));
    let long_name = |name: &str| name.len() > limits::EVENT_NAME_BYTES;
    let long_text = |text: &String| text.len() > limits::EVENT_TEXT_BYTES;
    let long_identifier = |text: &str| text.len() > limits::IDENTIFIER_BYTES;
    if raw.attributes.len() > limits::EVENT_ATTRIBUTES {
        return too_large("the event has too many attributes");
    }
    if raw.source_id.as_deref().is_some_and(long_name) || raw.attributes.iter().any(|(name, _)| long_name(name)) {
        return too_large("the event's id or the name of an attribute is too long");
    }
    for (_, value) in &raw.attributes {
        match value {
            Value::Text(text) if long_text(text) => return too_large("a text is too long"),
            Value::Texts(texts) if texts.len() > limits::EVENT_LIST_ITEMS => return too_large("a list is too long"),
            Value::Texts(texts) if texts.iter().any(long_text) => return too_large("a text of a list is too long"),
            _ => {}
        }
    }
    let identifiers: usize = raw.parties.iter().map(|party| party.identifiers.len().max(1)).sum();
    if identifiers > limits::EVENT_IDENTIFIERS {
        return too_large("the event names too many people and things");
    }
    for party in &raw.parties {
        let mut texts = party.identifiers.iter().flat_map(|found| [&found.scheme, &found.value]);
        if long_identifier(&party.role) || texts.any(|text| long_identifier(text)) {
            return too_large("an identifier is too long");
        }
    }
    Ok(())
}

fn in_time(at: Micros, received_at: Micros) -> Result<(), Refusal> {
    if at > received_at.plus_hours(limits::EVENT_FUTURE_HOURS) {
        return Err((RejectReason::BadTime, "the event lies in the future"));
    }
    if at < received_at.plus_days(-limits::EVENT_PAST_DAYS) {
        return Err((RejectReason::BadTime, "the event lies too far in the past"));
    }
    Ok(())
}

/// The names of the one person whose activity it is, in the order given, each once. A name that is none is left out as
/// long as another is there.
fn actor(raw: &RawEvent) -> Result<Vec<NormalisedIdentifier>, Refusal> {
    let mut actors = raw.parties.iter().filter(|party| party.role == "actor");
    let Some(actor) = actors.next().filter(|party| !party.identifiers.is_empty()) else {
        return Err((RejectReason::MissingField, "the event does not say whose activity it is"));
    };
    if actors.next().is_some() {
        return Err((RejectReason::BadValue, "the event has more than one actor"));
    }
    let mut names: Vec<NormalisedIdentifier> = Vec::with_capacity(actor.identifiers.len());
    for identifier in &actor.identifiers {
        if let Ok(name) = subject::normalise(&identifier.scheme, &identifier.value)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err((RejectReason::MissingField, "none of the actor's identifiers is usable"));
    }
    Ok(names)
}

/// The time is not in it: a vendor that corrects the time of an event has not seen another.
fn key(raw: &RawEvent, origin: &Origin<'_>) -> EventKey {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(origin.feed.as_bytes());
    part(raw.kind.as_bytes());
    match raw.source_id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => {
            part(b"id");
            part(id.as_bytes());
        }
        None => {
            part(b"record");
            part(origin.record);
            part(&origin.ordinal.to_be_bytes());
        }
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    EventKey(key)
}

fn value<'a>(raw: &'a RawEvent, name: &str) -> Option<&'a Value> {
    raw.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn text(raw: &RawEvent, name: &str) -> Option<String> {
    match value(raw, name) {
        Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}

/// The domains it went to, each once.
fn destinations(raw: &RawEvent) -> Vec<String> {
    let one = text(raw, "destination_domain");
    let several = match value(raw, "destination_domains") {
        Some(Value::Texts(texts)) => texts.as_slice(),
        _ => &[],
    };
    let named = several.iter().map(|domain| domain.trim()).filter(|domain| !domain.is_empty());
    let domains: BTreeSet<String> = one.iter().map(String::as_str).chain(named).map(str::to_lowercase).collect();
    domains.into_iter().take(limits::EVENT_DESTINATIONS).collect()
}

/// The first name of the device that took part.
fn device(raw: &RawEvent) -> Option<String> {
    let party = raw.parties.iter().find(|party| party.role == "device").and_then(|party| party.identifiers.first());
    let name = party.map(|found| found.value.trim().to_owned()).filter(|name| !name.is_empty());
    name.or_else(|| text(raw, "device_name")).map(|name| name.to_lowercase())
}

fn quantity(raw: &RawEvent) -> u32 {
    match value(raw, "quantity") {
        Some(Value::Integer(number)) => u32::try_from((*number).max(1)).unwrap_or(u32::MAX),
        _ => 1,
    }
}

fn trigger(raw: &RawEvent, indicator: &indicator::Indicator) -> Option<Trigger> {
    let fires = match indicator.code {
        "DLP_POLICY_MATCH" => text(raw, "dlp_severity").is_some_and(|severity| severity.eq_ignore_ascii_case("high")),
        "PERFORMANCE_REVIEW" => text(raw, "rating").is_some_and(|rating| is_poor(&rating)),
        _ => indicator.triggers,
    };
    let until = match (indicator.code, value(raw, "last_working_at")) {
        ("RESIGNATION" | "TERMINATION", Some(Value::Time(at))) => {
            Some(*at).filter(|at| *at <= raw.occurred_at.plus_days(limits::LAST_WORKING_DAYS))
        }
        _ => None,
    };
    fires.then(|| Trigger { at: raw.occurred_at, indicator: indicator.code.to_owned(), until })
}

/// Whether a rating reads as poor. By words only: whether "4" is good or bad depends on a scale that nobody gave.
pub fn is_poor(rating: &str) -> bool {
    // Beginnings of words.
    const POOR: &[&str] = &[
        "below",
        "poor",
        "unsatisfactory",
        "unacceptable",
        "not met",
        "not meet",
        "needs improvement",
        "need improvement",
        "needs development",
        "insufficient",
        "inadequate",
        "underperform",
        "deficient",
        "fail",
        "mangelhaft",
        "ungenügend",
        "unzureichend",
        "nicht erfüllt",
    ];
    let rating = rating.to_lowercase();
    let words: Vec<&str> = rating.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let rating = format!(" {}", words.join(" "));
    POOR.iter().any(|poor| rating.contains(&format!(" {poor}")))
}

/// A profile is kept with the person, not with the event: whatever it says is theirs.
fn profile(raw: RawEvent) -> Profile {
    let mut more: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in raw.attributes {
        let text = match value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Texts(texts) => texts.join(", "),
            other => match other.to_json() {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            },
        };
        if !text.is_empty() {
            more.entry(name).or_insert(text);
        }
    }
    let parts = [more.get("first_name"), more.get("last_name")];
    let full_name = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    let display_name = more.remove("display_name").or(Some(full_name).filter(|name| !name.is_empty()));
    Profile { display_name, title: more.remove("title"), department: more.remove("department"), more }
}
