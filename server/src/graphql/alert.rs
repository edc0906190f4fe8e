//! Alerts: the queue, what each rests on, and decisions about them.
//! Never: an explanation with personal data; the core writes them.

use super::{
    case::{Case, Note, is_limited, opened, readable},
    guard::{Answer, Guarded, guarded},
    handover::{AlertReview, ReviewFilter},
    insight::Insight,
    overview::{AlertTriage, RankOf},
    page::{Connection, Page, PageArgs, wants},
    policy::Policy,
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    subject::{Subject, SubjectOf},
    user_error::{UserError, outcome},
    words::{AlertStatus, DismissReason, RiskFactor, Severity},
};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    service::{
        alerts::{self, Confirmation, Dismissal, StoredAlert, StoredNote},
        handover,
    },
};
use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use futures_util::future::try_join_all;
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource, share::ShareSection},
    alert as rule,
    ids::{AlertId, CaseId, PolicyId, SubjectId},
    limits, scoring,
};

/// Which alerts are wanted; what is left out wants all.
#[derive(InputObject, Default)]
pub struct AlertFilter {
    /// In any of these states.
    status: Option<Vec<AlertStatus>>,
    /// Of any of these severities.
    severity: Option<Vec<Severity>>,
    /// Of any of these policies.
    policy_ids: Option<Vec<ID>>,
    /// With any of these marks.
    risk_factors: Option<Vec<RiskFactor>>,
    /// Assigned to this viewer, by id.
    assignee: Option<String>,
    /// Needs review and is past its time, or not.
    overdue: Option<bool>,
    /// Raised at this time or later.
    raised_after: Option<DateTime>,
    /// Raised before this time.
    raised_before: Option<DateTime>,
    /// Sent for review, to or by whoever asks.
    review: Option<ReviewFilter>,
}

impl AlertFilter {
    /// The service's filter; nothing where nothing can be found.
    fn read(self, viewer: &Viewer) -> Option<alerts::AlertFilter> {
        if viewer.share.is_some() && self.assignee.is_some() {
            // A share shows no assignee: nor can one be guessed.
            return None;
        }
        let asked = self.policy_ids.unwrap_or_default();
        let policies: Vec<PolicyId> = asked.iter().filter_map(|id| id.parse().ok()).collect();
        (asked.is_empty() || !policies.is_empty()).then(|| alerts::AlertFilter {
            status: self.status.into_iter().flatten().map(Into::into).collect(),
            severity: self.severity.into_iter().flatten().map(Into::into).collect(),
            policies,
            risk_factors: self.risk_factors.into_iter().flatten().map(Into::into).collect(),
            assignee: self.assignee,
            overdue: self.overdue,
            raised_after: self.raised_after.map(|at| at.0),
            raised_before: self.raised_before.map(|at| at.0),
            sent_to: match self.review {
                Some(ReviewFilter::ToMe) => handover::addresses(viewer),
                _ => Vec::new(),
            },
            sent_by: (self.review == Some(ReviewFilter::ByMe)).then(|| viewer.id.clone()),
            ..alerts::AlertFilter::default()
        })
    }
}

/// How alerts are ordered; equals by id.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alerts::AlertOrder")]
pub enum AlertOrder {
    /// The newest first: the default.
    RaisedAtDesc,
    /// The oldest first.
    RaisedAtAsc,
    /// The highest score first.
    ScoreDesc,
    /// The most urgent first.
    DueAtAsc,
}

/// What a viewer can do with an alert.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum AlertAction {
    /// `confirmAlert`.
    Confirm,
    /// `dismissAlerts`.
    Dismiss,
    /// `assignAlert`.
    Assign,
    /// `sendAlertForReview`.
    SendForReview,
}

/// The alerts of something.
pub(super) enum AlertConnectionOf {
    Subject(SubjectId),
    Case(CaseId),
    /// The subject's that are not in the case.
    Around(CaseId, SubjectId),
}

impl AlertConnectionOf {
    pub(super) async fn page(
        self,
        ctx: &Context<'_>,
        permit: &Permit,
        args: PageArgs,
    ) -> Result<Connection<Alert>, ServiceError> {
        let filter = match self {
            Self::Subject(id) => alerts::AlertFilter { subject: Some(id), ..alerts::AlertFilter::default() },
            Self::Case(id) => alerts::AlertFilter { case: Some(id), ..alerts::AlertFilter::default() },
            Self::Around(case, id) => {
                alerts::AlertFilter { subject: Some(id), outside: Some(case), ..alerts::AlertFilter::default() }
            }
        };
        page(ctx, permit, &filter, alerts::AlertOrder::default(), args).await
    }
}

