//! Reveals: asked for, decided on by somebody else, ended; and the look at what they open.
//! Never: an identity that a refused or unaudited look would show; a decision by who asked.

use super::{
    Services,
    alerts::{invalid, not_found, required, text},
    audit::Looks,
};
pub(crate) use crate::store::{OpenIdentity, SeenFrom, StoredReveal};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    store::{Entry, NewNote, Page, RevealChange, Slice, StoredCase},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::CaseStatus,
    ids::{CaseId, RevealId},
    problem::{Problem, ProblemCode},
    reveal::{Reveal, RevealState},
    settings::RevealApproval,
    subject::IdentityState,
    time::Micros,
};

/// A decision on a request for a reveal.
#[derive(Clone, Debug)]
pub struct RevealDecision {
    /// Which; `None` where a viewer's text is no reveal's id.
    pub reveal: Option<RevealId>,
    /// Consent, or not.
    pub approve: bool,
    /// More about it, for who asked.
    pub note: Option<String>,
}

impl Services {
    /// Asks for the identity of a case's subject.
    pub(crate) async fn request_reveal(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        reason: &str,
    ) -> Result<StoredReveal, ServiceError> {
        let (viewer, case, reason) = asks(permit, case, (reason, "Say why the identity is needed."))?;
        let privacy = self.store.settings().await?.1.privacy;
        let id = self.ids.draw(RevealId::new);
        let sight = permit.sight();
        let asked = self.store.request_reveal((&sight, viewer), case, &self.clock, |found, there, now| {
            active(found)?;
            let live = |one: &&Reveal| matches!(one.state(now), RevealState::Requested | RevealState::Approved);
            let own = |one: &&Reveal| one.case == case && one.requested_by == viewer.id;
            if there.iter().filter(own).any(|one| live(&one)) {
                let message = "You have asked already in this case: the request waits, or the reveal still holds.";
                return Err(Problem::new(&["input", "caseId"], ProblemCode::Conflict, message));
            }
            let reveal = Reveal::request(id, (case, found.subject), &viewer.id, &privacy, now);
            let alone = privacy.reveal_approval == RevealApproval::None;
            let mut entries = vec![entry(viewer, AuditActivity::RevealRequested, &reveal, Some(&reason))];
            if alone {
                entries.push(entry(viewer, AuditActivity::RevealApproved, &reveal, None));
            }
            let body = if alone {
                "Identity revealed; the settings ask for nobody's consent."
            } else {
                "Reveal of the identity requested."
            };
            let stored = asked_for(viewer, reveal, &reason);
            Ok(RevealChange { reveal: stored, entries, note: said(viewer, body) })
        });
        asked.await?.ok_or_else(no_case)?.map_err(invalid)
    }

    /// Opens the identity of a case's subject at once, for minutes, and has the configured addresses told of it. Whoever did
    /// so has to be judged before they can do it again, in whichever case.
    pub(crate) async fn break_glass(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        reason: &str,
    ) -> Result<StoredReveal, ServiceError> {
        let (viewer, case, reason) = asks(permit, case, (reason, "Say why it cannot wait for consent."))?;
        if self.settings.told.is_empty() {
            let message =
                "Nobody would be told: the operator has to configure break_glass_notice. Ask for a reveal instead.";
            return Err(invalid(Problem::new(&[], ProblemCode::NotEnabled, message)));
        }
        let id = self.ids.draw(RevealId::new);
        let sight = permit.sight();
        let broken = self.store.request_reveal((&sight, viewer), case, &self.clock, |found, there, now| {
            active(found)?;
            let own = || there.iter().filter(|one| one.requested_by == viewer.id);
            if own().any(Reveal::awaits_judgement) {
                let message = "Somebody has to judge your last emergency first: decideReveal, by an approver.";
                return Err(Problem::new(&[], ProblemCode::NotAllowed, message));
            }
            if own().any(|one| one.opens(&viewer.id, case, found.subject, now)) {
                let message = "The identity is open to you already in this case.";
                return Err(Problem::new(&["input", "caseId"], ProblemCode::Conflict, message));
            }
            let reveal = Reveal::break_glass(id, (case, found.subject), &viewer.id, now);
            let entries = vec![entry(viewer, AuditActivity::BreakGlass, &reveal, Some(&reason))];
            let note = said(viewer, "Identity opened in an emergency, without consent.");
            Ok(RevealChange { reveal: asked_for(viewer, reveal, &reason), entries, note })
        });
        let broken = broken.await?.ok_or_else(no_case)?.map_err(invalid)?;
        self.bell.messages.notify_one();
        Ok(broken)
    }

