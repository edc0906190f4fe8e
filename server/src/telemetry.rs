//! What an operator sees from outside: log lines on standard error, and metrics.
//! Never: personal data. Labels are the names of plugins and routes and words of the code; other crates speak only
//! from warnings up, and the database driver not at all, because their lines may quote values.

use crate::config::{Config, LogFormat};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};
use std::sync::Arc;
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _};

/// Starts logging to standard error as the configuration says. Once a process.
pub fn start_logging(config: &Config) -> anyhow::Result<()> {
    let subscriber = subscriber(&config.log, config.log_format, std::io::stderr)?;
    tracing::subscriber::set_global_default(subscriber)?;
    // The message of a panic may quote what was being worked on; its place does not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Ok(())
}

/// What [`start_logging`] starts, with the lines going to `out`.
///
/// # Errors
/// Where `levels` is no filter.
pub fn subscriber<W>(levels: &str, format: LogFormat, out: W) -> anyhow::Result<impl tracing::Subscriber + Send + Sync>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(out).with_ansi(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let levels: EnvFilter = levels.parse()?;
    Ok(tracing_subscriber::registry().with(levels).with(lines.with_filter(filter_fn(may_speak))))
}

/// Our own crates at every level; others from warnings up; the database driver's statements never.
fn may_speak(line: &Metadata<'_>) -> bool {
    let from = line.target();
    let ours = from == "vizard" || from.starts_with("vizard_");
    ours || (*line.level() <= Level::WARN && !from.starts_with("sqlx"))
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RecordLabels {
    connector_plugin: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SeverityLabel {
    severity: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

/// The process's counters. Clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    records: Family<RecordLabels, Counter>,
    runs: Family<StateLabel, Counter>,
    scored: Counter,
    alerts: Family<SeverityLabel, Counter>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabel, Histogram>,
    pending: Gauge,
    live: Gauge,
    refused: Family<ReasonLabel, Counter>,
}

/// Upper edges of the request histogram, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("vizard");
        let records = Family::default();
        let runs = Family::default();
        let scored = Counter::default();
        let alerts = Family::default();
        let requests = Family::default();
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let pending = Gauge::default();
        let live = Gauge::default();
        let refused = Family::default();
        registry.register("build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register(
            "records",
            "Records taken in, by the plugin that read them and what became of them",
            records.clone(),
        );
        registry.register("runs", "Deliveries that reached a state", runs.clone());
        registry.register("scored_subjects", "Subjects scored, repeats counted", scored.clone());
        registry.register("alerts_raised", "Alerts raised, by severity", alerts.clone());
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        registry.register("http_request_seconds", "Time to answer a request, by route", seconds.clone());
        registry.register("pending_rows", "Event rows that wait to be scored", pending.clone());
        registry.register("live_connections", "Open WebSockets and event streams", live.clone());
        registry.register("refused_tokens", "Tokens that were not accepted, by reason", refused.clone());
        Self { registry: Arc::new(registry), records, runs, scored, alerts, requests, seconds, pending, live, refused }
    }
}

impl Metrics {
    /// Counts records by what became of them.
    pub fn add_records(&self, connector_plugin: &str, outcome: &'static str, count: u64) {
        let labels = RecordLabels { connector_plugin: connector_plugin.to_owned(), outcome };
        self.records.get_or_create(&labels).inc_by(count);
    }

    /// Counts a delivery that reached a state.
    pub fn add_run(&self, state: &'static str) {
        self.runs.get_or_create(&StateLabel { state }).inc();
    }

    /// Counts scored subjects.
    pub fn add_scored_subjects(&self, count: u64) {
        self.scored.inc_by(count);
    }

    /// Counts a raised alert.
    pub fn add_alert(&self, severity: &'static str) {
        self.alerts.get_or_create(&SeverityLabel { severity }).inc();
    }

    /// Counts a refused token.
    pub fn add_refused_token(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts an answered request. `route` is the template, such as `/ingest/{connector}`, never the path.
    pub fn add_request(&self, route: &str, status: u16, seconds: f64) {
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
        self.seconds.get_or_create(&RouteLabel { route: route.to_owned() }).observe(seconds);
    }

    /// Sets the gauge of open connections.
    pub fn set_live_connections(&self, open: usize) {
        self.live.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Tells how many rows wait to be scored.
    pub fn set_pending_rows(&self, rows: i64) {
        self.pending.set(rows);
    }

    /// Everything in the OpenMetrics text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
pub(crate) mod capture {
    use std::sync::{Arc, Mutex};

    /// Log lines kept for a test to read.
    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
        type Writer = Self;
        fn make_writer(&self) -> Self {
            self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{capture::Lines, *};

    #[test]
    fn every_family_is_rendered_under_its_documented_name() {
        let metrics = Metrics::default();
        metrics.add_records("m365", "accepted", 3);
        metrics.clone().add_records("m365", "accepted", 2);
        metrics.add_run("done");
        metrics.add_scored_subjects(7);
        metrics.add_alert("HIGH");
        metrics.add_request("/ingest/{connector}", 202, 0.004);
        metrics.set_pending_rows(9);
        metrics.add_refused_token("EXPIRED");
        let text = metrics.render();
        for line in [
            "vizard_records_total{connector_plugin=\"m365\",outcome=\"accepted\"} 5",
            "vizard_runs_total{state=\"done\"} 1",
            "vizard_scored_subjects_total 7",
            "vizard_alerts_raised_total{severity=\"HIGH\"} 1",
            "vizard_http_requests_total{route=\"/ingest/{connector}\",status=\"202\"} 1",
            "vizard_http_request_seconds_bucket{le=\"0.005\",route=\"/ingest/{connector}\"} 1",
            "vizard_http_request_seconds_bucket{le=\"0.0025\",route=\"/ingest/{connector}\"} 0",
            "vizard_pending_rows 9",
            "vizard_refused_tokens_total{reason=\"EXPIRED\"} 1",
            concat!("vizard_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "# EOF",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\nin\n{text}");
        }
    }

    /// What is logged at `levels` by `body`.
    fn logged(levels: &str, format: LogFormat, body: impl FnOnce()) -> String {
        let lines = Lines::default();
        tracing::subscriber::with_default(subscriber(levels, format, lines.clone()).unwrap(), body);
        lines.text()
    }

    #[test]
    fn other_crates_speak_from_warnings_up_and_the_database_driver_never() {
        let text = logged("trace", LogFormat::Text, || {
            tracing::trace!(target: "vizard_core::scoring", "ours");
            tracing::debug!(target: "sea_orm::query", "theirs-debug");
            tracing::warn!(target: "hyper", "theirs-warn");
            tracing::warn!(target: "sqlx::query", "slow statement");
            let span = tracing::info_span!(target: "sqlx::pool", "connection", statement = "in-a-span");
            span.in_scope(|| tracing::info!(target: "vizard", "inside"));
        });
        for (said, quiet) in [("ours", "theirs-debug"), ("theirs-warn", "slow statement"), ("inside", "in-a-span")] {
            assert!(text.contains(said) && !text.contains(quiet), "{text}");
        }
    }

    #[test]
    fn json_lines_are_json() {
        let text = logged("info", LogFormat::Json, || tracing::info!(target: "vizard", status = 200, "answered"));
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!((&line["message"], &line["status"]), (&"answered".into(), &200.into()));
    }
}
