//! DSSE envelopes: content, its type, and signatures over both (Dead Simple Signing Envelope, version 1.0).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use obscura_core::model::Sha256Digest;
use serde::{Deserialize, Serialize};

use crate::keys::{PublicKey, Signer};

/// Nobody signs a receipt or a policy more often.
const MAX_SIGNATURES: usize = 16;

/// Why the content of an envelope is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no envelope, or holds something else.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// Nobody who is trusted signed it.
    #[error("it is signed with a key that is not trusted here ({0})")]
    UnknownKey(String),
    /// A signature that should be a trusted key's is not.
    #[error("its signature does not verify: it was changed after it was signed")]
    BadSignature,
}

/// An envelope as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct EnvelopeSignature {
    keyid: String,
    sig: String,
}

/// Content with a signature that was checked.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) payload: Vec<u8>,
    pub(crate) signed_by: PublicKey,
}

impl Envelope {
    /// Signs content of this type.
    pub(crate) fn seal(payload_type: &str, payload: &[u8], signer: &Signer) -> Self {
        let sig = STANDARD.encode(signer.sign(&authenticated(payload_type, payload)));
        Self {
            payload_type: payload_type.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![EnvelopeSignature { keyid: signer.public().id().to_string(), sig }],
        }
    }

    /// The envelope as a file.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads an envelope and returns its content, which one of `trusted` signed.
    ///
    /// # Errors
    /// [`EnvelopeError`]; the content is then not to be looked at.
    pub(crate) fn open(
        json: &[u8],
        payload_type: &str,
        trusted: &[PublicKey],
    ) -> Result<Opened, EnvelopeError> {
        let malformed = |what: &str| EnvelopeError::Malformed(what.to_owned());
        let envelope: Self = serde_json::from_slice(json).map_err(|e| {
            EnvelopeError::Malformed(format!("no envelope (line {}, column {})", e.line(), e.column()))
        })?;
        if envelope.payload_type != payload_type {
            return Err(malformed("its content is of another type"));
        }
        let payload = STANDARD.decode(&envelope.payload).or(Err(malformed("its content is no base64")))?;
        if envelope.signatures.is_empty() || envelope.signatures.len() > MAX_SIGNATURES {
            return Err(malformed("it has no signature, or too many"));
        }
        let signed = authenticated(payload_type, &payload);
        let mut bad = false;
        for signature in &envelope.signatures {
            let Some(key) = trusted.iter().find(|key| key.id().to_string() == signature.keyid) else {
                continue;
            };
            let bytes = STANDARD.decode(&signature.sig).or(Err(malformed("a signature is no base64")))?;
            if key.verifies(&signed, &bytes) {
                return Ok(Opened { payload, signed_by: key.clone() });
            }
            bad = true;
        }
        let first = envelope.signatures.first().map_or("", |signature| signature.keyid.as_str());
        // What a stranger wrote is repeated only where it has the form of a key's name.
        let name = first
            .parse::<Sha256Digest>()
            .map_or_else(|_| "no usable name".to_owned(), |id| format!("key {id}"));
        Err(if bad { EnvelopeError::BadSignature } else { EnvelopeError::UnknownKey(name) })
    }
}

/// What is signed: type and content with their lengths, so that neither can be taken for the other (`PAE` of DSSE).
fn authenticated(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "http://example.com/HelloWorld";

    fn signer(folder: &tempfile::TempDir, name: &str) -> Signer {
        Signer::read_or_make(&folder.path().join(name)).unwrap()
    }

    #[test]
    fn what_is_signed_is_that_of_the_specification() {
        assert_eq!(
            authenticated(TYPE, b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn only_a_trusted_key_over_the_very_content_opens() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, other) = (signer(&folder, "mine"), signer(&folder, "other"));
        let json = Envelope::seal(TYPE, b"content", &mine).to_json().unwrap();
        let trusted = [other.public(), mine.public()];
        let opened = Envelope::open(&json, TYPE, &trusted).unwrap();
        assert_eq!((opened.payload.as_slice(), opened.signed_by), (&b"content"[..], mine.public()));
        let stranger = Envelope::open(&json, TYPE, &[other.public()]).unwrap_err();
        assert_eq!(stranger, EnvelopeError::UnknownKey(format!("key {}", mine.public().id())));
        let text = String::from_utf8(json).unwrap();
        let changed = text.replace(&STANDARD.encode("content"), &STANDARD.encode("contemt"));
        assert_eq!(
            Envelope::open(changed.as_bytes(), TYPE, &trusted).unwrap_err(),
            EnvelopeError::BadSignature
        );
        let is_malformed = |json: &str, kind: &str| {
            matches!(Envelope::open(json.as_bytes(), kind, &trusted), Err(EnvelopeError::Malformed(_)))
        };
        assert!(is_malformed(&text, "another/type"));
        assert!(is_malformed("{", TYPE) && is_malformed("[]", TYPE) && is_malformed("", TYPE));
    }
}
