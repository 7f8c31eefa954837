//! The state folder: the signing key, the signed policy, the audit log, and the keys of people.
//!
//! | file | what it is |
//! |---|---|
//! | `signing-key.pem` | Ed25519 private key, made at first use, for its owner alone |
//! | `signing-key.pub.pem` | the public half, to hand to those who verify |
//! | `trusted/*.pem` | public keys of other places whose receipts are believed |
//! | `policy.toml`, `policy.toml.dsse.json` | the policy and its signature |
//! | `audit/` | the log, its checkpoint |
//! | `subjects/` | one key a person |
//! | `ready` | the folder was made completely; from then on nothing in it is ever made anew in silence |

mod error;
mod subjects;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use obscura_core::model::Sha256Digest;
use serde_json::Value;

use crate::durable::{self, Lock};
use crate::keys::{KeyError, PublicKey, Signer};
use crate::log::{self, Audit, Event, Known, Log, LogError};
use crate::policy_file::{self, Installed, Policy};
use crate::rules::Instant;
pub use error::{InstallError, StateError};
pub(crate) use subjects::{Person, Subjects};

const KEY: &str = "signing-key.pem";
const PUBLIC_KEY: &str = "signing-key.pub.pem";
const TRUSTED: &str = "trusted";
const AUDIT: &str = "audit";
const SUBJECTS: &str = "subjects";
const READY: &str = "ready";
const LOCK: &str = "lock";
/// More trusted keys than this are a mistake.
const MAX_TRUSTED: usize = 1000;

/// What becomes of a wish to take the clock as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockAnswer {
    /// The log is not ahead of the clock, so there is nothing to accept.
    NotAhead,
    /// The log is ahead: its latest time is this one, and it was not repeated.
    Ahead(Instant),
    /// It is written down, and from now on earlier times do not count.
    Accepted,
}

/// An opened state folder.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    signer: Signer,
    trusted: Vec<PublicKey>,
}

impl State {
    /// Where the folder is: what was asked for, else `OBSCURA_STATE`, else `obscura` in the XDG folder for state.
    ///
    /// # Errors
    /// [`StateError::NoFolder`] where nothing says so.
    pub fn place(asked_for: Option<&Path>) -> Result<PathBuf, StateError> {
        let variable = |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        if let Some(folder) = asked_for {
            return Ok(folder.to_owned());
        }
        if let Some(folder) = variable("OBSCURA_STATE") {
            return Ok(PathBuf::from(folder));
        }
        let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
        let base =
            variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
        Ok(base.ok_or(StateError::NoFolder)?.join("obscura"))
    }

    /// Opens the folder; where it was never used, makes it with a signing key, the default policy and a log. Returns
    /// whether it did.
    ///
    /// # Errors
    /// [`StateError`], each with a sentence for the user.
    pub fn open(folder: &Path, now: Instant) -> Result<(Self, bool), StateError> {
        check_is_folder(folder)?;
        let is_new = !folder.join(READY).is_file();
        if is_new {
            durable::make_folder(folder)?;
            close_if_empty(folder)?;
            check_owner_alone(folder)?;
            Self::make(folder, now)?;
        }
        Ok((Self::existing(folder)?, is_new))
    }

    /// Opens a folder that was used before, and changes nothing.
    ///
    /// # Errors
    /// [`StateError::Unused`] where it was not; other [`StateError`]s where it cannot be used.
    pub fn existing(folder: &Path) -> Result<Self, StateError> {
        check_is_folder(folder)?;
        if !folder.join(READY).is_file() {
            return Err(StateError::Unused);
        }
        check_owner_alone(folder)?;
        let signer = Signer::read(&folder.join(KEY)).map_err(key_error("signing key"))?;
        let trusted = [vec![signer.public()], read_trusted(folder)?].concat();
        Ok(Self { folder: folder.to_owned(), signer, trusted })
    }

    /// Every step may be repeated, so that a first use that was killed is finished by the next one. Once `ready` is
    /// there, a file that is missing was taken away, and is not made again.
    fn make(folder: &Path, now: Instant) -> Result<(), StateError> {
        let _lock = Lock::wait_for(&folder.join(LOCK))?;
        if folder.join(READY).is_file() {
            return Ok(());
        }
        let signer = Signer::read_or_make(&folder.join(KEY)).map_err(key_error("signing key"))?;
        durable::replace(&folder.join(PUBLIC_KEY), signer.public().pem().as_bytes())?;
        durable::make_folder(&folder.join(TRUSTED))?;
        Subjects::at(folder.join(SUBJECTS)).begin().map_err(key_error("index key"))?;
        // A policy that somebody put here beforehand stays as it is, and waits to be signed.
        if !policy_file::exists(folder)
            && let Ok(default) = policy_file::candidate(folder, &[], policy_file::DEFAULT)
        {
            default.sign(&signer)?;
        }
        Log::begin(&folder.join(AUDIT), &signer, now)?;
        durable::replace(&folder.join(READY), b"obscura-state/1\n")?;
        Ok(())
    }

    /// The key that signs here.
    pub fn public_key(&self) -> PublicKey {
        self.signer.public()
    }

    /// The keys that somebody put into a folder that was not used yet. They are believed as they would be afterwards: who
    /// only receives files never decides anything.
    ///
    /// # Errors
    /// [`StateError`] where one cannot be read, or other accounts may look into the folder.
    pub fn trusted_before_use(folder: &Path) -> Result<Vec<PublicKey>, StateError> {
        if folder.join(TRUSTED).is_dir() {
            check_owner_alone(folder)?;
        }
        read_trusted(folder)
    }

