//! A slow random curve, made as it is needed: a monotone cubic through random knots.

use super::stft::{HOP, RATE_HZ};
use crate::draws::Draws;

/// Knots per second.
const KNOTS_PER_SECOND: f32 = 0.7;

/// Piecewise cubic Hermite interpolation (PCHIP; Fritsch and Butland 1984) through uniform draws at even spacing.
///
/// The interpolation never leaves the range of its knots.
pub(super) struct SlowCurve {
    draws: Draws,
    low: f32,
    high: f32,
    /// The knot before the segment, its two ends, and the knot after it.
    knots: [f32; 4],
    /// Position in the segment, 0..1.
    position: f32,
}

impl SlowCurve {
    /// A curve within `low..high`, which takes its knots from `draws`.
    pub(super) fn new(mut draws: Draws, low: f32, high: f32) -> Self {
        let knots = std::array::from_fn(|_| draws.uniform(low, high));
        Self { draws, low, high, knots, position: 0.0 }
    }

    /// The value for the next frame.
    pub(super) fn next(&mut self) -> f32 {
        let [before, start, end, after] = self.knots;
        let t = self.position;
        let (start_slope, end_slope) = (slope(start - before, end - start), slope(end - start, after - end));
        let (t2, t3) = (t * t, t * t * t);
        let value = (2.0 * t3 - 3.0 * t2 + 1.0) * start
            + (t3 - 2.0 * t2 + t) * start_slope
            + (3.0 * t2 - 2.0 * t3) * end
            + (t3 - t2) * end_slope;
        self.position += KNOTS_PER_SECOND * HOP as f32 / RATE_HZ as f32;
        if self.position >= 1.0 {
            self.position -= 1.0;
            self.knots = [start, end, after, self.draws.uniform(self.low, self.high)];
        }
        value
    }
}

/// Slope at a knot between two rises: their harmonic mean, or 0 at an extreme.
fn slope(rise: f32, next_rise: f32) -> f32 {
    if rise * next_rise <= 0.0 { 0.0 } else { 2.0 * rise * next_rise / (rise + next_rise) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_in_range_moves_and_does_not_jump() {
        let mut curve = SlowCurve::new(Draws::from_seed(4), 0.8, 1.2);
        let values: Vec<f32> = (0..5_000).map(|_| curve.next()).collect();
        let (low, high) =
            values.iter().fold((9.0_f32, 0.0_f32), |(low, high), v| (low.min(*v), high.max(*v)));
        assert!(low >= 0.799 && high <= 1.201 && high - low > 0.2, "{low} {high}");
        let step = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.01, "{step}");
    }
}
