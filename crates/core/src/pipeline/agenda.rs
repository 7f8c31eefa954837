//! What is looked for in each picture: decided when the one behind it is known, since a picture that stays, or is the last
//! of its kind, has to be looked at thoroughly.

use crate::detect::{LookTimes, Searches, thumbnail};
use crate::model::{Frame, Shown};
use crate::track::ShotEnds;

/// Holds each picture back until the one behind it has come.
pub(super) struct Agenda {
    searches: Searches,
    times: LookTimes,
    ends: ShotEnds,
    held: Option<Frame>,
}

impl Agenda {
    /// Nothing decided yet.
    pub(super) fn new(searches: Searches, times: LookTimes) -> Self {
        Self { searches, times, ends: ShotEnds::default(), held: None }
    }

    /// Takes a picture and gives the one before it, in which it is decided now what is looked for.
    pub(super) fn push(&mut self, frame: Frame) -> Option<Frame> {
        let ends_shot = self.ends.ends_before((!frame.damaged).then(|| thumbnail(&frame)).as_ref());
        let until = Some(frame.pts);
        let held = self.held.replace(frame)?;
        let shown = Shown { from: held.pts, until, ends_shot };
        Some(self.decided(held, &shown))
    }

    /// The last picture, behind which none comes.
    pub(super) fn finish(&mut self) -> Option<Frame> {
        let last = self.held.take()?;
        let shown = Shown { from: last.pts, until: None, ends_shot: true };
        Some(self.decided(last, &shown))
    }

    fn decided(&mut self, mut frame: Frame, shown: &Shown) -> Frame {
        frame.search = self.searches.next(frame.turn, shown);
        frame.beside = self.times.next(frame.turn, shown);
        frame
    }
}
