//! Policies: created, switched, counted, judged for their health; scoring that is started and stopped by hand.
//! Never: tells whether a person is known except by a problem at the place where the caller named them.

use super::Services;
pub(crate) use crate::store::{PolicyCounts, StoredPolicy};
use crate::{
    error::ServiceError,
    permit::{Permit, Sight},
    store::{Entry, PolicyWrite, StoredSubject},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    event::NormalisedIdentifier,
    health::{self, HealthFinding, HealthInput},
    ids::{PolicyId, PriorityGroupId, SubjectId},
    indicator, limits,
    policy::{
        self, AlertVolume, IndicatorChoice, Policy, PolicyDraft, PolicyScope, PolicyState, PriorityContent,
        ThresholdMode,
    },
    problem::{Problem, ProblemCode},
    scoring::{
        input::{ManualScoring, SubjectContext},
        threshold::Thresholds,
    },
    settings::Settings,
    subject,
    template::TemplateCode,
};

/// Days over which a policy's effectiveness is counted (domain, section 2).
const EFFECTIVENESS_DAYS: i32 = 365;
/// Where a new policy's scope is in the input.
const SCOPE: [&str; 2] = ["input", "scope"];

/// What a viewer asks a new policy to be; see `PolicyDraft` for what is left out.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct NewPolicy {
    pub name: String,
    pub description: Option<String>,
    pub template: TemplateCode,
    pub scope: NewScope,
    pub indicators: Option<Vec<IndicatorChoice>>,
    pub triggers: Option<Vec<String>>,
    pub activation_days: Option<i32>,
    pub lookback_days: Option<i32>,
    pub alert_volume: Option<AlertVolume>,
    pub state: Option<PolicyState>,
    /// An object of `PriorityContent`.
    pub priority_content: Option<Value>,
}

/// Whom a viewer wants a policy to cover. People are named by their accounts.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the words of the API's input")]
pub struct NewScope {
    pub all: bool,
    pub departments: Vec<String>,
    /// None where what was given is no id.
    pub priority_groups: Vec<Option<PriorityGroupId>>,
    pub accounts: Vec<String>,
    pub exclude_accounts: Vec<String>,
}

/// An order to score people under a policy, or to stop.
#[derive(Clone, Debug)]
pub struct ScoringOrder {
    /// Under which policy.
    pub policy: Option<PolicyId>,
    /// Whom, by their accounts.
    pub accounts: Vec<String>,
    /// For how long; none stops.
    pub days: Option<i32>,
    /// Why.
    pub reason: String,
}

/// What an order to score people, or to stop, was carried out on.
pub(crate) struct Ordered {
    /// Under which policy.
    pub(crate) policy: StoredPolicy,
    /// In the order of their pseudonyms, so that the answer does not join accounts to pseudonyms.
    pub(crate) subjects: Vec<StoredSubject>,
}

impl Services {
    /// The policies in that state, or all, in the order of their names.
    pub(crate) async fn policies(
        &self,
        permit: &Permit,
        state: Option<PolicyState>,
    ) -> Result<Vec<StoredPolicy>, ServiceError> {
        permit.require(Resource::Policies, Action::Read)?;
        Ok(self.store.policies(state).await?)
    }

    /// The policies with these ids, those that exist.
    pub(crate) async fn policies_by_id(
        &self,
        permit: &Permit,
        ids: &[PolicyId],
    ) -> Result<BTreeMap<PolicyId, StoredPolicy>, ServiceError> {
        permit.require_either((Resource::Policies, Action::Read), (Resource::CaseHeaders, Action::Read))?;
        Ok(self.store.policies_by_id(ids).await?)
    }

    /// Counts of these policies; what was triaged counts for a year.
    pub(crate) async fn policy_counts(
        &self,
        permit: &Permit,
        ids: &[PolicyId],
    ) -> Result<BTreeMap<PolicyId, PolicyCounts>, ServiceError> {
        permit.require(Resource::Policies, Action::Read)?;
        Ok(self.store.policy_counts(&permit.sight(), ids, self.clock.now().plus_days(-EFFECTIVENESS_DAYS)).await?)
    }

    /// What keeps these policies from finding anything. The number of statements does not depend on how many they are.
    pub(crate) async fn policy_health(
        &self,
        permit: &Permit,
        ids: &[PolicyId],
    ) -> Result<BTreeMap<PolicyId, Vec<HealthFinding>>, ServiceError> {
        permit.require(Resource::Policies, Action::Read)?;
        self.health_of(&permit.sight(), ids).await
    }

