//! Reading a log from its first entry to its last and comparing it with its signed checkpoint, without writing
//! anything.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use obscura_core::model::Sha256Digest;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::entry::Head;
use super::merkle::{Frontier, leaf_hash};
use super::{CHECKPOINT, ENTRIES, LogError, PENDING, origin_of};
use crate::durable;
use crate::keys::PublicKey;
use crate::rules::Instant;

/// No entry is longer.
const MAX_LINE_BYTES: u64 = 1 << 20;
/// Notes and the pending entry are far smaller.
const MAX_SMALL_BYTES: u64 = MAX_LINE_BYTES + (64 << 10);

/// An entry that was announced, signed, before it was written into the log.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) line: String,
    pub(super) note: String,
    checkpoint: Checkpoint,
}

/// A log that was read to its end and found in order.
#[derive(Debug)]
pub(super) struct Scan {
    /// The tree over all entries, the pending one included.
    pub(super) tree: Frontier,
    pub(super) last: Option<Sha256Digest>,
    /// The latest time of any entry since the clock was last accepted. Not the last entry's: a clock that was set back
    /// would be forgotten.
    pub(super) latest_at: Option<Instant>,
    /// Length of the entries that the checkpoint covers (bytes).
    pub(super) covered_bytes: u64,
    pub(super) origin: Option<String>,
    /// The entry whose writing was cut off, where there is one.
    pub(super) pending: Option<Pending>,
    /// Time of the last entry.
    pub(super) last_at: Option<Instant>,
    /// The signed note over the log, without the pending entry.
    pub(super) note: String,
}

/// Reads the log in `folder`. `each` sees every entry with its hash; `older` is another checkpoint to compare with.
///
/// # Errors
/// [`LogError`] with a sentence that names the entry.
pub(super) fn scan(
    folder: &Path,
    trusted: &[PublicKey],
    older: Option<&Checkpoint>,
    each: &mut dyn FnMut(&str, &Head<'_>, Sha256Digest),
) -> Result<Scan, LogError> {
    let checkpoint = read_checkpoint(folder, trusted)?;
    let pending = read_pending(folder, trusted, checkpoint.as_ref().map_or(0, |(_, c)| c.size))?;
    let entries = match File::open(folder.join(ENTRIES)) {
        Ok(file) => Some(file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e.into()),
    };
    let (note, covered) = match (checkpoint, &entries, &pending) {
        (Some((note, covered)), _, _) => (note, Some(covered)),
        (None, None, _) => (String::new(), None),
        (None, Some(_), Some(pending)) if pending.checkpoint.size == 1 => (String::new(), None),
        (None, Some(_), _) => return Err(tampered("its checkpoint is missing".to_owned())),
    };
    let mut reader = Walk::new(covered, older, each);
    let tail = reader.read_lines(entries)?;
    reader.finish(&tail, pending, note)
}

fn read_checkpoint(folder: &Path, trusted: &[PublicKey]) -> Result<Option<(String, Checkpoint)>, LogError> {
    let Some(bytes) = durable::read_if_there(&folder.join(CHECKPOINT), MAX_SMALL_BYTES)? else {
        return Ok(None);
    };
    let note = String::from_utf8(bytes).or(Err(tampered("its checkpoint is no text".to_owned())))?;
    let found = Checkpoint::from_note(&note, trusted)
        .map_err(|e: CheckpointError| tampered(format!("its checkpoint cannot be believed: {e}")))?;
    Ok(Some((note, found)))
}

/// The announced entry, unless the log has it already. The file holds the line and, below it, the note that covers it.
fn read_pending(folder: &Path, trusted: &[PublicKey], covered: u64) -> Result<Option<Pending>, LogError> {
    let bad = || tampered("the announcement of its next entry cannot be believed".to_owned());
    let Some(bytes) = durable::read_if_there(&folder.join(PENDING), MAX_SMALL_BYTES)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).or(Err(bad()))?;
    let (line, note) = text.split_once('\n').ok_or_else(bad)?;
    let checkpoint = Checkpoint::from_note(note, trusted).or(Err(bad()))?;
    match checkpoint.size.checked_sub(covered) {
        Some(0) => Ok(None),
        Some(1) => Ok(Some(Pending { line: line.to_owned(), note: note.to_owned(), checkpoint })),
        _ => Err(bad()),
    }
}

pub(super) fn tampered(what: String) -> LogError {
    LogError::Tampered(what)
}

/// An entry that does not follow from the one before; which of the two was changed shows in the next one.
struct Break {
    at: u64,
    hash: Sha256Digest,
    /// The tree as it would be had the entry before not been changed.
    if_before: Frontier,
}

struct Walk<'a> {
    covered: Option<Checkpoint>,
    older: Option<&'a Checkpoint>,
    each: &'a mut dyn FnMut(&str, &Head<'_>, Sha256Digest),
    tree: Frontier,
    /// The tree without its last entry.
    earlier: Frontier,
    last: Option<Sha256Digest>,
    last_at: Option<Instant>,
    latest_at: Option<Instant>,
    origin: Option<String>,
    bytes: u64,
    broken: Option<Break>,
    older_root: Option<Sha256Digest>,
}

