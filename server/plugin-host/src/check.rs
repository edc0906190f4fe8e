//! Tries a plugin file the way deliveries will: what it says of itself, abnormal records, its samples.
//! Never: quotes a sample in what it reports.

use crate::framing::{self, CutBatch, Records};
use crate::{Batch, BatchError, Call, Feed, Framing, Outcome, Plugin, PluginHost, Position, Reach};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use vizard_core::event::RawEvent;
use vizard_core::limits::{BATCH_BYTES, BATCH_RECORDS, IMPORT_UNPACKED_BYTES, RECORD_BYTES};
use vizard_core::time::Micros;

/// How long speed is measured.
const MEASURED: Duration = Duration::from_millis(300);

/// Every try and how it went.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name and version, if the file could be loaded.
    pub plugin: Option<String>,
    /// In the order in which they were tried.
    pub tries: Vec<Try>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Try {
    /// What should hold.
    pub what: String,
    /// Whether it does.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// How a try went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "why", rename_all = "lowercase")]
pub enum Verdict {
    /// It holds; with what was seen, if that says something.
    Passed(String),
    /// It does not.
    Failed(String),
    /// It could not be tried.
    Skipped(String),
}

impl Report {
    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        !self.tries.iter().any(|tried| matches!(tried.verdict, Verdict::Failed(_)))
    }

    fn add(&mut self, what: impl Into<String>, verdict: Result<String, String>) {
        let verdict = verdict.map_or_else(Verdict::Failed, Verdict::Passed);
        self.tries.push(Try { what: what.into(), verdict });
    }

    fn skip(&mut self, what: impl Into<String>, why: &str) {
        self.tries.push(Try { what: what.into(), verdict: Verdict::Skipped(why.into()) });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tried in &self.tries {
            let (sign, why) = match &tried.verdict {
                Verdict::Passed(seen) => ("ok  ", seen),
                Verdict::Failed(why) => ("FAIL", why),
                Verdict::Skipped(why) => ("skip", why),
            };
            let colon = if why.is_empty() { "" } else { ": " };
            writeln!(f, "{sign}  {}{colon}{why}", tried.what)?;
        }
        let plugin = self.plugin.as_deref().unwrap_or("the file");
        writeln!(f, "{plugin} {}", if self.passed() { "passes" } else { "does not pass" })
    }
}

/// Tries a plugin file. `samples` is a folder like that of the SDK's tests: `*.raw`, with the configuration in
/// `NAME.json` or `config.json`. `known` tells whether the host knows a kind of event.
pub fn check(host: &PluginHost, component: &[u8], samples: Option<&Path>, known: &dyn Fn(&str) -> bool) -> Report {
    let mut report = Report { plugin: None, tries: vec![] };
    let what = "is a plugin for this host, imports nothing that is not granted, says what its manifest says";
    let plugin = match host.load(component) {
        Ok(plugin) => plugin,
        Err(error) => {
            report.add(what, Err(error.to_string()));
            return report;
        }
    };
    report.plugin = Some(plugin.name());
    report.add(what, Ok(format!("{} bytes", component.len())));
    let asks = plugin.spec().manifest.capabilities();
    if !asks.is_empty() {
        report.add("asks the operator for", Ok(asks.join(", ")));
    }
    report.add("declares only kinds of events that the host knows", kinds(&plugin, known));
    report.add("refuses a configuration that is no object", refuses_nonsense(&plugin));
    let config = samples.map_or_else(|| "{}".into(), |folder| config_of(&folder.join("config")));
    abnormal(&mut report, &plugin, &config);
    pulls_from_nowhere(&mut report, &plugin, &config);
    match samples {
        None => report.skip("understands its samples", "no folder of samples was given"),
        Some(folder) => try_samples(&mut report, &plugin, folder),
    }
    // What was denied does not count as used; the try in which it happened has failed.
    let (used, may) = (plugin.most_memory().div_ceil(1 << 20), plugin.spec().manifest.memory());
    report.add("ran within its memory", Ok(format!("used at most {used} of {may} MiB")));
    report
}

