//! What of a frame's detections can be used: unsound ones are caught, doubles are joined, two score bands are told
//! apart.

use crate::model::{Detection, EllipsePx, FrameSize, UncertainReason};

use super::fill::reach_of;
use super::motion::{SAME_TURN_RAD, Sighting, face_size_px, sizes_apart, turned_by};
use super::settings::TrackSettings;

/// Detections of one frame that are looked at; a frame with more is hidden whole.
pub(super) const MAX_FACES: usize = 256;
/// Two detections of one frame that overlap by more are one face.
const SAME_FACE_IOU: f32 = 0.6;
/// So are two of different passes whose centres lie closer than this, in face sizes, and whose sizes differ by less
/// than this (natural logarithm of the ratio): each turn puts its box on another part of one head. Within one pass the
/// detector has told neighbours apart already.
const SAME_FACE_SIZES: f32 = 0.6;
const SAME_FACE_LOG_RATIO: f32 = 0.7;
/// A face with this score or more is clear: it is believed to be where it was, rather than where something with less was
/// found far off. With 0.35, 30 instead of 26 of 13,121 faces leaked.
pub(super) const CLEAR_SCORE: f32 = 0.5;
/// What is not clear, and lies under the mask of a clear face with so much less, is a part of it: a mask that is taken for
/// a face, or the face at a wrong angle. Followed, parts become faces of their own that stay behind where a head moves on:
/// over ten composed scenes 4.8 instead of 5.9 % of the background was hidden, and 16 instead of 20 of 10,233 faces leaked.
/// With the lower band alone it changed nothing; with clear ones in clearer ones as well, half a point more was hidden on
/// seven of them.
const LESS_OF_A_SCORE: f32 = 0.2;
/// A face of this part of the longest side of the picture is large: 28 px of 640.
const LARGE_SHARE: f32 = 0.044;

/// A detection that can be used.
#[expect(clippy::struct_field_names, reason = "its ellipse is called the face throughout")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) face: EllipsePx,
    pub(super) score: f32,
    /// How many times its own half axes its mask must reach at least: parts of it were dropped that lie so far out.
    pub(super) holds: f32,
}

