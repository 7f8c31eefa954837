//! From the planes of a frame straight to the small picture that a network gets, without a large one in between.

mod axis;
mod colour;
mod content;
mod crops;
mod plane;
mod scaler;
mod turned;
mod view;

use super::layout::{FrameFromModel, InputLayout, SIDE_STEP, Turn};
use crate::model::{Colorimetry, FrameSize};
use colour::RgbFromYuv;
pub use crops::Place;
pub(crate) use crops::{CLOSE_SIDE_PX, CROP_SIDE_PX};
use scaler::Scaler;
use turned::turn_onto;
pub(crate) use view::View;

/// A pixel of a network's input: three colours in 0..=255 in the order that the network expects, and a 0, since four bytes are
/// quicker to handle than three.
pub(crate) type Pixel = [u8; 4];

/// Order of the three colours in a network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// The longest sides of a network's inputs: of pictures that are turned by right angles or not at all, and of the
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    straight_px: u16,
    diagonal_px: u16,
}

impl Sides {
    /// The same for all.
    pub(crate) fn new(side_px: u16) -> Self {
        Self { straight_px: side_px, diagonal_px: side_px }
    }

    /// Makes pictures that are turned by half a right angle smaller, by an eighth: more than half of their square is
    /// black, and a quarter of such a pass is saved. By a fifth, 451 instead of 393 of 39,640 faces leaked over 48
    /// composed scenes.
    #[must_use]
    pub(crate) fn with_small_diagonals(self) -> Self {
        let step = u16::try_from(SIDE_STEP).unwrap_or(1);
        Self { diagonal_px: (self.straight_px / 8 * 7 / step * step).max(step), ..self }
    }

    /// How a frame lies on the input of a pass over all of it.
    pub(crate) fn layout(self, size: FrameSize, turn: Turn) -> InputLayout {
        let side_px = if turn.is_diagonal() { self.diagonal_px } else { self.straight_px };
        InputLayout::new(size, side_px, turn)
    }
}

/// What makes R, G and B out of samples, for a shader; see [`RgbFromYuv::factors`].
pub(crate) fn rgb_factors(colour: Colorimetry) -> [f32; 8] {
    RgbFromYuv::new(colour, 1.0, 1.0).factors()
}

/// A network's input and where it came from.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    /// `height` x `width`, row by row.
    pub(crate) pixels: &'a [Pixel],
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// The way back.
    pub(crate) frame_from_model: FrameFromModel,
}

/// Prepares frames for one network. Tables and memory are kept from frame to frame.
#[derive(Debug)]
pub(crate) struct Preparer {
    order: ChannelOrder,
    sides: Sides,
    /// For turns by right angles, and none.
    straight: Scaler,
    /// For turns by half a right angle.
    diagonal: Scaler,
    /// Input that is not simply a scaled picture.
    pixels: Vec<Pixel>,
}

impl Preparer {
    /// For inputs of these sizes.
    pub(crate) fn new(sides: Sides, order: ChannelOrder) -> Self {
        Self {
            order,
            sides,
            straight: Scaler::new(sides.straight_px, Turn::NONE),
            diagonal: Scaler::new(sides.diagonal_px, Turn::eighths(1)),
            pixels: Vec::new(),
        }
    }

    /// For inputs of other sizes from now on.
    pub(crate) fn set_sides(&mut self, sides: Sides) {
        *self = Self::new(sides, self.order);
    }

    /// Takes a frame, which is scaled and converted once for all passes over it but the diagonal ones, at the first of
    /// them.
    pub(crate) fn load<'a>(&'a mut self, frame: impl Into<View<'a>>) -> Loaded<'a> {
        self.straight.forget();
        self.diagonal.forget();
        Loaded { frame: frame.into(), preparer: self }
    }
}

/// A frame, and whatever is cut out of it.
#[derive(Debug)]
pub(crate) struct Loaded<'a> {
    frame: View<'a>,
    preparer: &'a mut Preparer,
}

impl Loaded<'_> {
    /// The whole picture, turned where asked. Where a turn is diagonal, it is scaled anew: what is scaled in two steps
    /// is coarser, and the network then sees faces where none are.
    pub(crate) fn whole(&mut self, turn: Turn) -> Prepared<'_> {
        let layout = self.preparer.sides.layout(self.frame.size, turn);
        let (width, height) = (layout.width, layout.height);
        let frame_from_model = layout.frame_from_model.moved(self.frame.origin_px);
        let Preparer { order, straight, diagonal, pixels, .. } = &mut *self.preparer;
        let scaler = if turn.is_diagonal() { diagonal } else { straight };
        let scaled = scaler.scaled(&self.frame, *order);
        let pixels = if turn == Turn::NONE {
            scaled.pixels
        } else {
            pixels.resize(width * height, Pixel::default());
            turn_onto(pixels, &scaled, &layout);
            pixels
        };
        Prepared { pixels, width, height, frame_from_model }
    }
}

#[cfg(test)]
mod tests;
