//! Band-limited change of the sampling rate: a polyphase FIR that streams and adds no delay.

use std::f64::consts::PI;
use std::sync::Arc;

/// Zero crossings of the sinc on each side of its centre.
const ZERO_CROSSINGS: u64 = 24;
/// Cut-off, in percent of the lower of both Nyquist frequencies.
const CUTOFF_PERCENT: u64 = 93;
/// Kaiser window parameter: about 80 dB of stop-band attenuation.
const KAISER_BETA: f64 = 8.0;
/// Most phases that are kept exactly. With more, the position is rounded to 1/1024 of an input sample.
const MAX_PHASES: u64 = 1024;

/// The filter, shared by all channels of a stream.
#[derive(Clone)]
pub(super) struct Kernel {
    /// Output samples per `input_step` input samples.
    up: u64,
    /// Input samples per `up` output samples.
    down: u64,
    /// Phase count less the closing one.
    phases: u64,
    /// Taps of all phases, one after the other.
    taps: Arc<[f32]>,
    taps_per_phase: usize,
}

impl Kernel {
    /// A filter from one rate to another; both must be above 0.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        let divisor = u64::from(gcd(from_hz.max(1), to_hz.max(1)));
        let (up, down) = (u64::from(to_hz.max(1)) / divisor, u64::from(from_hz.max(1)) / divisor);
        if up == down {
            return Self { up, down, phases: 1, taps: Arc::from([1.0_f32].as_slice()), taps_per_phase: 1 };
        }
        let cycles = CUTOFF_PERCENT as f64 / 100.0 * (up as f64 / down as f64).min(1.0);
        let half = (100 * ZERO_CROSSINGS * up.max(down)).div_ceil(CUTOFF_PERCENT * up);
        let half = usize::try_from(half).unwrap_or(1);
        let phases = up.min(MAX_PHASES);
        let taps = (0..=phases).flat_map(|p| phase_taps(half, p as f64 / phases as f64, cycles)).collect();
        Self { up, down, phases, taps, taps_per_phase: 2 * half }
    }

    /// Taps for a position of `remainder / up` past an input sample.
    fn phase(&self, remainder: u64) -> &[f32] {
        let index = (remainder * self.phases + self.up / 2) / self.up;
        let start = usize::try_from(index).unwrap_or(0) * self.taps_per_phase;
        self.taps.get(start..start + self.taps_per_phase).unwrap_or_default()
    }

    /// Input samples before the one at the position itself.
    fn lead(&self) -> usize {
        (self.taps_per_phase / 2).saturating_sub(1)
    }
}

/// One channel's converter. Output sample `k` lies at the time of input position `k * from / to`.
pub(super) struct Resampler {
    kernel: Kernel,
    /// Input that is still needed.
    history: Vec<f32>,
    /// Start of the next window in `history`.
    start: usize,
    /// Fraction of the next position, in units of `1 / up`.
    remainder: u64,
}

impl Resampler {
    pub(super) fn new(kernel: &Kernel) -> Self {
        Self { kernel: kernel.clone(), history: vec![0.0; kernel.lead()], start: 0, remainder: 0 }
    }

    /// Takes input and appends all output that it completes.
    pub(super) fn push(&mut self, input: impl IntoIterator<Item = f32>, out: &mut Vec<f32>) {
        self.history.extend(input);
        let span = self.kernel.taps_per_phase;
        while let Some(window) = self.history.get(self.start..self.start + span) {
            out.push(dot(window, self.kernel.phase(self.remainder)));
            self.remainder += self.kernel.down;
            self.start += usize::try_from(self.remainder / self.kernel.up).unwrap_or(usize::MAX / 2);
            self.remainder %= self.kernel.up;
        }
        let used = self.start.min(self.history.len());
        self.history.drain(..used);
        self.start -= used;
    }
}

/// Windowed sinc, sampled at a fractional position; sums to 1.
fn phase_taps(half: usize, fraction: f64, cycles: f64) -> Vec<f32> {
    let taps: Vec<f64> = (0..2 * half)
        .map(|tap| {
            let distance = tap as f64 - (half as f64 - 1.0) - fraction;
            let window = (1.0 - (distance / half as f64).powi(2)).max(0.0).sqrt();
            sinc(cycles * distance) * bessel_i0(KAISER_BETA * window)
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    narrow(taps.iter().map(|tap| tap / sum))
}

#[allow(clippy::cast_possible_truncation, reason = "taps are within -1..1 and rounding is meant")]
fn narrow(taps: impl Iterator<Item = f64>) -> Vec<f32> {
    taps.map(|tap| tap as f32).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Modified Bessel function of order 0, by its power series (converges fast for arguments up to 8).
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..32_u32 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// Inner product in eight lanes, so that the compiler can use vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate_hz: u32, samples: usize) -> Vec<f32> {
        narrow((0..samples).map(|i| (2.0 * PI * hz * i as f64 / f64::from(rate_hz)).sin()))
    }

    fn convert(from_hz: u32, to_hz: u32, input: &[f32]) -> Vec<f32> {
        let mut out = Vec::new();
        Resampler::new(&Kernel::new(from_hz, to_hz)).push(input.iter().copied(), &mut out);
        out
    }

    #[test]
    fn a_tone_in_band_comes_out_in_phase() {
        for rate_hz in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000, 192_000] {
            for (from_hz, to_hz) in [(rate_hz, 16_000), (16_000, rate_hz)] {
                let out = convert(from_hz, to_hz, &tone(1000.0, from_hz, from_hz as usize / 4));
                let expected = tone(1000.0, to_hz, out.len());
                assert!(out.len() > to_hz as usize / 5, "{from_hz} to {to_hz}: {}", out.len());
                let worst =
                    out.iter().zip(&expected).skip(200).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 4e-3, "{from_hz} to {to_hz}: error {worst}");
            }
        }
    }

    #[test]
    fn a_tone_above_the_band_is_removed() {
        let out = convert(48_000, 16_000, &tone(9_000.0, 48_000, 12_000));
        let loudest = out.iter().skip(100).fold(0.0_f32, |peak, value| peak.max(value.abs()));
        assert!(loudest < 1e-3, "{loudest}");
    }

    #[test]
    fn chunks_do_not_matter() {
        let input = tone(440.0, 44_100, 5_000);
        let whole = convert(44_100, 16_000, &input);
        let mut resampler = Resampler::new(&Kernel::new(44_100, 16_000));
        let mut out = Vec::new();
        for chunk in input.chunks(37) {
            resampler.push(chunk.iter().copied(), &mut out);
        }
        assert_eq!(out, whole);
    }
}
