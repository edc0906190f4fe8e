//! Whose record somebody opened: family, neighbour or colleague, by digests of what HR and the clinic both know.
//!
//! FAMILY: the actor's surname and postal code. NEIGHBOUR: another surname, and the actor's street and postal code. COLLEAGUE:
//! first name, surname and postal code of another person of HR. One's own record is neither. `docs/emr.md` says it for a works
//! council, with examples.
//! Never: a name or an address in what comes out but in [`Traits`], which are digested and dropped; an answer that depends on
//! which of the two was told first.

use super::{EventKey, Identifier, Party, Profile, RawEvent, names::foldings};
use sha2::{Digest, Sha256};

/// The kind of event that is one access to one record.
pub const ACCESS: &str = "PATIENT_RECORD_HIGH_VOLUME";
/// Of a family member's record.
pub const FAMILY: &str = "PATIENT_RECORD_FAMILY";
/// Of a neighbour's record.
pub const NEIGHBOUR: &str = "PATIENT_RECORD_NEIGHBOUR";
/// Of a colleague's record.
pub const COLLEAGUE: &str = "PATIENT_RECORD_COLLEAGUE";

// As in `connector_sdk::identifier`.
pub(super) const RECORD: &str = "patient-mrn";
const FIRST_NAME: &str = "first-name";
const LAST_NAME: &str = "last-name";
pub(super) const ADDRESS_1: &str = "address-1";
pub(super) const POSTAL_CODE: &str = "postal-code";

/// What is compared of a person, in one spelling. Identifying: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Traits {
    surname: String,
    postal_code: String,
    first_name: Option<String>,
    street: Option<String>,
}

/// Keyed digests of traits, as they are stored: each of one question, so that none tells a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Marks {
    /// Of the postal code.
    pub area: [u8; 16],
    /// Of surname and postal code.
    pub family: [u8; 16],
    /// Of street and postal code.
    pub street: Option<[u8; 16]>,
    /// Of first name, surname and postal code.
    pub person: Option<[u8; 16]>,
}

impl Traits {
    /// What a plugin says of a patient. Without surname or postal code nobody is recognised.
    pub(super) fn of_patient(patient: &Party) -> Option<Self> {
        let said = |scheme: &str| {
            let found = patient.identifiers.iter().find(|identifier| identifier.scheme == scheme);
            found.map_or("", |Identifier { value, .. }| value)
        };
        Self::of(said(FIRST_NAME), said(LAST_NAME), said(ADDRESS_1), said(POSTAL_CODE))
    }

    /// First name, surname, first line of the address, postal code.
    pub fn of(first_name: &str, last_name: &str, address_1: &str, postal_code: &str) -> Option<Self> {
        let (surname, postal_code) = (spelling(last_name), self::postal_code(postal_code));
        // The second given name is in one system and missing in the other.
        let first_name = first_name.split_whitespace().map(spelling).find(|name| !name.is_empty());
        let street = Some(street(address_1)).filter(|street| !street.is_empty());
        (!surname.is_empty() && !postal_code.is_empty()).then_some(Self { surname, postal_code, first_name, street })
    }

    /// The digests to compare; `digest` is keyed and keeps lists of texts apart.
    pub fn marks(&self, digest: impl Fn(&[&str]) -> [u8; 16]) -> Marks {
        let (surname, area) = (self.surname.as_str(), self.postal_code.as_str());
        Marks {
            area: digest(&["area", area]),
            family: digest(&["family", area, surname]),
            street: self.street.as_deref().map(|street| digest(&["street", area, street])),
            person: self.first_name.as_deref().map(|first| digest(&["person", area, surname, first])),
        }
    }

    /// A digest of all of it: another one when somebody moves or marries.
    pub fn version(&self, digest: impl Fn(&[&str]) -> [u8; 16]) -> [u8; 16] {
        let (street, first_name) = (self.street.as_deref(), self.first_name.as_deref());
        digest(&["version", &self.postal_code, &self.surname, street.unwrap_or(""), first_name.unwrap_or("")])
    }
}

/// What the patient is to the actor, going by one profile: the actor's own, or another person's.
pub fn relation(patient: &Marks, profile: &Marks, is_actors_own: bool) -> Option<&'static str> {
    let same = |one: Option<[u8; 16]>, other| one.is_some() && one == other;
    if !is_actors_own {
        return same(patient.person, profile.person).then_some(COLLEAGUE);
    }
    if patient.family == profile.family {
        // Without both first names it may be the actor's own record.
        let other = patient.person.is_some() && profile.person.is_some() && patient.person != profile.person;
        return other.then_some(FAMILY);
    }
    same(patient.street, profile.street).then_some(NEIGHBOUR)
}

