//! What detection finds and what redaction hides.

use serde::{Deserialize, Serialize};

use super::{EllipsePx, PtsNanos};

/// A face that a detector reports in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// The face itself, without any margin, in frame pixels.
    pub ellipse: EllipsePx,
    /// Confidence of the detector, 0..=1.
    pub score: f32,
}

/// Number of a track, unique within a recording and meaningless outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u32);

/// Where the place of a mask comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskSource {
    /// A detector found the face in this very frame.
    Detected,
    /// Interpolated between two frames in which it was found.
    Filled,
    /// Carried before the first or behind the last frame in which it was found, and widened.
    Held,
    /// The whole frame, because something about it could not be resolved.
    WholeFrame,
}

/// The part of a picture that a mask covers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskArea {
    /// A turned ellipse, margin included.
    Ellipse(EllipsePx),
    /// Everything.
    WholeFrame,
}

/// One area of one frame that must be made unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// The track that it belongs to; surfaces are held steady per track.
    pub track: TrackId,
    /// What it covers.
    pub area: MaskArea,
    /// Why it is there.
    pub source: MaskSource,
}

/// All masks of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameMasks {
    /// The frame's position in decode output order.
    pub seq: u64,
    /// The frame's presentation time.
    pub pts: PtsNanos,
    /// In a fixed order: whoever draws them draws them in this order.
    pub masks: Vec<Mask>,
}