    pub(super) async fn health_of(
        &self,
        sight: &Sight,
        ids: &[PolicyId],
    ) -> Result<BTreeMap<PolicyId, Vec<HealthFinding>>, ServiceError> {
        let now = self.clock.now();
        let policies = self.store.policies_by_id(ids).await?;
        let counts = self.store.policy_counts(sight, ids, now).await?;
        let enabled = self.store.enabled_indicators().await?;
        let sources = self.store.sources().await?;
        let scored = self.store.scored_by_template().await?;
        let covered = self.covered(policies.values().map(|stored| &stored.policy.spec.scope)).await?;
        let experience = self.store.experience(now).await?;
        let coverage = self.store.settings().await?.1.coverage;
        let outside = self.contexts(&self.store.uncovered(&coverage, now).await?).await?;
        let young = now.plus_days(-limits::HEALTH_SETTLING_DAYS);
        let newest: Vec<StoredPolicy> = self.store.policies(Some(PolicyState::Active)).await?;
        let judge = |(stored, subjects_in_scope): (&StoredPolicy, u64)| {
            let rivals = |other: &&StoredPolicy| {
                other.policy.id != stored.policy.id
                    && other.created_at > young
                    && other.policy.spec.scope.may_share(&stored.policy.spec.scope)
            };
            let of = counts.get(&stored.policy.id).copied().unwrap_or_default();
            let findings = health::policy_health(&HealthInput {
                now,
                policy: &stored.policy,
                created_at: stored.created_at,
                enabled: &enabled,
                sources: &sources,
                subjects_in_scope,
                scored_of_template: scored.get(&stored.policy.template).copied().unwrap_or_default(),
                ever_triggered: of.scored > 0 || of.raised > 0,
                ever_alerted: of.raised > 0,
                unsettled: of.unsettled,
                scored: of.in_scope,
                young_rivals: newest.iter().filter(rivals).count() as u64,
                exceeds_coverage: coverage.is_exceeded_by(&stored.policy.spec.scope),
                uncovered_in_scope: outside.values().filter(|who| stored.policy.covers(who)).count() as u64,
                experience: &experience,
            });
            (stored.policy.id, findings)
        };
        Ok(policies.values().zip(covered).map(judge).collect())
    }

