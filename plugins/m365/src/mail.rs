//! Exchange: mail sent, forwarding set up, mailboxes opened to others.
//! Never: claims recipients or attachments that a record does not tell. Mailbox auditing says what was sent, not to
//! whom; records of the transport (DLP, labels) say to whom.

use crate::Case;
use crate::actor::{Actor, Other, other};
use crate::record::{Named, Texts, part};
use connector_sdk::{Emit, Kind, NewEvent, Reject, Text, attr, identifier, kind};
use serde::Deserialize;
use std::borrow::Cow;

/// Reading more addresses than this would tell nothing more.
const RECIPIENTS: usize = 500;

/// `false` if the operation is none of these.
pub(crate) fn mail(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    match &*case.audit.operation.0 {
        "Send" | "SendAs" | "SendOnBehalf" => sent(case, actor, emit)?,
        "New-InboxRule" | "Set-InboxRule" => {
            forwards(case, actor, emit, &["ForwardTo", "ForwardAsAttachmentTo", "RedirectTo"])?;
        }
        "Set-Mailbox" => forwards(case, actor, emit, &["ForwardingSmtpAddress", "ForwardingAddress"])?,
        "Add-MailboxPermission" | "Add-RecipientPermission" => {
            let parameters: Vec<Named<'_>> = part(case.audit.parameters, "Parameters")?;
            let to = value(&parameters, "User").or_else(|| value(&parameters, "Trustee"));
            delegated(case, actor, emit, to.unwrap_or_default());
        }
        "AddFolderPermissions" => {
            let item: Item<'_> = part(case.audit.item, "Item")?;
            delegated(case, actor, emit, &item.folder.member.0);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

#[derive(Default, Deserialize)]
struct Item<'a> {
    #[serde(borrow, default, rename = "Subject", alias = "subject")]
    subject: Text<'a>,
    #[serde(borrow, default, rename = "Attachments", alias = "attachments")]
    attachments: Text<'a>,
    #[serde(borrow, default, rename = "SizeInBytes", alias = "sizeinbytes")]
    size: Text<'a>,
    #[serde(borrow, default, rename = "InternetMessageId", alias = "internetmessageid")]
    message_id: Text<'a>,
    #[serde(borrow, default, rename = "Recipients", alias = "recipients")]
    recipients: Texts<'a>,
    #[serde(borrow, default, rename = "ParentFolder", alias = "parentfolder")]
    folder: Folder<'a>,
}

#[derive(Default, Deserialize)]
struct Folder<'a> {
    #[serde(borrow, default, rename = "MemberUpn", alias = "memberupn")]
    member: Text<'a>,
}

/// A mail as a record tells of it.
pub(crate) struct Mail<'a> {
    pub(crate) recipients: Vec<Other>,
    pub(crate) attachments: usize,
    pub(crate) subject: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) size: Option<i64>,
}

fn sent(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let item: Item<'_> = part(case.audit.item, "Item")?;
    let mail = Mail {
        recipients: others(case, &item.recipients.0),
        attachments: item.attachments.0.split(';').filter(|name| !name.trim().is_empty()).count(),
        subject: &item.subject.0,
        message_id: &item.message_id.0,
        size: item.size.0.parse().ok(),
    };
    if !left(case, actor, emit, &mail) {
        describe(case.event(emit, kind::EMAIL_SENT, actor), &mail);
    }
    Ok(())
}

/// The events of a mail that left the organisation; `false` if it is not known to have.
///
/// One mail is told of by several records. Its own id, not the record's, makes these events one.
pub(crate) fn left(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>, mail: &Mail<'_>) -> bool {
    let external = mail.recipients.iter().any(|to| to.external);
    let free = mail.recipients.iter().any(|to| to.external && case.config.is_free_mail(&to.domain));
    let wanted: [(Kind, bool); 2] = [
        (kind::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, external && mail.attachments > 0),
        (kind::EMAIL_SENT_TO_FREE_DOMAIN, free),
    ];
    for (kind, _) in wanted.into_iter().filter(|(_, happened)| *happened) {
        let mut event = case.event(emit, kind, actor);
        if !mail.message_id.is_empty() {
            event.source_id(identifier::content_id(&[mail.message_id]));
        }
        describe(event, mail);
    }
    wanted.iter().any(|(_, happened)| *happened)
}

