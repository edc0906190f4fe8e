//! Alerts in somebody's hands: given to a viewer, sent for review to a viewer or a role.
//! Never: a decision about an alert.

use super::{
    alert::{Alert, standing},
    guard::{Guarded, guarded},
    request, rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::handover::{HandoverOrder, StoredReview},
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use vizard_core::ids::AlertId;

/// That somebody else is asked to look at an alert.
#[derive(SimpleObject)]
pub struct AlertReview {
    /// A viewer's id, or a role: `ANALYST`, `INVESTIGATOR`.
    to: String,
    /// The name of the viewer who sent it.
    sent_by: String,
    /// What they said. It is a note of the alert too, and stays there when the review is over.
    note: String,
    /// When it was sent.
    at: DateTime,
}

impl From<StoredReview> for AlertReview {
    fn from(stored: StoredReview) -> Self {
        let StoredReview { to, by, sender: _, note, at } = stored;
        Self { to, sent_by: by, note, at: DateTime(at) }
    }
}

/// Which alerts that are sent for review.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ReviewFilter {
    /// To whoever asks, or to a role of theirs.
    ToMe,
    /// By whoever asks.
    ByMe,
}

/// What `assignAlert` takes.
#[derive(InputObject)]
pub struct AssignAlertInput {
    /// An alert that needs review.
    alert_id: ID,
    /// The id of the viewer who looks into it; null for nobody.
    assignee: Option<String>,
    /// Who has it now, as you see it; left out where nobody has. Where somebody was quicker it is a CONFLICT.
    instead_of: Option<String>,
}

/// What `assignAlert` answers.
#[derive(SimpleObject)]
pub struct AssignAlertPayload {
    /// The alert as it stands now, also where something was wrong with the input; null where there is no such alert.
    alert: Option<Alert>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `sendAlertForReview` takes.
#[derive(InputObject)]
pub struct SendAlertForReviewInput {
    /// An alert that needs review.
    alert_id: ID,
    /// A viewer's id, or a role: `ANALYST`, `INVESTIGATOR`.
    to: String,
    /// What to look at, at most 4,000 characters; leave names out.
    note: String,
    /// To whom it is sent now, as you see it, to send it on; left out where to nobody. Where somebody was quicker it is a
    /// CONFLICT.
    instead_of: Option<String>,
}

/// What `sendAlertForReview` answers.
#[derive(SimpleObject)]
pub struct SendAlertForReviewPayload {
    /// The alert as it stands now, also where something was wrong with the input; null where there is no such alert.
    alert: Option<Alert>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `endAlertReview` takes.
#[derive(InputObject)]
pub struct EndAlertReviewInput {
    /// An alert that is sent for review.
    alert_id: ID,
    /// What came of it, at most 4,000 characters; leave names out.
    note: String,
}

/// What `endAlertReview` answers.
#[derive(SimpleObject)]
pub struct EndAlertReviewPayload {
    /// The alert as it stands now, also where something was wrong with the input; null where there is no such alert.
    alert: Option<Alert>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that hands alerts over.
#[derive(Default)]
pub struct HandoverMutation;

#[Object]
impl HandoverMutation {
    /// Gives an alert that needs review to one viewer, or to nobody. Anybody who may decide about alerts can give and take.
    async fn assign_alert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alert, and to whom.")] input: AssignAlertInput,
    ) -> Guarded<AssignAlertPayload, rules::AssignAlert> {
        guarded(ctx, async |permit| {
            let alert: Option<AlertId> = input.alert_id.parse().ok();
            let order = HandoverOrder { alert, to: input.assignee, instead_of: input.instead_of };
            let done = outcome(request::services(ctx)?.assign_alert(&permit, order).await)?;
            let (alert, user_errors) = shown(ctx, alert, done).await?;
            Ok::<_, ServiceError>(AssignAlertPayload { alert, user_errors })
        })
        .await
    }

    /// Asks another viewer, or everybody with a role, to look at an alert that needs review. It is not decided about; the
    /// review is over with `endAlertReview`, or when somebody decides.
    async fn send_alert_for_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alert, to whom, and what to look at.")] input: SendAlertForReviewInput,
    ) -> Guarded<SendAlertForReviewPayload, rules::SendAlertForReview> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.note)]).await?;
            let alert: Option<AlertId> = input.alert_id.parse().ok();
            let order = HandoverOrder { alert, to: Some(input.to), instead_of: input.instead_of };
            let done = outcome(services.send_alert_for_review(&permit, order, &input.note).await)?;
            let (alert, user_errors) = shown(ctx, alert, done).await?;
            Ok::<_, ServiceError>(SendAlertForReviewPayload { alert, user_errors, warnings })
        })
        .await
    }

    /// Ends a review without a decision about the alert: whom it was sent to, or who sent it.
    async fn end_alert_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alert, and what came of it.")] input: EndAlertReviewInput,
    ) -> Guarded<EndAlertReviewPayload, rules::EndAlertReview> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.note)]).await?;
            let alert: Option<AlertId> = input.alert_id.parse().ok();
            let done = outcome(services.end_alert_review(&permit, alert, &input.note).await)?;
            let (alert, user_errors) = shown(ctx, alert, done).await?;
            Ok::<_, ServiceError>(EndAlertReviewPayload { alert, user_errors, warnings })
        })
        .await
    }
}

/// The alert after the act or, where it was refused, as it stands.
async fn shown<S: Into<Alert>>(
    ctx: &Context<'_>,
    id: Option<AlertId>,
    (done, user_errors): (Option<S>, Vec<UserError>),
) -> Result<(Option<Alert>, Vec<UserError>), ServiceError> {
    let alert = match done {
        Some(stored) => Some(stored.into()),
        None => standing(ctx, id).await?,
    };
    Ok((alert, user_errors))
}
