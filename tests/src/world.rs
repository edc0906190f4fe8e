//! One installation for one test: data directory, database, fixed clock, the whole server on a port of its own.
//! Never: shared between tests.

use crate::{
    caller::Caller,
    database::{Engine, Own},
    lines::Lines,
    plugins,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use vizard_core::{
    access::{Action, Resource, Role},
    time::{Day, HOUR, Micros},
};
use vizard_server::{
    app::{self, Running},
    auth::DevSigner,
    clock::Clock,
    config::{Config, LogFormat},
    ids::Ids,
    permit::Permit,
    service::{Services, ingest::Imported},
    telemetry,
};

/// Noon of the day after the last one of the sample data (demo/README.md).
pub const NOON: fn() -> Micros = || Micros(Day::from_civil(2026, 7, 1).expect("a day").start().0 + 12 * HOUR);

/// A file of the sample data.
pub fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name)
}

/// An installation.
pub struct World {
    /// Its services.
    pub services: Services,
    /// Its clock: stands still until it is moved.
    pub clock: Clock,
    /// Its configuration.
    pub config: Config,
    /// Which engine it runs on.
    pub engine: Engine,
    url: String,
    signer: DevSigner,
    sql: DatabaseConnection,
}

/// A second server of an installation.
pub struct Second {
    /// Its services.
    pub services: Services,
    url: String,
    running: Running,
}

impl Second {
    /// Somebody with a token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller { url: self.url.clone(), token: Some(token.to_owned()) }
    }

    /// Nobody in particular.
    pub fn stranger(&self) -> Caller {
        Caller { url: self.url.clone(), token: None }
    }

    /// The same person, at this server's door.
    pub fn at_its_door(&self, who: &Caller) -> Caller {
        Caller { url: self.url.clone(), token: who.token.clone() }
    }

    /// Closes the doors.
    pub async fn stop(self) {
        self.running.stop().await.expect("the server stops");
    }
}

/// Runs a test in an installation of its own. With `VIZARD_TEST_LOG=info` in the environment the server's log is on
/// standard error.
pub fn run(engine: Engine, test: impl AsyncFnOnce(Arc<World>)) {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    if let Ok(levels) = std::env::var("VIZARD_TEST_LOG") {
        let log = telemetry::subscriber(&levels, LogFormat::Text, std::io::stderr).expect("levels as in the key `log`");
        // Of all tests together: the first one sets it.
        let _ = tracing::subscriber::set_global_default(log);
    }
    run_on(engine, runtime, test);
}

/// The same, and every line that the server may log, at the most talkative level, is kept in `lines`.
pub fn run_logged(engine: Engine, test: impl AsyncFnOnce(Arc<World>, Lines)) {
    let lines = Lines::default();
    let log = lines.log();
    // For as long as the thread lives: the server's own threads are none that a test could hold a guard on.
    let kept = log.clone();
    let listen = move || std::mem::forget(tracing::dispatcher::set_default(&kept));
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().on_thread_start(listen).build()
    };
    tracing::dispatcher::with_default(&log, || {
        // What another test's threads have found nobody to listen to meanwhile.
        tracing::callsite::rebuild_interest_cache();
        run_on(engine, runtime, async |world| test(world, lines).await);
    });
}

fn run_on(
    engine: Engine,
    runtime: impl FnOnce() -> std::io::Result<tokio::runtime::Runtime>,
    test: impl AsyncFnOnce(Arc<World>),
) {
    if engine == Engine::Postgres && std::env::var("VIZARD_TEST_DATABASES").is_ok_and(|only| only == "sqlite") {
        return;
    }
    runtime().expect("a runtime").block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let own = Own::create(engine, folder.path()).await;
        let settings = [
            ("data_dir", folder.path().display().to_string()),
            ("database_url", own.url.clone()),
            ("listen", "127.0.0.1:0".to_owned()),
            // The clock stands still: all of a test is one minute.
            ("requests_a_minute", "1000000".to_owned()),
        ];
        let config = Config::load(None, std::iter::empty(), settings).expect("a configuration");
        let clock = Clock::fixed(NOON());
        let services = app::open(&config, clock.clone(), Ids::system(clock.clone())).await.expect("the services open");
        let listener = app::listen(&config).await.expect("a port");
        let running: Running = app::start(&config, listener, services.clone()).await.expect("the server starts");
        let signer = DevSigner::open_or_create(&app::development_key(&config)).expect("a key");
        let url = format!("http://{}", running.address);
        let world = Arc::new(World { services, clock, config, engine, url, signer, sql: own.connect().await });
        test(Arc::clone(&world)).await;
        running.stop().await.expect("the server stops");
        let world = Arc::try_unwrap(world).unwrap_or_else(|_| panic!("the test keeps nothing"));
        world.sql.close().await.expect("the connection closes");
        drop(world.services);
        own.drop_it().await;
    });
}

