//! What both vendors' records come down to: somebody of the organisation, something they did, and to what.
//! Never: calls a share external whose target is not known to be.

use crate::Config;
use connector_sdk::{Emit, Kind, NewEvent, attr, identifier, names};

/// The object of an act.
#[derive(Default)]
pub(crate) struct Object {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) hash: Option<String>,
    pub(crate) size: Option<i64>,
    pub(crate) site_kind: &'static str,
    pub(crate) is_folder: bool,
}

/// The person, by the address they sign in with, or why there is none.
pub(crate) fn person(config: &Config, login: &str) -> Result<String, &'static str> {
    const APPLICATIONS: [&str; 3] = ["gserviceaccount.com", "boxdevedition.com", "box.com"];
    if login.is_empty() {
        return Err("activity of somebody who is not signed in");
    }
    let Some(address) = identifier::address(login) else {
        return Err("no person's account");
    };
    match config.internal_domains.outside(&address) {
        Some(domain) if identifier::within(&domain, APPLICATIONS) => Err("activity of an application"),
        Some(_) => Err("activity of somebody outside the organisation"),
        None => Ok(address),
    }
}

/// Whom something was shared with.
pub(crate) enum Share {
    /// Anybody who has the address.
    Anybody,
    /// Everybody of another organisation.
    Domain(String),
    /// An account outside the organisation.
    With { account: String, domain: String },
}

impl Share {
    /// With an account, if it is outside.
    pub(crate) fn with(config: &Config, account: &str) -> Option<Self> {
        let domain = config.internal_domains.outside(account)?;
        identifier::address(account).map(|account| Self::With { account, domain })
    }
}

/// An act, ready to be told.
pub(crate) struct Act<'a> {
    pub(crate) workload: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) at: i64,
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) client_ip: &'a str,
}

impl Act<'_> {
    pub(crate) fn tell<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind) -> NewEvent<'e> {
        let mut event = emit.event(kind, self.at);
        event
            .source_id(self.id.as_str())
            .actor(&[(identifier::UPN, &self.person)])
            .attr(attr::WORKLOAD, self.workload)
            .attr(attr::OPERATION, self.operation)
            .attr(attr::CLIENT_IP, self.client_ip);
        event
    }

    pub(crate) fn tell_of<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind, object: &Object) -> NewEvent<'e> {
        let mut event = self.tell(emit, kind);
        event
            .attr(attr::FILE_EXTENSION, if object.is_folder { None } else { names::extension(&object.name) })
            .attr(attr::SIZE_BYTES, object.size.filter(|size| *size >= 0))
            .attr(attr::SITE_KIND, object.site_kind)
            .attr(attr::OBJECT_NAME, object.name.as_str())
            .attr(attr::OBJECT_PATH, object.path.as_str())
            .attr(attr::OBJECT_ID, object.id.as_str())
            .attr(attr::OBJECT_HASH, object.hash.as_deref());
        event
    }

    pub(crate) fn tell_share(&self, emit: &mut Emit<'_>, kind: Kind, object: &Object, share: Share) {
        let mut event = self.tell_of(emit, kind, object);
        event.attr(attr::IS_EXTERNAL, true);
        match share {
            Share::Anybody => {
                event.attr(attr::AUDIENCE, "anonymous");
            }
            Share::Domain(domain) => {
                event.attr(attr::AUDIENCE, "external").attr(attr::DESTINATION_DOMAIN, domain);
            }
            Share::With { account, domain } => {
                event
                    .attr(attr::AUDIENCE, "external")
                    .attr(attr::DESTINATION_DOMAIN, domain)
                    .attr(attr::TARGET_ACCOUNT, account);
            }
        }
    }
}
