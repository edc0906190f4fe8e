//! What an installation says of itself: its domains, free mail providers, removable media.
//! Never: guesses which drive is removable; a letter means something else on every machine.

use connector_sdk::{Domains, Problem, identifier};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) internal_domains: Domains,
    #[serde(default)]
    free_mail_domains: Option<Domains>,
    #[serde(default)]
    removable_paths: Vec<String>,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.internal_domains.problems("internal_domains");
        if self.internal_domains.is_empty() {
            let message = "name at least one domain of the organisation".into();
            problems.push(Problem { at: "/internal_domains".into(), message });
        }
        problems.extend(self.free_mail_domains.iter().flat_map(|list| list.problems("free_mail_domains")));
        let whole = |path: &String| matches!(path.trim(), "" | "/" | "\\");
        for (at, _) in self.removable_paths.iter().enumerate().filter(|(_, path)| whole(path)) {
            let message = "every path begins so: name a drive or a folder".into();
            problems.push(Problem { at: format!("/removable_paths/{at}"), message });
        }
        problems
    }

    /// Whether a domain is a free mail provider's.
    pub(crate) fn is_free_mail(&self, domain: &str) -> bool {
        match &self.free_mail_domains {
            Some(own) => own.have(domain),
            None => identifier::within(domain, FREE_MAIL_DOMAINS.iter().copied()),
        }
    }

    /// Whether a path lies on removable media.
    pub(crate) fn is_removable(&self, path: &str) -> bool {
        self.removable_paths.iter().any(|start| {
            let start = start.trim().trim_end_matches(['\\', '/']);
            let inside = path.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
            inside && matches!(path.as_bytes().get(start.len()), Some(b'\\' | b'/'))
        })
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
