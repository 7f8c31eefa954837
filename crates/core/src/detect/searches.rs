//! Counts the pictures of one recording that are searched for faces: by their number, and by the clock where pictures
//! come more slowly than the recording says, or stay.

use crate::model::{DurationNanos, PtsNanos, Searched, Shown, WholeLooks};

use super::schedule::Schedule;

/// Searched pictures lie at most this far apart where pictures come more often than that. More than the schedule leaves
/// between them at any constant rate (105 ms, at 19 pictures a second), so a true rate alone decides.
const LONGEST: DurationNanos = DurationNanos::from_millis(110);

/// Which pictures are searched, one after the other, and which as a whole. By numbers alone, a telephone that takes 15
/// pictures a second in the dark would be searched every 133 ms because its recording says 30, and a picture on which the
/// film stays for seconds not at all.
#[derive(Clone, Debug)]
pub struct Searches {
    schedule: Schedule,
    /// How many there were.
    count: u64,
    /// Looks at the whole that there were.
    looks: u64,
    last: Option<PtsNanos>,
    last_whole: Option<(u64, PtsNanos)>,
}

impl Searches {
    /// None yet.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, count: 0, looks: 0, last: None, last_whole: None }
    }

    /// How the next picture is searched, if it is; `turn` is its number among those that may be. Where the one behind it
    /// would come too late, it is this one. The last one of a shot is looked at in every direction.
    pub fn next(&mut self, turn: Option<u64>, shown: &Shown) -> Option<Searched> {
        let (is_turn, nth) = (self.schedule.is_searched(turn?), self.count);
        let is_overdue = self.last_whole.is_none_or(|(_, at)| {
            shown.is_last() || shown.since(Some(at)) > self.schedule.longest_between_wholes()
        });
        let is_due = is_turn || is_overdue || shown.since(self.last) > LONGEST;
        is_due.then(|| {
            let is_turn_of_whole =
                self.last_whole.is_none_or(|(last, _)| nth - last >= self.schedule.whole_every());
            let whole = (is_turn_of_whole || is_overdue).then(|| self.look_at_whole(nth, shown));
            self.count += 1;
            self.last = Some(shown.from);
            Searched { nth, whole }
        })
    }

    /// Looks at the whole of the nth of them.
    fn look_at_whole(&mut self, nth: u64, shown: &Shown) -> WholeLooks {
        let shown_for = shown.duration().filter(|_| !shown.ends_shot);
        let looks = WholeLooks { first: self.looks, count: Schedule::looks_at(shown_for) };
        self.looks += looks.count;
        self.last_whole = Some((nth, shown.from));
        looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Search, Speed};

    const SECOND: u64 = 1_000_000_000;
    const SPEEDS: [Speed; 2] = [Speed::Balanced, Speed::Fastest];

    fn searches(speed: Speed, rate: (u32, u32)) -> Searches {
        Searches::new(Schedule::new(Search::Turned, speed, Some(rate)))
    }

    /// How pictures of certain times are searched, another one behind them.
    fn searched(speed: Speed, rate: (u32, u32), times: &[u64]) -> Vec<Option<Searched>> {
        let mut searches = searches(speed, rate);
        let behind = times.iter().skip(1).map(|at| Some(PtsNanos(*at)));
        let shown = times.iter().zip(behind).map(|(at, until)| (PtsNanos(*at), until));
        let shown = shown.map(|(from, until)| Shown { from, until, ends_shot: false });
        let found: Vec<_> = (0..).zip(shown).map(|(turn, shown)| searches.next(Some(turn), &shown)).collect();
        let numbers = found.iter().flatten().map(|searched| searched.nth);
        assert!(numbers.eq(0..searches.count), "numbers follow one another");
        let looks =
            found.iter().flatten().filter_map(|searched| searched.whole).flat_map(WholeLooks::positions);
        assert!(looks.eq(0..searches.looks), "and so do looks");
        found
    }

    /// Times of those that are searched, and of those that are looked at as a whole.
    fn times_of(found: &[Option<Searched>], times: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let all = || times.iter().zip(found).filter_map(|(at, found)| Some((*at, (*found)?)));
        (
            all().map(|(at, _)| at).collect(),
            all().filter(|(_, found)| found.whole.is_some()).map(|(at, _)| at).collect(),
        )
    }

    #[test]
    fn at_a_rate_that_is_true_the_number_of_a_picture_decides() {
        for speed in SPEEDS {
            for rate in (1..=60).chain([75, 90, 100, 120, 144, 200, 240]) {
                let schedule = Schedule::new(Search::Turned, speed, Some((rate, 1)));
                // In whole milliseconds, as some containers have it.
                let time = |seq: u64| (seq * 1000 + u64::from(rate) / 2) / u64::from(rate) * 1_000_000;
                let times: Vec<u64> = (0..120).map(time).collect();
                let found = searched(speed, (rate, 1), &times);
                let step = DurationNanos(SECOND / u64::from(rate));
                for (seq, found) in (0..).zip(&found) {
                    let by_number = schedule.regular(seq);
                    if step < DurationNanos::from_millis(310) {
                        assert_eq!(*found, by_number, "{rate}, {seq}");
                    }
                    assert_eq!(
                        found.map(|found| found.nth),
                        by_number.map(|found| found.nth),
                        "{rate}, {seq}"
                    );
                    let is_whole = |found: Searched| found.whole.is_some();
                    assert_eq!(found.map(is_whole), by_number.map(is_whole), "{rate}, {seq}");
                }
            }
        }
    }

    #[test]
    fn where_pictures_come_more_slowly_than_the_recording_says_the_clock_decides() {
        for (said, real) in [(30, 15), (30, 12), (240, 25), (240, 30), (60, 24), (25, 7), (120, 3), (30, 5)] {
            for (speed, longest_whole) in SPEEDS.into_iter().zip([210, 310]) {
                let step = SECOND / real;
                let times: Vec<u64> = (0..60).map(|seq| seq * step).collect();
                let (searched, whole) = times_of(&searched(speed, (said, 1), &times), &times);
                let longest = |at: &[u64]| at.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
                assert!(longest(&searched) <= LONGEST.0.max(step), "{said} said, {real} came");
                assert!(longest(&whole) <= (longest_whole * 1_000_000).max(step), "{said} said, {real} came");
            }
        }
    }

    #[test]
    fn a_picture_that_stays_is_looked_at_as_a_whole_and_so_is_the_first_after_it() {
        let times = [0, 40, 80, 120, 1120, 1160, 1200].map(|millis| millis * 1_000_000);
        let found = searched(Speed::Balanced, (25, 1), &times);
        let (at, whole) = times_of(&found, &times);
        assert_eq!(at, [0, 80, 120, 1120].map(|millis| millis * 1_000_000));
        assert_eq!(whole, [0, 120, 1120].map(|millis| millis * 1_000_000));
        assert_eq!(found[3].unwrap().whole.unwrap().count, 6);
    }

    #[test]
    fn the_last_of_a_shot_is_looked_at_in_every_direction() {
        let at = |millis: u64| PtsNanos(millis * 1_000_000);
        for (until, ends_shot) in [(None, false), (Some(at(80)), true)] {
            let mut searches = searches(Speed::Balanced, (25, 1));
            let first = Shown { from: at(0), until: Some(at(40)), ends_shot: false };
            let last = Shown { from: at(40), until, ends_shot };
            assert_eq!(searches.next(Some(0), &first).unwrap().whole.unwrap().count, 1);
            let whole = WholeLooks { first: 1, count: 7 };
            assert_eq!(searches.next(Some(1), &last), Some(Searched { nth: 1, whole: Some(whole) }));
        }
    }

    #[test]
    fn what_may_not_be_searched_is_not() {
        let mut searches = searches(Speed::Balanced, (25, 2));
        let mut next = |turn, second: u64| {
            let until = Some(PtsNanos((second + 1) * SECOND));
            searches.next(turn, &Shown { from: PtsNanos(second * SECOND), until, ends_shot: false })
        };
        assert_eq!(
            [next(Some(0), 0), next(None, 1), next(Some(1), 2)].map(|s| s.map(|s| s.nth)),
            [Some(0), None, Some(1)]
        );
    }
}
