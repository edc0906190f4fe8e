//! Each trap of a real delivery, and two properties: how the stream arrives changes nothing, and nothing panics.
//! Never: a delivery that is held whole.

use super::*;
use proptest::prelude::*;
use vizard_core::limits::RECORD_BYTES;

fn feed(framing: Framing, pointer: &str) -> Feed {
    Feed { name: "f".into(), title: "F".into(), framing, pointer: pointer.into(), columns: vec![] }
}

/// Hands out the bytes in the given portions, over and over.
struct Portions<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Portions<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].clamp(1, into.len()).min(self.bytes.len());
        self.turn += 1;
        into[..size].copy_from_slice(&self.bytes[..size]);
        self.bytes = &self.bytes[size..];
        Ok(size)
    }
}

/// Everything that comes out: header, records with positions, positions of what is too large, error.
#[derive(Debug, Default, PartialEq)]
struct All {
    header: Option<String>,
    records: Vec<(u64, String)>,
    oversized: Vec<u64>,
    error: Option<String>,
}

fn all(mut records: Records<impl Read>, most: usize) -> All {
    let header = records.header().map(|header| String::from_utf8_lossy(header).into_owned());
    let mut all = All { header, ..All::default() };
    loop {
        match records.next_batch(most, 1_000) {
            Ok(Some(batch)) => {
                assert!(batch.records.len() + batch.oversized.len() <= most);
                let bytes: usize = batch.records.iter().map(Vec::len).sum();
                assert!(batch.records.len() == 1 || bytes <= 1_000);
                let first = batch.positions.iter().chain(&batch.oversized).min();
                assert_eq!(first, Some(&batch.first_position));
                let texts = batch.records.iter().map(|record| String::from_utf8_lossy(record).into_owned());
                all.records.extend(batch.positions.iter().copied().zip(texts));
                all.oversized.extend(batch.oversized);
            }
            Ok(None) => return all,
            Err(error) => {
                assert!(all.error.is_none(), "an error comes once");
                all.error = Some(error.to_string());
            }
        }
    }
}

fn cut(feed: &Feed, bytes: &[u8], sizes: &[usize], most: usize) -> All {
    match Records::new(Portions { bytes, sizes: sizes.to_vec(), turn: 0 }, feed) {
        Ok(records) => all(records, most),
        Err(error) => All { error: Some(error.to_string()), ..All::default() },
    }
}

/// `position:record|…`, and the error after it.
fn shown(framing: Framing, pointer: &str, text: &str) -> String {
    let all = cut(&feed(framing, pointer), text.as_bytes(), &[7, 1, 64], 3);
    let mut parts: Vec<String> = all.records.iter().map(|(position, record)| format!("{position}:{record}")).collect();
    parts.extend(all.error.map(|error| format!("! {error}")));
    parts.join(" | ")
}

fn json(text: &str) -> String {
    shown(Framing::Json, "", text)
}

fn csv(text: &str) -> String {
    shown(Framing::Csv, "", text)
}

