//! Box: the events of an enterprise (`admin_logs`) and those of a user, which have other names for the same.
//! Never: counts an act twice where two event types tell of it.

use crate::Config;
use crate::act::{Act, Object, Share, person};
use crate::kinds;
use connector_sdk::{Emit, Json, Kind, Reject, attr, identifier, kind, time};

pub(crate) fn event(config: &Config, log: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let operation = log.at("event_type").text();
    if operation.is_empty() {
        return Err(Reject::missing("event_type"));
    }
    // What Box packs into a text in one place is an object in another.
    let packed = log.at("additional_details").unpacked();
    let case = Case { config, log, more: Json::new(&packed), operation: &operation };
    if let Err(why) = case.tell(emit)? {
        emit.ignore(why);
    }
    Ok(())
}

struct Case<'a> {
    config: &'a Config,
    log: Json<'a>,
    more: Json<'a>,
    operation: &'a str,
}

/// What an event type means.
enum Meaning {
    /// Of an object.
    Object(Kind),
    /// Of a session, not of an object.
    Session(Kind),
    /// A link made or changed: who it reaches decides.
    Link,
    /// Somebody let in: who they are decides.
    Collaborator,
    /// A rule of the organisation that was met.
    Policy,
    Renamed,
}

impl Case<'_> {
    fn tell(&self, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
        let meaning = match meaning(self.operation) {
            Ok(meaning) => meaning,
            Err(why) => return Ok(Err(why)),
        };
        let person = match person(self.config, &self.log.at("created_by.login").text()) {
            Ok(person) => person,
            Err(why) => return Ok(Err(why)),
        };
        let at = self.log.at("created_at").text();
        if at.is_empty() {
            return Err(Reject::missing("created_at"));
        }
        let at = time::utc(&at).ok_or_else(|| Reject::bad_time("created_at"))?;
        let object = self.object();
        let id = match self.log.at("event_id").text() {
            id if id.is_empty() => identifier::content_id(&[self.operation, &at.to_string(), &person, &object.id]),
            id => id.into_owned(),
        };
        let ip = self.log.at("ip_address").text();
        let act = Act { workload: "Box", operation: self.operation, at, id, person, client_ip: &ip };
        match meaning {
            Meaning::Object(kind) => {
                act.tell_of(emit, kind, &object);
            }
            Meaning::Session(kind) => {
                act.tell(emit, kind);
            }
            Meaning::Renamed => {
                let old = self.more.any(&["old_name", "previous_name"]).text();
                act.tell_of(emit, kind::FILE_RENAMED, &object).attr(attr::PREVIOUS_NAME, old);
            }
            Meaning::Policy => {
                let policy = self.more.any(&["policy_name", "policy.name"]).text();
                act.tell_of(emit, kind::DLP_POLICY_MATCH, &object).attr(attr::DLP_POLICY, policy);
            }
            Meaning::Link => return Ok(self.link(&act, &object, emit)),
            Meaning::Collaborator => return Ok(self.collaborator(&act, &object, emit)),
        }
        Ok(Ok(()))
    }

    fn link(&self, act: &Act<'_>, object: &Object, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let places = ["shared_link.access", "shared_link_access", "access_level", "access"];
        let said = [self.more.any(&places).text(), self.log.at("source.shared_link.access").text()];
        let access = said.iter().find(|text| !text.is_empty()).map(|text| text.to_ascii_lowercase());
        match access.as_deref() {
            Some("open" | "public" | "people with the link") => {
                act.tell_share(emit, kind::CONTENT_EXTERNALLY_SHARED, object, Share::Anybody);
                Ok(())
            }
            Some(_) => Err("a link for the organisation or for those let in"),
            None => Err("a link, and the record does not say whom it reaches"),
        }
    }

    fn collaborator(&self, act: &Act<'_>, object: &Object, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let accounts = [
            self.log.at("accessible_by.login").text(),
            self.log.any(&["source.accessible_by.login", "source.login", "source.user_email"]).text(),
            self.more.any(&["accessible_by.login", "invitee", "collaborator_login", "email"]).text(),
        ];
        let known = accounts.iter().find(|account| identifier::address(account).is_some());
        let Some(account) = known else {
            return Err("somebody let in, and the record does not say who");
        };
        let share = Share::with(self.config, account).ok_or("somebody of the organisation let in")?;
        act.tell_share(emit, kind::CONTENT_EXTERNALLY_SHARED, object, share);
        Ok(())
    }

    /// The enterprise's events name the item in one way, those of collaborations in another, a user's in a third.
    fn object(&self) -> Object {
        let source = self.log.at("source");
        let kind = source.any(&["item_type", "type"]).text();
        let is_folder = kind.eq_ignore_ascii_case("folder") || !source.at("folder_id").is_empty();
        let is_item = is_folder || matches!(&*kind, "file" | "web_link") || !source.at("file_id").is_empty();
        if !is_item {
            return Object::default();
        }
        let id = source.any(&["item_id", "folder_id", "file_id", "id"]).text();
        let name = source.any(&["item_name", "folder_name", "file_name", "name"]).text().into_owned();
        let mut folders: Vec<_> =
            source.at("path_collection.entries").items().map(|entry| entry.at("name").text()).collect();
        if folders.is_empty() {
            folders.push(source.at("parent.name").text());
        }
        folders.retain(|folder| !folder.is_empty());
        folders.push(name.as_str().into());
        let sha1 = source.any(&["sha1", "file_version.sha1"]).text();
        let is_sha1 = sha1.len() == 40 && sha1.bytes().all(|byte| byte.is_ascii_hexdigit());
        Object {
            // A file and a folder may have the same number.
            id: if id.is_empty() {
                String::new()
            } else {
                format!("{}_{id}", if is_folder { "folder" } else { "file" })
            },
            path: folders.join("/"),
            name,
            hash: is_sha1.then(|| format!("sha1:{}", sha1.to_ascii_lowercase())),
            size: if is_folder { None } else { self.more.at("size").integer().or_else(|| source.at("size").integer()) },
            site_kind: "",
            is_folder,
        }
    }
}

