//! Alerts: the queue, and what a viewer decides about them.
//! Never: part of a bulk decision; it is taken for all of them or for none.

use super::Services;
pub use crate::store::{AlertFilter, AlertOrder};
pub(crate) use crate::store::{StoredAlert, StoredCase, StoredNote};
use crate::{
    error::ServiceError,
    permit::{Permit, Sight},
    store::{Entry, NewNote, Page, Slice, Triage},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    alert::{self, DismissReason},
    audit::{AuditActivity, AuditCategory},
    case::{self, CaseStatus, LeftToOthers},
    ids::{AlertId, CaseId},
    limits,
    problem::{Problem, ProblemCode},
    scoring::Insight,
};

/// A decision to put alerts aside.
#[derive(Clone, Debug)]
pub struct Dismissal {
    /// Which; `None` where a viewer's text is no alert's id.
    pub alerts: Vec<Option<AlertId>>,
    /// Why.
    pub reason: DismissReason,
    /// More about it, kept as a note.
    pub note: Option<String>,
}

/// A decision to look into an alert, in a case that exists or in a new one.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Which.
    pub alert: Option<AlertId>,
    /// The case that it joins; the inner `None` where a viewer's text is no case's id.
    pub case: Option<Option<CaseId>>,
    /// The name of a new case.
    pub case_name: Option<String>,
    /// More about it, kept as a note of the case.
    pub comment: Option<String>,
}

/// What an author is told whose text names somebody.
const NAMES_SOMEBODY: &str = "Your text seems to name somebody who is monitored, by a name, an account or a number. It stays as \
                              you wrote it, and everybody who may see it reads it: use pseudonyms.";

impl Services {
    /// What an author of these texts should know. They are kept as written either way.
    pub(crate) async fn warnings(&self, _: &Permit, texts: &[Option<&str>]) -> Result<Vec<String>, ServiceError> {
        for text in texts.iter().flatten().filter(|text| text.chars().count() <= limits::STAFF_TEXT_CHARS) {
            if self.store.names_somebody(text).await? {
                return Ok(vec![NAMES_SOMEBODY.to_owned()]);
            }
        }
        Ok(Vec::new())
    }

    /// A page of alerts.
    pub(crate) async fn alerts(
        &self,
        permit: &Permit,
        filter: &AlertFilter,
        order: AlertOrder,
        slice: &Slice<(f64, Uuid)>,
    ) -> Result<Page<StoredAlert>, ServiceError> {
        permit.require(Resource::Alerts, Action::Read)?;
        Ok(self.store.alerts(&permit.sight(), filter, order, slice, self.clock.now()).await?)
    }

    /// Alerts by id, those that exist.
    pub(crate) async fn alerts_by_id(
        &self,
        permit: &Permit,
        ids: &[AlertId],
    ) -> Result<BTreeMap<AlertId, StoredAlert>, ServiceError> {
        permit.require(Resource::Alerts, Action::Read)?;
        Ok(self.store.alerts_by_id(&permit.sight(), ids).await?)
    }

    /// What alerts rest on, the largest share first.
    pub(crate) async fn alert_insights(
        &self,
        permit: &Permit,
        ids: &[AlertId],
    ) -> Result<BTreeMap<AlertId, Vec<Insight>>, ServiceError> {
        permit.require(Resource::Alerts, Action::Read)?;
        Ok(self.store.alert_insights(ids).await?)
    }

    /// Notes on alerts, the oldest first.
    pub(crate) async fn alert_notes(
        &self,
        permit: &Permit,
        ids: &[AlertId],
    ) -> Result<BTreeMap<Uuid, Vec<StoredNote>>, ServiceError> {
        permit.require(Resource::Notes, Action::Read)?;
        Ok(self.store.alert_notes(ids).await?)
    }

