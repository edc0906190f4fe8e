//! What changed, for subscribers on every replica.
//! Never: edited after a release.

crate::migration!();

/// `place` is null until it is given; `meta` holds the last one that was (`store::changes`).
pub(crate) const UP: &str = "
CREATE TABLE changes (
    sequence {SEQUENCE},
    place {INT} UNIQUE,
    kind {TEXT} NOT NULL,
    thing {UUID},
    owner {UUID},
    at {INT} NOT NULL
);
CREATE INDEX changes_unplaced ON changes (sequence) WHERE place IS NULL;
CREATE INDEX changes_by_time ON changes (at);
INSERT INTO meta (name, value) VALUES ('changes', '0');
";