async fn page(
    ctx: &Context<'_>,
    permit: &Permit,
    filter: &alerts::AlertFilter,
    order: alerts::AlertOrder,
    args: PageArgs,
) -> Result<Connection<Alert>, ServiceError> {
    // A cursor is good for one order: its key is the ordering value.
    let list = match order {
        alerts::AlertOrder::RaisedAtDesc => "alerts/raised_at_desc",
        alerts::AlertOrder::RaisedAtAsc => "alerts/raised_at_asc",
        alerts::AlertOrder::ScoreDesc => "alerts/score_desc",
        alerts::AlertOrder::DueAtAsc => "alerts/due_at_asc",
    };
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this age fit a double exactly")]
    let key = |alert: &StoredAlert| {
        let value = match order {
            alerts::AlertOrder::RaisedAtDesc | alerts::AlertOrder::RaisedAtAsc => alert.raised_at.0 as f64,
            alerts::AlertOrder::ScoreDesc => alert.score,
            alerts::AlertOrder::DueAtAsc => alert.due_at.0 as f64,
        };
        (value, alert.id.uuid())
    };
    let page = Page::asked(list, args)?;
    let slice = page.slice(wants(ctx, "totalCount"));
    let listed = request::services(ctx)?.alerts(permit, filter, order, &slice).await?;
    Ok(Connection::of(&page, listed, key, Alert))
}

/// A finding that somebody has to look at.
#[derive(Clone)]
pub struct Alert(StoredAlert);

impl From<StoredAlert> for Alert {
    fn from(stored: StoredAlert) -> Self {
        Self(stored)
    }
}

impl Alert {
    /// As a filter compares it.
    pub(super) fn severity_now(&self) -> Severity {
        self.0.severity.into()
    }
}

/// A subject's activity under one policy that somebody has to look at. It explains itself and stays as it was when it was
/// last updated, whatever later happens to the subject's score.
#[Object]
impl Alert {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whose activity it is, under a pseudonym.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Subject, Error> {
        request::load_known(ctx, SubjectOf(self.0.subject, self.0.case)).await.map(Subject::from)
    }

