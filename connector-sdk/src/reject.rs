//! Why one record could not be understood.
//! Never: quotes the record. A reject is shown to operators, who may not see what it holds.

pub use crate::bindings::vizard::connector::types::RejectReason as Reason;

/// One record that is not accepted; the rest of the batch goes in.
#[derive(Debug, Clone, PartialEq)]
pub struct Reject {
    /// What is wrong with it.
    pub reason: Reason,
    /// The column or field, by the name that the connector or its configuration gives it.
    pub field: Option<String>,
    /// A sentence for an operator.
    pub detail: String,
}

impl Reject {
    /// The record is not in the feed's format.
    #[must_use]
    pub fn malformed(detail: &str) -> Self {
        Self { reason: Reason::Malformed, field: None, detail: detail.into() }
    }

    /// `field` is absent or empty.
    #[must_use]
    pub fn missing(field: &str) -> Self {
        Self { reason: Reason::MissingField, field: Some(field.into()), detail: format!("{field} is missing") }
    }

    /// `field` holds something else than `wanted`: "an address", "at most 200 characters".
    #[must_use]
    pub fn bad_value(field: &str, wanted: &str) -> Self {
        Self { reason: Reason::BadValue, field: Some(field.into()), detail: format!("{field} is not {wanted}") }
    }

    /// `field` is no time in any known shape.
    #[must_use]
    pub fn bad_time(field: &str) -> Self {
        Self { reason: Reason::BadTime, field: Some(field.into()), detail: format!("{field} is not a time") }
    }

    /// The record is of a kind that the connector does not know at all.
    #[must_use]
    pub fn unknown_kind(field: &str, detail: &str) -> Self {
        Self { reason: Reason::UnknownKind, field: Some(field.into()), detail: detail.into() }
    }
}

/// serde's own messages quote the value (`invalid type: string "555-12-3456"`), so only the place is kept, and the
/// name of a field that is missing, which comes from the connector's own code.
impl From<serde_json::Error> for Reject {
    fn from(error: serde_json::Error) -> Self {
        if !error.is_data() {
            return Self::malformed(&format!("not JSON, at column {}", error.column()));
        }
        if let Some(field) = missing_field(&error.to_string()) {
            return Self::missing(field);
        }
        let detail = format!("a value of another type than expected, at column {}", error.column());
        Self { reason: Reason::BadValue, field: None, detail }
    }
}

fn missing_field(message: &str) -> Option<&str> {
    let name = message.strip_prefix("missing field `")?.split('`').next()?;
    let plain = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte));
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[serde(rename = "Size")]
        size: u32,
    }

    fn reject(json: &str) -> Reject {
        serde_json::from_str::<Wanted>(json).map(|wanted| wanted.size).unwrap_err().into()
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_quoted() {
        let reject = reject(r#"{"Size":"555-12-3456"}"#);
        assert_eq!(reject.reason, Reason::BadValue);
        assert_eq!(reject.detail, "a value of another type than expected, at column 21");
    }

    #[test]
    fn a_missing_field_is_named() {
        assert_eq!(reject("{}"), Reject::missing("Size"));
    }

    #[test]
    fn text_that_is_not_json_is_malformed_and_not_quoted() {
        let reject = reject(r#"{"Size":alice@example.com}"#);
        assert_eq!(reject, Reject::malformed("not JSON, at column 9"));
    }
}
