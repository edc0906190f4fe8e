//! Consultations: a question about a masked case goes out with a share, and the answer comes back as a note.
//! Never: an answer but by the holder of the share that asks.

use super::{
    Services,
    alerts::{invalid, not_found},
    cases::frozen,
    shares::ShareAsked,
};
pub(crate) use crate::store::StoredConsultation;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Answered, Entry, NewNote},
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource, share::ShareSection},
    audit::{AuditActivity, AuditCategory},
    consultation::Question,
    ids::{CaseId, ConsultationId},
    problem::{Problem, ProblemCode},
};

impl Services {
    /// Asks a question with a share of its own; answers with the question and the share's token, which exists nowhere else.
    pub(crate) async fn consult(
        &self,
        permit: &Permit,
        mut share: ShareAsked,
        (question, choices): (&str, &[String]),
    ) -> Result<(StoredConsultation, String), ServiceError> {
        let viewer = permit.require(Resource::Consultations, Action::Change)?;
        let question = Question::new(question, choices).map_err(ServiceError::Invalid)?;
        share.sections.push(ShareSection::Question);
        let id = self.ids.draw(ConsultationId::new);
        let (made, token) = self.open_share(viewer, &permit.sight(), share, Some((id, &question))).await?;
        let asked = StoredConsultation {
            id,
            case: made.case,
            question,
            asker: made.creator,
            asked_at: made.created_at,
            audience: made.audience,
            recipient: made.recipient,
            expires_at: made.expires_at,
            answer: None,
        };
        Ok((asked, token))
    }

    /// Answers a question, as the holder of its share.
    pub(crate) async fn answer_consultation(
        &self,
        permit: &Permit,
        id: Option<ConsultationId>,
        (choice, comment): (&str, Option<&str>),
    ) -> Result<StoredConsultation, ServiceError> {
        let viewer = permit.require(Resource::ConsultationAnswers, Action::Change)?;
        let field = ["input", "consultationId"];
        let unknown = || invalid(not_found("question").within(&field));
        let (Some(id), Some(share)) = (id, &viewer.share) else { return Err(unknown()) };
        let asked = self.store.question(share.id, id).await?.ok_or_else(unknown)?;
        let answer = asked.question.answered(choice, comment).map_err(ServiceError::Invalid)?;
        let body = asked.question.note(&answer);
        let note = NewNote { author: asked.recipient.as_str().into(), system: false, body: body.into() };
        let detail = serde_json::json!({"consultation": id, "answered": true});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Cases, asked.case, &detail);
        match self.store.answer((&permit.sight(), &asked), &answer, (&note, entry), &self.clock).await? {
            Answered::Done(answered) => Ok(*answered),
            Answered::Unknown => Err(unknown()),
            Answered::Closed => Err(invalid(frozen(&field))),
            Answered::Already => {
                let message = "The question was answered before. An answer stays as it is: tell who asked.";
                Err(invalid(Problem::new(&field, ProblemCode::Conflict, message)))
            }
        }
    }

    /// The consultations of cases, the newest first; to the holder of a share, their own.
    pub(crate) async fn case_consultations(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<StoredConsultation>>, ServiceError> {
        let viewer = permit.require(Resource::Consultations, Action::Read)?;
        Ok(self.store.case_consultations(viewer.share.as_ref().map(|share| share.id), ids).await?)
    }
}
