//! Webhooks: where alerts and cases are told to other systems; and which roles are told of what by mail. Both have rows in the
//! outbox, one for each receiver.
//! Never: edited after a release. Addresses and secrets of webhooks are sealed: an address of a chat system is a credential.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE webhooks (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL UNIQUE,
    origin {TEXT} NOT NULL,
    url {BYTES} NOT NULL,
    secret {BYTES} NOT NULL,
    events {TEXT} NOT NULL,
    enabled {INT} NOT NULL,
    created_at {INT} NOT NULL
);
CREATE TABLE notifications (
    id {UUID} PRIMARY KEY,
    kind {TEXT} NOT NULL,
    role {TEXT} NOT NULL,
    addresses {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    UNIQUE (kind, role)
);
ALTER TABLE outbox ADD COLUMN target {UUID};
ALTER TABLE outbox ADD COLUMN event {TEXT};
DROP INDEX outbox_by_about;
CREATE INDEX outbox_by_about ON outbox (about, kind);
CREATE UNIQUE INDEX outbox_once ON outbox (about, kind) WHERE target IS NULL;
CREATE UNIQUE INDEX outbox_fresh ON outbox (target, about, event) WHERE attempts = 0 AND due_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_notified ON outbox (target, about) WHERE kind = 'NOTIFICATION';
CREATE INDEX outbox_by_target ON outbox (target, created_at, id) WHERE target IS NOT NULL;
";
