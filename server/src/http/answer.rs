//! Refusals: a status, a word for machines, a sentence for people.
//! Never: repeats what was sent, or shows the cause of an internal error.

use crate::error::ServiceError;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Why a request was not served.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// A word for machines that have to tell kinds of one code apart.
    pub(super) reason: Option<&'static str>,
    /// Boxed: with it a refusal would be larger than what most functions give back when all is well.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), reason: None, header: None }
    }

    /// A request that is not what the route takes.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID", message)
    }

    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.header = HeaderValue::from_str(value).ok().map(|value| Box::new((name, value)));
        self
    }

    /// With a body of the caller's shape.
    pub(super) fn into_response_with(self, content_type: &'static str, body: &impl Serialize) -> Response {
        let mut response = json(self.status, content_type, body);
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let (status, retry) = match &error {
            ServiceError::NotFound => (StatusCode::NOT_FOUND, None),
            ServiceError::Forbidden | ServiceError::LeftToOthers(_) => (StatusCode::FORBIDDEN, None),
            ServiceError::Conflict(_) => (StatusCode::CONFLICT, None),
            ServiceError::Invalid(_) => (StatusCode::BAD_REQUEST, None),
            ServiceError::TooBusy { retry_after_seconds } => {
                (StatusCode::TOO_MANY_REQUESTS, Some(*retry_after_seconds))
            }
            ServiceError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            ServiceError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, None),
            ServiceError::Internal(cause) => {
                tracing::error!(cause = %format_args!("{cause:#}"), "internal error");
                (StatusCode::INTERNAL_SERVER_ERROR, None)
            }
        };
        let refusal = Self::new(status, error.code(), error.to_string());
        match retry {
            Some(seconds) => refusal.with(header::RETRY_AFTER, &seconds.to_string()),
            None => refusal,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({"code": self.code, "message": self.message});
        self.into_response_with("application/json", &body)
    }
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, content_type)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(super) async fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing at this path")
}

pub(super) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "NOT_ALLOWED", "this path takes another method: see `Allow`")
}
