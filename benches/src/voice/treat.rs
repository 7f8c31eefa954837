//! Speech through the product, whole recordings at a time, and through ffmpeg for what others ship.

use std::path::Path;
use std::thread;

use obscura_tests::{Bench, media, sound};

use super::speech::{self, Item, RATE_HZ};
use crate::Failure;
use crate::side_by_side::side_by_side;

/// Every item as a recording of its own, so with parameters of its own, as the product draws them.
pub(crate) fn all(items: &[Item], voice: &str) -> Result<Vec<Vec<f32>>, Failure> {
    side_by_side(items, |item| redacted(&item.sound, voice))
}

/// One recording with a small black picture, through the whole program and back to samples.
pub(crate) fn redacted(sound: &[f32], voice: &str) -> Result<Vec<f32>, Failure> {
    let bench = Bench::new();
    let clip = recording(&bench, sound, (RATE_HZ, 1), 0);
    let run = bench.redact(&clip, &["--voice", voice, "--speed", "fastest"]);
    if run.code != Some(0) {
        return Err(run.stderr.into());
    }
    let mut out = speech::decoded(&bench.output(), "-af aresample=async=1:first_pts=0");
    out.resize(sound.len(), 0.0);
    Ok(out)
}

/// A clip with this speech in every channel, at this rate and channel count, from `start_ms` on.
pub(crate) fn recording(
    bench: &Bench,
    sound: &[f32],
    format: (u32, u16),
    start_ms: u32,
) -> std::path::PathBuf {
    let raw = bench.path("speech.raw");
    sound::write_raw(&raw, sound);
    let (rate_hz, channels) = format;
    let seconds = sound.len() as f64 / f64::from(RATE_HZ) + 2.0 * f64::from(start_ms) / 1_000.0;
    let start = f64::from(start_ms) / 1_000.0;
    let raw = raw.display();
    bench.make(
        "clip.mov",
        &format!(
            "-f lavfi -i color=black:s=64x64:r=5:d={seconds} -itsoffset {start} -f f32le -ar {RATE_HZ} -ac 1 -i {raw} -map 0:v \
             -map 1:a -c:v libx264 -preset ultrafast -c:a pcm_s16le -ar {rate_hz} -ac {channels}"
        ),
    )
}

/// Pitch and formants moved by `semitones`, as by playing faster and stretching: what others ship, and what undoes it.
pub(crate) fn shifted(sound: &[f32], semitones: f32, folder: &Path) -> Vec<f32> {
    let ratio = (semitones / 12.0).exp2();
    let raw = folder.join(format!("{:?}-{semitones}.raw", thread::current().id()));
    sound::write_raw(&raw, sound);
    let rate = RATE_HZ as f32 * ratio;
    let graph = format!(
        "-f f32le -ar {RATE_HZ} -ac 1 -i {} -af asetrate={rate:.0},aresample={RATE_HZ},atempo={:.6}",
        raw.display(),
        1.0 / ratio
    );
    let bytes = media::ffmpeg_bytes(media::words(&format!("{graph} -f f32le")));
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
