//! Which frames are searched for faces, and in which directions.

use crate::model::{DurationNanos, Search, Searched, Speed, WholeLooks};

use super::layout::Turn;
use super::prepare::Place;

/// Turned passes by turns of 45 degrees: faces that lie on a side first, then those upside down, then between. Opposite
/// turns follow one another, so that no direction waits long.
const CYCLE: [Turn; 7] = [
    Turn::eighths(2),
    Turn::eighths(6),
    Turn::eighths(1),
    Turn::eighths(7),
    Turn::eighths(4),
    Turn::eighths(3),
    Turn::eighths(5),
];

/// The turned passes in the first picture: who is upside down from the beginning would wait longest for a turn, and has
/// moved on from under a mask that is held back over so many pictures. In one of
/// sixteen composed scenes such a face leaked for eight pictures, and for none with it; the background is 3.1 % as before.
/// With all seven turns within the first four searches, a tenth more of it is hidden over 48 scenes.
const FIRST_TURNS: [Turn; 2] = [Turn::eighths(2), Turn::eighths(4)];

/// Turns in which a lost face is looked for beside its own: who is seen weakly is often seen at the wrong angle.
const OTHER_TURNS: [Turn; 3] = [Turn::eighths(2), Turn::eighths(6), Turn::eighths(4)];

/// Of the lost faces, so many of the surest have their turn.
const MAX_LOST: u64 = 2;

/// Searched frames a second, as a fraction: one in 80 ms. A face between two searched frames is filled in from both
/// sides.
///
/// Measured over 13 scenes of moving faces at 25 frames a second, with every second frame searched and with all of
/// them: 0.0 to
/// 0.6 % of the faces leak either way, and 0.3 to 4.9 % of the background is hidden instead of 0.5 to 4.7 %. With every third
/// frame 3 to 7 % of the background is hidden. The upright pass never rests while a turned one looks: alone, a turned
/// pass sees upright faces weakly and askew, and three times the background is hidden.
const SEARCHES_PER_SECOND: (u64, u64) = (25, 2);

/// However many frames a second there are, or a recording wrongly claims.
pub(super) const MAX_EVERY: u64 = 8;
const MAX_WHOLE_EVERY: u64 = 3;

/// Of the searched frames, those in which the whole picture is looked at come this often: one in 160 ms, and one in 240
/// ms where speed is worth more. In the others, faces are looked for only where some are expected, each in its own
/// turn, which costs a tenth of a pass over the picture for each face.
///
/// Over six scenes with whole pictures every 80 / 160 / 240 / 320 ms: of 4648 faces 7 / 0 / 9 / 12 leaked, the longest
/// for 3 / 0 / 6 / 12 frames, and the background hidden was 2.8 / 2.5 / 2.6 / 2.8 % on average.
const WHOLE_PER_SECOND: (u64, u64) = (25, 4);
const WHOLE_PER_SECOND_AT_SPEED: (u64, u64) = (25, 6);

/// Frames that are looked at as a whole lie at most this far apart where frames come more often than that. More than the
/// schedule leaves between them at any constant rate (200 and 300 ms, at 10 frames a second), so a true rate alone
/// decides.
const LONGEST_BETWEEN_WHOLES: DurationNanos = DurationNanos::from_millis(210);
const LONGEST_BETWEEN_WHOLES_AT_SPEED: DurationNanos = DurationNanos::from_millis(310);

const SECOND_NANOS: u64 = 1_000_000_000;

/// Small faces are looked for in every direction within so many searched frames: 0.3 s, which masks are held back over.
/// All in the first one would keep every worker but one waiting for it.
const FIRST_SEARCHES: u64 = 4;

/// With fewer searches a second the first picture is looked at in all directions after all.
const SLOWEST_SHARED_SEARCHES: u64 = 8;

/// The search of one recording. It depends on nothing but frame numbers and the frame rate, so that the same recording
/// gives the same result on any number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    search: Search,
    /// Frames from one that is searched to the next.
    every: u64,
    /// Searched frames from one that is looked at as a whole to the next.
    whole_every: u64,
    fastest: bool,
    /// Searched frames are at most an eighth of a second apart.
    is_quick: bool,
}

