//! Counts the pictures of one recording that are searched for faces: by their number, and by the clock where pictures
//! come more slowly than the recording says.

use crate::model::PtsNanos;

use super::schedule::Schedule;

/// Searched pictures lie at most this far apart where pictures come more often than that. More than the schedule leaves
/// between them at any constant rate (105 ms, at 19 pictures a second), so a true rate alone decides.
const LONGEST_NANOS: u64 = 110_000_000;

/// Which pictures are searched, one after the other. By numbers alone, a telephone that takes 15 pictures a second in the
/// dark would be searched every 133 ms because its recording says 30, and one that says 240 for 25 every 320 ms.
#[derive(Clone, Debug)]
pub struct Searches {
    schedule: Schedule,
    /// How many there were.
    count: u64,
    last_searched: Option<PtsNanos>,
    last: Option<PtsNanos>,
}

impl Searches {
    /// None yet.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, count: 0, last_searched: None, last: None }
    }

    /// The number of the next picture among those that are searched, if it is one of them; `turn` is its number among
    /// those that may be. Where the one behind it would come too late, if it takes as long as this one did, it is this one.
    pub fn nth(&mut self, turn: Option<u64>, pts: PtsNanos) -> Option<u64> {
        let step = self.last.replace(pts).map_or(0, |last| pts.since(last).0);
        let until_next = self.last_searched.map_or(0, |last| pts.since(last).0.saturating_add(step));
        let is_due = self.schedule.nth_search(turn?).is_some() || until_next > LONGEST_NANOS;
        is_due.then(|| {
            self.last_searched = Some(pts);
            self.count += 1;
            self.count - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Search, Speed};

    const SECOND: u64 = 1_000_000_000;

    fn searched(rate: (u32, u32), times: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut searches = Searches::new(Schedule::new(Search::Turned, Speed::Balanced, Some(rate)));
        let mut nth = 0;
        let is_searched = |(turn, at): &(u64, u64)| {
            let found = searches.nth(Some(*turn), PtsNanos(*at));
            assert!(found.is_none_or(|found| found == nth), "numbers follow one another");
            nth += u64::from(found.is_some());
            found.is_some()
        };
        (0..).zip(times).filter(is_searched).map(|(_, at)| at).collect()
    }

    #[test]
    fn at_a_rate_that_is_true_the_number_of_a_picture_decides() {
        for rate in (1..=60).chain([75, 90, 100, 120, 144, 200, 240]) {
            let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((rate, 1)));
            // In whole milliseconds, as some containers have it.
            let time = |seq: u64| (seq * 1000 + u64::from(rate) / 2) / u64::from(rate) * 1_000_000;
            let by_number = (0..100).filter(|seq| schedule.nth_search(*seq).is_some()).map(time);
            assert_eq!(searched((rate, 1), (0..100).map(time)), by_number.collect::<Vec<_>>(), "{rate}");
        }
    }

    #[test]
    fn where_pictures_come_more_slowly_than_the_recording_says_the_clock_decides() {
        for (said, real) in [(30, 15), (30, 12), (240, 25), (240, 30), (60, 24), (25, 7), (120, 3)] {
            let step = SECOND / real;
            let searched = searched((said, 1), (0..60).map(|seq| seq * step));
            let gaps = searched.windows(2).map(|pair| pair[1] - pair[0]);
            let longest = gaps.max().unwrap();
            assert!(longest <= LONGEST_NANOS.max(step), "{said} said, {real} came: {longest}");
        }
    }

    #[test]
    fn the_first_picture_after_a_pause_is_searched() {
        let times = [0, 40, 80, 700, 740, 780].map(|millis| millis * 1_000_000);
        let found = searched((25, 1), times.into_iter());
        assert_eq!(found, [0, 80, 700, 740].map(|millis| millis * 1_000_000));
    }

    #[test]
    fn what_may_not_be_searched_is_not() {
        let mut searches = Searches::new(Schedule::new(Search::Turned, Speed::Balanced, Some((25, 2))));
        assert_eq!(searches.nth(Some(0), PtsNanos(0)), Some(0));
        assert_eq!(searches.nth(None, PtsNanos(SECOND)), None);
        assert_eq!(searches.nth(Some(1), PtsNanos(2 * SECOND)), Some(1));
    }
}
