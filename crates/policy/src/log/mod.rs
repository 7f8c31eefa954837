//! The audit log: entries that are only ever added, hashed as RFC 6962 says, under signed checkpoints.
//!
//! Three files. `log.jsonl` holds one canonical JSON object a line. `checkpoint` is the signed note over all of them.
//! An entry is added in four steps, each durable before the next: it is *announced* in the file `pending`, with the
//! note that will cover it; its line is written; the note becomes `checkpoint`; `pending` goes. Whenever the power
//! fails, what is there is the log without the entry, or the log and a signed announcement from which the next run
//! finishes it. A torn line is thrown away only where it is the beginning of the announced one; anything else behind
//! the checkpoint is somebody else's. Without `pending`, entries and checkpoint must agree exactly.

mod audit;
mod checkpoint;
mod entry;
mod merkle;
mod scan;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use obscura_core::model::Sha256Digest;
use rustix::fs::OFlags;

pub use audit::Audit;
pub(crate) use audit::{Known, audit, export, look_up};
pub use checkpoint::CheckpointError;
pub(crate) use entry::{Decided, Event, Moment};

use checkpoint::Checkpoint;
use entry::Line;
use merkle::{Frontier, leaf_hash};
use scan::{Scan, scan};

use crate::canonical::to_canonical;
use crate::durable::{self, Lock};
use crate::keys::{PublicKey, Signer};
use crate::rules::Instant;

const ENTRIES: &str = "log.jsonl";
const CHECKPOINT: &str = "checkpoint";
const PENDING: &str = "pending";
const LOCK: &str = "lock";

/// Why the log cannot be used. Without it there is no permit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There is no log.
    #[error("there is no audit log")]
    Missing,
    /// The log is not what was written.
    #[error("the audit log was tampered with: {0}")]
    Tampered(String),
    /// What was given to compare the log with is no checkpoint; nothing is known about the log.
    #[error("the given file cannot be compared with the log: {0}")]
    NoCheckpoint(CheckpointError),
    /// The operating system refused.
    #[error("the audit log cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// An entry has no canonical form.
    #[error("an entry of the audit log cannot be written down")]
    Entry,
}

/// Proof that a decision is in the log, durably. Only [`Log::append`] makes one, and a permit cannot be had without.
#[derive(Debug)]
pub(crate) struct Appended {
    entry: u64,
    leaf: Sha256Digest,
    permitted: Option<Sha256Digest>,
    origin: String,
}

impl Appended {
    /// Number of the entry.
    pub(crate) fn entry(&self) -> u64 {
        self.entry
    }

    /// RFC 6962 hash of the entry.
    pub(crate) fn leaf(&self) -> Sha256Digest {
        self.leaf
    }

    /// Name of the log.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The decision, where the entry says that a rendering was permitted under it.
    pub(crate) fn permitted(&self) -> Option<Sha256Digest> {
        self.permitted
    }
}

/// The log, held by this process alone and found in order.
#[derive(Debug)]
pub(crate) struct Log<'a> {
    folder: PathBuf,
    signer: &'a Signer,
    tree: Frontier,
    last: Option<Sha256Digest>,
    latest_at: Option<Instant>,
    origin: String,
    /// Length of the entries (bytes).
    bytes: u64,
    /// An entry could not be written whole; only reading the log again can tell what is there.
    is_torn: bool,
    _lock: Lock,
}

impl<'a> Log<'a> {
    /// Begins a log, or goes on with one whose beginning was interrupted.
    pub(crate) fn begin(folder: &Path, signer: &'a Signer, now: Instant) -> Result<Self, LogError> {
        durable::make_folder(folder)?;
        let lock = Lock::wait_for(&folder.join(LOCK))?;
        let read = scan(folder, &[signer.public()], None, &mut |_, _, _| ())?;
        let mut log = Self::resume(folder, signer, read, lock)?;
        if log.tree.size() == 0 {
            let id = u64::from_be_bytes(crate::keys::random().or(Err(LogError::Entry))?);
            let log_id = format!("{id:016x}");
            log.origin = origin_of(&log_id);
            log.append(&Event::LogStarted { log: log_id, key: signer.public().id() }, now)?;
        }
        Ok(log)
    }

