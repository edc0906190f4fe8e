//! The database schema, append-only: a migration that was released is never edited. One text serves SQLite and
//! PostgreSQL; only the names of types differ. `privacy.toml` classes every column.
//! Never: a column without a class, or an identifying one that is stored in the open.

/// What each file of this crate declares beside its text `UP`: the step, in one transaction, called like the file.
macro_rules! migration {
    () => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub(crate) struct Migration;

        #[expect(elided_lifetimes_in_paths, reason = "the trait is declared so; naming the lifetime changes its kind")]
        #[async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::prelude::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                crate::run(manager, UP).await
            }

            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }
        }
    };
}
pub(crate) use migration;

mod m20261124_000001_first;
mod m20261126_000002_grants;
mod m20261126_000003_audit;
mod m20261126_000004_retention;
mod m20261126_000005_access;
mod m20261127_000006_outbox;
mod m20261127_000007_exports;
mod m20261127_000008_changes;
mod m20261127_000009_queue;
mod m20261127_000010_notices;
mod m20261127_000011_webhooks;
mod m20261127_000012_lines;
mod m20261127_000013_reports;
mod m20261127_000014_queue_orders;
mod m20261127_000015_consultations;
mod m20261127_000016_credentials;
mod m20261127_000017_sources;
mod m20261127_000018_patients;
mod m20261127_000019_merges;

use sea_orm_migration::prelude::*;

/// Runs the migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_first::Migration),
            Box::new(m20261126_000002_grants::Migration),
            Box::new(m20261126_000003_audit::Migration),
            Box::new(m20261126_000004_retention::Migration),
            Box::new(m20261126_000005_access::Migration),
            Box::new(m20261127_000006_outbox::Migration),
            Box::new(m20261127_000007_exports::Migration),
            Box::new(m20261127_000008_changes::Migration),
            Box::new(m20261127_000009_queue::Migration),
            Box::new(m20261127_000010_notices::Migration),
            Box::new(m20261127_000011_webhooks::Migration),
            Box::new(m20261127_000012_lines::Migration),
            Box::new(m20261127_000013_reports::Migration),
            Box::new(m20261127_000014_queue_orders::Migration),
            Box::new(m20261127_000015_consultations::Migration),
            Box::new(m20261127_000016_credentials::Migration),
            Box::new(m20261127_000017_sources::Migration),
            Box::new(m20261127_000018_patients::Migration),
            Box::new(m20261127_000019_merges::Migration),
        ]
    }
}

/// The privacy class of every column, as TOML: `[table] column = "public | pseudonymous | identifying | secret"`.
pub const PRIVACY: &str = include_str!("../privacy.toml");

