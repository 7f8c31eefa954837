//! What both detectors share: prepare a frame, run the network, suppress doubles, go back to frame pixels.

use std::sync::Arc;

use crate::model::{BoxPx, FrameSize};

use super::arithmetic::Numbers;
use super::error::DetectError;
use super::gpu::{Accelerator, Eye};
use super::layout::SIDE_STEP;
use super::look::{Eyes, Look};
use super::nms::{self, Candidate};
use super::onnx::{self, Normalise, Wishes};
use super::prepare::{CLOSE_SIDE_PX, ChannelOrder, Preparer, Sides, View};
use super::runtime::{Network, Outputs, Runtime};

/// How finely and how eagerly a detector looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSettings {
    /// Longest side of the network's input in pixels: a multiple of 32 in 64..=4096.
    pub side_px: u16,
    /// Least score of a face that is reported, above 0 and below 1. Lower finds more faces and more false
    /// ones.
    pub score_threshold: f32,
    /// What it is calculated in, where the network can be calculated in either.
    pub numbers: Numbers,
}

impl DetectorSettings {
    fn check(self) -> Result<(), DetectError> {
        let wrong =
            |setting, value, range| Err(DetectError::Setting { setting, value: f64::from(value), range });
        if !(64..=4096).contains(&self.side_px) || !usize::from(self.side_px).is_multiple_of(SIDE_STEP) {
            return wrong("side_px", f32::from(self.side_px), "a multiple of 32 in 64..=4096");
        }
        if !(self.score_threshold > 0.0 && self.score_threshold < 1.0) {
            return wrong("score_threshold", self.score_threshold, "above 0 and below 1");
        }
        Ok(())
    }
}

/// What makes a network a detector of faces or people.
pub(super) trait Decoder {
    /// Name in messages.
    const NAME: &'static str;
    /// Order of the colour planes that it expects.
    const ORDER: ChannelOrder;
    /// The outputs that are read; the others are cut off.
    const OUTPUTS: &'static [&'static str];
    /// What it wants done to values of 0..=255 first.
    const NORMALISE: Option<Normalise> = None;
    /// What was measured inside it, where it can be calculated in 8 bits.
    const CALIBRATION: Option<&'static str> = None;
    /// Longest side of the input for a part of a frame that is looked at closely.
    const CLOSE_SIDE_PX: u16 = CLOSE_SIDE_PX;
    /// Boxes that share more than this of their common area are one.
    const MAX_IOU: f32 = nms::MAX_FACE_IOU;

    /// Appends every place that scores at least `threshold`.
    ///
    /// # Errors
    /// Outputs that are missing, misshapen or not finite.
    fn decode(outputs: &Outputs<'_>, grid: &Grid, found: &mut Vec<Candidate>) -> Result<(), DetectError>;
}

/// Size of the network's input and the threshold, for decoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Columns of the input in pixels.
    pub(super) width: usize,
    /// Rows of the input in pixels.
    pub(super) height: usize,
    /// Least score.
    pub(super) threshold: f32,
}

impl Grid {
    /// A candidate from the centre and size that a network gives. Finite but absurd numbers are brought near
    /// the picture, so that nothing behind overflows; the face stays hidden either way.
    pub(super) fn candidate(&self, centre: (f32, f32), size: (f32, f32), score: f32) -> Candidate {
        let (width, height) = (self.width as f32, self.height as f32);
        let longest = 4.0 * width.max(height);
        let (x, y) = (centre.0.clamp(-width, 2.0 * width), centre.1.clamp(-height, 2.0 * height));
        let bbox_model_px = BoxPx::from_centre(x, y, size.0.min(longest), size.1.min(longest));
        Candidate { bbox_model_px, score: score.clamp(0.0, 1.0) }
    }
}

/// A network with all the memory that it reuses from frame to frame.
#[derive(Debug)]
pub(super) struct Engine {
    means: Means,
    sides: Sides,
    settings: DetectorSettings,
    candidates: Vec<Candidate>,
}

/// A model as ONNX Runtime takes it, for as many detectors as there are workers.
#[derive(Debug)]
pub struct Adapted(Vec<u8>);

