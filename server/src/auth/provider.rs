//! Where a provider's keys come from: its discovery document and its key set, over HTTPS, with a bound on everything.
//! Never: follows a redirect, reads more than the limit, or asks a provider more often than every 30 seconds.

use super::{
    AuthError,
    keyset::{Alg, BadSet, Key, KeySet},
};
use crate::config::Issuer;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::Mutex;
use ureq::{
    http::Uri,
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};
use vizard_core::{
    limits,
    time::{Micros, SECOND},
};

/// Whether a provider may be reached at `url`: with TLS, or without it on this machine; no credentials in it.
pub fn acceptable_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
    let credentials = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    !host.is_empty() && !credentials && (scheme == "https" || scheme == "http" && is_here(host))
}

fn is_here(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why there is no new key set. `Display` is for the operator's log and quotes nothing that was received.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unavailable {
    #[error("no answer within {} s, or no connection", limits::PROVIDER_SECONDS)]
    Silent,
    #[error("its certificate is not trusted here, or TLS failed otherwise: `ca_file` names your own authority")]
    Tls,
    #[error("it answered with a redirect, and redirects are not followed: configure the address that it leads to")]
    Redirect,
    #[error("it answered with the status {0}")]
    Status(u16),
    #[error("its answer is longer than {} bytes", limits::KEY_SET_BYTES)]
    TooLong,
    #[error("its discovery document is not a JSON object with `issuer` and `jwks_uri`")]
    NoDiscovery,
    #[error("its discovery document is another issuer's")]
    OtherIssuer,
    #[error("its `jwks_uri` does not begin with https://")]
    BadUrl,
    #[error("its key set is refused: {0}")]
    BadSet(#[from] BadSet),
}

/// A provider's keys as they were last seen, or a fixed key.
pub(super) struct Keys {
    source: Option<Arc<Source>>,
    known: RwLock<Known>,
    asking: Mutex<()>,
}

struct Source {
    /// The issuer's configured name, for the log.
    name: String,
    issuer: String,
    jwks_url: Option<String>,
    algorithms: Vec<Alg>,
    agent: ureq::Agent,
}

#[derive(Clone, Default)]
struct Known {
    set: Option<Arc<KeySet>>,
    /// When `set` came.
    good_at: Option<Micros>,
    /// When the provider was last asked.
    asked_at: Option<Micros>,
}

impl Keys {
    /// The key of development tokens.
    pub(super) fn fixed(set: KeySet) -> Self {
        let known = Known { set: Some(Arc::new(set)), ..Known::default() };
        Self { source: None, known: RwLock::new(known), asking: Mutex::default() }
    }

    /// The keys of a configured issuer; nothing is asked yet.
    pub(super) fn of(issuer: &Issuer) -> anyhow::Result<Self> {
        let roots = match &issuer.ca_file {
            None => RootCerts::WebPki,
            Some(path) => {
                let pem = std::fs::read(path).with_context(|| format!("cannot read the ca_file {}", path.display()))?;
                let read: Result<Vec<_>, _> = parse_pem(&pem).collect();
                let read = read.ok().with_context(|| format!("{} is not a PEM file", path.display()))?;
                let certificates = read.into_iter().filter_map(|item| match item {
                    PemItem::Certificate(certificate) => Some(certificate),
                    _ => None,
                });
                let certificates: Vec<_> = certificates.collect();
                ensure!(!certificates.is_empty(), "{} holds no certificate", path.display());
                RootCerts::new_with_certs(&certificates)
            }
        };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(limits::PROVIDER_SECONDS)))
            .max_idle_connections(0)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        let here = issuer.issuer.starts_with("http:");
        // What is on this machine is not reached through a proxy.
        let config = if here { config.proxy(None) } else { config };
        let source = Source {
            name: issuer.name.clone(),
            issuer: issuer.issuer.clone(),
            jwks_url: issuer.jwks_url.clone(),
            algorithms: issuer.algorithms.clone(),
            agent: config.build().into(),
        };
        Ok(Self { source: Some(Arc::new(source)), known: RwLock::default(), asking: Mutex::default() })
    }

    /// The key called `kid`. Asks the provider where the key is unknown or the set has grown old, but at most every
    /// `limits::KEY_SET_REFETCH_SECONDS`; the last good set counts while the provider is away.
    pub(super) async fn find(&self, kid: Option<&str>, now: Micros) -> Result<Key, AuthError> {
        let Some(source) = &self.source else {
            return self.known().set.as_ref().and_then(|set| set.find(kid)).cloned().ok_or(AuthError::UnknownKey);
        };
        let known = self.known();
        let fresh = known.is_younger_than(limits::KEY_SET_FRESH_SECONDS, now);
        if known.key(kid, now).is_some() {
            // One request asks anew; the others go on with what is known.
            if !fresh && let Ok(_asking) = self.asking.try_lock() {
                self.ask(source, now).await;
            }
        } else {
            let _asking = self.asking.lock().await;
            self.ask(source, now).await;
        }
        let known = self.known();
        match known.key(kid, now) {
            Some(key) => Ok(key),
            None if known.is_younger_than(limits::KEY_SET_KEPT_SECONDS, now) => Err(AuthError::UnknownKey),
            None => Err(AuthError::NoKeys),
        }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks, unless somebody did a moment ago. The caller holds `asking`.
    async fn ask(&self, source: &Arc<Source>, now: Micros) {
        let asked = self.known().asked_at;
        if asked.is_some_and(|asked| now.0.saturating_sub(asked.0) < limits::KEY_SET_REFETCH_SECONDS * SECOND) {
            return;
        }
        self.known.write().unwrap_or_else(PoisonError::into_inner).asked_at = Some(now);
        let asking = Arc::clone(source);
        let answer = tokio::task::spawn_blocking(move || asking.fetch()).await;
        match answer.unwrap_or(Err(Unavailable::Silent)) {
            Ok(set) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.set = Some(Arc::new(set));
                known.good_at = Some(now);
            }
            Err(why) => {
                tracing::warn!(issuer = source.name, why = %why, "the keys of an issuer could not be fetched");
            }
        }
    }
}

