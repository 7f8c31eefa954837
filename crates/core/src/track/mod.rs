//! From detections to masks: faces are followed over time, gaps are filled, and what is doubtful is held and widened.
//!
//! ```text
//!  push ─▶ cuts (2 frames behind) ─▶ sift ─▶ associate ─▶ tracks ─┐
//!                                                               ├─▶ masks of the oldest frame ─▶ pop_ready
//!  window of frames, `look_ahead` long ─────────────────────────┘
//! ```
//!
//! Masks are made when a frame leaves, from every sighting that is known by then: those of the look-ahead fill
//! gaps and hide a face before it was found for the first time.

mod associate;
mod cuts;
mod fill;
mod follower;
mod heads;
mod life;
mod motion;
mod report;
mod settings;
mod sift;
#[cfg(test)]
mod tests;
mod tracker;
mod trust;

pub use follower::{Follower, Looked, PERSON_KEEP_SCORE};
pub use report::{BesideReport, TrackReport};
pub use settings::{TrackSettings, TrackSettingsError};
pub use tracker::Observation;
#[cfg(test)]
pub use tracker::Tracker;

use crate::model::{EllipsePx, MaskArea, PointPx};

/// The mask over a turned rectangle, given as the ellipse that touches its sides.
fn area_of(rectangle: &EllipsePx) -> MaskArea {
    let (sin, cos) = rectangle.angle_rad.sin_cos();
    let corner = |(u, v): (f32, f32)| {
        let (across, along) = (u * rectangle.rx, v * rectangle.ry);
        PointPx { x: rectangle.cx + across * cos - along * sin, y: rectangle.cy + across * sin + along * cos }
    };
    MaskArea::Polygon([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(corner).to_vec())
}
