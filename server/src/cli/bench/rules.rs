//! `vizard bench rules`: an installation's own rules over a file of events.
//! Never: a database.

use super::super::{Context, Failure, tell};
use clap::Args;
use std::path::PathBuf;
use vizard_detect::rules;

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// The rules: docs/rules.md says what may stand in it
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// The events, one JSON object a line, in order of time; may end in .gz
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Make the file of events first, with that many of them
    #[arg(long, value_name = "EVENTS", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    generate: Option<u64>,
    /// Score every account beside the rules, on every day, with baselines and under all templates
    #[arg(long)]
    scored: bool,
    /// The seed of what is made
    #[arg(long, default_value_t = 1, requires = "generate")]
    seed: u64,
}

pub(in crate::cli) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    let report = tokio::task::spawn_blocking(move || -> anyhow::Result<rules::Report> {
        let file = rules::read(&options.rules)?;
        if let Some(events) = options.generate {
            tell(&format!("making {events} events"));
            rules::generate(&options.events, events, options.seed)?;
        }
        rules::run(&file, &options.events, options.scored)
    });
    let report = report.await.map_err(anyhow::Error::from)??;
    let matches: serde_json::Map<String, serde_json::Value> =
        report.matches.iter().map(|(rule, count)| (rule.clone(), (*count).into())).collect();
    let json = serde_json::json!({
        "matches": matches, "events": report.events, "late": report.late, "bad": report.bad.0, "seconds": report.seconds, "scored_days": report.scored.map(|(days, _)| days),
        "alerts": report.scored.map(|(_, alerts)| alerts),
    });
    context.answer(&json, &report.to_string())
}
