//! Boxes and ellipses in frame pixels. The origin is the top left corner of the picture, y points down,
//! and the centre of the top left pixel lies at (0.5, 0.5).

use serde::{Deserialize, Serialize};

use super::PointPx;

/// An axis-aligned box in frame pixels; `x1` and `y1` are exclusive ends. It may reach outside the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoxPx {
    /// Left edge.
    pub x0: f32,
    /// Top edge.
    pub y0: f32,
    /// Right edge (exclusive).
    pub x1: f32,
    /// Bottom edge (exclusive).
    pub y1: f32,
}

impl BoxPx {
    /// A box from its centre and full width and height.
    #[must_use]
    pub fn from_centre(cx: f32, cy: f32, width: f32, height: f32) -> Self {
        let (half_w, half_h) = (width / 2.0, height / 2.0);
        Self { x0: cx - half_w, y0: cy - half_h, x1: cx + half_w, y1: cy + half_h }
    }

    /// Width in pixels, zero for an inverted box.
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Height in pixels, zero for an inverted box.
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Area in square pixels.
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// The middle of the box.
    pub fn centre(&self) -> (f32, f32) {
        (f32::midpoint(self.x0, self.x1), f32::midpoint(self.y0, self.y1))
    }

    /// The part that two boxes share; a box of no area where they do not meet.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// Intersection over union, 0..=1.
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = self.intersection(other).area();
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The part of the smaller of two boxes that lies in the other, 0..=1.
    pub fn overlap_of_smaller(&self, other: &Self) -> f32 {
        let smaller = self.area().min(other.area());
        if smaller > 0.0 { self.intersection(other).area() / smaller } else { 0.0 }
    }

    /// All four edges are finite numbers and the box has an area.
    pub fn is_sound(&self) -> bool {
        [self.x0, self.y0, self.x1, self.y1].iter().all(|v| v.is_finite()) && self.area() > 0.0
    }

    /// The same centre with both sides multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        let (cx, cy) = self.centre();
        Self::from_centre(cx, cy, self.width() * factor, self.height() * factor)
    }
}

/// A turned ellipse in frame pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EllipsePx {
    /// Centre, x.
    pub cx: f32,
    /// Centre, y.
    pub cy: f32,
    /// Half axis that lies along x where `angle_rad` is 0.
    pub rx: f32,
    /// Half axis that lies along y where `angle_rad` is 0.
    pub ry: f32,
    /// Turn from x towards y (clockwise on screen), in radians.
    pub angle_rad: f32,
}

impl EllipsePx {
    /// The upright ellipse that touches the four edges of `bbox_px`.
    #[must_use]
    pub fn inscribed(bbox_px: &BoxPx) -> Self {
        let (cx, cy) = bbox_px.centre();
        Self { cx, cy, rx: bbox_px.width() / 2.0, ry: bbox_px.height() / 2.0, angle_rad: 0.0 }
    }

    /// The upright box around the turned ellipse.
    pub fn bounding_box(&self) -> BoxPx {
        let (sin, cos) = self.angle_rad.sin_cos();
        let half_w = (self.rx * cos).hypot(self.ry * sin);
        let half_h = (self.rx * sin).hypot(self.ry * cos);
        BoxPx::from_centre(self.cx, self.cy, half_w * 2.0, half_h * 2.0)
    }

    /// The corners of the turned rectangle that touches the ends of both axes, in order around it.
    pub fn corners(&self) -> [PointPx; 4] {
        let (sin, cos) = self.angle_rad.sin_cos();
        [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(u, v)| {
            let (across, along) = (u * self.rx, v * self.ry);
            PointPx { x: self.cx + across * cos - along * sin, y: self.cy + across * sin + along * cos }
        })
    }

    /// Both half axes multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        Self { rx: self.rx * factor, ry: self.ry * factor, ..*self }
    }

    /// Whether the point lies inside or on the rim.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        let (sin, cos) = self.angle_rad.sin_cos();
        let (dx, dy) = (x - self.cx, y - self.cy);
        let u = (dx * cos + dy * sin) / self.rx;
        let v = (dy * cos - dx * sin) / self.ry;
        u * u + v * v <= 1.0
    }

    /// All five numbers are finite and both half axes positive.
    pub fn is_sound(&self) -> bool {
        [self.cx, self.cy, self.rx, self.ry, self.angle_rad].iter().all(|v| v.is_finite())
            && self.rx > 0.0
            && self.ry > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_swaps_the_sides_of_the_box() {
        let ellipse =
            EllipsePx { cx: 50.0, cy: 40.0, rx: 10.0, ry: 20.0, angle_rad: std::f32::consts::FRAC_PI_2 };
        let bbox = ellipse.bounding_box();
        assert!((bbox.width() - 40.0).abs() < 1e-3 && (bbox.height() - 20.0).abs() < 1e-3);
        assert!(ellipse.contains(69.0, 40.0) && !ellipse.contains(50.0, 59.0));
    }

    #[test]
    fn iou_of_half_overlapping_boxes() {
        let a = BoxPx { x0: 0.0, y0: 0.0, x1: 10.0, y1: 10.0 };
        let b = BoxPx { x0: 5.0, y0: 0.0, x1: 15.0, y1: 10.0 };
        assert!((a.iou(&b) - 1.0 / 3.0).abs() < 1e-6);
        assert!(!BoxPx { x0: f32::NAN, ..a }.is_sound());
    }
}
