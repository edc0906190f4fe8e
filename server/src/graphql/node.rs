//! `node` and `nodes`: anything by its global id.
//! Never: a way around a guard; what a viewer may not see reads as null, like what does not exist.

use super::{
    alert::Alert,
    audit::AuditEntry,
    case::{self, Case},
    connector::{Connector, ConnectorRun, Plugin},
    export::CaseExport,
    group::PriorityUserGroup,
    indicator::Indicator,
    insight::{Activity, Insight},
    notice::NoticeTemplate,
    policy::Policy,
    report::ActivityReport,
    request,
    reveal::Reveal,
    share::CaseShare,
    subject::Subject,
};
use crate::error::ServiceError;
use async_graphql::{Context, Error, ID, Interface, Object};
use vizard_core::{
    access::{Action, Resource},
    ids::{
        AlertId, AuditEntryId, CaseId, ConnectorId, ExportId, InsightId, NoticeTemplateId, PluginId, PolicyId,
        PriorityGroupId, ReportId, RevealId, RunId, ShareId, SubjectId,
    },
    limits,
    problem::ProblemCode,
};

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub enum Node {
    /// A subject.
    Subject(Subject),
    /// An alert.
    Alert(Alert),
    /// A case.
    Case(Case),
    /// An insight.
    Insight(Insight),
    /// An event.
    Activity(Activity),
    /// A report of what one subject did.
    ActivityReport(ActivityReport),
    /// A policy.
    Policy(Policy),
    /// An indicator.
    Indicator(Indicator),
    /// A plugin.
    Plugin(Plugin),
    /// A connector.
    Connector(Connector),
    /// A run of a connector.
    ConnectorRun(ConnectorRun),
    /// A reveal.
    Reveal(Reveal),
    /// A share of a case.
    CaseShare(CaseShare),
    /// A package that a case was exported as.
    CaseExport(CaseExport),
    /// A priority user group.
    PriorityUserGroup(PriorityUserGroup),
    /// A template of notices.
    NoticeTemplate(NoticeTemplate),
    /// An entry of the audit log.
    AuditEntry(AuditEntry),
}

/// The part of the root that finds anything.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// What has this id; null where nothing has, or the viewer may not see it.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "A global id.")] id: ID) -> Result<Option<Node>, Error> {
        find(ctx, &id).await.map_err(|error| super::errors::failed(&error))
    }

    /// What has these ids, in the same order, null for each that `node` would be null for.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Error> {
        if ids.len() > limits::NODES_IDS {
            let message = format!("at most {} ids at once", limits::NODES_IDS);
            return Err(super::errors::failed(&ServiceError::invalid(&["ids"], ProblemCode::LimitExceeded, message)));
        }
        let found = futures_util::future::try_join_all(ids.iter().map(|id| find(ctx, id)));
        found.await.map_err(|error| super::errors::failed(&error))
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ServiceError> {
    let may = |resource| request::permit(ctx, resource, Action::Read);
    // Through a share an insight or an event is reached from the case alone: by its id it could be another's.
    let staff = |resource| may(resource).filter(|permit| permit.viewer().share.is_none());
    if let (Ok(id), Some(permit)) = (id.parse::<SubjectId>(), may(Resource::Subjects)) {
        let found = request::services(ctx)?.subject_shown(&permit, id).await?;
        return Ok(found.map(|found| Node::Subject(Subject::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<AlertId>(), may(Resource::Alerts)) {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Alert(Alert::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<CaseId>(), case::finds(ctx)) {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Case(Case::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<PolicyId>(), may(Resource::Policies)) {
        let found = request::load(ctx, id).await?.filter(|found| found.deleted_at.is_none());
        return Ok(found.map(|found| Node::Policy(Policy::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<ConnectorId>(), may(Resource::Connectors)) {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Connector(Connector::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<RunId>(), may(Resource::Connectors)) {
        return Ok(request::load(ctx, id).await?.map(|found| Node::ConnectorRun(ConnectorRun::from(found))));
    }
    if let (Ok(id), Some(_)) = (id.parse::<PluginId>(), may(Resource::Connectors)) {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Plugin(Plugin::from(found))));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<RevealId>(), may(Resource::Reveals)) {
        let found = request::services(ctx)?.reveals_by_id(&permit, &[id]).await?.remove(&id);
        return Ok(found.map(|found| Node::Reveal(Reveal::from(found))));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<ShareId>(), may(Resource::Shares)) {
        let found = request::services(ctx)?.shares_by_id(&permit, &[id]).await?.remove(&id);
        return Ok(found.map(|found| Node::CaseShare(CaseShare::from(found))));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<NoticeTemplateId>(), may(Resource::Notices)) {
        let found = request::services(ctx)?.notice_template(&permit, id).await?;
        return Ok(found.map(|found| Node::NoticeTemplate(found.into())));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<ExportId>(), may(Resource::Exports)) {
        let found = request::services(ctx)?.export(&permit, id).await?;
        return Ok(found.map(|found| Node::CaseExport(CaseExport::from(found))));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<InsightId>(), staff(Resource::Insights)) {
        let found = request::services(ctx)?.insight(&permit, id).await?;
        return Ok(found.map(|(subject, insight)| Node::Insight(Insight::new(subject, insight))));
    }
    if let (Some(seq), Some(permit)) = (Activity::seq(id), staff(Resource::Activities)) {
        let found = request::services(ctx)?.activity(&permit, seq).await?;
        return Ok(found.map(|found| Node::Activity(Activity(found))));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<ReportId>(), may(Resource::ActivityReports)) {
        let found = request::services(ctx)?.activity_report(&permit, id).await?;
        return Ok(found.map(|found| Node::ActivityReport(found.into())));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<PriorityGroupId>(), may(Resource::Settings)) {
        let found = request::services(ctx)?.groups(&permit).await?.into_iter().find(|group| group.id == id);
        return Ok(found.map(|found| Node::PriorityUserGroup(found.into())));
    }
    if let (Ok(id), Some(permit)) = (id.parse::<AuditEntryId>(), may(Resource::AuditLog)) {
        let found = request::services(ctx)?.audit_entry(&permit, request::looks(ctx)?, id).await?;
        return Ok(found.map(|found| Node::AuditEntry(AuditEntry(found))));
    }
    if let (Some(indicator), Some(_)) = (Indicator::of_id(id), may(Resource::Indicators)) {
        return Ok(Some(Node::Indicator(indicator)));
    }
    Ok(None)
}
