//! What the product does, one function a capability: ask for the permit, load, let the core decide, save and audit in
//! one transaction, then notify.
//! Never: a decision that belongs into the core; work without a permit, except the system's own (scoring, the queue).

pub mod alerts;
pub mod audit;
pub mod bench;
pub mod cases;
pub mod connectors;
pub mod consultations;
pub mod credentials;
pub mod erasure;
pub mod exports;
pub mod grants;
pub mod groups;
pub mod handover;
pub mod holds;
mod inbox;
pub mod indicators;
pub mod ingest;
pub mod lines;
pub mod live;
pub mod merges;
pub mod notices;
pub mod notifications;
pub mod organisation;
mod outbox;
pub mod overview;
pub mod own_data;
pub mod plugins;
pub mod policies;
pub mod policy_edits;
pub mod policy_file;
mod preview;
mod pulls;
mod pump;
mod rate;
pub mod replay;
pub mod reports;
pub mod retention;
pub mod reveals;
pub mod scoring;
pub mod settings;
pub mod shares;
mod siem;
pub mod sign_in;
pub mod subjects;
pub mod suppressions;
pub mod tuning;
pub mod webhooks;

pub use crate::store::{Page, Slice};

use crate::{
    auth::DEVELOPMENT,
    clock::Clock,
    config::{Config, Mode},
    ids::Ids,
    mail::Mailer,
    store::Store,
    telemetry::Metrics,
};
use lettre::message::Mailbox;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vizard_core::{
    ids::{ConnectorId, PluginId},
    limits,
    time::Micros,
};
use vizard_plugin_host::{HostOptions, Plugin, PluginHost, SigningKey};

/// Everything that the capabilities need. Clones share it all.
#[derive(Clone)]
pub struct Services {
    pub(crate) store: Store,
    pub(crate) host: PluginHost,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) metrics: Metrics,
    settings: Arc<Settings>,
    pub(crate) bell: Arc<Bell>,
    live: live::Feed,
    log: Arc<audit::Log>,
    /// One for each package that is being made.
    exporting: Arc<Semaphore>,
    /// Work that outlives the request that began it.
    background: TaskTracker,
    /// Asks everything to end after the batch in hand.
    stop: CancellationToken,
    /// Plugins in use, compiled.
    plugins: Arc<Mutex<HashMap<PluginId, Arc<Plugin>>>>,
    /// When plugins failed, by connector: several failures in a short time quarantine it.
    faults: Arc<Mutex<HashMap<ConnectorId, Vec<Micros>>>>,
}

/// What the services take from the configuration.
struct Settings {
    default_zone: String,
    inbox_dir: PathBuf,
    /// The names that ids of viewers begin with.
    issuers: Vec<String>,
    feeds: Vec<siem::Feed>,
    mailer: Option<Mailer>,
    plugin_keys: Vec<SigningKey>,
    unsigned_plugins: bool,
    /// Where webhooks may go.
    webhook_origins: Vec<String>,
    /// What links to here begin with.
    public_url: String,
    /// Who is told when the glass is broken.
    told: Vec<Mailbox>,
}

/// Wakes the jobs, so that they need not wait for their next look at the database.
#[derive(Default)]
pub(crate) struct Bell {
    pub(crate) deliveries: Notify,
    pub(crate) scoring: Notify,
    pub(crate) audit: Notify,
    pub(crate) feeds: Notify,
    pub(crate) messages: Notify,
    pub(crate) webhooks: Notify,
    pub(crate) pulls: Notify,
}

impl Services {
    /// Opens the store and the plugin host.
    pub async fn open(config: &Config, clock: Clock, ids: Ids, metrics: Metrics) -> anyhow::Result<Self> {
        let store = Store::open(config, ids.clone()).await?;
        let log = audit::Log::open(config)?;
        store.check_audit_key(&log.key).await?;
        let host = PluginHost::new(HostOptions { cache_dir: config.data_dir.join("plugin-cache") })?;
        let development = (config.mode == Mode::Development).then_some(DEVELOPMENT);
        let configured = config.issuers.iter().map(|issuer| issuer.name.as_str());
        let settings = Settings {
            default_zone: config.default_zone.clone(),
            inbox_dir: config.inbox_dir.clone(),
            issuers: configured.chain(development).map(str::to_owned).collect(),
            feeds: siem::Feed::of(config),
            mailer: Mailer::of(config)?,
            plugin_keys: config.plugin_keys.clone(),
            unsigned_plugins: config.unsigned_plugins.unwrap_or(config.mode == Mode::Development),
            webhook_origins: config.webhook_origins.clone(),
            public_url: config.public_url.clone().unwrap_or_default(),
            told: config.break_glass_notice.clone(),
        };
        let live = Self::open_feed(&store).await?;
        Ok(Self {
            store,
            host,
            clock,
            ids,
            metrics,
            settings: Arc::new(settings),
            bell: Arc::default(),
            live,
            log: Arc::new(log),
            exporting: Arc::new(Semaphore::new(limits::EXPORTS_AT_ONCE)),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            plugins: Arc::default(),
            faults: Arc::default(),
        })
    }

    /// Steps of the schema that `open` would take.
    pub async fn pending_migrations(config: &Config) -> anyhow::Result<usize> {
        Store::pending_migrations(config).await
    }

    /// Whether everything that an answer needs is there.
    pub async fn ready(&self) -> anyhow::Result<()> {
        self.store.ready().await
    }

    /// The metrics of this process.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where ids come from.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The token that ends everything after the batch in hand.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Asks everything to end, and waits until it has.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.background.close();
        self.background.wait().await;
    }
}
