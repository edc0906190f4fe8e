//! One person with many accounts: subjects that were merged, which part each row came with, and pairs that may be one person.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE subjects ADD COLUMN merged_into {UUID};
ALTER TABLE subjects ADD COLUMN merged_at {INT};
ALTER TABLE subjects ADD COLUMN merged_by {TEXT};
ALTER TABLE subjects ADD COLUMN regrouped_at {INT};
CREATE INDEX subjects_merged ON subjects (merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE identifiers ADD COLUMN part {UUID};
ALTER TABLE profiles ADD COLUMN part {UUID};
ALTER TABLE events ADD COLUMN part {UUID};
ALTER TABLE triggers ADD COLUMN part {UUID};
ALTER TABLE pending ADD COLUMN part {UUID};
ALTER TABLE profile_marks ADD COLUMN part {UUID};
ALTER TABLE record_marks ADD COLUMN part {UUID};
ALTER TABLE manual_scoring ADD COLUMN part {UUID};
ALTER TABLE suppressions ADD COLUMN part {UUID};
ALTER TABLE device_owners ADD COLUMN part {UUID};
ALTER TABLE activity_reports ADD COLUMN part {UUID};
ALTER TABLE cases ADD COLUMN part {UUID};
ALTER TABLE alerts ADD COLUMN part {UUID};
ALTER TABLE exports ADD COLUMN part {UUID};
DROP INDEX alerts_one_open;
CREATE UNIQUE INDEX alerts_one_open ON alerts (subject_id, policy_id) WHERE status = 'NEEDS_REVIEW' AND part IS NULL;
CREATE TABLE part_days (
    subject_id {UUID} NOT NULL,
    part {UUID} NOT NULL,
    day {INT} NOT NULL,
    indicator {TEXT} NOT NULL,
    count {INT} NOT NULL,
    PRIMARY KEY (subject_id, part, day, indicator)
) {CLUSTERED};
CREATE TABLE part_profiles (
    subject_id {UUID} NOT NULL,
    part {UUID} NOT NULL,
    occurred_at {INT} NOT NULL,
    event_key {BYTES} NOT NULL,
    department {TEXT},
    sealed {BYTES} NOT NULL,
    impact {TEXT},
    peers {BYTES},
    PRIMARY KEY (subject_id, part)
) {CLUSTERED};
CREATE TABLE merge_suggestions (
    first_id {UUID} NOT NULL,
    second_id {UUID} NOT NULL,
    because {TEXT} NOT NULL,
    found_at {INT} NOT NULL,
    dismissed_at {INT},
    PRIMARY KEY (first_id, second_id)
) {CLUSTERED};
UPDATE meta SET name = 'people_changes' WHERE name = 'erasures';
";
