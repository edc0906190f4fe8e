//! Notices and their templates.
//! Never: a name or an address of a subject in a row; an address that leaves this module but for the message itself.

use super::{
    Store,
    alerts::{NewNote, lock_case},
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, marks},
};
use crate::{clock::Clock, permit::Sight};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    case::CaseStatus,
    ids::{CaseId, NoticeId, NoticeTemplateId, SubjectId},
    limits,
    message::MessageKind,
    notice::Template,
    time::Micros,
};

/// A template of notices.
#[derive(Clone)]
pub(crate) struct StoredTemplate {
    pub(crate) id: NoticeTemplateId,
    pub(crate) template: Template,
}

/// What became of a change of a template.
pub(crate) enum TemplateSaved {
    Done,
    /// Another template has the name.
    NameTaken,
    /// There are as many as there may be.
    TooMany,
    /// There is none of that id.
    Missing,
}

/// A notice, with the template as it was when it was sent.
#[derive(Clone)]
pub(crate) struct StoredNotice {
    pub(crate) id: NoticeId,
    pub(crate) case: CaseId,
    pub(crate) template: StoredTemplate,
    /// The name of the viewer.
    pub(crate) sender: String,
    pub(crate) sent_at: Micros,
    /// When a mail server took it.
    pub(crate) delivered_at: Option<Micros>,
    /// Why the last attempt failed, in words of ours.
    pub(crate) problem: Option<String>,
}

/// What became of a notice.
pub(crate) enum Noticed {
    NoCase,
    NoTemplate,
    Closed,
    /// No connector has delivered a mail address of the subject.
    NoAddress,
    TooMany,
    Done(Box<StoredNotice>),
}

/// A notice on its way out, with whom it is about under the pseudonym of its case.
pub(crate) struct NoticeToSend {
    pub(crate) notice: StoredNotice,
    pub(crate) subject: SubjectId,
    pub(crate) pseudonym: String,
}

const NOTICE: &str =
    "n.id, n.case_id, n.template_id, n.template, n.sender, n.sent_at, o.sent_at AS delivered_at, o.error";
const FROM: &str = "notices n LEFT JOIN outbox o ON o.about = n.id AND o.kind = 'NOTICE'";

fn template(row: &Row) -> anyhow::Result<StoredTemplate> {
    Ok(StoredTemplate { id: NoticeTemplateId::new(row.get("id")?), template: row.json("template")? })
}

fn notice(row: &Row) -> anyhow::Result<StoredNotice> {
    Ok(StoredNotice {
        id: NoticeId::new(row.get("id")?),
        case: CaseId::new(row.get("case_id")?),
        template: StoredTemplate {
            id: NoticeTemplateId::new(row.get("template_id")?),
            template: row.json("template")?,
        },
        sender: row.get("sender")?,
        sent_at: Micros(row.get("sent_at")?),
        delivered_at: super::cases::instant(row, "delivered_at")?,
        problem: row.get("error")?,
    })
}

impl Store {
    /// All templates, by name.
    pub(crate) async fn notice_templates(&self) -> anyhow::Result<Vec<StoredTemplate>> {
        let rows = self.db.rows("SELECT id, template FROM notice_templates ORDER BY name, id", vec![]).await?;
        rows.iter().map(template).collect()
    }

    /// One template.
    pub(crate) async fn notice_template(&self, id: NoticeTemplateId) -> anyhow::Result<Option<StoredTemplate>> {
        let sql = "SELECT id, template FROM notice_templates WHERE id = $1";
        self.db.row(sql, vec![id.uuid().into()]).await?.as_ref().map(template).transpose()
    }

