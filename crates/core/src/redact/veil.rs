//! What is drawn instead of a face's surface: a coarse third of it, under a soft pattern of chance.
//!
//! The cells of a mask are too few for a recogniser that knows clear photographs. One whose own photographs are hidden
//! the same way knows better: skin, hair, glasses and light are left in them. Measured with dlib's recogniser on 55
//! photographs of five people (a guess is right for 19 %), it named the person behind 64 % of the plain 8x8 cells, and
//! a simulation said 62 % for 4x4. With the pattern it is at a guess: `cargo xtask quality reid` measures it.
//!
//! The pattern of a track is the sum of one that all tracks of a recording share and one of its own. Whoever averages
//! many tracks of a person still has the first, and the pattern of one track does not lay bare another. It is kept
//! nowhere.

use std::f32::consts::PI;

use super::grid::{GRID_LEN, MAX_CELLS};
use crate::draws::Draws;

/// Waves along each axis: with the mean, 0 to 2 half turns over the mask (the lowest coefficients of a DCT-II).
const WAVES: usize = 3;

/// What is left of every measured wave but the mean, in luma and in both chroma planes.
const KEPT: [f32; 3] = [0.3, 0.0, 0.0];

/// Standard deviation that the pattern would have over mask and draws with a full mean, in levels of luma, and in
/// levels of each chroma plane where the mask is in full colour.
const LUMA_LEVELS: f32 = 40.0;
const CHROMA_LEVELS: f32 = 12.0;

/// Share of the mean in that: a dark room stays dark. More of it makes no face harder to name.
const MEAN_SHARE: f32 = 0.4;

/// A mask whose mean colour lies this far from grey is in full colour. Below that the pattern is paler: a grey picture
/// stays grey.
const FULL_COLOUR: f32 = 15.0;

/// Bounds of luma of flat colours, in levels.
const FLAT_LUMA: [f32; 2] = [60.0, 200.0];

/// How far flat colours lie from grey, and cells from the colour that was measured, in levels. Edges of masks and cells
/// leave what is beside the face as it is, and by that dlib's recogniser named the person behind 47 % (a guess: 19 %)
/// of grey masks that were averaged over a track; around masks whose colour is drawn, a guess does as well.
const TINT_LEVELS: f32 = 30.0;

/// Heights of the waves of one plane; the first is the mean.
type Waves = [[f32; WAVES]; WAVES];

/// The number of what all tracks of a recording share; no surface has it.
const SHARED: u64 = u64::MAX;

/// The patterns of a recording. Each hangs on the key of the draws and on the number of its surface alone: rendered once
/// more with one mask more, a recording looks as it did everywhere else.
pub(crate) struct Veils {
    draws: Draws,
    shared: Veil,
    tint_levels: f32,
}

/// The pattern of one track: luma, and one for both chroma planes, which it moves apart, from bluish to reddish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Veil {
    luma: Waves,
    chroma: Waves,
    /// How far both chroma planes are moved, in a picture in full colour.
    tint: [f32; 2],
    strength: f32,
}

impl Veils {
    /// Patterns drawn from `draws`.
    pub(crate) fn new(draws: Draws) -> Self {
        let shared = Veil::drawn(&mut draws.stream(SHARED));
        Self { draws, shared, tint_levels: 0.0 }
    }

    /// The same with another tint for each track, for surfaces with edges.
    #[must_use]
    pub(crate) fn tinted(self) -> Self {
        Self { tint_levels: TINT_LEVELS, ..self }
    }

    /// The pattern of the surface with a number.
    pub(crate) fn of(&self, surface: u64) -> Veil {
        let mut draws = self.draws.stream(surface);
        let own = Veil::drawn(&mut draws);
        let sum = |a: Waves, b: Waves| -> Waves {
            std::array::from_fn(|j| std::array::from_fn(|i| (at(&a, i, j) + at(&b, i, j)) / 2.0_f32.sqrt()))
        };
        Veil {
            luma: sum(self.shared.luma, own.luma),
            chroma: sum(self.shared.chroma, own.chroma),
            tint: drawn_tint(&mut draws).map(|tint| tint * self.tint_levels),
            strength: self.shared.strength,
        }
    }

    /// A colour for a track that is hidden flat: luma and both chroma planes, in limited range, where full range is
    /// brighter by a little.
    pub(crate) fn colour_of(&self, surface: u64) -> [u8; 3] {
        let mut draws = self.draws.stream(surface);
        let [dark, bright] = FLAT_LUMA;
        let luma = draws.uniform(dark, bright);
        let [u, v] = drawn_tint(&mut draws).map(|tint| 128.0 + tint * TINT_LEVELS);
        [luma, u, v].map(rounded)
    }

