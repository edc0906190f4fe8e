//! `vizard bench ingest`: what the path from a file to scored events costs on this machine.
//! Never: touches the installation; it measures in folders of its own, which it removes.

use super::super::{Context, Failure, plugin, tell};
use crate::{config::Config, service::bench};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// Microsoft 365 audit records to read: demo/generate.py --records 1000000 --people 2000 --out FILE.jsonl.gz makes
    /// some
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The m365 plugin file [default: built from source]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Domains that the file's people are at
    #[arg(long, default_value = "halden-optics.example", value_name = "DOMAIN")]
    domain: Vec<String>,
    /// An empty PostgreSQL database to measure in, and another for the bare inserts [default: SQLite]
    #[arg(long, num_args = 2, value_names = ["URL", "URL"])]
    databases: Option<Vec<String>>,
}

pub(in crate::cli) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    let component = match &options.plugin {
        Some(file) => file.clone(),
        None => plugin::build(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/m365"), None).await?.path,
    };
    let component = std::fs::read(component)?;
    std::fs::create_dir_all(&context.config.data_dir)?;
    // On the disk of the installation: that is the one that counts.
    let scratch = tempfile::tempdir_in(&context.config.data_dir)?;
    let config = |at: usize, name: &str| -> Result<Config, Failure> {
        let mut settings = vec![("data_dir", scratch.path().join(name).display().to_string())];
        if let Some(url) = options.databases.as_ref().and_then(|urls| urls.get(at)) {
            settings.push(("database_url", url.clone()));
        }
        Ok(Config::load(None, std::iter::empty(), settings)?)
    };
    tell("measuring: import, scoring, then the same rows as bare inserts");
    let connector = serde_json::json!({"internal_domains": options.domain}).to_string();
    let measured =
        bench::measure(&config(0, "path")?, &config(1, "bare")?, component, &connector, &options.file).await?;
    let text = format!(
        "{} records became {} events\n\
         import   {:.1} s ({:.0} records/s)\n\
         scoring  {:.1} s ({} subjects)\n\
         path     {:.0} events/s, import and scoring together\n\
         bare     {:.0} events/s, the same rows in the same batches ({:.1} s)\n\
         ratio    {:.2}\n\
         memory   {} MiB at most",
        measured.counts.read,
        measured.events,
        measured.ingest_seconds,
        measured.records_per_second,
        measured.scoring_seconds,
        measured.scored_subjects,
        measured.path_events_per_second,
        measured.bare_events_per_second,
        measured.bare_seconds,
        measured.ratio,
        measured.peak_memory_mib.map_or_else(|| "?".to_owned(), |mib| mib.to_string()),
    );
    context.answer(&measured, &text)
}
