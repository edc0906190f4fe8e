//! The pump: bytes → records → plugin → accepted events → sealed rows → database. Three stages work side by side, each
//! on another batch: a thread cuts and normalises, a task resolves and seals, the caller writes.
//! Never: holds more than a few batches, or writes part of one.

use super::Services;
use crate::store::{Admitted, Batch as Resolved, Counts, Heard, Lease, SealedBatch, StoredConnector};
use std::{collections::HashMap, fmt, io::Read, sync::Arc};
use tokio::sync::mpsc;
use vizard_core::{
    event::{AcceptedEvent, Origin, Reject, RejectReason, accept},
    limits,
    settings::{Settings, coverage::Coverage},
};
use vizard_plugin_host::{
    Batch, BatchError, Call, Plugin,
    framing::{self, CutBatch, FramingError, Records},
};

/// Batches that wait between two stages.
const WAITING: usize = 2;
/// After which time a source that is not ready is asked again, unless it says.
const RETRY_SECONDS: u32 = 30;

/// What is pumped, and under which run.
pub(super) struct Feeding<'a> {
    pub(super) lease: Lease,
    pub(super) connector: &'a StoredConnector,
    pub(super) feed: &'a str,
    /// Records that an earlier attempt has read.
    pub(super) skip: u64,
    pub(super) limit_unpacked: u64,
}

/// Why a delivery was not read to its end. Words for an operator; nothing of a record.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is not in the feed's format from some point on.
    Format(String),
    /// The connector's configuration does not fit.
    Config(String),
    /// The plugin failed.
    Plugin(String),
    /// Try again.
    Later {
        /// Not before.
        seconds: u32,
        /// Why.
        message: String,
    },
    /// This process ends.
    Shutdown,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(said) | Self::Config(said) | Self::Plugin(said) | Self::Later { message: said, .. } => {
                f.write_str(said)
            }
            Self::Shutdown => f.write_str("interrupted"),
        }
    }
}

/// A batch between the first two stages.
struct Prepared {
    events: Vec<AcceptedEvent>,
    rejects: Vec<(u64, RejectReason, String)>,
    read: u64,
    ignored: u64,
}

impl Services {
    /// Pumps until the end, an obstacle, or the end of this process; tells what became of the records read.
    pub(super) async fn pump(
        &self,
        reader: Box<dyn Read + Send>,
        feeding: &Feeding<'_>,
        progress: &mut (dyn FnMut(Counts) + Send),
    ) -> anyhow::Result<(Counts, Option<Stop>)> {
        let plugin = self.plugin(feeding.connector.plugin).await.map_err(|error| anyhow::anyhow!(error))?;
        let label = plugin.spec().manifest.name.clone();
        let (sender, prepared) = mpsc::channel(WAITING);
        let settings = self.store.settings().await?.1;
        let coverage = settings.coverage.clone();
        let press = Press {
            plugin,
            call: self.call(feeding.connector.id.to_string(), feeding.connector.config.clone()),
            feed: feeding.feed.to_owned(),
            skip: feeding.skip,
            limit_unpacked: feeding.limit_unpacked,
            settings,
            sender,
        };
        let pressing = tokio::task::spawn_blocking(move || press.run(reader));
        let (sender, mut sealed) = mpsc::channel(WAITING);
        let sealing = tokio::spawn(self.clone().seal(prepared, sender, coverage));
        let mut counts = Counts::default();
        let mut stopped = None;
        while let Some(batch) = sealed.recv().await {
            if self.stop.is_cancelled() {
                stopped = Some(Stop::Shutdown);
                break;
            }
            let done = self.store.write_batch(&feeding.lease, batch, self.clock.now()).await?;
            for (outcome, count) in [
                ("accepted", done.accepted),
                ("duplicate", done.duplicates),
                ("rejected", done.rejected),
                ("ignored", done.ignored),
                ("outside_coverage", done.uncovered),
            ] {
                self.metrics.add_records(&label, outcome, count);
            }
            counts.add(done);
            progress(counts);
            self.bell.scoring.notify_one();
        }
        // Ends the stages before, where this one stopped early.
        drop(sealed);
        sealing.await??;
        let pressed = pressing.await?;
        Ok((counts, stopped.or(pressed.err())))
    }

