//! The output file: without a name while it is written, and renamed into place only when it is complete and checked.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

/// Why the output cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The folder does not exist.
    #[error("the output folder does not exist; create it first")]
    NoFolder,
    /// The target exists and may not be replaced.
    #[error("the output exists already; choose another name, or pass --overwrite to replace it")]
    Exists,
    /// The target is a folder or something else that is no file.
    #[error("the output name belongs to something that is not a regular file")]
    NotAFile,
    /// The operating system refused.
    #[error("the output cannot be written: {}", in_words(.0))]
    Io(#[from] io::Error),
}

/// Hidden files that are stepped over.
const MAX_LEFT_BEHIND: u32 = 10_000;

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        io::ErrorKind::FileTooLarge => "this account may not write a file that large".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "this account may not write there; it needs to read and to write in the folder".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A file that has no name yet. Whatever ends the process, also `kill -9`, leaves nothing behind: the file exists only
/// as an open descriptor (`O_TMPFILE`) where the file system can do that, else under a hidden name that is removed on
/// drop.
#[derive(Debug)]
pub struct PendingFile {
    file: File,
    folder: PathBuf,
    /// The folder, to make names in it durable: who may write there and not read learns it before the work.
    handle: File,
    hidden: Option<PathBuf>,
    target: PathBuf,
    overwrite: bool,
}

impl PendingFile {
    /// Opens an unnamed file in the target's folder.
    ///
    /// # Errors
    /// [`OutputError`], each with a sentence for the user.
    pub fn create(target: &Path, overwrite: bool) -> Result<Self, OutputError> {
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            return Err(OutputError::NoFolder);
        }
        match std::fs::symlink_metadata(target) {
            Ok(meta) if meta.is_dir() => return Err(OutputError::NotAFile),
            Ok(_) if !overwrite => return Err(OutputError::Exists),
            _ => {}
        }
        let handle = File::open(&folder)?;
        let (file, hidden) = open_in(&folder)?;
        Ok(Self { file, folder, handle, hidden, target: target.to_path_buf(), overwrite })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Makes the content durable and gives it its name in one step.
    ///
    /// # Errors
    /// [`OutputError::Exists`] where the name was taken meanwhile, and whatever the file system reports.
    pub fn commit(mut self) -> Result<(), OutputError> {
        self.file.sync_all()?;
        let staged = match self.hidden.take() {
            Some(path) => path,
            None => self.link_hidden()?,
        };
        let flags = if self.overwrite {
            rustix::fs::RenameFlags::empty()
        } else {
            rustix::fs::RenameFlags::NOREPLACE
        };
        if let Err(errno) = rustix::fs::renameat_with(CWD, &staged, CWD, &self.target, flags) {
            self.hidden = Some(staged);
            return Err(match errno {
                rustix::io::Errno::EXIST => OutputError::Exists,
                other => io::Error::from(other).into(),
            });
        }
        self.handle.sync_all().inspect_err(|_| drop(std::fs::remove_file(&self.target)))?;
        Ok(())
    }

    /// `linkat` cannot replace a name, so the file gets a hidden one first, which is then renamed.
    fn link_hidden(&self) -> Result<PathBuf, OutputError> {
        let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let link = |staged: &Path| rustix::fs::linkat(CWD, &descriptor, CWD, staged, AtFlags::SYMLINK_FOLLOW);
        under_a_hidden_name(&self.folder, link).map(|(staged, ())| staged)
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(path) = self.hidden.take() {
            // Nothing can be done about a file that cannot be removed; it has no recording's name.
            drop(std::fs::remove_file(path));
        }
    }
}

/// Opens a file for what lasts no longer than the run, in the folder of an open file: that is the place that the decision
/// was about. It never has a name that outlives this call.
///
/// # Errors
/// [`OutputError`] where no file can be made there.
pub(super) fn scratch_beside(output: &File) -> Result<File, OutputError> {
    let place = std::fs::read_link(format!("/proc/self/fd/{}", output.as_raw_fd()))?;
    let (file, hidden) = open_in(place.parent().unwrap_or(Path::new("/")))?;
    hidden.map_or(Ok(()), std::fs::remove_file)?;
    Ok(file)
}

/// A new file in a folder: without a name, or under a hidden one where the file system has none without.
fn open_in(folder: &Path) -> Result<(File, Option<PathBuf>), OutputError> {
    let mode = Mode::RUSR | Mode::WUSR;
    match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode) {
        Ok(fd) => Ok((File::from(fd), None)),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::NOENT) => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
            let (path, fd) = under_a_hidden_name(folder, |path| rustix::fs::open(path, flags, mode))?;
            Ok((File::from(fd), Some(path)))
        }
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}

/// Makes something under a hidden name that nothing else has: a run that was killed may have left some, and its number
/// comes again.
fn under_a_hidden_name<T>(
    folder: &Path,
    make: impl Fn(&Path) -> rustix::io::Result<T>,
) -> Result<(PathBuf, T), OutputError> {
    let process = std::process::id();
    for nth in 0..MAX_LEFT_BEHIND {
        let path = folder.join(format!(".obscura.{process}.{nth}.partial"));
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(io::Error::from(errno).into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn listing(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_visible_before_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.mp4");
        let pending = PendingFile::create(&target, false).unwrap();
        pending.file().write_all(b"half").unwrap();
        drop(pending);
        assert!(listing(folder.path()).is_empty());

        let pending = PendingFile::create(&target, false).unwrap();
        pending.file().write_all(b"whole").unwrap();
        pending.commit().unwrap();
        assert_eq!(listing(folder.path()), ["out.mp4"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.mp4");
        let early = PendingFile::create(&target, false).unwrap();
        std::fs::write(&target, b"other").unwrap();
        assert!(matches!(PendingFile::create(&target, false), Err(OutputError::Exists)));
        assert!(matches!(early.commit(), Err(OutputError::Exists)), "the name was taken meanwhile");
        assert_eq!(listing(folder.path()), ["out.mp4"]);
        let pending = PendingFile::create(&target, true).unwrap();
        pending.file().write_all(b"new").unwrap();
        pending.commit().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("none/out.mp4");
        assert!(matches!(PendingFile::create(&target, false), Err(OutputError::NoFolder)));
    }
}
