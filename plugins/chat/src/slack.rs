//! One entry of Slack's audit logs.
//! Never: counts an invitation again when it is accepted.

use crate::{Config, kinds};
use connector_sdk::{Emit, Json, Kind, NewEvent, Reject, attr, identifier, kind, names, time};

pub(crate) fn entry(config: &Config, log: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let action = log.at("action").text();
    if action.is_empty() {
        return Err(Reject::missing("action"));
    }
    let meaning = match meaning(log, &action) {
        Ok(meaning) => meaning,
        Err(why) => {
            emit.ignore(why);
            return Ok(());
        }
    };
    let person = match person(config, log.at("actor")) {
        Ok(person) => person,
        Err(why) => {
            emit.ignore(why);
            return Ok(());
        }
    };
    let at = log.at("date_create").text();
    if at.is_empty() {
        return Err(Reject::missing("date_create"));
    }
    let at = time::utc(&at).ok_or_else(|| Reject::bad_time("date_create"))?;
    let id = match log.at("id").text() {
        id if id.is_empty() => {
            let about = object(log).any(&["id", "email"]).text();
            identifier::content_id(&[&action, &at.to_string(), &person, &about])
        }
        id => id.into_owned(),
    };
    let case = Case { config, log, action: &action, at, id, person };
    if let Err(why) = case.tell(meaning, emit) {
        emit.ignore(why);
    }
    Ok(())
}

/// What an action means.
#[derive(Clone, Copy)]
enum Meaning {
    /// Of a session or of the workspace.
    Plain(Kind),
    /// Of a file.
    File(Kind),
    /// A file that anybody may open.
    Public,
    /// A file put where others see it: where decides.
    Shared,
    /// Somebody let in: who they are decides.
    LetIn,
}

struct Case<'a> {
    config: &'a Config,
    log: Json<'a>,
    action: &'a str,
    at: i64,
    id: String,
    person: String,
}

impl Case<'_> {
    fn tell(&self, meaning: Meaning, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        match meaning {
            Meaning::Plain(kind) => {
                self.event(emit, kind);
            }
            Meaning::File(kind) => {
                self.file(emit, kind);
            }
            Meaning::Public => {
                self.file(emit, kind::CHAT_FILE_SHARED_EXTERNALLY)
                    .attr(attr::AUDIENCE, "anonymous")
                    .attr(attr::IS_EXTERNAL, true);
            }
            Meaning::Shared => {
                if !self.channels().any(reaches_outside) {
                    return Err("a file shared, and the record does not say that it reaches outside");
                }
                self.file(emit, kind::CHANNEL_FILE_SHARED_EXTERNALLY)
                    .attr(attr::AUDIENCE, "external")
                    .attr(attr::IS_EXTERNAL, true);
            }
            Meaning::LetIn => {
                let account = self.invited();
                let domain = account.as_deref().map(|account| self.config.internal_domains.outside(account));
                if domain == Some(None) {
                    return Err("somebody of the organisation let in");
                }
                let channel = self.channels().next();
                self.event(emit, kind::EXTERNAL_MEMBER_ADDED)
                    .attr(attr::IS_EXTERNAL, true)
                    .attr(attr::DESTINATION_DOMAINS, domain.flatten().into_iter().collect::<Vec<_>>())
                    .attr(attr::TARGET_ACCOUNT, account)
                    .attr(attr::OBJECT_NAME, channel.map(|channel| channel.at("name").text()));
            }
        }
        Ok(())
    }

    fn event<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind) -> NewEvent<'e> {
        let context = self.log.at("context");
        let mut event = emit.event(kind, self.at);
        event
            .source_id(self.id.as_str())
            .actor(&[(identifier::EMAIL, &self.person)])
            .attr(attr::WORKLOAD, "Slack")
            .attr(attr::OPERATION, self.action)
            .attr(attr::CLIENT_IP, context.at("ip_address").text())
            .attr(attr::CLIENT_KIND, client_kind(&context.at("ua").text()));
        event
    }

    fn file<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind) -> NewEvent<'e> {
        let file = self.log.at("entity.file");
        let (name, title) = (file.at("name").text(), file.at("title").text());
        let name = if name.is_empty() { title } else { name };
        // `filetype` is Slack's own word; the name says more where it has an extension.
        let extension =
            names::extension(&name).or_else(|| names::extension(&format!("x.{}", file.at("filetype").text())));
        let mut event = self.event(emit, kind);
        event
            .attr(attr::FILE_EXTENSION, extension)
            .attr(attr::SIZE_BYTES, file.at("size").integer().filter(|size| *size >= 0))
            .attr(attr::OBJECT_NAME, name)
            .attr(attr::OBJECT_ID, file.at("id").text());
        event
    }

    /// Every channel that the entry names.
    fn channels(&self) -> impl Iterator<Item = Json<'_>> {
        let places = ["entity.channel", "details.channel", "details.shared_channel", "details.channels"];
        places.into_iter().flat_map(|place| self.log.at(place).items())
    }

    /// The address of whoever was invited, as far as the entry tells.
    fn invited(&self) -> Option<String> {
        let places = [
            "entity.user.email",
            "details.invited_user.email",
            "details.invitee.email",
            "details.invited_email",
            "details.recipient_email",
            "details.email",
        ];
        places.iter().find_map(|place| identifier::address(&self.log.at(place).text()))
    }
}

