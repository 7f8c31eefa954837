//! The sample clips, and ffmpeg.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where `cargo xtask setup` puts what the product needs: `OBSCURA_HOME`, else the XDG data folder.
pub fn home() -> PathBuf {
    if let Some(home) = std::env::var_os("OBSCURA_HOME").filter(|home| !home.is_empty()) {
        return PathBuf::from(home);
    }
    let data = std::env::var_os("XDG_DATA_HOME").filter(|data| !data.is_empty()).map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".local/share"),
        PathBuf::from,
    );
    data.join("obscura")
}

/// The folder of sample clips.
///
/// # Panics
/// Where the set-up has not run.
pub fn folder() -> PathBuf {
    let folder = home().join("media");
    assert!(folder.is_dir(), "the sample clips are not here: run `cargo xtask setup` first");
    folder
}

/// The folder of longer clips and scenes, where there is one; says so where a test is skipped.
pub fn test_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("OBSCURA_TEST_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        println!("{test}: skipped, OBSCURA_TEST_DATA is not set");
    }
    folder
}

/// Runs ffmpeg, quietly and without questions.
pub fn ffmpeg(args: impl IntoIterator<Item = OsString>) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(args);
    let output = command.output().expect("ffmpeg runs");
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs ffmpeg and returns what it writes to its standard output.
pub fn ffmpeg_bytes(args: impl IntoIterator<Item = OsString>) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin"]).args(args).arg("-").stdin(Stdio::null());
    let output = command.output().expect("ffmpeg runs");
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Words as ffmpeg takes them.
pub fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}
