//! One CSV row at a time, as the host cut them; the header once a batch.
//! Never: guesses at a row that does not fit, or quotes one.

use crate::{Failure, Reject};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// More cells than any export of the known vendors has; a bound on what a hostile row may allocate.
const MAX_CELLS: usize = 4_096;

/// The header of a delivery. Names are compared without regard to case, surrounding space or a byte order mark.
#[derive(Debug, Default)]
pub struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// Where the column is.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether there is such a column.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Refuses the delivery unless it has exactly one such column.
    pub fn require(&self, name: &str) -> Result<(), Failure> {
        match self.names.iter().filter(|known| known.eq_ignore_ascii_case(name)).count() {
            0 => Err(Failure::Format(format!("column {name} is missing"))),
            1 => Ok(()),
            _ => Err(Failure::Format(format!("column {name} appears more than once"))),
        }
    }

    /// How many columns there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }
}

/// Reads the rows of one batch. Building the tables of the parser costs about 8 µs: once, not once a row.
pub(crate) struct Rows {
    reader: Reader,
    columns: Columns,
    delimiter: u8,
    surplus_into_last: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(header: &[u8]) -> Result<Self, Failure> {
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        let delimiter = delimiter(header);
        let mut rows = Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            columns: Columns::default(),
            delimiter,
            surplus_into_last: false,
            text: vec![0; 4_096],
            ends: vec![0; 64],
        };
        let cells = rows.cells(header).map_err(|_| Failure::Format("the header is not a CSV row in UTF-8".into()))?;
        let names: Vec<String> = (0..cells.len()).map(|at| cells.get(at).unwrap_or_default().to_owned()).collect();
        if names.iter().all(String::is_empty) {
            return Err(Failure::Format("the header is empty".into()));
        }
        rows.columns = Columns { names };
        Ok(rows)
    }

    /// See [`crate::Feed::surplus_into_last`].
    pub(crate) fn with_surplus_into_last(mut self, yes: bool) -> Self {
        self.surplus_into_last = yes;
        self
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// One row. Missing trailing cells are absent; more cells than the header has cannot be told apart, so such a row
    /// is refused (usually an unquoted comma), unless the surplus is empty.
    pub(crate) fn row(&mut self, line: &[u8]) -> Result<(&Columns, Cells<'_>), Reject> {
        let wanted = self.columns.count();
        let (mut written, mut count) = self.scan(line)?;
        if self.surplus_into_last && count > wanted {
            (written, count) = (self.join_surplus(count), wanted);
        }
        let (cells, columns) = self.scanned(written, count)?;
        if (wanted..cells.len()).any(|at| cells.get(at).is_some()) {
            return Err(Reject::malformed("more cells than the header has columns: is a comma not quoted?"));
        }
        Ok((columns, cells))
    }

    fn cells(&mut self, line: &[u8]) -> Result<Cells<'_>, Reject> {
        let (written, count) = self.scan(line)?;
        self.scanned(written, count).map(|(cells, _)| cells)
    }

    /// Gives the last column the cells that are too much, with the delimiters back between them; where the text then
    /// ends. Empty cells at the end are none.
    fn join_surplus(&mut self, count: usize) -> usize {
        let last = self.columns.count() - 1;
        let start = self.ends[last];
        let (mut joined, mut end) = (Vec::new(), start);
        for at in last + 1..count {
            let cell = &self.text[self.ends[at - 1]..self.ends[at]];
            joined.push(self.delimiter);
            joined.extend_from_slice(cell);
            if !cell.trim_ascii().is_empty() {
                end = start + joined.len();
            }
        }
        self.text.resize(self.text.len().max(end), 0);
        self.text[start..end].copy_from_slice(&joined[..end - start]);
        self.ends[last] = end;
        end
    }

    /// Reads a row into the buffers: how much text, how many cells.
    fn scan(&mut self, line: &[u8]) -> Result<(usize, usize), Reject> {
        self.reader.reset();
        // A row never grows when it is unquoted.
        self.text.resize(self.text.len().max(line.len() + 1), 0);
        let (mut read, mut written, mut count) = (0, 0, 0);
        loop {
            let (result, input, output, ended) =
                self.reader.read_record(&line[read..], &mut self.text[written..], &mut self.ends[count..]);
            read += input;
            written += output;
            count += ended;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => break,
                // The next call has no input left, which ends the row.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_CELLS => self.ends.resize(MAX_CELLS, 0),
                ReadRecordResult::OutputEndsFull => return Err(Reject::malformed("too many cells")),
                ReadRecordResult::OutputFull => return Err(Reject::malformed("not a CSV row")),
            }
        }
        if !line[read..].iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(Reject::malformed("more than one row"));
        }
        Ok((written, count))
    }

    /// The cells that were read.
    fn scanned(&self, written: usize, count: usize) -> Result<(Cells<'_>, &Columns), Reject> {
        let text = std::str::from_utf8(&self.text[..written]).map_err(|_| Reject::malformed("the row is not UTF-8"))?;
        Ok((Cells { text, ends: &self.ends[..count] }, &self.columns))
    }
}

