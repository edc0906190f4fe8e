//! Records a second of every connector, one core: `cargo run --release -p vizard-speed`. Each connector's largest sample is
//! repeated up to the size of the batch and normalised for a second natively, by the same code, and for a second as a plugin in
//! the host with everything on: a fresh instance a batch, epochs, typed results lifted and accounted for. Seconds are of this
//! thread's processor time, so that what else the machine does matters little; making a batch is not measured. Names of
//! connectors as arguments measure those alone.
//! Never: a test; it prints and judges nothing.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a tool for developers")]

use anyhow::{Context as _, Result};
use connector_sdk::{Batch as Wire, Connector, RawRecord, testing};
use std::{fs, path::Path, time::Duration};
use vizard_core::time::Micros;
use vizard_plugin_host::{Batch, Call, HostOptions, PluginHost, build};

const SIZES: [usize; 4] = [1, 100, 1_000, 10_000];
const MEASURED: Duration = Duration::from_secs(1);

struct Sample {
    feed: String,
    header: Option<Vec<u8>>,
    records: Vec<Vec<u8>>,
    config: String,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let host = PluginHost::new(HostOptions { cache_dir: folder.path().to_owned() })?;
    println!(
        "| connector | bytes a record | events a record | {} |",
        SIZES.map(|size| format!("native, plugin, ratio at {size}")).join(" | ")
    );
    println!("|---|---|---|{}", "---|".repeat(SIZES.len()));
    let only: Vec<String> = std::env::args().skip(1).collect();
    let host = Measuring { host, only };
    row::<vizard_plugin_badge::Badge>(&host, "badge")?;
    row::<vizard_plugin_chat::Chat>(&host, "chat")?;
    row::<vizard_plugin_cloud_storage::CloudStorage>(&host, "cloud-storage")?;
    row::<vizard_plugin_emr::Emr>(&host, "emr")?;
    row::<vizard_plugin_endpoint::Endpoint>(&host, "endpoint")?;
    row::<vizard_plugin_file::Files>(&host, "file")?;
    row::<vizard_plugin_hr::Hr>(&host, "hr")?;
    row::<vizard_plugin_identity::Identity>(&host, "identity")?;
    row::<vizard_plugin_indicators::Indicators>(&host, "indicators")?;
    row::<vizard_plugin_m365::M365>(&host, "m365")?;
    row::<vizard_plugin_mail::Mail>(&host, "mail")?;
    row::<vizard_plugin_ocsf::Ocsf>(&host, "ocsf")
}

struct Measuring {
    host: PluginHost,
    /// All, where it is empty.
    only: Vec<String>,
}

fn row<C: Connector>(measuring: &Measuring, name: &str) -> Result<()> {
    let Measuring { host, only } = measuring;
    if !only.is_empty() && !only.iter().any(|one| one == name) {
        return Ok(());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(name);
    let built = build::build(&source, None, &mut |_| ())?;
    let plugin = host.load(&fs::read(built.path)?)?;
    let sample = largest::<C>(&source.join("samples")).with_context(|| format!("{name} has no sample"))?;
    let context = testing::context(&sample.config);
    let call = Call {
        installation: "speed".into(),
        config: plugin.spec().part(sample.config.parse()?).0.to_string(),
        received_at: Micros(testing::RECEIVED_AT),
        default_zone: "UTC".into(),
    };
    let bytes = sample.records.iter().map(Vec::len).sum::<usize>() / sample.records.len();
    let (mut cells, mut events) = (Vec::new(), 0.0);
    for size in SIZES {
        let records: Vec<Vec<u8>> = sample.records.iter().cycle().take(size).cloned().collect();
        let wire = Wire {
            feed: sample.feed.clone(),
            header: sample.header.clone(),
            records: (0..).zip(&records).map(|(index, body)| RawRecord { index, body: body.clone() }).collect(),
        };
        let native = rate(
            size,
            || (),
            |()| connector_sdk::normalise::<C>(&context, &wire).map_or(0, |outcome| outcome.events.len()),
        );
        let batch = Batch { feed: sample.feed.clone(), header: sample.header.clone(), records };
        let hosted = rate(
            size,
            || batch.clone(),
            |batch| plugin.normalise(&call, batch).map_or(0, |outcome| outcome.events.len()),
        );
        anyhow::ensure!(native.1 == hosted.1, "{name}: native and plugin do not agree");
        events = native.1 as f64 / size as f64;
        cells.push(format!("{:.0} k, {:.0} k, {:.2}", native.0 / 1e3, hosted.0 / 1e3, native.0 / hosted.0));
    }
    println!("| {name} | {bytes} | {events:.2} | {} |", cells.join(" | "));
    Ok(())
}

/// Records a second, and the events of one batch.
fn rate<B>(size: usize, make: impl Fn() -> B, mut work: impl FnMut(B) -> usize) -> (f64, usize) {
    let events = work(make());
    let (mut taken, mut records) = (Duration::ZERO, 0);
    while taken < MEASURED {
        let batch = make();
        let began = worked();
        work(batch);
        taken += worked() - began;
        records += size;
    }
    (records as f64 / taken.as_secs_f64(), events)
}

/// Processor time of this thread.
fn worked() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// The sample with the most records of those that give events.
fn largest<C: Connector>(folder: &Path) -> Option<Sample> {
    let raws = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let raws = raws.filter(|path| path.extension().is_some_and(|extension| extension == "raw"));
    let samples = raws.filter_map(|raw| sample::<C>(&raw));
    samples.max_by_key(|sample| (sample.records.len(), sample.feed.clone()))
}

fn sample<C: Connector>(raw: &Path) -> Option<Sample> {
    let feed = testing::feed_of::<C>(raw.file_name()?.to_str()?).ok()?;
    let config = testing::config_of(raw);
    let batch = testing::cut(feed, &fs::read(raw).ok()?);
    let gives = connector_sdk::normalise::<C>(&testing::context(&config), &batch);
    if !gives.is_ok_and(|outcome| !outcome.events.is_empty()) {
        return None;
    }
    let records = batch.records.into_iter().map(|record| record.body).collect();
    Some(Sample { feed: batch.feed, header: batch.header, records, config })
}
