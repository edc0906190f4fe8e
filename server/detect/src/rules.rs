//! `vizard bench rules`: rules over a file of events, one JSON object a line, and a generator of such files.
//! Never: a bad line that ends the run; it is counted and told by its number.

use crate::{Activity, files::People, watch::Watch};
use anyhow::{Context as _, bail};
use flate2::read::MultiGzDecoder;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Map, value::RawValue};
use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
};
use vizard_core::{
    limits,
    policy::AlertVolume,
    rule::{Matcher, RuleFile, Seen, Subject},
    time::{DAY, Day, Micros, SECOND},
};

/// Bad lines that are told by their number.
const REPORTED: usize = 20;

/// What came of a file.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By rule, in the order of the file.
    pub matches: Vec<(String, u64)>,
    /// Lines with an event.
    pub events: u64,
    /// Accounts that any rule looked at.
    pub accounts: usize,
    /// Events that came after a later one of their account: not told to rules.
    pub late: u64,
    /// Lines that are no event, the first of them by number.
    pub bad: (u64, Vec<u64>),
    /// How long it took.
    pub seconds: f64,
    /// Where everybody was scored beside: subjects times days, and alerts at DEFAULT.
    pub scored: Option<(u64, u64)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, matches) in &self.matches {
            writeln!(f, "{matches:>12}  {rule}")?;
        }
        let total: u64 = self.matches.iter().map(|(_, matches)| matches).sum();
        writeln!(f, "{total:>12}  matches")?;
        let rate = self.events as f64 / self.seconds.max(0.001);
        writeln!(
            f,
            "{} events of {} accounts in {:.2} s: {rate:.0} events/s",
            self.events, self.accounts, self.seconds
        )?;
        if let Some((days, alerts)) = self.scored {
            writeln!(
                f,
                "beside the rules every account was scored on every day, under all templates: {days} days of accounts, {alerts} alerts"
            )?;
        }
        if self.late > 0 {
            writeln!(
                f,
                "{} events came after a later one of their account and were left out: sort the file by time",
                self.late
            )?;
        }
        if self.bad.0 > 0 {
            writeln!(f, "{} lines are no event, the first of them: {:?}", self.bad.0, self.bad.1)?;
        }
        Ok(())
    }
}

/// A line, as far as rules go. `occurred_at` is RFC 3339.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    occurred_at: Cow<'a, str>,
    #[serde(borrow)]
    account: Cow<'a, str>,
    #[serde(borrow)]
    indicator: Cow<'a, str>,
    #[serde(borrow, default)]
    facts: Option<&'a RawValue>,
    #[serde(default)]
    quantity: Option<u32>,
    #[serde(borrow, default)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    destination: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    device: Option<Cow<'a, str>>,
}

/// The product's scoring over the same file: every day when the next one begins.
struct Scoring {
    watch: Watch,
    people: People,
    day: Option<Day>,
    told: Vec<Activity>,
    days: u64,
    alerts: u64,
}

impl Scoring {
    fn new() -> anyhow::Result<Self> {
        let (watch, people) = (Watch::new(&[AlertVolume::Default])?, People::of(Vec::new()));
        Ok(Self { watch, people, day: None, told: Vec::new(), days: 0, alerts: 0 })
    }

    fn tell(&mut self, at: i64, event: &Line<'_>) {
        let at = Micros(at * SECOND);
        if self.day.is_none_or(|day| at.day() > day) {
            self.end_of_day();
            self.day = Some(at.day());
        }
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
        // Scoring reads the facts of few events: where an object was before, and what a trigger says.
        let read = |raw: &&RawValue| {
            vizard_core::indicator::triggers_by_itself(&event.indicator) || raw.get().contains("previous_object")
        };
        let facts = event.facts.filter(read).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        self.told.push(Activity {
            id: String::new(),
            at,
            account: event.account.as_ref().to_owned(),
            indicator: event.indicator.as_ref().to_owned(),
            quantity: event.quantity.unwrap_or(1),
            object: text(&event.object),
            destination: text(&event.destination),
            device: text(&event.device),
            facts,
        });
    }

    fn end_of_day(&mut self) {
        if let Some(day) = self.day {
            self.alerts += self.watch.day(day, &self.told, &self.people).len() as u64;
            self.days += self.watch.scores().count() as u64;
            self.told.clear();
        }
    }
}

