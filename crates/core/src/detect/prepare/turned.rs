//! Turns a small planar picture while copying it onto a network's input.

use super::super::layout::InputLayout;
use super::scaler::Scaled;

/// The three colours of one pixel, and one value to make the four lanes of a vector register.
type Pixel = [f32; 4];

/// Turns pictures. The colours of a pixel are brought together first, so that each of the four neighbours of a point is
/// one read for all three planes.
#[derive(Debug, Default)]
pub(super) struct Turner {
    pixels: Vec<Pixel>,
}

impl Turner {
    /// Takes the content of a scaled picture.
    pub(super) fn load(&mut self, Scaled { pixels, layout, .. }: &Scaled<'_>) {
        let (first, rest) = pixels.split_at(pixels.len() / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        let rows = [first, second, third].map(|plane| plane.chunks_exact(layout.width));
        self.pixels.clear();
        let [first, second, third] = rows;
        for ((first, second), third) in first.zip(second).zip(third).take(layout.content_height) {
            let pixels = first.iter().zip(second).zip(third).take(layout.content_width);
            self.pixels.extend(pixels.map(|((a, b), c)| [*a, *b, *c, 0.0]));
        }
    }

    /// Copies the scaled picture (`content_width` x `content_height`) that was loaded into the planes of the network's
    /// input, turned as the layout says: pixel for pixel by right angles, else with linear interpolation between pixel
    /// centres; black outside.
    pub(super) fn turn(&self, layout: &InputLayout, model: &mut [f32]) {
        let content = Content::new(&self.pixels, layout);
        if layout.keeps_pixels() {
            copy(layout, model, |x, y| content.nearest(x, y));
        } else {
            copy(layout, model, |x, y| content.between(x, y));
        }
    }
}

/// Fills the planes of the network's input with what is at each point of the scaled picture.
fn copy(layout: &InputLayout, model: &mut [f32], at: impl Fn(f32, f32) -> Option<Pixel>) {
    let from = &layout.content_from_model;
    let (first, rest) = model.split_at_mut(model.len() / 3);
    let (second, third) = rest.split_at_mut(rest.len() / 2);
    let rows = first.chunks_exact_mut(layout.width).zip(second.chunks_exact_mut(layout.width));
    for (y, ((first, second), third)) in rows.zip(third.chunks_exact_mut(layout.width)).enumerate() {
        let colours = first.iter_mut().zip(second).zip(third);
        for (x, ((first, second), third)) in colours.enumerate() {
            let (x, y) = from.point(x as f32 + 0.5, y as f32 + 0.5);
            [*first, *second, *third, _] = at(x, y).unwrap_or_default();
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

impl<'a> Content<'a> {
    fn new(pixels: &'a [Pixel], layout: &InputLayout) -> Self {
        Self {
            pixels,
            size: (layout.content_width as f32, layout.content_height as f32),
            stride: layout.content_width,
            // One column or row alone has no neighbour and stands in for it.
            next_column: layout.content_width.min(2) - 1,
            next_row: (layout.content_height.min(2) - 1) * layout.content_width,
        }
    }

    fn is_inside(&self, x: f32, y: f32) -> bool {
        let (width, height) = self.size;
        (0.0..=width).contains(&x) && (0.0..=height).contains(&y)
    }

    /// The colours of the pixel in which a point lies, in pixels from the top left corner; `None` outside.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the picture")]
    fn nearest(&self, x: f32, y: f32) -> Option<Pixel> {
        let pixel = || self.pixels.get(y as usize * self.stride + x as usize).copied();
        self.is_inside(x, y).then(pixel).flatten()
    }

    /// The colours at a point between pixel centres; `None` outside.
    fn between(&self, x: f32, y: f32) -> Option<Pixel> {
        if !self.is_inside(x, y) {
            return None;
        }
        let (width, height) = self.size;
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
