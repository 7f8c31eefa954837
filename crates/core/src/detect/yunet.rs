//! `YuNet`: three grids of cells, coarse to fine, each with class and objectness scores and a box.
//!
//! Wu, Peng and Yu, "`YuNet`: A Tiny Millisecond-level Face Detector" (2023), model 2023mar. Decoding as in
//! `OpenCV`'s `FaceDetectorYN`.

use crate::model::{Detection, Frame};

use super::FaceDetector;
use super::engine::{Decoder, DetectorSettings, Engine, Grid};
use super::error::DetectError;
use super::layout::Turn;
use super::nms::Candidate;
use super::prepare::{ChannelOrder, Preparer, Sides, View};
use super::runtime::{Outputs, Runtime};

/// The three grids: pixels of the network's input per cell, and the names of their outputs.
const LEVELS: [Level; 3] = [
    Level { stride: 8, class: "cls_8", object: "obj_8", bbox: "bbox_8" },
    Level { stride: 16, class: "cls_16", object: "obj_16", bbox: "bbox_16" },
    Level { stride: 32, class: "cls_32", object: "obj_32", bbox: "bbox_32" },
];

struct Level {
    stride: usize,
    class: &'static str,
    object: &'static str,
    bbox: &'static str,
}

/// The detector for the second look, at the finished file: another network, several times as fast.
#[derive(Debug)]
pub struct YuNet(Engine);

impl YuNet {
    /// Loads the model `yunet` of the manifest from its bytes as shipped; the caller has compared their
    /// digest.
    ///
    /// # Errors
    /// [`DetectError::Setting`], [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn new(
        runtime: &Runtime,
        model_bytes: &[u8],
        settings: DetectorSettings,
    ) -> Result<Self, DetectError> {
        Engine::new::<Layers>(runtime, model_bytes, settings).map(Self)
    }

    /// Looks at diagonally turned pictures with a smaller input; see [`super::CenterFace::with_small_diagonals`].
    #[must_use]
    pub fn with_small_diagonals(self) -> Self {
        Self(self.0.with_small_diagonals())
    }

    /// The faces of a frame that stand upright, and those that do so after a turn of it, where one is asked for: each as
    /// [`FaceDetector::detect`] gives them.
    ///
    /// # Errors
    /// As [`FaceDetector::detect`].
    pub fn look_about(
        &mut self,
        frame: &Frame,
        turned: Option<Turn>,
    ) -> Result<(Vec<Detection>, Option<Vec<Detection>>), DetectError> {
        let mut look = self.0.look_at(frame)?;
        let upright = look.whole::<Layers>(Turn::NONE)?;
        let turned = turned.map(|turn| look.whole::<Layers>(turn)).transpose()?;
        Ok((upright, turned))
    }

    /// The same as [`FaceDetector::detect`] for a part of a frame.
    pub(super) fn look_at(&mut self, view: View<'_>, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.0.look_at(view)?.whole::<Layers>(turn)
    }

    /// What prepares inputs of another size for [`Self::look_through`].
    pub(super) fn preparer(sides: Sides) -> Preparer {
        Preparer::new(sides, Layers::ORDER)
    }

    /// The same with an input of another size than the detector's own: one network for both takes less memory than two.
    pub(super) fn look_through(
        &mut self,
        preparer: &mut Preparer,
        view: View<'_>,
        turn: Turn,
    ) -> Result<Vec<Detection>, DetectError> {
        self.0.look_at(view)?.through::<Layers>(preparer, turn)
    }

    /// The same for a small part, seen as large as it can be.
    pub(super) fn look_closely_at(
        &mut self,
        view: View<'_>,
        turn: Turn,
    ) -> Result<Vec<Detection>, DetectError> {
        self.0.look_at(view)?.close::<Layers>(turn)
    }
}

impl FaceDetector for YuNet {
    fn name(&self) -> &'static str {
        Layers::NAME
    }

    fn detect(&mut self, frame: &Frame, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.look_at(frame.into(), turn)
    }
}

struct Layers;

impl Decoder for Layers {
    const NAME: &'static str = "YuNet";
    const ORDER: ChannelOrder = ChannelOrder::Bgr;
    const CLOSE_SIDE_PX: u16 = 320;
    const OUTPUTS: &'static [&'static str] =
        &["cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32"];

    fn decode(outputs: &Outputs<'_>, grid: &Grid, found: &mut Vec<Candidate>) -> Result<(), DetectError> {
        for level in &LEVELS {
            let cells = (grid.height / level.stride) * (grid.width / level.stride);
            let class = outputs.tensor(level.class, &[1, cells, 1])?;
            let object = outputs.tensor(level.object, &[1, cells, 1])?;
            let bbox = outputs.tensor(level.bbox, &[1, cells, 4])?;
            decode_level(level.stride, class, object, bbox, grid, found);
        }
        Ok(())
    }
}

/// A cell's box is [x, y from the cell's corner, logarithm of width, of height], all in cells.
fn decode_level(
    stride: usize,
    class: &[f32],
    object: &[f32],
    bbox: &[f32],
    grid: &Grid,
    found: &mut Vec<Candidate>,
) {
    let (columns, step) = (grid.width / stride, stride as f32);
    let cells = class.iter().zip(object).zip(bbox.as_chunks::<4>().0);
    for (cell, ((class, object), [x, y, log_w, log_h])) in cells.enumerate() {
        let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
        if score >= grid.threshold {
            let (row, column) = ((cell / columns) as f32, (cell % columns) as f32);
            let centre = ((column + x) * step, (row + y) * step);
            found.push(grid.candidate(centre, (log_w.exp() * step, log_h.exp() * step), score));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_geometric_mean_and_the_box_counts_from_the_corner_of_the_cell() {
        let grid = Grid { width: 16, height: 24, threshold: 0.55 };
        let (mut class, mut object, mut bbox) = ([0.0f32; 6], [1.0f32; 6], [0.0f32; 24]);
        (class[3], object[3]) = (0.9, 0.4);
        (class[1], object[1]) = (0.5, 0.5);
        bbox[12..16].copy_from_slice(&[0.5, 0.25, 2.0f32.ln(), 3.0f32.ln()]);
        let mut found = Vec::new();
        decode_level(8, &class, &object, &bbox, &grid, &mut found);
        let [candidate] = found.as_slice() else { panic!("{found:?}") };
        assert!((candidate.score - 0.6).abs() < 1e-6);
        assert_eq!(candidate.bbox_model_px.centre(), (12.0, 10.0));
        assert!((candidate.bbox_model_px.width() - 16.0).abs() < 1e-4);
        assert!((candidate.bbox_model_px.height() - 24.0).abs() < 1e-4);
    }
}
