//! Presentation times and durations in whole nanoseconds, with checked arithmetic.

use std::fmt;

use serde::{Deserialize, Serialize};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A presentation time: nanoseconds since the start of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PtsNanos(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DurationNanos(pub u64);

impl PtsNanos {
    /// The time `duration` after this one; stays at the largest value where that does not fit.
    #[must_use]
    pub fn saturating_add(self, duration: DurationNanos) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// The time `duration` before this one, or the start.
    #[must_use]
    pub fn saturating_sub(self, duration: DurationNanos) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }

    /// How long after `earlier` this is; zero where it is not later.
    pub fn since(self, earlier: Self) -> DurationNanos {
        DurationNanos(self.0.saturating_sub(earlier.0))
    }

    /// The distance between two times, whichever comes first.
    pub fn abs_diff(self, other: Self) -> DurationNanos {
        DurationNanos(self.0.abs_diff(other.0))
    }

    /// Seconds, for display and for arithmetic that tolerates rounding.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
}

impl DurationNanos {
    /// A duration of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Seconds, for display and for arithmetic that tolerates rounding.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
}

impl fmt::Display for PtsNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        let (minutes, rest) = (millis / 60_000, millis % 60_000);
        write!(f, "{minutes}:{:02}.{:03}", rest / 1000, rest % 1000)
    }
}

impl fmt::Display for DurationNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.as_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_never_go_below_zero() {
        assert_eq!(PtsNanos(5).since(PtsNanos(9)), DurationNanos(0));
        assert_eq!(PtsNanos(5).abs_diff(PtsNanos(9)), DurationNanos(4));
        assert_eq!(PtsNanos(3).saturating_sub(DurationNanos(7)), PtsNanos(0));
    }

    #[test]
    fn times_read_as_minutes_and_seconds() {
        assert_eq!(PtsNanos(61_234_000_000).to_string(), "1:01.234");
    }
}
