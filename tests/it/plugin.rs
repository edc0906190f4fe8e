//! A vendor's first hour: from `vizard plugin new` to an event in a running server.
//! Never: a step that the documentation does not tell.

use crate::command::vizard;
use serde_json::json;
use std::{path::Path, process::Command};
use vizard_core::{
    access::{Action, Resource, Role},
    indicator,
};
use vizard_plugin_host::{
    HostOptions, PluginHost, build, check,
    scaffold::{KINDS, scaffold},
};
use vizard_server::permit::Permit;
use vizard_tests::Engine;

fn run(command: &mut Command) -> String {
    let ended = command.output().expect("it starts");
    let text = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{command:?}\n{text}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

fn plugin(data: &Path, arguments: &[&str]) -> String {
    run(Command::new(vizard()).arg("plugin").args(arguments).arg("--data-dir").arg(data))
}

#[test]
fn every_kind_makes_an_event_that_connectors_deliver() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector-sdk");
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("sample");
        let files = scaffold(&dir, "front-door", kind.word, &sdk).unwrap();
        assert_eq!(files.len(), 7);
        for file in &files {
            assert!(!std::fs::read_to_string(file).unwrap().contains("{{"), "{}", file.display());
        }
        let source = std::fs::read_to_string(dir.join("src/lib.rs")).unwrap();
        let code = source.split("KindUse(kind::").nth(1).unwrap().split(',').next().unwrap();
        assert!(indicator::find(code).is_some_and(indicator::Indicator::is_delivered), "{}: {code}", kind.word);
        assert!(scaffold(&dir, "front-door", kind.word, &sdk).unwrap_err().to_string().contains("is there already"));
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, kind: &str, sdk: &Path| {
        scaffold(&folder.path().join("new"), name, kind, sdk).unwrap_err().to_string()
    };
    for name in ["", "Front", "9door", "front--door", "front-", "../up", "a b"] {
        assert!(refused(name, "file", &sdk).starts_with("a plugin's name"), "{name}");
    }
    assert!(refused("door", "doors", &sdk).contains("badge"));
    assert!(refused("door", "badge", folder.path()).contains("--sdk"));
}

#[test]
fn a_new_connector_is_tested_built_checked_installed_and_delivers() {
    vizard_tests::run(Engine::Sqlite, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let (dir, data) = (folder.path().join("doors"), folder.path().join("data"));
        let at = dir.to_str().unwrap();
        let told = plugin(&data, &["new", "doors", "--kind", "badge", "--dir", at]);
        assert!(told.contains("doors/README.md says how"), "{told}");
        // As its README says. Versions are those of this workspace, and the target folder is kept apart from the one that runs this.
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), dir.join("Cargo.lock")).unwrap();
        let cargo = |bless: bool| {
            let mut cargo = Command::new("cargo");
            cargo.args(["test", "--quiet"]).current_dir(&dir).env("CARGO_TARGET_DIR", folder.path().join("target"));
            if bless {
                cargo.env("VIZARD_BLESS", "1");
            } else {
                cargo.env_remove("VIZARD_BLESS");
            }
            run(&mut cargo)
        };
        cargo(true);
        let snapshot = std::fs::read_to_string(dir.join("samples/doors.snap")).unwrap();
        assert!(snapshot.contains("PHYSICAL_ACCESS_FAILED_SENSITIVE"), "{snapshot}");
        cargo(false);
        let file = folder.path().join("doors.wasm");
        let file = file.to_str().unwrap();
        plugin(&data, &["build", at, "--out", file]);
        let samples = dir.join("samples");
        plugin(&data, &["check", file, "--samples", samples.to_str().unwrap()]);

        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        world.services.install_plugin(&permit, std::fs::read(file).unwrap()).await.unwrap();
        world.caller(&[Role::Admin]).connect("doors", json!({"ignored_accounts": ["backup@example.org"]})).await;
        let read = world.import("doors", &dir.join("samples/doors.raw")).await;
        let counts = read.counts;
        assert_eq!((counts.read, counts.accepted, counts.ignored, counts.rejected), (5, 1, 2, 2));
        assert_eq!(
            world.number("SELECT count(*) FROM events WHERE indicator = 'PHYSICAL_ACCESS_FAILED_SENSITIVE'").await,
            1
        );
    });
}

