//! The at most 8x8 cells of a mask: where they lie, what they hold, and how a pixel is made out of them.

use super::spans::{Coverage, Extent};

/// Most cells on a side. Measured with a face recogniser: 8 cells across a face leave chance, 12 leave 15 %.
pub(crate) const MAX_CELLS: usize = 8;

/// Values that a grid holds for each plane; cell (i, j) lies at `j * MAX_CELLS + i`.
pub(crate) const GRID_LEN: usize = MAX_CELLS * MAX_CELLS;

/// [`MAX_CELLS`] in the type of positions.
const MOST: u32 = 8;

/// Smallest side of a cell in chroma samples, which is 4 luma pixels.
const MIN_CELL_CHROMA: u32 = 2;

/// The weights of a pixel add up to this along each axis.
pub(crate) const WEIGHT_ONE: u32 = 256;

/// One axis of a mask's box, cut into cells. All lengths are in chroma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellAxis {
    /// First column or row.
    pub(crate) start: u32,
    /// Columns or rows.
    pub(crate) len: u32,
    /// Cells, 1..=8. Cell `i` runs from `start + i * len / cells` to where the next one starts.
    pub(crate) cells: u32,
}

/// Where the cells of a mask lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GridLayout {
    pub(crate) cols: CellAxis,
    pub(crate) rows: CellAxis,
}

/// One value for each cell of each plane (Y, U, V). Values beyond the layout's cells are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellGrid {
    pub(crate) planes: [[u8; GRID_LEN]; 3],
}

/// How a pixel is made out of the cells along one axis: the cell that it lies in, and the weights of the cell
/// before, of that cell and of the cell after. Where there is no neighbour the cell stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taps {
    pub(crate) cell: u32,
    pub(crate) weights: [u32; 3],
}

impl CellAxis {
    /// As many cells as a side may have: each at least four pixels wide, and at least an eighth of the mask as it
    /// would be without the picture's edge, so that half a face does not get eight cells to itself.
    fn over(extent: Extent) -> Self {
        let share = MOST.saturating_mul(extent.len) / extent.whole.max(1);
        let cells = (extent.len / MIN_CELL_CHROMA).min(share).clamp(1, MOST);
        Self { start: extent.start, len: extent.len, cells }
    }

    /// First position of cell `i`, counted from `start`; for `i == cells` the end.
    pub(crate) fn bound(self, i: u32) -> u32 {
        i * self.len / self.cells
    }

    /// The taps of every position of a plane along this axis, in order. `scale` is 2 for luma and 1 for chroma.
    ///
    /// `smooth` takes the weights of the uniform quadratic B-spline (de Boor, A Practical Guide to Splines):
    /// `(1-t)^2/2, 1/2 + t(1-t), t^2/2` at the place `t` inside the cell. It has no creases, and as it
    /// approximates the values instead of passing through them, it hides a little more than they do.
    pub(crate) fn taps(self, scale: u32, smooth: bool) -> impl Iterator<Item = Taps> {
        (0..self.cells).flat_map(move |cell| {
            let size = (self.bound(cell + 1) - self.bound(cell)) * scale;
            (0..size).map(move |k| Taps { cell, weights: if smooth { spline(k, size) } else { FLAT } })
        })
    }

    /// The cells whose values the weights of [`Taps`] multiply.
    pub(crate) fn neighbours(self, cell: u32) -> [usize; 3] {
        let last = self.cells - 1;
        [cell.saturating_sub(1), cell, (cell + 1).min(last)].map(|i| i.min(last) as usize)
    }
}

const FLAT: [u32; 3] = [0, WEIGHT_ONE, 0];

/// Weights of the k-th of `size` positions inside a cell; they add up to [`WEIGHT_ONE`] exactly.
fn spline(k: u32, size: u32) -> [u32; 3] {
    let t = (2 * k + 1) * (WEIGHT_ONE / 2) / size.max(1);
    let half_square = |v: u32| (v * v + WEIGHT_ONE) / (2 * WEIGHT_ONE);
    let (before, after) = (half_square(WEIGHT_ONE - t), half_square(t));
    [before, WEIGHT_ONE - before - after, after]
}

