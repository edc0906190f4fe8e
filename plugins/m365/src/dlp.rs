//! Data loss prevention: a policy matched a mail, a file, or something on a device.
//! Never: the values that were found, even where a record holds them.

use crate::Case;
use crate::actor::{self, Actor, other};
use crate::files::extension;
use crate::mail::{self, Mail};
use crate::record::{Texts, part};
use connector_sdk::{Emit, NewEvent, Reject, Text, attr, kind};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    #[serde(borrow, default)]
    policy_name: Text<'a>,
    #[serde(borrow, default)]
    rules: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule<'a> {
    #[serde(borrow, default)]
    rule_name: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    actions: Texts<'a>,
    #[serde(borrow, default)]
    conditions_matched: Option<Conditions<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Conditions<'a> {
    #[serde(borrow, default)]
    sensitive_information: Option<Vec<InfoType<'a>>>,
}

/// A sensitive information type, by the names that mail, files and devices give its fields.
#[derive(Deserialize)]
pub(crate) struct InfoType<'a> {
    #[serde(borrow, default, rename = "SensitiveInformationTypeName", alias = "SensitiveInfoTypeName")]
    name: Text<'a>,
    #[serde(borrow, default, rename = "SensitiveType", alias = "SensitiveInfoTypeId")]
    id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exchange<'a> {
    #[serde(borrow, default)]
    from: Text<'a>,
    #[serde(borrow, default)]
    to: Texts<'a>,
    #[serde(borrow, default, rename = "CC")]
    cc: Texts<'a>,
    #[serde(borrow, default, rename = "BCC")]
    bcc: Texts<'a>,
    #[serde(borrow, default)]
    subject: Text<'a>,
    #[serde(borrow, default, rename = "MessageID")]
    message_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SharePoint<'a> {
    #[serde(borrow, default)]
    from: Text<'a>,
    #[serde(borrow, default)]
    file_name: Text<'a>,
    #[serde(borrow, default)]
    file_path_url: Text<'a>,
    #[serde(borrow, default)]
    site_collection_url: Text<'a>,
    #[serde(borrow, default, rename = "UniqueID", alias = "UniqueId")]
    unique_id: Text<'a>,
}

/// `false` if the record is no match. The agent that reports it is a service; the person stands in its description.
pub(crate) fn matched(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    let audit = &case.audit;
    if !audit.operation.is("DlpRuleMatch") {
        return Ok(false);
    }
    let policies: Vec<Policy<'_>> = part(audit.policies, "PolicyDetails")?;
    let exchange: Exchange<'_> = part(audit.exchange, "ExchangeMetaData")?;
    let share_point: SharePoint<'_> = part(audit.share_point, "SharePointMetaData")?;
    let from = if exchange.from.is_empty() { &share_point.from } else { &exchange.from };
    let actor = match other(case.config, &from.0) {
        Some(sender) if sender.external => {
            emit.ignore("a policy matched a mail from outside");
            return Ok(true);
        }
        Some(sender) => Actor::upn(sender.address),
        None => match actor::of(audit) {
            Ok(actor) => actor,
            Err(_) => {
                return Err(Reject::missing(if audit.exchange.is_some() {
                    "ExchangeMetaData.From"
                } else {
                    "SharePointMetaData.From"
                }));
            }
        },
    };

    let mail = Mail {
        recipients: mail::others(case, exchange.to.0.iter().chain(&exchange.cc.0).chain(&exchange.bcc.0)),
        attachments: 0,
        subject: &exchange.subject.0,
        message_id: &exchange.message_id.0,
        size: None,
    };
    let mut event = case.event(emit, kind::DLP_POLICY_MATCH, &actor);
    what_matched(&mut event, &policies);
    if audit.exchange.is_some() {
        let external = mail::external_domains(&mail.recipients);
        event
            .attr(attr::RECIPIENT_COUNT, Some(mail.recipients.len()).filter(|count| *count > 0))
            .attr(attr::IS_EXTERNAL, (!mail.recipients.is_empty()).then_some(!external.is_empty()))
            .attr(attr::DESTINATION_DOMAINS, external)
            .attr(attr::RECIPIENTS, mail.recipients.iter().map(|to| to.address.clone()).collect::<Vec<_>>())
            .attr(attr::SUBJECT_LINE, mail.subject)
            .attr(attr::OBJECT_ID, mail.message_id);
        let blocked = policies.iter().flat_map(|policy| &policy.rules).any(|rule| rule.blocks());
        if !blocked {
            mail::left(case, &actor, emit, &mail);
        }
        return Ok(true);
    }
    let path = if share_point.file_path_url.is_empty() { &audit.object_id } else { &share_point.file_path_url };
    let id = if share_point.unique_id.is_empty() { path } else { &share_point.unique_id };
    event
        .attr(attr::FILE_EXTENSION, share_point.file_name.0.rsplit_once('.').and_then(|(_, last)| extension(last)))
        .attr(attr::OBJECT_NAME, &*share_point.file_name.0)
        .attr(attr::OBJECT_PATH, &*path.0)
        .attr(attr::OBJECT_ID, &*id.0)
        .attr(attr::SITE_URL, &*share_point.site_collection_url.0)
        .attr(attr::DEVICE_NAME, &*audit.device.0);
    Ok(true)
}

impl Rule<'_> {
    fn blocks(&self) -> bool {
        self.actions.0.iter().any(|action| action.contains("Block"))
    }

    fn rank(&self) -> u8 {
        ["low", "medium", "high"].iter().zip(1..).find(|(name, _)| self.severity.is(name)).map_or(0, |(_, rank)| rank)
    }
}

/// Of several rules, the most severe gives severity and names; what was found is put together.
fn what_matched(event: &mut NewEvent<'_>, policies: &[Policy<'_>]) {
    let rules = || policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    let found = rules().filter_map(|(_, rule)| rule.conditions_matched.as_ref()?.sensitive_information.as_ref());
    let types = info_types(found.flatten());
    if let Some((policy, rule)) = rules().reduce(|best, next| if next.1.rank() > best.1.rank() { next } else { best }) {
        let severity = ["", "low", "medium", "high"][usize::from(rule.rank())];
        event
            .attr(attr::DLP_SEVERITY, severity)
            .attr(attr::DLP_POLICY, &*policy.policy_name.0)
            .attr(attr::RULE_NAME, &*rule.rule_name.0);
    }
    event.attr(attr::SENSITIVE_INFO_TYPES, types);
}

/// Names, or ids where there are none; sorted, each once.
pub(crate) fn info_types<'t, 'a: 't>(types: impl IntoIterator<Item = &'t InfoType<'a>>) -> Vec<String> {
    let best =
        |found: &InfoType<'_>| if found.name.is_empty() { found.id.0.to_string() } else { found.name.0.to_string() };
    let mut names: Vec<String> = types.into_iter().map(best).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
