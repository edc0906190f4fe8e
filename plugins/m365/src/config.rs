//! What an installation says of itself: which addresses are its own.
//! Never: a domain without a normal form; they are compared for every record.

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
    priority_sites: Vec<String>,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.internal_domains.is_empty() {
            let message = "name at least one domain of the organisation".into();
            problems.push(Problem { at: "/internal_domains".into(), message });
        }
        let free = self.free_mail_domains.iter().flatten().enumerate().map(|at| ("free_mail_domains", at));
        for (list, (at, domain)) in
            self.internal_domains.iter().enumerate().map(|at| ("internal_domains", at)).chain(free)
        {
            if !identifier::is_domain(domain) {
                problems.push(Problem { at: format!("/{list}/{at}"), message: format!("{domain:?} is not a domain") });
            }
        }
        for (at, site) in self.priority_sites.iter().enumerate().filter(|(_, site)| !site.starts_with("https://")) {
            let message = format!("{site:?} does not start with https://");
            problems.push(Problem { at: format!("/priority_sites/{at}"), message });
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

    /// Whether an address lies in a priority site.
    pub(crate) fn is_priority(&self, url: &str) -> bool {
        self.priority_sites.iter().any(|site| {
            let site = site.trim_end_matches('/');
            let inside = url.get(..site.len()).is_some_and(|start| start.eq_ignore_ascii_case(site));
            inside && matches!(url.as_bytes().get(site.len()), None | Some(b'/'))
        })
    }
}

fn normal(domain: &str) -> String {
    domain.trim().trim_start_matches('@').to_lowercase()
}

fn domains<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<String>::deserialize(from)?.iter().map(|domain| normal(domain)).collect())
}

fn some_domains<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(Some(domains(from)?))
}

/// Providers where anybody gets a mailbox, and their national domains where they have many users.
const FREE_MAIL_DOMAINS: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aol.com",
    "aol.de",
    "arcor.de",
    "bigpond.com",
    "bk.ru",
    "bluewin.ch",
    "btinternet.com",
    "centrum.cz",
    "comcast.net",
    "email.cz",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.be",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "inbox.com",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.be",
    "live.ca",
    "live.co.uk",
    "live.com",
    "live.com.au",
    "live.de",
    "live.fr",
    "live.it",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ee",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "onet.pl",
    "online.no",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "outlook.it",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "sina.com",
    "t-online.de",
    "terra.com.br",
    "tiscali.it",
    "tuta.com",
    "tuta.io",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "walla.co.il",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.au",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.in",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];
