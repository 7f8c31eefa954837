//! Signed checkpoints: how many entries a log has and the root over them, as a note that can be kept anywhere.
//!
//! The form is that of C2SP `tlog-checkpoint` and `signed-note`: origin, size and root on a line each, an empty line,
//! and a line with the signature of the log's key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use obscura_core::model::Sha256Digest;

use crate::keys::{PublicKey, Signer};

/// Larger notes are none of ours.
const MAX_BYTES: usize = 16 << 10;
/// What begins a line with a signature.
const SIGNATURE: &str = "\u{2014} ";
/// The kind of key in the short name of a signature: Ed25519.
const ED25519: u8 = 0x01;

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It has another form.
    #[error("it is no checkpoint: origin, size, root, an empty line and a signature are wanted")]
    Malformed,
    /// No trusted key signed it.
    #[error("no key that is trusted here signed it")]
    NotSigned,
}

/// What a log was like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Name of the log.
    pub(crate) origin: String,
    /// Number of entries.
    pub(crate) size: u64,
    /// RFC 6962 root over them.
    pub(crate) root: Sha256Digest,
}

impl Checkpoint {
    /// The signed note.
    pub(crate) fn to_note(&self, signer: &Signer) -> String {
        let text = self.text();
        let key = signer.public();
        let signature = [&key_hash(&self.origin, &key)[..], &signer.sign(text.as_bytes())].concat();
        format!("{text}\n{SIGNATURE}{} {}\n", self.origin, STANDARD.encode(signature))
    }

    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Reads a note that one of `trusted` signed.
    ///
    /// # Errors
    /// [`CheckpointError`] where it has another form, or nobody who is trusted signed it.
    pub(crate) fn from_note(note: &str, trusted: &[PublicKey]) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        if note.len() > MAX_BYTES {
            return Err(malformed);
        }
        let (text, signatures) = note.split_once("\n\n").ok_or(malformed)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed);
        };
        let root: [u8; 32] = STANDARD.decode(root).ok().and_then(|r| r.try_into().ok()).ok_or(malformed)?;
        let root = Sha256Digest::from(root);
        let found = Self { origin: origin.to_owned(), size: size.parse().or(Err(malformed))?, root };
        // Written again and compared: of two ways to write a number, one is not ours.
        if found.text() != format!("{text}\n") || origin.is_empty() || origin.contains([' ', '+']) {
            return Err(malformed);
        }
        let signed = signatures.lines().any(|line| found.is_signed_by(line, trusted));
        if signed { Ok(found) } else { Err(CheckpointError::NotSigned) }
    }

    fn is_signed_by(&self, line: &str, trusted: &[PublicKey]) -> bool {
        let parts = line.strip_prefix(SIGNATURE).and_then(|rest| rest.split_once(' '));
        let Some((name, signature)) = parts.filter(|(name, _)| *name == self.origin) else { return false };
        let Ok(bytes) = STANDARD.decode(signature) else { return false };
        let Some((hash, signature)) = bytes.split_at_checked(4) else { return false };
        trusted
            .iter()
            .filter(|key| key_hash(name, key) == hash)
            .any(|key| key.verifies(self.text().as_bytes(), signature))
    }
}

/// The short name of a key in a signed note.
fn key_hash(name: &str, key: &PublicKey) -> [u8; 4] {
    let digest = Sha256Digest::of(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()].concat());
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_and_any_change_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::read_or_make(&folder.path().join("key")).unwrap();
        let other = Signer::read_or_make(&folder.path().join("other")).unwrap().public();
        let root = Sha256Digest::of(b"root");
        let checkpoint = Checkpoint { origin: "example.invalid/log/1".to_owned(), size: 7, root };
        let note = checkpoint.to_note(&signer);
        let trusted = [other.clone(), signer.public()];
        assert_eq!(Checkpoint::from_note(&note, &trusted), Ok(checkpoint));
        assert_eq!(Checkpoint::from_note(&note, &[other]), Err(CheckpointError::NotSigned));
        assert_eq!(
            Checkpoint::from_note(&note.replace("\n7\n", "\n8\n"), &trusted),
            Err(CheckpointError::NotSigned)
        );
        for bad in [
            note.replace("\n7\n", "\n07\n"),
            note.replace("\n\n", "\n"),
            String::new(),
            "a\n1\n\n".to_owned(),
        ] {
            assert_eq!(Checkpoint::from_note(&bad, &trusted), Err(CheckpointError::Malformed), "{bad}");
        }
    }
}
