//! The `mute` mode: silence, or a tone, wherever somebody may be speaking, everything else as it was.
//!
//! The sound is held back for half a second, so that silence begins before the first word does. Whole blocks are
//! silent; the ramps lie in the blocks around them.

use std::collections::VecDeque;
use std::f32::consts::PI;

use super::blocks::{Blocks, first_frame, place_in_block};
use super::speech::SpeechDetector;
use super::stage::{SoundFormat, tame};

/// Blocks that are silent before speech was heard (480 ms): soft beginnings score low.
const BEFORE_BLOCKS: u64 = 30;
/// Blocks that are silent after it (640 ms): so do endings, and reverberation carries the voice on.
const AFTER_BLOCKS: u64 = 40;
/// The tone that can stand for what was said: steady, which no alarm is, and soft (-30 dBFS).
const BEEP_HZ: f64 = 1_000.0;
const BEEP_AMPLITUDE: f32 = 0.045;

/// The gate for all channels of a recording.
pub(super) struct Gate {
    format: SoundFormat,
    blocks: Blocks,
    detector: SpeechDetector,
    /// Input that waits for its decision, interleaved.
    held: VecDeque<f32>,
    /// Blocks that were listened to.
    heard: u64,
    last_speech: Option<u64>,
    /// Blocks whose decision is known, and that of the last one.
    decided: u64,
    open: bool,
    /// Gain where the next block begins: 1 only between two open blocks.
    edge: f32,
    frames_out: u64,
    muted_blocks: u64,
    beeps: bool,
}

impl Gate {
    pub(super) fn new(format: SoundFormat) -> Self {
        Self {
            format,
            blocks: Blocks::new(format),
            detector: SpeechDetector::new(format.channels),
            held: VecDeque::new(),
            heard: 0,
            last_speech: None,
            decided: 0,
            open: false,
            edge: 0.0,
            frames_out: 0,
            muted_blocks: 0,
            beeps: false,
        }
    }

    /// Whether a tone stands where speech was, instead of silence.
    pub(super) fn set_beep(&mut self, beeps: bool) {
        self.beeps = beeps;
    }

    /// Share of the recording that was made silent, 0..=1.
    pub(super) fn muted_share(&self) -> f64 {
        self.muted_blocks as f64 / self.decided.max(1) as f64
    }

    /// Takes interleaved sound and appends what is decided.
    pub(super) fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        self.held.extend(interleaved.iter().map(|&sample| tame(sample).clamp(-1.0, 1.0)));
        self.blocks.push(interleaved);
        while let Some(channels) = self.blocks.next() {
            if self.detector.hears_speech(channels) {
                self.last_speech = Some(self.heard);
            }
            self.heard += 1;
            if self.heard > BEFORE_BLOCKS {
                self.decide(out);
            }
        }
    }

    /// Decides on the next block; the one before it can then be given.
    fn decide(&mut self, out: &mut Vec<f32>) {
        // The newest block that was heard is `BEFORE_BLOCKS` ahead of the one that is decided.
        let quiet_since = self.last_speech.map_or(u64::MAX, |last| self.heard - 1 - last);
        let open = quiet_since > BEFORE_BLOCKS + AFTER_BLOCKS;
        self.muted_blocks += u64::from(!open);
        let edge = if open && (self.open || self.decided == 0) { 1.0 } else { 0.0 };
        if self.decided > 0 {
            self.give(self.decided - 1, edge, out);
        }
        (self.open, self.edge) = (open, edge);
        self.decided += 1;
    }

    /// The tone at the next frame.
    #[expect(clippy::cast_possible_truncation, reason = "an amplitude needs no more than 24 bits")]
    fn beep(&self) -> f32 {
        let turns = (self.frames_out as f64 * BEEP_HZ / f64::from(self.format.rate_hz)).fract();
        BEEP_AMPLITUDE * (std::f64::consts::TAU * turns).sin() as f32
    }

    /// Appends a block, with a ramp between the gains at its edges.
    fn give(&mut self, block: u64, next_edge: f32, out: &mut Vec<f32>) {
        let rate_hz = self.format.rate_hz;
        while self.frames_out < first_frame(block + 1, rate_hz) {
            let place = place_in_block(block, self.frames_out, rate_hz);
            let gain = self.edge + (next_edge - self.edge) * (0.5 - 0.5 * (PI * place).cos());
            let beep = if self.beeps && gain < 1.0 { (1.0 - gain) * self.beep() } else { 0.0 };
            for _ in 0..self.format.channels {
                let sample = self.held.pop_front().unwrap_or(0.0);
                out.push(if gain > 0.0 { (sample * gain + beep).clamp(-1.0, 1.0) } else { beep });
            }
            self.frames_out += 1;
        }
    }
}
