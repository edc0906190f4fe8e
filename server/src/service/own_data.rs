//! What is kept of a person, handed to that person.
//! Never: with a role of the API; only whoever holds the installation's key may open somebody's data.

use super::{
    Services,
    alerts::{invalid, required},
    policies::identifier,
};
use crate::{error::ServiceError, permit::Permit, store::Entry};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::SubjectId,
    problem::{Problem, ProblemCode},
};

impl Services {
    /// Everything that is kept of the person behind an account, as JSON; the reason is kept in the audit log. Of active cases
    /// only with `active_cases`: an inquiry may have to stay unknown for a while.
    pub async fn own_data(
        &self,
        permit: &Permit,
        account: &str,
        reason: &str,
        active_cases: bool,
    ) -> Result<serde_json::Value, ServiceError> {
        // No role has a row for this: the operator's permit is the only one.
        let viewer = permit.require(Resource::OwnData, Action::Read)?;
        let reason = required(reason, &["reason"], "Say why.")?;
        let unknown = || invalid(Problem::new(&["account"], ProblemCode::NotFound, "Nobody here has this account."));
        let name = identifier(account).ok_or_else(unknown)?;
        let entry = |subject: SubjectId| {
            let detail = serde_json::json!({"activeCases": active_cases});
            Entry::by(viewer, AuditActivity::Exported, AuditCategory::Subjects, subject, &detail).reason(reason)
        };
        self.store.own_data(&name, active_cases, entry, self.clock.now()).await?.ok_or_else(unknown)
    }
}
