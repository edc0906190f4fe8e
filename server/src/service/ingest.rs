//! Deliveries and files on their way in: kept, claimed, pumped through their plugin, ended.
//! Never: acknowledges what is not durable; loses a delivery because its plugin failed.

use super::{
    Services,
    pump::{Feeding, Stop},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{ClaimedDelivery, ConnectorState, Counts, Entry, Lease, NewDelivery, Queued, StoredConnector},
};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::{
    io::{Cursor, Read},
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory, hex},
    ids::{ConnectorId, RunId},
    limits,
    problem::ProblemCode,
    time::{Micros, SECOND},
};

/// Records on their way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which feed of the connector's plugin they are of; it can tell itself where there is one.
    pub feed: Option<String>,
    /// The sender's own word for this delivery: the same word again is the same delivery.
    pub idempotency_key: Option<String>,
    /// As they came, gzip or not.
    pub body: Bytes,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Under which the delivery is worked off.
    pub run: RunId,
    /// It had been accepted before, under the same key and with the same body.
    pub repeated: bool,
}

/// Takes deliveries; returns once they are durable.
#[async_trait::async_trait]
pub trait Intake: Send + Sync + 'static {
    /// Stores `delivery` for the connector of that name.
    async fn accept(&self, permit: &Permit, connector: &str, delivery: Delivery) -> Result<Receipt, ServiceError>;
}

/// How far a file has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// What became of the records so far.
    pub counts: Counts,
    /// Bytes of the file that were read.
    pub file_bytes: u64,
}

/// A file that was read to its end.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Imported {
    /// The run that its records are listed under.
    pub run: RunId,
    /// What became of the records.
    #[serde(flatten)]
    pub counts: Counts,
}

#[async_trait::async_trait]
impl Intake for Services {
    async fn accept(&self, permit: &Permit, connector: &str, delivery: Delivery) -> Result<Receipt, ServiceError> {
        let viewer = permit.require(Resource::Deliveries, Action::Change)?;
        let connector = self.store.connector_called(connector).await?.ok_or(ServiceError::NotFound)?;
        // To a connector's credential there is no other connector.
        if viewer.connector.is_some_and(|only| only != connector.id) {
            return Err(ServiceError::NotFound);
        }
        takes_deliveries(&connector)?;
        let feed = self.feed_of(&connector, delivery.feed.as_deref()).await?;
        let body_digest: [u8; 32] =
            Sha256::new().chain_update(&feed).chain_update([0]).chain_update(&delivery.body).finalize().into();
        let idempotency_key = delivery.idempotency_key.unwrap_or_else(|| hex(&body_digest));
        let new =
            NewDelivery { connector: connector.id, feed: &feed, idempotency_key, body_digest, body: &delivery.body };
        match self.store.queue(new, self.clock.now()).await? {
            Queued::New(run) => {
                self.bell.deliveries.notify_one();
                Ok(Receipt { run, repeated: false })
            }
            Queued::Repeated(run) => Ok(Receipt { run, repeated: true }),
            Queued::KeyReused => Err(ServiceError::Conflict(
                "this Idempotency-Key came before with another body: a new delivery needs a new key".to_owned(),
            )),
            Queued::Full => Err(ServiceError::TooBusy { retry_after_seconds: limits::RETRY_AFTER_SECONDS }),
        }
    }
}

impl Services {
    /// The connector called `name`, for a command that reads a file through it.
    pub async fn connector_to_import(&self, permit: &Permit, name: &str) -> Result<ConnectorId, ServiceError> {
        permit.require(Resource::Connectors, Action::Change)?;
        let connector = self.store.connector_called(name).await?.ok_or(ServiceError::NotFound)?;
        Ok(connector.id)
    }

