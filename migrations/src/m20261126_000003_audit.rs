//! The audit log as a tree: leaves, places, subtrees, signed checkpoints, and how far the feeds to a SIEM are.
//! Never: edited after a release.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared so; naming the lifetime changes its kind")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, UP).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// `leaf` is null in rows that are older than this step: the sequencer makes it from the other columns.
pub(crate) const UP: &str = "
ALTER TABLE audit ADD COLUMN sequence {INT};
ALTER TABLE audit ADD COLUMN leaf {TEXT};
ALTER TABLE audit ADD COLUMN reason {TEXT};
ALTER TABLE audit ADD COLUMN reason_salt {BYTES};
CREATE UNIQUE INDEX audit_by_sequence ON audit (sequence);
CREATE INDEX audit_unsequenced ON audit (at, id) WHERE sequence IS NULL;
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_activity ON audit (activity, sequence);
CREATE TABLE audit_nodes (
    level {INT} NOT NULL,
    position {INT} NOT NULL,
    hash {BYTES} NOT NULL,
    PRIMARY KEY (level, position)
) {CLUSTERED};
CREATE TABLE audit_checkpoints (
    size {INT} PRIMARY KEY,
    root {BYTES} NOT NULL,
    at {INT} NOT NULL,
    note {TEXT} NOT NULL
);
CREATE TABLE audit_state (
    name {TEXT} PRIMARY KEY,
    value {INT} NOT NULL
);
INSERT INTO audit_state (name, value) VALUES ('size', 0);
";
