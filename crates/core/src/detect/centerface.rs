//! `CenterFace`: a face is a peak of a heat map, with the size and the exact centre beside it.
//!
//! Xu, Yan, Yang, Wang and Zhu, "`CenterFace`: Joint Face Detection and Alignment Using Face as Point"
//! (2019). Decoding as in the authors' `centerface.py`, except that boxes that reach over the left or top
//! edge keep their place: the original moves them inwards by what is outside.

use std::sync::Arc;

use crate::model::{Detection, Frame, FrameSize};

use super::FaceDetector;
use super::arithmetic::{self, Numbers};
use super::close_look::MAX_AGAIN;
use super::engine::{Adapted, Decoder, DetectorSettings, Engine, Grid};
use super::error::DetectError;
use super::gpu::Accelerator;
use super::layout::Turn;
use super::look::Look;
use super::nms::Candidate;
use super::onnx::{self, Wishes};
use super::prepare::{ChannelOrder, Place};
use super::runtime::{Outputs, Runtime};

/// Pixels of the network's input from one cell of its outputs to the next.
const STRIDE: usize = 4;

/// Name in messages.
pub(super) const NAME: &str = "CenterFace";

/// The maps that are read: scores, sizes, centres.
pub(super) const OUTPUTS: [&str; 3] = ["537", "538", "539"];

/// Least score of a face that was lost and is looked for larger. Of 75 pixels in 1280 x 720, in profile and behind a
/// black mask, one has 0.04 to 0.29 as large as on the whole, 0.17 to 0.68 on a crop of the frame itself: it was open
/// for 58 pictures. Over nine composed scenes 110 of 8536 faces leaked without this look (background 4.5 %), 33 and 39
/// with scores from 0.4 and 0.5 on (4.6 and 4.7 %), 59 from 0.25 on. It takes no time that could be measured.
const CLOSER_SCORE: f32 = 0.4;

/// The network as a GPU takes it.
///
/// # Errors
/// [`DetectError::Model`].
pub(super) fn layers(model_bytes: &[u8]) -> Result<onnx::Layers, DetectError> {
    let wishes = Wishes { outputs: &OUTPUTS, normalise: None, calibration: None };
    onnx::layers(model_bytes, &wishes).map_err(|source| DetectError::Model { model: NAME, source })
}

/// The detector for the first look: finds the most faces.
#[derive(Debug)]
pub struct CenterFace(Engine);

impl CenterFace {
    /// Loads the model `centerface` of the manifest from its bytes as shipped; the caller has compared their
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

    /// Adapts the model once for several detectors.
    ///
    /// # Errors
    /// [`DetectError::Model`].
    pub fn adapt(model_bytes: &[u8], numbers: Numbers) -> Result<Adapted, DetectError> {
        Adapted::new::<Layers>(model_bytes, numbers)
    }

    /// Loads what was adapted for the same numbers.
    ///
    /// # Errors
    /// [`DetectError::Setting`], [`DetectError::Runtime`].
    pub fn load(
        runtime: &Runtime,
        adapted: &Adapted,
        settings: DetectorSettings,
    ) -> Result<Self, DetectError> {
        Engine::load::<Layers>(runtime, adapted, settings).map(Self)
    }

    /// On a GPU that has the network already. It calculates in floating point, whatever the settings say.
    ///
    /// # Errors
    /// [`DetectError::Setting`].
    pub fn on_gpu(shared: Arc<Accelerator>, settings: DetectorSettings) -> Result<Self, DetectError> {
        Engine::on_gpu(shared, settings).map(Self)
    }

    /// Makes room on a GPU for pictures of a size; nothing on the processor.
    ///
    /// # Errors
    /// [`DetectError::Gpu`] where they are too large for it.
    pub fn reserve(&mut self, size: FrameSize) -> Result<(), DetectError> {
        self.0.reserve(size)
    }

    /// With a smaller input for pictures that are turned by half a right angle: quicker, and small faces in them are
    /// lost. For a search that comes back to a face in other turns.
    #[must_use]
    pub fn with_small_diagonals(self) -> Self {
        Self(self.0.with_small_diagonals())
    }

    /// Takes a frame, to be looked at in several ways.
    ///
    /// # Errors
    /// [`DetectError::Gpu`].
    pub fn look_at<'a>(&'a mut self, frame: &'a Frame) -> Result<FaceLook<'a>, DetectError> {
        self.0.look_at(frame).map(FaceLook)
    }
}

impl FaceDetector for CenterFace {
    fn name(&self) -> &'static str {
        Layers::NAME
    }

    fn detect(&mut self, frame: &Frame, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.look_at(frame)?.whole(turn)
    }
}

/// A frame in front of [`CenterFace`].
#[derive(Debug)]
pub struct FaceLook<'a>(Look<'a>);

