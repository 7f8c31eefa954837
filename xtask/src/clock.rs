//! Dates for the demo's consent sheet: the one place that reads the wall clock, and the arithmetic behind it.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: i64 = 86_400;

/// An instant in UTC, to the second, as seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(i64);

impl Instant {
    /// The wall clock; 1970 where it stands before that.
    pub(crate) fn now() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock module of these tasks")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 2))
    }

    /// So many days and hours later; earlier where negative.
    pub(crate) fn plus(self, days: i64, hours: i64) -> Self {
        Self(self.0 + days * SECONDS_PER_DAY + hours * 3600)
    }

    /// RFC 3339 in UTC: `2026-11-22T12:00:00Z`.
    pub(crate) fn rfc3339(self) -> String {
        let (year, month, day) = civil_from_days(self.0.div_euclid(SECONDS_PER_DAY));
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of a count of days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`: eras of 400 years that begin on 1 March, so that leap days come last.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    const FROM_YEAR_ZERO: i64 = 719_468;
    let shifted = days + FROM_YEAR_ZERO;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_read_right() {
        assert_eq!(Instant(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Instant(951_782_399).rfc3339(), "2000-02-28T23:59:59Z");
        assert_eq!(Instant(951_782_400).rfc3339(), "2000-02-29T00:00:00Z");
        assert_eq!(Instant(1_795_348_800).rfc3339(), "2026-11-22T12:00:00Z");
        assert_eq!(Instant(-1).rfc3339(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut last = civil_from_days(0);
        for days in 1..146_097 {
            let (year, month, day) = civil_from_days(days);
            let next_day = (year, month, day - 1) == last;
            let next_month = day == 1 && (year, month - 1) == (last.0, last.1) && last.2 >= 28;
            let next_year = (month, day) == (1, 1) && last == (year - 1, 12, 31);
            assert!(next_day || next_month || next_year, "{last:?} then {:?}", (year, month, day));
            last = (year, month, day);
        }
        assert_eq!(last, (2369, 12, 31));
    }

    #[test]
    fn days_and_hours_are_added() {
        assert_eq!(Instant(0).plus(31, -1).rfc3339(), "1970-01-31T23:00:00Z");
    }
}
