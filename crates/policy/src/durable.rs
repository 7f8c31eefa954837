//! Files that survive a power cut whole or not at all: replaced in one step, synced, readable by their owner alone.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags};

/// Opens a regular file to read it. Opening a pipe would wait for somebody to write into it.
///
/// # Errors
/// Whatever the operating system reports; `InvalidInput` where it is no file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

/// Reads a regular file of at most `max_bytes`.
///
/// # Errors
/// As [`open_regular`]; `InvalidData` where the file is larger.
pub(crate) fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large"));
    }
    Ok(bytes)
}

/// The same, with `None` where there is no such file.
pub(crate) fn read_if_there(path: &Path, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    match read(path, max_bytes) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Gives `path` this content, durably: the old content or the new one is there, never a part. Two writers need a lock.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let staged = folder.join(name);
    let mut file = open_owned(&staged, OFlags::TRUNC)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&staged, path)?;
    sync_folder(folder)
}

/// Opens a file for writing, made with mode 0600 where it is not there.
pub(crate) fn open_owned(path: &Path, extra: OFlags) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | extra;
    Ok(File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder, and those above it, for its owner alone.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A lock between processes, held until it is dropped; the operating system lets go of it when a process dies.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    /// Waits for the lock of this file, which is made where it is not there.
    pub(crate) fn wait_for(path: &Path) -> io::Result<Self> {
        let file = open_owned(path, OFlags::empty())?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
        Ok(Self(file))
    }

    /// Waits for the lock among readers; `None` where the file is not there or may not be opened.
    pub(crate) fn wait_to_read(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        rustix::fs::flock(&file, FlockOperation::LockShared).ok()?;
        Some(Self(file))
    }
}
