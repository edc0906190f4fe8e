//! Reads `events.csv`, `people.csv` and `labels.csv`, in any order and of any length, and writes `scores.csv`.
//! Never: all events in memory; they are put aside by day and read back one day at a time.

mod csv_rows;
mod spill;
#[cfg(test)]
mod tests;

use crate::{Activity, Label, Person};
use anyhow::{Context as _, bail};
pub(crate) use csv_rows::instant;
use csv_rows::{Rows, optional};
use spill::Spill;
use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::Path,
};
use vizard_core::{indicator, time::Day};

/// Reasons kept with their line; beyond it rows are counted only.
const REPORTED: usize = 20;

/// What was read.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the file.
    pub rows: u64,
    /// Rows whose id had come before.
    pub duplicates: u64,
    /// Rows that could not be used.
    pub rejected: u64,
    /// The first of these, by line.
    pub reasons: Vec<(u64, String)>,
}

impl Counts {
    fn reject(&mut self, line: u64, reason: String) {
        self.rejected += 1;
        if self.reasons.len() < REPORTED {
            self.reasons.push((line, reason));
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, duplicates, rejected, reasons } = self;
        write!(f, "{rows} rows, {duplicates} repeated, {rejected} not usable")?;
        for (line, reason) in reasons {
            write!(f, "\n  line {line}: {reason}")?;
        }
        Ok(())
    }
}

/// The events of a file, put aside by day.
pub struct Events {
    spill: Spill,
    counts: Counts,
}

impl Events {
    /// Reads the file, `.gz` or not. A row that cannot be used is counted; a missing column is an error.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let mut rows = Rows::open(path)?;
        let [id, at, account, code] = rows.columns(["source_event_id", "occurred_at", "account", "indicator"])?;
        let more = ["quantity", "object", "destination", "device", "facts"].map(|name| rows.column(name));
        let [quantity, object, destination, device, facts] = more;
        let mut events = Self { spill: Spill::new()?, counts: Counts::default() };
        let mut ids: HashSet<u64> = HashSet::new();
        while let Some((line, row)) = rows.next() {
            events.counts.rows += 1;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    events.counts.reject(line, error);
                    continue;
                }
            };
            let text = |column: Option<usize>| column.and_then(|at| row.get(at)).map_or("", str::trim);
            let read = || -> Result<Activity, String> {
                let known = indicator::find(text(Some(code))).ok_or("the catalogue has no such indicator")?;
                let account = optional(text(Some(account))).ok_or("no account")?;
                Ok(Activity {
                    id: optional(text(Some(id))).ok_or("no source_event_id")?,
                    at: instant(text(Some(at))).ok_or("occurred_at is no time")?,
                    account: account.to_lowercase(),
                    indicator: known.code.to_owned(),
                    quantity: match text(quantity) {
                        "" => 1,
                        number => number.parse::<u32>().map_err(|_| "quantity is no count")?.max(1),
                    },
                    object: optional(text(object)),
                    destination: optional(text(destination)).map(|to| to.to_lowercase()),
                    device: optional(text(device)).map(|name| name.to_lowercase()),
                    facts: match text(facts) {
                        "" => serde_json::Map::new(),
                        json => serde_json::from_str(json).map_err(|_| "facts is no JSON object")?,
                    },
                })
            };
            match read() {
                Ok(activity) => {
                    let mut hash = DefaultHasher::new();
                    activity.id.hash(&mut hash);
                    if ids.insert(hash.finish()) {
                        events.spill.put(&activity)?;
                    } else {
                        events.counts.duplicates += 1;
                    }
                }
                Err(reason) => events.counts.reject(line, reason),
            }
        }
        events.spill.flush()?;
        Ok(events)
    }

    /// What was read.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Every day from the first to the last with its events in order of time and id; days without any are there too.
    pub fn days(self) -> impl Iterator<Item = anyhow::Result<(Day, Vec<Activity>)>> {
        let (first, last) = self.spill.range().unwrap_or((Day(1), Day(0)));
        (first.0..=last.0).map(move |day| {
            let mut events = self.spill.day(Day(day))?;
            events.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
            Ok((Day(day), events))
        })
    }
}

