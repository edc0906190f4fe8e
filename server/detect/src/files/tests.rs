//! What the files may look like.
//! Never: a person's data; all of it is made up.

use super::*;
use std::io::Write as _;
use vizard_core::time::Micros;

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn read(text: &str) -> (Counts, Vec<(Day, Vec<Activity>)>) {
    let (_folder, path) = file("events.csv", text.as_bytes());
    let events = Events::read(&path).unwrap();
    (events.counts().clone(), events.days().map(Result::unwrap).collect())
}

const HEADER: &str = "source_event_id,occurred_at,account,indicator,quantity,object,destination,device,facts\n";

#[test]
fn rows_in_any_order_come_back_by_day_and_time_and_repeated_ids_once() {
    let (counts, days) = read(&format!(
        "{HEADER}c,2026-01-03T10:00:00Z,ann,FILE_PRINTED,,,,,\n\
         b,2026-01-01T10:00:00+02:00,Ann,LOGON,,,,PC-1,\"{{\"\"a\"\":1}}\"\n\
         a,2026-01-01 07:00:00,bob,FILE_DOWNLOADED,3,o1,,,\n\
         a,2026-01-02T07:00:00Z,bob,FILE_DOWNLOADED,3,o1,,,\n"
    ));
    assert_eq!((counts.rows, counts.duplicates, counts.rejected), (4, 1, 0));
    let ids: Vec<Vec<&str>> = days.iter().map(|(_, day)| day.iter().map(|event| event.id.as_str()).collect()).collect();
    assert_eq!(ids, [vec!["a", "b"], vec![], vec!["c"]]);
    let logon = &days[0].1[1];
    assert_eq!((logon.account.as_str(), logon.device.as_deref(), logon.quantity), ("ann", Some("pc-1"), 1));
    assert_eq!(logon.at, Micros(days[0].0.start().0 + 8 * 3_600_000_000));
}

#[test]
fn a_bad_row_is_told_by_its_line_and_the_rest_is_read() {
    let (counts, days) = read(&format!(
        "{HEADER}a,yesterday,ann,LOGON,,,,,\nb,2026-01-01T00:00:00Z,ann,NO_SUCH,,,,,\nc,2026-01-01T00:00:00Z,ann,LOGON,x,,,,\n\
         d,2026-01-01T00:00:00Z,ann,LOGON,,,,,[1]\ne,2026-01-01T00:00:00Z,,LOGON\nf,2026-01-01T00:00:00Z,ann,LOGON\n"
    ));
    let lines: Vec<u64> = counts.reasons.iter().map(|(line, _)| *line).collect();
    assert_eq!((counts.rejected, lines), (5, vec![2, 3, 4, 5, 6]));
    assert_eq!(days[0].1.len(), 1);
}

#[test]
fn a_missing_column_is_named() {
    let (_folder, path) = file("events.csv", b"source_event_id,occurred_at,account\n");
    let error = Events::read(&path).err().unwrap().to_string();
    assert!(error.ends_with("has no column indicator"), "{error}");
}

#[test]
fn gzip_is_read_by_its_name() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(format!("{HEADER}a,2026-01-01T00:00:00Z,ann,LOGON\n").as_bytes()).unwrap();
    let (_folder, path) = file("events.csv.gz", &gzip.finish().unwrap());
    assert_eq!(Events::read(&path).unwrap().days().count(), 1);
}

#[test]
fn a_later_row_of_a_person_supersedes_from_its_day_on() {
    let text = "account,from,to,department,title\nann,2026-01-01,,Sales,Rep\nann,2026-02-01,,Finance,Rep\n";
    let (_folder, path) = file("people.csv", text.as_bytes());
    let people = People::read(&path).unwrap();
    let on = |month, day| people.on("ann", Day::from_civil(2026, month, day).unwrap()).map(|p| p.department.as_str());
    assert_eq!([on(1, 31), on(2, 1)], [Some("Sales"), Some("Finance")]);
    assert_eq!(people.on("ann", Day::from_civil(2025, 12, 31).unwrap()), None);
}

#[test]
fn scores_are_written_once_and_never_revised() {
    let mut out = Vec::new();
    let mut scores = Scores::new(&mut out).unwrap();
    scores.day(Day(2), [("ann", 12.5)].into_iter()).unwrap();
    assert!(scores.day(Day(2), [("ann", 13.0)].into_iter()).is_err());
    scores.finish().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "date,account,score\n1970-01-03,ann,12.5000\n");
}
