//! Turns a small picture while copying it onto a network's input.

use std::ops::Range;

use super::super::layout::{FrameFromModel, InputLayout};
use super::Pixel;
use super::content::{Content, PIXEL};
use super::scaler::Scaled;

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

/// The points of the scaled picture that are at the pixels of a row, from left to right.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: (i64, i64),
    step: (i64, i64),
}

impl Line {
    fn at(&self, nth: usize) -> (i64, i64) {
        let nth = i64::try_from(nth).unwrap_or(i64::MAX);
        (self.start.0 + nth * self.step.0, self.start.1 + nth * self.step.1)
    }
}

impl Row<'_> {
    /// Linear interpolation between pixel centres.
    fn interpolate(self, content: &Content<'_>) {
        let line = self.line(in_parts);
        let at = |nth| content.between(line.at(nth)).unwrap_or_default();
        let has_neighbours = |nth| content.has_neighbours(line.at(nth));
        self.fill(content, at, has_neighbours, |first, pixels| {
            content.mix(line.at(first), line.step, pixels);
        });
    }

    /// Pixel for pixel.
    fn copy(self, content: &Content<'_>) {
        let line = self.line(whole);
        let at = |nth| content.pixel(line.at(nth)).unwrap_or_default();
        let is_inside = |nth| content.pixel(line.at(nth)).is_some();
        self.fill(content, at, is_inside, |first, pixels| content.copy(line.at(first), line.step, pixels));
    }

    /// Where the row lies, in whichever unit.
    fn line(&self, unit: fn(f32) -> i64) -> Line {
        let (x, y) = self.from.point(0.5, self.y);
        let [[across, _], [down, _]] = self.from.matrix;
        Line { start: (unit(x), unit(y)), step: (unit(across), unit(down)) }
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

    /// Black outside; `many` gives those pixels in a row that `is_easy`, and `at` the others near the border.
    fn fill(
        self,
        content: &Content<'_>,
        at: impl Fn(usize) -> Pixel,
        is_easy: impl Fn(usize) -> bool,
        many: impl Fn(usize, &mut [Pixel]),
    ) {
        let mut easy = self.inside((content.width as f32, content.height as f32));
        let one_by_one = easy.clone();
        easy.start = easy.clone().find(|nth| is_easy(*nth)).unwrap_or(easy.end);
        easy.end = easy.clone().rev().find(|nth| is_easy(*nth)).map_or(easy.start, |last| last + 1);
        let (before, rest) = self.pixels.split_at_mut(easy.start);
        let (pixels, behind) = rest.split_at_mut(easy.len());
        let alone = |nth: usize| if one_by_one.contains(&nth) { at(nth) } else { Pixel::default() };
        before.iter_mut().enumerate().for_each(|(nth, pixel)| *pixel = alone(nth));
        (easy.end..).zip(behind).for_each(|(nth, pixel)| *pixel = alone(nth));
        many(easy.start, pixels);
    }
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
    use crate::detect::layout::Turn;
    use crate::model::FrameSize;

    proptest::proptest! {
        /// The quick ways give what the slow ones say, pixel by pixel.
        #[test]
        fn many_pixels_are_what_each_of_them_is(
            size in (2usize..40, 2usize..40), eighth in 0u8..8, seed in 0u32..99, side in 1u16..5,
        ) {
            let frame = FrameSize::rounded_up(size.0 * 4, size.1 * 4);
            let layout = InputLayout::new(frame, side * 32, Turn::eighths(eighth));
            let of_scaled = InputLayout { width: layout.content_width, height: layout.content_height, ..layout };
            let count = layout.content_width * layout.content_height;
            let pixel = |at: usize| (u32::try_from(at).unwrap().wrapping_mul(2_654_435_761) ^ seed).to_le_bytes();
            let pixels: Vec<Pixel> = (0..count).map(pixel).collect();
            let scaled = Scaled { pixels: &pixels, layout: of_scaled };
            let mut turned = vec![[9; 4]; layout.width * layout.height];
            turn_onto(&mut turned, &scaled, &layout);
            let content = Content::new(&scaled, &layout);
            let unit = if layout.keeps_pixels() { whole } else { in_parts };
            for (y, row) in turned.chunks_exact_mut(layout.width).enumerate() {
                let found = row.to_vec();
                let line = Row { pixels: row, from: &layout.content_from_model, y: y as f32 + 0.5 }.line(unit);
                for (nth, found) in found.into_iter().enumerate() {
                    let point = line.at(nth);
                    let said = if layout.keeps_pixels() { content.pixel(point) } else { content.between(point) };
                    proptest::prop_assert_eq!(found, said.unwrap_or_default(), "{} in row {}", nth, y);
                }
            }
        }
    }
}
