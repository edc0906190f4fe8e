//! `vizard subject`: what is kept of a person, written to a file for that person.
//! Never: the data or the account on standard output or in a message; a file that others can read, or one overwritten.

use super::{Context, Failure};
use crate::{error::ServiceError, permit::Permit};
use anyhow::Context as _;
use clap::Subcommand;
use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf};
use vizard_core::access::{Action, Resource};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write everything that is kept of a person, other people's names covered, as JSON
    Export {
        /// An address or a sign-in name of the person
        #[arg(long)]
        account: String,
        /// Why; kept in the audit log, so leave names out
        #[arg(long)]
        reason: String,
        /// Where to; must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Tell of cases that are worked on, too
        #[arg(long)]
        with_active_cases: bool,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let Command::Export { account, reason, out, with_active_cases } = command;
    let services = context.services().await?;
    // Before anything is opened: where it cannot be written, nothing is read.
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&out)
        .with_context(|| format!("cannot create {}", out.display()))?;
    let permit = Permit::of_the_operator_bypassing_roles(Resource::OwnData, Action::Read);
    let told = match services.own_data(&permit, &account, &reason, with_active_cases).await {
        Ok(told) => told,
        Err(error) => {
            let _ = std::fs::remove_file(&out);
            return Err(said(error));
        }
    };
    serde_json::to_writer_pretty(&mut file, &told)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let events = told["events"].as_array().map_or(0, Vec::len);
    let value = serde_json::json!({"file": out, "events": events});
    context.answer(&value, &format!("written to {}", out.display()))
}

fn said(error: ServiceError) -> Failure {
    match error {
        ServiceError::Invalid(problems) => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::Usage(lines.join("; "))
        }
        other => other.into(),
    }
}
