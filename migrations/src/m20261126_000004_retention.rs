//! Why settings were changed, legal holds, erased people, and what remains of triage when an alert is gone.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE settings ADD COLUMN reason {TEXT};
ALTER TABLE settings ADD COLUMN privacy_version {INT};
ALTER TABLE cases ADD COLUMN legal_hold {INT} NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN erased_at {INT};
CREATE INDEX cases_on_hold ON cases (subject_id) WHERE legal_hold = 1;
CREATE INDEX cases_resolved ON cases (resolved_at, id);
CREATE INDEX runs_by_start ON runs (started_at);
CREATE TABLE triage_counts (
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    day {INT} NOT NULL,
    outcome {TEXT} NOT NULL,
    count {INT} NOT NULL,
    PRIMARY KEY (policy_id, day, outcome)
) {CLUSTERED};
";
