//! Teams: members from outside, and files linked in messages that reach outside.
//! Never: reads a message's text; audit records have none.

use crate::Case;
use crate::actor::{Actor, Other, other};
use crate::record::{Texts, part};
use connector_sdk::{Emit, Reject, Text, attr, identifier, kind};
use serde::Deserialize;

/// `false` if the operation is none of these.
pub(crate) fn teams(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<bool, Reject> {
    match &*case.audit.operation.0 {
        "MemberAdded" => member_added(case, actor, emit)?,
        "MessageSent" | "MessageCreatedHasLink" | "ChatCreated" => message(case, actor, emit)?,
        _ => return Ok(false),
    }
    Ok(true)
}

#[derive(Default, Deserialize)]
struct Member<'a> {
    #[serde(borrow, default, rename = "UPN", alias = "upn")]
    upn: Text<'a>,
    #[serde(borrow, default, rename = "Role", alias = "role")]
    role: Text<'a>,
}

fn member_added(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let members: Vec<Member<'_>> = part(case.audit.members, "Members")?;
    // Role 2 is a guest, also where the name tells nothing.
    let outside: Vec<Option<Other>> = members
        .iter()
        .map(|member| (other(case.config, &member.upn.0), member.role.is("2") || member.role.is("Guest")))
        .filter(|(other, guest)| other.as_ref().map_or(*guest, |other| other.external))
        .map(|(other, _)| other)
        .collect();
    if outside.is_empty() {
        emit.ignore("members added, none from outside");
        return Ok(());
    }
    let count = outside.len();
    let known: Vec<Other> = outside.into_iter().flatten().collect();
    case.event(emit, kind::EXTERNAL_MEMBER_ADDED, actor)
        .attr(attr::QUANTITY, Some(count).filter(|count| *count > 1))
        .attr(attr::IS_EXTERNAL, true)
        .attr(attr::DESTINATION_DOMAINS, crate::mail::external_domains(&known))
        .attr(attr::TARGET_ACCOUNT, known.first().map(|other| &*other.address));
    Ok(())
}

#[derive(Default, Deserialize)]
struct Participants<'a> {
    #[serde(borrow, default, rename = "HasForeignTenantUsers")]
    foreign: Text<'a>,
    #[serde(borrow, default, rename = "HasGuestUsers")]
    guests: Text<'a>,
    #[serde(borrow, default, rename = "HasOtherGuestUsers")]
    other_guests: Text<'a>,
    #[serde(borrow, default, rename = "ParticipatingDomains")]
    domains: Texts<'a>,
}

/// A link to a file of ours in a message that reaches outside shares that file. Two operations tell of one message, so
/// the message's id makes them one event.
fn message(case: &Case<'_>, actor: &Actor, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let audit = &case.audit;
    let urls: Texts<'_> = part(audit.message_urls, "MessageURLs")?;
    let files = urls.0.iter().filter(|url| is_own_file(case, url)).count();
    let who: Participants<'_> = part(audit.participants, "ParticipantInfo")?;
    let mut domains: Vec<String> = who.domains.0.iter().map(|domain| domain.trim().to_lowercase()).collect();
    domains.retain(|domain| identifier::is_domain(domain) && !case.config.is_internal(domain));
    domains.sort_unstable();
    domains.dedup();
    let outside =
        !domains.is_empty() || [&who.foreign, &who.guests, &who.other_guests].iter().any(|yes| yes.is("true"));
    if files == 0 || !outside {
        emit.ignore("a message that takes no file of ours outside");
        return Ok(());
    }
    let channel = !audit.channel.is_empty() || audit.communication.is("Channel");
    let kind = if channel { kind::CHANNEL_FILE_SHARED_EXTERNALLY } else { kind::CHAT_FILE_SHARED_EXTERNALLY };
    let mut event = case.event(emit, kind, actor);
    if !audit.message_id.is_empty() {
        event.source_id(identifier::content_id(&[&audit.message_id.0, &audit.channel.0]));
    }
    event
        .attr(attr::FILE_COUNT, files)
        .attr(attr::IS_EXTERNAL, true)
        .attr(attr::DESTINATION_DOMAINS, domains)
        .attr(attr::OBJECT_PATH, urls.0.iter().find(|url| is_own_file(case, url)).map(|url| &**url));
    Ok(())
}

fn is_own_file(case: &Case<'_>, url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', ':', '?']).next()).unwrap_or_default();
    identifier::within(host, ["sharepoint.com"]) || case.config.is_internal(host)
}
