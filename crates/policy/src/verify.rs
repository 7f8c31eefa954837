//! Verifying an output: its receipt's signature, its digest, its container, and the audit log's word for it.

use std::io::{self, BufReader};
use std::path::Path;

use obscura_core::engine::{FinishedStreams, MediaError, check_container};
use obscura_core::model::{Sha256Digest, UncertainSpan, hash_reader};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dsse::{Envelope, EnvelopeError};
use crate::durable;
use crate::keys::PublicKey;
use crate::log::LogError;
use crate::receipt::{PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, Statement};
use crate::state::State;

/// No receipt is larger.
const MAX_RECEIPT_BYTES: u64 = 64 << 20;

/// Why an output is not what its receipt says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The output cannot be read.
    #[error("the output cannot be read: {0}")]
    Output(io::Error),
    /// There is no receipt.
    #[error("no receipt found: nothing can be said about this file")]
    NoReceipt,
    /// The receipt cannot be read.
    #[error("the receipt cannot be read: {0}")]
    Receipt(io::Error),
    /// The receipt is not believed.
    #[error("the receipt cannot be believed: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The receipt was made for another file.
    #[error(
        "the output is not the file that the receipt was made for: {how} (the output's sha256 is {found}, the receipt's is {signed})"
    )]
    OtherOutput {
        /// What is known about how that came.
        how: &'static str,
        /// Digest of the output.
        found: Sha256Digest,
        /// Digest that was signed.
        signed: Sha256Digest,
    },
    /// The container holds what it must not.
    #[error("the output's container is not as it was made: {0}")]
    Container(#[from] MediaError),
    /// The log does not know the receipt.
    #[error("the audit log has no entry for this receipt, although the key of this state folder signed it")]
    NotLogged,
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What was verified.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// Digest of the output, which is the one that was signed.
    pub output_sha256: Sha256Digest,
    /// Digest of the receipt.
    pub receipt_sha256: Sha256Digest,
    /// Id of the key that signed.
    pub signed_by: Sha256Digest,
    /// Tracks in the container; nothing outside the allow-list was found.
    pub streams: FinishedStreams,
    /// Entry of the audit log, where the key of the state folder at hand signed.
    pub log_entry: Option<u64>,
    /// Readable faces that the self-check found before the output got its name, as the receipt says. They are not
    /// searched for again: without the masks, a detector cannot tell a hidden face from an open one.
    pub residual_faces_at_self_check: Option<usize>,
    /// Tracks whose faces were left open because people agreed to be seen, as the receipt says.
    pub tracks_left_open: u64,
    /// The recording was cut off, and the output ends where it does, as the receipt says.
    pub source_was_cut: bool,
    /// What a person should look at first, as the receipt says.
    pub uncertain: Vec<UncertainSpan>,
}

/// Verifies an output against its receipt. `keys` are those that are believed; `state`, where there is one, is asked
/// for the log's word.
///
/// # Errors
/// [`VerifyError`]: one sentence for the first thing that is wrong.
pub fn verify(
    output: &Path,
    receipt: &Path,
    keys: &[PublicKey],
    state: Option<&State>,
) -> Result<Verified, VerifyError> {
    let file = durable::open_regular(output).map_err(VerifyError::Output)?;
    let json = durable::read(receipt, MAX_RECEIPT_BYTES).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => VerifyError::NoReceipt,
        _ => VerifyError::Receipt(e),
    })?;
    let receipt_sha256 = Sha256Digest::of(&json);
    let opened = Envelope::open(&json, PAYLOAD_TYPE, keys)?;
    let (signed, predicate) = statement(&opened.payload)?;
    let (found, _) = hash_reader(BufReader::new(&file)).map_err(VerifyError::Output)?;
    let own = state.filter(|state| state.public_key() == opened.signed_by);
    let known = own.map(|state| state.look_up(receipt_sha256, found)).transpose();
    if found != signed {
        let elsewhere = known.ok().flatten().is_some_and(|known| known.output_elsewhere);
        let how = if elsewhere {
            "the receipt is that of another output"
        } else {
            "the output was changed, or the receipt is that of another output"
        };
        return Err(VerifyError::OtherOutput { how, found, signed });
    }
    let streams = check_container(&file)?;
    let log_entry = match known? {
        Some(known) => Some(known.entry.ok_or(VerifyError::NotLogged)?),
        None => None,
    };
    let residual = predicate.get("self_check").and_then(|check| check.get("residual_faces"));
    let left_open = predicate.pointer("/tracks/clear").and_then(Value::as_u64);
    let was_cut = predicate.pointer("/render/truncated").and_then(Value::as_bool);
    let spans = predicate.pointer("/render/tracks/uncertain").and_then(|spans| Vec::deserialize(spans).ok());
    Ok(Verified {
        output_sha256: found,
        receipt_sha256,
        signed_by: opened.signed_by.id(),
        streams,
        log_entry,
        residual_faces_at_self_check: residual.and_then(Value::as_array).map(Vec::len),
        tracks_left_open: left_open.unwrap_or(0),
        source_was_cut: was_cut.unwrap_or(false),
        uncertain: spans.unwrap_or_default(),
    })
}

/// The digest that was signed, and what was said about it.
pub(crate) fn statement(payload: &[u8]) -> Result<(Sha256Digest, Value), EnvelopeError> {
    let malformed = |what: &str| EnvelopeError::Malformed(what.to_owned());
    let statement: Statement<Value> =
        serde_json::from_slice(payload).or(Err(malformed("it holds no in-toto statement")))?;
    if statement.kind != STATEMENT_TYPE || statement.predicate_type != PREDICATE_TYPE {
        return Err(malformed("it is a statement of another kind"));
    }
    match statement.subject.as_slice() {
        [subject] => Ok((subject.digest.sha256, statement.predicate)),
        _ => Err(malformed("it is not about exactly one file")),
    }
}