    /// The policy that raised it.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Policy, Error> {
        request::load_known(ctx, self.0.policy).await.map(Policy::from)
    }

    /// The version of the policy that it was computed with.
    async fn policy_version(&self) -> i32 {
        self.0.policy_version
    }

    /// HIGH from a score of 67, MEDIUM from 34, else LOW. It may rise and fall until somebody has decided.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// Where it stands.
    async fn status(&self) -> AlertStatus {
        self.0.status.into()
    }

    /// 0–100.
    async fn score(&self) -> f64 {
        self.0.score
    }

    /// What the score is made of, the largest share first. Adds up to `score`, to within 0.01.
    async fn contributions(&self, ctx: &Context<'_>) -> Result<Vec<Contribution>, Error> {
        let insights = insights(ctx, self.0.id).await?;
        Ok(insights.into_iter().map(|insight| Contribution { subject: self.0.subject, insight }).collect())
    }

    /// One sentence: what started the scoring.
    async fn trigger(&self) -> &str {
        &self.0.trigger
    }

    /// What marks it.
    async fn risk_factors(&self) -> Vec<RiskFactor> {
        self.0.risk_factors.iter().map(|factor| (*factor).into()).collect()
    }

    /// The viewer who looks into it, by id; null where nobody does, and through a share.
    async fn assignee(&self, ctx: &Context<'_>) -> Option<&str> {
        // Who works here is no part of what is shared.
        request::permit(ctx, Resource::Alerts, Action::Change).and(self.0.assignee.as_deref())
    }

    /// To whom it is sent for review; null where to nobody, once it is decided about, and through a share.
    async fn review(&self, ctx: &Context<'_>) -> Option<AlertReview> {
        request::permit(ctx, Resource::Alerts, Action::Change)?;
        self.0.review.clone().map(Into::into)
    }

    /// Why it was dismissed; null where it was not.
    async fn dismiss_reason(&self) -> Option<DismissReason> {
        self.0.dismiss_reason.map(Into::into)
    }

    /// When it was raised.
    async fn raised_at(&self) -> DateTime {
        DateTime(self.0.raised_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Until when somebody should have looked: 24 hours after it was raised for HIGH, 72 for MEDIUM, 7 days for LOW.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    /// It needs review, and its time is over.
    async fn overdue(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let now = request::services(ctx).map_err(|error| super::errors::failed(&error))?.clock().now();
        Ok(self.0.status == rule::AlertStatus::NeedsReview && self.0.due_at < now)
    }

    /// How soon somebody should look at it, and why; null through a share.
    async fn triage(&self, ctx: &Context<'_>) -> Answer<AlertTriage> {
        let ranked = async {
            if request::permit(ctx, Resource::Alerts, Action::Change).is_none() {
                return Ok(None);
            }
            Ok::<_, ServiceError>(request::load(ctx, RankOf(self.0.id)).await?.map(AlertTriage::from))
        };
        ranked.await.into()
    }

    /// The insights that it rests on, the largest share first.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Insight>, Error> {
        let page = Page::asked("alert/insights", PageArgs { first, after, ..PageArgs::default() });
        let page = page.map_err(|error| super::errors::failed(&error))?;
        let insights = insights(ctx, self.0.id).await?;
        let keyed = (0u32..).zip(insights).map(|(at, insight)| (at, Insight::new(self.0.subject, insight)));
        Ok(Connection::cut(&page, keyed))
    }

    /// What the viewer may do with it as it stands: which buttons to show.
    async fn viewer_can(&self, ctx: &Context<'_>) -> Result<Vec<AlertAction>, Error> {
        let may = self.0.status == rule::AlertStatus::NeedsReview
            && request::permit(ctx, Resource::Alerts, Action::Change).is_some();
        if !may {
            return Ok(Vec::new());
        }
        let mut all = vec![AlertAction::Confirm, AlertAction::Dismiss];
        if is_limited(ctx, self.0.subject).await.map_err(|error| super::errors::failed(&error))? {
            // Whoever contributes to a case about the subject does not decide.
            all.clear();
        }
        all.extend([AlertAction::Assign, AlertAction::SendForReview]);
        Ok(all)
    }

    /// Notes on it, the oldest first; through a share as `Case.notes`.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>, Error> {
        let listed = async {
            if opened(ctx, Resource::Notes, ShareSection::Notes)?.is_none() {
                return Ok(Vec::new());
            }
            Ok(readable(ctx, request::load(ctx, NotesOf(self.0.id)).await?.unwrap_or_default()))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// The case that it is part of; null before it is confirmed.
    async fn case(&self, ctx: &Context<'_>) -> Answer<Case> {
        let Some(id) = self.0.case else { return Ok::<_, ServiceError>(None).into() };
        request::load(ctx, id).await.map(|case| case.map(Case::from)).into()
    }
}

/// An alert that is in the viewer's sight as it stands now, for whoever was refused.
pub(super) async fn standing(ctx: &Context<'_>, id: Option<AlertId>) -> Result<Option<Alert>, ServiceError> {
    match id {
        Some(id) => Ok(request::load(ctx, id).await?.map(Alert)),
        None => Ok(None),
    }
}

async fn insights(ctx: &Context<'_>, id: AlertId) -> Result<Vec<scoring::Insight>, Error> {
    let found = request::load(ctx, InsightsOf(id)).await.map_err(|error| super::errors::failed(&error))?;
    Ok(found.unwrap_or_default())
}

/// A share of an alert's score.
pub struct Contribution {
    subject: SubjectId,
    insight: scoring::Insight,
}

/// A share of an alert's score.
#[Object]
impl Contribution {
    /// What it comes from.
    async fn insight(&self) -> Insight {
        Insight::new(self.subject, self.insight.clone())
    }

    /// How much of the score it makes.
    async fn points(&self) -> f64 {
        self.insight.points
    }
}

impl Loader<AlertId> for Reader {
    type Value = StoredAlert;
    type Error = Fault;

    async fn load(&self, ids: &[AlertId]) -> Result<HashMap<AlertId, StoredAlert>, Fault> {
        let permit = self.permit(Resource::Alerts, Action::Read)?;
        Ok(self.services.alerts_by_id(&permit, ids).await?.into_iter().collect())
    }
}

/// The key of what an alert rests on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct InsightsOf(AlertId);

impl Loader<InsightsOf> for Reader {
    type Value = Vec<scoring::Insight>;
    type Error = Fault;

    async fn load(&self, keys: &[InsightsOf]) -> Result<HashMap<InsightsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Alerts, Action::Read)?;
        let ids: Vec<AlertId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.alert_insights(&permit, &ids).await?;
        Ok(found.into_iter().map(|(alert, insights)| (InsightsOf(alert), insights)).collect())
    }
}

/// The key of an alert's notes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NotesOf(AlertId);

impl Loader<NotesOf> for Reader {
    type Value = Vec<StoredNote>;
    type Error = Fault;

    async fn load(&self, keys: &[NotesOf]) -> Result<HashMap<NotesOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Notes, Action::Read)?;
        let ids: Vec<AlertId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.alert_notes(&permit, &ids).await?;
        Ok(found.into_iter().map(|(alert, notes)| (NotesOf(AlertId::new(alert)), notes)).collect())
    }
}

/// The part of the root about alerts.
#[derive(Default)]
pub struct AlertQuery;