    /// Reads a file through a connector, batch after batch, each durable before the next; scoring follows by itself.
    /// Blocks the caller until the file is read; `progress` is told after every batch.
    pub async fn import(
        &self,
        permit: &Permit,
        connector: ConnectorId,
        feed: Option<&str>,
        path: &Path,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Imported, ServiceError> {
        let (lease, connector, feed, file) = self.begin_import(permit, connector, feed, path).await?;
        self.read_file(lease, &connector, &feed, file, progress).await
    }

    /// Begins to read a file in the background; answers with the run once that is durable.
    pub async fn start_import(
        &self,
        permit: &Permit,
        connector: ConnectorId,
        feed: Option<&str>,
        path: &Path,
    ) -> Result<RunId, ServiceError> {
        let (lease, connector, feed, file) = self.begin_import(permit, connector, feed, path).await?;
        let services = self.clone();
        self.background.spawn(async move {
            // What went wrong is kept with the run.
            if let Err(error) = services.read_file(lease, &connector, &feed, file, &mut |_| ()).await {
                tracing::warn!(run = %lease.run, error = error.code(), "a file was not read to its end");
            }
        });
        Ok(lease.run)
    }

    pub(super) async fn begin_import(
        &self,
        permit: &Permit,
        connector: ConnectorId,
        feed: Option<&str>,
        path: &Path,
    ) -> Result<(Lease, StoredConnector, String, std::fs::File), ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let mut found = self.store.connectors_by_id(&[connector]).await?;
        let connector = found.remove(&connector).ok_or(ServiceError::NotFound)?;
        takes_deliveries(&connector)?;
        let feed = self.feed_of(&connector, feed).await?;
        let file = std::fs::File::open(path).and_then(|file| match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(std::io::ErrorKind::IsADirectory.into()),
        });
        let file = file.map_err(|error| {
            ServiceError::invalid(
                &["input", "path"],
                ProblemCode::NotFound,
                format!("the file cannot be read: {}", error.kind()),
            )
        })?;
        let detail = serde_json::json!({"connector": connector.id, "feed": feed});
        let entry = |run| Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, run, &detail);
        let lease = self.store.begin_run(connector.id, &feed, entry, self.clock.now()).await?;
        Ok((lease, connector, feed, file))
    }

    pub(super) async fn read_file(
        &self,
        lease: Lease,
        connector: &StoredConnector,
        feed: &str,
        file: std::fs::File,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Imported, ServiceError> {
        let file_bytes = Arc::new(AtomicU64::new(0));
        let reader = Counted { inner: file, read: Arc::clone(&file_bytes) };
        let feeding = Feeding { lease, connector, feed, skip: 0, limit_unpacked: limits::IMPORT_UNPACKED_BYTES };
        let mut tell = |counts| progress(Progress { counts, file_bytes: file_bytes.load(Ordering::Relaxed) });
        let (counts, stop) = self.pump(Box::new(reader), &feeding, &mut tell).await?;
        self.metrics.add_run(if stop.is_none() { "succeeded" } else { "failed" });
        let said = stop.as_ref().map(ToString::to_string);
        self.store.finish_run(&lease, said.as_deref(), self.clock.now()).await?;
        match stop {
            None => Ok(Imported { run: lease.run, counts }),
            Some(stop) => {
                self.note_fault(connector, &stop).await?;
                Err(ServiceError::Unavailable(format!("{stop}. {} records before that are in", counts.read)))
            }
        }
    }

    /// Works off one delivery that waits; false where none does.
    pub async fn process_delivery(&self) -> anyhow::Result<bool> {
        let Some(ClaimedDelivery { lease, feed, body, done }) = self.store.claim_delivery(self.clock.now()).await?
        else {
            return Ok(false);
        };
        let Some(connector) = self.store.connectors_by_id(&[lease.connector]).await?.remove(&lease.connector) else {
            return Ok(false);
        };
        let feeding = Feeding {
            lease,
            connector: &connector,
            feed: &feed,
            skip: done,
            limit_unpacked: limits::INGEST_UNPACKED_BYTES,
        };
        let (_, stop) = self.pump(Box::new(Cursor::new(body)), &feeding, &mut |_| ()).await?;
        let now = self.clock.now();
        match &stop {
            None | Some(Stop::Format(_) | Stop::Config(_)) => {
                let said = stop.as_ref().map(ToString::to_string);
                self.metrics.add_run(if stop.is_none() { "succeeded" } else { "failed" });
                self.store.finish_run(&lease, said.as_deref(), now).await?;
            }
            Some(Stop::Shutdown) => self.store.release_run(&lease, now).await?,
            Some(Stop::Later { seconds, .. }) => {
                self.store.release_run(&lease, Micros(now.0 + i64::from(*seconds) * SECOND)).await?;
            }
            Some(stop @ Stop::Plugin(_)) => {
                // Kept: once the plugin is mended, the delivery goes in.
                self.store.release_run(&lease, Micros(now.0 + limits::RUN_LEASE_SECONDS * SECOND)).await?;
                self.note_fault(&connector, stop).await?;
            }
        }
        Ok(true)
    }

    /// Fails runs whose process is gone.
    pub async fn tidy_runs(&self) -> anyhow::Result<()> {
        let failed = self.store.fail_abandoned_runs(self.clock.now()).await?;
        if failed > 0 {
            tracing::warn!(runs = failed, "runs were interrupted; what they had read is in");
        }
        Ok(())
    }

    /// The feed that is meant: the plugin's only one needs no name.
    async fn feed_of(&self, connector: &StoredConnector, asked: Option<&str>) -> Result<String, ServiceError> {
        let plugin = self.plugin(connector.plugin).await?;
        let feeds = &plugin.spec().feeds;
        match (asked, feeds.as_slice()) {
            (Some(name), feeds) if feeds.iter().any(|feed| feed.name == name) => Ok(name.to_owned()),
            (None, [only]) => Ok(only.name.clone()),
            (_, feeds) => {
                let names = feeds.iter().map(|feed| feed.name.as_str()).collect::<Vec<_>>().join(", ");
                Err(ServiceError::invalid(
                    &["feed"],
                    ProblemCode::Invalid,
                    format!("this connector has the feeds {names}: name one"),
                ))
            }
        }
    }

    /// Counts a failure of a plugin; after several in a short time its connector takes nothing more.
    pub(super) async fn note_fault(&self, connector: &StoredConnector, stop: &Stop) -> Result<(), ServiceError> {
        let Stop::Plugin(_) = stop else { return Ok(()) };
        let now = self.clock.now();
        let many = {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            let of = faults.entry(connector.id).or_default();
            of.retain(|at| now.0 - at.0 < limits::PLUGIN_FAULT_WINDOW_SECONDS * SECOND);
            of.push(now);
            of.len() >= limits::PLUGIN_FAULTS
        };
        if many {
            let state = serde_json::json!({"state": "QUARANTINED"});
            let entry = Entry::by_the_system(
                AuditActivity::Edited,
                AuditCategory::Connectors,
                &connector.id.to_string(),
                &state,
            );
            self.store.set_connector_state(connector.id, ConnectorState::Quarantined, entry, now).await?;
            tracing::error!(connector = %connector.id, "quarantined: its plugin failed repeatedly; deliveries are kept");
        }
        Ok(())
    }
}

fn takes_deliveries(connector: &StoredConnector) -> Result<(), ServiceError> {
    match connector.state {
        ConnectorState::Enabled => Ok(()),
        ConnectorState::Paused => Err(ServiceError::Conflict("this connector is paused".to_owned())),
        ConnectorState::Quarantined => Err(ServiceError::Conflict(
            "this connector is quarantined because its plugin failed repeatedly; an administrator can release it"
                .to_owned(),
        )),
    }
}

/// Counts what is read of a file, so that progress can be told by its size, packed or not.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
