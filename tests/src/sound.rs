//! Decoded sound and the moment at which a burst begins.

use std::ffi::OsString;
use std::path::Path;

use crate::media::{ffmpeg_bytes, words};

/// Samples a second of what [`decode`] returns.
pub const RATE: u32 = 48_000;

/// One channel, -1 to 1, from time zero of the file: silence stands in front of sound that starts later.
pub fn decode(path: &Path) -> Vec<f32> {
    let args = [OsString::from("-i"), path.as_os_str().to_owned()].into_iter();
    let rest = format!("-map 0:a:0 -af aresample=async=1:first_pts=0 -ac 1 -ar {RATE} -f s16le");
    let bytes = ffmpeg_bytes(args.chain(words(&rest)));
    bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect()
}

/// When the sound first reaches a third of its peak, seconds.
pub fn onset(samples: &[f32]) -> f64 {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak > 0.02, "there is sound");
    let at = samples.iter().position(|sample| sample.abs() > peak / 3.0).unwrap();
    at as f64 / f64::from(RATE)
}

/// Every channel of a file as it is, from its first sample, at 16 kHz.
pub fn decode_channels(path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let args = [OsString::from("-i"), path.as_os_str().to_owned()].into_iter();
    let bytes = ffmpeg_bytes(args.chain(words("-map 0:a:0 -ar 16000 -f f32le")));
    let samples: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    (0..channels).map(|index| samples.iter().copied().skip(index).step_by(channels).collect()).collect()
}

/// Writes raw interleaved 32-bit samples, which ffmpeg reads with `-f f32le -ar RATE -ac CHANNELS`.
pub fn write_raw(path: &Path, interleaved: &[f32]) {
    let bytes: Vec<u8> = interleaved.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(path, bytes).unwrap();
}

/// One channel with the traits of speech: syllables and pauses, a gliding pitch, moving resonances, hisses.
pub fn babble(rate: u32, seconds: u32, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(99);
    let mut draw = move || {
        // A linear congruential generator (Numerical Recipes): every run makes the same clip.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    };
    let (mut gain, mut goal, mut until, mut phase, mut hiss) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, false);
    let mut formants = [500.0_f32, 1_500.0, 2_500.0];
    (0..rate * seconds)
        .map(|i| {
            let time = i as f32 / rate as f32;
            if time >= until {
                until = time + 0.06 + 0.2 * draw();
                goal = if draw() < 0.3 { 0.0 } else { 0.1 + 0.3 * draw() };
                hiss = draw() < 0.25;
                formants = [300.0 + 500.0 * draw(), 900.0 + 1_300.0 * draw(), 2_300.0 + 900.0 * draw()];
            }
            gain += (goal - gain) * 150.0 / rate as f32;
            let hz = 130.0 + 30.0 * (2.1 * time).sin() + 20.0 * (6.3 * time).sin();
            phase = (phase + hz / rate as f32).fract();
            if hiss {
                return gain * (draw() - 0.5);
            }
            // Harmonics weighted by their distance to the resonances.
            let harmonics = (1..24_u8).map(f32::from).take_while(|k| k * hz < rate as f32 / 2.2);
            let tone = harmonics.map(|k| {
                let weight: f32 = formants.iter().map(|f| 1.0 / (1.0 + ((k * hz - f) / 120.0).powi(2))).sum();
                (std::f32::consts::TAU * phase * k).sin() * weight
            });
            gain * tone.sum::<f32>() * 0.4
        })
        .collect()
}

/// Lag of the second sound behind the first in ms, at [`RATE`], by level over 20 ms within 40 ms; and how well they then
/// agree. Levels, not amplitudes: these weigh the few loudest moments most, where a draw of the disguise moves the place
/// of the best agreement by up to 10 ms; levels move by 3.
pub fn lag_ms(before: &[f32], after: &[f32]) -> (f32, f32) {
    let (a, b) = (levels(before), levels(after));
    let reach = 160;
    let length = a.len().min(b.len()) - 2 * reach;
    let middle = &a[reach..reach + length];
    (0..=2 * reach)
        .map(|lag| ((lag as f32 - reach as f32) / 4.0, correlation(middle, &b[lag..lag + length])))
        .max_by(|x, y| x.1.total_cmp(&y.1))
        .unwrap()
}

