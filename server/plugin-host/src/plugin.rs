//! A plugin that passed every check, and the calls of it.
//! Never: a second call in the same store; a batch that is half in.

use crate::account::{Declared, add_ignored, adds_up, keep_declared};
use crate::convert::{Description, Draft, Guest, WireBatch, WireCall};
use crate::error::{BatchError, Fault, PluginError, Problem, message};
use crate::run::{self, Room};
use crate::spec::{Feed, Framing, Manifest, PluginSpec};
use crate::{Batch, Call, Outcome, Page, Position, Reach, Shared};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use vizard_core::event::{Reject, RejectReason};
use vizard_core::limits;
use vizard_core::time::Micros;
use wasmtime::component::Component;

/// A plugin that is ready to be called, from any thread.
pub struct Plugin {
    shared: Arc<Shared>,
    guest: Guest,
    spec: PluginSpec,
    schema: jsonschema::Validator,
    declared: Declared,
    most_memory: AtomicUsize,
}

/// Why a call gave nothing.
enum Stopped {
    Fault(Fault),
    /// Too many calls of components with many instances: nothing began.
    Busy,
}

/// What is said of [`Stopped::Busy`].
const BUSY: &str = "too many plugins run at once";

impl Plugin {
    /// Links the component, asks it what it is, and tries an empty batch of each feed: a component whose types differ
    /// from the interface's links, and fails only then.
    pub(crate) fn new(
        shared: Arc<Shared>,
        component: &Component,
        manifest: Manifest,
        digest: String,
    ) -> Result<Self, PluginError> {
        let guest = Guest::new(&shared.engine, component, manifest.pulls())
            .map_err(|error| PluginError::Refused(message(format!("it does not fit the interface: {error:#}"))))?;
        let name = format!("{} {}", manifest.name, manifest.version);
        let memory = manifest.memory();
        let (described, _) = run(&shared, memory, limits::PLUGIN_CALL_TICKS, None, |store| guest.describe(store));
        let described = described.map_err(|stopped| match stopped {
            Stopped::Fault(Fault::Memory) => PluginError::Refused(format!(
                "it does not start within {memory} MiB of memory: ask for more with `memory_mib` in its plugin.toml, at \
                 most {}",
                limits::PLUGIN_MEMORY_MOST_MIB
            )),
            stopped => stopped.during("describe", &name),
        })?;
        let (spec, schema) = check_description(described, manifest, digest).map_err(PluginError::Refused)?;
        let declared = Declared::new(&spec.kinds);
        let plugin = Self { shared, guest, spec, schema, declared, most_memory: AtomicUsize::new(0) };
        plugin.spec.feeds.iter().try_for_each(|feed| plugin.try_empty(feed))?;
        Ok(plugin)
    }

    /// What it is.
    pub fn spec(&self) -> &PluginSpec {
        &self.spec
    }

