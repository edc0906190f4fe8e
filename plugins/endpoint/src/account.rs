//! The account that a row names, as a person.
//! Never: makes a person of the system, a service or a machine.

use connector_sdk::identifier::{self, SAM, SID, UPN};

/// An account as Defender writes it, each part possibly empty.
#[derive(Debug, Default)]
pub(crate) struct Account<'a> {
    pub(crate) upn: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) name: &'a str,
    pub(crate) sid: &'a str,
    pub(crate) object_id: &'a str,
    /// The device it was seen on: local accounts of two devices are two accounts.
    pub(crate) device: &'a str,
}

/// A person by their identifiers, the address first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Somebody of whom only the address is known.
    pub(crate) fn of_address(text: &str) -> Option<Self> {
        identifier::address(text).map(|address| Self(vec![(UPN, address)]))
    }
}

impl Account<'_> {
    /// The person, or why there is none.
    pub(crate) fn person(&self) -> Result<Person, &'static str> {
        if self.is_system() {
            return Err("activity of the system or of a service");
        }
        let mut names = Vec::with_capacity(4);
        names.extend(identifier::address(self.upn).map(|address| (UPN, address)));
        let plain = |text: &str| !text.is_empty() && text.len() <= 256 && !text.contains(['\\', '/', '@', ':']);
        if plain(self.name) {
            let domain = if self.domain.is_empty() { self.device } else { self.domain };
            if plain(domain) {
                names.push((SAM, format!("{domain}\\{}", self.name).to_lowercase()));
            }
        }
        if is_persons_sid(self.sid) {
            names.push((SID, self.sid.to_ascii_uppercase()));
        }
        let id = self.object_id;
        if id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && !is_nil(id) {
            names.push(("object-id", id.to_ascii_lowercase()));
        }
        if names.is_empty() { Err("no person's account") } else { Ok(Person(names)) }
    }

    fn is_system(&self) -> bool {
        const DOMAINS: [&str; 8] = [
            "NT AUTHORITY",
            "NT SERVICE",
            "NT VIRTUAL MACHINE",
            "Window Manager",
            "Font Driver Host",
            "IIS APPPOOL",
            "BUILTIN",
            "DefaultAppPool",
        ];
        const NAMES: [&str; 8] = [
            "system",
            "root",
            "local service",
            "network service",
            "nobody",
            "daemon",
            "anonymous logon",
            "trustedinstaller",
        ];
        let is = |known: &[&str], text: &str| known.iter().any(|known| known.eq_ignore_ascii_case(text));
        is(&DOMAINS, self.domain)
            || is(&NAMES, self.name)
            || self.name.ends_with('$')
            || self.name.starts_with('_')
            || (!self.sid.is_empty() && self.sid.starts_with("S-1-5-") && !is_persons_sid(self.sid))
    }
}

/// Of an account of a domain or machine (21), or of Entra (S-1-12-1). The groups and services of the system are others.
fn is_persons_sid(sid: &str) -> bool {
    (sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-"))
        && sid.len() <= 184
        && sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_nil(id: &str) -> bool {
    id.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}
