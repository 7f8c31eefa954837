//! Clean tones at the times and frequencies of those that were found, at one fixed level.

use std::f32::consts::TAU;

use super::tracker::Tone;
use crate::voice::blocks::{first_frame, place_in_block};

/// Amplitude of a clean tone (-20 dBFS): fixed, so that nothing of the recorded loudness goes on.
const AMPLITUDE: f32 = 0.1;
/// Tones that sound at once.
const MAX_VOICES: usize = 8;

struct Oscillator {
    id: u64,
    /// Turns, 0..1.
    phase: f32,
    turns_per_frame: f32,
    /// Gain where the next block begins.
    edge: f32,
}

/// Plays block after block.
pub(super) struct Beeper {
    rate_hz: u32,
    oscillators: Vec<Oscillator>,
    frames_out: u64,
}

impl Beeper {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self { rate_hz, oscillators: Vec::new(), frames_out: 0 }
    }

    /// Appends one channel of a block; blocks come in order. `tones` are those known by now.
    pub(super) fn play(&mut self, block: u64, tones: &[Tone], out: &mut Vec<f32>) {
        let sounding = |block: u64| tones.iter().filter(move |tone| sounds(tone, block));
        for tone in sounding(block) {
            let known = self.oscillators.iter().any(|oscillator| oscillator.id == tone.id);
            // A tone above half the rate cannot be played.
            let turns_per_frame = tone.hz / self.rate_hz as f32;
            if !known && self.oscillators.len() < MAX_VOICES && turns_per_frame < 0.5 {
                self.oscillators.push(Oscillator { id: tone.id, phase: 0.0, turns_per_frame, edge: 0.0 });
            }
        }
        let end = first_frame(block + 1, self.rate_hz);
        let start = out.len();
        out.extend((self.frames_out..end).map(|_| 0.0));
        for oscillator in &mut self.oscillators {
            let is_on = |block| sounding(block).any(|tone| tone.id == oscillator.id);
            let next_edge = if is_on(block) && is_on(block + 1) { 1.0 } else { 0.0 };
            let samples = out.get_mut(start..).unwrap_or_default();
            for (frame, sample) in (self.frames_out..end).zip(samples) {
                let place = place_in_block(block, frame, self.rate_hz);
                let gain = oscillator.edge + (next_edge - oscillator.edge) * place;
                *sample += AMPLITUDE * gain * (TAU * oscillator.phase).sin();
                oscillator.phase = (oscillator.phase + oscillator.turns_per_frame).fract();
            }
            oscillator.edge = next_edge;
        }
        self.frames_out = self.frames_out.max(end);
        self.oscillators.retain(|o| o.edge > 0.0 || sounding(block + 1).any(|tone| tone.id == o.id));
    }
}

/// Whether a tone lasts through a block: from the middle of its first window, where block `first + 2` begins, to the
/// middle of its last one.
fn sounds(tone: &Tone, block: u64) -> bool {
    !tone.is_overtone && tone.first + 2 <= block && block < tone.last + 2
}
