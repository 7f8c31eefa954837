//! Turns a small picture while copying it onto a network's input.

use std::ops::Range;

use super::super::layout::{FrameFromModel, InputLayout};
use super::Pixel;
use super::scaler::Scaled;

/// Positions are whole numbers of these parts of a pixel: over a row of 4096 pixels they are off by a 32nd of one at most.
const PIXEL: i64 = 1 << 16;

/// The weights of the four neighbours of a point add up to this.
const WEIGHT_ONE: u64 = 1 << 8;

/// Every other byte of a word.
const EVERY_OTHER: u64 = 0x00ff_00ff_00ff_00ff;
/// Half of a [`WEIGHT_ONE`] in each of them, so that sums are rounded to the nearest.
const HALVES: u64 = 0x0080_0080_0080_0080;

/// Copies the scaled picture (`content_width` x `content_height`) onto the network's input, turned as `layout` says: pixel
/// for pixel by right angles, else with linear interpolation between pixel centres; black outside.
pub(super) fn turn_onto(model: &mut [Pixel], scaled: &Scaled<'_>, layout: &InputLayout) {
    let content = Content::new(scaled, layout);
    let keeps_pixels = layout.keeps_pixels();
    for (y, pixels) in model.chunks_exact_mut(layout.width).enumerate() {
        let row = Row { pixels, from: &layout.content_from_model, y: y as f32 + 0.5 };
        if keeps_pixels {
            row.copy(&content);
        } else {
            row.interpolate(&content);
        }
    }
}

/// A row of the network's input, to be filled with what is at each point of the scaled picture.
struct Row<'m> {
    pixels: &'m mut [Pixel],
    from: &'m FrameFromModel,
    /// The middle of the row.
    y: f32,
}

impl Row<'_> {
    /// Linear interpolation between pixel centres.
    fn interpolate(self, content: &Content<'_>) {
        let (x, y) = self.from.point(0.5, self.y);
        let [[across, _], [down, _]] = self.from.matrix;
        let ([x, y], [across, down]) = ([x, y].map(in_parts), [across, down].map(in_parts));
        self.fill(content, |at| content.between(x + at * across, y + at * down));
    }

    /// Pixel for pixel.
    fn copy(self, content: &Content<'_>) {
        let (x, y) = self.from.point(0.5, self.y);
        let [[across, _], [down, _]] = self.from.matrix;
        let ([x, y], [across, down]) = ([x, y].map(whole), [across, down].map(whole));
        self.fill(content, |at| content.pixel(x + at * across, y + at * down));
    }

    /// The pixels of the row that lie in the scaled picture, and a few more on either side.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the row")]
    fn inside(&self, (width, height): (f32, f32)) -> Range<usize> {
        let start = self.from.point(0.5, self.y);
        let [[across, _], [down, _]] = self.from.matrix;
        let along = |start: f32, step: f32, length: f32| {
            if step.abs() < 1e-6 {
                let all = (-1.0..=length + 1.0).contains(&start);
                return (0.0, if all { f32::MAX } else { 0.0 });
            }
            let (one, other) = (-start / step, (length - start) / step);
            (one.min(other), one.max(other))
        };
        let (columns, rows) = (along(start.0, across, width), along(start.1, down, height));
        let at = |position: f32| (position.max(0.0) as usize).min(self.pixels.len());
        let behind = at(columns.1.min(rows.1) + 3.0);
        at(columns.0.max(rows.0) - 2.0).min(behind)..behind
    }

    /// Black outside.
    fn fill(self, content: &Content<'_>, at: impl Fn(i64) -> Option<Pixel>) {
        let inside = self.inside((content.width as f32, content.height as f32));
        let (before, rest) = self.pixels.split_at_mut(inside.start);
        let (pixels, behind) = rest.split_at_mut(inside.len());
        before.fill(Pixel::default());
        behind.fill(Pixel::default());
        for (x, pixel) in (0i64..).skip(inside.start).zip(pixels) {
            *pixel = at(x).unwrap_or_default();
        }
    }
}

/// The scaled picture before it is turned.
#[derive(Debug)]
struct Content<'a> {
    pixels: &'a [Pixel],
    width: i64,
    height: i64,
    stride: i64,
    next_column: usize,
    next_row: usize,
}

