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
use vizard_plugin_host::{Batch, Call, HostOptions, Manifest, Outcome, Plugin, PluginHost, build, check, framing, read_manifest};

const LANGUAGES: [&str; 2] = ["python", "javascript"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(language: &str) -> Vec<u8> {
    let folder = std::env::var("VIZARD_LANGUAGE_PLUGINS").expect("VIZARD_LANGUAGE_PLUGINS, set by tests/languages.sh");
    let path = Path::new(&folder).join(format!("{language}-badges.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_file() -> Vec<u8> {
    let source = root().join("plugins/badge");
    let built = build::build(&source, None, &mut |line| eprintln!("{line}")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::read(built.path).unwrap()
}

/// Compiled code is kept beside the plugin files, so that only the first of several runs waits for it.
fn host() -> PluginHost {
    let folder = std::env::var("VIZARD_LANGUAGE_PLUGINS").expect("VIZARD_LANGUAGE_PLUGINS, set by tests/languages.sh");
    PluginHost::new(HostOptions { cache_dir: Path::new(&folder).join("compiled") }).unwrap()
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
    let record = |at: usize| {
        let (door, name) = if at % 2 == 0 { ("D-0017", "Vault") } else { ("D-0009", "Canteen") };
        let status = if at % 4 < 2 { "Failed" } else { "Success" };
        let (minute, second) = (at / 60 % 60, at % 60);
        format!(
            r#"{{"EventId":"{at}","UserId":"person{}@northwind.example","AssetId":"{door}","AssetName":"{name}","EventTime":"2026-09-14T08:{minute:02}:{second:02}.25+02:00","AccessStatus":"{status}"}}"#,
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

/// The file with another number in its manifest.
fn with_memory(file: &[u8], mib: u32) -> Vec<u8> {
    let manifest: Manifest = read_manifest(file).unwrap();
    let from = format!(r#""memory_mib":{}"#, manifest.memory());
    let to = format!(r#""memory_mib":{mib:>width$}"#, width = from.len() - r#""memory_mib":"#.len());
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
    let mut file = file.to_vec();
    file[at..at + from.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
#[ignore = "needs components that tests/languages.sh makes with componentize-py and componentize-qjs"]
fn an_interpreter_that_gets_too_little_memory_is_refused_with_what_to_ask_for() {
    for language in LANGUAGES {
        let error = host().load(&with_memory(&file(language), 1)).err().unwrap().to_string();
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
                let plugin = if at % 2 == 0 { &plugin } else { &rust };
                scope.spawn(move || assert_eq!(send(plugin, records(100)).events.len(), 25));
            }
        });
    }
}

/// Prints the table of docs/plugins-in-other-languages.md for this machine.
#[test]
#[ignore = "takes its time, and needs components that tests/languages.sh makes"]
fn figures() {
    println!("| | size, MiB | first load, s | load from the cache, ms | records/s at 1 | at 100 | at 1,000 | least memory, MiB |");
    let files = [("rust", rust_file()), ("python", file("python")), ("javascript", file("javascript"))];
    for (language, file) in files {
        let folder = tempfile::tempdir().unwrap();
        let load = |file: &[u8]| {
            let host = PluginHost::new(HostOptions { cache_dir: folder.path().join("compiled") }).unwrap();
            let began = Instant::now();
            let plugin = host.load(file);
            plugin.map(|plugin| (plugin, began.elapsed().as_secs_f64()))
        };
        let (plugin, first) = load(&file).unwrap_or_else(|error| panic!("{error}"));
        let cached = (0..5).map(|_| load(&file).unwrap().1).fold(f64::MAX, f64::min);
        let rates = [1, 100, 1_000].map(|size| rate(&plugin, size));
        // The least with which a full batch goes in, by halving.
        let fits = |mib: u32| {
            load(&with_memory(&file, mib)).is_ok_and(|(plugin, _)| {
                let batch = Batch { feed: "badges".into(), header: None, records: records(1_000) };
                plugin.normalise(&call(), batch).is_ok_and(|outcome| outcome.faults == 0)
            })
        };
        let least = if language == "rust" {
            "-".to_owned()
        } else {
            let (mut low, mut high) = (0, limits::PLUGIN_MEMORY_MOST_MIB);
            while high - low > 1 {
                let middle = low.midpoint(high);
                if fits(middle) { high = middle } else { low = middle }
            }
            high.to_string()
        };
        println!(
            "| {language} | {:.2} | {first:.2} | {:.1} | {:.0} | {:.0} | {:.0} | {least} |",
            file.len() as f64 / f64::from(1 << 20),
            cached * 1e3,
            rates[0],
            rates[1],
            rates[2],
        );
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
