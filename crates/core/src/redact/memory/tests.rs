//! Tests of the values that are held steady over time.

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
        let mut settle = |track: &u32| memory.settle(key(*track), &layout(80.0), &noisy(102, 16, 1)).planes;
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
