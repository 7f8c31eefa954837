//! Turns a small planar picture while copying it onto a network's input.

use std::ops::Range;

use super::super::layout::{FrameFromModel, InputLayout};
use super::scaler::Scaled;

/// The three colours of one pixel.
type Pixel = [f32; 3];

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
            self.pixels.extend(pixels.map(|((a, b), c)| [*a, *b, *c]));
        }
    }

    /// Copies the scaled picture (`content_width` x `content_height`) that was loaded into the planes of the network's
    /// input, turned as the layout says: pixel for pixel by right angles, else with linear interpolation between pixel
    /// centres; black outside.
    pub(super) fn turn(&self, layout: &InputLayout, model: &mut [f32]) {
        let content = Content::new(&self.pixels, layout);
        let keeps_pixels = layout.keeps_pixels();
        let (first, rest) = model.split_at_mut(model.len() / 3);
        let (second, third) = rest.split_at_mut(rest.len() / 2);
        let rows = first.chunks_exact_mut(layout.width).zip(second.chunks_exact_mut(layout.width));
        for (y, ((first, second), third)) in rows.zip(third.chunks_exact_mut(layout.width)).enumerate() {
            let row =
                Row { planes: [first, second, third], from: &layout.content_from_model, y: y as f32 + 0.5 };
            if keeps_pixels {
                row.copy(&content);
            } else {
                row.interpolate(&content);
            }
        }
    }
}

/// A row of the network's input, to be filled with what is at each point of the scaled picture.
struct Row<'m> {
    planes: [&'m mut [f32]; 3],
    from: &'m FrameFromModel,
    /// The middle of the row.
    y: f32,
}

impl Row<'_> {
    /// Linear interpolation between pixel centres.
    fn interpolate(self, content: &Content<'_>) {
        let (from, y) = (self.from, self.y);
        self.fill(content, |x| {
            let (x, y) = from.point(x as f32 + 0.5, y);
            content.between(x, y)
        });
    }

    /// Pixel for pixel.
    #[allow(clippy::cast_possible_truncation, reason = "whole numbers of pixels")]
    fn copy(self, content: &Content<'_>) {
        let (x, y) = self.from.point(0.5, self.y);
        let (column, row) = (x.floor() as isize, y.floor() as isize);
        let [[across, _], [down, _]] = self.from.matrix;
        let (across, down) = (across as isize, down as isize);
        self.fill(content, |x| {
            let x = x.cast_signed();
            content.pixel(column + x * across, row + x * down)
        });
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
        let pixels = self.planes[0].len();
        let at = |position: f32| (position.max(0.0) as usize).min(pixels);
        let behind = at(columns.1.min(rows.1) + 3.0);
        at(columns.0.max(rows.0) - 2.0).min(behind)..behind
    }

    /// Black outside.
    fn fill(self, content: &Content<'_>, at: impl Fn(usize) -> Option<Pixel>) {
        let inside = self.inside(content.size);
        let [first, second, third] = self.planes.map(|plane| {
            let (before, rest) = plane.split_at_mut(inside.start);
            let (inside, behind) = rest.split_at_mut(inside.len());
            before.fill(0.0);
            behind.fill(0.0);
            inside
        });
        for (x, ((first, second), third)) in inside.zip(first.iter_mut().zip(second).zip(third)) {
            [*first, *second, *third] = at(x).unwrap_or_default();
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

    /// The colours of a pixel; `None` outside.
    fn pixel(&self, column: isize, row: isize) -> Option<Pixel> {
        let (column, row) = (usize::try_from(column).ok()?, usize::try_from(row).ok()?);
        if column >= self.stride {
            return None;
        }
        self.pixels.get(row * self.stride + column).copied()
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
