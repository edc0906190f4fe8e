//! Runs connector plugins: WebAssembly components that turn a vendor's records into events. A plugin file is read
//! ([`read_manifest`]), loaded ([`PluginHost::load`]) and called ([`Plugin::normalise`]); deliveries are cut into records
//! by [`framing`]. [`build`] makes plugin files from source, [`check`] tries them.
//! Never: lets a plugin touch anything but the batch it is given, or one call see another.

pub mod build;
pub mod check;
pub mod framing;
pub mod scaffold;

mod account;
mod cache;
mod convert;
mod destination;
mod error;
mod http;
mod inspect;
mod plugin;
mod run;
mod signature;
mod spec;

pub use destination::Destination;
pub use error::{BatchError, Fault, PluginError, Problem, Withheld};
pub use http::Reach;
pub use inspect::read_manifest;
pub use plugin::Plugin;
pub use signature::{SignatureError, SigningKey, verify};
pub use spec::{AttributeSpec, Feed, Framing, Kind, Manifest, PluginSpec, ValueType};

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use vizard_core::event::{RawEvent, Reject};
use vizard_core::limits;
use vizard_core::time::Micros;

/// Loads plugins. Cheap to clone: engine and cache are shared.
#[derive(Clone)]
pub struct PluginHost {
    shared: Arc<Shared>,
}

/// Where a host keeps what.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The folder of compiled code: made where it is missing, and closed to other accounts.
    pub cache_dir: PathBuf,
}

/// What all plugins of a host share.
pub(crate) struct Shared {
    engine: wasmtime::Engine,
    cache: cache::Cache,
    gate: run::Gate,
    /// Of calls that wait for others.
    pulls: run::Gate,
}

/// Under what circumstances a plugin is called. It has no other source of them.
#[derive(Clone, Debug)]
pub struct Call {
    /// The installation of the connector.
    pub installation: String,
    /// Its configuration: JSON.
    pub config: String,
    /// When the batch was received.
    pub received_at: Micros,
    /// The IANA zone of times that name none.
    pub default_zone: String,
}

/// Records to normalise.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    /// A feed of the plugin.
    pub feed: String,
    /// For CSV: the header, verbatim.
    pub header: Option<Vec<u8>>,
    /// The records.
    pub records: Vec<Vec<u8>>,
}

/// Where a source is read from.
#[derive(Clone, PartialEq, Eq)]
pub enum Position {
    /// From this instant on.
    Since(Micros),
    /// After the page with this cursor.
    After(String),
}

/// What a plugin pulled: records of one feed, and where to go on from.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The records, as the vendor has them.
    pub records: Vec<Vec<u8>>,
    /// Opaque. It counts once the records are stored.
    pub cursor: String,
    /// More is ready now.
    pub more: bool,
}

/// What became of each record of a batch. Each is in exactly one of the first three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What happened.
    pub events: Vec<RawEvent>,
    /// Records that could not be understood, by position.
    pub rejects: Vec<Reject>,
    /// Records that were understood and mean nothing here: reason and count.
    pub ignored: Vec<(String, u32)>,
    /// Attributes that were dropped because the plugin did not declare them.
    pub undeclared: u32,
    /// Records on which the plugin failed; they are among the rejects.
    pub faults: u32,
    /// What the plugin logged.
    pub log: Vec<String>,
    /// How many log lines were not kept.
    pub log_dropped: u32,
}

impl PluginHost {
    /// An engine with its clock, and the cache.
    pub fn new(options: HostOptions) -> Result<Self, PluginError> {
        let HostOptions { cache_dir } = options;
        let cache = cache::Cache::new(cache_dir)?;
        let (gate, pulls) = (run::Gate::new(limits::PLUGIN_CALLS), run::Gate::new(limits::PULLS));
        let shared = Shared { engine: run::engine()?, cache, gate, pulls };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Checks a plugin file, compiles it or takes the code from the cache, and tries it. Blocks for as long as the
    /// compiler takes.
    pub fn load(&self, component: &[u8]) -> Result<Arc<Plugin>, PluginError> {
        let manifest = inspect::inspect(component)?;
        let digest = digest(component);
        let compiled = self.shared.cache.component(&self.shared.engine, component, &digest)?;
        Plugin::new(Arc::clone(&self.shared), &compiled, manifest, digest).map(Arc::new)
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