fn kinds(plugin: &Plugin, known: &dyn Fn(&str) -> bool) -> Result<String, String> {
    let codes = plugin.spec().kinds.iter().map(|kind| kind.code.as_str());
    let unknown: Vec<_> = codes.filter(|code| !known(code)).collect();
    if unknown.is_empty() { Ok(String::new()) } else { Err(format!("not known: {}", unknown.join(", "))) }
}

fn refuses_nonsense(plugin: &Plugin) -> Result<String, String> {
    match plugin.check_config(&call("[]")) {
        Ok(problems) if problems.is_empty() => Err("its schema lets any value pass: add \"type\": \"object\"".into()),
        Ok(_) => Ok(String::new()),
        Err(error) => Err(error.to_string()),
    }
}

/// The same at every run, so that a report can be compared.
fn call(config: &str) -> Call {
    let received_at = Micros(1_790_000_000_000_000);
    Call { installation: "check".into(), config: config.into(), received_at, default_zone: "UTC".into() }
}

/// Records that no vendor means to send, and every connector gets some day.
fn abnormal(report: &mut Report, plugin: &Plugin, config: &str) {
    let records: [(&str, Vec<u8>); 7] = [
        ("an empty record", vec![]),
        ("binary", (0..=255).collect()),
        ("text that is not UTF-8", b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("a truncated record", b"{\"a\":[{\"b\":\"".to_vec()),
        ("deep nesting", b"[".repeat(200_000)),
        ("numbers beyond every type", b"{\"a\":1e999999,\"b\":-99999999999999999999999999}".to_vec()),
        ("a record as large as may be", [b"\"".as_slice(), &b"a,".repeat(RECORD_BYTES / 2 - 1), b"\""].concat()),
    ];
    for feed in &plugin.spec().feeds {
        for (name, record) in &records {
            let what = format!("survives {name} in feed {}", feed.name);
            let header = (feed.framing == Framing::Csv).then(|| header_of(feed));
            let batch = Batch { feed: feed.name.clone(), header, records: vec![record.clone()] };
            match plugin.normalise(&call(config), batch) {
                Err(BatchError::Config(_)) => {
                    report.skip(what, "it needs a configuration: give it samples/config.json");
                }
                Err(error @ BatchError::Internal(_)) => report.add(what, Err(error.to_string())),
                Err(_) => report.add(what, Ok(String::new())),
                Ok(outcome) => report.add(what, no_fault(&outcome).map(|()| String::new())),
            }
        }
    }
}

/// A plugin that pulls is asked for a page with nothing granted: a failure is right, a fault is not.
fn pulls_from_nowhere(report: &mut Report, plugin: &Plugin, config: &str) {
    if !plugin.spec().manifest.pulls() {
        return;
    }
    let (config, _) = plugin.spec().part(serde_json::from_str(config).unwrap_or_default());
    for feed in &plugin.spec().feeds {
        let what = format!("says what is wrong where nothing is granted to feed {}", feed.name);
        for position in [Position::Since(Micros(1_780_000_000_000_000)), Position::After("no cursor".into())] {
            let page = plugin.pull(&call(&config.to_string()), &feed.name, &position, Reach::default());
            if let Err(BatchError::Internal(why)) = page {
                return report.add(what, Err(why));
            }
        }
        report.add(what, Ok(String::new()));
    }
}

fn header_of(feed: &Feed) -> Vec<u8> {
    if feed.columns.is_empty() { b"a,b".to_vec() } else { feed.columns.join(",").into_bytes() }
}

fn no_fault(outcome: &Outcome) -> Result<(), String> {
    let fault = outcome.rejects.iter().find(|reject| reject.reason == vizard_core::event::RejectReason::PluginFault);
    fault.map_or(Ok(()), |reject| Err(reject.detail.clone()))
}

fn try_samples(report: &mut Report, plugin: &Plugin, folder: &Path) {
    let what = "understands its samples";
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return report.add(what, Err(format!("{}: {error}", folder.display()))),
    };
    let mut raws: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    raws.retain(|path| path.extension().is_some_and(|extension| extension == "raw"));
    raws.sort();
    if raws.is_empty() {
        return report.skip(what, "the folder has no *.raw");
    }
    let mut events = 0;
    for raw in &raws {
        let name = name_of(raw);
        match try_sample(plugin, raw, &name) {
            Ok(seen) => {
                events += seen.events.len();
                report.add(format!("understands {name}, twice the same, and cut differently the same"), seen.told());
            }
            Err(why) => report.add(format!("understands {name}"), Err(why)),
        }
        report.add(format!("survives {name} cut short"), try_truncated(plugin, raw, &name));
        report.add(format!("understands {name} in whatever order"), try_reversed(plugin, raw, &name));
    }
    measure(report, plugin, &raws);
    let some = if events > 0 { Ok(format!("{events} events")) } else { Err("not one event comes out".into()) };
    report.add("gives events for its samples", some);
}

