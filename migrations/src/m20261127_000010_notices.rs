//! Notices to subjects and their templates.
//! Never: edited after a release. Whom a notice is to is not in a row: it is looked up when the message is made.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE notice_templates (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL UNIQUE,
    template {TEXT} NOT NULL,
    updated_at {INT} NOT NULL
);
CREATE TABLE notices (
    id {UUID} PRIMARY KEY,
    case_id {UUID} NOT NULL REFERENCES cases (id),
    template_id {UUID} NOT NULL,
    template {TEXT} NOT NULL,
    sender {TEXT} NOT NULL,
    sent_at {INT} NOT NULL
);
CREATE INDEX notices_by_case ON notices (case_id, sent_at);
";
