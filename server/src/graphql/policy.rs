//! Policy templates and policies; creating and switching policies, scoring by hand.
//! Never: a count or finding by itself; those of a page are loaded together.

use super::{
    case::shared,
    guard::{Guarded, guarded},
    indicator::{Indicator, Thresholds},
    page::{Connection, Page, PageArgs},
    policy_edit::{PolicyVersion, VersionsOf},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, Json, int},
    subject::Subject,
    user_error::{UserError, outcome},
    words::{AlertVolume, HealthStatus, PolicyState, TemplateCode, ThresholdMode},
};
use crate::{
    error::ServiceError,
    service::policies::{NewPolicy, NewScope, Ordered, PolicyCounts, ScoringOrder, StoredPolicy},
};
use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::{collections::HashMap, sync::Arc};
use vizard_core::{
    access::{Action, Resource},
    health,
    ids::PolicyId,
    policy, template,
};

/// What a viewer can do with a policy.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAction {
    /// `updatePolicy`.
    Edit,
    /// `setPolicyState`.
    SetState,
    /// `copyPolicy`.
    Copy,
    /// `deletePolicy`.
    Delete,
    /// `startScoring` and `stopScoring`.
    StartScoring,
}

/// What a new policy starts from.
pub struct PolicyTemplate(pub(super) &'static template::Template);

/// What a new policy starts from: triggers, indicators and sequences that belong together.
#[Object]
impl PolicyTemplate {
    /// Which template.
    async fn code(&self) -> TemplateCode {
        self.0.code.into()
    }

    /// Its name for people.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// What it finds, in a sentence or two.
    async fn description(&self) -> &str {
        self.0.description
    }

    /// Indicators of which one event starts scoring.
    async fn triggers(&self) -> Result<Vec<Indicator>, Error> {
        self.0.triggers.iter().map(|code| Indicator::known(code)).collect()
    }

    /// Whether a day of much exfiltration starts scoring too.
    async fn volume_trigger(&self) -> bool {
        self.0.volume_trigger
    }

    /// Indicators that a new policy selects, as far as they are enabled.
    async fn indicators(&self) -> Result<Vec<Indicator>, Error> {
        self.0.indicators.iter().map(|code| Indicator::known(code)).collect()
    }

    /// Sequences of acts on one object that it is about.
    async fn sequences(&self) -> Vec<SequenceRule> {
        self.0.sequences.iter().map(SequenceRule::from).collect()
    }

    /// Whether it is about exfiltration that adds up over weeks.
    async fn cumulative_exfiltration(&self) -> bool {
        self.0.cumulative
    }

    /// What has to be there first, one sentence each.
    async fn requires(&self) -> &[&str] {
        self.0.requires
    }

    /// How many subjects may be scored at once under all policies of the template.
    async fn max_subjects(&self) -> i32 {
        int(self.0.max_subjects)
    }
}

/// Steps in order on one object within 7 days.
#[derive(SimpleObject)]
pub struct SequenceRule {
    /// The stable word.
    code: &'static str,
    /// Its name for people.
    name: &'static str,
    /// The steps, in order.
    steps: Vec<&'static str>,
}

impl From<&template::SequenceRule> for SequenceRule {
    fn from(rule: &template::SequenceRule) -> Self {
        Self { code: rule.code, name: rule.name, steps: rule.steps.iter().map(|step| step.as_str()).collect() }
    }
}

/// Whom to score, when, by what, and when to alert.
pub struct Policy(StoredPolicy);

impl From<StoredPolicy> for Policy {
    fn from(stored: StoredPolicy) -> Self {
        Self(stored)
    }
}

impl Policy {
    fn spec(&self) -> &policy::PolicySpec {
        &self.0.policy.spec
    }

    async fn counts(&self, ctx: &Context<'_>) -> Result<PolicyCounts, ServiceError> {
        Ok(request::load(ctx, CountsOf(self.0.policy.id)).await?.unwrap_or_default())
    }
}

/// Whom to score, when, by what, and when to alert. Every edit is a new version.
#[Object]
impl Policy {
    /// Global id, the same over all versions.
    pub(super) async fn id(&self) -> ID {
        self.0.policy.id.into()
    }

    /// Its name, unique and never changed.
    async fn name(&self) -> &str {
        &self.0.policy.name
    }

    /// What it is for, in the words of who made it; empty through a share, as staff wrote it.
    async fn description(&self, ctx: &Context<'_>) -> &str {
        if shared(ctx).is_some() { "" } else { &self.spec().description }
    }

    /// What the viewer may do with it as it stands: which buttons to show.
    async fn viewer_can(&self, ctx: &Context<'_>) -> Vec<PolicyAction> {
        let may = self.0.deleted_at.is_none() && request::permit(ctx, Resource::Policies, Action::Change).is_some();
        let scoring = self.0.deleted_at.is_none() && request::permit(ctx, Resource::Scoring, Action::Change).is_some();
        let all = [
            (PolicyAction::Edit, may),
            (PolicyAction::SetState, may),
            (PolicyAction::Copy, may),
            (PolicyAction::Delete, may),
            (PolicyAction::StartScoring, scoring),
        ];
        all.into_iter().filter(|(_, may)| *may).map(|(action, _)| action).collect()
    }

    /// What it started from, never changed.
    async fn template(&self) -> PolicyTemplate {
        PolicyTemplate(self.0.policy.template.template())
    }

    /// Whether it works.
    async fn state(&self) -> PolicyState {
        self.0.policy.state.into()
    }

    /// 1 for the first; alerts name the version that raised them.
    async fn version(&self) -> i32 {
        self.0.policy.version
    }

    /// What counts, with the daily counts in force.
    async fn indicators(&self, ctx: &Context<'_>) -> Guarded<Vec<PolicyIndicator>, rules::PolicyIndicators> {
        guarded(ctx, async |_| {
            Ok::<_, ServiceError>(self.spec().indicators.iter().map(PolicyIndicator::from).collect::<Vec<_>>())
        })
        .await
    }

    /// Indicators of which one event starts scoring.
    async fn triggers(&self, ctx: &Context<'_>) -> Guarded<Vec<Indicator>, rules::PolicyTriggers> {
        guarded(ctx, async |_| {
            let triggers = &self.spec().triggers;
            Ok::<_, ServiceError>(triggers.iter().filter_map(|code| Indicator::of_code(code)).collect::<Vec<_>>())
        })
        .await
    }

    /// Content that has priority, as `createPolicy` takes it; null where none has.
    async fn priority_content(
        &self,
        ctx: &Context<'_>,
    ) -> Guarded<Json<serde_json::Value>, rules::PolicyPriorityContent> {
        guarded(ctx, async |_| {
            let content = self.spec().priority_content.as_ref().map(serde_json::to_value).transpose();
            Ok::<_, ServiceError>(content.map_err(|error| ServiceError::Internal(error.into()))?.map(Json))
        })
        .await
    }

    /// Days of scoring after a trigger.
    async fn activation_days(&self, ctx: &Context<'_>) -> Guarded<i32, rules::PolicyActivationDays> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(self.spec().activation_days)).await
    }

    /// Days before the trigger that are scored as well.
    async fn lookback_days(&self, ctx: &Context<'_>) -> Guarded<i32, rules::PolicyLookbackDays> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(self.spec().lookback_days)).await
    }

    /// How many alerts it may raise.
    async fn alert_volume(&self, ctx: &Context<'_>) -> Guarded<AlertVolume, rules::PolicyAlertVolume> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(AlertVolume::from(self.spec().alert_volume))).await
    }

    /// Subjects that are being scored now: something has brought them into scope, and their window is open.
    async fn subjects_in_scope(&self, ctx: &Context<'_>) -> Guarded<i32, rules::PolicySubjectsInScope> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(int(self.counts(ctx).await?.in_scope))).await
    }

    /// Of `subjectsInScope`, those whose score is high enough for an alert at its alert volume. A draft scores in the
    /// shadow: it raises no alert, and this tells how many there would be.
    async fn subjects_over_volume(&self, ctx: &Context<'_>) -> Guarded<i32, rules::PolicySubjectsOverVolume> {
        guarded(ctx, async |_| {
            let over = self.counts(ctx).await?.over;
            Ok::<_, ServiceError>(int(match self.spec().alert_volume {
                policy::AlertVolume::Fewer => over[0],
                policy::AlertVolume::Default => over[1],
                policy::AlertVolume::More => over[2],
            }))
        })
        .await
    }

    /// Its alerts that need review.
    async fn active_alerts(&self, ctx: &Context<'_>) -> Guarded<i32, rules::PolicyActiveAlerts> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(int(self.counts(ctx).await?.open_alerts))).await
    }

    /// confirmed / (confirmed + dismissed) over 365 days; null until something was triaged.
    async fn effectiveness(&self, ctx: &Context<'_>) -> Guarded<f64, rules::PolicyEffectiveness> {
        guarded(ctx, async |_| {
            let counts = self.counts(ctx).await?;
            Ok::<_, ServiceError>(share(counts.confirmed, counts.dismissed))
        })
        .await
    }

    /// What keeps it from finding anything, the gravest first; one finding that says so where nothing does.
    async fn health(&self, ctx: &Context<'_>) -> Guarded<Vec<HealthFinding>, rules::PolicyHealth> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, HealthOf(self.0.policy.id)).await?;
            Ok::<_, ServiceError>(found.map(|all| all.iter().map(HealthFinding::from).collect::<Vec<_>>()))
        })
        .await
    }

    /// The newest versions, up to 50, the newest first.
    async fn versions(&self, ctx: &Context<'_>) -> Guarded<Vec<PolicyVersion>, rules::PolicyVersions> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, VersionsOf(self.0.policy.id)).await?;
            Ok::<_, ServiceError>(found.map(|all| all.iter().map(PolicyVersion::from).collect::<Vec<_>>()))
        })
        .await
    }

    /// When it was deleted: it can still be read from its alerts. Null as long as it exists.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted_at.map(DateTime)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed or switched.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// `part` of `part` and `rest`; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of alerts are far below 2^52")]
