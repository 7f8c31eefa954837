//! The opened input: one file descriptor that is hashed, indexed and decoded, so that all three see the same bytes.

use std::fs::{File, Metadata};
use std::io::{self, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::address::Address;
use super::error::MediaError;
use super::index::{Container, InputIndex, read_index, sniff};
use super::live::Feed;
use crate::model::{Sha256Digest, hash_reader};

/// Units a second of the times of a live source's pictures: those of RTP.
const LIVE_TIMESCALE: u32 = 90_000;

/// A recording that was opened and recognised, with its digest.
#[derive(Debug)]
pub struct InputFile {
    origin: Origin,
    digest: Sha256Digest,
    container: Container,
    index: InputIndex,
}

/// Where the bytes come from.
#[derive(Debug)]
enum Origin {
    File { file: File, length: u64, changed: Changed },
    Live(Feed),
}

/// When a file's content and its description changed last, in seconds and nanoseconds. Whoever writes can set the first
/// back, and not the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Changed {
    content: (i64, i64),
    description: (i64, i64),
}

impl Changed {
    fn of(meta: &Metadata) -> Self {
        Self { content: (meta.mtime(), meta.mtime_nsec()), description: (meta.ctime(), meta.ctime_nsec()) }
    }
}

/// Why a file could not be opened as an input.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("it cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// It is a folder, a device or a pipe.
    #[error("it is a folder, a device or a pipe, and no file")]
    NotAFile,
    /// It is not a recording that can be read.
    #[error(transparent)]
    Media(#[from] MediaError),
}

impl InputFile {
    /// Opens, recognises, indexes and hashes a recording.
    ///
    /// # Errors
    /// [`OpenError`], each with a sentence for the user.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        // Opening a pipe would block until somebody writes to it, so look first.
        if !std::fs::metadata(path)?.is_file() {
            return Err(OpenError::NotAFile);
        }
        Self::from_file(File::open(path)?)
    }

    /// The same for a file that is open already, from its start.
    ///
    /// # Errors
    /// [`OpenError`], each with a sentence for the user.
    pub fn from_file(mut file: File) -> Result<Self, OpenError> {
        let meta = file.metadata()?;
        let length = meta.len();
        let container = sniff(&file, length)?;
        let index = read_index(&file, length, container)?;
        file.rewind()?;
        let (digest, hashed) = hash_reader(&mut file)?;
        if hashed != length {
            return Err(MediaError::Unusable("it changed while it was read".to_owned()).into());
        }
        let origin = Origin::File { file, length, changed: Changed::of(&meta) };
        Ok(Self { origin, digest, container, index })
    }

    /// A live source. It is opened when its picture is asked for, and ends when `stop` is set, after `limit`, or by
    /// itself. Its digest is that of its address.
    pub fn live(address: Address, limit: Option<Duration>, stop: Arc<AtomicBool>) -> Self {
        let (digest, container) = (address.digest(), Container::Live(address.kind()));
        let index = InputIndex { timescale: Some(LIVE_TIMESCALE), ..InputIndex::default() };
        Self { origin: Origin::Live(Feed::new(address, limit, stop)), digest, container, index }
    }

    /// Whether it can be read only once, as it comes.
    pub fn is_live(&self) -> bool {
        self.feed().is_some()
    }

    /// Says that the sound of a live source will not be asked for.
    pub fn forgo_sound(&self) {
        self.feed().into_iter().for_each(Feed::forgo_sound);
    }

    pub(super) fn feed(&self) -> Option<&Feed> {
        if let Origin::Live(feed) = &self.origin { Some(feed) } else { None }
    }

    /// SHA-256 of the whole file.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Length in bytes; 0 of a live source.
    pub fn length(&self) -> u64 {
        if let Origin::File { length, .. } = &self.origin { *length } else { 0 }
    }

    /// The container, told by content.
    pub fn container(&self) -> Container {
        self.container
    }

    /// What the container's index promises.
    pub fn index(&self) -> &InputIndex {
        &self.index
    }

    /// Whether this is the same file on disk as `other`, by device and inode (so also through links).
    pub fn is_same_file(&self, other: &Path) -> bool {
        let Origin::File { file, .. } = &self.origin else { return false };
        match (file.metadata(), std::fs::metadata(other)) {
            (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
            _ => false,
        }
    }

    /// Whether length and times are still those of the bytes that were hashed. A file that was given another name or other
    /// rights counts as changed as well.
    pub fn is_unchanged(&self) -> bool {
        match &self.origin {
            Origin::File { file, length, changed } => {
                file.metadata().is_ok_and(|meta| meta.len() == *length && Changed::of(&meta) == *changed)
            }
            // Nothing of it was read before.
            Origin::Live(_) => true,
        }
    }

    /// A location for `GStreamer` that names the open descriptor, so that nobody can swap the file in between.
    pub(super) fn location(&self) -> Option<String> {
        if let Origin::File { file, .. } = &self.origin { Some(descriptor_location(file)) } else { None }
    }
}

/// The name under which an open descriptor can be opened again.
pub(super) fn descriptor_location(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
