//! The one form in which the names of a person are compared, however sources spell them.
//! Never: a guess; names of different schemes are one person only where a source says so.

use crate::{event::NormalisedIdentifier, limits};
use unicode_normalization::UnicodeNormalization as _;

/// The namespace of mail addresses and sign-in names: one person's are most often the same text.
pub const ADDRESS: &str = "address";

/// Why a text is no identifier. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing is left of it.
    #[error("an identifier is empty")]
    Empty,
    /// See `limits::IDENTIFIER_BYTES`.
    #[error("an identifier is longer than the limit")]
    TooLong,
    /// Control characters, or a scheme that is no word.
    #[error("an identifier holds characters that none may hold")]
    BadCharacter,
    /// A mail address without both sides.
    #[error("an address has no name or no domain")]
    NoAddress,
}

/// The normal form of an identifier: its namespace, and its value trimmed and in lower case, without the decoration
/// that directories and mail programs put around it.
pub fn normalise(scheme: &str, value: &str) -> Result<NormalisedIdentifier, IdentifierError> {
    if scheme.len() > limits::IDENTIFIER_BYTES || value.len() > limits::IDENTIFIER_BYTES {
        return Err(IdentifierError::TooLong);
    }
    let scheme = scheme.trim().to_ascii_lowercase();
    if scheme.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(IdentifierError::BadCharacter);
    }
    // Invisible marks (zero width, direction) would make two of one name.
    let value = value.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    if value.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if value.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(IdentifierError::BadCharacter);
    }
    let (namespace, value) = match scheme.as_str() {
        "upn" | "email" | "mail" | "smtp" | "address" | "sip" => (ADDRESS.to_owned(), address(value)?),
        // A sign-in name that is an address is compared as one, whatever scheme the source gives it.
        "sam" | "login" | "user-name" => match address(value) {
            Ok(address) => (ADDRESS.to_owned(), address),
            Err(_) => ("sam".to_owned(), sam(value)),
        },
        _ => (scheme, lower(value)),
    };
    if value.is_empty() {
        return Err(IdentifierError::Empty);
    }
    // Lower case can be longer than upper case.
    if value.len() > limits::IDENTIFIER_BYTES {
        return Err(IdentifierError::TooLong);
    }
    Ok(NormalisedIdentifier { namespace, value })
}

/// `Alice <SMTP:Alice@Example.com>`, `i:0#.f|membership|alice@example.com` and `"alice@example.com."` are one.
fn address(text: &str) -> Result<String, IdentifierError> {
    let text = text.rsplit('|').next().unwrap_or(text);
    let text = match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text,
    };
    let mut text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
    while let Some((prefix, rest)) = text.split_once(':') {
        if !["smtp", "mailto", "sip"].iter().any(|known| prefix.trim().eq_ignore_ascii_case(known)) {
            break;
        }
        text = rest.trim();
    }
    let text = text.trim_end_matches('.');
    let (local, domain) = text.rsplit_once('@').ok_or(IdentifierError::NoAddress)?;
    if local.is_empty() || domain.is_empty() {
        return Err(IdentifierError::NoAddress);
    }
    let strange = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';' | '|' | '\\' | ':');
    if text.contains(strange) {
        return Err(IdentifierError::BadCharacter);
    }
    Ok(lower(text))
}

/// `DOMAIN\name` with one separator; a bare name stays bare.
fn sam(text: &str) -> String {
    match text.split_once(['\\', '/']) {
        Some((domain, name)) => {
            format!("{}\\{}", lower(domain.trim()), lower(name.trim_start_matches(['\\', '/']).trim()))
        }
        None => lower(text),
    }
}

/// Lower case, composed. Twice: lower case can undo a composition, and a few letters change again.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let once: String = text.to_lowercase().nfc().collect();
    once.to_lowercase().nfc().collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(scheme: &str, value: &str) -> Result<(String, String), IdentifierError> {
        normalise(scheme, value).map(|found| (found.namespace, found.value))
    }

    #[test]
    fn the_spellings_of_an_address_are_one() {
        let expected = Ok(("address".to_owned(), "ada.quill@example.com".to_owned()));
        for text in [
            "ada.quill@example.com",
            "  Ada.Quill@EXAMPLE.com ",
            "Ada Quill <ada.quill@example.com>",
            "<Ada.Quill@example.com>",
            "smtp:ada.quill@example.com",
            "SMTP:Ada.Quill@example.com",
            "sip:ada.quill@example.com",
            "mailto:ada.quill@example.com",
            "Ada <mailto:ada.quill@example.com>",
            "\"ada.quill@example.com\"",
            "i:0#.f|membership|ada.quill@example.com",
            "\u{feff}ada.quill@example.com\u{200b}",
            "ada.quill@example.com.",
        ] {
            for scheme in ["upn", "email", "UPN", "login"] {
                assert_eq!(form(scheme, text), expected, "{scheme} {text}");
            }
        }
    }

    #[test]
    fn a_letter_and_its_mark_are_one_however_they_are_encoded() {
        assert_eq!(form("upn", "Zo\u{eb}@example.com"), form("upn", "ZOE\u{308}@example.com"));
    }

    #[test]
    fn other_schemes_have_their_own_namespaces() {
        assert_eq!(form("employee-id", " A-4711 "), Ok(("employee-id".into(), "a-4711".into())));
        assert_eq!(form("sid", "S-1-5-21-1-2-3"), Ok(("sid".into(), "s-1-5-21-1-2-3".into())));
        assert_eq!(form("object-id", "0BC8-1"), Ok(("object-id".into(), "0bc8-1".into())));
        assert_eq!(form("sam", "HALDEN\\AQuill"), Ok(("sam".into(), "halden\\aquill".into())));
        assert_eq!(form("login", "HALDEN/AQuill"), Ok(("sam".into(), "halden\\aquill".into())));
        assert_eq!(form("sam", "AQuill"), Ok(("sam".into(), "aquill".into())));
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        assert_eq!(form("upn", "  "), Err(IdentifierError::Empty));
        assert_eq!(form(" ", "a@b"), Err(IdentifierError::Empty));
        assert_eq!(form("a b", "a@b"), Err(IdentifierError::BadCharacter));
        assert_eq!(form("upn", "ada"), Err(IdentifierError::NoAddress));
        assert_eq!(form("upn", "@example.com"), Err(IdentifierError::NoAddress));
        assert_eq!(form("email", "a@b.example c@d.example"), Err(IdentifierError::BadCharacter));
        assert_eq!(form("upn", "a\u{0}da@example.com"), Err(IdentifierError::BadCharacter));
        assert_eq!(form("upn", "a\u{200b}da@example.com"), Err(IdentifierError::BadCharacter));
        assert_eq!(form("employee-id", &"7".repeat(limits::IDENTIFIER_BYTES + 1)), Err(IdentifierError::TooLong));
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(
            scheme in prop::sample::select(vec!["upn", "email", "sam", "sid", "employee-id"]),
            value in "\\PC{0,40}|[A-Za-z<>:|. ]{0,10}@[A-Za-z.]{0,10}|[A-Z\\\\/]{1,12}",
        ) {
            if let Ok(found) = normalise(scheme, &value) {
                let again = normalise(&found.namespace, &found.value);
                prop_assert!(again.is_ok_and(|again| again == found), "{} {}", scheme, value);
            }
        }

        #[test]
        fn any_text_is_answered(scheme in "\\PC{0,20}", value in any::<String>()) {
            let _ = normalise(&scheme, &value);
        }
    }
}
