//! Resamples one plane row by row: first rows into one row, then that row to the target width.

use crate::model::PlaneRef;

use super::axis::{self, WEIGHT_ONE};

/// Tables for planes of one size, and the row in between.
#[derive(Debug)]
pub(super) struct PlaneScaler {
    rows: Vec<RowSpan>,
    columns: Columns,
    /// One row at source width, in 256ths of a sample value.
    blended: Vec<u16>,
}

/// Source rows of one target row; the weights are in 256ths and add up to 256.
#[derive(Debug)]
struct RowSpan {
    first: usize,
    weights: Vec<u16>,
}

/// How a row becomes a narrower or wider one.
#[derive(Debug)]
enum Columns {
    /// Every sample is the sum of this many source samples.
    Sum(usize),
    /// Three samples become two, as from 1920 to 1280 (the chroma of 1080p on its way to 640).
    ThreeToTwo,
    /// Every sample becomes two (the chroma of what is seen at its own size).
    Doubled,
    /// Every sample is made of two neighbours.
    Pairs(Windows<2>),
    /// Every sample is made of four neighbours.
    Fours(Windows<4>),
    /// Any other ratio.
    Spans(Vec<axis::Span>),
}

/// For each sample the first of `N` neighbours that it is made of, and their weights.
#[derive(Debug)]
struct Windows<const N: usize>(Vec<(usize, [f32; N])>);

/// Sums up to this many samples have code of their own.
const MAX_SUM: usize = 8;

impl PlaneScaler {
    /// Tables from `source` to `target`, both (width, height) and at least 1.
    pub(super) fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let rows = axis::spans(source.1, target.1).into_iter();
        let rows = rows.map(|span| RowSpan { first: span.first, weights: axis::in_256ths(&span) }).collect();
        Self { rows, columns: Columns::new(source.0, target.0), blended: vec![0; source.0] }
    }

    /// How large a sample value of 1 is in the rows of [`Self::scale_row`].
    pub(super) fn unit(&self) -> f32 {
        let samples = match self.columns {
            Columns::Sum(samples) => samples as f32,
            Columns::ThreeToTwo => 3.0,
            Columns::Doubled | Columns::Pairs(_) | Columns::Fours(_) | Columns::Spans(_) => 1.0,
        };
        f32::from(WEIGHT_ONE) * samples
    }

    /// Makes target row `at`; `out` has the target width.
    pub(super) fn scale_row(&mut self, plane: &PlaneRef<'_>, at: usize, out: &mut [f32]) {
        if let Some(span) = self.rows.get(at) {
            blend_rows(plane, span, &mut self.blended);
            self.columns.apply(&self.blended, out);
        }
    }
}

/// The weighted sum of some rows. No sum exceeds 255 * 256, so nothing wraps; saying so keeps the checks of
/// debug builds out of the innermost loop.
fn blend_rows(plane: &PlaneRef<'_>, span: &RowSpan, out: &mut [u16]) {
    let mut row = span.first;
    for (index, weights) in span.weights.chunks(2).enumerate() {
        let &[first, ref second @ ..] = weights else { continue };
        let second = second.first().copied().unwrap_or(0);
        let upper = plane.row(row);
        let lower = if second == 0 { upper } else { plane.row(row + 1) };
        let weigh =
            |a: u8, b: u8| u16::from(a).wrapping_mul(first).wrapping_add(u16::from(b).wrapping_mul(second));
        let samples = out.iter_mut().zip(upper.iter().zip(lower));
        if index == 0 {
            samples.for_each(|(sum, (a, b))| *sum = weigh(*a, *b));
        } else {
            samples.for_each(|(sum, (a, b))| *sum = sum.wrapping_add(weigh(*a, *b)));
        }
        row += 2;
    }
}

impl Columns {
    fn new(source: usize, target: usize) -> Self {
        if source.is_multiple_of(target) && source / target <= MAX_SUM {
            return Self::Sum(source / target);
        }
        if source * 2 == target * 3 {
            return Self::ThreeToTwo;
        }
        if source * 2 == target {
            return Self::Doubled;
        }
        let spans = axis::spans(source, target);
        if let Some(pairs) = Windows::of(&spans, source) {
            return Self::Pairs(pairs);
        }
        Windows::of(&spans, source).map_or(Self::Spans(spans), Self::Fours)
    }