/// What came of a sample: positions counted over all of it, so that batches do not show.
#[derive(PartialEq, Default)]
struct Seen {
    events: Vec<RawEvent>,
    rejects: Vec<(u64, String)>,
    ignored: BTreeMap<String, u64>,
    undeclared: u32,
    quoted: Option<u64>,
    fault: Option<String>,
    /// Why the rest of the delivery was not taken. A sample may be there to be refused.
    refused: Option<String>,
}

impl Seen {
    fn told(&self) -> Result<String, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if let Some(position) = self.quoted {
            return Err(format!("the detail of the reject at {position} quotes the record"));
        }
        if self.undeclared > 0 {
            return Err(format!("{} attributes were dropped: not declared, or of another type", self.undeclared));
        }
        let mut rejects: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, detail) in &self.rejects {
            *rejects.entry(detail).or_default() += 1;
        }
        let reasons = |what: &str, of: Vec<(&str, u64)>| match of.len() {
            0 => String::new(),
            _ => {
                let of: Vec<String> = of.iter().map(|(why, times)| format!("{times} {why}")).collect();
                format!("; {what}: {}", of.join(", "))
            }
        };
        let ignored = self.ignored.iter().map(|(why, times)| (why.as_str(), *times)).collect();
        let counts = format!(
            "{} events, {} rejects, {} ignored{}{}",
            self.events.len(),
            self.rejects.len(),
            self.ignored.values().sum::<u64>(),
            reasons("rejected", rejects.into_iter().collect()),
            reasons("ignored", ignored)
        );
        Ok(self.refused.as_ref().map_or(counts.clone(), |why| format!("{counts}, then refused: {why}")))
    }
}

fn try_sample(plugin: &Plugin, raw: &Path, name: &str) -> Result<Seen, String> {
    let whole = deliver(plugin, raw, name, BATCH_RECORDS, u64::MAX)?;
    if deliver(plugin, raw, name, BATCH_RECORDS, u64::MAX)? != whole {
        return Err("the same delivery twice gave two different outcomes".into());
    }
    if deliver(plugin, raw, name, 3, u64::MAX)? != whole {
        return Err("in batches of three it gave another outcome than in one".into());
    }
    Ok(whole)
}

fn try_truncated(plugin: &Plugin, raw: &Path, name: &str) -> Result<String, String> {
    let size = fs::metadata(raw).map_err(|error| error.to_string())?.len();
    for part in [3, 2] {
        // That the delivery is refused is fine.
        if let Some(fault) = deliver(plugin, raw, name, BATCH_RECORDS, size - size / part)?.fault {
            return Err(fault);
        }
    }
    Ok(String::new())
}

/// The records of a sample as one batch; nothing where it cannot be cut.
fn batch_of(plugin: &Plugin, raw: &Path, name: &str) -> Result<Option<(Call, Batch)>, String> {
    let feed = feed_of(plugin, name)?;
    let file = fs::File::open(raw).map_err(|error| error.to_string())?;
    let cut = framing::open(file, IMPORT_UNPACKED_BYTES).ok().and_then(|open| {
        let mut records = Records::new(open, feed).ok()?;
        let header = records.header().map(<[u8]>::to_vec);
        Some((header, records.next_batch(BATCH_RECORDS, BATCH_BYTES).ok()??.records))
    });
    let batch = |(header, records)| Batch { feed: feed.name.clone(), header, records };
    Ok(cut.map(|cut| (call(&config_of(&raw.with_extension(""))), batch(cut))))
}

