//! HTTP for connectors that pull: each request goes to a granted destination, at an address that was looked at, with
//! secrets that the host puts in.
//! Never: follows a redirect, goes through a proxy, shows a secret to a plugin, or quotes an address or answer in an error.

use crate::destination::{Destination, Target, is_public};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io;
use std::time::{Duration, Instant};
use ureq::http::{Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use vizard_core::limits;
use zeroize::Zeroizing;

/// What stands for a secret in an answer that repeats it.
const REDACTED: &[u8] = b"[redacted]";
/// A secret shorter than this is not looked for in answers: it would be found everywhere.
const REDACTED_FROM: usize = 6;

/// What one connector may reach, and with which secrets.
#[derive(Clone, Default)]
pub struct Reach {
    /// The grants.
    pub destinations: Vec<Destination>,
    /// By name.
    pub secrets: BTreeMap<String, Zeroizing<String>>,
}

/// Secrets are not for any log.
impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("destinations", &self.destinations).finish_non_exhaustive()
    }
}

/// A piece of a header or body.
pub(crate) enum Part {
    Text(String),
    Secret { name: String, prefix: String, suffix: String, encoding: Encoding },
}

/// How prefix, secret and suffix are written, once put together.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Plain,
    /// For forms and queries: everything but letters, digits and `-._~` as `%` and two digits.
    Percent,
    Base64,
}

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<Part>)>,
    pub(crate) body: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Denied(String),
    Budget(String),
    Timeout,
    TooLarge(u64),
    Network(String),
}

/// The client of one call of a plugin.
pub(crate) struct Client {
    reach: Reach,
    public: ureq::Agent,
    private: ureq::Agent,
    ends: Instant,
    requests: usize,
    bytes: u64,
    /// Time that was spent waiting.
    pub(crate) waited: Duration,
}

impl Client {
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            reach,
            public: agent(false),
            private: agent(true),
            ends: Instant::now() + Duration::from_secs(limits::PULL_SECONDS),
            requests: 0,
            bytes: 0,
            waited: Duration::ZERO,
        }
    }

    pub(crate) fn send(&mut self, request: &Request) -> Result<Response, Refused> {
        let began = Instant::now();
        let answer = self.try_to_send(request);
        self.waited += began.elapsed();
        answer
    }

    fn try_to_send(&mut self, request: &Request) -> Result<Response, Refused> {
        let denied = |why: &str| Err(Refused::Denied(why.to_owned()));
        let target = Target::parse(&request.url).map_err(Refused::Denied)?;
        let Some(granted) = self.reach.destinations.iter().find(|grant| grant.reaches(&target)) else {
            return Err(Refused::Denied(format!("not granted; this grant would allow it: {}", target.grant())));
        };
        if self.requests >= limits::PULL_REQUESTS {
            return Err(Refused::Budget(format!("a call makes at most {} requests", limits::PULL_REQUESTS)));
        }
        let left = self.ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Refused::Budget(format!("a call takes at most {} s", limits::PULL_SECONDS)));
        }
        self.requests += 1;
        let agent = if granted.is_private() { &self.private } else { &self.public };
        let mut http = match request.method.as_str() {
            "GET" | "POST" => ureq::http::Request::builder().method(request.method.as_str()).uri(&request.url),
            _ => return denied("connectors read: GET, or POST where the vendor wants it for that"),
        };
        if request.headers.len() > limits::PULL_HEADERS {
            return denied("too many headers");
        }
        for (name, parts) in &request.headers {
            if [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own.as_str()))
            {
                return denied("the host writes the headers Host, Connection and of the body's length itself");
            }
            let value = self.join(parts)?;
            http = http.header(name, value.as_str());
        }
        let body = self.join(&request.body)?;
        let http =
            http.body(body.as_bytes()).map_err(|_| Refused::Denied("a header or the address is malformed".into()))?;
        let time = left.min(Duration::from_secs(limits::PULL_ANSWER_SECONDS));
        let http = agent.configure_request(http).timeout_global(Some(time)).build();
        let mut answer = agent.run(http).map_err(refused)?;
        let status = answer.status().as_u16();
        if (300..400).contains(&status) && status != 304 {
            return denied(
                "it answers with a redirect, and redirects are not followed: ask at the place where it leads",
            );
        }
        let most = limits::PULL_ANSWER_BYTES.min(limits::PULL_BYTES.saturating_sub(self.bytes));
        let headers = answer.headers().iter().filter(|(name, _)| *name != header::SET_COOKIE);
        let headers: Vec<(String, String)> = headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .map(|(name, value)| (name, String::from_utf8_lossy(&self.redact(value.into_bytes())).into_owned()))
            .collect();
        let body = answer.body_mut().with_config().limit(most).read_to_vec().map_err(refused)?;
        self.bytes += body.len() as u64;
        Ok(Response { status, headers, body: self.redact(body) })
    }

    fn join(&self, parts: &[Part]) -> Result<Zeroizing<String>, Refused> {
        let mut joined = Zeroizing::new(String::new());
        for part in parts {
            match part {
                Part::Text(text) => joined.push_str(text),
                Part::Secret { name, prefix, suffix, encoding } => {
                    let secret =
                        self.reach.secrets.get(name).ok_or_else(|| {
                            Refused::Denied("the configuration has no secret of that name".to_owned())
                        })?;
                    let whole = Zeroizing::new([prefix.as_str(), secret.as_str(), suffix.as_str()].concat());
                    joined.push_str(&encode(&whole, *encoding));
                }
            }
            if joined.len() > limits::PULL_SENT_BYTES {
                return Err(Refused::Denied(format!("a header or body has at most {} bytes", limits::PULL_SENT_BYTES)));
            }
        }
        Ok(joined)
    }

    /// A server that repeats what it was sent tells the plugin nothing.
    fn redact(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for secret in self.reach.secrets.values().filter(|secret| secret.len() >= REDACTED_FROM) {
            for encoding in [Encoding::Plain, Encoding::Percent, Encoding::Base64] {
                let needle = encode(secret, encoding);
                bytes = replace(bytes, needle.as_bytes());
            }
        }
        bytes
    }
}

