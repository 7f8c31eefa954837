//! What the disguised voice is made of: a pulse train of a drawn pitch and white noise, nothing of the input.

use realfft::num_complex::Complex32;

use super::VoiceError;
use super::stft::{BINS, Framer, HOP, PREROLL, RATE_HZ, Transform, WINDOW};
use crate::draws::Draws;

/// Above about this frequency even voiced sound is noise.
const MIX_HZ: f32 = 3_800.0;
/// Width of the change from pulses to noise.
const MIX_WIDTH_HZ: f32 = 400.0;

/// Pulses and noise of unit power, frame by frame.
pub(super) struct Carrier {
    pitch_hz: f32,
    phase: f32,
    draws: Draws,
    pulses: Framer,
    noise: Framer,
    pulse_bins: Vec<Complex32>,
    noise_bins: Vec<Complex32>,
    /// Share of noise in voiced sound, by bin.
    voiced_noise: Vec<f32>,
}

impl Carrier {
    /// A carrier with a steady pitch.
    pub(super) fn new(draws: Draws, pitch_hz: f32) -> Self {
        let bin_hz = RATE_HZ as f32 / WINDOW as f32;
        let voiced_noise =
            (0..BINS).map(|bin| sigmoid((bin as f32 * bin_hz - MIX_HZ) / MIX_WIDTH_HZ)).collect();
        let bins = vec![Complex32::default(); BINS];
        let (pulses, noise) = (Framer::new(), Framer::new());
        let mut carrier = Self {
            pitch_hz,
            phase: 0.0,
            draws,
            pulses,
            noise,
            pulse_bins: bins.clone(),
            noise_bins: bins,
            voiced_noise,
        };
        carrier.pulses.input().clear();
        carrier.noise.input().clear();
        carrier.extend(PREROLL);
        carrier
    }

    /// The next frame: `voicing` 0 (noise) to 1 (pulses below [`MIX_HZ`]); writes [`BINS`] bins.
    pub(super) fn next(
        &mut self,
        transform: &mut Transform,
        voicing: f32,
        bins: &mut [Complex32],
    ) -> Result<(), VoiceError> {
        self.extend(HOP);
        transform.analyse(self.pulses.frame().unwrap_or_default(), &mut self.pulse_bins)?;
        transform.analyse(self.noise.frame().unwrap_or_default(), &mut self.noise_bins)?;
        self.pulses.advance();
        self.noise.advance();
        let unvoiced = 1.0 - voicing;
        let sources = self.pulse_bins.iter().zip(&self.noise_bins).zip(&self.voiced_noise);
        for (out, ((pulse, noise), share)) in bins.iter_mut().zip(sources) {
            let share = share.max(unvoiced);
            *out = pulse * (1.0 - share).sqrt() + noise * share.sqrt();
        }
        Ok(())
    }

    fn extend(&mut self, samples: usize) {
        let height = (RATE_HZ as f32 / self.pitch_hz).sqrt();
        for _ in 0..samples {
            self.phase += self.pitch_hz / RATE_HZ as f32;
            let pulse = if self.phase >= 1.0 { height } else { 0.0 };
            self.phase %= 1.0;
            self.pulses.input().push(pulse);
            self.noise.input().push(self.draws.noise());
        }
    }
}

/// Logistic function.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_and_noise_have_unit_power() {
        for voicing in [0.0, 1.0] {
            let (mut carrier, mut transform) = (Carrier::new(Draws::from_seed(1), 120.0), Transform::new());
            let mut bins = vec![Complex32::default(); BINS];
            let mut power = 0.0;
            for _ in 0..200 {
                carrier.next(&mut transform, voicing, &mut bins).unwrap();
                power += bins.iter().map(Complex32::norm_sqr).sum::<f32>() / (200 * BINS) as f32;
            }
            // A window's squares add up to half its length.
            assert!((power / (WINDOW as f32 / 2.0) - 1.0).abs() < 0.1, "voicing {voicing}: {power}");
        }
    }
}
