//! A database for one test: a file for SQLite, a database of its own in a shared throw-away cluster for PostgreSQL.
//! Never: a server that was not started by `tests/postgres.sh`.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use std::{path::Path, process::Command, sync::LazyLock};

/// Where a test's data are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// A server.
    Postgres,
}

/// A database, removed with this value's `drop_it`.
pub(crate) struct Own {
    pub(crate) url: String,
    name: Option<String>,
}

impl Own {
    pub(crate) async fn create(engine: Engine, folder: &Path) -> Self {
        match engine {
            Engine::Sqlite => {
                Self { url: format!("sqlite://{}?mode=rwc", folder.join("vizard.db").display()), name: None }
            }
            Engine::Postgres => {
                let name = format!("world_{:016x}", rand::random::<u64>());
                admin(&format!("CREATE DATABASE {name}")).await;
                let (server, _) = ADMIN.rsplit_once('/').expect("a URL ends with the database");
                Self { url: format!("{server}/{name}"), name: Some(name) }
            }
        }
    }

    pub(crate) async fn connect(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("the test's database can be connected to")
    }

    pub(crate) async fn drop_it(self) {
        if let Some(name) = self.name {
            admin(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// The administrator's URL of the cluster that all tests of this process share.
static ADMIN: LazyLock<String> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("postgres.sh");
    let started = Command::new(script).args(["start", "--for", &std::process::id().to_string()]).output();
    let started = started.expect("tests/postgres.sh can be run");
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(started.status.success(), "there is no PostgreSQL to test with:\n{said}");
    String::from_utf8_lossy(&started.stdout).trim().to_owned()
});

async fn admin(sql: &str) {
    let mut options = ConnectOptions::new(ADMIN.as_str());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.expect("the cluster can be connected to");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.execute_raw(statement).await.expect("the administrator's statement works");
    connection.close().await.expect("the connection closes");
}