/// The cells of one row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// A cell, trimmed; empty is absent.
    pub(crate) fn get(&self, at: usize) -> Option<&'a str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        // Delimiters are ASCII, so a cell starts and ends between characters.
        self.text.get(start..end).map(str::trim).filter(|cell| !cell.is_empty())
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Exports of the same product come with commas, semicolons (where the comma is the decimal sign), tabs or bars. What
/// occurs most in the header, outside quotes, is it.
fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in header {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(sign, _)| !quoted && *sign == byte) {
            *count += 1;
        }
    }
    // Of equals, the first: the comma.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(sign, _)| *sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of `row` under `header`, `-` where absent.
    fn row(header: &str, row: &str) -> String {
        let mut rows = Rows::new(header.as_bytes()).unwrap();
        let count = rows.columns().count();
        match rows.row(row.as_bytes()) {
            Ok((_, cells)) => (0..count).map(|at| cells.get(at).unwrap_or("-")).collect::<Vec<_>>().join("|"),
            Err(reject) => reject.detail,
        }
    }

    #[test]
    fn cells_are_trimmed_and_unquoted() {
        assert_eq!(row("a,b,c", " 1 ,\"2, and \"\"more\"\"\", 3\r\n"), "1|2, and \"more\"|3");
    }

    #[test]
    fn missing_trailing_cells_are_absent() {
        assert_eq!(row("a,b,c", "1"), "1|-|-");
        assert_eq!(row("a,b,c", ""), "-|-|-");
    }

    #[test]
    fn more_cells_than_columns_are_refused_unless_empty() {
        assert_eq!(row("a,b", "1,2,3"), "more cells than the header has columns: is a comma not quoted?");
        assert_eq!(row("a,b", "1,2,,"), "1|2");
    }

    #[test]
    fn more_cells_than_columns_are_the_last_column_s_where_the_feed_says_so() {
        let joined = |header: &str, row: &str| {
            let mut rows = Rows::new(header.as_bytes()).unwrap().with_surplus_into_last(true);
            let (columns, cells) = rows.row(row.as_bytes()).unwrap();
            (0..columns.count()).map(|at| cells.get(at).unwrap_or("-")).collect::<Vec<_>>().join("|")
        };
        assert_eq!(joined("a,b", "1,Model: 67%, Name: x, y"), "1|Model: 67%, Name: x, y");
        assert_eq!(joined("a;b", "1;2;3"), "1|2;3");
        assert_eq!(joined("a,b", "1,2,,"), "1|2");
        assert_eq!(joined("a,b", "1,2,3,, "), "1|2,3");
        assert_eq!(joined("a,b", "1"), "1|-");
        assert_eq!(joined("a", "1,2,,3"), "1,2,,3");
    }

    #[test]
    fn the_header_says_what_separates_cells() {
        assert_eq!(row("a;b", "1,5;2"), "1,5|2");
        assert_eq!(row("a\tb", "1\t2"), "1|2");
        assert_eq!(row("a|b", "1|2"), "1|2");
        assert_eq!(row("\"x;y;z\",b", "1,2"), "1|2");
    }

    #[test]
    fn a_quoted_line_break_belongs_to_its_cell() {
        assert_eq!(row("a,b", "\"one\ntwo\",3"), "one\ntwo|3");
        assert_eq!(row("a,b", "1,2\n3,4"), "more than one row");
    }

    #[test]
    fn column_names_ignore_case_space_and_a_byte_order_mark() {
        let rows = Rows::new("\u{feff}Email Address , DATE".as_bytes()).unwrap();
        assert_eq!(rows.columns().position("email address"), Some(0));
        assert_eq!(rows.columns().position("Date"), Some(1));
    }

    #[test]
    fn a_column_that_is_required_must_be_there_once() {
        let rows = Rows::new(b"a,b,B").unwrap();
        assert_eq!(rows.columns().require("A"), Ok(()));
        assert_eq!(rows.columns().require("b"), Err(Failure::Format("column b appears more than once".into())));
        assert_eq!(rows.columns().require("c"), Err(Failure::Format("column c is missing".into())));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        let mut rows = Rows::new(b"a,b").unwrap();
        assert_eq!(rows.row(b"M\xfcller,1").unwrap_err().detail, "the row is not UTF-8");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_row_or_a_reject(header: Vec<u8>, line: Vec<u8>) {
            for surplus in [false, true] {
                let Ok(rows) = Rows::new(&header) else { continue };
                let mut rows = rows.with_surplus_into_last(surplus);
                let count = rows.columns().count();
                if let Ok((_, cells)) = rows.row(&line) {
                    for at in 0..count { let _ = cells.get(at); }
                }
            }
        }
    }
}
