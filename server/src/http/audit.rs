//! `GET /audit/export`: the whole audit log as lines of JSON, for an auditor.
//! Never: all of it in memory at once; a line for who has not the role.

use super::{Shared, answer::Refusal, request};
use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use std::sync::Arc;
use vizard_core::access::{Action, Resource};

pub(super) async fn export<E>(State(shared): State<Arc<Shared<E>>>, http: Request) -> Result<Response, Refusal> {
    let (peer, door) = (request::peer(http.extensions()), &*shared.app.sign_in);
    let permit = request::permit(http.headers(), peer, door, Resource::AuditLog, Action::Read).await?;
    let lines = shared.app.exporter.export(&permit).await?;
    // What breaks off within has no end: `vizard audit verify` calls such a file truncated.
    let lines = lines.inspect(|part| {
        if let Err(error) = part {
            tracing::error!(error = %format_args!("{error:#}"), "an export of the audit log broke off");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"vizard-audit.ndjson\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