    /// Patterns without height, for tests of what goes on over time.
    #[cfg(test)]
    pub(crate) fn without_height() -> Self {
        let mut veils = Self::new(Draws::from_seed(1));
        veils.shared.strength = 0.0;
        veils
    }
}

impl Veil {
    fn drawn(draws: &mut Draws) -> Self {
        Self { luma: drawn_waves(draws), chroma: drawn_waves(draws), tint: [0.0; 2], strength: 1.0 }
    }

    /// What to draw where `slow` was measured: values of three planes times `one`, of which `cells` (across, down) are
    /// used.
    pub(crate) fn over(
        &self,
        cells: [u32; 2],
        slow: &[[i32; GRID_LEN]; 3],
        one: i32,
    ) -> [[i32; GRID_LEN]; 3] {
        let table = cells.map(waves_over);
        let measured = slow.map(|plane| measure(&plane, &table, one as f32));
        let [_, u, v] = measured.map(|waves| at(&waves, 0, 0) - 128.0);
        let colour = (u.hypot(v) / FULL_COLOUR).min(1.0);
        let [luma, chroma] = [LUMA_LEVELS, colour * CHROMA_LEVELS].map(|levels| levels * self.strength);
        let [tint_u, tint_v] = self.tint.map(|tint| tint * colour * self.strength);
        let drawn = [(&self.luma, luma), (&self.chroma, -chroma), (&self.chroma, chroma)];
        let mut planes = [[0; GRID_LEN]; 3];
        let sources = measured.iter().zip(KEPT).zip(drawn).zip([0.0, tint_u, tint_v]);
        for (plane, (((waves, share), (pattern, height)), tint)) in planes.iter_mut().zip(sources) {
            let sum: Waves = std::array::from_fn(|j| {
                std::array::from_fn(|i| {
                    let (kept, tint) = if i + j == 0 { (1.0, tint) } else { (share, 0.0) };
                    kept * at(waves, i, j) + height * at(pattern, i, j) + tint
                })
            });
            draw(&sum, &table, one as f32, plane);
        }
        planes
    }
}

/// A direction away from grey.
fn drawn_tint(draws: &mut Draws) -> [f32; 2] {
    let (sin, cos) = draws.uniform(0.0, 2.0 * PI).sin_cos();
    [cos, sin]
}

/// Heights of random waves, ever weaker. With a full mean their sum has unit variance over a mask and all draws.
fn drawn_waves(draws: &mut Draws) -> Waves {
    let weight = |i: usize, j: usize| 1.0 / (1.0 + 0.5 * (i + j) as f32);
    // Over a mask, the square of a cosine is a half on average, and that of the mean is one.
    let power = |i: usize| if i == 0 { 1.0 } else { 0.5 };
    let places = || (0..WAVES).flat_map(|j| (0..WAVES).map(move |i| (i, j)));
    let variance: f32 = places().map(|(i, j)| weight(i, j).powi(2) * power(i) * power(j)).sum();
    let share = |i: usize, j: usize| if i + j == 0 { MEAN_SHARE } else { 1.0 };
    std::array::from_fn(|j| {
        std::array::from_fn(|i| draws.noise() * share(i, j) * weight(i, j) / variance.sqrt())
    })
}

fn at(waves: &Waves, i: usize, j: usize) -> f32 {
    waves.get(j).and_then(|row| row.get(i)).copied().unwrap_or(0.0)
}

/// The waves along an axis of so many cells, at the middle of each cell; higher ones than the cells can hold are flat
/// zero.
fn waves_over(cells: u32) -> [[f32; MAX_CELLS]; WAVES] {
    std::array::from_fn(|wave| {
        std::array::from_fn(|cell| {
            let holds = wave.max(cell) < cells as usize;
            let angle = PI * wave as f32 * (cell as f32 + 0.5) / cells.max(1) as f32;
            if holds { angle.cos() } else { 0.0 }
        })
    })
}

