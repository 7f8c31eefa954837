//! Python environments for what is measured against: peers, attackers and recognisers, each beside the models in a
//! folder of its own.

use std::path::PathBuf;
use std::process::{Command, Output};

use obscura_tests::media;

use crate::Failure;

/// A folder of packages at pinned versions.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The folder's name.
    pub(crate) name: &'static str,
    /// What it is, for whoever waits for it.
    pub(crate) what: &'static str,
    /// Packages as pip names them.
    pub(crate) packages: &'static [&'static str],
    /// Modules that can be imported once it is complete.
    pub(crate) modules: &'static str,
}

/// What runs networks beside the product: it measures their inner values, and finds people once more.
pub(crate) const NETWORKS: Environment = Environment {
    name: "calibrator",
    what: "what runs networks in another program",
    packages: &["onnx==1.23.2", "onnxruntime==1.32.0", "opencv-python-headless==4.12.0.88", "numpy<2.3"],
    modules: "cv2, onnx, onnxruntime",
};

impl Environment {
    /// Its Python; installs it first where it is not complete.
    pub(crate) fn python(&self) -> Result<PathBuf, Failure> {
        let folder = media::home().join(self.name);
        let python = folder.join("bin/python");
        let is_ready = || {
            let mut probe = Command::new(&python);
            probe.args(["-c", &format!("import {}", self.modules)]);
            probe.output().is_ok_and(|out| out.status.success())
        };
        if !is_ready() {
            crate::talk(&format!("installing {} into a Python environment of its own", self.what));
            said(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            said(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(self.packages))?;
        }
        if is_ready() { Ok(python) } else { Err(format!("{} could not be installed", self.what).into()) }
    }
}

/// What a program printed; its complaint where it failed.
pub(crate) fn said(command: &mut Command) -> Result<String, Failure> {
    let Output { status, stdout, stderr } = command.output()?;
    if status.success() {
        Ok(String::from_utf8(stdout)?)
    } else {
        let name = command.get_program().to_string_lossy().into_owned();
        Err(format!("{name} failed: {}", String::from_utf8_lossy(&stderr).trim()).into())
    }
}
