//! Times as vendors write them, to microseconds since 1970.
//! Never: guesses. A text that is no time, or that could be two, is none.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Which comes first in `04/05/2019`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// The fifth of April.
    #[default]
    MonthFirst,
    /// The fourth of May.
    DayFirst,
}

/// Reads a time in any of these shapes, with space around it or not:
///
/// - `2019-04-23T15:18:02.4675041+05:30`, `2019-04-23 15:18:02Z`, `2019-04-23T15:18`, `2019-04-23`, `20190423`;
///   any number of fractional digits (beyond microseconds they are cut off); `T` or space; `Z`, `UTC`, `GMT`, `+0530`
/// - `4/23/2019`, `4/23/2019 3:18:02 PM` (or day first), `23.4.2019 15:18`
/// - `23 Apr 2019`, `23-Apr-2019 15:18:02`, `Apr 23, 2019 3:18 PM`, `Tue, 23 Apr 2019 15:18:02 +0530`
/// - `/Date(1556032682467)/`, and Unix seconds, milliseconds or microseconds (10, 13 or 16 digits)
///
/// A time without an offset is taken in `zone`; a date without a time is its midnight.
#[must_use]
pub fn parse(text: &str, zone: &TimeZone, order: DateOrder) -> Option<i64> {
    let text = text.trim();
    if let Some(micros) = machine(text) {
        return Some(micros);
    }
    let mut cursor = Cursor { rest: text.as_bytes() };
    let (year, month, day) = cursor.date(order)?;
    let clock = cursor.clock()?;
    let (hour, minute, second, nanos) = clock.unwrap_or((0, 0, 0, 0));
    let civil = DateTime::new(year, month, day, hour, minute, second, nanos).ok()?;
    let offset = if clock.is_some() { cursor.offset()? } else { None };
    if !cursor.rest.is_empty() {
        return None;
    }
    let instant = match offset {
        Some(seconds) => Offset::from_seconds(seconds).ok()?.to_timestamp(civil).ok()?,
        None => zone.to_timestamp(civil).ok()?,
    };
    Some(instant.as_nanosecond().div_euclid(1_000)).and_then(|micros| i64::try_from(micros).ok())
}

/// A time in any of these shapes of a vendor whose times are UTC where they do not say otherwise.
#[must_use]
pub fn utc(text: &str) -> Option<i64> {
    parse(text, &TimeZone::UTC, DateOrder::MonthFirst)
}

