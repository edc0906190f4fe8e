//! Rows of a CSV file, plain or gzip, with columns by name.
//! Never: a failure because of one bad row.

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};
use vizard_core::time::Micros;

/// An open file and its header.
pub(super) struct Rows {
    reader: csv::Reader<Box<dyn Read>>,
    header: Vec<String>,
    path: String,
}

impl Rows {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let file = BufReader::with_capacity(1 << 20, File::open(path).with_context(|| format!("cannot open {shown}"))?);
        let gzip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let plain: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 20).from_reader(plain);
        let header = reader.headers().with_context(|| format!("{shown} has no header"))?;
        let clean = |name: &str| name.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
        let header = header.iter().map(clean).collect();
        Ok(Self { reader, header, path: shown })
    }

    /// The place of a column that may be missing.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|known| known == name)
    }

    /// The places of columns that may not.
    pub(super) fn columns<const N: usize>(&self, names: [&str; N]) -> anyhow::Result<[usize; N]> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            *place = self.column(name).with_context(|| format!("{} has no column {name}", self.path))?;
        }
        Ok(places)
    }

    /// The next row with its line, or why it cannot be read.
    pub(super) fn next(&mut self) -> Option<(u64, Result<csv::StringRecord, String>)> {
        let mut row = csv::StringRecord::new();
        let line = self.reader.position().line();
        match self.reader.read_record(&mut row) {
            Ok(false) => None,
            Ok(true) => Some((row.position().map_or(line, csv::Position::line), Ok(row))),
            // Bytes that are no text: the reader has moved on. Anything else ends the file, and is told as its last row.
            Err(error) if error.is_io_error() && self.reader.is_done() => None,
            Err(error) => match error.kind() {
                csv::ErrorKind::Utf8 { .. } => Some((line, Err("not text in UTF-8".to_owned()))),
                _ => Some((line, Err("cannot be read: the file is damaged here".to_owned()))),
            },
        }
    }
}

pub(super) fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// RFC 3339, a date and time without zone (UTC), or a date (its midnight, UTC).
pub(crate) fn instant(text: &str) -> Option<Micros> {
    if text.len() < 8 {
        return None;
    }
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let civil = || text.parse::<jiff::civil::DateTime>().ok();
    let date = || Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0));
    let utc = |at: jiff::civil::DateTime| jiff::tz::TimeZone::UTC.to_timestamp(at).ok();
    let at = zoned.or_else(|| civil().or_else(date).and_then(utc))?;
    Some(Micros(at.as_microsecond()))
}
