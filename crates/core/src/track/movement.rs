//! Where the picture moves: cells of thumbnails that change within a tenth of a second.

use crate::model::{BoxPx, FrameSize};

use super::cuts::{THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Thumbnail};

/// How far apart the pictures lie that are compared, at least.
pub(super) const STEP_NANOS: u64 = 100_000_000;

/// A cell that changes by this many levels of luma has moved. Measured on a film of people from behind: shadows in
/// front of them change a cell by up to 12, people by 60 and more.
const LEVELS: u8 = 12;

/// Cells that moved, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved([u32; THUMBNAIL_HEIGHT]);

impl Moved {
    /// Nothing is known: everything may have moved.
    pub(super) const UNKNOWN: Self = Self([u32::MAX; THUMBNAIL_HEIGHT]);

    /// What changed from one picture to another.
    pub(super) fn between(a: &Thumbnail, b: &Thumbnail) -> Self {
        let mut rows = [0; THUMBNAIL_HEIGHT];
        let lines = a.chunks_exact(THUMBNAIL_WIDTH).zip(b.chunks_exact(THUMBNAIL_WIDTH));
        for (row, (a, b)) in rows.iter_mut().zip(lines) {
            let moved = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b) >= LEVELS));
            *row = moved.enumerate().fold(0, |row, (at, moved)| row | moved << at);
        }
        Self(rows)
    }

    /// Whether anything moved within a box of a frame.
    pub(super) fn within(&self, bbox_px: &BoxPx, frame: FrameSize) -> bool {
        let (across, down) = (frame.width() as f32, frame.height() as f32);
        let reaches = |at: usize, cells: usize, from: f32, to: f32, side: f32| {
            let cell = side / cells as f32;
            from < (at + 1) as f32 * cell && to > at as f32 * cell
        };
        let column = |at: &usize| reaches(*at, THUMBNAIL_WIDTH, bbox_px.x0, bbox_px.x1, across);
        let columns = (0..THUMBNAIL_WIDTH).filter(column).fold(0u32, |bits, at| bits | 1 << at);
        let rows = self.0.iter().enumerate();
        rows.filter(|(at, _)| reaches(*at, THUMBNAIL_HEIGHT, bbox_px.y0, bbox_px.y1, down))
            .any(|(_, row)| row & columns != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movement_is_found_where_it_is() {
        let still: Thumbnail = [90; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT];
        let mut later = still;
        // The last cell of the first row, and a shadow in the first cell of the last.
        later[THUMBNAIL_WIDTH - 1] = 120;
        later[THUMBNAIL_WIDTH * (THUMBNAIL_HEIGHT - 1)] = 100;
        let (moved, frame) = (Moved::between(&still, &later), FrameSize::rounded_up(640, 360));
        let within = |x0, y0, x1, y1| moved.within(&BoxPx { x0, y0, x1, y1 }, frame);
        assert!(within(600.0, 0.0, 700.0, 50.0));
        assert!(within(-5.0, -5.0, 641.0, 1.0));
        assert!(!within(0.0, 0.0, 619.0, 360.0));
        assert!(!within(0.0, 21.0, 640.0, 360.0), "a shadow");
        assert!(Moved::UNKNOWN.within(&BoxPx { x0: 1.0, y0: 1.0, x1: 2.0, y1: 2.0 }, frame));
    }
}