/// `/Date(…)/` and Unix times. Eight digits are a date, and any other number of them is nothing.
fn machine(text: &str) -> Option<i64> {
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        // An offset may follow; it says only how to show the instant.
        let end = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |at| at + 1);
        return inner[..end].parse::<i64>().ok()?.checked_mul(1_000);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = match text.len() {
        10 => 1_000_000,
        13 => 1_000,
        16 => 1,
        _ => return None,
    };
    text.parse::<i64>().ok()?.checked_mul(scale)
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.rest.first().copied().unwrap_or(0)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && !self.rest.is_empty();
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn spaces(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.rest = &self.rest[1..];
        }
    }

    /// One to `most` digits, and how many there were.
    fn number(&mut self, most: usize) -> Option<(i16, usize)> {
        let count = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.rest[..count].iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'));
        self.rest = &self.rest[count..];
        (count > 0).then_some((value, count))
    }

    fn small(&mut self) -> Option<i8> {
        self.number(2).and_then(|(value, _)| i8::try_from(value).ok())
    }

    fn year(&mut self) -> Option<i16> {
        self.number(4).filter(|(_, digits)| *digits == 4).map(|(year, _)| year)
    }

    fn letters(&mut self) -> &[u8] {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(count);
        self.rest = rest;
        word
    }

    fn month_name(&mut self) -> Option<i8> {
        const NAMES: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let word = self.letters().to_ascii_lowercase();
        let word = std::str::from_utf8(&word).ok().filter(|word| word.len() >= 3)?;
        let found = NAMES.iter().position(|name| name.starts_with(word) || (word == "sept" && *name == "september"))?;
        i8::try_from(found + 1).ok()
    }

    fn weekday(&mut self) -> Option<()> {
        const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let word = self.letters().to_ascii_lowercase();
        let word = std::str::from_utf8(&word).ok().filter(|word| word.len() >= 3)?;
        NAMES.iter().any(|name| name.starts_with(word)).then_some(())
    }

    fn date(&mut self, order: DateOrder) -> Option<(i16, i8, i8)> {
        if self.peek().is_ascii_alphabetic() {
            return self.date_in_words();
        }
        let (first, digits) = self.number(4)?;
        if digits == 4 {
            let sign = self.peek();
            if sign.is_ascii_digit() {
                let (both, digits) = self.number(4)?;
                return (digits == 4).then_some((
                    first,
                    i8::try_from(both / 100).ok()?,
                    i8::try_from(both % 100).ok()?,
                ));
            }
            let same = matches!(sign, b'-' | b'/' | b'.') && self.eat(sign);
            let month = self.small().filter(|_| same)?;
            let day = if self.eat(sign) { self.small()? } else { return None };
            return Some((first, month, day));
        }
        let first = i8::try_from(first).ok().filter(|_| digits <= 2)?;
        match self.peek() {
            sign @ (b'/' | b'.') => {
                self.eat(sign);
                let second = self.small()?;
                let year = if self.eat(sign) { self.year()? } else { return None };
                // With dots the day always comes first; nobody writes it otherwise.
                let day_first = sign == b'.' || order == DateOrder::DayFirst;
                Some(if day_first { (year, second, first) } else { (year, first, second) })
            }
            b' ' | b'-' => {
                let sign = self.peek();
                self.eat(sign);
                let month = self.month_name()?;
                let year = if self.eat(sign) { self.year()? } else { return None };
                Some((year, month, first))
            }
            _ => None,
        }
    }

    /// `Apr 23, 2019`, or a weekday before `23 Apr 2019`.
    fn date_in_words(&mut self) -> Option<(i16, i8, i8)> {
        let start = self.rest;
        if let Some(month) = self.month_name() {
            self.spaces();
            let day = self.small()?;
            self.eat(b',');
            self.spaces();
            return Some((self.year()?, month, day));
        }
        self.rest = start;
        self.weekday()?;
        self.eat(b',');
        self.spaces();
        // Digits must follow, so this goes no deeper.
        if self.peek().is_ascii_digit() { self.date(DateOrder::MonthFirst) } else { None }
    }

    /// The time of day, if one follows. `None` outside: something follows that is none.
    #[allow(clippy::type_complexity, reason = "a tuple of four numbers, used once")]
    fn clock(&mut self) -> Option<Option<(i8, i8, i8, i32)>> {
        let before = self.rest.len();
        if !self.eat(b'T') && !self.eat(b't') {
            self.eat(b',');
            self.spaces();
        }
        if self.rest.is_empty() {
            return Some(None).filter(|_| before == 0);
        }
        if self.rest.len() == before {
            return None;
        }
        let hour = self.small()?;
        if !self.eat(b':') {
            return None;
        }
        let minute = self.small()?;
        let second = if self.eat(b':') { self.small()? } else { 0 };
        let nanos = if self.eat(b'.') || self.eat(b',') { self.fraction()? } else { 0 };
        self.spaces();
        let hour = match (self.half_of_day(), hour) {
            (None, _) => hour,
            (Some(after_noon), 1..=12) => hour % 12 + if after_noon { 12 } else { 0 },
            _ => return None,
        };
        // A leap second is the last ordinary one.
        Some(Some((hour, minute, if second == 60 { 59 } else { second }, nanos)))
    }

    fn fraction(&mut self) -> Option<i32> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.rest[..count].iter().copied().chain(std::iter::repeat(b'0')).take(9);
        let nanos = digits.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
        self.rest = &self.rest[count..];
        (count > 0).then_some(nanos)
    }

    /// `AM` is false, `PM` is true.
    fn half_of_day(&mut self) -> Option<bool> {
        let after_noon = match self.rest.get(..2)?.to_ascii_lowercase().as_slice() {
            b"am" => false,
            b"pm" => true,
            _ => return None,
        };
        self.rest = &self.rest[2..];
        self.spaces();
        Some(after_noon)
    }

    /// Seconds east of Greenwich, if the text says. `None` outside: something follows that is no offset.
    fn offset(&mut self) -> Option<Option<i32>> {
        let east = match self.peek() {
            0 => return Some(None).filter(|_| self.rest.is_empty()),
            b'+' => 1,
            b'-' => -1,
            _ => {
                let word = self.letters().to_ascii_uppercase();
                return matches!(word.as_slice(), b"Z" | b"UTC" | b"GMT").then_some(Some(0));
            }
        };
        self.rest = &self.rest[1..];
        let (first, digits) = self.number(4)?;
        let (hours, minutes) = match digits {
            4 => (first / 100, first % 100),
            2 if self.eat(b':') => (first, self.number(2).filter(|(_, digits)| *digits == 2)?.0),
            1 | 2 => (first, 0),
            _ => return None,
        };
        (hours <= 15 && minutes < 60).then(|| Some(east * (i32::from(hours) * 3_600 + i32::from(minutes) * 60)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `text` is in UTC, with New York as the default zone.
    fn read(text: &str) -> String {
        read_as(text, DateOrder::MonthFirst)
    }

    fn read_as(text: &str, order: DateOrder) -> String {
        let zone = TimeZone::get("America/New_York").unwrap();
        parse(text, &zone, order)
            .map_or("none".into(), |micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string())
    }

    #[test]
    fn an_offset_in_the_text_wins() {
        assert_eq!(read("2019-04-23T15:18:02.4675041+05:30"), "2019-04-23T09:48:02.467504Z");
        assert_eq!(read("2019-04-24T09:15:49Z"), "2019-04-24T09:15:49Z");
        assert_eq!(read(" 2019-04-24 09:15:49 +0200 "), "2019-04-24T07:15:49Z");
        assert_eq!(read("2019-04-24 09:15:49.123456789-05"), "2019-04-24T14:15:49.123456Z");
        assert_eq!(read("2019-04-24 09:15 UTC"), "2019-04-24T09:15:00Z");
    }

    #[test]
    fn a_time_without_offset_is_in_the_default_zone() {
        assert_eq!(read("2019-04-29T15:18:02.7117540"), "2019-04-29T19:18:02.711754Z");
        assert_eq!(read("2019-01-29T15:18"), "2019-01-29T20:18:00Z");
        assert_eq!(read("2019-04-29"), "2019-04-29T04:00:00Z");
        assert_eq!(read("20190429"), "2019-04-29T04:00:00Z");
    }

    #[test]
    fn a_time_that_the_clock_change_skips_is_the_one_after_it() {
        assert_eq!(read("2019-03-10T02:30:00"), "2019-03-10T07:30:00Z");
    }

    #[test]
    fn dates_in_numbers_follow_the_order_asked_for() {
        assert_eq!(read("4/23/2019"), "2019-04-23T04:00:00Z");
        assert_eq!(read("4/23/2019 3:18:02 PM"), "2019-04-23T19:18:02Z");
        assert_eq!(read("04/05/2019 12:00 am"), "2019-04-05T04:00:00Z");
        assert_eq!(read_as("04/05/2019", DateOrder::DayFirst), "2019-05-04T04:00:00Z");
        assert_eq!(read("23.4.2019 15:18"), "2019-04-23T19:18:00Z");
        assert_eq!(read("2019/04/23"), "2019-04-23T04:00:00Z");
    }

    #[test]
    fn months_in_words_are_read() {
        assert_eq!(read("23 Apr 2019"), "2019-04-23T04:00:00Z");
        assert_eq!(read("23-APR-2019 15:18:02"), "2019-04-23T19:18:02Z");
        assert_eq!(read("April 23, 2019 3:18 PM"), "2019-04-23T19:18:00Z");
        assert_eq!(read("Tue, 23 Apr 2019 15:18:02 +0530"), "2019-04-23T09:48:02Z");
    }

    #[test]
    fn machine_times_are_read() {
        assert_eq!(read("/Date(1556032682467)/"), "2019-04-23T15:18:02.467Z");
        assert_eq!(read("/Date(1556032682467+0200)/"), "2019-04-23T15:18:02.467Z");
        assert_eq!(read("/Date(-1000)/"), "1969-12-31T23:59:59Z");
        assert_eq!(read("1556032682"), "2019-04-23T15:18:02Z");
        assert_eq!(read("1556032682467"), "2019-04-23T15:18:02.467Z");
        assert_eq!(read("1556032682467504"), "2019-04-23T15:18:02.467504Z");
    }

    #[test]
    fn before_1970_a_fraction_still_counts_forward() {
        assert_eq!(read("1969-12-31T23:59:59.2500009Z"), "1969-12-31T23:59:59.25Z");
    }

    #[test]
    fn what_is_no_time_or_could_be_two_is_none() {
        for text in [
            "",
            " ",
            "soon",
            "Level 61 - Sr. Manager",
            "2019-13-01",
            "2019-02-30",
            "13/13/2019",
            "4/23/19",
            "23/4/2019",
            "2019-04-23T",
            "2019-04-23T25:00",
            "2019-04-23Tx",
            "2019-04-23 15:18 Mars",
            "2019-04-23x",
            "15:18:02",
            "2019-04",
            "12345",
            "2019-04-23 15:18:02 +99:00",
            "2019-04-23 15:18:02.",
            "2019-04-23 13:00 PM",
            "/Date()/",
            "/Date(é)/",
            "Mon, Mon, 1 Jan 2019",
            "2019-04/23",
        ] {
            assert_eq!(read(text), "none", "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC{0,30}") {
            read(&text);
        }

        #[test]
        fn what_rfc_3339_writes_is_read_back(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let text = jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
            proptest::prop_assert_eq!(parse(&text, &TimeZone::UTC, DateOrder::MonthFirst), Some(micros));
        }
    }
}
