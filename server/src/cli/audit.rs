//! `vizard audit`: the log's key, an export, and the check of an export on any machine.
//! Never: a check that asks the server; nothing of an installation is needed for it but its public key.

use super::{Context, Failure};
use crate::{
    clock::Clock,
    permit::Permit,
    service::audit::{Lines, public_key},
};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use futures_util::StreamExt as _;
use serde_json::json;
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
};
use vizard_core::{
    access::{Action, Resource},
    audit::{
        base64,
        note::{PublicKey, notes},
        verify::{Check, FindingKind, Report},
    },
    limits,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the public key that auditors check with
    Key,
    /// Write the whole log to a file
    Export(ExportOptions),
    /// Check an exported log, without the server
    #[command(after_help = VERIFY_CODES)]
    Verify(VerifyOptions),
}

const VERIFY_CODES: &str = "\
Exit codes:
   0  whole
   1  the check could not be made; the reason is on standard error
  10  altered: something in the file is not what was written
  11  truncated: the end is missing
  12  forked: the key signed two histories, this one and a remembered one
  13  badly signed: a checkpoint, or all of it, is not of the key
  14  stale: the last checkpoint is older than --max-age
  15  unreadable: it is no export of an audit log
Where several hold, all are printed, and the code is of the first of: unreadable, altered, forked, badly signed, truncated, stale.";

#[derive(Args)]
pub(super) struct ExportOptions {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub(super) struct VerifyOptions {
    /// The exported log
    file: PathBuf,
    /// The log's public key, as vizard audit key prints it, or a file with it
    #[arg(long, value_name = "KEY")]
    key: String,
    /// A file with checkpoints that were kept: one, or all that the server appended; repeat for several files
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// How old the last checkpoint may be; without it, any age will do
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32))]
    max_age: Option<u32>,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Key => {
            let key = public_key(&context.config.audit_key_file)?;
            context.answer(&json!({"key": key}), &key)
        }
        Command::Export(options) => export(context, &options.out).await,
        Command::Verify(options) => tokio::task::block_in_place(|| verify(context, &options)),
    }
}

async fn export(context: &Context, out: &Path) -> Result<(), Failure> {
    let services = context.services().await?;
    let permit = Permit::of_the_operator_bypassing_roles(Resource::AuditLog, Action::Read);
    let file = File::create_new(out).with_context(|| format!("cannot write {}", out.display()))?;
    let lines = services.export_audit_log(&permit).await?;
    let bytes = write(lines, file).await.with_context(|| format!("cannot write {}", out.display()))?;
    context.answer(&json!({"bytes": bytes}), &format!("{bytes} bytes written to {}", out.display()))
}

async fn write(mut lines: Lines, mut file: File) -> anyhow::Result<usize> {
    let mut bytes = 0;
    while let Some(part) = lines.next().await {
        let part = part?;
        bytes += part.len();
        file.write_all(&part)?;
    }
    file.sync_all()?;
    Ok(bytes)
}

fn verify(context: &Context, options: &VerifyOptions) -> Result<(), Failure> {
    let key = public_key_of(&options.key)?;
    let remembered = remembered(&options.checkpoints)?;
    let given = remembered.len();
    let mut check = Check::new(key, &remembered);
    let file = File::open(&options.file).with_context(|| format!("cannot read {}", options.file.display()))?;
    let (mut file, mut line, mut cut) = (BufReader::new(file), Vec::new(), false);
    loop {
        line.clear();
        if (&mut file).take(limits::AUDIT_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        cut = line.pop_if(|last| *last == b'\n').is_none();
        check.line(&line);
    }
    let most = options.max_age.map(|hours| i64::from(hours) * 3_600);
    let report = check.finish(cut, Clock::system().now(), most);
    context.answer(&shown(&report), &sentences(&report, given))?;
    match report.worst {
        None => Ok(()),
        Some(kind) => Err(Failure::NotWhole(code(kind))),
    }
}

/// The key that `--key` gives: itself, or the path of a file with it.
pub(super) fn public_key_of(given: &str) -> anyhow::Result<PublicKey> {
    let key = match std::fs::read_to_string(given) {
        Ok(text) => PublicKey::parse(&text),
        Err(_) => PublicKey::parse(given),
    };
    key.map_err(|error| anyhow::anyhow!("--key: {error}; nor is it a file with one"))
}

/// The notes in files of checkpoints that somebody kept.
pub(super) fn remembered(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut remembered = Vec::new();
    for path in files {
        let mut text = String::new();
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(limits::AUDIT_CHECKPOINT_FILE_BYTES)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        remembered.extend(notes(&text));
    }
    Ok(remembered)
}

const fn code(kind: FindingKind) -> u8 {
    match kind {
        FindingKind::Altered => 10,
        FindingKind::Truncated => 11,
        FindingKind::Forked => 12,
        FindingKind::BadlySigned => 13,
        FindingKind::Stale => 14,
        FindingKind::Unreadable => 15,
    }
}

fn sentences(report: &Report, given: usize) -> String {
    let mut text = format!("{} entries, {} checkpoints of the key", report.entries, report.checkpoints);
    if let Some(newest) = &report.newest {
        text.push_str(&format!(", the last over {} entries at {}", newest.size, newest.at));
    }
    text.push_str(&format!("\n{} reasons are as they were written", report.texts));
    if report.erased > 0 {
        text.push_str(&format!(", {} were erased since: their entries hold without them", report.erased));
    }
    if given > 0 {
        text.push_str(&format!("\ncompared with {} of {given} remembered checkpoints", report.remembered));
    }
    for finding in &report.findings {
        text.push_str(&format!("\n{}: {}", finding.kind, finding.sentence));
    }
    if report.more > 0 {
        text.push_str(&format!("\nand {} more", report.more));
    }
    match (report.to_keep(), report.worst) {
        (Some((size, root)), _) => {
            text.push_str(&format!("\nWHOLE: keep the last checkpoint ({size} entries, root {})", base64(&root)));
        }
        (None, Some(kind)) => text.push_str(&format!("\nNOT WHOLE: {kind}")),
        (None, None) => text.push_str("\nWHOLE"),
    }
    text
}

fn shown(report: &Report) -> serde_json::Value {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| json!({"kind": finding.kind, "line": finding.line, "entry": finding.entry, "sentence": finding.sentence}))
        .collect();
    json!({
        "whole": report.whole(), "worst": report.worst, "entries": report.entries, "checkpoints": report.checkpoints,
        "reasons": report.texts, "erasedReasons": report.erased, "remembered": report.remembered,
        "size": report.newest.as_ref().map(|newest| newest.size), "at": report.newest.as_ref().map(|newest| newest.at.to_string()),
        "findings": findings, "moreFindings": report.more,
    })
}