fn encode(text: &str, encoding: Encoding) -> Zeroizing<String> {
    Zeroizing::new(match encoding {
        Encoding::Plain => text.to_owned(),
        Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(text),
        Encoding::Percent => text.bytes().fold(String::with_capacity(text.len()), |mut coded, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                coded.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(coded, "%{byte:02X}");
            }
            coded
        }),
    })
}

fn replace(bytes: Vec<u8>, needle: &[u8]) -> Vec<u8> {
    let finder = memchr::memmem::Finder::new(needle);
    let mut found = finder.find_iter(&bytes).peekable();
    if found.peek().is_none() {
        return bytes;
    }
    let (mut out, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for at in found {
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(REDACTED);
        from = at + needle.len();
    }
    out.extend_from_slice(&bytes[from..]);
    out
}

fn refused(error: ureq::Error) -> Refused {
    match error {
        ureq::Error::Timeout(_) => Refused::Timeout,
        ureq::Error::BodyExceedsLimit(most) => Refused::TooLarge(most),
        ureq::Error::HostNotFound => Refused::Network("the host's name is not known".to_owned()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            Refused::Network("TLS failed: no trust, or no common version".to_owned())
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let why = "its name leads to an address of this machine or the local network: end the grant with ` private` if it is meant";
            Refused::Denied(why.to_owned())
        }
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::Protocol(_) => {
            Refused::Network("no connection, or it broke".to_owned())
        }
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
            Refused::Denied("a header or the address is malformed".to_owned())
        }
        _ => Refused::Network("the request failed".to_owned()),
    }
}

/// No proxy: it would look the name up itself, past the check of the address.
fn agent(private: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("vizard/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(limits::PULL_ANSWER_HEADER_BYTES)
        .build();
    ureq::Agent::with_parts(config, DefaultConnector::new(), Checked { private, names: DefaultResolver::default() })
}

/// Looks a name up once and hands on the addresses that the connection is made to: what a second look-up says does not
/// matter (DNS rebinding).
#[derive(Debug)]
struct Checked {
    private: bool,
    names: DefaultResolver,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        // One bad address spoils the name: which one is tried is up to chance.
        if !self.private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(ureq::Error::Io(io::ErrorKind::PermissionDenied.into()));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