fn share(part: u64, rest: u64) -> Option<f64> {
    let all = part.saturating_add(rest);
    (all > 0).then(|| part as f64 / all as f64)
}

/// An indicator as a policy uses it.
pub struct PolicyIndicator(policy::PolicyIndicator);

impl From<&policy::PolicyIndicator> for PolicyIndicator {
    fn from(selected: &policy::PolicyIndicator) -> Self {
        Self(selected.clone())
    }
}

/// An indicator as a policy uses it.
#[Object]
impl PolicyIndicator {
    /// The indicator.
    async fn indicator(&self) -> Result<Indicator, Error> {
        Indicator::known(&self.0.code)
    }

    /// Where the thresholds come from.
    async fn mode(&self) -> ThresholdMode {
        self.0.mode.into()
    }

    /// The daily counts in force.
    async fn thresholds(&self) -> Thresholds {
        self.0.thresholds.into()
    }
}

/// One thing that is right or wrong with a policy.
#[derive(SimpleObject)]
pub struct HealthFinding {
    /// How grave it is.
    status: HealthStatus,
    /// The stable word.
    code: &'static str,
    /// What is so, in a sentence.
    message: String,
    /// What to do, in a sentence.
    action: &'static str,
}

impl From<&health::HealthFinding> for HealthFinding {
    fn from(found: &health::HealthFinding) -> Self {
        let health::HealthFinding { status, code, message, action } = found;
        Self { status: (*status).into(), code, message: message.clone(), action }
    }
}

