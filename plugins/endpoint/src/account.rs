//! The account that a row names, as a person.
//! Never: makes a person of the system, a service or a machine.

use connector_sdk::Person;
use connector_sdk::identifier::{self, OBJECT_ID, SAM, SID, UPN, is_object_id, is_persons_sid};

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
        if is_object_id(self.object_id) {
            names.push((OBJECT_ID, self.object_id.to_ascii_lowercase()));
        }
        Person::named(names)
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
