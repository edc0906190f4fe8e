//! For operators: health, readiness, metrics; for developers: the schema, GraphiQL.
//! Never: the cause of not being ready in the answer; it goes to the log.

use super::{Shared, answer::Refusal, request};
use async_graphql::http::GraphiQLSource;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
};
use std::{sync::Arc, time::Duration};
use vizard_core::{access::Role, limits};

/// The process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// The process can do its work.
pub(super) async fn ready<E>(State(shared): State<Arc<Shared<E>>>) -> Result<&'static str, Refusal> {
    let asked = tokio::time::timeout(Duration::from_secs(limits::READY_SECONDS), (shared.app.ready)()).await;
    match asked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {} s", limits::READY_SECONDS))) {
        Ok(()) => Ok("ready\n"),
        Err(cause) => {
            tracing::warn!(cause = %format_args!("{cause:#}"), "not ready");
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "not ready"))
        }
    }
}

pub(super) async fn metrics<E>(State(shared): State<Arc<Shared<E>>>) -> impl IntoResponse {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], shared.app.metrics.render())
}

/// The schema, for staff alone: it tells what there is.
pub(super) async fn schema<E>(
    State(shared): State<Arc<Shared<E>>>,
    http: axum::extract::Request,
) -> Result<impl IntoResponse, Refusal> {
    let peer = request::peer(http.extensions());
    let viewer = request::signed_in(http.headers(), peer, &*shared.app.sign_in).await?;
    if !viewer.roles.iter().any(|role| *role != Role::Connector) {
        let message = "the schema is for whoever has a role here";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message));
    }
    Ok(([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], shared.app.sdl.to_string()))
}

/// The page loads GraphiQL itself from a public network of packages: without access to it, it stays empty, and any
/// other GraphQL client can be pointed at `/graphql`.
pub(super) async fn graphiql() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").title("Vizard").finish())
}