    /// Adds a template, or changes the one of that id.
    pub(crate) async fn save_template(
        &self,
        (stored, new): (&StoredTemplate, bool),
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<TemplateSaved> {
        let tx = self.db.begin().await?;
        let (id, name) = (stored.id.uuid(), stored.template.name.as_str());
        let taken = "SELECT 1 AS one FROM notice_templates WHERE name = $1 AND id <> $2";
        if tx.row(taken, vec![name.into(), id.into()]).await?.is_some() {
            return Ok(TemplateSaved::NameTaken);
        }
        let text = serde_json::to_string(&stored.template)?;
        let values = vec![id.into(), name.into(), text.into(), now.0.into()];
        if new {
            let count = tx.count("SELECT count(*) AS number FROM notice_templates", vec![]).await?;
            if count >= limits::NOTICE_TEMPLATES {
                return Ok(TemplateSaved::TooMany);
            }
            tx.run("INSERT INTO notice_templates (id, name, template, updated_at) VALUES ($1, $2, $3, $4)", values)
                .await?;
        } else {
            let sql = "UPDATE notice_templates SET name = $2, template = $3, updated_at = $4 WHERE id = $1";
            if tx.run(sql, values).await? == 0 {
                return Ok(TemplateSaved::Missing);
            }
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(TemplateSaved::Done)
    }

    /// The notices of cases, the newest first.
    pub(crate) async fn case_notices(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, Vec<StoredNotice>>> {
        let mut found: BTreeMap<CaseId, Vec<StoredNotice>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let within = marks(0, ids.len());
        let sql =
            format!("SELECT {NOTICE} FROM {FROM} WHERE n.case_id IN ({within}) ORDER BY n.sent_at DESC, n.id DESC");
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let stored = notice(&row)?;
            found.entry(stored.case).or_default().push(stored);
        }
        Ok(found)
    }

    /// Has a notice sent to the subject of a case that is in sight, and the copies that its template wants.
    pub(crate) async fn send_notice(
        &self,
        sight: &Sight,
        (case, id): (CaseId, NoticeTemplateId),
        sender: &str,
        (note, entry): (NewNote<'_>, Entry),
        clock: &Clock,
    ) -> anyhow::Result<Noticed> {
        let tx = self.db.begin().await?;
        let Some(found) = lock_case(&tx, sight, case).await? else { return Ok(Noticed::NoCase) };
        if found.status == CaseStatus::Closed {
            return Ok(Noticed::Closed);
        }
        let sql = "SELECT id, template FROM notice_templates WHERE id = $1";
        let Some(row) = tx.row(sql, vec![id.uuid().into()]).await? else { return Ok(Noticed::NoTemplate) };
        let template = template(&row)?;
        let sql = "SELECT count(*) AS number FROM notices WHERE case_id = $1";
        if tx.count(sql, vec![case.uuid().into()]).await? >= limits::CASE_NOTICES {
            return Ok(Noticed::TooMany);
        }
        if self.addressee(&tx, found.subject).await?.is_none() {
            return Ok(Noticed::NoAddress);
        }
        let now = super::reveals::common_time(&tx, clock).await?;
        let notice = StoredNotice {
            id: self.ids.draw(NoticeId::new),
            case,
            template,
            sender: sender.to_owned(),
            sent_at: now,
            delivered_at: None,
            problem: None,
        };
        tx.run(
            "INSERT INTO notices (id, case_id, template_id, template, sender, sent_at) VALUES ($1, $2, $3, $4, $5, $6)",
            vec![
                notice.id.uuid().into(),
                case.uuid().into(),
                id.uuid().into(),
                serde_json::to_string(&notice.template.template)?.into(),
                sender.into(),
                now.0.into(),
            ],
        )
        .await?;
        let template = &notice.template.template;
        self.tell(&tx, MessageKind::Notice, notice.id.uuid(), now).await?;
        if !(template.cc.is_empty() && template.bcc.is_empty()) {
            self.tell(&tx, MessageKind::NoticeCopy, notice.id.uuid(), now).await?;
        }
        self.write_note(&tx, None, Some(case), &note, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(Noticed::Done(Box::new(notice)))
    }

    /// A notice, for the message about it.
    pub(crate) async fn notice_to_send(&self, id: NoticeId) -> anyhow::Result<Option<NoticeToSend>> {
        let sql = format!(
            "SELECT {NOTICE}, c.subject_id, COALESCE(c.pseudonym, s.pseudonym) AS pseudonym FROM {FROM} \
             JOIN cases c ON c.id = n.case_id JOIN subjects s ON s.id = c.subject_id WHERE n.id = $1"
        );
        let Some(row) = self.db.row(&sql, vec![id.uuid().into()]).await? else { return Ok(None) };
        Ok(Some(NoticeToSend {
            notice: notice(&row)?,
            subject: SubjectId::new(row.get::<Uuid>("subject_id")?),
            pseudonym: row.get("pseudonym")?,
        }))
    }

    /// The pseudonym of a case's subject in that case; nothing where it is out of sight.
    pub(crate) async fn pseudonym_in(&self, sight: &Sight, case: CaseId) -> anyhow::Result<Option<String>> {
        let mut values = vec![case.uuid().into()];
        let seen = sight.and("c.subject_id", Some("c.id"), &mut values);
        let sql = format!(
            "SELECT COALESCE(c.pseudonym, s.pseudonym) AS pseudonym FROM cases c JOIN subjects s ON s.id = c.subject_id \
             WHERE c.id = $1{seen}"
        );
        self.db.row(&sql, values).await?.map(|row| row.get("pseudonym")).transpose()
    }
}
