//! Tests of the disguise on made signals.

use super::signals::{
    channel, correlation, duplicate, format, loudness_lag_ms, rms, run, speech_like, worst_band_correlation,
};
use crate::model::{Alarms, VoiceMode};
use crate::voice::VoiceStage;

type Signal = fn(u16) -> f32;

const MODE: VoiceMode = VoiceMode::Disguise;

fn decibels(ratio: f32) -> f32 {
    20.0 * ratio.max(1e-9).log10()
}

#[test]
fn loudness_stays_within_a_millisecond() {
    for (rate_hz, channels) in [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 2), (96_000, 1)] {
        let mut lags_ms: Vec<f32> = (0..15)
            .map(|seed| {
                let mono = speech_like(rate_hz, 3.0, seed);
                let sound = duplicate(&mono, &vec![1.0; usize::from(channels)]);
                let out = run(MODE, format(rate_hz, channels), seed, &sound);
                let first = channel(&out, 0, usize::from(channels));
                let (lag_ms, agreement) = loudness_lag_ms(&mono, &first, rate_hz);
                assert!(agreement > 0.7, "{rate_hz} Hz, seed {seed}: agreement {agreement}");
                lag_ms
            })
            .collect();
        lags_ms.sort_by(f32::total_cmp);
        // One clip's peak moves by a few ms, as sounds are louder or softer in the drawn voice; the middle must not.
        assert!(lags_ms[7].abs() <= 1.0, "{rate_hz} Hz: {lags_ms:?}");
        assert!(lags_ms.iter().all(|lag_ms| lag_ms.abs() <= 5.0), "{rate_hz} Hz: {lags_ms:?}");
    }
}

#[test]
fn a_click_stays_in_place() {
    for rate_hz in [16_000_u16, 44_100, 48_000] {
        let mut sound = vec![0.0; usize::from(rate_hz)];
        sound[usize::from(rate_hz) / 2] = 1.0;
        let centres_ms: Vec<f32> = (0..40)
            .map(|seed| {
                let out = run(MODE, format(u32::from(rate_hz), 1), seed, &sound);
                let energy: f32 = out.iter().map(|value| value * value).sum();
                assert!(energy > 1e-4, "{rate_hz} Hz, seed {seed}: energy {energy}");
                let moment: f32 = (0_u16..).zip(&out).map(|(i, value)| f32::from(i) * value * value).sum();
                (moment / energy - f32::from(rate_hz / 2)) * 1_000.0 / f32::from(rate_hz)
            })
            .collect();
        // The phase of the carrier moves a single click by up to half a pitch period either way.
        let mean_ms = centres_ms.iter().sum::<f32>() / 40.0;
        assert!(mean_ms.abs() <= 1.0, "{rate_hz} Hz: {mean_ms} ms on average");
        assert!(centres_ms.iter().all(|centre_ms| centre_ms.abs() <= 8.0), "{rate_hz} Hz: {centres_ms:?}");
    }
}

#[test]
fn hostile_signals_give_finite_sound_below_full_scale() {
    let signals: [(&str, Signal); 9] = [
        ("offset", |_| 1.0),
        ("square", |i| if i / 50 % 2 == 0 { 1.0 } else { -1.0 }),
        ("slow square", |i| if i / 4_000 % 2 == 0 { 1.0 } else { -1.0 }),
        ("nyquist", |i| if i % 2 == 0 { 1.0 } else { -1.0 }),
        ("denormal", |i| f32::from_bits(u32::from(i) % 1_000)),
        ("not a number", |i| if i % 3 == 0 { f32::NAN } else { 0.5 }),
        ("infinite", |i| if i % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY }),
        ("huge", |i| if i % 700 < 300 { f32::MAX } else { f32::MIN }),
        ("click", |i| if i == 9_000 { 1e30 } else { 0.0 }),
    ];
    for (name, signal) in signals {
        let sound: Vec<f32> = (0..24_000).map(signal).collect();
        let out = run(MODE, format(48_000, 2), 4, &sound);
        let peak = out
            .iter()
            .fold(0.0_f32, |peak, value| if value.is_finite() { peak.max(value.abs()) } else { f32::MAX });
        assert!(peak < 1.0, "{name}: peak {peak}");
    }
}

