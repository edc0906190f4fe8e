//! How many records a second one core normalises, natively: `cargo run --release --example speed [FILE]`.
//!
//! Without a file (JSON lines) it makes records of the shape and size of ordinary SharePoint activity, about 530 bytes.
//! Never: a test; it prints and asserts nothing about time.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a tool for developers")]

use connector_sdk::testing;
use connector_sdk::{Batch, Connector, RawRecord};
use std::time::{Duration, Instant};
use vizard_plugin_m365::M365;

const BATCH: usize = 1_000;

fn main() {
    let records: Vec<Vec<u8>> = match std::env::args().nth(1) {
        Some(file) => {
            let batch = testing::cut(&M365::DESCRIPTOR.feeds[0], &std::fs::read(file).unwrap());
            batch.records.into_iter().map(|record| record.body).collect()
        }
        None => (0..20_000).map(synthetic).collect(),
    };
    let bytes: usize = records.iter().map(Vec::len).sum();
    let batches: Vec<Batch> = records
        .chunks(BATCH)
        .map(|chunk| Batch {
            feed: "audit".into(),
            header: None,
            records: (0..).zip(chunk).map(|(index, body)| RawRecord { index, body: body.clone() }).collect(),
        })
        .collect();
    let context = testing::context(r#"{"internal_domains":["example.com"]}"#);
    let (mut seen, mut events, start) = (0, 0, Instant::now());
    while start.elapsed() < Duration::from_secs(3) {
        for batch in &batches {
            let outcome = connector_sdk::normalise::<M365>(&context, batch).unwrap();
            seen += batch.records.len();
            events += outcome.events.len();
        }
    }
    let rate = seen as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.0} records/s ({} bytes each), {events} events of {seen} records", bytes / records.len());
}

fn synthetic(n: usize) -> Vec<u8> {
    let operation = ["FileDownloaded", "FileAccessed", "FileModified", "FileSyncDownloadedFull"][n % 4];
    format!(
        r#"{{"CreationTime":"2026-08-{:02}T10:{:02}:07","Id":"5f0c{n:08}-2d6f-4f07-9f86-08d9a1b2c3d4","Operation":"{operation}","OrganizationId":"b7f6a2d0-0000-4000-8000-1f2e3d4c5b6a","RecordType":6,"UserKey":"i:0h.f|membership|1003200{n:08}@live.com","UserType":0,"Version":1,"Workload":"SharePoint","ClientIP":"198.51.100.7","ObjectId":"https://example.sharepoint.com/sites/eng/Docs/plan-{n}.docx","UserId":"person{}@example.com","ItemType":"File","SiteUrl":"https://example.sharepoint.com/sites/eng/","SourceFileExtension":"docx","SourceFileName":"plan-{n}.docx"}}"#,
        1 + n % 28,
        n % 60,
        n % 500,
    )
    .into_bytes()
}
