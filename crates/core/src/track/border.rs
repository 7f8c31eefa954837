//! Faces at the border of the picture: which of them are cut off by it, and which leave over it.

use crate::model::{EllipsePx, FrameSize};

use super::motion::{Sighting, Velocity, face_size_px};

/// A face closer to the border than this many of its own sizes can leave over it.
const BORDER_SIZES: f32 = 0.25;
/// Speed towards the border, in face sizes a second, from which a face leaves over it.
const LEAVING_SIZES_PER_SECOND: f32 = 0.25;

/// Whether the nearest of `sightings` lies at the border and moves over it. `direction` is 1 where the iterator walks
/// back from the end of a track, and -1 where it walks on from its beginning.
pub(super) fn leaves<'a>(
    sightings: impl Iterator<Item = &'a Sighting> + Clone,
    frame: FrameSize,
    direction: f32,
) -> bool {
    let Some(end) = sightings.clone().next() else { return false };
    let (bbox_px, size) = (end.face.bounding_box(), face_size_px(&end.face));
    let velocity = Velocity::fit(sightings);
    let (out_x, out_y) = (velocity.x * direction, velocity.y * direction);
    let (near, fast) = (BORDER_SIZES * size, LEAVING_SIZES_PER_SECOND * size);
    (bbox_px.x0 <= near && out_x <= -fast)
        || (bbox_px.y0 <= near && out_y <= -fast)
        || (bbox_px.x1 >= frame.width() as f32 - near && out_x >= fast)
        || (bbox_px.y1 >= frame.height() as f32 - near && out_y >= fast)
}

/// Whether a face or person is cut off by the border of the picture, or nearly.
pub(super) fn is_at_border(face: &EllipsePx, frame: FrameSize) -> bool {
    let (bbox_px, near) = (face.bounding_box(), BORDER_SIZES * face_size_px(face));
    bbox_px.x0 <= near
        || bbox_px.y0 <= near
        || bbox_px.x1 >= frame.width() as f32 - near
        || bbox_px.y1 >= frame.height() as f32 - near
}
