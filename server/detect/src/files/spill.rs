//! Events put aside by day in temporary files.
//! Never: more than a bounded part in memory, nor more than one file open.

use crate::Activity;
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
};
use vizard_core::time::{Day, Micros};

/// Bytes kept in memory before they are written out.
const BUFFERED: usize = 64 << 20;

pub(super) struct Spill {
    folder: tempfile::TempDir,
    waiting: BTreeMap<Day, Vec<u8>>,
    bytes: usize,
    days: Option<(Day, Day)>,
}

/// An event as it is put aside.
type Stored<'a> = (
    std::borrow::Cow<'a, str>,
    i64,
    std::borrow::Cow<'a, str>,
    std::borrow::Cow<'a, str>,
    u32,
    Option<String>,
    Option<String>,
    Option<String>,
    serde_json::Map<String, serde_json::Value>,
);

impl Spill {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, waiting: BTreeMap::new(), bytes: 0, days: None })
    }

    pub(super) fn put(&mut self, event: &Activity) -> anyhow::Result<()> {
        let stored: Stored<'_> = (
            event.id.as_str().into(),
            event.at.0,
            event.account.as_str().into(),
            event.indicator.as_str().into(),
            event.quantity,
            event.object.clone(),
            event.destination.clone(),
            event.device.clone(),
            event.facts.clone(),
        );
        let day = event.at.day();
        let waiting = self.waiting.entry(day).or_default();
        let before = waiting.len();
        serde_json::to_writer(&mut *waiting, &stored)?;
        waiting.push(b'\n');
        self.bytes += waiting.len() - before;
        self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        if self.bytes > BUFFERED { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        for (day, bytes) in std::mem::take(&mut self.waiting) {
            let path = self.folder.path().join(day.0.to_string());
            OpenOptions::new().create(true).append(true).open(path)?.write_all(&bytes)?;
        }
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn range(&self) -> Option<(Day, Day)> {
        self.days
    }

    pub(super) fn day(&self, day: Day) -> anyhow::Result<Vec<Activity>> {
        let file = match File::open(self.folder.path().join(day.0.to_string())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened?,
        };
        let mut events = Vec::new();
        for line in BufReader::with_capacity(1 << 18, file).lines() {
            let line = line?;
            let (id, at, account, indicator, quantity, object, destination, device, facts): Stored<'_> =
                serde_json::from_str(&line)?;
            events.push(Activity {
                id: id.into_owned(),
                at: Micros(at),
                account: account.into_owned(),
                indicator: indicator.into_owned(),
                quantity,
                object,
                destination,
                device,
                facts,
            });
        }
        Ok(events)
    }
}
