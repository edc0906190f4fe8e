//! What the events of all classes have: class, activity, time, outcome, device.
//! Never: an id with a name or path in it; where the product gives none, ids are digests.

use crate::Config;
use crate::person;
use connector_sdk::{Emit, Json, Kind, NewEvent, Person, Reject, attr, identifier, time};

/// One event, with all that its meaning depends on.
pub(crate) struct Case<'a> {
    pub(crate) config: &'a Config,
    pub(crate) json: Json<'a>,
    pub(crate) class: i64,
    pub(crate) activity: i64,
    pub(crate) at: i64,
}

impl<'a> Case<'a> {
    /// Class and activity are fields of their own, or both in `type_uid`.
    pub(crate) fn new(config: &'a Config, json: Json<'a>) -> Result<Self, Reject> {
        let both = json.at("type_uid").integer();
        let class = json.at("class_uid").integer().or_else(|| both.map(|both| both / 100));
        let class = class.ok_or_else(|| Reject::missing("class_uid"))?;
        let activity = json.at("activity_id").integer().or_else(|| both.map(|both| both % 100));
        let activity = activity.ok_or_else(|| Reject::missing("activity_id"))?;
        let text = json.any(&["time", "time_dt"]).text();
        if text.is_empty() {
            return Err(Reject::missing("time"));
        }
        let at = time::utc(&text).ok_or_else(|| Reject::bad_time("time"))?;
        Ok(Self { config, json, class, activity, at })
    }

    /// Whether it came to pass.
    pub(crate) fn happened(&self) -> Result<(), &'static str> {
        // Dispositions: blocked, quarantined, isolated, deleted, dropped, access revoked, rejected, unauthorised.
        let is = |name: &str, codes: &[i64]| self.json.at(name).integer().is_some_and(|code| codes.contains(&code));
        if is("disposition_id", &[2, 3, 4, 5, 6, 24, 25, 26]) || is("action_id", &[2]) {
            return Err("blocked by a policy");
        }
        if is("status_id", &[2]) || self.json.at("status").is("Failure") {
            return Err("the operation failed");
        }
        Ok(())
    }

    /// The person in `actor.user`.
    pub(crate) fn actor(&self) -> Result<Person, &'static str> {
        self.person(self.json.at("actor.user"))
    }

    /// The person in a user object. Local accounts of two devices are two accounts.
    pub(crate) fn person(&self, user: Json<'_>) -> Result<Person, &'static str> {
        let local = if matches!(self.class, 1001 | 2001 | 2004) { self.device() } else { String::new() };
        person::of(user, local.split('.').next().unwrap_or_default())
    }

    pub(crate) fn device(&self) -> String {
        self.json.any(&["device.hostname", "device.name"]).text().into_owned()
    }

    /// Adds an event with what every event has. `about` tells several events of one record, or records without an id,
    /// apart.
    pub(crate) fn event<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind, person: &Person, about: &str) -> NewEvent<'e> {
        let mut event = emit.event(kind, self.at);
        event
            .source_id(self.id(person, about))
            .actor(&person.identifiers())
            .attr(attr::WORKLOAD, self.json.at("metadata.product.name").text())
            .attr(attr::OPERATION, self.json.at("activity_name").text())
            .attr(attr::CLIENT_IP, self.json.any(&["src_endpoint.ip", "device.ip"]).text());
        // Elsewhere the device is what recorded the event, a gateway or a server: not a machine that the person used.
        if matches!(self.class, 1001 | 2001 | 2004 | 3002 | 4002) {
            event
                .attr(attr::DEVICE_NAME, self.device())
                .attr(attr::DEVICE_KIND, device_kind(&self.json.any(&["device.os.type", "device.os.name"]).text()));
        }
        event
    }

    fn id(&self, person: &Person, about: &str) -> String {
        let uid = self.json.at("metadata.uid").text();
        if !uid.is_empty() {
            return identifier::content_id(&[&uid, about]);
        }
        let (class, activity, at) = (self.class.to_string(), self.activity.to_string(), self.at.to_string());
        identifier::content_id(&[&class, &activity, &at, person.key(), &self.device(), about])
    }
}

fn device_kind(system: &str) -> &'static str {
    const SYSTEMS: [(&str, &str); 7] = [
        ("windows", "windows"),
        ("macos", "macos"),
        ("mac os", "macos"),
        ("ios", "ios"),
        ("ipados", "ios"),
        ("android", "android"),
        ("linux", "linux"),
    ];
    let system = system.to_ascii_lowercase();
    SYSTEMS.iter().find(|(sign, _)| system.starts_with(sign)).map_or("", |(_, kind)| kind)
}
