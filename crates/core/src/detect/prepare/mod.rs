//! From the planes of a frame straight to the planar `f32` input of a network, without a picture in between.

mod axis;
mod colour;
mod crops;
mod plane;
mod turned;

use crate::model::{Colorimetry, Frame, FrameSize};

use super::layout::{FrameFromModel, InputLayout, SIDE_STEP, Turn};
use colour::{RgbFromYuv, RgbRow};
pub use crops::Place;
use plane::PlaneScaler;
use turned::Turner;

/// Order of the three colour planes in a network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// A network's input and where it came from.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    /// Three planes of `height` x `width` values in 0..=255.
    pub(crate) pixels: &'a [f32],
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
    side_px: u16,
    /// The same for pictures that are turned by half a right angle.
    diagonal_side_px: u16,
    order: ChannelOrder,
    square: bool,
    /// What was prepared lately, at most [`MAX_PLANS`].
    plans: Vec<(Key, Plan)>,
    /// What `pixels` was last laid out for.
    laid_out: Option<Key>,
    pixels: Vec<f32>,
    /// The scaled picture before it is turned; empty where nothing is turned.
    content: Vec<f32>,
    turner: Turner,
}

/// One for each of the eight turns of a recording's one size.
const MAX_PLANS: usize = 8;

type Key = (FrameSize, Colorimetry, Turn);

/// Everything that depends on size, colour and turn only.
#[derive(Debug)]
struct Plan {
    layout: InputLayout,
    luma: PlaneScaler,
    chroma: PlaneScaler,
    rgb_from_yuv: RgbFromYuv,
    /// One row each of luma, Cb and Cr at content width.
    rows: [Vec<f32>; 3],
}

impl Plan {
    fn new((size, colour, turn): Key, side_px: u16, square: bool) -> Self {
        let layout = InputLayout::new(size, side_px, turn);
        let layout = if square { layout.padded_to_square(side_px) } else { layout };
        let target = (layout.content_width, layout.content_height);
        let luma = PlaneScaler::new((size.width(), size.height()), target);
        // Where chroma samples lie between luma samples differs by standard, by half a luma pixel at most:
        // too little to matter.
        let chroma = PlaneScaler::new((size.width() / 2, size.height() / 2), target);
        let rgb_from_yuv = RgbFromYuv::new(colour, luma.unit(), chroma.unit());
        let rows = std::array::from_fn(|_| vec![0.0; layout.content_width]);
        Self { layout, luma, chroma, rgb_from_yuv, rows }
    }

    /// Scales and converts the frame into three planes with rows of `stride` values; `order` is the order of
    /// the planes.
    fn scale(&mut self, frame: &Frame, order: ChannelOrder, stride: usize, out: &mut [f32]) {
        let [y, u, v] = frame.planes();
        let [luma, cb, cr] = &mut self.rows;
        let (first, rest) = out.split_at_mut(out.len() / 3);
        let (second, third) = rest.split_at_mut(rest.len() / 2);
        let planes = first.chunks_exact_mut(stride).zip(second.chunks_exact_mut(stride));
        let planes = planes.zip(third.chunks_exact_mut(stride)).take(self.layout.content_height);
        for (at, ((first, second), third)) in planes.enumerate() {
            self.luma.scale_row(&y, at, luma);
            self.chroma.scale_row(&u, at, cb);
            self.chroma.scale_row(&v, at, cr);
            let (red, blue) = match order {
                ChannelOrder::Rgb => (first, third),
                ChannelOrder::Bgr => (third, first),
            };
            self.rgb_from_yuv.convert_row(luma, cb, cr, RgbRow { red, green: second, blue });
        }
    }
}

impl Preparer {
    /// For inputs whose longest side is `side_px`, or whose both sides are.
    pub(crate) fn new(side_px: u16, order: ChannelOrder, square: bool) -> Self {
        Self {
            side_px,
            diagonal_side_px: side_px,
            order,
            square,
            plans: Vec::new(),
            laid_out: None,
            pixels: Vec::new(),
            content: Vec::new(),
            turner: Turner::default(),
        }
    }

    /// Makes pictures that are turned by half a right angle smaller, by a fifth: more than half of their square is black. Over six
    /// scenes that made no difference to leaks or to the background that is hidden, and it saves a third of such a pass.
    #[must_use]
    pub(crate) fn with_small_diagonals(self) -> Self {
        let step = u16::try_from(SIDE_STEP).unwrap_or(1);
        Self { diagonal_side_px: (self.side_px / 5 * 4 / step * step).max(step), ..self }
    }

    /// Scales, converts and, where asked, turns a frame.
    pub(crate) fn prepare(&mut self, frame: &Frame, turn: Turn) -> Prepared<'_> {
        let key = (frame.size(), frame.colour, turn);
        let mut plan = self.take_plan(key);
        let layout = plan.layout;
        if self.laid_out.replace(key) != Some(key) {
            self.lay_out(&layout);
        }
        if turn == Turn::NONE {
            plan.scale(frame, self.order, layout.width, &mut self.pixels);
        } else {
            self.content.resize(3 * layout.content_width * layout.content_height, 0.0);
            plan.scale(frame, self.order, layout.content_width, &mut self.content);
            self.turner.load(&self.content);
            self.turner.turn(&layout, &mut self.pixels);
        }
        self.put_back(key, plan);
        Prepared {
            pixels: &self.pixels,
            width: layout.width,
            height: layout.height,
            frame_from_model: layout.frame_from_model,
        }
    }

    /// Scales and converts a frame for whatever is cut out of it, and says how it lies.
    fn scaled(&mut self, frame: &Frame) -> InputLayout {
        let key = (frame.size(), frame.colour, Turn::NONE);
        let mut plan = self.take_plan(key);
        let layout = plan.layout;
        self.content.resize(3 * layout.content_width * layout.content_height, 0.0);
        plan.scale(frame, self.order, layout.content_width, &mut self.content);
        self.turner.load(&self.content);
        self.put_back(key, plan);
        layout
    }

    fn take_plan(&mut self, key: Key) -> Plan {
        if let Some(at) = self.plans.iter().position(|(known, _)| *known == key) {
            return self.plans.swap_remove(at).1;
        }
        let (_, _, turn) = key;
        let side_px = if turn.is_diagonal() { self.diagonal_side_px } else { self.side_px };
        Plan::new(key, side_px, self.square)
    }

    fn put_back(&mut self, key: Key, plan: Plan) {
        if self.plans.len() >= MAX_PLANS {
            self.plans.clear();
        }
        self.plans.push((key, plan));
    }

    /// Memory of the right size that is black everywhere: the padding is never written again.
    fn lay_out(&mut self, layout: &InputLayout) {
        self.pixels.clear();
        self.pixels.resize(3 * layout.width * layout.height, 0.0);
    }
}

#[cfg(test)]
mod tests;
