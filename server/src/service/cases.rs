//! Cases, as they are read and resolved. They come from confirmed alerts (`service::alerts`).
//! Never: a case whose existence a viewer may not know; a change to a closed one.

use super::{
    Services,
    alerts::{invalid, not_found, required},
    reveals,
};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Contributed, Entry, NewNote, Page, Slice, StoredCase, StoredNote},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::{self, CaseResolution, CaseStatus, LeftToOthers, name_of},
    event::content::{self, ContentSummary},
    ids::{CaseId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
    reveal::Reveal,
    scoring::Insight,
    time::{Day, Micros},
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
        let action = required(&asked.action_taken, &action_field, "Say what was done; nothing is an answer too.")?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let id = asked.case.ok_or_else(unknown)?;
        let triage = self.store.triage_case(id).await?;
        let case = self.store.case_for(&permit.sight(), &triage, id).await?.ok_or_else(unknown)?;
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
        let notes = [NewNote { author: (&viewer.name).into(), system: true, body: (&said).into() }];
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
        let ended = |reveal: &Reveal| reveals::entry(viewer, AuditActivity::RevealEnded, reveal, None);
        self.store.resolve_case(triage, &case, (&notes, &entries), ended, &self.clock).await?;
        self.bell.scoring.notify_one();
        Ok(case)
    }

    /// Writes a note into an active case; answers with the case.
    pub(crate) async fn add_case_note(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        body: &str,
    ) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::Cases, Action::Change)?;
        let body = required(body, &["input", "body"], "A note says something.")?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let id = case.ok_or_else(unknown)?;
        let note = NewNote { author: (&viewer.name).into(), system: false, body: body.into() };
        let entry =
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Cases, id, &serde_json::json!({"note": "added"}));
        match self.store.add_note(&permit.sight(), id, &note, entry, self.clock.now()).await? {
            None => Err(unknown()),
            Some(case) if case.status == CaseStatus::Closed => Err(invalid(frozen(&field))),
            Some(case) => Ok(case),
        }
    }

    /// Lets another viewer see a case and its subject, whatever lists say; answers with the case.
    pub(crate) async fn add_contributor(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        contributor: &str,
    ) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::Cases, Action::Change)?;
        let named = name_of("contributor", contributor, &["input", "viewer"]).map_err(invalid)?;
        let id = case.ok_or_else(|| invalid(not_found("case").within(&["input", "caseId"])))?;
        let body = format!("{named} contributes from now on.");
        let note = NewNote { author: (&viewer.name).into(), system: true, body: body.into() };
        let entry = Entry::by(
            viewer,
            AuditActivity::Edited,
            AuditCategory::Cases,
            id,
            &serde_json::json!({"contributor": named}),
        );
        let (sight, now) = (permit.sight(), self.clock.now());
        let done = self.store.add_contributor(&sight, (id, &named), (&viewer.id, &note), entry, now).await?;
        contributed(&done)?;
        self.store.cases_by_id(&sight, &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)
    }

    /// Ends that a viewer contributes to an active case; answers with the case.
    pub(crate) async fn remove_contributor(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        contributor: &str,
    ) -> Result<StoredCase, ServiceError> {
        let viewer = permit.require(Resource::Cases, Action::Change)?;
        let named = name_of("contributor", contributor, &["input", "viewer"]).map_err(invalid)?;
        let id = case.ok_or_else(|| invalid(not_found("case").within(&["input", "caseId"])))?;
        let body = format!("{named} contributes no longer.");
        let note = NewNote { author: (&viewer.name).into(), system: true, body: body.into() };
        let detail = serde_json::json!({"contributorRemoved": named});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Cases, id, &detail);
        let (sight, now) = (permit.sight(), self.clock.now());
        contributed(&self.store.remove_contributor(&sight, (id, &named), &note, entry, now).await?)?;
        self.store.cases_by_id(&sight, &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)
    }

    /// Those of the subjects with regard to whom the viewer, as a contributor, leaves things to others.
    pub(crate) async fn limited(
        &self,
        permit: &Permit,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<BTreeSet<SubjectId>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        Ok(self.store.limited(&permit.sight(), subjects).await?)
    }

    /// Ids of who contributes to cases.
    pub(crate) async fn contributors(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<String>>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        Ok(self.store.contributors(ids).await?)
    }

    /// The insights that a case's alerts rest on, the newest day first.
    pub(crate) async fn timeline(
        &self,
        permit: &Permit,
        of: CaseId,
        slice: &Slice<(Day, Uuid)>,
    ) -> Result<Page<Insight>, ServiceError> {
        permit.require(Resource::Insights, Action::Read)?;
        Ok(self.store.timeline(of, slice).await?)
    }

    /// What the events beneath a case's insights are about, the most events first.
    pub(crate) async fn content_summary(
        &self,
        permit: &Permit,
        of: &StoredCase,
    ) -> Result<Vec<ContentSummary>, ServiceError> {
        permit.require(Resource::Insights, Action::Read)?;
        Ok(content::summarise(self.store.content_of(of).await?))
    }

    /// Cases, the newest first.
    pub(crate) async fn cases(
        &self,
        permit: &Permit,
        status: Option<CaseStatus>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredCase>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.cases(&permit.sight(), status, slice).await?)
    }

    /// Cases by id, those that exist.
    pub(crate) async fn cases_by_id(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, StoredCase>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        Ok(self.store.cases_by_id(&permit.sight(), ids).await?)
    }

    /// Notes on cases, the oldest first.
    pub(crate) async fn case_notes(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<Uuid, Vec<StoredNote>>, ServiceError> {
        permit.require(Resource::Notes, Action::Read)?;
        Ok(self.store.case_notes(ids).await?)
    }
}

/// What is wrong where a list of contributors stays as it is.
fn contributed(what: &Contributed) -> Result<(), ServiceError> {
    let (case, viewer) = (["input", "caseId"], ["input", "viewer"]);
    Err(invalid(match what {
        Contributed::Done => return Ok(()),
        Contributed::NoCase => not_found("case").within(&case),
        Contributed::Closed => frozen(&case),
        Contributed::Limited => LeftToOthers::Contributors.problem(&case),
        Contributed::TooMany => {
            let message = format!("A case has at most {} contributors.", limits::LISTED_VIEWERS);
            Problem::new(&viewer, ProblemCode::LimitExceeded, message)
        }
        Contributed::Nobody => {
            Problem::new(&viewer, ProblemCode::NotFound, "This viewer does not contribute to the case.")
        }
    }))
}

pub(super) fn frozen(field: &[&str]) -> Problem {
    Problem::new(field, ProblemCode::NotAllowed, "The case is closed. A closed case is frozen.")
}