/// Reads a file of rules; an error tells everything that is wrong with it.
pub fn read(path: &Path) -> anyhow::Result<RuleFile> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: RuleFile = toml::from_str(&text).with_context(|| format!("{} is no file of rules", path.display()))?;
    let problems = file.problems();
    if !problems.is_empty() {
        bail!("{}:\n  {}", path.display(), problems.join("\n  "));
    }
    Ok(file)
}

struct Told {
    subject: Subject,
    last: i64,
}

/// Runs the rules over a file of events, `.gz` or not, in the order of the file. With `scored`, every account is scored
/// beside, each day, with baselines and under every template with its defaults.
pub fn run(rules: &RuleFile, events: &Path, scored: bool) -> anyhow::Result<Report> {
    let file = File::open(events).with_context(|| format!("cannot open {}", events.display()))?;
    let gzip = events.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let plain: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    over(rules, BufReader::with_capacity(1 << 20, plain), scored)
}

fn over(rules: &RuleFile, mut lines: impl BufRead, scored: bool) -> anyhow::Result<Report> {
    let started = std::time::Instant::now();
    let matcher = Matcher::of(rules);
    let mut subjects: FxHashMap<String, Told> = FxHashMap::default();
    let mut counts = vec![0u64; rules.rules.len()];
    let mut report = Report::default();
    let mut scoring = if scored { Some(Scoring::new()?) } else { None };
    let (mut line, mut number) = (Vec::with_capacity(4_096), 0u64);
    loop {
        line.clear();
        number += 1;
        let read = lines.by_ref().take(limits::RECORD_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let parsed = serde_json::from_slice::<Line<'_>>(&line).ok();
        let Some((event, at)) = parsed.and_then(|event| seconds(&event.occurred_at).map(|at| (event, at))) else {
            report.bad.0 += 1;
            if report.bad.1.len() < REPORTED {
                report.bad.1.push(number);
            }
            continue;
        };
        report.events += 1;
        if let Some(scoring) = &mut scoring {
            scoring.tell(at, &event);
        }
        if !matcher.looks_at(&event.indicator) {
            continue;
        }
        let told = match subjects.get_mut(event.account.as_ref()) {
            Some(told) => told,
            None => {
                let new = Told { subject: Subject::default(), last: i64::MIN };
                subjects.entry(event.account.into_owned()).or_insert(new)
            }
        };
        if at < told.last {
            report.late += 1;
            continue;
        }
        told.last = at;
        let facts = || event.facts.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_else(Map::new);
        matcher.tell(&mut told.subject, &event.indicator, &Seen { at, facts: &facts }, &mut |rule| counts[rule] += 1);
    }
    report.scored = scoring.map(|mut scoring| {
        scoring.end_of_day();
        (scoring.days, scoring.alerts)
    });
    report.matches = matcher.names().map(str::to_owned).zip(counts).collect();
    report.accounts = subjects.len();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Seconds since 1970 of an RFC 3339 time. The form that logs mostly have is read by hand.
fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)?
            .iter()
            .try_fold(0i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let plain =
        matches!(bytes.get(19), Some(b'Z' | b'.')) && bytes.last() == Some(&b'Z') && bytes.get(10) == Some(&b'T');
    if plain {
        let year = i32::try_from(digits(0, 4)?).ok()?;
        let (month, day) = (u8::try_from(digits(5, 7)?).ok()?, u8::try_from(digits(8, 10)?).ok()?);
        let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
        let day = vizard_core::time::Day::from_civil(year, month, day)?;
        return (hour < 24 && minute < 60 && second < 61)
            .then(|| i64::from(day.0) * (DAY / SECOND) + hour * 3_600 + minute * 60 + second);
    }
    Some(crate::files::instant(text)?.0.div_euclid(SECOND))
}

/// Writes that many events of 2,000 accounts over 30 days, in order of time; the same for the same seed.
pub fn generate(path: &Path, events: u64, seed: u64) -> anyhow::Result<()> {
    const KINDS: [(&str, u64); 10] = [
        ("FILE_ACCESSED", 50),
        ("EMAIL_SENT", 20),
        ("FILE_DOWNLOADED", 12),
        ("LOGON", 5),
        ("FILE_PRINTED", 4),
        ("FILE_RENAMED", 3),
        ("FILE_ARCHIVED", 2),
        ("FILE_UPLOADED_TO_WEB", 2),
        ("FILE_COPIED_TO_USB", 1),
        ("DEVICE_FILE_DELETED", 1),
    ];
    const EXTENSIONS: [&str; 6] = ["docx", "xlsx", "pdf", "zip", "pptx", "csv"];
    let mut state = seed;
    let mut chance = |below: u64| {
        // SplitMix64, as in `company::chance`.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    };
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let start = vizard_core::time::Day::from_civil(2026, 3, 2).unwrap_or(vizard_core::time::Day(0)).start().0 / SECOND;
    for number in 0..events {
        let at = start + i64::try_from(u128::from(number) * 30 * 86_400 / u128::from(events.max(1)))?;
        let mut drawn = chance(100);
        let kind = KINDS.iter().find(|(_, share)| match drawn.checked_sub(*share) {
            Some(left) => {
                drawn = left;
                false
            }
            None => true,
        });
        let kind = kind.map_or("FILE_ACCESSED", |(code, _)| *code);
        let (account, object, size) = (chance(2_000), chance(100_000), chance(5_000_000));
        let extension = EXTENSIONS[usize::try_from(chance(6))?];
        let at = vizard_core::time::Micros(at * SECOND).to_string();
        writeln!(
            out,
            "{{\"source_event_id\":\"e{number}\",\"occurred_at\":\"{at}\",\"account\":\"u{account:05}\",\"indicator\":\"{kind}\",\
             \"quantity\":1,\"object\":\"f{object}\",\"device\":\"pc-{account}\",\"facts\":{{\"file_extension\":\"{extension}\",\
             \"size_bytes\":{size}}}}}"
        )?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> RuleFile {
        toml::from_str(
            "[[rule]]\nname = \"zip then web\"\nwithin = \"1h\"\nsequence = [\n\
             { indicator = [\"FILE_ARCHIVED\"], facts = { file_extension = { is = [\"zip\"] } } },\n\
             { indicator = [\"FILE_UPLOADED_TO_WEB\"] } ]\n",
        )
        .unwrap()
    }

    fn line(at: &str, account: &str, code: &str, extension: &str) -> String {
        format!(
            "{{\"occurred_at\":\"{at}\",\"account\":\"{account}\",\"indicator\":\"{code}\",\"facts\":{{\"file_extension\":\"{extension}\"}}}}\n"
        )
    }

    #[test]
    fn accounts_are_apart_and_bad_and_late_lines_are_told() {
        let text = [
            line("2026-03-02T10:00:00Z", "ann", "FILE_ARCHIVED", "zip"),
            line("2026-03-02T10:05:00Z", "bob", "FILE_UPLOADED_TO_WEB", "zip"),
            "not json\n".to_owned(),
            line("2026-03-02T10:10:00.500Z", "ann", "FILE_UPLOADED_TO_WEB", "zip"),
            line("2026-03-02T12:00:00+02:00", "ann", "FILE_ARCHIVED", "zip"),
            line("2026-03-02T10:20:00Z", "cid", "FILE_ARCHIVED", "pdf"),
            line("2026-03-02T10:21:00Z", "cid", "FILE_UPLOADED_TO_WEB", "pdf"),
        ]
        .concat();
        let report = over(&rules(), text.as_bytes(), false).unwrap();
        assert_eq!(report.matches, [("zip then web".to_owned(), 1)]);
        assert_eq!((report.events, report.late, report.bad), (6, 1, (1, vec![3])));
    }

    #[test]
    fn times_are_read_in_every_form() {
        for text in
            ["2026-03-02T10:00:00Z", "2026-03-02T10:00:00.999Z", "2026-03-02T12:00:00+02:00", "2026-03-02 10:00:00"]
        {
            assert_eq!(seconds(text), Some(1_772_445_600), "{text}");
        }
        assert_eq!(seconds("2026-02-30T10:00:00Z"), None);
    }

    #[test]
    fn a_generated_file_is_in_order_and_the_same_for_its_seed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a", "b"] {
            generate(&path(name), 5_000, 7).unwrap();
        }
        assert_eq!(std::fs::read(path("a")).unwrap(), std::fs::read(path("b")).unwrap());
        let report = run(&rules(), &path("a"), true).unwrap();
        assert_eq!((report.events, report.late, report.bad.0), (5_000, 0, 0));
        assert!(report.scored.is_some_and(|(days, _)| days > 30 * 1_000), "{:?}", report.scored);
        assert_eq!(report.matches, run(&rules(), &path("a"), false).unwrap().matches);
    }
}
