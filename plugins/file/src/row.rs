//! A record as its mapped fields, whether it came as a CSV row or as JSON.
//! Never: a field that the configuration does not name.

use crate::Config;
use crate::config::Field;
use connector_sdk::serde_json::Value;
use connector_sdk::{Record, Reject};
use std::borrow::Cow;

/// Items of a list that are taken.
const ITEMS: usize = 100;

pub(crate) struct Row<'a> {
    config: &'a Config,
    record: &'a Record<'a>,
    json: Option<Value>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(config: &'a Config, record: &'a Record<'a>) -> Result<Self, Reject> {
        if record.columns().is_some() {
            return Ok(Self { config, record, json: None });
        }
        let json: Value = record.json()?;
        if !json.is_object() {
            return Err(Reject::malformed("not a JSON object"));
        }
        Ok(Self { config, record, json: Some(json) })
    }

    /// The text of a field, if it is mapped and holds something.
    pub(crate) fn get(&self, field: Field) -> Option<Cow<'_, str>> {
        self.config.fields.get(&field)?.names().iter().find_map(|name| self.at(name.trim()))
    }

    /// The text of a field that must be there.
    pub(crate) fn need(&self, field: Field) -> Result<Cow<'_, str>, Reject> {
        self.get(field).ok_or_else(|| Reject::missing(self.name(field)))
    }

    /// What the records call it, for rejects.
    pub(crate) fn name(&self, field: Field) -> &'a str {
        self.config.fields.get(&field).and_then(|places| places.names().first()).map_or("", |name| name.trim())
    }

    /// The texts of a field that is a list: of JSON, or cut at semicolons and bars. Sorted, each once.
    pub(crate) fn list(&self, field: Field) -> Vec<String> {
        let names = self.config.fields.get(&field).map(|places| places.names()).unwrap_or_default();
        let array = names.iter().find_map(|name| self.value(name.trim())?.as_array());
        let mut texts: Vec<String> = match array {
            Some(items) => items.iter().filter_map(text).map(Cow::into_owned).collect(),
            None => {
                let whole = self.get(field).unwrap_or_default();
                whole.split([';', '|']).map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
            }
        };
        texts.sort_unstable();
        texts.dedup();
        texts.truncate(ITEMS);
        texts
    }

    fn at(&self, name: &str) -> Option<Cow<'_, str>> {
        match &self.json {
            None => self.record.column(name).map(Cow::Borrowed),
            Some(_) => self.value(name).and_then(text),
        }
    }

    /// What is at a JSON pointer, or under a name in any case.
    fn value(&self, name: &str) -> Option<&Value> {
        let json = self.json.as_ref()?;
        if name.starts_with('/') {
            return json.pointer(name);
        }
        let object = json.as_object()?;
        let named = || object.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        object.get(name).or_else(|| named().map(|(_, value)| value))
    }
}

/// A text, number or yes/no, without space around it; nothing if it is empty.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}
