//! A hostile plugin, built from source as any other: every way to misbehave is contained, named, and over with the call.
//! Never: a guest whose fault reaches another call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "tests fail by panics and show progress"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use vizard_core::event::{RejectReason, Value};
use vizard_core::limits;
use vizard_core::time::Micros;
use vizard_plugin_host::{
    Batch, BatchError, Call, HostOptions, Outcome, Plugin, PluginError, PluginHost, Problem, build, check,
    read_manifest,
};

/// The plugin file, built once for all tests.
fn hostile_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/hostile");
        let built = build::build(&source, None, &mut |line| eprintln!("{line}")).unwrap_or_else(|e| panic!("{e}"));
        std::fs::read(built.path).unwrap()
    })
}

fn host() -> (PluginHost, PathBuf) {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path().join("compiled");
    (PluginHost::new(HostOptions { cache_dir: folder.clone() }).unwrap(), folder)
}

fn hostile() -> &'static Plugin {
    static PLUGIN: OnceLock<Arc<Plugin>> = OnceLock::new();
    PLUGIN.get_or_init(|| host().0.load(hostile_file()).unwrap_or_else(|error| panic!("{error}")))
}

fn call(config: &str) -> Call {
    let received_at = Micros(1_790_000_000_000_000);
    Call { installation: "test".into(), config: config.into(), received_at, default_zone: "UTC".into() }
}

fn send(orders: &[&str]) -> Result<Outcome, BatchError> {
    let records = orders.iter().map(|order| order.as_bytes().to_vec()).collect();
    hostile().normalise(&call("{}"), Batch { feed: "orders".into(), header: None, records })
}

fn land(orders: &[&str]) -> Outcome {
    send(orders).unwrap_or_else(|error| panic!("{error}"))
}

fn details(outcome: &Outcome) -> Vec<&str> {
    outcome.rejects.iter().map(|reject| reject.detail.as_str()).collect()
}

#[test]
fn every_record_ends_in_exactly_one_place() {
    let outcome = land(&["good", "ignore", "reject", "good"]);
    assert_eq!(outcome.events.iter().map(|event| event.record_index).collect::<Vec<_>>(), [0, 3]);
    assert_eq!(outcome.ignored, [("ordered to".into(), 1)]);
    assert_eq!((outcome.rejects[0].record_index, outcome.rejects[0].reason), (2, RejectReason::MissingField));
    assert_eq!(outcome.events[1].parties[0].identifiers[0].value, "ada@example.com");
    assert_eq!(land(&[]), Outcome::default());
}

#[test]
fn a_fault_is_named_costs_its_record_only_and_the_next_batch_works() {
    for (order, fault) in [
        ("memory", "it asked for too much memory"),
        ("stack", "it ran out of stack or reached outside of its memory"),
        ("panic", "panic at hostile/src/lib.rs:"),
        ("trap", "trap: wasm `unreachable` instruction executed"),
        ("output", "it handed back too much"),
    ] {
        let outcome = land(&["good", order, "good"]);
        assert_eq!((outcome.faults, outcome.events.len()), (1, 2), "{order}");
        let reject = &outcome.rejects[0];
        assert_eq!((reject.record_index, reject.reason), (1, RejectReason::PluginFault));
        let wanted = format!("the plugin hostile 0.1.0 failed on this record: {fault}");
        assert!(reject.detail.starts_with(&wanted), "{order}: {}", reject.detail);
        assert_eq!(land(&["good"]).events.len(), 1, "after {order}");
    }
}

#[test]
fn an_endless_loop_ends_in_time_and_costs_its_record_only() {
    let began = Instant::now();
    let outcome = land(&["good", "loop", "good", "good"]);
    let took = began.elapsed();
    assert_eq!((outcome.events.len(), outcome.faults), (3, 1));
    assert_eq!(details(&outcome), ["the plugin hostile 0.1.0 failed on this record: it took too long"]);
    let limit = Duration::from_millis(limits::PLUGIN_CALL_TICKS * limits::PLUGIN_TICK_MILLIS);
    assert!(took >= limit && took < 6 * limit, "{took:?}");
}

#[test]
fn three_poison_records_of_a_thousand_are_found_and_the_rest_lands() {
    let mut orders = vec!["good"; 1_000];
    let poison = [5, 500, 999];
    poison.iter().for_each(|at| orders[*at] = "trap");
    let outcome = land(&orders);
    assert_eq!((outcome.events.len(), outcome.faults), (997, 3));
    assert_eq!(outcome.rejects.iter().map(|reject| reject.record_index as usize).collect::<Vec<_>>(), poison);
    let landed: Vec<_> = outcome.events.iter().map(|event| event.record_index as usize).collect();
    assert_eq!(landed, (0..1_000).filter(|at| !poison.contains(at)).collect::<Vec<_>>());
}

