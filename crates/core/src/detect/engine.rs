//! What both detectors share: prepare a frame, run the network, suppress doubles, go back to frame pixels.

use std::sync::Arc;

use crate::model::{BoxPx, Detection, EllipsePx, FrameSize};

use super::arithmetic::Numbers;
use super::error::DetectError;
use super::gpu::{Accelerator, Eye, GpuLook};
use super::layout::{FrameFromModel, SIDE_STEP, Turn};
use super::nms::{self, Candidate};
use super::onnx::{self, Normalise, Wishes};
use super::parts;
use super::prepare::{CLOSE_SIDE_PX, CROP_SIDE_PX, ChannelOrder, Loaded, Place, Preparer, Sides, View};
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

/// Crops that the network takes at once: together as large as two thirds of a picture.
const MAX_CROPS: usize = 8;

/// What a crop shows closer to its border than this share of its side belongs to its neighbours.
const CROP_RIM: f32 = 0.15;

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
        let finder = Finder { threshold: settings.score_threshold, candidates, view };
        Ok(Look { side_px: settings.side_px, eyes, finder })
    }
}

/// A frame in front of a network.
#[derive(Debug)]
pub(super) struct Look<'a> {
    side_px: u16,
    eyes: Eyes<'a>,
    finder: Finder<'a>,
}

#[derive(Debug)]
enum Eyes<'a> {
    Processor { network: &'a mut Network, loaded: Loaded<'a>, close: &'a mut Preparer },
    Gpu(GpuLook<'a>),
}

/// Makes faces in the frame out of what a network gave.
#[derive(Debug)]
struct Finder<'a> {
    threshold: f32,
    candidates: &'a mut Vec<Candidate>,
    view: View<'a>,
}

impl Look<'_> {
    /// What is found in the whole frame by a pass with a turn.
    ///
    /// # Errors
    /// A failure of ONNX Runtime or of the GPU, or outputs that cannot be trusted.
    pub(super) fn whole<D: Decoder>(&mut self, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        match &mut self.eyes {
            Eyes::Processor { network, loaded, .. } => {
                let input = loaded.whole(turn);
                let outputs = network.run(input.pixels, input.height, input.width)?;
                self.finder.whole::<D>(&outputs, (input.width, input.height), &input.frame_from_model)
            }
            Eyes::Gpu(look) => {
                let (outputs, layout) = look.whole(turn)?;
                self.finder.whole::<D>(&outputs, (layout.width, layout.height), &layout.frame_from_model)
            }
        }
    }

    /// The same with an input of the size for close looks. On a GPU as [`Self::whole`].
    ///
    /// # Errors
    /// A failure of ONNX Runtime or of the GPU, or outputs that cannot be trusted.
    pub(super) fn close<D: Decoder>(&mut self, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        let Self { eyes, finder, .. } = self;
        let Eyes::Processor { network, close, .. } = eyes else { return self.whole::<D>(turn) };
        finder.through::<D>(network, close, turn)
    }

    /// The same with an input that somebody else prepares, of another size than the engine's own. On a GPU as
    /// [`Self::whole`].
    ///
    /// # Errors
    /// A failure of ONNX Runtime or of the GPU, or outputs that cannot be trusted.
    pub(super) fn through<D: Decoder>(
        &mut self,
        preparer: &mut Preparer,
        turn: Turn,
    ) -> Result<Vec<Detection>, DetectError> {
        let Self { eyes, finder, .. } = self;
        let Eyes::Processor { network, .. } = eyes else { return self.whole::<D>(turn) };
        finder.through::<D>(network, preparer, turn)
    }

    /// Whether a face is too small for a look at the whole of a large frame.
    pub(super) fn is_small(&self, place: &Place) -> bool {
        place.longest_px() < self.small_below_px()
    }

    fn small_below_px(&self) -> f32 {
        parts::small_below_px(self.finder.view.size(), self.side_px)
    }

    /// How many frame pixels a pixel of the input of a look at the whole is wide.
    pub(super) fn scale(&self) -> f32 {
        let size = self.finder.view.size();
        size.width().max(size.height()) as f32 / f32::from(self.side_px)
    }

    /// The faces near places where some are expected. Crops `from_frame` are cut out of the frame itself, as large as
    /// they can be; the others out of the scaled picture, but where the face is too small in that.
    ///
    /// # Errors
    /// A failure of ONNX Runtime or of the GPU, or outputs that cannot be trusted.
    pub(super) fn near<D: Decoder>(
        &mut self,
        places: &[Place],
        from_frame: bool,
    ) -> Result<Vec<Detection>, DetectError> {
        let mut found: Vec<(Turn, Detection)> = Vec::new();
        let small_px = self.small_below_px();
        let is_close = |place: &Place| from_frame || place.longest_px() < small_px;
        let Self { eyes, finder, .. } = self;
        match eyes {
            Eyes::Processor { network, loaded, close } => {
                let (close_ones, others): (Vec<Place>, Vec<Place>) =
                    places.iter().partition(|place| is_close(place));
                for places in others.chunks(MAX_CROPS) {
                    let crops = loaded.crops(places);
                    let outputs = network.run(crops.pixels, crops.side, crops.side)?;
                    finder.crops::<D>(places, outputs, &crops.frame_from_model, &mut found)?;
                }
                for place in &close_ones {
                    let mut loaded = close.load(place.surroundings(&finder.view));
                    let places = std::slice::from_ref(place);
                    let crops = loaded.crops(places);
                    let outputs = network.run(crops.pixels, crops.side, crops.side)?;
                    finder.crops::<D>(places, outputs, &crops.frame_from_model, &mut found)?;
                }
            }
            Eyes::Gpu(look) => {
                for places in places.chunks(MAX_CROPS) {
                    let (outputs, frame_from_model) = look.crops(places, is_close)?;
                    finder.crops::<D>(places, outputs, &frame_from_model, &mut found)?;
                }
            }
        }
        Ok(surest_of_each_turn(found, D::MAX_IOU))
    }
}

