//! Cases, as they are read and resolved. They come from confirmed alerts (`service::alerts`).
//! Never: a case whose existence a viewer may not know; a change to a closed one.

use super::{
    Services,
    alerts::{invalid, not_found, text},
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, NewNote, Page, Slice, StoredCase, StoredNote},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::{self, CaseResolution, CaseStatus},
    ids::CaseId,
    problem::{Problem, ProblemCode},
    time::Micros,
};

/// A decision about what a case came to.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// Which; `None` where a viewer's text is no case's id.
    pub case: Option<CaseId>,
    /// How it ended.
    pub resolution: CaseResolution,
    /// What was done about it.
    pub action_taken: String,
}

impl Services {
    /// Closes a case for good; answers with it.
    pub(crate) async fn resolve_case(&self, permit: &Permit, asked: Resolution) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::Cases, Action::Change)?;
        let action_field = ["input", "actionTaken"];
        let action = text(Some(&asked.action_taken), &action_field)?.ok_or_else(|| {
            invalid(Problem::new(&action_field, ProblemCode::Required, "Say what was done; nothing is an answer too."))
        })?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let id = asked.case.ok_or_else(unknown)?;
        let triage = self.store.triage_case(id).await?;
        let case = self.store.case_for(&triage, id).await?.ok_or_else(unknown)?;
        let status = case::resolve(case.status, &field).map_err(invalid)?;
        let now = self.clock.now();
        let case = StoredCase {
            status,
            resolution: Some(asked.resolution),
            action_taken: Some(action.to_owned()),
            updated_at: now,
            ..case
        };
        let said = case::resolved_note(asked.resolution);
        let notes = [NewNote { author: &viewer.name, system: true, body: &said }];
        // What was done is told in the case itself, which can be erased; the audit log cannot.
        let detail = serde_json::json!({"status": case.status, "resolution": asked.resolution});
        let mut entries = vec![Entry::by(viewer, AuditActivity::Edited, AuditCategory::Cases, id, &detail)];
        let alert = serde_json::json!({"status": "RESOLVED", "case": id});
        entries.extend(
            triage
                .alerts
                .iter()
                .map(|one| Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, one.id, &alert)),
        );
        self.store.resolve_case(triage, &case, &notes, &entries, now).await?;
        self.bell.scoring.notify_one();
        Ok(case)
    }

    /// Cases, the newest first.
    pub(crate) async fn cases(
        &self,
        permit: &Permit,
        status: Option<CaseStatus>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredCase>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.cases(status, slice).await?)
    }

    /// Cases by id, those that exist.
    pub(crate) async fn cases_by_id(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, StoredCase>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.cases_by_id(ids).await?)
    }

    /// Notes on cases, the oldest first.
    pub(crate) async fn case_notes(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<Uuid, Vec<StoredNote>>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.case_notes(ids).await?)
    }
}
