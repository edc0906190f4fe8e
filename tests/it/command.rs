//! The `vizard` command as an operator runs it: killed in the middle of an import, again and again, nothing is lost and
//! nothing counted twice; and what it says names nobody.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use vizard_core::access::{Action, Resource, Role};
use vizard_server::{app, auth::DevSigner, clock::Clock, config::Config, ids::Ids, permit::Permit};
use vizard_tests::{Caller, Engine, demo, on_both};

/// The `vizard` command of this checkout.
pub(crate) fn vizard() -> PathBuf {
    env!("CARGO_BIN_EXE_vizard-under-test").into()
}

/// A data directory with the connector `m365` in it.
fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let settings = [("data_dir", folder.path().display().to_string()), ("listen", "127.0.0.1:0".to_owned())];
        let config = Config::load(None, std::iter::empty(), settings).unwrap();
        let clock = Clock::system();
        let services = app::open(&config, clock.clone(), Ids::system(clock.clone())).await.unwrap();
        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        services.install_plugin(&permit, vizard_tests::m365().to_vec(), None).await.unwrap();
        let listener = app::listen(&config).await.unwrap();
        let running = app::start(&config, listener, services).await.unwrap();
        let signer = DevSigner::open_or_create(&app::development_key(&config)).unwrap();
        let token = signer.issue("Test", &[Role::Admin], Duration::from_secs(60), clock.now()).unwrap();
        let admin = Caller::new(format!("http://{}", running.address), token);
        admin.connect("m365", serde_json::json!({"internal_domains": ["halden-optics.example"]})).await;
        running.stop().await.unwrap();
    });
    folder
}

/// Sums over the database in a data directory that do not depend on when anything happened.
fn sums(folder: &Path) -> Vec<i64> {
    use sea_orm::{ConnectionTrait as _, Database, Statement};
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite://{}?mode=ro", folder.join("vizard.db").display());
        let connection = Database::connect(url).await.unwrap();
        let mut sums = Vec::new();
        for sql in [
            "SELECT count(*) FROM events",
            "SELECT sum(quantity) FROM events",
            "SELECT sum(count) FROM activity_days",
            "SELECT count(*) FROM activity_days",
            "SELECT count(*) FROM pending",
            "SELECT count(*) FROM triggers",
            "SELECT count(*) FROM identifiers",
            "SELECT count(DISTINCT subject_id) FROM events",
        ] {
            let rows =
                connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await.unwrap();
            sums.push(rows[0].try_get_by_index::<Option<i64>>(0).unwrap().unwrap_or(0));
        }
        connection.close().await.unwrap();
        sums
    })
}

#[test]
fn an_import_that_is_killed_again_and_again_ends_like_an_undisturbed_one() {
    let vizard = vizard();
    let import = |folder: &Path| {
        let mut command = Command::new(&vizard);
        command.arg("--data-dir").arg(folder).args(["import", "--connector", "m365"]).arg(demo("m365-audit.jsonl.gz"));
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    // 4: done, and some records were rejected. The sample data hold three that are bad on purpose.
    let done = Some(4);
    let undisturbed = installation();
    assert_eq!(import(undisturbed.path()).status().unwrap().code(), done);

    let killed = installation();
    let mut interrupted = 0;
    for millis in [150, 400, 700, 1_100, 1_600] {
        let mut child = import(killed.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        // SIGKILL.
        let _ = child.kill();
        interrupted += i32::from(child.wait().unwrap().code().is_none());
    }
    assert!(interrupted > 0, "every import was over before it was killed: the test proves nothing");
    assert_eq!(import(killed.path()).status().unwrap().code(), done);
    assert_eq!(sums(killed.path()), sums(undisturbed.path()));
}

#[test]
fn what_an_import_says_and_logs_at_trace_names_nobody() {
    let folder = installation();
    let said = Command::new(vizard())
        .arg("--data-dir")
        .arg(folder.path())
        .args(["import", "--connector", "m365"])
        .arg(demo("m365-audit.jsonl.gz"))
        .env_clear()
        .env("VIZARD_LOG", "trace")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(text.contains("17179 accepted") && text.contains("scored"), "{text}");
    assert_eq!(crate::privacy::leaks(&text, &crate::privacy::names()), Vec::<String>::new(), "{text}");
}

on_both! {
    async fn a_queue_is_measured_byte_for_byte_and_fifty_alerts_take_no_more_statements_than_ten(world) {
        let (server, name) = { let url = world.config.database_url(); url.rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap() };
        let fresh = match world.engine {
            Engine::Sqlite => format!("{server}/queue.db?mode=rwc"),
            Engine::Postgres => {
                world.execute(&format!("CREATE DATABASE {name}_queue")).await;
                format!("{server}/{name}_queue")
            }
        };
        let bench = || {
            let mut command = Command::new(vizard());
            command.arg("--data-dir").arg(world.config.data_dir.join("bench")).env_clear();
            command.args(["--json", "bench", "queue", "--alerts", "2000", "--pages", "4", "--database", &fresh]);
            command.output().unwrap()
        };
        let said = bench();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!((&report["queue"]["alerts"], &report["queue"]["open"]), (&2_000.into(), &200.into()));
        let measured = report["measured"].as_array().unwrap();
        assert_eq!(measured.len(), 14, "{report}");
        for one in measured {
            let of = |size: &str| one[size].as_i64().unwrap();
            assert!(of("bytes") > 20_000 && of("requests") == 4, "{one}");
            assert!(of("statements_10") > 3 && of("statements_50") == of("statements_10"), "{one}");
        }
        // A queue is in it now.
        let again = bench();
        assert_eq!(again.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&again.stderr).contains("the database is not empty"));
        if world.engine == Engine::Postgres {
            world.execute(&format!("DROP DATABASE {name}_queue WITH (FORCE)")).await;
        }
    }
}
