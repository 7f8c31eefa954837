//! Whether a signal is steady noise: the second opinion where the speech detector is unsure.
//!
//! The network takes rumble, fans and hiss in the middle of the spectrum for speech. Speech is never steady: within
//! two and a half seconds every band of it has pauses, and its vowels repeat at the speaker's pitch. Noise does neither. A block is
//! steady noise only if no band stands out of its own recent minimum *and* nothing in it repeats.

use std::collections::VecDeque;
use std::f32::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::blocks::BLOCK;
use super::stft::RATE_HZ;

/// Samples that are looked at: this block and the one before.
const SPAN: usize = 2 * BLOCK;
/// Bands in which the power is followed.
const BANDS: usize = 8;
/// Their edges, in Hz.
const EDGES_HZ: [f32; BANDS + 1] = [80.0, 250.0, 500.0, 800.0, 1_250.0, 2_000.0, 3_200.0, 5_000.0, 7_600.0];
/// Blocks over which a band's power is averaged (128 ms).
const SMOOTHING_BLOCKS: usize = 8;
/// Blocks over which its minimum is taken (2.6 s).
const MEMORY_BLOCKS: usize = 160;
/// Blocks before which nothing is steady (1 s).
const LEAST_BLOCKS: usize = 62;
/// How far a band of noise rises above its minimum, as a ratio (6 dB). Chosen, with both lengths, on 28 voices in seven
/// noises: steady noise stays within 6 dB.
const RISE: f32 = 4.0;
/// Added to the power: about -110 dBFS.
const POWER_FLOOR: f32 = 1e-10;
/// Order of the linear prediction that takes the colour out before repetition is looked for (Markel 1972).
const ORDER: usize = 10;
/// Share of the power that is added as white noise, so that the prediction is defined.
const WHITENING: f32 = 1e-4;
/// Lags at which voices repeat (400 to 70 Hz).
const LAGS: std::ops::RangeInclusive<usize> = 40..=228;
/// Correlation from which a block repeats. White noise of this length reaches 0.3 once in 50 000 blocks.
const REPEATS: f32 = 0.35;

/// Follows one signal.
pub(super) struct Steadiness {
    forward: Arc<dyn RealToComplex<f32>>,
    span: Vec<f32>,
    scratch: Vec<f32>,
    bins: Vec<Complex32>,
    recent: VecDeque<[f32; BANDS]>,
    averages: VecDeque<[f32; BANDS]>,
}

impl Steadiness {
    pub(super) fn new() -> Self {
        Self {
            forward: RealFftPlanner::new().plan_fft_forward(SPAN),
            span: vec![0.0; SPAN],
            scratch: vec![0.0; SPAN],
            bins: vec![Complex32::default(); SPAN / 2 + 1],
            recent: VecDeque::with_capacity(SMOOTHING_BLOCKS + 1),
            averages: VecDeque::with_capacity(MEMORY_BLOCKS + 1),
        }
    }

    /// Takes the next [`BLOCK`] samples; `false` where they may be anything else than steady noise.
    pub(super) fn is_noise(&mut self, block: &[f32]) -> bool {
        self.span.drain(..BLOCK.min(self.span.len()));
        self.span.extend(block.iter().take(BLOCK));
        self.span.resize(SPAN, 0.0);
        let Some(average) = self.average() else { return false };
        self.averages.push_back(average);
        if self.averages.len() > MEMORY_BLOCKS {
            self.averages.pop_front();
        }
        if self.averages.len() < LEAST_BLOCKS {
            return false;
        }
        let mut least = average;
        for known in &self.averages {
            for (least, known) in least.iter_mut().zip(known) {
                *least = least.min(*known);
            }
        }
        // Written so that a power that is no number is not steady.
        let is_level = average.iter().zip(&least).all(|(now, least)| *now < RISE * least);
        is_level && repetition(&self.span) < REPEATS
    }

    /// Mean power in each band over the last blocks.
    fn average(&mut self) -> Option<[f32; BANDS]> {
        for (index, (out, sample)) in self.scratch.iter_mut().zip(&self.span).enumerate() {
            *out = sample * (0.5 - 0.5 * (2.0 * PI * index as f32 / SPAN as f32).cos());
        }
        self.forward.process(&mut self.scratch, &mut self.bins).ok()?;
        let bin_hz = RATE_HZ as f32 / SPAN as f32;
        let mut now = [POWER_FLOOR; BANDS];
        for (power, edges) in now.iter_mut().zip(EDGES_HZ.windows(2)) {
            let [low, high] = edges else { continue };
            let inside = |bin: &usize| (*low..*high).contains(&(*bin as f32 * bin_hz));
            let bins = self.bins.iter().enumerate().filter(|(bin, _)| inside(bin));
            *power += bins.map(|(_, value)| value.norm_sqr()).sum::<f32>() * bin_hz / (high - low);
        }
        self.recent.push_back(now);
        if self.recent.len() > SMOOTHING_BLOCKS {
            self.recent.pop_front();
        }
        let mut mean = [0.0; BANDS];
        for powers in &self.recent {
            for (mean, power) in mean.iter_mut().zip(powers) {
                *mean += power / self.recent.len() as f32;
            }
        }
        Some(mean)
    }
}