fn try_reversed(plugin: &Plugin, raw: &Path, name: &str) -> Result<String, String> {
    let Some((call, batch)) = batch_of(plugin, raw, name)? else { return Ok("cannot be cut".into()) };
    let last = u32::try_from(batch.records.len()).map_err(|error| error.to_string())?.saturating_sub(1);
    let mut turned = batch.clone();
    turned.records.reverse();
    let sorted = |outcome: Result<Outcome, BatchError>, turned: bool| {
        outcome.ok().map(|mut outcome| {
            let at = |index: &mut u32| *index = if turned { last - *index } else { *index };
            outcome.events.iter_mut().for_each(|event| at(&mut event.record_index));
            outcome.rejects.iter_mut().for_each(|reject| at(&mut reject.record_index));
            // Stable: events of one record keep their order.
            outcome.events.sort_by_key(|event| event.record_index);
            outcome.rejects.sort_by_key(|reject| reject.record_index);
            outcome.ignored.sort();
            (outcome.events, outcome.rejects, outcome.ignored)
        })
    };
    let same = sorted(plugin.normalise(&call, batch), false) == sorted(plugin.normalise(&call, turned), true);
    if same { Ok(String::new()) } else { Err("backwards it gave another outcome".into()) }
}

/// Told, not judged: what is fast depends on the machine.
fn measure(report: &mut Report, plugin: &Plugin, raws: &[PathBuf]) {
    let batches = raws.iter().filter_map(|raw| batch_of(plugin, raw, &name_of(raw)).ok()?);
    let Some((call, mut batch)) = batches.max_by_key(|(_, batch)| batch.records.len()) else { return };
    let sample = batch.records.clone();
    while !sample.is_empty() && batch.records.len() < BATCH_RECORDS {
        batch.records.extend(sample.iter().take(BATCH_RECORDS - batch.records.len()).cloned());
    }
    let (began, mut records) = (Instant::now(), 0);
    while began.elapsed() < MEASURED {
        if plugin.normalise(&call, batch.clone()).is_err() {
            return;
        }
        records += batch.records.len();
    }
    let a_second = (records as f64 / began.elapsed().as_secs_f64()).round();
    let seen = format!("{a_second} records a second in batches of {}", batch.records.len());
    report.add("measured on this machine", Ok(seen));
}

fn deliver(plugin: &Plugin, raw: &Path, name: &str, most: usize, bytes: u64) -> Result<Seen, String> {
    let feed = feed_of(plugin, name)?;
    let call = call(&config_of(&raw.with_extension("")));
    let problems = plugin.check_config(&call).map_err(|error| error.to_string())?;
    if let Some(problem) = problems.first() {
        return Err(format!("its configuration does not fit: {} {}", problem.at, problem.message));
    }
    let file = fs::File::open(raw).map_err(|error| error.to_string())?;
    let mut seen = Seen::default();
    if let Err(error) = seen.take(plugin, &call, feed, most, std::io::Read::take(file, bytes)) {
        match error.downcast_ref::<BatchError>() {
            Some(BatchError::Format(_)) | None => seen.refused = Some(error.to_string()),
            Some(_) => return Err(error.to_string()),
        }
    }
    Ok(seen)
}

type AnyError = Box<dyn std::error::Error>;

impl Seen {
    fn take(
        &mut self,
        plugin: &Plugin,
        call: &Call,
        feed: &Feed,
        most: usize,
        file: std::io::Take<fs::File>,
    ) -> Result<(), AnyError> {
        let mut records = Records::new(framing::open(file, IMPORT_UNPACKED_BYTES)?, feed)?;
        let header = records.header().map(<[u8]>::to_vec);
        let mut before = 0;
        while let Some(cut) = records.next_batch(most, BATCH_BYTES)? {
            let batch = Batch { feed: feed.name.clone(), header: header.clone(), records: cut.records.clone() };
            self.add(plugin.normalise(call, batch)?, &cut, header.as_deref(), before);
            before += u32::try_from(cut.records.len())?;
        }
        Ok(())
    }

