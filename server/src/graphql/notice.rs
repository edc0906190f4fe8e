//! Notices to subjects, and their templates.
//! Never: whom a notice went to.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::notices::{StoredNotice, StoredTemplate},
};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
    notice::{Filled, Template},
};

/// What a notice says. `{{name}}` stands for the subject's name and `{{date}}` for the day on which it is sent.
#[derive(Clone)]
pub struct NoticeTemplate(StoredTemplate);

impl From<StoredTemplate> for NoticeTemplate {
    fn from(stored: StoredTemplate) -> Self {
        Self(stored)
    }
}

/// What a notice says. `{{name}}` stands for the subject's name and `{{date}}` for the day on which it is sent.
#[Object]
impl NoticeTemplate {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What staff call it, unique.
    async fn name(&self) -> &str {
        &self.0.template.name
    }

    /// Who the notice is from, and where answers go.
    async fn from(&self) -> &str {
        &self.0.template.from
    }

    /// Who gets a copy: under the pseudonym, without the subject's address.
    async fn cc(&self) -> &[String] {
        &self.0.template.cc
    }

    /// The same, not seen by others.
    async fn bcc(&self) -> &[String] {
        &self.0.template.bcc
    }

    /// The line that says what it is about.
    async fn subject_line(&self) -> &str {
        &self.0.template.subject_line
    }

    /// The text.
    async fn body(&self) -> &str {
        &self.0.template.body
    }

    /// The same as HTML, for programs that show it; null where there is none.
    async fn html(&self) -> Option<&str> {
        self.0.template.html.as_deref()
    }
}

/// A notice that was sent to a case's subject.
#[derive(SimpleObject)]
pub struct Notice {
    /// Id.
    id: ID,
    /// The template as it was then.
    template: NoticeTemplate,
    /// The line that says what it is about, with its placeholders.
    subject_line: String,
    /// The name of the viewer who had it sent.
    sent_by: String,
    /// When.
    sent_at: DateTime,
    /// Whether a mail server has taken it.
    delivered: bool,
    /// When.
    delivered_at: Option<DateTime>,
    /// Why it is not delivered yet, of the last attempt; it is repeated for 31 hours.
    problem: Option<String>,
}

impl From<StoredNotice> for Notice {
    fn from(stored: StoredNotice) -> Self {
        Self {
            id: stored.id.into(),
            subject_line: stored.template.template.subject_line.clone(),
            template: NoticeTemplate(stored.template),
            sent_by: stored.sender,
            sent_at: DateTime(stored.sent_at),
            delivered: stored.delivered_at.is_some(),
            delivered_at: stored.delivered_at.map(DateTime),
            problem: stored.problem,
        }
    }
}

/// What a notice would say, with the subject's pseudonym for the name.
#[derive(SimpleObject)]
pub struct NoticePreview {
    /// The line that says what it is about.
    subject_line: String,
    /// The text.
    body: String,
    /// The same as HTML.
    html: Option<String>,
}

impl From<Filled> for NoticePreview {
    fn from(filled: Filled) -> Self {
        let Filled { subject_line, body, html } = filled;
        Self { subject_line, body, html }
    }
}

/// The key of a case's notices.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NoticesOf(pub(super) CaseId);

impl Loader<NoticesOf> for Reader {
    type Value = Vec<StoredNotice>;
    type Error = Fault;

    async fn load(&self, keys: &[NoticesOf]) -> Result<HashMap<NoticesOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Notices, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_notices(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, notices)| (NoticesOf(case), notices)).collect())
    }
}

/// The part of the root about notices.
#[derive(Default)]
pub struct NoticeQuery;

#[Object]
impl NoticeQuery {
    /// All templates of notices, by name; at most 200.
    async fn notice_templates(&self, ctx: &Context<'_>) -> Guarded<Vec<NoticeTemplate>, rules::QueryNoticeTemplates> {
        guarded(ctx, async |permit| {
            let found = request::services(ctx)?.notice_templates(&permit).await?;
            Ok::<_, ServiceError>(found.into_iter().map(NoticeTemplate).collect::<Vec<_>>())
        })
        .await
    }

