//! Clips that the measurements make of the scenes: other sizes, other lengths, other quality.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use obscura_tests::{media, probe};

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

/// `source` as an ordinary recording: x264's own defaults.
pub(crate) fn ordinary(source: &Path, folder: &Path) -> PathBuf {
    make(
        source,
        folder,
        "ordinary.mp4",
        "-t 8 -c:v libx264 -preset medium -crf 23 -pix_fmt yuv420p -c:a copy",
    )
}

/// Columns and rows.
pub(crate) fn size_px(clip: &Path) -> Result<(usize, usize), String> {
    let file = probe::file(clip);
    let streams = probe::streams(&file, "video");
    let side = |name| streams.first().and_then(|stream| usize::try_from(stream.get(name)?.as_u64()?).ok());
    side("width").zip(side("height")).ok_or_else(|| "a clip of the bench has no picture".to_owned())
}

fn make(source: &Path, folder: &Path, name: &str, how: &str) -> PathBuf {
    let clip = folder.join(name);
    let words = media::words("-stream_loop -1 -i").into_iter().chain([OsString::from(source)]);
    media::ffmpeg(words.chain(media::words(how)).chain([OsString::from(&clip)]));
    clip
}