/// Exit code and report of `vizard plugin check` on a plugin file with one sample.
fn checked(data: &Path, file: &Path, sample: &str, raw: &str) -> (Option<i32>, String) {
    let samples = tempfile::tempdir().unwrap();
    std::fs::write(samples.path().join(sample), raw).unwrap();
    let mut check = Command::new(vizard());
    check.args(["plugin", "check"]).arg(file).arg("--samples").arg(samples.path()).arg("--data-dir").arg(data);
    let ended = check.output().expect("it starts");
    (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// With each way to misbehave that the guest of the tests of containment knows: the command ends by itself, blames the plugin
/// where it is to blame, and takes what the host contains for what it is.
#[test]
fn a_check_of_a_hostile_plugin_ends_and_says_what_is_wrong_with_it() {
    const FAULT: &str = "the plugin hostile 0.1.0 failed on this record: ";
    const ACCOUNT: &str = "the plugin hostile 0.1.0 does not account for its records: ";
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let built = |name: &str| {
        let out = folder.path().join(format!("{name}.wasm"));
        let built = build::build(&guests.join(name), Some(&out), &mut |_| {});
        built.unwrap_or_else(|error| panic!("{error}")).path
    };
    let hostile = built("hostile");
    let expect = |file: &Path, sample: &str, raw: &str, code: i32, wanted: &str| {
        let (ended, report) = checked(&data, file, sample, raw);
        assert_eq!(ended, Some(code), "{raw}: {report}");
        assert!(report.contains(wanted), "{raw}: {report}");
        let last = if code == 0 { "passes\n" } else { "does not pass\n" };
        assert!(report.ends_with(last), "{raw}: {report}");
        assert!(!report.contains("ada@"), "{raw}: {report}");
    };
    // Compiled once, before the others run side by side.
    expect(&hostile, "orders.raw", "good\nignore\nreject\n", 0, "1 events, 1 rejects, 1 ignored");
    std::thread::scope(|scope| {
        for (order, code, why, what) in [
            ("memory", 1, FAULT, "it asked for too much memory"),
            ("stack", 1, FAULT, "it ran out of stack"),
            ("output", 1, FAULT, "it handed back too much"),
            ("trap", 1, FAULT, "trap: wasm `unreachable` instruction executed"),
            ("panic ada@example.com", 1, FAULT, "panic at hostile/src/lib.rs"),
            ("loop", 1, FAULT, "it took too long"),
            ("lost", 1, ACCOUNT, "it says nothing of 1 records"),
            ("twice", 1, ACCOUNT, "it says nothing of 0 records, and that it ignored 1"),
            ("outside", 1, ACCOUNT, "it speaks of record 4294967295"),
            ("quote ada@example.com", 1, "", "the detail of the reject at 1 quotes the record"),
            ("attributes", 1, "", "2 attributes were dropped: not declared, or of another type"),
            ("fail-internal", 1, "", "the plugin hostile 0.1.0 failed: I gave up"),
            ("fail-transient", 1, "", "not possible now: come back"),
            ("fail-format", 1, "", "not one event comes out"),
            // The host makes rejects of these, or takes no notice; a delivery goes in.
            ("flood\ngood", 0, "", "1 events, 1 rejects, 0 ignored"),
            ("kind\ngood", 0, "", "1 events, 1 rejects, 0 ignored"),
            ("logs", 0, "", "1 events, 0 rejects, 0 ignored"),
            ("memory-of-calls", 0, "", "1 events, 0 rejects, 0 ignored"),
        ] {
            let (expect, hostile) = (&expect, &hostile);
            scope.spawn(move || expect(hostile, "orders.raw", order, code, &format!("{why}{what}")));
        }
    });

    // The other guest is none of a vendor: it would deliver any indicator, and the check lets no indicator be declared that
    // no connector delivers.
    let relay = built("relay");
    let line = r#"{"id":"1","at":1790000000000000,"who":"ada@example.com","kind":"FILE_DOWNLOADED"}"#;
    expect(&relay, "events.raw", line, 0, "1 events, 0 rejects, 0 ignored");

    std::fs::write(folder.path().join("text.wasm"), "no plugin").unwrap();
    expect(&folder.path().join("text.wasm"), "a.raw", "good", 1, "FAIL  is a plugin for this host");
}

/// Of every connector of this source tree.
#[test]
fn every_connector_passes_the_acceptance_run_with_its_samples() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut checked = 0;
    for entry in std::fs::read_dir(&plugins).unwrap() {
        let dir = entry.unwrap().path();
        let mut said = String::new();
        let built = build::build(&dir, None, &mut |line| said.push_str(&format!("{line}\n")));
        let built = built.unwrap_or_else(|error| panic!("{}: {error}\n{said}", dir.display()));
        let folder = tempfile::tempdir().unwrap();
        let host = PluginHost::new(HostOptions { cache_dir: folder.path().to_owned() }).unwrap();
        let component = std::fs::read(&built.path).unwrap();
        let report = check::check(&host, &component, Some(&dir.join("samples")), &indicator::is_declarable);
        assert!(report.passed(), "{}:\n{report}", dir.display());
        checked += 1;
    }
    assert!(checked >= 11, "{checked}");
}
