//! What both detectors share: prepare a frame, run the network, suppress doubles, go back to frame pixels.

use crate::model::{BoxPx, Detection, EllipsePx};

use super::arithmetic::Numbers;
use super::error::DetectError;
use super::layout::{FrameFromModel, SIDE_STEP, Turn};
use super::nms::{self, Candidate};
use super::onnx::{self, Normalise, Wishes};
use super::parts;
use super::prepare::{CLOSE_SIDE_PX, ChannelOrder, Crops, Loaded, Place, Prepared, Preparer, View};
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
    network: Network,
    preparer: Preparer,
    /// For crops around small faces in large pictures.
    close: Preparer,
    settings: DetectorSettings,
    candidates: Vec<Candidate>,
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
        settings.check()?;
        let calibration = D::CALIBRATION.filter(|_| settings.numbers == Numbers::Int8);
        let wishes = Wishes { outputs: D::OUTPUTS, normalise: D::NORMALISE, calibration };
        let adapted = onnx::adapt(model_bytes, &wishes)
            .map_err(|source| DetectError::Model { model: D::NAME, source })?;
        Ok(Self {
            network: Network::new(runtime, D::NAME, &adapted)?,
            preparer: Preparer::new(settings.side_px, D::ORDER),
            close: Preparer::new(CLOSE_SIDE_PX, D::ORDER),
            settings,
            candidates: Vec::new(),
        })
    }

    /// See [`Preparer::with_small_diagonals`].
    #[must_use]
    pub(super) fn with_small_diagonals(self) -> Self {
        Self { preparer: self.preparer.with_small_diagonals(), ..self }
    }

    /// Takes a frame or a part of one, to be looked at in several ways.
    pub(super) fn look_at<'a>(&'a mut self, view: impl Into<View<'a>>) -> Look<'a> {
        let view = view.into();
        Look {
            view,
            small_below_px: parts::small_below_px(view.size(), self.settings.side_px),
            loaded: self.preparer.load(view),
            close: &mut self.close,
            eyes: Eyes {
                network: &mut self.network,
                settings: self.settings,
                candidates: &mut self.candidates,
                view,
            },
        }
    }
}

/// A frame in front of a network.
#[derive(Debug)]
pub(super) struct Look<'a> {
    view: View<'a>,
    small_below_px: f32,
    loaded: Loaded<'a>,
    close: &'a mut Preparer,
    eyes: Eyes<'a>,
}

/// The network, and what it needs to look at anything of one frame.
#[derive(Debug)]
struct Eyes<'a> {
    network: &'a mut Network,
    settings: DetectorSettings,
    candidates: &'a mut Vec<Candidate>,
    view: View<'a>,
}

impl Look<'_> {
    /// What is found in the whole frame by a pass with a turn.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub(super) fn whole<D: Decoder>(&mut self, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.eyes.pass::<D>(&self.loaded.whole(turn))
    }

    /// Whether a face is too small for a look at the whole of a large frame.
    pub(super) fn is_small(&self, place: &Place) -> bool {
        place.longest_px() < self.small_below_px
    }

    /// The faces near places where some are expected.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub(super) fn near<D: Decoder>(&mut self, places: &[Place]) -> Result<Vec<Detection>, DetectError> {
        let mut found: Vec<(Turn, Detection)> = Vec::new();
        let (small, large): (Vec<Place>, Vec<Place>) = places.iter().partition(|place| self.is_small(place));
        for places in large.chunks(MAX_CROPS) {
            self.eyes.crops::<D>(places, &self.loaded.crops(places), &mut found)?;
        }
        for place in &small {
            let mut loaded = self.close.load(place.surroundings(&self.view));
            let place = std::slice::from_ref(place);
            self.eyes.crops::<D>(place, &loaded.crops(place), &mut found)?;
        }
        Ok(surest_of_each_turn(found, D::MAX_IOU))
    }
}

impl Eyes<'_> {
    fn grid(&self, width: usize, height: usize) -> Grid {
        Grid { width, height, threshold: self.settings.score_threshold }
    }

    fn pass<D: Decoder>(&mut self, input: &Prepared<'_>) -> Result<Vec<Detection>, DetectError> {
        let grid = self.grid(input.width, input.height);
        let outputs = self.network.run(input.pixels, input.height, input.width)?;
        self.candidates.clear();
        D::decode(&outputs, &grid, self.candidates)?;
        nms::suppress(self.candidates, D::MAX_IOU)
            .map_err(|nms::TooMany| DetectError::TooManyCandidates { model: D::NAME })?;
        let found = self.candidates.iter().map(|candidate| in_frame(candidate, &input.frame_from_model));
        Ok(found.filter(|detection| touches(&detection.ellipse, &self.view)).collect())
    }

    fn crops<D: Decoder>(
        &mut self,
        places: &[Place],
        crops: &Crops<'_>,
        found: &mut Vec<(Turn, Detection)>,
    ) -> Result<(), DetectError> {
        let side = crops.side as f32;
        let grid = self.grid(crops.side, crops.side);
        let mut outputs = self.network.run(crops.pixels, crops.side, crops.side)?;
        for (nth, (place, frame_from_model)) in places.iter().zip(&crops.frame_from_model).enumerate() {
            outputs.go_to(nth);
            self.candidates.clear();
            D::decode(&outputs, &grid, self.candidates)?;
            self.candidates.retain(|candidate| is_well_inside(candidate, side));
            let faces = self.candidates.iter().map(|candidate| in_frame(candidate, frame_from_model));
            let faces = faces.filter(|face| touches(&face.ellipse, &self.view));
            found.extend(faces.map(|face| (place.turn, face)));
        }
        Ok(())
    }
}

/// Leaves the surest of all that share more than `max_iou` of their common area, surest first. Faces of different turns are
/// not compared: that is for the tracker, which has those of whole pictures as well.
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
