//! The surface of a mask in one plane, spread out along x so that a device only weighs three lines per row.

use super::grid::{CellGrid, GRID_LEN, GridLayout, MAX_CELLS, Taps};

/// Samples of luma and of chroma for each chroma sample along an axis.
pub(crate) const PLANE_SCALES: [u32; 3] = [2, 1, 1];

/// One plane's surface. The memory is reused from mask to mask.
#[derive(Debug, Default)]
pub(crate) struct PlaneSurface {
    /// For each row of cells, its values spread along x over the box: 0..=255 * 256.
    lines: [Vec<u16>; MAX_CELLS],
    /// For each row of the box, the rows of cells that it is made of.
    row_taps: Vec<Taps>,
}

impl PlaneSurface {
    /// Spreads the values of each row of cells along x, and finds the weights along y.
    pub(crate) fn prepare(&mut self, layout: &GridLayout, values: &[u8; GRID_LEN], scale: u32, smooth: bool) {
        let used = layout.rows.cells as usize;
        for (line, cells) in self.lines.iter_mut().zip(values.chunks_exact(MAX_CELLS)).take(used) {
            line.clear();
            line.extend(layout.cols.taps(scale, smooth).map(|taps| {
                let near = layout.cols.neighbours(taps.cell);
                let products = near.iter().zip(taps.weights).map(|(i, weight)| {
                    let value = cells.get(*i).copied().unwrap_or(0);
                    u32::from(value) * weight
                });
                // At most 255 * 256, because the weights add up to 256.
                u16::try_from(products.sum::<u32>()).unwrap_or(u16::MAX)
            }));
        }
        self.row_taps.clear();
        self.row_taps.extend(layout.rows.taps(scale, smooth));
    }

    /// The line of the j-th row of cells; only as many are valid as the layout has.
    pub(crate) fn line(&self, j: usize) -> &[u16] {
        self.lines.get(j).map_or(&[], Vec::as_slice)
    }

    /// The taps of each row of the box.
    pub(crate) fn row_taps(&self) -> &[Taps] {
        &self.row_taps
    }

    /// Appends the surface in the form in which the paint shader reads it: a word per row, then the lines, padded at
    /// both ends to whole words of the picture.
    pub(crate) fn pack(&self, layout: &GridLayout, scale: u32, words: &mut Vec<u32>) {
        let pad = layout.cols.start * scale % 4;
        let per_line = line_words(layout, scale) as usize * 2;
        words.extend(self.row_taps.iter().map(|taps| {
            let [before, _, after] = taps.weights;
            taps.cell << 16 | after << 8 | before
        }));
        for line in self.lines.iter().take(layout.rows.cells as usize) {
            let padded = std::iter::repeat_n(&0, pad as usize).chain(line).chain(std::iter::repeat(&0));
            let mut values = padded.map(|value| u32::from(*value));
            words.extend((0..per_line).map(|_| {
                let low = values.next().unwrap_or(0);
                low | values.next().unwrap_or(0) << 16
            }));
        }
    }
}

/// Words of the picture that a line of the box touches.
fn line_words(layout: &GridLayout, scale: u32) -> u32 {
    let (start, end) = (layout.cols.start * scale, (layout.cols.start + layout.cols.len) * scale);
    end.div_ceil(4) - start / 4
}

/// Words that the three planes of a mask take up in packed form.
pub(crate) fn packed_lens(layout: &GridLayout) -> [u32; 3] {
    PLANE_SCALES.map(|scale| layout.rows.len * scale + layout.rows.cells * line_words(layout, scale) * 2)
}

/// All three planes of a mask in packed form.
pub(crate) fn pack(
    layout: &GridLayout,
    grid: &CellGrid,
    smooth: bool,
    scratch: &mut PlaneSurface,
    words: &mut Vec<u32>,
) {
    for (values, scale) in grid.planes.iter().zip(PLANE_SCALES) {
        scratch.prepare(layout, values, scale, smooth);
        scratch.pack(layout, scale, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EllipsePx, FrameSize, MaskArea};
    use crate::redact::spans::Coverage;

    #[test]
    fn what_is_packed_has_the_length_that_was_said_and_starts_on_a_word() {
        for cx in [20.0, 21.0, 23.0, 25.0, 60.0] {
            let ellipse = EllipsePx { cx, cy: 30.0, rx: 11.0, ry: 17.0, angle_rad: 0.2 };
            let coverage = Coverage::of(&MaskArea::Ellipse(ellipse), FrameSize::rounded_up(64, 64));
            let layout = GridLayout::over(&coverage);
            let (mut words, mut scratch) = (Vec::new(), PlaneSurface::default());
            pack(&layout, &CellGrid::flat([100, 120, 140]), true, &mut scratch, &mut words);
            let lens = packed_lens(&layout).map(|len| len as usize);
            assert_eq!(words.len(), lens.iter().sum::<usize>());
            let first_line = &words[layout.rows.len as usize * 2..lens[0]];
            let halves: Vec<u32> = first_line.iter().flat_map(|w| [w & 0xffff, w >> 16]).collect();
            let pad = layout.cols.start as usize * 2 % 4;
            assert!(halves[..pad].iter().all(|v| *v == 0), "{halves:?}");
            let width = layout.cols.len as usize * 2;
            assert!(halves[pad..pad + width].iter().all(|v| *v == 100 * 256), "{halves:?}");
        }
    }
}
