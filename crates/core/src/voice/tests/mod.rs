//! Tests of the whole stage: length, alignment, robustness, level, and that nothing of the input's waveform gets out.

mod alarms;
mod disguise;
mod mute;
mod recordings;
mod signals;

use proptest::prelude::*;

use super::{VoiceError, VoiceStage};
use crate::model::{Alarms, VoiceMode};
use signals::{channel, format, loudness_lag_ms, rms, run, run_chunked, speech_like};

const RATES_HZ: [u32; 8] = [8_000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000, 192_000];

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_many_samples_come_out_as_go_in(
        mode in prop::sample::select(
            vec![VoiceMode::Disguise, VoiceMode::Pitch, VoiceMode::Mute, VoiceMode::Original],
        ),
        rate_hz in prop::sample::select(RATES_HZ.to_vec()),
        channels in 1_u16..=8,
        frames in 0_usize..12_000,
        chunks in prop::collection::vec(1_usize..5_000, 1..6),
    ) {
        let sound = vec![0.25; frames * usize::from(channels)];
        let out = run_chunked(mode, format(rate_hz, channels), 1, &sound, &chunks);
        prop_assert_eq!(out.len(), sound.len());
    }

    #[test]
    fn chunks_do_not_change_the_output(
        mode in prop::sample::select(vec![VoiceMode::Disguise, VoiceMode::Pitch]),
        chunks in prop::collection::vec(1_usize..3_000, 1..6),
    ) {
        let sound = speech_like(22_050, 0.8, 3);
        let whole = run_chunked(mode, format(22_050, 1), 5, &sound, &[sound.len()]);
        prop_assert!(run_chunked(mode, format(22_050, 1), 5, &sound, &chunks) == whole);
    }

    #[test]
    fn any_bits_give_finite_sound_below_full_scale(bits in prop::collection::vec(any::<u32>(), 4_000..9_000)) {
        let sound: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
        for mode in [VoiceMode::Disguise, VoiceMode::Pitch] {
            let out = run(mode, format(16_000, 1), 2, &sound);
            prop_assert!(out.iter().all(|value| value.abs() < 1.0));
        }
    }
}

#[test]
fn formats_out_of_range_and_remove_are_errors() {
    let refused =
        |mode, rate_hz, channels| VoiceStage::new(mode, Alarms::List, format(rate_hz, channels)).unwrap_err();
    let mode = VoiceMode::Disguise;
    assert_eq!(refused(mode, 7_999, 1), VoiceError::Rate { rate_hz: 7_999 });
    assert_eq!(refused(mode, 192_001, 1), VoiceError::Rate { rate_hz: 192_001 });
    assert_eq!(refused(mode, 48_000, 0), VoiceError::Channels { channels: 0 });
    assert_eq!(refused(mode, 48_000, 9), VoiceError::Channels { channels: 9 });
    assert_eq!(refused(VoiceMode::Remove, 48_000, 2), VoiceError::Removed);
}

#[test]
fn misuse_is_an_error() {
    let mut stage = VoiceStage::new(VoiceMode::Disguise, Alarms::List, format(48_000, 2)).unwrap();
    let mut out = Vec::new();
    assert_eq!(stage.process(&[0.0; 3], &mut out), Err(VoiceError::RaggedChunk { samples: 3, channels: 2 }));
    stage.finish(&mut out).unwrap();
    assert_eq!(stage.process(&[0.0; 2], &mut out), Err(VoiceError::Finished));
    assert_eq!(stage.finish(&mut out), Err(VoiceError::Finished));
}

#[test]
fn original_is_a_copy() {
    let sound = speech_like(16_000, 0.3, 9);
    assert_eq!(run(VoiceMode::Original, format(16_000, 2), 1, &sound[..4_000]), &sound[..4_000]);
}

#[test]
fn debug_output_has_no_parameters() {
    let stage = VoiceStage::with_seed(VoiceMode::Disguise, Alarms::List, format(48_000, 2), 1).unwrap();
    let text = format!("{stage:?}");
    assert!(text.contains("Disguise") && !text.contains("pitch") && !text.contains("warp"), "{text}");
    assert_eq!(stage.output_format(), format(48_000, 2));
}

#[test]
fn pitch_moves_every_channel_by_the_same_three_to_five_semitones() {
    let tone = |hz: f32| {
        (0..32_000_u16).map(move |i| (f32::from(i) * hz * std::f32::consts::TAU / 16_000.0).sin() * 0.3)
    };
    let sound: Vec<f32> = tone(400.0).zip(tone(700.0)).flat_map(|(left, right)| [left, right]).collect();
    for seed in 0..6 {
        let out = run(VoiceMode::Pitch, format(16_000, 2), seed, &sound);
        let ratios = [(0, 400.0), (1, 700.0)].map(|(index, hz)| {
            let side = channel(&out, index, 2);
            let rises = side[8_000..24_000].windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
            rises as f32 / hz
        });
        let semitones = 12.0 * ratios[0].log2();
        assert!((2.9..5.1).contains(&semitones.abs()), "seed {seed}: {semitones} semitones");
        assert!((ratios[0] - ratios[1]).abs() < 0.02, "{ratios:?}");
    }
}

#[test]
fn pitch_keeps_time_and_level() {
    let sound = speech_like(48_000, 3.0, 12);
    for seed in 0..2 {
        let out = run(VoiceMode::Pitch, format(48_000, 1), seed, &sound);
        let (lag_ms, agreement) = loudness_lag_ms(&sound, &out, 48_000);
        assert!(lag_ms.abs() <= 5.0 && agreement > 0.7, "lag {lag_ms} ms, agreement {agreement}");
        assert!((0.5..2.0).contains(&(rms(&out) / rms(&sound))));
    }
}
