//! Keys of people: what the log calls a person can be led back to them only with a key that is theirs alone.
//!
//! A person's reference is HMAC-SHA256 of their pseudonym under a random key in a file of its own. Destroying the file
//! cuts the reference loose: the log still verifies, and nobody can tell any more whom it meant. The file's name is an
//! HMAC as well, so that the folder names nobody.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use obscura_core::model::Sha256Digest;
use sha2::Sha256;

use crate::durable;
use crate::keys::{KeyError, random};

/// The key that names the files.
const INDEX: &str = "index.key";
/// A key file holds 64 digits and a line end.
const MAX_BYTES: u64 = 256;

/// What a key is overwritten with. Earlier versions wrote the digit zero.
const DESTROYED: [u8; 64] = [b'0'; 64];

/// The folder of keys. Whoever makes or destroys one holds the lock of the log.
#[derive(Debug)]
pub(crate) struct Subjects {
    folder: PathBuf,
}

/// What stands for a person in one decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    /// In the log.
    pub(crate) reference: Sha256Digest,
    /// In the digest of the decision, which can be worked out again only as long as the key is there.
    pub(crate) seal: Sha256Digest,
}

impl Subjects {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes the folder and the key that names the files.
    pub(crate) fn begin(&self) -> Result<(), KeyError> {
        durable::make_folder(&self.folder)?;
        read_or_make(&self.folder.join(INDEX))?;
        Ok(())
    }

    /// What stands for a person; a new one gets a key.
    pub(crate) fn person(&self, id: &str, decided: Sha256Digest) -> Result<Person, KeyError> {
        let key = read_or_make(&self.file_of(id)?)?;
        let digest = |parts: &[&[u8]]| mac(&key, parts);
        Ok(Person {
            reference: digest(&[b"reference", id.as_bytes()]),
            seal: digest(&[b"decision", decided.as_bytes()]),
        })
    }

    /// Destroys the key of a person and returns what the log called them; `None` where there is none. The content is
    /// overwritten first; what a disk or a backup keeps besides is beyond a program's reach.
    pub(crate) fn forget(&self, id: &str) -> Result<Option<Sha256Digest>, KeyError> {
        let path = self.file_of(id)?;
        let Some(key) = read_key(&path)? else { return Ok(None) };
        let reference = mac(&key, &[b"reference", id.as_bytes()]);
        let mut file = File::options().write(true).open(&path)?;
        // No key is read from it: where the file stays behind, killed before it is removed, it is as if it were gone.
        file.write_all(&DESTROYED)?;
        file.sync_all()?;
        std::fs::remove_file(&path)?;
        durable::sync_folder(&self.folder)?;
        Ok(Some(reference))
    }

    fn file_of(&self, id: &str) -> Result<PathBuf, KeyError> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the index key is missing");
        let index = read_key(&self.folder.join(INDEX))?.ok_or_else(missing)?;
        Ok(self.folder.join(format!("{}.key", mac(&index, &[b"file", id.as_bytes()]))))
    }
}

fn read_key(path: &Path) -> Result<Option<[u8; 32]>, KeyError> {
    let Some(bytes) = durable::read_if_there(path, MAX_BYTES)? else { return Ok(None) };
    if bytes.starts_with(&DESTROYED) {
        return Ok(None);
    }
    let text = std::str::from_utf8(&bytes).or(Err(KeyError::NotAKey))?;
    Ok(Some(*text.trim().parse::<Sha256Digest>().or(Err(KeyError::NotAKey))?.as_bytes()))
}

fn read_or_make(path: &Path) -> Result<[u8; 32], KeyError> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let key = random()?;
    durable::replace(path, format!("{}\n", Sha256Digest::from(key)).as_bytes())?;
    Ok(key)
}

/// HMAC-SHA256 over parts, each with its length, so that no two lists of parts give the same input.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Sha256Digest {
    // HMAC fills a key up with zeros to the length of a block.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut hmac = Hmac::<Sha256>::new(&block);
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    Sha256Digest::from(<[u8; 32]>::from(hmac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_person_comes_back_as_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let subjects = Subjects::at(folder.path().join("subjects"));
        subjects.begin().unwrap();
        let decided = Sha256Digest::of(b"facts");
        let of = |id: &str| subjects.person(id, decided).unwrap();
        let (p1, p2) = (of("p1"), of("p2"));
        assert_eq!(of("p1").reference, p1.reference);
        assert!(p1.reference != p2.reference && p1.seal != p2.seal && p1.seal != p1.reference);
        assert_eq!(subjects.forget("p1").unwrap(), Some(p1.reference));
        assert_eq!(subjects.forget("p1").unwrap(), None);
        assert_ne!(of("p1").reference, p1.reference);
        assert_eq!(of("p2").reference, p2.reference);
        // Killed between overwriting and removing it.
        std::fs::write(subjects.file_of("p2").unwrap(), DESTROYED).unwrap();
        assert_eq!(subjects.forget("p2").unwrap(), None);
        assert_ne!(of("p2").reference, p2.reference);
        let names: Vec<_> = std::fs::read_dir(folder.path().join("subjects")).unwrap().collect();
        assert_eq!(names.len(), 3);
        assert!(names.into_iter().all(|name| !name.unwrap().file_name().to_string_lossy().contains("p1")));
    }
}
