//! Faces that were found late, and where they were before: what is found of them there in frames that still wait.

use crate::model::{Detection, EllipsePx, TrackId};
use crate::track::associate::{Expected, is_far, pairing_cost};
use crate::track::life::Track;
use crate::track::motion::Sighting;
use crate::track::sift::{CLEAR_SCORE, Face, sift};

use super::{Tracker, Waiting};

/// Searched frames one after the other in which a face is not found any more, until it is given up: it was not there
/// yet.
const MISSES: u32 = 2;

impl Tracker {
    /// Looks for new faces in frames that wait (`frames` with their numbers, the latest first), each from its first
    /// sighting back: those that nobody looked for yet, or not in the turn in which they turned out to be clear. `find`
    /// looks for a face in a place of a frame and hands over what it found there until that was the face.
    ///
    /// # Errors
    /// Those of `find`.
    pub(crate) fn look_back<F, E>(
        &mut self,
        frames: &(impl Iterator<Item = (u64, F)> + Clone),
        mut find: impl FnMut(F, EllipsePx, &mut dyn FnMut(&[Detection]) -> bool) -> Result<bool, E>,
    ) -> Result<(), E> {
        let Some(oldest) = self.window.front().map(|frame| frame.order) else { return Ok(()) };
        let new = self.tracks.iter_mut().filter_map(|track| track.is_new(oldest).then_some(track.id));
        for face in new.collect::<Vec<_>>() {
            let mut misses = 0;
            for (seq, frame) in frames.clone() {
                let Some((waiting, expected)) = self.before(face, seq) else { continue };
                // What is new may be a face that is followed, at another angle, or come out from behind it.
                let is_found = !self.is_of_another(face, &waiting, &expected.face)
                    && find(frame, expected.face, &mut |found| {
                        self.saw_before(face, &waiting, &expected, found)
                    })?;
                misses = if is_found { 0 } else { misses + 1 };
                if misses == MISSES {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes what was found in such a frame; says whether the face was among it.
    fn saw_before(
        &mut self,
        face: TrackId,
        frame: &Waiting,
        expected: &Expected,
        found: &[Detection],
    ) -> bool {
        let sifted = sift(found, &self.settings, self.frame);
        let cost = |found: &EllipsePx| pairing_cost(expected, found);
        // What would not begin a track is not believed here either, nor what is not clear and far off: the mask would
        // leave the place where the face may have stayed. Another's face is not taken.
        let is_free = |found: &&Face| {
            (found.score >= CLEAR_SCORE || !is_far(expected, &found.face))
                && !self.is_of_another(face, frame, &found.face)
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

    /// A frame that waits, and where a face should have been in it before it was first found; `None` where it was found
    /// by then, or where its scene had not begun.
    fn before(&self, face: TrackId, seq: u64) -> Option<(Waiting, Expected)> {
        let at = self.window.binary_search_by_key(&seq, |frame| frame.seq).ok()?;
        let frame = self.window.get(at)?;
        let track = self.tracks.iter().find(|track| track.id == face)?;
        Some((*frame, track.expect_before(frame.order, frame.clock_nanos)?))
    }
}
