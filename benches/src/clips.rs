//! Clips that the measurements make of the scenes: other sizes, other lengths, other quality.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use obscura_core::kernels::{self, EncoderSettings};
use obscura_tests::{media, probe};
use serde_json::Value;

/// `source`, repeated to `seconds` and scaled, with its sound.
pub(crate) fn scaled(source: &Path, folder: &Path, (width, height): (u32, u32), seconds: u32) -> PathBuf {
    let how = format!(
        "-t {seconds} -vf scale={width}:{height} -c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -c:a copy"
    );
    make(source, folder, &format!("{width}x{height}-{seconds}s.mp4"), &how)
}

/// `source`, repeated to `seconds`, its streams as they are.
pub(crate) fn repeated(source: &Path, folder: &Path, seconds: u32) -> PathBuf {
    make(source, folder, &format!("{seconds}s.mp4"), &format!("-t {seconds} -c copy"))
}

/// `source` without loss, after what is done to it.
pub(crate) fn lossless(source: &Path, folder: &Path, how: &str) -> PathBuf {
    make(source, folder, "truth.mp4", &format!("-t 8 {how} -an -c:v libx264 -preset ultrafast -qp 0"))
}

/// `source` as a recording in H.264, compressed as named.
pub(crate) fn recorded(source: &Path, folder: &Path, how: &str) -> PathBuf {
    make(source, folder, "recording.mp4", &format!("-t 8 -an -c:v libx264 {how} -pix_fmt yuv420p"))
}

/// Columns and rows.
pub(crate) fn size_px(clip: &Path) -> Result<(usize, usize), String> {
    let file = probe::file(clip);
    let picture = probe::streams(&file, "video").into_iter().next();
    let side = |name| usize::try_from(whole_number(picture?, name)?).ok();
    side("width").zip(side("height")).ok_or_else(|| "a clip of the bench has no picture".to_owned())
}

/// How this tool sets its encoder for a clip.
pub(crate) fn encoder_settings(clip: &Path, fastest: bool) -> Result<EncoderSettings, String> {
    let file = probe::file(clip);
    let sound = probe::streams(&file, "audio").into_iter().next().and_then(|sound| {
        let (rate, channels) = (whole_number(sound, "sample_rate")?, whole_number(sound, "channels")?);
        Some((u32::try_from(rate).ok()?, u16::try_from(channels.min(2)).ok()?))
    });
    let seconds = file.pointer("/format/duration").map_or(0.0, probe::number);
    let length = Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())?;
    let millis = u64::try_from(length.as_millis()).map_err(|e| e.to_string())?;
    let bytes = std::fs::metadata(clip).map_err(|e| e.to_string())?.len();
    Ok(kernels::encoder_settings(fastest, size_px(clip)?, (bytes, millis), sound))
}

/// A whole number that ffprobe writes as such or as text.
fn whole_number(from: &Value, name: &str) -> Option<u64> {
    let value = from.get(name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn make(source: &Path, folder: &Path, name: &str, how: &str) -> PathBuf {
    let clip = folder.join(name);
    let words = media::words("-stream_loop -1 -i").into_iter().chain([OsString::from(source)]);
    media::ffmpeg(words.chain(media::words(how)).chain([OsString::from(&clip)]));
    clip
}
