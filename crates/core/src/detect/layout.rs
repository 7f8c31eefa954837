//! Where the picture lies on a network's input, and the way back from there to the frame.
//!
//! ```text
//!   frame px  --scale-->  content px  --turn-->  model px
//!  +----------+          +-----+               +-----+--+
//!  |          |          |     |               |     |00|   content at the top left corner,
//!  |          |          +-----+               +-----+00|   black to the right and below,
//!  +----------+                                |00000000|   sides a multiple of 32
//!                                              +--------+
//! ```

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_PI_2, FRAC_PI_4};

use crate::model::{BoxPx, EllipsePx, FrameSize};

/// The networks halve the picture five times, so both sides of their input are multiples of this.
pub(crate) const SIDE_STEP: usize = 32;

/// Enlarging further than this only costs time: the networks find faces from about 10 px on.
const MAX_ENLARGEMENT: f32 = 2.0;

/// A side is stretched or squeezed to a multiple of [`SIDE_STEP`], rather than padded, where it changes by
/// less than this: 360 becomes 352, which saves a twelfth of the network's time.
const MAX_SQUEEZE: f32 = 0.025;

/// A clockwise turn of the picture, in eighths of a full turn, before a network looks at it. The networks
/// know upright faces only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn(u8);

impl Turn {
    /// The picture as it is.
    pub const NONE: Self = Self(0);

    /// A turn by `eighths` times 45 degrees; whole turns fall away.
    #[must_use]
    pub const fn eighths(eighths: u8) -> Self {
        Self(eighths % 8)
    }

    /// Both turns, one after the other.
    pub(crate) fn and(self, other: Self) -> Self {
        Self::eighths(self.0 + other.0)
    }

    /// The turn after which a face whose ellipse has this angle stands upright, or nearly: a pass with a turn gives
    /// ellipses with the angle the other way round.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=8")]
    pub fn upright_for(angle_rad: f32) -> Self {
        Self::eighths((-angle_rad / FRAC_PI_4).round().rem_euclid(8.0) as u8)
    }

    /// Sine and cosine, exact for quarter turns.
    fn sin_cos(self) -> (f32, f32) {
        let sine = [0.0, FRAC_1_SQRT_2, 1.0, FRAC_1_SQRT_2, 0.0, -FRAC_1_SQRT_2, -1.0, -FRAC_1_SQRT_2];
        let at = |eighths: u8| sine.get(usize::from(eighths % 8)).copied().unwrap_or_default();
        (at(self.0), at(self.0 + 2))
    }

    /// Not a quarter turn: the sides of the picture do not lie along those of the network's input.
    pub(crate) fn is_diagonal(self) -> bool {
        self.0 % 2 == 1
    }
}

/// The affine map from network input to frame: `frame = matrix * model + origin`, all in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameFromModel {
    /// Rows of the matrix: [d frame x / d model x, d frame x / d model y], then the same for frame y.
    pub matrix: [[f32; 2]; 2],
    /// Where the top left corner of the network input lies in the frame.
    pub origin: [f32; 2],
}

impl FrameFromModel {
    /// The point in the frame.
    pub fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let [[xx, xy], [yx, yy]] = self.matrix;
        let [x0, y0] = self.origin;
        (xx * x + xy * y + x0, yx * x + yy * y + y0)
    }

    /// The same for a picture whose top left corner lies elsewhere in the frame.
    pub(crate) fn moved(self, [x, y]: [f32; 2]) -> Self {
        let [x0, y0] = self.origin;
        Self { origin: [x0 + x, y0 + y], ..self }
    }

    /// The ellipse in the frame that corresponds to the ellipse inscribed in a box of the network input.
    ///
    /// With `M = matrix * diag(half width, half height)` it is the set `M u` with `|u| <= 1`. Its axes are
    /// the eigenvectors of `M M'`; `rx` is the one that lies nearest to the box's horizontal, so that the
    /// angle does not jump with the box's shape.
    pub fn ellipse(&self, bbox_model_px: &BoxPx) -> EllipsePx {
        let (centre_x, centre_y) = bbox_model_px.centre();
        let (cx, cy) = self.point(centre_x, centre_y);
        let (half_w, half_h) = (bbox_model_px.width() / 2.0, bbox_model_px.height() / 2.0);
        let [[xx, xy], [yx, yy]] = self.matrix;
        if [xy, yx] == [0.0, 0.0] && xx > 0.0 && yy > 0.0 {
            return EllipsePx { cx, cy, rx: xx * half_w, ry: yy * half_h, angle_rad: 0.0 };
        }
        let (xx, xy, yx, yy) = (xx * half_w, xy * half_h, yx * half_w, yy * half_h);
        let (p, q, r) = (xx * xx + xy * xy, xx * yx + xy * yy, yx * yx + yy * yy);
        let (mean, spread) = (f32::midpoint(p, r), ((p - r) / 2.0).hypot(q));
        let (long, short) = ((mean + spread).sqrt(), (mean - spread).max(0.0).sqrt());
        let horizontal = yx.atan2(xx);
        let long_angle = if spread <= mean * 1e-6 { horizontal } else { q.atan2((p - r) / 2.0) / 2.0 };
        let quarters = ((horizontal - long_angle) / FRAC_PI_2).round();
        let angle_rad = long_angle + quarters * FRAC_PI_2;
        let (rx, ry) = if quarters.rem_euclid(2.0) > 0.5 { (short, long) } else { (long, short) };
        EllipsePx { cx, cy, rx, ry, angle_rad }
    }
}