impl Loader<PolicyId> for Reader {
    type Value = StoredPolicy;
    type Error = Fault;

    async fn load(&self, ids: &[PolicyId]) -> Result<HashMap<PolicyId, StoredPolicy>, Fault> {
        // Whoever sees a case's alerts sees which policy raised them.
        let case = || self.permit(Resource::CaseHeaders, Action::Read);
        let permit = self.permit(Resource::Policies, Action::Read).or_else(|_| case())?;
        Ok(self.services.policies_by_id(&permit, ids).await?.into_iter().collect())
    }
}

/// The key of a policy's counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CountsOf(PolicyId);

impl Loader<CountsOf> for Reader {
    type Value = PolicyCounts;
    type Error = Fault;

    async fn load(&self, keys: &[CountsOf]) -> Result<HashMap<CountsOf, PolicyCounts>, Fault> {
        let permit = self.permit(Resource::Policies, Action::Read)?;
        let ids: Vec<PolicyId> = keys.iter().map(|CountsOf(id)| *id).collect();
        let found = self.services.policy_counts(&permit, &ids).await?;
        Ok(found.into_iter().map(|(id, counts)| (CountsOf(id), counts)).collect())
    }
}

/// The key of a policy's findings.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct HealthOf(PolicyId);

impl Loader<HealthOf> for Reader {
    type Value = Arc<Vec<health::HealthFinding>>;
    type Error = Fault;

