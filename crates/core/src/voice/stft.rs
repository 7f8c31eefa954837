//! Short-time Fourier analysis and overlap-add synthesis at 16 kHz: 32 ms windows every 8 ms.

use std::f32::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, FftError, RealFftPlanner, RealToComplex};

use super::VoiceError;

/// Sampling rate inside the disguise.
pub(super) const RATE_HZ: u32 = 16_000;
/// Samples in a window (32 ms).
pub(super) const WINDOW: usize = 512;
/// Samples between windows (8 ms).
pub(super) const HOP: usize = 128;
/// Frequency bins of a window.
pub(super) const BINS: usize = WINDOW / 2 + 1;
/// Samples by which the first window lies before the signal, so that each sample is in as many windows.
pub(super) const PREROLL: usize = WINDOW - HOP;

/// Both transforms and the window: the root of a periodic Hann window, used in analysis and synthesis.
pub(super) struct Transform {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    samples: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl Transform {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(WINDOW), planner.plan_fft_inverse(WINDOW));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let window = (0..WINDOW).map(|i| (PI * i as f32 / WINDOW as f32).sin()).collect();
        Self {
            forward,
            inverse,
            window,
            samples: vec![0.0; WINDOW],
            scratch: vec![Complex32::default(); scratch],
        }
    }

    /// Spectrum of a windowed frame: [`WINDOW`] samples to [`BINS`] bins.
    pub(super) fn analyse(&mut self, frame: &[f32], bins: &mut [Complex32]) -> Result<(), VoiceError> {
        for ((out, sample), window) in self.samples.iter_mut().zip(frame).zip(&self.window) {
            *out = sample * window;
        }
        self.forward
            .process_with_scratch(&mut self.samples, bins, &mut self.scratch)
            .map_err(|error| failed(&error))
    }

    /// Samples of a spectrum, not yet windowed and with the transform's scale taken out. `bins` is used up.
    fn synthesise(&mut self, bins: &mut [Complex32]) -> Result<&[f32], VoiceError> {
        for edge in [0, BINS - 1] {
            if let Some(bin) = bins.get_mut(edge) {
                bin.im = 0.0;
            }
        }
        self.inverse
            .process_with_scratch(bins, &mut self.samples, &mut self.scratch)
            .map_err(|error| failed(&error))?;
        for sample in &mut self.samples {
            *sample /= WINDOW as f32;
        }
        Ok(&self.samples)
    }
}

fn failed(error: &FftError) -> VoiceError {
    VoiceError::Internal { detail: error.to_string() }
}

/// Cuts one channel into overlapping frames.
pub(super) struct Framer {
    samples: Vec<f32>,
}

impl Framer {
    /// A framer whose first frame begins [`PREROLL`] samples before the signal.
    pub(super) fn new() -> Self {
        Self { samples: vec![0.0; PREROLL] }
    }

    /// Where new samples are appended.
    pub(super) fn input(&mut self) -> &mut Vec<f32> {
        &mut self.samples
    }

    /// The next frame, [`WINDOW`] samples, if it is complete.
    pub(super) fn frame(&self) -> Option<&[f32]> {
        self.samples.get(..WINDOW)
    }

    /// Moves on by [`HOP`] samples.
    pub(super) fn advance(&mut self) {
        self.samples.drain(..HOP.min(self.samples.len()));
    }
}

/// Adds frames up to a signal again.
pub(super) struct OverlapAdd {
    sum: Vec<f32>,
    /// Samples that lie before the signal and are not given out.
    preroll: usize,
}

impl OverlapAdd {
    pub(super) fn new() -> Self {
        Self { sum: vec![0.0; WINDOW], preroll: PREROLL }
    }

    /// Adds the next frame, quietened to `peak_limit` where it is louder, and appends [`HOP`] finished samples.
    pub(super) fn push(
        &mut self,
        transform: &mut Transform,
        bins: &mut [Complex32],
        peak_limit: f32,
        out: &mut Vec<f32>,
    ) -> Result<(), VoiceError> {
        let frame = transform.synthesise(bins)?;
        let peak = frame.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        // Squared windows at this overlap add up to half the number of overlapping frames.
        let scale = peak_limit / peak.max(peak_limit) / (WINDOW / HOP / 2) as f32;
        for ((sum, sample), window) in self.sum.iter_mut().zip(&transform.samples).zip(&transform.window) {
            *sum += sample * window * scale;
        }
        out.extend(self.sum.drain(..HOP).skip(self.preroll.min(HOP)));
        self.preroll = self.preroll.saturating_sub(HOP);
        self.sum.resize(WINDOW, 0.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analysis_and_synthesis_give_the_signal_back_in_place() {
        let signal: Vec<f32> = (0..2_000_u16).map(|i| (f32::from(i) * 0.37).sin() * 0.5).collect();
        let (mut transform, mut framer, mut add) = (Transform::new(), Framer::new(), OverlapAdd::new());
        framer.input().extend(&signal);
        framer.input().extend([0.0; WINDOW]);
        let mut bins = vec![Complex32::default(); BINS];
        let mut out = Vec::new();
        while let Some(frame) = framer.frame() {
            transform.analyse(frame, &mut bins).unwrap();
            add.push(&mut transform, &mut bins, 10.0, &mut out).unwrap();
            framer.advance();
        }
        assert!(out.len() >= signal.len());
        let worst = signal.iter().zip(&out).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-5, "{worst}");
    }
}
