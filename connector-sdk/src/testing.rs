//! Tests of a connector without WebAssembly and without a server: a folder of samples, each with what must come out.
//!
//! [`samples`] runs every `samples/*.raw` and compares with the `.snap` beside it. Configuration: `NAME.json` beside
//! `NAME.raw`, else `samples/config.json`, else `{}`. Feed: the only one, or the one whose name the file name starts
//! with. `VIZARD_BLESS=1 cargo test` writes the `.snap` files; read the diff before you commit it.
//! Never: part of a plugin.
#![allow(clippy::panic, clippy::expect_used, reason = "a failed test panics")]

mod cut;
mod render;

use crate::{Batch, CallContext, Connector, Failure, Feed, Outcome};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub use cut::cut;
pub use render::render;

/// Set, it makes [`samples`] write what came out instead of comparing.
pub const BLESS: &str = "VIZARD_BLESS";

/// When the batch of a test was received: 2026-09-21T14:13:20Z.
pub const RECEIVED_AT: i64 = 1_790_000_000_000_000;

/// The context of a test: zone UTC, received at [`RECEIVED_AT`].
#[must_use]
pub fn context(config: &str) -> CallContext {
    CallContext {
        installation: "test".into(),
        config: config.into(),
        received_at: RECEIVED_AT,
        default_zone: "UTC".into(),
    }
}

/// Cuts `raw` as the host would and normalises it as one batch.
pub fn run<C: Connector>(config: &str, feed: &str, raw: &[u8]) -> Result<Outcome, Failure> {
    let feed = C::DESCRIPTOR.feed(feed).unwrap_or_else(|| panic!("the descriptor has no feed {feed:?}"));
    crate::normalise::<C>(&context(config), &cut(feed, raw))
}

/// Asks a connector for one page, with `vendor` in the place of the network. Requests hold the names of secrets, as the host
/// gets them.
#[cfg(feature = "pull")]
pub fn pull<C: crate::pull::Pull>(
    config: &str,
    asked: &crate::pull::Asked<'_>,
    vendor: &mut dyn FnMut(&http::Request) -> Result<http::Response, http::HttpError>,
) -> Result<crate::pull::Page, Failure> {
    crate::pull::page::<C>(&context(config), asked, vendor)
}

/// What goes over the wire between a connector that pulls and the host.
#[cfg(feature = "pull")]
pub use crate::bindings::vizard::connector::http;

/// Everything a connector is tested for with one call: the descriptor agrees with itself and with `plugin.toml`, every
/// sample gives what its `.snap` says, twice the same, and the same when the batch is cut in two.
///
/// # Panics
/// When anything differs, with a diff and what to do.
pub fn samples<C: Connector>() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("run by `cargo test`"));
    manifest::<C>(&root.join("plugin.toml"));
    let folder = root.join("samples");
    let mut raws: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "raw"))
        .collect();
    raws.sort();
    assert!(!raws.is_empty(), "{}: no *.raw: give the connector something to understand", folder.display());
    let failed: Vec<String> = raws.iter().filter_map(|raw| sample::<C>(raw).err()).collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// The descriptor against itself and against the manifest.
///
/// # Panics
/// When they disagree.
pub fn manifest<C: Connector>(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let said = |key: &str| manifest.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let descriptor = C::DESCRIPTOR;
    assert_eq!(said("id"), descriptor.id, "`id` of {} and of the descriptor", path.display());
    assert_eq!(said("version"), descriptor.version, "`version` of {} and of the descriptor", path.display());
    let speaks = crate::INTERFACE_VERSION.rsplit_once('.').map_or("", |(minor, _)| minor);
    assert_eq!(said("sdk"), speaks, "`sdk` of {} and the SDK it is built with", path.display());
    let schema: Result<serde_json::Value, _> = serde_json::from_str(descriptor.config_schema);
    assert!(schema.is_ok_and(|schema| schema.is_object()), "the configuration schema is not a JSON object");
    assert!(!descriptor.feeds.is_empty() && !descriptor.kinds.is_empty(), "a connector has feeds and kinds");
}