    async fn load(&self, keys: &[HealthOf]) -> Result<HashMap<HealthOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Policies, Action::Read)?;
        let ids: Vec<PolicyId> = keys.iter().map(|HealthOf(id)| *id).collect();
        let found = self.services.policy_health(&permit, &ids).await?;
        Ok(found.into_iter().map(|(id, findings)| (HealthOf(id), Arc::new(findings))).collect())
    }
}

/// The part of the root about policies.
#[derive(Default)]
pub struct PolicyQuery;

#[Object]
impl PolicyQuery {
    /// All policy templates.
    async fn policy_templates(&self, ctx: &Context<'_>) -> Guarded<Vec<PolicyTemplate>, rules::QueryPolicyTemplates> {
        guarded(ctx, async |_| {
            Ok::<_, ServiceError>(template::templates().iter().map(PolicyTemplate).collect::<Vec<_>>())
        })
        .await
    }

    /// One policy; null where there is none of that id.
    async fn policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The policy's id.")] id: ID,
    ) -> Guarded<Policy, rules::QueryPolicy> {
        guarded(ctx, async |_| {
            let Ok(id) = id.parse::<PolicyId>() else { return Ok(None) };
            let found = request::load(ctx, id).await?.filter(|stored| stored.deleted_at.is_none());
            Ok::<_, ServiceError>(found.map(Policy))
        })
        .await
    }

    /// Policies, by name.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<PolicyState>,
    ) -> Guarded<Connection<Policy>, rules::QueryPolicies> {
        guarded(ctx, async |permit| {
            let page = Page::asked("policies", PageArgs { first, after, last, before })?;
            let found = request::services(ctx)?.policies(&permit, state.map(Into::into)).await?;
            let keyed = |stored: StoredPolicy| ((stored.policy.name.clone(), stored.policy.id.uuid()), Policy(stored));
            Ok::<_, ServiceError>(Connection::cut(&page, found.into_iter().map(keyed)))
        })
        .await
    }
}

/// Daily counts: 1 <= low <= medium <= high.
#[derive(InputObject)]
pub struct ThresholdsInput {
    /// Low from here.
    pub(super) low: i32,
    /// Medium from here.
    pub(super) medium: i32,
    /// High from here.
    pub(super) high: i32,
}

/// An indicator that a policy selects.
#[derive(InputObject)]
pub struct PolicyIndicatorInput {
    /// Its code. It must be enabled; see `enableIndicators`.
    code: String,
    /// RECOMMENDED or CUSTOM. Left out: CUSTOM where there are thresholds, RECOMMENDED where there are none.
    mode: Option<ThresholdMode>,
    /// The daily counts, for CUSTOM.
    thresholds: Option<ThresholdsInput>,
}

/// Whom a policy covers. Somebody is covered whom any field names, but for those who are excluded.
#[derive(InputObject)]
pub struct PolicyScopeInput {
    /// Everybody.
    all: Option<bool>,
    /// Departments as HR delivers them; upper and lower case are the same.
    departments: Option<Vec<String>>,
    /// Members of these priority user groups.
    priority_group_ids: Option<Vec<ID>>,
    /// People by their accounts: an address or a sign-in name that a connector has delivered.
    accounts: Option<Vec<String>>,
    /// People who are never covered, by their accounts.
    exclude_accounts: Option<Vec<String>>,
}