impl<'a> Content<'a> {
    fn new(Scaled { pixels, layout: of_scaled }: &Scaled<'a>, layout: &InputLayout) -> Self {
        let signed = |length: usize| i64::try_from(length).unwrap_or(0);
        Self {
            pixels,
            width: signed(layout.content_width),
            height: signed(layout.content_height),
            stride: signed(of_scaled.width),
            // One column or row alone has no neighbour and stands in for it.
            next_column: layout.content_width.min(2) - 1,
            next_row: (layout.content_height.min(2) - 1) * of_scaled.width,
        }
    }

    /// The colours of a pixel; `None` outside.
    fn pixel(&self, column: i64, row: i64) -> Option<Pixel> {
        let is_inside = (0..self.width).contains(&column) && (0..self.height).contains(&row);
        self.pixels.get(usize::try_from(row * self.stride + column).ok()?).copied().filter(|_| is_inside)
    }

    /// The colours at a point between pixel centres, in parts of a pixel; `None` outside.
    fn between(&self, x: i64, y: i64) -> Option<Pixel> {
        if !((0..=self.width * PIXEL).contains(&x) && (0..=self.height * PIXEL).contains(&y)) {
            return None;
        }
        let ((column, right), (row, below)) = (place(x, self.width), place(y, self.height));
        let from = self.pixels.get(usize::try_from(row * self.stride + column).ok()?..)?;
        let corner = (right * below) >> 8;
        let neighbours = [
            (from.first()?, WEIGHT_ONE + corner - right - below),
            (from.get(self.next_column)?, right - corner),
            (from.get(self.next_row)?, below - corner),
            (from.get(self.next_row + self.next_column)?, corner),
        ];
        Some(mixed(neighbours))
    }
}

/// The mean of pixels by weights that add up to [`WEIGHT_ONE`]. All four bytes at once, each in sixteen bits of a word.
fn mixed(pixels: [(&Pixel, u64); 4]) -> Pixel {
    let apart = |pixel: &Pixel| {
        let pixel = u64::from(u32::from_le_bytes(*pixel));
        (pixel | pixel << 24) & EVERY_OTHER
    };
    let sum = pixels.into_iter().fold(HALVES, |sum, (pixel, weight)| sum + apart(pixel) * weight);
    let [first, _, third, _, second, _, fourth, _] = (sum >> 8 & EVERY_OTHER).to_le_bytes();
    [first, second, third, fourth]
}

/// The pixel at or before a position along an axis, of those that have a next one, and how far it is to that next one in
/// [`WEIGHT_ONE`]ths.
fn place(position: i64, length: i64) -> (i64, u64) {
    let centred = (position - PIXEL / 2).clamp(0, (length - 1) * PIXEL);
    let pixel = (centred / PIXEL).min((length - 2).max(0));
    (pixel, ((centred - pixel * PIXEL) / (PIXEL / 256)).unsigned_abs())
}

/// In parts of a pixel.
#[allow(clippy::cast_possible_truncation, reason = "a position in or near a small picture")]
fn in_parts(position: f32) -> i64 {
    (position * PIXEL as f32).round() as i64
}

#[allow(clippy::cast_possible_truncation, reason = "whole numbers of pixels")]
fn whole(position: f32) -> i64 {
    position.floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_mean_of_pixels_is_that_of_each_of_their_bytes(
            pixels in proptest::array::uniform4(proptest::prelude::any::<Pixel>()),
            right in 0u64..=256, below in 0u64..=256,
        ) {
            let corner = (right * below) >> 8;
            let weights = [WEIGHT_ONE + corner - right - below, right - corner, below - corner, corner];
            let found = mixed(std::array::from_fn(|nth| (&pixels[nth], weights[nth])));
            for (byte, found) in found.into_iter().enumerate() {
                let sum: u64 = (pixels.iter().zip(weights)).map(|(pixel, weight)| u64::from(pixel[byte]) * weight).sum();
                proptest::prop_assert_eq!(u64::from(found), (sum + 128) >> 8);
            }
        }
    }

    #[test]
    fn places_lie_between_the_centres_of_pixels() {
        assert_eq!(place(0, 3), (0, 0));
        assert_eq!(place(PIXEL, 3), (0, 128));
        assert_eq!(place(3 * PIXEL / 2, 3), (1, 0));
        assert_eq!(place(3 * PIXEL, 3), (1, 256));
        assert_eq!(place(PIXEL, 1), (0, 0));
    }
}
