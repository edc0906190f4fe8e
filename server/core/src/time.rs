//! Instants and calendar days, in UTC, as plain integers.
//! Never: reads the clock; `now` is always an argument.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// Earliest instant that a four-digit year can print (0001-01-01) and the end of the latest (9999-12-31).
const MIN: i64 = -62_135_596_800 * SECOND;
const MAX: i64 = 253_402_300_799 * SECOND;

impl Micros {
    /// The calendar day this instant falls on.
    pub fn day(self) -> Day {
        #[expect(clippy::cast_possible_truncation, reason = "i64::MAX / DAY is 106,751,991: fits i32")]
        Day(self.0.div_euclid(DAY) as i32)
    }
    /// This instant `days` later (earlier where negative), saturating.
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(i64::from(days) * DAY))
    }
    /// This instant `hours` later, saturating.
    pub fn plus_hours(self, hours: i32) -> Self {
        Self(self.0.saturating_add(i64::from(hours) * HOUR))
    }
}

/// RFC 3339 with milliseconds, in UTC: `2026-11-24T08:30:00.000Z`. Instants outside the years 1 to 9999 print the nearest that is inside.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Self(self.0.clamp(MIN, MAX));
        let ms = at.0.rem_euclid(DAY) / 1_000;
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        write!(f, "{}T{h:02}:{m:02}:{s:02}.{ms:03}Z", at.day())
    }
}

/// A calendar day in UTC: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// Midnight at the start of this day.
    pub fn start(self) -> Micros {
        Micros(i64::from(self.0) * DAY)
    }
    /// The day `days` later, saturating.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
    /// Whole days from `earlier` to this day; negative where this day is before it.
    pub fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }
    /// Year, month and day of month in the proleptic Gregorian calendar.
    /// Formula: H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    pub fn civil(self) -> (i64, u8, u8) {
        let z = i64::from(self.0) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1..=12 and 1..=31")]
        (year, month as u8, day as u8)
    }
    /// The day of a year, month and day of month; `None` where there is no such day.
    /// Formula: same source, `days_from_civil`.
    pub fn from_civil(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let y = i64::from(year) - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (i64::from(month) + 9) % 12;
        let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let found = Self(i32::try_from(era * 146_097 + doe - 719_468).ok()?);
        (found.civil() == (i64::from(year), month, day)).then_some(found)
    }
}

/// ISO 8601: `2026-11-24`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.civil();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn instants_print_as_rfc_3339() {
        assert_eq!(Micros(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Micros(1_764_000_000_123_456).to_string(), "2025-11-24T16:00:00.123Z");
        assert_eq!(Micros(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Micros(i64::MAX).to_string(), "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        assert_eq!(Day::from_civil(2026, 2, 29), None);
        assert_eq!(Day::from_civil(2024, 2, 29).map(|d| d.to_string()), Some("2024-02-29".into()));
        assert_eq!(Day::from_civil(2026, 13, 1), None);
    }

    proptest! {
        #[test]
        fn a_day_survives_the_round_trip_through_the_calendar(n in -700_000i32..2_900_000) {
            let (y, m, d) = Day(n).civil();
            prop_assert_eq!(Day::from_civil(i32::try_from(y).unwrap(), m, d), Some(Day(n)));
            prop_assert_eq!(Day(n).start().day(), Day(n));
        }
    }
}
