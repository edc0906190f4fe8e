//! Google Workspace: activities of the Reports interface. Drive, and of the other applications what the catalogue has.
//! Never: an event for what follows by itself from another act (a folder's permissions handed down).

use crate::Config;
use crate::act::{Act, Object, Share, person};
use connector_sdk::{Emit, Json, Reject, attr, identifier, kind, names, time};

pub(crate) fn activity(config: &Config, log: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let application = log.at("id.applicationName").text();
    if application.is_empty() {
        return Err(Reject::missing("id.applicationName"));
    }
    // Some collectors give each event a record of its own, with its fields on top.
    let single = log.at("events").is_empty();
    let events: Vec<Json<'_>> = if single { vec![log] } else { log.at("events").items().collect() };
    let (mut told, mut why) = (false, "an activity without events");
    for (at, event) in events.into_iter().enumerate() {
        match (Case { config, log, application: &application, event, position: at }).tell(emit)? {
            Ok(()) => told = true,
            Err(reason) => why = reason,
        }
    }
    if !told {
        emit.ignore(why);
    }
    Ok(())
}

struct Case<'a> {
    config: &'a Config,
    log: Json<'a>,
    application: &'a str,
    event: Json<'a>,
    position: usize,
}

impl<'a> Case<'a> {
    fn tell(&self, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
        let name = self.event.at("name").text();
        if let Some(why) = self.without_indicator(&name) {
            return Ok(Err(why));
        }
        let caller = self.log.at("actor.callerType").text();
        if !matches!(&*caller, "" | "USER") {
            return Ok(Err("activity of an application"));
        }
        let person = match person(self.config, &self.log.at("actor.email").text()) {
            Ok(person) => person,
            Err(why) => return Ok(Err(why)),
        };
        let at = self.log.at("id.time").text();
        if at.is_empty() {
            return Err(Reject::missing("id.time"));
        }
        let at = time::utc(&at).ok_or_else(|| Reject::bad_time("id.time"))?;
        let object = self.object();
        let (qualifier, target) = (self.log.at("id.uniqueQualifier").text(), self.parameter("target_user").text());
        let parts = [self.application, &at.to_string(), &qualifier, &person, &name, &object.id, &target];
        let place = self.position.to_string();
        let id = identifier::content_id(&parts.iter().copied().chain([place.as_str()]).collect::<Vec<_>>());
        let ip = self.log.at("ipAddress").text();
        let act = Act { workload: "Google Workspace", operation: &name, at, id, person, client_ip: &ip };
        Ok(match self.application {
            "drive" => self.drive(&act, &object, emit),
            _ => self.account(&act, emit),
        })
    }

