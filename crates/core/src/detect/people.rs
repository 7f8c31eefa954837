//! `NanoDet`: finds people, also those whose face no face detector can see. Only its class "person" is read.
//!
//! Lyu, "`NanoDet`" (2020), `NanoDet-g` at 416x416: anchor-free, with a distribution for each side of a box
//! ("Generalized Focal Loss", Li et al. 2020). The shipped graph is one of `TensorFlow.js`; `onnx::convert` turns it
//! into ONNX when it loads, so that the files on disk stay the ones that the manifest names.

use crate::model::{BoxPx, Detection, Frame};

use super::arithmetic::Numbers;
use super::engine::{Decoder, DetectorSettings, Engine, Grid};
use super::error::DetectError;
use super::layout::Turn;
use super::nms::Candidate;
use super::onnx::{self, Normalise};
use super::prepare::ChannelOrder;
use super::runtime::{Outputs, Runtime};

/// The longest side of the network's input: it was trained on squares of this size.
const SIDE_PX: u16 = 416;

/// Classes of the COCO data set; "person" is the first.
const CLASSES: usize = 80;

/// Each side of a box is a distribution over the distances 0 to 10 strides from the middle of the cell.
const DISTANCES: usize = 11;
const SIDES: usize = 4;

/// Scores and boxes of each level with the pixels from one of its cells to the next.
const LEVELS: [(&str, &str, usize); 3] =
    [("Identity", "Identity_3", 8), ("Identity_1", "Identity_4", 16), ("Identity_2", "Identity_5", 32)];

/// The detector of people.
#[derive(Debug)]
pub struct PeopleDetector(Engine);

impl PeopleDetector {
    /// Loads the models `nanodet_graph` and `nanodet_weights` of the manifest from their bytes as shipped; the caller
    /// has compared their digests. A person of less than `score_threshold` (above 0, below 1) is not reported.
    ///
    /// # Errors
    /// [`DetectError::Setting`], [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn new(
        runtime: &Runtime,
        graph: &[u8],
        weights: &[u8],
        score_threshold: f32,
    ) -> Result<Self, DetectError> {
        let onnx = onnx::convert(graph, weights, Layers::OUTPUTS)
            .map_err(|source| DetectError::Model { model: Layers::NAME, source })?;
        let settings = DetectorSettings { side_px: SIDE_PX, score_threshold, numbers: Numbers::Float32 };
        Engine::new::<Layers>(runtime, &onnx, settings).map(Self)
    }

    /// The people in a frame who stand upright once the frame is turned, surest first: ellipses in frame pixels that
    /// touch the network's boxes, with the angle of the turn.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn detect(&mut self, frame: &Frame, turn: Turn) -> Result<Vec<Detection>, DetectError> {
        self.0.look_at(frame)?.whole::<Layers>(turn)
    }
}

struct Layers;

impl Decoder for Layers {
    const NAME: &'static str = "NanoDet";
    const ORDER: ChannelOrder = ChannelOrder::Bgr;
    const OUTPUTS: &'static [&'static str] =
        &["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"];
    /// From the authors' configuration `nanodet-g.yml`.
    const NORMALISE: Option<Normalise> =
        Some(Normalise { mean: [103.53, 116.28, 123.675], deviation: [57.375, 57.12, 58.395] });
    const MAX_IOU: f32 = 0.6;

    fn decode(outputs: &Outputs<'_>, grid: &Grid, found: &mut Vec<Candidate>) -> Result<(), DetectError> {
        for (scores, sides, stride) in LEVELS {
            let columns = grid.width / stride;
            let cells = columns * (grid.height / stride);
            let scores = outputs.tensor(scores, &[1, cells, CLASSES])?;
            let sides = outputs.tensor(sides, &[1, cells, SIDES * DISTANCES])?;
            Level { scores, sides, columns, stride: stride as f32 }.decode(grid, found);
        }
        Ok(())
    }
}

/// The outputs of one level, cell by cell.
struct Level<'a> {
    scores: &'a [f32],
    sides: &'a [f32],
    columns: usize,
    stride: f32,
}