/// Sizes of a network's input for frames of one size and one turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InputLayout {
    /// Size of the network's input, multiples of [`SIDE_STEP`].
    pub(crate) width: usize,
    /// See `width`.
    pub(crate) height: usize,
    /// Size of the scaled picture before it is turned.
    pub(crate) content_width: usize,
    /// See `content_width`.
    pub(crate) content_height: usize,
    /// Pixels of the scaled picture from pixels of the network's input.
    pub(crate) content_from_model: FrameFromModel,
    /// Pixels of the frame from pixels of the network's input.
    pub(crate) frame_from_model: FrameFromModel,
}

impl InputLayout {
    /// Fits a frame into a network input whose longest side is `side_px`, a multiple of [`SIDE_STEP`].
    pub(crate) fn new(frame: FrameSize, side_px: u16, turn: Turn) -> Self {
        let (frame_w, frame_h) = (frame.width() as f32, frame.height() as f32);
        let (sin, cos) = turn.sin_cos();
        let turned = |w: f32, h: f32| (w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs());
        let (turned_w, turned_h) = turned(frame_w, frame_h);
        let scale = (f32::from(side_px) / turned_w.max(turned_h)).min(MAX_ENLARGEMENT);
        let fit = if turn.is_diagonal() { whole } else { whole_or_step };
        let (content_w, content_h) = (fit(frame_w * scale), fit(frame_h * scale));
        let (box_w, box_h) = turned(content_w, content_h);
        // content = turn back (model - middle of the turned picture) + middle of the content
        let matrix = [[cos, sin], [-sin, cos]];
        let from = FrameFromModel { matrix, origin: [0.0, 0.0] };
        let (middle_x, middle_y) = from.point(box_w / 2.0, box_h / 2.0);
        let origin = [content_w / 2.0 - middle_x, content_h / 2.0 - middle_y];
        let (scale_x, scale_y) = (frame_w / content_w, frame_h / content_h);
        Self {
            width: padded(box_w).min(side_px.into()),
            height: padded(box_h).min(side_px.into()),
            content_width: pixels(content_w),
            content_height: pixels(content_h),
            content_from_model: FrameFromModel { matrix, origin },
            frame_from_model: FrameFromModel {
                matrix: [[cos * scale_x, sin * scale_x], [-sin * scale_y, cos * scale_y]],
                origin: [origin[0] * scale_x, origin[1] * scale_y],
            },
        }
    }
}

impl InputLayout {
    /// A square of `side` pixels around a point of the frame, cut out of the scaled picture of this upright layout and
    /// turned; one of its pixels is `step_px` pixels of the frame, both ways.
    pub(crate) fn around(&self, (x, y): (f32, f32), turn: Turn, side: usize, step_px: f32) -> Self {
        let (sin, cos) = turn.sin_cos();
        let [[scale_x, _], [_, scale_y]] = self.frame_from_model.matrix;
        let matrix = [[cos * step_px, sin * step_px], [-sin * step_px, cos * step_px]];
        let middle =
            FrameFromModel { matrix, origin: [0.0, 0.0] }.point(side as f32 / 2.0, side as f32 / 2.0);
        let origin = [x - middle.0, y - middle.1];
        let [row_x, row_y] = matrix;
        Self {
            width: side,
            height: side,
            content_from_model: FrameFromModel {
                matrix: [row_x.map(|value| value / scale_x), row_y.map(|value| value / scale_y)],
                origin: [origin[0] / scale_x, origin[1] / scale_y],
            },
            frame_from_model: FrameFromModel { matrix, origin },
            ..*self
        }
    }

    /// Whether each pixel of the network's input is one of the scaled picture, or black.
    pub(crate) fn keeps_pixels(&self) -> bool {
        let FrameFromModel { matrix, origin } = self.content_from_model;
        let [across, down] = matrix;
        matrix.iter().flatten().all(|step| step.abs() <= 1.0)
            && [across, down, origin].iter().flatten().all(|value| value.fract() == 0.0)
    }
}

/// A length in whole pixels, at least one.
fn whole(length: f32) -> f32 {
    length.round().max(1.0)
}

/// The nearest multiple of [`SIDE_STEP`] where that is near enough, else [`whole`].
fn whole_or_step(length: f32) -> f32 {
    let step = SIDE_STEP as f32;
    let nearest = (length / step).round() * step;
    if (nearest - length).abs() <= length * MAX_SQUEEZE { nearest } else { whole(length) }
}

/// The next multiple of [`SIDE_STEP`]; a hair above a multiple, left by rounding, does not count.
fn padded(length: f32) -> usize {
    pixels((length - 0.01).ceil()).next_multiple_of(SIDE_STEP)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive, under 2^16")]
fn pixels(length: f32) -> usize {
    length.max(1.0) as usize
}

#[cfg(test)]
mod tests;
