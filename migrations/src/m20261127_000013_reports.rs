//! Reports of what one subject did: whom they are about, of which days, who made them and why. What they show is read anew.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE activity_reports (
    id {UUID} PRIMARY KEY,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    case_id {UUID} REFERENCES cases (id),
    first_day {INT} NOT NULL,
    last_day {INT} NOT NULL,
    reason {TEXT} NOT NULL,
    created_by {TEXT} NOT NULL,
    created_at {INT} NOT NULL
);
CREATE INDEX activity_reports_by_subject ON activity_reports (subject_id);
CREATE INDEX activity_reports_by_case ON activity_reports (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX activity_reports_by_time ON activity_reports (created_at, id);
";
