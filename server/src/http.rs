//! The doors of the server: GraphQL, deliveries, exports, the page of a share, health and metrics, over HTTP; subscriptions over
//! WebSockets too.
//! Never: a decision about access or data; it reads requests, calls what is behind, and writes answers.

pub mod ingest;
pub mod live;

mod answer;
mod audit;
mod documents;
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
    http::{Method, header},
    middleware,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};
use vizard_core::limits;

pub use documents::Documents;

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
    /// What alone is run, where the configuration says so.
    pub documents: Option<Documents>,
    /// Sites whose pages may ask from a browser, in lower case.
    pub web_origins: Vec<String>,
    /// The schema in the schema definition language, for staff.
    pub sdl: Arc<str>,
    /// For request ids.
    pub ids: Ids,
    /// Counted here, shown at `/metrics`.
    pub metrics: Metrics,
    /// GraphiQL and introspection exist in development only.
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
        .route("/schema.graphql", get(operations::schema::<E>))
        .layer(compressed())
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
    let other_sites = cross_origin(&shared.app.web_origins);
    router
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(other_sites)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), observe::observe::<E>))
        .with_state(shared)
}

/// Answers are compressed where the client takes it. A token is in no cookie, so nobody can have another's browser ask for
/// answers whose lengths tell what is in them. An event stream is not: each event is to arrive at once.
fn compressed() -> CompressionLayer<impl Predicate + Send + Sync> {
    CompressionLayer::new()
        .gzip(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(limits::COMPRESSED_FROM_BYTES).and(NotForContentType::SSE))
}

/// What browsers are told about pages of other sites: those of the configuration may send requests with a token, none may
/// rely on cookies.
fn cross_origin(origins: &[String]) -> CorsLayer {
    if origins.is_empty() {
        return CorsLayer::new();
    }
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .expose_headers([observe::REQUEST_ID, header::RETRY_AFTER, header::WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(limits::CORS_SECONDS))
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