/// What `createPolicy` takes.
#[derive(InputObject)]
pub struct CreatePolicyInput {
    /// Its name, unique; it cannot be changed later.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// What it starts from; it cannot be changed later.
    template: TemplateCode,
    /// Whom it covers.
    scope: PolicyScopeInput,
    /// What counts. Left out: the template's indicators, as far as they are enabled, with built-in thresholds.
    indicators: Option<Vec<PolicyIndicatorInput>>,
    /// Codes of indicators of which one event starts scoring. Left out: those of the template.
    triggers: Option<Vec<String>>,
    /// Days of scoring after a trigger, 1 to 30. Left out: 30.
    activation_days: Option<i32>,
    /// Days before the trigger that are scored as well, 0 to 90. Left out: 90.
    lookback_days: Option<i32>,
    /// Left out: DEFAULT.
    alert_volume: Option<AlertVolume>,
    /// Left out: ACTIVE.
    state: Option<PolicyState>,
    /// Content that has priority: an object of the lists `sites` (addresses), `sensitiveTypes`, `labels`, `fileTypes`, and
    /// `only`, true where nothing else counts. Left out: none has.
    priority_content: Option<Json<serde_json::Value>>,
}

impl From<PolicyScopeInput> for NewScope {
    fn from(input: PolicyScopeInput) -> Self {
        let PolicyScopeInput { all, departments, priority_group_ids, accounts, exclude_accounts } = input;
        Self {
            all: all.unwrap_or(false),
            departments: departments.unwrap_or_default(),
            priority_groups: priority_group_ids.unwrap_or_default().iter().map(|id| id.parse().ok()).collect(),
            accounts: accounts.unwrap_or_default(),
            exclude_accounts: exclude_accounts.unwrap_or_default(),
        }
    }
}

impl From<CreatePolicyInput> for NewPolicy {
    fn from(input: CreatePolicyInput) -> Self {
        Self {
            name: input.name,
            description: input.description,
            template: input.template.into(),
            scope: input.scope.into(),
            indicators: input.indicators.map(|chosen| chosen.into_iter().map(Into::into).collect()),
            triggers: input.triggers,
            activation_days: input.activation_days,
            lookback_days: input.lookback_days,
            alert_volume: input.alert_volume.map(Into::into),
            state: input.state.map(Into::into),
            priority_content: input.priority_content.map(|Json(given)| given),
        }
    }
}

impl From<PolicyIndicatorInput> for policy::IndicatorChoice {
    fn from(input: PolicyIndicatorInput) -> Self {
        let counts = |ThresholdsInput { low, medium, high }| policy::ThresholdCounts { low, medium, high };
        Self { code: input.code, mode: input.mode.map(Into::into), thresholds: input.thresholds.map(counts) }
    }
}