    /// What is decided before anything is asked of the record.
    fn without_indicator(&self, name: &str) -> Option<&'static str> {
        if name.is_empty() {
            return Some("an activity without a name");
        }
        match self.application {
            "drive" if name.ends_with("_hierarchy_reconciled") => Some("follows from a change to the folder"),
            "drive" => None,
            "login" | "user_accounts" => match name {
                "login_success" | "logout" | "email_forwarding_out_of_domain" => None,
                "login_failure" => Some("a sign-in failed: one alone says nothing"),
                _ => Some("an activity without an indicator"),
            },
            _ => Some("another application of the workspace"),
        }
    }

    fn account(&self, act: &Act<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        match act.operation {
            "login_success" => {
                act.tell(emit, kind::LOGON);
            }
            "logout" => {
                act.tell(emit, kind::LOGOFF);
            }
            _ => {
                let to = self.parameter("email_forwarding_destination_address").text();
                act.tell(emit, kind::MAIL_FORWARDING_RULE_CREATED)
                    .attr(attr::IS_EXTERNAL, true)
                    .attr(
                        attr::DESTINATION_DOMAINS,
                        self.config.internal_domains.outside(&to).into_iter().collect::<Vec<_>>(),
                    )
                    .attr(attr::TARGET_ACCOUNT, identifier::address(&to));
            }
        }
        Ok(())
    }

    fn drive(&self, act: &Act<'_>, object: &Object, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let acl = matches!(
            act.operation,
            "change_user_access"
                | "change_document_visibility"
                | "change_owner"
                | "shared_drive_membership_change"
                | "request_access"
        );
        if !acl && self.parameter("primary_event").is("false") {
            return Err("follows from another act");
        }
        let kind = match act.operation {
            "view" | "preview" => kind::CONTENT_ACCESSED,
            "download" => kind::CONTENT_DOWNLOADED,
            "print" => kind::FILE_PRINTED,
            "sync_item_content" => kind::FILE_SYNCED,
            "trash" => kind::CONTENT_DELETED,
            "delete" => kind::FILE_DELETED_FIRST_STAGE_BIN,
            "request_access" => kind::ACCESS_REQUESTED,
            "rename" => {
                let old = self.parameter("old_value").items().next().map(|old| old.text());
                act.tell_of(emit, kind::FILE_RENAMED, object).attr(attr::PREVIOUS_NAME, old);
                return Ok(());
            }
            "change_user_access" => return self.let_in(act, object, "target_user", emit),
            "change_owner" => return self.let_in(act, object, "new_owner", emit),
            "change_document_visibility" => return self.visibility(act, object, emit),
            "shared_drive_membership_change" | "team_drive_membership_change" => return self.member(act, emit),
            "upload" | "create" => return Err("put into the organisation's own storage"),
            "change_document_access_scope" => return Err("told by the change of visibility that comes with it"),
            "edit"
            | "move"
            | "copy"
            | "source_copy"
            | "add_to_folder"
            | "remove_from_folder"
            | "untrash"
            | "unlock"
            | "lock"
            | "print_preview"
            | "change_acl_editors"
            | "shared_drive_settings_change"
            | "label_added"
            | "label_field_changed"
            | "label_removed"
            | "add_lock"
            | "remove_lock"
            | "create_comment"
            | "approval_requested" => {
                return Err("an activity without an indicator");
            }
            _ => return Err("an activity that this connector does not know"),
        };
        act.tell_of(emit, kind, object);
        Ok(())
    }

    fn let_in(&self, act: &Act<'_>, object: &Object, field: &str, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let new = self.parameter("new_value");
        if field == "target_user" && !new.is_empty() && new.items().all(|value| value.is("none")) {
            return Err("access taken away");
        }
        let share = Share::with(self.config, &self.parameter(field).text()).ok_or("shared, with nobody outside")?;
        act.tell_share(emit, kind::CONTENT_EXTERNALLY_SHARED, object, share);
        Ok(())
    }

    fn visibility(&self, act: &Act<'_>, object: &Object, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let is = |values: &[&str]| self.parameter("new_value").items().any(|value| value.is_one_of(values));
        // A link of one domain is for everybody there; of `all` domains, for everybody.
        let share = match names::host(&self.parameter("target_domain").text()) {
            Some(domain) if self.config.internal_domains.have(&domain) || is(&["private", "none"]) => None,
            Some(domain) => Some(Share::Domain(domain)),
            None => is(&["people_with_link", "public_on_the_web"]).then_some(Share::Anybody),
        };
        let share = share.ok_or("shared, with nobody outside")?;
        act.tell_share(emit, kind::CONTENT_EXTERNALLY_SHARED, object, share);
        Ok(())
    }

    fn member(&self, act: &Act<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
        let change = self.parameter("membership_change_type").text();
        if !change.starts_with("add") {
            return Err("a member's role changed or taken away");
        }
        let target = [self.parameter("target").text(), self.parameter("target_user").text()];
        let share = target.iter().find_map(|target| Share::with(self.config, target));
        let Some(Share::With { account, domain }) = share else { return Err("a member added, none from outside") };
        let object = self.object();
        act.tell_of(emit, kind::EXTERNAL_USER_ADDED_TO_SITE, &object)
            .attr(attr::IS_EXTERNAL, true)
            .attr(attr::DESTINATION_DOMAIN, domain)
            .attr(attr::TARGET_ACCOUNT, account);
        Ok(())
    }

    /// A parameter's value: a list of names and values as the vendor has it, or the fields of an object.
    fn parameter(&self, name: &str) -> Json<'a> {
        let parameters = self.event.at("parameters");
        let listed =
            parameters.items().find(|parameter| !parameter.at("name").is_empty() && parameter.at("name").is(name));
        match listed {
            Some(found) => found.any(&["value", "boolValue", "intValue", "multiValue", "multiIntValue"]),
            None => parameters.field(name),
        }
    }

    fn object(&self) -> Object {
        let text = |name: &str| self.parameter(name).text().into_owned();
        let shared =
            ["owner_is_shared_drive", "owner_is_team_drive"].iter().any(|name| self.parameter(name).is("true"));
        Object {
            id: text("doc_id"),
            name: text("doc_title"),
            site_kind: if shared { "team" } else { "" },
            is_folder: self.parameter("doc_type").is("folder"),
            ..Object::default()
        }
    }
}
