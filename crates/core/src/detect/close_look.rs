//! Looks for small faces in large pictures, part by part at nearly their own size, with the quicker of the two
//! networks.
//!
//! `YuNet` takes a fifth of the time that `CenterFace` takes for as many pixels, and knows small faces better: of seven
//! of 27 to 63 pixels in 1920 x 1080, at scores of 0.41, 0.34 and 0.49 instead of 0.65, 0.31 and 0.34 for the three
//! smallest.

use crate::model::{BoxPx, Detection, Frame, FrameSize};

use super::arithmetic::Numbers;
use super::engine::DetectorSettings;
use super::error::DetectError;
use super::layout::Turn;
use super::parts::{PART_SIDE_PX, Parts, small_below_px};
use super::prepare::{Place, Preparer, Sides, View};
use super::runtime::Runtime;
use super::yunet::YuNet;

/// Least score of `YuNet` that is reported.
const LEAST_SCORE: f32 = 0.16;

/// What a score of it is worth in those of `CenterFace`, by which tracks begin at 0.25: one of 0.4, below which it
/// takes patterns for faces.
const WORTH: f32 = 0.25 / 0.4;

/// Faces are reported up to this many times the size below which they are small. One of 75 x 95 pixels in 1920 x 1080,
/// with a mask and seen from the side, has a score of 0.64 to 0.77 here, and of at most 0.13 in a look at the whole.
const REPORTED_SMALL: f32 = 2.5;

/// Least scores of faces that are larger than small ones: anywhere; where one is expected; beside a place where one is
/// expected, which goes for small ones as well. Of seven people in 1920 x 1080, over three scenes, 8.2, 15.3 and 1.0 %
/// of the faces leaked where larger ones were left out (background 2.9, 2.8 and 1.8 %); 0.7, 0 and 0 % with these
/// scores (4.5, 3.3 and 3.2 %); 0.2, 0 and 0 % with 0.5 beside a place (7.5, 4.3 and 4.1 %). With any score anywhere,
/// up to 10.6 % of the background was hidden.
const LARGER_SCORE: f32 = 0.5;
const EXPECTED_SCORE: f32 = 0.3;
const BESIDE_SCORE: f32 = 0.65;

/// Places that are looked at again in a frame with one network, at most, those of the surest faces.
pub(super) const MAX_AGAIN: usize = 8;

/// Least score of a face that is found in another turn than the one in which it was known.
const OTHERWISE_SCORE: f32 = 0.8;

/// Sides of the part of a frame around a place, in sizes of the face there: it may have moved by more than half of its
/// size since it was found.
const PART_SIZES: f32 = 3.5;

/// Longest side of the input for a look at the whole. Of 1316 faces of 70 to 300 pixels on fourteen composed scenes of
/// 1920 x 1080, 15 % have less than 0.25 with `CenterFace` and an input of 640; 7 % have less than 0.4 here, and 5 %
/// neither; with an input of 736 it is 10 and 7 %, and as few patterns are taken for faces.
const WHOLE_SIDE_PX: u16 = 960;
/// Least score that is reported from it, worth 0.16: enough to go on with a face, not to begin one.
const WHOLE_SCORE: f32 = 0.25;

/// The detector of small faces, and of those that the finder of a whole large picture does not know.
#[derive(Debug)]
pub struct CloseLook {
    network: YuNet,
    /// For looks at the whole.
    whole: Preparer,
}

