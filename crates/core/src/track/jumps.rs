//! Jumps on tiny luma averages: where a film goes on in another moment, whether the place is the same or not.
//!
//! A cut within one room, or to a picture that happens to resemble the last, is no cut for [`super::cuts`], which drops
//! masks and must be sure. Here every doubt says "jump": masks stay and nothing is dropped, but no face is taken to have
//! moved from one side to the other, and who is found soon behind it was there from its first picture.
//!
//! A picture jumps where the tenth of it that changes most changes two and a half times as much as in the pictures
//! around. Measured on 28 scenes of moving people and six clips: two pictures that follow one another change up to 1.2
//! times as much as their neighbours in a scene, and where a cell changes by 8 levels and more, up to 2.4 times in a clip;
//! where half a second or more is left out of a scene it is 2.9 to 10 times, and across 16 cuts between scenes, half of
//! which are none for [`super::cuts`], and two in a clip, 2.7 to 16 times.
//!
//! In 36 such edited scenes, with a jump or cut every two seconds, 58 to 68 of the faces (three runs: what masks are
//! filled with is drawn anew) instead of 69 stayed open within the 30 pictures behind one, and 135 to 144 instead of 152 of
//! 20,971 in all; 7.1 instead of 6.1 % of the background is hidden, since whoever was in front of a jump is held behind it.
//! Held for 0.3 s only where the picture has changed in that place, it is 4.5 %, but 168 faces stay open. Looking in two
//! more directions in the first picture behind a jump, as at the start of a recording, changed nothing that could be told
//! from chance.

use std::collections::VecDeque;

use super::cuts::Thumbnail;

/// Pictures in front of a step whose own steps it is compared with.
const BEFORE: usize = 5;
/// So many are known at least where those behind are not.
const LEAST_BEFORE: usize = 2;
/// The share of the picture that is compared: cells that change most.
const TENTH: usize = 10;
/// Levels of luma by which that share changes at least. A codec that begins anew changes it by up to 5.
const MIN_LEVELS: f32 = 8.0;
/// How much larger than those around it a step is.
const TIMES: f32 = 2.5;

/// Remembers the last picture and the steps that led to it.
#[derive(Clone, Debug, Default)]
pub(super) struct JumpFinder {
    last: Option<Box<Thumbnail>>,
    steps: VecDeque<f32>,
}

impl JumpFinder {
    /// Whether `frame` is the first behind a jump. `next` are the frames behind it. A frame of `None` is damaged and is
    /// passed over.
    pub(super) fn is_jump(&mut self, frame: Option<&Thumbnail>, next: &[Option<&Thumbnail>]) -> bool {
        let Some(frame) = frame else { return false };
        let Some(last) = self.last.replace(Box::new(*frame)) else { return false };
        let step = change(&last, frame);
        let behind = std::iter::once(frame).chain(next.iter().copied().flatten());
        let behind: Vec<f32> = behind.clone().zip(behind.skip(1)).map(|(a, b)| change(a, b)).collect();
        let is_jump = step >= MIN_LEVELS && step >= TIMES * usual(self.steps.iter().chain(&behind));
        self.steps.push_back(step);
        if self.steps.len() > BEFORE {
            self.steps.pop_front();
        }
        is_jump
    }
}

/// Where a shot may end, as far as the pictures before tell: asked for while those behind are not known yet. A jump too many
/// costs time alone; where much changes all the time there is none.
#[derive(Clone, Debug, Default)]
pub struct ShotEnds(JumpFinder);

impl ShotEnds {
    /// Whether a shot may end in front of the next picture; `None` is a damaged one.
    pub fn ends_before(&mut self, next: Option<&Thumbnail>) -> bool {
        let is_settled = self.0.steps.len() >= LEAST_BEFORE;
        self.0.is_jump(next, &[]) && is_settled
    }
}

/// Starts of shots that are remembered at most; of more, the first ones.
const MAX_STARTS: usize = 16;

/// When the last shots began, behind cuts and jumps.
#[derive(Clone, Debug, Default)]
pub(super) struct ShotStarts(VecDeque<u64>);

impl ShotStarts {
    /// A shot begins, later than all others.
    pub(super) fn begin(&mut self, nanos: u64) {
        if self.0.len() < MAX_STARTS {
            self.0.push_back(nanos);
        }
    }

