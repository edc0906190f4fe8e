//! Cuts a delivery into records the way the host does.
//! Never: used in production; the host has its own, streaming, with limits.

use crate::{Batch, Feed, Framing, RawRecord};
use serde_json::value::RawValue;

/// One batch of everything in `raw`.
///
/// # Panics
/// When a JSON delivery with an array is not JSON: the host refuses such a file as a whole.
#[must_use]
pub fn cut(feed: &Feed, raw: &[u8]) -> Batch {
    let (header, bodies) = match feed.framing {
        Framing::Csv => {
            let mut rows = csv_rows(raw);
            let header = if rows.is_empty() { None } else { Some(rows.remove(0)) };
            (header, rows)
        }
        Framing::Lines => (None, raw.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()),
        Framing::Whole => (None, vec![raw.to_vec()]),
        Framing::Json => (None, json(raw, feed.pointer)),
    };
    let records = bodies.into_iter().filter(|body| !body.trim_ascii().is_empty());
    let records = (0..).zip(records).map(|(index, body)| RawRecord { index, body }).collect();
    Batch { feed: feed.name.into(), header, records }
}

/// Rows end at a line break outside quotes.
fn csv_rows(raw: &[u8]) -> Vec<Vec<u8>> {
    let (mut rows, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in raw.iter().enumerate() {
        quoted ^= *byte == b'"';
        if *byte == b'\n' && !quoted {
            rows.push(raw[start..at].to_vec());
            start = at + 1;
        }
    }
    rows.push(raw[start..].to_vec());
    rows.retain(|row| !row.trim_ascii().is_empty());
    rows
}

fn json(raw: &[u8], pointer: &str) -> Vec<Vec<u8>> {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    if pointer.is_empty() && raw.trim_ascii_start().first() != Some(&b'[') {
        return json_lines(raw);
    }
    let mut array: Box<RawValue> = serde_json::from_slice(raw).expect("the delivery is JSON");
    for key in pointer.split('/').skip(1) {
        let mut object: std::collections::HashMap<String, Box<RawValue>> =
            serde_json::from_str(array.get()).expect("the pointer leads through objects");
        array = object.remove(key).expect("the pointer leads to something");
    }
    let records: Vec<&RawValue> = serde_json::from_str(array.get()).expect("the pointer leads to an array");
    records.into_iter().map(|record| record.get().as_bytes().to_vec()).collect()
}

/// Objects one after another; where there is none, the line stands for itself, to be rejected.
fn json_lines(raw: &[u8]) -> Vec<Vec<u8>> {
    let (mut records, mut rest) = (Vec::new(), raw);
    while !rest.trim_ascii().is_empty() {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
        let end = match stream.next() {
            Some(Ok(_)) => stream.byte_offset(),
            _ => rest
                .trim_ascii_start()
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(rest.len(), |at| at + 1 + (rest.len() - rest.trim_ascii_start().len())),
        };
        records.push(rest[..end].trim_ascii().to_vec());
        rest = &rest[end..];
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(framing: Framing, pointer: &'static str, raw: &str) -> Vec<String> {
        let feed = Feed { pointer, ..Feed::new("x", "X", framing) };
        cut(&feed, raw.as_bytes()).records.into_iter().map(|r| String::from_utf8(r.body).unwrap()).collect()
    }

    #[test]
    fn an_array_an_array_inside_and_lines_are_the_same_records() {
        let want = [r#"{"a":1}"#, r#"{"a":[2]}"#];
        assert_eq!(records(Framing::Json, "", r#"[{"a":1}, {"a":[2]}]"#), want);
        assert_eq!(records(Framing::Json, "/v/w", r#"{"v":{"w":[{"a":1},{"a":[2]}]}}"#), want);
        assert_eq!(records(Framing::Json, "", "{\"a\":1}\n\n{\"a\":[2]}\n"), want);
    }

    #[test]
    fn a_broken_line_is_a_record_of_its_own() {
        assert_eq!(records(Framing::Json, "", "{\"a\":1}\n{oops\n{\"a\":2}"), [r#"{"a":1}"#, "{oops", r#"{"a":2}"#]);
    }

    #[test]
    fn a_quoted_line_break_does_not_end_a_csv_row() {
        assert_eq!(records(Framing::Csv, "", "h1,h2\n\"a\nb\",c\n\nd,e"), ["\"a\nb\",c", "d,e"]);
    }
}
