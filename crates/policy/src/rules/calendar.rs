//! Calendar dates and ages, as the rules count them.

use std::fmt;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// The age from which a person consents for themselves (years).
pub(super) const CONSENT_AGE_YEARS: i16 = 16;

/// A day of the calendar, written `YYYY-MM-DD`, years 0000 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(Date);

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The text has another shape than `YYYY-MM-DD`.
    #[error("write a date as 1970-03-01")]
    Shape,
    /// The day does not exist.
    #[error("this date does not exist")]
    Range,
}

impl CalendarDate {
    /// Reads `YYYY-MM-DD`, nothing else.
    ///
    /// # Errors
    /// [`DateError`] when the text has another shape or the day does not exist.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(DateError::Shape);
        };
        let all_digits =
            |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(all_digits(year, 4) && all_digits(month, 2) && all_digits(day, 2)) {
            return Err(DateError::Shape);
        }
        let year = year.parse().or(Err(DateError::Shape))?;
        let month = month.parse().or(Err(DateError::Shape))?;
        let day = day.parse().or(Err(DateError::Shape))?;
        Date::new(year, month, day).map(Self).or(Err(DateError::Range))
    }

    pub(super) fn from_civil(date: Date) -> Self {
        Self(date)
    }

    pub(super) fn to_civil(self) -> Date {
        self.0
    }

    /// Completed years on `today` for a person born on this date; `None` when born later than `today`.
    ///
    /// A birthday on 29 February falls on 1 March in the years that have no such day.
    pub(super) fn completed_years(self, today: Self) -> Option<i16> {
        if self > today {
            return None;
        }
        let birthday_to_come = (today.0.month(), today.0.day()) < (self.0.month(), self.0.day());
        today.0.year().checked_sub(self.0.year())?.checked_sub(i16::from(birthday_to_come))
    }

    /// The day on which a person born on this date becomes 16; `None` after the year 9999.
    pub(super) fn sixteenth_birthday(self) -> Option<Self> {
        let year = self.0.year().checked_add(CONSENT_AGE_YEARS)?;
        let same_day = Date::new(year, self.0.month(), self.0.day());
        same_day.or_else(|_leap_day| Date::new(year, 3, 1)).ok().map(Self)
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;
        impl Visitor<'_> for DateVisitor {
            type Value = CalendarDate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 1970-03-01")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CalendarDate, E> {
                CalendarDate::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(DateVisitor)
    }
}
