//! What of a frame's detections can be used: unsound ones are caught, doubles are joined, two score bands are told apart.

use crate::model::{Detection, EllipsePx, FrameSize};

use super::fill::hull;
use super::report::UncertainReason;
use super::settings::TrackSettings;

/// Detections of one frame that are looked at; a frame with more is hidden whole.
pub(super) const MAX_FACES: usize = 256;
/// Two detections of one frame that overlap by more are one face, found by two passes.
const SAME_FACE_IOU: f32 = 0.6;

/// A detection that can be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) face: EllipsePx,
    pub(super) score: f32,
}

/// The usable detections of one frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Sifted {
    /// Those that always have a mask.
    pub(super) strong: Vec<Face>,
    /// Those that only keep a track that exists.
    pub(super) weak: Vec<Face>,
    /// Why the frame is hidden whole, if it is.
    pub(super) hide: Option<UncertainReason>,
}

/// Sorts out the detections of a frame.
pub(super) fn sift(detections: &[Detection], settings: &TrackSettings, frame: FrameSize) -> Sifted {
    let mut sifted = Sifted::default();
    for detection in detections {
        if !is_usable(detection, frame) {
            sifted.hide = Some(UncertainReason::UnusableDetection);
            continue;
        }
        let face = Face { face: detection.ellipse, score: detection.score.min(1.0) };
        let band = if face.score >= settings.start_score {
            &mut sifted.strong
        } else if face.score >= settings.keep_score {
            &mut sifted.weak
        } else {
            continue;
        };
        if band.len() >= MAX_FACES {
            sifted.hide = sifted.hide.or(Some(UncertainReason::TooManyFaces));
        } else {
            join(band, face);
        }
    }
    sifted
}

/// Finite, with an area, and not out of all proportion to the picture (which would overflow further on).
fn is_usable(detection: &Detection, frame: FrameSize) -> bool {
    let EllipsePx { cx, cy, rx, ry, angle_rad } = detection.ellipse;
    let reach = 4.0 * (frame.width().max(frame.height())) as f32;
    detection.ellipse.is_sound()
        && !detection.score.is_nan()
        && cx.abs() <= reach
        && cy.abs() <= reach
        && (0.5..=reach).contains(&rx)
        && (0.5..=reach).contains(&ry)
        && angle_rad.abs() <= 100.0
}

/// Adds a face, or joins it with the one that it doubles: both stay covered.
fn join(band: &mut Vec<Face>, face: Face) {
    let bbox_px = face.face.bounding_box();
    match band.iter_mut().find(|other| other.face.bounding_box().iou(&bbox_px) > SAME_FACE_IOU) {
        Some(other) => {
            let (best, rest) = if other.score >= face.score { (*other, face) } else { (face, *other) };
            *other = Face { face: hull(&best.face, std::iter::once(rest.face)), score: best.score };
        }
        None => band.push(face),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(cx: f32, rx: f32, score: f32) -> Detection {
        Detection { ellipse: EllipsePx { cx, cy: 100.0, rx, ry: 20.0, angle_rad: 0.0 }, score }
    }

    fn sifted(detections: &[Detection]) -> Sifted {
        sift(detections, &TrackSettings::default(), FrameSize::rounded_up(640, 360))
    }

    #[test]
    fn bands_are_told_apart_and_noise_is_left_out() {
        let out =
            sifted(&[detection(100.0, 15.0, 0.9), detection(200.0, 15.0, 0.2), detection(300.0, 15.0, 0.05)]);
        assert_eq!((out.strong.len(), out.weak.len(), out.hide), (1, 1, None));
    }

    #[test]
    fn a_double_becomes_one_face_that_covers_both() {
        let out = sifted(&[detection(100.0, 15.0, 0.7), detection(103.0, 15.0, 0.9)]);
        let bbox_px = out.strong[0].face.bounding_box();
        assert_eq!(out.strong.len(), 1);
        assert!((84.0..=85.0).contains(&bbox_px.x0) && (118.0..=119.0).contains(&bbox_px.x1), "{bbox_px:?}");
    }

    #[test]
    fn what_cannot_be_placed_hides_the_frame() {
        for broken in [detection(f32::NAN, 15.0, 0.9), detection(1e30, 15.0, 0.9), detection(9.0, 0.0, 0.9)] {
            assert_eq!(sifted(&[broken]).hide, Some(UncertainReason::UnusableDetection));
        }
        let crowd: Vec<_> =
            (0u16..300).map(|k| detection(40.0 * f32::from(k % 60), 2.0 + f32::from(k), 0.9)).collect();
        assert!(sifted(&crowd).strong.len() <= MAX_FACES);
    }
}
