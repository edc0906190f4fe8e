//! One use of a badge, as a record tells of it.
//! Never: a person from a badge that shows none.

use crate::Config;
use connector_sdk::identifier::{self, SAM, SID, UPN};
use connector_sdk::serde_json::Value;
use connector_sdk::{Call, Record, Reject, time};

/// Characters of an id or name that a system gives.
const TEXT_CHARS: usize = 400;

pub(crate) struct Access {
    pub(crate) at: i64,
    pub(crate) scheme: &'static str,
    pub(crate) user: String,
    pub(crate) asset_id: String,
    pub(crate) asset_name: String,
    pub(crate) opened: bool,
    pub(crate) terminated: bool,
    pub(crate) event_id: Option<String>,
}

impl Access {
    pub(crate) fn read(config: &Config, call: &Call<'_>, record: &Record<'_>) -> Result<Self, Reject> {
        let json: Value = record.json()?;
        if !json.is_object() {
            return Err(Reject::malformed("not a JSON object"));
        }
        let need =
            |name: &'static str| text(&json, config.field(name)).ok_or_else(|| Reject::missing(config.field(name)));
        let optional = |name: &str| config.optional_field(name).and_then(|field| text(&json, field));
        let (user, asset_id, written) = (need("UserId")?, need("AssetId")?, need("EventTime")?);
        let at = time::parse(&written, call.zone(), config.date_order);
        let at = at.ok_or_else(|| Reject::bad_time(config.field("EventTime")))?;
        let status = need("AccessStatus")?;
        let opened = config.opened(&status).ok_or_else(|| {
            let detail = "a status that is neither Success nor Failed: map it in the configuration's `statuses`";
            Reject::unknown_kind(config.field("AccessStatus"), detail)
        })?;
        let (scheme, user) = person(config, &user);
        Ok(Self {
            at,
            scheme,
            user,
            asset_id: short(&asset_id),
            asset_name: text(&json, config.field("AssetName")).map(|name| short(&name)).unwrap_or_default(),
            opened,
            terminated: optional("HolderStatus").is_some_and(|state| config.is_terminated(&state)),
            event_id: optional("EventId"),
        })
    }
}

/// Who a UserId is: what it shows of itself goes before what the configuration says.
fn person(config: &Config, user: &str) -> (&'static str, String) {
    if let Some(address) = identifier::address(user) {
        return (UPN, address);
    }
    if user.to_ascii_uppercase().starts_with("S-1-") {
        return (SID, user.to_ascii_uppercase());
    }
    if user.contains('\\') {
        return (SAM, user.to_lowercase());
    }
    (config.user_scheme.name(), user.to_owned())
}

/// The text or number at a name, in any case, or at a JSON pointer; nothing where it is empty.
fn text(json: &Value, field: &str) -> Option<String> {
    let value = match field.starts_with('/') {
        true => json.pointer(field),
        false => {
            let object = json.as_object()?;
            let named = || object.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(field));
            object.get(field).or_else(|| named().map(|(_, value)| value))
        }
    };
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
}
