//! Tests of the whole tracker: a small film maker, scenes with known faces, and invariants over random input.

mod before;
mod comers;
mod invariants;
mod scenes;

use crate::model::{Detection, EllipsePx, FrameMasks, FrameSize, Mask, MaskArea, MaskSource, PtsNanos};

use super::cuts::Thumbnail;
use super::{Observation, TrackReport, TrackSettings, Tracker};

/// Size of the test pictures.
fn picture() -> FrameSize {
    FrameSize::rounded_up(1280, 720)
}

/// A steady picture; another `seed` is another scene.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "luma stays within 0 to 255")]
fn thumbnail(seed: u8) -> Thumbnail {
    std::array::from_fn(|i| {
        let (x, y) = ((i % 32) as f32, (i / 32) as f32);
        let seed = f32::from(seed);
        let value = (x * (0.21 + 0.13 * seed)).sin() + (y * (0.5 - 0.09 * seed) + seed).cos();
        (128.0 + 30.0 * value) as u8
    })
}

/// A face of 60 x 80 pixels.
fn face(cx: f32, cy: f32) -> EllipsePx {
    EllipsePx { cx, cy, rx: 30.0, ry: 40.0, angle_rad: 0.0 }
}

fn seen(cx: f32, cy: f32, score: f32) -> Detection {
    Detection { ellipse: face(cx, cy), score }
}

/// Frames at a steady rate, each with the detections that `at(frame)` gives.
fn film(frames: u64, fps: u64, at: impl Fn(u64) -> Vec<Detection>) -> Vec<Observation> {
    (0..frames)
        .map(|k| Observation {
            seq: k,
            pts: PtsNanos(k * 1_000_000_000 / fps),
            detections: at(k),
            thumbnail: thumbnail(0),
            damaged: false,
            late: false,
        })
        .collect()
}

/// Runs a film through a tracker as the pipeline does, and returns every frame and the report.
fn run(settings: &TrackSettings, film: &[Observation]) -> (Vec<FrameMasks>, TrackReport) {
    let mut tracker = Tracker::new(settings.clone(), picture()).unwrap();
    let mut out = Vec::new();
    for observation in film {
        tracker.push(observation.clone());
        out.extend(std::iter::from_fn(|| tracker.pop_ready()));
    }
    tracker.finish();
    out.extend(std::iter::from_fn(|| tracker.pop_ready()));
    (out, tracker.report().clone())
}

fn ellipse(mask: &Mask) -> Option<EllipsePx> {
    match mask.area {
        MaskArea::Ellipse(ellipse) => Some(ellipse),
        _ => None,
    }
}

/// The point is hidden in the frame.
fn hides(frame: &FrameMasks, x: f32, y: f32) -> bool {
    frame.masks.iter().any(|mask| ellipse(mask).is_none_or(|e| e.contains(x, y)))
}

/// The whole face, up to its rim, is hidden in the frame.
fn hides_face(frame: &FrameMasks, face: &EllipsePx) -> bool {
    (0..16u8).all(|k| {
        let (y, x) = (f32::from(k) * std::f32::consts::TAU / 16.0).sin_cos();
        let (sin, cos) = face.angle_rad.sin_cos();
        let (u, v) = (x * face.rx * 0.98, y * face.ry * 0.98);
        hides(frame, face.cx + u * cos - v * sin, face.cy + u * sin + v * cos)
    })
}

/// Sources of the masks of a frame.
fn sources(frame: &FrameMasks) -> Vec<MaskSource> {
    frame.masks.iter().map(|mask| mask.source).collect()
}
