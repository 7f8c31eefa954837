//! In which directions the self-check looks, and how often.

use crate::model::Search;

use super::layout::Turn;
use super::schedule;

/// Turned looks a second, as a fraction: one in 120 ms, so that each direction has its turn within a second. They take
/// 2 to 4 % of a run; with one in 80 ms and as large diagonal turns as others, 4 to 9 %.
const TURNED_PER_SECOND: (u64, u64) = (25, 3);

/// Beside the upright look at every picture of the finished file, looks in one other direction in some of them. It
/// depends on nothing but frame numbers and the frame rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSchedule {
    /// Pictures from one turned look to the next.
    every: u64,
}

impl CheckSchedule {
    /// For pictures of `frames_per_second` (numerator and denominator). Where nobody knows the rate, and with a
    /// thorough search, every picture has a turned look.
    pub fn new(search: Search, frames_per_second: Option<(u32, u32)>) -> Self {
        let every = match (search, frames_per_second) {
            (Search::Turned | Search::Upright, Some(rate @ (1.., 1..))) => {
                schedule::frames_each(rate, TURNED_PER_SECOND).clamp(1, schedule::MAX_EVERY)
            }
            _ => 1,
        };
        Self { every }
    }

    /// The other direction in which a picture is looked at, if it is looked at in one.
    pub fn turned(self, seq: u64) -> Option<Turn> {
        schedule::nth_turn(seq.is_multiple_of(self.every).then_some(seq / self.every)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_direction_has_its_turn_within_a_second() {
        for (search, rate, every) in [
            (Search::Turned, Some((25, 1)), 3),
            (Search::Upright, Some((30_000, 1001)), 4),
            (Search::Turned, Some((60, 1)), 7),
            (Search::Turned, Some((5, 1)), 1),
            (Search::Turned, Some((1000, 1)), 8),
            (Search::Turned, None, 1),
            (Search::Thorough, Some((60, 1)), 1),
        ] {
            let ours = CheckSchedule::new(search, rate);
            let turns: Vec<_> = (0..every * 7).map(|seq| ours.turned(seq)).collect();
            let looked: Vec<_> = turns.iter().flatten().copied().collect();
            let cycle: Vec<_> = (0..7).filter_map(schedule::nth_turn).collect();
            assert_eq!(looked, cycle, "{search:?} {rate:?}");
            assert!((1..8).all(|eighths| looked.contains(&Turn::eighths(eighths))), "{looked:?}");
            assert!(turns.iter().step_by(usize::try_from(every).unwrap()).all(Option::is_some));
        }
    }
}