#[test]
fn an_array_is_cut_into_its_elements() {
    assert_eq!(
        json(r#" [ {"a":[1,{"b":"]}"}]} ,"x\"],", 12.5e3,null, [] ] "#),
        r#"1:{"a":[1,{"b":"]}"}]} | 2:"x\"]," | 3:12.5e3 | 4:null | 5:[]"#
    );
    assert_eq!(json("\u{feff}[]"), "");
    assert_eq!(json(""), "");
    assert_eq!(json(" \n "), "");
}

#[test]
fn a_truncated_array_gives_what_was_complete_and_then_where_it_ends() {
    assert_eq!(json(r#"[{"a":1},{"b":"#), r#"1:{"a":1} | ! element 2: the delivery ends within it"#);
    assert_eq!(json(r#"[{"a":1},"#), r#"1:{"a":1} | ! element 1: the delivery ends within the array after it"#);
    assert_eq!(json(r#"[{"a":1}}]"#), r#"1:{"a":1} | ! element 1: the array is broken after it"#);
}

#[test]
fn an_array_within_objects_is_found_by_its_pointer() {
    let text = r#"{"@odata.context":"x","other":{"value":[9]},"value":[{"a":1},{"a":2}],"after":{"b":"}"}}"#;
    assert_eq!(shown(Framing::Json, "/value", text), r#"1:{"a":1} | 2:{"a":2}"#);
    assert_eq!(shown(Framing::Json, "/other/value", text), "1:9");
    assert_eq!(shown(Framing::Json, "/x~1y", r#"{"x\/y":[1]}"#), "1:1");
    assert_eq!(shown(Framing::Json, "/none", text), "! element 0: there is no array at /none");
    assert_eq!(shown(Framing::Json, "/value/deep", text), "! element 0: there is no array at /value/deep");
}

#[test]
fn pages_appended_to_one_another_all_count() {
    assert_eq!(shown(Framing::Json, "/v", "{\"v\":[1]}\n{\"v\":[2],\"n\":0}"), "1:1 | 2:2");
    assert_eq!(json("[1]\n[2,3]"), "1:1 | 2:2 | 3:3");
    assert_eq!(
        shown(Framing::Json, "/v", r#"{"v":[1],"n":"#),
        "1:1 | ! element 1: the delivery ends within the object around the array"
    );
}

#[test]
fn a_broken_line_of_json_lines_costs_only_itself() {
    assert_eq!(json("{\"a\":1}\n{\"a\":\n\r\n{\"a\":3}\r\n"), "1:{\"a\":1} | 2:{\"a\": | 4:{\"a\":3}");
    assert_eq!(json("\n{\"a\":\n{\"a\":2}"), "2:{\"a\": | 3:{\"a\":2}");
    assert_eq!(json("{\"a\":1}"), "1:{\"a\":1}");
}

#[test]
fn objects_over_several_lines_or_several_on_one_are_told_apart() {
    assert_eq!(json("{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n"), "1:{\n \"a\": 1\n} | 2:{\n \"a\": 2\n}");
    assert_eq!(json("{\"a\":1}{\"a\":2} {\"a\":3}"), "1:{\"a\":1} | 2:{\"a\":2} | 3:{\"a\":3}");
    assert_eq!(json("{\n\"a\":1\n}\n7"), "1:{\n\"a\":1\n} | ! element 1: something else than an object follows it");
    assert_eq!(json("{\n\"a\":1"), "! element 1: the delivery ends within it");
}

#[test]
fn what_is_no_json_delivery_is_refused() {
    assert_eq!(json("a,b\n1,2"), "! element 0: neither an array nor an object: is this JSON?");
    assert!(shown(Framing::Json, "/v", "[1]").contains("an array at the root, not at /v"));
}

#[test]
fn csv_rows_are_cut_at_line_breaks_outside_quotes() {
    assert_eq!(csv("a,b\n1,\"x\ny\"\"\r\nz\"\r\n2,3"), "2:1,\"x\ny\"\"\r\nz\" | 5:2,3");
    assert_eq!(csv("a,b\r\n\r\n1,2\r\n   \r\n3,4\r\n"), "3:1,2 | 5:3,4");
}

#[test]
fn the_header_is_given_verbatim_without_the_byte_order_mark() {
    let all = cut(&feed(Framing::Csv, ""), b"\xef\xbb\xbf\r\n\"Email\nAddress\", Date\r\nx,y", &[2], 9);
    assert_eq!(all.header.as_deref(), Some("\"Email\nAddress\", Date"));
    assert_eq!(all.records, [(4, "x,y".into())]);
    assert_eq!(cut(&feed(Framing::Csv, ""), b"", &[2], 9), All::default());
}

#[test]
fn a_quote_within_an_unquoted_field_swallows_nothing() {
    assert_eq!(csv("a,b\n19\" screen,1\nx,2\n"), "2:19\" screen,1 | 3:x,2");
    // Only the header's own delimiter opens a field: here a semicolon is text.
    assert_eq!(csv("a,b\nx;\"y,1\nx,2\n"), "2:x;\"y,1 | 3:x,2");
    assert_eq!(csv("a;b\nx;\"y\n1\"\n"), "2:x;\"y\n1\"");
}

#[test]
fn a_quote_that_never_closes_is_an_error_that_names_its_line() {
    assert_eq!(csv("a,b\n1,2\n3,\"x\n4,5\n"), "2:1,2 | ! line 3: a quoted field of this row does not end");
}

#[test]
fn lines_are_cut_and_blank_ones_passed_over() {
    assert_eq!(shown(Framing::Lines, "", "a\r\n\n  \nb"), "1:a | 4:b");
}

#[test]
fn a_whole_delivery_is_one_record() {
    assert_eq!(shown(Framing::Whole, "", "a\n\nb\n"), "1:a\n\nb\n");
    assert_eq!(shown(Framing::Whole, "", ""), "");
}

#[test]
fn a_record_larger_than_the_limit_is_passed_over_and_named_and_the_next_is_found() {
    let large = "x".repeat(RECORD_BYTES + 1);
    let exact = "y".repeat(RECORD_BYTES - 2);
    for (framing, text, wanted) in [
        (Framing::Json, format!("[\"{large}\",\"{exact}\",1]"), (vec![1], vec![2, 3])),
        (Framing::Json, format!("{{\"a\":\"{large}\"}}\n{{}}\n"), (vec![1], vec![2])),
        (Framing::Csv, format!("h\n\"{large}\n\"\n{exact}\nz"), (vec![2], vec![4, 5])),
        (Framing::Lines, format!("a\n{large}\n{exact}"), (vec![2], vec![1, 3])),
        (Framing::Whole, large.clone(), (vec![1], vec![])),
    ] {
        let all = cut(&feed(framing, ""), text.as_bytes(), &[100_000], 10);
        assert_eq!(all.error, None);
        let positions = all.records.iter().map(|(position, _)| *position).collect::<Vec<_>>();
        assert_eq!((all.oversized, positions), wanted, "{framing:?}");
    }
}

#[test]
fn memory_stays_bounded_however_large_a_record_is() {
    // 64 MiB in one quoted field: what is kept must not grow with it.
    let stream = io::Cursor::new(b"h\n\"".to_vec()).chain(io::repeat(b'x').take(64 << 20)).chain(&b"\"\nz\n"[..]);
    let mut records = Records::new(stream, &feed(Framing::Csv, "")).unwrap();
    let batch = records.next_batch(10, 1_000).unwrap().unwrap();
    assert_eq!((batch.oversized, batch.records), (vec![2], vec![b"z".to_vec()]));
    assert_eq!(batch.bytes_read, (64 << 20) + 7);
    assert!(records.window.capacity() <= 4 * RECORD_BYTES, "{}", records.window.capacity());
}

#[test]
fn a_stream_that_fails_gives_its_records_first() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the network went away"))
        }
    }
    let records = Records::new(b"[1,2,".chain(Failing), &feed(Framing::Json, "")).unwrap();
    let all = all(records, 10);
    assert_eq!((all.records.len(), all.error.as_deref()), (2, Some("the network went away")));
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Into::into),
        "[a-z\"\\\\{}\\[\\],:\n é]{0,12}".prop_map(serde_json::Value::String),
        any::<bool>().prop_map(Into::into),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::btree_map("[a-z\"]{0,3}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn framing() -> impl Strategy<Value = Feed> {
    prop_oneof![
        Just(feed(Framing::Json, "")),
        Just(feed(Framing::Json, "/a")),
        Just(feed(Framing::Csv, "")),
        Just(feed(Framing::Lines, "")),
        Just(feed(Framing::Whole, "")),
    ]
}

proptest! {
    #[test]
    fn the_elements_of_any_array_come_out_as_they_are(
        values in prop::collection::vec(json_value(), 0..12),
        pretty in any::<bool>(), nested in any::<bool>(),
        sizes in prop::collection::vec(1_usize..40, 1..5), most in 1_usize..5,
    ) {
        let document = match nested {
            true => serde_json::json!({"n": {"a": [0]}, "a": values, "z": "]"}),
            false => serde_json::Value::Array(values.clone()),
        };
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        let all = cut(&feed(Framing::Json, if nested { "/a" } else { "" }), text.as_bytes(), &sizes, most);
        prop_assert_eq!(all.error, None);
        let back: Vec<serde_json::Value> = all.records.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(back, values);
    }

    #[test]
    fn objects_one_a_line_or_one_after_another_come_out_as_they_are(
        values in prop::collection::vec(json_value(), 1..8), pretty in any::<bool>(),
        sizes in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let values: Vec<_> = values.into_iter().map(|value| serde_json::json!({"k": value, "l": 1})).collect();
        let text: String = values.iter().map(|value| if pretty { format!("{value:#}\n") } else { format!("{value}\n") }).collect();
        let all = cut(&feed(Framing::Json, ""), text.as_bytes(), &sizes, 3);
        prop_assert_eq!(all.error, None);
        let back: Vec<serde_json::Value> = all.records.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(back, values);
    }

    #[test]
    fn csv_rows_come_out_as_they_were_written(
        rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\r\n ]{0,6}", 2), 0..10),
        sizes in prop::collection::vec(1_usize..20, 1..5),
    ) {
        let rows: Vec<String> = rows.iter()
            .map(|row| row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(","))
            .collect();
        let text = format!("h,i\n{}", rows.join("\r\n"));
        let all = cut(&feed(Framing::Csv, ""), text.as_bytes(), &sizes, 3);
        prop_assert_eq!(all.error, None);
        let mut line = 2;
        for ((position, record), row) in all.records.iter().zip(&rows) {
            prop_assert_eq!(record, row);
            prop_assert_eq!(*position, line);
            line += 1 + row.matches('\n').count() as u64;
        }
        prop_assert_eq!(all.records.len(), rows.len());
    }

    #[test]
    fn how_a_stream_arrives_changes_nothing_and_nothing_panics(
        feed in framing(),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}\",:\\\\ \r\na1;]{0,200}".prop_map(String::into_bytes),
        ],
        sizes in prop::collection::vec(1_usize..30, 1..5), most in 1_usize..5,
    ) {
        prop_assert_eq!(cut(&feed, &bytes, &sizes, most), cut(&feed, &bytes, &[usize::MAX], 1_000));
    }
}
