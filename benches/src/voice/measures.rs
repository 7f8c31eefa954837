//! What is kept and what is lost: loudness over time, and pitch over time.

use super::speech::RATE_HZ;

/// Samples of the loudness window (20 ms).
const LOUDNESS_WINDOW: usize = 320;
/// Range of a speaker's pitch, in samples (400 to 70 Hz).
const PERIODS: std::ops::Range<usize> = 40..229;
/// Samples of the pitch window (40 ms), and between windows (20 ms).
const PITCH_WINDOW: usize = 640;
const PITCH_STEP: usize = 320;
/// Autocorrelation from which a window is voiced.
const VOICED: f32 = 0.6;

/// Correlation of the loudness of two sounds, as RMS over 20 ms.
pub(crate) fn envelope(before: &[f32], after: &[f32]) -> f32 {
    let loudness = |sound: &[f32]| -> Vec<f32> {
        sound.chunks_exact(LOUDNESS_WINDOW).map(|window| power(window).sqrt()).collect()
    };
    obscura_tests::sound::correlation(&loudness(before), &loudness(after))
}

/// Pitch of each window by autocorrelation; `None` where it is not voiced.
pub(crate) fn pitch_hz(sound: &[f32]) -> Vec<Option<f32>> {
    let loudest = sound.chunks(PITCH_STEP).map(power).fold(0.0, f32::max);
    let windows = sound.windows(PITCH_WINDOW + PERIODS.end).step_by(PITCH_STEP);
    windows
        .map(|window| {
            let (head, _) = window.split_at(PITCH_WINDOW);
            let here = power(head);
            if here < 0.01 * loudest {
                return None;
            }
            let agreement = |lag: usize| {
                let later = &window[lag..lag + PITCH_WINDOW];
                let product: f32 = head.iter().zip(later).map(|(a, b)| a * b).sum();
                product / (PITCH_WINDOW as f32 * (here * power(later)).sqrt().max(1e-12))
            };
            let (best, agrees) =
                PERIODS.map(|lag| (lag, agreement(lag))).max_by(|x, y| x.1.total_cmp(&y.1))?;
            (agrees > VOICED).then_some(RATE_HZ as f32 / best as f32)
        })
        .collect()
}

fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|v| v * v).sum::<f32>() / sound.len().max(1) as f32
}

/// Log pitch in windows that are voiced on both sides.
pub(crate) fn paired_log_pitch(before: &[f32], after: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (before, after) = (pitch_hz(before), pitch_hz(after));
    before.iter().zip(&after).filter_map(|(a, b)| Some((a.as_ref()?.ln(), b.as_ref()?.ln()))).unzip()
}

/// Mean; 0 of nothing.
pub(crate) fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Middle of a list of numbers.
pub(crate) fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pitch_of_pulses_is_found() {
        let sound: Vec<f32> = (0..16_000_u32).map(|i| if i % 128 < 4 { 0.5 } else { -0.01 }).collect();
        let found = pitch_hz(&sound);
        assert!(found.iter().all(|hz| hz.is_some_and(|hz| (hz - 125.0).abs() < 2.0)), "{found:?}");
    }

    #[test]
    fn the_loudness_of_a_louder_copy_is_the_same() {
        let sound: Vec<f32> =
            (0..32_000_u32).map(|i| (i as f32 / 4_000.0).sin() * (i as f32).sin()).collect();
        let louder: Vec<f32> = sound.iter().map(|v| -3.0 * v).collect();
        assert!((envelope(&sound, &louder) - 1.0).abs() < 1e-3);
    }
}
