//! Cases that were opened again: each names the closed one that it goes on from, and the first of their line. All cases of
//! a line have one label.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
ALTER TABLE cases ADD COLUMN reopens {UUID} REFERENCES cases (id);
ALTER TABLE cases ADD COLUMN line {UUID};
CREATE UNIQUE INDEX cases_reopened_once ON cases (reopens);
DROP INDEX cases_by_label;
CREATE INDEX cases_by_label ON cases (label);
";
