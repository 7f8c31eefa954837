//! Turns a small planar picture while copying it onto a network's input.

use super::super::layout::InputLayout;

/// The three colours of one pixel, and one value to make the four lanes of a vector register.
type Pixel = [f32; 4];

/// Turns pictures. The colours of a pixel are brought together first, so that each of the four neighbours of a point is one
/// read for all three planes.
#[derive(Debug, Default)]
pub(super) struct Turner {
    pixels: Vec<Pixel>,
}

impl Turner {
    /// Takes the planes of the scaled picture.
    pub(super) fn load(&mut self, content: &[f32]) {
        let (first, rest) = content.split_at(content.len() / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        self.pixels.clear();
        self.pixels.extend(first.iter().zip(second).zip(third).map(|((a, b), c)| [*a, *b, *c, 0.0]));
    }

    /// Copies the scaled picture (`content_width` x `content_height`) that was loaded into the planes of the network's
    /// input, turned as the layout says: linear interpolation between pixel centres (exact for quarter turns), black
    /// outside.
    pub(super) fn turn(&self, layout: &InputLayout, model: &mut [f32]) {
        let from = &layout.content_from_model;
        let content = Content {
            pixels: &self.pixels,
            size: (layout.content_width as f32, layout.content_height as f32),
            stride: layout.content_width,
            // One column or row alone has no neighbour and stands in for it.
            next_column: layout.content_width.min(2) - 1,
            next_row: (layout.content_height.min(2) - 1) * layout.content_width,
        };
        let (first, rest) = model.split_at_mut(model.len() / 3);
        let (second, third) = rest.split_at_mut(rest.len() / 2);
        let rows = first.chunks_exact_mut(layout.width).zip(second.chunks_exact_mut(layout.width));
        for (y, ((first, second), third)) in rows.zip(third.chunks_exact_mut(layout.width)).enumerate() {
            let colours = first.iter_mut().zip(second).zip(third);
            for (x, ((first, second), third)) in colours.enumerate() {
                let point = from.point(x as f32 + 0.5, y as f32 + 0.5);
                [*first, *second, *third, _] = content.at(point).unwrap_or_default();
            }
        }
    }
}

/// The scaled picture before it is turned.
#[derive(Debug)]
struct Content<'a> {
    pixels: &'a [Pixel],
    size: (f32, f32),
    stride: usize,
    next_column: usize,
    next_row: usize,
}

impl Content<'_> {
    /// The colours at a point, in pixels from the top left corner; `None` outside.
    fn at(&self, (x, y): (f32, f32)) -> Option<Pixel> {
        let (width, height) = self.size;
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            return None;
        }
        let ((column, right), (row, below)) = (place(x, width), place(y, height));
        let from = self.pixels.get(row * self.stride + column..)?;
        let upper = mix(from.first()?, from.get(self.next_column)?, right);
        let lower = mix(from.get(self.next_row)?, from.get(self.next_row + self.next_column)?, right);
        Some(mix(&upper, &lower, below))
    }
}

fn mix(from: &Pixel, to: &Pixel, share: f32) -> Pixel {
    let mut out = *from;
    for (out, to) in out.iter_mut().zip(to) {
        *out += (to - *out) * share;
    }
    out
}

/// The pixel at or before a position, of those that have a next one, and how far it is to that next one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..length")]
fn place(position: f32, length: f32) -> (usize, f32) {
    let centred = (position - 0.5).clamp(0.0, length - 1.0);
    let pixel = centred.min((length - 2.0).max(0.0)) as usize;
    (pixel, centred - pixel as f32)
}
