//! Alarms and monitor tones: found as events, listed with their times, and on request played anew as clean tones.
//!
//! A tone is a narrow peak of the spectrum whose frequency stands still. Voices hardly do: in a prototype of this rule,
//! 18 minutes of read speech had no partial that kept within 0.6 Hz for 0.1 s; a sounder does. Nothing of the recorded
//! waveform goes on from here: what is played anew has a fixed level and one frequency per pulse.

mod beeper;
mod events;
mod peaks;
mod tracker;

pub use events::{ToneEvent, ToneReport};

use super::VoiceError;
use super::blocks::Blocks;
use super::stage::SoundFormat;
use beeper::Beeper;
use events::Events;
use peaks::Spectrum;
use tracker::Tracker;

/// Blocks by which the decision follows the sound (256 ms): a tone is known after 0.11 s at the earliest, its end after
/// 0.05 s.
const DELAY_BLOCKS: u64 = 16;

/// Listens for tones in the sound of one recording.
pub(super) struct Tones {
    blocks: Blocks,
    spectrum: Spectrum,
    tracker: Tracker,
    events: Events,
    beeper: Option<Beeper>,
}

impl Tones {
    /// A listener; with `resynth`, it makes clean tones as well.
    pub(super) fn new(format: SoundFormat, resynth: bool) -> Self {
        Self {
            blocks: Blocks::new(format),
            spectrum: Spectrum::new(),
            tracker: Tracker::new(),
            events: Events::new(),
            beeper: resynth.then(|| Beeper::new(format.rate_hz)),
        }
    }

    /// Takes interleaved sound. With `resynth`, appends one channel of clean tones, as far as it is decided.
    ///
    /// # Errors
    /// [`VoiceError::Internal`] where a transform fails.
    pub(super) fn push(&mut self, interleaved: &[f32], clean: &mut Vec<f32>) -> Result<(), VoiceError> {
        self.blocks.push(interleaved);
        while let Some(channels) = self.blocks.next() {
            let Some(peaks) = self.spectrum.push(channels)? else { continue };
            let frame = self.tracker.push(peaks);
            let Some(block) = frame.checked_sub(DELAY_BLOCKS) else { continue };
            if let Some(beeper) = &mut self.beeper {
                beeper.play(block, self.tracker.tones(), clean);
            }
            self.tracker.forget_before(block, &mut self.events);
        }
        Ok(())
    }

    /// Everything that was found up to here.
    pub(super) fn finish(&mut self, length_nanos: u64) -> ToneReport {
        self.tracker.end(&mut self.events);
        self.events.report(length_nanos)
    }
}
