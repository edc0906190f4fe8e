//! `vizard bench detect`: generated companies, or files of labelled activity from elsewhere.
//! Never: a database; the core alone, as the server runs it.

use super::super::{Context, Failure, tell};
use clap::Args;
use std::path::PathBuf;
use vizard_detect::{
    bench::{self, Size},
    files::{self, Events, People},
};

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// Companies to generate, by seed: 26-45 or 7 [seeds 1-5 were tuned on]
    #[arg(long, default_value = "26-45", value_name = "SEEDS", value_parser = seeds)]
    seeds: Seeds,
    /// People in a company
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(20..=20_000))]
    subjects: u32,
    /// Days that are told
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(i32).range(90..=730))]
    days: i32,
    /// Tell only events of these indicators, for example LOGON,LOGOFF,EMAIL_SENT
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    only: Vec<String>,
    /// Leave the rivals out (threshold rule, z-score, isolation forest)
    #[arg(long)]
    no_rivals: bool,
    /// Write the first company as events.csv.gz, people.csv and labels.csv into this folder, and measure nothing
    #[arg(long, value_name = "FOLDER", conflicts_with = "events")]
    write: Option<PathBuf>,
    /// Score this file instead: source_event_id,occurred_at,account,indicator,quantity,object,destination,device,facts
    #[arg(long, value_name = "FILE", requires_all = ["people", "scores"])]
    events: Option<PathBuf>,
    /// Its people: account,from,to,department,title,manager_account,usual_device
    #[arg(long, value_name = "FILE", requires = "events")]
    people: Option<PathBuf>,
    /// Its cases: account,scenario,first_act,last_act
    #[arg(long, value_name = "FILE", requires = "events")]
    labels: Option<PathBuf>,
    /// Where each account's risk at the end of each day is written: date,account,score
    #[arg(long, value_name = "FILE", requires = "events")]
    scores: Option<PathBuf>,
}

#[derive(Clone)]
struct Seeds(Vec<u64>);

fn seeds(text: &str) -> Result<Seeds, String> {
    let number =
        |text: &str| text.trim().parse::<u64>().map_err(|_| "write a seed, or two with a dash: 26-45".to_owned());
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > last || last - first >= 200 {
        return Err("from the smaller to the larger, at most 200".to_owned());
    }
    Ok(Seeds((first..=last).collect()))
}

pub(in crate::cli) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    // It computes for minutes: not on a thread that serves others.
    let report = tokio::task::spawn_blocking(move || measure(options)).await.map_err(anyhow::Error::from)??;
    context.answer(&serde_json::json!({"report": report}), &report)
}

fn measure(options: Options) -> anyhow::Result<String> {
    if let Err(code) = bench::known(&options.only) {
        anyhow::bail!("the catalogue has no indicator {code}");
    }
    let size = Size { subjects: options.subjects, days: options.days };
    if let Some(folder) = &options.write {
        let company = vizard_detect::company::Company::new(options.seeds.0.first().copied().unwrap_or(6), size);
        let rows = company.write(folder)?;
        return Ok(format!("{rows} events, {} cases: in {}", company.labels().len(), folder.display()));
    }
    if let (Some(events), Some(people), Some(scores)) = (&options.events, &options.people, &options.scores) {
        let labels = options.labels.as_deref().map(files::labels).transpose()?;
        tell("reading the events");
        let (events, people) = (Events::read(events)?, People::read(people)?);
        tell(&format!("events: {}", events.counts()));
        return Ok(bench::score(events, &people, labels.as_deref(), scores)?.to_string());
    }
    let seeds = options.seeds.0;
    tell(&format!("{} companies of {} people and {} days", seeds.len(), size.subjects, size.days));
    let options = bench::Options { seeds, size, rivals: !options.no_rivals, only: options.only };
    Ok(bench::run(&options, &|seed| tell(&format!("company {seed} is done")))?.to_string())
}
