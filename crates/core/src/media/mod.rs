//! Media in, media out: containers, decoding, encoding, and the allow-list of the finished file.

mod address;
mod bitrate;
mod boxes;
mod branches;
mod chain;
mod channels;
mod clean;
mod components;
mod damage;
mod demux;
mod edits;
mod encoder;
mod error;
mod finished;
mod hardware;
mod index;
mod index_edit;
mod index_mp4;
mod index_other;
mod input;
mod life;
mod live;
mod nal;
mod pace;
mod picture;
mod plugs;
mod sound;
mod time_line;
mod writer;

pub use address::Address;
pub use bitrate::{Goal, Material, goal};
pub use clean::{Placement, SoundPlacement, rebuild_index};
pub use components::{Component, list_components, load_plugins};
pub use encoder::x264_parameters;
pub use error::MediaError;
pub use finished::{FinishedStreams, check_container};
pub use input::{InputFile, OpenError};
pub use picture::{PictureFormat, PictureSource};
pub use sound::{SoundSource, SoundSpec};
pub use writer::{PictureInput, SoundInput, Writer, WriterSettings};

/// Starts the media framework; safe to call more than once.
///
/// # Errors
/// [`MediaError::Framework`] where `GStreamer` cannot start.
pub fn start_framework() -> Result<(), MediaError> {
    gstreamer::init().map_err(|e| MediaError::Framework(e.message().to_owned()))?;
    damage::listen();
    Ok(())
}
