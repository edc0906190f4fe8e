//! `vizard bench`: the whole path from a file to scored events, against bare inserts of the same rows; and a made-up queue.
//! Never: a claim without the numbers it rests on.

mod queue;

pub use queue::Queue;

use super::Services;
use crate::{
    clock::Clock,
    config::Config,
    error::ServiceError,
    ids::Ids,
    permit::Permit,
    store::{Counts, Entry, Secrets, SetUp},
    telemetry::Metrics,
};
use std::{path::Path, time::Instant};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
};

/// What was measured.
#[derive(Debug, serde::Serialize)]
pub struct Measured {
    /// What became of the records.
    pub counts: Counts,
    /// Events that they made: rows of the table.
    pub events: u64,
    /// Seconds for file → plugin → checks → durable rows.
    pub ingest_seconds: f64,
    /// Records a second, of the import alone.
    pub records_per_second: f64,
    /// Seconds until everything was scored, after that.
    pub scoring_seconds: f64,
    /// Subjects scored.
    pub scored_subjects: u64,
    /// Seconds for the same rows as bare multi-row inserts of the same batches, durable alike.
    pub bare_seconds: f64,
    /// Events a second, through the whole path including scoring.
    pub path_events_per_second: f64,
    /// Events a second, bare.
    pub bare_events_per_second: f64,
    /// The one by the other: 1 would be a path that costs nothing.
    pub ratio: f64,
    /// The most memory that this process held, in MiB (Linux only).
    pub peak_memory_mib: Option<u64>,
}

/// Reads `file` through `component` into a fresh database of `config`, scores it, and writes the same rows bare into the
/// fresh database of `bare`.
pub async fn measure(
    config: &Config,
    bare: &Config,
    component: Vec<u8>,
    plugin_config: &str,
    file: &Path,
) -> Result<Measured, ServiceError> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let services = Services::open(config, clock.clone(), ids.clone(), Metrics::default()).await?;
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
    let plugin = services.install_plugin(&permit, component, None).await?;
    let entry =
        |id| Entry::by(permit.viewer(), AuditActivity::Added, AuditCategory::Connectors, id, &serde_json::json!({}));
    let set_up = SetUp { config: plugin_config, secrets: &Secrets::new(), grants: &[], pull_minutes: None, feeds: &[] };
    let connector = services.store.create_connector(("bench", plugin.id), &set_up, entry, clock.now()).await?;
    let connector =
        connector.ok_or_else(|| ServiceError::Conflict("the database for the measurement is not fresh".to_owned()))?;
    let began = Instant::now();
    let imported = services.import(&permit, connector, None, file, &mut |_| ()).await?;
    let ingest_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let scored_subjects = services.score_all().await?;
    let scoring_seconds = began.elapsed().as_secs_f64();
    let peak_memory_mib = peak_memory_mib();
    let target = crate::store::Store::open(bare, ids).await?;
    let (events, spent) = services.store.copy_events(&target).await?;
    let bare_seconds = spent.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts of a measurement are far below 2^52")]
    let rate = |count: u64, seconds: f64| count as f64 / seconds;
    let (path, bare) = (rate(events, ingest_seconds + scoring_seconds), rate(events, bare_seconds));
    Ok(Measured {
        counts: imported.counts,
        events,
        ingest_seconds,
        records_per_second: rate(imported.counts.read, ingest_seconds),
        scoring_seconds,
        scored_subjects,
        bare_seconds,
        path_events_per_second: path,
        bare_events_per_second: bare,
        ratio: path / bare,
        peak_memory_mib,
    })
}

/// `VmHWM` of this process.
fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
