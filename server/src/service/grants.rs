//! Roles that viewers are given and lose here. What may be is in `vizard_core::access::duties`.
//! Never: a change to one's own roles, or one without a reason and an audit entry.

use super::{
    Services,
    alerts::{invalid, not_found, text},
};
pub use crate::store::{GrantFilter, StoredGrant};
use crate::{
    auth,
    error::ServiceError,
    permit::Permit,
    store::{Entry, GrantSaved, Page, Slice},
};
use uuid::Uuid;
use vizard_core::{
    access::{
        Action, Resource, Role,
        duties::{self, Grant, Refusal},
    },
    audit::{AuditActivity, AuditCategory},
    ids::RoleGrantId,
    limits,
    problem::{Problem, ProblemCode},
    time::Micros,
};

/// A role that somebody shall hold.
#[derive(Clone, Debug)]
pub struct GrantOrder {
    /// `<issuer's name>:<subject>`.
    pub viewer: String,
    /// What.
    pub role: Role,
    /// For how many days; until it is taken back where there is no number.
    pub days: Option<i32>,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Grants, the newest first.
    pub async fn role_grants(
        &self,
        permit: &Permit,
        filter: &GrantFilter,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredGrant>, ServiceError> {
        permit.require(Resource::RoleGrants, Action::Read)?;
        Ok(self.store.role_grants(filter, slice).await?)
    }

    /// Gives a role. It counts from the viewer's next request on.
    pub async fn grant_role(&self, permit: &Permit, order: GrantOrder) -> Result<StoredGrant, ServiceError> {
        let viewer = permit.require(Resource::RoleGrants, Action::Change)?;
        let now = self.clock.now();
        let mut problems = Vec::new();
        let to = order.viewer.trim();
        problems.extend(self.check_viewer(to, &["input", "viewer"]).err());
        let expires_at = duties::expiry(order.days, now).unwrap_or_else(|refusal| {
            problems.push(problem(refusal, &["input", "expiresInDays"]));
            None
        });
        let reason = reason(&order.reason).unwrap_or_else(|problem| {
            problems.push(problem);
            ""
        });
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let grant = Grant { viewer: to.to_owned(), role: order.role, expires_at, revoked: false };
        let new = StoredGrant {
            id: self.ids.draw(RoleGrantId::new),
            grant,
            reason: reason.to_owned(),
            granted_by: viewer.id.clone(),
            granted_at: now,
            revocation: None,
        };
        let end = expires_at.map(|at| at.to_string());
        let detail = serde_json::json!({"viewer": to, "role": order.role, "expiresAt": end});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Roles, new.id, &detail).reason(reason);
        match self.store.add_role_grant(&new, entry).await? {
            GrantSaved::Done => Ok(new),
            GrantSaved::Refused(refusal @ (Refusal::SelfDealing | Refusal::Held)) => {
                Err(invalid(problem(refusal, &["input", "viewer"])))
            }
            GrantSaved::Refused(refusal) => Err(invalid(problem(refusal, &["input", "role"]))),
            GrantSaved::TooMany => {
                let message = format!("At most {} grants hold at once.", limits::ROLE_GRANTS);
                Err(invalid(Problem::new(&["input"], ProblemCode::LimitExceeded, message)))
            }
        }
    }

    /// That a text can be the id of a viewer here. Whether somebody has it is not known: ids come with tokens.
    pub(super) fn check_viewer(&self, id: &str, field: &[&str]) -> Result<(), Problem> {
        if self.settings.issuers.iter().any(|issuer| auth::is_viewer_of(issuer, id)) {
            return Ok(());
        }
        let message = format!(
            "A viewer is the name of a configured issuer, a colon and the subject that its tokens say (`sub`). Issuers \
             here: {}.",
            self.settings.issuers.join(", ")
        );
        Err(Problem::new(field, ProblemCode::Invalid, message))
    }

    /// Takes a role back. It no longer counts from the viewer's next request on.
    pub async fn revoke_role(
        &self,
        permit: &Permit,
        id: Option<RoleGrantId>,
        why: &str,
    ) -> Result<StoredGrant, ServiceError> {
        let viewer = permit.require(Resource::RoleGrants, Action::Change)?;
        let field = ["input", "grantId"];
        let unknown = || invalid(not_found("grant").within(&field));
        let reason = reason(why).map_err(invalid)?;
        let id = id.ok_or_else(unknown)?;
        let stored = self.store.role_grant(id).await?.ok_or_else(unknown)?;
        let detail = serde_json::json!({"viewer": stored.grant.viewer, "role": stored.grant.role});
        let entry = Entry::by(viewer, AuditActivity::Deleted, AuditCategory::Roles, id, &detail).reason(reason);
        let acts = (viewer.id.as_str(), viewer.claimed.contains(&Role::Admin));
        match self.store.revoke_role_grant(id, acts, reason, entry, self.clock.now()).await? {
            GrantSaved::Refused(refusal) => Err(invalid(problem(refusal, &field))),
            GrantSaved::Done | GrantSaved::TooMany => self.store.role_grant(id).await?.ok_or_else(unknown),
        }
    }
}

fn problem(refusal: Refusal, field: &[&str]) -> Problem {
    Problem::new(field, refusal.code(), refusal.to_string())
}

fn reason(given: &str) -> Result<&str, Problem> {
    let field = ["input", "reason"];
    match text(Some(given), &field) {
        Ok(Some(reason)) => Ok(reason),
        Ok(None) => Err(Problem::new(&field, ProblemCode::Required, "Say why.")),
        Err(_) => {
            let message = format!("A reason has at most {} characters.", limits::STAFF_TEXT_CHARS);
            Err(Problem::new(&field, ProblemCode::LimitExceeded, message))
        }
    }
}
