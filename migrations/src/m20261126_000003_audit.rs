//! The audit log as a tree: leaves, places, subtrees, signed checkpoints, and how far the feeds to a SIEM are.
//! Never: edited after a release.

crate::migration!();

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