    /// Puts alerts aside, all or none; answers with them.
    pub(crate) async fn dismiss_alerts(
        &self,
        permit: &Permit,
        asked: Dismissal,
    ) -> Result<Vec<StoredAlert>, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let ids = distinct(&asked.alerts)?;
        let note = text(asked.note.as_deref(), &["input", "note"])?;
        let triage = self.store.triage(&permit.sight(), &ids).await?;
        let found: BTreeMap<AlertId, &StoredAlert> = triage.alerts.iter().map(|alert| (alert.id, alert)).collect();
        let mut problems = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let problem = match found.get(id) {
                None => Some(not_found("alert")),
                Some(alert) if triage.limited.contains(&alert.subject) => Some(LeftToOthers::Decide.problem(&[])),
                Some(alert) => alert::dismiss(alert.status).err(),
            };
            problems.extend(problem.map(|problem| problem.within(&["input", "alertIds", &at.to_string()])));
        }
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let said = format!("Dismissed as {}.", asked.reason);
        let mut notes = vec![NewNote { author: (&viewer.name).into(), system: true, body: (&said).into() }];
        notes.extend(note.map(|body| NewNote { author: (&viewer.name).into(), system: false, body: body.into() }));
        let detail = serde_json::json!({"status": "DISMISSED", "reason": asked.reason});
        let entries: Vec<Entry> =
            ids.iter().map(|id| Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, id, &detail)).collect();
        self.store.dismiss(triage, asked.reason, &notes, &entries, self.clock.now()).await?;
        self.bell.scoring.notify_one();
        let mut dismissed = self.store.alerts_by_id(&permit.sight(), &ids).await?;
        Ok(ids.iter().filter_map(|id| dismissed.remove(id)).collect())
    }

    /// Takes an alert into a case; answers with both.
    pub(crate) async fn confirm_alert(
        &self,
        permit: &Permit,
        asked: Confirmation,
    ) -> Result<(StoredAlert, StoredCase), ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let comment = text(asked.comment.as_deref(), &["input", "comment"])?;
        let alert_field = ["input", "alertId"];
        let id = asked.alert.ok_or_else(|| invalid(not_found("alert").within(&alert_field)))?;
        let triage = self.store.triage(&permit.sight(), &[id]).await?;
        let Some(alert) = triage.alerts.first().cloned() else {
            return Err(invalid(not_found("alert").within(&alert_field)));
        };
        if triage.limited.contains(&alert.subject) {
            return Err(invalid(LeftToOthers::Decide.problem(&alert_field)));
        }
        alert::confirm(alert.status).map_err(|problem| invalid(problem.within(&alert_field)))?;
        let (case, said) = self.case_for(&permit.sight(), &triage, &alert, &asked).await?;
        let mut notes = vec![NewNote { author: (&viewer.name).into(), system: true, body: (&said).into() }];
        notes.extend(comment.map(|body| NewNote { author: (&viewer.name).into(), system: false, body: body.into() }));
        let entries = [
            Entry::by(
                viewer,
                AuditActivity::Edited,
                AuditCategory::Alerts,
                id,
                &serde_json::json!({"status": "CONFIRMED", "case": case.id}),
            ),
            Entry::by(
                viewer,
                if asked.case.is_some() { AuditActivity::Edited } else { AuditActivity::Added },
                AuditCategory::Cases,
                case.id,
                &serde_json::json!({"alert": id}),
            ),
        ];
        self.store.confirm(triage, (&case, asked.case.is_none()), &notes, &entries, self.clock.now()).await?;
        self.bell.scoring.notify_one();
        let confirmed =
            self.store.alerts_by_id(&permit.sight(), &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)?;
        Ok((confirmed, case))
    }

    /// The case that the alert joins, as it will be, and the note that says so.
    async fn case_for(
        &self,
        sight: &Sight,
        triage: &Triage,
        alert: &StoredAlert,
        asked: &Confirmation,
    ) -> Result<(StoredCase, String), ServiceError> {
        let now = self.clock.now();
        match (asked.case, asked.case_name.as_deref()) {
            (Some(id), None) => {
                let field = ["input", "caseId"];
                let found = match id {
                    Some(id) => self.store.case_for(sight, triage, id).await?,
                    None => None,
                };
                let case = found.ok_or_else(|| invalid(not_found("case").within(&field)))?;
                case::admit(case.status, case.subject, alert.subject, &field).map_err(invalid)?;
                let severity = case.severity.max(alert.severity);
                Ok((StoredCase { severity, updated_at: now, ..case }, case::added_note(alert.id, alert.severity)))
            }
            (None, Some(name)) => {
                let case = StoredCase {
                    id: self.ids.draw(CaseId::new),
                    name: case::name(name, &["input", "caseName"]).map_err(invalid)?,
                    subject: alert.subject,
                    status: CaseStatus::Active,
                    severity: alert.severity,
                    opened_at: now,
                    updated_at: now,
                    resolution: None,
                    action_taken: None,
                    legal_hold: false,
                    reopens: None,
                    parted: false,
                };
                Ok((case, case::opened_note(alert.id, alert.severity)))
            }
            (None, None) => Err(invalid(Problem::new(
                &["input", "caseName"],
                ProblemCode::Required,
                "Name a new case with `caseName`, or an existing one with `caseId`.",
            ))),
            (Some(_), Some(_)) => Err(invalid(Problem::new(
                &["input", "caseName"],
                ProblemCode::Invalid,
                "Give `caseId` for an existing case or `caseName` for a new one, not both.",
            ))),
        }
    }
}

