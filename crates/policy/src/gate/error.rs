//! Why the gate gives no answer, or why what it permitted produced nothing.

use obscura_core::engine::{EngineError, FailureKind, OutputError};

use crate::evidence::MissingEvidence;
use crate::log::LogError;
use crate::rules::Decision;
use crate::state::StateError;

/// Why there is no answer, or why a permitted rendering produced nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// The rendering itself failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The permit was issued for something else, or too long ago.
    #[error("the permit does not cover this recording, this way of hiding, and this moment")]
    NotCovered,
    /// Settings hide too little, and nobody accepted that.
    #[error("the settings are weaker than what was measured to hide a face: {0}")]
    Weak(String),
    /// The decision changed while the recording was rendered.
    #[error("the decision changed while the recording was rendered")]
    Overtaken(Box<Decision>),
    /// Still permitted, but on other terms.
    #[error(
        "the policy, the place of the result or the end of the consent changed while the recording was rendered"
    )]
    TermsChanged,
    /// The sheet could not be read again before the result was named.
    #[error("the consent sheet cannot be read any more, so the decision cannot be confirmed")]
    SheetGone,
    /// An obligation is not shown to have been met.
    #[error(transparent)]
    Evidence(#[from] MissingEvidence),
    /// The receipt could not be written.
    #[error("the receipt cannot be written: {0}")]
    Receipt(String),
    /// The output could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The decision cannot be written down, so nothing may follow from it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl GateError {
    /// One word for the log.
    pub(super) fn in_a_word(&self) -> &'static str {
        match self {
            Self::Engine(error) => match error.kind() {
                FailureKind::Input => "input",
                FailureKind::Refused => "self_check",
                FailureKind::Settings => "settings",
                FailureKind::Environment => "environment",
                FailureKind::Interrupted => "interrupted",
                FailureKind::Target => "output",
                FailureKind::Internal => "internal",
            },
            Self::Weak(_) => "settings",
            Self::NotCovered | Self::Overtaken(_) | Self::TermsChanged | Self::SheetGone => "decision",
            Self::Evidence(_) => "evidence",
            Self::Receipt(_) | Self::Output(_) => "output",
            Self::Log(_) | Self::State(_) => "state",
        }
    }
}