/// Heights of the waves in a plane, in levels.
fn measure(plane: &[i32; GRID_LEN], [across, down]: &[[[f32; MAX_CELLS]; WAVES]; 2], one: f32) -> Waves {
    let height = |i: usize, j: usize| {
        let (mut sum, mut norm) = (0.0, 0.0);
        for (row, y) in plane.chunks_exact(MAX_CELLS).zip(down.get(j).into_iter().flatten()) {
            for (value, x) in row.iter().zip(across.get(i).into_iter().flatten()) {
                sum += *value as f32 * x * y;
                norm += (x * y).powi(2);
            }
        }
        if norm > 0.0 { sum / (norm * one) } else { 0.0 }
    };
    std::array::from_fn(|j| std::array::from_fn(|i| height(i, j)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a byte holds")]
fn rounded(level: f32) -> u8 {
    level.round().clamp(0.0, 255.0) as u8
}

/// Draws the waves into a plane, within what a byte holds.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what a byte holds, times `one`")]
fn draw(
    waves: &Waves,
    [across, down]: &[[[f32; MAX_CELLS]; WAVES]; 2],
    one: f32,
    plane: &mut [i32; GRID_LEN],
) {
    for (place, value) in plane.iter_mut().enumerate() {
        let (cell_x, cell_y) = (place % MAX_CELLS, place / MAX_CELLS);
        let mut sum = 0.0;
        for (row, y) in waves.iter().zip(down) {
            for (height, x) in row.iter().zip(across) {
                sum += height * x.get(cell_x).unwrap_or(&0.0) * y.get(cell_y).unwrap_or(&0.0);
            }
        }
        *value = (sum.clamp(0.0, 255.0) * one).round() as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: [u32; 2] = [8, 8];

    fn mean(plane: &[i32; GRID_LEN]) -> f32 {
        plane.iter().sum::<i32>() as f32 / GRID_LEN as f32
    }

    /// A face-like surface: two dark cells for eyes, a bright one for a nose.
    fn face() -> [[i32; GRID_LEN]; 3] {
        let mut luma = [120; GRID_LEN];
        for (place, value) in [(18, 40), (21, 40), (35, 220), (36, 220)] {
            luma[place] = value;
        }
        [luma, [110; GRID_LEN], [150; GRID_LEN]]
    }

    #[test]
    fn without_height_the_mean_stays_and_detail_goes() {
        let drawn = Veils::without_height().of(1).over(CELLS, &face(), 1);
        let [before, after] = [face()[0], drawn[0]];
        assert!((mean(&before) - mean(&after)).abs() < 1.0);
        let spread = |plane: &[i32; GRID_LEN]| plane.iter().max().unwrap() - plane.iter().min().unwrap();
        assert!(spread(&after) * 3 < spread(&before), "{after:?}");
        assert_eq!(drawn[1], [110; GRID_LEN]);
    }

    #[test]
    fn patterns_differ_and_have_the_height_that_is_said() {
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0_f32);
        for seed in 0..400 {
            let drawn = Veils::new(Draws::from_seed(seed)).of(1).over(CELLS, &[[128; GRID_LEN]; 3], 1);
            assert_eq!(drawn[1..], [[128; GRID_LEN]; 2], "grey stays grey");
            for value in drawn[0] {
                let off = value as f32 - 128.0;
                (sum, squares, count) = (sum + off, squares + off * off, count + 1.0);
            }
        }
        // Clamping to what a byte holds takes some of the height away.
        assert!((sum / count).abs() < 6.0, "{}", sum / count);
        let height = (squares / count).sqrt();
        assert!((0.6 * LUMA_LEVELS..0.9 * LUMA_LEVELS).contains(&height), "{height}");
    }

    #[test]
    fn tracks_of_a_recording_share_a_part_and_no_more() {
        let (mut alike, mut other) = (Vec::new(), Vec::new());
        for seed in 0..200 {
            let veils = Veils::new(Draws::from_seed(seed));
            let [a, b] = [1, 2].map(|surface| veils.of(surface)).map(|veil| mean_and_waves(&veil));
            let c = mean_and_waves(&Veils::new(Draws::from_seed(seed + 10_000)).of(1));
            alike.push(a.0 * b.0);
            other.push(a.0 * c.0);
        }
        let average = |all: &[f32]| all.iter().sum::<f32>() / all.len() as f32;
        assert!(average(&alike) > 2.0 * average(&other).abs(), "{} {}", average(&alike), average(&other));
    }

    fn mean_and_waves(veil: &Veil) -> (f32, Waves) {
        (at(&veil.luma, 0, 0), veil.luma)
    }

    #[test]
    fn a_mask_of_one_cell_has_a_mean_and_a_pattern() {
        for cells in [[1, 1], [2, 1], [1, 8]] {
            let drawn = Veils::new(Draws::from_seed(3)).of(1).over(cells, &[[100 * 256; GRID_LEN]; 3], 256);
            assert!(drawn.iter().flatten().all(|value| (0..=255 * 256).contains(value)), "{cells:?}");
        }
    }
}
