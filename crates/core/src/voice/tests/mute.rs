//! Tests of `mute`: speech is gone, the rest stays bit for bit and in place.

use super::recordings::utterances;
use super::signals::{duplicate, format, rms, run, run_chunked, speech_like};
use crate::draws::Draws;
use crate::model::VoiceMode;
use crate::voice::VoiceStage;

const MODE: VoiceMode = VoiceMode::Mute;

/// Noise like that of a room: most of it at low frequencies.
fn room(samples: usize, level: f32, seed: u64) -> Vec<f32> {
    let mut draws = Draws::from_seed(seed);
    let mut slow = 0.0_f32;
    (0..samples)
        .map(|_| {
            slow += 0.01 * (draws.noise() - slow);
            slow * level / 0.07
        })
        .collect()
}

/// Share of the energy of blocks of 20 ms in which somebody speaks that came through.
fn missed_share(speech: &[f32], heard: &[f32], out: &[f32], step: usize) -> f64 {
    let power = |part: &[f32]| part.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let loudest = speech.chunks(step).map(power).fold(0.0, f64::max);
    let (mut spoken, mut missed) = (0.0, 0.0);
    for ((speech, heard), out) in speech.chunks(step).zip(heard.chunks(step)).zip(out.chunks(step)) {
        if power(speech) > 1e-3 * loudest {
            spoken += 1.0;
            missed += power(out) / power(heard).max(1e-20);
        }
    }
    missed / spoken
}

#[test]
fn recorded_speech_is_silent_at_every_level_and_in_noise() {
    let Some(utterances) = utterances() else { return };
    for (level, noise) in [(0.05, 0.0), (0.05, 0.005), (0.05, 0.05), (0.0005, 0.0), (0.0005, 0.0002)] {
        let mut shares = Vec::new();
        for (seed, speech) in (0..).zip(&utterances) {
            let gain = level / rms(speech);
            let speech: Vec<f32> = speech.iter().map(|v| v * gain).collect();
            let noise = room(speech.len(), noise, seed);
            let heard: Vec<f32> = speech.iter().zip(&noise).map(|(a, b)| a + b).collect();
            let out = run(MODE, format(16_000, 1), seed, &heard);
            shares.push(missed_share(&speech, &heard, &out, 320));
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!(mean < 0.01, "speech at {level} in noise at {noise}: {mean:.4} of it is heard");
    }
}

#[test]
fn a_voice_that_two_channels_hide_from_a_mean_is_muted() {
    let Some(utterances) = utterances() else { return };
    let speech = &utterances[0];
    for gains in [[1.0, -1.0], [0.0, 1.0]] {
        let out = run(MODE, format(16_000, 2), 1, &duplicate(speech, &gains));
        let heard = duplicate(speech, &gains);
        assert!(missed_share(&heard, &heard, &out, 640) < 0.01, "{gains:?}");
    }
}

#[test]
fn what_is_no_speech_stays_bit_for_bit_in_place() {
    for (rate_hz, channels) in [(16_000, 1), (44_100, 2)] {
        // Hiss, as of a quiet line. In a room's rumble the network is unsure, and then all of it is silent.
        let mut draws = Draws::from_seed(3);
        let mono: Vec<f32> = (0..rate_hz * 6).map(|_| draws.noise() * 0.02).collect();
        let sound = duplicate(&mono, &vec![1.0; usize::from(channels)]);
        let out = run_chunked(MODE, format(rate_hz, channels), 1, &sound, &[777, 4_096]);
        assert_eq!(out.len(), sound.len());
        let kept = sound.iter().zip(&out).filter(|(a, b)| a.to_bits() == b.to_bits()).count();
        assert!(kept as f32 > 0.4 * sound.len() as f32, "{rate_hz} Hz: only {kept} of {} kept", sound.len());
    }
}

#[test]
fn a_tone_can_stand_where_speech_was() {
    use crate::model::{Alarms, MuteWith};
    let Some(utterances) = utterances() else { return };
    let mut sound = utterances[0].clone();
    // Six seconds without any sound: even faint hiss can pass for somebody who may be speaking.
    sound.resize(sound.len() + 96_000, 0.0);
    let play = |what| {
        let stage = VoiceStage::with_seed(MODE, Alarms::Drop, format(16_000, 1), 1).unwrap();
        let (mut stage, mut out) = (stage.muting_with(what), Vec::new());
        stage.process(&sound, &mut out).unwrap();
        stage.finish(&mut out).unwrap();
        out
    };
    let (silent, beeping) = (play(MuteWith::Silence), play(MuteWith::Beep));
    let beeps = beeping.iter().zip(&silent).map(|(a, b)| a - b).collect::<Vec<f32>>();
    assert!((rms(&beeps[16_000..48_000]) - 0.032).abs() < 0.002, "{}", rms(&beeps[16_000..48_000]));
    assert!(rms(&beeps[beeps.len() - 16_000..]) < 1e-6, "the tone goes on where nobody speaks");
    assert!(beeping.iter().all(|v| v.abs() <= 1.0));
}

#[test]
fn silence_begins_and_ends_without_a_click() {
    let Some(utterances) = utterances() else { return };
    let speech = &utterances[1];
    let mut sound = room(16_000 * 4, 0.01, 4);
    sound.extend(speech.iter().zip(room(speech.len(), 0.01, 5)).map(|(a, b)| a + b));
    sound.extend(room(16_000 * 4, 0.01, 6));
    let gain: Vec<f32> = {
        let out = run(MODE, format(16_000, 1), 1, &sound);
        out.iter().zip(&sound).filter(|(_, a)| a.abs() > 1e-4).map(|(b, a)| b / a).collect()
    };
    let steepest = gain.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.1, "the gain jumps by {steepest}");
    assert!(gain.iter().any(|g| *g > 0.999) && gain.iter().any(|g| *g < 1e-6));
}

#[test]
fn hostile_sound_stays_finite() {
    let sound: Vec<f32> = (0..24_000_u32)
        .map(|i| match i % 5 {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::MIN,
            _ => f32::from_bits(i),
        })
        .collect();
    assert!(run(MODE, format(48_000, 2), 1, &sound).iter().all(|v| v.abs() <= 1.0));
    assert!(run(MODE, format(16_000, 1), 1, &speech_like(16_000, 1.0, 2)).iter().all(|v| v.is_finite()));
}
