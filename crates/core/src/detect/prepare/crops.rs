//! Squares cut out of the scaled picture around places where faces are expected, each turned so that its face stands
//! upright.

use crate::model::EllipsePx;

use super::super::layout::{FrameFromModel, InputLayout, Turn};
use super::turned::turn_onto;
use super::{Loaded, Pixel, Preparer, View};

/// Both sides of a crop in pixels of the network's input, a multiple of 32. With 96 a fifth more background is hidden.
pub(crate) const CROP_SIDE_PX: usize = 128;

/// Both sides of the part of a frame from which a crop is cut close, scaled: a crop that is turned by half a right
/// angle has room in it.
pub(crate) const CLOSE_SIDE_PX: u16 = 192;

/// The longest side of a face on its crop, in pixels; larger ones are made smaller. Of the rest of the crop the network
/// needs some to know a face, and the face some to move.
const FACE_ON_CROP_PX: f32 = 56.0;

/// A crop that shows a face less than so many times as large as another shows much the same. Chosen, not measured.
const LEAST_GAIN: f32 = 1.25;

/// A place where a face is expected.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The face, in frame pixels.
    pub face: EllipsePx,
    /// The turn after which it stands upright.
    pub turn: Turn,
}

impl Place {
    /// Where a face of this place and angle is expected.
    pub fn of(face: EllipsePx) -> Self {
        Self { face, turn: Turn::upright_for(face.angle_rad) }
    }
}

/// Crops side by side, as the input of a network for several pictures of one size.
#[derive(Debug)]
pub(crate) struct Crops<'a> {
    /// For each crop `side` x `side`, row by row.
    pub(crate) pixels: &'a [Pixel],
    /// Rows, and columns.
    pub(crate) side: usize,
    /// The way back, for each crop.
    pub(crate) frame_from_model: Vec<FrameFromModel>,
}

impl Place {
    /// The longest side of the face in frame pixels.
    pub(crate) fn longest_px(&self) -> f32 {
        2.0 * self.face.rx.max(self.face.ry)
    }

    /// The layout of its crop, out of a picture with this upright layout that begins at `origin_px` of the frame.
    pub(crate) fn layout(&self, whole: &InputLayout, origin_px: [f32; 2]) -> InputLayout {
        let [[scale, _], _] = whole.frame_from_model.matrix;
        let step_px = (self.longest_px() / FACE_ON_CROP_PX).max(scale);
        let [left, top] = origin_px;
        whole.around((self.face.cx - left, self.face.cy - top), self.turn, CROP_SIDE_PX, step_px)
    }

    /// Whether a crop out of the frame itself shows the face larger, by [`LEAST_GAIN`], than one out of a scaled picture, a
    /// pixel of which is `scale` pixels of the frame.
    pub(crate) fn gains_from_the_frame(&self, scale: f32) -> bool {
        let step_px = |least: f32| (self.longest_px() / FACE_ON_CROP_PX).max(least);
        step_px(scale) >= LEAST_GAIN * step_px(1.0)
    }

    /// What of a whole frame lies around a face, for a crop that is cut out of it and not out of the scaled picture.
    pub(crate) fn surroundings<'a>(&self, frame: &View<'a>) -> View<'a> {
        let step_px = (self.longest_px() / FACE_ON_CROP_PX).max(1.0);
        self.square_of(frame, f32::from(CLOSE_SIDE_PX) * step_px)
    }

    /// What of a whole frame lies around it: a square of so many times its size.
    pub(crate) fn part_of<'a>(&self, frame: &View<'a>, sizes: f32) -> View<'a> {
        self.square_of(frame, sizes * self.longest_px())
    }

    /// Whether a face lies at this place: each has the middle of the other.
    pub(crate) fn is_at(&self, face: &EllipsePx) -> bool {
        face.contains(self.face.cx, self.face.cy) && self.face.contains(face.cx, face.cy)
    }

    /// Whether a face lies at this place and has nearly the size of the one that is expected: neither has sides of more
    /// than one and a half times those of the other.
    pub(crate) fn fits(&self, face: &EllipsePx) -> bool {
        let areas = (face.rx * face.ry) / (self.face.rx * self.face.ry);
        self.is_at(face) && (1.5f32.powi(-2)..=1.5f32.powi(2)).contains(&areas)
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a frame may have"
    )]
    fn square_of<'a>(&self, frame: &View<'a>, side: f32) -> View<'a> {
        let side = side.min(65_536.0);
        let from = |centre: f32| (centre - side / 2.0).clamp(0.0, 65_536.0) as usize;
        let side = side as usize;
        frame.part((from(self.face.cx), from(self.face.cy)), (side, side))
    }
}

impl Loaded<'_> {
    /// A crop for each place.
    pub(crate) fn crops(&mut self, places: &[Place]) -> Crops<'_> {
        let side = CROP_SIDE_PX;
        let Preparer { straight, pixels, order, .. } = &mut *self.preparer;
        let scaled = straight.scaled(&self.frame, *order);
        let mut frame_from_model = Vec::with_capacity(places.len());
        pixels.resize(places.len() * side * side, Pixel::default());
        for (place, pixels) in places.iter().zip(pixels.chunks_exact_mut(side * side)) {
            let layout = place.layout(&scaled.layout, self.frame.origin_px);
            turn_onto(pixels, &scaled, &layout);
            frame_from_model.push(layout.frame_from_model.moved(self.frame.origin_px));
        }
        Crops { pixels, side, frame_from_model }
    }
}
