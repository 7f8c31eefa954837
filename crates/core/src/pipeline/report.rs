//! What a rendering and a self-check found out, as numbers that a receipt can carry.

use serde::Serialize;

use super::gauge::StageReport;
use crate::media::FinishedStreams;
use crate::model::{BoxPx, DurationNanos, PtsNanos};
use crate::track::TrackReport;
use crate::voice::ToneReport;

/// What a rendering did.
#[derive(Clone, Debug, Serialize)]
pub struct RenderReport {
    /// Container of the input.
    pub container: &'static str,
    /// Pictures that the container's index promises, where it does.
    pub frames_promised: Option<u64>,
    /// Pictures that were decoded.
    pub frames_in: u64,
    /// Pictures that were handed to the encoder.
    pub frames_out: u64,
    /// Pictures that the decoder reported as incomplete.
    pub frames_damaged: u64,
    /// Pictures of a live source that came too late to be searched, and were hidden whole.
    #[serde(skip_serializing_if = "is_none")]
    pub frames_late: u64,
    /// The recording was cut off, and that was accepted.
    pub truncated: bool,
    /// Width and height of the output in pixels.
    pub size_px: (usize, usize),
    /// Width and height of the decoded, upright input in pixels.
    pub source_size_px: (u32, u32),
    /// Presentation time of the first picture.
    pub first_pts: PtsNanos,
    /// From the first picture to the end of the last.
    pub picture_duration: DurationNanos,
    /// Tracks, holds and uncertain spans.
    pub tracks: TrackReport,
    /// Share of all luma samples that was hidden, 0..=1.
    pub hidden_share: f64,
    /// Masks that the self-check asked for in an earlier round.
    pub masks_from_self_check: u64,
    /// The sound, where there is any in the output.
    pub sound: Option<SoundReport>,
    /// What the input carried beyond one picture and one sound stream; none of it was copied.
    pub dropped_streams: Vec<&'static str>,
    /// What numbers the finder of faces was calculated in; none where a file said where faces are.
    pub detector_arithmetic: Option<&'static str>,
    /// What looked for faces: "cpu" or the GPU's name and driver; none where a file said where faces are.
    pub detection_device: Option<String>,
    /// What drew the masks: "cpu" or the GPU's name and driver.
    pub redaction_device: String,
    /// What each stage did and waited for.
    pub stages: Vec<StageReport>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The sound of the output.
#[derive(Clone, Debug, Serialize)]
pub struct SoundReport {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// Sample frames decoded, gaps filled.
    pub frames_in: u64,
    /// Sample frames handed to the encoder.
    pub frames_out: u64,
    /// Presentation time of the first sample.
    pub start: PtsNanos,
    /// What whoever uses this sound must know, where the chosen mode is a weak one.
    pub warning: Option<&'static str>,
    /// Share of the sound that was made silent, 0..=1; only with `mute`.
    pub muted_share: Option<f64>,
    /// Alarms and monitor tones; `None` where they were not looked for.
    pub alarms: Option<ToneReport>,
}

/// A face that the second detector still found in the finished file, outside every mask.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Residual {
    /// First picture.
    pub from: PtsNanos,
    /// Last picture.
    pub to: PtsNanos,
    /// Pictures in which it was found.
    pub frames: u32,
    /// The highest score.
    pub score: f32,
    /// Where it was last.
    #[serde(skip)]
    pub(super) bbox_px: BoxPx,
    /// When and where it was found.
    #[serde(skip)]
    pub(super) sightings: Vec<(PtsNanos, BoxPx)>,
    /// From when on it is to be hidden, and until when.
    #[serde(skip)]
    pub(super) hide_from: PtsNanos,
    #[serde(skip)]
    pub(super) hide_to: PtsNanos,
}

/// What reading back the finished file showed.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Tracks in the container; nothing outside the allow-list was found.
    pub streams: FinishedStreams,
    /// Pictures in the finished file.
    pub frames: u64,
    /// The largest difference of a picture's presentation time from the input's.
    pub worst_pts_error: DurationNanos,
    /// How far the sound's start is from the input's.
    pub sound_start_error: Option<DurationNanos>,
    /// How far the sound's length is from the input's.
    pub sound_length_error: Option<DurationNanos>,
    /// Detector that searched the finished pictures.
    pub detector: String,
    /// Pictures that it searched.
    pub frames_searched: u64,
    /// Faces that it found outside every mask.
    pub residual_faces: Vec<Residual>,
    /// What each stage of the check did and waited for.
    pub stages: Vec<StageReport>,
}
