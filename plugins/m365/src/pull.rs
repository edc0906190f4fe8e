//! Fetches audit records through the Office 365 Management Activity API: a content type after the other, a window of at most
//! 24 hours after the other; the API lists blobs, each of which holds records.
//!
//! Source: learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference (subscriptions/start,
//! subscriptions/content, NextPageUri, contentUri; content is kept for 7 days) and learn.microsoft.com/entra/identity-platform/
//! v2-oauth2-client-creds-grant-flow.
//! Never: a window that ends now: content becomes visible a moment after its time of creation.

use crate::{Config, M365, config::Source};
use connector_sdk::{
    Call, Failure, Problem,
    jiff::Timestamp,
    log,
    pull::{Asked, Http, Page, Position, Pull, percent},
};
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// The longest window that the API takes.
const WINDOW: i64 = 24 * HOUR;
/// How far back the API goes, with an hour to spare.
const KEPT: i64 = 7 * 24 * HOUR - HOUR;
/// How far behind now a window ends.
const BEHIND: i64 = 120 * SECOND;
/// Blobs of one page: with the token and the list below the host's budget of requests.
const BLOBS: usize = 40;
/// Blobs listed and not yet fetched; a list has at most a few hundred.
const WAITING: usize = 1_000;

/// Where the reading is.
#[derive(Serialize, Deserialize, Debug, PartialEq, Eq)]
struct Place {
    /// The window, in microseconds since 1970.
    from: i64,
    to: i64,
    /// Which of the configured content types.
    at: usize,
    /// The next page of the list, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Blobs of the list that are to be fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blobs: Vec<String>,
    /// Whether the list of this content type has been begun.
    #[serde(default)]
    listed: bool,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    content_uri: String,
}

impl Pull for M365 {
    fn pull(config: &Config, call: &Call<'_>, asked: &Asked<'_>, http: &mut Http<'_>) -> Result<Page, Failure> {
        let Some(source) = &config.source else {
            let message = "to fetch records from Microsoft, the configuration needs a `source`".to_owned();
            return Err(Failure::Config(vec![Problem { at: "/source".into(), message }]));
        };
        let now = call.received_at();
        let mut api = Api { source, http, bearer: None };
        let mut place = match asked.position {
            Position::Since(at) => {
                api.subscribe()?;
                Place::begin(at, now)
            }
            // A cursor of another version of this connector: from the start, what came before is not counted twice.
            Position::After(cursor) => serde_json::from_str(cursor).unwrap_or_else(|_| Place::begin(now - KEPT, now)),
        };
        let mut records = Vec::new();
        let mut blobs = 0;
        while !place.is_done(source, now) {
            if place.blobs.is_empty() {
                if !place.listed || place.next.is_some() {
                    api.list(&mut place)?;
                } else {
                    place.advance(source, now);
                }
                // A list is a request too; a quiet day has five that are empty.
                blobs += 1;
            } else {
                let fetched = api.blob(&place.blobs[0])?;
                if !records.is_empty() && records.len() + fetched.len() > asked.most {
                    break;
                }
                place.blobs.remove(0);
                records.extend(fetched);
                blobs += 1;
            }
            if blobs >= BLOBS || records.len() >= asked.most {
                break;
            }
        }
        let more = !place.is_done(source, now);
        let cursor = serde_json::to_string(&place).map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Page { records, cursor, more })
    }
}

impl Place {
    /// Where a source begins that is to be read from `at` on.
    fn begin(at: i64, now: i64) -> Self {
        if at < now - KEPT {
            log::warn("Microsoft keeps audit content for 7 days: reading begins there");
        }
        Self::window(at.min(now - BEHIND), now)
    }

    /// The first content type of the window that begins at `at`, or where what is kept begins: what is gone cannot be
    /// asked for.
    fn window(at: i64, now: i64) -> Self {
        let from = at.max(now - KEPT);
        Self { from, to: (from + WINDOW).min(now - BEHIND), at: 0, next: None, blobs: vec![], listed: false }
    }

    /// Whether everything up to now was read.
    fn is_done(&self, source: &Source, now: i64) -> bool {
        self.is_read(source) && !self.has_another(now)
    }

