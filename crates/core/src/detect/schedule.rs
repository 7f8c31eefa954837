//! Which passes search a frame: upright at short intervals, and beside each upright pass a turned one, one direction after
//! the other. They look at the same frame because what both see is then known to be one head; in neighbouring frames they
//! would be taken for two, and half as much background again would be hidden.
//!
//! A face moves little in a twelfth of a second, and the tracker knows where it was before and where it is after: frames in
//! between need no search of their own. What decides is time and nothing else, so that the same recording gives the same
//! result on any number of workers, and at 10 frames a second every frame is searched.

use std::iter;

use crate::model::{DurationNanos, PtsNanos, Search};

use super::layout::Turn;
use super::thumbnail::Thumbnail;

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

/// Two frames apart at 24 and 25 frames a second, every frame below 12.
const INTERVAL: DurationNanos = DurationNanos::from_millis(84);

/// Mean difference of two neighbours' thumbnails, in luma steps of 255, from which nothing is left out: another shot, a
/// flash, a swing of the camera. A shot of a single frame is searched as well.
const UNLIKE: u64 = 8;

/// What is searched in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    upright: bool,
    turned: &'static [Turn],
}

impl Passes {
    /// The turns, in the order of the passes; none where the frame is left to the tracker.
    pub fn turns(self) -> impl Iterator<Item = Turn> {
        iter::repeat_n(Turn::NONE, usize::from(self.upright)).chain(self.turned.iter().copied())
    }
}

/// Decides for one frame after another, in order.
#[derive(Clone, Debug)]
pub struct Schedule {
    search: Search,
    last: Option<(PtsNanos, Thumbnail)>,
    last_upright: PtsNanos,
    next_turn: usize,
}

impl Schedule {
    /// For a recording that is searched in these directions.
    pub fn new(search: Search) -> Self {
        Self { search, last: None, last_upright: PtsNanos(0), next_turn: 0 }
    }

    /// What is searched in the next frame.
    pub fn next(&mut self, pts: PtsNanos, thumbnail: &Thumbnail) -> Passes {
        let step = self.last.as_ref().map_or(DurationNanos(0), |(last, _)| pts.since(*last));
        let changed = self.last.as_ref().is_none_or(|(_, last)| is_unlike(last, thumbnail));
        self.last = Some((pts, *thumbnail));
        // Left out only where the frame behind still comes in time.
        let is_due = pts.since(self.last_upright).0.saturating_add(step.0) > INTERVAL.0;
        let upright = changed || is_due || self.search == Search::Thorough;
        if upright {
            self.last_upright = pts;
        }
        let turned = match self.search {
            Search::Thorough => &CYCLE,
            Search::Turned if upright => {
                let place = self.next_turn % CYCLE.len();
                self.next_turn = place + 1;
                CYCLE.get(place..=place).unwrap_or(&[])
            }
            Search::Turned | Search::Upright => &[],
        };
        Passes { upright, turned }
    }
}

fn is_unlike(a: &Thumbnail, b: &Thumbnail) -> bool {
    let apart: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    apart > UNLIKE * a.len() as u64
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::{THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH};
    use super::*;

    const GREY: Thumbnail = [90; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT];

    fn passes(search: Search, times_ms: impl Iterator<Item = f64>) -> Vec<(f64, Passes)> {
        let mut schedule = Schedule::new(search);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a test")]
        let at = |ms: f64| PtsNanos((ms * 1e6) as u64);
        times_ms.map(|ms| (ms, schedule.next(at(ms), &GREY))).collect()
    }

    fn at_rate(search: Search, fps: f64) -> Vec<(f64, Passes)> {
        passes(search, (0..120u8).map(|n| 500.0 + 1000.0 * f64::from(n) / fps))
    }

    #[test]
    fn no_direction_waits_longer_at_any_frame_rate() {
        for fps in [5.0, 10.0, 12.5, 15.0, 23.976, 25.0, 29.97, 50.0, 59.94, 120.0] {
            let all = at_rate(Search::Turned, fps);
            let step = 1000.0 / fps;
            let longest = |wanted: &dyn Fn(&Passes) -> bool| {
                let times: Vec<f64> = all.iter().filter(|(_, p)| wanted(p)).map(|(ms, _)| *ms).collect();
                assert!(times.len() > 1, "{fps}");
                times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
            };
            assert!(longest(&|p| p.turns().any(|turn| turn == Turn::NONE)) < step.max(84.1), "{fps}");
            assert!(longest(&|p| p.turns().any(|turn| turn != Turn::NONE)) < step.max(84.1), "{fps}");
        }
    }

    #[test]
    fn at_25_frames_a_second_every_second_one_has_two_passes_and_the_turns_go_round() {
        let all = at_rate(Search::Turned, 25.0);
        let counts: Vec<usize> = all.iter().take(6).map(|(_, passes)| passes.turns().count()).collect();
        assert_eq!(counts, [2, 0, 2, 0, 2, 0]);
        let turned: Vec<Turn> =
            all.iter().flat_map(|(_, passes)| passes.turns()).filter(|turn| *turn != Turn::NONE).collect();
        assert_eq!(turned[..14], [CYCLE, CYCLE].concat());
        let upright = at_rate(Search::Upright, 25.0);
        assert!(upright.iter().all(|(_, passes)| passes.turned.is_empty()));
        let thorough = at_rate(Search::Thorough, 25.0);
        assert!(thorough.iter().all(|(_, passes)| passes.turns().count() == 8));
    }

    #[test]
    fn a_shot_of_a_single_frame_is_searched() {
        let mut schedule = Schedule::new(Search::Turned);
        let at = |n: u64| PtsNanos(n * 40_000_000);
        let other = [140; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT];
        let upright = |passes: Passes| passes.turns().any(|turn| turn == Turn::NONE);
        assert!(upright(schedule.next(at(0), &GREY)), "the first frame");
        assert!(!upright(schedule.next(at(1), &GREY)));
        assert!(upright(schedule.next(at(2), &GREY)));
        assert!(upright(schedule.next(at(3), &other)), "another shot");
        assert!(upright(schedule.next(at(4), &GREY)), "and back");
    }

    #[test]
    fn a_recording_that_slows_down_is_searched_more_closely() {
        let times =
            (0..10u8).map(|n| 20.0 * f64::from(n)).chain((0..5u8).map(|n| 300.0 + 100.0 * f64::from(n)));
        let all = passes(Search::Turned, times);
        let late = all.iter().filter(|(ms, _)| *ms >= 300.0);
        assert!(late.clone().count() == 5 && late.clone().all(|(_, p)| p.upright), "{all:?}");
    }
}
