//! What can go wrong in a task: what happened, and a second line that says what to do.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Where a newcomer reads on when a task does not know better.
const SEE_HELP: &str = "`cargo xtask help` lists the tasks";

/// A failed task.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("the repository root was not found")]
    NoRoot,
    #[error("no folder to put models and libraries in: neither OBSCURA_HOME, XDG_DATA_HOME nor HOME is set")]
    NoHome,
    #[error("{action} {path}: {source}", path = path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("models/manifest.toml does not say what is needed: {0}")]
    Manifest(String),
    #[error("`{program}` could not be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: ExitStatus },
    #[error("{what}")]
    Check { what: String, help: String },
    #[error("system packages are missing: {}", missing.join(" "))]
    PackagesMissing { missing: Vec<String>, commands: Vec<String> },
    #[error("this is not a Debian system, and these are not there: {}", missing.join(", "))]
    NotDebian { missing: Vec<&'static str>, wanted: Vec<&'static str>, home: PathBuf },
    #[error("no ONNX Runtime is listed for this machine ({target})")]
    NoLibrary { target: String, home: PathBuf },
    #[error("{package} could not be fetched: {reason}")]
    Fetch { package: String, reason: String, by_hand: String },
    #[error("{what} is not what models/manifest.toml expects: expected {expected}, found {found}")]
    Digest { what: String, expected: String, found: String },
    #[error("{0}")]
    Cargo(String),
}

impl Error {
    /// Wraps an I/O error with what was being done to which file.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// What to do about it, in one or more lines.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::Usage(_) => SEE_HELP.to_owned(),
            Self::NoRoot => "run it as `cargo xtask` inside the repository".to_owned(),
            Self::NoHome => "set OBSCURA_HOME to a folder that you may write to".to_owned(),
            Self::Check { help, .. } => help.clone(),
            Self::PackagesMissing { commands, .. } => {
                format!("run these as root, then try again:\n  {}", commands.join("\n  "))
            }
            Self::NotDebian { wanted, home, .. } => format!(
                "install what your system calls these (Debian's names):\n  {}\nthen try again: models and ONNX \
                 Runtime go to models/ and lib/ in {}",
                wanted.join(" "),
                home.display()
            ),
            Self::NoLibrary { home, .. } => {
                format!("put a libonnxruntime of the version in models/manifest.toml into {}", home.display())
            }
            Self::Fetch { by_hand, .. } => by_hand.clone(),
            Self::Digest { .. } => {
                "the download was deleted; try again, and if it stays so, do not use the file: it was \
                                    changed on its way or at its source"
                    .to_owned()
            }
            Self::Start { program, .. } => format!("is {program} installed and on the PATH?"),
            Self::Manifest(_) | Self::File { .. } | Self::Failed { .. } | Self::Cargo(_) => return None,
        })
    }

    /// The exit code: 2 for usage, 7 for the environment (the same codes as `obscura`), 1 for the rest.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NoHome
            | Self::Start { .. }
            | Self::PackagesMissing { .. }
            | Self::NotDebian { .. }
            | Self::NoLibrary { .. }
            | Self::Fetch { .. }
            | Self::Digest { .. } => 7,
            _ => 1,
        }
    }
}
