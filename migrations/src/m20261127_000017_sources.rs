//! Plugins that are signed, and in versions to choose from; connectors with secrets, and with sources that they pull from.
//! Never: edited after a release. Secrets and cursors are sealed.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE plugins ADD COLUMN signature {TEXT};
ALTER TABLE plugins ADD COLUMN signed_by {TEXT};
ALTER TABLE plugins ADD COLUMN used_at {INT};
UPDATE plugins SET used_at = installed_at;
ALTER TABLE connectors ADD COLUMN secrets {BYTES};
ALTER TABLE connectors ADD COLUMN pull_minutes {INT};
CREATE TABLE sources (
    connector_id {UUID} NOT NULL REFERENCES connectors (id),
    feed {TEXT} NOT NULL,
    cursor {BYTES},
    since {INT} NOT NULL,
    next_at {INT},
    lease {UUID},
    lease_until {INT},
    last_at {INT},
    failures {INT} NOT NULL,
    error {TEXT},
    PRIMARY KEY (connector_id, feed)
);
CREATE INDEX sources_due ON sources (next_at);
";
