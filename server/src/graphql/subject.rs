//! Subjects, under their pseudonyms.
//! Never: the id that the database knows a subject by; an identity but through `service::reveals`, which audits the look.

use super::{
    alert::{Alert, AlertConnectionOf},
    group::{GroupsOf, PriorityUserGroup},
    guard::{Answer, Guarded, guarded},
    insight::{Insight, InsightFilter},
    merge::{MergedSubject, PartsOf},
    page::{Connection, Page, PageArgs, wants},
    policy::Policy,
    request::{self, Fault, Reader},
    rules,
    scalars::{Date, DateTime},
    suppression::SuppressedFor,
    user_error::{UserError, outcome},
    words::{IdentityState, RiskLevel},
};
use crate::{
    error::ServiceError,
    service::{
        reveals::{OpenIdentity, SeenFrom},
        subjects::StoredSubject,
    },
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::{CaseId, PolicyId, SubjectId},
    scoring::{self, history::Cause},
    subject::IdentityState as CoreState,
};

/// Who a subject is, where that is shown.
#[derive(SimpleObject, Clone)]
pub struct Identity {
    /// How the person is called; an account where HR delivered no name.
    display_name: String,
    /// Mail address.
    email: Option<String>,
    /// Names of accounts.
    accounts: Vec<String>,
    /// Number in the HR system.
    employee_id: Option<String>,
    /// Job title.
    job_title: Option<String>,
    /// Name of the manager, where HR delivers one.
    manager_name: Option<String>,
    /// The last working day, of somebody who leaves.
    last_working_date: Option<Date>,
}

impl Identity {
    fn of(open: OpenIdentity) -> Self {
        let email = open.address().map(str::to_owned);
        let employee_id = open.identifiers.iter().find(|(namespace, _)| namespace == "employee-id");
        let employee_id = employee_id.map(|(_, value)| value.clone());
        let accounts: Vec<String> = open
            .identifiers
            .into_iter()
            .filter(|(namespace, _)| namespace != "employee-id")
            .map(|(_, value)| value)
            .collect();
        let mut profile = open.profile.unwrap_or_default();
        let mut more = |name: &str| profile.more.remove(name);
        let manager_name = more("manager_name");
        let display_name = profile.display_name.or_else(|| accounts.first().cloned()).unwrap_or_default();
        Self {
            display_name,
            email,
            accounts,
            employee_id,
            job_title: profile.title,
            manager_name,
            last_working_date: open.last_working_at.map(|at| Date(at.day())),
        }
    }
}

/// A monitored person.
#[derive(Clone)]
pub struct Subject(StoredSubject);

impl From<StoredSubject> for Subject {
    fn from(stored: StoredSubject) -> Self {
        Self(stored)
    }
}

impl Subject {
    fn key(&self) -> SeenFrom {
        (self.0.id, self.0.case)
    }
}

/// A monitored person, shown under a pseudonym.
#[Object]
impl Subject {
    /// Global id. Random: it tells nothing about the person.
    pub(super) async fn id(&self) -> ID {
        self.0.label.into()
    }

    /// Random, e.g. Anon-7Q4K-2MX9. Derived from nothing about the person. A case in which the identity was revealed keeps
    /// the pseudonym that the subject had, and so does a share with its own; everywhere else the subject has a new one, and a
    /// new id, from then on.
    async fn pseudonym(&self) -> &str {
        &self.0.pseudonym
    }

    /// Whether `identity` is shown, and why or why not.
    async fn identity_state(&self, ctx: &Context<'_>) -> Result<IdentityState, Error> {
        if self.0.erased {
            return Ok(IdentityState::Erased);
        }
        let state: Result<Option<CoreState>, _> = request::load(ctx, StateOf(self.key())).await;
        state.map(|state| state.unwrap_or(CoreState::Masked).into()).map_err(|error| super::errors::failed(&error))
    }

    /// Who it is; null while masked, which is the normal state and no error. Every look is in the audit log.
    async fn identity(&self, ctx: &Context<'_>) -> Answer<Identity> {
        if self.0.erased {
            return Ok::<_, ServiceError>(None).into();
        }
        request::load(ctx, IdentityOf(self.key())).await.into()
    }

    /// Codes of the indicators that do not count for the subject now, by a suppression of its own or of a group's. Empty through
    /// a share, and in a case with a pseudonym of its own.
    async fn suppressed_indicators(&self, ctx: &Context<'_>) -> Result<Vec<String>, Error> {
        if self.0.case.is_some() || request::permit(ctx, Resource::Alerts, Action::Change).is_none() {
            return Ok(Vec::new());
        }
        let found = request::load(ctx, SuppressedFor(self.0.id)).await;
        found.map(Option::unwrap_or_default).map_err(|error| super::errors::failed(&error))
    }

    /// As HR delivers it; null without an HR profile, and through a share without the summary.
    async fn department(&self) -> Option<&str> {
        self.0.department.as_deref()
    }

