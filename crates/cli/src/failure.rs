//! What a user sees when something goes wrong: one sentence, one line on what to do, one exit code.

use std::fmt;

use obscura_policy::media::{AssetError, EngineError, FailureKind, MediaError, OpenError, OutputError};
use obscura_policy::{EnvelopeError, GateError, InstallError, LogError, StateError, VerifyError};

/// The exit codes, fixed by the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Other = 1,
    Usage = 2,
    Denied = 3,
    NeedsApproval = 4,
    Input = 5,
    Refused = 6,
    Environment = 7,
    Interrupted = 8,
}

/// A failure on its way to the user.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// What is wrong with a consent sheet, one sentence each.
    pub(crate) faults: Vec<String>,
}

impl miette::Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None, faults: Vec::new() }
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

const SET_UP: &str =
    "run `obscura doctor` to see what is missing; `cargo xtask setup` in the source folder installs it";

const HIDE_MORE: &str = "nothing was written; draw a --region over the place, hide more with --margin (in `analyze` where --tracks is \
                         given), or hide whole pictures with --on-uncertain blur-frame";

/// A GPU or an encoder that is not there is none of what set-up installs.
const GPU: &str = "`obscura doctor` lists the graphics adapters; --device cpu does without";
const NO_ENCODER: &str = "--codec x264 needs none; the drivers of a GPU and GStreamer's plug-in for it (nvcodec, va or qsv) bring one";
const READABLE: &str = "give this account read access to the folder of OBSCURA_HOME, else ~/.local/share/obscura, and to what lies in it";

const GO_ON: &str = "nothing was written; look at these places and draw a --region over them, or let --on-uncertain widen or blur-frame hide \
                     more there; --heads hide hides people without a visible face";

