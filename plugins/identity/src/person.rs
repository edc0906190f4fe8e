//! An account of a directory, as a person.
//! Never: makes a person of an application, a guest or the directory itself.

use connector_sdk::identifier::{self, SAM, UPN};

/// A person by their identifiers, the address first.
pub(crate) struct Person(Vec<(&'static str, String)>);

impl Person {
    /// As [`connector_sdk::NewEvent::actor`] takes them.
    pub(crate) fn identifiers(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(scheme, value)| (*scheme, value.as_str())).collect()
    }

    /// The first name, for ids.
    pub(crate) fn key(&self) -> &str {
        self.0.first().map_or("", |(_, value)| value)
    }

    /// By the name they sign in with. Organisations may use names that are no addresses.
    pub(crate) fn of_login(login: &str) -> Result<Self, &'static str> {
        const NOBODY: [&str; 4] = ["unknown", "system", "system@okta.com", "okta system"];
        if NOBODY.iter().any(|nobody| nobody.eq_ignore_ascii_case(login)) {
            return Err("activity of the system");
        }
        if let Some(address) = identifier::address(login) {
            return Ok(Self(vec![(UPN, address)]));
        }
        let plain = !login.is_empty()
            && login.len() <= 128
            && login.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '\\'));
        if plain { Ok(Self(vec![(SAM, login.to_lowercase())])) } else { Err("no person's account") }
    }

    /// An account of Entra. Guests are somebody else's people.
    pub(crate) fn of_entra(name: &str, id: &str) -> Result<Self, &'static str> {
        let lower = name.to_lowercase();
        if lower.contains("#ext#") {
            return Err("activity of somebody outside the organisation");
        }
        let mut names = Vec::with_capacity(2);
        names.extend(identifier::address(name).map(|address| (UPN, address)));
        let is_id = id.len() == 36
            && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
            && !id.bytes().all(|byte| matches!(byte, b'0' | b'-'));
        if is_id {
            names.push(("object-id", id.to_ascii_lowercase()));
        }
        if names.is_empty() { Err("no person's account") } else { Ok(Self(names)) }
    }
}