    /// Forgets shots that began before a time.
    pub(super) fn forget_before(&mut self, nanos: u64) {
        while self.0.front().is_some_and(|start| *start < nanos) {
            self.0.pop_front();
        }
    }

    /// When the first of those began that are remembered.
    pub(super) fn earliest(&self) -> Option<u64> {
        self.0.front().copied()
    }
}

/// The second largest of some steps: there may be a jump among them.
fn usual<'a>(steps: impl Iterator<Item = &'a f32>) -> f32 {
    let mut steps: Vec<f32> = steps.copied().collect();
    steps.sort_by(|a, b| b.total_cmp(a));
    steps.get(1).copied().unwrap_or(0.0)
}

/// Mean change of the tenth of the cells that change most, in levels of luma.
fn change(a: &Thumbnail, b: &Thumbnail) -> f32 {
    let mut changes: Vec<u8> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).collect();
    changes.sort_unstable_by(|a, b| b.cmp(a));
    let count = changes.len() / TENTH;
    changes.iter().take(count).map(|c| f32::from(*c)).sum::<f32>() / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::cuts::{CONFIRM_FRAMES, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH};
    use super::*;

    /// A dark room with somebody eight cells wide and tall, whose left side lies in column `at`.
    fn somebody(at: usize) -> Thumbnail {
        std::array::from_fn(|i| {
            let (x, y) = (i % THUMBNAIL_WIDTH, i / THUMBNAIL_WIDTH);
            let is_in = (at..at + 8).contains(&x) && (THUMBNAIL_HEIGHT - 8..).contains(&y);
            if is_in { 180 } else { 40 + u8::try_from(x).unwrap() }
        })
    }

    fn jumps_in(film: &[Option<Thumbnail>]) -> Vec<usize> {
        let mut finder = JumpFinder::default();
        let is_jump = |k: &usize| {
            let next: Vec<_> = film[k + 1..].iter().take(CONFIRM_FRAMES).map(Option::as_ref).collect();
            finder.is_jump(film[*k].as_ref(), &next)
        };
        (0..film.len()).filter(is_jump).collect()
    }

    fn walk(columns: impl IntoIterator<Item = usize>) -> Vec<Option<Thumbnail>> {
        columns.into_iter().map(|at| Some(somebody(at))).collect()
    }

    #[test]
    fn a_moment_that_is_left_out_is_found_though_the_room_is_the_same() {
        let film = walk([4; 9].into_iter().chain([16; 9]));
        assert_eq!(jumps_in(&film), [9]);
        // One that is damaged is passed over, and so the jump comes with the next.
        let mut damaged = film;
        damaged[9] = None;
        assert_eq!(jumps_in(&damaged), [10]);
    }

    #[test]
    fn who_walks_or_stands_does_not_jump() {
        assert_eq!(jumps_in(&walk(0..20)), [0usize; 0]);
        assert_eq!(jumps_in(&walk([4; 20])), [0usize; 0]);
        // Every picture comes twice, as in a recording whose rate was doubled: only until that is known.
        assert_eq!(jumps_in(&walk((0..40).map(|k| k / 2))), [2]);
    }

    #[test]
    fn a_jump_soon_after_another_is_found_as_well() {
        let film = walk([4; 9].into_iter().chain([16; 3]).chain([4; 9]));
        assert_eq!(jumps_in(&film), [9, 12]);
    }

    #[test]
    fn a_shot_may_end_where_the_picture_behind_is_another_unless_all_are() {
        let ends_in = |film: &[Option<Thumbnail>]| {
            let mut ends = ShotEnds::default();
            (0..film.len()).filter(|k| ends.ends_before(film[*k].as_ref())).collect::<Vec<_>>()
        };
        assert_eq!(ends_in(&walk([4; 9].into_iter().chain([16; 3]).chain([4; 9]))), [9, 12]);
        assert_eq!(ends_in(&walk((0..20).map(|k| if k % 2 == 0 { 4 } else { 16 }))), [0usize; 0]);
        let mut damaged = walk([4; 5].into_iter().chain([16; 5]));
        damaged[5] = None;
        assert_eq!(ends_in(&damaged), [6]);
    }
}
