//! Plain types that the stages share: time, geometry, frames, masks, plans. No stage, no I/O, no foreign types.

mod choices;
mod digest;
mod frame;
mod geometry;
mod looks;
mod mask;
mod plan;
mod region;
mod time;

pub use choices::{
    Alarms, Arithmetic, Bitrate, Device, FaceStyle, Heads, Hide, MuteWith, OnUncertain, Search, Speed, Text,
    UnknownWord, VideoCodec, VoiceMode,
};
pub use digest::{Sha256Digest, hash_reader};
pub use frame::{ColorMatrix, Colorimetry, Frame, FramePool, FrameSize, PlaneMut, PlaneRef};
pub use geometry::{BoxPx, EllipsePx};
pub use looks::{Beside, Searched, Shown, WholeLooks};
pub use mask::{
    Detection, FrameMasks, MAX_POLYGON_POINTS, Mask, MaskArea, MaskSource, PointPx, TrackId, TrackKind,
    UncertainReason, UncertainSpan,
};
pub use plan::{MAX_MARGIN_PERCENT, Plan};
pub use region::{NotARegion, NotASpan, Region, RegionUse, TimeSpan};
pub use time::{DurationNanos, PtsNanos};
