//! Tests of alarms: found with their pattern, also under speech; never found in speech alone; played anew as clean
//! tones.

use std::f32::consts::TAU;

use super::recordings::utterances;
use super::signals::{correlation, duplicate, format, rms, speech_like};
use crate::model::{Alarms, VoiceMode};
use crate::voice::{Heard, SoundFormat, ToneEvent, VoiceStage};

/// Pulses of a tone with some partials, at -20 dBFS, from second 1 on.
fn pulses(rate_hz: u32, seconds: f32, hz: f32, on_ms: f32, off_ms: f32, partials: u8) -> Vec<f32> {
    let rate = rate_hz as f32;
    (0..u32::MAX)
        .map(|i| i as f32 / rate)
        .take_while(|time| *time < seconds)
        .map(|time| {
            let into_ms = (time - 1.0) * 1_000.0;
            let in_pulse_ms = into_ms.rem_euclid(on_ms + off_ms);
            if into_ms < 0.0 || in_pulse_ms > on_ms {
                return 0.0;
            }
            let ramp = (in_pulse_ms.min(on_ms - in_pulse_ms) / 10.0).min(1.0);
            let tone: f32 = (1..=partials).map(|k| (TAU * hz * f32::from(k) * time).sin()).sum();
            0.1 * ramp * tone / f32::from(partials).sqrt()
        })
        .collect()
}

fn listen(mode: VoiceMode, alarms: Alarms, format: SoundFormat, sound: &[f32]) -> (Vec<f32>, Heard) {
    let mut stage = VoiceStage::with_seed(mode, alarms, format, 3).unwrap();
    let mut out = Vec::new();
    for chunk in sound.chunks(1_000 * usize::from(format.channels)) {
        stage.process(chunk, &mut out).unwrap();
    }
    let heard = stage.finish(&mut out).unwrap();
    assert_eq!(out.len(), sound.len());
    (out, heard)
}

fn events(sound: &[f32], format: SoundFormat) -> Vec<ToneEvent> {
    listen(VoiceMode::Disguise, Alarms::List, format, sound).1.tones.unwrap().events
}

#[test]
fn patterns_are_listed_with_times_pitch_and_rhythm() {
    for (rate_hz, channels, hz, on_ms, off_ms, partials) in [
        (8_000, 1, 440.0, 150.0, 150.0, 1),
        (44_100, 2, 262.0, 200.0, 300.0, 5),
        (48_000, 2, 960.0, 500.0, 500.0, 1),
        (48_000, 1, 2_700.0, 120.0, 400.0, 1),
    ] {
        let mono = pulses(rate_hz, 5.0, hz, on_ms, off_ms, partials);
        let sound = duplicate(&mono, &[1.0, -1.0][..usize::from(channels)]);
        let found = events(&sound, format(rate_hz, channels));
        assert_eq!(found.len(), 1, "{hz} Hz: {found:?}");
        let event = &found[0];
        let heard_pulses = (4_000.0 / (on_ms + off_ms)).floor();
        assert!((event.frequency_hz - hz).abs() < 1.5, "{event:?}");
        assert!((event.pulses as f32 - heard_pulses).abs() <= 1.0, "{event:?}");
        assert!((event.from.as_seconds() - 1.0).abs() < 0.04, "{event:?}");
        assert!((event.on_ms as f32 - on_ms).abs() < 45.0, "{event:?}");
        assert!((event.off_ms.unwrap() as f32 - off_ms).abs() < 45.0, "{event:?}");
    }
}

#[test]
fn an_alarm_is_found_under_speech_and_speech_alone_is_no_alarm() {
    for seed in 0..20 {
        let found = events(&speech_like(16_000, 3.0, seed), format(16_000, 1));
        assert_eq!(found, [], "made speech {seed}");
    }
    let Some(utterances) = utterances() else { return };
    for (number, speech) in utterances.iter().enumerate() {
        assert_eq!(events(speech, format(16_000, 1)), [], "utterance {number}");
        let seconds = speech.len() as f32 / 16_000.0;
        let alarm = pulses(16_000, seconds, 960.0, 200.0, 300.0, 1);
        let gain = 0.05 / rms(speech);
        let both: Vec<f32> = speech.iter().zip(&alarm).map(|(a, b)| a * gain + b).collect();
        let found = events(&both, format(16_000, 1));
        let pulses_found: u32 =
            found.iter().filter(|e| (e.frequency_hz - 960.0).abs() < 2.0).map(|e| e.pulses).sum();
        let expected = ((seconds - 1.0) / 0.5).floor();
        assert!(pulses_found as f32 >= 0.7 * expected, "utterance {number}: {pulses_found} of {expected}");
    }
}

