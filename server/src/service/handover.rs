//! Who looks into an alert, and sending it for review: to a viewer or a role, with a note, without a decision.
//! Never: to somebody who may not see it, or over the head of whoever was quicker.

use super::{
    Services,
    alerts::{invalid, not_found, required},
};
pub(crate) use crate::store::StoredReview;
use crate::{
    error::ServiceError,
    permit::{Permit, Sight, Viewer},
    store::{Entry, Handover, NewNote, StoredAlert, Triage},
};
use vizard_core::{
    access::{Action, Resource},
    alert::handover::{self as rule, Addressee},
    audit::{AuditActivity, AuditCategory},
    ids::AlertId,
    problem::{Problem, ProblemCode},
};

/// An order to give an alert to somebody.
#[derive(Clone, Debug)]
pub struct HandoverOrder {
    /// Which; `None` where a viewer's text is no alert's id.
    pub alert: Option<AlertId>,
    /// To whom; nobody where there is none.
    pub to: Option<String>,
    /// Who has it now, as the caller sees it.
    pub instead_of: Option<String>,
}

const ALERT: [&str; 2] = ["input", "alertId"];
const INSTEAD: [&str; 2] = ["input", "insteadOf"];

impl Services {
    /// Gives an alert that needs review to a viewer, or takes it from whoever has it; answers with it.
    pub(crate) async fn assign_alert(
        &self,
        permit: &Permit,
        order: HandoverOrder,
    ) -> Result<StoredAlert, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let to = order.to.as_deref().map(str::trim);
        let field = ["input", "assignee"];
        if let Some(to) = to {
            self.check_viewer(to, &field).map_err(invalid)?;
        }
        let (id, triage) = self.open_alert(permit, order.alert).await?;
        let now = triage.alerts.first().and_then(|alert| alert.assignee.clone());
        rule::unchanged(now.as_deref(), order.instead_of.as_deref(), &INSTEAD).map_err(invalid)?;
        if now.as_deref() == to {
            let message = "That is how it is already.";
            return Err(invalid(Problem::new(&field, ProblemCode::Conflict, message)));
        }
        if let Some(to) = to {
            self.check_sight(&triage, to, &field).await?;
        }
        let said = rule::assigned_note(to);
        let notes = [NewNote { author: (&viewer.name).into(), system: true, body: (&said).into() }];
        let detail = serde_json::json!({"assignee": to, "insteadOf": now});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, id, &detail);
        self.handed_over(permit, (id, triage), &Handover::Assign(to), &notes, entry).await
    }

    /// Sends an alert that needs review to a viewer or a role; answers with it.
    pub(crate) async fn send_alert_for_review(
        &self,
        permit: &Permit,
        order: HandoverOrder,
        note: &str,
    ) -> Result<StoredAlert, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let note = required(note, &["input", "note"], "Say what to look at.")?;
        let field = ["input", "to"];
        let given = order.to.unwrap_or_default();
        let addressee = Addressee::read(&given, &field).map_err(invalid)?;
        let to = match addressee {
            Addressee::Role(role) => role.as_str(),
            Addressee::Viewer(id) => id,
        };
        if let Addressee::Viewer(to) = addressee {
            self.check_viewer(to, &field).map_err(invalid)?;
            if to == viewer.id {
                let message = "A second look is somebody else's. Give the alert to yourself with `assignAlert`.";
                return Err(invalid(Problem::new(&field, ProblemCode::SelfDealing, message)));
            }
        }
        let (id, triage) = self.open_alert(permit, order.alert).await?;
        let now = triage.alerts.first().and_then(|alert| alert.review.as_ref()).map(|review| review.to.clone());
        rule::unchanged(now.as_deref(), order.instead_of.as_deref(), &INSTEAD).map_err(invalid)?;
        if let Addressee::Viewer(to) = addressee {
            self.check_sight(&triage, to, &field).await?;
        }
        let said = rule::sent_note(to);
        // The note is staff's text, which a masked share withholds: a note of its own.
        let notes = [
            NewNote { author: (&viewer.name).into(), system: true, body: (&said).into() },
            NewNote { author: (&viewer.name).into(), system: false, body: note.into() },
        ];
        let detail = serde_json::json!({"review": {"to": to, "insteadOf": now}});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, id, &detail);
        self.handed_over(permit, (id, triage), &Handover::Send { to, by: viewer, note }, &notes, entry).await
    }

    /// Ends a review, with what came of it; answers with the alert.
    pub(crate) async fn end_alert_review(
        &self,
        permit: &Permit,
        alert: Option<AlertId>,
        note: &str,
    ) -> Result<StoredAlert, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let note = required(note, &["input", "note"], "Say what came of it.")?;
        let (id, triage) = self.open_alert(permit, alert).await?;
        let Some(review) = triage.alerts.first().and_then(|alert| alert.review.as_ref()) else {
            let message = "The alert is not sent for review, or not any more.";
            return Err(invalid(Problem::new(&ALERT, ProblemCode::Conflict, message)));
        };
        if !in_review_with(review, viewer) && review.sender != viewer.id {
            let message = "Whom it was sent to ends the review, or who sent it.";
            return Err(invalid(Problem::new(&ALERT, ProblemCode::NotAllowed, message)));
        }
        let notes = [
            NewNote { author: (&viewer.name).into(), system: true, body: rule::REVIEWED_NOTE.into() },
            NewNote { author: (&viewer.name).into(), system: false, body: note.into() },
        ];
        let detail = serde_json::json!({"review": {"to": null, "insteadOf": review.to}});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, id, &detail);
        self.handed_over(permit, (id, triage), &Handover::EndReview, &notes, entry).await
    }

    /// The alert under a lock, where nobody has decided about it.
    async fn open_alert(&self, permit: &Permit, id: Option<AlertId>) -> Result<(AlertId, Triage), ServiceError> {
        let unknown = || invalid(not_found("alert").within(&ALERT));
        let id = id.ok_or_else(unknown)?;
        let triage = self.store.triage(&permit.sight(), &[id]).await?;
        let alert = triage.alerts.first().ok_or_else(unknown)?;
        rule::hand_over(alert.status).map_err(|problem| invalid(problem.within(&ALERT)))?;
        Ok((id, triage))
    }

    async fn handed_over(
        &self,
        permit: &Permit,
        (id, triage): (AlertId, Triage),
        what: &Handover<'_>,
        notes: &[NewNote<'_>],
        entry: Entry,
    ) -> Result<StoredAlert, ServiceError> {
        self.store.hand_over(triage, what, notes, entry, self.clock.now()).await?;
        self.store.alerts_by_id(&permit.sight(), &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)
    }

    /// That lists of priority user groups let the viewer see the alert: what is given to who cannot see it is lost.
    async fn check_sight(&self, triage: &Triage, to: &str, field: &[&str]) -> Result<(), ServiceError> {
        let theirs = Sight::Staff { viewer: to.to_owned(), own: Vec::new() };
        if !self.store.all_in_sight(triage, &theirs).await? {
            let message = "The subject is in a priority user group whose list of viewers does not have them: they would \
                           not see the alert.";
            return Err(invalid(Problem::new(field, ProblemCode::NotAllowed, message)));
        }
        Ok(())
    }
}

/// Whether an alert was sent to this viewer: by id, or by one of their roles.
fn in_review_with(review: &StoredReview, viewer: &Viewer) -> bool {
    addresses(viewer).contains(&review.to)
}

/// What an alert can be sent to that reaches this viewer.
pub(crate) fn addresses(viewer: &Viewer) -> Vec<String> {
    let roles = viewer.roles.iter().filter(|role| rule::REVIEWERS.contains(role)).map(|role| role.as_str().to_owned());
    roles.chain([viewer.id.clone()]).collect()
}
