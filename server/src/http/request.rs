//! What every door reads from a request: who sent it, and its body.
//! Never: a bad token taken for no token, or a body without a limit of bytes and of time.

use super::{Shared, answer::Refusal};
use crate::{permit::Viewer, service::shares::SHARE_TOKEN_PREFIX};
use axum::{
    body::Bytes,
    extract::{FromRequest as _, Request},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse as _,
};
use std::time::Duration;
use vizard_core::{limits, time::Micros};

const REALM: &str = "Bearer realm=\"vizard\"";

/// Whoever the token in the Authorization header belongs to; `None` where there is no such header.
pub(super) async fn viewer<E>(headers: &HeaderMap, shared: &Shared<E>) -> Result<Option<Viewer>, Refusal> {
    let (app, now) = (&shared.app, shared.app.clock.now());
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), more) => (value, more.is_some()),
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !more => {
            let token = token.trim();
            if token.starts_with(SHARE_TOKEN_PREFIX) {
                return holder(token, shared, now).await.map(Some);
            }
            match app.verifier.verify(token, now) {
                Ok(viewer) => Ok(Some(viewer)),
                Err(error) => Err(bad_token(&error.to_string())),
            }
        }
        _ => Err(bad_token("one Authorization header with a Bearer token is wanted")),
    }
}

/// Whoever holds a share token, unless it was used too often of late.
async fn holder<E>(token: &str, shared: &Shared<E>, now: Micros) -> Result<Viewer, Refusal> {
    if token.len() > limits::BEARER_BYTES {
        return Err(bad_token("the share token is not valid here"));
    }
    let most = limits::SHARE_REQUESTS_A_MINUTE;
    if let Err(wait) = shared.share_rate.count(token.as_bytes(), most, now) {
        let message = format!("a share answers {most} requests a minute: wait {wait} s");
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
        return Err(refusal.with(header::RETRY_AFTER, &wait.to_string()));
    }
    shared.app.shares.holder(token).await.map_err(Refusal::from)?.map_err(bad_token)
}

/// Where nobody may enter without a token.
pub(super) fn sign_in_first() -> Refusal {
    unauthenticated("sign in first: send a Bearer token in the Authorization header")
        .with(header::WWW_AUTHENTICATE, REALM)
}

fn bad_token(why: &str) -> Refusal {
    let challenge = format!("{REALM}, error=\"invalid_token\", error_description=\"{why}\"");
    unauthenticated(why).with(header::WWW_AUTHENTICATE, &challenge)
}

fn unauthenticated(why: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", why)
}

/// The whole body; `most` is the limit set on the route, for the message.
pub(super) async fn body(request: Request, most: usize) -> Result<Bytes, Refusal> {
    let read = Bytes::from_request(request, &());
    let Ok(read) = tokio::time::timeout(Duration::from_secs(limits::BODY_SECONDS), read).await else {
        let message = format!("the body did not arrive within {} s", limits::BODY_SECONDS);
        return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", message));
    };
    read.map_err(|rejection| {
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            let message = format!("the body is larger than {most} bytes: send it in parts");
            return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", message);
        }
        Refusal::invalid("the body broke off")
    })
}