fn describe(mut event: NewEvent<'_>, mail: &Mail<'_>) {
    let count = mail.recipients.len();
    event
        .attr(attr::ATTACHMENT_COUNT, Some(mail.attachments).filter(|count| *count > 0))
        .attr(attr::RECIPIENT_COUNT, Some(count).filter(|count| *count > 0))
        .attr(attr::IS_EXTERNAL, (count > 0).then(|| mail.recipients.iter().any(|to| to.external)))
        .attr(attr::DESTINATION_DOMAINS, external_domains(&mail.recipients))
        .attr(attr::SIZE_BYTES, mail.size)
        .attr(attr::RECIPIENTS, mail.recipients.iter().map(|to| to.address.clone()).collect::<Vec<_>>())
        .attr(attr::SUBJECT_LINE, mail.subject)
        .attr(attr::OBJECT_ID, mail.message_id);
}

pub(crate) fn external_domains(recipients: &[Other]) -> Vec<String> {
    let mut domains: Vec<_> = recipients.iter().filter(|to| to.external).map(|to| to.domain.clone()).collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

pub(crate) fn others<'t, 'a: 't>(case: &Case<'_>, texts: impl IntoIterator<Item = &'t Cow<'a, str>>) -> Vec<Other> {
    texts.into_iter().take(RECIPIENTS).filter_map(|text| other(case.config, text)).collect()
}

/// A labelled mail passed the transport: sender and receivers are known, attachments are not.
pub(crate) fn labelled(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    let audit = &case.audit;
    if &*audit.operation.0 != "MipLabel" {
        return Ok(false);
    }
    let to: Texts<'_> = part(audit.receivers, "Receivers")?;
    let mail = Mail {
        recipients: others(case, &to.0),
        attachments: 0,
        subject: &audit.item_name.0,
        message_id: &audit.object_id.0,
        size: None,
    };
    match other(case.config, &audit.sender.0) {
        Some(sender) if !sender.external => {
            if !left(case, &Actor::upn(sender.address), emit, &mail) {
                emit.ignore("a labelled mail to no free mail provider");
            }
        }
        _ => emit.ignore("a mail from outside"),
    }
    Ok(true)
}

fn value<'p>(parameters: &'p [Named<'_>], name: &str) -> Option<&'p str> {
    parameters.iter().find(|parameter| parameter.name.is(name)).map(|parameter| &*parameter.value.0)
}

/// Targets come as `a@x.org;b@y.org`, `smtp:a@x.org`, `"Name" [SMTP:a@x.org]`.
fn forwards(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>, names: &[&str]) -> Result<(), Reject> {
    let parameters: Vec<Named<'_>> = part(case.audit.parameters, "Parameters")?;
    let targets: Vec<Other> = names
        .iter()
        .filter_map(|name| value(&parameters, name))
        .flat_map(|list| list.split([';', ',']))
        .map(|target| target.rsplit_once('[').map_or(target, |(_, inner)| inner.trim_end().trim_end_matches(']')))
        .take(RECIPIENTS)
        .filter_map(|target| other(case.config, target))
        .filter(|target| target.external)
        .collect();
    if targets.is_empty() {
        emit.ignore("a mail rule or setting that forwards to nobody outside");
        return Ok(());
    }
    case.event(emit, kind::MAIL_FORWARDING_RULE_CREATED, actor)
        .attr(attr::IS_EXTERNAL, true)
        .attr(attr::DESTINATION_DOMAINS, external_domains(&targets))
        .attr(attr::RECIPIENT_COUNT, targets.len())
        .attr(attr::RECIPIENTS, targets.into_iter().map(|target| target.address).collect::<Vec<_>>())
        .attr(attr::RULE_NAME, value(&parameters, "Name").unwrap_or_default());
    Ok(())
}

fn delegated(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>, to: &str) {
    if to.to_ascii_uppercase().starts_with("NT AUTHORITY\\") {
        emit.ignore("a mailbox permission of the system");
        return;
    }
    let target = other(case.config, to);
    case.event(emit, kind::MAILBOX_DELEGATED, actor)
        .attr(attr::IS_EXTERNAL, target.as_ref().map(|target| target.external))
        .attr(attr::TARGET_ACCOUNT, target.as_ref().map_or(to, |target| &*target.address));
}