#[test]
fn too_many_poison_records_fail_the_batch_and_nothing_of_it_lands() {
    let mut orders = vec!["good"; 100];
    orders[..limits::PLUGIN_POISON_RECORDS].fill("panic");
    assert_eq!(land(&orders).faults as usize, limits::PLUGIN_POISON_RECORDS);
    orders[99] = "panic";
    let error = send(&orders).unwrap_err();
    assert!(matches!(error, BatchError::Internal(_)));
    assert!(
        error.to_string().starts_with("the plugin hostile 0.1.0 failed on more than 16 records of one batch"),
        "{error}"
    );
}

#[test]
fn what_a_panic_says_of_a_record_appears_nowhere() {
    let outcome = land(&["panic ada@example.com", "ignore"]);
    assert_eq!(outcome.faults, 1);
    assert!(!format!("{outcome:?}").contains("ada@"), "{outcome:?}");
}

#[test]
fn an_account_that_does_not_add_up_fails_the_batch() {
    for (order, problem) in [
        ("lost", "it says nothing of 1 records, and that it ignored 0"),
        ("twice", "it says nothing of 0 records, and that it ignored 1"),
        ("outside", "it speaks of record 4294967295, of a batch of 2"),
    ] {
        let wanted = format!("the plugin hostile 0.1.0 does not account for its records: {problem}");
        assert_eq!(send(&["good", order]), Err(BatchError::Internal(wanted)), "{order}");
    }
}

#[test]
fn a_flood_of_events_rejects_its_record() {
    let outcome = land(&["flood", "good"]);
    assert_eq!((outcome.events.len(), outcome.faults), (1, 0));
    assert_eq!(outcome.rejects[0].reason, RejectReason::TooLarge);
}

#[test]
fn a_flood_of_log_lines_is_cut_and_counted() {
    let outcome = land(&["logs"]);
    assert_eq!((outcome.log.len(), outcome.log_dropped), (64, 9_936));
    assert!(outcome.log.iter().all(|line| line.len() < limits::PLUGIN_LOG_BYTES + 10));
    assert_eq!(outcome.events.len(), 1);
}

#[test]
fn what_was_not_declared_does_not_get_through() {
    let outcome = land(&["kind", "attributes"]);
    assert_eq!(outcome.rejects[0].reason, RejectReason::UnknownKind);
    assert_eq!(outcome.events[0].attributes, [("declared".into(), Value::Text("kept".into()))]);
    assert_eq!(outcome.undeclared, 2);
}

#[test]
fn no_call_sees_anything_of_another() {
    for _ in 0..3 {
        assert_eq!(land(&["memory-of-calls"]).events.len(), 1);
    }
}

#[test]
fn a_failure_of_the_whole_call_is_told_apart_by_kind() {
    assert_eq!(
        send(&["fail-internal"]),
        Err(BatchError::Internal("the plugin hostile 0.1.0 failed: I gave up".into()))
    );
    let transient = BatchError::Transient { message: "come back".into(), after_seconds: 7 };
    assert_eq!(send(&["fail-transient"]), Err(transient));
    assert_eq!(send(&["fail-format"]), Err(BatchError::Format("not my format".into())));
    let batch = Batch { feed: "none".into(), header: None, records: vec![] };
    assert!(matches!(hostile().normalise(&call("{}"), batch), Err(BatchError::Format(_))));
}

