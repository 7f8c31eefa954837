//! The text detector of PP-OCRv4: lines of text in any direction, as turned rectangles. What they say is not read.
//!
//! Liao et al., "Real-time Scene Text Detection with Differentiable Binarization" (2020). The network gives a
//! probability for each pixel of its input; `regions` makes rectangles of it.

mod regions;

use crate::model::{Detection, Frame};

use super::error::DetectError;
use super::layout::Turn;
use super::onnx::{self, Normalise, Wishes};
use super::prepare::{ChannelOrder, Preparer, Sides};
use super::runtime::{Network, Runtime};

const NAME: &str = "PP-OCRv4";
const OUTPUT: &str = "sigmoid_0.tmp_0";

/// Longest side of the network's input. Smaller pictures are enlarged, at most twice: a clock burned into a picture of
/// 640x360 has letters of 10 pixels.
const SIDE_PX: u16 = 960;

/// As its authors have it: `(x / 255 - 0.5) / 0.5`.
const NORMALISE: Normalise = Normalise { mean: [127.5; 3], deviation: [127.5; 3] };

/// The detector of text. It keeps memory from frame to frame: one a worker thread.
#[derive(Debug)]
pub struct TextDetector {
    network: Network,
    preparer: Preparer,
}

impl TextDetector {
    /// Loads the model `ppocr_det` of the manifest from its bytes as shipped; the caller has compared their digest.
    ///
    /// # Errors
    /// [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn new(runtime: &Runtime, model_bytes: &[u8]) -> Result<Self, DetectError> {
        let wishes = Wishes { outputs: &[OUTPUT], normalise: Some(NORMALISE), calibration: None };
        let adapted =
            onnx::adapt(model_bytes, &wishes).map_err(|source| DetectError::Model { model: NAME, source })?;
        Ok(Self {
            network: Network::new(runtime, NAME, &adapted)?,
            preparer: Preparer::new(Sides::new(SIDE_PX), ChannelOrder::Bgr),
        })
    }

    /// The lines of text in a frame, surest first, in frame pixels: each ellipse touches the four sides of the line's
    /// rectangle and has its angle.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        let mut loaded = self.preparer.load(frame);
        let input = loaded.whole(Turn::NONE);
        let (width, height) = (input.width, input.height);
        let outputs = self.network.run(input.pixels, height, width)?;
        let probability = outputs.tensor(OUTPUT, &[1, 1, height, width])?;
        let found = regions::find(probability, width);
        let way_back = input.frame_from_model;
        let [[across, _], [_, down]] = way_back.matrix;
        Ok(found
            .into_iter()
            .map(|Detection { ellipse, score }| {
                let (cx, cy) = way_back.point(ellipse.cx, ellipse.cy);
                let (sin, cos) = ellipse.angle_rad.sin_cos();
                // Rows and columns are scaled alike up to 2.5 %, so that a rectangle stays one.
                let (rx, ry) = (
                    ellipse.rx * (across * cos).hypot(down * sin),
                    ellipse.ry * (across * sin).hypot(down * cos),
                );
                Detection { ellipse: crate::model::EllipsePx { cx, cy, rx, ry, ..ellipse }, score }
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;
