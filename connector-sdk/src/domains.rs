//! Domains as a configuration lists them: the organisation's own, and others that a connector asks about.
//! Never: a domain without a normal form; they are compared for every record.

use crate::{Problem, identifier};
use serde::{Deserialize, Deserializer};

/// A list of domains, each with everything below it. In a configuration it is a list of texts.
#[derive(Debug, Clone, Default)]
pub struct Domains(Vec<String>);

impl Domains {
    /// Whether `domain` is one of them or below one.
    #[must_use]
    pub fn have(&self, domain: &str) -> bool {
        identifier::within(domain, self.0.iter().map(String::as_str))
    }

    /// The domain of `address` where it is none of these, so of somebody outside; `None` for those inside, and for what
    /// is no address.
    #[must_use]
    pub fn outside(&self, address: &str) -> Option<String> {
        let address = identifier::address(address)?;
        identifier::domain(&address).filter(|domain| !self.have(domain))
    }

    /// Providers of mailboxes for anybody: what a configuration that names none means. For `#[serde(default)]`.
    #[must_use]
    pub fn free_mail() -> Self {
        Self(FREE_MAIL_DOMAINS.iter().map(|domain| (*domain).to_owned()).collect())
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with the list `name` of a configuration.
    #[must_use]
    pub fn problems(&self, name: &str) -> Vec<Problem> {
        let wrong = self.0.iter().enumerate().filter(|(_, domain)| !identifier::is_domain(domain));
        wrong
            .map(|(at, domain)| Problem { at: format!("/{name}/{at}"), message: format!("{domain:?} is not a domain") })
            .collect()
    }

    /// What is wrong with the list `name` of the organisation's own domains, of which there has to be one.
    #[must_use]
    pub fn problems_of_own(&self, name: &str) -> Vec<Problem> {
        let mut problems = self.problems(name);
        if self.is_empty() {
            let message = "name at least one domain of the organisation".into();
            problems.push(Problem { at: format!("/{name}"), message });
        }
        problems
    }
}

impl<'de> Deserialize<'de> for Domains {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let normal = |domain: &String| domain.trim().trim_start_matches('@').to_lowercase();
        Ok(Self(Vec::<String>::deserialize(from)?.iter().map(normal).collect()))
    }
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

#[cfg(test)]
mod tests {
    use super::Domains;

    fn ours() -> Domains {
        serde_json::from_str(r#"[" @NorthWind.example "]"#).unwrap()
    }

    #[test]
    fn a_domain_counts_with_all_below_it_and_without_lookalikes() {
        assert!(ours().have("northwind.example") && ours().have("eu.northwind.example"));
        assert!(!ours().have("evilnorthwind.example"));
    }

    #[test]
    fn outside_is_an_address_of_another_domain() {
        assert_eq!(ours().outside("Bo <Bo@Fabrikam.example>").as_deref(), Some("fabrikam.example"));
        assert_eq!(ours().outside("bo@northwind.example"), None);
        assert_eq!(ours().outside("bo"), None);
    }

    #[test]
    fn free_mail_providers_are_domains_and_the_organisation_has_one_of_its_own() {
        assert_eq!(Domains::free_mail().problems("free_mail_domains"), []);
        assert!(Domains::free_mail().have("gmail.com") && !Domains::free_mail().have("northwind.example"));
        assert_eq!(ours().problems_of_own("internal_domains"), []);
        assert_eq!(Domains::default().problems_of_own("internal_domains")[0].at, "/internal_domains");
    }

    #[test]
    fn what_is_no_domain_is_a_problem_with_its_place() {
        let wrong: Domains = serde_json::from_str(r#"["northwind.example","https://northwind.example"]"#).unwrap();
        let problems: Vec<_> = wrong.problems("internal_domains").into_iter().map(|p| p.at).collect();
        assert_eq!(problems, ["/internal_domains/1"]);
    }
}
