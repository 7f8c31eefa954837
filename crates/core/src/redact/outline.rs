//! Shapes with straight sides: how far an outline reaches to the left and right in a band of rows.

use crate::model::{BoxPx, MAX_POLYGON_POINTS, PointPx};

/// A closed line through 3 to [`MAX_POLYGON_POINTS`] corners, in luma pixels.
pub(super) struct Outline {
    corners: Vec<(f64, f64)>,
}

/// The corners of a box, in the order in which its outline runs.
pub(super) fn corners_of(bbox: &BoxPx) -> [PointPx; 4] {
    let corner = |x, y| PointPx { x, y };
    [corner(bbox.x0, bbox.y0), corner(bbox.x1, bbox.y0), corner(bbox.x1, bbox.y1), corner(bbox.x0, bbox.y1)]
}

impl Outline {
    /// None where there are too few or too many corners, or one lies further out than `limit_px`, or nowhere.
    pub(super) fn of(points: &[PointPx], limit_px: f32) -> Option<Self> {
        let is_near = |v: f32| v.is_finite() && v.abs() <= limit_px;
        let is_sound = (3..=MAX_POLYGON_POINTS).contains(&points.len())
            && points.iter().all(|p| is_near(p.x) && is_near(p.y));
        is_sound.then(|| Self { corners: points.iter().map(|p| (f64::from(p.x), f64::from(p.y))).collect() })
    }

    /// The topmost and the lowest point.
    pub(super) fn rows(&self) -> (f64, f64) {
        range(self.corners.iter().map(|(_, y)| *y)).unwrap_or((0.0, 0.0))
    }

    /// The leftmost and the rightmost point.
    pub(super) fn columns(&self) -> (f64, f64) {
        range(self.corners.iter().map(|(x, _)| *x)).unwrap_or((0.0, 0.0))
    }

    /// The leftmost and the rightmost point of the outline within the closed band of rows, where it has any there.
    pub(super) fn reach(&self, top: f64, bottom: f64) -> Option<(f64, f64)> {
        let nexts = self.corners.iter().cycle().skip(1);
        let inside = self.corners.iter().zip(nexts).flat_map(|(a, b)| clipped(*a, *b, top, bottom));
        range(inside.flatten())
    }
}

/// Where a side enters the band and where it leaves it, by column.
fn clipped(a: (f64, f64), b: (f64, f64), top: f64, bottom: f64) -> [Option<f64>; 2] {
    let (upper, lower) = if a.1 <= b.1 { (a, b) } else { (b, a) };
    if lower.1 < top || upper.1 > bottom {
        return [None, None];
    }
    let height = lower.1 - upper.1;
    let at = |y: f64| {
        // A level side lies in the band as a whole; of any other, the part between the two rows.
        let share = if height > 0.0 { ((y - upper.1) / height).clamp(0.0, 1.0) } else { 0.0 };
        upper.0 + (lower.0 - upper.0) * share
    };
    if height > 0.0 { [Some(at(top)), Some(at(bottom))] } else { [Some(upper.0), Some(lower.0)] }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |known, v| match known {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(points: &[(f32, f32)]) -> Option<Outline> {
        let points: Vec<PointPx> = points.iter().map(|&(x, y)| PointPx { x, y }).collect();
        Outline::of(&points, 1000.0)
    }

    #[test]
    fn a_triangle_reaches_as_far_as_its_sides_in_each_band() {
        let triangle = outline(&[(10.0, 0.0), (20.0, 10.0), (0.0, 10.0)]).unwrap();
        assert_eq!(triangle.reach(0.0, 2.0), Some((8.0, 12.0)));
        assert_eq!(triangle.reach(8.0, 10.0), Some((0.0, 20.0)));
        assert_eq!(triangle.reach(11.0, 13.0), None);
        assert_eq!((triangle.rows(), triangle.columns()), ((0.0, 10.0), (0.0, 20.0)));
    }

    #[test]
    fn a_shape_that_is_none_has_no_outline() {
        assert!(outline(&[(0.0, 0.0), (1.0, 1.0)]).is_none());
        assert!(outline(&[(0.0, 0.0), (1.0, f32::NAN), (2.0, 0.0)]).is_none());
        assert!(outline(&[(0.0, 0.0), (1.0, 1.0), (5000.0, 0.0)]).is_none());
    }
}
