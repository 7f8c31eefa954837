//! Settings of the two shaders that make a network's input out of planes.

use super::super::layout::InputLayout;
use super::super::prepare::{View, rgb_factors};

/// Bytes of `struct Scaling` in the shader.
pub(super) const SCALING_BYTES: u64 = 4 * SCALING_WORDS as u64;
const SCALING_WORDS: usize = 20;

/// Bytes of `struct Turning` in the shader.
pub(super) const TURNING_BYTES: u64 = 4 * TURNING_WORDS as u64;
const TURNING_WORDS: usize = 16;

/// The planes of a whole picture one after the other, each padded to whole words: where each begins in bytes, and the
/// length of all.
pub(super) fn placed(view: &View<'_>) -> ([usize; 3], usize) {
    let mut end = 0;
    let starts = view.planes().map(|plane| {
        let start = end;
        end += plane.data.len().next_multiple_of(4);
        start
    });
    (starts, end)
}

/// `struct Scaling` for a part of a picture whose planes lie at `starts`; both views are of the same frame.
pub(super) fn scaling(
    whole: &View<'_>,
    starts: [usize; 3],
    part: &View<'_>,
    (to_width, to_height): (usize, usize),
) -> Option<Vec<u8>> {
    let [luma, u, v] = starts;
    let (columns, rows) = part.offset_in(whole);
    let [luma_plane, chroma_plane, _] = whole.planes();
    let of_luma = rows * luma_plane.stride + columns;
    let of_chroma = rows / 2 * chroma_plane.stride + columns / 2;
    let size = part.size();
    let numbers = [
        [luma + of_luma, u + of_chroma, v + of_chroma, luma_plane.stride],
        [chroma_plane.stride, size.width(), size.height(), to_width],
        [to_height, 0, 0, 0],
    ];
    let mut bytes = Vec::with_capacity(4 * SCALING_WORDS);
    for number in numbers.into_iter().flatten() {
        bytes.extend(u32::try_from(number).ok()?.to_le_bytes());
    }
    bytes.extend(rgb_factors(part.colour()).into_iter().flat_map(f32::to_le_bytes));
    Some(bytes)
}

/// `struct Turning` for the nth picture of an input.
pub(super) fn turning(layout: &InputLayout, nth: usize) -> Option<Vec<u8>> {
    let from = &layout.content_from_model;
    let [[xx, xy], [yx, yy]] = from.matrix;
    let [x0, y0] = from.origin;
    let plane = layout.width * layout.height;
    let mut bytes = Vec::with_capacity(4 * TURNING_WORDS);
    bytes.extend([xx, xy, x0, 0.0, yx, yy, y0, 0.0].into_iter().flat_map(f32::to_le_bytes));
    let numbers = [
        [layout.content_width, layout.content_height, layout.width, layout.height],
        [3 * plane * nth, plane, usize::from(layout.keeps_pixels()), 0],
    ];
    for number in numbers.into_iter().flatten() {
        bytes.extend(u32::try_from(number).ok()?.to_le_bytes());
    }
    Some(bytes)
}
