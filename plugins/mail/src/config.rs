//! What an installation says of itself: which addresses are its own, and which of them are no person's.
//! Never: a domain without a normal form; they are compared for every record.

use crate::free_mail::FREE_MAIL_DOMAINS;
use connector_sdk::time::DateOrder;
use connector_sdk::{Problem, identifier};
use serde::{Deserialize, Deserializer};

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(deserialize_with = "domains")]
    internal_domains: Vec<String>,
    #[serde(default, deserialize_with = "some_domains")]
    free_mail_domains: Option<Vec<String>>,
    #[serde(default)]
    service_senders: Vec<String>,
    /// Day or month first.
    #[serde(default)]
    pub(crate) date_order: DateOrder,
}

/// What stands before the @ of senders that are no person, wherever they are.
const SERVICES: &[&str] = &[
    "mailer-daemon",
    "postmaster",
    "no-reply",
    "noreply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e",
];

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.internal_domains.is_empty() {
            let message = "name at least one domain of the organisation".into();
            problems.push(Problem { at: "/internal_domains".into(), message });
        }
        let free = self.free_mail_domains.iter().flatten().enumerate().map(|at| ("free_mail_domains", at));
        let lists = self.internal_domains.iter().enumerate().map(|at| ("internal_domains", at)).chain(free);
        for (list, (at, domain)) in lists.filter(|(_, (_, domain))| !identifier::is_domain(domain)) {
            problems.push(Problem { at: format!("/{list}/{at}"), message: format!("{domain:?} is not a domain") });
        }
        problems
    }

    /// Whether a domain is the organisation's.
    pub(crate) fn is_internal(&self, domain: &str) -> bool {
        identifier::within(domain, self.internal_domains.iter().map(String::as_str))
    }

    /// Whether a domain is a free mail provider's.
    pub(crate) fn is_free_mail(&self, domain: &str) -> bool {
        match &self.free_mail_domains {
            Some(own) => identifier::within(domain, own.iter().map(String::as_str)),
            None => identifier::within(domain, FREE_MAIL_DOMAINS.iter().copied()),
        }
    }

    /// Whether an address is a program's.
    pub(crate) fn is_service(&self, address: &str) -> bool {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let named = |text: &str| text.eq_ignore_ascii_case(address) || text.eq_ignore_ascii_case(local);
        SERVICES.iter().copied().any(named) || self.service_senders.iter().any(|sender| named(sender.trim()))
    }
}

fn domains<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let normal = |domain: &String| domain.trim().trim_start_matches('@').to_lowercase();
    Ok(Vec::<String>::deserialize(from)?.iter().map(normal).collect())
}

fn some_domains<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(Some(domains(from)?))
}
