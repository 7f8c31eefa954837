//! Looks for people and text beside the faces, in some frames only: both networks cost more than a frame has time for.

use crate::model::{Beside, Detection, DurationNanos, Frame, PtsNanos, Shown};

use super::error::DetectError;
use super::layout::Turn;
use super::people::PeopleDetector;
use super::text::TextDetector;

/// The longest time from one look to the next, as a part of a second: 0.4 s. People who walk by are in the picture for
/// longer, and what is filled in between two looks overlaps what is there.
const LOOKS_PER_SECOND: (u64, u64) = (5, 2);
/// The same where frames come more slowly than the recording says, or stay. A little more, so that a true rate alone
/// decides.
const LONGEST: DurationNanos = DurationNanos::from_millis(410);
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

/// Which pictures people and text are looked for in, one after the other. That hangs on their numbers and times alone, so
/// that the same recording gives the same result on any number of workers.
#[derive(Clone, Debug)]
pub struct LookTimes {
    every: u64,
    longest: DurationNanos,
    /// The last picture of a shot is looked at as well.
    at_ends: bool,
    people: Looks,
    text: Looks,
}

/// Looks of one kind: how many there were, and the time of the last.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    count: u64,
    last: Option<PtsNanos>,
}

impl LookTimes {
    /// For pictures of `frames_per_second` (numerator and denominator), so many times as seldom as may be, at least once.
    /// With once, the last picture of a shot is looked at as well.
    pub fn new(frames_per_second: Option<(u32, u32)>, times_as_seldom: u64) -> Self {
        let times = times_as_seldom.max(1);
        Self {
            every: look_every(frames_per_second) * times,
            longest: DurationNanos(LONGEST.0 * times),
            at_ends: times == 1,
            people: Looks::default(),
            text: Looks::default(),
        }
    }

    /// What is looked for in the next picture; `turn` is its number among those that may be searched.
    pub fn next(&mut self, turn: Option<u64>, shown: &Shown) -> Beside {
        let Some(turn) = turn else { return Beside::default() };
        // Text half-way between the looks for people, so that no picture has to bear both; the very first one has it, too.
        let for_text = turn == 0 || turn % self.every == self.every / 2;
        let is_end = self.at_ends && shown.is_last();
        let longest = self.longest;
        let look = |looks: &mut Looks, is_turn: bool| {
            let is_due = is_turn || is_end || shown.since(looks.last) > longest;
            is_due.then(|| looks.take(shown.from))
        };
        Beside {
            people: look(&mut self.people, turn.is_multiple_of(self.every)),
            text: look(&mut self.text, for_text),
        }
    }
}

impl Looks {
    /// The number of the next one, at a time.
    fn take(&mut self, at: PtsNanos) -> u64 {
        self.last = Some(at);
        self.count += 1;
        self.count - 1
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

    /// Looks at a frame for what is due in it.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn look(&mut self, frame: &Frame) -> Result<Glance, DetectError> {
        let mut glance = Glance::default();
        if let (Some(detector), Some(look)) = (&mut self.people, frame.beside.people) {
            glance.people = detector.detect(frame, Turn::NONE)?;
            if let Some(turn) = turn_of(look).filter(|_| self.turned) {
                let upright = glance.people.clone();
                let turned = detector.detect(frame, turn)?.into_iter();
                let is_new = |found: &Detection| !upright.iter().any(|known| doubles(known, found));
                glance.people.extend(turned.filter(|found| found.score >= TURNED_SCORE && is_new(found)));
            }
        }
        if let (Some(detector), Some(_)) = (&mut self.text, frame.beside.text) {
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

    /// What is due in pictures of 100 ms each but for one of another number.
    fn due(
        seldom: u64,
        rate: u32,
        (long, millis): (u64, u64),
        count: u64,
    ) -> Vec<(Option<u64>, Option<u64>)> {
        let mut times = LookTimes::new(Some((rate, 1)), seldom);
        let mut at = PtsNanos(0);
        let next = |seq: u64| {
            let length = DurationNanos::from_millis(if seq == long { millis } else { 100 });
            let until = at.saturating_add(length);
            let shown = Shown { from: at, until: (seq + 1 < count).then_some(until), ends_shot: false };
            at = until;
            let due = times.next(Some(seq), &shown);
            (due.people, due.text)
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn people_and_text_are_looked_for_by_turns() {
        let (both, people, text) = ((Some(0), Some(0)), |n| (Some(n), None), |n| (None, Some(n)));
        let none = (None, None);
        let regular = [both, none, text(1), none, people(1), none, text(2), none];
        assert_eq!(due(1, 10, (99, 0), 9)[..8], regular);
        assert_eq!(due(1, 10, (99, 0), 8)[7], (Some(2), Some(3)), "the last picture");
        assert_eq!(due(2, 10, (99, 0), 8)[7], none, "where nothing is hidden for it");
        // Said to be 30 a second, and is 10: by the clock, one in four.
        let slow: Vec<_> = due(1, 30, (99, 0), 13).into_iter().map(|(people, _)| people.is_some()).collect();
        assert_eq!(slow, (0..13).map(|seq| seq % 4 == 0).collect::<Vec<_>>());
        assert_eq!(due(1, 10, (3, 500), 9)[3], (Some(1), Some(2)), "one that stays");
    }

    #[test]
    fn a_frame_is_looked_at_when_it_is_due() {
        let [graph, weights] = testing::nanodet_bytes();
        let people = PeopleDetector::new(&testing::runtime(), &graph, &weights, 0.35).unwrap();
        let mut lookout = Lookout::new(Some(people), None, false);
        let mut frame = Picture::astronaut().to_frame();
        assert_eq!(lookout.look(&frame).unwrap().people.len(), 0);
        frame.beside = Beside { people: Some(0), text: Some(0) };
        assert_eq!(lookout.look(&frame).unwrap().people.len(), 1);
    }
}