impl Schedule {
    /// For pictures of `frames_per_second` (numerator and denominator). Where nobody knows the rate, every frame is
    /// searched as a whole; so it is where only one direction is asked for, or all.
    pub fn new(search: Search, speed: Speed, frames_per_second: Option<(u32, u32)>) -> Self {
        let whole = if speed == Speed::Fastest { WHOLE_PER_SECOND_AT_SPEED } else { WHOLE_PER_SECOND };
        let (every, whole_every) = match (search, frames_per_second) {
            (Search::Turned, Some(rate @ (1.., 1..))) => {
                let every = frames_each(rate, SEARCHES_PER_SECOND).clamp(1, MAX_EVERY);
                (every, (frames_each(rate, whole) / every).clamp(1, MAX_WHOLE_EVERY))
            }
            _ => (1, 1),
        };
        let is_quick = frames_per_second.is_some_and(|(frames, per)| {
            u64::from(frames) >= SLOWEST_SHARED_SEARCHES * every * u64::from(per.max(1))
        });
        Self { search, every, whole_every, fastest: speed == Speed::Fastest, is_quick }
    }

    /// How a frame is searched where frames come as regularly as the recording says, if it is.
    pub fn regular(&self, seq: u64) -> Option<Searched> {
        self.is_searched(seq).then(|| {
            let nth = seq / self.every;
            let is_whole = nth.is_multiple_of(self.whole_every);
            let whole = is_whole.then_some(WholeLooks { first: nth / self.whole_every, count: 1 });
            Searched { nth, whole }
        })
    }

    /// Whether a frame of a number is one of those that are searched.
    pub(super) fn is_searched(&self, seq: u64) -> bool {
        seq.is_multiple_of(self.every)
    }

    /// Searched frames from one that is looked at as a whole to the next.
    pub(super) fn whole_every(&self) -> u64 {
        self.whole_every
    }

    /// Frames that are looked at as a whole lie at most this far apart where frames come more often than that.
    pub(super) fn longest_between_wholes(&self) -> DurationNanos {
        if self.fastest { LONGEST_BETWEEN_WHOLES_AT_SPEED } else { LONGEST_BETWEEN_WHOLES }
    }

    /// Looks at the whole of a frame that is shown for so long, `None` where nobody knows for how long: as many as there
    /// are within that time where frames come more often, and at most all directions.
    pub(super) fn looks_at(shown_for: Option<DurationNanos>) -> u64 {
        let (looks, seconds) = WHOLE_PER_SECOND;
        let all = CYCLE.len() as u64;
        shown_for.map_or(all, |time| (time.0 / (SECOND_NANOS * seconds / looks)).clamp(1, all))
    }

    /// The passes over the whole picture in a searched frame.
    pub fn passes(&self, searched: Searched) -> Vec<Turn> {
        let Some(whole) = searched.whole else { return Vec::new() };
        let mut turns = vec![Turn::NONE];
        match self.search {
            Search::Thorough => turns.extend(CYCLE),
            Search::Turned => {
                for turn in whole.positions().flat_map(turns_of_look) {
                    if !turns.contains(turn) {
                        turns.push(*turn);
                    }
                }
            }
            Search::Upright => {}
        }
        turns
    }

    /// The directions in which small faces are looked for in the nth searched frame of a large picture; `small` says
    /// that some are about.
    ///
    /// All of them within the first four searched frames, shared out so that several workers look at once; with
    /// `--speed fastest` the four right angles. Then upright and in a direction more in every look at the whole while
    /// small faces are about, and one in every fourth otherwise, upright every other time. A search that knows one
    /// direction only looks at every fourth picture. A direction costs as much as three passes over the whole picture.
    /// On two scenes of seven people with faces of 27 to 95 pixels in 1920 x 1080, 42 % (upright) and 77 % (any angle)
    /// of the faces leaked without these looks, and 24 and 30 % with half as many as here.
    pub fn close_looks(&self, searched: Searched, small: bool) -> Vec<Turn> {
        let nth = searched.nth;
        if self.search == Search::Turned && nth < FIRST_SEARCHES {
            let is_last = searched.whole.is_some_and(|whole| whole.count >= CYCLE.len() as u64);
            if is_last || (nth == 0 && !self.is_quick) {
                return self.all_directions();
            }
            if self.is_quick {
                return self.first_close_looks(nth);
            }
        }
        let Some(whole) = searched.whole else { return Vec::new() };
        let fourth = whole.positions().find(|look| look.is_multiple_of(4)).map(|look| look / 4);
        let direction = |nth: u64| {
            if nth.is_multiple_of(2) { vec![Turn::NONE] } else { nth_turn(nth / 2).into_iter().collect() }
        };
        match (self.search, fourth) {
            (Search::Thorough, _) => [Turn::NONE].into_iter().chain(CYCLE).collect(),
            (Search::Upright, Some(_)) => vec![Turn::NONE],
            (Search::Turned, _) if small => [Turn::NONE].into_iter().chain(nth_turn(whole.first)).collect(),
            (Search::Turned, Some(fourth)) => direction(fourth),
            (Search::Upright | Search::Turned, None) => Vec::new(),
        }
    }

