//! What the voices cost, and where the sound lies after the whole program.

use std::process::Command;

use obscura_tests::{Bench, Sheet, sound};

use super::Failure;
use super::speech::{Item, RATE_HZ};
use super::treat;

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
        processor_seconds(&bench.command(&clip, &sheet, &options))
    };
    Ok((spent(voice)? - spent("original")?) / SECONDS as f64)
}

/// User and system time of a run, as the shell's `time` counts it.
fn processor_seconds(command: &Command) -> Result<f64, Failure> {
    let mut shell = Command::new("bash");
    shell.args(["-c", "TIMEFORMAT='%U %S'; { time \"$@\" >&3 2>&3; } 3>/dev/null", "time"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let out = shell.output()?;
    if !out.status.success() {
        return Err("a run whose cost was to be measured failed".into());
    }
    let times = String::from_utf8(out.stderr)?;
    Ok(times.split_whitespace().map(str::parse::<f64>).sum::<Result<f64, _>>()?)
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