impl Finder<'_> {
    fn through<D: Decoder>(
        &mut self,
        network: &mut Network,
        preparer: &mut Preparer,
        turn: Turn,
    ) -> Result<Vec<Detection>, DetectError> {
        let mut loaded = preparer.load(self.view);
        let input = loaded.whole(turn);
        let outputs = network.run(input.pixels, input.height, input.width)?;
        self.whole::<D>(&outputs, (input.width, input.height), &input.frame_from_model)
    }

    fn whole<D: Decoder>(
        &mut self,
        outputs: &Outputs<'_>,
        (width, height): (usize, usize),
        frame_from_model: &FrameFromModel,
    ) -> Result<Vec<Detection>, DetectError> {
        self.candidates.clear();
        let grid = Grid { width, height, threshold: self.threshold };
        D::decode(outputs, &grid, self.candidates)?;
        nms::suppress(self.candidates, D::MAX_IOU)
            .map_err(|nms::TooMany| DetectError::TooManyCandidates { model: D::NAME })?;
        let found = self.candidates.iter().map(|candidate| in_frame(candidate, frame_from_model));
        Ok(found.filter(|detection| touches(&detection.ellipse, &self.view)).collect())
    }

    /// Appends what was found in crops around places, one after the other, with the turn of its crop.
    fn crops<D: Decoder>(
        &mut self,
        places: &[Place],
        mut outputs: Outputs<'_>,
        frame_from_model: &[FrameFromModel],
        found: &mut Vec<(Turn, Detection)>,
    ) -> Result<(), DetectError> {
        let side = CROP_SIDE_PX;
        let grid = Grid { width: side, height: side, threshold: self.threshold };
        for (nth, (place, frame_from_model)) in places.iter().zip(frame_from_model).enumerate() {
            outputs.go_to(nth);
            self.candidates.clear();
            D::decode(&outputs, &grid, self.candidates)?;
            self.candidates.retain(|candidate| is_well_inside(candidate, side as f32));
            let faces = self.candidates.iter().map(|candidate| in_frame(candidate, frame_from_model));
            let faces = faces.filter(|face| touches(&face.ellipse, &self.view));
            found.extend(faces.map(|face| (place.turn, face)));
        }
        Ok(())
    }
}

/// Leaves the surest of all that share more than `max_iou` of their common area, surest first. Faces of different turns
/// are not compared: that is for the tracker, which has those of whole pictures as well.
fn surest_of_each_turn(mut found: Vec<(Turn, Detection)>, max_iou: f32) -> Vec<Detection> {
    found.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    let mut kept: Vec<(Turn, Detection)> = Vec::new();
    for (turn, face) in found {
        let bbox = face.ellipse.bounding_box();
        let doubles = |(other_turn, other): &(Turn, Detection)| {
            *other_turn == turn && other.ellipse.bounding_box().iou(&bbox) > max_iou
        };
        if !kept.iter().any(doubles) {
            kept.push((turn, face));
        }
    }
    kept.into_iter().map(|(_, face)| face).collect()
}

/// Whether a box's middle lies where the crop shows enough around it.
fn is_well_inside(candidate: &Candidate, side: f32) -> bool {
    let (x, y) = candidate.bbox_model_px.centre();
    let inside = CROP_RIM * side..=(1.0 - CROP_RIM) * side;
    inside.contains(&x) && inside.contains(&y)
}

fn in_frame(candidate: &Candidate, frame_from_model: &FrameFromModel) -> Detection {
    Detection { ellipse: frame_from_model.ellipse(&candidate.bbox_model_px), score: candidate.score }
}

/// Whether any of the ellipse can lie inside the picture; the network sometimes sees something in the black
/// beside it.
fn touches(ellipse: &EllipsePx, view: &View<'_>) -> bool {
    ellipse.bounding_box().intersection(&view.bbox_px()).area() > 0.0
}
