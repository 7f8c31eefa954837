//! Narrow peaks of the spectrum, 64 ms every 16 ms, with their frequencies between the bins.

use std::f32::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::voice::VoiceError;
use crate::voice::blocks::BLOCK;
use crate::voice::stft::RATE_HZ;

/// Samples in a window (64 ms, Hann).
const WINDOW: usize = 4 * BLOCK;
/// Frequency bins, 15.6 Hz apart.
const BINS: usize = WINDOW / 2 + 1;
/// Bins of the peaks that are looked at: 156 Hz to 4.2 kHz. Alarm fundamentals lie in 150 to 1000 Hz (IEC 60601-1-8);
/// sounders of pumps and phones above.
const LOWEST_BIN: usize = 10;
const HIGHEST_BIN: usize = 270;
/// A peak stands out of both valleys, 4 and 5 bins away, by this factor of power (17 dB).
const PROMINENCE: f32 = 50.0;
/// Power of a bin for a sine at -65 dBFS (amplitude): fainter ones are not looked at.
const FLOOR: f32 = 0.0207;
/// Most peaks of one window.
pub(super) const MAX_PEAKS: usize = 24;

/// Cuts sound into windows and finds peaks.
pub(super) struct Spectrum {
    forward: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// The newest [`WINDOW`] samples of each channel.
    recent: Vec<Vec<f32>>,
    samples: Vec<f32>,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: Vec<f32>,
    peaks_hz: Vec<f32>,
}

impl Spectrum {
    pub(super) fn new() -> Self {
        let forward = RealFftPlanner::new().plan_fft_forward(WINDOW);
        Self {
            window: (0..WINDOW).map(|i| (PI * i as f32 / WINDOW as f32).sin().powi(2)).collect(),
            recent: Vec::new(),
            samples: vec![0.0; WINDOW],
            bins: vec![Complex32::default(); BINS],
            scratch: vec![Complex32::default(); forward.get_scratch_len()],
            power: vec![0.0; BINS],
            peaks_hz: Vec::with_capacity(MAX_PEAKS),
            forward,
        }
    }

    /// Takes the next block of every channel; gives the frequencies of the peaks in the window that it completes.
    pub(super) fn push(&mut self, channels: &[Vec<f32>]) -> Result<Option<&[f32]>, VoiceError> {
        self.recent.resize(channels.len(), Vec::new());
        let mut complete = true;
        for (recent, channel) in self.recent.iter_mut().zip(channels) {
            recent.extend(channel);
            let surplus = recent.len().saturating_sub(WINDOW);
            recent.drain(..surplus);
            complete &= recent.len() == WINDOW;
        }
        if !complete {
            return Ok(None);
        }
        self.measure()?;
        self.find();
        Ok(Some(&self.peaks_hz))
    }

    /// Mean power of all channels, so that a pair in anti-phase does not cancel.
    fn measure(&mut self) -> Result<(), VoiceError> {
        self.power.fill(0.0);
        let share = 1.0 / self.recent.len().max(1) as f32;
        for recent in &self.recent {
            for ((out, sample), window) in self.samples.iter_mut().zip(recent).zip(&self.window) {
                *out = sample * window;
            }
            self.forward
                .process_with_scratch(&mut self.samples, &mut self.bins, &mut self.scratch)
                .map_err(|error| VoiceError::Internal { detail: error.to_string() })?;
            for (sum, bin) in self.power.iter_mut().zip(&self.bins) {
                *sum += bin.norm_sqr() * share;
            }
        }
        Ok(())
    }

    fn find(&mut self) {
        self.peaks_hz.clear();
        for (bin, around) in self.power.windows(11).enumerate().map(|(first, around)| (first + 5, around)) {
            let [far_left, left, .., right, far_right] = around else { continue };
            let Some([before, here, after]) = around.get(4..7) else { continue };
            let is_peak = here > before && here >= after && *here > FLOOR;
            let valleys = left.min(*far_left).max(right.min(*far_right));
            let is_narrow = *here > PROMINENCE * valleys;
            if (LOWEST_BIN..=HIGHEST_BIN).contains(&bin)
                && is_peak
                && is_narrow
                && self.peaks_hz.len() < MAX_PEAKS
            {
                let offset = between(*before, *here, *after);
                self.peaks_hz.push((bin as f32 + offset) * RATE_HZ as f32 / WINDOW as f32);
            }
        }
    }
}

/// Top of the parabola through three log powers, in bins from the middle one (-0.5..=0.5).
fn between(before: f32, here: f32, after: f32) -> f32 {
    let [a, b, c] = [before, here, after].map(|power| power.max(1e-20).ln());
    let curve = a - 2.0 * b + c;
    if curve < 0.0 { (0.5 * (a - c) / curve).clamp(-0.5, 0.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_one_peak_at_its_frequency() {
        for hz in [263.0_f32, 960.0, 2_718.0] {
            let mut spectrum = Spectrum::new();
            let signal: Vec<f32> =
                (0..2_048_u16).map(|i| 0.1 * (2.0 * PI * hz * f32::from(i) / 16_000.0).sin()).collect();
            let mut last = Vec::new();
            for block in signal.chunks(BLOCK) {
                if let Some(peaks) =
                    spectrum.push(&[block.to_vec(), block.iter().map(|v| -v).collect()]).unwrap()
                {
                    last = peaks.to_vec();
                }
            }
            assert!(last.len() == 1 && (last[0] - hz).abs() < 1.0, "{hz}: {last:?}");
        }
    }
}
