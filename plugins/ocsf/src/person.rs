//! A user object as a person.
//! Never: makes a person of the system, a service or a machine.

use connector_sdk::identifier::{self, EMAIL, SAM, SID, UPN, is_persons_sid};
use connector_sdk::{Json, Person};

/// The person behind a user object. `local` is the domain of accounts that name none: the device, where the event is of one.
pub(crate) fn of(user: Json<'_>, local: &str) -> Result<Person, &'static str> {
    if user.is_empty() {
        return Err("the event names nobody");
    }
    let (name, domain, uid) = (user.at("name").text(), user.at("domain").text(), user.at("uid").text());
    // Type 3: system, 4: service.
    if user.at("type_id").integer().is_some_and(|kind| matches!(kind, 3 | 4)) || is_system(&name, &domain, &uid) {
        return Err("activity of the system or of a service");
    }
    let mut names = Vec::with_capacity(3);
    names.extend(identifier::address(&user.at("email_addr").text()).map(|address| (EMAIL, address)));
    match identifier::address(&name) {
        Some(address) if names.iter().all(|(_, known)| *known != address) => names.push((UPN, address)),
        Some(_) => {}
        None => names.extend(sam(&name, &domain, local).map(|name| (SAM, name))),
    }
    if is_persons_sid(&uid) {
        names.push((SID, uid.to_ascii_uppercase()));
    }
    Person::named(names)
}

/// `DOMAIN\name`, from one field or two.
fn sam(name: &str, domain: &str, local: &str) -> Option<String> {
    let (inner, name) = name.split_once('\\').unwrap_or(("", name));
    let domain = [inner, domain, local].into_iter().find(|domain| !domain.is_empty()).unwrap_or_default();
    let plain = |text: &str| text.len() <= 128 && !text.contains(['\\', '/', '@', ':', '<', '>', '"', '\'']);
    if name.is_empty() || !plain(name) || !plain(domain) || name.chars().any(char::is_control) {
        return None;
    }
    let whole = if domain.is_empty() { name.to_owned() } else { format!("{domain}\\{name}") };
    Some(whole.to_lowercase())
}

fn is_system(name: &str, domain: &str, uid: &str) -> bool {
    const DOMAINS: [&str; 5] = ["NT AUTHORITY", "NT SERVICE", "Window Manager", "Font Driver Host", "IIS APPPOOL"];
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
    let (inner, bare) = name.split_once('\\').unwrap_or(("", name));
    let is = |known: &[&str], text: &str| known.iter().any(|known| known.eq_ignore_ascii_case(text));
    is(&DOMAINS, domain)
        || is(&DOMAINS, inner)
        || is(&NAMES, bare)
        || bare.ends_with('$')
        || bare.starts_with('_')
        || (uid.starts_with("S-1-5-") && !is_persons_sid(uid))
}