    /// Whether the nth searched frame, where it is large, is looked at as a whole by the network of close looks as
    /// well: every fourth time that the whole is looked at, between close looks, and with `--speed fastest` every
    /// third: before a track that was not found any more is given up. A search that knows one direction, or all, looks
    /// at every frame with the finder.
    ///
    /// Some faces are never found by the finder at a third of their size: one of 160 pixels in 1920 x 1080, open and
    /// seen from the front with a mask, has 0.08 to 0.32 there and 0.77 here, and came back after 1.6 s behind others:
    /// it stayed open for 26 pictures. Once it is sure, the pictures of the second before are hidden as well. Over ten
    /// composed scenes 106 of 10,537 faces leaked instead of 159 (background 5.4 instead of 5.7 %), in 3 to 4 % more
    /// time. Every time that the whole is looked at, and with any turn, hid 11 % of the background; upright every time
    /// took 8 to 15 % more time, and no face fewer leaked.
    pub fn looks_with_both(&self, searched: Searched) -> bool {
        let every = if self.fastest { 3 } else { 4 };
        self.search == Search::Turned
            && searched.whole.is_some_and(|whole| whole.positions().any(|look| look % every == 2))
    }

    /// The share of one of the first searched frames in the looks for small faces in all directions.
    fn first_close_looks(&self, nth: u64) -> Vec<Turn> {
        let all = self.all_directions().into_iter().zip(0u64..);
        all.filter(|(_, at)| at % FIRST_SEARCHES == nth).map(|(turn, _)| turn).collect()
    }

    fn all_directions(&self) -> Vec<Turn> {
        let is_asked = |turn: &Turn| !(self.fastest && turn.is_diagonal());
        [Turn::NONE].into_iter().chain(CYCLE).filter(is_asked).collect()
    }

    /// Whether faces that are expected in the nth searched frame, and are not found there, are looked for again:
    /// always, and with `--speed fastest` together with a look at the whole. With every second time, 57 and 84 of 1229
    /// and 790 faces leaked on two scenes instead of 5 and none.
    pub fn looks_again(&self, searched: Searched) -> bool {
        !self.fastest || searched.whole.is_some()
    }

    /// Which of the lost faces, surest first, is looked for in another turn than its own in the nth searched frame, and
    /// in which: each of the two surest in each of the three at right angles to its own, by and by.
    ///
    /// A face of 110 pixels that lies in 1280 x 720 was seen upright with 0.12 to 0.37 and then lost for 1.6 s; in its
    /// own turn it has
    /// 0.75 to 0.90. Over seven scenes 47 of 6551 faces leaked instead of 56, and 22 became 7 on that one, in 5 % more time. All lost faces
    /// in each frame took 13 to 18 %, and no face fewer leaked.
    pub fn otherwise(&self, nth: u64, lost: &[Place]) -> Option<Place> {
        let nth = if self.fastest { nth / self.whole_every } else { nth };
        let count = (lost.len() as u64).clamp(1, MAX_LOST);
        let place = lost.get(usize::try_from(nth % count).ok()?)?;
        let turn = OTHER_TURNS.get(usize::try_from(nth / count).ok()? % OTHER_TURNS.len())?;
        Some(Place { turn: place.turn.and(*turn), ..*place })
    }

    /// Frames after which every direction has had its turn once.
    pub fn cycle_pictures(&self) -> u64 {
        self.every * self.whole_every * CYCLE.len() as u64
    }

    /// Searched frames from the last whose faces are known to the one in which they are expected: while one worker
    /// looks at a whole picture, another can go on to the next.
    pub fn known_after(&self) -> u64 {
        self.whole_every.max(2)
    }

    /// Whether faces are also looked for where some are expected: not where every searched frame is looked at as a
    /// whole, in every direction that is asked for.
    pub fn follows_faces(&self) -> bool {
        self.search == Search::Turned
    }
}

/// The turned passes of one look at the whole.
fn turns_of_look(look: u64) -> &'static [Turn] {
    if look == 0 {
        return &FIRST_TURNS;
    }
    let place = usize::try_from(look % CYCLE.len() as u64).unwrap_or(0);
    CYCLE.get(place..=place).unwrap_or(&[])
}

/// The nth turned pass, one after the other, over and over.
pub(super) fn nth_turn(nth: u64) -> Option<Turn> {
    CYCLE.get(usize::try_from(nth % CYCLE.len() as u64).ok()?).copied()
}

/// Frames from one to the next of `times` a second (a fraction), rounded, at so many frames a second (numerator,
/// denominator).
pub(super) fn frames_each((frames, per): (u32, u32), (times, seconds): (u64, u64)) -> u64 {
    let (frames, times) = (u64::from(frames) * seconds, u64::from(per) * times);
    (frames + times / 2) / times
}

#[cfg(test)]
mod tests;