    /// Name and version, for messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.spec.manifest.name, self.spec.manifest.version)
    }

    /// The most bytes of memory that any call of it has used since it was loaded.
    pub fn most_memory(&self) -> usize {
        self.most_memory.load(Ordering::Relaxed)
    }

    /// What must change in the configuration of `call`, secrets included: by the plugin's schema, and where that is
    /// content, by the plugin itself, which is not shown the secrets. Empty means good.
    pub fn check_config(&self, call: &Call) -> Result<Vec<Problem>, PluginError> {
        let config: serde_json::Value = match serde_json::from_str(&call.config) {
            Ok(config) => config,
            Err(error) => return Ok(vec![Problem { at: String::new(), message: format!("not JSON: {error}") }]),
        };
        let errors = self.schema.iter_errors(&config).take(50);
        let problem = |error: jsonschema::ValidationError<'_>| Problem {
            at: error.instance_path().to_string(),
            // The value may be a secret.
            message: message(error.masked().to_string()),
        };
        let problems: Vec<_> = errors.map(problem).collect();
        if !problems.is_empty() {
            return Ok(problems);
        }
        let (open, _) = self.spec.part(config);
        let wire = WireCall::new(&Call { config: open.to_string(), ..call.clone() });
        let (found, _) = self.run(limits::PLUGIN_CALL_TICKS, None, |store| self.guest.check_config(store, &wire));
        found.map_err(|stopped| stopped.during("check-config", &self.name()))
    }

    /// What the records mean. Blocks: call it where blocking is allowed. Records that make the plugin fail are found
    /// and rejected, the rest goes in; where there are too many of them, the batch fails.
    pub fn normalise(&self, call: &Call, batch: Batch) -> Result<Outcome, BatchError> {
        self.feed(&batch.feed)?;
        let records = batch.records.len();
        let landing = Landing {
            plugin: self,
            call: WireCall::new(call),
            records,
            failing_millis: 0,
            outcome: Outcome::default(),
        };
        landing.run(WireBatch::new(batch))
    }

    /// One page of a feed, from `position` on. Blocks, for as long as the vendor's answers take. The page is checked; its
    /// records are for [`Self::normalise`].
    pub fn pull(&self, call: &Call, feed: &str, position: &Position, reach: Reach) -> Result<Page, BatchError> {
        let feed = self.feed(feed)?;
        let most = u32::try_from(limits::PULL_RECORDS).unwrap_or(u32::MAX);
        let call = WireCall::new(call);
        let (result, _) = self.run(limits::PLUGIN_CALL_TICKS, Some(reach), |store| {
            self.guest.pull(store, &call, (&feed.name, position), most)
        });
        let page = self.answered(result)?.map_err(|fault| self.failed(&format!("failed while it pulled: {fault}")))?;
        // By size alone: what a vendor hands out in one piece may be more than was asked for.
        let bytes: usize = page.records.iter().map(Vec::len).sum();
        if bytes > limits::INGEST_BODY_BYTES {
            return Err(self.failed(&format!("gives a page of more than {} bytes", limits::INGEST_BODY_BYTES)));
        }
        if page.cursor.len() > limits::PULL_CURSOR_BYTES {
            return Err(self.failed("gives a cursor that is too long"));
        }
        Ok(page)
    }

    fn feed(&self, name: &str) -> Result<&Feed, BatchError> {
        self.spec.feed(name).ok_or_else(|| BatchError::Format("the plugin has no such feed".into()))
    }

    fn failed(&self, what: &str) -> BatchError {
        BatchError::Internal(format!("the plugin {} {what}", self.name()))
    }

    /// What a call answered, or the fault that ended it; what else went wrong is for whoever asked.
    fn answered<T>(&self, result: Result<Result<T, BatchError>, Stopped>) -> Result<Result<T, Fault>, BatchError> {
        match result {
            Ok(Ok(answer)) => Ok(Ok(answer)),
            Ok(Err(BatchError::Internal(text))) => Err(self.failed(&format!("failed: {text}"))),
            Ok(Err(error)) => Err(error),
            Err(Stopped::Fault(fault)) => Ok(Err(fault)),
            Err(Stopped::Busy) => Err(BatchError::Transient { message: BUSY.into(), after_seconds: 1 }),
        }
    }

    fn run<T>(
        &self,
        ticks: u64,
        reach: Option<Reach>,
        call: impl FnOnce(&mut wasmtime::Store<Room>) -> wasmtime::Result<T>,
    ) -> (Result<T, Stopped>, Room) {
        let (result, room) = run(&self.shared, self.spec.manifest.memory(), ticks, reach, call);
        self.most_memory.fetch_max(room.memory(), Ordering::Relaxed);
        (result, room)
    }

    fn try_empty(&self, feed: &Feed) -> Result<(), PluginError> {
        let call = Call {
            installation: "check".into(),
            config: "{}".into(),
            received_at: Micros(0),
            default_zone: "UTC".into(),
        };
        let header = (feed.framing == Framing::Csv).then(|| feed.columns.join(",").into_bytes());
        let batch = WireBatch::new(Batch { feed: feed.name.clone(), header, records: vec![] });
        let call = WireCall::new(&call);
        let (result, _) = self.run(limits::PLUGIN_CALL_TICKS, None, |store| self.guest.normalise(store, &call, &batch));
        match result.map_err(|stopped| stopped.during("an empty batch", &self.name()))? {
            Ok(draft) => adds_up(&draft, 0)
                .map_err(|problem| PluginError::Refused(format!("it makes something of an empty batch: {problem}"))),
            // It may well want another configuration or header; that it answers is what is tried here.
            Err(_) => Ok(()),
        }
    }
}

