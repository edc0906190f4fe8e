//! The roots of the API and the schema made of them.
//! Never: a schema without the precheck, the permits and the rules of the specification; see [`super`].

use super::{
    alert::{AlertMutation, AlertQuery},
    audit::AuditQuery,
    case::{CaseMutation, CaseQuery},
    connector::{ConnectorMutation, ConnectorQuery},
    consultation::ConsultationMutation,
    credential::CredentialMutation,
    directive,
    export::ExportMutation,
    grant::{GrantMutation, GrantQuery},
    group::{GroupMutation, GroupQuery},
    handover::HandoverMutation,
    indicator::{IndicatorMutation, IndicatorQuery},
    keeping::KeepingMutation,
    line::LineMutation,
    live::Subscription,
    merge::{MergeMutation, MergeQuery},
    node::NodeQuery,
    notice::{NoticeMutation, NoticeQuery},
    notification::{NotificationMutation, NotificationQuery},
    organisation::OrganisationQuery,
    overview::OverviewQuery,
    policy::{PolicyMutation, PolicyQuery},
    policy_edit::PolicyEditMutation,
    preview::PreviewQuery,
    protection::ProtectionQuery,
    report::{ReportMutation, ReportQuery},
    request::PerRequest,
    reveal::{RevealMutation, RevealQuery},
    settings::{SettingsMutation, SettingsQuery},
    share::ShareMutation,
    source::SourceMutation,
    spec::Spec,
    subject::{SubjectMutation, SubjectQuery},
    suppression::{SuppressionMutation, SuppressionQuery},
    tuning::{TuningMutation, TuningQuery},
    viewer::ViewerQuery,
    webhook::{WebhookMutation, WebhookQuery},
};
use crate::service::Services;
use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder};

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(ViewerQuery, NodeQuery, SetupQuery, TriageQuery, StandingQuery);

/// What can be asked about how the installation is set up.
#[derive(MergedObject, Default)]
pub struct SetupQuery(
    IndicatorQuery,
    PolicyQuery,
    PreviewQuery,
    ConnectorQuery,
    SettingsQuery,
    ProtectionQuery,
    GroupQuery,
    GrantQuery,
    WebhookQuery,
    NotificationQuery,
    AuditQuery,
);

/// What can be asked about what was found.
#[derive(MergedObject, Default)]
pub struct TriageQuery(
    AlertQuery,
    CaseQuery,
    SubjectQuery,
    MergeQuery,
    RevealQuery,
    NoticeQuery,
    SuppressionQuery,
    TuningQuery,
    ReportQuery,
);

/// What can be asked about what everything stands at.
#[derive(MergedObject, Default)]
pub struct StandingQuery(OverviewQuery, OrganisationQuery);

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(SetupMutation, FindingMutation, CaseworkMutation, EvidenceMutation);

/// What can be decided about what was found.
#[derive(MergedObject, Default)]
pub struct FindingMutation(
    AlertMutation,
    HandoverMutation,
    SuppressionMutation,
    TuningMutation,
    SubjectMutation,
    MergeMutation,
);

/// What can be done with cases, and with what is kept.
#[derive(MergedObject, Default)]
pub struct CaseworkMutation(
    CaseMutation,
    LineMutation,
    RevealMutation,
    ShareMutation,
    ConsultationMutation,
    NoticeMutation,
);

/// What can be changed about evidence: packed, kept, gathered.
#[derive(MergedObject, Default)]
pub struct EvidenceMutation(ExportMutation, KeepingMutation, ReportMutation);

/// What can be changed about how the installation is set up.
#[derive(MergedObject, Default)]
pub struct SetupMutation(
    IndicatorMutation,
    PolicyMutation,
    PolicyEditMutation,
    ConnectorMutation,
    CredentialMutation,
    SourceMutation,
    SettingsMutation,
    GroupMutation,
    GrantMutation,
    WebhookMutation,
    NotificationMutation,
);

/// The schema with its resolvers.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema on top of `services`.
pub fn schema(services: Services) -> Schema {
    finish(builder().extension(PerRequest(services)))
}

/// The schema in the schema definition language, with `@requires` on every guarded field. Needs no services.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().use_space_ident().indent_width(2);
    let bare = "directive @requires(anyOf: [Role!]!)";
    // The library prints no description of what a directive takes.
    let described = format!("directive @requires(\n  \"\"\"\n  {}\n  \"\"\"\n  anyOf: [Role!]!\n)", directive::ANY_OF);
    finish(builder()).sdl_with_options(options).replace(bare, &described)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription).extension(Spec).disable_suggestions()
}

fn finish(builder: SchemaBuilder<Query, Mutation, Subscription>) -> Schema {
    directive::print_requires(builder).finish()
}