impl GridLayout {
    /// The cells over the box around the visible part of a mask.
    pub(crate) fn over(coverage: &Coverage) -> Self {
        Self { cols: CellAxis::over(coverage.cols()), rows: CellAxis::over(coverage.rows()) }
    }

    /// The same box as a single cell.
    pub(crate) fn single(coverage: &Coverage) -> Self {
        let one = |e: Extent| CellAxis { start: e.start, len: e.len, cells: 1 };
        Self { cols: one(coverage.cols()), rows: one(coverage.rows()) }
    }

    /// Chroma samples of a cell.
    pub(crate) fn cell_chroma(&self) -> u32 {
        let [width, height] = [self.cols, self.rows].map(|axis| axis.len / axis.cells.max(1));
        width.saturating_mul(height)
    }

    /// Cells across and down.
    pub(crate) fn cells(&self) -> [u32; 2] {
        [self.cols.cells, self.rows.cells]
    }
}

impl CellGrid {
    /// The same value for all cells of a plane.
    pub(crate) fn flat(levels: [u8; 3]) -> Self {
        Self { planes: levels.map(|level| [level; GRID_LEN]) }
    }
}

/// Mean of `count` samples, rounded to the nearest. Truncation would tint grey.
pub(crate) fn rounded_mean(sum: u64, count: u64) -> u8 {
    u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(len: u32, whole: u32) -> Extent {
        Extent { start: 3, len, whole }
    }

    #[test]
    fn cells_are_never_many_nor_small() {
        for whole in 1..400 {
            for len in 1..=whole {
                let axis = CellAxis::over(extent(len, whole));
                assert!((1..=8).contains(&axis.cells) && axis.bound(axis.cells) == len);
                for i in 0..axis.cells {
                    let side = axis.bound(i + 1) - axis.bound(i);
                    assert!(axis.cells == 1 || side >= 2, "{len} of {whole}: cell of {side}");
                    assert!(axis.cells == 1 || side >= whole / 8, "{len} of {whole}: cell of {side}");
                }
            }
        }
        assert_eq!(CellAxis::over(extent(64, 64)).cells, 8);
        assert_eq!(CellAxis::over(extent(12, 12)).cells, 6, "a face of 24 pixels gets six cells");
        assert_eq!(CellAxis::over(extent(32, 64)).cells, 4, "half a face gets half the cells");
    }

    #[test]
    fn weights_add_up_and_run_on_without_a_jump() {
        for (len, cells) in [(64, 8), (61, 8), (13, 6), (1, 1), (8192, 8), (4100, 1)] {
            let axis = CellAxis { start: 0, len, cells };
            for scale in [1, 2] {
                let taps: Vec<_> = axis.taps(scale, true).collect();
                assert_eq!(taps.len(), (len * scale) as usize);
                assert!(taps.iter().all(|t| t.weights.iter().sum::<u32>() == WEIGHT_ONE));
                assert!(taps.is_sorted_by_key(|t| t.cell));
            }
        }
        // A step between two cells rises steadily from one to the other.
        let axis = CellAxis { start: 0, len: 64, cells: 2 };
        let height = |t: Taps| axis.neighbours(t.cell).iter().zip(t.weights).map(|(i, w)| [0, w][*i]).sum();
        let rise: Vec<u32> = axis.taps(2, true).map(height).collect();
        assert!(rise.is_sorted() && rise[0] < 3 && rise[127] > 253);
        assert!(rise.windows(2).all(|pair| pair[1] - pair[0] <= 6), "{rise:?}");
    }

    #[test]
    fn means_round_to_the_nearest() {
        assert_eq!([rounded_mean(5, 2), rounded_mean(4, 3), rounded_mean(5, 3)], [3, 1, 2]);
        assert_eq!(rounded_mean(255 * (1 << 28), 1 << 28), 255);
    }
}
