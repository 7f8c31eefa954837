//! What the checklist reads from a receipt, once its signature has been verified.

use std::path::Path;

use obscura_core::model::Sha256Digest;
use serde_json::Value;

use crate::dsse::Envelope;
use crate::durable;
use crate::keys::PublicKey;
use crate::receipt::PAYLOAD_TYPE;
use crate::state::State;
use crate::verify::{VerifyError, statement, verify};

/// Largest receipt that is read (bytes).
const MAX_BYTES: u64 = 16 << 20;
/// What a receipt's name ends in; before it stands the name of the derivative.
const SUFFIX: &str = ".receipt.json";

/// A file that is no receipt at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no receipt: {0}")]
pub struct ReceiptError(String);

/// A receipt as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptOnFile {
    /// A trusted key signed it, and the derivative beside it, where there is one, is the one that it was signed for.
    Verified(ReceiptFacts),
    /// It shows nothing; why, in one sentence.
    Unverified(String),
}

/// What a verified receipt says, as far as the checklist goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// Obligations with their status (`met` or `pending`).
    obligations: Vec<(String, String)>,
    /// Readable faces that the self-check found; `None` where the receipt does not say.
    pub(super) readable_faces: Option<usize>,
    /// Whether the derivative lay beside it and is the one that it was signed for.
    pub(super) has_derivative: bool,
}

impl ReceiptOnFile {
    /// Reads a receipt and verifies it: its signature by one of `keys`, that the log of `state` has it where that
    /// state's key signed, and digest and container of the derivative where that lies beside it.
    ///
    /// # Errors
    /// [`ReceiptError`] where the file cannot be read, or is no receipt, signed or not.
    pub fn read(path: &Path, keys: &[PublicKey], state: Option<&State>) -> Result<Self, ReceiptError> {
        let json = durable::read(path, MAX_BYTES).map_err(|e| ReceiptError(e.to_string()))?;
        let root: Value =
            serde_json::from_slice(&json).or(Err(ReceiptError("it is not valid JSON".to_owned())))?;
        if root.get("payload").is_none() {
            let is_plain = root.get("obligations").or_else(|| root.get("predicate")).is_some();
            let unsigned = || Self::Unverified("it is not signed".to_owned());
            return if is_plain { Ok(unsigned()) } else { Err(ReceiptError("it has no payload".to_owned())) };
        }
        let opened = Envelope::open(&json, PAYLOAD_TYPE, keys).and_then(|opened| {
            let (output, predicate) = statement(&opened.payload)?;
            Ok((output, opened.signed_by, predicate))
        });
        let (output, signed_by, predicate) = match opened {
            Ok(found) => found,
            Err(e) => return Ok(Self::Unverified(e.to_string())),
        };
        let derivative = path.to_str().and_then(|path| path.strip_suffix(SUFFIX)).map(Path::new);
        let derivative = derivative.filter(|derivative| derivative.exists());
        let own = state.filter(|state| state.public_key() == signed_by);
        let checked = match (derivative, own) {
            (Some(derivative), _) => verify(derivative, path, keys, state).map(drop),
            (None, Some(own)) => logged(own, Sha256Digest::of(&json), output),
            (None, None) => Ok(()),
        };
        if let Err(e) = checked {
            return Ok(Self::Unverified(e.to_string()));
        }
        Ok(ReceiptFacts::of(&predicate, derivative.is_some())
            .map_or_else(|| Self::Unverified("it lists no obligations".to_owned()), Self::Verified))
    }
}

/// That the log knows a receipt whose derivative is elsewhere.
fn logged(own: &State, receipt: Sha256Digest, output: Sha256Digest) -> Result<(), VerifyError> {
    own.look_up(receipt, output)?.entry.map(drop).ok_or(VerifyError::NotLogged)
}

impl ReceiptFacts {
    /// What a receipt says whose signature was verified.
    pub(super) fn of(predicate: &Value, has_derivative: bool) -> Option<Self> {
        let list = predicate.get("obligations").and_then(Value::as_array)?;
        let text =
            |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let faces = predicate.get("self_check").and_then(|check| check.get("residual_faces"));
        Some(Self {
            obligations: list.iter().map(|item| (text(item, "obligation"), text(item, "status"))).collect(),
            readable_faces: faces.and_then(Value::as_array).map(Vec::len),
            has_derivative,
        })
    }

    /// Whether there is an obligation of this kind, and every one of them is met.
    pub(super) fn is_met(&self, kind: &str) -> bool {
        let is_kind = |name: &str| name.split(':').next() == Some(kind);
        let mut of_kind = self.obligations.iter().filter(|(name, _)| is_kind(name)).peekable();
        of_kind.peek().is_some() && of_kind.all(|(_, status)| status == "met")
    }
}
