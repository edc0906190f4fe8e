//! Consultations: questions that go out with a share, and their answers.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE consultations (
    id {UUID} PRIMARY KEY,
    case_id {UUID} NOT NULL REFERENCES cases (id),
    share_id {UUID} NOT NULL REFERENCES shares (id),
    question {TEXT} NOT NULL,
    choices {TEXT} NOT NULL,
    asked_at {INT} NOT NULL,
    choice {TEXT},
    comment {TEXT},
    answered_at {INT}
);
CREATE INDEX consultations_by_case ON consultations (case_id, asked_at);
CREATE INDEX consultations_by_share ON consultations (share_id);
";