impl FaceLook<'_> {
    /// The faces that a pass over the whole frame finds, as [`FaceDetector::detect`] gives them.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn whole(&mut self, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.0.whole::<Layers>(turn)
    }

    /// Whether a face is too small for a look at the whole of a large frame: others like it are found by
    /// [`super::CloseLook`] only.
    pub fn is_small(&self, place: &Place) -> bool {
        self.0.is_small(place)
    }

    /// The faces near places where some are expected, each looked for upright in its own turn. Much quicker than a pass
    /// over the whole frame where there are few.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn near(&mut self, places: &[Place]) -> Result<Vec<Detection>, DetectError> {
        self.0.near::<Layers>(places, false)
    }

    /// The faces at places where some were expected and not found, the surest first, seen larger than by
    /// [`Self::near`], where that is possible; it has seen small ones so. For lost ones only: where all were followed
    /// on such crops, with faces 44 and 56 pixels high on them, they moved out of them, and 61 and 106 instead of 45 of
    /// 13,121 faces leaked.
    ///
    /// # Errors
    /// Those of [`Self::near`].
    pub fn closer(&mut self, places: &[Place]) -> Result<Vec<Detection>, DetectError> {
        let scale = self.0.scale();
        let is_new = |place: &&Place| !self.is_small(place) && place.gains_from_the_frame(scale);
        let larger: Vec<Place> = places.iter().filter(is_new).take(MAX_AGAIN).copied().collect();
        let mut faces = self.0.near::<Layers>(&larger, true)?;
        faces.retain(|face| {
            face.score >= CLOSER_SCORE && larger.iter().any(|place| place.fits(&face.ellipse))
        });
        Ok(faces)
    }
}

struct Layers;

impl Decoder for Layers {
    const NAME: &'static str = NAME;
    const ORDER: ChannelOrder = ChannelOrder::Rgb;
    const OUTPUTS: &'static [&'static str] = &OUTPUTS;
    const CALIBRATION: Option<&'static str> = Some(arithmetic::CENTERFACE);

    fn decode(outputs: &Outputs<'_>, grid: &Grid, found: &mut Vec<Candidate>) -> Result<(), DetectError> {
        let (rows, columns) = (grid.height / STRIDE, grid.width / STRIDE);
        let maps = Maps {
            heat: outputs.tensor("537", &[1, 1, rows, columns])?,
            scale: outputs.tensor("538", &[1, 2, rows, columns])?,
            offset: outputs.tensor("539", &[1, 2, rows, columns])?,
        };
        maps.decode(grid, columns, found);
        Ok(())
    }
}

/// The outputs, cell by cell; `scale` and `offset` hold all y values first, then all x values.
struct Maps<'a> {
    /// Score.
    heat: &'a [f32],
    /// Natural logarithm of height and width, in cells.
    scale: &'a [f32],
    /// From the middle of the cell to the centre of the face, in cells.
    offset: &'a [f32],
}

impl Maps<'_> {
    fn decode(&self, grid: &Grid, columns: usize, found: &mut Vec<Candidate>) {
        let (scale_y, scale_x) = self.scale.split_at(self.scale.len() / 2);
        let (offset_y, offset_x) = self.offset.split_at(self.offset.len() / 2);
        let sizes = scale_y.iter().zip(scale_x);
        let offsets = offset_y.iter().zip(offset_x);
        let stride = STRIDE as f32;
        for (cell, ((score, (log_h, log_w)), (dy, dx))) in
            self.heat.iter().zip(sizes).zip(offsets).enumerate()
        {
            if *score >= grid.threshold {
                let (row, column) = ((cell / columns) as f32, (cell % columns) as f32);
                let centre = ((column + dx + 0.5) * stride, (row + dy + 0.5) * stride);
                let size = (log_w.exp() * stride, log_h.exp() * stride);
                found.push(grid.candidate(centre, size, *score));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_becomes_a_box() {
        // 3 rows x 2 columns, one peak at row 2, column 1; 5 cells high and 3 wide.
        let mut heat = [0.1; 6];
        heat[5] = 0.9;
        let (mut scale, mut offset) = ([0.0f32; 12], [0.0f32; 12]);
        (scale[5], scale[11]) = (5.0f32.ln(), 3.0f32.ln());
        (offset[5], offset[11]) = (0.25, -0.5);
        let grid = Grid { width: 8, height: 12, threshold: 0.5 };
        let mut found = Vec::new();
        Maps { heat: &heat, scale: &scale, offset: &offset }.decode(&grid, 2, &mut found);
        let [candidate] = found.as_slice() else { panic!("{found:?}") };
        let bbox = candidate.bbox_model_px;
        assert_eq!(bbox.centre(), (4.0, 11.0));
        assert!((bbox.width() - 12.0).abs() < 1e-4 && (bbox.height() - 20.0).abs() < 1e-4);
    }

    #[test]
    fn absurd_sizes_stay_finite() {
        let grid = Grid { width: 8, height: 4, threshold: 0.5 };
        let mut found = Vec::new();
        let maps = Maps { heat: &[0.9, 0.9], scale: &[1e30; 4], offset: &[-1e30, 1e30, 1e30, -1e30] };
        maps.decode(&grid, 2, &mut found);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|candidate| candidate.bbox_model_px.is_sound()));
        assert!(found.iter().all(|candidate| candidate.bbox_model_px.width() <= 32.0));
    }
}