/// One batch on its way in.
struct Landing<'a> {
    plugin: &'a Plugin,
    call: WireCall,
    records: usize,
    failing_millis: u128,
    outcome: Outcome,
}

impl Landing<'_> {
    fn run(mut self, batch: WireBatch) -> Result<Outcome, BatchError> {
        self.land(batch, 0)?;
        self.outcome.rejects.sort_by_key(|reject| reject.record_index);
        Ok(self.outcome)
    }

    /// Lands `batch`, whose first record is record `base` of the whole; in halves where the plugin fails on it.
    fn land(&mut self, batch: WireBatch, base: u32) -> Result<(), BatchError> {
        let count = batch.len();
        let fault = match self.call(&batch)? {
            Ok(draft) => return self.add(draft, count, base),
            Err(fault) => fault,
        };
        if count == 0 {
            return Err(self.plugin.failed(&format!("failed on an empty batch: {fault}")));
        }
        if count == 1 {
            return self.poison(&fault, base);
        }
        if self.failing_millis > limits::PLUGIN_SEARCH_MILLIS {
            let seconds = limits::PLUGIN_SEARCH_MILLIS / 1_000;
            let what = format!("failed for more than {seconds} s on one batch; the last time: {fault}");
            return Err(self.plugin.failed(&what));
        }
        let (first, second) = batch.halves();
        let middle = base + u32::try_from(first.len()).unwrap_or(u32::MAX);
        self.land(first, base)?;
        self.land(second, middle)
    }

    fn call(&mut self, batch: &WireBatch) -> Result<Result<Draft, Fault>, BatchError> {
        let began = Instant::now();
        let ticks = self.ticks(batch.len());
        let guest = &self.plugin.guest;
        let (result, room) = self.plugin.run(ticks, None, |store| guest.normalise(store, &self.call, batch));
        self.keep_log(room);
        let answer = self.plugin.answered(result)?;
        if answer.is_err() {
            self.failing_millis += began.elapsed().as_millis();
        }
        Ok(answer)
    }

    /// The whole batch has the whole time; a part in search of the cause its share, and never so little that a busy
    /// machine matters.
    fn ticks(&self, count: usize) -> u64 {
        let share = limits::PLUGIN_CALL_TICKS * count as u64 / self.records.max(1) as u64;
        share.max(limits::PLUGIN_SEARCH_TICKS.min(limits::PLUGIN_CALL_TICKS))
    }

    fn add(&mut self, mut draft: Draft, count: usize, base: u32) -> Result<(), BatchError> {
        adds_up(&draft, count)
            .map_err(|problem| self.plugin.failed(&format!("does not account for its records: {problem}")))?;
        let dropped = keep_declared(&mut draft, count, &self.plugin.declared);
        draft.events.iter_mut().for_each(|event| event.record_index += base);
        draft.rejects.iter_mut().for_each(|reject| reject.record_index += base);
        self.outcome.undeclared = self.outcome.undeclared.saturating_add(dropped);
        self.outcome.events.append(&mut draft.events);
        self.outcome.rejects.append(&mut draft.rejects);
        add_ignored(&mut self.outcome.ignored, draft.ignored);
        Ok(())
    }

    fn poison(&mut self, fault: &Fault, record_index: u32) -> Result<(), BatchError> {
        if self.outcome.faults as usize >= limits::PLUGIN_POISON_RECORDS {
            let most = limits::PLUGIN_POISON_RECORDS;
            let what = format!("failed on more than {most} records of one batch; the last time: {fault}");
            return Err(self.plugin.failed(&what));
        }
        self.outcome.faults += 1;
        let detail = format!("the plugin {} failed on this record: {fault}", self.plugin.name());
        self.outcome.rejects.push(Reject { record_index, reason: RejectReason::PluginFault, detail });
        Ok(())
    }

    fn keep_log(&mut self, room: Room) {
        let free = limits::PLUGIN_LOG_LINES - self.outcome.log.len();
        let beyond = u32::try_from(room.log.len().saturating_sub(free)).unwrap_or(u32::MAX);
        self.outcome.log.extend(room.log.into_iter().take(free));
        self.outcome.log_dropped = self.outcome.log_dropped.saturating_add(room.log_dropped).saturating_add(beyond);
    }
}

