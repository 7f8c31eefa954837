//! The 28 mel bands in which speech is described: power spectrum to log shape, shape to cepstrum, shape to spectrum.

use std::f32::consts::PI;

use super::stft::{BINS, RATE_HZ, WINDOW};

/// Bands, from [`LOWEST_HZ`] to [`HIGHEST_HZ`].
pub(super) const BANDS: usize = 28;
/// DCT coefficients (1 to 16) that the codebook is keyed by.
pub(super) const COEFFICIENTS: usize = 16;
/// One value per band, natural log of power.
pub(super) type Shape = [f32; BANDS];
/// DCT-II coefficients 1 to 16 of a shape, orthonormal.
pub(super) type Cepstrum = [f32; COEFFICIENTS];

/// Lower edge of the first band.
const LOWEST_HZ: f32 = 80.0;
/// Upper edge of the last band.
const HIGHEST_HZ: f32 = 7600.0;
/// Below this there is no speech, only rumble: it is turned down and not counted as level.
const RUMBLE_HZ: f32 = 70.0;
/// What rumble is turned down by, natural log of power (26 dB).
const RUMBLE_LOSS: f32 = 6.0;
/// Added to the mean power of a band before the logarithm: about -114 dBFS.
pub(super) const POWER_FLOOR: f32 = 1e-9;
const BIN_HZ: f32 = RATE_HZ as f32 / WINDOW as f32;

struct Band {
    first_bin: usize,
    /// Triangle over the bins, sums to 1.
    weights: Vec<f32>,
}

/// The filter bank and what follows from it.
pub(super) struct Bands {
    filters: Vec<Band>,
    centres_hz: Shape,
    dct: [Shape; COEFFICIENTS],
}

impl Bands {
    pub(super) fn new() -> Self {
        let highest = mel_from_hz(HIGHEST_HZ);
        let lowest = mel_from_hz(LOWEST_HZ);
        let edge_hz =
            |index: usize| hz_from_mel(lowest + (highest - lowest) * index as f32 / (BANDS + 1) as f32);
        let filters =
            (0..BANDS).map(|band| triangle(edge_hz(band), edge_hz(band + 1), edge_hz(band + 2))).collect();
        let dct = std::array::from_fn(|row| {
            std::array::from_fn(|band| {
                let angle = PI * (row + 1) as f32 * (band as f32 + 0.5) / BANDS as f32;
                (2.0 / BANDS as f32).sqrt() * angle.cos()
            })
        });
        Self { filters, centres_hz: std::array::from_fn(|band| edge_hz(band + 1)), dct }
    }

    /// Natural log of the mean power in each band.
    ///
    /// `power` has [`BINS`] values.
    pub(super) fn log_power(&self, power: &[f32]) -> Shape {
        let mut shape = [POWER_FLOOR.ln(); BANDS];
        for (value, band) in shape.iter_mut().zip(&self.filters) {
            let bins = power.get(band.first_bin..).unwrap_or_default();
            let mean: f32 = bins.iter().zip(&band.weights).map(|(power, weight)| power * weight).sum();
            *value = (mean + POWER_FLOOR).ln();
        }
        shape
    }

    /// DCT of a shape without its mean.
    pub(super) fn cepstrum(&self, shape: &Shape) -> Cepstrum {
        let mut out = [0.0; COEFFICIENTS];
        for (value, row) in out.iter_mut().zip(&self.dct) {
            *value = row.iter().zip(shape).map(|(weight, value)| weight * value).sum();
        }
        out
    }

    /// Long-term spectrum that every voice is given: -6 dB per octave above 500 Hz, +3 dB per octave below; zero mean.
    pub(super) fn common_slope(&self) -> Shape {
        let mut slope = self.centres_hz.map(|hz| {
            let octaves_above = (hz.max(500.0) / 500.0).log2();
            let octaves_below = (500.0 / hz.min(500.0)).log2();
            -(10.0_f32.ln() / 10.0) * (6.0 * octaves_above + 3.0 * octaves_below)
        });
        let mean = mean(&slope);
        for value in &mut slope {
            *value -= mean;
        }
        slope
    }

