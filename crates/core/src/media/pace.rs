//! How the pictures of a live source come: which are searched, which come too late for it, and whose times cannot be
//! right.

use std::time::{Duration, Instant};

use crate::model::{DurationNanos, PtsNanos};

/// Pictures a second that may be searched, at most (numerator, denominator): the search is planned for so many.
pub(super) const LIVE_SEARCH_RATE: Option<(u32, u32)> = Some((25, 2));

/// How far apart the pictures are that may be searched, at least. Nobody knows how many a second will come; a little
/// less than the rate says, for cameras that are not punctual.
const LIVE_SEARCH_NANOS: u64 = 75_000_000;

/// A picture that comes so much later than the quickest one is late, and so are all behind it until one is not half as
/// late: a search that has fallen behind catches up at once, and then has its whole round of directions before it can
/// fall behind again.
const LATE: DurationNanos = DurationNanos::from_millis(1000);

/// Times that jump further ahead than this, or come closer together than that, are not believed.
const LONGEST_STEP_NANOS: u64 = 10_000_000_000;
const SHORTEST_STEP_NANOS: u64 = 5_000_000;

/// A source of whose pictures none can be believed for this long has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// What becomes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    Taken(PtsNanos),
    LeftOut,
    /// It, and whatever else may come.
    Over,
}

/// What is known of a live source's pictures.
#[derive(Debug, Default)]
pub(super) struct Pace {
    least_lag: Option<DurationNanos>,
    is_late: bool,
    last_turn: Option<(u64, PtsNanos)>,
    left_out_since: Option<Instant>,
}

impl Pace {
    /// What becomes of a picture of a certain time, if it has one, behind one of the time `last`.
    pub(super) fn admit(&mut self, last: Option<PtsNanos>, pts: Option<PtsNanos>) -> Admitted {
        let step = |pts: &PtsNanos| last.map(|last| pts.since(last).0);
        let is_right = |pts: &PtsNanos| {
            step(pts).is_none_or(|step| (SHORTEST_STEP_NANOS..=LONGEST_STEP_NANOS).contains(&step))
        };
        match pts.filter(is_right) {
            Some(pts) => {
                self.left_out_since = None;
                Admitted::Taken(pts)
            }
            None if self.left_out_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE => {
                Admitted::LeftOut
            }
            None => Admitted::Over,
        }
    }

    /// Whether a picture that lies so far behind its source's clock is late.
    pub(super) fn is_late(&mut self, lag: DurationNanos) -> bool {
        let least = self.least_lag.map_or(lag, |least| least.min(lag));
        self.least_lag = Some(least);
        let limit = if self.is_late { LATE.0 / 2 } else { LATE.0 };
        self.is_late = lag.0 - least.0 > limit;
        self.is_late
    }

    /// The number of a picture among those that may be searched. Late ones take no turn, so that no direction is left
    /// out.
    pub(super) fn turn_of(&mut self, pts: PtsNanos, is_late: bool) -> Option<u64> {
        let next = match self.last_turn {
            None => 0,
            Some((turn, at)) if pts.since(at).0 >= LIVE_SEARCH_NANOS => turn + 1,
            Some(_) => return None,
        };
        if is_late {
            return None;
        }
        self.last_turn = Some((next, pts));
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> PtsNanos {
        PtsNanos(millis * 1_000_000)
    }

    #[test]
    fn a_picture_is_late_by_what_the_quickest_one_took_until_the_search_has_caught_up() {
        let mut pace = Pace::default();
        let mut is_late = |millis| pace.is_late(DurationNanos::from_millis(millis));
        assert!(!is_late(700) && !is_late(1600) && is_late(1701));
        assert!(is_late(1600) && is_late(1201) && !is_late(1200) && !is_late(1600));
        assert!(!is_late(300) && is_late(1400) && !is_late(700));
    }

    #[test]
    fn turns_go_by_time_and_late_pictures_take_none() {
        let mut pace = Pace::default();
        let turns: Vec<_> = (0..8).map(|nth| pace.turn_of(at(20 * nth), nth == 4)).collect();
        assert_eq!(turns, [Some(0), None, None, None, None, Some(1), None, None]);
        assert_eq!((pace.turn_of(at(1000), false), pace.turn_of(at(1060), false)), (Some(2), None));
    }

    #[test]
    fn times_that_cannot_be_are_left_out_for_a_while() {
        let mut pace = Pace::default();
        let mut admit = |last: Option<u64>, pts| pace.admit(last.map(at), Some(at(pts)));
        assert_eq!(
            [admit(None, 70_000), admit(Some(0), 40)],
            [Admitted::Taken(at(70_000)), Admitted::Taken(at(40))]
        );
        assert_eq!([admit(Some(0), 4), admit(Some(0), 10_001)], [Admitted::LeftOut; 2]);
        assert_eq!(pace.admit(None, None), Admitted::LeftOut);
        pace.left_out_since = Instant::now().checked_sub(PATIENCE);
        assert_eq!(pace.admit(None, None), Admitted::Over);
        assert_eq!(pace.admit(Some(at(0)), Some(at(40))), Admitted::Taken(at(40)));
        assert_eq!(pace.admit(None, None), Admitted::LeftOut);
    }
}
