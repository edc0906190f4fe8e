//! Keeping and erasing: legal holds of cases, erasure of people.
//! Never: an account in an answer.

use super::{
    case::Case,
    guard::{Guarded, guarded},
    request, rules,
    user_error::{UserError, outcome},
};
use crate::{error::ServiceError, service::holds::HoldOrder};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

/// What `setLegalHold` takes.
#[derive(InputObject)]
pub struct SetLegalHoldInput {
    /// A case, active or closed.
    case_id: ID,
    /// Whether it shall be on hold.
    hold: bool,
    /// Why, at most 4,000 characters: it stands in the case and in the audit log. Leave names out.
    reason: String,
}

/// What `setLegalHold` answers.
#[derive(SimpleObject)]
pub struct SetLegalHoldPayload {
    /// The case as it is now; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `eraseSubject` takes.
#[derive(InputObject)]
pub struct EraseSubjectInput {
    /// An address or a sign-in name of the person.
    account: String,
    /// Why, at most 4,000 characters. The audit log keeps it: leave the account and names out.
    reason: String,
}

/// What `eraseSubject` answers: the least that is useful. The account is not repeated, and whoever was erased is nobody.
#[derive(SimpleObject)]
pub struct EraseSubjectPayload {
    /// Whether somebody was erased by this.
    erased: bool,
    /// What was wrong with the input: NOT_FOUND of an account that nobody has, or has any more; NOT_ALLOWED under a legal
    /// hold. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that keeps and erases.
#[derive(Default)]
pub struct KeepingMutation;

#[Object]
impl KeepingMutation {
    /// Puts a case on legal hold, or takes it off. As long as one of a subject's cases is on hold, nothing of the subject is
    /// removed by retention or erased.
    async fn set_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, whether it shall be on hold, and why.")] input: SetLegalHoldInput,
    ) -> Guarded<SetLegalHoldPayload, rules::SetLegalHold> {
        guarded(ctx, async |permit| {
            let order = HoldOrder { case: input.case_id.parse().ok(), hold: input.hold, reason: input.reason };
            let (case, user_errors) = outcome(request::services(ctx)?.set_legal_hold(&permit, order).await)?;
            Ok::<_, ServiceError>(SetLegalHoldPayload { case: case.map(Case::from), user_errors })
        })
        .await
    }

    /// Erases a person for good: the key of their data, their names, profile, events, scores, and every text about them.
    /// Cases keep their ids and dates; the audit log stays whole. What comes in of the account afterwards is somebody new.
    async fn erase_subject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and why.")] input: EraseSubjectInput,
    ) -> Guarded<EraseSubjectPayload, rules::EraseSubject> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let (done, user_errors) = outcome(services.erase_subject(&permit, &input.account, &input.reason).await)?;
            Ok::<_, ServiceError>(EraseSubjectPayload { erased: done.is_some(), user_errors })
        })
        .await
    }
}
