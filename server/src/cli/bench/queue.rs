//! `vizard bench queue`: pages of a large queue over HTTP, beside a route that answers with the same bytes without GraphQL.
//! Never: an answer that is measured and not compared with the other's, byte for byte.

mod client;
mod raw;

use super::super::{Context, Failure, tell};
use crate::{
    app::{self, Running},
    auth::{DEVELOPMENT_TOKEN_LIFE, DevSigner, Verifier},
    clock::Clock,
    config::Config,
    ids::Ids,
    service::{Services, bench::Queue, sign_in::Door},
    telemetry::Metrics,
};
use anyhow::{Context as _, ensure};
use clap::Args;
use client::Client;
use indicatif::{ProgressBar, ProgressStyle};
use raw::{Asked, Raw};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write as _,
    io::IsTerminal as _,
    sync::Arc,
    time::{Duration, Instant},
};
use vizard_core::access::Role;

/// How the queue answers at a size of years: a fresh database is filled with alerts, the server is started on it, and an analyst
/// asks for pages of 50 with subject, policy, contributions (each with its insight) and case, by GraphQL over HTTP.
///
/// Beside it a route of the benchmark answers with the very same bytes, from the same calls, without GraphQL; both sign the
/// analyst in with every request. Each order is asked for its first page again and again, and for one page after the other. SQL
/// statements are counted for whole requests, of pages of 10 and of 50, once the server's jobs have stopped to ask.
#[derive(Args)]
pub(in crate::cli) struct Options {
    /// Alerts in the queue; a tenth needs review
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    alerts: u64,
    /// Pages of each order, and as often its first page
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pages: u32,
    /// The seed of what is made
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A fresh database to measure in; it is left filled [default: SQLite, in a temporary folder in the data directory]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Alerts on a page that is measured.
const PAGE: usize = 50;
/// Alerts on a page whose statements are compared with it.
const SMALL_PAGE: usize = 10;
/// Pages of each size whose statements are counted.
const COUNTED_PAGES: u32 = 20;
/// How long nothing may be asked before the jobs are taken to have ended; how often that is looked at, at most.
const QUIET: Duration = Duration::from_millis(500);
const QUIET_LOOKS: u32 = 60;

/// A way to ask for the queue.
struct Variant {
    name: &'static str,
    order: &'static str,
    open: bool,
    total: bool,
}

const VARIANTS: [Variant; 7] = [
    Variant { name: "needs review, newest", order: "RAISED_AT_DESC", open: true, total: false },
    Variant { name: "needs review, by score", order: "SCORE_DESC", open: true, total: false },
    Variant { name: "needs review, by due time", order: "DUE_AT_ASC", open: true, total: false },
    Variant { name: "needs review, counted", order: "RAISED_AT_DESC", open: true, total: true },
    Variant { name: "all, newest", order: "RAISED_AT_DESC", open: false, total: false },
    Variant { name: "all, by score", order: "SCORE_DESC", open: false, total: false },
    Variant { name: "all, by due time", order: "DUE_AT_ASC", open: false, total: false },
];

/// What the benchmark found.
#[derive(Serialize)]
struct Report {
    database: &'static str,
    queue: Queue,
    fill_seconds: f64,
    page: usize,
    measured: Vec<Measured>,
}

/// One variant, at one place.
#[derive(Serialize)]
struct Measured {
    variant: &'static str,
    /// The first page again and again, or one page after the other.
    pages: &'static str,
    requests: usize,
    /// Of one answer, in the middle.
    bytes: usize,
    graphql_p50_ms: f64,
    graphql_p99_ms: f64,
    raw_p50_ms: f64,
    raw_p99_ms: f64,
    /// The middle of the one by the middle of the other.
    ratio: f64,
    /// Of a request for 10 alerts, in the middle.
    statements_10: u64,
    /// Of a request for 50, in the middle.
    statements_50: u64,
}

pub(in crate::cli) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    std::fs::create_dir_all(&context.config.data_dir)?;
    // On the disk of the installation: that is the one that counts.
    let scratch = tempfile::tempdir_in(&context.config.data_dir)?;
    let mut settings = vec![("data_dir", scratch.path().display().to_string()), ("listen", "127.0.0.1:0".to_owned())];
    settings.push(("requests_a_minute", "1000000".to_owned()));
    settings.extend(options.database.iter().map(|url| ("database_url", url.clone())));
    let config = Config::load(None, std::iter::empty(), settings)?;
    if !Services::is_fresh(&config).await? {
        let message = "the database is not empty, and this would fill it with a million alerts that never were: make a new \
                       one for the measurement (createdb, or another file) and name it with --database";
        return Err(Failure::Usage(message.to_owned()));
    }
    let began = Instant::now();
    let queue = fill(&config, &options).await?;
    let fill_seconds = began.elapsed().as_secs_f64();
    tell(&format!("filled in {fill_seconds:.0} s; measuring"));
    let measured = Box::pin(measure(&config, options.pages)).await?;
    let postgres = config.database_url().starts_with("postgres");
    let database = if postgres { "PostgreSQL" } else { "SQLite" };
    let report = Report { database, queue, fill_seconds, page: PAGE, measured };
    context.answer(&report, &report.text())
}