#[Object]
impl AlertQuery {
    /// One alert; null where there is none of that id, or the viewer may not see alerts.
    async fn alert(&self, ctx: &Context<'_>, #[graphql(desc = "The alert's id.")] id: ID) -> Answer<Alert> {
        let found = async {
            let (Ok(id), Some(_)) = (id.parse::<AlertId>(), request::permit(ctx, Resource::Alerts, Action::Read))
            else {
                return Ok(None);
            };
            Ok::<_, ServiceError>(request::load(ctx, id).await?.map(Alert))
        };
        found.await.into()
    }

    /// Alerts.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<AlertFilter>,
        #[graphql(desc = "In which order; the newest first where left out.")] order_by: Option<AlertOrder>,
    ) -> Guarded<Connection<Alert>, rules::QueryAlerts> {
        guarded(ctx, async |permit| {
            let order = order_by.map(Into::into).unwrap_or_default();
            let args = PageArgs { first, after, last, before };
            match filter.unwrap_or_default().read(permit.viewer()) {
                Some(filter) => page(ctx, &permit, &filter, order, args).await,
                None => Ok(Connection::new(&Page::<(f64, uuid::Uuid)>::asked("alerts", args)?, vec![], false, 0)),
            }
        })
        .await
    }
}

/// What `dismissAlerts` takes.
#[derive(InputObject)]
pub struct DismissAlertsInput {
    /// At most 400, each once.
    alert_ids: Vec<ID>,
    /// Why.
    reason: DismissReason,
    /// More about it, at most 4,000 characters. Kept as a note on each alert; leave names out.
    note: Option<String>,
}

/// What `dismissAlerts` answers: all are dismissed or, with `userErrors`, none.
#[derive(SimpleObject)]
pub struct DismissAlertsPayload {
    /// The alerts as they stand now, in the order of the input: dismissed or, with `userErrors`, as they were found.
    alerts: Vec<Alert>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `confirmAlert` takes: `caseId` or `caseName`.
#[derive(InputObject)]
pub struct ConfirmAlertInput {
    /// Which alert.
    alert_id: ID,
    /// An active case about the same subject, which the alert joins.
    case_id: Option<ID>,
    /// The name of a new case. Leave the subject's name out: everybody who may see cases sees it.
    case_name: Option<String>,
    /// More about it, at most 4,000 characters. Kept as a note of the case; leave names out.
    comment: Option<String>,
}

/// What `confirmAlert` answers.
#[derive(SimpleObject)]
pub struct ConfirmAlertPayload {
    /// The alert as it stands now: confirmed or, with `userErrors`, as it was found; null where there is no such alert.
    alert: Option<Alert>,
    /// The case that it is part of now.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that decides about alerts.
#[derive(Default)]
pub struct AlertMutation;

#[Object]
impl AlertMutation {
    /// Puts alerts aside with a reason, all or none. Only alerts that need review: of two who decide at once, one wins, and the
    /// other gets CONFLICT.
    async fn dismiss_alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alerts, and why.")] input: DismissAlertsInput,
    ) -> Guarded<DismissAlertsPayload, rules::DismissAlerts> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[input.note.as_deref()]).await?;
            let ids: Vec<Option<AlertId>> = input.alert_ids.iter().map(|id| id.parse().ok()).collect();
            let asked = Dismissal { alerts: ids.clone(), reason: input.reason.into(), note: input.note };
            let (alerts, user_errors) = outcome(services.dismiss_alerts(&permit, asked).await)?;
            let mut alerts: Vec<Alert> = alerts.unwrap_or_default().into_iter().map(Alert).collect();
            if !user_errors.is_empty() {
                let all = ids.into_iter().take(limits::BULK_DISMISS).map(|id| standing(ctx, id));
                alerts = try_join_all(all).await?.into_iter().flatten().collect();
            }
            Ok::<_, ServiceError>(DismissAlertsPayload { alerts, user_errors, warnings })
        })
        .await
    }

    /// Takes an alert that needs review into a case, new or existing. Of two who decide at once, one wins, and the other gets
    /// CONFLICT and the alert as the first left it.
    async fn confirm_alert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alert, and into which case.")] input: ConfirmAlertInput,
    ) -> Guarded<ConfirmAlertPayload, rules::ConfirmAlert> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let texts = [input.case_name.as_deref(), input.comment.as_deref()];
            let warnings = services.warnings(&permit, &texts).await?;
            let id = input.alert_id.parse().ok();
            let asked = Confirmation {
                alert: id,
                case: input.case_id.map(|id| id.parse().ok()),
                case_name: input.case_name,
                comment: input.comment,
            };
            let (made, user_errors) = outcome(services.confirm_alert(&permit, asked).await)?;
            let (alert, case) = match made {
                Some((alert, case)) => (Some(Alert(alert)), Some(Case::from(case))),
                None => (standing(ctx, id).await?, None),
            };
            Ok::<_, ServiceError>(ConfirmAlertPayload { alert, case, user_errors, warnings })
        })
        .await
    }
}
