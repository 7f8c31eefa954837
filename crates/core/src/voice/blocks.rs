//! Every channel of a recording at 16 kHz, in step, cut into blocks of 16 ms: what the listeners are given.

use super::resample::{Kernel, Resampler};
use super::stage::{SoundFormat, tame};
use super::stft::RATE_HZ;

/// Samples in a block (16 ms).
pub(super) const BLOCK: usize = 256;
/// Blocks in two seconds; with it, positions in blocks stay whole numbers at every rate.
const BLOCKS_IN_TWO_SECONDS: u64 = 125;

/// Takes interleaved sound at any rate and gives blocks, one slice per channel.
pub(super) struct Blocks {
    resamplers: Vec<Resampler>,
    waiting: Vec<Vec<f32>>,
    block: Vec<Vec<f32>>,
}

impl Blocks {
    pub(super) fn new(format: SoundFormat) -> Self {
        let kernel = Kernel::new(format.rate_hz, RATE_HZ);
        let channels = usize::from(format.channels);
        Self {
            resamplers: (0..channels).map(|_| Resampler::new(&kernel)).collect(),
            waiting: vec![Vec::new(); channels],
            block: vec![Vec::new(); channels],
        }
    }

    /// Takes interleaved sound.
    pub(super) fn push(&mut self, interleaved: &[f32]) {
        let channels = self.resamplers.len().max(1);
        for (index, (resampler, waiting)) in self.resamplers.iter_mut().zip(&mut self.waiting).enumerate() {
            let samples = interleaved.iter().skip(index).step_by(channels).map(|&sample| tame(sample));
            resampler.push(samples, waiting);
        }
    }

    /// The next block of every channel, [`BLOCK`] samples each, once it is complete.
    pub(super) fn next(&mut self) -> Option<&[Vec<f32>]> {
        if self.waiting.iter().any(|waiting| waiting.len() < BLOCK) {
            return None;
        }
        for (block, waiting) in self.block.iter_mut().zip(&mut self.waiting) {
            block.clear();
            block.extend(waiting.drain(..BLOCK));
        }
        Some(&self.block)
    }
}

/// First sample frame, at `rate_hz`, that lies in a block.
pub(super) fn first_frame(block: u64, rate_hz: u32) -> u64 {
    (block * 2 * u64::from(rate_hz)).div_ceil(BLOCKS_IN_TWO_SECONDS)
}

/// How far into a block a sample frame lies, 0..1.
pub(super) fn place_in_block(block: u64, frame: u64, rate_hz: u32) -> f32 {
    let block_units = 2 * u64::from(rate_hz);
    (frame * BLOCKS_IN_TWO_SECONDS).saturating_sub(block * block_units) as f32 / block_units as f32
}

/// When a block begins, in nanoseconds from the first sample.
pub(super) fn block_nanos(block: u64) -> u64 {
    block.saturating_mul(16_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_tile_the_recording_at_every_rate() {
        for rate_hz in [8_000, 11_025, 44_100, 44_101, 48_000, 192_000] {
            for block in [0, 1, 7, 1_000, 1_000_000] {
                let (first, next) = (first_frame(block, rate_hz), first_frame(block + 1, rate_hz));
                assert!((0.0..1.0).contains(&place_in_block(block, first, rate_hz)));
                assert!((0.0..1.0).contains(&place_in_block(block, next - 1, rate_hz)));
                assert!(u128::from(next) * 125 >= u128::from(block + 1) * 2 * u128::from(rate_hz));
            }
        }
        assert_eq!(first_frame(125, 48_000), 96_000);
    }
}
