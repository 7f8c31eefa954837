//! Memory: what is held must not grow with the length of a recording, and not too much with the size of its picture.

use std::fmt::Write;
use std::path::Path;

use crate::clips;
use crate::contenders;
use crate::results::Section;

/// Measures the peak of the resident size over two lengths of one scene, and over two larger pictures.
pub(crate) fn section(scenes: &Path) -> Result<Section, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (scene, folder) = (scenes.join("upright.mp4"), folder.path());
    let mut body = String::from("| scenes/upright.mp4 | peak resident size |\n|---|---|\n");
    let mut row = |name: &str, clip: &Path| -> Result<f64, String> {
        crate::talk(&format!("memory: {name}"));
        let run = contenders::time(&mut contenders::obscura(clip, folder, &["--device", "cpu"])?)?;
        let _ = writeln!(body, "| {name} | {:.0} MiB |", run.peak_bytes as f64 / 1024.0 / 1024.0);
        Ok(run.peak_bytes as f64)
    };
    let short = row("1280x720, 5 s", &clips::repeated(&scene, folder, 5))?;
    let long = row("1280x720, repeated to 60 s", &clips::repeated(&scene, folder, 60))?;
    row("scaled to 1920x1080, 6 s", &clips::scaled(&scene, folder, (1920, 1080), 6))?;
    row("scaled to 3840x2160, 4 s", &clips::scaled(&scene, folder, (3840, 2160), 4))?;
    let _ = writeln!(body, "\n60 s against 5 s: {:+.1} %.", (long / short - 1.0) * 100.0);
    Ok(Section { name: "memory", title: "Memory", body })
}
