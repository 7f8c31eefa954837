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
mod tests;
