//! The shape of a mask from the sightings around it: the outward hull of neighbours, carried to the frame's time.

use std::sync::LazyLock;

use crate::model::EllipsePx;

use super::motion::{Sighting, Velocity, face_size_px, seconds_between};

/// Sightings on either side that shape a mask.
const SHAPE_SIGHTINGS: usize = 3;
/// Longest time that shaping reaches over, in seconds.
const SHAPE_SECONDS: f32 = 0.25;
/// The points of a rim that are looked at, on a circle; between them a rim reaches out by less than 1 % more.
static RIM: LazyLock<[(f32, f32); 24]> =
    LazyLock::new(|| std::array::from_fn(|k| (k as f32 * std::f32::consts::TAU / 24.0).sin_cos()));
/// Growth of what lies between two sightings, per second to the nearer of them. Interpolated boxes lose overlap
/// with the true ones with the length of the gap (intersection over union
/// .93 over 1 frame, .88 over 5, 5th percentile .70).
const FILL_GROWTH_PER_SECOND: f32 = 0.8;
/// Interpolated shapes grow no further than by this.
const MAX_FILL_GROWTH: f32 = 0.5;
/// Growth of what lies before the first or behind the last sighting, per second.
const HOLD_GROWTH_PER_SECOND: f32 = 0.5;
/// Held shapes grow no further than by this; with 0.6 a quarter more background is hidden and no more faces.
const MAX_HOLD_GROWTH: f32 = 0.3;

/// A held face goes on by at most this many of its own sizes: a speed from two sightings can be far off.
const MAX_HELD_SIZES: f32 = 0.6;

/// How far the ellipse reaches from its centre along the direction of `angle_rad`, and across it.
fn extents(face: &EllipsePx, angle_rad: f32) -> (f32, f32) {
    let (sin, cos) = (face.angle_rad - angle_rad).sin_cos();
    ((face.rx * cos).hypot(face.ry * sin), (face.rx * sin).hypot(face.ry * cos))
}

/// An ellipse with the axes' direction of `base` that holds `base` and all `others`: it touches their common turned
/// box, grown until no rim sticks out.
pub(super) fn hull(base: &EllipsePx, others: impl Iterator<Item = EllipsePx> + Clone) -> EllipsePx {
    let (sin, cos) = base.angle_rad.sin_cos();
    let (mut low_u, mut high_u, mut low_v, mut high_v) = (-base.rx, base.rx, -base.ry, base.ry);
    for other in others.clone() {
        let (dx, dy) = (other.cx - base.cx, other.cy - base.cy);
        let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
        let (half_u, half_v) = extents(&other, base.angle_rad);
        (low_u, high_u) = (low_u.min(u - half_u), high_u.max(u + half_u));
        (low_v, high_v) = (low_v.min(v - half_v), high_v.max(v + half_v));
    }
    let (u, v) = (f32::midpoint(low_u, high_u), f32::midpoint(low_v, high_v));
    let tight = EllipsePx {
        cx: base.cx + u * cos - v * sin,
        cy: base.cy + u * sin + v * cos,
        rx: (high_u - low_u) / 2.0,
        ry: (high_v - low_v) / 2.0,
        angle_rad: base.angle_rad,
    };
    let reach = others.chain(std::iter::once(*base)).map(|face| reach_of(&tight, &face));
    tight.scaled(reach.fold(1.0, f32::max))
}

/// Factor by which `ellipse` must grow to hold `face`, from points on the rim of `face`.
pub(super) fn reach_of(ellipse: &EllipsePx, face: &EllipsePx) -> f32 {
    let (sin, cos) = (face.angle_rad - ellipse.angle_rad).sin_cos();
    let (sin_base, cos_base) = ellipse.angle_rad.sin_cos();
    let (dx, dy) = (face.cx - ellipse.cx, face.cy - ellipse.cy);
    let (u, v) = (dx * cos_base + dy * sin_base, dy * cos_base - dx * sin_base);
    let rim = RIM.iter().map(|(y, x)| {
        let (x, y) = (x * face.rx, y * face.ry);
        ((u + x * cos - y * sin) / ellipse.rx).hypot((v + x * sin + y * cos) / ellipse.ry)
    });
    rim.fold(0.0, f32::max)
}

/// The sightings next to a frame: `before` walks back in time from the frame's own or the last one, `after` walks on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<B, A> {
    pub(super) clock_nanos: u64,
    pub(super) before: B,
    pub(super) after: A,
}

