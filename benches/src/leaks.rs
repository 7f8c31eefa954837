//! Leaks: faces of the scenes that can still be read after redaction, counted against their ground truth.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use obscura_tests::leak;

use crate::python::{self, Environment};
use crate::results::Section;
use crate::{Failure, contenders};

/// What composes scenes: the script of the test data needs these.
const COMPOSER: Environment = Environment {
    name: "composer",
    what: "what composes scenes",
    packages: &["opencv-python-headless==4.12.0.88", "numpy<2.3"],
    modules: "cv2, numpy",
};

/// Scenes that nothing was tuned on: how people lie, their number, the picture's size, how high their faces are as shares of
/// its height, and the seed.
const FRESH: [Fresh; 9] = [
    Fresh { turn: "upright", people: 4, size: "1280x720", faces: USUAL, seed: 2001 },
    Fresh { turn: "lying", people: 4, size: "1280x720", faces: USUAL, seed: 2002 },
    Fresh { turn: "any", people: 4, size: "1280x720", faces: USUAL, seed: 2003 },
    Fresh { turn: "upright", people: 7, size: "1920x1080", faces: USUAL, seed: 2004 },
    Fresh { turn: "upright", people: 7, size: "1920x1080", faces: USUAL, seed: 2005 },
    Fresh { turn: "upright", people: 6, size: "1280x720", faces: SMALL_720P, seed: 3001 },
    Fresh { turn: "any", people: 6, size: "1280x720", faces: SMALL_720P, seed: 3002 },
    Fresh { turn: "upright", people: 7, size: "1920x1080", faces: SMALL_1080P, seed: 3003 },
    Fresh { turn: "any", people: 7, size: "1920x1080", faces: SMALL_1080P, seed: 3004 },
];

/// The script's own range, and two below it: faces of 25 to 43 and of 30 to 59 pixels.
const USUAL: &str = ".09, .26";
const SMALL_720P: &str = ".035, .06";
const SMALL_1080P: &str = ".028, .055";

/// A scene that is composed for the measurement.
struct Fresh {
    turn: &'static str,
    people: u32,
    size: &'static str,
    faces: &'static str,
    seed: u32,
}

impl Fresh {
    fn name(&self) -> String {
        let Self { turn, people, size, faces, seed } = self;
        let small = if *faces == USUAL { "" } else { " with small faces" };
        format!("composed: {turn}, {people} people{small}, {size}, seed {seed}")
    }

    fn compose(&self, python: &Path, data: &Path, folder: &Path) -> Result<PathBuf, Failure> {
        let clip = folder.join(format!("{}.mp4", self.seed));
        // The script has no option for how large faces are.
        let script = std::fs::read_to_string(data.join("media/make_scene.py"))?;
        let sizes = format!("r.uniform({USUAL}) * H");
        if !script.contains(&sizes) {
            return Err("make_scene.py draws the sizes of faces in another way".into());
        }
        let own = folder.join("make_scene.py");
        std::fs::write(&own, script.replace(&sizes, &format!("r.uniform({}) * H", self.faces)))?;
        let mut command = Command::new(python);
        command.arg(own).arg(data.join("media/masks")).arg(&clip);
        command.args(["--turn", self.turn, "--size", self.size, "--seconds", "8"]);
        command.args(["--people", &self.people.to_string(), "--seed", &self.seed.to_string()]);
        python::said(&mut command)?;
        Ok(clip)
    }
}

/// Measures every scene that has a ground truth, and scenes that are composed for it.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "leak", title: "Leaks", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let mut body = String::from(
        "| scene, defaults | faces | leaked | longest (pictures) | background hidden | time | the same in floating point: leaked \
         | longest | background | time |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for scene in ["upright", "lying", "turning"] {
        let clip = data.join("media/scenes").join(scene).with_extension("mp4");
        row(&format!("{scene}.mp4"), &clip, folder, &mut body)?;
    }
    let python = COMPOSER.python()?;
    for fresh in &FRESH {
        let clip = fresh.compose(&python, data, folder)?;
        row(&fresh.name(), &clip, folder, &mut body)?;
    }
    body.push_str(
        "\nA face leaks where the fine detail of its middle still correlates by more than 0.45 with the original's and keeps \
         more than 0.35 of its energy. Nothing may be tuned on the composed scenes: whoever does composes others.\n",
    );
    Ok(body)
}

fn row(name: &str, clip: &Path, folder: &Path, body: &mut String) -> Result<(), Failure> {
    let mut row = format!("| {name} |");
    for (nth, options) in [[].as_slice(), &["--arithmetic", "float"]].into_iter().enumerate() {
        let run = contenders::time(&mut contenders::obscura(clip, folder, options)?)?;
        let leak = leak::measure(clip, &clip.with_extension("gt.json"), &contenders::output(folder));
        if nth == 0 {
            write!(row, " {} |", leak.faces)?;
        }
        write!(
            row,
            " {} ({:.2} %) | {} | {:.2} % | {:.1} s |",
            leak.leaked,
            leak.rate() * 100.0,
            leak.longest,
            leak.background_hidden * 100.0,
            run.wall.as_secs_f64()
        )?;
    }
    crate::talk(&row);
    Ok(writeln!(body, "{row}")?)
}
