//! Notices: mail to a subject from a template, sent without anybody here seeing to whom.
//! Never: an address or a name of a subject in an answer, or in a copy: copies go out under the pseudonym.

use super::{
    Services,
    alerts::{invalid, not_found},
    cases::frozen,
};
pub(crate) use crate::store::{StoredNotice, StoredTemplate};
use crate::{
    error::ServiceError,
    mail,
    permit::Permit,
    store::{Entry, NewNote, Noticed, TemplateSaved},
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{CaseId, NoticeTemplateId},
    limits,
    notice::{Filled, Filling, Template},
    problem::{Problem, ProblemCode},
};

impl Services {
    /// All templates of notices, by name.
    pub(crate) async fn notice_templates(&self, permit: &Permit) -> Result<Vec<StoredTemplate>, ServiceError> {
        permit.require(Resource::Notices, Action::Read)?;
        Ok(self.store.notice_templates().await?)
    }

    /// One template.
    pub(crate) async fn notice_template(
        &self,
        permit: &Permit,
        id: NoticeTemplateId,
    ) -> Result<Option<StoredTemplate>, ServiceError> {
        permit.require(Resource::Notices, Action::Read)?;
        Ok(self.store.notice_template(id).await?)
    }

    /// Adds a template, or changes one: `id` is none for a new one, and its inside is none where it cannot be an id.
    pub(crate) async fn save_notice_template(
        &self,
        permit: &Permit,
        id: Option<Option<NoticeTemplateId>>,
        template: Template,
    ) -> Result<StoredTemplate, ServiceError> {
        let viewer = permit.require(Resource::Notices, Action::Change)?;
        let unknown = || invalid(not_found("notice template").within(&["input", "id"]));
        let template = template.checked(mail::is_address).map_err(ServiceError::Invalid)?;
        let (new, activity) = match id {
            None => (true, AuditActivity::Added),
            Some(_) => (false, AuditActivity::Edited),
        };
        let id = match id {
            None => self.ids.draw(NoticeTemplateId::new),
            Some(id) => id.ok_or_else(unknown)?,
        };
        let stored = StoredTemplate { id, template };
        let detail = serde_json::json!({"copies": stored.template.cc.len() + stored.template.bcc.len()});
        let entry = Entry::by(viewer, activity, AuditCategory::NoticeTemplates, id, &detail);
        match self.store.save_template((&stored, new), entry, self.clock.now()).await? {
            TemplateSaved::Done => Ok(stored),
            TemplateSaved::Missing => Err(unknown()),
            TemplateSaved::NameTaken => {
                let message = "Another notice template has this name. Names are unique.";
                Err(ServiceError::invalid(&["input", "name"], ProblemCode::Conflict, message))
            }
            TemplateSaved::TooMany => {
                let message = format!("There are at most {} notice templates.", limits::NOTICE_TEMPLATES);
                Err(ServiceError::invalid(&["input"], ProblemCode::LimitExceeded, message))
            }
        }
    }

    /// What a notice would say, with the pseudonym for the name; nothing where case or template are not there.
    pub(crate) async fn notice_preview(
        &self,
        permit: &Permit,
        (case, template): (Option<CaseId>, Option<NoticeTemplateId>),
    ) -> Result<Option<Filled>, ServiceError> {
        permit.require(Resource::Notices, Action::Read)?;
        let (Some(case), Some(template)) = (case, template) else { return Ok(None) };
        let Some(stored) = self.store.notice_template(template).await? else { return Ok(None) };
        let pseudonym = self.store.pseudonym_in(&permit.sight(), case).await?;
        let date = self.clock.now().day();
        Ok(pseudonym.map(|name| stored.template.fill(Filling { name: &name, date })))
    }

    /// Has a notice sent to the subject of a case. It is on its way when this answers, not there.
    pub(crate) async fn send_notice(
        &self,
        permit: &Permit,
        (case, template): (Option<CaseId>, Option<NoticeTemplateId>),
    ) -> Result<StoredNotice, ServiceError> {
        let viewer = permit.require(Resource::Notices, Action::Change)?;
        let no_case = || invalid(not_found("case").within(&["input", "caseId"]));
        let no_template = || invalid(not_found("notice template").within(&["input", "templateId"]));
        let case = case.ok_or_else(no_case)?;
        let template = template.ok_or_else(no_template)?;
        if self.settings.mailer.is_none() {
            let message = "Mail is not set up: the operator has to configure smtp_url and mail_from.";
            return Err(invalid(Problem::new(&[], ProblemCode::NotEnabled, message)));
        }
        let note =
            NewNote { author: (&viewer.name).into(), system: true, body: "A notice was sent to the subject.".into() };
        let detail = serde_json::json!({"template": template});
        let entry = Entry::by(viewer, AuditActivity::NoticeSent, AuditCategory::Cases, case, &detail);
        let sight = permit.sight();
        let sent = self.store.send_notice(&sight, (case, template), &viewer.name, (note, entry), &self.clock);
        match sent.await? {
            Noticed::Done(notice) => {
                self.bell.messages.notify_one();
                Ok(*notice)
            }
            Noticed::NoCase => Err(no_case()),
            Noticed::NoTemplate => Err(no_template()),
            Noticed::Closed => Err(invalid(frozen(&["input", "caseId"]))),
            Noticed::NoAddress => {
                let message = "No connector has delivered a mail address of the subject.";
                Err(ServiceError::invalid(&["input", "caseId"], ProblemCode::NotAllowed, message))
            }
            Noticed::TooMany => {
                let message = format!("There are {} notices in the case already.", limits::CASE_NOTICES);
                Err(ServiceError::invalid(&["input", "caseId"], ProblemCode::LimitExceeded, message))
            }
        }
    }

    /// The notices of cases, the newest first.
    pub(crate) async fn case_notices(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<StoredNotice>>, ServiceError> {
        permit.require(Resource::Notices, Action::Read)?;
        Ok(self.store.case_notices(ids).await?)
    }
}