/// What `createPolicy` answers.
#[derive(SimpleObject)]
pub struct CreatePolicyPayload {
    /// The new policy; null where something was wrong.
    policy: Option<Policy>,
    /// Everything that was wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `setPolicyState` takes.
#[derive(InputObject)]
pub struct SetPolicyStateInput {
    /// Which policy.
    policy_id: ID,
    /// The state it shall have.
    state: PolicyState,
}

/// What `setPolicyState` answers.
#[derive(SimpleObject)]
pub struct SetPolicyStatePayload {
    /// The policy; null where something was wrong.
    policy: Option<Policy>,
    /// What was wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `startScoring` takes.
#[derive(InputObject)]
pub struct StartScoringInput {
    /// Under which policy. It must be active and cover the people.
    policy_id: ID,
    /// Whom, by their accounts; at most 400.
    accounts: Vec<String>,
    /// For how many days, 5 to 30.
    days: i32,
    /// Why. It is shown on the timeline.
    reason: String,
}

/// What `stopScoring` takes.
#[derive(InputObject)]
pub struct StopScoringInput {
    /// Under which policy. It must be active.
    policy_id: ID,
    /// Whom, by their accounts; at most 400.
    accounts: Vec<String>,
    /// Why.
    reason: String,
}

/// What `startScoring` answers.
#[derive(SimpleObject)]
pub struct StartScoringPayload {
    /// The policy; null where something was wrong.
    policy: Option<Policy>,
    /// Whom it is about, in the order of their pseudonyms.
    subjects: Vec<Subject>,
    /// What was wrong with the input. Nobody is scored then who was not before.
    user_errors: Vec<UserError>,
}

/// What `stopScoring` answers.
#[derive(SimpleObject)]
pub struct StopScoringPayload {
    /// The policy; null where something was wrong.
    policy: Option<Policy>,
    /// Whom it is about, in the order of their pseudonyms.
    subjects: Vec<Subject>,
    /// What was wrong with the input. Nothing was stopped then.
    user_errors: Vec<UserError>,
}

fn shown(made: Option<Ordered>) -> (Option<Policy>, Vec<Subject>) {
    let Some(Ordered { policy, subjects }) = made else { return (None, vec![]) };
    (Some(Policy(policy)), subjects.into_iter().map(Subject::from).collect())
}

impl From<StartScoringInput> for ScoringOrder {
    fn from(input: StartScoringInput) -> Self {
        let StartScoringInput { policy_id, accounts, days, reason } = input;
        Self { policy: policy_id.parse().ok(), accounts, days: Some(days), reason }
    }
}

impl From<StopScoringInput> for ScoringOrder {
    fn from(input: StopScoringInput) -> Self {
        let StopScoringInput { policy_id, accounts, reason } = input;
        Self { policy: policy_id.parse().ok(), accounts, days: None, reason }
    }
}

/// The part of the mutations about policies.
#[derive(Default)]
pub struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Creates a policy. It works at once, unless another state is asked for.
    async fn create_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The policy as it is to be.")] input: CreatePolicyInput,
    ) -> Guarded<CreatePolicyPayload, rules::CreatePolicy> {
        guarded(ctx, async |permit| {
            let (made, user_errors) = outcome(request::services(ctx)?.create_policy(&permit, input.into()).await)?;
            Ok::<_, ServiceError>(CreatePolicyPayload { policy: made.map(Policy), user_errors })
        })
        .await
    }

    /// Switches a policy on or off. Its alerts stay.
    async fn set_policy_state(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which policy, and its new state.")] input: SetPolicyStateInput,
    ) -> Guarded<SetPolicyStatePayload, rules::SetPolicyState> {
        guarded(ctx, async |permit| {
            let (id, state) = (input.policy_id.parse().ok(), input.state.into());
            let (made, user_errors) = outcome(request::services(ctx)?.set_policy_state(&permit, id, state).await)?;
            Ok::<_, ServiceError>(SetPolicyStatePayload { policy: made.map(Policy), user_errors })
        })
        .await
    }

    /// Scores people under a policy for some days, whatever has or has not happened. Names people by their accounts,
    /// answers without them.
    async fn start_scoring(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, under which policy, for how long, and why.")] input: StartScoringInput,
    ) -> Guarded<StartScoringPayload, rules::StartScoring> {
        guarded(ctx, async |permit| {
            let (made, user_errors) = outcome(request::services(ctx)?.order_scoring(&permit, input.into()).await)?;
            let (policy, subjects) = shown(made);
            Ok::<_, ServiceError>(StartScoringPayload { policy, subjects, user_errors })
        })
        .await
    }

    /// Ends the scoring of people under a policy until something starts it again. Their alerts and cases stay.
    async fn stop_scoring(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, under which policy, and why.")] input: StopScoringInput,
    ) -> Guarded<StopScoringPayload, rules::StopScoring> {
        guarded(ctx, async |permit| {
            let (made, user_errors) = outcome(request::services(ctx)?.order_scoring(&permit, input.into()).await)?;
            let (policy, subjects) = shown(made);
            Ok::<_, ServiceError>(StopScoringPayload { policy, subjects, user_errors })
        })
        .await
    }
}
