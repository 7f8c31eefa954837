//! From a map of probabilities to rectangles: connected pixels, the rectangle around them along their own direction,
//! widened by what the network was taught to leave out.

use std::f32::consts::FRAC_PI_2;

use crate::model::{Detection, EllipsePx};

/// A pixel of this probability or more belongs to text, and a region of this mean is text: the values that ship with
/// the network in `rapidocr-onnxruntime` 1.4.4.
const PIXEL_THRESHOLD: f32 = 0.3;
const REGION_THRESHOLD: f32 = 0.5;

/// The network marks a line shrunk by area over perimeter; this many times as much is added (from the same place).
const UNCLIP: f32 = 1.6;

/// Regions of fewer pixels in either direction are noise (from the same place).
const MIN_SIDE_PX: f32 = 3.0;

/// A direction that differs from upright by less (3 degrees) is upright: a line of a few letters is not measured
/// better.
const UPRIGHT_RAD: f32 = 0.052;
/// Only a region this many times as long as wide has a direction.
const MIN_STRETCH: f32 = 1.5;

/// Neighbours of a pixel: (columns, rows) away.
const NEIGHBOURS: [(isize, isize); 8] =
    [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// The regions of a map with rows of `width` values, surest first; their ellipses touch the sides of their rectangles.
pub(super) fn find(probability: &[f32], width: usize) -> Vec<Detection> {
    let mut open: Vec<bool> = probability.iter().map(|value| *value >= PIXEL_THRESHOLD).collect();
    let mut found = Vec::new();
    let (mut region, mut waiting) = (Vec::new(), Vec::new());
    for start in 0..open.len() {
        if !take(&mut open, start) {
            continue;
        }
        region.clear();
        waiting.push(start);
        while let Some(at) = waiting.pop() {
            region.push(at);
            waiting.extend(neighbours(at, width).filter(|next| take(&mut open, *next)));
        }
        found.extend(detection(&region, probability, width));
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

/// Takes a pixel away, once.
fn take(open: &mut [bool], at: usize) -> bool {
    open.get_mut(at).is_some_and(std::mem::take)
}

/// Places of the neighbours; those outside the map have none or are taken for pixels that are not open.
fn neighbours(at: usize, width: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (at % width, at / width);
    NEIGHBOURS.into_iter().filter_map(move |(right, down)| {
        let column = column.checked_add_signed(right).filter(|column| *column < width)?;
        Some(row.checked_add_signed(down)? * width + column)
    })
}

fn detection(region: &[usize], probability: &[f32], width: usize) -> Option<Detection> {
    let count = region.len() as f32;
    let score = region.iter().filter_map(|at| probability.get(*at)).sum::<f32>() / count;
    if score < REGION_THRESHOLD {
        return None;
    }
    let points = || region.iter().map(|at| ((at % width) as f32 + 0.5, (at / width) as f32 + 0.5));
    let upright = around(points(), 0.0);
    let turned = around(points(), direction(points(), count));
    let tight = if turned.rx * turned.ry < upright.rx * upright.ry { turned } else { upright };
    let (width, height) = (2.0 * tight.rx, 2.0 * tight.ry);
    if width.min(height) < MIN_SIDE_PX {
        return None;
    }
    let more = UNCLIP * width * height / (2.0 * (width + height));
    let ellipse = EllipsePx { rx: tight.rx + more, ry: tight.ry + more, ..tight };
    Some(Detection { ellipse, score: score.min(1.0) })
}

/// The direction in which the points lie, -45 to 45 degrees: along their longer or their shorter axis.
fn direction(points: impl Iterator<Item = (f32, f32)> + Clone, count: f32) -> f32 {
    let mean = |sum: f32| sum / count;
    let (cx, cy) = (mean(points.clone().map(|(x, _)| x).sum()), mean(points.clone().map(|(_, y)| y).sum()));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - cx, y - cy);
        (xx, xy, yy) = (xx + dx * dx, xy + dx * dy, yy + dy * dy);
    }
    let (middle, spread) = (f32::midpoint(xx, yy), ((xx - yy) / 2.0).hypot(xy));
    // Moments are squares of lengths.
    if middle + spread < (middle - spread) * MIN_STRETCH * MIN_STRETCH {
        return 0.0;
    }
    let long = (2.0 * xy).atan2(xx - yy) / 2.0;
    let angle = long - (long / FRAC_PI_2).round() * FRAC_PI_2;
    if angle.abs() < UPRIGHT_RAD { 0.0 } else { angle }
}

/// The ellipse that touches the sides of the rectangle in direction `angle_rad` around the pixels at `points`.
fn around(points: impl Iterator<Item = (f32, f32)>, angle_rad: f32) -> EllipsePx {
    let (sin, cos) = angle_rad.sin_cos();
    let start = (f32::INFINITY, f32::NEG_INFINITY);
    let (mut along, mut across) = (start, start);
    for (x, y) in points {
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        along = (along.0.min(u), along.1.max(u));
        across = (across.0.min(v), across.1.max(v));
    }
    let (u, v) = (f32::midpoint(along.0, along.1), f32::midpoint(across.0, across.1));
    // Points are the middles of pixels.
    let half = |(low, high): (f32, f32)| f32::midpoint(high - low, 1.0);
    EllipsePx { cx: u * cos - v * sin, cy: u * sin + v * cos, rx: half(along), ry: half(across), angle_rad }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A map of zeros with a bar of ones: its middle, its length and breadth, and its direction.
    fn bar(cx: f32, cy: f32, length: f32, breadth: f32, angle: f32) -> Vec<f32> {
        let (sin, cos) = angle.sin_cos();
        let inside = |x: usize, y: usize| {
            let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
            (dx * cos + dy * sin).abs() <= length / 2.0 && (dy * cos - dx * sin).abs() <= breadth / 2.0
        };
        (0..128).flat_map(|y| (0..160).map(move |x| f32::from(u8::from(inside(x, y))))).collect()
    }

    #[test]
    fn a_line_is_found_with_room_around_it() {
        let found = find(&bar(80.0, 60.0, 60.0, 10.0, 0.0), 160);
        let [line] = found.as_slice() else { panic!("{found:?}") };
        // 60 x 10 has area 600 and perimeter 140: 6.9 more on each side.
        assert!((line.ellipse.rx - 36.9).abs() < 0.6 && (line.ellipse.ry - 11.9).abs() < 0.6, "{line:?}");
        assert_eq!((line.ellipse.angle_rad, line.score), (0.0, 1.0));
    }

    #[test]
    fn faint_and_tiny_spots_are_no_text() {
        let faint: Vec<f32> = bar(80.0, 60.0, 60.0, 10.0, 0.0).iter().map(|value| value * 0.45).collect();
        assert_eq!(find(&faint, 160), []);
        assert_eq!(find(&bar(80.0, 60.0, 40.0, 2.0, 0.0), 160), []);
        assert_eq!(find(&[], 160), []);
    }

    #[test]
    fn lines_that_do_not_touch_are_two() {
        let (a, b) = (bar(80.0, 40.0, 60.0, 8.0, 0.0), bar(80.0, 60.0, 60.0, 8.0, 0.0));
        let both: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a.max(*b)).collect();
        assert_eq!(find(&both, 160).len(), 2);
    }

    proptest! {
        /// Every pixel of a bar lies in its rectangle, which is not much larger than the bar with its room.
        #[test]
        fn a_turned_line_lies_in_its_rectangle(
            angle in -1.6f32..1.6, length in 40f32..70.0, breadth in 8f32..14.0,
        ) {
            let map = bar(80.0, 64.0, length, breadth, angle);
            let found = find(&map, 160);
            prop_assert_eq!(found.len(), 1);
            let EllipsePx { cx, cy, rx, ry, angle_rad } = found[0].ellipse;
            let (sin, cos) = angle_rad.sin_cos();
            for (at, _) in map.iter().enumerate().filter(|(_, value)| **value > 0.5) {
                let (dx, dy) = ((at % 160) as f32 + 0.5 - cx, (at / 160) as f32 + 0.5 - cy);
                prop_assert!((dx * cos + dy * sin).abs() <= rx && (dy * cos - dx * sin).abs() <= ry);
            }
            let room = UNCLIP * length * breadth / (length + breadth);
            prop_assert!(4.0 * rx * ry < 1.6 * (length + room) * (breadth + room) + 200.0, "{rx} {ry}");
        }
    }
}