fn meaning(operation: &str) -> Result<Meaning, &'static str> {
    Ok(match operation {
        "DOWNLOAD" | "ITEM_DOWNLOAD" => Meaning::Object(kind::CONTENT_DOWNLOADED),
        "PREVIEW" | "ITEM_PREVIEW" | "ITEM_OPEN" => Meaning::Object(kind::CONTENT_ACCESSED),
        "ITEM_SYNC" => Meaning::Object(kind::FILE_SYNCED),
        "DELETE" | "ITEM_TRASH" => Meaning::Object(kind::CONTENT_DELETED),
        "RENAME" | "ITEM_RENAME" => Meaning::Renamed,
        "SHARE" | "ITEM_SHARED" | "ITEM_SHARED_CREATE" | "ITEM_SHARED_UPDATE" => Meaning::Link,
        "COLLABORATION_INVITE" | "COLLAB_ADD_COLLABORATOR" | "COLLAB_INVITE_COLLABORATOR" => Meaning::Collaborator,
        "CONTENT_WORKFLOW_SHARING_POLICY_VIOLATION" | "CONTENT_WORKFLOW_UPLOAD_POLICY_VIOLATION" => Meaning::Policy,
        "LOGIN" | "ADMIN_LOGIN" => Meaning::Session(kind::LOGON),
        "FAILED_LOGIN" => return Err("a sign-in failed: one alone says nothing"),
        "UPLOAD" | "ITEM_UPLOAD" => return Err("uploaded into the organisation's own storage"),
        "CONTENT_ACCESS" | "FILE_WATERMARKED_DOWNLOAD" => return Err("told by the preview or download itself"),
        "SHIELD_ALERT" | "CONTENT_WORKFLOW_ABNORMAL_DOWNLOAD_ACTIVITY" => {
            return Err("an alert of the vendor over activity that counts itself");
        }
        known if kinds::BOX_NO_INDICATOR.contains(&known) => return Err("an event type without an indicator"),
        _ => return Err("an event type that this connector does not know"),
    })
}