#[test]
fn a_configuration_is_checked_by_the_schema_and_then_by_the_plugin() {
    let check = |config: &str| hostile().check_config(&call(config));
    assert_eq!(check("{}").unwrap(), []);
    assert_eq!(
        check(r#"{"check":"complain"}"#).unwrap(),
        [Problem { at: "/check".into(), message: "it complains".into() }]
    );
    let problems = check(r#"{"check":7,"more":1}"#).unwrap();
    assert!(problems.iter().any(|problem| problem.at == "/check"), "{problems:?}");
    assert_eq!(problems.len(), 2);
    assert!(check("{").unwrap()[0].message.starts_with("not JSON"));
    let error = check(r#"{"check":"panic"}"#).unwrap_err().to_string();
    assert!(
        error.starts_with("the plugin hostile 0.1.0 failed in check-config: panic at hostile/src/lib.rs"),
        "{error}"
    );
}

#[test]
fn memory_of_the_host_stays_bounded_and_many_threads_may_call() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
    };
    land(&["memory", "output"]);
    let before = resident();
    std::thread::scope(|scope| {
        for _ in 0..2 * limits::PLUGIN_CALLS {
            scope.spawn(|| {
                let outcome = land(&["good", "memory", "output", "good"]);
                assert_eq!((outcome.events.len(), outcome.faults), (2, 2));
            });
        }
    });
    let grown = resident().saturating_sub(before);
    assert!(grown < 256 << 20, "{grown} bytes more");
}

/// The hostile plugin with one text in it replaced by another of the same length.
fn altered(section: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut file = hostile_file().to_vec();
    let find = |within: &[u8], what: &[u8]| within.windows(what.len()).rposition(|window| window == what).unwrap();
    let start = find(&file, section);
    let at = start + file[start..].windows(from.len()).position(|window| window == from).unwrap();
    file[at..at + to.len()].copy_from_slice(to);
    file
}

#[test]
fn a_plugin_for_another_version_is_refused_before_anything_else_is_looked_at() {
    let wanted = "built for connector SDK 0.2, this host speaks 0.1: upgrade the host or rebuild the plugin";
    let by_manifest = altered(b"vizard:plugin", br#""sdk":"0.1""#, br#""sdk":"0.2""#);
    // The manifest lies: what the SDK put into the code counts as well.
    let by_code = altered(b"vizard:sdk-version", b"0.1.0", b"0.2.0");
    for file in [by_manifest, by_code] {
        assert_eq!(read_manifest(&file).unwrap_err().to_string(), wanted);
        assert!(matches!(host().0.load(&file), Err(PluginError::Version(_))));
    }
}

#[test]
fn a_plugin_that_contradicts_its_manifest_is_refused() {
    let refusal = |file: Vec<u8>| host().0.load(&file).err().unwrap().to_string();
    let version = altered(b"vizard:plugin", br#""version":"0.1.0""#, br#""version":"9.9.9""#);
    assert!(refusal(version).contains(r#"its version is "0.1.0" and in its manifest "9.9.9""#));
    let id = altered(b"vizard:plugin", b"test.hostile", b"fine.friends");
    assert!(refusal(id).contains("its id is"));
    let name = altered(b"vizard:plugin", br#""name":"hostile""#, br#""name":"../tile""#);
    assert!(refusal(name).contains("`name` must be"));
}

#[test]
fn compiled_code_is_kept_and_damaged_code_is_compiled_again() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cache_dir = folder.path().join("deep/compiled");
    let load = || {
        let host = PluginHost::new(HostOptions { cache_dir: cache_dir.clone() }).unwrap();
        let began = Instant::now();
        let plugin = host.load(hostile_file()).unwrap();
        let took = began.elapsed();
        let batch = Batch { feed: "orders".into(), header: None, records: vec![b"good".to_vec()] };
        assert_eq!(plugin.normalise(&call("{}"), batch).unwrap().events.len(), 1);
        took
    };
    let (first, second) = (load(), load());
    eprintln!("load: compiled {first:?}, from the cache {second:?}");
    assert!(second < first);
    let mode = std::fs::metadata(&cache_dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let files: Vec<_> = std::fs::read_dir(&cache_dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let whole = std::fs::read(file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&b""[..], b"garbage", &whole[..whole.len() / 2], &flipped] {
        std::fs::write(file, damaged).unwrap();
        load();
        assert!(std::fs::read(file).unwrap() == whole, "it is written anew");
    }
}

#[test]
fn a_cache_folder_that_is_open_to_others_is_closed_and_one_that_is_no_folder_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    PluginHost::new(HostOptions { cache_dir: open.clone() }).unwrap();
    assert_eq!(std::fs::metadata(&open).unwrap().permissions().mode() & 0o777, 0o700);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&open, &link).unwrap();
    assert!(matches!(PluginHost::new(HostOptions { cache_dir: link }), Err(PluginError::Host(_))));
}

/// The report on the hostile plugin with one sample of these orders.
fn report(orders: &str, known: &str) -> check::Report {
    let samples = tempfile::tempdir().unwrap();
    std::fs::write(samples.path().join("orders.raw"), orders).unwrap();
    check::check(&host().0, hostile_file(), Some(samples.path()), &|code| code == known)
}

#[test]
fn a_check_passes_a_plugin_that_behaves_and_says_what_it_saw() {
    let report = report("good\nignore\nreject\ngood\n", "FILE_ACCESSED");
    assert!(report.passed(), "{report}");
    let text = report.to_string();
    assert!(text.contains("cut differently the same: 2 events, 1 rejects, 1 ignored"), "{text}");
    assert!(text.ends_with("hostile 0.1.0 passes\n"), "{text}");
}

#[test]
fn a_check_names_what_a_plugin_does_wrong() {
    for (orders, known, wanted) in [
        ("good", "ANOTHER", "FAIL  declares only kinds of events that the host knows: not known: FILE_ACCESSED"),
        (
            "panic\ngood",
            "FILE_ACCESSED",
            "FAIL  understands orders.raw, twice the same, and cut differently the same: \
            the plugin hostile 0.1.0 failed on this record: panic at hostile/src/lib.rs",
        ),
        ("good\nquote ada@example.com", "FILE_ACCESSED", "the detail of the reject at 2 quotes the record"),
        ("attributes", "FILE_ACCESSED", "2 attributes were dropped"),
        ("lost\ngood", "FILE_ACCESSED", "does not account for its records"),
        ("ignore", "FILE_ACCESSED", "FAIL  gives events for its samples: not one event comes out"),
    ] {
        let report = report(orders, known);
        assert!(!report.passed(), "{orders}");
        assert!(report.to_string().contains(wanted), "{orders}: {report}");
        assert!(!report.to_string().contains("ada@"));
    }
    let report = check::check(&host().0, b"no plugin", None, &|_| true);
    assert!(!report.passed() && report.to_string().contains("FAIL  is a plugin"), "{report}");
}
