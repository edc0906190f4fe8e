//! Roles that viewers were given here, beside those that their provider's tokens claim.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE role_grants (
    id {UUID} PRIMARY KEY,
    viewer {TEXT} NOT NULL,
    role {TEXT} NOT NULL,
    reason {TEXT} NOT NULL,
    granted_by {TEXT} NOT NULL,
    granted_at {INT} NOT NULL,
    expires_at {INT},
    revoked_by {TEXT},
    revoked_at {INT},
    revoke_reason {TEXT}
);
CREATE INDEX role_grants_by_viewer ON role_grants (viewer);
CREATE INDEX role_grants_by_time ON role_grants (granted_at, id);
";
