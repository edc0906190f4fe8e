//! The connection: SQLite with one writer, PostgreSQL with a pool, and a few words to write statements with.
//! Never: starts on a database that may lose what it acknowledged.

use crate::config::Config;
use anyhow::{Context as _, bail, ensure};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    DbErr, ExecResult, IsolationLevel, QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, TryGetable, Value,
};
use sea_orm_migration::MigratorTrait as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};
use vizard_core::limits;
use vizard_migrations::Migrator;

/// Both ways to the database.
#[derive(Clone)]
pub(super) struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
    backend: DatabaseBackend,
    /// SQLite has one writer: whoever waits here waits in line, instead of polling the file's lock.
    writer: Option<Arc<Mutex<()>>>,
    /// Rings when a transaction is committed that noted a change (`super::changes`).
    changed: Arc<Notify>,
    /// Statements that were run here, without those that only begin or end a transaction.
    statements: Arc<AtomicU64>,
}

/// A write transaction. Dropped without `commit`, it is rolled back.
pub(crate) struct Tx {
    inner: DatabaseTransaction,
    changed: Arc<Notify>,
    statements: Arc<AtomicU64>,
    notes: AtomicBool,
    _writer: Option<OwnedMutexGuard<()>>,
}

/// Whoever can run statements: the readers, or a transaction.
pub(super) trait Sql {
    fn connection(&self) -> &impl ConnectionTrait;

    /// Where statements are counted.
    fn counter(&self) -> &AtomicU64;

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        self.counter().fetch_add(1, Ordering::Relaxed);
        Statement::from_sql_and_values(self.connection().get_database_backend(), sql, values)
    }

    fn is_postgres(&self) -> bool {
        self.connection().get_database_backend() == DatabaseBackend::Postgres
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> anyhow::Result<Vec<Row>> {
        Ok(self.connection().query_all_raw(self.statement(sql, values)).await?.into_iter().map(Row).collect())
    }

    async fn row(&self, sql: &str, values: Vec<Value>) -> anyhow::Result<Option<Row>> {
        Ok(self.connection().query_one_raw(self.statement(sql, values)).await?.map(Row))
    }

    /// The one number that a statement answers with, in its column `number`; 0 where it has no row.
    async fn count(&self, sql: &str, values: Vec<Value>) -> anyhow::Result<i64> {
        self.row(sql, values).await?.map_or(Ok(0), |row| row.get("number"))
    }

    /// Rows that were changed.
    async fn run(&self, sql: &str, values: Vec<Value>) -> anyhow::Result<u64> {
        let done: ExecResult = self.connection().execute_raw(self.statement(sql, values)).await?;
        Ok(done.rows_affected())
    }
}

impl Sql for Db {
    fn connection(&self) -> &impl ConnectionTrait {
        &self.read
    }

    fn counter(&self) -> &AtomicU64 {
        &self.statements
    }
}

impl Tx {
    /// What a query ends with whose rows are locked until the end; SQLite has one writer anyway.
    pub(super) fn for_update(&self) -> &'static str {
        if self.is_postgres() { "FOR UPDATE" } else { "" }
    }

    /// Lets the commit wake whoever tells subscribers.
    pub(super) fn ring(&self) {
        self.notes.store(true, Ordering::Relaxed);
    }
}

impl Sql for Tx {
    fn connection(&self) -> &impl ConnectionTrait {
        &self.inner
    }

    fn counter(&self) -> &AtomicU64 {
        &self.statements
    }
}

/// One row of an answer.
pub(super) struct Row(QueryResult);

impl Row {
    /// The column called `name`.
    pub(super) fn get<T: TryGetable>(&self, name: &str) -> anyhow::Result<T> {
        Ok(self.0.try_get("", name)?)
    }

    /// The column called `name`, read from its word.
    pub(super) fn word<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<T> {
        let text: String = self.get(name)?;
        text.parse().map_err(|_| anyhow::anyhow!("the column {name} holds an unknown word"))
    }

    /// The column called `name`, read from its JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        let text: String = self.get(name)?;
        serde_json::from_str(&text).map_err(|_| anyhow::anyhow!("the column {name} holds an unknown shape"))
    }
}

/// Whether a transaction over one state came after somebody who wrote to the same row (SQLSTATE 40001): it can be repeated.
pub(super) fn came_late(error: &anyhow::Error) -> bool {
    let Some(DbErr::Exec(cause) | DbErr::Query(cause)) = error.downcast_ref() else { return false };
    let RuntimeErr::SqlxError(cause) = cause else { return false };
    cause.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "40001")
}

/// `$1, $2, …` for `count` values after the first `after`.
pub(super) fn marks(after: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 5);
    for at in after + 1..=after + count {
        if at > after + 1 {
            text.push(',');
        }
        text.push('$');
        text.push_str(&at.to_string());
    }
    text
}

/// `($1,$2),($3,$4),…`: `rows` rows of `columns` values, the only ones of their statement. SQLite looks a numbered
/// parameter up by its name, in a time that grows with their number (measured: three quarters of a bulk insert), so it gets
/// bare question marks.
pub(super) fn tuples(sql: &impl Sql, columns: usize, rows: usize) -> String {
    if !sql.is_postgres() {
        let row = format!("({})", vec!["?"; columns].join(","));
        return vec![row; rows].join(",");
    }
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        text.push_str(&marks(row * columns, columns));
        text.push(')');
    }
    text
}