impl CloseLook {
    /// Loads the model `yunet` of the manifest from its bytes as shipped; the caller has compared their digest.
    ///
    /// # Errors
    /// [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn new(runtime: &Runtime, model_bytes: &[u8]) -> Result<Self, DetectError> {
        let (side_px, score_threshold) = (PART_SIDE_PX, LEAST_SCORE);
        let settings = DetectorSettings { side_px, score_threshold, numbers: Numbers::Float32 };
        let network = YuNet::new(runtime, model_bytes, settings)?.with_small_diagonals();
        Ok(Self { network, whole: YuNet::preparer(Sides::new(WHOLE_SIDE_PX)) })
    }

    /// Whether small faces are looked for in pictures of a size: smaller ones are looked at closely enough as a whole.
    pub fn is_for(size: FrameSize) -> bool {
        Parts::of(size).count() > 0
    }

    /// The faces of any size in a frame that stand upright, in a look at the whole of it.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn whole(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        let mut faces = self.network.look_through(&mut self.whole, frame.into(), Turn::NONE)?;
        faces.retain(|face| face.score >= WHOLE_SCORE);
        Ok(faces.into_iter().map(in_worth).collect())
    }

    /// The small faces in a frame that stand upright once it is turned, and those up to two and a half times as large,
    /// for a search of the whole with an input of `side_px`; none in small frames. A small face that lies across the
    /// border between two parts lies whole in one of them; of those that are larger than what parts share, one in seven
    /// at worst lies in none and is left out.
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
            let mut faces = self.network.look_at(part, turn)?;
            faces.retain(|face| is_whole_in(face, &inner) && is_reported(face, small_px, LARGER_SCORE));
            found.extend(faces.into_iter().map(in_worth));
        }
        Ok(found)
    }

    /// The faces near places where some are expected and were not found, the surest first, for a search with an input
    /// of `side_px` for the whole. Each is looked for upright in its own turn, seen as large as it can be.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn near(
        &mut self,
        frame: &Frame,
        places: &[Place],
        side_px: u16,
    ) -> Result<Vec<Detection>, DetectError> {
        let (view, mut found) = (View::from(frame), Vec::new());
        let small_px = small_below_px(frame.size(), side_px);
        let usual = places.iter().filter(|place| is_usual(place.longest_px(), small_px));
        for place in usual.take(MAX_AGAIN) {
            let mut faces = self.around(&view, place)?;
            faces.retain(|face| {
                if place.is_at(&face.ellipse) {
                    is_reported(face, small_px, EXPECTED_SCORE)
                } else {
                    face.score >= BESIDE_SCORE && is_reported(face, small_px, BESIDE_SCORE)
                }
            });
            found.extend(faces.into_iter().map(in_worth));
        }
        Ok(found)
    }

    /// A face of any size at a place where it was not found in the turn in which it was known.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted.
    pub fn otherwise(&mut self, frame: &Frame, place: &Place) -> Result<Vec<Detection>, DetectError> {
        let mut faces = self.around(&View::from(frame), place)?;
        faces.retain(|face| face.score >= OTHERWISE_SCORE && place.fits(&face.ellipse));
        Ok(faces.into_iter().map(in_worth).collect())
    }

    /// What stands upright around a place once the frame is turned, and lies whole in what is looked at.
    fn around(&mut self, view: &View<'_>, place: &Place) -> Result<Vec<Detection>, DetectError> {
        let part = place.part_of(view, PART_SIZES);
        let inner = inner_of(&part, view);
        let mut faces = self.network.look_closely_at(part, place.turn)?;
        faces.retain(|face| is_whole_in(face, &inner));
        Ok(faces)
    }
}

/// Whether a face is small, or not much larger and of this score at least.
fn is_reported(face: &Detection, small_px: f32, larger_score: f32) -> bool {
    let longest_px = 2.0 * face.ellipse.rx.max(face.ellipse.ry);
    longest_px < small_px || (is_usual(longest_px, small_px) && face.score >= larger_score)
}

/// Whether a face is small, or not much larger.
fn is_usual(longest_px: f32, small_px: f32) -> bool {
    longest_px < REPORTED_SMALL * small_px
}

fn is_whole_in(face: &Detection, inner: &BoxPx) -> bool {
    let bbox_px = face.ellipse.bounding_box();
    inner.intersection(&bbox_px).area() >= 0.999 * bbox_px.area()
}

