//! The queue by score and by due time at a million alerts: one state's alerts in each order, read a page and no more.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE INDEX alerts_by_status_score ON alerts (status, score, id);
CREATE INDEX alerts_by_status_due ON alerts (status, due_at, id);
CREATE INDEX alerts_by_status_subject ON alerts (status, subject_id);
";
