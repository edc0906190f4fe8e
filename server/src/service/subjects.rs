//! Subjects under their pseudonyms, their insights, the activity beneath, and the risk level that can be taken away.
//! Never: who a subject is; nothing in this version opens an identity.

use super::{
    Services,
    alerts::{invalid, not_found, required},
    audit::Looks,
};
pub use crate::store::InsightFilter;
pub(crate) use crate::store::{StoredActivity, StoredSubject};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Page, SeenFrom, Slice},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource, share::ShareSection},
    audit::{AuditActivity, AuditCategory},
    ids::{InsightId, PolicyId, SubjectId},
    scoring::{Activation, Insight, history::Cause},
    subject::RiskLevel,
    time::{Day, Micros},
};

/// What there is of an event's content for a viewer.
#[derive(Clone)]
pub(crate) enum Content {
    /// Names of files, paths, addresses.
    Open(serde_json::Value),
    /// It is not for whoever contributes to a case about the subject.
    LeftToOthers,
}

impl Services {
    /// Subjects, the highest risk first.
    pub(crate) async fn subjects(
        &self,
        permit: &Permit,
        level: Option<RiskLevel>,
        slice: &Slice<(f64, Uuid)>,
    ) -> Result<Page<StoredSubject>, ServiceError> {
        permit.require(Resource::Subjects, Action::Read)?;
        Ok(self.store.subjects(&permit.sight(), level, slice).await?)
    }

    /// Takes a subject's risk level away, until something new matches; answers with the subject.
    pub(crate) async fn reset_risk_level(
        &self,
        permit: &Permit,
        id: Option<SubjectId>,
        reason: &str,
    ) -> Result<StoredSubject, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let field = ["input", "reason"];
        let reason = required(reason, &field, "Say why.")?;
        let unknown = || invalid(not_found("subject").within(&["input", "subjectId"]));
        let id = id.ok_or_else(unknown)?;
        let found = self.store.subject_by_label(&permit.sight(), id).await?.ok_or_else(unknown)?;
        let entry = |was: RiskLevel| {
            let levels = [was, RiskLevel::None].map(|level| serde_json::json!({"riskLevel": level}));
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, id, &serde_json::Value::Null)
                .change(levels)
                .reason(reason)
        };
        self.store.reset_risk_level(&permit.sight(), found.id, entry, self.clock.now()).await?.ok_or_else(unknown)?;
        self.bell.scoring.notify_one();
        self.store.subject_by_label(&permit.sight(), id).await?.ok_or(ServiceError::NotFound)
    }

    /// Subjects as they are seen from where they are looked at, those in sight. The holder of a share sees the one of the
    /// case under the share's own label, and what the summary opens.
    pub(crate) async fn subjects_seen(
        &self,
        permit: &Permit,
        keys: &[SeenFrom],
    ) -> Result<BTreeMap<SeenFrom, StoredSubject>, ServiceError> {
        permit.require(Resource::CaseHeaders, Action::Read)?;
        let mut found = self.store.subjects_seen(&permit.sight(), keys).await?;
        if let Some(share) = &permit.viewer().share {
            let summary = share.sections.contains(&ShareSection::Summary);
            for subject in found.values_mut() {
                subject.pseudonym.clone_from(&share.pseudonym);
                subject.case = Some(share.case);
                if !summary {
                    (subject.department, subject.risk_level, subject.risk_score) = (None, RiskLevel::None, 0.0);
                }
            }
        }
        Ok(found)
    }

    /// The subject that is shown under this id.
    pub(crate) async fn subject_shown(
        &self,
        permit: &Permit,
        label: SubjectId,
    ) -> Result<Option<StoredSubject>, ServiceError> {
        permit.require(Resource::Subjects, Action::Read)?;
        Ok(self.store.subject_by_label(&permit.sight(), label).await?)
    }

    /// Windows of scoring of subjects, by policy.
    pub(crate) async fn activations(
        &self,
        permit: &Permit,
        ids: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Vec<(PolicyId, Activation)>>, ServiceError> {
        permit.require(Resource::Subjects, Action::Read)?;
        Ok(self.store.activations(ids).await?)
    }

    /// A subject's insights of all policies, the newest day first.
    pub(crate) async fn insights(
        &self,
        permit: &Permit,
        of: SubjectId,
        filter: &InsightFilter,
        slice: &Slice<(Day, Uuid)>,
    ) -> Result<Page<Insight>, ServiceError> {
        permit.require(Resource::Insights, Action::Read)?;
        Ok(self.store.insights(of, filter, slice).await?)
    }

    /// An insight and whose it is.
    pub(crate) async fn insight(
        &self,
        permit: &Permit,
        id: InsightId,
    ) -> Result<Option<(SubjectId, Insight)>, ServiceError> {
        permit.require(Resource::Insights, Action::Read)?;
        Ok(self.store.insight(&permit.sight(), id).await?)
    }

    /// The events of one subject beneath an insight, in the order in which they happened.
    pub(crate) async fn activities(
        &self,
        permit: &Permit,
        of: SubjectId,
        beneath: &vizard_core::scoring::Beneath,
        slice: &Slice<(Micros, i64)>,
    ) -> Result<Page<StoredActivity>, ServiceError> {
        permit.require(Resource::Activities, Action::Read)?;
        Ok(self.store.activities(of, beneath, slice).await?)
    }

    /// How a subject's score came to be what it is.
    pub(crate) async fn score_history(
        &self,
        permit: &Permit,
        of: SubjectId,
        policy: Option<PolicyId>,
    ) -> Result<Vec<(Micros, f64, Cause)>, ServiceError> {
        permit.require(Resource::Insights, Action::Read)?;
        Ok(self.store.score_history(of, policy).await?)
    }

    /// One event.
    pub(crate) async fn activity(&self, permit: &Permit, seq: i64) -> Result<Option<StoredActivity>, ServiceError> {
        permit.require(Resource::Activities, Action::Read)?;
        Ok(self.store.activity(&permit.sight(), seq).await?)
    }

    /// The content of events, in the order asked for; nothing where there is none. That the viewer looks at it is audited
    /// first, once a subject and request; what is not opened is not looked at.
    pub(crate) async fn contents(
        &self,
        permit: &Permit,
        looks: &Looks,
        of: &[&StoredActivity],
    ) -> Result<Vec<Option<Content>>, ServiceError> {
        let viewer = permit.require(Resource::EvidenceContent, Action::Read)?;
        let subjects = of.iter().map(|activity| activity.subject).collect();
        let limited = self.store.limited(&permit.sight(), &subjects).await?;
        let is_open = |activity: &&StoredActivity| !limited.contains(&activity.subject);
        let open: Vec<&StoredActivity> = of.iter().copied().filter(is_open).collect();
        let looked = open.iter().filter(|activity| activity.has_content()).map(|activity| activity.subject).collect();
        self.look_at_content(viewer, looks, &looked).await?;
        let mut opened = self.store.open_content(&open).await?.into_iter();
        let content = |activity: &&StoredActivity| match is_open(activity) {
            true => opened.next().flatten().map(Content::Open),
            false => Some(Content::LeftToOthers),
        };
        Ok(of.iter().map(content).collect())
    }
}
