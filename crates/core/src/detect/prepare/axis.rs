//! How one axis of a plane is resampled: which source samples make each target sample, with which weights.

/// The source samples of one target sample: `weights.len()` of them from `first` on. The weights add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) weights: Vec<f32>,
}

/// The spans for all `target` samples: the mean of what each covers where the axis shrinks (nothing falls
/// through the grid, which small faces would not survive), linear interpolation between neighbours where it
/// grows. Both lengths are at least 1.
pub(super) fn spans(source: usize, target: usize) -> Vec<Span> {
    (0..target)
        .map(|at| if source > target { covered(source, target, at) } else { between(source, target, at) })
        .collect()
}

/// Target sample `at` covers the source from `at * source / target` to `(at + 1) * source / target`. In units
/// of `1 / target` of a source sample all numbers are whole.
fn covered(source: usize, target: usize, at: usize) -> Span {
    let (start, end) = (at * source, (at + 1) * source);
    let (first, behind) = (start / target, end.div_ceil(target));
    let weight = |sample: usize| {
        let shared = end.min((sample + 1) * target) - start.max(sample * target);
        shared as f32 / source as f32
    };
    Span { first, weights: (first..behind).map(weight).collect() }
}

/// The middle of target sample `at` lies at `(at + 1/2) * source / target - 1/2`, counted in source samples.
fn between(source: usize, target: usize, at: usize) -> Span {
    let position = ((2 * at + 1) * source).saturating_sub(target);
    let (first, rest) = (position / (2 * target), position % (2 * target));
    if rest == 0 || first + 1 >= source {
        return Span { first: first.min(source - 1), weights: vec![1.0] };
    }
    let next = rest as f32 / (2 * target) as f32;
    Span { first, weights: vec![1.0 - next, next] }
}

/// Unit of the whole-number weights of rows.
pub(super) const WEIGHT_ONE: u16 = 256;

/// A [`Span`] with weights in 256ths that add up to exactly [`WEIGHT_ONE`], so that a sum of weighted bytes
/// fits 16 bits and flat areas stay flat.
pub(super) fn in_256ths(span: &Span) -> Vec<u16> {
    let (mut sum, mut given) = (0.0, 0);
    let weights = span.weights.iter().map(|weight| {
        sum += weight;
        let upto = rounded_256ths(sum);
        let part = upto.saturating_sub(given);
        given = upto;
        part
    });
    weights.collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1 becomes 0..=256")]
fn rounded_256ths(part: f32) -> u16 {
    (part.clamp(0.0, 1.0) * f32::from(WEIGHT_ONE)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_samples_become_two() {
        let third = 1.0 / 3.0;
        let expected = [(0, [2.0 * third, third]), (1, [third, 2.0 * third])];
        for (span, (first, weights)) in spans(3, 2).iter().zip(expected) {
            assert_eq!(span.first, first);
            assert!(span.weights.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }

    #[test]
    fn two_samples_become_four() {
        let expected = [(0, vec![1.0]), (0, vec![0.75, 0.25]), (0, vec![0.25, 0.75]), (1, vec![1.0])];
        let found: Vec<_> = spans(2, 4).into_iter().map(|span| (span.first, span.weights)).collect();
        assert_eq!(found, expected);
    }

    proptest::proptest! {
        #[test]
        fn weights_add_up_and_stay_inside(source in 1usize..3000, target in 1usize..700) {
            for span in spans(source, target) {
                let sum: f32 = span.weights.iter().sum();
                proptest::prop_assert!((sum - 1.0).abs() < 1e-3, "sum {}", sum);
                proptest::prop_assert!(span.first + span.weights.len() <= source);
                proptest::prop_assert_eq!(in_256ths(&span).iter().sum::<u16>(), WEIGHT_ONE);
            }
        }
    }
}
