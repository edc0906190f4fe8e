//! The whole server, put together: services, jobs, schema, doors. The command line and the tests start the same one.
//! Never: listens where nobody can sign in.

use crate::{
    auth::{self, DevSigner, Verifier},
    clock::Clock,
    config::{Config, Mode},
    graphql,
    http::{self, App, Documents, live::Live},
    ids::Ids,
    jobs::Jobs,
    service::{Services, sign_in::Door},
    telemetry::Metrics,
};
use anyhow::Context as _;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Where the development key of an installation lies.
pub fn development_key(config: &Config) -> PathBuf {
    config.data_dir.join("keys").join("dev-signing.key")
}

/// A running server.
pub struct Running {
    /// Where it listens; with port 0 in the configuration, the port that was found.
    pub address: SocketAddr,
    /// What it serves.
    pub services: Services,
    closing: CancellationToken,
    live: Live,
    doors: JoinHandle<anyhow::Result<()>>,
    jobs: Jobs,
}

/// Listens where the configuration says. Apart from [`start`], so that a taken port is told before anything is done.
pub async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen).await.with_context(|| {
        format!("cannot listen on {}: choose another address with --listen or VIZARD_LISTEN", config.listen)
    })
}

/// Opens the services of `config`.
pub async fn open(config: &Config, clock: Clock, ids: Ids) -> anyhow::Result<Services> {
    Services::open(config, clock, ids, Metrics::default()).await
}

/// Starts the jobs and opens the doors.
pub async fn start(config: &Config, listener: TcpListener, services: Services) -> anyhow::Result<Running> {
    auth::require_sign_in(config)?;
    let development = config.mode == Mode::Development;
    let signer = development.then(|| DevSigner::open_or_create(&development_key(config))).transpose()?;
    let asked = services.clone();
    let live =
        Live::new(services.live().clone(), services.clock().clone(), services.metrics().clone(), &config.web_origins);
    let app = App {
        schema: graphql::schema::schema(services.clone()),
        intake: Arc::new(services.clone()),
        exporter: Arc::new(services.clone()),
        packages: Arc::new(services.clone()),
        ready: Box::new(move || {
            let asked = asked.clone();
            Box::pin(async move { asked.ready().await })
        }),
        sign_in: Arc::new(Door::new(
            services.clone(),
            Verifier::new(config, signer.as_ref())?,
            config.requests_a_minute,
        )),
        live: live.clone(),
        documents: config.trusted_documents.as_deref().map(Documents::read).transpose()?,
        web_origins: config.web_origins.clone(),
        sdl: graphql::schema::sdl().into(),
        ids: services.ids().clone(),
        metrics: services.metrics().clone(),
        mode: config.mode,
    };
    let address = listener.local_addr()?;
    let closing = CancellationToken::new();
    let closed = closing.clone();
    let doors = tokio::spawn(http::serve(listener, http::router(app), async move { closed.cancelled().await }));
    let jobs = Jobs::start(&services, config.scorers);
    Ok(Running { address, services, closing, live, doors, jobs })
}

impl Running {
    /// Closes the doors, lets requests and the batch in hand end, and waits for all of it.
    pub async fn stop(self) -> anyhow::Result<()> {
        // Streams first: the doors wait for the requests that they are answers to.
        self.live.close();
        self.closing.cancel();
        let doors = self.doors.await?;
        self.live.closed().await;
        self.services.shut_down().await;
        self.jobs.ended().await;
        doors
    }
}
