//! Whose record was opened: keyed digests of employees' homes and of patients, to be compared with each other.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE profile_marks (
    subject_id {UUID} NOT NULL,
    version {BYTES} NOT NULL,
    area {BYTES} NOT NULL,
    family {BYTES} NOT NULL,
    street {BYTES},
    person {BYTES},
    PRIMARY KEY (subject_id, version)
) {CLUSTERED};
CREATE INDEX profile_marks_by_person ON profile_marks (person) WHERE person IS NOT NULL;
CREATE TABLE record_marks (
    connector_id {UUID} NOT NULL,
    event_key {BYTES} NOT NULL,
    subject_id {UUID} NOT NULL,
    occurred_at {INT} NOT NULL,
    area {BYTES} NOT NULL,
    family {BYTES} NOT NULL,
    street {BYTES},
    person {BYTES},
    PRIMARY KEY (connector_id, event_key)
) {CLUSTERED};
CREATE INDEX record_marks_by_actor ON record_marks (subject_id, area);
CREATE INDEX record_marks_by_person ON record_marks (person) WHERE person IS NOT NULL;
";
