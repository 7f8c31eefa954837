//! Tests of which pictures are searched, and how.

use super::*;
use crate::model::EllipsePx;

/// The nth searched frame where frames come regularly.
fn nth(schedule: &Schedule, nth: u64) -> Searched {
    schedule.regular(nth * schedule.every).unwrap()
}

#[test]
fn every_direction_is_looked_at_within_one_and_a_half_seconds() {
    for (rate, every, whole_every) in [
        (Some((25, 1)), 2, 2),
        (Some((30_000, 1001)), 2, 2),
        (Some((5, 1)), 1, 1),
        (Some((10, 1)), 1, 2),
        (Some((15, 1)), 1, 2),
        (Some((50, 1)), 4, 2),
        (Some((60, 1)), 5, 2),
        (Some((1000, 1)), 8, 3),
        (Some((0, 1)), 1, 1),
        (None, 1, 1),
    ] {
        let schedule = Schedule::new(Search::Turned, Speed::Balanced, rate);
        assert_eq!((schedule.every, schedule.whole_every), (every, whole_every), "{rate:?}");
        let due: Vec<u64> =
            (0..every * 5).filter_map(|seq| schedule.regular(seq)).map(|searched| searched.nth).collect();
        assert_eq!(due, [0, 1, 2, 3, 4], "{rate:?}");
        let seen: Vec<_> = (0..whole_every * 7).flat_map(|at| schedule.passes(nth(&schedule, at))).collect();
        assert_eq!(seen.iter().filter(|turn| **turn == Turn::NONE).count(), 7, "{rate:?}: {seen:?}");
        assert!(CYCLE.iter().all(|turn| seen.contains(turn)), "{rate:?}: {seen:?}");
    }
}

#[test]
fn whole_pictures_come_less_often_where_speed_is_worth_more() {
    let schedule = Schedule::new(Search::Turned, Speed::Fastest, Some((25, 1)));
    let passes: Vec<usize> = (0..7).map(|at| schedule.passes(nth(&schedule, at)).len()).collect();
    assert_eq!(passes, [3, 0, 0, 2, 0, 0, 2]);
}

#[test]
fn small_faces_are_looked_for_in_every_direction_at_first_and_again() {
    let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((25, 1)));
    assert!(schedule.close_looks(nth(&schedule, 5), true).is_empty());
    let is_complete = |looks: std::ops::Range<u64>, small| {
        let seen: Vec<_> =
            looks.flat_map(|look| schedule.close_looks(nth(&schedule, 2 * look), small)).collect();
        CYCLE.iter().chain([&Turn::NONE]).all(|turn| seen.contains(turn))
    };
    assert!(is_complete(20..27, true) && is_complete(2..58, false));
    let first: Vec<_> = (0..4).map(|at| schedule.close_looks(nth(&schedule, at), false)).collect();
    assert!(first.iter().all(|looks| looks.len() == 2) && first[0][0] == Turn::NONE, "{first:?}");
    assert!(CYCLE.iter().all(|turn| first.iter().flatten().any(|seen| seen == turn)), "{first:?}");
    let slow = Schedule::new(Search::Turned, Speed::Balanced, Some((3, 1)));
    let first: Vec<usize> = (0..4).map(|at| slow.close_looks(nth(&slow, at), false).len()).collect();
    assert_eq!((first[0], first[1]), (8, 0));
    let quick = Schedule::new(Search::Turned, Speed::Fastest, Some((25, 1)));
    assert!((0..4).all(|at| quick.close_looks(nth(&quick, at), false).len() == 1));
    assert_eq!([true, false].map(|small| schedule.close_looks(nth(&schedule, 20), small).len()), [2, 0]);
    let thorough = Schedule::new(Search::Thorough, Speed::Balanced, None);
    assert_eq!(thorough.close_looks(nth(&thorough, 3), false).len(), 8);
    let upright = Schedule::new(Search::Upright, Speed::Balanced, None);
    let looks = (0..9).map(|at| upright.close_looks(nth(&upright, at), true).len());
    assert_eq!(looks.collect::<Vec<_>>(), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
}

