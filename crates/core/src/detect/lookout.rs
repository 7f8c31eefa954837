//! Looks for people and text beside the faces, in some frames only: both networks cost more than a frame has time for.

use crate::model::{Detection, Frame};

use super::error::DetectError;
use super::layout::Turn;
use super::people::PeopleDetector;
use super::text::TextDetector;

/// The longest time from one look to the next, as a part of a second: 0.4 s. People who walk by are in the picture for
/// longer, and what is filled in between two looks overlaps what is there.
const LOOKS_PER_SECOND: (u64, u64) = (5, 2);
/// However many frames a second there are, or where nobody knows.
const MAX_EVERY: u64 = 12;
const EVERY_IF_UNKNOWN: u64 = 8;

/// Turned passes for people, one at each look: the network does not know who lies. Each comes back within 1.2 s, and
/// what is found is held for a second on either side.
const TURNS: [Turn; 3] = [Turn::eighths(2), Turn::eighths(6), Turn::eighths(4)];

/// Least score of a person whom only a turned pass sees. Turned by the wrong angle, furniture and parts of people reach
/// 0.40 in our clips.
const TURNED_SCORE: f32 = 0.45;

/// Boxes of two passes of which the smaller lies in the other by more than this are one person. The heads of people who
/// lie on one another are then told apart by the upright pass alone.
const SAME_PERSON_OVERLAP: f32 = 0.6;

/// What was found beside faces.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// People; none in a frame that was not looked at.
    pub people: Vec<Detection>,
    /// Lines of text; none in a frame that was not looked at.
    pub text: Vec<Detection>,
}

/// When people and text are looked for. That hangs on a frame's number alone, so that the same recording gives the same
/// result on any number of workers.
#[derive(Clone, Copy, Debug)]
pub struct LookTimes {
    every: u64,
}

impl LookTimes {
    /// For pictures of `frames_per_second` (numerator and denominator), so many times as seldom as may be.
    pub fn new(frames_per_second: Option<(u32, u32)>, times_as_seldom: u64) -> Self {
        Self { every: look_every(frames_per_second) * times_as_seldom.max(1) }
    }

    /// The number of the look that falls on a frame, if anything is looked for in it.
    pub fn nth_look(self, seq: u64) -> Option<u64> {
        (self.for_people(seq).is_some() || self.for_text(seq)).then_some(seq / self.every)
    }

    /// The number of the look for people that falls on a frame.
    fn for_people(self, seq: u64) -> Option<u64> {
        seq.is_multiple_of(self.every).then_some(seq / self.every)
    }

    /// Half-way between the looks for people, so that no frame has to bear both; the very first frame has text, too.
    fn for_text(self, seq: u64) -> bool {
        seq == 0 || seq % self.every == self.every / 2
    }
}

/// The detectors of people and text, as far as they are wanted.
#[derive(Debug)]
pub struct Lookout {
    people: Option<PeopleDetector>,
    text: Option<TextDetector>,
    turned: bool,
}

impl Lookout {
    /// Looks for what there is a detector for; `turned` also looks for people who lie.
    pub fn new(people: Option<PeopleDetector>, text: Option<TextDetector>, turned: bool) -> Self {
        Self { people, text, turned }
    }

    /// Looks at a frame if it is time, or not.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn look(&mut self, frame: &Frame, times: LookTimes) -> Result<Glance, DetectError> {
        let mut glance = Glance::default();
        let Some(turn_of_frame) = frame.turn else { return Ok(glance) };
        if let (Some(detector), Some(look)) = (&mut self.people, times.for_people(turn_of_frame)) {
            glance.people = detector.detect(frame, Turn::NONE)?;
            if let Some(turn) = turn_of(look).filter(|_| self.turned) {
                let upright = glance.people.clone();
                let turned = detector.detect(frame, turn)?.into_iter();
                let is_new = |found: &Detection| !upright.iter().any(|known| doubles(known, found));
                glance.people.extend(turned.filter(|found| found.score >= TURNED_SCORE && is_new(found)));
            }
        }
        if let Some(detector) = self.text.as_mut().filter(|_| times.for_text(turn_of_frame)) {
            glance.text = detector.detect(frame)?;
        }
        Ok(glance)
    }
}

/// Whether a turned pass found again whom the upright one found: at a wrong angle, its boxes are off by much.
fn doubles(known: &Detection, found: &Detection) -> bool {
    let (known, found) = (known.ellipse.bounding_box(), found.ellipse.bounding_box());
    known.overlap_of_smaller(&found) > SAME_PERSON_OVERLAP
}

/// The turned pass of the nth look.
fn turn_of(look: u64) -> Option<Turn> {
    TURNS.get(usize::try_from(look % TURNS.len() as u64).unwrap_or(0)).copied()
}

/// Frames from one look to the next.
fn look_every(frames_per_second: Option<(u32, u32)>) -> u64 {
    let (looks, seconds) = LOOKS_PER_SECOND;
    match frames_per_second {
        Some((frames, per)) if frames > 0 && per > 0 => {
            (u64::from(frames) * seconds / (u64::from(per) * looks)).clamp(1, MAX_EVERY)
        }
        _ => EVERY_IF_UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Picture};
    use super::*;

    #[test]
    fn looks_are_at_most_four_tenths_of_a_second_apart() {
        for (rate, every) in [
            (Some((25, 1)), 10),
            (Some((30_000, 1001)), 11),
            (Some((10, 1)), 4),
            (Some((1, 1)), 1),
            (Some((120, 1)), 12),
            (Some((0, 1)), 8),
            (None, 8),
        ] {
            assert_eq!(look_every(rate), every, "{rate:?}");
        }
    }

    #[test]
    fn people_and_text_are_looked_for_by_turns() {
        let [graph, weights] = testing::nanodet_bytes();
        let people = PeopleDetector::new(&testing::runtime(), &graph, &weights, 0.35).unwrap();
        let mut lookout = Lookout::new(Some(people), None, false);
        let times = LookTimes::new(Some((10, 1)), 1);
        let mut frame = Picture::astronaut().to_frame();
        let mut seen = Vec::new();
        for seq in 0..9 {
            frame.turn = Some(seq);
            seen.push(lookout.look(&frame, times).unwrap().people.len());
        }
        assert_eq!(seen, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    }
}