/// How well the samples, less their colour, agree with themselves one period of a voice later, -1..=1.
fn repetition(samples: &[f32]) -> f32 {
    let rest = without_colour(samples);
    LAGS.map(|lag| {
        let (early, late) = (rest.get(..rest.len().saturating_sub(lag)), rest.get(lag..));
        let (early, late) = (early.unwrap_or_default(), late.unwrap_or_default());
        dot(early, late) / (dot(early, early) * dot(late, late) + f32::MIN_POSITIVE).sqrt()
    })
    .fold(-1.0, f32::max)
}

/// What a linear prediction from the last [`ORDER`] samples does not foresee (autocorrelation method, Levinson and Durbin).
fn without_colour(samples: &[f32]) -> Vec<f32> {
    let delayed = |lag: usize| dot(samples, samples.get(lag..).unwrap_or_default());
    let mut powers: [f32; ORDER + 1] = std::array::from_fn(delayed);
    if let Some(first) = powers.first_mut() {
        *first = *first * (1.0 + WHITENING) + POWER_FLOOR;
    }
    let mut weights: Vec<f32> = vec![1.0];
    let mut error = powers.first().copied().unwrap_or(1.0);
    for order in 1..=ORDER {
        let known: f32 =
            weights.iter().zip(powers.iter().take(order + 1).skip(1).rev()).map(|(a, b)| a * b).sum();
        let reflection = -known / error;
        weights.push(0.0);
        let turned: Vec<f32> = weights.iter().rev().copied().collect();
        for (weight, turned) in weights.iter_mut().zip(turned) {
            *weight += reflection * turned;
        }
        error *= 1.0 - reflection * reflection;
    }
    let turned: Vec<f32> = weights.into_iter().rev().collect();
    samples.windows(turned.len()).map(|window| dot(window, &turned)).collect()
}

/// Sum of products, in eight sums side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().min(b.len());
    let (a, b) = (a.get(..count).unwrap_or_default(), b.get(..count).unwrap_or_default());
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::random::Draws;

    /// Share of the blocks after the first second that count as steady noise.
    fn share(sound: &[f32]) -> f32 {
        let mut steadiness = Steadiness::new();
        let found: Vec<bool> = sound.chunks_exact(BLOCK).map(|block| steadiness.is_noise(block)).collect();
        let late = &found[LEAST_BLOCKS..];
        late.iter().filter(|is_noise| **is_noise).count() as f32 / late.len() as f32
    }

    #[test]
    fn noise_of_every_colour_is_steady_and_a_step_in_it_is_not() {
        for (pole, level) in [(0.0, 0.05), (0.9, 0.01), (0.99, 0.001)] {
            let (mut draws, mut last) = (Draws::from_seed(5), 0.0);
            let mut noise: Vec<f32> = (0..160_000)
                .map(|_| {
                    last = pole * last + draws.noise() * level;
                    last
                })
                .collect();
            assert!(share(&noise) > 0.995, "pole {pole}: {}", share(&noise));
            noise[80_000..].iter_mut().for_each(|sample| *sample *= 3.0);
            assert!(share(&noise) < 0.8, "pole {pole}, louder halfway: {}", share(&noise));
        }
    }

    #[test]
    fn a_vowel_that_is_held_for_long_is_not_steady_noise() {
        for pitch_hz in [85.0, 120.0, 210.0, 330.0] {
            let mut draws = Draws::from_seed(6);
            let vowel: Vec<f32> = (0..160_000)
                .map(|i| {
                    let phase = 2.0 * PI * pitch_hz * i as f32 / RATE_HZ as f32;
                    let harmonics = (1..20_u8).map(f32::from).map(|k| (phase * k).cos() / k).sum::<f32>();
                    0.1 * harmonics + 0.02 * draws.noise()
                })
                .collect();
            assert!(share(&vowel) < 0.02, "{pitch_hz} Hz: {}", share(&vowel));
        }
    }

    #[test]
    fn silence_is_steady_and_what_is_no_number_is_not() {
        assert!(share(&vec![0.0; 32_000]) > 0.99);
        assert!(share(&vec![f32::NAN; 32_000]) < 0.01);
    }
}