    /// From alerts, and insights at high, that came together within a week; it lasts a week after the last of them, and
    /// falls when the alerts are dismissed. For other systems to act on. NONE through a share without the summary.
    async fn risk_level(&self) -> RiskLevel {
        self.0.risk_level.into()
    }

    /// 0–100: the highest score under any active policy. 0 through a share without the summary.
    async fn risk_score(&self) -> f64 {
        self.0.risk_score
    }

    /// Windows of scoring: those that are open, were open lately, or will be.
    async fn activations(&self, ctx: &Context<'_>) -> Guarded<Vec<Activation>, rules::SubjectActivations> {
        guarded(ctx, async |_| {
            if self.0.case.is_some() {
                return Ok(Vec::new());
            }
            let found = request::load(ctx, ActivationsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(
                found.into_iter().map(|(policy, window)| Activation { policy, window }).collect::<Vec<_>>(),
            )
        })
        .await
    }

    /// The priority user groups that the subject is in.
    async fn priority_groups(
        &self,
        ctx: &Context<'_>,
    ) -> Guarded<Vec<PriorityUserGroup>, rules::SubjectPriorityGroups> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, GroupsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(PriorityUserGroup::from).collect::<Vec<_>>())
        })
        .await
    }

    /// Subjects that were merged into this one: the same person under other accounts. Empty through a share, and in a case with
    /// a pseudonym of its own.
    async fn merged_subjects(&self, ctx: &Context<'_>) -> Guarded<Vec<MergedSubject>, rules::SubjectMergedSubjects> {
        guarded(ctx, async |_| {
            if self.0.case.is_some() {
                return Ok(Vec::new());
            }
            let found = request::load(ctx, PartsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(MergedSubject::from).collect::<Vec<_>>())
        })
        .await
    }

    /// The subject's alerts, the newest first.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<Alert>, rules::SubjectAlerts> {
        guarded(ctx, async |permit| {
            match self.0.case {
                Some(case) => AlertConnectionOf::Case(case),
                None => AlertConnectionOf::Subject(self.0.id),
            }
            .page(ctx, &permit, PageArgs { first, after, ..PageArgs::default() })
            .await
        })
        .await
    }

    /// How the score came to be what it is: a point for every change, the newest 1,000 of the last 180 days, in order of
    /// time. Of one policy, or the highest of all.
    async fn score_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this policy's score.")] policy_id: Option<ID>,
    ) -> Guarded<Vec<ScorePoint>, rules::SubjectScoreHistory> {
        guarded(ctx, async |permit| {
            let policy = match policy_id.map(|id| id.parse::<PolicyId>()) {
                Some(Err(_)) => return Ok(Vec::new()),
                Some(Ok(policy)) => Some(policy),
                None => None,
            };
            if self.0.case.is_some() && permit.viewer().share.is_none() {
                return Ok(Vec::new());
            }
            let points = request::services(ctx)?.score_history(&permit, self.0.id, policy).await?;
            let shown = |(at, score, cause): (_, f64, Cause)| ScorePoint {
                at: DateTime(at),
                score,
                cause: cause.sentence().to_owned(),
            };
            Ok::<_, ServiceError>(points.into_iter().map(shown).collect())
        })
        .await
    }

    /// The subject's insights of all policies, the newest day first; in a case with a pseudonym of its own, the case's
    /// timeline, unfiltered.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<InsightFilter>,
    ) -> Guarded<Connection<Insight>, rules::SubjectInsights> {
        guarded(ctx, async |permit| {
            let page = Page::asked("insights", PageArgs { first, after, ..PageArgs::default() })?;
            let filter = filter.map(InsightFilter::read).unwrap_or_default();
            let slice = page.slice(wants(ctx, "totalCount"));
            let services = request::services(ctx)?;
            let listed = match self.0.case {
                Some(case) => services.timeline(&permit, case, &slice).await?,
                None => services.insights(&permit, self.0.id, &filter, &slice).await?,
            };
            let key = |insight: &scoring::Insight| (insight.day, insight.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, |insight| Insight::new(self.0.id, insight)))
        })
        .await
    }
}

/// A change of a subject's score.
#[derive(SimpleObject)]
pub struct ScorePoint {
    /// When it changed.
    at: DateTime,
    /// To what, 0–100.
    score: f64,
    /// Why, in one sentence.
    cause: String,
}

/// A window of scoring.
pub struct Activation {
    policy: PolicyId,
    window: scoring::Activation,
}

/// A window in which a policy scores a subject.
#[Object]
impl Activation {
    /// Under which policy.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Policy, Error> {
        request::load_known(ctx, self.policy).await.map(Policy::from)
    }

    /// Code of the indicator that opened it; `MANUAL` where a person did.
    async fn trigger(&self) -> &str {
        &self.window.trigger
    }

    /// One sentence: why. Where a person opened it, in that person's words.
    async fn reason(&self) -> Option<&str> {
        Some(&self.window.reason)
    }

    /// When it opened.
    async fn starts_at(&self) -> DateTime {
        DateTime(self.window.starts_at)
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime {
        DateTime(self.window.ends_at)
    }

    /// Whether a person ordered it.
    async fn manual(&self) -> bool {
        self.window.manual
    }
}