    /// The second stage.
    async fn seal(
        self,
        mut prepared: mpsc::Receiver<Prepared>,
        sender: mpsc::Sender<SealedBatch>,
        coverage: Coverage,
    ) -> anyhow::Result<()> {
        let mut heard = Heard::default();
        while let Some(batch) = prepared.recv().await {
            let Prepared { events, rejects, read, ignored } = batch;
            let admitted = self.store.admit(events, &coverage, &mut heard, self.clock.now()).await?;
            let Admitted { events, profiles, uncovered, as_of } = admitted;
            let resolved = Resolved { events, rejects, read, ignored, uncovered, profiles, as_of };
            if sender.send(self.store.seal_batch(resolved)?).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// The first stage, on a thread of its own.
struct Press {
    plugin: Arc<Plugin>,
    call: Call,
    feed: String,
    skip: u64,
    limit_unpacked: u64,
    /// As they were when the delivery was begun.
    settings: Settings,
    sender: mpsc::Sender<Prepared>,
}

impl Press {
    fn run(self, reader: Box<dyn Read + Send>) -> Result<(), Stop> {
        let cannot_cut = |error: FramingError| Stop::Format(error.to_string());
        let feed = self.plugin.spec().feed(&self.feed).cloned();
        let feed = feed.ok_or_else(|| Stop::Config("the plugin has no such feed any more".to_owned()))?;
        let reader = framing::open(reader, self.limit_unpacked).map_err(|error| Stop::Format(error.to_string()))?;
        let mut records = Records::new(reader, &feed).map_err(cannot_cut)?;
        let header = records.header().map(<[u8]>::to_vec);
        let mut skip = self.skip;
        while skip > 0 {
            let most = limits::BATCH_RECORDS.min(usize::try_from(skip).unwrap_or(usize::MAX));
            let Some(passed) = records.next_batch(most, limits::BATCH_BYTES).map_err(cannot_cut)? else {
                return Ok(());
            };
            skip -= (passed.records.len() + passed.oversized.len()) as u64;
        }
        let kinds = self.kinds();
        // An empty delivery is still shown to the plugin: a missing column is an error even without rows.
        let mut first = true;
        loop {
            let cut = match records.next_batch(limits::BATCH_RECORDS, limits::BATCH_BYTES).map_err(cannot_cut)? {
                Some(cut) => cut,
                None if first => CutBatch::default(),
                None => return Ok(()),
            };
            first = false;
            let prepared = self.prepare(cut, header.as_deref(), &kinds)?;
            if self.sender.blocking_send(prepared).is_err() {
                // Whoever writes has stopped, and knows why.
                return Ok(());
            }
        }
    }

    /// Declared sensitivities: kind → attribute → word.
    fn kinds(&self) -> HashMap<String, HashMap<String, String>> {
        let attributes = |kind: &vizard_plugin_host::Kind| {
            kind.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.sensitivity.clone())).collect()
        };
        self.plugin.spec().kinds.iter().map(|kind| (kind.code.clone(), attributes(kind))).collect()
    }

    fn prepare(
        &self,
        cut: CutBatch,
        header: Option<&[u8]>,
        kinds: &HashMap<String, HashMap<String, String>>,
    ) -> Result<Prepared, Stop> {
        let CutBatch { positions, records, oversized, .. } = cut;
        let batch = Batch { feed: self.feed.clone(), header: header.map(<[u8]>::to_vec), records: records.clone() };
        let outcome = self.plugin.normalise(&self.call, batch).map_err(stop)?;
        let mut rejected: HashMap<u32, (RejectReason, String)> = outcome
            .rejects
            .into_iter()
            .map(|Reject { record_index, reason, detail }| (record_index, (reason, detail)))
            .collect();
        let mut events = Vec::with_capacity(outcome.events.len());
        let mut ordinals: HashMap<u32, u32> = HashMap::new();
        for raw in outcome.events {
            let index = raw.record_index;
            let ordinal = ordinals.entry(index).or_default();
            let record = records.get(index as usize).map_or(&[][..], Vec::as_slice);
            let declared = kinds.get(&raw.kind);
            let sensitivity = |name: &str| declared.and_then(|of| of.get(name)).map(String::as_str);
            let origin = Origin {
                feed: &self.feed,
                record,
                ordinal: *ordinal,
                received_at: self.call.received_at,
                sensitivity: &sensitivity,
                settings: &self.settings,
            };
            *ordinal += 1;
            match accept(raw, &origin) {
                Ok(event) => events.push(event),
                Err(Reject { reason, detail, .. }) => {
                    rejected.entry(index).or_insert((reason, detail));
                }
            }
        }
        // A record is in whole or not at all.
        events.retain(|event| !rejected.contains_key(&event.record_index));
        let position = |index: &u32| positions.get(*index as usize).copied().unwrap_or_default();
        let mut rejects: Vec<_> =
            rejected.iter().map(|(index, (reason, detail))| (position(index), *reason, detail.clone())).collect();
        let too_large = format!("the record is larger than {} bytes", limits::RECORD_BYTES);
        rejects.extend(oversized.iter().map(|at| (*at, RejectReason::TooLarge, too_large.clone())));
        rejects.sort_unstable_by_key(|(position, ..)| *position);
        let ignored = outcome.ignored.iter().map(|(_, count)| u64::from(*count)).sum();
        Ok(Prepared { events, rejects, read: (records.len() + oversized.len()) as u64, ignored })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn stop(error: BatchError) -> Stop {
    match error {
        BatchError::Config(_) | BatchError::Auth(_) => Stop::Config(error.to_string()),
        BatchError::Format(_) => Stop::Format(error.to_string()),
        BatchError::Internal(_) => Stop::Plugin(error.to_string()),
        BatchError::Transient { after_seconds, .. } => {
            let seconds = if after_seconds == 0 { RETRY_SECONDS } else { after_seconds };
            Stop::Later { seconds, message: error.to_string() }
        }
    }
}
