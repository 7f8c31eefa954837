//! Holds the surface of each track steady over time.
//!
//! Each frame's cell means are a fresh view of the same face. Shown as they are, an attacker could register and
//! average the frames of a track and win back what one frame hides. So the values that are drawn
//! - show only the coarsest part, under a pattern that stays with the track ([`Veil`]);
//! - follow the measured ones slowly ([`FOLLOW_SHIFT`]): a frame moves them by a sixteenth of the difference;
//! - are cut to few levels ([`STEP`]) and change only once the slow value has clearly left the level
//!   ([`HOLD`]), so that noise and movement of the face under its grid do not show as flicker;
//! - keep their shape when the light changes at once ([`JUMP`]): then each plane moves as a whole, which tells one
//!   number and not 64.
//!
//! All of this happens on the host, whichever device measures and paints.

use std::collections::BTreeMap;

use super::grid::{CellGrid, GRID_LEN, GridLayout, MAX_CELLS};
use super::veil::{Veil, Veils};
use crate::model::TrackId;

/// A frame moves a value by `1 / 2^4` of the difference: at 25 frames a second half of a change shows after 0.4 s.
const FOLLOW_SHIFT: i32 = 4;

/// Distance of the levels that are drawn. 128 is one of them, so that colourless stays colourless.
const STEP: i32 = 4;

/// A level is kept until the slow value is further than this from it. Half a [`STEP`] would let a value between two
/// levels flicker from one to the other.
const HOLD: i32 = 4;

/// A change of the mean brightness of a mask from one frame to the next that counts as a change of light.
const JUMP: i32 = 24;

/// Slow values carry this many bits behind the point.
const FRACTION: i32 = 8;

/// Frames after which a track that is not seen is forgotten: 10 s at 25 frames a second.
const FORGET_AFTER_FRAMES: u64 = 250;

/// Most surfaces held at once.
const MAX_SURFACES: usize = 4096;

/// Frames between two searches for tracks to forget.
const SWEEP_EVERY_FRAMES: u64 = 64;

/// What a surface belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SurfaceKey {
    /// The n-th mask of a track in one frame; n is 0 unless a track is drawn twice.
    Track(TrackId, u32),
    /// The hidden frame, whichever track is the reason.
    WholeFrame,
}

impl SurfaceKey {
    /// A number of its own.
    fn number(self) -> u64 {
        match self {
            Self::Track(track, nth) => u64::from(track.0) << 32 | u64::from(nth),
            Self::WholeFrame => u64::MAX - 1,
        }
    }

    /// Whether the surface is one of `track`'s.
    pub(crate) fn is_of(self, track: TrackId) -> bool {
        self.track() == Some(track)
    }

    /// The track, where it is a track's.
    pub(crate) fn track(self) -> Option<TrackId> {
        if let Self::Track(track, _) = self { Some(track) } else { None }
    }
}

/// The surfaces of all tracks of a recording.
pub(crate) struct SurfaceMemory {
    held: BTreeMap<SurfaceKey, Held>,
    /// Where surfaces are flat: the colour of each track.
    flat: BTreeMap<TrackId, [u8; 3]>,
    veils: Veils,
    frame: u64,
}

#[derive(Debug)]
struct Held {
    cells: [u32; 2],
    /// Slow values with [`FRACTION`] bits behind the point.
    slow: [[i32; GRID_LEN]; 3],
    veil: Veil,
    shown: CellGrid,
    last_frame: u64,
}

impl SurfaceMemory {
    /// Nothing is held yet; patterns come from `veils`.
    pub(crate) fn new(veils: Veils) -> Self {
        Self { held: BTreeMap::new(), flat: BTreeMap::new(), veils, frame: 0 }
    }

    /// Opens a frame. Call once per frame, also for frames without a mask.
    pub(crate) fn next_frame(&mut self) {
        self.frame += 1;
        if self.frame.is_multiple_of(SWEEP_EVERY_FRAMES) {
            let oldest = self.frame.saturating_sub(FORGET_AFTER_FRAMES);
            self.held.retain(|_, held| held.last_frame >= oldest);
        }
    }

