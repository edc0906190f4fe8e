//! Enums whose variants have one stable word each: what is stored, served and printed is the same word.
//! Never: a word changed; rows and clients hold it.

/// Why a text is not a value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a known {expected}")]
pub struct WordError {
    /// The name of the type that was expected, for example `Severity`.
    pub expected: &'static str,
}

/// Declares an enum by its variants and their words: `ALL`, `as_str`, `Display`, `FromStr` and serde agree.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)*
        }
        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::words::WordError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::words::WordError { expected: stringify!($name) }),
                }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::WordError;
    use crate::{
        access::{Resource, Role},
        alert::{AlertStatus, DismissReason, Severity},
        anonymous::Scenario,
        case::{CaseResolution, CaseStatus},
        indicator::{ActionClass, Category},
        message::MessageKind,
        policy::{AlertVolume, PolicyState, ThresholdMode},
        scoring::{MissingInput, RiskFactor, threshold::ThresholdLevel},
        subject::{IdentityState, RiskLevel},
        template::{Step, TemplateCode},
    };

    #[test]
    fn a_word_is_read_back_and_is_what_serde_writes() {
        macro_rules! check {
            ($($name:ty),*) => {$(
                for value in <$name>::ALL {
                    assert_eq!(value.as_str().parse(), Ok(*value));
                    assert_eq!(value.to_string(), value.as_str());
                    assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{}\"", value.as_str()));
                }
            )*};
        }
        check!(Severity, AlertStatus, DismissReason, CaseStatus, CaseResolution, Scenario);
        check!(PolicyState, AlertVolume, ThresholdMode);
        check!(ThresholdLevel, RiskFactor, MissingInput, Role, Resource);
        check!(ActionClass, Category, IdentityState, MessageKind, RiskLevel, Step, TemplateCode);
    }

    #[test]
    fn any_other_text_is_refused() {
        assert_eq!("high".parse::<Severity>(), Err(WordError { expected: "Severity" }));
    }
}