    /// Creates a policy, or tells everything that is wrong with what was asked.
    pub(crate) async fn create_policy(&self, permit: &Permit, asked: NewPolicy) -> Result<StoredPolicy, ServiceError> {
        let viewer = permit.require(Resource::Policies, Action::Change)?;
        let policy = self.draft(asked).await?;
        let now = self.clock.now();
        let detail = serde_json::json!({"version": policy.version, "state": policy.state, "template": policy.template});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Policies, policy.id, &detail);
        let writes = [PolicyWrite { policy, from: None }];
        self.save_policies(&writes, &viewer.id, &[entry], now).await?;
        let [PolicyWrite { policy, .. }] = writes;
        Ok(StoredPolicy { policy, created_at: now, updated_at: now, deleted_at: None })
    }

    /// Switches a policy.
    pub(crate) async fn set_policy_state(
        &self,
        permit: &Permit,
        id: Option<PolicyId>,
        state: PolicyState,
    ) -> Result<StoredPolicy, ServiceError> {
        let viewer = permit.require(Resource::Policies, Action::Change)?;
        let mut stored = self.named_policy(id).await?;
        if stored.policy.state == state {
            return Ok(stored);
        }
        stored.policy.may_become(state, &["input", "state"]).map_err(|problem| ServiceError::Invalid(vec![problem]))?;
        let now = self.clock.now();
        let states = [stored.policy.state, state].map(|state| serde_json::json!({"state": state}));
        let nothing = serde_json::Value::Null;
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Policies, stored.policy.id, &nothing)
            .change(states);
        if !self.store.set_policy_state(stored.policy.id, state, entry, now).await? {
            return Err(no_policy());
        }
        self.bell.scoring.notify_one();
        stored.policy.state = state;
        stored.updated_at = now;
        Ok(stored)
    }

    /// Starts or stops scoring of people by hand.
    pub(crate) async fn order_scoring(&self, permit: &Permit, order: ScoringOrder) -> Result<Ordered, ServiceError> {
        let viewer = permit.require(Resource::Scoring, Action::Change)?;
        let mut problems = Vec::new();
        check_order(&order, &mut problems);
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let stored = self.named_policy(order.policy).await?;
        if stored.policy.state != PolicyState::Active {
            let message = "The policy is not active: it scores nobody.";
            return Err(ServiceError::invalid(&["input", "policyId"], ProblemCode::NotAllowed, message));
        }
        let subjects = self.known(&order.accounts, &["input", "accounts"], &mut problems).await?;
        if order.days.is_some() {
            self.within_scope(&stored.policy.spec.scope, &subjects, &mut problems).await?;
        }
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let subjects: BTreeSet<SubjectId> = subjects.into_iter().flatten().collect();
        let subjects: Vec<SubjectId> = subjects.into_iter().collect();
        let now = self.clock.now();
        let days = order.days.unwrap_or(0);
        let manual = ManualScoring { at: now, days, reason: order.reason.trim().to_owned() };
        let detail = serde_json::json!({"scoring": if days > 0 { "started" } else { "stopped" }, "days": days,
            "subjects": subjects});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, stored.policy.id, &detail)
            .reason(&manual.reason);
        self.store.order_scoring(stored.policy.id, &subjects, &manual, &viewer.id, entry).await?;
        self.bell.scoring.notify_one();
        let mut shown: Vec<_> = self.store.subjects_by_id(&Sight::Everybody, &subjects).await?.into_values().collect();
        shown.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
        Ok(Ordered { policy: stored, subjects: shown })
    }

    pub(super) async fn named_policy(&self, id: Option<PolicyId>) -> Result<StoredPolicy, ServiceError> {
        let id = id.ok_or_else(no_policy)?;
        let found = self.store.policies_by_id(&[id]).await?.remove(&id);
        found.filter(|stored| stored.deleted_at.is_none()).ok_or_else(no_policy)
    }

    /// The scope with subjects in place of accounts.
    pub(super) async fn scope(
        &self,
        asked: NewScope,
        problems: &mut Vec<Problem>,
    ) -> Result<PolicyScope, ServiceError> {
        let mut groups = BTreeSet::new();
        if !asked.priority_groups.is_empty() {
            let known: BTreeSet<PriorityGroupId> =
                self.store.groups().await?.into_iter().map(|group| group.id).collect();
            for (at, id) in asked.priority_groups.iter().enumerate() {
                match id.filter(|id| known.contains(id)) {
                    Some(id) => {
                        groups.insert(id);
                    }
                    None => {
                        let at = at.to_string();
                        let message = "There is no priority user group of that id.";
                        let path = ["input", "scope", "priorityGroupIds", at.as_str()];
                        problems.push(Problem::new(&path, ProblemCode::NotFound, message));
                    }
                }
            }
        }
        let subjects = self.known(&asked.accounts, &["input", "scope", "accounts"], problems).await?;
        let excluded = self.known(&asked.exclude_accounts, &["input", "scope", "excludeAccounts"], problems).await?;
        let each_once = |subjects: Vec<Option<SubjectId>>| {
            let once: BTreeSet<SubjectId> = subjects.into_iter().flatten().collect();
            once.into_iter().collect()
        };
        Ok(PolicyScope {
            all: asked.all,
            departments: asked.departments,
            groups: groups.into_iter().collect(),
            subjects: each_once(subjects),
            excluded: each_once(excluded),
        })
    }

    /// The subjects of these accounts, in the same order; a problem at the place of each that is unknown.
    pub(super) async fn known(
        &self,
        accounts: &[String],
        field: &[&str],
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Option<SubjectId>>, ServiceError> {
        if accounts.len() > limits::POLICY_SCOPE_ITEMS {
            let message = format!("At most {} accounts can be listed.", limits::POLICY_SCOPE_ITEMS);
            problems.push(Problem::new(field, ProblemCode::LimitExceeded, message));
            return Ok(vec![]);
        }
        let named: Vec<Option<NormalisedIdentifier>> = accounts.iter().map(|account| identifier(account)).collect();
        let names: Vec<NormalisedIdentifier> = named.iter().flatten().cloned().collect();
        let mut found = self.store.find_subjects(&names).await?.into_iter();
        let subjects: Vec<_> = named.iter().map(|name| name.as_ref().and_then(|_| found.next().flatten())).collect();
        for (at, _) in subjects.iter().enumerate().filter(|(_, subject)| subject.is_none()) {
            let message = "Nobody of this account is known yet: a connector has to deliver something about them first.";
            problems.push(Problem::new(&[at.to_string().as_str()], ProblemCode::NotFound, message).within(field));
        }
        Ok(subjects)
    }

    /// A problem at the place of every subject that the policy does not cover: it would not be scored.
    async fn within_scope(
        &self,
        scope: &PolicyScope,
        subjects: &[Option<SubjectId>],
        problems: &mut Vec<Problem>,
    ) -> Result<(), ServiceError> {
        let ids: Vec<SubjectId> = subjects.iter().flatten().copied().collect();
        let contexts = self.contexts(&ids).await?;
        let covered = self.store.covered(&self.store.settings().await?.1.coverage, &ids).await?;
        let now = self.clock.now();
        for (at, subject) in subjects.iter().enumerate() {
            let Some(subject) = subject else { continue };
            let monitored = covered.get(subject).is_none_or(|covered| covered.at(now));
            if !monitored || !contexts.get(subject).is_some_and(|context| scope.covers(context)) {
                let message =
                    "The policy, or the installation's coverage, does not cover this account: it would not be scored.";
                problems.push(Problem::new(&["input", "accounts", &at.to_string()], ProblemCode::NotAllowed, message));
            }
        }
        Ok(())
    }

    /// How many subjects each scope covers. People are counted by department, and those whom a scope lists or excludes
    /// are corrected one by one.
    async fn covered<'a>(&self, scopes: impl Iterator<Item = &'a PolicyScope>) -> anyhow::Result<Vec<u64>> {
        let scopes: Vec<&PolicyScope> = scopes.collect();
        let people = self.store.subjects_by_department().await?;
        let groups: BTreeSet<PriorityGroupId> = scopes.iter().flat_map(|scope| &scope.groups).copied().collect();
        let groups: Vec<PriorityGroupId> = groups.into_iter().collect();
        let members = self.store.members(&groups).await?;
        let named = |scope: &PolicyScope| -> BTreeSet<SubjectId> {
            let of_groups =
                members.iter().filter(|(group, _)| scope.groups.contains(group)).map(|(_, subject)| subject);
            scope.subjects.iter().chain(&scope.excluded).chain(of_groups).copied().collect()
        };
        let all_named: BTreeSet<SubjectId> = scopes.iter().flat_map(|scope| named(scope)).collect();
        let all_named: Vec<SubjectId> = all_named.into_iter().collect();
        let contexts = self.contexts(&all_named).await?;
        let count = |scope: &PolicyScope| {
            // No subject has this id.
            let anybody = |department: &Option<String>| context(SubjectId::new(Uuid::nil()), department.clone());
            let by_department = people
                .iter()
                .filter(|(department, _)| scope.covers(&anybody(department)))
                .map(|(_, count)| count)
                .sum();
            named(scope).into_iter().fold(by_department, |count: u64, subject| {
                let Some(context) = contexts.get(&subject) else { return count };
                let counted = scope.covers(&anybody(&context.department));
                match (counted, scope.covers(context)) {
                    (false, true) => count.saturating_add(1),
                    (true, false) => count.saturating_sub(1),
                    _ => count,
                }
            })
        };
        Ok(scopes.into_iter().map(count).collect())
    }
}

