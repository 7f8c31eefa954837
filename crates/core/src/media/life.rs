//! When a live source begins and ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::model::PtsNanos;

/// A source that stays silent for this long has ended.
pub(super) const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// When a live source ends; shared by its streams.
#[derive(Debug)]
pub(super) struct Life {
    stop: Arc<AtomicBool>,
    until: Option<Instant>,
    over: AtomicBool,
    first_picture: OnceLock<PtsNanos>,
}

impl Life {
    /// Ends when `stop` is set, or after `limit`.
    pub(super) fn new(stop: Arc<AtomicBool>, limit: Option<Duration>) -> Self {
        let until = limit.map(|limit| Instant::now() + limit);
        Self { stop, until, over: AtomicBool::new(false), first_picture: OnceLock::new() }
    }

    pub(super) fn begin(&self, first_picture: PtsNanos) {
        self.first_picture.get_or_init(|| first_picture);
    }

    /// A time of the source's clock, counted from the first picture; none before it.
    pub(super) fn since_first_picture(&self, time: PtsNanos) -> Option<PtsNanos> {
        self.first_picture.get().and_then(|first| time.0.checked_sub(first.0)).map(PtsNanos)
    }

    /// Whether it has ended: by whoever records it, by its time, or by itself.
    pub(super) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.over.load(Ordering::Relaxed)
            || self.until.is_some_and(|until| Instant::now() >= until)
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
