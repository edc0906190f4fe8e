//! What an installation says of itself: which addresses are its own, and which of them are no person's.
//! Never: a domain without a normal form; they are compared for every record.

use connector_sdk::time::DateOrder;
use connector_sdk::{Domains, Problem};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    internal_domains: Domains,
    #[serde(default = "Domains::free_mail")]
    free_mail_domains: Domains,
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
        let mut problems = self.internal_domains.problems_of_own("internal_domains");
        problems.extend(self.free_mail_domains.problems("free_mail_domains"));
        problems
    }

    /// Whether a domain is the organisation's.
    pub(crate) fn is_internal(&self, domain: &str) -> bool {
        self.internal_domains.have(domain)
    }

    /// Whether a domain is a free mail provider's.
    pub(crate) fn is_free_mail(&self, domain: &str) -> bool {
        self.free_mail_domains.have(domain)
    }

    /// Whether an address is a program's.
    pub(crate) fn is_service(&self, address: &str) -> bool {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let named = |text: &str| text.eq_ignore_ascii_case(address) || text.eq_ignore_ascii_case(local);
        SERVICES.iter().copied().any(named) || self.service_senders.iter().any(|sender| named(sender.trim()))
    }
}
