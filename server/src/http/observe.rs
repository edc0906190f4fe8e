//! What is seen of every request: its id in the answer and in each log line, one line when it is answered, and metrics.
//! Never: a path, a query, a header or a body. A path may hold a name, so only the template of the route is logged.

use super::{Shared, answer::Refusal};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};
use tracing::Instrument as _;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn observe<E>(State(shared): State<Arc<Shared<E>>>, request: Request, next: Next) -> Response {
    let id = shared.app.ids.random(|id| id.simple().to_string());
    // At the level of errors, so that no level of logging loses it.
    let span = tracing::error_span!("request", request_id = %id);
    let method = word(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    async {
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error").into_response()
        });
        let (status, taken) = (response.status().as_u16(), started.elapsed());
        shared.app.metrics.add_request(&route, status, taken.as_secs_f64());
        let micros = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(method, route, status, micros, "answered");
        let headers = response.headers_mut();
        // 32 hexadecimal digits.
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
    .instrument(span)
    .await
}

/// A method may be any word the client likes; only the known ones are repeated.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "OPTIONS" => "OPTIONS",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "OTHER",
    }
}
