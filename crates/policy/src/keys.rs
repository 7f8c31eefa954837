//! Ed25519 keys: the one that signs here, and those whose signatures are believed.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use obscura_core::model::Sha256Digest;

use crate::durable;

/// What stands before the 32 bytes of a public key in its DER form (RFC 8410, `SubjectPublicKeyInfo`).
const PUBLIC_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 32 bytes of a private key in its DER form (RFC 8410, `PrivateKeyInfo`).
const PRIVATE_DER: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// Key files are far smaller.
const MAX_BYTES: u64 = 4096;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The operating system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The text is no key of this kind.
    #[error("it is no Ed25519 key: a PEM file (`-----BEGIN PUBLIC KEY-----`) or 64 hexadecimal digits")]
    NotAKey,
    /// It is the half that signs.
    #[error(
        "it is a private key, which nobody but the program that signs may have; `signing-key.pub.pem` beside it is meant"
    )]
    Private,
    /// Others than its owner may read a private key.
    #[error("other accounts may read it; `chmod 600` takes that away")]
    Exposed,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

/// A public key whose signatures may be checked.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a public key: PEM, or 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] for anything else, and for keys under which forgery is easy.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = match text.trim().parse::<Sha256Digest>() {
            Ok(digits) => *digits.as_bytes(),
            Err(_) if text.contains("PRIVATE KEY-----") => return Err(KeyError::Private),
            Err(_) => pem_body(text, "PUBLIC KEY", &PUBLIC_DER).ok_or(KeyError::NotAKey)?,
        };
        let key = VerifyingKey::from_bytes(&bytes).or(Err(KeyError::NotAKey))?;
        if key.is_weak() { Err(KeyError::NotAKey) } else { Ok(Self(key)) }
    }

    /// Reads a public key from a file.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = durable::read(path, MAX_BYTES)?;
        Self::parse(std::str::from_utf8(&bytes).or(Err(KeyError::NotAKey))?)
    }

    /// The key as a PEM file.
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &PUBLIC_DER, self.0.as_bytes())
    }

    /// Name of the key in signatures: SHA-256 of its DER form.
    pub fn id(&self) -> Sha256Digest {
        Sha256Digest::of(&[&PUBLIC_DER[..], self.0.as_bytes()].concat())
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`, by the strict rules (no malleable or weak ones).
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// The private key of this state folder. It is wiped from memory when it is dropped.
pub(crate) struct Signer(SigningKey);

impl Signer {
    /// Reads the key, or makes it where there is none. Whoever calls holds the lock of the state folder.
    pub(crate) fn read_or_make(path: &Path) -> Result<Self, KeyError> {
        match Self::read(path) {
            Err(KeyError::Io(e)) if e.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            other => other,
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self, KeyError> {
        use std::os::unix::fs::PermissionsExt;
        let bytes = durable::read(path, MAX_BYTES)?;
        if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Exposed);
        }
        let text = std::str::from_utf8(&bytes).or(Err(KeyError::NotAKey))?;
        let seed = pem_body(text, "PRIVATE KEY", &PRIVATE_DER).ok_or(KeyError::NotAKey)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    fn make(path: &Path) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(&random()?);
        durable::replace(path, pem("PRIVATE KEY", &PRIVATE_DER, key.as_bytes()).as_bytes())?;
        Ok(Self(key))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public().id())
    }
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).or(Err(KeyError::NoRandomness))?;
    Ok(bytes)
}

/// 32 bytes need no more than one line.
fn pem(label: &str, prefix: &[u8], key: &[u8; 32]) -> String {
    let body = STANDARD.encode([prefix, key].concat());
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn pem_body(text: &str, label: &str, prefix: &[u8]) -> Option<[u8; 32]> {
    let text = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let text = text.strip_suffix(&format!("-----END {label}-----"))?;
    let body: String = text.split_whitespace().collect();
    STANDARD.decode(body).ok()?.strip_prefix(prefix)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file_and_signs_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = Signer::read_or_make(&path).unwrap();
        let read = Signer::read_or_make(&path).unwrap();
        assert_eq!(made.public(), read.public());
        assert_eq!(made.sign(b"x"), read.sign(b"x"), "Ed25519 is deterministic");
        assert!(read.public().verifies(b"x", &made.sign(b"x")));
        assert!(!read.public().verifies(b"y", &made.sign(b"x")));
        let public = made.public();
        assert_eq!(PublicKey::parse(&public.pem()).unwrap(), public);
        let hex = Sha256Digest::from(*public.as_bytes()).to_string();
        assert_eq!(PublicKey::parse(&format!(" {hex}\n")).unwrap(), public);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Signer::read_or_make(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Signer::read_or_make(&path), Err(KeyError::Exposed)));
    }

    #[test]
    fn the_public_key_of_rfc_8410_is_read_and_other_text_is_not() {
        let text = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                    -----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::parse(text).unwrap().pem(), text);
        for bad in ["", "no key", &"0".repeat(64), &text.replace("MCow", "MCox")] {
            assert!(matches!(PublicKey::parse(bad), Err(KeyError::NotAKey)), "{bad}");
        }
        assert!(matches!(PublicKey::parse(&text.replace("PUBLIC", "PRIVATE")), Err(KeyError::Private)));
    }
}
