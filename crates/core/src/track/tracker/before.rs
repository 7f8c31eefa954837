//! Faces that were found late, and where they were before: what is found of them there in frames that still wait.

use crate::model::{Detection, EllipsePx, TrackId};
use crate::track::associate::{Expected, is_far, pairing_cost};
use crate::track::life::Track;
use crate::track::motion::Sighting;
use crate::track::sift::{CLEAR_SCORE, Face, sift};

use super::{Tracker, Waiting};

/// Where a face was before it was first found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Earlier {
    /// Here, if it was there.
    Expected(EllipsePx),
    /// Where another face was seen: what is new may be that one, at another angle, or come out from behind it.
    Covered,
}

impl Tracker {
    /// Faces that were not looked for yet in the frames that wait from before they were found, or not in the turn in
    /// which they turned out to be clear.
    pub(in crate::track) fn new_faces(&mut self) -> Vec<TrackId> {
        let Some(oldest) = self.window.front().map(|frame| frame.order) else { return Vec::new() };
        self.tracks.iter_mut().filter_map(|track| track.is_new(oldest).then_some(track.id)).collect()
    }

    /// Where a face should have been in a frame that waits, before it was first found; `None` where it was found by
    /// then, or where its scene had not begun.
    pub(in crate::track) fn expect_before(&self, face: TrackId, seq: u64) -> Option<Earlier> {
        let (frame, Expected { face: place, .. }) = self.before(face, seq)?;
        let is_covered = self.is_of_another(face, &frame, &place);
        Some(if is_covered { Earlier::Covered } else { Earlier::Expected(place) })
    }

    /// Takes what was found in such a frame; says whether the face was among it.
    pub(in crate::track) fn saw_before(&mut self, face: TrackId, seq: u64, found: &[Detection]) -> bool {
        let Some((frame, expected)) = self.before(face, seq) else { return false };
        let sifted = sift(found, &self.settings, self.frame);
        let cost = |found: &EllipsePx| pairing_cost(&expected, found);
        // What would not begin a track is not believed here either, nor what is not clear and far off: the mask would
        // leave the place where the face may have stayed. Another's face is not taken.
        let is_free = |found: &&Face| {
            (found.score >= CLEAR_SCORE || !is_far(&expected, &found.face))
                && !self.is_of_another(face, &frame, &found.face)
        };
        let free = sifted.strong.iter().filter(is_free);
        let nearest = free
            .filter_map(|face| Some((cost(&face.face)?, face)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, face)| face.seen(frame.order, frame.clock_nanos));
        let track = self.tracks.iter_mut().find(|track| track.id == face);
        nearest.zip(track).map(|(sighting, track): (Sighting, _)| track.extend_before(sighting)).is_some()
    }

    /// Whether the middle of a place lies on a face that another track follows through that frame.
    fn is_of_another(&self, face: TrackId, frame: &Waiting, place: &EllipsePx) -> bool {
        let (at, middle) = (frame.moment(), (place.cx, place.cy));
        self.tracks.iter().any(|other: &Track| other.id != face && other.is_seen_at(at, middle))
    }

    fn before(&self, face: TrackId, seq: u64) -> Option<(Waiting, Expected)> {
        let at = self.window.binary_search_by_key(&seq, |frame| frame.seq).ok()?;
        let frame = self.window.get(at)?;
        let track = self.tracks.iter().find(|track| track.id == face)?;
        Some((*frame, track.expect_before(frame.order, frame.clock_nanos)?))
    }
}
