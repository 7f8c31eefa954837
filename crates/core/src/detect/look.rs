//! A frame in front of a network: the whole of it, turned, and crops around places where faces are expected.

use crate::model::{Detection, EllipsePx};

use super::engine::{Decoder, DetectorSettings, Grid};
use super::error::DetectError;
use super::gpu::GpuLook;
use super::layout::{FrameFromModel, Turn};
use super::nms::{self, Candidate};
use super::parts;
use super::prepare::{CROP_SIDE_PX, Loaded, Place, Preparer, View};
use super::runtime::{Network, Outputs};

/// Crops that the network takes at once: together nearly half as large as a picture.
const MAX_CROPS: usize = 8;

/// What a crop shows closer to its border than this share of its side belongs to its neighbours.
const CROP_RIM: f32 = 0.15;

/// A frame in front of a network.
#[derive(Debug)]
pub(super) struct Look<'a> {
    side_px: u16,
    eyes: Eyes<'a>,
    finder: Finder<'a>,
}

/// What looks at it.
#[derive(Debug)]
pub(super) enum Eyes<'a> {
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

impl<'a> Look<'a> {
    /// With memory for candidates that is reused.
    pub(super) fn new(
        settings: DetectorSettings,
        eyes: Eyes<'a>,
        candidates: &'a mut Vec<Candidate>,
        view: View<'a>,
    ) -> Self {
        let finder = Finder { threshold: settings.score_threshold, candidates, view };
        Self { side_px: settings.side_px, eyes, finder }
    }

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
