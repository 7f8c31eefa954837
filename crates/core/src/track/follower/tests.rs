//! Tests of faces, people and text that are followed in step.

use super::*;
use crate::model::UncertainReason;
use crate::model::{EllipsePx, Heads, OnUncertain, PtsNanos};

const PERSON: EllipsePx = EllipsePx { cx: 200.0, cy: 150.0, rx: 30.0, ry: 90.0, angle_rad: 0.0 };
const FACE: EllipsePx = EllipsePx { cx: 200.0, cy: 80.0, rx: 12.0, ry: 15.0, angle_rad: 0.0 };

fn sure(ellipse: EllipsePx) -> Vec<Detection> {
    vec![Detection { ellipse, score: 0.9 }]
}

/// 50 frames at 10 a second; a person is looked for in every fourth, and there from frame 16 to 32.
fn run(plan: &Plan, has_face: impl Fn(u64) -> bool) -> (Vec<FrameMasks>, TrackReport) {
    let mut follower = Follower::new(plan, FrameSize::rounded_up(400, 300)).unwrap();
    let mut frames = Vec::new();
    for seq in 0..50 {
        let faces = Observation {
            seq,
            pts: PtsNanos(seq * 100_000_000),
            detections: if has_face(seq) { sure(FACE) } else { Vec::new() },
            thumbnail: [90; 576],
            damaged: false,
            late: false,
        };
        let looks = seq % 4 == 0 && (16..=32).contains(&seq);
        let people = if looks { sure(PERSON) } else { Vec::new() };
        let text = if looks { sure(EllipsePx { ry: 8.0, ..PERSON }) } else { Vec::new() };
        follower.push(Looked { faces, people, text });
        frames.extend(std::iter::from_fn(|| follower.pop_ready()));
    }
    follower.finish();
    frames.extend(std::iter::from_fn(|| follower.pop_ready()));
    assert!(frames.iter().map(|frame| frame.seq).eq(0..50));
    (frames, follower.report())
}

fn hidden(frames: &[FrameMasks], x: f32, y: f32) -> Vec<u64> {
    let covers = |mask: &Mask| mask.area.contains(x, y);
    frames.iter().filter(|f| f.masks.iter().any(covers)).map(|frame| frame.seq).collect()
}

#[test]
fn a_person_without_a_face_is_reported_and_nothing_is_hidden() {
    let (frames, report) = run(&Plan::default(), |_| false);
    assert!(frames.iter().all(|frame| frame.masks.is_empty()));
    let [span] = report.uncertain.as_slice() else { panic!("{:?}", report.uncertain) };
    assert_eq!(span.reason, UncertainReason::HeadWithoutFace);
    // A second more on either side.
    assert_eq!((span.from, span.to), (PtsNanos(600_000_000), PtsNanos(4_200_000_000)));
    assert_eq!((report.beside.people, report.beside.head_masks), (1, 0));
}

#[test]
fn a_person_without_a_face_is_hidden_whole_between_the_looks_and_a_second_around_them() {
    let (frames, report) = run(&Plan { heads: Heads::Hide, ..Plan::default() }, |_| false);
    let all: Vec<u64> = (6..=42).collect();
    assert_eq!(hidden(&frames, 200.0, 70.0), all);
    assert_eq!(hidden(&frames, 200.0, 230.0), all);
    assert_eq!(report.uncertain, []);
}

#[test]
fn a_face_inside_says_where_the_head_is_when_it_has_turned_away() {
    // Seen until frame 18; its own mask is held for 0.9 s behind that.
    let (frames, _) = run(&Plan { heads: Heads::Hide, ..Plan::default() }, |seq| (10..=18).contains(&seq));
    assert!(hidden(&frames, 200.0, 75.0).contains(&40), "the head stays hidden");
    assert!(!hidden(&frames, 200.0, 220.0).contains(&40), "the legs do not");
}

#[test]
fn a_doubtful_face_does_not_stand_for_a_head() {
    let plan = Plan { heads: Heads::Hide, ..Plan::default() };
    let doubtful = Observation {
        seq: 0,
        pts: PtsNanos(0),
        detections: vec![Detection { ellipse: FACE, score: 0.47 }],
        thumbnail: [90; 576],
        damaged: false,
        late: false,
    };
    let mut follower = Follower::new(&plan, FrameSize::rounded_up(400, 300)).unwrap();
    for seq in 0..20 {
        let faces = Observation { seq, pts: PtsNanos(seq * 100_000_000), ..doubtful.clone() };
        follower.push(Looked { faces, people: sure(PERSON), text: Vec::new() });
    }
    follower.finish();
    let frames: Vec<FrameMasks> = std::iter::from_fn(|| follower.pop_ready()).collect();
    assert_eq!(hidden(&frames, 200.0, 230.0).len(), 20, "the whole person is hidden");
    assert_eq!(follower.report().tracks, 1, "and so is what may be a face");
}

#[test]
fn people_are_hidden_from_head_to_foot_in_the_times_that_were_named() {
    let bodies = vec!["2-3".parse().unwrap()];
    let plan = Plan { heads: Heads::Off, bodies, ..Plan::default() };
    let (frames, report) = run(&plan, |_| true);
    assert_eq!(hidden(&frames, 200.0, 235.0), (20..=30).collect::<Vec<u64>>());
    assert_eq!((report.beside.body_masks, report.beside.head_masks), (11, 0));
    let drawn = |mask: &&Mask| mask.source == MaskSource::Drawn;
    let bodies = || frames.iter().flat_map(|frame| frame.masks.iter().filter(drawn));
    assert!(bodies().all(|mask| !mask.may_be_a_face()), "a region that is kept clear cuts them");
}

#[test]
fn off_is_off_and_a_blurred_frame_is_whole() {
    let off = Plan { heads: Heads::Off, ..Plan::default() };
    assert_eq!(run(&off, |_| false).1, TrackReport::default());
    let blurred = Plan { on_uncertain: OnUncertain::BlurFrame, ..Plan::default() };
    let (frames, report) = run(&blurred, |_| false);
    assert_eq!(hidden(&frames, 1.0, 1.0), (6..=42).collect::<Vec<u64>>());
    assert_eq!(report.whole_frames, 37);
}

#[test]
fn text_is_hidden_between_the_looks() {
    let plan = Plan { heads: Heads::Off, text: Text::Mask, ..Plan::default() };
    let (frames, report) = run(&plan, |_| false);
    assert_eq!(hidden(&frames, 172.0, 144.0), (6..=42).collect::<Vec<u64>>());
    assert_eq!((report.beside.lines_of_text, report.beside.text_masks), (1, 37));
}
