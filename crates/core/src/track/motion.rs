//! Where a face is going: a constant-velocity fit to its nearest sightings, the same forwards and backwards in time.
//!
//! A recursive filter (Kalman, alpha-beta) runs one way only. Masks are also carried backwards from a first sighting,
//! so the velocity is fitted to a few sightings at either end instead: least squares with a zero-mean prior on the
//! speed, which is what a Kalman filter of constant velocity settles to over the same few measurements.

use crate::model::EllipsePx;

/// Sightings that a fit takes at most.
pub(super) const FIT_SIGHTINGS: usize = 6;
/// Longest time that a fit reaches over, in seconds.
const FIT_SECONDS: f32 = 0.4;
/// Standard deviation of a detected centre, in face sizes (jitter of boxes on still faces).
const CENTRE_SIGMA: f32 = 0.04;
/// The same where sightings come from passes with different turns: each puts its box elsewhere on a leaning head, and a
/// speed fitted to that alternation would carry masks away. Leak over nine scenes with 0.04 / 0.3 / 0.6 / 2: the last
/// leaks most, the first two hide a third more background.
const MIXED_CENTRE_SIGMA: f32 = 0.6;
/// Passes that are further apart than this (radians) are different.
pub(super) const SAME_TURN_RAD: f32 = 0.3;
/// Standard deviation of head speed, in face sizes a second.
const SPEED_SIGMA: f32 = 1.5;
/// A head that is not seen keeps its speed for about this long, in seconds.
const SPEED_DECAY_SECONDS: f32 = 0.5;

/// A face that was found in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sighting {
    /// Number of the frame within the tracker.
    pub(super) order: u64,
    /// Time of the frame on the tracker's clock, which never runs backwards, in nanoseconds.
    pub(super) clock_nanos: u64,
    /// The face without any margin.
    pub(super) face: EllipsePx,
    /// Confidence, 0..=1.
    pub(super) score: f32,
    /// It would not begin a track.
    pub(super) is_weak: bool,
    /// How many times the face's own half axes the mask must reach at least.
    pub(super) holds: f32,
}

/// Speed of a centre in pixels a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Velocity {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Seconds from one clock reading to another, negative where `to` is earlier.
pub(super) fn seconds_between(from_nanos: u64, to_nanos: u64) -> f32 {
    let seconds = from_nanos.abs_diff(to_nanos) as f64 / 1e9;
    let signed = if to_nanos < from_nanos { -seconds } else { seconds };
    #[allow(clippy::cast_possible_truncation, reason = "seconds need no more than single precision here")]
    let single = signed as f32;
    single
}

/// Side of the square with the area of the box around an upright face of the same half axes, in pixels.
pub(super) fn face_size_px(face: &EllipsePx) -> f32 {
    2.0 * (face.rx * face.ry).sqrt()
}

/// Distance between the centres of two faces, in their mean size.
pub(super) fn sizes_apart(a: &EllipsePx, b: &EllipsePx) -> f32 {
    (a.cx - b.cx).hypot(a.cy - b.cy) / f32::midpoint(face_size_px(a), face_size_px(b))
}

/// Angle between the upright directions of two faces, 0 to half a turn, in radians.
pub(super) fn turned_by(a: &EllipsePx, b: &EllipsePx) -> f32 {
    let apart = (a.angle_rad - b.angle_rad).rem_euclid(std::f32::consts::TAU);
    apart.min(std::f32::consts::TAU - apart)
}

impl Velocity {
    /// Fits the sightings that follow `nearest` in the iterator's order, itself included. Two sightings far apart in
    /// time say little about the speed at either, so only those within 0.4 s of the first count.
    pub(super) fn fit<'a>(sightings: impl Iterator<Item = &'a Sighting> + Clone) -> Self {
        let Some(nearest) = sightings.clone().next() else { return Self::default() };
        let near = sightings
            .take(FIT_SIGHTINGS)
            .map(|s| (seconds_between(nearest.clock_nanos, s.clock_nanos), &s.face))
            .take_while(|(seconds, _)| seconds.abs() <= FIT_SECONDS);
        let is_mixed = near.clone().any(|(_, face)| turned_by(face, &nearest.face) > SAME_TURN_RAD);
        let near = near.map(|(seconds, face)| (seconds, face.cx, face.cy));
        let (count, sum_t, sum_x, sum_y) = near
            .clone()
            .fold((0.0f32, 0.0, 0.0, 0.0), |(n, st, sx, sy), (t, x, y)| (n + 1.0, st + t, sx + x, sy + y));
        let (mean_t, mean_x, mean_y) = (sum_t / count, sum_x / count, sum_y / count);
        let (tt, tx, ty) = near.fold((0.0f32, 0.0, 0.0), |(tt, tx, ty), (t, x, y)| {
            let dt = t - mean_t;
            (tt + dt * dt, tx + dt * (x - mean_x), ty + dt * (y - mean_y))
        });
        let sigma = if is_mixed { MIXED_CENTRE_SIGMA } else { CENTRE_SIGMA };
        let prior = (sigma / SPEED_SIGMA).powi(2);
        Self { x: tx / (tt + prior), y: ty / (tt + prior) }
    }

    /// The face after `seconds` (before, where negative), on the assumption that the speed dies away.
    pub(super) fn carry(self, face: &EllipsePx, seconds: f32) -> EllipsePx {
        let reach = SPEED_DECAY_SECONDS * (1.0 - (-seconds.abs() / SPEED_DECAY_SECONDS).exp());
        let reach = reach.copysign(seconds);
        EllipsePx { cx: face.cx + self.x * reach, cy: face.cy + self.y * reach, ..*face }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(order: u64, cx: f32) -> Sighting {
        let face = EllipsePx { cx, cy: 50.0, rx: 10.0, ry: 14.0, angle_rad: 0.0 };
        Sighting { order, clock_nanos: order * 40_000_000, face, score: 0.9, is_weak: false, holds: 1.0 }
    }

    #[test]
    fn the_fit_finds_a_steady_speed_from_either_end() {
        let seen: Vec<_> = (0u8..6).map(|k| sighting(u64::from(k), 100.0 + 4.0 * f32::from(k))).collect();
        for velocity in [Velocity::fit(seen.iter()), Velocity::fit(seen.iter().rev())] {
            assert!((velocity.x - 100.0).abs() < 5.0 && velocity.y.abs() < 1e-3, "{velocity:?}");
        }
    }

    #[test]
    fn one_sighting_stands_still_and_two_are_believed_in_part() {
        let seen = [sighting(0, 100.0), sighting(1, 104.0)];
        assert_eq!(Velocity::fit(seen.iter().take(1)), Velocity::default());
        let velocity = Velocity::fit(seen.iter());
        assert!(velocity.x > 30.0 && velocity.x < 70.0, "{velocity:?}");
    }

    #[test]
    fn what_is_carried_slows_down() {
        let face = sighting(0, 100.0).face;
        let velocity = Velocity { x: 100.0, y: 0.0 };
        assert!((velocity.carry(&face, 0.04).cx - 104.0).abs() < 0.3);
        assert!(velocity.carry(&face, 10.0).cx < 151.0);
        assert!(velocity.carry(&face, -10.0).cx > 49.0);
    }
}