/// The ids of a bulk decision, each once; problems at their places.
fn distinct(asked: &[Option<AlertId>]) -> Result<Vec<AlertId>, ServiceError> {
    let field = ["input", "alertIds"];
    if asked.is_empty() {
        return Err(invalid(Problem::new(&field, ProblemCode::Required, "Name at least one alert.")));
    }
    if asked.len() > limits::BULK_DISMISS {
        let message = format!("At most {} alerts can be dismissed at once.", limits::BULK_DISMISS);
        return Err(invalid(Problem::new(&field, ProblemCode::LimitExceeded, message)));
    }
    let mut seen = BTreeSet::new();
    let (mut ids, mut problems) = (Vec::new(), Vec::new());
    for (at, id) in asked.iter().enumerate() {
        match id {
            None => problems.push(not_found("alert").within(&["input", "alertIds", &at.to_string()])),
            Some(id) if seen.insert(*id) => ids.push(*id),
            Some(_) => problems.push(Problem::new(&[], ProblemCode::Invalid, "The alert is named twice.").within(&[
                "input",
                "alertIds",
                &at.to_string(),
            ])),
        }
    }
    if problems.is_empty() { Ok(ids) } else { Err(ServiceError::Invalid(problems)) }
}

/// Free text as it is kept: nothing where it is blank.
pub(super) fn text<'a>(given: Option<&'a str>, field: &[&str]) -> Result<Option<&'a str>, ServiceError> {
    let text = given.map(str::trim).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > limits::STAFF_TEXT_CHARS => {
            let message = format!("At most {} characters.", limits::STAFF_TEXT_CHARS);
            Err(invalid(Problem::new(field, ProblemCode::LimitExceeded, message)))
        }
        text => Ok(text),
    }
}

/// Free text that must be there; `message` says what for.
pub(super) fn required<'a>(given: &'a str, field: &[&str], message: &str) -> Result<&'a str, ServiceError> {
    text(Some(given), field)?.ok_or_else(|| invalid(Problem::new(field, ProblemCode::Required, message)))
}

pub(super) fn not_found(what: &str) -> Problem {
    Problem::new(&[], ProblemCode::NotFound, format!("There is no such {what}."))
}

pub(super) fn invalid(problem: Problem) -> ServiceError {
    ServiceError::Invalid(vec![problem])
}
