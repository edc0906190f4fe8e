//! Erasure of a person: the key that opens their data is destroyed, and what could still single them out is deleted.
//! Never: while one of their cases is on legal hold; the account in an answer, a log line or the audit log.

use super::{
    Services,
    alerts::{invalid, required},
    policies::identifier,
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Erased},
};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::SubjectId,
    problem::{Problem, ProblemCode},
};

impl Services {
    /// Erases the person behind an account. Of whoever was erased nothing is known any more, so that they are answered as
    /// somebody who never was: the account is not found.
    pub(crate) async fn erase_subject(&self, permit: &Permit, account: &str, reason: &str) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::Erasure, Action::Change)?;
        let field = ["input", "reason"];
        let reason = required(reason, &field, "Say why.")?;
        let given = account.trim().to_lowercase();
        if !given.is_empty() && reason.to_lowercase().contains(&given) {
            let message =
                "Leave the account out of the reason: the audit log keeps the reason, and nothing is erased there.";
            return Err(invalid(Problem::new(&field, ProblemCode::Invalid, message)));
        }
        let field = ["input", "account"];
        let unknown = || invalid(Problem::new(&field, ProblemCode::NotFound, "Nobody here has this account."));
        let name = identifier(account).ok_or_else(unknown)?;
        let entry = |subject: SubjectId| {
            let detail = serde_json::json!({"erased": true});
            Entry::by(viewer, AuditActivity::Deleted, AuditCategory::Subjects, subject, &detail).reason(reason)
        };
        match self.store.erase(&name, entry, viewer, self.clock.now()).await? {
            Erased::Done => {
                self.bell.scoring.notify_one();
                Ok(())
            }
            Erased::Unknown => Err(unknown()),
            Erased::Held => {
                let message =
                    "A case about this person is on legal hold. As long as it is, nothing of them may be erased.";
                Err(invalid(Problem::new(&field, ProblemCode::NotAllowed, message)))
            }
        }
    }
}