impl World {
    /// Somebody with these roles.
    pub fn caller(&self, roles: &[Role]) -> Caller {
        let life = Duration::from_secs(3_600);
        let token = self.signer.issue("Test Person", roles, life, self.clock.now()).expect("a token");
        Caller { url: self.url.clone(), token: Some(token) }
    }

    /// Somebody else with these roles, by name.
    pub fn person(&self, name: &str, roles: &[Role]) -> Caller {
        let life = Duration::from_secs(400 * 24 * 3_600);
        let token = self.signer.issue(name, roles, life, self.clock.now()).expect("a token");
        Caller { url: self.url.clone(), token: Some(token) }
    }

    /// A token of somebody with these roles whom connectors know by `account`.
    pub fn token_of(&self, name: &str, account: &str, roles: &[Role]) -> String {
        let life = Duration::from_secs(3_600);
        self.signer.issue_for(name, Some(account), roles, life, self.clock.now()).expect("a token")
    }

    /// Somebody with these roles whom connectors know by `account`: the viewer may be a subject as well.
    pub fn caller_with_account(&self, name: &str, account: &str, roles: &[Role]) -> Caller {
        self.with_token(&self.token_of(name, account, roles))
    }

    /// A second server of this installation, in production mode, with these `[[issuer]]` tables.
    pub async fn production(&self, issuers: &str) -> Second {
        self.second(&format!("mode = \"production\"\n{issuers}")).await
    }

    /// A second server of this installation with this configuration file. It shares the clock, the keys and the database;
    /// stop it before the test ends.
    pub async fn second(&self, file: &str) -> Second {
        // The plugins of tests are built here and signed by nobody, which production mode refuses.
        let text = if file.contains("unsigned_plugins") {
            file.to_owned()
        } else {
            format!("unsigned_plugins = true\n{file}")
        };
        let file = self.config.data_dir.join("second.toml");
        std::fs::write(&file, &text).expect("written");
        let settings = [
            ("data_dir", self.config.data_dir.display().to_string()),
            ("database_url", self.config.database_url()),
            ("listen", "127.0.0.1:0".to_owned()),
        ];
        let mut config = Config::load(Some(&file), std::iter::empty(), settings).expect("a configuration");
        if !text.contains("requests_a_minute") {
            config.requests_a_minute = self.config.requests_a_minute;
        }
        self.another(&config).await
    }

    /// A second server of this installation, set up as the first. It shares the clock and the database; stop it before the
    /// test ends.
    pub async fn replica(&self) -> Second {
        self.another(&self.config).await
    }

    async fn another(&self, config: &Config) -> Second {
        let services = app::open(config, self.clock.clone(), Ids::system(self.clock.clone())).await;
        let services = services.expect("the services open");
        let listener = app::listen(config).await.expect("a port");
        let running = app::start(config, listener, services.clone()).await.expect("the server starts");
        Second { services, url: format!("http://{}", running.address), running }
    }

