//! A field of a JSON record as text, borrowed from the record's bytes where it can be.
//! Never: fails on a value of another type; such a value is none.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A text, wherever a record has one; a number or yes/no is its own text, and null, an object or a list is none.
/// (An `Option<Cow<str>>` would copy every text; this borrows all but those with escapes.)
#[derive(Debug, Default, Clone)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is this one, whatever the case of its letters.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }

    /// The text without space around it, or nothing.
    #[must_use]
    pub fn or_empty(&self) -> &str {
        self.0.trim()
    }

    /// The same; `None` if nothing is left.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        Some(self.or_empty()).filter(|text| !text.is_empty())
    }

    /// The whole number that it is.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.get()?.parse().ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a text")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(small_number(number)))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }
    fn visit_bool<E: Error>(self, yes: bool) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(if yes { "true" } else { "false" })))
    }
    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Text<'de>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}

/// Nearly every number that is read as text is a small code (`RecordType`, `UserType`).
fn small_number(number: u64) -> Cow<'static, str> {
    const CODES: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
    match usize::try_from(number).ok().and_then(|at| CODES.get(at)) {
        Some(code) => Cow::Borrowed(code),
        None => Cow::Owned(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Text;
    use std::borrow::Cow;

    #[test]
    fn whatever_a_field_holds_is_a_text_or_none() {
        for (json, text) in [
            (r#"" a ""#, " a "),
            ("7", "7"),
            ("1234", "1234"),
            ("-3", "-3"),
            ("1.5", "1.5"),
            ("true", "true"),
            ("null", ""),
            (r#"["a"]"#, ""),
            (r#"{"a":[1]}"#, ""),
        ] {
            let found: Text<'_> = serde_json::from_str(json).unwrap();
            assert_eq!((found.0.as_ref(), found.get()), (text, Some(text.trim()).filter(|text| !text.is_empty())));
        }
        assert!(matches!(serde_json::from_str::<Text<'_>>(r#""plain""#).unwrap().0, Cow::Borrowed("plain")));
        assert_eq!(serde_json::from_str::<Text<'_>>(r#"" 12 ""#).unwrap().number(), Some(12));
    }
}
