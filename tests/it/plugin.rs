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
        world.services.install_plugin(&permit, std::fs::read(file).unwrap(), None).await.unwrap();
        world.caller(&[Role::Admin]).connect("doors", json!({"ignored_accounts": ["backup@example.org"]})).await;
        let read = world.import("doors", &dir.join("samples/doors.raw")).await;
        let counts = read.counts;
        assert_eq!((counts.read, counts.accepted, counts.ignored, counts.rejected), (5, 1, 2, 2));
        assert_eq!(
            world.number("SELECT count(*) FROM events WHERE indicator = 'PHYSICAL_ACCESS_FAILED_SENSITIVE'").await,
            1
        );

        // A second version, taken up by the running server and gone back from.
        for at in ["Cargo.toml", "plugin.toml"] {
            let text = std::fs::read_to_string(dir.join(at)).unwrap();
            std::fs::write(dir.join(at), text.replacen("version = \"0.1.0\"", "version = \"0.2.0\"", 1)).unwrap();
        }
        let schema = std::fs::read_to_string(dir.join("config.schema.json")).unwrap();
        let source = std::fs::read_to_string(dir.join("src/lib.rs")).unwrap();
        std::fs::write(dir.join("src/lib.rs"), source.replace("emit.ignore(\"", "emit.ignore(\"by 0.2.0: ")).unwrap();
        plugin(&data, &["build", at, "--out", file]);
        world.clock.advance(1);
        world.services.install_plugin(&permit, std::fs::read(file).unwrap(), None).await.unwrap();
        let admin = world.caller(&[Role::Admin]);
        let seen = async || admin.query(VERSIONS).await["connectors"]["nodes"][0]["plugin"].clone();
        let used = seen().await;
        let versions = |seen: &serde_json::Value| -> Vec<(String, bool)> {
            let versions = seen["versions"].as_array().unwrap().iter();
            versions.map(|one| (one["version"].as_str().unwrap().to_owned(), one["isUsed"] == true)).collect()
        };
        assert_eq!(
            (&used["version"], versions(&used)),
            (&json!("0.2.0"), vec![("0.2.0".into(), true), ("0.1.0".into(), false)])
        );
        let raw = std::fs::read(dir.join("samples/doors.raw")).unwrap();
        let delivered = admin.deliver("/ingest/doors", &[], raw.clone()).await;
        assert_eq!(delivered.status, 403, "an administrator delivers nothing");
        let sender = world.caller(&[Role::Connector]);
        assert_eq!(sender.deliver("/ingest/doors", &[], raw).await.status, 202);
        world.settle().await;
        let first = used["versions"][1]["id"].clone();
        world.clock.advance(1);
        let back = admin.act(USE, json!({"pluginId": first})).await;
        assert_eq!(
            (&back["userErrors"], &back["plugin"]["version"], &back["plugin"]["isUsed"]),
            (&json!([]), &json!("0.1.0"), &json!(true))
        );
        assert_eq!(versions(&seen().await), [("0.2.0".to_owned(), false), ("0.1.0".to_owned(), true)]);
        let counts = world.import("doors", &dir.join("samples/doors.raw")).await.counts;
        assert_eq!((counts.read, counts.duplicates, counts.ignored), (5, 1, 2), "what was read stays read");
        // A version that does not take the configuration of its connectors leaves them where they are.
        let stricter = schema.replacen("\"type\": \"object\",", "\"type\": \"object\", \"required\": [\"site\"],", 1);
        assert_ne!(stricter, schema);
        std::fs::write(dir.join("config.schema.json"), stricter).unwrap();
        for at in ["Cargo.toml", "plugin.toml"] {
            let text = std::fs::read_to_string(dir.join(at)).unwrap();
            std::fs::write(dir.join(at), text.replacen("version = \"0.2.0\"", "version = \"0.3.0\"", 1)).unwrap();
        }
        plugin(&data, &["build", at, "--out", file]);
        let refused = world.services.install_plugin(&permit, std::fs::read(file).unwrap(), None).await.unwrap_err();
        assert!(refused.to_string().contains("connector doors: ") && refused.to_string().contains("site"), "{refused}");
        assert_eq!(seen().await["version"], "0.1.0");
        let told = world
            .texts("SELECT detail FROM audit WHERE category = 'CONNECTORS' AND object = 'doors' ORDER BY at, id")
            .await;
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[1].contains("0.2.0") && told[1].contains("digest") && told[2].contains("\"before\":\"0.2.0\""),
            "{told:?}"
        );
    });
}

const VERSIONS: &str = "{ connectors { nodes { plugin { version isUsed versions { id version isUsed } } } } }";
const USE: &str = "mutation($input: UsePluginInput!) { usePlugin(input: $input) { plugin { version isUsed } userErrors { code message } } }";

#[test]
fn who_signed_a_plugin_is_checked_at_the_door_and_again_before_it_runs() {
    vizard_tests::run(Engine::Sqlite, async |world| {
        let pair = || minisign::KeyPair::generate_unencrypted_keypair().unwrap();
        let (ours, other) = (pair(), pair());
        let file = vizard_tests::hr().to_vec();
        let sign = |pair: &minisign::KeyPair| {
            minisign::sign(None, &pair.sk, file.as_slice(), None, None).unwrap().into_string()
        };
        let strict =
            world.second(&format!("unsigned_plugins = false\nplugin_keys = \"{}\"\n", ours.pk.to_base64())).await;
        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        let refused = async |file: Vec<u8>, signature: Option<String>| {
            let refused = strict.services.install_plugin(&permit, file, signature.as_deref()).await;
            refused.unwrap_err().to_string()
        };
        assert!(refused(file.clone(), None).await.contains("not signed: put its signature (FILE.minisig) beside"));
        assert!(refused(file.clone(), Some(sign(&other))).await.contains("`plugin_keys` does not have"));
        assert!(refused([file.as_slice(), b"\0"].concat(), Some(sign(&ours))).await.contains("not one of this file"));
        assert!(refused(file.clone(), Some("no signature".to_owned())).await.contains("none of minisign's"));
        assert_eq!(world.number("SELECT count(*) FROM plugins").await, 0);
        let installed = strict.services.install_plugin(&permit, file.clone(), Some(&sign(&ours))).await.unwrap();
        let key = installed.signed_by.unwrap();
        let plugins = world.caller(&[Role::Analyst]).query("{ plugins { name signedBy isUsed } }").await;
        assert_eq!(plugins, json!({"plugins": [{"name": "hr", "signedBy": key, "isUsed": true}]}));
        let told = world.texts("SELECT detail FROM audit WHERE category = 'CONNECTORS'").await;
        assert!(told.len() == 1 && told[0].contains(&key), "{told:?}");
        let create =
            "mutation($input: CreateConnectorInput!) { createConnector(input: $input) { userErrors { message } } }";
        let input = json!({"name": "hr", "plugin": "hr", "config": {}});
        // Whoever can write to the database cannot sign.
        let at_the_door = strict.at_its_door(&world.person("Otto", &[Role::Admin]));
        world.execute("UPDATE plugins SET signature = NULL").await;
        strict.stop().await;
        let strict =
            world.second(&format!("unsigned_plugins = false\nplugin_keys = \"{}\"\n", ours.pk.to_base64())).await;
        let at_the_door = strict.at_its_door(&at_the_door);
        let problem = at_the_door.act(create, input).await;
        assert!(problem["userErrors"][0]["message"].as_str().unwrap().contains("not signed"), "{problem}");
        strict.stop().await;
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
