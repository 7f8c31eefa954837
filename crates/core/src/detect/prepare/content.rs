//! What is at a point of a scaled picture, and at many points in a row.

use super::super::layout::InputLayout;
use super::Pixel;
use super::scaler::Scaled;

/// Positions are whole numbers of these parts of a pixel: over a row of 4096 pixels they are off by a 32nd of one at most.
pub(super) const PIXEL: i64 = 1 << 16;

/// The weights of the four neighbours of a point add up to this.
const WEIGHT_ONE: u64 = 1 << 8;

/// Every other byte of a word.
const EVERY_OTHER: u64 = 0x00ff_00ff_00ff_00ff;
/// Half of a [`WEIGHT_ONE`] in each of them, so that sums are rounded to the nearest.
const HALVES: u64 = 0x0080_0080_0080_0080;

/// The scaled picture before it is turned.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pixels: &'a [Pixel],
    pub(super) width: i64,
    pub(super) height: i64,
    stride: i64,
    next_column: usize,
    next_row: usize,
}

impl<'a> Content<'a> {
    pub(super) fn new(Scaled { pixels, layout: of_scaled }: &Scaled<'a>, layout: &InputLayout) -> Self {
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
    pub(super) fn pixel(&self, (column, row): (i64, i64)) -> Option<Pixel> {
        let is_inside = (0..self.width).contains(&column) && (0..self.height).contains(&row);
        self.pixels.get(usize::try_from(row * self.stride + column).ok()?).copied().filter(|_| is_inside)
    }

    /// Those of pixels that all lie inside, each a step of whole pixels from the one before it.
    pub(super) fn copy(&self, (column, row): (i64, i64), step: (i64, i64), pixels: &mut [Pixel]) {
        let mut place = place_of(row * self.stride + column);
        let step = step_of(step.1 * self.stride + step.0);
        for pixel in pixels {
            *pixel = self.pixels.get(place).copied().unwrap_or_default();
            place = place.wrapping_add(step);
        }
    }

    /// The colours at a point between pixel centres, in parts of a pixel; `None` outside.
    pub(super) fn between(&self, (x, y): (i64, i64)) -> Option<Pixel> {
        if !((0..=self.width * PIXEL).contains(&x) && (0..=self.height * PIXEL).contains(&y)) {
            return None;
        }
        let ((column, right), (row, below)) = (place(x, self.width), place(y, self.height));
        let from = self.pixels.get(usize::try_from(row * self.stride + column).ok()?..)?;
        let upper = [from.first()?, from.get(self.next_column)?];
        let lower = [from.get(self.next_row)?, from.get(self.next_row + self.next_column)?];
        Some(mixed(upper, lower, (right, below)))
    }

    /// Whether a point lies between four pixel centres.
    pub(super) fn has_neighbours(&self, (x, y): (i64, i64)) -> bool {
        let lies = |at: i64, length: i64| (0..(length - 1) * PIXEL).contains(&(at - PIXEL / 2));
        lies(x, self.width) && lies(y, self.height)
    }

    /// What [`Self::between`] says of points that all have four neighbours, each a step from the one before it; in half
    /// the time.
    pub(super) fn mix(&self, start: (i64, i64), step: (i64, i64), pixels: &mut [Pixel]) {
        let (mut x, mut y) = (place_of(start.0 - PIXEL / 2), place_of(start.1 - PIXEL / 2));
        let (across, down) = (step_of(step.0), step_of(step.1));
        let fraction = |at: usize| (at >> 8 & 0xff) as u64;
        for pixel in pixels {
            let place = (y >> 16) * self.next_row + (x >> 16);
            let pair = |place| self.pixels.get(place..).and_then(<[Pixel]>::first_chunk::<2>);
            if let (Some([a, b]), Some([c, d])) = (pair(place), pair(place + self.next_row)) {
                *pixel = mixed([a, b], [c, d], (fraction(x), fraction(y)));
            }
            (x, y) = (x.wrapping_add(across), y.wrapping_add(down));
        }
    }
}

/// A place among pixels that is known to be one.
fn place_of(place: i64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// A step that wraps where it leads back.
fn step_of(step: i64) -> usize {
    isize::try_from(step).unwrap_or(0).cast_unsigned()
}

/// What is between four pixels, so many [`WEIGHT_ONE`]ths to the right of the left ones and below the upper ones. All four
/// bytes at once, each in sixteen bits of a word.
fn mixed(upper: [&Pixel; 2], lower: [&Pixel; 2], (right, below): (u64, u64)) -> Pixel {
    let corner = (right * below) >> 8;
    let apart = |pixel: &Pixel| {
        let pixel = u64::from(u32::from_le_bytes(*pixel));
        (pixel | pixel << 24) & EVERY_OTHER
    };
    let ([a, b], [c, d]) = (upper.map(apart), lower.map(apart));
    let upper = a * (WEIGHT_ONE + corner - right - below) + b * (right - corner);
    let sum = HALVES + upper + c * (below - corner) + d * corner;
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
            let [a, b, c, d] = &pixels;
            let found = mixed([a, b], [c, d], (right, below));
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