impl Stopped {
    fn during(self, during: &'static str, plugin: &str) -> PluginError {
        match self {
            Self::Fault(fault) => PluginError::Fault { plugin: plugin.into(), during, fault },
            Self::Busy => PluginError::Host(BUSY.into()),
        }
    }
}

/// One call, in a store of its own; of a call that may reach something, with what.
fn run<T>(
    shared: &Shared,
    memory_mib: u32,
    ticks: u64,
    reach: Option<Reach>,
    call: impl FnOnce(&mut wasmtime::Store<Room>) -> wasmtime::Result<T>,
) -> (Result<T, Stopped>, Room) {
    let gate = if reach.is_some() { &shared.pulls } else { &shared.gate };
    let _pass = gate.enter(run::places(memory_mib));
    let mut store = run::store(&shared.engine, ticks, memory_mib, reach);
    let result = call(&mut store);
    let room = store.into_data();
    let result = result.map_err(|error| run::fault(&error, &room).map_or(Stopped::Busy, Stopped::Fault));
    (result, room)
}

/// The plugin as it describes itself, if it agrees with its manifest and with itself.
fn check_description(
    described: Description,
    manifest: Manifest,
    digest: String,
) -> Result<(PluginSpec, jsonschema::Validator), String> {
    for (what, says, wanted) in
        [("id", &described.id, &manifest.id), ("version", &described.version, &manifest.version)]
    {
        if says != wanted {
            return Err(format!("its {what} is {:?} and in its manifest {wanted:?}", message(says.clone())));
        }
    }
    if described.feeds.is_empty() || described.feeds.len() > limits::PLUGIN_FEEDS {
        return Err(format!("it must declare between 1 and {} feeds", limits::PLUGIN_FEEDS));
    }
    if described.kinds.is_empty() || described.kinds.len() > limits::PLUGIN_KINDS {
        return Err(format!("it must declare between 1 and {} kinds", limits::PLUGIN_KINDS));
    }
    unique("feed", described.feeds.iter().map(|feed| &feed.name))?;
    unique("kind", described.kinds.iter().map(|kind| &kind.code))?;
    for feed in &described.feeds {
        if !feed.pointer.is_empty() && (feed.framing != Framing::Json || !feed.pointer.starts_with('/')) {
            return Err(format!("the pointer of feed {} must be empty or begin with / and belong to JSON", feed.name));
        }
    }
    for kind in &described.kinds {
        if kind.attributes.len() > limits::EVENT_ATTRIBUTES {
            return Err(format!("kind {} has more than {} attributes", kind.code, limits::EVENT_ATTRIBUTES));
        }
        unique("attribute", kind.attributes.iter().map(|attribute| &attribute.name))?;
    }
    let config_schema: serde_json::Value = serde_json::from_str(&described.config_schema)
        .map_err(|error| format!("the schema of its configuration is not JSON: {error}"))?;
    let schema = validator(&config_schema)?;
    let spec = PluginSpec {
        manifest,
        digest,
        vendor: described.vendor,
        family: described.family,
        config_schema,
        feeds: described.feeds,
        kinds: described.kinds,
    };
    Ok((spec, schema))
}

/// Names that appear in requests, logs and metrics.
fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
            return Err(format!(
                "the {what} {:?} must be letters, digits, _ - . only, at most 100",
                message(name.clone())
            ));
        }
        if !seen.insert(name) {
            return Err(format!("it declares the {what} {name} twice"));
        }
    }
    Ok(())
}

/// Patterns of the schema run in linear time, and nothing outside of it is fetched.
fn validator(schema: &serde_json::Value) -> Result<jsonschema::Validator, String> {
    if !schema.is_object() {
        return Err("the schema of its configuration must be an object".into());
    }
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .offline()
        .build(schema)
        .map_err(|error| format!("the schema of its configuration is no JSON Schema: {}", message(error.to_string())))
}
