//! What can stop a rendering, and which kind of failure it is for whoever called.

use crate::detect::DetectError;
use crate::media::{MediaError, OpenError};
use crate::model::PtsNanos;
use crate::redact::RedactError;
use crate::track::TrackSettingsError;
use crate::voice::VoiceError;

use super::assets::AssetError;
use super::output::OutputError;
use super::tracks::TracksError;

/// Why a rendering stopped. Nothing that was written so far keeps a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The input cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Decoding, encoding or the container.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The detector; without it no frame is safe.
    #[error("the face detector failed: {0}")]
    Detect(#[from] DetectError),
    /// The drawing of masks.
    #[error("hiding faces failed: {0}")]
    Redact(#[from] RedactError),
    /// Settings of tracking outside their range.
    #[error(transparent)]
    Track(#[from] TrackSettingsError),
    /// The disguise of the sound.
    #[error("disguising the sound failed: {0}")]
    Voice(#[from] VoiceError),
    /// A model or library is missing or is not the one that was measured.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The output file.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// `--on-uncertain stop` and a face that could not be followed.
    #[error(
        "a face could not be followed, or a person had no visible face, and --on-uncertain says to stop there (places: {spans}, \
         the first at {first})"
    )]
    Uncertain {
        /// Number of places.
        spans: usize,
        /// Where the first one begins.
        first: PtsNanos,
    },
    /// The last rendering that is allowed still shows what may be faces.
    #[error(
        "the self-check refused the finished file: faces may still be readable after {renderings} renderings: {faces} of them, the \
         first at {first}"
    )]
    StillReadable {
        /// How many.
        faces: usize,
        /// Where the first is seen.
        first: PtsNanos,
        /// How often it was tried to hide them.
        renderings: u32,
    },
    /// The finished file is not what it should be.
    #[error("the self-check refused the finished file: {0}")]
    SelfCheck(String),
    /// The file of tracks does not fit.
    #[error(transparent)]
    Tracks(#[from] TracksError),
    /// A part of the recording that a person named is none of it, so nothing would be hidden there.
    #[error("{name} {why}: nothing would be hidden there")]
    OutOfReach {
        /// What names it: an option, or a place in the file of tracks.
        name: String,
        /// Where it lies instead.
        why: String,
    },
    /// An analysis found more than a file of tracks can hold.
    #[error("there are more than {limit} places with faces; analyse the recording in parts")]
    TooManyBoxes {
        /// What a file can hold.
        limit: usize,
    },
    /// The contact sheet could not be made.
    #[error("the contact sheet cannot be made: {0}")]
    ContactSheet(String),
    /// A thread could not be started or died.
    #[error("the worker `{0}` could not go on")]
    Worker(&'static str),
    /// Frames came out of order: a mask would lie on the wrong picture.
    #[error("frames and masks are out of step at frame {seq}")]
    OutOfStep {
        /// The frame that was expected.
        seq: u64,
    },
}

/// Kinds of failure that a caller treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The recording cannot be used as it is.
    Input,
    /// The result is refused.
    Refused,
    /// What was asked for does not fit the recording.
    Settings,
    /// Something is missing on this machine.
    Environment,
    /// The user stopped the run.
    Interrupted,
    /// The target cannot be written.
    Target,
    /// Anything else.
    Internal,
}

impl EngineError {
    /// The kind of this failure.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Open(OpenError::Media(media)) | Self::Media(media) => match media {
                MediaError::Unusable(_) | MediaError::CutOff { .. } => FailureKind::Input,
                MediaError::MissingPlugin { .. } | MediaError::NoHardwareEncoder => FailureKind::Environment,
                MediaError::NotAllowed(_) => FailureKind::Refused,
                MediaError::Interrupted => FailureKind::Interrupted,
                MediaError::Output(_) => FailureKind::Target,
                MediaError::Framework(_) => FailureKind::Internal,
            },
            Self::Open(_) | Self::Tracks(_) | Self::TooManyBoxes { .. } => FailureKind::Input,
            Self::Redact(RedactError::Gpu(gpu)) | Self::Detect(DetectError::Gpu(gpu))
                if gpu.is_of_the_machine() =>
            {
                FailureKind::Environment
            }
            Self::Asset(_) => FailureKind::Environment,
            Self::OutOfReach { .. } => FailureKind::Settings,
            Self::Uncertain { .. } | Self::StillReadable { .. } | Self::SelfCheck(_) => FailureKind::Refused,
            Self::Output(_) => FailureKind::Target,
            _ => FailureKind::Internal,
        }
    }
}
