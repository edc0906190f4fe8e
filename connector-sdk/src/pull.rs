//! Connectors that fetch records from an API (feature `pull`): one page a call, through the host.
//!
//! The host keeps a page and its cursor together, then has the records normalised: an event is never made here. A call has
//! no memory but the cursor. Answers that mean "later" or "not allowed" become the right [`Failure`] by themselves, so that
//! `http.get(url).send()?` is all that most connectors need.
//! Never: a secret in the connector's hands: it names one, and the host puts it in.

use crate::bindings::vizard::connector::http as wire;
use crate::{Call, Connector, Failure, Problem};
use serde::de::DeserializeOwned;

/// A connector that fetches its records. Its `plugin.toml` names the destinations (`hosts`), and its crate uses
/// [`export_pull_connector!`](crate::export_pull_connector).
pub trait Pull: Connector {
    /// One page of `asked.feed`: records as the vendor has them, and where to go on from.
    fn pull(config: &Self::Config, call: &Call<'_>, asked: &Asked<'_>, http: &mut Http<'_>) -> Result<Page, Failure>;
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// One of the descriptor's feeds.
    pub feed: &'a str,
    /// From where on.
    pub position: Position<'a>,
    /// At most so many records.
    pub most: usize,
}

/// Where a feed was read to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position<'a> {
    /// From this instant on, in microseconds since 1970: the first page, or one from a date that the operator wants again.
    Since(i64),
    /// After the page that had this cursor.
    After(&'a str),
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Records, each as [`Connector::normalise`] gets them.
    pub records: Vec<Vec<u8>>,
    /// Where to go on from; opaque to the host, at most 64 KiB. Where nothing is new, the position to ask from again.
    pub cursor: String,
    /// More is ready now: the host asks again at once.
    pub more: bool,
}

/// What a request is sent with. In tests it is a closure ([`crate::testing::pull`]).
pub(crate) type Send<'a> = &'a mut dyn FnMut(&wire::Request) -> Result<wire::Response, wire::HttpError>;

/// The way to the vendor.
pub struct Http<'a> {
    send: Send<'a>,
    now: i64,
}

/// A request that is being put together.
pub struct Request<'a, 'b> {
    http: &'b mut Http<'a>,
    request: wire::Request,
}

/// An answer that is no failure: any status below 500 but 401, 403 and 429.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// As they came, but for cookies.
    pub headers: Vec<(String, String)>,
    /// What came.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Http<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl<'a> Http<'a> {
    pub(crate) fn new(send: Send<'a>, now: i64) -> Self {
        Self { send, now }
    }

    /// Begins a GET of an absolute address.
    pub fn get<'b>(&'b mut self, url: &str) -> Request<'a, 'b> {
        self.request("GET", url)
    }

    /// Begins a POST to an absolute address.
    pub fn post<'b>(&'b mut self, url: &str) -> Request<'a, 'b> {
        self.request("POST", url)
    }

    fn request<'b>(&'b mut self, method: &str, url: &str) -> Request<'a, 'b> {
        let request = wire::Request { method: method.into(), url: url.into(), headers: vec![], body: vec![] };
        Request { http: self, request }
    }
}

impl Request<'_, '_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.into(), vec![wire::Part::Text(value.into())]));
        self
    }

    /// Adds `Authorization: SCHEME SECRET`, with the secret that the configuration has under this name.
    #[must_use]
    pub fn authorization(mut self, scheme: &str, secret: &str) -> Self {
        let secret = part(secret, format!("{scheme} "), wire::Encoding::Plain);
        self.request.headers.push(("Authorization".into(), vec![secret]));
        self
    }

    /// Adds `Authorization: Basic …` (RFC 7617) for a user whose password is a secret of the configuration.
    #[must_use]
    pub fn basic(mut self, user: &str, secret: &str) -> Self {
        let parts = vec![wire::Part::Text("Basic ".into()), part(secret, format!("{user}:"), wire::Encoding::Base64)];
        self.request.headers.push(("Authorization".into(), parts));
        self
    }

    /// Adds a field of a form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        let text = format!("{}={}", self.next_field(name), percent(value));
        self.request.body.push(wire::Part::Text(text));
        self
    }

    /// Adds a field of a form whose value is a secret of the configuration.
    #[must_use]
    pub fn secret_field(mut self, name: &str, secret: &str) -> Self {
        let text = format!("{}=", self.next_field(name));
        self.request.body.push(wire::Part::Text(text));
        self.request.body.push(part(secret, String::new(), wire::Encoding::Percent));
        self
    }

    /// Sends it. An answer that says "later" (429, 5xx), "not you" (401, 403), and what the host does not allow, is the
    /// failure that tells the host what to do.
    pub fn send(self) -> Result<Response, Failure> {
        let Self { http, request } = self;
        let answer = (http.send)(&request).map_err(refused)?;
        let response = Response { status: answer.status, headers: answer.headers, body: answer.body };
        match response.status {
            401 | 403 => Err(Failure::Auth(format!("the vendor answers {}: check the credentials", response.status))),
            429 | 500.. => {
                let seconds = response.header("retry-after").and_then(|text| seconds(text, http.now)).unwrap_or(0);
                Err(Failure::Transient((format!("the vendor answers {}", response.status), seconds)))
            }
            _ => Ok(response),
        }
    }

    fn next_field(&mut self, name: &str) -> String {
        if self.request.body.is_empty() {
            let form = "application/x-www-form-urlencoded".into();
            self.request.headers.push(("Content-Type".into(), vec![wire::Part::Text(form)]));
            return percent(name);
        }
        format!("&{}", percent(name))
    }
}

