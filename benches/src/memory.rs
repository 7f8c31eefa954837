//! Memory: the same scene for 5 s and for 60 s; what is held must not grow with the length.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use obscura_tests::media;

use crate::contenders;
use crate::results::Section;

/// Measures the peak of the resident size over two lengths of one scene.
pub(crate) fn section(scenes: &Path) -> Result<Section, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut body =
        String::from("| length of scenes/upright.mp4, repeated | peak resident size |\n|---|---|\n");
    let mut peaks = Vec::new();
    for seconds in [5, 60] {
        let clip = folder.path().join(format!("{seconds}.mp4"));
        let text = format!("-stream_loop -1 -t {seconds} -i");
        let source = [scenes.join("upright.mp4").into_os_string()];
        let rest = media::words("-c copy").into_iter().chain([OsString::from(&clip)]);
        media::ffmpeg(media::words(&text).into_iter().chain(source).chain(rest));
        crate::talk(&format!("memory: {seconds} s"));
        let run = contenders::time(&mut contenders::obscura(&clip, folder.path(), &["--device", "cpu"])?)?;
        let _ = writeln!(body, "| {seconds} s | {:.0} MiB |", run.peak_bytes as f64 / 1024.0 / 1024.0);
        peaks.push(run.peak_bytes as f64);
    }
    if let [short, long] = peaks[..] {
        let _ = writeln!(body, "\n60 s against 5 s: {:+.1} %.", (long / short - 1.0) * 100.0);
    }
    Ok(Section { name: "memory", title: "Memory", body })
}