    fn apply(&self, row: &[u16], out: &mut [f32]) {
        match self {
            Self::Sum(samples) => match samples {
                1 => sum::<1>(row, out),
                2 => sum::<2>(row, out),
                3 => sum::<3>(row, out),
                4 => sum::<4>(row, out),
                5 => sum::<5>(row, out),
                6 => sum::<6>(row, out),
                7 => sum::<7>(row, out),
                _ => sum::<MAX_SUM>(row, out),
            },
            Self::ThreeToTwo => {
                let pairs = out.as_chunks_mut::<2>().0.iter_mut();
                for ([left, right], [a, b, c]) in pairs.zip(row.as_chunks::<3>().0) {
                    let (a, b, c) = (i32::from(*a), i32::from(*b), i32::from(*c));
                    *left = (2 * a + b) as f32;
                    *right = (b + 2 * c) as f32;
                }
            }
            Self::Doubled => double(row, out),
            Self::Pairs(pairs) => pairs.apply(row, out),
            Self::Fours(fours) => fours.apply(row, out),
            Self::Spans(spans) => {
                for (out, span) in out.iter_mut().zip(spans) {
                    let samples = row.get(span.first..).unwrap_or(&[]);
                    *out = samples.iter().zip(&span.weights).map(|(a, weight)| f32::from(*a) * weight).sum();
                }
            }
        }
    }
}

impl<const N: usize> Windows<N> {
    /// `None` where a span has more samples than `N`, or all of them are fewer.
    fn of(spans: &[axis::Span], source: usize) -> Option<Self> {
        let last = source.checked_sub(N)?;
        let window = |span: &axis::Span| {
            // At the end of the row as the last of the `N`, so that all of them lie inside.
            let first = span.first.min(last);
            let mut weights = [0.0; N];
            weights
                .get_mut(span.first - first..)?
                .get_mut(..span.weights.len())?
                .copy_from_slice(&span.weights);
            Some((first, weights))
        };
        spans.iter().map(window).collect::<Option<_>>().map(Self)
    }

    fn apply(&self, row: &[u16], out: &mut [f32]) {
        for (out, (first, weights)) in out.iter_mut().zip(&self.0) {
            if let Some(samples) = row.get(*first..).and_then(<[u16]>::first_chunk::<N>) {
                *out = samples.iter().zip(weights).map(|(sample, weight)| f32::from(*sample) * weight).sum();
            }
        }
    }
}

/// Two samples between each sample and the next, and the first and the last as they are: what [`axis::spans`] says.
fn double(row: &[u16], out: &mut [f32]) {
    let [first, between @ .., last] = out else { return };
    let neighbours = row.iter().zip(row.iter().skip(1));
    for ([left, right], (a, b)) in between.as_chunks_mut::<2>().0.iter_mut().zip(neighbours) {
        let (a, b) = (f32::from(*a), f32::from(*b));
        *left = a * 0.75 + b * 0.25;
        *right = a * 0.25 + b * 0.75;
    }
    *first = row.first().map_or(0.0, |sample| f32::from(*sample));
    *last = row.last().map_or(0.0, |sample| f32::from(*sample));
}

/// Sums of `N` neighbours; the division is left to the colour conversion. At most 8 * 255 * 256, which is
/// exact in `f32`.
fn sum<const N: usize>(row: &[u16], out: &mut [f32]) {
    for (out, samples) in out.iter_mut().zip(row.as_chunks::<N>().0) {
        *out = samples.iter().map(|sample| i32::from(*sample)).sum::<i32>() as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Every short way gives what the spans say, to the last bit.
        #[test]
        fn rows_are_resampled_as_the_spans_say(source in 1usize..300, target in 1usize..300, seed in 0u32..9) {
            let sample = |at: usize| u16::try_from((at * 7919 + seed as usize * 104_729) % 65_281).unwrap();
            let row: Vec<u16> = (0..source).map(sample).collect();
            for target in [target, source * 2] {
                let columns = Columns::new(source, target);
                let mut found = vec![-1.0; target];
                columns.apply(&row, &mut found);
                let mut expected = vec![0.0; target];
                Columns::Spans(axis::spans(source, target)).apply(&row, &mut expected);
                let unit = match columns {
                    Columns::Sum(samples) => samples as f32,
                    Columns::ThreeToTwo => 3.0,
                    _ => {
                        proptest::prop_assert_eq!(&found, &expected, "{:?}", columns);
                        1.0
                    }
                };
                for (found, expected) in found.iter().zip(expected) {
                    proptest::prop_assert!((found / unit - expected).abs() < 0.02, "{} {}", found, expected);
                }
            }
        }
    }
}
