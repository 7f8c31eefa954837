//! Scenes that are composed for a measurement, by the script of the test data, with their ground truth beside them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::python::{self, Environment};

/// What the script needs.
pub(crate) const COMPOSER: Environment = Environment {
    name: "composer",
    what: "what composes scenes",
    packages: &["opencv-python-headless==4.12.0.88", "numpy<2.3"],
    modules: "cv2, numpy",
};

/// The script's own range of how high faces are, as shares of the picture's height.
pub(crate) const USUAL: &str = ".09, .26";

/// The script's own quality, as it is written there.
const USUAL_QUALITY: &str = "'-crf', '18'";

/// How people lie, their number, the picture's size, how high their faces are as shares of its height, and the seed.
pub(crate) struct Composed {
    pub(crate) turn: &'static str,
    pub(crate) people: u32,
    pub(crate) size: &'static str,
    pub(crate) faces: &'static str,
    pub(crate) seed: u32,
}

/// With faces of the script's own sizes.
pub(crate) const fn usual(turn: &'static str, people: u32, size: &'static str, seed: u32) -> Composed {
    Composed { turn, people, size, faces: USUAL, seed }
}

impl Composed {
    /// The name in a table.
    pub(crate) fn name(&self) -> String {
        let Self { turn, people, size, faces, seed } = self;
        let small = if *faces == USUAL { "" } else { " with small faces" };
        format!("composed: {turn}, {people} people{small}, {size}, seed {seed}")
    }

    /// Makes it as the script does: 8 s, H.264 of good quality.
    pub(crate) fn compose(&self, python: &Path, data: &Path, folder: &Path) -> Result<PathBuf, Failure> {
        self.made(python, data, folder, USUAL_QUALITY)
    }

    /// Makes it without loss.
    pub(crate) fn compose_lossless(
        &self,
        python: &Path,
        data: &Path,
        folder: &Path,
    ) -> Result<PathBuf, Failure> {
        self.made(python, data, folder, "'-crf', '0'")
    }

    fn made(&self, python: &Path, data: &Path, folder: &Path, quality: &str) -> Result<PathBuf, Failure> {
        let clip = folder.join(format!("{}.mp4", self.seed));
        // The script has no options for how large faces are, nor for how well it encodes.
        let script = std::fs::read_to_string(data.join("media/make_scene.py"))?;
        let sizes = |range| format!("r.uniform({range}) * H");
        if !script.contains(&sizes(USUAL)) || !script.contains(USUAL_QUALITY) {
            return Err("make_scene.py draws the sizes of faces, or encodes, in another way".into());
        }
        let own = folder.join("make_scene.py");
        let script = script.replace(&sizes(USUAL), &sizes(self.faces)).replace(USUAL_QUALITY, quality);
        std::fs::write(&own, script)?;
        let mut command = Command::new(python);
        command.arg(own).arg(data.join("media/masks")).arg(&clip);
        command.args(["--turn", self.turn, "--size", self.size, "--seconds", "8"]);
        command.args(["--people", &self.people.to_string(), "--seed", &self.seed.to_string()]);
        python::said(&mut command)?;
        Ok(clip)
    }
}