/// Whether a channel is shared with another organisation. Slack shares channels among workspaces of one as well.
fn reaches_outside(channel: Json<'_>) -> bool {
    channel.at("is_ext_shared").is("true")
        || (channel.at("is_shared").is("true") && !channel.at("is_org_shared").is("true"))
}

/// What the entry is about.
fn object(log: Json<'_>) -> Json<'_> {
    log.any(&["entity.file", "entity.user", "entity.channel", "entity.workspace", "entity.enterprise"])
}

/// The address of the person, or why there is none.
fn person(config: &Config, actor: Json<'_>) -> Result<String, &'static str> {
    let kind = actor.at("type").text();
    if !matches!(&*kind, "" | "user") {
        return Err("activity of an application");
    }
    let email = actor.at("user.email").text();
    let address = identifier::address(&email).ok_or("no person's account")?;
    match config.internal_domains.outside(&address) {
        Some(_) => Err("activity of somebody outside the organisation"),
        None => Ok(address),
    }
}

fn meaning(log: Json<'_>, action: &str) -> Result<Meaning, &'static str> {
    Ok(match action {
        "file_downloaded" => Meaning::File(kind::CHAT_FILE_DOWNLOADED),
        "file_public_link_created" => Meaning::Public,
        "file_shared" => Meaning::Shared,
        // An export is a file of whole conversations.
        "manual_export_downloaded"
        | "manual_user_export_downloaded"
        | "export_downloaded"
        | "channels_export_downloaded" => Meaning::File(kind::CHAT_FILE_DOWNLOADED),
        "manual_export_started" | "manual_user_export_started" | "channels_export_started" => {
            Meaning::Plain(kind::ADMIN_ANOMALY)
        }
        "external_shared_channel_invite_sent" | "guest_created" => Meaning::LetIn,
        "anomaly" => return anomaly(log),
        "user_login" => Meaning::Plain(kind::LOGON),
        "user_logout" => Meaning::Plain(kind::LOGOFF),
        "user_login_failed" => return Err("a sign-in failed: one alone says nothing"),
        "file_downloaded_blocked" => return Err("blocked by a policy"),
        "file_uploaded" => return Err("uploaded into the organisation's own workspace"),
        _ if action.contains("_invite_") || action.starts_with("external_shared_channel_") => {
            return Err("what becomes of an invitation that counted when it was sent");
        }
        _ if kinds::NO_INDICATOR.iter().any(|start| action.starts_with(start)) => {
            return Err("an action without an indicator");
        }
        _ => return Err("an action that this connector does not know"),
    })
}

/// What Slack itself finds unusual. Of much of it (downloads, addresses) the acts count themselves.
fn anomaly(log: Json<'_>) -> Result<Meaning, &'static str> {
    let reasons = log.at("details.reason");
    let (by_admin, mut all) = ("unexpected_admin_action", reasons.items());
    if all.any(|reason| reason.is(by_admin)) {
        Ok(Meaning::Plain(kind::ADMIN_ANOMALY))
    } else {
        Err("an anomaly without an indicator")
    }
}

fn client_kind(agent: &str) -> &'static str {
    const KINDS: [(&str, &str); 6] = [
        ("Slack_SSB", "desktop"),
        ("Slack/", "desktop"),
        ("com.tinyspeck", "mobile"),
        ("Android", "mobile"),
        ("iPhone", "mobile"),
        ("Mozilla/", "browser"),
    ];
    KINDS.iter().find(|(sign, _)| agent.contains(sign)).map_or("", |(_, kind)| kind)
}
