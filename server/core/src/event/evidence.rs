//! Divides what a plugin says of an event into facts, for everybody who may see the activity, and content, which is
//! sealed. A fact is declared harmless, one of the attributes below, of its shape, and holds no piece of a name.
//! Never: a fact because nothing speaks against it; what is not known to be one is content.

use super::{Party, Profile, RawEvent, Value, names::Names, patient};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The shapes that facts may have.
#[derive(Clone, Copy)]
enum Shape {
    /// A file extension.
    Extension,
    /// A domain in ASCII. Not the address of a machine, nor an encoded one: a name in it could not be found.
    Domain,
    /// A vendor's word: an operation, a product, a kind of thing.
    Word,
    /// One of a few words.
    OneOf(&'static [&'static str]),
    /// A title that an administrator or vendor gave: of a label, a policy, a type of information.
    Title,
    /// A number of 0 or more.
    Number,
    /// Yes or no.
    Boolean,
}

const FACTS: &[(&str, Shape)] = &[
    ("attachment_count", Shape::Number),
    ("audience", Shape::OneOf(&["external", "anonymous", "organisation"])),
    ("client_kind", Shape::Word),
    ("destination_domain", Shape::Domain),
    ("destination_domains", Shape::Domain),
    ("device_kind", Shape::Word),
    ("dlp_policy", Shape::Title),
    ("dlp_severity", Shape::OneOf(&["low", "medium", "high"])),
    ("file_count", Shape::Number),
    ("file_extension", Shape::Extension),
    ("is_external", Shape::Boolean),
    ("operation", Shape::Word),
    ("previous_sensitivity_label", Shape::Title),
    ("recipient_count", Shape::Number),
    ("sensitive_info_types", Shape::Title),
    ("sensitivity_label", Shape::Title),
    ("site_kind", Shape::Word),
    ("size_bytes", Shape::Number),
    ("source_domain", Shape::Domain),
    ("workload", Shape::Word),
];

/// Facts and content, each with sorted keys. `sensitivity` tells what the plugin declared an attribute to be. Of patients,
/// who are taken out of the event before, the record's number is content; what holds a piece of their names is neither.
pub(super) fn divide(
    event: &RawEvent,
    patients: &[Party],
    sensitivity: impl Fn(&str) -> bool,
) -> (Map<String, Json>, Map<String, Json>) {
    let unsaid = Names::of_patients(patients);
    let names = Names::of(event).and(&unsaid);
    // Sorted here: whether serde_json's map sorts is decided by what else is in the build.
    let (mut facts, mut content) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in &event.attributes {
        if name == "quantity" || facts.contains_key(name) || content.contains_key(name) {
            continue;
        }
        let shape = FACTS.iter().find(|(known, _)| known == name).map(|(_, shape)| *shape);
        let fact = shape.filter(|_| sensitivity(name)).and_then(|shape| fact(shape, value, &names));
        let complete = fact.as_ref().is_some_and(|fact| fact.complete);
        if let Some(fact) = fact {
            facts.insert(name.clone(), fact.value);
        }
        if !complete {
            let value = value.to_json();
            if !names_in(&value, &unsaid) {
                content.insert(name.clone(), value);
            }
        }
    }
    let mut others = other_parties(event.parties.iter().filter(|party| party.role != "actor"), |_| true);
    others.extend(other_parties(patients.iter(), |scheme| scheme == patient::RECORD));
    others.retain(|party| !names_in(&party["identifiers"], &unsaid));
    if !others.is_empty() {
        content.insert("parties".to_owned(), Json::Array(others));
    }
    (facts.into_iter().collect(), content.into_iter().collect())
}

/// Takes out of an event's facts what holds a piece of its person's name, as directories and HR know it today: when the
/// event came in, it may have known a number alone. What was taken out is content.
pub fn withhold(
    facts: &mut Map<String, Json>,
    identifiers: &[(String, String)],
    profile: Option<&Profile>,
) -> Map<String, Json> {
    let names = Names::of_person(identifiers, profile);
    let mut withheld = Map::new();
    facts.retain(|name, fact| {
        let shape = FACTS.iter().find(|(known, _)| known == name).map(|(_, shape)| *shape);
        let told = !matches!(shape, Some(Shape::OneOf(_) | Shape::Number | Shape::Boolean)) && names_in(fact, &names);
        if told {
            withheld.insert(name.clone(), fact.clone());
            if let Json::Array(items) = fact {
                items.retain(|item| !names_in(item, &names));
                return !items.is_empty();
            }
        }
        !told
    });
    withheld
}