    /// The values to draw for a mask whose cells were measured as `fresh`.
    pub(crate) fn settle(&mut self, key: SurfaceKey, layout: &GridLayout, fresh: &CellGrid) -> CellGrid {
        let frame = self.frame;
        let recent = frame.saturating_sub(FORGET_AFTER_FRAMES);
        if let Some(held) = self.held.get_mut(&key).filter(|held| held.last_frame >= recent) {
            held.last_frame = frame;
            held.fit(layout.cells());
            held.follow(fresh);
            return held.shown;
        }
        if self.held.len() >= MAX_SURFACES {
            self.forget_oldest();
        }
        let held = Held::new(layout.cells(), fresh, self.veils.of(key.number()), frame);
        let shown = held.shown;
        self.held.insert(key, held);
        shown
    }

    /// What to draw where nothing of the picture is kept: a colour of chance that stays with the track.
    pub(crate) fn flat(&mut self, track: TrackId) -> CellGrid {
        if self.flat.len() >= MAX_SURFACES {
            self.flat.clear();
        }
        let (veils, surface) = (&self.veils, SurfaceKey::Track(track, 0).number());
        CellGrid::flat(*self.flat.entry(track).or_insert_with(|| veils.colour_of(surface)))
    }

    fn forget_oldest(&mut self) {
        let oldest = self.held.iter().min_by_key(|(_, held)| held.last_frame).map(|(key, _)| *key);
        if let Some(key) = oldest {
            self.held.remove(&key);
        }
    }
}

impl Held {
    fn new(cells: [u32; 2], fresh: &CellGrid, veil: Veil, last_frame: u64) -> Self {
        let slow = fresh.planes.map(|plane| plane.map(|value| i32::from(value) << FRACTION));
        let shown = CellGrid { planes: veil.over(cells, &slow, 1 << FRACTION).map(|plane| plane.map(level)) };
        Self { cells, slow, veil, shown, last_frame }
    }

    /// Carries the values over to another number of cells, each from the nearest old cell, so that a face that
    /// crosses the edge of the picture does not start anew with every cell that it gains or loses.
    fn fit(&mut self, cells: [u32; 2]) {
        if self.cells == cells {
            return;
        }
        let nearest = |new: usize, axis: [u32; 2]| {
            let [old_cells, new_cells] = axis.map(|n| n.max(1) as usize);
            ((2 * new + 1) * old_cells / (2 * new_cells)).min(old_cells - 1)
        };
        let ([old_x, old_y], [new_x, new_y]) = (self.cells, cells);
        let (across, down) = ([old_x, new_x], [old_y, new_y]);
        let source = |at: usize| nearest(at / MAX_CELLS, down) * MAX_CELLS + nearest(at % MAX_CELLS, across);
        self.slow = self.slow.map(|old| std::array::from_fn(|at| old.get(source(at)).copied().unwrap_or(0)));
        self.shown.planes =
            self.shown.planes.map(|old| std::array::from_fn(|at| old.get(source(at)).copied().unwrap_or(0)));
        self.cells = cells;
    }

    fn follow(&mut self, fresh: &CellGrid) {
        let shifts = self.shifts(fresh);
        for ((slow, fresh), shift) in self.slow.iter_mut().zip(&fresh.planes).zip(shifts) {
            for (slow, fresh) in slow.iter_mut().zip(fresh) {
                let moved = (*slow + shift).clamp(0, 255 << FRACTION);
                *slow = moved + (((i32::from(*fresh) << FRACTION) - moved) >> FOLLOW_SHIFT);
            }
        }
        let veiled = self.veil.over(self.cells, &self.slow, 1 << FRACTION);
        for (shown, veiled) in self.shown.planes.iter_mut().flatten().zip(veiled.iter().flatten()) {
            if (*veiled - (i32::from(*shown) << FRACTION)).abs() > HOLD << FRACTION {
                *shown = level(*veiled);
            }
        }
    }