    /// Spreads a shape over the bins, with every frequency multiplied by `warp`; natural log of power.
    ///
    /// `spectrum` has [`BINS`] values.
    pub(super) fn spread(&self, shape: &Shape, warp: f32, spectrum: &mut [f32]) {
        let mut segments = self.centres_hz.windows(2).zip(shape.windows(2)).peekable();
        for (bin, out) in spectrum.iter_mut().enumerate() {
            let source_hz = bin as f32 * BIN_HZ / warp;
            while segments.next_if(|(hz, _)| hz.last().is_some_and(|&upper| upper < source_hz)).is_some() {}
            *out = match segments.peek() {
                Some(([low_hz, high_hz], [low, high])) => {
                    let share = ((source_hz - low_hz) / (high_hz - low_hz)).clamp(0.0, 1.0);
                    low + (high - low) * share
                }
                _ => shape.last().copied().unwrap_or_default(),
            };
            if (bin as f32 * BIN_HZ) < RUMBLE_HZ {
                *out -= RUMBLE_LOSS;
            }
        }
    }
}

/// Mean over the bands.
pub(super) fn mean(shape: &Shape) -> f32 {
    shape.iter().sum::<f32>() / BANDS as f32
}

/// Mean power over the bins that can hold speech.
pub(super) fn speech_power(power: &[f32]) -> f32 {
    let is_speech = |bin: usize| bin as f32 * BIN_HZ >= RUMBLE_HZ;
    let bins = power.iter().enumerate().filter(|(bin, _)| is_speech(*bin));
    bins.map(|(_, power)| power).sum::<f32>() / BINS as f32
}

/// O'Shaughnessy's mel scale, as in HTK.
fn mel_from_hz(hz: f32) -> f32 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn hz_from_mel(mel: f32) -> f32 {
    700.0 * (10.0_f32.powf(mel / 2595.0) - 1.0)
}

fn triangle(low_hz: f32, centre_hz: f32, high_hz: f32) -> Band {
    let weight = |bin: usize| {
        let hz = bin as f32 * BIN_HZ;
        ((hz - low_hz) / (centre_hz - low_hz)).min((high_hz - hz) / (high_hz - centre_hz)).max(0.0)
    };
    let first_bin = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
    let mut weights: Vec<f32> = (first_bin..BINS).map(weight).take_while(|&weight| weight > 0.0).collect();
    let sum: f32 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum.max(f32::MIN_POSITIVE);
    }
    Band { first_bin, weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_power_gives_a_flat_shape_of_the_same_level() {
        let shape = Bands::new().log_power(&[0.25; BINS]);
        assert!(shape.iter().all(|value| (value - 0.25_f32.ln()).abs() < 1e-4), "{shape:?}");
    }

    #[test]
    fn centres_rise_from_146_to_6950_hz() {
        let bands = Bands::new();
        assert!((bands.centres_hz[0] - 146.3).abs() < 1.0 && (bands.centres_hz[27] - 6950.0).abs() < 5.0);
        assert!(bands.centres_hz.is_sorted());
        assert!(mean(&bands.common_slope()).abs() < 1e-4);
    }

    #[test]
    fn spreading_keeps_band_values_and_moves_them_by_the_warp() {
        let bands = Bands::new();
        let shape: Shape = std::array::from_fn(|band| if band == 14 { 8.0 } else { 0.0 });
        let peak_hz = |warp| {
            let mut spectrum = [0.0; BINS];
            bands.spread(&shape, warp, &mut spectrum);
            let peak = (0..BINS).max_by(|a, b| spectrum[*a].total_cmp(&spectrum[*b])).unwrap();
            peak as f32 * BIN_HZ
        };
        assert!((peak_hz(1.0) - bands.centres_hz[14]).abs() < BIN_HZ);
        assert!((peak_hz(1.2) - 1.2 * bands.centres_hz[14]).abs() < BIN_HZ);
    }

    #[test]
    fn the_dct_of_a_cosine_is_one_coefficient() {
        let bands = Bands::new();
        let shape: Shape =
            std::array::from_fn(|band| (PI * 3.0 * (band as f32 + 0.5) / BANDS as f32).cos() + 5.0);
        let cepstrum = bands.cepstrum(&shape);
        assert!((cepstrum[2] - (BANDS as f32 / 2.0).sqrt()).abs() < 1e-3, "{cepstrum:?}");
        assert!(cepstrum.iter().enumerate().all(|(i, value)| i == 2 || value.abs() < 1e-3));
    }
}