    /// Connections of one's own to the database, as other replicas have them.
    pub async fn connections(&self, number: u32) -> DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(self.config.database_url());
        options.max_connections(number).sqlx_logging(false);
        sea_orm::Database::connect(options).await.expect("the database can be connected to")
    }

    /// Nobody in particular.
    pub fn stranger(&self) -> Caller {
        Caller { url: self.url.clone(), token: None }
    }

    /// Somebody with a token of one's own making.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller { url: self.url.clone(), token: Some(token.to_owned()) }
    }

    /// Installs both plugins and configures the connectors `hr` and `m365`, as an administrator does.
    pub async fn connect(&self) {
        self.install("hr", plugins::hr(), json!({})).await;
        self.install("m365", plugins::m365(), json!({"internal_domains": ["halden-optics.example"]})).await;
    }

    /// Installs the plugin for tests and configures the connector `relay`: events of any kind, as their records say.
    pub async fn connect_relay(&self) {
        self.install("relay", plugins::relay(), json!({})).await;
    }

    /// Installs the plugin for patient records and configures the connector `emr`.
    pub async fn connect_emr(&self) {
        self.install("emr", plugins::emr(), json!({})).await;
    }

    async fn install(&self, name: &str, component: &[u8], config: Value) {
        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        self.services.install_plugin(&permit, component.to_vec(), None).await.expect("the plugin installs");
        self.caller(&[Role::Admin]).connect(name, config).await;
    }

    /// Enables the template's indicators and creates an active policy against data theft by departing people. Its id.
    pub async fn policy(&self) -> String {
        let admin = self.caller(&[Role::Admin]);
        let template = admin.query("{ policyTemplates { code indicators { code } } }").await;
        let departing = template["policyTemplates"].as_array().expect("templates").iter();
        let mut departing = departing.filter(|template| template["code"] == "DATA_THEFT_BY_DEPARTING_USERS");
        let codes: Vec<&str> = departing.next().expect("the template")["indicators"]
            .as_array()
            .expect("indicators")
            .iter()
            .map(|indicator| indicator["code"].as_str().expect("a code"))
            .collect();
        let enable =
            "mutation($input: EnableIndicatorsInput!) { enableIndicators(input: $input) { userErrors { message } } }";
        let answer = admin.ask(enable, json!({"input": {"codes": codes, "enabled": true}})).await;
        assert_eq!(answer.data()["enableIndicators"]["userErrors"], json!([]));
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
        let input = json!({"name": "Departing", "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"all": true}});
        let answer = admin.ask(create, json!({"input": input})).await;
        answer.data()["createPolicy"]["policy"]["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// Reads a file through a connector, as `vizard import` does.
    pub async fn import(&self, connector: &str, path: &Path) -> Imported {
        self.read(connector, None, path).await
    }

    /// Reads a text through a connector.
    pub async fn import_text(&self, connector: &str, text: &[u8]) -> Imported {
        self.read(connector, None, &written(text)).await
    }

    /// Reads a text through a feed of a connector that has several.
    pub async fn import_feed(&self, connector: &str, feed: &str, text: &[u8]) -> Imported {
        self.read(connector, Some(feed), &written(text)).await
    }

    async fn read(&self, connector: &str, feed: Option<&str>, path: &Path) -> Imported {
        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        let id = self.services.connector_to_import(&permit, connector).await.expect("the connector");
        self.services.import(&permit, id, feed, path, &mut |_| ()).await.expect("the file is read")
    }

    /// Reads the whole sample data.
    pub async fn import_demo(&self) {
        self.import("hr", &demo("hr-profiles.csv")).await;
        self.import("hr", &demo("hr-events.csv")).await;
        self.import("m365", &demo("m365-audit.jsonl.gz")).await;
    }

    /// Waits until every delivery is worked off and everything is scored.
    pub async fn settle(&self) {
        for _ in 0..600 {
            self.services.score_all().await.expect("scored");
            let waiting = self.number("SELECT count(*) FROM runs WHERE state IN ('QUEUED', 'RUNNING')").await;
            let due = format!("SELECT count(*) FROM subjects WHERE next_due <= {}", self.clock.now().0);
            if waiting == 0 && self.number("SELECT count(*) FROM pending").await == 0 && self.number(&due).await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the installation does not settle");
    }

    /// The one number that a statement answers with.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.sql.query_all_raw(Statement::from_string(self.sql.get_database_backend(), sql)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows[0].try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Waits until a statement answers with this number; whoever called looks at what there is then.
    pub async fn comes_to(&self, sql: &str, number: i64) {
        for _ in 0..600 {
            if self.number(sql).await == number {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs a statement against the database, behind the server's back.
    pub async fn execute(&self, sql: &str) {
        self.sql.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The texts in a statement's first column.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.sql.query_all_raw(Statement::from_string(self.sql.get_database_backend(), sql)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
    }
}

/// A file of that text, until it is dropped.
fn written(text: &[u8]) -> tempfile::TempPath {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file.into_temp_path()
}
