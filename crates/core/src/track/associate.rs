//! Which detection belongs to which track: gated by distance and size, paired by the smallest cost first.
//!
//! Overlap alone fails for small, fast faces at 10 frames a second, where two boxes of one face need not touch.
//! So the gate is a distance between centres in face sizes, which opens with the time since the last sighting.

use crate::model::EllipsePx;

use super::motion::{face_size_px, sizes_apart, turned_by};

/// Gate at no time distance, in face sizes: a head jerks by this much between two frames.
const GATE_SIZES: f32 = 0.55;
/// How quickly the gate opens, in face sizes a second: someone who walks past close to the camera makes seven, of
/// which the expected place takes up most after two sightings.
const GATE_SIZES_PER_SECOND: f32 = 3.0;
/// The gate never opens further: beyond one and a half sizes it is as likely another face.
const MAX_GATE_SIZES: f32 = 1.5;
/// Largest natural logarithm of the ratio of two sizes of one face.
const MAX_LOG_SIZE_RATIO: f32 = 0.7;

/// A weak detection goes on only with a face that is turned by less than this against it (radians): passes that see a
/// face at the wrong angle answer weakly, and beside it. Leak over nine scenes with 1.0 / 1.7 / 2.4: 1.0 / 0.4 / 0.4 %.
const MAX_WEAK_TURN_RAD: f32 = 1.7;

/// What is found further than this from where its face should be, in face sizes, may be another face. On scenes of
/// seven people a weak sighting so far off is the same face one time in five, and the head of somebody who passes in
/// front one in eight.
const FAR_SIZES: f32 = 0.5;

/// A track as the association sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// Where the face should be now.
    pub(super) face: EllipsePx,
    /// Seconds since it was seen.
    pub(super) unseen_seconds: f32,
    /// The most by which a detection may be turned against it, in radians.
    pub(super) max_turn_rad: f32,
}

impl Expected {
    /// The same for detections of the lower band.
    pub(super) fn for_weak(self) -> Self {
        Self { max_turn_rad: MAX_WEAK_TURN_RAD, ..self }
    }
}

/// Whether `found`, although it was taken for the expected face, may be another one.
pub(super) fn is_far(expected: &Expected, found: &EllipsePx) -> bool {
    sizes_apart(&expected.face, found) > FAR_SIZES
}

/// Cost of taking `found` for the expected face, or `None` where it cannot be the same.
pub(super) fn pairing_cost(expected: &Expected, found: &EllipsePx) -> Option<f32> {
    let (size_a, size_b) = (face_size_px(&expected.face), face_size_px(found));
    let gate = (GATE_SIZES + GATE_SIZES_PER_SECOND * expected.unseen_seconds).min(MAX_GATE_SIZES);
    let (offset, log_ratio) = (sizes_apart(&expected.face, found), (size_a / size_b).ln().abs());
    let iou = expected.face.bounding_box().iou(&found.bounding_box());
    let cost = offset + 0.5 * log_ratio + 0.5 * (1.0 - iou);
    let turn_fits = turned_by(&expected.face, found) <= expected.max_turn_rad;
    (offset <= gate && turn_fits && log_ratio <= MAX_LOG_SIZE_RATIO && cost.is_finite()).then_some(cost)
}

/// Pairs of (index in `expected`, index in `found`), each index at most once. Ties go to the lower indices, so that
/// the same input gives the same pairs.
pub(super) fn pair(expected: &[Expected], found: &[EllipsePx]) -> Vec<(usize, usize)> {
    let mut candidates: Vec<(f32, usize, usize)> = Vec::new();
    for (e, track) in expected.iter().enumerate() {
        for (f, face) in found.iter().enumerate() {
            candidates.extend(pairing_cost(track, face).map(|cost| (cost, e, f)));
        }
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut track_free, mut face_free) = (vec![true; expected.len()], vec![true; found.len()]);
    let mut pairs = Vec::new();
    for (_, e, f) in candidates {
        let (Some(track), Some(face)) = (track_free.get_mut(e), face_free.get_mut(f)) else { continue };
        if *track && *face {
            (*track, *face) = (false, false);
            pairs.push((e, f));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(cx: f32, cy: f32, radius: f32) -> EllipsePx {
        EllipsePx { cx, cy, rx: radius, ry: radius, angle_rad: 0.0 }
    }

    fn expected(cx: f32, cy: f32, radius: f32, unseen_seconds: f32) -> Expected {
        Expected { face: face(cx, cy, radius), unseen_seconds, max_turn_rad: 4.0 }
    }

    #[test]
    fn the_nearest_pair_is_taken_first_and_each_once() {
        let tracks = [expected(100.0, 100.0, 20.0, 0.04), expected(118.0, 100.0, 20.0, 0.04)];
        let found = [face(121.0, 100.0, 20.0), face(104.0, 100.0, 20.0)];
        let mut pairs = pair(&tracks, &found);
        pairs.sort_unstable();
        assert_eq!(pairs, [(0, 1), (1, 0)]);
    }

    #[test]
    fn boxes_that_do_not_touch_can_be_one_face_after_a_while_but_not_at_once() {
        let jump = face(150.0, 100.0, 20.0);
        assert!(pairing_cost(&expected(100.0, 100.0, 20.0, 0.04), &jump).is_none());
        assert!(pairing_cost(&expected(100.0, 100.0, 20.0, 0.4), &jump).is_some());
        assert!(pairing_cost(&expected(100.0, 100.0, 20.0, 9.0), &face(161.0, 100.0, 20.0)).is_none());
    }

    #[test]
    fn a_weak_box_at_the_wrong_angle_does_not_move_a_face() {
        let lying = Expected {
            face: EllipsePx { angle_rad: -1.57, ..face(100.0, 100.0, 20.0) },
            ..expected(0.0, 0.0, 1.0, 0.04)
        };
        let head_down = EllipsePx { angle_rad: 1.57, ..face(105.0, 100.0, 20.0) };
        assert!(pairing_cost(&lying, &head_down).is_some());
        assert!(pairing_cost(&lying.for_weak(), &head_down).is_none());
    }

    #[test]
    fn a_face_of_another_size_is_another_face() {
        assert!(pairing_cost(&expected(100.0, 100.0, 20.0, 0.5), &face(100.0, 100.0, 45.0)).is_none());
    }
}
