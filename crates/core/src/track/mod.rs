//! From detections to masks: faces are followed over time, gaps are filled, and what is doubtful is held and widened.
//!
//! ```text
//!  push ─▶ cuts (2 frames behind) ─▶ sift ─▶ associate ─▶ tracks ─┐
//!                                                               ├─▶ masks of the oldest frame ─▶ pop_ready
//!  window of frames, `look_ahead` long ─────────────────────────┘
//! ```
//!
//! Masks are made when a frame leaves, from every sighting that is known by then: those of the look-ahead fill
//! gaps and hide a face before it was found for the first time, and each mask is the mean of those around it in time.

mod associate;
mod border;
mod cuts;
mod fill;
mod follower;
mod heads;
mod jumps;
mod life;
mod matching;
mod motion;
mod movement;
mod prospects;
mod report;
mod settings;
mod sift;
mod steady;
#[cfg(test)]
mod tests;
mod tracker;
mod trust;

pub use follower::{Follower, Looked, PERSON_KEEP_SCORE};
pub use jumps::ShotEnds;
pub use prospects::{Prospect, Prospects};
pub use report::{BesideReport, TrackReport};
pub use settings::{TrackSettings, TrackSettingsError};
pub use tracker::Observation;
#[cfg(test)]
pub use tracker::Tracker;
