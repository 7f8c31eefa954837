//! How many frames may wait for their look-ahead, and what becomes of those that cannot wait long enough.

use crate::model::{DurationNanos, UncertainReason};

use super::{Tracker, Waiting};

/// Frames that wait inside at most, however long the look-ahead is: 10 s at 100 frames a second.
pub(in crate::track) const MAX_WINDOW_FRAMES: usize = 1000;
/// Their pictures wait with them, and take no more than this many bytes: a second at 80 frames of 4K.
const MAX_WINDOW_BYTES: usize = 1 << 30;
/// A frame that has to leave sooner for want of room is hidden whole: within this time a face is found in most cases.
const LEAST_WAIT: DurationNanos = DurationNanos::from_millis(300);

impl Tracker {
    /// Frames of this size that may wait.
    pub(super) fn most_waiting(&self) -> usize {
        (MAX_WINDOW_BYTES / self.frame.byte_len().max(1)).clamp(1, MAX_WINDOW_FRAMES)
    }

    /// Why a frame that has to leave early is hidden: it may show whoever is found next.
    pub(super) fn leaves_early(&self, frame: &Waiting) -> Option<UncertainReason> {
        let waited = self.clock_nanos.saturating_sub(frame.clock_nanos);
        let least = LEAST_WAIT.min(self.settings.look_ahead);
        (waited < least.0 && !self.finished).then_some(UncertainReason::TooManyPictures)
    }
}
