//! Cuts a delivery into records while it streams: the host does it, so that plugins see single records and no plugin
//! has to hold a file.
//! Never: holds a delivery, or more than one batch of its records; looks into a record.

mod json;
mod open;
mod text;
mod window;

#[cfg(test)]
mod tests;

pub use open::open;

use crate::spec::{Feed, Framing};
use std::io::{self, Read};
use window::Window;

/// Why a delivery cannot be cut further. What came before it is good.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// It could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is not in the feed's format.
    #[error("{unit} {position}: {problem}")]
    Format {
        /// "line" or "element".
        unit: &'static str,
        /// Its number, from 1; 0 before the first.
        position: u64,
        /// What is wrong; quotes nothing.
        problem: String,
    },
}

impl FramingError {
    fn at(unit: &'static str, position: u64, problem: &str) -> Self {
        Self::Format { unit, position, problem: problem.into() }
    }
}

/// Records that follow one another in a delivery.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CutBatch {
    /// Where its first record is, also one that is too large.
    pub first_position: u64,
    /// Where each record is: the physical line on which it begins, or for arrays and objects one after another the
    /// number of the element, from 1.
    pub positions: Vec<u64>,
    /// The records.
    pub records: Vec<Vec<u8>>,
    /// Where records larger than `limits::RECORD_BYTES` are; they are passed over.
    pub oversized: Vec<u64>,
    /// Bytes of the unpacked delivery used up to the end of this batch.
    pub bytes_read: u64,
}

/// The records of a delivery, batch after batch.
pub struct Records<R> {
    window: Window<R>,
    cutter: Cutter,
    header: Option<Vec<u8>>,
    /// What did not fit into the batch before.
    next: Option<Cut>,
    /// What ended the delivery, kept until the records before it are handed out.
    failed: Option<FramingError>,
    ended: bool,
}

enum Cutter {
    Lines { lines: u64 },
    Csv(text::Csv),
    Json(json::Json),
    Whole,
}

/// One record, or the place of one that is too large.
struct Cut {
    position: u64,
    body: Option<Vec<u8>>,
}

impl Cut {
    fn is_blank(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.trim_ascii().is_empty())
    }
}

impl<R: Read> Records<R> {
    /// Begins to cut `reader` as `feed` says; reads the header of a CSV.
    pub fn new(reader: R, feed: &Feed) -> Result<Self, FramingError> {
        let mut window = Window::new(reader);
        if feed.framing != Framing::Whole && window.peek_many(3)? == b"\xef\xbb\xbf" {
            window.pass(3);
        }
        let mut header = None;
        let cutter = match feed.framing {
            Framing::Lines => Cutter::Lines { lines: 0 },
            Framing::Json => Cutter::Json(json::Json::new(&feed.pointer)),
            Framing::Whole => Cutter::Whole,
            Framing::Csv => {
                let mut csv = text::Csv::new();
                header = csv.header(&mut window)?;
                Cutter::Csv(csv)
            }
        };
        Ok(Self { window, cutter, header, next: None, failed: None, ended: false })
    }

    /// The first row of a CSV, verbatim without its line break; nothing for an empty one and for other framings.
    pub fn header(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// The next records: at most `max_records`, and at most `max_bytes` unless the first alone is larger. An error
    /// comes after the last complete record, once; after it and at the end there is nothing.
    pub fn next_batch(&mut self, max_records: usize, max_bytes: usize) -> Result<Option<CutBatch>, FramingError> {
        let mut batch = CutBatch::default();
        let mut bytes = 0;
        while batch.records.len() + batch.oversized.len() < max_records {
            let Some(cut) = self.cut() else { break };
            let size = cut.body.as_ref().map_or(0, Vec::len);
            if !batch.records.is_empty() && bytes + size > max_bytes {
                self.next = Some(cut);
                break;
            }
            bytes += size;
            if batch.records.is_empty() && batch.oversized.is_empty() {
                batch.first_position = cut.position;
            }
            match cut.body {
                Some(body) => {
                    batch.positions.push(cut.position);
                    batch.records.push(body);
                }
                None => batch.oversized.push(cut.position),
            }
        }
        let waiting = self.next.as_ref().and_then(|cut| cut.body.as_ref()).map_or(0, Vec::len);
        batch.bytes_read = self.window.passed() - waiting as u64;
        if batch.records.is_empty() && batch.oversized.is_empty() {
            return self.failed.take().map_or(Ok(None), Err);
        }
        Ok(Some(batch))
    }

    fn cut(&mut self) -> Option<Cut> {
        if self.next.is_some() || self.ended {
            return self.next.take();
        }
        let cut = match &mut self.cutter {
            Cutter::Lines { lines } => text::line(&mut self.window, lines),
            Cutter::Csv(csv) => csv.row(&mut self.window),
            Cutter::Json(json) => json.next(&mut self.window),
            Cutter::Whole => text::whole(&mut self.window),
        };
        let cut = cut.unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        });
        self.ended = cut.is_none();
        cut
    }
}
