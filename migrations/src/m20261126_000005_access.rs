//! Need to know, reveals and shares: viewers of priority user groups, contributors, labels of their own for cases.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE subjects ADD COLUMN label {UUID};
UPDATE subjects SET label = id;
CREATE UNIQUE INDEX subjects_by_label ON subjects (label);
ALTER TABLE cases ADD COLUMN label {UUID};
ALTER TABLE cases ADD COLUMN pseudonym {TEXT};
CREATE UNIQUE INDEX cases_by_label ON cases (label);
ALTER TABLE priority_groups ADD COLUMN restricted {INT} NOT NULL DEFAULT 0;
CREATE TABLE priority_group_viewers (
    group_id {UUID} NOT NULL REFERENCES priority_groups (id),
    viewer {TEXT} NOT NULL,
    PRIMARY KEY (group_id, viewer)
) {CLUSTERED};
CREATE TABLE case_contributors (
    case_id {UUID} NOT NULL REFERENCES cases (id),
    viewer {TEXT} NOT NULL,
    added_by {TEXT} NOT NULL,
    added_at {INT} NOT NULL,
    PRIMARY KEY (case_id, viewer)
) {CLUSTERED};
CREATE INDEX case_contributors_by_viewer ON case_contributors (viewer);
CREATE TABLE reveals (
    id {UUID} PRIMARY KEY,
    case_id {UUID} NOT NULL REFERENCES cases (id),
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    requested_by {TEXT} NOT NULL,
    requester {TEXT} NOT NULL,
    reason {TEXT} NOT NULL,
    state {TEXT} NOT NULL,
    requested_at {INT} NOT NULL,
    decided_by {TEXT},
    decider {TEXT},
    decided_at {INT},
    note {TEXT},
    expires_at {INT} NOT NULL
);
CREATE INDEX reveals_by_case ON reveals (case_id);
CREATE INDEX reveals_by_time ON reveals (requested_at, id);
CREATE TABLE shares (
    id {UUID} PRIMARY KEY,
    case_id {UUID} NOT NULL REFERENCES cases (id),
    reveal_id {UUID} REFERENCES reveals (id),
    token {BYTES} NOT NULL UNIQUE,
    audience {TEXT} NOT NULL,
    recipient {TEXT} NOT NULL,
    sections {TEXT} NOT NULL,
    reason {TEXT} NOT NULL,
    pseudonym {TEXT} NOT NULL UNIQUE,
    created_by {TEXT} NOT NULL,
    creator {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    expires_at {INT} NOT NULL,
    revoked_at {INT},
    last_used_at {INT},
    uses {INT} NOT NULL
);
CREATE INDEX shares_by_case ON shares (case_id, id);
CREATE TABLE name_marks (
    mark {BYTES} NOT NULL,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (mark, subject_id)
) {CLUSTERED};
CREATE INDEX name_marks_by_subject ON name_marks (subject_id);
";
