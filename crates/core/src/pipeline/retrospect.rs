//! Looks back for faces that were found late: each direction has its turn once a second, so whoever lies and comes out
//! from behind somebody may have been seen for that long. The pictures of that time still wait for their masks.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::EngineError;
use super::watching::Lookouts;
use crate::detect::{CenterFace, Place};
use crate::model::{Frame, TrackId};
use crate::track::{Earlier, Follower};

/// Searched pictures one after the other in which a face is not found any more, until it is given up: it was not there
/// yet.
const MISSES: u32 = 2;

/// Goes from the first sighting of each new face back in time.
#[derive(Debug)]
pub(super) struct Retrospect {
    finder: CenterFace,
    lookouts: Arc<Lookouts>,
}

impl Retrospect {
    /// With a finder of its own, and the close looks of the workers.
    pub(super) fn new(finder: CenterFace, lookouts: Arc<Lookouts>) -> Self {
        Self { finder, lookouts }
    }

    /// Looks for all faces that are new in the pictures that wait, from the latest of them back.
    ///
    /// # Errors
    /// A failure of ONNX Runtime or of the GPU, or outputs that cannot be trusted.
    pub(super) fn look(
        &mut self,
        tracker: &mut Follower,
        waiting: &VecDeque<Frame>,
    ) -> Result<(), EngineError> {
        for face in tracker.new_faces() {
            let mut misses = 0;
            for frame in waiting.iter().rev().filter(|frame| frame.search.is_some() && !frame.damaged) {
                let is_found = match tracker.expect_before(face, frame.seq) {
                    None => continue,
                    Some(Earlier::Covered) => false,
                    Some(Earlier::Expected(place)) => self.finds(tracker, face, frame, Place::of(place))?,
                };
                misses = if is_found { 0 } else { misses + 1 };
                if misses == MISSES {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether a face is found in a place, by the finder or, in large pictures, by the close look.
    fn finds(
        &mut self,
        tracker: &mut Follower,
        face: TrackId,
        frame: &Frame,
        place: Place,
    ) -> Result<bool, EngineError> {
        let found = self.finder.look_at(frame)?.near(&[place])?;
        if tracker.saw_before(face, frame.seq, &found) {
            return Ok(true);
        }
        let found = self.lookouts.look_again(frame, &[place])?;
        Ok(tracker.saw_before(face, frame.seq, &found))
    }
}
