//! A tiny luma picture of a frame, enough to see where one camera shot ends and the next begins.

use crate::model::Frame;

/// Columns of a thumbnail.
pub const THUMBNAIL_WIDTH: usize = 32;
/// Rows of a thumbnail.
pub const THUMBNAIL_HEIGHT: usize = 18;
/// Raw luma values, row by row.
pub type Thumbnail = [u8; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT];

/// Samples in each direction of a cell: 16 of the 1,600 pixels that a cell of a 720p frame has, so that the
/// whole costs microseconds.
const SAMPLES: usize = 4;

/// The mean of [`SAMPLES`]² evenly spread luma samples in each of 32 x 18 equal cells.
pub fn thumbnail(frame: &Frame) -> Thumbnail {
    let [luma, ..] = frame.planes();
    // Sample `n` of a line of `count` lies in the middle of its n-th part.
    let place = |n: usize, count: usize, length: usize| (2 * n + 1) * length / (2 * count);
    let columns: [usize; THUMBNAIL_WIDTH * SAMPLES] =
        std::array::from_fn(|n| place(n, THUMBNAIL_WIDTH * SAMPLES, luma.width));
    let mut cells = [0u8; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT];
    for (line, cells) in cells.as_chunks_mut::<THUMBNAIL_WIDTH>().0.iter_mut().enumerate() {
        let mut sums = [0usize; THUMBNAIL_WIDTH];
        for n in 0..SAMPLES {
            let row = luma.row(place(line * SAMPLES + n, THUMBNAIL_HEIGHT * SAMPLES, luma.height));
            for (sum, places) in sums.iter_mut().zip(columns.as_chunks::<SAMPLES>().0) {
                *sum += places.iter().map(|x| usize::from(row.get(*x).copied().unwrap_or(0))).sum::<usize>();
            }
        }
        for (cell, sum) in cells.iter_mut().zip(sums) {
            *cell = u8::try_from((sum + SAMPLES * SAMPLES / 2) / (SAMPLES * SAMPLES)).unwrap_or(u8::MAX);
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FULL_601, frame};
    use super::*;

    #[test]
    fn cells_hold_the_mean_of_their_part() {
        let mut picture = frame(320, 180, FULL_601);
        let [luma, ..] = picture.planes_mut();
        for (y, row) in luma.data.chunks_mut(luma.stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                // A cell is 10x10 pixels: its column and row say its value, with a checker pattern of +-1
                // around it.
                *sample = u8::try_from(x / 10 * 4 + y / 10 * 6 + (x + y) % 2 * 2).unwrap();
            }
        }
        for (at, value) in thumbnail(&picture).into_iter().enumerate() {
            let expected = at % THUMBNAIL_WIDTH * 4 + at / THUMBNAIL_WIDTH * 6 + 1;
            assert!(usize::from(value).abs_diff(expected) <= 1, "cell {at}: {value}, not {expected}");
        }
    }

    #[test]
    fn frames_smaller_than_the_thumbnail_work() {
        let mut picture = frame(2, 2, FULL_601);
        picture.bytes_mut().fill(77);
        assert_eq!(thumbnail(&picture), [77; THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT]);
    }
}
