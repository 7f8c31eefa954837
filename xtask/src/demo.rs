//! `cargo xtask demo`: from a fresh clone to a de-identified clip, its receipt, and a picture of before and after.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::clock;
use crate::error::Error;
use crate::fetch;
use crate::manifest::Manifest;
use crate::printer::{Steps, data, note, size, took};
use crate::process;
use crate::repo::Metadata;
use crate::setup;

/// The clip of the manifest that the demo hides.
const CLIP: &str = "single_face";
const SHEET: &str = include_str!("../demo-sheet.yaml");
/// The frame of the picture: about the middle of the clip, which has some 70.
const PICTURE_FRAME: u32 = 36;

/// Where the demo writes, all under `target/demo/`.
#[derive(Debug)]
struct Places {
    folder: PathBuf,
    sheet: PathBuf,
    result: PathBuf,
    receipt: PathBuf,
    picture: PathBuf,
    /// The demo's own signing key, policy and audit log: a real one on this machine stays untouched.
    state: PathBuf,
}

impl Places {
    fn under(target: &Path) -> Self {
        let folder = target.join("demo");
        let at = |name: &str| folder.join(name);
        Self {
            sheet: at("single_face.sheet.yaml"),
            result: at("single_face.deid.mp4"),
            receipt: at("single_face.deid.mp4.receipt.json"),
            picture: at("before-after.png"),
            state: at("state"),
            folder,
        }
    }
}

/// Runs the demo; again in seconds, because set-up and build find nothing to do.
pub(crate) fn run(root: &Path, home: &Path) -> Result<(), Error> {
    let mut steps = Steps::new(setup::STEPS + 4);
    setup::run(&mut steps, root, home, false, &[])?;
    let target = Metadata::read(root)?.target_directory;
    let places = Places::under(&target);

    let start = Instant::now();
    steps.next("build: cargo build --release -p obscura-cli (the first time takes minutes)");
    process::run_as_talk(process::cargo(root).args(["build", "--release", "-p", "obscura-cli"]))?;
    note(format_args!("built in {}", took(start.elapsed())));

    let clip = home.join(Manifest::read(root)?.media(CLIP)?.place);
    std::fs::create_dir_all(&places.folder).map_err(Error::file("cannot make", &places.folder))?;
    steps.next("consent sheet: one patient who agreed to quality improvement and teaching, plenary included");
    let sheet = fill(SHEET, &fetch::digest_file(&clip)?, clock::Instant::now());
    std::fs::write(&places.sheet, sheet).map_err(Error::file("cannot write", &places.sheet))?;

    let start = Instant::now();
    steps.next("de-identify: consent gate, faces hidden, voice disguised, container built new, result searched again");
    let mut redact = redact_command(&target, home, &clip, &places);
    note(process::shown(&redact));
    process::run_as_talk(&mut redact)?;
    note(format_args!("done in {}", took(start.elapsed())));

    steps.next("picture: the same frame before and after");
    process::run_as_talk(&mut picture_command(&clip, &places))?;
    report(&places)?;
    note(format_args!("next: {}", process::shown(&verify_command(&program(&target), &places))));
    Ok(())
}

fn program(target: &Path) -> PathBuf {
    target.join("release").join("obscura").with_extension(std::env::consts::EXE_EXTENSION)
}

fn redact_command(target: &Path, home: &Path, clip: &Path, places: &Places) -> Command {
    let mut command = Command::new(program(target));
    command.arg("redact").arg(clip).arg("--sheet").arg(&places.sheet).args(["--purpose", "HQUALIMP", "-o"]);
    command.arg(&places.result).arg("--overwrite").arg("--state").arg(&places.state);
    command.env("OBSCURA_HOME", home);
    command
}

/// The next thing to try, with the demo's own key.
fn verify_command(program: &Path, places: &Places) -> Command {
    let mut command = Command::new(program);
    command.arg("verify").arg(&places.result).arg("--state").arg(&places.state);
    command
}

/// Frames are chosen by number, not by time, so that both halves are the same frame.
fn picture_command(clip: &Path, places: &Places) -> Command {
    let frame = format!("select=eq(n\\,{PICTURE_FRAME}),scale=out_range=full,format=rgb24");
    let mut command = Command::new("ffmpeg");
    command.args(["-y", "-v", "error", "-nostdin", "-i"]).arg(clip).arg("-i").arg(&places.result);
    command.args(["-filter_complex", &format!("[0:v]{frame}[a];[1:v]{frame}[b];[a][b]hstack=inputs=2")]);
    command.args(["-frames:v", "1", "-update", "1"]).arg(&places.picture);
    command
}

fn report(places: &Places) -> Result<(), Error> {
    for (what, path) in
        [("result ", &places.result), ("receipt", &places.receipt), ("picture", &places.picture)]
    {
        let meta = std::fs::metadata(path).map_err(Error::file("the demo did not write", path))?;
        data(format_args!("{what}  {}  ({})", path.display(), size(meta.len())));
    }
    Ok(())
}

/// Fills the sheet's placeholders: a recording of a month ago, consent before and after it and of yesterday.
fn fill(template: &str, sha256: &str, now: clock::Instant) -> String {
    let values = [
        ("{sha256}", sha256.to_owned()),
        ("{clock_checked_at}", now.plus(-40, 0).rfc3339()),
        ("{before_capture}", now.plus(-30, -1).rfc3339()),
        ("{captured_at}", now.plus(-30, 0).rfc3339()),
        ("{after_capture}", now.plus(-30, 2).rfc3339()),
        ("{yesterday}", now.plus(-1, 0).rfc3339()),
        ("{in_a_year}", now.plus(365, 0).rfc3339()),
    ];
    values.iter().fold(template.to_owned(), |text, (word, value)| text.replace(word, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_is_filled_and_in_order_of_time() {
        let sheet = fill(SHEET, &"ab".repeat(32), clock::Instant::now());
        assert!(!sheet.contains(['{', '}']), "{sheet}");
        assert!(sheet.contains(&format!("sha256: '{}'", "ab".repeat(32))));
        let date = |key: &str, nth: usize| -> &str {
            sheet.lines().filter_map(|line| line.trim().strip_prefix(key)).nth(nth).unwrap()
        };
        let (before, after, used) =
            (date("recorded_at: ", 0), date("recorded_at: ", 1), date("recorded_at: ", 2));
        let captured = date("captured_at: ", 0);
        assert!(before < captured && captured < after && after < used, "{before} {captured} {after} {used}");
        assert!(used < date("expires_at: ", 2) && used < date("retention_until: ", 0));
    }

    #[test]
    fn the_result_stays_under_the_target_folder() {
        let places = Places::under(Path::new("t"));
        for path in [&places.sheet, &places.result, &places.receipt, &places.picture, &places.state] {
            assert!(path.starts_with("t/demo"), "{}", path.display());
        }
        assert_eq!(places.receipt.display().to_string(), format!("{}.receipt.json", places.result.display()));
    }
}
