//! A temporary folder with a clip, its sheet and an empty place for results.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Run, finish, obscura};
use crate::{Sheet, media, receipt};

/// The folders vanish with the bench.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: TempDir::with_prefix("obscura-test-").unwrap() };
        std::fs::create_dir(bench.out_folder()).unwrap();
        bench
    }

    /// A place in the bench, outside the folder of results.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of results: what is in it after a refusal should not be there.
    pub fn out_folder(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub fn output(&self) -> PathBuf {
        self.out_folder().join("result.mp4")
    }

    /// The state folder of everything that is run through the bench.
    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub fn receipt_file(&self) -> PathBuf {
        self.out_folder().join("result.mp4.receipt.json")
    }

    /// What was signed: the statement inside the envelope.
    pub fn receipt_text(&self) -> String {
        receipt::statement_text(&self.receipt_file())
    }

    /// What the statement says about the output.
    pub fn receipt(&self) -> Value {
        serde_json::from_str::<Value>(&self.receipt_text()).unwrap()["predicate"].take()
    }

    /// The binary with the bench's state folder, ready for arguments.
    pub fn obscura(&self) -> Command {
        let mut command = obscura();
        command.env("OBSCURA_STATE", self.state());
        command
    }

    /// Every entry of the audit log.
    pub fn log(&self) -> Vec<Value> {
        let export = finish(self.obscura().args(["audit", "export"])).expect(0).json();
        export["entries"].as_array().unwrap().clone()
    }

    /// Makes the clip `name` with ffmpeg; `args` is split at blanks, `{media}` is the folder of sample clips.
    pub fn make(&self, name: &str, args: &str) -> PathBuf {
        let clip = self.path(name);
        let samples = media::folder();
        let args = args.split_whitespace().map(|arg| arg.replace("{media}", samples.to_str().unwrap()));
        media::ffmpeg(args.map(OsString::from).chain([clip.clone().into_os_string()]));
        clip
    }

    /// Writes the sheet and returns where.
    pub fn write_sheet(&self, sheet: &Sheet) -> PathBuf {
        let path = self.path("sheet.yaml");
        std::fs::write(&path, sheet.text()).unwrap();
        path
    }

    /// `obscura redact` of `clip` under `sheet`, with `extra` arguments, ready to run.
    pub fn command(&self, clip: &Path, sheet: &Sheet, extra: &[&str]) -> Command {
        let sheet = self.write_sheet(sheet);
        let mut command = self.obscura();
        command.arg("redact").arg(clip).arg("--sheet").arg(sheet).args(["--purpose", "HQUALIMP"]);
        command.arg("-o").arg(self.output()).args(["--device", "cpu"]).args(extra);
        command
    }

    /// Runs it under a sheet that permits everything but the voice.
    pub fn redact(&self, clip: &Path, extra: &[&str]) -> Run {
        finish(&mut self.command(clip, &Sheet::permitting(clip), extra))
    }

    /// What lies in the folder of results, sorted.
    pub fn results(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.out_folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Asserts that a refusal left nothing.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.results(), Vec::<String>::new(), "a refusal leaves no file");
    }
}