impl From<AssetError> for Failure {
    fn from(error: AssetError) -> Self {
        let help = match &error {
            error if error.is_of_the_gpu() => GPU,
            AssetError::Unreadable { .. } => READABLE,
            _ => SET_UP,
        };
        Self::new(Exit::Environment, error.to_string()).with_help(help)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let message = format!("the recording cannot be used: {error}");
        let failure = Self::new(Exit::Input, message);
        match error {
            OpenError::Io(io) if io.kind() == std::io::ErrorKind::NotFound => {
                failure.with_help("check the name of the recording")
            }
            OpenError::Io(io) if io.kind() == std::io::ErrorKind::PermissionDenied => {
                failure.with_help("ask for read access to the recording, or run under an account that has it")
            }
            _ => failure,
        }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let exit = match error {
            OutputError::NoFolder | OutputError::Exists | OutputError::NotAFile => Exit::Usage,
            _ => Exit::Other,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let kind = error.kind();
        let message = error.to_string();
        match (kind, error) {
            (_, EngineError::Open(open)) => open.into(),
            (_, EngineError::Output(output)) => output.into(),
            (FailureKind::Input, EngineError::Media(MediaError::CutOff { .. })) => {
                Self::new(Exit::Input, format!("the recording cannot be used: {message}")).with_help(
                    "copy it again from the camera; --allow-truncated keeps the part up to the cut",
                )
            }
            (_, EngineError::Tracks(_)) => Self::new(Exit::Input, message)
                .with_help("`obscura analyze` makes one from the recording that it is for"),
            (FailureKind::Settings, _) => Self::new(Exit::Usage, message).with_help(
                "write the part again or leave it out; times are seconds of the recording, places pixels of its upright picture",
            ),
            (FailureKind::Input, _) => {
                Self::new(Exit::Input, format!("the recording cannot be used: {message}"))
            }
            (_, EngineError::Uncertain { .. }) => Self::new(Exit::Refused, message).with_help(GO_ON),
            (_, EngineError::StillReadable { .. }) => Self::new(Exit::Refused, message).with_help(HIDE_MORE),
            (FailureKind::Refused, _) => Self::new(Exit::Refused, message).with_help(
                "nothing was written; try another --codec, and report the sentence above: this is a fault of the program",
            ),
            (_, EngineError::Asset(asset)) => asset.into(),
            (FailureKind::Environment, EngineError::Redact(_) | EngineError::Detect(_)) => {
                Self::new(Exit::Environment, message).with_help(GPU)
            }
            (_, EngineError::Media(MediaError::NoHardwareEncoder)) => {
                Self::new(Exit::Environment, message).with_help(NO_ENCODER)
            }
            (FailureKind::Environment, _) => Self::new(Exit::Environment, message).with_help(SET_UP),
            (FailureKind::Interrupted, _) => Self::new(Exit::Interrupted, "interrupted; nothing was written"),
            _ => Self::new(Exit::Other, message),
        }
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        let message = error.to_string();
        match error {
            GateError::Engine(engine) => engine.into(),
            GateError::Output(output) => output.into(),
            GateError::Evidence(_) => Self::new(Exit::Refused, message),
            GateError::NotCovered
            | GateError::Overtaken(_)
            | GateError::TermsChanged
            | GateError::SheetGone => Self::new(Exit::Denied, message)
                .with_help("nothing was written; run `obscura check` for the reasons"),
            GateError::Log(log) => log.into(),
            GateError::State(state) => state.into(),
            _ => Self::new(Exit::Other, message),
        }
    }
}

/// No log, no permit.
impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let message = error.to_string();
        match error {
            LogError::Missing | LogError::Tampered(_) => {
                Self::new(Exit::Denied, format!("denied: {message}, and nothing is allowed without it"))
                    .with_help("`obscura audit verify` looks at the log; call whoever is responsible for it")
            }
            _ => Self::new(Exit::Environment, message),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let message = error.to_string();
        match error {
            StateError::Log(log) => log.into(),
            StateError::NotAFolder => {
                Self::new(Exit::Usage, message).with_help("check the name behind --state or in OBSCURA_STATE")
            }
            StateError::Unused => Self::new(Exit::Usage, message).with_help(
                "name the folder with --state or OBSCURA_STATE; the first `redact` or `check` makes one",
            ),
            StateError::Io(_) => Self::new(Exit::Environment, message).with_help(
                "this account has to own the folder of --state or OBSCURA_STATE, else ~/.local/state/obscura; name another, or \
                 run as the account whose it is",
            ),
            _ => Self::new(Exit::Environment, message),
        }
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        let message = error.to_string();
        match error {
            InstallError::State(state) => state.into(),
            _ => Self::new(Exit::Usage, message).with_help("nothing was signed; correct the file"),
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let message = error.to_string();
        match error {
            VerifyError::Output(why) if why.kind() == std::io::ErrorKind::PermissionDenied => {
                Self::new(Exit::Usage, message)
                    .with_help("ask for read access to the output, or run under an account that has it")
            }
            VerifyError::Output(_) => {
                Self::new(Exit::Usage, message).with_help("check the name of the output")
            }
            VerifyError::Log(log) => Self::of_audit(log),
            VerifyError::Envelope(EnvelopeError::UnknownKey(_)) => {
                Self::new(Exit::Refused, format!("not verified: {message}")).with_help(
                    "do not use this file unless the place that made it has given you its public key: name that with --key, or \
                     keep it in the folder `trusted` of the state folder",
                )
            }
            VerifyError::NoReceipt => Self::new(Exit::Refused, format!("not verified: {message}")).with_help(
                "ask whoever made it for OUT.receipt.json and put it beside the file, or name it with --receipt",
            ),
            _ => {
                Self::new(Exit::Refused, format!("not verified: {message}")).with_help("do not use this file")
            }
        }
    }
}

impl Failure {
    /// A log that was only looked at.
    pub(crate) fn of_audit(error: LogError) -> Self {
        match error {
            LogError::Missing | LogError::Tampered(_) => Self::new(Exit::Refused, error.to_string())
                .with_help("call whoever is responsible for the log"),
            LogError::NoCheckpoint(_) => Self::new(Exit::Usage, error.to_string()).with_help(
                "give a copy of the file `audit/checkpoint` of the state folder, or what `obscura audit export` printed",
            ),
            other => other.into(),
        }
    }
}
