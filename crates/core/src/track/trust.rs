//! Which faces are sure enough to stand for the head of a person. The face detector also answers, weakly, to the back
//! of a head or a bag: that hides it, which does no harm, but it must not stop the search for a head.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Detection, EllipsePx, FrameMasks, MaskArea, TrackId};

/// On a clip of people from behind, what is taken for a face scores up to 0.47 for long, and 0.64 in single frames.
/// What lies over this counts, and this much of it makes a face sure: three frames at 0.75, ten at 0.6.
const DOUBTFUL_SCORE: f32 = 0.55;
const SURE_EVIDENCE: f32 = 0.5;

/// How far from its place now a face counts as the same, in the size of its mask.
const NEAR: f32 = 1.5;

/// What the best of the detections inside an ellipse adds.
fn evidence_in(ellipse: &EllipsePx, found: &[Detection]) -> f32 {
    let inside = found.iter().filter(|face| ellipse.contains(face.ellipse.cx, face.ellipse.cy));
    inside.map(|face| face.score - DOUBTFUL_SCORE).fold(0.0, f32::max)
}

/// The evidence for each face that is followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    waiting: VecDeque<(u64, Vec<Detection>)>,
    evidence: BTreeMap<TrackId, f32>,
}

impl Trust {
    /// Takes the detections of a frame that comes in.
    pub(super) fn push(&mut self, seq: u64, detections: &[Detection]) {
        let sure = detections.iter().filter(|found| found.score > DOUBTFUL_SCORE).copied();
        self.waiting.push_back((seq, sure.collect()));
    }

    /// The sure faces of a frame that leaves, as their masks have them.
    pub(super) fn faces(&mut self, frame: &FrameMasks) -> Vec<EllipsePx> {
        while self.waiting.front().is_some_and(|(seq, _)| *seq < frame.seq) {
            self.waiting.pop_front();
        }
        let found = self.waiting.pop_front().map(|(_, found)| found).unwrap_or_default();
        let mut faces = Vec::new();
        let mut present = BTreeMap::new();
        for mask in &frame.masks {
            let MaskArea::Ellipse(ellipse) = mask.area else { continue };
            let before = self.evidence.get(&mask.track).copied().unwrap_or(0.0);
            let evidence = before + evidence_in(&ellipse, &found);
            present.insert(mask.track, evidence);
            // A face that has only just come is as sure as it will be within the look-ahead, near the same place.
            let wider = ellipse.scaled(NEAR);
            let later = || self.waiting.iter().map(|(_, found)| evidence_in(&wider, found)).sum::<f32>();
            if evidence >= SURE_EVIDENCE || evidence + later() >= SURE_EVIDENCE {
                faces.push(ellipse);
            }
        }
        self.evidence = present;
        faces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mask, MaskSource, PtsNanos};

    const FACE: EllipsePx = EllipsePx { cx: 100.0, cy: 80.0, rx: 20.0, ry: 26.0, angle_rad: 0.0 };

    fn masks(seq: u64) -> FrameMasks {
        let mask = Mask {
            track: TrackId(1),
            area: MaskArea::Ellipse(FACE),
            source: MaskSource::Detected,
            score: None,
        };
        FrameMasks::new(seq, PtsNanos(seq * 40_000_000), vec![mask])
    }

    /// In which of so many frames the face is sure, where frame `seq` is found with `score(seq)` and leaves `ahead`
    /// frames behind the newest.
    fn sure(frames: u64, ahead: u64, score: impl Fn(u64) -> f32) -> Vec<u64> {
        let mut trust = Trust::default();
        let mut sure = Vec::new();
        for seq in 0..frames + ahead {
            if seq < frames {
                trust.push(seq, &[Detection { ellipse: FACE, score: score(seq) }]);
            }
            if let Some(leaving) = seq.checked_sub(ahead)
                && trust.faces(&masks(leaving)) == [FACE]
            {
                sure.push(leaving);
            }
        }
        sure
    }

    #[test]
    fn what_scores_like_the_back_of_a_head_is_never_sure() {
        assert!(sure(200, 25, |_| 0.5).is_empty());
        assert!(sure(200, 25, |seq| if seq == 90 { 0.64 } else { 0.47 }).is_empty());
    }

    #[test]
    fn a_face_is_sure_from_its_first_frame_on_where_it_soon_scores_well() {
        let all: Vec<u64> = (0..50).collect();
        assert_eq!(sure(50, 25, |seq| if seq < 20 { 0.3 } else { 0.9 }), all);
        assert_eq!(sure(50, 0, |_| 0.9), all[1..], "without a look ahead it takes two frames");
    }

    #[test]
    fn a_face_stays_sure_as_long_as_its_track_lasts() {
        let last = *sure(120, 10, |seq| if seq < 10 { 0.9 } else { 0.2 }).last().unwrap();
        assert_eq!(last, 119);
    }
}
