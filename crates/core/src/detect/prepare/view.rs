//! A frame, or a rectangle of one, as what is prepared for a network.

use crate::model::{BoxPx, Colorimetry, Frame, FrameSize, PlaneRef};

/// A rectangle of a frame, without a copy of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(super) size: FrameSize,
    pub(super) colour: Colorimetry,
    pub(super) planes: [PlaneRef<'a>; 3],
    /// Where its top left corner lies in the frame, in pixels.
    pub(super) origin_px: [f32; 2],
}

impl<'a> From<&'a Frame> for View<'a> {
    fn from(frame: &'a Frame) -> Self {
        Self { size: frame.size(), colour: frame.colour, planes: frame.planes(), origin_px: [0.0; 2] }
    }
}

impl<'a> View<'a> {
    pub(crate) fn size(&self) -> FrameSize {
        self.size
    }

    pub(crate) fn colour(&self) -> Colorimetry {
        self.colour
    }

    pub(crate) fn planes(&self) -> [PlaneRef<'a>; 3] {
        self.planes
    }

    /// Where its top left corner lies in the frame, in pixels.
    pub(crate) fn origin_px(&self) -> [f32; 2] {
        self.origin_px
    }

    /// Columns and rows from the top left corner of another view of the same frame to that of this part of it, both
    /// even.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and positive: see `part`"
    )]
    pub(crate) fn offset_in(&self, whole: &Self) -> (usize, usize) {
        let ([x, y], [left, top]) = (self.origin_px, whole.origin_px);
        ((x - left) as usize, (y - top) as usize)
    }

    /// Where it lies in the frame.
    pub(crate) fn bbox_px(&self) -> BoxPx {
        let [x0, y0] = self.origin_px;
        BoxPx { x0, y0, x1: x0 + self.size.width() as f32, y1: y0 + self.size.height() as f32 }
    }

    /// The part that begins at a column and row of this and has a size, moved to even places and cut to what is there.
    pub(crate) fn part(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> Self {
        let whole = self.size;
        // The last two columns and rows are there in any case: a frame has even sides.
        let (x, y) = (x.min(whole.width() - 2) & !1, y.min(whole.height() - 2) & !1);
        let even = |side: usize, rest: usize| side.min(rest).next_multiple_of(2).max(2);
        let size = FrameSize::rounded_up(even(width, whole.width() - x), even(height, whole.height() - y));
        let cut = |plane: PlaneRef<'a>, step: usize| PlaneRef {
            data: plane.data.get(y / step * plane.stride + x / step..).unwrap_or(&[]),
            width: size.width() / step,
            height: size.height() / step,
            ..plane
        };
        let ([luma, u, v], [left, top]) = (self.planes, self.origin_px);
        let origin_px = [left + x as f32, top + y as f32];
        Self { size, planes: [cut(luma, 1), cut(u, 2), cut(v, 2)], origin_px, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{FULL_601, noise};
    use super::*;

    #[test]
    fn a_part_shows_what_is_there() {
        let frame = noise(64, 40, FULL_601, 3);
        let whole = View::from(&frame);
        let part = whole.part((21, 10), (16, 12)).part((2, 2), (400, 400));
        assert_eq!((part.size, part.origin_px), (FrameSize::rounded_up(14, 10), [22.0, 12.0]));
        for (nth, step) in [(0, 1), (1, 2), (2, 2)] {
            let (all, cut) = (whole.planes[nth], part.planes[nth]);
            assert_eq!((cut.width, cut.height), (14 / step, 10 / step));
            for row in 0..cut.height {
                let from = 22 / step;
                assert_eq!(cut.row(row), &all.row(row + 12 / step)[from..from + cut.width]);
            }
        }
        let last = whole.part((900, 900), (10, 10));
        assert_eq!((last.size, last.origin_px), (FrameSize::rounded_up(2, 2), [62.0, 38.0]));
        assert_eq!(last.planes[0].row(1), &whole.planes[0].row(39)[62..]);
    }
}
