//! Scaling: cores, sizes of the picture, lengths, in pictures a second and processor time a picture.

use std::fmt::Write;
use std::path::Path;

use crate::clips;
use crate::contenders;
use crate::results::Section;

/// Frames a second of the scene.
const FPS: f64 = 25.0;

/// Measures the upright scene on one and on all cores, from 360p to 4K, and for 10 s and 60 s.
pub(crate) fn section(scenes: &Path) -> Result<Section, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (scene, folder) = (scenes.join("upright.mp4"), folder.path());
    let mut body = String::from(
        "| scenes/upright.mp4 | cores | pictures a second | processor ms a picture | of the time self-check | peak MiB |\n\
         |---|---|---|---|---|---|\n",
    );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut row = |name: &str, clip: &Path, seconds: u32, cores: usize| -> Result<(), String> {
        crate::talk(&format!("scaling: {name} on {cores} cores"));
        let command = contenders::obscura(clip, folder, &["--device", "cpu"])?;
        let run = contenders::time(&mut contenders::on_cores(cores, &command))?;
        let (pictures, wall) = (f64::from(seconds) * FPS, run.wall.as_secs_f64());
        let check = contenders::self_check_seconds(folder)?;
        let _ = writeln!(
            body,
            "| {name} | {cores} | {:.1} | {:.1} | {:.0} % | {:.0} |",
            pictures / wall,
            run.processor.as_secs_f64() * 1000.0 / pictures,
            check / wall * 100.0,
            run.peak_bytes as f64 / 1024.0 / 1024.0
        );
        Ok(())
    };
    for (width, height, seconds) in [(640, 360, 8), (1280, 720, 8), (1920, 1080, 6), (3840, 2160, 4)] {
        let clip = clips::scaled(&scene, folder, (width, height), seconds);
        let name = format!("{width}x{height}, {seconds} s");
        if (width, cores) == (1280, cores.max(2)) {
            row(&name, &clip, seconds, 1)?;
        }
        row(&name, &clip, seconds, cores)?;
    }
    for seconds in [10, 60] {
        let name = format!("1280x720, repeated to {seconds} s");
        row(&name, &clips::repeated(&scene, folder, seconds), seconds, cores)?;
    }
    body.push_str("\nStart-up and self-check are counted, so short clips look slower than they are.\n");
    Ok(Section { name: "scaling", title: "Scaling", body })
}
