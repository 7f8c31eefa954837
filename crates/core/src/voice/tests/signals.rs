//! Signals and measures for the tests: speech-like sound, loudness curves, lags, correlation by band.

use std::f32::consts::PI;

use crate::draws::Draws;
use crate::model::{Alarms, VoiceMode};
use crate::voice::{SoundFormat, VoiceStage};

pub(super) fn format(rate_hz: u32, channels: u16) -> SoundFormat {
    SoundFormat { rate_hz, channels }
}

/// Runs sound through a stage in chunks of 1000 frames.
pub(super) fn run(mode: VoiceMode, format: SoundFormat, seed: u64, sound: &[f32]) -> Vec<f32> {
    run_chunked(mode, format, seed, sound, &[1_000])
}

/// Runs sound through a stage in chunks whose lengths, in frames, repeat.
pub(super) fn run_chunked(
    mode: VoiceMode,
    format: SoundFormat,
    seed: u64,
    sound: &[f32],
    chunk_frames: &[usize],
) -> Vec<f32> {
    let mut stage = VoiceStage::with_seed(mode, Alarms::List, format, seed).unwrap();
    let (mut out, mut rest) = (Vec::new(), sound);
    for frames in chunk_frames.iter().cycle() {
        let (chunk, after) = rest.split_at((frames * usize::from(format.channels)).min(rest.len()));
        stage.process(chunk, &mut out).unwrap();
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    stage.finish(&mut out).unwrap();
    out
}

/// One channel of sound with the traits of speech: syllables and pauses, gliding pitch, moving resonances, hisses.
pub(super) fn speech_like(rate_hz: u32, seconds: f32, seed: u64) -> Vec<f32> {
    let mut draws = Draws::from_seed(seed);
    let rate = rate_hz as f32;
    let (mut phase, mut gain, mut goal, mut until) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    let (mut hiss, mut filters) = (false, [[0.0_f32; 2]; 3]);
    let mut hz = [500.0_f32, 1_500.0, 2_500.0];
    (0..whole(seconds * rate))
        .map(|i| {
            let time = i as f32 / rate;
            if time >= until {
                until = time + draws.uniform(0.06, 0.3);
                goal = if draws.uniform(0.0, 1.0) < 0.25 { 0.0 } else { draws.uniform(0.05, 0.4) };
                hiss = draws.uniform(0.0, 1.0) < 0.25;
                hz = [
                    draws.uniform(250.0, 900.0),
                    draws.uniform(900.0, 2_300.0),
                    draws.uniform(2_300.0, 3_300.0),
                ];
            }
            gain += (goal - gain) * 200.0 / rate;
            phase = (phase + (130.0 + 40.0 * (2.3 * time).sin() + 25.0 * (7.1 * time).sin()) / rate).fract();
            let pulse = if hiss { 0.0 } else { (-phase * 20.0).exp() - 0.05 };
            let source = gain * (pulse + draws.noise() * if hiss { 0.3 } else { 0.01 });
            filters.iter_mut().zip(hz).map(|(state, hz)| resonate(state, source, hz, rate)).sum::<f32>() * 0.1
        })
        .collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive counts")]
fn whole(count: f32) -> usize {
    count as usize
}

/// Two-pole resonance 120 Hz wide.
fn resonate(state: &mut [f32; 2], input: f32, hz: f32, rate: f32) -> f32 {
    let radius = (-PI * 120.0 / rate).exp();
    let out = input + 2.0 * radius * (2.0 * PI * hz / rate).cos() * state[0] - radius * radius * state[1];
    *state = [out, state[0]];
    out * (1.0 - radius) * 12.0
}

/// Every channel the same.
pub(super) fn duplicate(mono: &[f32], gains: &[f32]) -> Vec<f32> {
    mono.iter().flat_map(|sample| gains.iter().map(move |gain| gain * sample)).collect()
}

/// One channel of interleaved sound.
pub(super) fn channel(sound: &[f32], index: usize, channels: usize) -> Vec<f32> {
    sound.iter().copied().skip(index).step_by(channels).collect()
}

pub(super) fn rms(sound: &[f32]) -> f32 {
    (sound.iter().map(|value| value * value).sum::<f32>() / sound.len().max(1) as f32).sqrt()
}

/// RMS in a centred window of 20 ms, four values per millisecond or as many as there are samples.
#[allow(clippy::cast_possible_truncation, reason = "loudness needs no more than 24 bits")]
pub(super) fn loudness(sound: &[f32], rate_hz: u32) -> Vec<f32> {
    let half = rate_hz as usize / 100;
    let mut sums = vec![0.0_f64];
    for value in sound {
        sums.push(sums[sums.len() - 1] + f64::from(value * value));
    }
    let step = (rate_hz as usize / 4_000).max(1);
    (half..sound.len() - half)
        .step_by(step)
        .map(|i| ((sums[i + half] - sums[i - half]).max(0.0) / (2 * half) as f64).sqrt() as f32)
        .collect()
}

/// Pearson correlation.
pub(super) fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().min(b.len()) as f32;
    let (mean_a, mean_b) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut ab, mut aa, mut bb) = (0.0_f32, 1e-20_f32, 1e-20_f32);
    for (a, b) in a.iter().zip(b) {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a).powi(2);
        bb += (b - mean_b).powi(2);
    }
    ab / (aa * bb).sqrt()
}

