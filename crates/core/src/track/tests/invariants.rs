//! Invariants over random and hostile input.

use proptest::prelude::*;

use crate::model::{Detection, EllipsePx, FrameMasks, FrameSize, OnUncertain, PtsNanos, UncertainReason};
use crate::track::sift::is_same;
use crate::track::tracker::MAX_WINDOW_FRAMES;
use crate::track::{Observation, TrackSettings, Tracker};

use super::{ellipse, film, hides_face, picture, run, seen, thumbnail};

/// Mostly sensible numbers, now and then hostile ones.
fn number(usual: std::ops::Range<f32>) -> impl Strategy<Value = f32> {
    prop_oneof![40 => usual, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(-1e30), 1 => Just(0.0)]
}

prop_compose! {
    fn detections()(
        found in prop::collection::vec(
            (number(-50.0..1330.0), number(-50.0..770.0), number(4.0..90.0), number(4.0..90.0), number(-3.2..3.2),
             number(0.05..1.0)),
            0..6,
        ),
    ) -> Vec<Detection> {
        let ellipse = |(cx, cy, rx, ry, angle_rad, score)| Detection {
            ellipse: EllipsePx { cx, cy, rx, ry, angle_rad },
            score,
        };
        found.into_iter().map(ellipse).collect()
    }
}

prop_compose! {
    /// Frames with steps of 0 to 400 ms, now and then backwards or an hour on, with cuts and damage.
    fn films()(
        frames in prop::collection::vec(
            (detections(), prop_oneof![30 => 0i64..400, 1 => Just(-500i64), 1 => Just(3_600_000i64)],
             0u8..40, prop::bool::weighted(0.03)),
            0..60,
        ),
    ) -> Vec<Observation> {
        let (mut millis, mut scene) = (0i64, 0u8);
        let observe = |(seq, (detections, step, dice, damaged)): (u64, (Vec<Detection>, i64, u8, bool))| {
            millis = (millis + step).max(0);
            scene = if dice == 0 { scene + 1 } else { scene };
            Observation { seq, pts: PtsNanos(millis.unsigned_abs() * 1_000_000), detections, thumbnail: thumbnail(scene), damaged, late: false }
        };
        (10u64..).zip(frames).map(observe).collect()
    }
}

