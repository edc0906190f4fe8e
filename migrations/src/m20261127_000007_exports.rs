//! Packages that cases were exported as, in sealed pieces; entries of the audit log by what they are about.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE exports (
    id {UUID} PRIMARY KEY,
    case_id {UUID} NOT NULL REFERENCES cases (id),
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    created_by {TEXT} NOT NULL,
    creator {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    sha256 {TEXT} NOT NULL,
    bytes {INT} NOT NULL
);
CREATE INDEX exports_by_case ON exports (case_id, id);
CREATE INDEX exports_by_subject ON exports (subject_id);
CREATE TABLE export_pieces (
    export_id {UUID} NOT NULL REFERENCES exports (id),
    start {INT} NOT NULL,
    sealed {BYTES} NOT NULL,
    PRIMARY KEY (export_id, start)
);
CREATE INDEX audit_by_object ON audit (object, sequence);
";
