//! What a rendering tells while it runs, over a bounded channel, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;

use crate::model::{DurationNanos, PtsNanos};

/// The part of the work that is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Faces are looked for and written down.
    Analysing,
    /// Pictures are redacted and encoded.
    Rendering,
    /// The finished file is decoded and searched.
    Checking,
}

/// News from a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is going on.
    pub phase: Phase,
    /// Which rendering of this recording it is, from 1: the self-check may ask for a second one.
    pub round: u32,
    /// Pictures done in this phase.
    pub frames: u64,
    /// Pictures expected, where that is known.
    pub frames_expected: Option<u64>,
    /// Time reached in the recording.
    pub reached: PtsNanos,
    /// Length of the recording, where that is known.
    pub duration: Option<DurationNanos>,
}

/// The caller's end of a rendering: where news goes, and whether to stop.
#[derive(Clone, Debug)]
pub struct Link {
    news: Option<Sender<Progress>>,
    stop: Arc<AtomicBool>,
}

impl Link {
    /// A link that sends news to `news` and stops once `stop` is set. Of a live source it is the flag that ends it, and is
    /// cleared when it has ended.
    #[must_use]
    pub fn new(news: Option<Sender<Progress>>, stop: Arc<AtomicBool>) -> Self {
        Self { news, stop }
    }

    /// Tells the caller; a caller that does not listen misses it, and the work never waits.
    pub(super) fn tell(&self, progress: Progress) {
        if let Some(news) = &self.news {
            // A full queue means that newer news will follow.
            let _ = news.try_send(progress);
        }
    }

    /// The same while a live source is recorded: who asks to stop then ends the source, and wants what has come.
    #[must_use]
    pub(super) fn while_recording(&self) -> Self {
        Self { stop: Arc::default(), ..self.clone() }
    }

    /// The source has ended: whoever asks to stop from now on means the work.
    pub(super) fn has_recorded(&self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    /// Whether the caller asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
