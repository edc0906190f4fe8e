//! The queue: whom an alert was sent to for review, indexes for who looks for their own, and suppressions.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE alerts ADD COLUMN review_to {TEXT};
ALTER TABLE alerts ADD COLUMN review_by {TEXT};
ALTER TABLE alerts ADD COLUMN review_sender {TEXT};
ALTER TABLE alerts ADD COLUMN review_note {TEXT};
ALTER TABLE alerts ADD COLUMN review_at {INT};
CREATE INDEX alerts_in_review ON alerts (review_to) WHERE review_to IS NOT NULL;
CREATE INDEX alerts_assigned ON alerts (assignee) WHERE assignee IS NOT NULL;
CREATE INDEX alerts_decided ON alerts (triaged_at) WHERE triaged_at IS NOT NULL;
CREATE INDEX alerts_decided_by_policy ON alerts (policy_id, triaged_at) WHERE triaged_at IS NOT NULL;
CREATE TABLE suppressions (
    id {UUID} PRIMARY KEY,
    indicator {TEXT} NOT NULL,
    subject_id {UUID} REFERENCES subjects (id),
    group_id {UUID} REFERENCES priority_groups (id),
    reason {TEXT} NOT NULL,
    created_by {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    until {INT} NOT NULL,
    ended_at {INT},
    ended_by {TEXT}
);
CREATE INDEX suppressions_by_subject ON suppressions (subject_id, until);
CREATE INDEX suppressions_by_group ON suppressions (group_id, until);
CREATE INDEX suppressions_by_time ON suppressions (created_at, id);
";
