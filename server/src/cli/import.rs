//! `vizard import`: files through a connector, with progress.
//! Never: the name of a file in a log line; progress is for the terminal alone.

use super::{Context, Failure, serve, tell};
use crate::{
    permit::Permit,
    service::{
        Services,
        ingest::{Imported, Progress},
    },
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use vizard_core::{
    access::{Action, Resource},
    ids::ConnectorId,
};

#[derive(Args)]
pub(super) struct Options {
    /// The connector's name
    #[arg(long, value_name = "NAME")]
    connector: String,
    /// Which of the plugin's feeds the files hold; a plugin with one feed needs none
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Read the files only; a running server scores them
    #[arg(long)]
    no_scoring: bool,
    /// The files, gzip or not
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    let services = context.services().await?;
    serve::stop_when_told(&services);
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
    let connector = services.connector_to_import(&permit, &options.connector).await.map_err(|error| {
        anyhow::anyhow!(
            "the connector `{}`: {error}. `createConnector` makes one; `vizard demo` shows how",
            options.connector
        )
    })?;
    let mut rejected = 0;
    for path in &options.files {
        let imported = with_progress(&services, &permit, connector, options.feed.as_deref(), path).await?;
        rejected += imported.counts.rejected;
        let counts = imported.counts;
        let text = format!(
            "{}: {} records: {} accepted, {} duplicates, {} rejected, {} ignored, {} dropped outside coverage ({})",
            path.display(),
            counts.read,
            counts.accepted,
            counts.duplicates,
            counts.rejected,
            counts.ignored,
            counts.uncovered,
            imported.run
        );
        context.answer(&imported, &text)?;
    }
    if !options.no_scoring {
        score(&services).await?;
    }
    services.shut_down().await;
    if rejected > 0 { Err(Failure::SomeRejected) } else { Ok(()) }
}

/// Scores everything that waits, and says how long that took.
pub(super) async fn score(services: &Services) -> Result<(), Failure> {
    let began = Instant::now();
    let scored = services.score_all().await?;
    tell(&format!("scored {scored} subjects in {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}

/// Reads one file: a bar on a terminal, a line every two seconds elsewhere.
pub(super) async fn with_progress(
    services: &Services,
    permit: &Permit,
    connector: ConnectorId,
    feed: Option<&str>,
    path: &Path,
) -> Result<Imported, Failure> {
    let size = path.metadata().map_or(0, |file| file.len());
    let bar = std::io::stderr().is_terminal().then(|| bar(size, path));
    let (began, mut told) = (Instant::now(), Instant::now());
    let mut show = |progress: Progress| {
        let counts = progress.counts;
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let rate = counts.read as f64 / began.elapsed().as_secs_f64().max(0.001);
        let line = format!(
            "{} records, {rate:.0}/s, {} duplicates, {} rejected",
            counts.read, counts.duplicates, counts.rejected
        );
        if let Some(bar) = &bar {
            bar.set_position(progress.file_bytes);
            bar.set_message(line);
        } else if told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            let percent = (100 * progress.file_bytes).checked_div(size).unwrap_or(100);
            tell(&format!("{percent:>3} %  {line}"));
        }
    };
    let imported = services.import(permit, connector, feed, path, &mut show).await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(imported?)
}

fn bar(size: u64, path: &Path) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = "{prefix} {bar:30} {percent:>3} % of {total_bytes}  {msg}  {eta}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    bar
}
