//! Whose activity a record is, and whether an address is one of ours.
//! Never: makes a person of a service, an application or the system.

use crate::Config;
use crate::record::Audit;
use connector_sdk::identifier::{self, SAM, SID, UPN};

pub(crate) struct Actor {
    pub(crate) scheme: &'static str,
    pub(crate) value: String,
}

impl Actor {
    pub(crate) fn upn(value: String) -> Self {
        Self { scheme: UPN, value }
    }
}

/// The person, or why there is none.
pub(crate) fn of(audit: &Audit<'_>) -> Result<Actor, &'static str> {
    if is_service(&audit.user_type.0) {
        return Err("activity of a service or of the system");
    }
    let account = &*audit.user_id.0;
    if account.starts_with("urn:spo:") || contains_ignoring_case(account, "#ext#") || is_guest(&audit.user_type.0) {
        return Err("activity of somebody outside the organisation");
    }
    // Some records have an object id where others have the account, and the account as key.
    person(account)
        .or_else(|| person(&audit.user_key.0).filter(|_| !account.contains('@')))
        .ok_or("no person's account")
}

/// UserType, as number or by name: whatever is neither a regular account, an administrator's nor a guest's.
fn is_service(user_type: &str) -> bool {
    const SERVICES: [&str; 16] = [
        "1",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "Reserved",
        "DcAdmin",
        "System",
        "Application",
        "ServicePrincipal",
        "CustomPolicy",
        "SystemPolicy",
        "PartnerTechnician",
    ];
    SERVICES.iter().any(|service| service.eq_ignore_ascii_case(user_type))
}

fn is_guest(user_type: &str) -> bool {
    user_type == "10" || user_type.eq_ignore_ascii_case("Guest")
}

fn person(account: &str) -> Option<Actor> {
    if let Some(address) = identifier::address(account) {
        // Sign-in keys of SharePoint: a number at a domain of the provider, not a name.
        return (!address.ends_with("@live.com") || !account.contains('|')).then(|| Actor::upn(address));
    }
    if account.starts_with("S-1-5-21-") && account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Some(Actor { scheme: SID, value: account.to_ascii_uppercase() });
    }
    let (domain, name) = account.split_once('\\')?;
    const SYSTEM: [&str; 6] = ["NT AUTHORITY", "NT SERVICE", "SHAREPOINT", "BUILTIN", "IIS APPPOOL", "Window Manager"];
    let plain = |text: &str| !text.is_empty() && text.len() <= 64 && !text.contains(['\\', '/', '@', ':']);
    let human = plain(domain) && plain(name) && !SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(domain));
    human.then(|| Actor { scheme: SAM, value: account.to_lowercase() })
}

/// Another account: who is invited, added, or written to.
pub(crate) struct Other {
    /// The address; of a guest, the one they have at home.
    pub(crate) address: String,
    pub(crate) domain: String,
    pub(crate) external: bool,
}

/// `None` if the text names no account by address (a group, a role).
pub(crate) fn other(config: &Config, text: &str) -> Option<Other> {
    let address = identifier::address(text)?;
    let home = home_of_guest(&address);
    let address = home.clone().unwrap_or(address);
    let domain = identifier::domain(&address)?;
    let external = home.is_some() || !config.is_internal(&domain);
    Some(Other { address, domain, external })
}

/// `alice_fabrikam.com#ext#@contoso.onmicrosoft.com` is alice@fabrikam.com.
fn home_of_guest(address: &str) -> Option<String> {
    let (name, _) = address.split_once("#ext#@")?;
    let (local, domain) = name.rsplit_once('_')?;
    identifier::address(&format!("{local}@{domain}"))
}

fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
