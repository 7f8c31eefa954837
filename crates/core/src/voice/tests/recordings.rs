//! Tests of the disguise on recorded speech, where the test data are at hand (`OBSCURA_TEST_DATA`).

use std::path::PathBuf;

use super::signals::{format, loudness_lag_ms, run, worst_band_correlation};
use crate::model::VoiceMode;

/// Up to 12 utterances at 16 kHz, in the order of their names; `None` without test data.
pub(super) fn utterances() -> Option<Vec<Vec<f32>>> {
    let folder = PathBuf::from(std::env::var_os("OBSCURA_TEST_DATA")?).join("voice/speech/setA");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let mut reader = claxon::FlacReader::open(path).unwrap();
        assert_eq!(reader.streaminfo().sample_rate, 16_000);
        reader.samples().map(|sample| sample.unwrap() as f32 / 32_768.0).collect()
    };
    Some(files.iter().step_by(3).take(12).map(read).collect())
}

#[test]
fn recorded_speech_keeps_its_time_and_loses_its_waveform() {
    let Some(utterances) = utterances() else { return };
    assert!(utterances.len() >= 5, "too little speech in the test data");
    let mut lags_ms = Vec::new();
    for (seed, speech) in (0..).zip(&utterances) {
        let out = run(VoiceMode::Disguise, format(16_000, 1), seed, speech);
        let (lag_ms, agreement) = loudness_lag_ms(speech, &out, 16_000);
        assert!(agreement > 0.85, "utterance {seed}: agreement {agreement}");
        lags_ms.push(lag_ms);
        let worst =
            worst_band_correlation(&speech[..48_000.min(speech.len())], &out[..48_000.min(out.len())]);
        assert!(worst < 0.25, "utterance {seed}: correlation {worst}");
    }
    lags_ms.sort_by(f32::total_cmp);
    assert!(lags_ms[lags_ms.len() / 2].abs() <= 1.0, "{lags_ms:?}");
    assert!(lags_ms.iter().all(|lag_ms| lag_ms.abs() <= 3.0), "{lags_ms:?}");
}
