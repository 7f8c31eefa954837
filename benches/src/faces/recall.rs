//! Faces found by angle and size: annotated photographs, turned, as short recordings through `analyze --thorough`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use obscura_tests::run;
use serde_json::Value;

use super::number;
use super::photographs::files;
use crate::Failure;
use crate::side_by_side::side_by_side;
use crate::talk;

/// Turns of the photographs, in degrees.
const ANGLES: [u16; 8] = [0, 45, 90, 135, 180, 225, 270, 315];
/// One photograph in so many.
const EVERY: usize = 4;

/// Writes the table.
pub(super) fn table(python: &Path, data: &Path, text: &mut String) -> Result<(), Failure> {
    let notes = files(&data.join("media/masks"), "xml")?;
    let notes: Vec<&PathBuf> = notes.iter().step_by(EVERY).collect();
    write!(
        text,
        "{} photographs with faces, most of them behind medical masks, turned and fitted into 640x360, each as a recording of three \
         pictures through `analyze --thorough`. Found: at least 60 % of the annotated box lies under masks.\n\n| turned by | faces \
         | found | faces of 32 px and more | found | masks off any face, a picture |\n|---|---|---|---|---|---|\n",
        notes.len()
    )?;
    for angle in ANGLES {
        talk(&format!("faces: found when turned by {angle} degrees"));
        let folder = tempfile::tempdir()?;
        let turn = PathBuf::from(angle.to_string());
        side_by_side(&notes, |note| {
            let clip = folder.path().join(note.file_stem().unwrap_or_default()).with_extension("mp4");
            super::script(python, "recall.py", &[Path::new("make"), note, &turn, &clip])?;
            analyse(&clip)
        })?;
        let said = super::script(
            python,
            "recall.py",
            &[Path::new("count"), &data.join("media/masks"), &turn, folder.path()],
        )?;
        let counts: Value = serde_json::from_str(&said)?;
        let number = |key: &str| number(&counts, key);
        let share = |found: &str, all: &str| number(found) / number(all);
        writeln!(
            text,
            "| {angle}° | {} | {:.3} | {} | {:.3} | {:.1} |",
            number("faces"),
            share("found", "faces"),
            number("large"),
            share("large_found", "large"),
            share("beside", "photographs")
        )?;
    }
    Ok(())
}

fn analyse(clip: &Path) -> Result<(), Failure> {
    let mut command = run::obscura();
    command.arg("analyze").arg(clip).arg("--thorough").arg("-o").arg(clip.with_extension("json"));
    let run = run::finish(&mut command);
    if run.code == Some(0) { Ok(()) } else { Err(run.stderr.into()) }
}
