//! The re-identification attack: a face recogniser against hidden faces, with a clear gallery, with one that is hidden
//! the same way, and with the mean of a track's aligned pictures.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use obscura_tests::{Bench, media};
use serde_json::Value;

use super::number;
use super::photographs::files;
use crate::Failure;
use crate::side_by_side::side_by_side;
use crate::talk;

/// What is attacked: a name in the table, how often, and the options of the program. Patterns and tints are drawn anew
/// each time, and one draw more or less moves a figure by a twentieth.
const TREATMENTS: [(&str, usize, &[&str]); 5] = [
    ("`blur`, the default", 4, &[]),
    ("`pixelate`", 1, &["--faces", "pixelate"]),
    ("`solid`", 1, &["--faces", "solid"]),
    ("`blur --margin 15`", 1, &["--margin", "15", "--i-accept-weak"]),
    ("`blur --margin 0`", 1, &["--margin", "0", "--i-accept-weak"]),
];

/// A photograph that moves by known amounts: 12 pictures of 512 x 512.
const MOVING: &str = "scale=480:480:force_original_aspect_ratio=decrease,pad=560:560:(ow-iw)/2:(oh-ih)/2:gray,\
                      crop=512:512:24+10*sin(n*0.9):24+8*cos(n*1.3),format=yuv420p";

/// Writes the table.
pub(super) fn table(python: &Path, data: &Path, text: &mut String) -> Result<(), Failure> {
    let photographs = files(&data.join("media/reid"), "jpg")?;
    let folder = tempfile::tempdir()?;
    talk(&format!("faces: {} photographs as recordings", photographs.len()));
    let clear = side_by_side(&photographs, |photograph| Ok(clip(photograph, folder.path())))?;
    let mut rows = Vec::new();
    for (name, draws, options) in TREATMENTS {
        talk(&format!("faces: recognised behind {name}"));
        let hidden = folder.path().join("hidden");
        let mut row = Vec::new();
        for _ in 0..draws {
            std::fs::create_dir_all(&hidden)?;
            side_by_side(&clear, |clip| hide(clip, &hidden, options))?;
            let said = super::script(python, "attack.py", &[folder.path(), &hidden])?;
            row.push(serde_json::from_str::<Value>(&said)?);
            std::fs::remove_dir_all(&hidden)?;
        }
        rows.push((name, row));
    }
    let first = rows.first().and_then(|(_, row)| row.first());
    let (photographs, chance) =
        first.map_or((0.0, 0.0), |draw| (number(draw, "photographs"), number(draw, "chance")));
    write!(
        text,
        "**Attacker: dlib's face recogniser (ResNet, 128 numbers), first rank, aligned by the landmarks of the clear photograph.** \
         {photographs} photographs of five people, each as 12 moving pictures that the whole program hides; a guess is right for \
         {chance:.2}, and one photograph more or less is 0.02. The default is measured over several draws of its patterns: their mean, \
         the least and the most.\n\n| hidden as | gallery clear | gallery hidden the same way | mean of 12 \
         aligned pictures, gallery clear | the same, gallery hidden |\n|---|---|---|---|---|\n"
    )?;
    for (name, row) in &rows {
        let [a, b, c, d] = ["clear", "hidden", "mean_clear", "mean_hidden"].map(|key| over_draws(row, key));
        writeln!(text, "| {name} | {a} | {b} | {c} | {d} |")?;
    }
    Ok(())
}

/// The mean of a figure, and its range where there are several.
fn over_draws(row: &[Value], key: &str) -> String {
    let values: Vec<f64> = row.iter().map(|draw| number(draw, key)).collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    if values.len() < 2 {
        return format!("{mean:.2}");
    }
    let (least, most) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    format!("{mean:.2} ({least:.2} to {most:.2})")
}

/// The recording of a photograph, named after the person and the photograph.
fn clip(photograph: &Path, folder: &Path) -> PathBuf {
    let part = |path: Option<&Path>| {
        path.and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned()
    };
    let name = format!("{}@{}.mp4", part(photograph.parent()), part(Some(photograph)));
    let clip = folder.join(name);
    let mut args = media::words("-loop 1 -framerate 12.5 -t 0.96 -i");
    args.push(photograph.into());
    args.extend(media::words(&format!("-vf {MOVING} -c:v libx264 -preset veryfast -crf 8")));
    args.push(clip.clone().into());
    media::ffmpeg(args);
    clip
}

/// The recording through the program.
fn hide(clip: &Path, folder: &Path, options: &[&str]) -> Result<(), Failure> {
    let bench = Bench::new();
    let run = bench.redact(clip, &[options, &["--search", "upright"]].concat());
    if run.code != Some(0) {
        return Err(run.stderr.into());
    }
    std::fs::copy(bench.output(), folder.join(clip.file_name().unwrap_or_default()))?;
    Ok(())
}