impl Known {
    fn is_younger_than(&self, seconds: i64, now: Micros) -> bool {
        self.good_at.is_some_and(|at| now.0.saturating_sub(at.0) < seconds * SECOND)
    }

    fn key(&self, kid: Option<&str>, now: Micros) -> Option<Key> {
        let counts = self.is_younger_than(limits::KEY_SET_KEPT_SECONDS, now);
        self.set.as_ref().filter(|_| counts).and_then(|set| set.find(kid)).cloned()
    }
}

impl Source {
    fn fetch(&self) -> Result<KeySet, Unavailable> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover()?,
        };
        Ok(KeySet::read(&self.get(&url)?, &self.algorithms)?)
    }

    /// The address of the keys (OpenID Connect Discovery, section 4). Another issuer's document would be a mix-up.
    fn discover(&self) -> Result<String, Unavailable> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document = super::json::object(&self.get(&url)?).ok_or(Unavailable::NoDiscovery)?;
        let text = |name: &str| document.get(name).and_then(Value::as_str).ok_or(Unavailable::NoDiscovery);
        if text("issuer")? != self.issuer {
            return Err(Unavailable::OtherIssuer);
        }
        let found = text("jwks_uri")?;
        if acceptable_url(found) { Ok(found.to_owned()) } else { Err(Unavailable::BadUrl) }
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        let asked = self.agent.get(url).header("accept", "application/json").call();
        let mut answer = asked.map_err(|error| match error {
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => Unavailable::Tls,
            ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => Unavailable::Tls,
            _ => Unavailable::Silent,
        })?;
        match answer.status().as_u16() {
            200 => {}
            300..=399 => return Err(Unavailable::Redirect),
            status => return Err(Unavailable::Status(status)),
        }
        answer.body_mut().with_config().limit(limits::KEY_SET_BYTES).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Unavailable::TooLong,
            _ => Unavailable::Silent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_reached_with_tls_or_on_this_machine() {
        for good in [
            "https://login.example.com",
            "https://login.example.com:8443/realms/a",
            "http://localhost:8080/x",
            "http://127.0.0.1:1",
            "http://[::1]:1/keys",
        ] {
            assert!(acceptable_url(good), "{good}");
        }
        for bad in [
            "http://login.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "https://user:word@login.example.com",
            "http://localhost@login.example.com",
            "ftp://login.example.com",
            "file:///etc/passwd",
            "login.example.com",
            "//login.example.com",
            "https://",
            "",
        ] {
            assert!(!acceptable_url(bad), "{bad}");
        }
    }
}
