//! Connectors in Python and JavaScript (`examples/plugins`), made by `tests/languages.sh`, run by this host like any other.
//! Never: passes without them. The script sets `VIZARD_LANGUAGE_PLUGINS` to the folder of the plugin files and asks for
//! the ignored tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail by panics and tell figures"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vizard_core::event::RawEvent;
use vizard_core::{indicator, limits, time::Micros};
use vizard_plugin_host::{Batch, Call, HostOptions, Outcome, Plugin, PluginHost, build, check, framing};

const LANGUAGES: [&str; 2] = ["python", "javascript"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn plugins() -> PathBuf {
    std::env::var("VIZARD_LANGUAGE_PLUGINS").expect("VIZARD_LANGUAGE_PLUGINS, set by tests/languages.sh").into()
}

fn file(language: &str) -> Vec<u8> {
    let path = plugins().join(format!("{language}-badges.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_file() -> Vec<u8> {
    let source = root().join("plugins/badge");
    let built = build::build(&source, None, &mut |line| eprintln!("{line}")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::read(built.path).unwrap()
}

/// Compiled code is kept beside the plugin files, so that only the first of several runs waits for it.
fn host() -> PluginHost {
    PluginHost::new(HostOptions { cache_dir: plugins().join("compiled") }).unwrap()
}

fn load(file: &[u8]) -> Arc<Plugin> {
    host().load(file).unwrap_or_else(|error| panic!("{error}"))
}

fn config() -> String {
    std::fs::read_to_string(root().join("examples/plugins/samples/config.json")).unwrap()
}

fn call() -> Call {
    let received_at = Micros(1_790_000_000_000_000);
    Call { installation: "test".into(), config: config(), received_at, default_zone: "UTC".into() }
}

fn send(plugin: &Plugin, records: Vec<Vec<u8>>) -> Outcome {
    let batch = Batch { feed: "badges".into(), header: None, records };
    plugin.normalise(&call(), batch).unwrap_or_else(|error| panic!("{error}"))
}

/// Uses of badges that every one of the connectors understands; a quarter of them are refusals at sensitive doors.
fn records(count: usize) -> Vec<Vec<u8>> {
    records_with(count, "")
}

fn records_with(count: usize, note: &str) -> Vec<Vec<u8>> {
    let record = |at: usize| {
        let (door, name) = if at.is_multiple_of(2) { ("D-0017", "Vault") } else { ("D-0009", "Canteen") };
        let status = if at % 4 < 2 { "Failed" } else { "Success" };
        let (minute, second) = (at / 60 % 60, at % 60);
        format!(
            r#"{{"EventId":"{at}","UserId":"person{}@northwind.example","AssetId":"{door}","AssetName":"{name}","EventTime":"2026-09-14T08:{minute:02}:{second:02}.25+02:00","AccessStatus":"{status}","Note":"{note}"}}"#,
            at % 200
        )
        .into_bytes()
    };
    (0..count).map(record).collect()
}

/// One line for each thing that the outcome says.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    for event in &outcome.events {
        writeln!(text, "record {}: {} at {:?}", event.record_index, event.kind, event.occurred_at).unwrap();
        writeln!(text, "    source id {}", event.source_id.as_deref().unwrap_or("none")).unwrap();
        for party in &event.parties {
            let names = party.identifiers.iter().map(|name| format!(" {}={}", name.scheme, name.value));
            writeln!(text, "    {}{}", party.role, names.collect::<String>()).unwrap();
        }
        for (name, value) in &event.attributes {
            writeln!(text, "    .{name} = {value:?}").unwrap();
        }
    }
    for reject in &outcome.rejects {
        writeln!(text, "record {}: rejected, {:?}: {}", reject.record_index, reject.reason, reject.detail).unwrap();
    }
    for (reason, count) in &outcome.ignored {
        writeln!(text, "ignored {count}: {reason}").unwrap();
    }
    text
}

/// An event as all of them should give it. How the vendor's own id becomes the source id is each connector's affair.
fn without_source_id(mut events: Vec<RawEvent>) -> Vec<RawEvent> {
    events.iter_mut().for_each(|event| event.source_id = None);
    events
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn connectors_in_other_languages_pass_the_same_check_as_any_other() {
    for language in LANGUAGES {
        let samples = root().join("examples/plugins/samples");
        let report = check::check(&host(), &file(language), Some(&samples), &indicator::is_declarable);
        assert!(report.passed(), "{language}:\n{report}");
        assert!(report.to_string().contains("3 events, 9 rejects, 2 ignored"), "{language}:\n{report}");
    }
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn the_sample_gives_what_is_written_beside_it_in_every_language() {
    let samples = root().join("examples/plugins/samples");
    let expected = samples.join("badges.expected");
    for language in LANGUAGES {
        let plugin = load(&file(language));
        let sample = std::fs::File::open(samples.join("badges.raw")).unwrap();
        let opened = framing::open(sample, limits::IMPORT_UNPACKED_BYTES).unwrap();
        let mut records = framing::Records::new(opened, &plugin.spec().feeds[0]).unwrap();
        let cut = records.next_batch(limits::BATCH_RECORDS, limits::BATCH_BYTES).unwrap().unwrap();
        let told = told(&send(&plugin, cut.records));
        if std::env::var_os("VIZARD_BLESS").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, std::fs::read_to_string(&expected).unwrap(), "{language}; VIZARD_BLESS=1 writes it anew");
    }
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn the_same_records_give_the_same_events_as_in_rust() {
    let rust = send(&load(&rust_file()), records(1_000));
    assert_eq!(rust.events.len(), 250);
    for language in LANGUAGES {
        let outcome = send(&load(&file(language)), records(1_000));
        assert_eq!(outcome.ignored.iter().map(|(_, count)| count).sum::<u32>(), 750, "{language}");
        assert_eq!(without_source_id(outcome.events), without_source_id(rust.events.clone()), "{language}");
    }
}

/// The plugin in this language, made again with a manifest that asks for so much memory.
fn with_memory(language: &str, mib: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let manifest = root().join(format!("examples/plugins/{language}-badges/plugin.toml"));
    let manifest = format!("{}memory_mib = {mib}\n", std::fs::read_to_string(manifest).unwrap());
    std::fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    let component = plugins().join(format!("{language}.component"));
    let built = build::wrap(folder.path(), &component, Some(&folder.path().join("plugin.wasm")));
    std::fs::read(built.unwrap_or_else(|error| panic!("{error}")).path).unwrap()
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn an_interpreter_that_gets_too_little_memory_is_refused_with_what_to_ask_for() {
    for language in LANGUAGES {
        let error = host().load(&with_memory(language, 1)).err().unwrap().to_string();
        assert!(error.contains("it does not start within 1 MiB of memory"), "{language}: {error}");
        assert!(error.contains("`memory_mib` in its plugin.toml, at most 256"), "{language}: {error}");
    }
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn many_threads_may_call_interpreters_and_plugins_in_rust_at_once() {
    let rust = load(&rust_file());
    for language in LANGUAGES {
        let plugin = load(&file(language));
        std::thread::scope(|scope| {
            for at in 0..2 * limits::PLUGIN_CALLS {
                let plugin = if at.is_multiple_of(2) { &plugin } else { &rust };
                scope.spawn(move || assert_eq!(send(plugin, records(100)).events.len(), 25));
            }
        });
    }
}

/// Prints the tables of docs/plugins-in-other-languages.md for this machine.
#[test]
#[ignore = "takes its time, and needs components that tests/languages.sh makes"]
fn figures() {
    println!("| | MiB | first load, s | from the cache, ms | a batch of 1, ms | records/s at 1 | at 100 | at 1,000 |");
    for (language, file) in [("rust", rust_file()), ("python", file("python")), ("javascript", file("javascript"))] {
        let folder = tempfile::tempdir().unwrap();
        let load = || {
            let host = PluginHost::new(HostOptions { cache_dir: folder.path().join("compiled") }).unwrap();
            let began = Instant::now();
            let plugin = host.load(&file).unwrap();
            (plugin, began.elapsed().as_secs_f64())
        };
        let (plugin, first) = load();
        let cached = (0..5).map(|_| load().1).fold(f64::MAX, f64::min);
        let [one, hundred, thousand] = [1, 100, 1_000].map(|size| rate(&plugin, size));
        println!(
            "| {language} | {:.2} | {first:.2} | {:.1} | {:.2} | {one:.0} | {hundred:.0} | {thousand:.0} |",
            file.len() as f64 / f64::from(1 << 20),
            cached * 1e3,
            1e3 / one,
        );
    }
    println!("| memory of a call, MiB | empty batch | 1,000 records | a batch of 4 MiB |");
    for (language, file) in [("rust", rust_file()), ("python", file("python")), ("javascript", file("javascript"))] {
        let batches = [vec![], records(1_000), records_with(1_000, &"x".repeat(3_900))];
        assert!(batches[2].iter().map(Vec::len).sum::<usize>() <= limits::BATCH_BYTES);
        let [empty, usual, full] = batches.map(|records| {
            let plugin = load(&file);
            send(&plugin, records);
            plugin.most_memory() as f64 / f64::from(1 << 20)
        });
        println!("| {language} | {empty:.1} | {usual:.1} | {full:.1} |");
    }
}

/// Records a second in batches of `size`, on one thread: the best of three, of half a second each.
fn rate(plugin: &Plugin, size: usize) -> f64 {
    let records = records(size);
    let once = || {
        let (began, mut sent) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_millis(500) {
            send(plugin, records.clone());
            sent += size;
        }
        sent as f64 / began.elapsed().as_secs_f64()
    };
    (0..3).map(|_| once()).fold(0.0, f64::max)
}
