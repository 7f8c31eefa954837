//! A run that is stopped or killed leaves nothing that looks like a result.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use obscura_tests::run::{signal, wait_until};
use obscura_tests::{Bench, Run, Sheet};

/// Long enough for the slowest machine to begin writing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A clip that takes some seconds, being rendered.
fn rendering(bench: &Bench) -> (PathBuf, Child) {
    let clip = bench.make("long.mp4", "-stream_loop 5 -i {media}/single_face.mp4 -c copy");
    let mut command = bench.command(&clip, &Sheet::permitting(&clip), &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_writing(bench, &mut child);
    (clip, child)
}

/// Waits until the run has a file open in the folder of results, named or not.
fn wait_until_writing(bench: &Bench, child: &mut Child) {
    let folder = bench.out_folder().canonicalize().unwrap();
    let open_files = format!("/proc/{}/fd", child.id());
    wait_until(child, PATIENCE, || {
        let files = std::fs::read_dir(&open_files).into_iter().flatten().flatten();
        let mut links = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        links.any(|link| link.starts_with(&folder) && link != folder)
    });
}

fn stopped_by(name: &str) {
    let bench = Bench::new();
    let (clip, child) = rendering(&bench);
    let before = obscura_tests::sheet::digest(&clip);
    signal(&child, name);
    let asked = Instant::now();
    let run = Run::from(child.wait_with_output().unwrap()).refused(8, &["interrupted"]);
    assert!(asked.elapsed() < Duration::from_secs(10), "it stops soon: {:?}", asked.elapsed());
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    bench.assert_nothing_left();
    assert_eq!(obscura_tests::sheet::digest(&clip), before);
}

#[test]
fn control_c() {
    stopped_by("-INT");
}

#[test]
fn a_polite_kill() {
    stopped_by("-TERM");
}

#[test]
fn a_hard_kill_leaves_nothing_readable() {
    let bench = Bench::new();
    let (_, mut child) = rendering(&bench);
    child.kill().unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, None, "the signal ended it: {}", run.stderr);
    bench.assert_nothing_left();
}

/// What is there of a name that was free when the run began is not replaced, and no receipt lies beside it.
#[test]
fn a_name_that_was_taken_meanwhile() {
    let bench = Bench::new();
    let (_, child) = rendering(&bench);
    std::fs::write(bench.output(), b"another's").unwrap();
    Run::from(child.wait_with_output().unwrap()).refused(2, &["exists"]);
    let name = bench.output().file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(bench.results(), [name]);
    assert_eq!(std::fs::read(bench.output()).unwrap(), b"another's");
}

/// Times can be set back, but not unnoticed.
#[test]
fn a_recording_that_was_exchanged_in_its_place() {
    let bench = Bench::new();
    let (clip, child) = rendering(&bench);
    let before = std::fs::metadata(&clip).unwrap().modified().unwrap();
    let other = std::fs::read(&clip).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&clip).unwrap();
    std::io::Write::write_all(&mut &file, &other).unwrap();
    file.set_modified(before).unwrap();
    drop(file);
    Run::from(child.wait_with_output().unwrap()).refused(5, &["changed while"]);
    bench.assert_nothing_left();
}
