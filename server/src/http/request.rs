//! What every door reads from a request: who sent it, and its body.
//! Never: a bad token taken for no token, or a body without a limit of bytes and of time.

use super::answer::Refusal;
use crate::{
    auth::AuthError,
    error::ServiceError,
    permit::{Denied, Permit, Viewer},
    service::sign_in::{SignIn, SignInError},
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest as _, Request},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::IntoResponse as _,
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use vizard_core::{
    access::{Action, Resource},
    limits,
};

const REALM: &str = "Bearer realm=\"vizard\"";

/// Somebody with a token.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) viewer: Viewer,
    /// What they signed in with: whoever stays connected is looked up with it again.
    pub(super) bearer: String,
}

/// Whoever the token in the Authorization header belongs to; `None` where there is no such header.
pub(super) async fn signed(
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    door: &dyn SignIn,
) -> Result<Option<Signed>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), more) => (value, more.is_some()),
    };
    let text = value.to_str().ok().filter(|_| !more);
    sign_in(text, peer, door).await.map(Some)
}

/// The same, of what an Authorization header would say.
pub(super) async fn sign_in(text: Option<&str>, peer: Option<IpAddr>, door: &dyn SignIn) -> Result<Signed, Refusal> {
    let signed_in = match text.and_then(|text| text.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let bearer = token.trim().to_owned();
            door.sign_in(&bearer, peer).await.map(|viewer| Signed { viewer, bearer })
        }
        _ => Err(door.refuse(AuthError::Authorization, peer).await),
    };
    signed_in.map_err(|error| match error {
        SignInError::Refused(why) => bad_token(why),
        SignInError::TooMany { retry_after_seconds }
        | SignInError::ShareTooOften { retry_after_seconds }
        | SignInError::TooOften { retry_after_seconds, .. } => {
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOO_BUSY", error.to_string());
            refusal.with(header::RETRY_AFTER, &retry_after_seconds.to_string())
        }
        SignInError::Failed(cause) => ServiceError::Internal(cause).into(),
    })
}

/// The sender's permit, at a door that is for one thing.
pub(super) async fn permit(
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    door: &dyn SignIn,
    resource: Resource,
    action: Action,
) -> Result<Permit, Refusal> {
    let signed = signed(headers, peer, door).await?;
    Permit::check(signed.as_ref().map(|signed| &signed.viewer), resource, action).map_err(|denied| match denied {
        Denied::Unauthenticated => sign_in_first(),
        Denied::Forbidden { .. } => Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", denied.to_string()),
    })
}

/// Whoever sent the request, at a door where nobody may enter without a token.
pub(super) async fn signed_in(headers: &HeaderMap, peer: Option<IpAddr>, door: &dyn SignIn) -> Result<Viewer, Refusal> {
    signed(headers, peer, door).await?.map(|signed| signed.viewer).ok_or_else(sign_in_first)
}

/// The address that a request came from; behind a proxy, the proxy's.
pub(super) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// Where nobody may enter without a token.
fn sign_in_first() -> Refusal {
    unauthenticated("sign in first: send a Bearer token in the Authorization header")
        .with(header::WWW_AUTHENTICATE, REALM)
}

fn bad_token(why: AuthError) -> Refusal {
    let challenge = format!("{REALM}, error=\"invalid_token\", error_description=\"{why}\"");
    unauthenticated(&why.to_string()).because(why.code()).with(header::WWW_AUTHENTICATE, &challenge)
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