/// Lag of `b` behind `a` at which their loudness curves agree best, in ms within 25 ms, and that agreement.
pub(super) fn loudness_lag_ms(a: &[f32], b: &[f32], rate_hz: u32) -> (f32, f32) {
    let (a, b) = (loudness(a, rate_hz), loudness(b, rate_hz));
    let per_ms = rate_hz as f32 / (rate_hz as usize / 4_000).max(1) as f32 / 1_000.0;
    let reach = whole(25.0 * per_ms);
    let middle = &a[reach..a.len() - reach];
    (0..=2 * reach)
        .map(|shift| {
            let lag_ms = (shift as f32 - reach as f32) / per_ms;
            (lag_ms, correlation(middle, &b[shift..shift + middle.len()]))
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap()
}

/// Largest correlation, in any of six bands and at any lag within 4 ms, of two signals at 16 kHz.
pub(super) fn worst_band_correlation(a: &[f32], b: &[f32]) -> f32 {
    let mut worst = 0.0_f32;
    for (low_hz, high_hz) in [
        (80.0, 400.0),
        (400.0, 900.0),
        (900.0, 1_600.0),
        (1_600.0, 2_800.0),
        (2_800.0, 4_500.0),
        (4_500.0, 7_500.0),
    ] {
        let (a, b) = (band_pass(a, low_hz, high_hz), band_pass(b, low_hz, high_hz));
        let middle = &a[64..a.len() - 64];
        for shift in 0..=128 {
            worst = worst.max(correlation(middle, &b[shift..shift + middle.len()]).abs());
        }
    }
    worst
}

/// Two second-order sections (Bristow-Johnson's formulas): high-pass, then low-pass, at 16 kHz.
fn band_pass(sound: &[f32], low_hz: f32, high_hz: f32) -> Vec<f32> {
    let section = |sound: &[f32], hz: f32, sign: f32| -> Vec<f32> {
        let (sin, cos) = (2.0 * PI * hz / 16_000.0).sin_cos();
        let alpha = sin / 2.0_f32.sqrt();
        let edge = 0.5 + 0.5 * sign * cos;
        let (b0, b1, a0, a1, a2) = (edge, -sign * 2.0 * edge, 1.0 + alpha, -2.0 * cos, 1.0 - alpha);
        let (mut x, mut y) = ([0.0_f32; 2], [0.0_f32; 2]);
        sound
            .iter()
            .map(|&input| {
                let out = (b0 * (input + x[1]) + b1 * x[0] - a1 * y[0] - a2 * y[1]) / a0;
                (x, y) = ([input, x[0]], [out, y[0]]);
                out
            })
            .collect()
    };
    section(&section(sound, low_hz, 1.0), high_hz, -1.0)
}
