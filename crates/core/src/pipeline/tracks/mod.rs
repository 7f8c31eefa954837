//! What was found in a recording as a file of its own: written by an analysis, read or edited by people, rendered from.

mod contact;
mod file;
mod gather;
mod lines;
mod script;
#[cfg(test)]
mod testing;

pub use file::{
    AnalysisSettings, MAX_TRACKS_BYTES, TRACKS_FORMAT, TrackBox, TrackEntry, TrackFile, TracksError,
    WholeFrames,
};
pub use script::ChosenTracks;

pub(super) use contact::ContactSheet;
pub(super) use gather::{Gathered, run as gather};
pub(super) use script::Script;
