//! Decoded sound and the moment at which a burst begins.

use std::ffi::OsString;
use std::path::Path;

use crate::media::{ffmpeg_bytes, words};

/// Samples a second of what [`decode`] returns.
pub const RATE: u32 = 48_000;

/// One channel, -1 to 1, from time zero of the file: silence stands in front of sound that starts later.
pub fn decode(path: &Path) -> Vec<f32> {
    let args = [OsString::from("-i"), path.as_os_str().to_owned()].into_iter();
    let rest = format!("-map 0:a:0 -af aresample=async=1:first_pts=0 -ac 1 -ar {RATE} -f s16le");
    let bytes = ffmpeg_bytes(args.chain(words(&rest)));
    bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect()
}

/// When the sound first reaches a third of its peak, seconds.
pub fn onset(samples: &[f32]) -> f64 {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak > 0.02, "there is sound");
    let at = samples.iter().position(|sample| sample.abs() > peak / 3.0).unwrap();
    at as f64 / f64::from(RATE)
}
