//! An account of a directory, as a person.
//! Never: makes a person of an application, a guest or the directory itself.

use connector_sdk::Person;
use connector_sdk::identifier::{self, OBJECT_ID, SAM, UPN, is_object_id};

/// A person by the name they sign in with. Organisations may use names that are no addresses.
pub(crate) fn of_login(login: &str) -> Result<Person, &'static str> {
    const NOBODY: [&str; 4] = ["unknown", "system", "system@okta.com", "okta system"];
    if NOBODY.iter().any(|nobody| nobody.eq_ignore_ascii_case(login)) {
        return Err("activity of the system");
    }
    if let Some(address) = identifier::address(login) {
        return Person::named(vec![(UPN, address)]);
    }
    let plain = !login.is_empty()
        && login.len() <= 128
        && login.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '\\'));
    Person::named(plain.then(|| (SAM, login.to_lowercase())).into_iter().collect())
}

/// An account of Entra. Guests are somebody else's people.
pub(crate) fn of_entra(name: &str, id: &str) -> Result<Person, &'static str> {
    let lower = name.to_lowercase();
    if lower.contains("#ext#") {
        return Err("activity of somebody outside the organisation");
    }
    let mut names = Vec::with_capacity(2);
    names.extend(identifier::address(name).map(|address| (UPN, address)));
    if is_object_id(id) {
        names.push((OBJECT_ID, id.to_ascii_lowercase()));
    }
    Person::named(names)
}
