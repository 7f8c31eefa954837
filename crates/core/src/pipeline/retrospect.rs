//! Looks back for faces that were found late: each direction has its turn once a second, so whoever lies and comes out
//! from behind somebody may have been seen for that long. The pictures of that time still wait for their masks.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::EngineError;
use super::watching::Lookouts;
use crate::detect::{CenterFace, Place};
use crate::model::Frame;
use crate::track::Follower;

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
        let Self { finder, lookouts } = self;
        let searched = waiting
            .iter()
            .rev()
            .filter(|frame| frame.search.is_some() && !frame.damaged)
            .map(|frame| (frame.seq, frame));
        tracker.look_back(&searched, |frame, place, is_it| {
            let place = Place::of(place);
            // In large pictures the close look knows faces that the finder does not.
            Ok(is_it(&finder.look_at(frame)?.near(&[place])?)
                || is_it(&lookouts.look_again(frame, &[place])?))
        })
    }
}
