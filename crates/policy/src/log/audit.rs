//! The log as it is read: whether it is in order, what is in it, and what it knows of an output. Nothing is written.

use std::path::Path;

use obscura_core::model::Sha256Digest;
use serde_json::Value;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::scan::{scan, tampered};
use super::{LOCK, LogError};
use crate::durable::Lock;
use crate::keys::PublicKey;
use crate::rules::Instant;

/// What an audit of the log found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Audit {
    /// Name of the log.
    pub origin: String,
    /// Number of entries.
    pub entries: u64,
    /// RFC 6962 root over them.
    pub root: Sha256Digest,
    /// Time of the last entry.
    pub last_at: Option<Instant>,
    /// How often somebody accepted the clock although the log was ahead of it.
    pub clocks_accepted: u64,
    /// A run was killed while it wrote the last entry; the next run finishes it.
    pub unfinished: bool,
    /// Entries that an older checkpoint covers, where one was given.
    pub consistent_with: Option<u64>,
    /// The signed note over the log.
    #[serde(skip)]
    pub checkpoint: String,
}

/// Reads the whole log and compares it with its own checkpoint, and with an older one where that is given. Writes
/// nothing.
///
/// # Errors
/// [`LogError`] with a sentence that names the entry.
pub(crate) fn audit(
    folder: &Path,
    trusted: &[PublicKey],
    older_note: Option<&str>,
    each: &mut dyn FnMut(&str),
) -> Result<Audit, LogError> {
    let _lock = Lock::wait_to_read(&folder.join(LOCK));
    let older = older_note.map(|note| {
        Checkpoint::from_note(note, trusted).map_err(|error| match error {
            CheckpointError::Malformed => LogError::NoCheckpoint(error),
            CheckpointError::NotSigned => {
                tampered(format!("the given checkpoint cannot be believed: {error}"))
            }
        })
    });
    let older = older.transpose()?;
    let mut clocks_accepted = 0;
    let read = scan(folder, trusted, older.as_ref(), &mut |text, head, _| {
        clocks_accepted += u64::from(head.accepts_clock());
        each(text);
    })?;
    let origin = read.origin.ok_or(LogError::Missing)?;
    let unfinished = read.pending.is_some();
    Ok(Audit {
        origin,
        entries: read.tree.size(),
        root: read.tree.root(),
        last_at: read.last_at,
        clocks_accepted,
        unfinished,
        consistent_with: older.map(|older| older.size),
        checkpoint: read.pending.map_or(read.note, |pending| pending.note),
    })
}

/// The log as one JSON document: its entries, the checkpoint over them, and the keys that may have signed it.
///
/// # Errors
/// [`LogError`] where the log is not in order.
pub(crate) fn export(folder: &Path, trusted: &[PublicKey]) -> Result<Value, LogError> {
    let mut entries = Vec::new();
    let audit =
        audit(folder, trusted, None, &mut |text| entries.extend(serde_json::from_str::<Value>(text)))?;
    Ok(serde_json::json!({
        "format": "obscura-log/1",
        "origin": audit.origin,
        "checkpoint": audit.checkpoint,
        "public_keys": trusted.iter().map(PublicKey::pem).collect::<Vec<_>>(),
        "entries": entries,
    }))
}

/// What the log knows of a receipt and an output.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// The entry that names this receipt together with this output.
    pub(crate) entry: Option<u64>,
    /// Whether another entry names the output.
    pub(crate) output_elsewhere: bool,
}

/// Looks up a receipt and an output by their digests.
///
/// # Errors
/// [`LogError`] where the log is not in order.
pub(crate) fn look_up(
    folder: &Path,
    trusted: &[PublicKey],
    receipt: Sha256Digest,
    output: Sha256Digest,
) -> Result<Known, LogError> {
    let _lock = Lock::wait_to_read(&folder.join(LOCK));
    let mut known = Known::default();
    scan(folder, trusted, None, &mut |_, head, _| {
        if head.output_sha256 == Some(output) {
            if head.receipt_sha256 == Some(receipt) {
                known.entry = Some(head.seq);
            } else {
                known.output_elsewhere = true;
            }
        }
    })?;
    Ok(known)
}
