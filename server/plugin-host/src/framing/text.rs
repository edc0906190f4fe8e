//! Cuts text: lines, CSV rows, or a delivery as it is.
//! Never: looks into a record beyond what tells where it ends.

use super::window::Window;
use super::{Cut, FramingError};
use memchr::{memchr, memchr_iter, memchr2};
use std::io::Read;

const DELIMITERS: &[u8] = b",;\t|";

/// One line that is not blank, without its line break.
pub(super) fn line<R: Read>(window: &mut Window<R>, lines: &mut u64) -> Result<Option<Cut>, FramingError> {
    while window.peek()?.is_some() {
        *lines += 1;
        window.begin();
        loop {
            let ahead = window.ahead()?;
            let (count, done) = memchr(b'\n', ahead).map_or((ahead.len(), ahead.is_empty()), |at| (at, true));
            window.pass(count);
            if done {
                break;
            }
        }
        let cut = Cut { position: *lines, body: window.record().map(|line| without_return(line).to_vec()) };
        window.pass(1);
        if !cut.is_blank() {
            return Ok(Some(cut));
        }
    }
    Ok(None)
}

/// Everything, as one record.
pub(super) fn whole<R: Read>(window: &mut Window<R>) -> Result<Option<Cut>, FramingError> {
    if window.peek()?.is_none() {
        return Ok(None);
    }
    window.begin();
    loop {
        let count = window.ahead()?.len();
        if count == 0 {
            return Ok(Some(Cut { position: 1, body: window.record().map(<[u8]>::to_vec) }));
        }
        window.pass(count);
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Cuts rows at line breaks outside quotes.
pub(super) struct Csv {
    /// What stands between fields; until the header is read, any of the usual ones.
    delimiter: Option<u8>,
    /// Physical lines passed over.
    lines: u64,
}

/// Where the scan of a row is.
enum Inside {
    /// Outside quotes, after this byte. Only a quote right after a delimiter opens a quoted field.
    Plain(u8),
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: its end, or the first of a pair that stands for one.
    Closing,
}

impl Csv {
    pub(super) fn new() -> Self {
        Self { delimiter: None, lines: 0 }
    }

    /// The first row, verbatim. It also tells the delimiter.
    pub(super) fn header<R: Read>(&mut self, window: &mut Window<R>) -> Result<Option<Vec<u8>>, FramingError> {
        match self.row(window)? {
            None => Ok(None),
            Some(Cut { position, body: None }) => Err(FramingError::at("line", position, "the header is too large")),
            Some(Cut { body: Some(header), .. }) => {
                self.delimiter = Some(delimiter(&header));
                Ok(Some(header))
            }
        }
    }

    /// One row that is not blank, without its line break.
    pub(super) fn row<R: Read>(&mut self, window: &mut Window<R>) -> Result<Option<Cut>, FramingError> {
        while window.peek()?.is_some() {
            let position = self.lines + 1;
            window.begin();
            self.pass_row(window)?;
            let cut = Cut { position, body: window.record().map(|row| without_return(row).to_vec()) };
            window.pass(1);
            self.lines += 1;
            if !cut.is_blank() {
                return Ok(Some(cut));
            }
        }
        Ok(None)
    }

    /// Up to the line break that ends the row, or the end of the stream.
    fn pass_row<R: Read>(&mut self, window: &mut Window<R>) -> Result<(), FramingError> {
        let start = self.lines + 1;
        let mut inside = Inside::Plain(self.delimiter.unwrap_or(b','));
        loop {
            let ahead = window.ahead()?;
            if ahead.is_empty() {
                return match inside {
                    Inside::Quoted => Err(FramingError::at("line", start, "a quoted field of this row does not end")),
                    _ => Ok(()),
                };
            }
            let count;
            (inside, count) = match inside {
                Inside::Plain(before) => match memchr2(b'"', b'\n', ahead) {
                    None => (Inside::Plain(ahead[ahead.len() - 1]), ahead.len()),
                    Some(at) if ahead[at] == b'\n' => {
                        window.pass(at);
                        return Ok(());
                    }
                    Some(at) => {
                        let before = if at == 0 { before } else { ahead[at - 1] };
                        (if self.is_delimiter(before) { Inside::Quoted } else { Inside::Plain(b'"') }, at + 1)
                    }
                },
                Inside::Quoted => {
                    let end = memchr(b'"', ahead);
                    let text = &ahead[..end.unwrap_or(ahead.len())];
                    self.lines += memchr_iter(b'\n', text).count() as u64;
                    end.map_or((Inside::Quoted, ahead.len()), |at| (Inside::Closing, at + 1))
                }
                Inside::Closing if ahead[0] == b'"' => (Inside::Quoted, 1),
                Inside::Closing => (Inside::Plain(b'"'), 0),
            };
            window.pass(count);
        }
    }

    fn is_delimiter(&self, byte: u8) -> bool {
        self.delimiter.map_or_else(|| DELIMITERS.contains(&byte), |delimiter| byte == delimiter)
    }
}

/// What occurs most in the header outside quotes; of equals, the first. The SDK, which parses the rows, uses the same rule.
fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|known| known == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    let best = (0..DELIMITERS.len()).rev().max_by_key(|at| counts[*at]).unwrap_or(0);
    DELIMITERS[best]
}
