//! What can go wrong between a file and its pictures and sound, in words that name no path and no person.

use crate::model::PtsNanos;

/// An error of the media stage. The caller decides which file it is about; the text never names one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The input is not something that can be de-identified as it is.
    #[error("{0}")]
    Unusable(String),
    /// The recording stops before its own index says so.
    #[error("the recording is cut off: {}", describe_cut(*.picture_ends))]
    CutOff {
        /// Where the picture ends, where that can be told.
        picture_ends: Option<PtsNanos>,
    },
    /// A plug-in that this input or this output needs is not installed.
    #[error("{what} is missing on this machine")]
    MissingPlugin {
        /// The plug-in or decoder, in `GStreamer`'s words.
        what: String,
    },
    /// No encoder in hardware is here, or none that takes its settings.
    #[error("a usable H.264 encoder in hardware is missing on this machine")]
    NoHardwareEncoder,
    /// The output could not be written.
    #[error("the output cannot be written: {0}")]
    Output(String),
    /// The finished file holds something outside the allow-list.
    #[error("the finished file holds something that is not on the allow-list: {0}")]
    NotAllowed(String),
    /// The media framework failed in a way that has no better name.
    #[error("the media framework failed: {0}")]
    Framework(String),
    /// The run was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

fn describe_cut(picture_ends: Option<PtsNanos>) -> String {
    match picture_ends {
        Some(at) => format!("the picture ends at {at} although the index promises more"),
        None => "the file ends inside a block that its own index says is longer".to_owned(),
    }
}

impl From<gstreamer::glib::BoolError> for MediaError {
    fn from(error: gstreamer::glib::BoolError) -> Self {
        Self::Framework(error.message.into_owned())
    }
}

impl From<gstreamer::StateChangeError> for MediaError {
    fn from(_: gstreamer::StateChangeError) -> Self {
        Self::Framework("a pipeline did not start".to_owned())
    }
}
