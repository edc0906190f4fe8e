//! The names of an event's people, as a filter: no text that holds a piece of one is a fact.
//! Never: a list of names that outlives the event.

use super::{Party, Profile, RawEvent, Value, patient};
use crate::subject::{ADDRESS, normalise};
use std::collections::BTreeSet;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Attributes that hold how somebody is called; every piece of them counts.
const OF_NAMES: &[&str] = &["display_name", "first_name", "last_name", "user_name", "target_account", "recipients"];
/// Schemes of numbers: letters in them are no name.
const OF_NUMBERS: &[&str] = &["sid", "object-id", "employee-id", "patient-mrn"];
/// Shorter pieces are initials and particles: they are in every text.
const LETTERS: usize = 3;
/// From here on, a sign-in name may be a surname with an initial before or after it.
const WITH_INITIAL: usize = 5;

/// Pieces of names, folded.
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Of everybody that the event names.
    pub(super) fn of(event: &RawEvent) -> Self {
        let mut names = Self(BTreeSet::new());
        event.parties.iter().for_each(|party| names.add_party(party));
        for (attribute, value) in &event.attributes {
            if OF_NAMES.contains(&attribute.as_str()) {
                match value {
                    Value::Text(text) => names.add(text),
                    Value::Texts(texts) => texts.iter().for_each(|text| names.add(text)),
                    _ => {}
                }
            }
        }
        names
    }

    /// Of patients: each word of a name, and the first line of an address as a whole.
    pub(super) fn of_patients(patients: &[Party]) -> Self {
        let mut names = Self(BTreeSet::new());
        for identifier in patients.iter().flat_map(|patient| &patient.identifiers) {
            match identifier.scheme.as_str() {
                patient::RECORD | patient::POSTAL_CODE => {}
                patient::ADDRESS_1 => names.add_whole(&identifier.value),
                _ => {
                    let words = identifier.value.split(|c: char| !c.is_alphabetic() && !is_combining_mark(c));
                    let pieces = words.chain([identifier.value.as_str()]).flat_map(foldings);
                    names.0.extend(pieces.filter(|piece| piece.chars().count() >= LETTERS));
                }
            }
        }
        names
    }

    /// These and those.
    pub(super) fn and(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    /// Of a person as the directory and HR know them: an event may know no more of them than a number.
    pub(super) fn of_person(identifiers: &[(String, String)], profile: Option<&Profile>) -> Self {
        let mut names = Self(BTreeSet::new());
        for (namespace, value) in identifiers {
            if OF_NUMBERS.contains(&namespace.as_str()) {
                names.add_whole(value);
            } else {
                names.add(value);
            }
        }
        if let Some(profile) = profile {
            let more = OF_NAMES.iter().filter_map(|name| profile.more.get(*name));
            profile.display_name.iter().chain(more).for_each(|text| names.add(text));
            profile.more.get("address_1").into_iter().for_each(|street| names.add_whole(street));
        }
        names
    }

    /// Whether a piece of a name is in the text, whatever its case, accents and separators.
    pub(super) fn are_in(&self, text: &str) -> bool {
        !self.0.is_empty() && foldings(text).any(|text| self.0.iter().any(|name| text.contains(name.as_str())))
    }

    /// What names somebody as a whole and not in its pieces.
    fn add_whole(&mut self, text: &str) {
        self.0.extend(foldings(text).filter(|folded| folded.chars().count() >= WITH_INITIAL));
    }

    fn add_party(&mut self, party: &Party) {
        for identifier in &party.identifiers {
            match normalise(&identifier.scheme, &identifier.value) {
                Ok(found) if OF_NUMBERS.contains(&found.namespace.as_str()) => {}
                Ok(found) if found.namespace == ADDRESS => self.add(&found.value),
                _ => self.add(&identifier.value),
            }
        }
    }

    /// The pieces of a name, a sign-in name or an address; of an address only what is before the domain.
    fn add(&mut self, text: &str) {
        let text = text.rsplit(['|', '\\']).next().unwrap_or(text);
        for part in text.split([' ', '<', '>', ',', ';']) {
            let local = part.rsplit_once('@').map_or(part, |(local, _)| local);
            let pieces: Vec<&str> = local.split(|c: char| !c.is_alphabetic() && !is_combining_mark(c)).collect();
            let alone = pieces.len() == 1;
            for folded in pieces.into_iter().flat_map(foldings) {
                let letters = folded.chars().count();
                if alone && letters >= WITH_INITIAL {
                    let first = folded.chars().next().map_or(0, char::len_utf8);
                    let last = folded.chars().next_back().map_or(0, char::len_utf8);
                    self.0.insert(folded[first..].to_owned());
                    self.0.insert(folded[..folded.len() - last].to_owned());
                }
                if letters >= LETTERS {
                    self.0.insert(folded);
                }
            }
        }
    }
}

/// Two ways to write a text in plain small letters and digits: "Müller-Lüd." is "mullerlud" and "muellerlued".
pub(crate) fn foldings(text: &str) -> impl Iterator<Item = String> {
    let plain = fold(text, false);
    let spelt = (!text.is_ascii()).then(|| fold(text, true)).filter(|spelt| *spelt != plain);
    std::iter::once(plain).chain(spelt)
}

fn fold(text: &str, spelt: bool) -> String {
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfc().flat_map(char::to_lowercase) {
        match (c, spelt) {
            ('ä', true) => folded.push_str("ae"),
            ('ö' | 'ø', true) => folded.push_str("oe"),
            ('ü', true) => folded.push_str("ue"),
            ('å', true) => folded.push_str("aa"),
            ('ø', false) => folded.push('o'),
            ('ß', _) => folded.push_str("ss"),
            ('æ', _) => folded.push_str("ae"),
            ('œ', _) => folded.push_str("oe"),
            ('đ' | 'ð', _) => folded.push('d'),
            ('ł', _) => folded.push('l'),
            ('ı', _) => folded.push('i'),
            _ => folded.extend(std::iter::once(c).nfkd().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric())),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Names {
        let mut names = Names(BTreeSet::new());
        texts.iter().for_each(|text| names.add(text));
        names
    }

    #[test]
    fn a_name_is_found_in_any_spelling() {
        let names = names(&["Søren Weißmüller <soren.weissmuller@example.com>"]);
        for text in ["SOREN-backup.example", "weissmueller", "Weißmüller", "WEISSMULLER", "weiss-mul.ler", "soeren"] {
            assert!(names.are_in(text), "{text}");
        }
        for text in ["example.com", "FileDownloaded", "drive.example", ""] {
            assert!(!names.are_in(text), "{text}");
        }
    }

    #[test]
    fn a_surname_is_found_behind_an_initial() {
        assert!(names(&["HALDEN\\gsommer"]).are_in("sommer.example"));
        assert!(names(&["jackq"]).are_in("jack-files.example"));
        assert!(!names(&["HALDEN\\gsommer"]).are_in("halden.example"));
    }

    #[test]
    fn initials_and_numbers_are_no_names() {
        assert!(!names(&["a.b@example.com", "Jo 42"]).are_in("ab-jo-42.example"));
    }
}