impl Level<'_> {
    fn decode(&self, grid: &Grid, found: &mut Vec<Candidate>) {
        let cells = self.scores.chunks_exact(CLASSES).zip(self.sides.chunks_exact(SIDES * DISTANCES));
        for (cell, (scores, sides)) in cells.enumerate() {
            let Some(score) = scores.first().filter(|score| **score >= grid.threshold) else { continue };
            let (row, column) = ((cell / self.columns) as f32, (cell % self.columns) as f32);
            let (x, y) = ((column + 0.5) * self.stride, (row + 0.5) * self.stride);
            let mut reach = [0.0; SIDES];
            for (reach, side) in reach.iter_mut().zip(sides.chunks_exact(DISTANCES)) {
                *reach = expectation(side) * self.stride;
            }
            let [left, top, right, bottom] = reach;
            let bbox = BoxPx { x0: x - left, y0: y - top, x1: x + right, y1: y + bottom };
            // A box without an area would be none for those behind; a pixel is one.
            let size = (bbox.width().max(1.0), bbox.height().max(1.0));
            found.push(grid.candidate(bbox.centre(), size, *score));
        }
    }
}

/// Mean of the distances 0, 1, 2 ... under the softmax of `logits`.
fn expectation(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights = || logits.iter().map(|logit| (logit - highest).exp());
    let moment: f32 = weights().enumerate().map(|(distance, weight)| distance as f32 * weight).sum();
    moment / weights().sum::<f32>().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use super::super::testing::{self, Picture};
    use super::*;

    /// The astronaut's box and score as ONNX Runtime for Python gives it from the same network, converted in Python,
    /// with the picture scaled by `OpenCV` (area).
    const PERSON: BoxPx = BoxPx { x0: 14.9, y0: 14.5, x1: 364.4, y1: 507.6 };
    const SCORE: f32 = 0.73;

    fn detector() -> PeopleDetector {
        let [graph, weights] = testing::nanodet_bytes();
        PeopleDetector::new(&testing::runtime(), &graph, &weights, 0.35).unwrap()
    }

    #[test]
    fn a_person_is_where_another_program_finds_her() {
        let found = detector().detect(&Picture::astronaut().to_frame(), Turn::NONE).unwrap();
        let [person] = found.as_slice() else { panic!("{found:?}") };
        let iou = person.ellipse.bounding_box().iou(&PERSON);
        assert!(iou > 0.97, "{:?} has IoU {iou}", person.ellipse.bounding_box());
        assert!((person.score - SCORE).abs() < 0.03, "{}", person.score);
    }

    #[test]
    fn a_turned_pass_finds_who_lies_and_says_which_end_is_up() {
        let lying = Picture::astronaut().turned_left().to_frame();
        let found = detector().detect(&lying, Turn::eighths(2)).unwrap();
        let [person] = found.as_slice() else { panic!("{found:?}") };
        let expected = BoxPx { x0: PERSON.y0, y0: 512.0 - PERSON.x1, x1: PERSON.y1, y1: 512.0 - PERSON.x0 };
        let iou = person.ellipse.bounding_box().iou(&expected);
        assert!(iou > 0.95, "{:?} has IoU {iou}", person.ellipse.bounding_box());
        assert!((person.ellipse.angle_rad + FRAC_PI_2).abs() < 1e-3);
    }

    #[test]
    fn an_empty_picture_has_no_people_and_any_size_passes() {
        let mut detector = detector();
        let mut grey = testing::frame(320, 180, testing::FULL_601);
        grey.bytes_mut().fill(128);
        assert_eq!(detector.detect(&grey, Turn::NONE).unwrap(), []);
        for (width, height) in [(2, 2), (2, 400), (33, 47), (640, 352)] {
            let noise = testing::noise(width, height, testing::FULL_601, 7);
            let found = detector.detect(&noise, Turn::eighths(6)).unwrap();
            assert!(found.iter().all(|person| person.ellipse.is_sound()));
        }
    }

    #[test]
    fn the_mean_of_a_distribution_is_taken() {
        let mut sure = [0.0; DISTANCES];
        sure[7] = 50.0;
        assert!((expectation(&sure) - 7.0).abs() < 1e-4);
        assert!((expectation(&[3.0; DISTANCES]) - 5.0).abs() < 1e-4);
    }
}
