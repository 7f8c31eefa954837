//! Large pictures in parts, for faces that are too small for a look at the whole.
//!
//! A network sees a picture of 1920 x 1080 at two fifths of its size, and finds few faces below 60 pixels there.

use crate::model::FrameSize;

/// Both sides of the network's input for a part of a picture that is wider than high, multiples of 32. Three by three
/// of them hold 1920 x 1080 at its own size.
const PART_PX: (usize, usize) = (736, 416);

/// The longer of them.
pub(super) const PART_SIDE_PX: u16 = 736;

/// Pictures below this size have no parts.
const LARGE_FROM_PX: usize = 1280;

/// Up to this size a pixel of the network's input is one of the picture, up to twice that it is two by two, and so on.
/// Of faces of 27 to 63 pixels in 1920 x 1080, half are found by a score below 0.2 where it is 1.5.
const OWN_SIZE_UP_TO_PX: usize = 2400;

/// Faces below this size on the input of a look at the whole are small.
const SMALL_ON_WHOLE_PX: f32 = 24.0;

/// What neighbours share, in pixels of the network's input: a small face between them lies whole in one.
const SHARED_PX: usize = 72;

/// How pictures of a size are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parts {
    frame: FrameSize,
    /// Sides of a part, in frame pixels.
    part: (usize, usize),
    across: usize,
    down: usize,
}

impl Parts {
    pub(super) fn of(frame: FrameSize) -> Self {
        let (width, height) = (frame.width(), frame.height());
        let step = width.max(height).div_ceil(OWN_SIZE_UP_TO_PX);
        let (long, short) = (PART_PX.0 * step, PART_PX.1 * step);
        let part = if width >= height { (long, short) } else { (short, long) };
        let shared = SHARED_PX * step;
        let along = |side: usize, part: usize| side.saturating_sub(shared).div_ceil(part - shared).max(1);
        let is_large = width.max(height) >= LARGE_FROM_PX;
        let (across, down) = if is_large { (along(width, part.0), along(height, part.1)) } else { (0, 0) };
        Self { frame, part, across, down }
    }

    /// Their number; none where the whole is looked at closely enough.
    pub(super) fn count(self) -> usize {
        self.across * self.down
    }

    /// Column and row where a part begins, and its width and height.
    pub(super) fn place(self, nth: usize) -> ((usize, usize), (usize, usize)) {
        let along = |side: usize, part: usize, at: usize, count: usize| {
            let length = part.min(side);
            ((side - length) * at / (count.max(2) - 1), length)
        };
        let (at_x, at_y) = (nth % self.across.max(1), nth / self.across.max(1) % self.down.max(1));
        let (x, width) = along(self.frame.width(), self.part.0, at_x, self.across);
        let (y, height) = along(self.frame.height(), self.part.1, at_y, self.down);
        ((x, y), (width, height))
    }
}

/// Faces of less than so many frame pixels are too small for a look at the whole frame with an input of `side_px`; none
/// where frames have no parts.
pub(super) fn small_below_px(frame: FrameSize, side_px: u16) -> f32 {
    let longest = frame.width().max(frame.height());
    if Parts::of(frame).count() == 0 { 0.0 } else { SMALL_ON_WHOLE_PX * longest as f32 / f32::from(side_px) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_pictures_have_parts() {
        let count = |width, height| Parts::of(FrameSize::rounded_up(width, height)).count();
        assert_eq!([count(1278, 720), count(640, 360), count(720, 1278)], [0, 0, 0]);
        assert_eq!([count(1280, 720), count(1280, 2), count(720, 1280)], [4, 2, 4]);
        assert_eq!([count(1920, 1080), count(1080, 1920), count(3840, 2160)], [9, 9, 9]);
        assert_eq!([count(1440, 2), count(2560, 1440), count(16384, 16384)], [3, 4, 28]);
        let is_small = |longest_px: f32, width, height| {
            longest_px < small_below_px(FrameSize::rounded_up(width, height), 640)
        };
        assert!(
            is_small(71.0, 1920, 1080)
                && !is_small(73.0, 1920, 1080)
                && is_small(47.0, 1280, 720)
                && !is_small(9.0, 640, 360)
        );
    }

    #[test]
    fn parts_cover_the_picture_and_share_their_rims() {
        for (width, height) in [(1280, 720), (1920, 1080), (3840, 2160), (1998, 2400), (9000, 2)] {
            let parts = Parts::of(FrameSize::rounded_up(width, height));
            let places: Vec<_> = (0..parts.count()).map(|nth| parts.place(nth)).collect();
            let covering = |px: usize, py: usize| {
                let holds = |((x, y), (w, h)): &((usize, usize), (usize, usize))| {
                    (*x..x + w).contains(&px) && (*y..y + h).contains(&py)
                };
                places.iter().filter(|place| holds(place)).count()
            };
            let ends = |side: usize| [0, side / 3, side / 2, side - 1];
            assert!(ends(width).iter().all(|x| ends(height).iter().all(|y| covering(*x, *y) >= 1)));
            assert!(places.iter().all(|((x, y), (w, h))| x + w <= width && y + h <= height));
            let ((first, _), (length, _)) = parts.place(0);
            let ((second, _), _) = parts.place(1);
            assert!(first + length >= second + SHARED_PX, "{width}");
        }
    }
}