    /// The keys whose signatures are believed, the own one first.
    pub fn trusted_keys(&self) -> &[PublicKey] {
        &self.trusted
    }

    /// The policy as it is now. Only the own key may have signed it: whoever's receipts are believed does not rule
    /// here.
    pub fn policy(&self) -> Policy {
        policy_file::load(&self.folder, &self.own_key())
    }

    /// Checks a policy, shows what it changes, and, unless `only_look`, signs it and puts it in force. The log has it
    /// first.
    ///
    /// # Errors
    /// [`InstallError`] where the text is no policy, or the folder cannot be written.
    pub fn install_policy(
        &self,
        text: &str,
        only_look: bool,
        now: Instant,
    ) -> Result<Installed, InstallError> {
        // With the log in hand, no decision falls between the two files.
        let mut log = self.log().map_err(StateError::from)?;
        let candidate =
            policy_file::candidate(&self.folder, &self.own_key(), text).map_err(InstallError::Policy)?;
        let (new, old) = (candidate.change.sha256, candidate.change.previous_sha256);
        if only_look || candidate.change.was_in_force {
            return Ok(candidate.change);
        }
        log.append(&Event::PolicyInstalled { policy_sha256: new, previous_sha256: old }, now)
            .map_err(StateError::from)?;
        Ok(candidate.sign(&self.signer).map_err(StateError::from)?)
    }

    /// Takes the clock as right although the log has entries of a later time, which deny every use (R28-CLOCK).
    /// `latest_at` is that later time, as a person repeated it; the log has who did so.
    ///
    /// # Errors
    /// [`StateError`] where the log cannot be used.
    pub fn accept_clock(
        &self,
        latest_at: Option<Instant>,
        actor: &str,
        now: Instant,
    ) -> Result<ClockAnswer, StateError> {
        let mut log = self.log()?;
        let skew_s = self.policy().config.max_clock_skew_s;
        let Some(found) = log.latest_at().filter(|latest| *latest > now.plus_seconds(skew_s)) else {
            return Ok(ClockAnswer::NotAhead);
        };
        if latest_at != Some(found) {
            return Ok(ClockAnswer::Ahead(found));
        }
        let actor =
            self.subjects().person(actor, Sha256Digest::of(b"")).map_err(key_error("key of a person"))?;
        log.append(&Event::ClockAccepted { latest_at: found, actor: actor.reference }, now)?;
        Ok(ClockAnswer::Accepted)
    }

    /// Destroys the key of a person, so that what the log says about them leads to nobody. Returns whether there was
    /// one.
    ///
    /// # Errors
    /// [`StateError`] where the key or the log cannot be written.
    pub fn forget_subject(&self, id: &str, now: Instant) -> Result<bool, StateError> {
        let mut log = self.log()?;
        let forgotten = self.subjects().forget(id).map_err(key_error("key of a person"))?;
        let Some(subject) = forgotten else { return Ok(false) };
        log.append(&Event::SubjectForgotten { subject }, now)?;
        Ok(true)
    }

    /// Reads the whole log; see [`log::audit`]. The log is signed with the own key alone.
    ///
    /// # Errors
    /// [`LogError`] with a sentence that names the entry.
    pub fn audit(&self, older_checkpoint: Option<&str>) -> Result<Audit, LogError> {
        log::audit(&self.audit_folder(), &self.own_key(), older_checkpoint, &mut |_| ())
    }

    /// The whole log with its checkpoint as one JSON document.
    ///
    /// # Errors
    /// [`LogError`] where the log is not in order.
    pub fn export_log(&self) -> Result<Value, LogError> {
        log::export(&self.audit_folder(), &self.own_key())
    }

    pub(crate) fn look_up(&self, receipt: Sha256Digest, output: Sha256Digest) -> Result<Known, LogError> {
        log::look_up(&self.audit_folder(), &self.own_key(), receipt, output)
    }

    /// The log, for this process alone until it is dropped.
    pub(crate) fn log(&self) -> Result<Log<'_>, LogError> {
        Log::open(&self.audit_folder(), &self.signer, &self.own_key())
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    pub(crate) fn subjects(&self) -> Subjects {
        Subjects::at(self.folder.join(SUBJECTS))
    }

    fn own_key(&self) -> [PublicKey; 1] {
        [self.signer.public()]
    }

    fn audit_folder(&self) -> PathBuf {
        self.folder.join(AUDIT)
    }
}

pub(crate) fn key_error(which: &'static str) -> impl Fn(KeyError) -> StateError {
    move |source| StateError::Key { which, source }
}

/// A folder that was made for this purpose, but is open to others, is closed to them. One that holds anything is not
/// touched.
fn close_if_empty(folder: &Path) -> Result<(), StateError> {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::read_dir(folder)?.next().is_none() {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Refuses what is there and no folder.
fn check_is_folder(folder: &Path) -> Result<(), StateError> {
    if folder.exists() && !folder.is_dir() { Err(StateError::NotAFolder) } else { Ok(()) }
}

fn check_owner_alone(folder: &Path) -> Result<(), StateError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 != 0 { Err(StateError::Exposed) } else { Ok(()) }
}

/// The keys of the folder `trusted` in the order of their names.
fn read_trusted(folder: &Path) -> Result<Vec<PublicKey>, StateError> {
    let mut keys = Vec::new();
    let entries = match std::fs::read_dir(folder.join(TRUSTED)) {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>()?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e.into()),
    };
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pem"));
    paths.sort();
    for path in paths.iter().take(MAX_TRUSTED) {
        keys.push(PublicKey::read(path).map_err(key_error("trusted key"))?);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
