//! Why the state folder cannot be used, or a policy not be put in force.

use crate::keys::KeyError;
use crate::log::LogError;
use crate::sheet::InputError;

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Nothing says where it is.
    #[error(
        "no folder for the signing key and the audit log: set OBSCURA_STATE, XDG_STATE_HOME or HOME, or pass --state"
    )]
    NoFolder,
    /// It was never used.
    #[error("the state folder has not been used yet, so there is no signing key and no audit log in it")]
    Unused,
    /// What was named is something else.
    #[error("what was named as the state folder is no folder")]
    NotAFolder,
    /// Other accounts may look into it.
    #[error("other accounts may look into the state folder; `chmod 700` takes that away")]
    Exposed,
    /// The operating system refused.
    #[error("the state folder cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// A key cannot be used.
    #[error("the {which} in the state folder cannot be used: {source}")]
    Key {
        /// Which key.
        which: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Why a policy could not be put in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The file is no policy.
    #[error("the policy file cannot be used: {0}")]
    Policy(InputError),
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}
