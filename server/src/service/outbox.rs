//! The outbox: what happened is told to who has to know of it, by mail, until the mail server takes it.
//! Never: a message with a subject's name, a case's name or a reason in it: free text may name somebody, and mail is not ours.

use super::{Services, reveals::StoredReveal};
use crate::{
    mail::{Letter, Unsendable},
    store::{Entry, NoticeToSend, Outgoing, Receivers},
};
use lettre::message::Mailbox;
use serde_json::json;
use vizard_core::{
    audit::{AuditActivity, AuditCategory},
    ids::{CaseId, NoticeId, RevealId},
    message::MessageKind,
    notice::{Filled, Filling},
};

/// Why a notification was not sent: nothing happened.
const NOTHING_TO_TELL: &str = "there was nothing to tell";

impl Services {
    /// Sends one message; false where none is due, or mail is not configured.
    pub async fn send_message(&self) -> anyhow::Result<bool> {
        let Some(mailer) = &self.settings.mailer else { return Ok(false) };
        let claimed = self.store.claim_message(Receivers::Mail, &self.clock).await?;
        let Some(claimed) = claimed else { return Ok(false) };
        let (letter, entry) = match self.letter(&claimed).await? {
            Ok(Some(made)) => made,
            Ok(None) => {
                self.store.drop_message(claimed.id).await?;
                return Ok(true);
            }
            Err(why) => {
                self.give_up(&claimed, why).await?;
                return Ok(true);
            }
        };
        match mailer.send(letter).await {
            Ok(Ok(())) => {
                self.store.message_sent(&claimed, Some(&entry), &self.clock).await?;
                self.bell.audit.notify_one();
            }
            Ok(Err(why)) => self.failed(&claimed, why).await?,
            Err(Unsendable) => self.give_up(&claimed, "a message that cannot be written").await?,
        }
        Ok(true)
    }

    /// Writes that a message was not sent; it is repeated, unless that was the last attempt.
    pub(super) async fn failed(&self, claimed: &Outgoing, why: &str) -> anyhow::Result<()> {
        let kind = claimed.kind.as_str();
        if self.store.message_failed(claimed, why, &self.clock).await? {
            tracing::error!(kind, why, "a message was given up");
        } else {
            tracing::warn!(kind, why, "a message was not sent and will be repeated");
        }
        Ok(())
    }

    /// Writes that a message cannot be sent at all.
    pub(super) async fn give_up(&self, claimed: &Outgoing, why: &str) -> anyhow::Result<()> {
        self.store.message_given_up(claimed, why).await?;
        if why == NOTHING_TO_TELL {
            return Ok(());
        }
        tracing::error!(kind = claimed.kind.as_str(), why, "a message was given up");
        Ok(())
    }

    /// The message, made now, and what the audit log says once it is sent; nothing where its matter is gone. The inner error
    /// says why it can never be made.
    async fn letter(&self, claimed: &Outgoing) -> anyhow::Result<Result<Option<(Letter, Entry)>, &'static str>> {
        match claimed.kind {
            MessageKind::BreakGlass => {
                let told = &self.settings.told;
                let found = self.store.reveal_to_tell_of(RevealId::new(claimed.about)).await?;
                Ok(Ok(found.map(|found| {
                    let detail = json!({"kind": claimed.kind, "reveal": found.reveal.id, "addresses": told.len()});
                    (broken_glass(claimed, told, &found), sent(found.reveal.case, &detail))
                })))
            }
            MessageKind::Notice | MessageKind::NoticeCopy => {
                let Some(found) = self.store.notice_to_send(NoticeId::new(claimed.about)).await? else {
                    return Ok(Ok(None));
                };
                let letter = match claimed.kind {
                    MessageKind::NoticeCopy => copy(claimed, &found),
                    _ => match self.store.addressee_of_message(found.subject).await? {
                        Some((name, address)) => notice(claimed, &found, &name, &address),
                        None => return Ok(Ok(None)),
                    },
                };
                let detail = json!({"kind": claimed.kind, "notice": found.notice.id, "delivered": true});
                Ok(letter.map(|letter| Some((letter, sent(found.notice.case, &detail)))))
            }
            MessageKind::Notification => {
                let detail = json!({"kind": claimed.kind, "delivered": true});
                let entry =
                    Entry::by_the_system(AuditActivity::NoticeSent, AuditCategory::Settings, "notifications", &detail);
                match self.notification_letter(claimed).await? {
                    Some(letter) => Ok(Ok(Some((letter, entry)))),
                    // The row stays: it says that this was looked at.
                    None => Ok(Err(NOTHING_TO_TELL)),
                }
            }
            MessageKind::Webhook => Ok(Err("a message to a webhook is no mail")),
        }
    }
}

fn broken_glass(claimed: &Outgoing, told: &[Mailbox], found: &StoredReveal) -> Letter {
    let reveal = &found.reveal;
    let body = format!(
        "{who} opened the identity of a case's subject in an emergency, without anybody's consent.\n\
         \n\
         Case:   {case}\n\
         Reveal: {id}\n\
         From:   {from}\n\
         Until:  {until} at the latest, to {who} alone\n\
         \n\
         Somebody else with the role APPROVER judges it now: the query reveals(awaitsJudgement: true) shows why it was \
         needed, and the mutation decideReveal says whether it was. Until then {who} cannot do it again.\n\
         \n\
         This message names neither the subject nor the reason, on purpose.\n",
        who = found.requester,
        case = reveal.case,
        id = reveal.id,
        from = reveal.requested_at,
        until = reveal.expires_at,
    );
    let subject = "Vizard: an identity was opened in an emergency".to_owned();
    Letter { id: claimed.id, from: None, to: told.to_vec(), bcc: vec![], subject, body, html: None }
}

/// The message to the subject.
fn notice(claimed: &Outgoing, found: &NoticeToSend, name: &str, address: &str) -> Result<Letter, &'static str> {
    let to = Mailbox::new(None, address.parse().map_err(|_| "an address that mail cannot go to")?);
    let Filled { subject_line, body, html } = filled(found, name);
    let from = Some(mailbox(&found.notice.template.template.from)?);
    Ok(Letter { id: claimed.id, from, to: vec![to], bcc: vec![], subject: subject_line, body, html })
}

/// The message to whoever gets a copy: of no name and no address, or a notice would be a way to learn who it is.
fn copy(claimed: &Outgoing, found: &NoticeToSend) -> Result<Letter, &'static str> {
    let template = &found.notice.template.template;
    let Filled { subject_line, body, html } = filled(found, &found.pseudonym);
    let all = |list: &[String]| list.iter().map(|one| mailbox(one)).collect::<Result<Vec<_>, _>>();
    let (to, bcc) = (all(&template.cc)?, all(&template.bcc)?);
    let (from, subject) = (Some(mailbox(&template.from)?), format!("Copy: {subject_line}"));
    Ok(Letter { id: claimed.id, from, to, bcc, subject, body, html })
}

fn filled(found: &NoticeToSend, name: &str) -> Filled {
    found.notice.template.template.fill(Filling { name, date: found.notice.sent_at.day() })
}

fn mailbox(text: &str) -> Result<Mailbox, &'static str> {
    text.parse().map_err(|_| "a template with something that is no address")
}

/// What the audit log says once a message about a case is sent.
fn sent(case: CaseId, detail: &serde_json::Value) -> Entry {
    Entry::by_the_system(AuditActivity::NoticeSent, AuditCategory::Cases, &case.to_string(), detail)
}
