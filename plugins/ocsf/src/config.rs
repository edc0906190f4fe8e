//! What an installation says of itself: its domains, free mail providers, removable media.
//! Never: guesses which drive is removable; a letter means something else on every machine.

use connector_sdk::{Domains, Folders, Problem, identifier};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) internal_domains: Domains,
    #[serde(default)]
    free_mail_domains: Option<Domains>,
    #[serde(default)]
    pub(crate) removable_paths: Folders,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.internal_domains.problems_of_own("internal_domains");
        problems.extend(self.free_mail_domains.iter().flat_map(|list| list.problems("free_mail_domains")));
        problems.extend(self.removable_paths.problems("removable_paths"));
        problems
    }

    /// Whether a domain is a free mail provider's.
    pub(crate) fn is_free_mail(&self, domain: &str) -> bool {
        match &self.free_mail_domains {
            Some(own) => own.have(domain),
            None => identifier::within(domain, FREE_MAIL_DOMAINS.iter().copied()),
        }
    }
}

/// The largest providers where anybody gets a mailbox.
const FREE_MAIL_DOMAINS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "seznam.cz",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "web.de",
    "wp.pl",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];