/// Fills the database: a bar on a terminal, a line every two seconds elsewhere.
async fn fill(config: &Config, options: &Options) -> anyhow::Result<Queue> {
    let clock = Clock::system();
    let services = Services::open(config, clock, Ids::seeded(options.seed), Metrics::default()).await?;
    tell(&format!("filling a database with {} alerts", options.alerts));
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} % of {len} alerts  {eta}");
        ProgressBar::new(options.alerts).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    });
    let mut told = Instant::now();
    let mut show = |done: u64| {
        if let Some(bar) = &bar {
            bar.set_position(done);
        } else if told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            tell(&format!("{:>3} %", 100 * done / options.alerts));
        }
    };
    let filled = services.fill_queue(options.alerts, options.seed, &mut show).await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    // What the server does once a day is done before it is measured.
    services.make_norms().await?;
    services.shut_down().await;
    Ok(filled?)
}

/// Starts the product's server and the raw route, and asks both.
async fn measure(config: &Config, pages: u32) -> anyhow::Result<Vec<Measured>> {
    let clock = Clock::system();
    let listener = app::listen(config).await?;
    let services = app::open(config, clock.clone(), Ids::system(clock.clone())).await?;
    let running: Running = app::start(config, listener, services.clone()).await?;
    let signer = DevSigner::open_or_create(&app::development_key(config))?;
    let token = signer.issue("Queue bench", &[Role::Analyst], DEVELOPMENT_TOKEN_LIFE, clock.now())?;
    let door = Door::new(services.clone(), Verifier::new(config, Some(&signer))?, config.requests_a_minute);
    let raw = Raw::start(services.clone(), Arc::new(door)).await?;
    let mut both = Both {
        graphql: Client::connect(running.address, &token).await?,
        raw: Client::connect(raw.address, &token).await?,
        services,
    };
    let mut measured = Vec::new();
    for variant in &VARIANTS {
        for (place, follow) in [("first page", false), ("one after the other", true)] {
            measured.push(both.walk(variant, pages, follow).await?.measured(variant, place));
        }
        tell(&format!("measured: {}", variant.name));
    }
    both.quiet().await?;
    for (variant, measured) in VARIANTS.iter().zip(measured.chunks_mut(2)) {
        let counts = [both.count(variant, SMALL_PAGE).await?, both.count(variant, PAGE).await?];
        for one in measured {
            [one.statements_10, one.statements_50] = counts;
        }
    }
    // Connections first: the servers wait for them.
    drop(both);
    raw.stop().await?;
    running.stop().await?;
    Ok(measured)
}

/// Both ways to the same pages.
struct Both {
    graphql: Client,
    raw: Client,
    services: Services,
}

/// What became of some pages.
#[derive(Default)]
struct Walk {
    graphql: Vec<Duration>,
    raw: Vec<Duration>,
    bytes: Vec<usize>,
}

impl Both {
    /// Asks for pages, each both ways and whoever was second first; `follow` goes on where the page before ended, from the
    /// beginning where that was the last.
    async fn walk(&mut self, variant: &Variant, pages: u32, follow: bool) -> anyhow::Result<Walk> {
        let mut asked = variant.asked(PAGE);
        let mut walk = Walk::default();
        // What nobody has asked for yet is not in memory: the first answers are nobody's measure.
        self.graphql(&asked).await?;
        self.raw(&asked).await?;
        for page in 0..pages {
            let ((body, graphql), (other, raw)) = if page % 2 == 0 {
                let first = self.graphql(&asked).await?;
                (first, self.raw(&asked).await?)
            } else {
                let first = self.raw(&asked).await?;
                (self.graphql(&asked).await?, first)
            };
            if body != other {
                let at = body.iter().zip(&other).take_while(|(one, other)| one == other).count();
                anyhow::bail!("{}: the answers differ from byte {at} on", variant.name);
            }
            walk.graphql.push(graphql);
            walk.raw.push(raw);
            walk.bytes.push(body.len());
            let next = next(&body, &asked)?;
            asked.after = next.filter(|_| follow);
        }
        Ok(walk)
    }

    /// Statements of a request for a page of `first` alerts, in the middle.
    async fn count(&mut self, variant: &Variant, first: usize) -> anyhow::Result<u64> {
        let mut asked = variant.asked(first);
        let mut statements = Vec::new();
        for _ in 0..COUNTED_PAGES {
            let before = self.services.statements_run();
            let (body, _) = self.graphql(&asked).await?;
            statements.push(self.services.statements_run().saturating_sub(before));
            asked.after = next(&body, &asked)?;
        }
        Ok(middle(&statements))
    }

