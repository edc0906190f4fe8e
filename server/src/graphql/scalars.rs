//! Scalars: instants and days in text, vendor-shaped JSON, and the ids of things.
//! Never: repeats an input that it cannot read; it may be a name.

use crate::error::ServiceError;
use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use std::str::FromStr;
use vizard_core::time::{Day, HOUR, Micros, SECOND};

/// Any JSON. Used only where a vendor's shape is open.
pub use async_graphql::Json;

/// An instant in UTC, to the millisecond: RFC 3339, such as `2026-11-24T08:30:00.000Z`. Offsets are read and turned
/// into UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Micros);

/// An instant in UTC: `2026-11-24T08:30:00.000Z`. Inputs may have another offset.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = if let Value::String(text) = &value { instant(text) } else { None };
        text.map(Self).ok_or_else(|| InputValueError::custom("wanted an instant such as 2026-11-24T08:30:00Z"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A calendar day: `2026-11-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub Day);

/// A calendar day: `2026-11-24`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = if let Value::String(text) = &value { day(text) } else { None };
        text.map(Self).ok_or_else(|| InputValueError::custom("wanted a day such as 2026-11-24"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The id that a client sent, as the wanted kind. A text that is none gets the answer of a thing that does not exist.
pub fn read_id<T: FromStr>(id: &ID) -> Result<T, ServiceError> {
    id.parse().map_err(|_| ServiceError::NotFound)
}

/// A count as `Int`, which has 32 bits: the largest where it is larger.
pub fn int<T>(count: T) -> i32
where
    i32: TryFrom<T>,
{
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn number(text: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|value| digits && range.contains(value))
}

fn day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || !text.is_ascii() || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let part =
        |at: std::ops::Range<usize>, most| number(&text[at], 1..=most).and_then(|value| i32::try_from(value).ok());
    let (year, month, of_month) = (part(0..4, 9_999)?, part(5..7, 12)?, part(8..10, 31)?);
    Day::from_civil(year, u8::try_from(month).ok()?, u8::try_from(of_month).ok()?)
}

/// RFC 3339, section 5.6, without leap seconds; digits beyond the microsecond are dropped.
fn instant(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let date = day(&text[..10])?;
    let seconds = clock(&text[11..16])?.checked_add(number(&text[17..19], 0..=59)?).filter(|_| bytes[16] == b':')?;
    let mut rest = &text[19..];
    let mut micros = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        micros = format!("{:0<6}", &fraction[..digits.min(6)]).parse().ok()?;
        rest = &fraction[digits..];
    }
    let offset = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] if rest.len() == 6 => {
            clock(&rest[1..]).map(|seconds| if *sign == b'-' { -seconds } else { seconds })?
        }
        _ => return None,
    };
    Some(Micros(date.start().0 + (seconds - offset) * SECOND + micros))
}

/// `HH:MM` in seconds.
fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
    Some(number(hours, 0..=23)? * (HOUR / SECOND) + number(minutes, 0..=59)? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vizard_core::ids::{AlertId, CaseId};

    fn at(text: &str) -> Option<String> {
        DateTime::parse(Value::from(text)).ok().map(|at| at.0.to_string())
    }

    #[test]
    fn instants_are_read_with_offsets_and_fractions() {
        for (text, read) in [
            ("2026-11-24T08:30:00Z", "2026-11-24T08:30:00.000Z"),
            ("2026-11-24t08:30:00.1234567z", "2026-11-24T08:30:00.123Z"),
            ("2026-11-24T00:30:00+01:00", "2026-11-23T23:30:00.000Z"),
            ("2026-11-24T23:30:00.5-01:00", "2026-11-25T00:30:00.500Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(read));
        }
    }

    #[test]
    fn what_is_no_instant_is_refused_and_not_repeated() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T08:30:00",
            "2026-11-24T08:30:60Z",
            "2026-11-24T24:00:00Z",
            "2026-02-29T08:30:00Z",
            "2026-11-24T08:30:00.Z",
            "2026-11-24T08:30:00.1234567890Z",
            "2026-11-24T08:30:00+1:00",
            "2026-11-24T08:30:00Zx",
            "+026-11-24T08:30:00Z",
            "2026-11-24T0\u{e9}:30:00Z",
            "Ada Example of Sales",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
        let error = DateTime::parse(Value::from("Ada Example")).unwrap_err().into_server_error(Default::default());
        assert!(error.message.contains("2026-11-24T08:30:00Z") && !error.message.contains("Ada"), "{}", error.message);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        let read = |text: &str| Date::parse(Value::from(text)).ok().map(|day| day.0.to_string());
        assert_eq!(read("2024-02-29").as_deref(), Some("2024-02-29"));
        for text in ["2026-02-29", "2026-2-1", "0000-01-01", "2026-01-01T", "\u{e9}026-01-0"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(Date::parse(Value::from(20_260_101)).is_err());
    }

    #[test]
    fn a_text_that_is_no_id_is_as_good_as_one_that_does_not_exist() {
        let id = AlertId::new(uuid::Uuid::from_u128(7));
        assert_eq!(read_id::<AlertId>(&ID::from(id)).unwrap(), id);
        assert!(matches!(read_id::<CaseId>(&ID::from(id)), Err(ServiceError::NotFound)));
        assert!(matches!(read_id::<AlertId>(&ID::from("1")), Err(ServiceError::NotFound)));
    }

    proptest! {
        #[test]
        fn an_instant_survives_the_round_trip(ms in -62_135_596_800_000i64..253_402_300_799_000) {
            let at = DateTime(Micros(ms * 1_000));
            prop_assert_eq!(DateTime::parse(at.to_value()).ok(), Some(at));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = DateTime::parse(Value::from(text.clone()));
            let _ = Date::parse(Value::from(text));
        }
    }
}