fn settings() -> impl Strategy<Value = TrackSettings> {
    (0u64..2000, 0u8..=200, prop::sample::select(OnUncertain::ALL), 0u64..3000).prop_map(
        |(look_ahead, margin_percent, on_uncertain, hold_after)| TrackSettings {
            look_ahead: crate::model::DurationNanos::from_millis(look_ahead),
            hold_after: crate::model::DurationNanos::from_millis(hold_after),
            margin_percent,
            on_uncertain,
            ..TrackSettings::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_frame_leaves_once_in_order_sound_and_with_its_faces_hidden(film in films(), settings in settings()) {
        let (frames, report) = run(&settings, &film);
        prop_assert_eq!(
            frames.iter().map(|f| (f.seq, f.pts)).collect::<Vec<_>>(),
            film.iter().map(|o| (o.seq, o.pts)).collect::<Vec<_>>()
        );
        for (frame, observation) in frames.iter().zip(&film) {
            prop_assert!(frame.masks.iter().filter_map(ellipse).all(|e| e.is_sound()));
            prop_assert!(frame.masks.is_sorted_by_key(|mask| mask.track));
            for found in observation.detections.iter().filter(|d| d.score >= settings.start_score) {
                // Another pass may have seen the same head better; then its box is the one that is hidden.
                let seen_better = |other: &&Detection| {
                    other.score >= found.score && *other != found && is_same(&other.ellipse, &found.ellipse)
                };
                prop_assert!(
                    off_picture(&found.ellipse)
                        || hides_face(frame, &found.ellipse)
                        || observation.detections.iter().any(|other| seen_better(&other)),
                    "{found:?}"
                );
            }
        }
        let masks: usize = frames.iter().map(|f| f.masks.len()).sum();
        prop_assert!(report.detected + report.filled + report.held + report.whole_frames <= masks as u64);
    }

    /// A large face, and at the rim of its mask something with less of a score that is taken for a part of it.
    #[test]
    fn what_was_dropped_as_a_part_of_a_face_stays_under_its_mask(
        steps in prop::collection::vec((-60.0f32..60.0, -30.0f32..30.0, prop::bool::weighted(0.6)), 30),
        side in 0.0f32..std::f32::consts::TAU,
    ) {
        let (sin, cos) = side.sin_cos();
        let (mut cx, mut cy) = (640.0, 360.0);
        let film: Vec<Observation> = (0u64..).zip(&steps).map(|(seq, (dx, dy, is_found))| {
            (cx, cy) = (cx + dx, cy + dy);
            let large = EllipsePx { cx, cy, rx: 120.0, ry: 120.0, angle_rad: 0.0 };
            let small = EllipsePx { cx: cx + 155.0 * cos, cy: cy + 155.0 * sin, rx: 20.0, ry: 20.0, angle_rad: 0.0 };
            let found = vec![Detection { ellipse: large, score: 0.9 }, Detection { ellipse: small, score: 0.45 }];
            let detections = if *is_found { found } else { Vec::new() };
            Observation { seq, pts: PtsNanos(seq * 40_000_000), detections, thumbnail: thumbnail(0), damaged: false, late: false }
        }).collect();
        let (frames, _) = run(&TrackSettings::default(), &film);
        for (frame, observation) in frames.iter().zip(&film) {
            for found in &observation.detections {
                prop_assert!(hides_face(frame, &found.ellipse), "{found:?} is open in {}", frame.seq);
            }
        }
    }

    #[test]
    fn the_same_film_gives_the_same_masks_and_report(film in films()) {
        let settings = TrackSettings::default();
        prop_assert_eq!(run(&settings, &film), run(&settings, &film));
    }
}

/// A face whose box lies wholly outside the picture has no mask.
fn off_picture(face: &EllipsePx) -> bool {
    let bbox_px = face.bounding_box();
    bbox_px.x1 <= 0.0 || bbox_px.y1 <= 0.0 || bbox_px.x0 >= 1280.0 || bbox_px.y0 >= 720.0
}

#[test]
fn memory_is_bounded_by_the_window() {
    let mut tracker = Tracker::new(TrackSettings::default(), picture()).unwrap();
    for observation in film(2000, 25, |k| vec![seen(600.0 + (k % 7) as f32, 300.0, 0.9)]) {
        tracker.push(observation);
        while tracker.pop_ready().is_some() {}
        let (frames, sightings) = tracker.kept();
        assert!(frames <= 28 && sightings <= 40, "{frames} {sightings}");
    }
}

#[test]
fn a_film_whose_time_stands_still_is_bounded_too() {
    let mut tracker = Tracker::new(TrackSettings::default(), picture()).unwrap();
    for mut observation in film(3000, 25, |_| vec![]) {
        observation.pts = PtsNanos(0);
        tracker.push(observation);
        while tracker.pop_ready().is_some() {}
        assert!(tracker.waiting() <= MAX_WINDOW_FRAMES + 2);
    }
}

#[test]
fn pictures_that_wait_take_no_more_than_so_much_memory_and_who_cannot_wait_is_hidden() {
    // Of 8192 x 8192 pixels ten fit into a gigabyte: a second at ten frames, 300 ms at 33.
    for (fps, are_hidden) in [(10, false), (30, false), (100, true)] {
        let mut tracker = Tracker::new(TrackSettings::default(), FrameSize::rounded_up(8192, 8192)).unwrap();
        let (mut frames, mut most) = (Vec::new(), 0);
        for observation in film(120, fps, |_| Vec::new()) {
            tracker.push(observation);
            frames.extend(std::iter::from_fn(|| tracker.pop_ready()));
            most = most.max(tracker.waiting());
        }
        assert!(most <= 12, "{most} wait");
        assert_eq!(frames.iter().all(FrameMasks::hide_all), are_hidden, "{fps}");
        assert_eq!(frames.iter().any(FrameMasks::hide_all), are_hidden, "{fps}");
        tracker.finish();
        while tracker.pop_ready().is_some() {}
        let reasons = tracker.report().uncertain.iter().map(|span| span.reason);
        assert_eq!(
            reasons.collect::<Vec<_>>(),
            vec![UncertainReason::TooManyPictures; usize::from(are_hidden)]
        );
    }
}
