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
