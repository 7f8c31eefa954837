//! Tests of which faces in a finished file count as readable.

use super::*;
use crate::model::{Mask, MaskArea, MaskSource, TrackId};

fn face(cx: f32) -> Detection {
    Detection { ellipse: EllipsePx { cx, cy: 50.0, rx: 20.0, ry: 25.0, angle_rad: 0.0 }, score: 0.9 }
}

#[test]
fn a_mask_beside_the_face_does_not_count_as_cover() {
    let at = |cx| {
        let area = MaskArea::Ellipse(face(cx).ellipse.scaled(1.3));
        let mask = Mask { track: TrackId(0), area, source: MaskSource::Detected, score: None };
        FrameMasks::new(0, PtsNanos(0), vec![mask])
    };
    assert!(!is_readable(&face(100.0), &at(100.0)));
    assert!(is_readable(&face(100.0), &at(145.0)), "a sure face with its middle open");
    assert!(is_readable(&Detection { score: 0.6, ..face(100.0) }, &at(300.0)), "a face without any mask");
    assert!(!is_readable(&Detection { score: 0.6, ..face(100.0) }, &at(135.0)), "the rest of a hidden head");
}

/// Residuals over 40 pictures of 40 ms, every second one with a turned look; a face is found with a score in those
/// of `looks`.
fn turned(looks: &[u64], score: f32) -> Vec<Residual> {
    let mut search = Search::new(40);
    for seq in 0..40 {
        let found = looks.contains(&(seq / 2)).then(|| Detection { score, ..face(100.0) });
        let turned = (seq % 2 == 0).then(|| found.into_iter().collect());
        let pts = PtsNanos(seq * 40_000_000);
        let looked = Looked { seq, pts, upright: Vec::new(), turned };
        search.see(&looked, &FrameMasks::new(seq, pts, Vec::new()));
    }
    search.into_residuals()
}

#[test]
fn in_a_file_too_short_for_more_one_sighting_counts() {
    let found = |frames: u64, in_turn: bool| {
        let mut search = Search::new(frames);
        for seq in 0..frames {
            let pts = PtsNanos(seq * 40_000_000);
            let (upright, turned) =
                if in_turn { (Vec::new(), vec![face(100.0)]) } else { (vec![face(100.0)], Vec::new()) };
            let seen = seq == 0;
            let looked = Looked {
                seq,
                pts,
                upright: if seen { upright } else { Vec::new() },
                turned: Some(if seen { turned } else { Vec::new() }),
            };
            search.see(&looked, &FrameMasks::new(seq, pts, Vec::new()));
        }
        search.into_residuals().len()
    };
    assert_eq!([1, 2, 3].map(|frames| found(frames, false)), [1, 0, 0]);
    assert_eq!([1, 7, 9].map(|frames| found(frames, true)), [1, 1, 0]);
}

#[test]
fn a_face_at_another_angle_counts_when_its_direction_has_shown_it_twice() {
    assert_eq!(turned(&[9], 0.9), [], "once is noise");
    assert_eq!(turned(&[9, 19], 0.9), [], "not the same face after so long");
    assert_eq!(turned(&[9, 16], 0.7), [], "a hand, perhaps");
    let found = turned(&[9, 16], 0.8);
    let [face] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((face.frames, face.from, face.to), (2, PtsNanos(720_000_000), PtsNanos(1_280_000_000)));
    // From the eighth look before it, and to the end: no eighth look comes behind it.
    assert_eq!((face.hide_from, face.hide_to), (PtsNanos(80_000_000), PtsNanos(u64::MAX)));
    let early = turned(&[0, 7], 0.8);
    assert_eq!((early[0].hide_from, early[0].hide_to), (PtsNanos(0), PtsNanos(1_280_000_000)));
}

/// Residuals where an upright face of a score is found in some pictures of so many milliseconds each.
fn upright(lengths: &[u64], with_face: &[usize], score: f32) -> usize {
    let mut search = Search::new(lengths.len() as u64);
    let mut pts = PtsNanos(0);
    for (seq, length) in lengths.iter().enumerate() {
        let found = with_face.contains(&seq).then(|| Detection { score, ..face(100.0) });
        let looked = Looked { seq: seq as u64, pts, upright: found.into_iter().collect(), turned: None };
        search.see(&looked, &FrameMasks::new(seq as u64, pts, Vec::new()));
        pts = pts.saturating_add(DurationNanos::from_millis(*length));
    }
    search.into_residuals().len()
}

#[test]
fn a_picture_that_stays_counts_as_long_as_it_is_shown() {
    let film = [40, 40, 40, 1000, 40, 40, 40];
    assert_eq!(upright(&film, &[3], 0.9), 1);
    assert_eq!(upright(&film, &[3], 0.8), 0, "once and not sure");
    assert_eq!(upright(&film, &[1], 0.9), 0);
    assert_eq!(upright(&film, &[6], 0.9), 1, "players stay on the last one");
    let slow = [333; 8];
    assert_eq!(upright(&slow, &[2, 3, 4], 0.6), 1);
    assert_eq!(upright(&slow, &[2, 3], 0.6), 0);
}