fn in_worth(face: Detection) -> Detection {
    Detection { score: face.score * WORTH, ..face }
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
    use crate::model::EllipsePx;

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
    fn a_face_of_any_size_is_found_in_a_look_at_the_whole() {
        let mut close = CloseLook::new(&testing::runtime(), &testing::yunet_bytes()).unwrap();
        let astronaut = Picture::astronaut();
        for (shrink, corner, expected) in [
            (1, (640, 300), BoxPx { x0: 820.0, y0: 362.0, x1: 911.0, y1: 478.0 }),
            (2, (1200, 500), BoxPx { x0: 1290.0, y0: 531.0, x1: 1335.5, y1: 589.0 }),
        ] {
            let picture = astronaut.shrunk(shrink).on_grey((1920, 1080), corner).to_frame();
            let found = close.whole(&picture).unwrap();
            let face = best_at(&found, &expected).unwrap_or_else(|| panic!("{shrink}: {found:?}"));
            assert!(face.score > 0.25 && face.score <= WORTH, "{face:?}");
        }
    }

    #[test]
    fn a_face_that_moved_on_is_found_again_from_where_it_was() {
        let mut close = CloseLook::new(&testing::runtime(), &testing::yunet_bytes()).unwrap();
        let astronaut = Picture::astronaut();
        for (picture, turn, middle, shift) in [
            (small(&astronaut), Turn::NONE, (1378.0, 536.0), 12.0),
            (small(&astronaut.turned_left()), Turn::eighths(2), (1352.0, 578.0), -12.0),
        ] {
            let (cx, cy) = (middle.0 + shift, middle.1);
            let before = Place { face: EllipsePx { cx, cy, rx: 12.0, ry: 14.5, angle_rad: 0.0 }, turn };
            let elsewhere = Place { face: EllipsePx { cx: 300.0, ..before.face }, turn };
            let found = close.near(&picture, &[elsewhere, before], 640).unwrap();
            let [face] = found.as_slice() else { panic!("{turn:?}: {found:?}") };
            assert!(face.score > 0.25 && face.ellipse.contains(middle.0, middle.1), "{face:?}");
        }
    }

    #[test]
    fn a_face_of_any_size_that_was_known_at_the_wrong_angle_is_found_in_its_own() {
        let mut close = CloseLook::new(&testing::runtime(), &testing::yunet_bytes()).unwrap();
        let picture = Picture::astronaut().turned_left().on_grey((1920, 1080), (640, 300)).to_frame();
        // Her face has 116 pixels, too many to be looked for in its own turn again with so large an input for the
        // whole.
        let upright = EllipsePx { cx: 640.0 + 122.0, cy: 300.0 + 288.0, rx: 50.0, ry: 60.0, angle_rad: 0.0 };
        let known = Place { face: upright, turn: Turn::NONE };
        assert_eq!(close.near(&picture, &[known], 1280).unwrap(), []);
        let lying = Turn::eighths(2);
        let found = close.otherwise(&picture, &Place { turn: lying, ..known }).unwrap();
        let [face] = found.as_slice() else { panic!("{found:?}") };
        assert!(
            face.ellipse.contains(upright.cx, upright.cy) && face.ellipse.angle_rad.abs() > 1.5,
            "{face:?}"
        );
        for elsewhere in [EllipsePx { cx: 300.0, ..upright }, EllipsePx { rx: 25.0, ry: 30.0, ..upright }] {
            assert_eq!(close.otherwise(&picture, &Place { face: elsewhere, turn: lying }).unwrap(), []);
        }
    }

    #[test]
    fn large_faces_and_small_pictures_are_left_to_the_whole() {
        let mut close = CloseLook::new(&testing::runtime(), &testing::yunet_bytes()).unwrap();
        let astronaut = Picture::astronaut();
        assert_eq!(close.detect(&astronaut.to_frame(), Turn::NONE, 640).unwrap(), []);
        let large = astronaut.on_grey((1920, 1080), (640, 300)).to_frame();
        // With so large an input for the whole, faces from 36 pixels on are not small, and hers has 116.
        let found = close.detect(&large, Turn::NONE, 1280).unwrap();
        assert!(found.iter().all(|face| face.ellipse.ry < 45.0), "{found:?}");
        let with_less = close.detect(&large, Turn::NONE, 640).unwrap();
        assert!(with_less.iter().any(|face| face.ellipse.ry > 45.0), "{with_less:?}");
    }
}
