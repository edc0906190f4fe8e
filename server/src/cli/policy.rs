//! `vizard policy`: all policies as one file, and a file made true.
//! Never: an account in a file, or a change where anything is wrong.

use super::{Context, Failure};
use crate::{
    error::ServiceError,
    permit::Permit,
    service::{Services, policy_file::Difference},
};
use anyhow::Context as _;
use clap::Subcommand;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};
use vizard_core::{
    access::{Action, Resource},
    limits,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write all policies and the enabled indicators as one TOML file
    Export {
        /// Where to; left out: standard output
        file: Option<PathBuf>,
    },
    /// Make the installation say what a file says: all of it or, where anything is wrong, nothing
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Only print what would change; the exit code is 2 where something would
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let services = context.services().await?;
    match command {
        Command::Export { file } => export(context, &services, file.as_deref()).await,
        Command::Import { file, dry_run } => import(context, &services, &file, dry_run).await,
    }
}

async fn export(context: &Context, services: &Services, file: Option<&Path>) -> Result<(), Failure> {
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Policies, Action::Read);
    let text = services.export_policies(&permit).await?;
    match file {
        None => context.say(text.trim_end()),
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
            let value = serde_json::json!({"file": file});
            context.answer(&value, &format!("written to {}", file.display()))
        }
    }
}

async fn import(context: &Context, services: &Services, file: &Path, dry_run: bool) -> Result<(), Failure> {
    let text = read(file)?;
    let change = |resource| Permit::of_the_operator_bypassing_roles(resource, Action::Change);
    let permits = [&change(Resource::Policies), &change(Resource::Indicators), &change(Resource::Settings)];
    let difference = services.import_policies(permits, &text, dry_run).await.map_err(said)?;
    context.answer(&difference, &told(&difference, dry_run))?;
    if dry_run && !difference.is_empty() { Err(Failure::WouldChange) } else { Ok(()) }
}

/// Each problem on a line of its own.
fn said(error: ServiceError) -> Failure {
    match error {
        ServiceError::Invalid(problems) => {
            let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            Failure::Failed(anyhow::anyhow!("nothing was imported:{}", lines.concat()))
        }
        other => other.into(),
    }
}

fn told(difference: &Difference, dry_run: bool) -> String {
    let Difference { lines, created, changed, unchanged, left, indicators, settings } = difference;
    let kept = format!("{unchanged} policies as in the file, {left} not in it and left as they are");
    if lines.is_empty() {
        return format!("no changes: {kept}");
    }
    let done = if dry_run { "would be" } else { "were" };
    let set = if *settings { ", the settings changed" } else { "" };
    format!(
        "{}\n{created} policies {done} created, {changed} changed, {indicators} indicators switched{set}; {kept}",
        lines.join("\n")
    )
}

fn read(file: &Path) -> Result<String, Failure> {
    // One byte more than allowed, so that the service notices.
    let most = limits::POLICY_FILE_BYTES as u64 + 1;
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().take(most).read_to_string(&mut text)?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        opened.take(most).read_to_string(&mut text).with_context(|| format!("cannot read {}", file.display()))?;
    }
    Ok(text)
}