    /// How far each plane moves as a whole: not at all, unless the light changed.
    fn shifts(&self, fresh: &CellGrid) -> [i32; 3] {
        let mut shifts = [0; 3];
        for ((shift, slow), fresh) in shifts.iter_mut().zip(&self.slow).zip(&fresh.planes) {
            let sum: i32 = self
                .used()
                .filter_map(|at| Some((i32::from(*fresh.get(at)?) << FRACTION) - slow.get(at)?))
                .sum();
            *shift = sum / i32::try_from(self.used().count().max(1)).unwrap_or(1);
        }
        let [luma, ..] = shifts;
        if luma.abs() > JUMP << FRACTION { shifts } else { [0; 3] }
    }

    /// Places of the cells that the layout has.
    fn used(&self) -> impl Iterator<Item = usize> + use<> {
        let [across, down] = self.cells.map(|n| n as usize);
        (0..down).flat_map(move |j| (0..across).map(move |i| j * MAX_CELLS + i))
    }
}

/// The nearest level that is drawn.
fn level(slow: i32) -> u8 {
    let half_step = (STEP << FRACTION) / 2;
    let nearest = (slow + half_step) / (STEP << FRACTION) * STEP;
    u8::try_from(nearest).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;
    use crate::model::{EllipsePx, FrameSize, MaskArea};
    use crate::redact::spans::Coverage;

    fn layout(width: f32) -> GridLayout {
        let ellipse = EllipsePx { cx: 100.0, cy: 100.0, rx: width / 2.0, ry: 40.0, angle_rad: 0.0 };
        GridLayout::over(&Coverage::of(&MaskArea::Ellipse(ellipse), FrameSize::rounded_up(200, 200)))
    }

    fn key(track: u32) -> SurfaceKey {
        SurfaceKey::Track(TrackId(track), 0)
    }

    /// A grid whose cells are `base` plus up to `spread` in an order that depends on `seed`.
    fn noisy(base: u8, spread: u32, seed: u32) -> CellGrid {
        let mut grid = CellGrid::flat([base, 128, 128]);
        for (at, value) in (0u32..).zip(grid.planes[0].iter_mut()) {
            let hash = (at * 97 + seed).wrapping_mul(2_654_435_761) >> 16;
            *value = base + u8::try_from(hash % (spread + 1)).unwrap();
        }
        grid
    }

    #[test]
    fn grey_stays_grey_at_every_level_and_noise_never_tints_it() {
        for value in 0..=255u8 {
            let drawn = level(i32::from(value) << FRACTION);
            assert!(drawn.abs_diff(value) <= 2, "{value} is drawn as {drawn}");
        }
        let mut memory = SurfaceMemory::new(Veils::without_height());
        for frame in 0..500 {
            memory.next_frame();
            let mut fresh = noisy(126, 3, frame);
            fresh.planes[1] = fresh.planes[0];
            assert_eq!(memory.settle(key(1), &layout(80.0), &fresh).planes[1], [128; GRID_LEN]);
        }
    }

    #[test]
    fn a_further_mask_changes_no_other() {
        let shown = |tracks: &[u32]| {
            let mut memory = SurfaceMemory::new(Veils::new(Draws::from_seed(5)));
            memory.next_frame();
            let mut settle =
                |track: &u32| memory.settle(key(*track), &layout(80.0), &noisy(102, 16, 1)).planes;
            tracks.iter().map(&mut settle).last().unwrap()
        };
        assert_eq!(shown(&[1, 2]), shown(&[1, 7, 2]));
        assert_ne!(shown(&[1]), shown(&[2]));
    }

    #[test]
    fn a_shaking_face_shows_a_still_surface() {
        let mut memory = SurfaceMemory::new(Veils::without_height());
        let mut shown = Vec::new();
        for frame in 0..300 {
            memory.next_frame();
            // The mean of the noise lies right between two levels.
            shown.push(memory.settle(key(1), &layout(80.0), &noisy(102, 16, frame)).planes[0]);
        }
        let late = &shown[100..];
        let changes: usize =
            late.windows(2).map(|w| w[0].iter().zip(&w[1]).filter(|(a, b)| a != b).count()).sum();
        let rate = changes as f64 / (199 * GRID_LEN) as f64;
        assert!(rate < 0.002, "{rate} of the values change in a frame");
    }

    #[test]
    fn a_change_of_light_is_followed_at_once_and_tells_no_shape() {
        let mut memory = SurfaceMemory::new(Veils::without_height());
        memory.next_frame();
        let before = memory.settle(key(1), &layout(80.0), &noisy(60, 20, 1)).planes[0];
        memory.next_frame();
        let after = memory.settle(key(1), &layout(80.0), &noisy(140, 20, 2)).planes[0];
        for (a, b) in after.iter().zip(before) {
            assert!((76..=84).contains(&a.abs_diff(b)), "{b} became {a}");
        }
    }

    #[test]
    fn a_lasting_change_is_reached_in_the_end() {
        let mut memory = SurfaceMemory::new(Veils::without_height());
        memory.next_frame();
        memory.settle(key(1), &layout(80.0), &CellGrid::flat([100, 128, 128]));
        let mut drawn = CellGrid::flat([0; 3]);
        for _ in 0..100 {
            memory.next_frame();
            drawn = memory.settle(key(1), &layout(80.0), &CellGrid::flat([120, 128, 140]));
        }
        assert!(drawn.planes[0].iter().all(|v| v.abs_diff(120) <= 4));
        assert!(drawn.planes[2].iter().all(|v| v.abs_diff(140) <= 4));
    }

    #[test]
    fn tracks_are_kept_apart_forgotten_and_bounded() {
        let mut memory = SurfaceMemory::new(Veils::without_height());
        memory.next_frame();
        let dark = CellGrid::flat([40, 128, 128]);
        let bright = CellGrid::flat([60, 128, 128]);
        assert_eq!(memory.settle(key(1), &layout(80.0), &dark), dark);
        assert_eq!(memory.settle(key(2), &layout(80.0), &bright), bright);
        for _ in 0..=FORGET_AFTER_FRAMES {
            memory.next_frame();
        }
        assert_eq!(memory.settle(key(1), &layout(80.0), &bright), bright, "a forgotten track starts anew");
        for track in 0..3 * u32::try_from(MAX_SURFACES).unwrap() / 2 {
            memory.settle(key(track), &layout(80.0), &dark);
        }
        assert_eq!(memory.held.len(), MAX_SURFACES);
    }

    #[test]
    fn a_change_of_the_cell_count_keeps_the_shape() {
        let mut memory = SurfaceMemory::new(Veils::without_height());
        memory.next_frame();
        let mut ramp = CellGrid::flat([0, 128, 128]);
        for (at, value) in ramp.planes[0].iter_mut().enumerate() {
            *value = u8::try_from(40 + at % MAX_CELLS * 8).unwrap();
        }
        let shown = memory.settle(key(1), &layout(80.0), &ramp);
        memory.next_frame();
        let narrow = layout(14.0);
        assert_eq!(narrow.cells(), [4, 8]);
        let fitted = memory.settle(key(1), &narrow, &CellGrid::flat([68, 128, 128]));
        for (old, new) in [(1, 0), (3, 1), (5, 2), (7, 3)] {
            let (old, new) = (shown.planes[0][old], fitted.planes[0][new]);
            assert!(old.abs_diff(new) <= 8, "{old} became {new}");
        }
        assert!(fitted.planes[0][..4].is_sorted() && fitted.planes[0][0] < fitted.planes[0][3]);
    }
}