    fn add(&mut self, outcome: Outcome, cut: &CutBatch, header: Option<&[u8]>, before: u32) {
        self.fault = self.fault.take().or(no_fault(&outcome).err());
        self.undeclared += outcome.undeclared;
        for (why, count) in &outcome.ignored {
            *self.ignored.entry(why.clone()).or_default() += u64::from(*count);
        }
        self.events.extend(outcome.events.into_iter().map(|mut event| {
            event.record_index += before;
            event
        }));
        for reject in outcome.rejects {
            let at = reject.record_index as usize;
            let position = cut.positions.get(at).copied().unwrap_or_default();
            if cut.records.get(at).is_some_and(|record| quotes(&reject.detail, header, record)) {
                self.quoted.get_or_insert(position);
            }
            self.rejects.push((position, reject.detail));
        }
    }
}

/// Whether a text holds a value of the record as a word of its own. The names of fields, which a detail should hold,
/// are not values, even where a value is the same; what is short may be chance.
fn quotes(detail: &str, header: Option<&[u8]>, record: &[u8]) -> bool {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    match serde_json::from_slice::<serde_json::Value>(record) {
        Ok(json) => leaves(&json, &mut names, &mut values),
        Err(_) => cells(record, &mut values),
    }
    cells(header.unwrap_or_default(), &mut names);
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let detail = names.iter().fold(detail.to_owned(), |detail, name| detail.replace(name.as_str(), " "));
    values.iter().filter(|value| value.chars().count() >= 5).any(|value| has_word(&detail, value))
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn cells(row: &[u8], into: &mut Vec<String>) {
    let text = String::from_utf8_lossy(row);
    let cells = text.split([',', ';', '|', '\t', '"', '\n']).map(str::trim).filter(|cell| !cell.is_empty());
    into.extend(cells.flat_map(|cell| std::iter::once(cell).chain(cell.split_whitespace())).map(Into::into));
}

fn leaves(value: &serde_json::Value, names: &mut Vec<String>, values: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => values.push(text.clone()),
        serde_json::Value::Number(number) => values.push(number.to_string()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| leaves(item, names, values)),
        serde_json::Value::Object(map) => map.iter().for_each(|(name, value)| {
            names.push(name.clone());
            leaves(value, names, values);
        }),
        _ => {}
    }
}

/// The file name of a sample.
fn name_of(raw: &Path) -> String {
    raw.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The only feed, or the one whose name the sample's name begins with; of several, the longest.
fn feed_of<'a>(plugin: &'a Plugin, name: &str) -> Result<&'a Feed, String> {
    let feeds = &plugin.spec().feeds;
    if let [feed] = feeds.as_slice() {
        return Ok(feed);
    }
    let named = feeds.iter().filter(|feed| name.starts_with(&feed.name)).max_by_key(|feed| feed.name.len());
    named.ok_or_else(|| "its name does not begin with that of a feed".into())
}

/// `NAME.json`, else `config.json` beside it, else nothing set.
fn config_of(path: &Path) -> String {
    let own = fs::read_to_string(path.with_extension("json"));
    own.or_else(|_| fs::read_to_string(path.with_file_name("config.json"))).unwrap_or_else(|_| "{}".into())
}

#[cfg(test)]
mod tests {
    use super::quotes;

    #[test]
    fn a_value_in_a_detail_is_a_quote_and_the_name_of_a_field_is_not() {
        let record = br#"{"Person":{"Mail":"ada@example.com"},"Number":7654321}"#;
        assert!(quotes("cannot read ada@example.com", None, record));
        assert!(quotes("7654321 is too large", None, record));
        assert!(!quotes("Person.Mail is not an address", None, record));
        assert!(!quotes("SharePointData is missing", None, br#"{"Workload":"SharePoint"}"#));
        let header = Some("Name;Kündigung am".as_bytes());
        assert!(quotes("no time: 2026-99-99", header, b"ada;2026-99-99;x"));
        assert!(quotes("who is Lovelace?", header, b"Ada Lovelace;x"));
        assert!(!quotes("Kündigung am is missing", header, "Kündigung;;x".as_bytes()));
    }
}
