//! Faces that are found late, and where they are found when somebody looks back.

use std::convert::Infallible;

use crate::model::{Detection, EllipsePx, FrameMasks, MaskArea, MaskSource};
use crate::track::{Observation, TrackSettings, Tracker};

use super::{face, film, picture, seen, thumbnail};

/// Where a face is that goes quicker and quicker: 6 pixels from frame 0 to 1, 20 from 28 to 29.
fn way(frame: u64) -> EllipsePx {
    let k = frame as f32;
    face(100.0 + 6.0 * k + 0.25 * k * k, 300.0)
}

/// Runs a film at 25 frames a second, and looks back for new faces in every second frame as the pipeline does: `there`
/// says what would be found in a frame. With it, in how many frames somebody looked.
fn run_back(film: &[Observation], there: impl Fn(u64) -> Vec<Detection>) -> (Vec<FrameMasks>, usize) {
    let mut tracker = Tracker::new(TrackSettings::default(), picture()).unwrap();
    let (mut out, mut looks) = (Vec::new(), 0);
    for observation in film {
        tracker.push(observation.clone());
        let seqs = (0..=observation.seq).rev().filter(|seq| seq % 2 == 0).map(|seq| (seq, seq));
        let looked = tracker.look_back(&seqs, |seq, _, is_it| {
            looks += 1;
            Ok::<_, Infallible>(is_it(&there(seq)))
        });
        assert_eq!(looked, Ok(()));
        out.extend(std::iter::from_fn(|| tracker.pop_ready()));
    }
    tracker.finish();
    out.extend(std::iter::from_fn(|| tracker.pop_ready()));
    (out, looks)
}

fn hides(frame: &FrameMasks, face: &EllipsePx) -> bool {
    frame.masks.iter().any(|mask| match mask.area {
        MaskArea::Ellipse(hidden) => {
            let (x, y) = (face.cx, face.cy);
            [(0.0, 0.0), (face.rx, 0.0), (-face.rx, 0.0), (0.0, face.ry), (0.0, -face.ry)]
                .iter()
                .all(|(dx, dy)| hidden.contains(x + dx, y + dy))
        }
        _ => false,
    })
}

/// Found from frame 24 on, in every second frame.
fn late() -> Vec<Observation> {
    let found = |k: u64| Detection { ellipse: way(k), score: 0.6 };
    film(30, 25, |k| (k >= 24 && k % 2 == 0).then(|| found(k)).into_iter().collect())
}

#[test]
fn a_face_that_was_found_late_is_hidden_from_where_it_came_out() {
    let came_out = 6;
    let there = |k: u64| if k >= came_out { vec![Detection { ellipse: way(k), score: 0.5 }] } else { vec![] };
    let (frames, looks) = run_back(&late(), there);
    let since = frames.iter().filter(|frame| frame.seq >= came_out);
    assert!(
        since.clone().count() == 24 && since.clone().all(|frame| hides(frame, &way(frame.seq))),
        "{frames:?}"
    );
    assert_eq!(frames[10].masks[0].source, MaskSource::Detected);
    assert_eq!(looks, 11, "nine in which it is found, and two in which it is not");
    let (frames, _) = run_back(&late(), |_| Vec::new());
    assert!(!hides(&frames[12], &way(12)), "held alone, its mask is elsewhere");
}

#[test]
fn nothing_is_looked_for_behind_the_beginning_of_a_scene() {
    let mut film = late();
    for frame in &mut film[..14] {
        frame.thumbnail = thumbnail(3);
    }
    let (frames, looks) = run_back(&film, |k| vec![Detection { ellipse: way(k), score: 0.5 }]);
    assert_eq!(looks, 5, "in frames 22 to 14");
    assert!(frames[..14].iter().all(|frame| frame.masks.is_empty()), "{frames:?}");
    assert!(frames[14..].iter().zip(14..).all(|(frame, k)| hides(frame, &way(k))));
}

#[test]
fn what_is_found_there_has_to_be_the_same_face() {
    for other in [
        Detection { ellipse: face(900.0, 600.0), score: 0.9 },
        Detection { ellipse: EllipsePx { rx: 80.0, ry: 100.0, ..way(22) }, score: 0.9 },
        Detection { ellipse: way(22), score: 0.2 },
        Detection { ellipse: EllipsePx { cy: 342.0, ..way(22) }, score: 0.4 },
    ] {
        let (frames, looks) = run_back(&late(), |_| vec![other]);
        assert_eq!(looks, 2, "{other:?}");
        let seen_before = frames[..24].iter().flat_map(|frame| &frame.masks);
        assert!(seen_before.into_iter().all(|mask| mask.source == MaskSource::Held), "{other:?}");
    }
}

#[test]
fn the_second_box_of_a_face_that_is_followed_is_not_looked_for_again() {
    let doubled = film(30, 25, |k| {
        let beside = Detection { ellipse: face(330.0, 300.0), score: 0.7 };
        if k < 24 { vec![seen(300.0, 300.0, 0.7)] } else { vec![seen(300.0, 300.0, 0.7), beside] }
    });
    let (_, looks) = run_back(&doubled, |_| vec![seen(300.0, 300.0, 0.7)]);
    assert_eq!(looks, 0);
}

#[test]
fn a_face_of_somebody_else_is_not_taken() {
    // Somebody stands still, and is found; who turns up at their shoulder was not there.
    let other = seen(300.0, 300.0, 0.9);
    let mut film = film(30, 25, |k| if k % 2 == 0 { vec![other] } else { vec![] });
    for frame in film[24..].iter_mut().step_by(2) {
        frame.detections.push(seen(345.0, 300.0, 0.6));
    }
    let (frames, looks) = run_back(&film, |_| vec![other]);
    assert_eq!(looks, 2);
    assert!(frames[..24].iter().all(|frame| frame.masks.len() <= 2), "{frames:?}");
    let newcomers = frames[..24].iter().flat_map(|frame| &frame.masks).filter(|mask| mask.track.0 == 2);
    assert!(newcomers.into_iter().all(|mask| mask.source == MaskSource::Held), "{frames:?}");
}

#[test]
fn a_face_that_turns_out_to_lie_is_looked_for_again_in_that_turn() {
    let lying = |k: u64| EllipsePx { angle_rad: 1.57, ..way(k) };
    let film = film(30, 25, |k| match k {
        20 => vec![Detection { ellipse: way(k), score: 0.3 }],
        24.. if k % 2 == 0 => vec![Detection { ellipse: lying(k), score: 0.8 }],
        _ => vec![],
    });
    let mut tracker = Tracker::new(TrackSettings::default(), picture()).unwrap();
    let mut turns = Vec::new();
    for observation in film {
        tracker.push(observation);
        let looked = tracker.look_back(&[(18, ())].into_iter(), |(), place, _| {
            turns.push(place.angle_rad);
            Ok::<_, Infallible>(false)
        });
        assert_eq!(looked, Ok(()));
    }
    assert_eq!(turns, [0.0, 1.57]);
}