impl Response {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; the failure of any other status than 200 is told as the vendor's.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if self.status != 200 {
            return Err(Failure::Transient((format!("the vendor answers {}", self.status), 0)));
        }
        // Only its place: serde's message may quote the answer.
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::Transient((format!("the vendor's answer is not the JSON that was expected ({place})"), 0))
        })
    }

    /// The body, a JSON array, cut into its elements. They are records as they came: the bytes between the commas.
    pub fn records(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let records: Vec<Box<serde_json::value::RawValue>> = self.json()?;
        Ok(records.into_iter().map(|record| record.get().as_bytes().to_vec()).collect())
    }
}

fn part(name: &str, prefix: String, encoding: wire::Encoding) -> wire::Part {
    wire::Part::Secret(wire::SecretUse { name: name.into(), prefix, suffix: String::new(), encoding })
}

fn refused(error: wire::HttpError) -> Failure {
    match error {
        wire::HttpError::Denied(message) => Failure::Config(vec![Problem { at: String::new(), message }]),
        wire::HttpError::Budget(message) => Failure::Internal(message),
        wire::HttpError::Timeout => Failure::Transient(("the vendor takes too long".into(), 0)),
        wire::HttpError::TooLarge(most) => Failure::Internal(format!("an answer has more than {most} bytes")),
        wire::HttpError::Network(message) => Failure::Transient((message, 0)),
    }
}

/// Of `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn seconds(text: &str, now: i64) -> Option<u32> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(seconds);
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_microsecond();
    u32::try_from((at - now).max(0) / 1_000_000).ok()
}

/// Text as a part of a query or form: everything but letters, digits and `-._~` becomes `%` and two digits.
#[must_use]
pub fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut coded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            let _ = write!(coded, "%{byte:02X}");
        }
        coded
    })
}

/// The whole call, natively and in the plugin.
pub(crate) fn page<C: Pull>(context: &crate::CallContext, asked: &Asked<'_>, send: Send<'_>) -> Result<Page, Failure> {
    let (config, call) = crate::connector::prepare::<C>(context).map_err(|problem| Failure::Config(vec![problem]))?;
    let known = C::DESCRIPTOR.feed(asked.feed).is_some();
    if !known {
        return Err(Failure::Format("there is no such feed".into()));
    }
    C::pull(&config, &call, asked, &mut Http::new(send, context.received_at))
}

/// Of the plugin's export.
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub fn pull<C: Pull>(
    context: &crate::CallContext,
    feed: &str,
    position: &crate::bindings::exports::vizard::connector::pull::Position,
    most: u32,
) -> Result<Page, Failure> {
    use crate::bindings::exports::vizard::connector::pull as exported;
    let position = match position {
        exported::Position::Since(at) => Position::Since(*at),
        exported::Position::After(cursor) => Position::After(cursor),
    };
    let asked = Asked { feed, position, most: usize::try_from(most).unwrap_or(usize::MAX) };
    page::<C>(context, &asked, &mut |request| wire::send(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> wire::Response {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        wire::Response { status, headers, body: body.into() }
    }

    fn send(answer: Result<wire::Response, wire::HttpError>) -> Result<Response, Failure> {
        let mut answer = Some(answer);
        Http::new(&mut |_| answer.take().unwrap(), NOW).get("https://api.example.com").send()
    }

    #[test]
    fn an_answer_that_means_later_or_not_you_is_that_failure() {
        assert_eq!(send(Ok(answer(404, &[], ""))).unwrap().status, 404);
        for status in [401, 403] {
            assert!(matches!(send(Ok(answer(status, &[], ""))), Err(Failure::Auth(_))), "{status}");
        }
        for (header, wait) in
            [("17", 17), ("Mon, 21 Sep 2026 14:15:20 GMT", 120), ("Mon, 21 Sep 2020 00:00:00 GMT", 0), ("soon", 0)]
        {
            let failed = send(Ok(answer(429, &[("Retry-After", header)], ""))).unwrap_err();
            assert_eq!(failed, Failure::Transient(("the vendor answers 429".into(), wait)), "{header}");
        }
        assert!(matches!(send(Ok(answer(503, &[], ""))), Err(Failure::Transient((_, 0)))));
        assert!(matches!(send(Err(wire::HttpError::Timeout)), Err(Failure::Transient(_))));
        assert!(matches!(send(Err(wire::HttpError::Denied("no".into()))), Err(Failure::Config(_))));
        assert!(matches!(send(Err(wire::HttpError::TooLarge(1))), Err(Failure::Internal(_))));
    }

    #[test]
    fn a_request_names_its_secrets_and_codes_its_fields() {
        let mut sent = None;
        let mut keep = |request: &wire::Request| {
            sent = Some(request.clone());
            Ok(answer(200, &[], "[1, {\"a\": 2}]"))
        };
        let mut http = Http::new(&mut keep, NOW);
        let response = http
            .post("https://login.example.com")
            .basic("me", "password")
            .field("scope", "a b&c")
            .secret_field("key", "token");
        let records = response.send().unwrap().records().unwrap();
        assert_eq!(records, [b"1".to_vec(), b"{\"a\": 2}".to_vec()]);
        let sent = format!("{:?}", sent.unwrap());
        assert!(sent.contains("scope=a%20b%26c") && sent.contains("&key=") && sent.contains("urlencoded"), "{sent}");
        assert!(sent.contains("me:") && sent.contains("password") && sent.contains("Basic "), "{sent}");
    }

    #[test]
    fn an_answer_that_is_not_json_says_where_and_quotes_nothing() {
        let response = send(Ok(answer(200, &[], "{\"name\": ada"))).unwrap();
        let Err(Failure::Transient((message, _))) = response.json::<serde_json::Value>() else { panic!() };
        assert!(message.contains("line 1") && !message.contains("ada"), "{message}");
    }
}