impl Face {
    /// The face, as it is seen in a frame.
    pub(super) fn seen(&self, order: u64, clock_nanos: u64) -> Sighting {
        let Self { face, score, holds } = *self;
        Sighting { order, clock_nanos, face, score, holds, is_weak: false }
    }
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
        let face = Face { face: detection.ellipse, score: detection.score.min(1.0), holds: 1.0 };
        let start_score =
            if is_large(&face.face, frame) { settings.large_start_score } else { settings.start_score };
        let band = if face.score >= start_score {
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
    let Sifted { strong, weak, .. } = &mut sifted;
    // What is left of a face that another pass saw well would be taken for its neighbour.
    weak.retain(|weak| !strong.iter().any(|strong| is_same(&strong.face, &weak.face)));
    if settings.drops_parts {
        drop_parts(strong, weak, settings.margin_factor());
    }
    sifted
}

/// Drops what is no more than a part of a clear face, which then has to hold it. Clear faces are parts of none.
fn drop_parts(strong: &mut Vec<Face>, weak: &mut Vec<Face>, margin_factor: f32) {
    let is_clear = |face: &Face| face.score >= CLEAR_SCORE;
    let mut clear: Vec<Face> = strong.iter().copied().filter(is_clear).collect();
    let mut is_whole = |face: &Face| {
        let mut reaches = clear.iter_mut().filter_map(|whole| Some((reach_of_part(face, whole)?, whole)));
        let holder = reaches.find(|(reach, _)| *reach <= margin_factor && !is_clear(face));
        holder.map(|(reach, whole)| whole.holds = whole.holds.max(reach)).is_none()
    };
    strong.retain(&mut is_whole);
    weak.retain(is_whole);
    for (face, held) in strong.iter_mut().filter(|face| is_clear(face)).zip(clear) {
        face.holds = held.holds;
    }
}

/// Whether a face is large in its picture.
pub(super) fn is_large(face: &EllipsePx, frame: FrameSize) -> bool {
    face_size_px(face) >= LARGE_SHARE * frame.width().max(frame.height()) as f32
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

/// Adds a face, or joins it with the one that it doubles. The surer box counts alone: a hull of both is as wide as the
/// two passes disagree, and would be carried on from frame to frame.
fn join(band: &mut Vec<Face>, face: Face) {
    match band.iter_mut().find(|other| is_same(&other.face, &face.face)) {
        Some(other) if other.score < face.score => *other = face,
        Some(_) => {}
        None => band.push(face),
    }
}

/// How many times its half axes a clear face must reach to hold another that scores so much less that it may be no more
/// than a part: where its mask does, nothing that was hidden is seen without the other.
fn reach_of_part(face: &Face, whole: &Face) -> Option<f32> {
    (whole.score - face.score >= LESS_OF_A_SCORE).then(|| reach_of(&whole.face, &face.face))
}

/// Whether two detections of one frame are one face.
pub(super) fn is_same(a: &EllipsePx, b: &EllipsePx) -> bool {
    a.bounding_box().iou(&b.bounding_box()) > SAME_FACE_IOU
        || (turned_by(a, b) > SAME_TURN_RAD
            && sizes_apart(a, b) < SAME_FACE_SIZES
            && (face_size_px(a) / face_size_px(b)).ln().abs() < SAME_FACE_LOG_RATIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(cx: f32, score: f32, angle_rad: f32) -> Detection {
        let upright = detection(cx, 15.0, score);
        Detection { ellipse: EllipsePx { angle_rad, ..upright.ellipse }, ..upright }
    }

    #[test]
    fn neighbours_of_one_pass_stay_two_and_doubles_of_two_passes_become_one() {
        let neighbours = sifted(&[turned(100.0, 0.9, 0.0), turned(114.0, 0.5, 0.0)]);
        let doubles = sifted(&[turned(100.0, 0.9, 1.57), turned(114.0, 0.5, 0.0)]);
        assert_eq!((neighbours.strong.len(), doubles.strong.len()), (2, 1));
        assert!((doubles.strong[0].face.cx - 100.0).abs() < 1e-3);
    }

    fn detection(cx: f32, rx: f32, score: f32) -> Detection {
        Detection { ellipse: EllipsePx { cx, cy: 100.0, rx, ry: 20.0, angle_rad: 0.0 }, score }
    }

    fn sifted(detections: &[Detection]) -> Sifted {
        sift(detections, &TrackSettings::default(), FrameSize::rounded_up(640, 360))
    }

    #[test]
    fn parts_of_a_clear_face_are_none_of_their_own() {
        let clear = detection(100.0, 40.0, 0.8);
        let centres = |found: &[Detection]| {
            let out = sifted(found);
            out.strong.iter().chain(&out.weak).map(|face| face.face.cx).collect::<Vec<_>>()
        };
        // In it, weakly and less weakly; not wholly under its mask; clear itself; larger; in one that is not clear.
        assert_eq!(centres(&[clear, detection(120.0, 15.0, 0.2), detection(80.0, 15.0, 0.4)]), [100.0]);
        assert_eq!(centres(&[clear, detection(145.0, 15.0, 0.4)]), [100.0, 145.0]);
        assert_eq!(centres(&[clear, detection(120.0, 15.0, 0.5)]), [100.0, 120.0]);
        assert_eq!(centres(&[clear, detection(120.0, 100.0, 0.4)]), [100.0, 120.0]);
        assert_eq!(centres(&[detection(100.0, 40.0, 0.45), detection(120.0, 15.0, 0.25)]), [100.0, 120.0]);
        let people = TrackSettings { drops_parts: false, ..TrackSettings::default() };
        let both = sift(&[clear, detection(120.0, 15.0, 0.4)], &people, FrameSize::rounded_up(640, 360));
        assert_eq!(both.strong.len(), 2);
        let held = sifted(&[
            detection(300.0, 40.0, 0.9),
            clear,
            detection(120.0, 15.0, 0.2),
            detection(138.0, 15.0, 0.4),
        ]);
        let holds: Vec<f32> = held.strong.iter().map(|face| face.holds).collect();
        assert!((holds[0] - 1.0).abs() < 1e-6 && (1.3..1.46).contains(&holds[1]), "{holds:?}");
    }

    #[test]
    fn bands_are_told_apart_and_noise_is_left_out() {
        let out =
            sifted(&[detection(100.0, 15.0, 0.9), detection(200.0, 8.0, 0.2), detection(300.0, 15.0, 0.05)]);
        assert_eq!((out.strong.len(), out.weak.len(), out.hide), (1, 1, None));
    }

    #[test]
    fn a_large_face_needs_less_of_a_score_where_that_is_set() {
        let settings = TrackSettings { large_start_score: 0.17, ..TrackSettings::default() };
        let found = [detection(100.0, 15.0, 0.18), detection(200.0, 8.0, 0.18)];
        let out = sift(&found, &settings, FrameSize::rounded_up(640, 360));
        assert_eq!((out.strong.len(), out.weak.len()), (1, 1));
        assert!((out.strong[0].face.cx - 100.0).abs() < 1e-3);
    }

    #[test]
    fn a_double_becomes_the_surer_face() {
        let out =
            sifted(&[detection(100.0, 15.0, 0.7), detection(103.0, 15.0, 0.9), detection(106.0, 14.0, 0.2)]);
        assert_eq!((out.strong.len(), out.weak.len()), (1, 0));
        assert!((out.strong[0].face.cx - 103.0).abs() < 1e-3, "{:?}", out.strong);
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
