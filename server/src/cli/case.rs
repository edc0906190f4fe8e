//! `vizard case`: the check of an exported case on any machine.
//! Never: a check that asks the server; nothing of an installation is needed for it but its public key.

use super::{
    Context, Failure,
    audit::{public_key_of, remembered},
};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use std::{fs::File, io::Read as _, path::PathBuf};
use vizard_core::{
    export::check::{Check, FlawKind, Verdict},
    limits,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check an exported case, without the server
    #[command(after_help = VERIFY_CODES)]
    Verify(VerifyOptions),
}

const VERIFY_CODES: &str = "\
Exit codes:
   0  whole: every file is as it was sealed, the seal is the key's, and the audit log's entries are proved
   1  the check could not be made; the reason is on standard error
  20  altered: a file, or the container, is not what was sealed
  21  missing or added: a file of the package is not there, or there is one more
  22  badly signed: the package is not sealed by the key
  23  custody not proved: an entry of the audit log in it is not in the signed log
  24  no package: it is something else
  25  unvouched: whole, but sealed by a key that only the package itself names; give --key or --checkpoint
Where several hold, all are printed, and the code is of the first of: no package, altered, missing or added, badly signed,
custody not proved, unvouched.";

#[derive(Args)]
pub(super) struct VerifyOptions {
    /// The exported case
    file: PathBuf,
    /// The public key of the installation's audit log, as vizard audit key prints it, or a file with it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A file with checkpoints of the audit log that were kept: the package must be of the key that signed one of them;
    /// repeat for several files
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
}

pub(super) fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    let Command::Verify(options) = command;
    tokio::task::block_in_place(|| verify(context, options))
}

fn verify(context: &Context, options: &VerifyOptions) -> Result<(), Failure> {
    let key = options.key.as_deref().map(public_key_of).transpose()?;
    let mut check = Check::new(key, remembered(&options.checkpoints)?);
    let cannot = || format!("cannot read {}", options.file.display());
    let mut file = File::open(&options.file).with_context(cannot)?;
    let mut part = vec![0; limits::EXPORT_PIECE_BYTES];
    loop {
        let read = file.read(&mut part).with_context(cannot)?;
        if read == 0 {
            break;
        }
        check.feed(&part[..read]);
    }
    let verdict = check.finish();
    context.answer(&shown(&verdict), &sentences(&verdict))?;
    match verdict.worst {
        Some(kind) => Err(Failure::NotWhole(code(kind))),
        None if verdict.vouched => Ok(()),
        None => Err(Failure::NotWhole(UNVOUCHED)),
    }
}

const UNVOUCHED: u8 = 25;

const fn code(kind: FlawKind) -> u8 {
    match kind {
        FlawKind::Altered => 20,
        FlawKind::Incomplete => 21,
        FlawKind::BadlySigned => 22,
        FlawKind::Unproved => 23,
        FlawKind::NoPackage => 24,
    }
}

fn sentences(verdict: &Verdict) -> String {
    let mut text = String::new();
    if let Some(manifest) = &verdict.manifest {
        let case = &manifest.case;
        text.push_str(&format!("{} about {}, exported {}", case.id, case.pseudonym, manifest.exported_at));
        text.push_str(&format!(
            "\n{} files, {} entries of the audit log, {} bytes, SHA-256 {}\n",
            manifest.files.len() + 2,
            verdict.custody,
            verdict.bytes,
            verdict.sha256
        ));
    }
    for flaw in &verdict.flaws {
        text.push_str(&format!("{}: {}\n", flaw.kind, flaw.sentence));
    }
    if verdict.more > 0 {
        text.push_str(&format!("and {} more\n", verdict.more));
    }
    match verdict.worst {
        Some(kind) => text.push_str(&format!("NOT WHOLE: {kind}")),
        None if verdict.vouched => text.push_str("WHOLE: as it was sealed, and sealed by the key"),
        None => text.push_str("UNVOUCHED: whole for the key that the package itself names; give --key or --checkpoint"),
    }
    text
}

fn shown(verdict: &Verdict) -> serde_json::Value {
    let flaws: Vec<_> = verdict
        .flaws
        .iter()
        .map(|flaw| json!({"kind": flaw.kind, "file": flaw.file, "sentence": flaw.sentence}))
        .collect();
    json!({
        "whole": verdict.worst.is_none() && verdict.vouched, "worst": verdict.worst, "vouched": verdict.vouched,
        "bytes": verdict.bytes, "sha256": verdict.sha256, "custody": verdict.custody, "manifest": verdict.manifest,
        "flaws": flaws, "moreFlaws": verdict.more,
    })
}
