//! Outputs that cannot be written, and outputs that would overwrite what must not be.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use obscura_tests::run::{binary, finish, obscura};
use obscura_tests::{Bench, Run, Sheet, sheet};

fn short_clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.5 -c:v libx264 -preset ultrafast")
}

/// Redacts `clip` to `output`.
fn to(bench: &Bench, clip: &Path, output: &Path, extra: &[&str]) -> Run {
    let sheet = bench.write_sheet(&Sheet::permitting(clip));
    let mut command = obscura();
    command.arg("redact").arg(clip).arg("--sheet").arg(sheet).args([
        "--purpose",
        "HQUALIMP",
        "--device",
        "cpu",
    ]);
    finish(command.arg("-o").arg(output).args(extra))
}

#[test]
fn a_folder_that_is_not_there() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    to(&bench, &clip, &bench.path("nowhere/result.mp4"), &[]).refused(2, &["folder"]);
    assert!(!bench.path("nowhere").exists());
}

#[test]
fn a_folder_in_the_place_of_the_output() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    to(&bench, &clip, &bench.out_folder(), &["--overwrite"]).refused(2, &[]);
    bench.assert_nothing_left();
    // Before the gate: nothing was decided, so nothing is in a log.
    std::fs::create_dir(bench.output()).unwrap();
    bench.redact(&clip, &["--overwrite"]).refused(2, &[]);
    std::fs::rename(bench.output(), bench.receipt_file()).unwrap();
    bench.redact(&clip, &["--overwrite"]).refused(2, &[]);
    assert!(!bench.state().exists());
}

#[test]
fn an_output_that_exists_is_kept() {
    for name in ["result.mp4", "result.mp4.receipt.json"] {
        let bench = Bench::new();
        let clip = short_clip(&bench);
        std::fs::write(bench.out_folder().join(name), "earlier").unwrap();
        bench.redact(&clip, &[]).refused(2, &["--overwrite"]);
        assert_eq!(bench.results(), [name]);
        assert_eq!(std::fs::read_to_string(bench.out_folder().join(name)).unwrap(), "earlier");
    }
}

#[test]
fn an_output_that_exists_is_replaced_where_that_is_asked_for() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    std::fs::write(bench.output(), "earlier").unwrap();
    bench.redact(&clip, &["--overwrite"]).expect(0);
    assert_eq!(bench.receipt()["output"]["sha256"], sheet::digest(&bench.output()));
    assert_eq!(bench.results(), ["result.mp4", "result.mp4.receipt.json"]);
}

#[test]
fn an_earlier_output_outlives_a_refusal() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    std::fs::write(bench.output(), "earlier").unwrap();
    let refusing = Sheet::permitting(&clip).with("decision: permit", "decision: withdraw");
    finish(&mut bench.command(&clip, &refusing, &["--overwrite"])).refused(3, &["R04-WITHDRAWN"]);
    assert_eq!(std::fs::read_to_string(bench.output()).unwrap(), "earlier");
}

#[test]
fn the_recording_itself_is_never_overwritten() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let before = sheet::digest(&clip);
    std::os::unix::fs::symlink(&clip, bench.path("symbolic.mp4")).unwrap();
    std::fs::hard_link(&clip, bench.path("hard.mp4")).unwrap();
    std::os::unix::fs::symlink(bench.path(""), bench.path("around")).unwrap();
    for name in ["clip.mp4", "symbolic.mp4", "hard.mp4", "around/clip.mp4", "out/../clip.mp4"] {
        to(&bench, &clip, &bench.path(name), &["--overwrite"]).refused(2, &["recording"]);
        assert_eq!(sheet::digest(&clip), before, "{name}");
    }
    // The other way round: the recording is named by a link.
    to(&bench, &bench.path("symbolic.mp4"), &clip, &["--overwrite"]).refused(2, &["recording"]);
    assert_eq!(sheet::digest(&clip), before);
}

#[test]
fn the_sheet_is_never_overwritten() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let run = to(&bench, &clip, &bench.path("sheet.yaml"), &["--overwrite"]);
    assert_ne!(run.code, Some(0), "{run:?}");
    assert_eq!(std::fs::read_to_string(bench.path("sheet.yaml")).unwrap(), Sheet::permitting(&clip).text());
}

/// A file system of 16 KiB, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: PathBuf) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16k", "none"]).arg(&folder);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let bench = Bench::new();
    let clip = bench.make("clip.mp4", "-i {media}/carphone.mp4 -c copy");
    let Some(disk) = SmallDisk::mount(bench.out_folder()) else {
        println!("a_full_disk: skipped, this account may not mount a small file system");
        return;
    };
    bench.redact(&clip, &["--quality", "12"]).refused(1, &["full"]);
    bench.assert_nothing_left();
    drop(disk);
}

/// A limit on the size of files stands in for a full disk where nothing can be mounted.
#[test]
fn a_file_that_may_not_grow() {
    let bench = Bench::new();
    let clip = bench.make("clip.mp4", "-i {media}/carphone.mp4 -c copy");
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(binary())
        .arg("redact")
        .arg(&clip);
    command.arg("--sheet").arg(sheet).args([
        "--purpose",
        "HQUALIMP",
        "--quality",
        "12",
        "--device",
        "cpu",
        "-o",
    ]);
    // A state folder of its own: a log that has grown would meet the limit first.
    command.arg(bench.output()).env("OBSCURA_STATE", bench.state());
    finish(&mut command).refused(1, &["writ"]);
    bench.assert_nothing_left();
}
