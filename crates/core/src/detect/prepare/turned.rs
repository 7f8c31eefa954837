//! Turns a small planar picture while copying it onto a network's input.

use super::super::layout::InputLayout;

/// Where in the content one pixel of the network's input comes from.
#[derive(Clone, Copy, Debug)]
struct Tap {
    /// The pixel above and to the left of the point.
    index: usize,
    /// How far the point is on its way to the next column and row, 0..=1.
    right: f32,
    below: f32,
}

/// Turns pictures; keeps one row of taps, which the three colour planes share.
#[derive(Debug, Default)]
pub(super) struct Turner {
    taps: Vec<Option<Tap>>,
}

impl Turner {
    /// Copies the planes of the scaled picture (`content_width` x `content_height` each) into those of the
    /// network's input, turned as the layout says: linear interpolation between pixel centres (exact for
    /// quarter turns), black outside.
    pub(super) fn turn(&mut self, layout: &InputLayout, content: &[f32], model: &mut [f32]) {
        let (stride, rows) = (layout.content_width, layout.content_height);
        // One column or row alone has no neighbour and stands in for it.
        let (next_column, next_row) = (stride.min(2) - 1, (rows.min(2) - 1) * stride);
        for y in 0..layout.height {
            self.find_taps(layout, y);
            let planes =
                content.chunks_exact(stride * rows).zip(model.chunks_exact_mut(layout.width * layout.height));
            for (from, to) in planes {
                let row = to.chunks_exact_mut(layout.width).nth(y).unwrap_or(&mut []);
                for (pixel, tap) in row.iter_mut().zip(&self.taps) {
                    *pixel = tap.and_then(|tap| sample(from, tap, next_column, next_row)).unwrap_or(0.0);
                }
            }
        }
    }

    /// The taps of row `y`; `None` outside the content.
    fn find_taps(&mut self, layout: &InputLayout, y: usize) {
        let from = &layout.content_from_model;
        let (width, height) = (layout.content_width as f32, layout.content_height as f32);
        let inside = |length: f32| 0.0..=length;
        self.taps.clear();
        self.taps.extend((0..layout.width).map(|x| {
            let (x, y) = from.point(x as f32 + 0.5, y as f32 + 0.5);
            if !inside(width).contains(&x) || !inside(height).contains(&y) {
                return None;
            }
            let ((column, right), (row, below)) = (place(x, width), place(y, height));
            Some(Tap { index: row * layout.content_width + column, right, below })
        }));
    }
}

/// The pixel at or before a position, of those that have a next one, and how far it is to that next one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..length")]
fn place(position: f32, length: f32) -> (usize, f32) {
    let centred = (position - 0.5).clamp(0.0, length - 1.0);
    let pixel = centred.min((length - 2.0).max(0.0)) as usize;
    (pixel, centred - pixel as f32)
}

/// The value between four neighbours.
fn sample(plane: &[f32], tap: Tap, next_column: usize, next_row: usize) -> Option<f32> {
    let from = plane.get(tap.index..)?;
    let [a, b] = [*from.first()?, *from.get(next_column)?];
    let [c, d] = [*from.get(next_row)?, *from.get(next_row + next_column)?];
    let (upper, lower) = (a + (b - a) * tap.right, c + (d - c) * tap.right);
    Some(upper + (lower - upper) * tap.below)
}