    /// What a notice in a case would say, with the subject's pseudonym for the name; null where there is no such case or
    /// template.
    async fn notice_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] case_id: ID,
        #[graphql(desc = "The template.")] template_id: ID,
    ) -> Guarded<NoticePreview, rules::QueryNoticePreview> {
        guarded(ctx, async |permit| {
            let asked = (case_id.parse().ok(), template_id.parse().ok());
            let found = request::services(ctx)?.notice_preview(&permit, asked).await?;
            Ok::<_, ServiceError>(found.map(NoticePreview::from))
        })
        .await
    }
}

/// What `saveNoticeTemplate` takes.
#[derive(InputObject)]
pub struct SaveNoticeTemplateInput {
    /// Which template to change; left out: a new one. Notices that were sent keep what they said.
    id: Option<ID>,
    /// What staff call it, unique.
    name: String,
    /// Who notices are from, such as `HR <hr@example.org>`. The mail server has to let Vizard send for it.
    from: String,
    /// Who gets a copy, under the pseudonym; with `bcc` at most 20 addresses.
    cc: Option<Vec<String>>,
    /// The same, not seen by others.
    bcc: Option<Vec<String>>,
    /// The line that says what it is about, at most 200 characters. `{{name}}` and `{{date}}` are filled in, here and below.
    subject_line: String,
    /// The text, at most 65,536 bytes.
    body: String,
    /// The same as HTML, at most 65,536 bytes. It is sent as it is, beside the text; what is filled in is escaped.
    html: Option<String>,
}

/// What `saveNoticeTemplate` answers.
#[derive(SimpleObject)]
pub struct SaveNoticeTemplatePayload {
    /// The template as it is now; null where something was wrong.
    template: Option<NoticeTemplate>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `sendNotice` takes.
#[derive(InputObject)]
pub struct SendNoticeInput {
    /// An active case.
    case_id: ID,
    /// What to send.
    template_id: ID,
}

/// What `sendNotice` answers.
#[derive(SimpleObject)]
pub struct SendNoticePayload {
    /// The notice, on its way; null where something was wrong.
    notice: Option<Notice>,
    /// What was wrong with the input. Nothing was sent then.
    user_errors: Vec<UserError>,
}

/// The part of the root that sends notices.
#[derive(Default)]
pub struct NoticeMutation;

#[Object]
impl NoticeMutation {
    /// Adds a template of notices, or changes one.
    async fn save_notice_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of the template.")] input: SaveNoticeTemplateInput,
    ) -> Guarded<SaveNoticeTemplatePayload, rules::SaveNoticeTemplate> {
        guarded(ctx, async |permit| {
            let template = Template {
                name: input.name,
                from: input.from,
                cc: input.cc.unwrap_or_default(),
                bcc: input.bcc.unwrap_or_default(),
                subject_line: input.subject_line,
                body: input.body,
                html: input.html,
            };
            let id = input.id.map(|id| id.parse().ok());
            let saved = request::services(ctx)?.save_notice_template(&permit, id, template).await;
            let (template, user_errors) = outcome(saved)?;
            Ok::<_, ServiceError>(SaveNoticeTemplatePayload { template: template.map(NoticeTemplate), user_errors })
        })
        .await
    }

    /// Sends a notice to the subject of a case, by mail, without showing to whom. The case stays as it is. It answers at once;
    /// `Notice.delivered` tells when a mail server has taken it.
    async fn send_notice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which case, and what.")] input: SendNoticeInput,
    ) -> Guarded<SendNoticePayload, rules::SendNotice> {
        guarded(ctx, async |permit| {
            let asked = (input.case_id.parse().ok(), input.template_id.parse().ok());
            let (notice, user_errors) = outcome(request::services(ctx)?.send_notice(&permit, asked).await)?;
            Ok::<_, ServiceError>(SendNoticePayload { notice: notice.map(Notice::from), user_errors })
        })
        .await
    }
}