/// Everybody, as known on any day.
#[derive(Clone, Default, Debug)]
pub struct People {
    by_account: BTreeMap<String, Vec<Person>>,
}

impl People {
    /// Reads the file. A later row supersedes an earlier one from its `from` on.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let mut rows = Rows::open(path)?;
        let [account, from] = rows.columns(["account", "from"])?;
        let [to, department, title, manager, usual_device] =
            ["to", "department", "title", "manager_account", "usual_device"].map(|name| rows.column(name));
        let mut people = Vec::new();
        while let Some((line, row)) = rows.next() {
            let row = row.map_err(anyhow::Error::msg).with_context(|| format!("{}, line {line}", path.display()))?;
            let text = |column: Option<usize>| column.and_then(|at| row.get(at)).map_or("", str::trim);
            let (account, from) = (text(Some(account)).to_lowercase(), instant(text(Some(from))));
            let (false, Some(from)) = (account.is_empty(), from) else {
                bail!("{}, line {line}: a person needs an account and a day in `from`", path.display());
            };
            people.push(Person {
                account,
                from: from.day(),
                to: instant(text(to)).map(vizard_core::time::Micros::day),
                department: text(department).to_owned(),
                title: text(title).to_owned(),
                manager: optional(text(manager)).map(|name| name.to_lowercase()),
                usual_device: optional(text(usual_device)).map(|name| name.to_lowercase()),
            });
        }
        Ok(Self::of(people))
    }

    /// From rows, the later superseding the earlier.
    pub fn of(rows: Vec<Person>) -> Self {
        let mut by_account: BTreeMap<String, Vec<Person>> = BTreeMap::new();
        for person in rows {
            by_account.entry(person.account.clone()).or_default().push(person);
        }
        Self { by_account }
    }

    /// The person on that day: the last row that had begun by then.
    pub fn on(&self, account: &str, day: Day) -> Option<&Person> {
        self.by_account.get(account)?.iter().rev().find(|person| person.from <= day)
    }

    /// All accounts, in order.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.by_account.keys().map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_account.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.by_account.is_empty()
    }
}

/// Reads `labels.csv`.
pub fn labels(path: &Path) -> anyhow::Result<Vec<Label>> {
    let mut rows = Rows::open(path)?;
    let [account, scenario, first, last] = rows.columns(["account", "scenario", "first_act", "last_act"])?;
    let mut labels = Vec::new();
    while let Some((line, row)) = rows.next() {
        let row = row.map_err(anyhow::Error::msg).with_context(|| format!("{}, line {line}", path.display()))?;
        let text = |at: usize| row.get(at).map_or("", str::trim);
        let (Some(first_act), Some(last_act)) = (instant(text(first)), instant(text(last))) else {
            bail!("{}, line {line}: first_act and last_act are times", path.display());
        };
        let (account, scenario) = (text(account).to_lowercase(), text(scenario).to_owned());
        labels.push(Label { account, scenario, first_act, last_act });
    }
    Ok(labels)
}

/// Writes `scores.csv`: `date,account,score`, each row once.
pub struct Scores<W: Write> {
    out: csv::Writer<W>,
    last: Option<Day>,
}

impl<W: Write> Scores<W> {
    /// Writes the header.
    pub fn new(out: W) -> anyhow::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(["date", "account", "score"])?;
        Ok(Self { out, last: None })
    }

    /// A day's scores. An error where the day is not after the last one: what was written is never revised.
    pub fn day<'a>(&mut self, day: Day, scores: impl Iterator<Item = (&'a str, f64)>) -> anyhow::Result<()> {
        if self.last.is_some_and(|last| day <= last) {
            bail!("{day} comes after a later day was written");
        }
        self.last = Some(day);
        let date = day.to_string();
        for (account, score) in scores {
            self.out.write_record([date.as_str(), account, &format!("{score:.4}")])?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> anyhow::Result<()> {
        Ok(self.out.flush()?)
    }
}