    /// Ends the server's jobs, which ask the database several times a second; its doors stay open.
    async fn quiet(&self) -> anyhow::Result<()> {
        self.services.stop().cancel();
        for _ in 0..QUIET_LOOKS {
            let before = self.services.statements_run();
            tokio::time::sleep(QUIET).await;
            if self.services.statements_run() == before {
                return Ok(());
            }
        }
        anyhow::bail!("the server's jobs do not end: statements cannot be counted")
    }

    async fn graphql(&mut self, asked: &Asked) -> anyhow::Result<(Vec<u8>, Duration)> {
        let filter = if asked.open { serde_json::json!({"status": ["NEEDS_REVIEW"]}) } else { serde_json::Value::Null };
        let variables = serde_json::json!({"first": asked.first, "after": asked.after, "filter": filter, "orderBy": asked.order_by});
        let body = serde_json::json!({"query": raw::document(asked.total), "variables": variables});
        self.graphql.post("/graphql", &serde_json::to_vec(&body)?).await
    }

    async fn raw(&mut self, asked: &Asked) -> anyhow::Result<(Vec<u8>, Duration)> {
        self.raw.get(&asked.path()).await
    }
}

impl Variant {
    /// Its first page.
    fn asked(&self, first: usize) -> Asked {
        Asked { first, after: None, open: self.open, order_by: self.order.to_owned(), total: self.total }
    }
}

/// Where the next page begins; nowhere after the last. A page that is not full and not the last is no answer.
fn next(body: &[u8], asked: &Asked) -> anyhow::Result<Option<String>> {
    let answer: Answer = serde_json::from_slice(body).context("an answer without alerts")?;
    let Alerts { nodes, page_info } = answer.data.alerts;
    ensure!(nodes.len() == asked.first || !page_info.has_next_page, "a page of {} alerts", nodes.len());
    Ok(page_info.end_cursor.filter(|_| page_info.has_next_page))
}

/// What is read of an answer.
#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    alerts: Alerts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alerts {
    nodes: Vec<serde::de::IgnoredAny>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl Walk {
    fn measured(&self, variant: &Variant, pages: &'static str) -> Measured {
        let (graphql, raw) = (milliseconds(&self.graphql), milliseconds(&self.raw));
        let (graphql_p50_ms, raw_p50_ms) = (nearest_rank(&graphql, 50), nearest_rank(&raw, 50));
        Measured {
            variant: variant.name,
            pages,
            requests: graphql.len(),
            bytes: middle(&self.bytes),
            graphql_p50_ms,
            graphql_p99_ms: nearest_rank(&graphql, 99),
            raw_p50_ms,
            raw_p99_ms: nearest_rank(&raw, 99),
            ratio: if raw_p50_ms > 0.0 { graphql_p50_ms / raw_p50_ms } else { 0.0 },
            statements_10: 0,
            statements_50: 0,
        }
    }
}

/// In order.
fn milliseconds(times: &[Duration]) -> Vec<f64> {
    let mut all: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The smallest value that `percent` of all do not exceed; 0 of nothing. `values` are in order.
fn nearest_rank<T: Copy + Default>(values: &[T], percent: usize) -> T {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or_default()
}

fn middle<T: Copy + Default + Ord>(values: &[T]) -> T {
    let mut values = values.to_vec();
    values.sort_unstable();
    nearest_rank(&values, 50)
}

impl Report {
    fn text(&self) -> String {
        let Queue { alerts, open, insights, subjects, cases, policies } = self.queue;
        let mut text = format!(
            "{alerts} alerts ({open} need review) with {insights} insights of {policies} policies, about {subjects} subjects, \
             and {cases} cases: {}, filled in {:.0} s\npages of {}, both ways the same bytes; times in ms\n\n{:<27}{:<20}\
             {:>9}{:>9}{:>9}{:>9}{:>7}{:>7}  statements",
            self.database, self.fill_seconds, self.page, "", "", "GraphQL", "", "raw", "", "", ""
        );
        let mut line = |cells: std::fmt::Arguments<'_>| {
            text.push('\n');
            // Writing to a text does not fail.
            let _ = text.write_fmt(cells);
        };
        line(format_args!(
            "{:<27}{:<20}{:>9}{:>9}{:>9}{:>9}{:>7}{:>7}  of 10, of 50",
            "", "pages", "p50", "p99", "p50", "p99", "ratio", "KiB"
        ));
        for one in &self.measured {
            line(format_args!(
                "{:<27}{:<20}{:>9.2}{:>9.2}{:>9.2}{:>9.2}{:>7.2}{:>7}  {:>5}{:>7}",
                one.variant,
                one.pages,
                one.graphql_p50_ms,
                one.graphql_p99_ms,
                one.raw_p50_ms,
                one.raw_p99_ms,
                one.ratio,
                one.bytes / 1_024,
                one.statements_10,
                one.statements_50,
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((nearest_rank(&values, 50), nearest_rank(&values, 99)), (100, 198));
        assert_eq!((nearest_rank(&[7u64], 50), nearest_rank(&[7u64], 99)), (7, 7));
        assert_eq!(nearest_rank::<u64>(&[], 99), 0);
        assert_eq!(middle(&[9u64, 1, 5]), 5);
    }
}