fn sample<C: Connector>(raw_path: &Path) -> Result<(), String> {
    let name = raw_path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
    let feed = feed_of::<C>(name)?;
    let config = config_of(raw_path);
    let raw = std::fs::read(raw_path).map_err(|error| format!("{name}: {error}"))?;
    let batch = cut(feed, &raw);
    let context = context(&config);
    let whole = crate::normalise::<C>(&context, &batch);

    if crate::normalise::<C>(&context, &batch) != whole {
        return Err(format!("{name}: the same batch twice gave two different outcomes"));
    }
    if let Ok(outcome) = &whole {
        render::accounted(&batch, outcome).map_err(|error| format!("{name}: {error}"))?;
        render::declared(&C::DESCRIPTOR, outcome).map_err(|error| format!("{name}: {error}"))?;
        if halves::<C>(&context, &batch).as_ref() != Ok(outcome) {
            return Err(format!("{name}: the batch cut in two gave another outcome than the whole"));
        }
    }
    compare(name, &raw_path.with_extension("snap"), &render(&whole))
}

/// The feed of the sample with this file name: the only one, or the one whose name the file name starts with; of several
/// the longest.
pub fn feed_of<C: Connector>(name: &str) -> Result<&'static Feed, String> {
    match C::DESCRIPTOR.feeds {
        [only] => Ok(only),
        feeds => feeds
            .iter()
            .filter(|feed| name.starts_with(feed.name))
            .max_by_key(|feed| feed.name.len())
            .ok_or_else(|| format!("{name}: begin the file name with the name of its feed")),
    }
}

/// The configuration of the sample at `raw`: `NAME.json` beside it, else `config.json`, else `{}`.
#[must_use]
pub fn config_of(raw: &Path) -> String {
    [raw.with_extension("json"), raw.with_file_name("config.json")]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_else(|| "{}".into())
}

/// The outcome of the batch cut in two, put together again.
fn halves<C: Connector>(context: &CallContext, batch: &Batch) -> Result<Outcome, Failure> {
    let (first, second) = batch.records.split_at(batch.records.len() / 2);
    let mut sum = Outcome { events: vec![], rejects: vec![], ignored: vec![] };
    for records in [first, second] {
        let part = Batch { records: records.to_vec(), ..batch.clone() };
        let outcome = crate::normalise::<C>(context, &part)?;
        sum.events.extend(outcome.events);
        sum.rejects.extend(outcome.rejects);
        for (why, count) in outcome.ignored {
            match sum.ignored.iter_mut().find(|(known, _)| *known == why) {
                Some((_, total)) => *total += count,
                None => sum.ignored.push((why, count)),
            }
        }
    }
    sum.ignored.sort();
    Ok(sum)
}

fn compare(name: &str, snap: &Path, got: &str) -> Result<(), String> {
    if std::env::var_os(BLESS).is_some() {
        return std::fs::write(snap, got).map_err(|error| format!("{}: {error}", snap.display()));
    }
    let want = std::fs::read_to_string(snap).unwrap_or_default().replace("\r\n", "\n");
    if want == got {
        return Ok(());
    }
    let mut report = format!("{name}: not what {} says (- expected, + came out):\n", snap.display());
    for line in diff(&want, got) {
        let _ = writeln!(report, "  {line}");
    }
    let _ = write!(report, "If this is what you want: {BLESS}=1 cargo test, and read the change before you commit it.");
    Err(report)
}

/// The differing middle of two texts, with a line of context around it.
fn diff(want: &str, got: &str) -> Vec<String> {
    let (want, got): (Vec<_>, Vec<_>) = (want.lines().collect(), got.lines().collect());
    let same = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let most = want.len().min(got.len()) - same;
    let tail = want.iter().rev().zip(got.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let context = |at: usize| got.get(at).map(|line| format!("  {line}"));
    let mut lines: Vec<String> = same.checked_sub(1).and_then(context).into_iter().collect();
    lines.insert(0, format!("@ line {}", same + 1));
    lines.extend(want[same..want.len() - tail].iter().map(|line| format!("- {line}")));
    lines.extend(got[same..got.len() - tail].iter().map(|line| format!("+ {line}")));
    lines.extend(context(got.len() - tail));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_only_what_changed() {
        assert_eq!(diff("a\nb\nc\nd\n", "a\nb\nX\nd\n"), ["@ line 3", "  b", "- c", "+ X", "  d"]);
        assert_eq!(diff("", "a\n"), ["@ line 1", "+ a"]);
        assert_eq!(diff("a\na\n", "a\n"), ["@ line 2", "  a", "- a"]);
    }
}