    /// Consents to a request, or denies it; judges what was opened in an emergency.
    pub(crate) async fn decide_reveal(
        &self,
        permit: &Permit,
        asked: RevealDecision,
    ) -> Result<StoredReveal, ServiceError> {
        let viewer = permit.require(Resource::RevealDecisions, Action::Change)?;
        let note = text(asked.note.as_deref(), &["input", "note"])?.map(str::to_owned);
        let unknown = || invalid(not_found("reveal").within(&["input", "revealId"]));
        let id = asked.reveal.ok_or_else(unknown)?;
        let privacy = self.store.settings().await?.1.privacy;
        let sight = permit.sight();
        let decided = self.store.change_reveal(&sight, id, &self.clock, |found, now| {
            let reveal = found.reveal.decide(&viewer.id, asked.approve, &privacy, now)?;
            let (activity, body) = match (asked.approve, reveal.emergency) {
                (true, false) => (AuditActivity::RevealApproved, "Reveal of the identity approved."),
                (false, false) => (AuditActivity::RevealDenied, "Reveal of the identity denied."),
                (true, true) => (AuditActivity::RevealApproved, "Reveal in an emergency found justified."),
                (false, true) => (AuditActivity::RevealDenied, "Reveal in an emergency found not justified."),
            };
            let entries = vec![entry(viewer, activity, &reveal, note.as_deref())];
            let reveal =
                StoredReveal { reveal, decider: Some(viewer.name.clone()), note: note.clone(), ..found.clone() };
            Ok(RevealChange { reveal, entries, note: said(viewer, body) })
        });
        self.or_denied(viewer, id, decided.await?.ok_or_else(unknown)?).await
    }

    /// Ends a reveal before its time, or takes a request back.
    pub(crate) async fn end_reveal(&self, permit: &Permit, id: Option<RevealId>) -> Result<StoredReveal, ServiceError> {
        let viewer = permit.require(Resource::Reveals, Action::Change)?;
        let unknown = || invalid(not_found("reveal").within(&["input", "revealId"]));
        let id = id.ok_or_else(unknown)?;
        let sight = permit.sight();
        let ended = self.store.change_reveal(&sight, id, &self.clock, |found, now| {
            let reveal = found.reveal.end(now)?;
            let entries = vec![entry(viewer, AuditActivity::RevealEnded, &reveal, None)];
            let reveal = StoredReveal { reveal, ..found.clone() };
            Ok(RevealChange { reveal, entries, note: said(viewer, "Reveal of the identity ended.") })
        });
        self.or_denied(viewer, id, ended.await?.ok_or_else(unknown)?).await
    }

    /// The change, or what forbids it; whoever tried to decide for themselves is in the audit log.
    async fn or_denied(
        &self,
        viewer: &Viewer,
        id: RevealId,
        outcome: Result<StoredReveal, Problem>,
    ) -> Result<StoredReveal, ServiceError> {
        match outcome {
            Ok(stored) => Ok(stored),
            Err(problem) => {
                let detail = serde_json::json!({"tried": "decide", "because": problem.message});
                self.store
                    .audit(
                        &[Entry::by(viewer, AuditActivity::Denied, AuditCategory::Cases, id, &detail)],
                        self.clock.now(),
                    )
                    .await?;
                Err(invalid(problem.within(&["input", "revealId"])))
            }
        }
    }