/// The largest correlation of `out` with a tone of changing pitch, over lags of 5 ms either way, at 16 kHz.
fn leak(original: &[f32], out: &[f32]) -> f32 {
    let middle = &original[80..original.len() - 80];
    (0..160).map(|lag| correlation(middle, &out[lag..lag + middle.len()]).abs()).fold(0.0, f32::max)
}

#[test]
fn two_alarms_at_once_are_two_events() {
    let (low, high) =
        (pulses(16_000, 5.0, 440.0, 250.0, 250.0, 1), pulses(16_000, 5.0, 988.0, 120.0, 280.0, 1));
    let both: Vec<f32> = low.iter().zip(&high).map(|(a, b)| a + b).collect();
    let found = events(&both, format(16_000, 1));
    assert_eq!(found.len(), 2, "{found:?}");
    for hz in [440.0, 988.0] {
        assert!(found.iter().any(|event| (event.frequency_hz - hz).abs() < 1.5), "{hz} Hz: {found:?}");
    }
    let out = listen(VoiceMode::Disguise, Alarms::List, format(16_000, 1), &both).0;
    assert!(leak(&low, &out) < 0.2 && leak(&high, &out) < 0.2);
}

#[test]
fn a_siren_is_not_let_through() {
    // Up and down between 500 and 1000 Hz, as of an ambulance: no steady pitch, so it is no event.
    let mut phase = 0.0_f32;
    let siren: Vec<f32> = (0..80_000_u32)
        .map(|i| {
            let hz = 750.0 + 250.0 * (TAU * 0.5 * i as f32 / 16_000.0).sin();
            phase = (phase + hz / 16_000.0).fract();
            0.1 * (TAU * phase).sin()
        })
        .collect();
    for alarms in [Alarms::List, Alarms::Resynth] {
        let (out, _) = listen(VoiceMode::Disguise, alarms, format(16_000, 1), &siren);
        assert!(leak(&siren, &out) < 0.2, "{alarms}: {}", leak(&siren, &out));
    }
}

#[test]
fn a_clean_tone_lies_where_the_alarm_was() {
    for (rate_hz, channels) in [(16_000, 1), (44_100, 2)] {
        let mono = pulses(rate_hz, 4.0, 800.0, 250.0, 250.0, 3);
        let sound = duplicate(&mono, &vec![1.0; usize::from(channels)]);
        let play = |alarms| listen(VoiceMode::Disguise, alarms, format(rate_hz, channels), &sound).0;
        let (with, without) = (play(Alarms::Resynth), play(Alarms::List));
        let step = usize::from(channels);
        let tone: Vec<f32> = with.iter().zip(&without).map(|(a, b)| a - b).step_by(step).collect();
        let curve = |signal: &[f32]| -> Vec<f32> { signal.chunks(rate_hz as usize / 100).map(rms).collect() };
        let agreement = correlation(&curve(&tone), &curve(&mono));
        assert!(agreement > 0.85, "{rate_hz} Hz: {agreement}");
        assert!((0.06..0.08).contains(&curve(&tone).into_iter().fold(0.0, f32::max)));
        let rises = tone.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count() as f32;
        let sounding = tone.iter().filter(|v| v.abs() > 1e-4).count() as f32 / rate_hz as f32;
        assert!((rises / sounding - 800.0).abs() < 25.0, "{rate_hz} Hz: {} Hz", rises / sounding);
    }
}

#[test]
fn dropped_alarms_are_neither_listed_nor_played() {
    let sound = pulses(16_000, 3.0, 500.0, 300.0, 300.0, 1);
    let (with, heard) = listen(VoiceMode::Disguise, Alarms::Drop, format(16_000, 1), &sound);
    let (without, listed) = listen(VoiceMode::Disguise, Alarms::List, format(16_000, 1), &sound);
    assert!(heard.tones.is_none() && listed.tones.unwrap().events.len() == 1);
    assert!(with == without, "listing changed the sound");
}

#[test]
fn hostile_sound_gives_a_bounded_list() {
    // Hundreds of steady tones at once, then noise of any bits.
    let mut sound: Vec<f32> = (0..32_000_u16)
        .map(|i| {
            (10..270_u16).map(|k| (TAU * f32::from(k.wrapping_mul(i) % 1_024) / 1_024.0).sin()).sum::<f32>()
                * 0.01
        })
        .collect();
    sound.extend((0..32_000_u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))));
    let (out, heard) = listen(VoiceMode::Disguise, Alarms::Resynth, format(16_000, 1), &sound);
    assert!(out.iter().all(|v| v.abs() < 1.0));
    assert!(heard.tones.unwrap().events.len() <= 1_000);
}
