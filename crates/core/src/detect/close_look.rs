//! Looks for small faces in large pictures, part by part at nearly their own size, with the quicker of the two networks.
//!
//! `YuNet` takes a fifth of the time that `CenterFace` takes for as many pixels, and knows small faces better: of seven of 27 to
//! 63 pixels in 1920 x 1080, at scores of 0.41, 0.34 and 0.49 instead of 0.65, 0.31 and 0.34 for the three smallest.

use crate::model::{BoxPx, Detection, Frame, FrameSize};

use super::arithmetic::Numbers;
use super::engine::DetectorSettings;
use super::error::DetectError;
use super::layout::Turn;
use super::parts::{PART_SIDE_PX, Parts, small_below_px};
use super::prepare::View;
use super::runtime::Runtime;
use super::yunet::YuNet;

/// Least score of `YuNet` that is reported.
const LEAST_SCORE: f32 = 0.16;

/// What a score of it is worth in those of `CenterFace`, by which tracks begin at 0.25: one of 0.4, below which it takes patterns
/// for faces.
const WORTH: f32 = 0.25 / 0.4;

/// The detector of small faces.
#[derive(Debug)]
pub struct CloseLook(YuNet);

impl CloseLook {
    /// Loads the model `yunet` of the manifest from its bytes as shipped; the caller has compared their digest.
    ///
    /// # Errors
    /// [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn new(runtime: &Runtime, model_bytes: &[u8]) -> Result<Self, DetectError> {
        let settings = DetectorSettings {
            side_px: PART_SIDE_PX,
            score_threshold: LEAST_SCORE,
            numbers: Numbers::Float32,
        };
        YuNet::new(runtime, model_bytes, settings).map(|network| Self(network.with_small_diagonals()))
    }

    /// Whether small faces are looked for in pictures of a size: smaller ones are looked at closely enough as a whole.
    pub fn is_for(size: FrameSize) -> bool {
        Parts::of(size).count() > 0
    }

    /// The small faces in a frame that stand upright once it is turned, for a search of the whole with an input of `side_px`; none
    /// in small frames. A face that lies across the border between two parts lies whole in one of them.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn detect(&mut self, frame: &Frame, turn: Turn, side_px: u16) -> Result<Vec<Detection>, DetectError> {
        let (view, parts) = (View::from(frame), Parts::of(frame.size()));
        let small_px = small_below_px(frame.size(), side_px);
        let mut found = Vec::new();
        for nth in 0..parts.count() {
            let (corner, size) = parts.place(nth);
            let part = view.part(corner, size);
            let inner = inner_of(&part, &view);
            let mut faces = self.0.look_at(part, turn)?;
            faces.retain(|face| {
                let bbox_px = face.ellipse.bounding_box();
                let is_whole = inner.intersection(&bbox_px).area() >= 0.999 * bbox_px.area();
                is_whole && 2.0 * face.ellipse.rx.max(face.ellipse.ry) < small_px
            });
            found.extend(faces.into_iter().map(|face| Detection { score: face.score * WORTH, ..face }));
        }
        Ok(found)
    }
}

/// A part, and beyond it where it ends with the frame.
fn inner_of(part: &View<'_>, whole: &View<'_>) -> BoxPx {
    let (part, whole) = (part.bbox_px(), whole.bbox_px());
    let from = |start: f32| if start <= 0.0 { f32::NEG_INFINITY } else { start };
    let to = |end: f32, last: f32| if end >= last { f32::INFINITY } else { end };
    BoxPx { x0: from(part.x0), y0: from(part.y0), x1: to(part.x1, whole.x1), y1: to(part.y1, whole.y1) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Picture};
    use super::super::{CenterFace, FaceDetector, Place};
    use super::*;

    const SETTINGS: DetectorSettings =
        DetectorSettings { side_px: 640, score_threshold: 0.1, numbers: Numbers::Float32 };

    /// The astronaut's face, 23 x 29 pixels, where pictures a quarter as large stand on a grey one of 1920 x 1080.
    fn small(picture: &Picture) -> Frame {
        picture.shrunk(4).on_grey((1920, 1080), (1322, 506)).to_frame()
    }

    fn best_at(found: &[Detection], expected: &BoxPx) -> Option<Detection> {
        let on_it = |face: &&Detection| face.ellipse.bounding_box().iou(expected) > 0.5;
        found.iter().filter(on_it).max_by(|a, b| a.score.total_cmp(&b.score)).copied()
    }

    #[test]
    fn a_face_that_is_too_small_for_the_whole_is_found_in_a_part() {
        let (runtime, astronaut) = (testing::runtime(), Picture::astronaut());
        let mut close = CloseLook::new(&runtime, &testing::yunet_bytes()).unwrap();
        let mut whole = CenterFace::new(&runtime, &testing::centerface_bytes(), SETTINGS).unwrap();
        let upright = BoxPx { x0: 1367.0, y0: 521.5, x1: 1389.7, y1: 550.5 };
        let lying = BoxPx { x0: 1337.5, y0: 566.3, x1: 1366.5, y1: 589.0 };
        for (frame, turn, expected) in [
            (small(&astronaut), Turn::NONE, upright),
            (small(&astronaut.turned_left()), Turn::eighths(2), lying),
        ] {
            assert_eq!(best_at(&whole.detect(&frame, turn).unwrap(), &expected), None, "{turn:?}");
            let found = close.detect(&frame, turn, 640).unwrap();
            let face = best_at(&found, &expected).unwrap_or_else(|| panic!("{turn:?}: {found:?}"));
            assert!(face.score > 0.25, "{face:?}");
            let place = Place::of(face.ellipse);
            let mut look = whole.look_at(&frame).unwrap();
            assert!(look.is_small(&place));
            let near = look.near(&[place]).unwrap();
            let again = best_at(&near, &expected).unwrap_or_else(|| panic!("{turn:?}: {near:?}"));
            assert!(again.score > 0.25, "{again:?}");
        }
    }

    #[test]
    fn large_faces_and_small_pictures_are_left_to_the_whole() {
        let mut close = CloseLook::new(&testing::runtime(), &testing::yunet_bytes()).unwrap();
        let astronaut = Picture::astronaut();
        assert_eq!(close.detect(&astronaut.to_frame(), Turn::NONE, 640).unwrap(), []);
        let large = astronaut.on_grey((1920, 1080), (640, 300)).to_frame();
        let found = close.detect(&large, Turn::NONE, 640).unwrap();
        assert!(found.iter().all(|face| face.ellipse.ry < 36.0), "{found:?}");
    }
}
