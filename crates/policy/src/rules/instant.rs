//! Instants: RFC 3339 text with an offset, compared as UTC, checked at every edge.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use super::calendar::CalendarDate;

/// 1970-01-01T00:00:00, the zero of [`Instant`].
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Most decimals of a second that an instant can hold.
const MAX_DECIMALS: usize = 9;

/// A point in time, kept as the signed time since 1970-01-01T00:00:00Z with nanosecond resolution.
///
/// It can hold every instant that RFC 3339 can write (years 0000 to 9999, any offset), which is slightly more than
/// `jiff::Timestamp` can; arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(SignedDuration);

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// The text has another shape than RFC 3339.
    #[error("write an instant as 2026-11-22T12:00:00Z, with the offset (RFC 3339)")]
    Shape,
    /// The offset from UTC is missing.
    #[error("the offset is missing; end the instant with Z or an offset such as +01:00")]
    NoOffset,
    /// A number is outside its range, for example month 13 or second 60.
    #[error("this date, time or offset does not exist")]
    Range,
    /// More than nine decimals of a second.
    #[error("an instant takes at most nine decimals of a second")]
    Decimals,
}

impl Instant {
    /// Reads an RFC 3339 `date-time`. Leap seconds (`:60`) are refused.
    ///
    /// # Errors
    /// [`InstantError`] when the text has another shape, no offset, or names a time that does not exist.
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        let (date, rest) = text.split_at_checked(10).ok_or(InstantError::Shape)?;
        let date = CalendarDate::parse(date).map_err(|error| match error {
            super::DateError::Shape => InstantError::Shape,
            super::DateError::Range => InstantError::Range,
        })?;
        let rest = rest.strip_prefix(['T', 't']).ok_or(InstantError::Shape)?;
        let (clock, rest) = rest.split_at_checked(8).ok_or(InstantError::Shape)?;
        let (hour, minute, second) = parse_clock(clock)?;
        let (nanos, offset) = match rest.strip_prefix('.') {
            Some(rest) => parse_fraction(rest)?,
            None => (0, rest),
        };
        let offset_s = parse_offset(offset)?;
        let time = Time::new(hour, minute, second, nanos).or(Err(InstantError::Range))?;
        let local = DateTime::from_parts(date.to_civil(), time).duration_since(EPOCH);
        Ok(Self(local.saturating_sub(SignedDuration::from_secs(offset_s))))
    }

    /// The last whole second that is not later.
    #[must_use]
    pub fn to_the_second(self) -> Self {
        Self(SignedDuration::from_secs(self.0.as_secs() - i64::from(self.0.subsec_nanos() < 0)))
    }

    /// The start of a calendar day in UTC.
    pub fn start_of(date: CalendarDate) -> Self {
        Self(date.to_civil().to_datetime(Time::midnight()).duration_since(EPOCH))
    }

    /// The calendar day in UTC on which this instant falls.
    pub fn utc_date(self) -> CalendarDate {
        CalendarDate::from_civil(self.to_civil().date())
    }

    /// This instant moved later by whole seconds; saturates.
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(SignedDuration::from_secs(seconds)))
    }

    /// The last instant before this one.
    #[cfg(test)]
    pub(super) fn just_before(self) -> Self {
        Self(self.0.saturating_sub(SignedDuration::from_nanos(1)))
    }

    /// Civil time in UTC, clamped to the years that can be written.
    fn to_civil(self) -> DateTime {
        let first = Date::constant(0, 1, 1).to_datetime(Time::midnight());
        let last = DateTime::constant(9999, 12, 31, 23, 59, 59, 0);
        let edge = if self.0.is_negative() { first } else { last };
        EPOCH.checked_add(self.0).map_or(edge, |civil| civil.max(first))
    }
}

impl From<jiff::Timestamp> for Instant {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_duration())
    }
}

/// RFC 3339 in UTC with `Z`; decimals only where there are any.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_civil();
        let (year, month, day) = (at.year(), at.month(), at.day());
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())?;
        match at.subsec_nanosecond() {
            0 => f.write_str("Z"),
            nanos => {
                let digits = format!("{nanos:09}");
                write!(f, ".{}Z", digits.trim_end_matches('0'))
            }
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InstantVisitor;
        impl Visitor<'_> for InstantVisitor {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant such as 2026-11-22T12:00:00Z")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Instant, E> {
                Instant::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(InstantVisitor)
    }
}

/// Exactly two digits.
fn two_digits(text: &str) -> Result<i8, InstantError> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().or(Err(InstantError::Shape))
    } else {
        Err(InstantError::Shape)
    }
}

/// `HH:MM:SS`.
fn parse_clock(text: &str) -> Result<(i8, i8, i8), InstantError> {
    let mut parts = text.split(':').map(two_digits);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(hour), Some(minute), Some(second), None) => Ok((hour?, minute?, second?)),
        _ => Err(InstantError::Shape),
    }
}

/// The decimals after the point as nanoseconds, and what follows them.
fn parse_fraction(text: &str) -> Result<(i32, &str), InstantError> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(rest).ok_or(InstantError::Shape)?;
    match digits.len() {
        0 => Err(InstantError::Shape),
        1..=MAX_DECIMALS => {
            let nanos = format!("{digits:0<MAX_DECIMALS$}").parse();
            Ok((nanos.or(Err(InstantError::Range))?, rest))
        }
        _ => Err(InstantError::Decimals),
    }
}

/// `Z`, `+HH:MM` or `-HH:MM`, as seconds east of UTC.
fn parse_offset(text: &str) -> Result<i64, InstantError> {
    if text.eq_ignore_ascii_case("z") {
        return Ok(0);
    }
    let (sign, clock) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(clock), _) => (1, clock),
        (_, Some(clock)) => (-1, clock),
        _ if text.is_empty() => return Err(InstantError::NoOffset),
        _ => return Err(InstantError::Shape),
    };
    let (hours, minutes) = clock.split_once(':').ok_or(InstantError::Shape)?;
    let (hours, minutes) = (i64::from(two_digits(hours)?), i64::from(two_digits(minutes)?));
    if hours > 23 || minutes > 59 {
        return Err(InstantError::Range);
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}