/// The key of a subject as an alert or a case shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SubjectOf(pub(super) SubjectId, pub(super) Option<CaseId>);

impl Loader<SubjectOf> for Reader {
    type Value = StoredSubject;
    type Error = Fault;

    async fn load(&self, keys: &[SubjectOf]) -> Result<HashMap<SubjectOf, StoredSubject>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let seen: Vec<SeenFrom> = keys.iter().map(|key| (key.0, key.1)).collect();
        let found = self.services.subjects_seen(&permit, &seen).await?;
        Ok(found.into_iter().map(|((subject, case), stored)| (SubjectOf(subject, case), stored)).collect())
    }
}

/// The key of whether an identity is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StateOf(SeenFrom);

impl Loader<StateOf> for Reader {
    type Value = CoreState;
    type Error = Fault;

    async fn load(&self, keys: &[StateOf]) -> Result<HashMap<StateOf, CoreState>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let seen: Vec<SeenFrom> = keys.iter().map(|key| key.0).collect();
        let found = self.services.identity_states(&permit, &seen).await?;
        Ok(found.into_iter().map(|(key, state)| (StateOf(key), state)).collect())
    }
}

/// The key of an identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct IdentityOf(SeenFrom);

impl Loader<IdentityOf> for Reader {
    type Value = Identity;
    type Error = Fault;

    async fn load(&self, keys: &[IdentityOf]) -> Result<HashMap<IdentityOf, Identity>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let seen: Vec<SeenFrom> = keys.iter().map(|key| key.0).collect();
        let found = self.services.identities(&permit, &self.looks, &seen).await?;
        Ok(found.into_iter().map(|(key, open)| (IdentityOf(key), Identity::of(open))).collect())
    }
}

/// The key of a subject's windows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ActivationsOf(SubjectId);

impl Loader<ActivationsOf> for Reader {
    type Value = Vec<(PolicyId, scoring::Activation)>;
    type Error = Fault;

    async fn load(&self, keys: &[ActivationsOf]) -> Result<HashMap<ActivationsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Subjects, Action::Read)?;
        let ids: Vec<SubjectId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.activations(&permit, &ids).await?;
        Ok(found.into_iter().map(|(subject, windows)| (ActivationsOf(subject), windows)).collect())
    }
}

/// The part of the root about subjects.
#[derive(Default)]
pub struct SubjectQuery;

#[Object]
impl SubjectQuery {
    /// One subject; null where there is none of that id, or the viewer may not see subjects.
    async fn subject(&self, ctx: &Context<'_>, #[graphql(desc = "The subject's id.")] id: ID) -> Answer<Subject> {
        let found = async {
            let (Ok(id), Some(permit)) =
                (id.parse::<SubjectId>(), request::permit(ctx, Resource::Subjects, Action::Read))
            else {
                return Ok(None);
            };
            Ok::<_, ServiceError>(request::services(ctx)?.subject_shown(&permit, id).await?.map(Subject))
        };
        found.await.into()
    }

    /// Subjects, the highest risk first.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn subjects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those at this level.")] risk_level: Option<RiskLevel>,
    ) -> Guarded<Connection<Subject>, rules::QuerySubjects> {
        guarded(ctx, async |permit| {
            let page = Page::asked("subjects", PageArgs { first, after, last, before })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.subjects(&permit, risk_level.map(Into::into), &slice).await?;
            let key = |subject: &StoredSubject| (subject.risk_score, subject.label.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, Subject))
        })
        .await
    }
}

/// What `resetRiskLevel` takes.
#[derive(InputObject)]
pub struct ResetRiskLevelInput {
    /// Whose.
    subject_id: ID,
    /// Why, at most 4,000 characters. Kept in the audit log; leave names out.
    reason: String,
}

/// What `resetRiskLevel` answers.
#[derive(SimpleObject)]
pub struct ResetRiskLevelPayload {
    /// The subject at the level NONE; null where something was wrong with the input.
    subject: Option<Subject>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that decides about subjects.
#[derive(Default)]
pub struct SubjectMutation;

#[Object]
impl SubjectMutation {
    /// Takes away a subject's risk level. What there was counts for it no more, until something new matches; alerts and the
    /// score stay.
    async fn reset_risk_level(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and why.")] input: ResetRiskLevelInput,
    ) -> Guarded<ResetRiskLevelPayload, rules::ResetRiskLevel> {
        guarded(ctx, async |permit| {
            let id = input.subject_id.parse().ok();
            let reset = request::services(ctx)?.reset_risk_level(&permit, id, &input.reason).await;
            let (subject, user_errors) = outcome(reset)?;
            Ok::<_, ServiceError>(ResetRiskLevelPayload { subject: subject.map(Subject), user_errors })
        })
        .await
    }
}
