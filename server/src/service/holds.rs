//! Legal hold: a case, and everything of its subject, is kept whatever the periods of retention and whoever asks for an
//! erasure.
//! Never: a hold that begins or ends without a reason, a note in the case and an entry in the audit log.

use super::{
    Services,
    alerts::{invalid, not_found, required},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, NewNote, StoredCase},
};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case,
    ids::CaseId,
};

/// An order to keep a case, or to keep it no longer than others.
#[derive(Clone, Debug)]
pub struct HoldOrder {
    /// Which; `None` where a viewer's text is no case's id.
    pub case: Option<CaseId>,
    /// Whether it shall be on hold.
    pub hold: bool,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Puts a case on legal hold or takes it off; answers with the case.
    pub(crate) async fn set_legal_hold(&self, permit: &Permit, order: HoldOrder) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::LegalHolds, Action::Change)?;
        let field = ["input", "reason"];
        let reason = required(&order.reason, &field, "Say why.")?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let id = order.case.ok_or_else(unknown)?;
        // The subject is locked before the case: retention and erasure look for holds under the same lock.
        let triage = self.store.triage_case(id).await?;
        let case = self.store.case_for(&permit.sight(), &triage, id).await?.ok_or_else(unknown)?;
        case::hold(case.legal_hold, order.hold, &["input", "hold"]).map_err(invalid)?;
        let now = self.clock.now();
        let case = StoredCase { legal_hold: order.hold, updated_at: now, ..case };
        let said = case::hold_note(order.hold);
        // The reason is staff's text, which a masked share withholds: a note of its own.
        let notes = [
            NewNote { author: (&viewer.name).into(), system: true, body: said.into() },
            NewNote { author: (&viewer.name).into(), system: false, body: reason.into() },
        ];
        let detail = serde_json::json!({"legalHold": order.hold});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Cases, id, &detail).reason(reason);
        self.store.hold_case(triage, &case, &notes, entry, now).await?;
        Ok(case)
    }
}
