//! Moves every date of the sample data by the same number of days, so that its last day is yesterday.
//! Never: touches anything but dates; they occur as `YYYY-MM-DD`, and nothing else in the data looks like that.

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};
use vizard_core::time::Day;

const DATE: usize = "2026-06-30".len();

/// Copies the file, packed or not as its name says.
pub(super) fn copy(from: &Path, to: &Path, days: i32) -> io::Result<()> {
    let packed = from.extension().is_some_and(|extension| extension == "gz");
    let source = File::open(from)?;
    let target = BufWriter::new(File::create(to)?);
    if packed {
        // Our own file, from the repository: a bound on its size would guard against nothing.
        let reader = BufReader::new(MultiGzDecoder::new(source));
        let target = shift(reader, GzEncoder::new(target, Compression::fast()), days)?;
        target.finish()?.flush()
    } else {
        shift(BufReader::new(source), target, days)?.flush()
    }
}

fn shift<W: Write>(mut source: impl io::BufRead, mut target: W, days: i32) -> io::Result<W> {
    let mut line = Vec::new();
    while source.read_until(b'\n', &mut line)? > 0 {
        shift_line(&mut line, days);
        target.write_all(&line)?;
        line.clear();
    }
    Ok(target)
}

fn shift_line(line: &mut [u8], days: i32) {
    let mut at = 0;
    while at + DATE <= line.len() {
        let alone = at == 0 || !line[at - 1].is_ascii_alphanumeric();
        let ends = line.get(at + DATE).is_none_or(|next| !next.is_ascii_digit());
        match date(&line[at..at + DATE]).filter(|_| alone && ends) {
            Some(day) => {
                line[at..at + DATE].copy_from_slice(day.plus(days).to_string().as_bytes());
                at += DATE;
            }
            None => at += 1,
        }
    }
}

fn date(text: &[u8]) -> Option<Day> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let number = |part: &[u8]| {
        part.iter().try_fold(0u16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')))
    };
    let (month, day) = (u8::try_from(number(&text[5..7])?).ok()?, u8::try_from(number(&text[8..10])?).ok()?);
    Day::from_civil(i32::from(number(&text[..4])?), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(text: &str, days: i32) -> String {
        String::from_utf8(shift(text.as_bytes(), Vec::new(), days).unwrap()).unwrap()
    }

    #[test]
    fn dates_move_and_everything_else_stays() {
        let line =
            "{\"CreationTime\":\"2026-02-27T23:59:59\",\"Id\":\"12026-06-301\",\"At\":\"2026-13-45\"}\n,2026-06-30,x";
        let moved =
            "{\"CreationTime\":\"2026-03-02T23:59:59\",\"Id\":\"12026-06-301\",\"At\":\"2026-13-45\"}\n,2026-07-03,x";
        assert_eq!(shifted(line, 3), moved);
        assert_eq!(shifted(moved, -3), line);
    }

    #[test]
    fn a_packed_file_stays_packed() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.gz"), dir.path().join("b.gz"));
        let mut packed = GzEncoder::new(File::create(&from).unwrap(), Compression::fast());
        packed.write_all(b"2026-06-30").unwrap();
        packed.finish().unwrap();
        copy(&from, &to, 1).unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut MultiGzDecoder::new(File::open(&to).unwrap()), &mut text).unwrap();
        assert_eq!(text, "2026-07-01");
    }
}
