//! Credentials of connectors: tokens that deliver to one connector and open nothing else.
//! Never: edited after a release. A token is kept as its SHA-256.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE connector_credentials (
    id {UUID} PRIMARY KEY,
    connector_id {UUID} NOT NULL REFERENCES connectors (id),
    name {TEXT} NOT NULL,
    token {BYTES} NOT NULL UNIQUE,
    created_by {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    expires_at {INT} NOT NULL,
    revoked_at {INT},
    last_used_at {INT}
);
CREATE INDEX connector_credentials_by_connector ON connector_credentials (connector_id, created_at);
";
