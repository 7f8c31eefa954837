//! `cargo xtask test`, `ci` and `bench`: every check in order, each with its time; the first failure ends the run.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::error::Error;
use crate::printer::{Steps, count, note, talk, took};
use crate::process;
use crate::repo::Metadata;
use crate::sources::{self, Finding};
use crate::{layers, setup, tidy};

/// A check that is another program.
struct Check {
    name: &'static str,
    args: &'static [&'static str],
    help: &'static str,
}

/// Before the checks of our own.
const FORMAT: Check =
    Check { name: "format", args: &["fmt", "--all", "--check"], help: "`cargo fmt --all` puts it right" };
/// After them. All in the release profile, so that the demo, the checks and the tests share what they compile.
const BUILDS: [Check; 3] = [
    Check {
        name: "clippy",
        args: &["clippy", "--workspace", "--all-targets", "--release", "--", "-D", "warnings"],
        help: "mend what clippy says above; an exception needs #[allow(…, reason = \"…\")]",
    },
    Check {
        name: "build",
        args: &["build", "--workspace", "--release"],
        help: "mend what the compiler says above",
    },
    Check {
        name: "tests",
        args: &["test", "--workspace", "--release"],
        help: "the failed test is named above; `cargo test --release NAME` runs it alone",
    },
];
const DENY: Check = Check {
    name: "licences, bans and sources of dependencies",
    args: &["deny", "check", "licenses", "bans", "sources"],
    help: "deny.toml says what is allowed, and why",
};
/// The rules of a site in Cedar, in the program and in the tests that drive it.
const CEDAR: [&str; 2] = ["--features", "obscura-cli/cedar,obscura-tests/cedar"];
const OWN_CHECKS: usize = 2;

/// `cargo xtask test`; with the rules of a site in Cedar compiled in where that is asked for.
pub(crate) fn test(root: &Path, home: &Path, cedar: bool) -> Result<(), Error> {
    all(root, home, false, cedar)
}

/// `cargo xtask ci`: what [`test`] does, and the check of licences and sources.
pub(crate) fn ci(root: &Path, home: &Path) -> Result<(), Error> {
    all(root, home, true, false)
}

fn all(root: &Path, home: &Path, with_deny: bool, cedar: bool) -> Result<(), Error> {
    let start = Instant::now();
    let mut steps = Steps::new(setup::STEPS + 1 + OWN_CHECKS + BUILDS.len() + usize::from(with_deny));
    setup::run(&mut steps, root, home, false, &[])?;
    run(&mut steps, root, home, &FORMAT, false)?;
    own(&mut steps, root)?;
    for check in &BUILDS {
        run(&mut steps, root, home, check, cedar)?;
    }
    if with_deny {
        deny(&mut steps, root, home)?;
    }
    let skipped = if process::test_data().is_none() {
        "; without OBSCURA_TEST_DATA the tests of longer clips were skipped"
    } else {
        ""
    };
    talk(format_args!("all checks passed in {}{skipped}", took(start.elapsed())));
    Ok(())
}

fn run(steps: &mut Steps, root: &Path, home: &Path, check: &Check, cedar: bool) -> Result<(), Error> {
    let start = Instant::now();
    let mut command = process::cargo(root);
    // Where there is no display, Mesa's device-select layer would only complain about that.
    command.env("OBSCURA_HOME", home).env("NODEVICE_SELECT", "1");
    // What follows `--` is for clippy.
    let end = check.args.iter().position(|arg| *arg == "--").unwrap_or(check.args.len());
    let (before, after) = check.args.split_at(end);
    command.args(before);
    if cedar {
        // A folder of its own, so that the ordinary build stays as it is.
        command.args(CEDAR).arg("--target-dir").arg(root.join("target/cedar"));
    }
    command.args(after);
    steps.next(format_args!("{}: {}", check.name, process::shown(&command)));
    process::run(&mut command).map_err(|failed| match failed {
        Error::Failed { .. } => {
            Error::Check { what: format!("{} failed", check.name), help: check.help.to_owned() }
        }
        other => other,
    })?;
    note(format_args!("passed in {}", took(start.elapsed())));
    Ok(())
}

/// The checks that live in this package, over one reading of the sources.
fn own(steps: &mut Steps, root: &Path) -> Result<(), Error> {
    let start = Instant::now();
    let sources = sources::read(root)?;
    steps.next(format_args!("tidy: {}", count(sources.len(), "text file")));
    judge("tidy", &tidy::check(&sources), start)?;

    let start = Instant::now();
    let metadata = Metadata::read(root)?;
    steps.next(format_args!(
        "layers: the arrows between {} and the engine's stages",
        count(metadata.packages.len(), "package")
    ));
    judge("layers", &layers::check(root, &metadata, &sources), start)
}

fn judge(name: &str, findings: &[Finding], start: Instant) -> Result<(), Error> {
    if findings.is_empty() {
        note(format_args!("passed in {}", took(start.elapsed())));
        return Ok(());
    }
    for finding in findings {
        talk(finding);
    }
    let what = format!("{name}: {}", count(findings.len(), "finding"));
    Err(Error::Check { what, help: format!("xtask/src/{name}.rs holds the rules") })
}

fn deny(steps: &mut Steps, root: &Path, home: &Path) -> Result<(), Error> {
    if process::succeeds(process::cargo(root).args(["deny", "--version"])) {
        return run(steps, root, home, &DENY, false);
    }
    steps.next(format_args!("{}: skipped, cargo-deny is not installed", DENY.name));
    note("`cargo install --locked cargo-deny` installs it");
    Ok(())
}

/// `cargo xtask bench`: builds and runs the benches with the arguments as they are.
pub(crate) fn bench(root: &Path, home: &Path, args: &[OsString]) -> Result<(), Error> {
    let mut steps = Steps::new(setup::STEPS + 2);
    setup::run(&mut steps, root, home, false, &[])?;
    // The whole workspace, so that what is measured is what the other tasks build.
    let mut build = process::cargo(root);
    build.args(["build", "--release", "--workspace"]);
    steps.next(process::shown(&build));
    process::run_as_talk(&mut build)?;
    let program = Metadata::read(root)?.target_directory.join("release").join("obscura-benches");
    let mut command = Command::new(program);
    command.args(args).env("OBSCURA_HOME", home);
    // For the table of the GPU, on machines without one. Whoever does not ask for a GPU is not given it.
    command.env("OBSCURA_ALLOW_SOFTWARE_GPU", "1").env("NODEVICE_SELECT", "1");
    steps.next(process::shown(&command));
    process::run(&mut command)
}
