//! The doors of the server: GraphQL, deliveries, exports, the page of a share, health and metrics, over HTTP; subscriptions over
//! WebSockets too.
//! Never: a decision about access or data; it reads requests, calls what is behind, and writes answers.

pub mod ingest;
pub mod live;

mod answer;
mod audit;
mod exports;
mod graphql;
mod observe;
mod operations;
mod page;
mod request;
mod veil;

use crate::{
    config::Mode,
    ids::Ids,
    service::{audit::Exporter, exports::Packages, ingest::Intake, sign_in::SignIn},
    telemetry::Metrics,
};
use async_graphql::Executor;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use vizard_core::limits;

/// Asks whether what the server needs is there: the database, above all.
pub type Ready = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// What the doors lead to.
pub struct App<E> {
    /// The GraphQL schema, or a wrapper that adds what one request needs.
    pub schema: E,
    /// Takes deliveries.
    pub intake: Arc<dyn Intake>,
    /// Exports the audit log.
    pub exporter: Arc<dyn Exporter>,
    /// Hands out the packages that cases were exported as.
    pub packages: Arc<dyn Packages>,
    /// Asked by `/readyz`.
    pub ready: Ready,
    /// Tells who is behind a token.
    pub sign_in: Arc<dyn SignIn>,
    /// What subscriptions need.
    pub live: live::Live,
    /// For request ids.
    pub ids: Ids,
    /// Counted here, shown at `/metrics`.
    pub metrics: Metrics,
    /// GraphiQL and introspection by strangers exist in development only.
    pub mode: Mode,
}

/// What every handler sees.
struct Shared<E> {
    app: App<E>,
    /// One for each body of a delivery that is held in memory.
    bodies: Semaphore,
    graphql_deadline: Duration,
}

/// Every route.
pub fn router<E: Executor>(app: App<E>) -> Router {
    router_with(app, limits::INGEST_BODIES, Duration::from_secs(limits::GRAPHQL_SECONDS))
}

fn router_with<E: Executor>(app: App<E>, bodies: usize, graphql_deadline: Duration) -> Router {
    let shared = Arc::new(Shared { app, bodies: Semaphore::new(bodies), graphql_deadline });
    let mut router = Router::new()
        .route(
            "/graphql",
            get(graphql::get::<E>).post(graphql::post::<E>).layer(DefaultBodyLimit::max(limits::GRAPHQL_BODY_BYTES)),
        )
        .route(
            "/ingest/{connector}",
            post(ingest::deliver::<E>).layer(DefaultBodyLimit::max(limits::INGEST_BODY_BYTES)),
        )
        .route("/audit/export", get(audit::export::<E>))
        .route("/exports/{id}", get(exports::download::<E>))
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready::<E>))
        .route("/metrics", get(operations::metrics::<E>))
        .merge(page::routes());
    if shared.app.mode == Mode::Development {
        router = router.route("/", get(operations::graphiql)).route("/graphiql", get(operations::graphiql));
    }
    router
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), observe::observe::<E>))
        .with_state(shared)
}

/// Serves until `shutdown`, then finishes the requests in hand, for at most `SHUTDOWN_SECONDS`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let told = Arc::new(Notify::new());
    let tell = Arc::clone(&told);
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        tell.notify_one();
    });
    let late = async {
        told.notified().await;
        tokio::time::sleep(Duration::from_secs(limits::SHUTDOWN_SECONDS)).await;
    };
    tokio::select! {
        done = server.into_future() => Ok(done?),
        () = late => {
            tracing::warn!("stopped with requests still in hand");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