    /// Reveals, the newest request first.
    pub(crate) async fn reveals(
        &self,
        permit: &Permit,
        (state, awaits_judgement): (Option<RevealState>, Option<bool>),
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredReveal>, ServiceError> {
        permit.require(Resource::Reveals, Action::Read)?;
        let now = self.store.common_time(&self.clock).await?;
        Ok(self.store.reveals(&permit.sight(), (state, awaits_judgement), slice, now).await?)
    }

    /// Reveals by id, those in sight.
    pub(crate) async fn reveals_by_id(
        &self,
        permit: &Permit,
        ids: &[RevealId],
    ) -> Result<BTreeMap<RevealId, StoredReveal>, ServiceError> {
        permit.require(Resource::Reveals, Action::Read)?;
        Ok(self.store.reveals_by_id(&permit.sight(), ids).await?)
    }

    /// The reveals of cases, the newest first.
    pub(crate) async fn case_reveals(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<StoredReveal>>, ServiceError> {
        permit.require(Resource::Reveals, Action::Read)?;
        Ok(self.store.case_reveals(ids).await?)
    }

    /// The instant by which reveals and shares run out.
    pub(crate) async fn common_time(&self) -> Result<Micros, ServiceError> {
        Ok(self.store.common_time(&self.clock).await?)
    }

    /// Whether the viewer sees who subjects are, from where they are looked at.
    pub(crate) async fn identity_states(
        &self,
        permit: &Permit,
        keys: &[SeenFrom],
    ) -> Result<BTreeMap<SeenFrom, IdentityState>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        Ok(self.store.identity_states(permit.viewer(), keys, &self.clock).await?)
    }

    /// Who subjects are, where the viewer may see it. The look is audited first, once a request.
    pub(crate) async fn identities(
        &self,
        permit: &Permit,
        looks: &Looks,
        keys: &[SeenFrom],
    ) -> Result<BTreeMap<SeenFrom, OpenIdentity>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        // Held until the entries are durable: a second field of the request must not show what they are about before.
        let mut looked = looks.identities.lock().await;
        let found = self.store.identities(permit.viewer(), keys, &looked, &self.clock).await?;
        looked.extend(found.keys());
        Ok(found)
    }
}

/// What the audit log says of a reveal.
pub(super) fn entry(viewer: &Viewer, activity: AuditActivity, reveal: &Reveal, reason: Option<&str>) -> Entry {
    let detail = serde_json::json!({
        "reveal": reveal.id, "state": reveal.written, "alone": reveal.written == RevealState::Approved && reveal.decided_by.is_none(),
        "emergency": reveal.emergency, "expiresAt": reveal.expires_at,
    });
    let entry = Entry::by(viewer, activity, AuditCategory::Cases, reveal.case, &detail);
    match reason {
        Some(reason) => entry.reason(reason),
        None => entry,
    }
}

/// Who asks for an identity, in which case, and why; `missing` is what to say where the reason is.
fn asks<'a>(
    permit: &'a Permit,
    case: Option<CaseId>,
    (reason, missing): (&str, &str),
) -> Result<(&'a Viewer, CaseId, String), ServiceError> {
    let viewer = permit.require(Resource::RevealRequests, Action::Change)?;
    let reason = required(reason, &["input", "reason"], missing)?.to_owned();
    Ok((viewer, case.ok_or_else(no_case)?, reason))
}

fn no_case() -> ServiceError {
    invalid(not_found("case").within(&["input", "caseId"]))
}

/// An identity is revealed in an active case only.
fn active(case: &StoredCase) -> Result<(), Problem> {
    match case.status {
        CaseStatus::Active => Ok(()),
        CaseStatus::Closed => {
            let message = "The case is closed. An identity is revealed in an active case only.";
            Err(Problem::new(&["input", "caseId"], ProblemCode::NotAllowed, message))
        }
    }
}

fn asked_for(viewer: &Viewer, reveal: Reveal, reason: &str) -> StoredReveal {
    let (requester, reason) = (viewer.name.clone(), reason.to_owned());
    StoredReveal { reveal, requester, decider: None, reason, note: None, told_at: None }
}

fn said(viewer: &Viewer, body: &'static str) -> NewNote<'static> {
    NewNote { author: viewer.name.clone().into(), system: true, body: body.into() }
}