    /// Whether the window was read, of all content types.
    fn is_read(&self, source: &Source) -> bool {
        self.at >= source.content_types.len()
    }

    /// Whether a window begins behind this one that is worth its five requests.
    fn has_another(&self, now: i64) -> bool {
        now - BEHIND - self.to >= 60 * SECOND
    }

    /// To the next content type; behind the last, to the next window.
    fn advance(&mut self, source: &Source, now: i64) {
        self.listed = false;
        self.at += 1;
        if self.is_read(source) && self.has_another(now) {
            *self = Self::window(self.to, now);
        }
    }
}

struct Api<'a, 'b, 'c> {
    source: &'a Source,
    http: &'b mut Http<'c>,
    bearer: Option<String>,
}

impl Api<'_, '_, '_> {
    /// What goes into `Authorization`: a token for this call, which is not kept longer.
    fn bearer(&mut self) -> Result<String, Failure> {
        if let Some(bearer) = &self.bearer {
            return Ok(bearer.clone());
        }
        let Source { login_root, tenant, client_id, api_root, .. } = self.source;
        let answer = self
            .http
            .post(&format!("{}/{tenant}/oauth2/v2.0/token", login_root.trim_end_matches('/')))
            .field("grant_type", "client_credentials")
            .field("client_id", client_id)
            .field("scope", &format!("{}/.default", api_root.trim_end_matches('/')))
            .secret_field("client_secret", "client_secret")
            .send()?;
        if answer.status == 400 {
            return Err(Failure::Auth(
                "the sign-in is refused: check `tenant`, `client_id` and `client_secret`".into(),
            ));
        }
        let token: Token = answer.json()?;
        let bearer = format!("Bearer {}", token.access_token);
        self.bearer = Some(bearer.clone());
        Ok(bearer)
    }

    fn feed(&self) -> String {
        format!("{}/api/v1.0/{}/activity/feed", self.source.api_root.trim_end_matches('/'), self.source.tenant)
    }

    /// Content is made only for types that are subscribed to. One that is already answers 400 (AF20024).
    fn subscribe(&mut self) -> Result<(), Failure> {
        let bearer = self.bearer()?;
        for content_type in &self.source.content_types {
            let url = format!("{}/subscriptions/start?contentType={}", self.feed(), percent(content_type));
            let answer = self.http.post(&url).header("Authorization", &bearer).send()?;
            if !matches!(answer.status, 200 | 400) {
                return Err(Failure::Transient((format!("a subscription answers {}", answer.status), 0)));
            }
        }
        Ok(())
    }

    fn list(&mut self, place: &mut Place) -> Result<(), Failure> {
        let bearer = self.bearer()?;
        let content_type = self.source.content_types.get(place.at).map_or("", String::as_str);
        let first = || {
            Ok(format!(
                "{}/subscriptions/content?contentType={}&startTime={}&endTime={}",
                self.feed(),
                percent(content_type),
                time(place.from)?,
                time(place.to)?
            ))
        };
        let url = place.next.take().map_or_else(first, Ok)?;
        let answer = self.http.get(&url).header("Authorization", &bearer).send()?;
        let blobs: Vec<Blob> = answer.json()?;
        if blobs.len() > WAITING {
            return Err(Failure::Internal("a list has more than 1,000 blobs".into()));
        }
        place.next = answer.header("NextPageUri").map(str::to_owned);
        place.blobs = blobs.into_iter().map(|blob| blob.content_uri).collect();
        place.listed = true;
        Ok(())
    }

    fn blob(&mut self, url: &str) -> Result<Vec<Vec<u8>>, Failure> {
        let bearer = self.bearer()?;
        let answer = self.http.get(url).header("Authorization", &bearer).send()?;
        // Expired between the list and now.
        if answer.status == 404 {
            log::warn("a blob is gone; its records are lost");
            return Ok(vec![]);
        }
        answer.records()
    }
}

/// As the API has times: UTC, to the second, without a zone.
fn time(at: i64) -> Result<String, Failure> {
    let at = Timestamp::from_microsecond(at).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests;
