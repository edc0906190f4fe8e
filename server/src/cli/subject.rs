//! `vizard subject`: what is kept of a person, written to a file for that person; and accounts that are one person's.
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
    /// Make whoever has one account the same person as whoever has another
    Merge {
        /// An account of the one that becomes a part of the other: an address, a sign-in name, or scheme:value
        /// (employee-id:4711, sid:S-1-5-21-…)
        #[arg(long)]
        account: String,
        /// An account of the one that is kept
        #[arg(long)]
        same_as: String,
        /// How it is known that they are one person; kept in the audit log, so leave names out
        #[arg(long)]
        reason: String,
    },
    /// Take an account off the person it was merged into
    Split {
        /// An account of the part that is split off
        #[arg(long)]
        account: String,
        /// How it is known that they are two people; kept in the audit log, so leave names out
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let services = context.services().await?;
    let merges = || Permit::of_the_operator_bypassing_roles(Resource::Merges, Action::Change);
    let (account, reason, out, with_active_cases) = match command {
        Command::Export { account, reason, out, with_active_cases } => (account, reason, out, with_active_cases),
        Command::Merge { account, same_as, reason } => {
            services.merge_accounts(&merges(), [&account, &same_as], &reason).await.map_err(said)?;
            return context
                .answer(&serde_json::json!({"merged": true}), "merged; `vizard subject split` takes it back");
        }
        Command::Split { account, reason } => {
            services.split_account(&merges(), &account, &reason).await.map_err(said)?;
            return context.answer(&serde_json::json!({"split": true}), "split off");
        }
    };
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