/// Logarithm of [`loudness`] over a thirtieth of its peak, so that silence is not deep.
fn levels(sound: &[f32]) -> Vec<f32> {
    let loudness = loudness(sound);
    let floor = loudness.iter().fold(1e-9_f32, |peak, value| peak.max(*value)) / 30.0;
    loudness.iter().map(|value| (value + floor).ln()).collect()
}

/// Root of the mean power over 20 ms, four values a millisecond.
fn loudness(sound: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64];
    for sample in sound {
        sums.push(sums[sums.len() - 1] + f64::from(sample * sample));
    }
    let window = RATE as usize / 50;
    (window..sums.len())
        .step_by(RATE as usize / 4_000)
        .map(|end| ((sums[end] - sums[end - window]).max(0.0) / window as f64).sqrt() as f32)
        .collect()
}

/// Pearson's correlation.
pub fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().min(b.len());
    let (a, b) = (centred(&a[..count]), centred(&b[..count]));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b) + 1e-20).sqrt()
}

fn centred(values: &[f32]) -> Vec<f32> {
    let mean = dot(values, &vec![1.0; values.len()]) / values.len() as f32;
    values.iter().map(|value| value - mean).collect()
}

/// Sum of products, in sixteen sums side by side: exact for longer sounds and much faster than one sum.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0_f32; 16];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// The largest correlation of two sounds at 16 kHz in any of five bands, at any lag within 5 ms.
pub fn worst_band_correlation(a: &[f32], b: &[f32]) -> f32 {
    let bands =
        [(100.0, 450.0), (450.0, 1_000.0), (1_000.0, 2_000.0), (2_000.0, 3_500.0), (3_500.0, 7_000.0)];
    let reach = 80;
    bands
        .iter()
        .map(|(low, high)| {
            let (a, b) = (band(a, *low, *high), band(b, *low, *high));
            let length = a.len().min(b.len()) - 2 * reach;
            let middle = &a[reach..reach + length];
            let energy = dot(middle, middle);
            // Both bands end far above 0 Hz: they have no mean.
            let at = |lag: usize| {
                let other = &b[lag..lag + length];
                dot(middle, other).abs() / (energy * dot(other, other) + 1e-20).sqrt()
            };
            (0..=2 * reach).map(at).fold(0.0, f32::max)
        })
        .fold(0.0, f32::max)
}

/// A band between two frequencies: second-order high-pass, then low-pass (Bristow-Johnson's formulas), at 16 kHz.
fn band(sound: &[f32], low_hz: f32, high_hz: f32) -> Vec<f32> {
    let section = |sound: &[f32], hz: f32, sign: f32| -> Vec<f32> {
        let (sin, cos) = (std::f32::consts::TAU * hz / 16_000.0).sin_cos();
        let alpha = sin / 2.0_f32.sqrt();
        let edge = 0.5 + 0.5 * sign * cos;
        let (b0, b1, a0, a1, a2) = (edge, -sign * 2.0 * edge, 1.0 + alpha, -2.0 * cos, 1.0 - alpha);
        let (mut x, mut y) = ([0.0_f32; 2], [0.0_f32; 2]);
        let filter = |&input: &f32| {
            let out = (b0 * (input + x[1]) + b1 * x[0] - a1 * y[0] - a2 * y[1]) / a0;
            (x, y) = ([input, x[0]], [out, y[0]]);
            out
        };
        sound.iter().map(filter).collect()
    };
    section(&section(sound, low_hz, 1.0), high_hz, -1.0)
}
