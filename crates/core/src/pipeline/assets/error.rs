//! Why a model or library cannot be used, and what does without it.

use super::{PEOPLE, TEXT};
use crate::detect::DetectError;
use crate::model::Sha256Digest;

/// Why a model or library cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The file is not there.
    #[error("the {kind} `{name}` is not installed")]
    Missing {
        /// "model" or "library".
        kind: &'static str,
        /// Its name in the manifest.
        name: String,
    },
    /// The file is there and cannot be read.
    #[error("the {kind} `{name}` is installed, but cannot be read: {why}")]
    Unreadable {
        /// "model" or "library".
        kind: &'static str,
        /// Its name in the manifest.
        name: String,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// A model that only some plans need is not there.
    #[error("the model `{name}`, which finds {what}, is not installed; `{instead}` does without it")]
    MissingFor {
        /// Its name in the manifest.
        name: String,
        /// What it finds.
        what: &'static str,
        /// The option that does without.
        instead: &'static str,
    },
    /// The file is there but is another one.
    #[error(
        "the {kind} `{name}` is not the file that was measured: its sha256 is {found} instead of {expected}"
    )]
    Digest {
        /// "model" or "library".
        kind: &'static str,
        /// Its name in the manifest.
        name: String,
        /// What the manifest says.
        expected: Sha256Digest,
        /// What the file has.
        found: Sha256Digest,
    },
    /// The compiled-in manifest lacks an entry for this machine.
    #[error("there is no {kind} `{name}` for this kind of machine")]
    NotListed {
        /// "model" or "library".
        kind: &'static str,
        /// What was looked for.
        name: String,
    },
    /// Neither a home folder nor a variable that names one.
    #[error("no folder for models: set OBSCURA_HOME, XDG_DATA_HOME or HOME")]
    NoHome,
    /// ONNX Runtime does not load.
    #[error(transparent)]
    Runtime(#[from] DetectError),
}

impl AssetError {
    /// A file that the operating system does not hand over.
    pub(super) fn of_io(kind: &'static str, name: &str, why: std::io::Error) -> Self {
        let name = name.to_owned();
        match why.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { kind, name },
            _ => Self::Unreadable { kind, name, why },
        }
    }

    /// Whether nothing is wrong but with the GPU that was asked for.
    pub fn is_of_the_gpu(&self) -> bool {
        matches!(self, Self::Runtime(DetectError::Gpu(_)))
    }

    pub(in crate::pipeline) fn without_people() -> Self {
        let (what, instead) = ("people without a visible face", "--heads off and no --bodies");
        Self::MissingFor { name: PEOPLE[0].to_owned(), what, instead }
    }

    pub(in crate::pipeline) fn without_text() -> Self {
        Self::MissingFor { name: TEXT.to_owned(), what: "text", instead: "--text off" }
    }
}
