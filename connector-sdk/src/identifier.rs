//! Names of people and things: schemes, normal forms, and ids for records that have none.
//! Never: a name made up, or an id that shows what it was made from.

use sha2::{Digest, Sha256};

/// Sign-in name in a directory: `alice@example.com`.
pub const UPN: &str = "upn";
/// Mail address.
pub const EMAIL: &str = "email";
/// Number of an employee.
pub const EMPLOYEE_ID: &str = "employee-id";
/// `DOMAIN\name` or bare Windows sign-in name.
pub const SAM: &str = "sam";
/// Windows security identifier.
pub const SID: &str = "sid";
/// Id of an account in Entra.
pub const OBJECT_ID: &str = "object-id";
/// Id or name of a device.
pub const DEVICE: &str = "device-id";
/// Number of a patient's record. Of a patient this alone is kept, and sealed.
pub const PATIENT_RECORD: &str = "patient-mrn";
/// A patient's given name: compared and forgotten, as what follows.
pub const FIRST_NAME: &str = "first-name";
/// A patient's family name.
pub const LAST_NAME: &str = "last-name";
/// First line of a patient's home address: street and house number.
pub const ADDRESS_1: &str = "address-1";
/// Postal code of a patient's home address.
pub const POSTAL_CODE: &str = "postal-code";

/// The address in `text`, in lower case: `Alice <Alice@Example.com>`, `smtp:alice@example.com` and
/// `i:0#.f|membership|alice@example.com` are all `alice@example.com`. `None` if there is no address in it.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('"');
    let text = text.rsplit('|').next().unwrap_or(text);
    let text = match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text,
    };
    let text = match text.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("smtp") || scheme.eq_ignore_ascii_case("mailto") => rest,
        _ => text,
    };
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = !local.is_empty()
        && text.len() <= 320
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"|/\\".contains(c));
    (plain && is_domain(domain)).then(|| text.to_lowercase())
}

/// The domain of an address, in lower case.
#[must_use]
pub fn domain(address: &str) -> Option<String> {
    address.trim().rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).filter(|domain| is_domain(domain))
}

/// Whether `text` has the shape of a domain: labels of letters, digits and hyphens, with a dot between.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

/// Whether `domain` is one of `domains` or below one of them (`mail.example.com` is below `example.com`).
#[must_use]
pub fn within<'d>(domain: &str, domains: impl IntoIterator<Item = &'d str>) -> bool {
    domains.into_iter().any(|known| {
        domain.len() >= known.len()
            && domain.is_char_boundary(domain.len() - known.len())
            && domain[domain.len() - known.len()..].eq_ignore_ascii_case(known)
            && (domain.len() == known.len() || domain.as_bytes()[domain.len() - known.len() - 1] == b'.')
    })
}

/// Whether a security identifier is that of an account of a domain or machine (21), or of Entra (S-1-12-1). The groups and
/// services of the system are others.
#[must_use]
pub fn is_persons_sid(sid: &str) -> bool {
    (sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-"))
        && sid.len() <= 184
        && sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether `text` is the id of an account in Entra: 36 hexadecimal digits and hyphens, not all of them zero.
#[must_use]
pub fn is_object_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && !text.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// A source id for a record whose vendor gives it none: the same parts always give the same id, whatever their case and
/// spacing, so a repeated export is not a new event. Pass only what identifies the event, times as their micros.
#[must_use]
pub fn content_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let words: Vec<String> = part.split_whitespace().map(str::to_lowercase).collect();
        let normal = words.join(" ");
        hash.update((normal.len() as u64).to_le_bytes());
        hash.update(normal.as_bytes());
    }
    // 128 bits: collisions stay out of reach for any number of events.
    hash.finalize().iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_an_address_are_one() {
        for text in [
            "alice@example.com",
            " Alice@EXAMPLE.com ",
            "Alice Liddell <alice@example.com>",
            "smtp:alice@example.com",
            "SMTP:Alice@example.com",
            "\"alice@example.com\"",
            "i:0#.f|membership|alice@example.com",
        ] {
            assert_eq!(address(text).as_deref(), Some("alice@example.com"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in
            ["", "alice", "@example.com", "alice@", "alice@localhost", "a@b.c d@e.f", "a,b@example.com", "1/2@x.y"]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_subdomain_is_within_and_a_lookalike_is_not() {
        let ours = ["example.com"];
        assert!(within("example.com", ours) && within("Mail.Example.com", ours));
        assert!(!within("badexample.com", ours) && !within("example.com.evil.net", ours) && !within("com", ours));
    }

    #[test]
    fn accounts_of_people_are_told_from_those_of_the_system() {
        assert!(is_persons_sid("S-1-5-21-1-2-3-1001") && is_persons_sid("S-1-12-1-1-2-3-4"));
        assert!(!is_persons_sid("S-1-5-18") && !is_persons_sid("S-1-5-21-1 2") && !is_persons_sid(""));
        assert!(is_object_id("7d1a6a2e-0c1f-4d57-9a8e-3f4f6f0b2c11"));
        assert!(!is_object_id("00000000-0000-0000-0000-000000000000") && !is_object_id("7d1a6a2e"));
    }

    #[test]
    fn a_content_id_ignores_case_and_spacing_but_not_where_parts_end() {
        assert_eq!(content_id(&["Resignation", "a  b"]), content_id(&["resignation ", "A b"]));
        assert_ne!(content_id(&["ab", "c"]), content_id(&["a", "bc"]));
        assert_eq!(content_id(&["x"]).len(), 32);
    }

    proptest::proptest! {
        #[test]
        fn an_address_is_its_own_normal_form(text in "\\PC{0,40}") {
            if let Some(address) = address(&text) {
                proptest::prop_assert_eq!(super::address(&address), Some(address.clone()));
                proptest::prop_assert!(domain(&address).is_some());
            }
        }

        #[test]
        fn within_takes_any_text(domain in "\\PC{0,20}", known in "\\PC{0,20}") {
            let _ = within(&domain, [known.as_str()]);
        }
    }
}
