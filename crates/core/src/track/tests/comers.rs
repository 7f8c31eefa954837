//! Whoever comes in over the border, and leaves over it, where stillness ends what is held.

use crate::model::{Detection, EllipsePx, FrameMasks};
use crate::track::{Observation, TrackSettings};

use super::{film, run};

/// Cut off by the lower border of the test pictures.
const COMER: EllipsePx = EllipsePx { cx: 600.0, cy: 600.0, rx: 60.0, ry: 180.0, angle_rad: 0.0 };

fn settings() -> TrackSettings {
    TrackSettings { stillness_ends_holds: true, ..TrackSettings::default() }
}

/// Frames at 10 a second. Somebody is found from frame 20 to 40 at `place`; something moves there in frames `moving`.
fn visit(place: EllipsePx, moving: impl Fn(u64) -> bool) -> Vec<Observation> {
    let found = |k: u64| (20..=40).contains(&k).then_some(Detection { ellipse: place, score: 0.9 });
    let mut film = film(60, 10, |k| found(k).into_iter().collect());
    for (k, frame) in (0..).zip(&mut film) {
        if moving(k) {
            // The cell around (600, 600); each frame differs from the last.
            frame.thumbnail[15 * 32 + 15] = if k % 2 == 0 { 10 } else { 240 };
        }
    }
    film
}

fn hidden(frames: &[FrameMasks]) -> Vec<u64> {
    frames.iter().filter(|frame| !frame.masks.is_empty()).map(|frame| frame.seq).collect()
}

#[test]
fn a_room_is_not_hidden_before_somebody_comes_in() {
    let (frames, _) = run(&settings(), &visit(COMER, |k| (16..=20).contains(&k)));
    assert_eq!(hidden(&frames).first(), Some(&16), "from the first movement on");
    let (frames, _) = run(&settings(), &visit(COMER, |k| k == 13 || k == 20));
    assert_eq!(hidden(&frames).first(), Some(&13), "a pause on the way in changes nothing");
}

#[test]
fn whoever_is_found_without_having_moved_was_there_before() {
    let (frames, _) = run(&settings(), &visit(COMER, |_| false));
    assert_eq!(hidden(&frames), (10..=49).collect::<Vec<u64>>());
    let inside = EllipsePx { cy: 400.0, ..COMER };
    let (frames, _) = run(&settings(), &visit(inside, |k| k == 20));
    assert_eq!(hidden(&frames).first(), Some(&10), "nobody came over a border");
}

#[test]
fn faces_are_held_whatever_moves() {
    let (frames, _) = run(&TrackSettings::default(), &visit(COMER, |k| k >= 16));
    assert_eq!(hidden(&frames), (10..=49).collect::<Vec<u64>>());
}

#[test]
fn whoever_is_lost_and_found_again_has_not_come_in() {
    let mut film = visit(COMER, |k| k == 20 || k == 55);
    for frame in film.iter_mut().skip(55) {
        frame.detections = vec![Detection { ellipse: COMER, score: 0.9 }];
    }
    let (frames, _) = run(&settings(), &film);
    assert!((45..60).all(|seq| hidden(&frames).contains(&seq)), "{:?}", hidden(&frames));
}

#[test]
fn whoever_left_is_held_only_while_something_moves() {
    let leaving = |still: u64| {
        let mut film = visit(COMER, |k| (20..still).contains(&k));
        for (k, frame) in (0..).zip(&mut film) {
            let down = EllipsePx { cy: COMER.cy + 10.0 * (k as f32 - 20.0), ..COMER };
            frame.detections.iter_mut().for_each(|found| found.ellipse = down);
        }
        hidden(&run(&settings(), &film).0).last().copied()
    };
    // The cell that moves lies above those who are gone, but inside what is held of them. In frame 41 it stops.
    assert_eq!(leaving(41), Some(41));
    assert!(leaving(60) > Some(42));
}
