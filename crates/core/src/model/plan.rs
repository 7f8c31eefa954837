//! The settings of one rendering, each with its range and its default.

use serde::{Deserialize, Serialize};

use super::choices::{
    Alarms, Arithmetic, Bitrate, Device, FaceStyle, Heads, Hide, MuteWith, OnUncertain, Search, Speed, Text,
    VideoCodec, VoiceMode,
};
use super::{DurationNanos, Region, TimeSpan};

/// The largest margin around a face, in percent of its size.
pub const MAX_MARGIN_PERCENT: u8 = 200;

/// Below this margin a face recogniser names more of the people behind masks than a guess does, or too little of a face
/// is covered: `cargo xtask quality reid` measures it, `benches/RESULTS.md` has the table. With 15, who has a
/// gallery that is hidden the same way names .36, and from the mean of twelve pictures .44 (a guess: .19); nothing between
/// that and the default was measured.
pub const WEAK_BELOW_MARGIN_PERCENT: u8 = 30;

/// Everything that decides what one rendering does; the receipt repeats it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// How faces are hidden.
    pub faces: FaceStyle,
    /// Whose faces are hidden.
    pub hide: Hide,
    /// In which directions faces are looked for.
    pub search: Search,
    /// How much larger than the face its mask is, in percent of width and height, 0..=[`MAX_MARGIN_PERCENT`]: the mask
    /// is the ellipse with the area of the face's box enlarged by this much.
    pub margin_percent: u8,
    /// What happens to the sound.
    pub voice: VoiceMode,
    /// What stands where `mute` takes speech out.
    pub mute_with: MuteWith,
    /// What happens to alarms and monitor tones.
    pub alarms: Alarms,
    /// What happens where a face could not be followed.
    pub on_uncertain: OnUncertain,
    /// What a person drew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
    /// Encoder effort.
    pub speed: Speed,
    /// Output codec.
    pub codec: VideoCodec,
    /// Encoder quality that was asked for: constant rate factor, 0 (best) to 51; x264's scale. Without any, it follows
    /// from `speed`, `codec` and `bitrate`.
    pub quality: Option<u8>,
    /// How large the output may become; heeded by x264, and by hardware where it is to stay as large.
    pub bitrate: Bitrate,
    /// Where redaction runs.
    pub device: Device,
    /// How far the pipeline looks ahead of the frame that it draws.
    pub look_ahead: DurationNanos,
    /// Longest side of the detector's input in pixels, a multiple of 32.
    pub detector_side_px: u16,
    /// What numbers the finder of faces is calculated in.
    pub arithmetic: Arithmetic,
    /// What happens to people without a visible face.
    pub heads: Heads,
    /// What happens to text.
    pub text: Text,
    /// When people are hidden from head to foot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<TimeSpan>,
    /// Accept a recording that was cut off, up to the cut.
    pub allow_truncated: bool,
    /// Accept settings that hide less than what was measured to be enough.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accept_weak: bool,
    /// Text of the visible watermark; empty for none.
    pub watermark: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            faces: FaceStyle::Blur,
            hide: Hide::All,
            search: Search::Turned,
            margin_percent: 30,
            voice: VoiceMode::Disguise,
            mute_with: MuteWith::Silence,
            alarms: Alarms::List,
            on_uncertain: OnUncertain::Widen,
            regions: Vec::new(),
            speed: Speed::Balanced,
            codec: VideoCodec::X264,
            quality: None,
            bitrate: Bitrate::Near,
            device: Device::Auto,
            look_ahead: DurationNanos::from_millis(1000),
            detector_side_px: Search::Turned.detector_side_px(),
            arithmetic: Arithmetic::Auto,
            heads: Heads::Flag,
            text: Text::Off,
            bodies: Vec::new(),
            allow_truncated: false,
            accept_weak: false,
            watermark: String::new(),
        }
    }
}

impl Plan {
    /// A plan that searches in this way, with the detector's input that belongs to it; the rest as by default.
    #[must_use]
    pub fn searching(search: Search) -> Self {
        Self { search, detector_side_px: search.detector_side_px(), ..Self::default() }
    }

    /// People are looked for.
    pub fn needs_people(&self) -> bool {
        self.heads != Heads::Off || !self.bodies.is_empty()
    }

    /// Something that a detector finds beside faces is hidden.
    pub fn hides_beside_faces(&self) -> bool {
        self.heads == Heads::Hide || !self.bodies.is_empty() || self.text == Text::Mask
    }

    /// The settings that hide less than what was measured to be enough and that nobody accepted, in words; `None` where
    /// there is nothing to accept.
    #[must_use]
    pub fn unaccepted_weakness(&self) -> Option<String> {
        let weak = self.weak_settings();
        (!weak.is_empty() && !self.accept_weak).then(|| weak.join("; "))
    }

    /// The settings that hide less than what was measured to be enough, in words.
    #[must_use]
    pub fn weak_settings(&self) -> Vec<String> {
        let margin = self.margin_percent;
        let is_weak = margin < WEAK_BELOW_MARGIN_PERCENT;
        let words = || format!("a margin of {margin} %, which is below {WEAK_BELOW_MARGIN_PERCENT}");
        is_weak.then(words).into_iter().collect()
    }
}