#[test]
fn both_networks_look_at_the_whole_within_two_thirds_of_a_second() {
    let looks = |search| {
        let schedule = Schedule::new(search, Speed::Balanced, Some((25, 1)));
        (0..32).filter(|at| schedule.looks_with_both(nth(&schedule, *at))).collect::<Vec<_>>()
    };
    assert_eq!(looks(Search::Turned), [4, 12, 20, 28]);
    let quick = Schedule::new(Search::Turned, Speed::Fastest, Some((25, 1)));
    assert_eq!((0..30).filter(|at| quick.looks_with_both(nth(&quick, *at))).collect::<Vec<_>>(), [6, 15, 24]);
    assert!(looks(Search::Upright).is_empty() && looks(Search::Thorough).is_empty());
}

#[test]
fn lost_faces_have_every_other_turn_by_and_by() {
    let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((25, 1)));
    let face = EllipsePx { cx: 1.0, cy: 0.0, rx: 1.0, ry: 1.0, angle_rad: 0.0 };
    let lost = [1.0, 2.0, 3.0].map(|cx| Place { face: EllipsePx { cx, ..face }, turn: Turn::eighths(7) });
    let looks: Vec<_> = (0..6).filter_map(|nth| schedule.otherwise(nth, &lost)).collect();
    for place in &lost[..2] {
        let looks = looks.iter().filter(|look| look.face == place.face);
        assert_eq!(looks.map(|look| look.turn).collect::<Vec<_>>(), [1, 5, 3].map(Turn::eighths));
    }
    assert!(schedule.otherwise(4, &[]).is_none());
    let quick = Schedule::new(Search::Turned, Speed::Fastest, Some((25, 1)));
    let looks = (0..9).filter(|at| quick.looks_again(nth(&quick, *at)));
    let turns: Vec<_> =
        looks.filter_map(|nth| quick.otherwise(nth, &lost[..1])).map(|look| look.turn).collect();
    assert_eq!(turns, [1, 5, 3].map(Turn::eighths), "those that look again seldom as well");
}

#[test]
fn one_direction_or_all_are_searched_on_every_frame() {
    for (search, turned) in [(Search::Thorough, CYCLE.as_slice()), (Search::Upright, &[])] {
        let schedule = Schedule::new(search, Speed::Fastest, Some((50, 1)));
        let all: Vec<_> = [Turn::NONE].iter().chain(turned).copied().collect();
        assert!((0..9).all(|seq| nth(&schedule, seq).nth == seq));
        assert!((0..9).all(|at| schedule.passes(nth(&schedule, at)) == all));
        assert!(!schedule.follows_faces());
    }
}

#[test]
fn a_frame_that_stays_is_looked_at_in_as_many_directions_as_go_by_meanwhile() {
    let looks = |millis| Schedule::looks_at(Some(DurationNanos::from_millis(millis)));
    assert_eq!([0, 40, 319, 320, 1000, 60_000].map(looks), [1, 1, 1, 2, 6, 7]);
    assert_eq!(Schedule::looks_at(None), 7);
    let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((25, 1)));
    let passes =
        |first, count| schedule.passes(Searched { nth: 8, whole: Some(WholeLooks { first, count }) });
    assert_eq!(passes(5, 3), [0, 3, 5, 2].map(Turn::eighths));
    for first in [0, 3] {
        let all = passes(first, 7);
        assert!(all.len() == 8 && CYCLE.iter().all(|turn| all.contains(turn)), "{all:?}");
    }
    let first_and_last = Searched { nth: 0, whole: Some(WholeLooks { first: 0, count: 7 }) };
    assert_eq!(schedule.close_looks(first_and_last, false).len(), 8);
}
