//! What leaves the installation by itself, one row a message; and reveals without consent, in an emergency.
//! Never: edited after a release. A row of the outbox names nobody and holds no text: the message is made when it is sent.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE reveals ADD COLUMN emergency {INT} NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX reveals_to_judge ON reveals (requested_by) WHERE emergency = 1 AND decided_by IS NULL;
CREATE TABLE outbox (
    id {UUID} PRIMARY KEY,
    kind {TEXT} NOT NULL,
    about {UUID} NOT NULL,
    created_at {INT} NOT NULL,
    attempts {INT} NOT NULL,
    due_at {INT},
    sent_at {INT},
    error {TEXT}
);
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_by_about ON outbox (about, kind);
";