impl Services {
    /// What decides whether a scope covers these subjects.
    async fn contexts(&self, ids: &[SubjectId]) -> anyhow::Result<BTreeMap<SubjectId, SubjectContext>> {
        let mut groups = self.store.groups_of(ids).await?;
        let of = |(id, department)| {
            let groups = groups.remove(&id).unwrap_or_default();
            (id, SubjectContext { groups, ..context(id, department) })
        };
        Ok(self.store.departments_of(ids).await?.into_iter().map(of).collect())
    }

    /// The policy that was asked for, checked and complete, and not stored.
    pub(super) async fn draft(&self, asked: NewPolicy) -> Result<Policy, ServiceError> {
        let mut problems = Vec::new();
        let scope = self.scope(asked.scope, &mut problems).await?;
        let priority_content = asked.priority_content.and_then(|given| priority_content(given, &mut problems));
        let mut draft = PolicyDraft {
            description: asked.description,
            indicators: asked.indicators,
            triggers: asked.triggers,
            activation_days: asked.activation_days,
            lookback_days: asked.lookback_days,
            alert_volume: asked.alert_volume,
            priority_content,
            state: asked.state,
            ..PolicyDraft::new(asked.name, asked.template, scope)
        };
        let enabled = self.store.enabled_indicators().await?;
        let (_, settings) = self.store.settings().await?;
        let organisation = self.thresholds(&mut draft, &settings).await?;
        match policy::create(draft, &enabled, &organisation, self.ids.draw(PolicyId::new)) {
            Ok(policy) if problems.is_empty() => Ok(policy),
            Ok(_) => Err(ServiceError::Invalid(problems)),
            Err(more) => {
                // Where part of the scope was refused, it is no use to hear that nothing is left of it.
                let refused = problems.iter().any(|problem| problem.field.starts_with(&SCOPE.map(str::to_owned)));
                problems.extend(more.into_iter().filter(|problem| !refused || problem.field != SCOPE));
                Err(ServiceError::Invalid(problems))
            }
        }
    }

