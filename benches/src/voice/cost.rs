//! What the voices cost, and where the sound lies after the whole program.

use std::fmt::Write as _;
use std::path::Path;

use obscura_tests::{Bench, Sheet, sound};
use serde_json::Value;

use super::speech::{self, Item, RATE_HZ};
use super::treat;
use crate::results::Section;
use crate::{Failure, contenders, talk};

/// Length of the recording whose cost is measured, in seconds.
const SECONDS: usize = 240;

/// Measures what each voice costs, and where the sound of each layout lies.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "sound", title: "Sound", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let speech = speech::load(data)?;
    let mut text = String::new();
    text.push_str("| voice | processor seconds of its stage for a second of 48 kHz stereo |\n|---|---|\n");
    for voice in ["disguise", "pitch", "mute", "original"] {
        talk(&format!("sound: cost of {voice}"));
        writeln!(text, "| {voice} | {:.4} |", real_time_factor(&speech.speakers, voice)?)?;
    }
    text.push_str("\n| sound of the input, `disguise`, whole program | lag of the sound |\n|---|---|\n");
    let layouts = [(8_000, 1, 0), (44_100, 2, 0), (48_000, 6, 0), (48_000, 2, 700)];
    for (item, (rate_hz, channels, start_ms)) in speech.sentences.iter().zip(layouts) {
        let lag = offset_ms(item, (rate_hz, channels), start_ms)?;
        let place = if start_ms > 0 {
            format!(", {start_ms} ms late, ends {start_ms} ms early")
        } else {
            String::new()
        };
        writeln!(text, "| {rate_hz} Hz, channels: {channels}{place} | {lag:+.2} ms |")?;
    }
    Ok(text)
}

/// Processor seconds that the stage of the sound took for a second of 48 kHz stereo sound, as the receipt says.
fn real_time_factor(items: &[Item], voice: &str) -> Result<f64, Failure> {
    let speech = items.iter().flat_map(|item| &item.sound).copied().cycle().take(SECONDS * RATE_HZ as usize);
    let speech: Vec<f32> = speech.collect();
    let bench = Bench::new();
    let clip = treat::recording(&bench, &speech, (48_000, 2), 0);
    let sheet = Sheet::permitting(&clip).voice_ok();
    let options = ["--voice", voice, "--alarms", "drop", "--speed", "fastest"];
    contenders::time(&mut bench.command(&clip, &sheet, &options))?;
    let receipt = bench.receipt();
    let rows = receipt.pointer("/render/stages").and_then(Value::as_array).into_iter().flatten();
    let mut nanos = rows.filter(|row| row.get("stage").is_some_and(|stage| stage == "sound"));
    let nanos = nanos.next().and_then(|row| row.get("processor")?.as_f64());
    Ok(nanos.ok_or("the receipt does not say what the sound took")? / 1e9 / SECONDS as f64)
}

/// Lag of the disguise behind the input's sound in ms after the whole program, by loudness.
fn offset_ms(item: &Item, format: (u32, u16), start_ms: u32) -> Result<f32, Failure> {
    let bench = Bench::new();
    let clip = treat::recording(&bench, &item.sound, format, start_ms);
    let run = bench.redact(&clip, &["--speed", "fastest"]);
    if run.code != Some(0) {
        return Err(run.stderr.into());
    }
    Ok(sound::lag_ms(&sound::decode(&clip), &sound::decode(&bench.output())).0)
}