    /// Waits for the log, reads all of it, and finishes what a killed run left half done.
    ///
    /// # Errors
    /// [`LogError`]: a log that is not in order takes no further entry.
    pub(crate) fn open(folder: &Path, signer: &'a Signer, trusted: &[PublicKey]) -> Result<Self, LogError> {
        if !folder.join(LOCK).is_file() {
            return Err(LogError::Missing);
        }
        let lock = Lock::wait_for(&folder.join(LOCK))?;
        let read = scan(folder, trusted, None, &mut |_, _, _| ())?;
        if read.tree.size() == 0 {
            return Err(LogError::Missing);
        }
        Self::resume(folder, signer, read, lock)
    }

    fn resume(folder: &Path, signer: &'a Signer, read: Scan, lock: Lock) -> Result<Self, LogError> {
        let mut bytes = read.covered_bytes;
        if let Some(pending) = &read.pending {
            bytes += pending.line.len() as u64 + 1;
            write_line(folder, read.covered_bytes, &pending.line)?;
            durable::replace(&folder.join(CHECKPOINT), pending.note.as_bytes())?;
            std::fs::remove_file(folder.join(PENDING))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            signer,
            tree: read.tree,
            last: read.last,
            latest_at: read.latest_at,
            origin: read.origin.unwrap_or_default(),
            bytes,
            is_torn: false,
            _lock: lock,
        })
    }

    /// The latest time of any entry since the clock was last accepted.
    pub(crate) fn latest_at(&self) -> Option<Instant> {
        self.latest_at
    }

    /// Adds an entry. When this returns, entry and checkpoint are on the disk.
    ///
    /// # Errors
    /// [`LogError`]; the entry may still turn up in the log, but nobody got a proof of it.
    pub(crate) fn append(&mut self, event: &Event, at: Instant) -> Result<Appended, LogError> {
        if std::mem::replace(&mut self.is_torn, true) {
            return Err(LogError::Entry);
        }
        let seq = self.tree.size();
        let line = to_canonical(&Line { seq, prev: self.last, at, event }).or(Err(LogError::Entry))?;
        let leaf = leaf_hash(line.as_bytes());
        let mut tree = self.tree.clone();
        tree.push(leaf);
        let checkpoint = Checkpoint { origin: self.origin.clone(), size: tree.size(), root: tree.root() };
        let note = checkpoint.to_note(self.signer);
        durable::replace(&self.folder.join(PENDING), format!("{line}\n{note}").as_bytes())?;
        write_line(&self.folder, self.bytes, &line)?;
        durable::replace(&self.folder.join(CHECKPOINT), note.as_bytes())?;
        std::fs::remove_file(self.folder.join(PENDING))?;
        self.is_torn = false;
        self.tree = tree;
        self.bytes += line.len() as u64 + 1;
        self.last = Some(leaf);
        self.latest_at = event.latest_at(self.latest_at, at);
        let permitted = match event {
            Event::Permitted(decided) => Some(decided.decision),
            _ => None,
        };
        Ok(Appended { entry: seq, leaf, permitted, origin: self.origin.clone() })
    }
}

/// Writes a line behind the first `end` bytes; what stands there is the beginning of this very line.
fn write_line(folder: &Path, end: u64, line: &str) -> Result<(), LogError> {
    use std::io::{Seek, SeekFrom};
    let mut file = durable::open_owned(&folder.join(ENTRIES), OFlags::empty())?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()?;
    if end == 0 {
        durable::sync_folder(folder)?;
    }
    Ok(())
}

/// Name of a log in its checkpoints.
fn origin_of(log_id: &str) -> String {
    format!("obscura.invalid/log/{log_id}")
}
