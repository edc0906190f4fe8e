//! What an installation says of its directory.
//! Never: a rule about people; whether a sign-in is odd is what the vendor says.

use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub(crate) deactivation_is_deletion: bool,
    travel_behaviours: Option<Vec<String>>,
    country_behaviours: Option<Vec<String>>,
}

impl Config {
    /// Whether a behaviour of that name tells of impossible travel.
    pub(crate) fn is_travel(&self, name: &str) -> bool {
        named(self.travel_behaviours.as_deref(), "Velocity", name)
    }

    /// Whether a behaviour of that name tells of an unusual country.
    pub(crate) fn is_country(&self, name: &str) -> bool {
        named(self.country_behaviours.as_deref(), "New Country", name)
    }
}

fn named(own: Option<&[String]>, built_in: &str, name: &str) -> bool {
    match own {
        Some(own) => own.iter().any(|known| known.trim().eq_ignore_ascii_case(name)),
        None => built_in.eq_ignore_ascii_case(name),
    }
}