fn names_in(fact: &Json, names: &Names) -> bool {
    match fact {
        Json::String(text) => names.are_in(text),
        Json::Array(items) => items.iter().any(|item| names_in(item, names)),
        Json::Object(fields) => fields.values().any(|field| names_in(field, names)),
        _ => false,
    }
}

/// What of a value may be shown.
struct Fact {
    value: Json,
    /// Nothing was withheld.
    complete: bool,
}

fn fact(shape: Shape, value: &Value, names: &Names) -> Option<Fact> {
    let whole = |value| Fact { value, complete: true };
    match (shape, value) {
        (Shape::Number, Value::Integer(number)) => (*number >= 0).then(|| whole(Json::from(*number))),
        (Shape::Boolean, Value::Boolean(boolean)) => Some(whole(Json::from(*boolean))),
        (_, Value::Text(text)) => shown(shape, text, names).map(|text| whole(Json::from(text))),
        (_, Value::Texts(texts)) => {
            let kept: Vec<String> = texts.iter().filter_map(|text| shown(shape, text, names)).collect();
            let complete = kept.len() == texts.len();
            (!kept.is_empty()).then(|| Fact { value: Json::from(kept), complete })
        }
        _ => None,
    }
}

/// The text as a fact, if it is one.
fn shown(shape: Shape, text: &str, names: &Names) -> Option<String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let text = match shape {
        Shape::Extension => is_extension(&lower).then_some(lower),
        Shape::Domain => is_domain(&lower).then_some(lower),
        Shape::Word => is_word(text).then(|| text.to_owned()),
        Shape::Title => is_title(text).then(|| text.to_owned()),
        // Words of ours: a name that looks like one tells nothing.
        Shape::OneOf(words) => return words.contains(&lower.as_str()).then_some(lower),
        Shape::Number | Shape::Boolean => None,
    }?;
    (!names.are_in(&text)).then_some(text)
}

fn is_extension(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.starts_with("xn--")
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// No address, no path, no number of a person.
fn is_word(text: &str) -> bool {
    let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    (1..=64).contains(&text.len())
        && digits <= 4
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'_' | b'-'))
}

/// No address, no path, and no word so long that it may be an encoding: a name in one could not be found.
fn is_title(text: &str) -> bool {
    let longest = text.split(|c: char| !c.is_alphanumeric()).map(|word| word.chars().count()).max();
    (1..=100).contains(&text.chars().count())
        && longest.unwrap_or_default() <= 32
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '_' | '-' | '(' | ')' | '&' | '\''))
}

/// Others who took part, with those of their names that are kept.
fn other_parties<'a>(parties: impl Iterator<Item = &'a Party>, kept: impl Fn(&str) -> bool) -> Vec<Json> {
    let mut others = Vec::new();
    for party in parties {
        let identifiers = party.identifiers.iter().filter(|identifier| kept(&identifier.scheme));
        let identifiers: Vec<Json> =
            identifiers.map(|identifier| json!({ "scheme": identifier.scheme, "value": identifier.value })).collect();
        if !identifiers.is_empty() {
            others.push(json!({ "role": party.role, "identifiers": identifiers }));
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_name_that_only_hr_knows_is_withheld_and_the_rest_stays() {
        let facts = json!({
            "dlp_policy": "Watch Vexelbrandt", "sensitivity_label": "Card E88314726", "site_kind": "storgata-12",
            "destination_domains": ["vexel-brandt.example", "box.example"], "operation": "FileCopied", "size_bytes": 7,
        });
        let Json::Object(mut facts) = facts else { unreachable!() };
        let number = [("employee-id".to_owned(), "e88314726".to_owned())];
        let more = BTreeMap::from([("address_1".to_owned(), "Storgata 12".to_owned())]);
        let profile =
            Profile { display_name: Some("Ödön Vexelbrandt".to_owned()), title: None, department: None, more };
        let withheld = withhold(&mut facts, &number, Some(&profile));
        let left = json!({"destination_domains": ["box.example"], "operation": "FileCopied", "size_bytes": 7});
        assert_eq!(Json::Object(facts), left);
        let kept: Vec<&str> = withheld.keys().map(String::as_str).collect();
        assert_eq!(kept.len(), 4, "{kept:?}");
        assert_eq!(withheld["destination_domains"], json!(["vexel-brandt.example", "box.example"]));
    }

    #[test]
    fn a_word_that_may_be_an_encoding_is_no_title() {
        assert!(is_title("50842eb7-edc8-4019-85dd-5a5c1f2bb085") && is_title("Datenschutzgrundverordnung"));
        assert!(!is_title("WnPDs2ZpYSBRdWFycmVsd2ljay3DkWFuZMO6"));
    }
}
