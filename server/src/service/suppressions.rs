//! Suppressions: for a time, an indicator does not count for a subject or a group's members.
//! Never: without an end and a reason, about oneself, or over somebody who is out of sight.

use super::{
    Services,
    alerts::{invalid, not_found, required},
};
pub use crate::store::SuppressionFilter;
pub(crate) use crate::store::{Over, StoredSuppression};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Page, Slice, Suppressed},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{PriorityGroupId, SubjectId, SuppressionId},
    limits,
    problem::{Problem, ProblemCode},
    scoring::suppression,
    time::Micros,
};

/// An order to suppress an indicator. The inner `None` of an id is a text that cannot be one.
#[derive(Clone, Debug)]
pub struct SuppressionOrder {
    /// The code.
    pub indicator: String,
    /// The subject, by the id that the viewer sees,
    pub subject: Option<Option<SubjectId>>,
    /// or the group.
    pub group: Option<Option<PriorityGroupId>>,
    /// Until when.
    pub until: Micros,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Suppresses an indicator; whom it is about is scored again.
    pub(crate) async fn suppress_indicator(
        &self,
        permit: &Permit,
        order: SuppressionOrder,
    ) -> Result<StoredSuppression, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let reason = required(&order.reason, &["input", "reason"], "Say why.")?;
        let now = self.clock.now();
        let enabled = self.store.enabled_indicators().await?;
        let code = order.indicator.trim();
        let problems = suppression::check(code, order.until, &enabled, now);
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let (over, field) = match (order.subject, order.group) {
            (Some(subject), None) => {
                let unknown = || invalid(not_found("subject").within(&["input", "subjectId"]));
                let label = subject.ok_or_else(unknown)?;
                let found = self.store.subject_by_label(&permit.sight(), label).await?.ok_or_else(unknown)?;
                if found.case.is_some() {
                    // What a case with a pseudonym of its own leads to would join it to the queue's.
                    let message =
                        "A case in which the identity was revealed stands apart: take the subject from the queue.";
                    return Err(invalid(Problem::new(&["input", "subjectId"], ProblemCode::NotAllowed, message)));
                }
                (Over::Subject(found.id), ["input", "subjectId"])
            }
            (None, Some(group)) => {
                let unknown = || invalid(not_found("priority user group").within(&["input", "priorityGroupId"]));
                (Over::Group(group.ok_or_else(unknown)?), ["input", "priorityGroupId"])
            }
            _ => {
                let message = "Name a subject with `subjectId` or a group with `priorityGroupId`, one of the two.";
                return Err(invalid(Problem::new(&["input", "subjectId"], ProblemCode::Invalid, message)));
            }
        };
        let new = StoredSuppression {
            id: self.ids.draw(SuppressionId::new),
            indicator: code.to_owned(),
            over,
            reason: reason.to_owned(),
            by: viewer.id.clone(),
            created_at: now,
            until: order.until,
            ended: None,
        };
        let group = match over {
            Over::Group(id) => Some(id),
            Over::Subject(_) => None,
        };
        // Whom it is about is told by the row, which an erasure removes.
        let detail = serde_json::json!({"indicator": code, "until": order.until.to_string(), "group": group});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Subjects, new.id, &detail).reason(reason);
        let what = match over {
            Over::Group(_) => "priority user group",
            Over::Subject(_) => "subject",
        };
        let saved = self.store.suppress(&permit.sight(), &new, entry).await?;
        settled(saved, what, &field)?;
        self.bell.scoring.notify_one();
        Ok(new)
    }

    /// Ends a suppression before its time; whom it is about is scored again.
    pub(crate) async fn end_suppression(
        &self,
        permit: &Permit,
        id: Option<SuppressionId>,
        reason: &str,
    ) -> Result<StoredSuppression, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let reason = required(reason, &["input", "reason"], "Say why.")?;
        let field = ["input", "suppressionId"];
        let unknown = || invalid(not_found("suppression").within(&field));
        let id = id.ok_or_else(unknown)?;
        let detail = serde_json::json!({"ended": true});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, id, &detail).reason(reason);
        let ended = self.store.end_suppression(&permit.sight(), id, &viewer.id, entry, self.clock.now()).await?;
        settled(ended, "suppression", &field)?;
        self.bell.scoring.notify_one();
        self.store.suppression(id).await?.ok_or(ServiceError::NotFound)
    }

    /// Suppressions, the newest first. `of` is a subject by the id that the viewer sees; the inner `None` cannot be one.
    pub(crate) async fn suppressions(
        &self,
        permit: &Permit,
        of: Option<Option<SubjectId>>,
        active: Option<bool>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredSuppression>, ServiceError> {
        permit.require(Resource::Alerts, Action::Read)?;
        let nothing = Page { items: Vec::new(), more: false, total: 0 };
        let subject = match of {
            None => None,
            Some(label) => {
                let Some(label) = label else { return Ok(nothing) };
                let found = self.store.subject_by_label(&permit.sight(), label).await?;
                let Some(found) = found.filter(|found| found.case.is_none()) else { return Ok(nothing) };
                Some(found.id)
            }
        };
        let filter = SuppressionFilter { subject, holding_at: active.and_then(|only| only.then(|| self.clock.now())) };
        Ok(self.store.suppressions(&permit.sight(), filter, slice).await?)
    }

    /// Codes of the indicators that do not count for these subjects now, sorted.
    pub(crate) async fn suppressed_indicators(
        &self,
        permit: &Permit,
        ids: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Vec<String>>, ServiceError> {
        permit.require(Resource::Alerts, Action::Change)?;
        let mut found: BTreeMap<SubjectId, Vec<String>> = BTreeMap::new();
        for (subject, code) in self.store.suppressed_indicators(ids, self.clock.now()).await? {
            found.entry(subject).or_default().push(code);
        }
        for codes in found.values_mut() {
            codes.sort_unstable();
            codes.dedup();
        }
        Ok(found)
    }
}

fn settled(saved: Suppressed, what: &str, field: &[&str]) -> Result<(), ServiceError> {
    let problem = match saved {
        Suppressed::Done => return Ok(()),
        Suppressed::Unknown => not_found(what).within(field),
        Suppressed::OutOfSight => {
            let message = "You may not see everybody whom it is about: ask somebody who may.";
            Problem::new(field, ProblemCode::NotAllowed, message)
        }
        Suppressed::TooMany => {
            let message =
                format!("At most {} suppressions hold at once: end some, or change thresholds.", limits::SUPPRESSIONS);
            Problem::new(&["input"], ProblemCode::LimitExceeded, message)
        }
        Suppressed::Over => Problem::new(field, ProblemCode::Conflict, "The suppression is over already."),
    };
    Err(invalid(problem))
}
