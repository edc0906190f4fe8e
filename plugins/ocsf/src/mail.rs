//! Email Activity (4009): what left.
//! Never: two events of one kind for one mail; products tell of it when it is sent and again on its way.

use crate::case::Case;
use connector_sdk::{Emit, Kind, Person, attr, identifier, kind};

/// Reading more addresses than this would tell nothing more.
const RECIPIENTS: usize = 500;

pub(crate) fn activity(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    if !matches!(case.activity, 1 | 4) {
        return Err("a mail received or scanned");
    }
    let mail = case.json.at("email");
    let senders = [mail.at("from").text(), mail.at("smtp_from").text()];
    let sender = senders.iter().find_map(|from| identifier::address(from)).ok_or("the mail names no sender")?;
    if case.config.internal_domains.outside(&sender).is_some() {
        return Err("a mail from outside");
    }
    let places = ["to", "cc", "bcc", "smtp_to"];
    let mut recipients: Vec<String> = places
        .iter()
        .flat_map(|place| mail.at(place).items())
        .take(RECIPIENTS)
        .filter_map(|to| identifier::address(&to.text()))
        .collect();
    recipients.sort();
    recipients.dedup();
    let mut domains: Vec<String> =
        recipients.iter().filter_map(|to| case.config.internal_domains.outside(to)).collect();
    domains.sort();
    domains.dedup();
    let attachments = mail.any(&["files", "attachments"]).items().count();
    let free = domains.iter().any(|domain| case.config.is_free_mail(domain));
    let kinds: Vec<Kind> = match (domains.is_empty(), attachments > 0, free) {
        (true, _, _) => vec![kind::EMAIL_SENT],
        (false, true, true) => vec![kind::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, kind::EMAIL_SENT_TO_FREE_DOMAIN],
        (false, true, false) => vec![kind::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT],
        (false, false, true) => vec![kind::EMAIL_SENT_TO_FREE_DOMAIN],
        (false, false, false) => vec![kind::EMAIL_SENT_EXTERNAL],
    };
    let id = mail.any(&["message_uid", "uid"]).text();
    let person = Person::named(vec![(identifier::EMAIL, sender)])?;
    for kind in kinds {
        let mut event = case.event(emit, kind, &person, "");
        if !id.is_empty() {
            event.source_id(identifier::content_id(&[&id]));
        }
        event
            .attr(attr::ATTACHMENT_COUNT, Some(attachments).filter(|count| *count > 0))
            .attr(attr::RECIPIENT_COUNT, Some(recipients.len()).filter(|count| *count > 0))
            .attr(attr::IS_EXTERNAL, (!recipients.is_empty()).then_some(!domains.is_empty()))
            .attr(attr::DESTINATION_DOMAINS, domains.clone())
            .attr(attr::SIZE_BYTES, mail.at("size").integer().filter(|size| *size >= 0))
            .attr(attr::RECIPIENTS, recipients.clone())
            .attr(attr::SUBJECT_LINE, mail.at("subject").text())
            .attr(attr::OBJECT_ID, &*id);
    }
    Ok(())
}
