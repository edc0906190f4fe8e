//! Reports of everything that was received of one subject in a period, whether or not any policy scores them.
//! Never: without a reason, about oneself or somebody out of sight; shown before the look at it is in the audit log.

use super::{
    Services,
    alerts::{invalid, not_found, required},
    audit::Looks,
    subjects::StoredActivity,
};
pub(crate) use crate::store::{ReportLine, StoredReport};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Page, Reported, Slice},
};
use std::collections::BTreeSet;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{ReportId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
    report,
    time::{Day, Micros},
};

/// An order to make a report.
#[derive(Clone, Debug)]
pub struct ReportOrder {
    /// Whose, by the id that the viewer sees; `None` where a viewer's text is no subject's id.
    pub subject: Option<SubjectId>,
    /// From this day on,
    pub from: Day,
    /// to this one, both included.
    pub to: Day,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Makes a report. Of a subject that is seen from a case with a label of its own it is a report of that case.
    pub(crate) async fn create_activity_report(
        &self,
        permit: &Permit,
        order: ReportOrder,
    ) -> Result<StoredReport, ServiceError> {
        let viewer = permit.require(Resource::ActivityReports, Action::Change)?;
        let reason = required(&order.reason, &["input", "reason"], "Say why.")?;
        let now = self.clock.now();
        let problems = report::problems(order.from, order.to, now.day());
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let unknown = || invalid(not_found("subject").within(&["input", "subjectId"]));
        let label = order.subject.ok_or_else(unknown)?;
        let found = self.store.subject_by_label(&permit.sight(), label).await?.ok_or_else(unknown)?;
        let new = StoredReport {
            id: self.ids.draw(ReportId::new),
            subject: found.id,
            case: found.case,
            from: order.from,
            to: order.to,
            reason: reason.to_owned(),
            by: viewer.id.clone(),
            created_at: now,
        };
        // Whom it is about is told by the row, which an erasure removes.
        let detail = serde_json::json!({"from": new.from.to_string(), "to": new.to.to_string(), "case": new.case});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Subjects, new.id, &detail).reason(reason);
        match self.store.create_report(&permit.sight(), &new, entry).await? {
            Reported::Done => Ok(new),
            Reported::Unknown => Err(unknown()),
            Reported::TooMany => {
                let message = format!(
                    "At most {} reports are kept at once: wait until older ones are over.",
                    limits::ACTIVITY_REPORTS
                );
                Err(invalid(Problem::new(&["input"], ProblemCode::LimitExceeded, message)))
            }
        }
    }

    /// One report.
    pub(crate) async fn activity_report(
        &self,
        permit: &Permit,
        id: ReportId,
    ) -> Result<Option<StoredReport>, ServiceError> {
        permit.require(Resource::ActivityReports, Action::Read)?;
        Ok(self.store.report(&permit.sight(), id).await?)
    }

    /// Reports, the newest first.
    pub(crate) async fn activity_reports(
        &self,
        permit: &Permit,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredReport>, ServiceError> {
        permit.require(Resource::ActivityReports, Action::Read)?;
        Ok(self.store.reports(&permit.sight(), slice).await?)
    }

    /// What a report has, by indicator. That the viewer looks at it is audited first, once a request.
    pub(crate) async fn report_lines(
        &self,
        permit: &Permit,
        looks: &Looks,
        of: &StoredReport,
    ) -> Result<Vec<ReportLine>, ServiceError> {
        self.look_at_report(permit, looks, of).await?;
        Ok(self.store.report_lines(of).await?)
    }

    /// The events of a report, in the order in which they happened. That the viewer looks at it is audited first, once a
    /// request.
    pub(crate) async fn report_activities(
        &self,
        permit: &Permit,
        looks: &Looks,
        of: &StoredReport,
        slice: &Slice<(Micros, i64)>,
    ) -> Result<Page<StoredActivity>, ServiceError> {
        self.look_at_report(permit, looks, of).await?;
        Ok(self.store.report_activities(of, slice).await?)
    }

    async fn look_at_report(&self, permit: &Permit, looks: &Looks, of: &StoredReport) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::ActivityReports, Action::Read)?;
        let objects = BTreeSet::from([of.id.to_string()]);
        let detail = serde_json::json!({"shown": "activity report"});
        self.look(viewer, looks, AuditCategory::Subjects, &objects, &detail).await
    }
}
