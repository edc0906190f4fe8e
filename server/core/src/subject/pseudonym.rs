//! "Anon-7Q4K-2MX9": what a subject is called everywhere.
//! Never: drawn here; 40 random bits come from the caller, and the store keeps them unique.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Crockford's base 32: no I, L, O, U, so that nothing is misread over the telephone.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS: u32 = 40;

/// Eight digits of base 32. A trillion of them: the store draws again on a collision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pseudonym(u64);

/// The text is no pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a pseudonym: expected a form like Anon-7Q4K-2MX9")]
pub struct PseudonymError;

impl Pseudonym {
    /// From the low 40 bits of a random number.
    pub const fn from_random(random: u64) -> Self {
        Self(random & ((1 << BITS) - 1))
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anon")?;
        for place in (0..8).rev() {
            if place % 4 == 3 {
                f.write_str("-")?;
            }
            let digit = DIGITS[((self.0 >> (5 * place)) & 31) as usize];
            write!(f, "{}", char::from(digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes what people type: any case, and the letters that are read for digits.
impl FromStr for Pseudonym {
    type Err = PseudonymError;

    fn from_str(text: &str) -> Result<Self, PseudonymError> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 14 && bytes[..5].eq_ignore_ascii_case(b"Anon-") && bytes[9] == b'-';
        if !shape {
            return Err(PseudonymError);
        }
        bytes[5..9].iter().chain(&bytes[10..]).try_fold(Self(0), |Self(value), byte| {
            let digit = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let at = DIGITS.iter().position(|&known| known == digit).ok_or(PseudonymError)?;
            Ok(Self(value << 5 | at as u64))
        })
    }
}

impl TryFrom<String> for Pseudonym {
    type Error = PseudonymError;
    fn try_from(text: String) -> Result<Self, PseudonymError> {
        text.parse()
    }
}

impl From<Pseudonym> for String {
    fn from(pseudonym: Pseudonym) -> Self {
        pseudonym.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pseudonym_has_two_groups_of_four() {
        assert_eq!(Pseudonym::from_random(0).to_string(), "Anon-0000-0000");
        assert_eq!(Pseudonym::from_random(u64::MAX).to_string(), "Anon-ZZZZ-ZZZZ");
        assert_eq!(Pseudonym::from_random(1 << 20).to_string(), "Anon-0001-0000");
    }

    #[test]
    fn what_is_typed_by_hand_is_understood() {
        let expected: Pseudonym = "Anon-7Q4K-10X9".parse().unwrap();
        assert_eq!("anon-7q4k-lox9".parse(), Ok(expected));
        for text in ["", "Anon-7Q4K", "Anon-7Q4K-2MXU", "Anon_7Q4K-2MX9", "Anon-7Q4K-2MX99", "Anon-7Q4K-2Mé9"] {
            assert_eq!(text.parse::<Pseudonym>(), Err(PseudonymError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_pseudonym_reads_back(random: u64) {
            let pseudonym = Pseudonym::from_random(random);
            prop_assert_eq!(pseudonym.to_string().parse(), Ok(pseudonym));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,20}") {
            let _ = text.parse::<Pseudonym>();
        }
    }
}