/// The key of what is derived from an access: of each kind there is one, whoever finds it however often.
pub fn derived_key(access: EventKey, kind: &str) -> EventKey {
    let mut hash = Sha256::new();
    hash.update(b"derived from an access");
    hash.update(access.0);
    hash.update(kind.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    EventKey(key)
}

/// Takes the patients out of an event, so that nothing of them becomes part of it unasked.
pub(super) fn take(event: &mut RawEvent) -> Vec<Party> {
    let (patients, others) = std::mem::take(&mut event.parties).into_iter().partition(|party| party.role == "patient");
    event.parties = others;
    patients
}

/// What a profile is compared by. The postal code, which nothing else reads, is taken out of it.
pub(super) fn take_home(profile: &mut Profile) -> Option<Traits> {
    let zip = profile.more.remove("zip").unwrap_or_default();
    let said = |name: &str| profile.more.get(name).map_or("", String::as_str);
    Traits::of(said("first_name"), said("last_name"), said("address_1"), &zip)
}

/// Small letters and digits without marks and separators; an umlaut is spelt out, as systems without umlauts have it.
fn spelling(text: &str) -> String {
    foldings(text).last().unwrap_or_default()
}

/// Without separators; of a ZIP+4 the five digits, and without the letters of the country before.
fn postal_code(text: &str) -> String {
    let code = spelling(text);
    let digits = code.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let numeric = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    match (numeric, code.len() - digits.len(), digits.len()) {
        (true, 0..=2, 9) => digits[..5].to_owned(),
        (true, 0..=2, _) => digits.to_owned(),
        _ => code,
    }
}

/// Words for parts of a house, with what follows them.
const PARTS: &[&str] = &[
    "apartment",
    "apt",
    "unit",
    "suite",
    "ste",
    "flat",
    "floor",
    "fl",
    "room",
    "rm",
    "wohnung",
    "whg",
    "etage",
    "top",
    "stiege",
];

/// Short forms of the last or first words of streets.
const SHORT: &[(&str, &str)] = &[
    ("ave", "avenue"),
    ("av", "avenue"),
    ("blvd", "boulevard"),
    ("bd", "boulevard"),
    ("cir", "circle"),
    ("cres", "crescent"),
    ("ct", "court"),
    ("dr", "drive"),
    ("hwy", "highway"),
    ("ln", "lane"),
    ("pkwy", "parkway"),
    ("pl", "place"),
    ("rd", "road"),
    ("sq", "square"),
    ("ter", "terrace"),
    ("n", "north"),
    ("s", "south"),
    ("e", "east"),
    ("w", "west"),
    ("str", "strasse"),
    ("gt", "gate"),
];

/// The street of a first line of an address, without house number, flat and separators: "12 Main St., Apt 4" and "Main
/// Street 12" are "mainstreet", "Hauptstr. 3a" is "hauptstrasse". A box at the post is no street.
fn street(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c));
    let mut words: Vec<String> = words.map(spelling).filter(|word| !word.is_empty()).collect();
    if matches!(words.first().map(String::as_str), Some("postfach" | "pobox" | "postboks"))
        || words.starts_with(&["po".to_owned(), "box".to_owned()])
        || words.starts_with(&["p".to_owned(), "o".to_owned(), "box".to_owned()])
    {
        return String::new();
    }
    without_parts(&mut words);
    without_number(&mut words);
    let last = words.len().saturating_sub(1);
    words.iter().enumerate().map(|(at, word)| long_form(word, at, last)).collect()
}

fn without_parts(words: &mut Vec<String>) {
    while let Some(at) = words.iter().position(|word| PARTS.contains(&word.as_str())) {
        let numbered = words.get(at + 1).is_some_and(|next| is_number(next) || next.chars().count() == 1);
        if !numbered {
            // "Flat Rock Road", "Top Street": a name. What follows of it is no part either.
            break;
        }
        words.drain(at..=at + 1);
    }
}

/// The number is before the street's name, or behind it, with a letter of its own or without.
fn without_number(words: &mut Vec<String>) {
    let leading = words.iter().take_while(|word| is_number(word)).count();
    if leading > 0 && leading < words.len() {
        words.drain(..leading);
        // "221 B Baker Street"; but "12 N Main Street" is in the north.
        let letter = words[0].chars().count() == 1 && !["n", "s", "e", "w"].contains(&words[0].as_str());
        if letter && words.len() > 2 {
            words.remove(0);
        }
        return;
    }
    let letter = words.last().is_some_and(|last| last.chars().count() == 1 && !is_number(last));
    if letter && words.len() > 2 && is_number(&words[words.len() - 2]) {
        words.pop();
    }
    while words.len() > 1 && words.last().is_some_and(|last| is_number(last)) {
        words.pop();
    }
}

/// "12", "12a"; not "5th", which is part of a name.
fn is_number(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < word.len() && rest.chars().count() <= 1
}

fn long_form(word: &str, at: usize, last: usize) -> String {
    if word == "st" {
        // Before a name it is a saint.
        return if at == 0 && last > 0 { "saint" } else { "street" }.to_owned();
    }
    if let Some((_, long)) = SHORT.iter().find(|(short, _)| *short == word) {
        return (*long).to_owned();
    }
    match word.strip_suffix("str") {
        Some(stem) if stem.chars().count() > 2 => format!("{stem}strasse"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
