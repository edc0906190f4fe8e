//! A JSON record as vendors really send it: numbers as texts, texts as numbers, objects packed into texts, and fields
//! missing that the schema promises. For vendors whose records cannot be borrowed by one type.
//! Never: fails over a field; what is not there, or is of another type, is empty.

use crate::{Record, Reject};
use serde_json::Value;
use std::borrow::Cow;

static NULL: Value = Value::Null;

/// More objects than any vendor's record has. Each costs some hundred bytes: a hostile record of empty ones would take
/// all memory of the plugin, and a few of such faults its quarantine.
const MOST_OBJECTS: usize = 20_000;

fn too_many(json: &[u8]) -> bool {
    json.iter().filter(|byte| **byte == b'{').count() > MOST_OBJECTS
}

/// A place in a record. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(&'a Value);

impl Record<'_> {
    /// The record as an object, for [`Json`].
    pub fn object(&self) -> Result<Value, Reject> {
        if too_many(self.bytes()) {
            return Err(Reject::malformed("too many objects in one record"));
        }
        let value: Value = self.json()?;
        if value.is_object() { Ok(value) } else { Err(Reject::malformed("not a JSON object")) }
    }
}

impl<'a> Json<'a> {
    /// The whole of `value`.
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The field of that name.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self(self.0.get(name).unwrap_or(&NULL))
    }

    /// The field at a path of names with dots between: `actor.user.name`.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        path.split('.').fold(self, Self::field)
    }

    /// The first of several paths that says something.
    #[must_use]
    pub fn any(self, paths: &[&str]) -> Self {
        paths.iter().map(|path| self.at(path)).find(|found| !found.is_empty()).unwrap_or(Self(&NULL))
    }

    /// Whether it says nothing: absent, null, blank, or without members.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self.0 {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The text, trimmed. A number or yes/no is its own text; a list or an object has none.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        match self.0 {
            Value::String(text) => Cow::Borrowed(text.trim()),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Bool(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
            Value::Null | Value::Array(_) | Value::Object(_) => Cow::Borrowed(""),
        }
    }

    /// Whether the text is this one, whatever the case of its letters.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.text().eq_ignore_ascii_case(text)
    }

    /// Whether the text is one of these, whatever the case of its letters.
    #[must_use]
    pub fn is_one_of(self, texts: &[&str]) -> bool {
        let found = self.text();
        texts.iter().any(|text| found.eq_ignore_ascii_case(text))
    }

    /// A whole number, also one written as text.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        match self.0 {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The members of a list. Anything else that says something stands for a list of itself.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> {
        let items: &'a [Value] = match self.0 {
            Value::Array(items) => items,
            _ if self.is_empty() => &[],
            one => std::slice::from_ref(one),
        };
        items.iter().map(Json)
    }

    /// What is packed into a text as JSON; what is not packed is copied.
    #[must_use]
    pub fn unpacked(self) -> Value {
        match self.0 {
            Value::String(text) if too_many(text.as_bytes()) => Value::Null,
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_there_is_empty_however_deep() {
        let record = json!({"a": {"b": " x "}, "n": 7, "yes": true, "list": [1, 2], "none": null});
        let record = Json::new(&record);
        assert_eq!(record.at("a.b").text(), "x");
        assert_eq!(record.at("a.b.c.d").text(), "");
        assert_eq!(record.any(&["none", "a.x", "n"]).text(), "7");
        assert!(record.at("none").is_empty() && record.at("nowhere").is_empty() && !record.at("n").is_empty());
        assert!(record.at("yes").is("TRUE") && record.at("a.b").is_one_of(&["y", "X"]));
    }

    #[test]
    fn a_number_is_one_also_as_text_and_nothing_else_is() {
        let record = json!({"n": 7, "text": " 8 ", "half": 0.5, "huge": 1e300, "word": "x"});
        let read = |name| Json::new(&record).at(name).integer();
        assert_eq!((read("n"), read("text")), (Some(7), Some(8)));
        assert_eq!((read("half"), read("huge"), read("word")), (None, None, None));
    }

    #[test]
    fn a_single_value_is_a_list_of_itself() {
        let record = json!({"one": {"x": 1}, "two": [{"x": 1}, {"x": 2}], "none": null});
        let count = |name| Json::new(&record).at(name).items().count();
        assert_eq!((count("one"), count("two"), count("none"), count("nowhere")), (1, 2, 0, 0));
    }

    #[test]
    fn a_record_that_would_take_all_memory_is_refused() {
        let body = format!("{{\"a\":[{}]}}", vec!["{}"; MOST_OBJECTS].join(","));
        let record = Record { index: 0, feed: "x", body: body.as_bytes(), row: None };
        assert_eq!(record.object(), Err(Reject::malformed("too many objects in one record")));
        let packed = json!({"packed": body});
        assert_eq!(Json::new(&packed).at("packed").unpacked(), Value::Null);
    }

    #[test]
    fn json_in_a_text_is_unpacked_and_what_is_none_is_null() {
        let record = json!({"packed": "{\"a\":1}", "open": {"a": 1}, "broken": "{"});
        let read = |name| Json::new(&record).at(name).unpacked();
        assert_eq!(read("packed"), json!({"a": 1}));
        assert_eq!(read("open"), json!({"a": 1}));
        assert_eq!(read("broken"), Value::Null);
    }
}
