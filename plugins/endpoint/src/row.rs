//! What the rows of all tables have: time, device, account, file; and the event made of them.
//! Never: an id with a name or path in it; ids are digests.

use crate::Config;
use crate::account::Account;
use connector_sdk::{Emit, Json, Kind, NewEvent, Person, Reject, attr, identifier, kind, names, time};
use std::borrow::Cow;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// One row of advanced hunting.
pub(crate) struct Row<'a> {
    pub(crate) config: &'a Config,
    pub(crate) json: Json<'a>,
    pub(crate) action: &'a str,
    pub(crate) at: i64,
}

impl<'a> Row<'a> {
    pub(crate) fn new(config: &'a Config, json: Json<'a>, action: &'a str) -> Result<Self, Reject> {
        Ok(Self { config, json, action, at: when(json)? })
    }

    /// The account that acted: the process's. Sign-ins have no process, only an account.
    pub(crate) fn person(&self) -> Result<Person, &'static str> {
        self.person_of("InitiatingProcessAccount")
    }

    /// The account in the fields that begin so.
    pub(crate) fn person_of(&self, prefix: &str) -> Result<Person, &'static str> {
        let field = |name: &str| self.json.field(&format!("{prefix}{name}")).text();
        let device = self.device();
        let short = device.split('.').next().unwrap_or_default();
        Account {
            upn: &field("Upn"),
            domain: &field("Domain"),
            name: &field("Name"),
            sid: &field("Sid"),
            object_id: &field("ObjectId"),
            device: short,
        }
        .person()
    }

    pub(crate) fn device(&self) -> Cow<'a, str> {
        self.json.at("DeviceName").text()
    }

    /// The file's full path.
    pub(crate) fn path(&self) -> String {
        full(&self.json.at("FolderPath").text(), &self.json.at("FileName").text())
    }

    /// The file's full path before it was renamed.
    pub(crate) fn previous_path(&self) -> String {
        let folder = self.json.at("PreviousFolderPath").text();
        let name = self.json.at("PreviousFileName").text();
        if !folder.is_empty() {
            return full(&folder, &name);
        }
        // Without a folder it was the same.
        let path = self.path();
        let before = path.len() - names::last(&path).len();
        format!("{}{name}", path.get(..before).unwrap_or_default())
    }

    /// Adds an event with what every event of a row has.
    pub(crate) fn event<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind, person: &Person) -> NewEvent<'e> {
        let mut event = emit.event(kind, self.at);
        event
            .source_id(self.id())
            .actor(&person.identifiers())
            .attr(attr::WORKLOAD, "Endpoint")
            .attr(attr::OPERATION, self.action)
            .attr(attr::DEVICE_NAME, self.device());
        event
    }

    /// The same, about the file at `path`.
    pub(crate) fn file_event<'e>(
        &self,
        emit: &'e mut Emit<'_>,
        kind: Kind,
        person: &Person,
        path: &str,
    ) -> NewEvent<'e> {
        let mut event = self.event(emit, kind, person);
        if kind == kind::FILE_COPIED_TO_USB {
            // Device control and the file's own event tell of one copy: what was written where, that day, is one event.
            let (device, day) =
                (self.json.any(&["DeviceId", "DeviceName"]).text(), self.at.div_euclid(DAY).to_string());
            event.source_id(identifier::content_id(&[&device, path, &day]));
        }
        event
            .attr(attr::FILE_EXTENSION, names::extension(path))
            .attr(attr::SIZE_BYTES, self.json.at("FileSize").integer().filter(|size| *size >= 0))
            .attr(attr::DEVICE_KIND, device_kind(path))
            .attr(attr::SENSITIVITY_LABEL, self.json.at("SensitivityLabel").text())
            .attr(attr::OBJECT_NAME, names::last(path))
            .attr(attr::OBJECT_PATH, path)
            .attr(attr::OBJECT_ID, path)
            .attr(attr::OBJECT_HASH, hash(self.json));
        event
    }

    /// The report's number counts anew now and then: with the device and the time it is unique, as the vendor says.
    fn id(&self) -> String {
        let text = |name: &str| self.json.at(name).text();
        let (device, report, at) =
            (self.json.any(&["DeviceId", "DeviceName"]).text(), text("ReportId"), self.at.to_string());
        if !report.is_empty() {
            return identifier::content_id(&[&device, &report, &at, self.action]);
        }
        let (path, before) = (self.path(), self.previous_path());
        let who = self.json.any(&[
            "InitiatingProcessAccountSid",
            "InitiatingProcessAccountName",
            "AccountSid",
            "AccountName",
        ]);
        identifier::content_id(&[&device, &at, self.action, &path, &before, &who.text(), &text("RemoteUrl")])
    }
}

/// Rows say UTC; exports of Log Analytics name the column otherwise.
pub(crate) fn when(json: Json<'_>) -> Result<i64, Reject> {
    let text = json.any(&["Timestamp", "TimeGenerated"]).text();
    if text.is_empty() {
        return Err(Reject::missing("Timestamp"));
    }
    time::utc(&text).ok_or_else(|| Reject::bad_time("Timestamp"))
}

/// The folder's column often holds the file's name as well.
pub(crate) fn full(folder: &str, name: &str) -> String {
    if name.is_empty() || folder.is_empty() || names::last(folder).eq_ignore_ascii_case(name) {
        return if folder.is_empty() { name.to_owned() } else { folder.to_owned() };
    }
    let slash = if folder.contains('/') && !folder.contains('\\') { '/' } else { '\\' };
    format!("{}{slash}{name}", folder.trim_end_matches(['\\', '/']))
}

/// `sha256:` and the digest; older sensors give SHA-1 alone.
pub(crate) fn hash(json: Json<'_>) -> Option<String> {
    let digest = |fields: &[&str], length: usize| {
        let text = json.any(fields).text();
        (text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
    };
    let sha256 = digest(&["SHA256", "Sha256", "sha256"], 64).map(|found| format!("sha256:{found}"));
    sha256.or_else(|| digest(&["SHA1", "Sha1", "sha1"], 40).map(|found| format!("sha1:{found}")))
}

/// As far as the shape of a path tells.
pub(crate) fn device_kind(path: &str) -> &'static str {
    let bytes = path.as_bytes();
    if path.starts_with('\\') || (bytes.get(1) == Some(&b':') && bytes.first().is_some_and(u8::is_ascii_alphabetic)) {
        "windows"
    } else if ["/Users/", "/Volumes/", "/Applications/"].iter().any(|start| path.starts_with(start)) {
        "macos"
    } else if path.starts_with("/home/") {
        "linux"
    } else {
        ""
    }
}
