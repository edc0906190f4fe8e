//! What an installation says of itself: which addresses are its own.
//! Never: a domain without a normal form; they are compared for every record.

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
    priority_sites: Vec<String>,
    #[serde(default)]
    pub(crate) source: Option<Source>,
}

/// Where records are fetched from; the secret is the host's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    #[serde(default = "content_types")]
    pub(crate) content_types: Vec<String>,
    #[serde(default = "login_root")]
    pub(crate) login_root: String,
    #[serde(default = "api_root")]
    pub(crate) api_root: String,
}

fn content_types() -> Vec<String> {
    ["Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"]
        .map(str::to_owned)
        .into()
}

fn login_root() -> String {
    "https://login.microsoftonline.com".to_owned()
}

fn api_root() -> String {
    "https://manage.office.com".to_owned()
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.internal_domains.problems_of_own("internal_domains");
        problems.extend(self.free_mail_domains.problems("free_mail_domains"));
        for (at, site) in self.priority_sites.iter().enumerate().filter(|(_, site)| !site.starts_with("https://")) {
            let message = format!("{site:?} does not start with https://");
            problems.push(Problem { at: format!("/priority_sites/{at}"), message });
        }
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

    /// Whether an address lies in a priority site.
    pub(crate) fn is_priority(&self, url: &str) -> bool {
        self.priority_sites.iter().any(|site| {
            let site = site.trim_end_matches('/');
            let inside = url.get(..site.len()).is_some_and(|start| start.eq_ignore_ascii_case(site));
            inside && matches!(url.as_bytes().get(site.len()), None | Some(b'/'))
        })
    }
}
