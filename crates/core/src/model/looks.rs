//! What is looked for in a picture: which search it is, and which look at the whole.

use super::{DurationNanos, PtsNanos};

/// A picture among those that are searched for faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// Its position among them, from 0.
    pub nth: u64,
    /// The looks at the whole of it; none where faces are looked for only where some are expected.
    pub whole: Option<WholeLooks>,
}

/// Looks at the whole of one picture, each in another direction beside the upright one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholeLooks {
    /// Position of the first among those of the recording, from 0.
    pub first: u64,
    /// How many there are, at least one: one unless the picture is shown for long.
    pub count: u64,
}

impl WholeLooks {
    /// Their positions.
    pub fn positions(self) -> std::ops::Range<u64> {
        self.first..self.first.saturating_add(self.count)
    }
}

/// The looks beside those for faces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Position among the pictures in which people are looked for, if it is one of them.
    pub people: Option<u64>,
    /// Position among those in which text is looked for, if it is one of them.
    pub text: Option<u64>,
}

/// When a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its presentation time.
    pub from: PtsNanos,
    /// That of the picture behind it; `None` for the last one, on which players stay.
    pub until: Option<PtsNanos>,
    /// Nothing like it seems to follow: whoever is in it and was not found will not be.
    pub ends_shot: bool,
}

impl Shown {
    /// From another picture's time to the end of this one, as far as that is known.
    pub fn since(&self, earlier: Option<PtsNanos>) -> DurationNanos {
        let end = self.until.unwrap_or(self.from);
        earlier.map_or(DurationNanos(0), |earlier| end.since(earlier))
    }

    /// How long it is shown; `None` where that is not known.
    pub fn duration(&self) -> Option<DurationNanos> {
        self.until.map(|until| until.since(self.from))
    }

    /// Nobody looks at anything like it again.
    pub fn is_last(&self) -> bool {
        self.ends_shot || self.until.is_none()
    }
}
