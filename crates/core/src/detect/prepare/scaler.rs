//! Scales and converts a whole frame, with tables that are kept from frame to frame.

use crate::model::{Colorimetry, FrameSize};

use super::super::layout::{InputLayout, Turn};
use super::colour::RgbFromYuv;
use super::plane::PlaneScaler;
use super::view::View;
use super::{ChannelOrder, Pixel};

/// Scales frames to the size that they have in inputs whose longest side is `side_px`, for one kind of turn.
#[derive(Debug)]
pub(super) struct Scaler {
    side_px: u16,
    turn: Turn,
    /// For frames of the size and colour of the last.
    tables: Option<Tables>,
    /// The tables hold the frame that is looked at.
    is_scaled: bool,
}

/// A scaled frame, before it is turned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled<'a> {
    /// `layout.width` x `layout.height`, black to the right of the content and below.
    pub(super) pixels: &'a [Pixel],
    /// Where the content lies.
    pub(super) layout: InputLayout,
}

/// Everything that depends on size and colour only.
#[derive(Debug)]
struct Tables {
    key: (FrameSize, Colorimetry),
    layout: InputLayout,
    luma: PlaneScaler,
    chroma: PlaneScaler,
    rgb_from_yuv: RgbFromYuv,
    /// One row each of luma, Cb and Cr at content width.
    rows: [Vec<f32>; 3],
    /// The scaled frame. What lies beside its content is black, and never written.
    pixels: Vec<Pixel>,
}

impl Scaler {
    pub(super) fn new(side_px: u16, turn: Turn) -> Self {
        Self { side_px, turn, tables: None, is_scaled: false }
    }

    /// Whatever was scaled is of another frame than the next.
    pub(super) fn forget(&mut self) {
        self.is_scaled = false;
    }

    /// The frame scaled and converted, at the first call since [`Scaler::forget`]; `order` is that of the colours.
    pub(super) fn scaled(&mut self, frame: &View<'_>, order: ChannelOrder) -> Scaled<'_> {
        let (size, colour) = (frame.size, frame.colour);
        let known = self.tables.take().filter(|tables| tables.key == (size, colour));
        let is_scaled = known.is_some() && self.is_scaled;
        let tables = known.unwrap_or_else(|| Tables::new(size, colour, self.side_px, self.turn));
        let tables = self.tables.insert(tables);
        if !is_scaled {
            tables.scale(frame, order);
        }
        self.is_scaled = true;
        Scaled { pixels: &tables.pixels, layout: tables.layout }
    }
}

impl Tables {
    fn new(size: FrameSize, colour: Colorimetry, side_px: u16, turn: Turn) -> Self {
        let layout = InputLayout::new(size, side_px, turn);
        let target = (layout.content_width, layout.content_height);
        let layout = match turn {
            Turn::NONE => layout,
            // Only what is turned becomes an input.
            _ => InputLayout { width: target.0, height: target.1, ..layout },
        };
        let luma = PlaneScaler::new((size.width(), size.height()), target);
        // Where chroma samples lie between luma samples differs by standard, by half a luma pixel at most:
        // too little to matter.
        let chroma = PlaneScaler::new((size.width() / 2, size.height() / 2), target);
        let rgb_from_yuv = RgbFromYuv::new(colour, luma.unit(), chroma.unit());
        let rows = std::array::from_fn(|_| vec![0.0; target.0]);
        let pixels = vec![Pixel::default(); layout.width * layout.height];
        Self { key: (size, colour), layout, luma, chroma, rgb_from_yuv, rows, pixels }
    }

    fn scale(&mut self, frame: &View<'_>, order: ChannelOrder) {
        let [y, u, v] = frame.planes;
        let [luma, cb, cr] = &mut self.rows;
        let rows = self.pixels.chunks_exact_mut(self.layout.width).take(self.layout.content_height);
        for (at, row) in rows.enumerate() {
            self.luma.scale_row(&y, at, luma);
            self.chroma.scale_row(&u, at, cb);
            self.chroma.scale_row(&v, at, cr);
            self.rgb_from_yuv.convert_row([luma, cb, cr], order, row);
        }
    }
}
