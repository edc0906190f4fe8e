//! A fuzz target: whatever bytes make of an event, acceptance ends, and what it lets through keeps its promises. Runs with
//! every test on random bytes; `cargo bolero test -p vizard-core event::fuzz::acceptance_keeps_its_promises` searches.
//! Never: an event that is well-formed by construction.

use super::*;
use crate::{indicator, limits, settings::Settings};

const NOW: Micros = Micros(1_780_000_000_000_000);
const NAMES: &[&str] = &[
    "file_extension",
    "quantity",
    "sensitivity_label",
    "sensitive_info_types",
    "destination_domain",
    "destination_domains",
    "source_domain",
    "dlp_severity",
    "rating",
    "object_name",
    "object_path",
    "object_id",
    "previous_object_id",
    "site_url",
    "subject_line",
    "device_name",
    "recipients",
    "display_name",
    "department",
    "title",
    "last_working_at",
    "own",
];
const SCHEMES: &[&str] = &["upn", "email", "sid", "employee-id", "patient-mrn", "name"];
const ROLES: &[&str] = &["actor", "actor", "actor", "device", "patient", "target"];

/// Reads an event off bytes; zeros where they end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::from(self.byte()) % of.len()]
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte()) % 48;
        let (text, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn number(&mut self) -> i64 {
        let mut bytes = [0; 8];
        bytes.fill_with(|| self.byte());
        i64::from_le_bytes(bytes) >> (self.byte() % 64)
    }

    fn value(&mut self) -> Value {
        match self.byte() % 6 {
            0 => Value::Integer(self.number()),
            1 => Value::Real(f64::from_bits(self.number().unsigned_abs())),
            2 => Value::Boolean(self.byte() > 127),
            3 => Value::Time(Micros(NOW.0.saturating_add(self.number()))),
            4 => Value::Texts((0..self.byte() % 4).map(|_| self.text()).collect()),
            _ => Value::Text(self.text()),
        }
    }

    fn event(&mut self) -> RawEvent {
        let kinds = indicator::catalogue();
        let known = !self.byte().is_multiple_of(8);
        let kind = kinds[usize::from(self.byte()) % kinds.len()].code.to_owned();
        let party = |bytes: &mut Self| Party {
            role: bytes.one(ROLES).to_owned(),
            identifiers: (0..bytes.byte() % 3)
                .map(|_| Identifier { scheme: bytes.one(SCHEMES).to_owned(), value: bytes.text() })
                .collect(),
        };
        RawEvent {
            record_index: u32::from(self.byte()),
            source_id: (self.byte() > 127).then(|| self.text()),
            kind: if known { kind } else { self.text() },
            occurred_at: Micros(NOW.0.saturating_add(self.number())),
            parties: (0..self.byte() % 4).map(|_| party(self)).collect(),
            attributes: (0..self.byte() % 8).map(|_| (self.one(NAMES).to_owned(), self.value())).collect(),
        }
    }
}

fn texts(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.push(text.to_lowercase()),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

#[test]
fn acceptance_keeps_its_promises() {
    let settings = Settings::default();
    bolero::check!().for_each(|bytes: &[u8]| {
        let raw = Bytes(bytes).event();
        let given = raw.clone();
        let sensitivity = |_: &str| Some("none");
        let origin = Origin {
            feed: "audit",
            record: bytes,
            ordinal: 0,
            received_at: NOW,
            sensitivity: &sensitivity,
            settings: &settings,
        };
        let Ok(event) = accept(raw, &origin) else { return };
        assert!(indicator::find(&event.indicator).is_some());
        assert!(event.quantity >= 1 && !event.actor.is_empty());
        assert!(event.occurred_at <= NOW.plus_hours(limits::EVENT_FUTURE_HOURS));
        assert!(event.occurred_at >= NOW.plus_days(-limits::EVENT_PAST_DAYS));
        let again = accept(given.clone(), &origin).unwrap_or_else(|reject| panic!("{reject:?}"));
        assert!(again == event, "the same event twice");
        let mut facts = Vec::new();
        texts(&Json::Object(event.facts.clone()), &mut facts);
        let addresses =
            given.parties.iter().flat_map(|party| &party.identifiers).filter(|name| name.value.contains('@'));
        for address in addresses {
            let local = address.value.split('@').next().unwrap_or_default().to_lowercase();
            let is_name = local.len() >= 3 && local.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(!is_name || !facts.iter().any(|fact| fact.contains(&local)), "{facts:?} hold a name");
        }
    });
}
