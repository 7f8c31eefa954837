//! A small file of tracks for tests.

use super::file::{AnalysisSettings, TRACKS_FORMAT, TrackBox, TrackEntry, TrackFile};
use crate::model::{
    DurationNanos, EllipsePx, Heads, MaskSource, OnUncertain, PtsNanos, Search, Sha256Digest, Text, TrackId,
    TrackKind,
};

/// One track that is detected in each of `frames` pictures, 40 ms apart.
pub(super) fn file_of(frames: u64) -> TrackFile {
    let ellipse = EllipsePx { cx: 50.0, cy: 40.0, rx: 10.0, ry: 14.0, angle_rad: 0.0 };
    let place = |frame| TrackBox { frame, ellipse, source: MaskSource::Detected, score: Some(0.9) };
    TrackFile {
        format: TRACKS_FORMAT.to_owned(),
        source_sha256: Sha256Digest::of(b"a recording"),
        size_px: (100, 80),
        settings: AnalysisSettings {
            version: "0".to_owned(),
            model: "a model".to_owned(),
            model_sha256: Sha256Digest::of(b"a model"),
            search: Search::Turned,
            detector_side_px: 640,
            arithmetic: "float32".to_owned(),
            margin_percent: 30,
            look_ahead: DurationNanos::from_millis(1000),
            on_uncertain: OnUncertain::Widen,
            heads: Heads::Flag,
            text: Text::Off,
            bodies: Vec::new(),
        },
        pts_nanos: (0..frames).map(|n| PtsNanos(n * 40_000_000)).collect(),
        tracks: vec![TrackEntry {
            id: TrackId(1),
            kind: TrackKind::Face,
            subject: None,
            boxes: (0..frames).map(place).collect(),
        }],
        whole_frames: Vec::new(),
        regions: Vec::new(),
        uncertain: Vec::new(),
        uncertain_omitted: 0,
        alarms: None,
    }
}