impl Adapted {
    /// Adapts a model, whose digest the caller has compared, to what numbers it is calculated in.
    ///
    /// # Errors
    /// [`DetectError::Model`].
    pub(super) fn new<D: Decoder>(model_bytes: &[u8], numbers: Numbers) -> Result<Self, DetectError> {
        let calibration = D::CALIBRATION.filter(|_| numbers == Numbers::Int8);
        let wishes = Wishes { outputs: D::OUTPUTS, normalise: D::NORMALISE, calibration };
        let adapted = onnx::adapt(model_bytes, &wishes);
        adapted.map(Self).map_err(|source| DetectError::Model { model: D::NAME, source })
    }

    /// ONNX Runtime with it.
    ///
    /// # Errors
    /// [`DetectError::Runtime`].
    pub(super) fn network(&self, runtime: &Runtime, model: &'static str) -> Result<Network, DetectError> {
        Network::new(runtime, model, &self.0)
    }
}

/// What the network is calculated with.
#[derive(Debug)]
enum Means {
    Processor(Box<OnProcessor>),
    Gpu(Box<Eye>),
}

#[derive(Debug)]
struct OnProcessor {
    network: Network,
    preparer: Preparer,
    /// For crops out of the frame itself.
    close: Preparer,
}

impl Engine {
    /// Adapts and loads a model, whose digest the caller has compared.
    ///
    /// # Errors
    /// Settings out of range, a model that is not the expected one, a failure of ONNX Runtime.
    pub(super) fn new<D: Decoder>(
        runtime: &Runtime,
        model_bytes: &[u8],
        settings: DetectorSettings,
    ) -> Result<Self, DetectError> {
        Self::load::<D>(runtime, &Adapted::new::<D>(model_bytes, settings.numbers)?, settings)
    }

    /// Loads a model that was adapted before.
    ///
    /// # Errors
    /// Settings out of range, a failure of ONNX Runtime.
    pub(super) fn load<D: Decoder>(
        runtime: &Runtime,
        adapted: &Adapted,
        settings: DetectorSettings,
    ) -> Result<Self, DetectError> {
        settings.check()?;
        let sides = Sides::new(settings.side_px);
        let means = Means::Processor(Box::new(OnProcessor {
            network: adapted.network(runtime, D::NAME)?,
            preparer: Preparer::new(sides, D::ORDER),
            close: Preparer::new(Sides::new(D::CLOSE_SIDE_PX), D::ORDER),
        }));
        Ok(Self { means, sides, settings, candidates: Vec::new() })
    }

    /// On a GPU that has the network already.
    ///
    /// # Errors
    /// Settings out of range.
    pub(super) fn on_gpu(shared: Arc<Accelerator>, settings: DetectorSettings) -> Result<Self, DetectError> {
        settings.check()?;
        let sides = Sides::new(settings.side_px);
        let means = Means::Gpu(Box::new(Eye::new(shared).with_sides(sides)));
        Ok(Self { means, sides, settings, candidates: Vec::new() })
    }

    /// See [`Sides::with_small_diagonals`].
    #[must_use]
    pub(super) fn with_small_diagonals(self) -> Self {
        let sides = self.sides.with_small_diagonals();
        let means = match self.means {
            Means::Processor(mut with) => {
                with.preparer.set_sides(sides);
                Means::Processor(with)
            }
            Means::Gpu(eye) => Means::Gpu(Box::new(eye.with_sides(sides))),
        };
        Self { means, sides, ..self }
    }

    /// Makes room on a GPU for whole pictures of a size.
    ///
    /// # Errors
    /// [`DetectError::Gpu`] where they are too large for it.
    pub(super) fn reserve(&mut self, size: FrameSize) -> Result<(), DetectError> {
        match &mut self.means {
            Means::Processor(_) => Ok(()),
            Means::Gpu(eye) => Ok(eye.reserve(size)?),
        }
    }

    /// Takes a frame or a part of one, to be looked at in several ways.
    ///
    /// # Errors
    /// [`DetectError::Gpu`].
    pub(super) fn look_at<'a>(&'a mut self, view: impl Into<View<'a>>) -> Result<Look<'a>, DetectError> {
        let view = view.into();
        let Self { means, settings, candidates, .. } = self;
        let eyes = match means {
            Means::Processor(with) => {
                let OnProcessor { network, preparer, close } = &mut **with;
                Eyes::Processor { network, loaded: preparer.load(view), close }
            }
            Means::Gpu(eye) => Eyes::Gpu(eye.look_at(view)?),
        };
        Ok(Look::new(*settings, eyes, candidates, view))
    }
}
