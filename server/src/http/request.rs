//! What every door reads from a request: who sent it, and its body.
//! Never: a bad token taken for no token, or a body without a limit of bytes and of time.

use super::answer::Refusal;
use crate::{auth::Verifier, permit::Viewer};
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
pub(super) fn viewer(headers: &HeaderMap, verifier: &Verifier, now: Micros) -> Result<Option<Viewer>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), more) => (value, more.is_some()),
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !more => {
            match verifier.verify(token.trim(), now) {
                Ok(viewer) => Ok(Some(viewer)),
                Err(error) => Err(bad_token(&error.to_string())),
            }
        }
        _ => Err(bad_token("one Authorization header with a Bearer token is wanted")),
    }
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
