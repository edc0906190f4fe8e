//! `GET /exports/{id}`: the package that a case was exported as, whole or in ranges, so that a broken download goes on.
//! Never: another answer than 404 to whoever may not have it; a byte before the entry in the audit log.

use super::{
    Shared,
    answer::{self, Refusal},
    request,
};
use crate::{error::ServiceError, permit::Permit};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use std::{ops::Range, sync::Arc};
use vizard_core::access::{Action, Resource};

pub(super) async fn download<E>(
    State(shared): State<Arc<Shared<E>>>,
    Path(id): Path<String>,
    http: Request,
) -> Result<Response, Refusal> {
    let (peer, door) = (request::peer(http.extensions()), &*shared.app.sign_in);
    let viewer = request::signed_in(http.headers(), peer, door).await?;
    // Who may not have packages, and the holder of a share, learn nothing of which there are.
    let Ok(permit) = Permit::check(Some(&viewer), Resource::ExportPackages, Action::Read) else {
        return Err(answer::not_found().await);
    };
    let package = match shared.app.packages.find(&permit, &id).await {
        Err(ServiceError::NotFound) => return Err(answer::not_found().await),
        found => found?,
    };
    let tag = format!("\"{}\"", package.sha256);
    let (status, range) = match asked(http.headers(), &tag, package.bytes) {
        Asked::All => (StatusCode::OK, 0..package.bytes),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Nothing => {
            let message = format!("the package has {} bytes", package.bytes);
            let refusal = Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "INVALID", message);
            return Err(refusal.with(header::CONTENT_RANGE, &format!("bytes */{}", package.bytes)));
        }
    };
    let mut headers = HeaderMap::new();
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, "application/x-tar".to_owned());
    put(header::CONTENT_DISPOSITION, format!("attachment; filename=\"vizard-{}.tar\"", package.id));
    put(header::CACHE_CONTROL, "no-store".to_owned());
    put(header::ACCEPT_RANGES, "bytes".to_owned());
    put(header::ETAG, tag);
    put(header::CONTENT_LENGTH, (range.end - range.start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        put(header::CONTENT_RANGE, format!("bytes {}-{}/{}", range.start, range.end - 1, package.bytes));
    }
    if http.method() == Method::HEAD {
        return Ok((status, headers).into_response());
    }
    let parts = shared.app.packages.read(&permit, &package, range).await?;
    // What breaks off is shorter than its length says: a client notices, and asks for the rest.
    let parts = parts.inspect(|part| {
        if let Err(error) = part {
            tracing::error!(error = %format_args!("{error:#}"), "a download of a package broke off");
        }
    });
    Ok((status, headers, Body::from_stream(parts)).into_response())
}

/// What of a package is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    All,
    Part(Range<u64>),
    /// A range beyond its end.
    Nothing,
}

/// `Range` and `If-Range` (RFC 9110, section 14). What is not one range of bytes asks for all, and so does a range of a
/// package that is another by now.
fn asked(headers: &HeaderMap, tag: &str, bytes: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if headers.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(tag) {
        return Asked::All;
    }
    let ranges = text(header::RANGE).and_then(|range| range.trim().split_once('='));
    let Some((_, range)) = ranges.filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes")) else { return Asked::All };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let Some((first, last)) = range.trim().split_once('-') else { return Asked::All };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Asked::All,
        (Some(first), _) if first >= bytes && (last.is_empty() || number(last).is_some()) => Asked::Nothing,
        (Some(first), Some(last)) => Asked::Part(first..last.saturating_add(1).min(bytes)),
        (Some(first), None) if last.is_empty() => Asked::Part(first..bytes),
        (None, Some(0)) if first.is_empty() => Asked::Nothing,
        (None, Some(last)) if first.is_empty() && bytes > 0 => Asked::Part(bytes.saturating_sub(last)..bytes),
        _ => Asked::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str, condition: Option<&str>) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(text).unwrap());
        if let Some(condition) = condition {
            headers.insert(header::IF_RANGE, HeaderValue::from_str(condition).unwrap());
        }
        asked(&headers, "\"abc\"", 1_000)
    }

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        for (text, wanted) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=0-499", Asked::Part(0..500)),
            ("bytes=500-", Asked::Part(500..1_000)),
            ("Bytes=900-5000", Asked::Part(900..1_000)),
            ("bytes=-1", Asked::Part(999..1_000)),
            ("bytes=-5000", Asked::Part(0..1_000)),
            ("bytes=1000-", Asked::Nothing),
            ("bytes=1000-2000", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-4", Asked::All),
            ("bytes=0-1,5-6", Asked::All),
            ("bytes=a-b", Asked::All),
            ("bytes=-", Asked::All),
            ("bytes=+1-2", Asked::All),
            ("bytes=99999999999999999999-", Asked::All),
            ("lines=0-1", Asked::All),
            ("bytes", Asked::All),
        ] {
            assert_eq!(range(text, None), wanted, "{text}");
        }
    }

    #[test]
    fn a_range_of_what_it_is_no_longer_asks_for_all() {
        assert_eq!(range("bytes=5-", Some("\"abc\"")), Asked::Part(5..1_000));
        assert_eq!(range("bytes=5-", Some("\"abd\"")), Asked::All);
        assert_eq!(range("bytes=5-", Some("W/\"abc\"")), Asked::All);
        assert_eq!(range("bytes=5-", Some("Wed, 01 Jul 2026 12:00:00 GMT")), Asked::All);
        assert_eq!(asked(&HeaderMap::new(), "\"abc\"", 1_000), Asked::All);
    }
}