impl<'a> Walk<'a> {
    fn new(
        covered: Option<Checkpoint>,
        older: Option<&'a Checkpoint>,
        each: &'a mut dyn FnMut(&str, &Head<'_>, Sha256Digest),
    ) -> Self {
        let older_root = older.filter(|c| c.size == 0).map(|_| Frontier::default().root());
        Self {
            covered,
            older,
            each,
            tree: Frontier::default(),
            earlier: Frontier::default(),
            last: None,
            last_at: None,
            latest_at: None,
            origin: None,
            bytes: 0,
            broken: None,
            older_root,
        }
    }

    /// Reads the lines that the checkpoint covers, and returns what stands behind them.
    fn read_lines(&mut self, entries: Option<File>) -> Result<Vec<u8>, LogError> {
        let covered = self.covered.as_ref().map_or(0, |c| c.size);
        let file: Box<dyn Read> =
            entries.map_or_else(|| Box::new(io::empty()) as _, |file| Box::new(file) as _);
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut line = Vec::new();
        while self.tree.size() < covered {
            line.clear();
            reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
            let Some((b'\n', entry)) = line.split_last() else { break };
            self.take(entry)?;
            self.bytes += line.len() as u64;
        }
        if self.tree.size() < covered {
            self.settle_break(None)?;
            let found = self.tree.size();
            return Err(tampered(format!(
                "it was cut off: entry {found} is missing or not whole, the checkpoint counts {covered} entries"
            )));
        }
        let mut rest = Vec::new();
        reader.take(MAX_SMALL_BYTES).read_to_end(&mut rest)?;
        Ok(rest)
    }

    fn take(&mut self, entry: &[u8]) -> Result<(), LogError> {
        let number = self.tree.size();
        let unreadable = || tampered(format!("entry {number} cannot be read"));
        let text = std::str::from_utf8(entry).or(Err(unreadable()))?;
        let head: Head<'_> = serde_json::from_str(text).or(Err(unreadable()))?;
        self.settle_break(head.prev)?;
        if head.seq != number {
            return Err(tampered(format!(
                "entry {number} is not in its place: entry {} stands there; the log was reordered, or an entry was taken \
                 out or put in",
                head.seq
            )));
        }
        let hash = leaf_hash(entry);
        if head.prev != self.last {
            let mut if_before = self.earlier.clone();
            if_before.push(head.prev.unwrap_or(hash));
            if_before.push(hash);
            self.broken = Some(Break { at: number, hash, if_before });
        }
        if number == 0 {
            self.origin = head.log.as_deref().map(origin_of);
        }
        (self.each)(text, &head, hash);
        self.earlier.clone_from(&self.tree);
        self.tree.push(hash);
        self.last = Some(hash);
        self.last_at = Some(head.at);
        self.latest_at = head.latest_at(self.latest_at);
        if self.older.is_some_and(|older| older.size == self.tree.size()) {
            self.older_root = Some(self.tree.root());
        }
        Ok(())
    }

    /// Tells which of two entries was changed that do not follow from one another: by what the next entry says, and
    /// where there is none, by the root that was signed.
    fn settle_break(&mut self, next_prev: Option<Sha256Digest>) -> Result<(), LogError> {
        let Some(Break { at, hash, if_before }) = self.broken.take() else { return Ok(()) };
        let before = at.saturating_sub(1);
        let is_before = match next_prev {
            Some(prev) => prev == hash,
            None => self.covered.as_ref().is_some_and(|covered| covered.root == if_before.root()),
        };
        Err(tampered(if is_before {
            format!("entry {before} was changed: entry {at} does not follow from it")
        } else {
            format!("entry {at} was changed: it does not follow from entry {before}")
        }))
    }

    fn finish(mut self, tail: &[u8], pending: Option<Pending>, note: String) -> Result<Scan, LogError> {
        self.settle_break(None)?;
        let covered_bytes = self.bytes;
        self.check_root()?;
        self.check_tail(tail, pending.as_ref())?;
        if let Some(pending) = &pending {
            self.take(pending.line.as_bytes())?;
            self.settle_break(None)?;
            if pending.checkpoint.root != self.tree.root()
                || Some(&pending.checkpoint.origin) != self.origin.as_ref()
            {
                return Err(tampered("the announcement of its next entry does not fit it".to_owned()));
            }
        }
        self.check_older()?;
        Ok(Scan {
            tree: self.tree,
            last: self.last,
            latest_at: self.latest_at,
            covered_bytes,
            origin: self.origin,
            pending,
            last_at: self.last_at,
            note,
        })
    }

    fn check_root(&self) -> Result<(), LogError> {
        let Some(covered) = &self.covered else { return Ok(()) };
        if self.origin.as_ref() != Some(&covered.origin) {
            return Err(tampered("entry 0 was changed: the checkpoint is of another log".to_owned()));
        }
        if covered.root != self.tree.root() {
            let last = covered.size.saturating_sub(1);
            return Err(tampered(format!(
                "entry {last} was changed, or all entries from an earlier one up to it were rewritten: they do not give the \
                 root that was signed"
            )));
        }
        Ok(())
    }

    /// What stands behind the covered entries may only be the beginning of the announced one.
    fn check_tail(&self, tail: &[u8], pending: Option<&Pending>) -> Result<(), LogError> {
        let announced = pending.map_or(String::new(), |pending| format!("{}\n", pending.line));
        if announced.as_bytes().starts_with(tail) {
            return Ok(());
        }
        Err(tampered(format!(
            "entry {} was added by something else: no checkpoint covers it",
            self.tree.size()
        )))
    }

    fn check_older(&self) -> Result<(), LogError> {
        let Some(older) = self.older else { return Ok(()) };
        let (size, found) = (older.size, self.tree.size());
        if self.origin.as_ref() != Some(&older.origin) {
            return Err(tampered("the given checkpoint is of another log".to_owned()));
        }
        if size > found {
            return Err(tampered(format!(
                "it was cut off: entry {found} is missing, the given checkpoint counts {size} entries"
            )));
        }
        if self.older_root != Some(older.root) {
            return Err(tampered(format!(
                "it forked before entry {size}: its first {size} entries are not those that the given checkpoint signed"
            )));
        }
        Ok(())
    }
}