#[test]
fn silence_stays_silent_and_a_noise_floor_is_not_raised() {
    let quiet = run(MODE, format(48_000, 1), 5, &vec![0.0; 48_000]);
    assert!(quiet.iter().all(|value| value.abs() < 1e-6));
    let offset = run(MODE, format(48_000, 1), 5, &vec![0.3; 48_000]);
    assert!(decibels(rms(&offset[12_000..36_000])) < -80.0, "{}", decibels(rms(&offset[12_000..36_000])));

    let mut draws = crate::draws::Draws::from_seed(8);
    let floor: Vec<f32> = (0..96_000).map(|_| draws.noise() * 3.16e-4).collect();
    for seed in 0..4 {
        let out = run(MODE, format(48_000, 1), seed, &floor);
        let loudest = out.chunks(960).map(|piece| decibels(rms(piece))).fold(-200.0, f32::max);
        assert!(loudest <= -60.0, "{loudest} dBFS");
    }
}

#[test]
fn a_pause_after_speech_is_quiet() {
    let mut sound = speech_like(16_000, 2.0, 4);
    sound.extend(vec![0.0; 16_000]);
    let out = run(MODE, format(16_000, 1), 6, &sound);
    assert!(rms(&out[33_600..]) < 1e-5, "{}", rms(&out[33_600..]));
}

#[test]
fn the_level_is_kept_whichever_channel_speaks() {
    let mono = speech_like(16_000, 3.0, 31);
    for gains in [[1.0, 1.0], [1.0, -1.0], [0.0, 1.0], [1.0, 0.0], [0.3, -0.9]] {
        let sound = duplicate(&mono, &gains);
        let out = run(MODE, format(16_000, 2), 6, &sound);
        let change = decibels(rms(&out) / rms(&sound));
        assert!(change.abs() < 2.0, "{gains:?}: {change} dB");
    }
}

#[test]
fn the_input_waveform_is_in_no_band_of_no_channel() {
    let (voice, other) = (speech_like(16_000, 3.0, 41), speech_like(16_000, 3.0, 42));
    let pair = |left: &[f32], right: &[f32]| -> Vec<f32> {
        left.iter().zip(right).flat_map(|(left, right)| [*left, *right]).collect()
    };
    let mid: Vec<f32> = voice.iter().zip(&other).map(|(a, b)| (a + b) / 2.0).collect();
    let side: Vec<f32> = voice.iter().zip(&other).map(|(a, b)| (a - b) / 2.0).collect();
    let zero = vec![0.0; voice.len()];
    for (name, sound) in [
        ("right only", pair(&zero, &voice)),
        ("two speakers", pair(&voice, &other)),
        ("mid and side", pair(&mid, &side)),
        ("anti-phase", duplicate(&voice, &[1.0, -1.0])),
    ] {
        let out = run(MODE, format(16_000, 2), 11, &sound);
        let (left, right) = (channel(&out, 0, 2), channel(&out, 1, 2));
        assert!(left == right, "{name}: the channels differ");
        for original in [&voice, &other] {
            let worst = worst_band_correlation(original, &left);
            assert!(worst < 0.25, "{name}: correlation {worst}");
        }
    }
    // The measure itself finds a voice that is there: here in a mixture of equal parts.
    let mixed: Vec<f32> = voice.iter().zip(&other).map(|(a, b)| a + b).collect();
    assert!(worst_band_correlation(&voice, &mixed) > 0.5);
}

#[test]
fn two_stages_speak_with_different_voices() {
    let sound = speech_like(16_000, 2.0, 51);
    let speak = || {
        let mut stage = VoiceStage::new(MODE, Alarms::List, format(16_000, 1)).unwrap();
        let mut out = Vec::new();
        stage.process(&sound, &mut out).unwrap();
        stage.finish(&mut out).unwrap();
        out
    };
    let (first, second) = (speak(), speak());
    assert!(correlation(&first, &second).abs() < 0.3);
}
