//! The names under which a day's activity is stored: an indicator's code, and beside it what else was counted of the day.
//! `CODE`, `CODE!UNALLOWED_DOMAIN`, `CODE!PRIORITY_CONTENT`, `@HOUR!13`, `@DEVICE!…`, `@FOREIGN_DEVICE!…`,
//! `@DESTINATION!…` (16 hexadecimal digits of a keyed digest).
//! Never: a name, address or path; what identifies is digested with a key before it gets here.

use crate::scoring::reading::Token;

/// What a stored name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure<'a> {
    /// Events of the indicator.
    Count(&'a str),
    /// Of these, to or from a domain that is not allowed.
    Unallowed(&'a str),
    /// Of these, on priority content.
    Priority(&'a str),
    /// The subject was active in that hour (UTC).
    Hour(u8),
    /// Something was used.
    Token(Token),
    /// Of a later version.
    Unknown,
}

const UNALLOWED: &str = "UNALLOWED_DOMAIN";
const PRIORITY: &str = "PRIORITY_CONTENT";

/// The stored name.
pub fn name(measure: Measure<'_>) -> String {
    match measure {
        Measure::Count(code) => code.to_owned(),
        Measure::Unallowed(code) => format!("{code}!{UNALLOWED}"),
        Measure::Priority(code) => format!("{code}!{PRIORITY}"),
        Measure::Hour(hour) => format!("@HOUR!{hour}"),
        Measure::Token(Token::Device(digest)) => format!("@DEVICE!{digest:016x}"),
        Measure::Token(Token::ForeignDevice(digest)) => format!("@FOREIGN_DEVICE!{digest:016x}"),
        Measure::Token(Token::Destination(digest)) => format!("@DESTINATION!{digest:016x}"),
        Measure::Unknown => String::new(),
    }
}

/// What a stored name stands for.
pub fn read(name: &str) -> Measure<'_> {
    let Some((what, of)) = name.split_once('!') else { return Measure::Count(name) };
    let digest = || u64::from_str_radix(of, 16).ok();
    let token = |make: fn(u64) -> Token| digest().map_or(Measure::Unknown, |digest| Measure::Token(make(digest)));
    match (what, of) {
        ("@HOUR", hour) => hour.parse().ok().filter(|hour| *hour < 24).map_or(Measure::Unknown, Measure::Hour),
        ("@DEVICE", _) => token(Token::Device),
        ("@FOREIGN_DEVICE", _) => token(Token::ForeignDevice),
        ("@DESTINATION", _) => token(Token::Destination),
        (code, UNALLOWED) => Measure::Unallowed(code),
        (code, PRIORITY) => Measure::Priority(code),
        _ => Measure::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_what_it_was_made_from() {
        for measure in [
            Measure::Count("FILE_PRINTED"),
            Measure::Unallowed("FILE_UPLOADED_TO_WEB"),
            Measure::Priority("FILE_PRINTED"),
            Measure::Hour(23),
            Measure::Token(Token::Device(7)),
            Measure::Token(Token::ForeignDevice(u64::MAX)),
            Measure::Token(Token::Destination(0)),
        ] {
            assert_eq!(read(&name(measure)), measure);
        }
    }

    #[test]
    fn what_is_not_known_is_told_apart() {
        for odd in ["@HOUR!24", "@HOUR!x", "@DEVICE!name", "FILE_PRINTED!LATER", "!"] {
            assert_eq!(read(odd), Measure::Unknown, "{odd}");
        }
    }
}
