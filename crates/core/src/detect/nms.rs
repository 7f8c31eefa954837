//! Non-maximum suppression: of boxes that mean the same face or person, the surest stays.

use std::cmp::Ordering;

use crate::model::BoxPx;

/// A face or person that a network proposes, in pixels of its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Where, in pixels of the network's input.
    pub(crate) bbox_model_px: BoxPx,
    /// How sure, 0..=1.
    pub(crate) score: f32,
}

/// Boxes that share more than this of their common area mean the same face (the value of both face networks'
/// authors).
pub(crate) const MAX_FACE_IOU: f32 = 0.3;

/// More candidates than this are an error: comparing them all would take seconds, and comparing only the surest
/// would leave faces out. The whole output of `CenterFace` at the default sizes, 736x416 and 640x640, has 19,136 and
/// 25,600 cells, so only a picture that looks like a face nearly everywhere comes near it.
pub(crate) const MAX_CANDIDATES: usize = 16_384;

/// More than [`MAX_CANDIDATES`] candidates in one picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Leaves the surest of every group of candidates that share more than `max_iou` of their common area, in order of
/// falling score. The order of equal scores depends on the places alone, so that the same picture always gives the same
/// list.
///
/// # Errors
/// [`TooMany`].
pub(crate) fn suppress(candidates: &mut Vec<Candidate>, max_iou: f32) -> Result<(), TooMany> {
    if candidates.len() > MAX_CANDIDATES {
        return Err(TooMany);
    }
    candidates.sort_unstable_by(surest_first);
    let mut kept = 0;
    for index in 0..candidates.len() {
        let (surer, rest) = candidates.split_at_mut(kept);
        let Some(candidate) = rest.get(index - kept).copied() else { continue };
        if surer.iter().all(|other| other.bbox_model_px.iou(&candidate.bbox_model_px) <= max_iou) {
            if let Some(slot) = rest.first_mut() {
                *slot = candidate;
            }
            kept += 1;
        }
    }
    candidates.truncate(kept);
    Ok(())
}

fn surest_first(a: &Candidate, b: &Candidate) -> Ordering {
    let place =
        |c: &Candidate| [c.bbox_model_px.y0, c.bbox_model_px.x0, c.bbox_model_px.y1, c.bbox_model_px.x1];
    let by_place = || {
        let pairs = place(a).into_iter().zip(place(b));
        pairs.map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    b.score.total_cmp(&a.score).then_with(by_place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(x: f32, y: f32, side: f32, score: f32) -> Candidate {
        Candidate { bbox_model_px: BoxPx { x0: x, y0: y, x1: x + side, y1: y + side }, score }
    }

    #[test]
    fn the_surest_of_an_overlapping_pair_stays() {
        let mut list = vec![
            candidate(0.0, 0.0, 10.0, 0.5),
            candidate(1.0, 0.0, 10.0, 0.9),
            candidate(50.0, 0.0, 10.0, 0.3),
        ];
        suppress(&mut list, MAX_FACE_IOU).unwrap();
        assert_eq!(list, [candidate(1.0, 0.0, 10.0, 0.9), candidate(50.0, 0.0, 10.0, 0.3)]);
    }

    proptest! {
        #[test]
        fn nothing_kept_overlaps_and_nothing_dropped_stands_alone(
            seeds in prop::collection::vec((0u8..100, 0u8..100, 1u8..40, 1u8..100), 0..60),
            swap in any::<prop::sample::Index>(),
        ) {
            let all: Vec<_> = seeds
                .iter()
                .map(|&(x, y, side, score)| candidate(x.into(), y.into(), side.into(), f32::from(score) / 100.0))
                .collect();
            let mut kept = all.clone();
            suppress(&mut kept, MAX_FACE_IOU).unwrap();
            for (index, a) in kept.iter().enumerate() {
                prop_assert!(kept[..index].iter().all(|b| a.bbox_model_px.iou(&b.bbox_model_px) <= MAX_FACE_IOU));
                prop_assert!(kept[..index].iter().all(|b| b.score >= a.score));
            }
            for dropped in all.iter().filter(|candidate| !kept.contains(candidate)) {
                let covered = kept.iter().any(|other| {
                    other.score >= dropped.score && other.bbox_model_px.iou(&dropped.bbox_model_px) > MAX_FACE_IOU
                });
                prop_assert!(covered, "{dropped:?} went without a surer neighbour");
            }
            // The order of the list that comes in does not matter.
            let mut turned = all.clone();
            if !turned.is_empty() {
                let at = swap.index(turned.len());
                turned.rotate_left(at);
            }
            suppress(&mut turned, MAX_FACE_IOU).unwrap();
            prop_assert_eq!(turned, kept);
        }
    }

    #[test]
    fn too_many_are_an_error_and_not_a_choice() {
        let mut list = vec![candidate(0.0, 0.0, 10.0, 0.5); MAX_CANDIDATES];
        assert_eq!(suppress(&mut list, MAX_FACE_IOU), Ok(()));
        assert_eq!(list.len(), 1);
        list.resize(MAX_CANDIDATES + 1, candidate(0.0, 0.0, 10.0, 0.5));
        assert_eq!(suppress(&mut list, MAX_FACE_IOU), Err(TooMany));
    }
}