/// Runs each statement of `text` (they end with `;` and a line break), with the type names of the engine.
async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == sea_orm_migration::sea_orm::DatabaseBackend::Postgres;
    let types = if postgres {
        [("UUID", "uuid"), ("BYTES", "bytea"), ("INT", "bigint"), ("REAL", "double precision"), ("TEXT", "text")]
    } else {
        [("UUID", "BLOB"), ("BYTES", "BLOB"), ("INT", "INTEGER"), ("REAL", "REAL"), ("TEXT", "TEXT")]
    };
    let sequence = if postgres { "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY" } else { "INTEGER PRIMARY KEY" };
    for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        // Small rows that are found by their whole key: SQLite keeps them in the key's own tree, one instead of two.
        let clustered = statement.ends_with("{CLUSTERED}");
        let mut statement = statement.replace(" {CLUSTERED}", "").replace("{SEQUENCE}", sequence);
        for (ours, theirs) in types {
            statement = statement.replace(&format!("{{{ours}}}"), theirs);
        }
        if !postgres && statement.starts_with("CREATE TABLE") {
            statement.push_str(if clustered { " STRICT, WITHOUT ROWID" } else { " STRICT" });
        }
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    /// What all migrations do, in order.
    fn all() -> String {
        [
            super::m20261124_000001_first::UP,
            super::m20261126_000002_grants::UP,
            super::m20261126_000003_audit::UP,
            super::m20261126_000004_retention::UP,
            super::m20261126_000005_access::UP,
            super::m20261127_000006_outbox::UP,
            super::m20261127_000007_exports::UP,
            super::m20261127_000008_changes::UP,
            super::m20261127_000009_queue::UP,
            super::m20261127_000010_notices::UP,
            super::m20261127_000011_webhooks::UP,
            super::m20261127_000012_lines::UP,
            super::m20261127_000013_reports::UP,
            super::m20261127_000014_queue_orders::UP,
            super::m20261127_000015_consultations::UP,
            super::m20261127_000016_credentials::UP,
            super::m20261127_000017_sources::UP,
            super::m20261127_000018_patients::UP,
            super::m20261127_000019_merges::UP,
        ]
        .concat()
    }

    /// Tables and columns of the migrations.
    fn columns(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for statement in text.split(";\n").map(str::trim) {
            if let Some((name, column)) =
                statement.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" ADD COLUMN "))
            {
                let column = column.split(' ').next().unwrap().to_owned();
                tables.entry(name.to_owned()).or_default().push(column);
            }
            let Some(rest) = statement.strip_prefix("CREATE TABLE ") else { continue };
            let (name, body) = rest.split_once(" (").unwrap();
            let lines = body.lines().map(str::trim).filter(|line| line.contains('{') && !line.starts_with(')'));
            let names = lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
            tables.insert(name.to_owned(), names);
        }
        tables
    }

    #[test]
    fn a_step_is_called_like_its_file_as_databases_remember_it() {
        use sea_orm_migration::MigratorTrait as _;
        let names: Vec<String> = super::Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        assert_eq!(
            names,
            [
                "m20261124_000001_first",
                "m20261126_000002_grants",
                "m20261126_000003_audit",
                "m20261126_000004_retention",
                "m20261126_000005_access",
                "m20261127_000006_outbox",
                "m20261127_000007_exports",
                "m20261127_000008_changes",
                "m20261127_000009_queue",
                "m20261127_000010_notices",
                "m20261127_000011_webhooks",
                "m20261127_000012_lines",
                "m20261127_000013_reports",
                "m20261127_000014_queue_orders",
                "m20261127_000015_consultations",
                "m20261127_000016_credentials",
                "m20261127_000017_sources",
                "m20261127_000018_patients",
                "m20261127_000019_merges",
            ]
        );
    }

    #[test]
    fn every_column_has_a_privacy_class_and_every_class_a_column() {
        let classes: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(super::PRIVACY).unwrap();
        let tables = columns(&all());
        assert!(tables.len() > 20);
        assert_eq!(tables.keys().collect::<Vec<_>>(), classes.keys().collect::<Vec<_>>());
        for (table, columns) in tables {
            let mut have: Vec<_> = classes[&table].keys().cloned().collect();
            let mut want = columns;
            have.sort();
            want.sort();
            assert_eq!(have, want, "{table}");
            for class in classes[&table].values() {
                assert!(
                    ["public", "pseudonymous", "identifying", "secret"].contains(&class.as_str()),
                    "{table}: {class}"
                );
            }
        }
    }

    #[test]
    fn what_identifies_a_person_is_kept_as_sealed_bytes() {
        let classes: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(super::PRIVACY).unwrap();
        let all = all();
        for (table, columns) in classes {
            for (column, class) in columns {
                let sealed = all
                    .split(&format!("CREATE TABLE {table} ("))
                    .nth(1)
                    .and_then(|body| body.split(";\n").next())
                    .is_some_and(|body| body.contains(&format!(" {column} {{BYTES}}")))
                    || all.contains(&format!("ALTER TABLE {table} ADD COLUMN {column} {{BYTES}}"));
                assert!(class != "identifying" || sealed, "{table}.{column} identifies and is not bytes");
            }
        }
    }
}
