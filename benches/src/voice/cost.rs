//! What the voices cost, and where the sound lies after the whole program.

use obscura_tests::{Bench, Sheet, sound};

use super::speech::{Item, RATE_HZ};
use super::treat;
use crate::{Failure, contenders};

/// Length of the recording whose cost is measured, in seconds.
const SECONDS: usize = 240;

/// Processor seconds for a second of 48 kHz stereo sound: a run with this voice less a run with the original sound.
pub(crate) fn real_time_factor(items: &[Item], voice: &str) -> Result<f64, Failure> {
    let speech = items.iter().flat_map(|item| &item.sound).copied().cycle().take(SECONDS * RATE_HZ as usize);
    let speech: Vec<f32> = speech.collect();
    let bench = Bench::new();
    let clip = treat::recording(&bench, &speech, (48_000, 2), 0);
    let sheet = Sheet::permitting(&clip).voice_ok();
    let spent = |voice: &str| {
        let options = ["--voice", voice, "--alarms", "drop", "--speed", "fastest", "--overwrite"];
        contenders::time(&mut bench.command(&clip, &sheet, &options)).map(|run| run.processor.as_secs_f64())
    };
    Ok((spent(voice)? - spent("original")?) / SECONDS as f64)
}

/// Lag of the disguise behind the input's sound in ms after the whole program, by loudness.
pub(crate) fn offset_ms(item: &Item, format: (u32, u16), start_ms: u32) -> Result<f32, Failure> {
    let bench = Bench::new();
    let clip = treat::recording(&bench, &item.sound, format, start_ms);
    let run = bench.redact(&clip, &["--speed", "fastest"]);
    if run.code != Some(0) {
        return Err(run.stderr.into());
    }
    Ok(sound::lag_ms(&sound::decode(&clip), &sound::decode(&bench.output())).0)
}
