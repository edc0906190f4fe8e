//! `POST /ingest/{connector}?feed=NAME`: a delivery of records. 202 means that it is stored durably.
//! Never: unpacks or reads the records; they go on as they came, packed or not.

use super::{Shared, answer, answer::Refusal, request};
use crate::{
    error::ServiceError,
    service::ingest::{Delivery, Receipt},
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;
use vizard_core::{
    access::{Action, Resource},
    limits,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    feed: Option<String>,
}

pub(super) async fn deliver<E>(
    State(shared): State<Arc<Shared<E>>>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let app = &shared.app;
    let peer = request::peer(request.extensions());
    let (deliveries, change) = (Resource::Deliveries, Action::Change);
    let permit = request::permit(request.headers(), peer, &*app.sign_in, deliveries, change).await?;
    let connector = connector(&mut request).await?;
    let Query(parameters) = Query::<Parameters>::try_from_uri(request.uri())
        .map_err(|_| Refusal::invalid("the only parameter is `feed`, at most once"))?;
    if parameters.feed.as_ref().is_some_and(|feed| feed.len() > limits::NAME_CHARS) {
        return Err(Refusal::invalid(format!("a feed's name has at most {} characters", limits::NAME_CHARS)));
    }
    let idempotency_key = idempotency_key(request.headers())?;
    gzip_or_nothing(request.headers())?;
    // Taken before the body is read and held until it is stored.
    let _held = shared
        .bodies
        .try_acquire()
        .map_err(|_| Refusal::from(ServiceError::TooBusy { retry_after_seconds: limits::RETRY_AFTER_SECONDS }))?;
    let body = request::body(request, limits::INGEST_BODY_BYTES).await?;
    let delivery = Delivery { feed: parameters.feed, idempotency_key, body };
    let receipt = app.intake.accept(&permit, &connector, delivery).await?;
    Ok(accepted(receipt))
}

/// A repeated delivery may have been worked off long ago: its state is the run's to tell.
fn accepted(receipt: Receipt) -> Response {
    let run = receipt.run.to_string();
    let body = if receipt.repeated {
        serde_json::json!({"run": run, "repeated": true})
    } else {
        serde_json::json!({"run": run, "state": "QUEUED"})
    };
    answer::json(StatusCode::ACCEPTED, "application/json", &body)
}

async fn connector(request: &mut Request) -> Result<String, Refusal> {
    use axum::RequestExt as _;
    match request.extract_parts::<Path<String>>().await {
        Ok(Path(name)) if name.chars().count() <= limits::NAME_CHARS => Ok(name),
        // No connector can have such a name.
        _ => Err(ServiceError::NotFound.into()),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), more) = (values.next(), values.next()) else { return Ok(None) };
    let visible = value.as_bytes().iter().all(u8::is_ascii_graphic);
    if more.is_some() || value.is_empty() || value.len() > limits::IDEMPOTENCY_KEY_CHARS || !visible {
        let most = limits::IDEMPOTENCY_KEY_CHARS;
        return Err(Refusal::invalid(format!(
            "an Idempotency-Key is one text of 1 to {most} visible ASCII characters"
        )));
    }
    Ok(Some(String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// Packed or not shows in the first bytes of the body; another encoding than gzip would not be recognised there.
fn gzip_or_nothing(headers: &HeaderMap) -> Result<(), Refusal> {
    let known = |value: &str| matches!(value.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip" | "identity");
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    match (values.next().map(|value| value.to_str().is_ok_and(known)), values.next()) {
        (None | Some(true), None) => Ok(()),
        _ => {
            let message = "a body is sent as it is or packed once with gzip";
            let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "INVALID", message);
            Err(refusal.with(header::ACCEPT_ENCODING, "gzip"))
        }
    }
}