impl<'a, B, A> Around<B, A>
where
    B: Iterator<Item = &'a Sighting> + Clone,
    A: Iterator<Item = &'a Sighting> + Clone,
{
    /// A face that was found in the frame: one box that shrinks or jumps must not open the chin, so its neighbours,
    /// moved along with the face, are covered too.
    pub(super) fn detected(&self, own: &'a Sighting) -> EllipsePx {
        let back = Velocity::fit(self.before.clone());
        let on = Velocity::fit(std::iter::once(own).chain(self.after.clone()));
        let earlier = near(self.before.clone(), self.clock_nanos);
        let later = near(self.after.clone(), self.clock_nanos);
        let moved = |s: &Sighting, velocity: Velocity| {
            velocity.carry(&s.face, seconds_between(s.clock_nanos, self.clock_nanos))
        };
        hull(&own.face, earlier.map(|s| moved(s, back)).chain(later.map(|s| moved(s, on))))
    }

    /// A face between two sightings: on the line between them, as large as the larger of their neighbours.
    pub(super) fn filled(&self, last: &Sighting, next: &Sighting) -> EllipsePx {
        let whole = seconds_between(last.clock_nanos, next.clock_nanos).max(1e-6);
        let since = seconds_between(last.clock_nanos, self.clock_nanos).clamp(0.0, whole);
        let share = since / whole;
        let mix = |a: f32, b: f32| a + (b - a) * share;
        let nearer = if share < 0.5 { last } else { next };
        let base = EllipsePx {
            cx: mix(last.face.cx, next.face.cx),
            cy: mix(last.face.cy, next.face.cy),
            ..nearer.face
        };
        let sizes = near(self.before.clone(), last.clock_nanos)
            .chain(near(self.after.clone(), next.clock_nanos))
            .map(|s| EllipsePx { cx: base.cx, cy: base.cy, ..s.face });
        let growth = (FILL_GROWTH_PER_SECOND * since.min(whole - since)).min(MAX_FILL_GROWTH);
        hull(&base, sizes).scaled(1.0 + growth)
    }

    /// A face outside its sightings, of which `end` is the nearest: it may have gone on or stayed, so both places are
    /// covered, and the doubt grows with time.
    pub(super) fn held(&self, end: &Sighting) -> EllipsePx {
        let seconds = seconds_between(end.clock_nanos, self.clock_nanos);
        let fit = || self.before.clone().chain(self.after.clone());
        let carried = at_most(&end.face, Velocity::fit(fit()).carry(&end.face, seconds));
        let sizes =
            near(fit(), end.clock_nanos).map(|s| EllipsePx { cx: carried.cx, cy: carried.cy, ..s.face });
        let growth = (HOLD_GROWTH_PER_SECOND * seconds.abs()).min(MAX_HOLD_GROWTH);
        hull(&hull(&carried, sizes), std::iter::once(end.face)).scaled(1.0 + growth)
    }
}

/// `carried`, but no further from `end` than a held face is believed to have gone.
fn at_most(end: &EllipsePx, carried: EllipsePx) -> EllipsePx {
    let (dx, dy) = (carried.cx - end.cx, carried.cy - end.cy);
    let share = (MAX_HELD_SIZES * face_size_px(end) / dx.hypot(dy).max(1e-6)).min(1.0);
    EllipsePx { cx: end.cx + dx * share, cy: end.cy + dy * share, ..carried }
}

/// The few sightings close in time to `clock_nanos`.
fn near<'a>(
    sightings: impl Iterator<Item = &'a Sighting> + Clone,
    clock_nanos: u64,
) -> impl Iterator<Item = &'a Sighting> + Clone {
    sightings
        .take(SHAPE_SIGHTINGS)
        .take_while(move |s| seconds_between(clock_nanos, s.clock_nanos).abs() <= SHAPE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(order: u64, cx: f32, ry: f32) -> Sighting {
        let face = EllipsePx { cx, cy: 100.0, rx: 15.0, ry, angle_rad: 0.0 };
        Sighting { order, clock_nanos: order * 40_000_000, face, score: 0.9, is_weak: false, holds: 1.0 }
    }

    #[test]
    fn a_hull_holds_offset_and_turned_ellipses() {
        let base = EllipsePx { cx: 50.0, cy: 50.0, rx: 10.0, ry: 20.0, angle_rad: 0.4 };
        let others = [(80.0, 60.0, 1.9), (45.0, 20.0, -0.7)].map(|(cx, cy, angle_rad)| EllipsePx {
            cx,
            cy,
            angle_rad,
            ..base
        });
        let whole = hull(&base, others.into_iter());
        for ellipse in others.iter().chain([&base]) {
            assert!(reach_of(&whole, ellipse) <= 1.0 + 1e-4);
        }
    }

    #[test]
    fn a_box_that_shrinks_in_one_frame_does_not_open_the_chin() {
        let seen: Vec<_> = (0..7).map(|k| sighting(k, 100.0, if k == 3 { 14.0 } else { 20.0 })).collect();
        let around =
            Around { clock_nanos: 120_000_000, before: seen[..4].iter().rev(), after: seen[4..].iter() };
        assert!(around.detected(&seen[3]).ry >= 20.0);
    }

    #[test]
    fn filling_widens_with_the_gap_and_lies_between() {
        let short = [sighting(0, 100.0, 20.0), sighting(2, 110.0, 20.0)];
        let long = [sighting(0, 100.0, 20.0), sighting(20, 110.0, 20.0)];
        let middle = |seen: &[Sighting; 2], clock_nanos| {
            let around = Around { clock_nanos, before: seen[..1].iter().rev(), after: seen[1..].iter() };
            around.filled(&seen[0], &seen[1])
        };
        let (a, b) = (middle(&short, 40_000_000), middle(&long, 400_000_000));
        assert!((a.cx - 105.0).abs() < 0.1 && (b.cx - 105.0).abs() < 0.1);
        assert!(a.rx > 15.0 && b.rx > a.rx * 1.1 && b.rx < 15.0 * 1.6, "{a:?} {b:?}");
    }

    #[test]
    fn holding_covers_both_staying_and_going_on() {
        let seen: Vec<_> = (0..6).map(|k| sighting(k, 100.0 + 6.0 * k as f32, 20.0)).collect();
        let around = Around { clock_nanos: 600_000_000, before: seen.iter().rev(), after: seen[6..].iter() };
        let held = around.held(&seen[5]);
        assert!(held.contains(130.0 - 14.0, 100.0) && held.contains(160.0, 100.0), "{held:?}");
        assert!(held.ry > 22.0);
    }
}
