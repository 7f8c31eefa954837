//! Gives the spoken signal the loudness of the heard one over time, finer than the frames of the vocoder can.
//!
//! A window of 32 ms spreads an onset over the silence before it, more than over the sound after it. Measured on
//! read speech, that moves the loudness curve (RMS over 20 ms) forward by 1 ms; the correction takes half of it out.

use std::collections::VecDeque;
use std::f32::consts::PI;

use super::stft::RATE_HZ;

/// Samples in a block (2 ms at 16 kHz).
const BLOCK: usize = 32;
/// Blocks in the window over which loudness is compared (32 ms, Hann): too long to follow a speaker's pitch.
const SPAN: usize = 16;
/// Blocks in the window of the surroundings (96 ms, Hann). What differs as long as that is the sound itself, louder or
/// softer in the drawn voice: it is only halved, since taking it out would flatten the contrast between sounds.
const WIDE_SPAN: usize = 48;
/// Blocks on each side of the edge that both windows are centred on.
const HALF_WIDE_SPAN: usize = WIDE_SPAN / 2;
/// Range of the correction, amplitude (-34 to +6 dB).
const GAIN: (f32, f32) = (0.02, 2.0);
/// Mean power under which nothing is corrected: about -114 dBFS.
const POWER_FLOOR: f32 = 4e-12;
/// Corner of the filter that keeps rumble out of the comparison.
const RUMBLE_HZ: f32 = 60.0;

/// Loudness of one channel, block by block, without rumble.
pub(super) struct BlockPower {
    slow: [f32; 2],
    sum: f32,
    count: usize,
    /// Finished blocks that were not yet taken.
    blocks: VecDeque<f32>,
}

impl BlockPower {
    pub(super) fn new() -> Self {
        Self { slow: [0.0; 2], sum: 0.0, count: 0, blocks: VecDeque::new() }
    }

    /// Counts one 16 kHz sample in.
    pub(super) fn push(&mut self, sample: f32) {
        let step = 2.0 * PI * RUMBLE_HZ / RATE_HZ as f32;
        let mut rest = sample;
        for slow in &mut self.slow {
            *slow += step * (rest - *slow);
            rest -= *slow;
        }
        self.sum += rest * rest;
        self.count += 1;
        if self.count == BLOCK {
            self.blocks.push_back(self.sum / BLOCK as f32);
            (self.sum, self.count) = (0.0, 0);
        }
    }

    /// Mean power of the next block.
    pub(super) fn take(&mut self) -> Option<f32> {
        self.blocks.pop_front()
    }
}

/// Corrects the loudness of 16 kHz sound; [`HALF_WIDE_SPAN`] blocks go in before the first comes out.
pub(super) struct Loudness {
    window: [f32; SPAN],
    wide_window: [f32; WIDE_SPAN],
    heard: VecDeque<f32>,
    spoken: VecDeque<f32>,
    samples: VecDeque<f32>,
    meter: BlockPower,
    last_gain: Option<f32>,
}

impl Loudness {
    pub(super) fn new() -> Self {
        let before = || std::iter::repeat_n(0.0, HALF_WIDE_SPAN).collect();
        Self {
            window: hann(),
            wide_window: hann(),
            heard: before(),
            spoken: before(),
            samples: VecDeque::new(),
            meter: BlockPower::new(),
            last_gain: None,
        }
    }

    /// Takes the power of the next heard block.
    pub(super) fn hear(&mut self, power: f32) {
        self.heard.push_back(power);
    }

    /// Takes spoken samples, and appends the corrected ones of all blocks that can be compared.
    pub(super) fn speak(&mut self, samples: impl IntoIterator<Item = f32>, out: &mut Vec<f32>) {
        for sample in samples {
            self.samples.push_back(sample);
            self.meter.push(sample);
        }
        while let Some(power) = self.meter.take() {
            self.spoken.push_back(power);
        }
        while self.heard.len() >= WIDE_SPAN && self.spoken.len() >= WIDE_SPAN {
            let gain = self.gain();
            if let Some(last) = self.last_gain {
                // Without a first edge there is no block before it.
                out.extend(
                    self.samples
                        .drain(..BLOCK.min(self.samples.len()))
                        .enumerate()
                        .map(|(index, sample)| sample * (last + (gain - last) * index as f32 / BLOCK as f32)),
                );
            }
            self.last_gain = Some(gain);
            self.heard.pop_front();
            self.spoken.pop_front();
        }
    }

    /// Gain at the edge in the middle of the window.
    fn gain(&self) -> f32 {
        let near = |blocks: &VecDeque<f32>| weigh(&self.window, blocks.iter().skip((WIDE_SPAN - SPAN) / 2));
        let around = |blocks: &VecDeque<f32>| weigh(&self.wide_window, blocks.iter());
        let close = near(&self.heard) / near(&self.spoken);
        let wide = around(&self.heard) / around(&self.spoken);
        // Amplitude is the root of power, and half of what the surroundings share is left.
        (close.sqrt() * wide.sqrt().sqrt().recip()).clamp(GAIN.0, GAIN.1)
    }
}

/// Hann window with unit sum.
fn hann<const LENGTH: usize>() -> [f32; LENGTH] {
    std::array::from_fn(|i| (PI * (i as f32 + 0.5) / LENGTH as f32).sin().powi(2) * 2.0 / LENGTH as f32)
}

/// Weighted mean power, never 0.
fn weigh<'a>(window: &[f32], blocks: impl Iterator<Item = &'a f32>) -> f32 {
    POWER_FLOOR + window.iter().zip(blocks).map(|(weight, power)| weight * power).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise-like sound whose loudness steps up at sample `step`.
    fn stepped(step: usize, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|i| ((i * i * 31 % 1_009) as f32 / 504.5 - 1.0) * if i < step { 0.01 } else { 0.3 })
            .collect()
    }

    #[test]
    fn a_late_onset_is_moved_into_place() {
        let (heard, spoken) = (stepped(8_000, 16_000), stepped(7_800, 16_000));
        let (mut loudness, mut meter, mut out) = (Loudness::new(), BlockPower::new(), Vec::new());
        for (heard, spoken) in heard.chunks(128).zip(spoken.chunks(128)) {
            for sample in heard {
                meter.push(*sample);
            }
            while let Some(power) = meter.take() {
                loudness.hear(power);
            }
            loudness.speak(spoken.iter().copied(), &mut out);
        }
        let power = |signal: &[f32]| signal.iter().map(|v| v * v).sum::<f32>();
        assert!(power(&out[7_800..7_900]) < 0.3 * power(&spoken[7_800..7_900]), "the onset stayed early");
        let change = power(&out[9_000..15_000]) / power(&heard[9_000..15_000]);
        assert!((change - 1.0).abs() < 0.05, "{change}");
    }

    #[test]
    fn a_steady_offset_is_not_loud() {
        let mut meter = BlockPower::new();
        (0..16_000).for_each(|_| meter.push(0.5));
        let last = std::iter::from_fn(|| meter.take()).last().unwrap();
        assert!(last < 1e-9, "{last}");
    }
}