    /// Thresholds from the organisation's own last days, for the indicators that the draft wants them for. An indicator
    /// of the installation's own gets those that its definition has.
    pub(super) async fn thresholds(
        &self,
        draft: &mut PolicyDraft,
        settings: &Settings,
    ) -> Result<BTreeMap<String, Thresholds>, ServiceError> {
        for choice in draft.indicators.iter_mut().flatten() {
            let recommended =
                choice.thresholds.is_none() && choice.mode.unwrap_or_default() == ThresholdMode::Recommended;
            if let Some(own) = settings.thresholds(&choice.code).filter(|_| recommended) {
                let int = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
                choice.mode = Some(ThresholdMode::Custom);
                choice.thresholds =
                    Some(policy::ThresholdCounts { low: int(own.low), medium: int(own.medium), high: int(own.high) });
            }
        }
        let chosen = draft.indicators.iter().flatten().filter(|choice| choice.mode == Some(ThresholdMode::UserBased));
        let known = chosen.filter(|choice| indicator::find(&choice.code).is_some()).map(|choice| choice.code.as_str());
        let codes: BTreeSet<&str> = known.take(limits::INDICATOR_CODES).collect();
        let today = self.clock.now().day();
        let mut thresholds = BTreeMap::new();
        for code in codes {
            let counts = self.store.day_counts(code, today.plus(-USER_BASED_DAYS), today).await?;
            thresholds.extend(Thresholds::user_based(counts).map(|found| (code.to_owned(), found)));
        }
        Ok(thresholds)
    }
}

/// Days of the organisation's own activity that USER_BASED thresholds rest on (domain, section 3).
const USER_BASED_DAYS: i32 = 10;

fn context(id: SubjectId, department: Option<String>) -> SubjectContext {
    SubjectContext {
        id,
        department,
        groups: vec![],
        title: None,
        has_profile: false,
        prior_violation: None,
        high_impact: None,
    }
}

/// An account as a viewer types it: an address, or a sign-in name.
pub(super) fn identifier(account: &str) -> Option<NormalisedIdentifier> {
    subject::normalise("login", account).ok()
}

fn check_order(order: &ScoringOrder, problems: &mut Vec<Problem>) {
    let mut refuse = |field: &str, code, message: String| problems.push(Problem::new(&["input", field], code, message));
    match order.accounts.len() {
        0 => refuse("accounts", ProblemCode::Required, "Name at least one account.".to_owned()),
        1..=limits::SCORING_ACCOUNTS => {}
        _ => {
            let message = format!("At most {} accounts can be named at once.", limits::SCORING_ACCOUNTS);
            refuse("accounts", ProblemCode::LimitExceeded, message);
        }
    }
    if order.days.is_some_and(|days| !limits::MANUAL_SCORING_DAYS.contains(&days)) {
        let allowed = limits::MANUAL_SCORING_DAYS;
        refuse("days", ProblemCode::Invalid, format!("Allowed are {} to {} days.", allowed.start(), allowed.end()));
    }
    if order.reason.trim().is_empty() {
        refuse("reason", ProblemCode::Required, "Say why: the reason is shown on the timeline.".to_owned());
    } else if order.reason.chars().count() > limits::STAFF_TEXT_CHARS {
        let message = format!("A reason has at most {} characters.", limits::STAFF_TEXT_CHARS);
        refuse("reason", ProblemCode::LimitExceeded, message);
    }
}

pub(super) fn no_policy() -> ServiceError {
    ServiceError::invalid(&["input", "policyId"], ProblemCode::NotFound, "There is no policy of that id.")
}

/// Content to prioritise, as it was given.
pub(super) fn priority_content(given: Value, problems: &mut Vec<Problem>) -> Option<PriorityContent> {
    let read = serde_json::from_value(given);
    read.map_err(|_| {
        let message =
            "This is an object of the lists sites, sensitiveTypes, labels and fileTypes, and `only`: true or false.";
        problems.push(Problem::new(&["input", "priorityContent"], ProblemCode::Invalid, message));
    })
    .ok()
}