impl Db {
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let url = config.database_url();
        if url.starts_with("sqlite:") { Self::open_sqlite(&url).await } else { Self::open_postgres(&url).await }
    }

    async fn open_sqlite(url: &str) -> anyhow::Result<Self> {
        ensure!(!url.contains(":memory:"), "a database in memory loses everything: name a file");
        let write = Database::connect(sqlite_options(url, 1)).await.context("cannot open the SQLite database")?;
        let db = Self {
            read: Database::connect(sqlite_options(url, limits::SQLITE_READERS)).await?,
            write,
            backend: DatabaseBackend::Sqlite,
            writer: Some(Arc::default()),
            changed: Arc::default(),
            statements: Arc::default(),
        };
        for connection in [&db.read, &db.write] {
            for (pragma, wanted) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
                let statement = Statement::from_string(db.backend, format!("PRAGMA {pragma}"));
                let row = connection.query_one_raw(statement).await?.context("SQLite does not answer")?;
                let have = row
                    .try_get_by_index::<String>(0)
                    .or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string()))?;
                ensure!(
                    have.eq_ignore_ascii_case(wanted),
                    "SQLite refuses {pragma}={wanted} (it says {have}); without it an acknowledged event could be lost. \
                     Put the data directory on a local file system"
                );
            }
        }
        Ok(db)
    }

    async fn open_postgres(url: &str) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(limits::POSTGRES_CONNECTIONS)
            .acquire_timeout(Duration::from_secs(limits::DATABASE_WAIT_SECONDS))
            .statement_timeout(Duration::from_secs(limits::STATEMENT_SECONDS))
            .set_application_name("vizard")
            .test_before_acquire_if_idle_for(Duration::from_secs(10))
            .sqlx_logging(false)
            .record_stmt_in_spans(false);
        // The driver's own words may repeat the URL, and with it the password.
        let Ok(pool) = Database::connect(options).await else {
            bail!(
                "cannot connect to PostgreSQL: check database_url (VIZARD_DATABASE_URL) and that the server accepts connections"
            );
        };
        let (read, write) = (pool.clone(), pool);
        let (changed, statements) = (Arc::default(), Arc::default());
        let db = Self { read, write, backend: DatabaseBackend::Postgres, writer: None, changed, statements };
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let row = db.row(&format!("SELECT current_setting('{setting}') AS value"), vec![]).await?;
            let value: String = row.context("PostgreSQL does not answer")?.get("value")?;
            ensure!(
                value != "off",
                "PostgreSQL runs with {setting}=off: an acknowledged event could be lost. Switch it on"
            );
        }
        Ok(db)
    }

    /// Brings the schema up to date; tells how many steps were taken.
    pub(super) async fn migrate(&self) -> anyhow::Result<usize> {
        let _writer = match &self.writer {
            Some(writer) => Some(writer.lock().await),
            None => None,
        };
        let before = Migrator::get_pending_migrations(&self.write).await?.len();
        Migrator::up(&self.write, None).await.context("cannot migrate the database")?;
        Ok(before)
    }

    /// Steps of the schema that are not taken yet.
    pub(super) async fn pending_migrations(&self) -> anyhow::Result<usize> {
        Ok(Migrator::get_pending_migrations(&self.read).await?.len())
    }

    /// Whether no step of the schema was taken: nobody has used the database.
    pub(super) async fn is_fresh(&self) -> anyhow::Result<bool> {
        Ok(self.pending_migrations().await? == Migrator::migrations().len())
    }

    pub(super) async fn begin(&self) -> anyhow::Result<Tx> {
        self.begin_at(None).await
    }

    /// A write transaction whose statements all see the state that the first of them saw. On SQLite every one does.
    pub(super) async fn begin_snapshot(&self) -> anyhow::Result<Tx> {
        self.begin_at(Some(IsolationLevel::RepeatableRead)).await
    }

    async fn begin_at(&self, level: Option<IsolationLevel>) -> anyhow::Result<Tx> {
        let writer = match &self.writer {
            Some(writer) => Some(Arc::clone(writer).lock_owned().await),
            None => None,
        };
        let sqlite = self.backend == DatabaseBackend::Sqlite;
        let options = TransactionOptions {
            isolation_level: level.filter(|_| !sqlite),
            access_mode: (!sqlite).then_some(AccessMode::ReadWrite),
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
        };
        let inner = self.write.begin_with_options(options).await?;
        let (changed, statements) = (Arc::clone(&self.changed), Arc::clone(&self.statements));
        Ok(Tx { inner, changed, statements, notes: AtomicBool::new(false), _writer: writer })
    }

    /// Statements that were run since it was opened.
    pub(super) fn statements_run(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Rings when a change was committed here.
    pub(super) fn changed(&self) -> &Notify {
        &self.changed
    }
}

impl Tx {
    /// Makes everything since `begin` durable.
    pub(crate) async fn commit(self) -> anyhow::Result<()> {
        self.inner.commit().await?;
        if self.notes.into_inner() {
            self.changed.notify_one();
        }
        Ok(())
    }
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(limits::DATABASE_WAIT_SECONDS))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-65536")
                // 64 MiB: a batch touches thousands of pages, many of them again and again; at the default of 4 MiB each
                // would be copied back after nearly every batch.
                .pragma("wal_autocheckpoint", "16384")
                .busy_timeout(Duration::from_secs(limits::DATABASE_WAIT_SECONDS))
        });
    options
}
