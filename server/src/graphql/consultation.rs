//! Consultations: a question about a masked case to HR, legal or a manager, and their answer.
//! Never: a token, but in the one answer of the mutation that asked.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
    words::{ShareAudience, ShareSection},
};
use crate::{
    error::ServiceError,
    service::{consultations::StoredConsultation, shares::ShareAsked},
};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// A question about a case to somebody outside of the team, and what was answered.
#[derive(SimpleObject)]
pub struct Consultation {
    /// Id.
    id: ID,
    /// What is asked.
    question: String,
    /// What can be answered.
    choices: Vec<String>,
    /// Who is asked: their department.
    audience: ShareAudience,
    /// Who exactly, in the words of who asked.
    recipient: String,
    /// The name of the viewer who asked.
    asked_by: String,
    /// When.
    asked_at: DateTime,
    /// Until when it can be answered.
    expires_at: DateTime,
    /// The answer: one of the choices; null while there is none.
    choice: Option<String>,
    /// What was said beside it.
    comment: Option<String>,
    /// When it was answered.
    answered_at: Option<DateTime>,
}

impl From<StoredConsultation> for Consultation {
    fn from(stored: StoredConsultation) -> Self {
        let (answer, answered_at) = stored.answer.unzip();
        let (choice, comment) = answer.map_or((None, None), |answer| (Some(answer.choice), answer.comment));
        Self {
            id: stored.id.into(),
            question: stored.question.text,
            choices: stored.question.choices,
            audience: stored.audience.into(),
            recipient: stored.recipient,
            asked_by: stored.asker,
            asked_at: DateTime(stored.asked_at),
            expires_at: DateTime(stored.expires_at),
            choice,
            comment,
            answered_at: answered_at.map(DateTime),
        }
    }
}

/// The key of a case's consultations.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConsultationsOf(pub(super) CaseId);

impl Loader<ConsultationsOf> for Reader {
    type Value = Vec<StoredConsultation>;
    type Error = Fault;

    async fn load(&self, keys: &[ConsultationsOf]) -> Result<HashMap<ConsultationsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Consultations, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_consultations(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, all)| (ConsultationsOf(case), all)).collect())
    }
}

/// What `askConsultation` takes.
#[derive(InputObject)]
pub struct AskConsultationInput {
    /// Which case.
    case_id: ID,
    /// Who is asked: their department.
    audience: ShareAudience,
    /// Who exactly: a role, a name of staff. At most 200 characters.
    recipient: String,
    /// What is asked, at most 2,000 characters. Leave names of subjects out.
    question: String,
    /// Two to six answers to choose from, at most 100 characters each.
    choices: Vec<String>,
    /// What of the case is opened beside the question, as with `shareCase`; left out: nothing but what the case is about and
    /// where it stands.
    sections: Option<Vec<ShareSection>>,
    /// Whether the identity is shown, as long as it is revealed to you in this case; otherwise the case is masked.
    include_identity: Option<bool>,
    /// For how many hours it can be answered, 1 to 2,160.
    expires_in_hours: i32,
    /// Why you ask, at most 4,000 characters. Whoever is asked does not see it.
    reason: String,
}

/// What `askConsultation` answers.
#[derive(SimpleObject)]
pub struct AskConsultationPayload {
    /// The question; null where something was wrong with the input.
    consultation: Option<Consultation>,
    /// Opens the question: hand it to the recipient over a safe channel. It is in this answer once and nowhere else, ever.
    token: Option<String>,
    /// Opens the page of the question in a browser: `…/share#vzs_…`, the token behind the `#`, where browsers keep it to themselves. It
    /// begins with the configuration's `public_url`; without one with `/share`, to be completed with the server's address. Like
    /// the token: in this answer once, for a safe channel.
    url: Option<String>,
    /// What was wrong with the input. Nothing was asked then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `answerConsultation` takes.
#[derive(InputObject)]
pub struct AnswerConsultationInput {
    /// The question, as `Case.consultations` shows it through the share.
    consultation_id: ID,
    /// One of the choices, as it is written there.
    choice: String,
    /// More about it, at most 2,000 characters.
    comment: Option<String>,
}

/// What `answerConsultation` answers.
#[derive(SimpleObject)]
pub struct AnswerConsultationPayload {
    /// The question with its answer; null where something was wrong with the input.
    consultation: Option<Consultation>,
    /// What was wrong with the input. Nothing was answered then.
    user_errors: Vec<UserError>,
}

/// The part of the root that asks and answers.
#[derive(Default)]
pub struct ConsultationMutation;

#[Object]
impl ConsultationMutation {
    /// Asks somebody without an account about a case, with answers to choose from. They get a share with the question; the answer
    /// becomes a note of the case.
    async fn ask_consultation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About which case, whom, and what.")] input: AskConsultationInput,
    ) -> Guarded<AskConsultationPayload, rules::AskConsultation> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let texts: Vec<Option<&str>> = [&input.reason, &input.question]
                .into_iter()
                .chain(&input.choices)
                .map(|text| Some(text.as_str()))
                .collect();
            let warnings = services.warnings(&permit, &texts).await?;
            let share = ShareAsked {
                case: input.case_id.parse().ok(),
                audience: input.audience.into(),
                recipient: input.recipient,
                sections: input.sections.unwrap_or_default().into_iter().map(Into::into).collect(),
                identity: input.include_identity.unwrap_or(false),
                hours: input.expires_in_hours,
                reason: input.reason,
            };
            let asked = services.consult(&permit, share, (&input.question, &input.choices)).await;
            let (asked, user_errors) = outcome(asked)?;
            let (consultation, token) = asked.unzip();
            let consultation = consultation.map(Consultation::from);
            let url = token.as_deref().map(|token| services.share_link(token));
            Ok::<_, ServiceError>(AskConsultationPayload { consultation, token, url, user_errors, warnings })
        })
        .await
    }

    /// Answers a question, once. Only the holder of the share that asks can; no role is enough.
    async fn answer_consultation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which question, and what you answer.")] input: AnswerConsultationInput,
    ) -> Guarded<AnswerConsultationPayload, rules::AnswerConsultation> {
        guarded(ctx, async |permit| {
            let id = input.consultation_id.parse().ok();
            let said = (input.choice.as_str(), input.comment.as_deref());
            let (answered, user_errors) =
                outcome(request::services(ctx)?.answer_consultation(&permit, id, said).await)?;
            let consultation = answered.map(Consultation::from);
            Ok::<_, ServiceError>(AnswerConsultationPayload { consultation, user_errors })
        })
        .await
    }
}
