//! Opening a closed case again: as a new one, linked to it. The closed one stays as it is.
//! Never: a change to what happened in the closed case; a note of the system says that it goes on, and where.

use super::{
    Services,
    alerts::{invalid, not_found, required},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, NewNote, StoredCase},
};
use serde_json::json;
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::{self, CaseStatus, LeftToOthers},
    ids::CaseId,
    problem::{Problem, ProblemCode},
};

/// An order to go on with a closed case.
#[derive(Clone, Debug)]
pub struct ReopenOrder {
    /// Which; `None` where a viewer's text is no case's id.
    pub case: Option<CaseId>,
    /// What the new one is called; as the closed one where nothing is said.
    pub name: Option<String>,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Opens a new case that goes on from a closed one; answers with the new one.
    pub(crate) async fn reopen_case(&self, permit: &Permit, order: ReopenOrder) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::Cases, Action::Change)?;
        let reason = required(&order.reason, &["input", "reason"], "Say why the case is opened again.")?;
        let name = order.name.as_deref().map(|name| case::name(name, &["input", "name"]));
        let name = name.transpose().map_err(invalid)?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let old = order.case.ok_or_else(unknown)?;
        let reopening = self.store.begin_reopening(&permit.sight(), old).await?.ok_or_else(unknown)?;
        if reopening.limited {
            return Err(invalid(LeftToOthers::Reopen.problem(&field)));
        }
        if reopening.erased {
            let message = "The person whom this case is about was erased: there is nothing left to look into.";
            return Err(invalid(Problem::new(&field, ProblemCode::NotAllowed, message)));
        }
        case::reopen(reopening.case.status, reopening.reopened, &field).map_err(invalid)?;
        let now = self.clock.now();
        let new = StoredCase {
            id: self.ids.draw(CaseId::new),
            name: name.unwrap_or_else(|| reopening.case.name.clone()),
            status: CaseStatus::Active,
            opened_at: now,
            updated_at: now,
            resolution: None,
            action_taken: None,
            legal_hold: false,
            reopens: Some(old),
            ..reopening.case.clone()
        };
        let note = |system, body: String| NewNote { author: (&viewer.name).into(), system, body: body.into() };
        // The reason is staff's text, which a masked share withholds: a note of its own.
        let notes = [
            (new.id, note(true, case::reopening_note(old))),
            (new.id, note(false, reason.to_owned())),
            (old, note(true, case::reopened_note(new.id))),
        ];
        let entry =
            |activity, case, detail| Entry::by(viewer, activity, AuditCategory::Cases, case, &detail).reason(reason);
        let entries = [
            entry(AuditActivity::Added, new.id, json!({"reopens": old})),
            entry(AuditActivity::Edited, old, json!({"reopenedAs": new.id})),
        ];
        self.store.reopen(reopening, &new, (&notes, &entries)).await?;
        Ok(new)
    }

    /// The cases that go on from these, by the one that each goes on from.
    pub(crate) async fn reopened_as(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, CaseId>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        Ok(self.store.reopened_as(&permit.sight(), ids).await?)
    }
}
