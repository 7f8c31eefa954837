//! What is under a mask is gone: nothing of it survives but the means of its cells.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::redact::grid::{CellAxis, GridLayout};
use crate::redact::spans::Coverage;

const SIZE: (usize, usize) = (118, 92);

/// Shuffles the samples of every cell among themselves, which keeps all means.
fn shuffled_in_cells(frame: &Frame, area: &MaskArea, dice: &mut Dice) -> Frame {
    let layout = GridLayout::over(&Coverage::of(area, frame.size()));
    let mut shuffled = copy_of(frame);
    let run = |axis: CellAxis, i: u32, scale: u32| {
        ((axis.start + axis.bound(i)) * scale) as usize..((axis.start + axis.bound(i + 1)) * scale) as usize
    };
    for (plane, scale) in shuffled.planes_mut().into_iter().zip([2, 1, 1]) {
        for (j, i) in (0..layout.rows.cells).flat_map(|j| (0..layout.cols.cells).map(move |i| (j, i))) {
            let columns = run(layout.cols, i, scale);
            let mut places: Vec<_> = run(layout.rows, j, scale)
                .flat_map(|y| columns.clone().map(move |x| y * plane.stride + x))
                .collect();
            while let Some(last) = places.pop() {
                let other = dice.place(places.len() + 1);
                if let Some(place) = places.get(other) {
                    plane.data.swap(last, *place);
                }
            }
        }
    }
    shuffled
}

fn areas() -> impl Strategy<Value = MaskArea> {
    let turned = (-20f32..140.0, -20f32..110.0, 0.1f32..70.0, 0.1f32..70.0, -4f32..4.0)
        .prop_map(|(cx, cy, rx, ry, angle_rad)| ellipse(cx, cy, rx, ry, angle_rad));
    prop_oneof![12 => turned, 1 => Just(MaskArea::WholeFrame)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pictures_with_equal_cell_means_become_equal(area in areas(), seed in 1u64..u64::MAX, style_nr in 0usize..3) {
        let size = FrameSize::rounded_up(SIZE.0, SIZE.1);
        let style = FaceStyle::ALL[style_nr];
        let mut dice = Dice(seed);
        let (mut first, mut second) = (on_cpu(size, style), on_cpu(size, style));
        // Several frames, because what is remembered of the first ones must not tell either.
        for seq in 0..4 {
            let mut picture = frame_of(size, seq, |_| dice.byte());
            let mut other = shuffled_in_cells(&picture, &area, &mut dice);
            let masks = masks_of(seq, std::slice::from_ref(&area));
            first.redact(&mut picture, &masks).unwrap();
            second.redact(&mut other, &masks).unwrap();
            for (at, is_covered) in covered(size, &masks).into_iter().enumerate() {
                prop_assert!(!is_covered || picture.bytes()[at] == other.bytes()[at], "byte {at}");
            }
        }
    }

    #[test]
    fn nothing_outside_the_masks_changes(first in areas(), second in areas(), seed in 1u64..u64::MAX) {
        let size = FrameSize::rounded_up(SIZE.0, SIZE.1);
        for style in FaceStyle::ALL {
            let mut dice = Dice(seed);
            let masks = masks_of(3, &[first.clone(), second.clone()]);
            let original = frame_of(size, 3, |_| dice.byte());
            let mut redacted = copy_of(&original);
            let stats = on_cpu(size, *style).redact(&mut redacted, &masks).unwrap();
            let covered = covered(size, &masks);
            let bare = covered.iter().zip(original.bytes().iter().zip(redacted.bytes()));
            prop_assert!(bare.into_iter().all(|(is_covered, (a, b))| *is_covered || a == b));
            let luma = covered[..size.plane_offsets()[1]].iter().filter(|c| **c).count();
            prop_assert_eq!(stats.hidden_luma_px, luma as u64);
        }
    }
}

#[test]
fn at_most_64_values_survive() {
    let size = FrameSize::rounded_up(400, 300);
    let masks = masks_of(0, &[ellipse(190.0, 140.0, 100.0, 120.0, 0.4)]);
    let mut dice = Dice(99);
    let original = frame_of(size, 0, |_| dice.byte());
    let covered = covered(size, &masks);
    let values_in = |frame: &Frame| {
        let offsets = [size.plane_offsets().as_slice(), &[size.byte_len()]].concat();
        let planes = offsets.windows(2).map(|ends| {
            (ends[0]..ends[1]).filter(|at| covered[*at]).map(|at| frame.bytes()[at]).collect::<BTreeSet<_>>()
        });
        planes.map(|values| values.len()).collect::<Vec<_>>()
    };
    let mut pixelated = copy_of(&original);
    on_cpu(size, FaceStyle::Pixelate).redact(&mut pixelated, &masks).unwrap();
    assert!(values_in(&pixelated).iter().all(|count| (1..=64).contains(count)));
    let mut solid = copy_of(&original);
    on_cpu(size, FaceStyle::Solid).redact(&mut solid, &masks).unwrap();
    assert_eq!(values_in(&solid), [1, 1, 1]);
}

#[test]
fn a_grey_picture_stays_without_colour() {
    let size = FrameSize::rounded_up(162, 122);
    let areas = [ellipse(60.0, 60.0, 40.0, 50.0, 0.3), ellipse(150.0, 20.0, 30.0, 13.0, 1.0)];
    for style in [FaceStyle::Blur, FaceStyle::Pixelate] {
        let mut redactor = on_cpu(size, style);
        for seq in 0..5 {
            let mut frame = frame_of(size, seq, |_| 128);
            redactor.redact(&mut frame, &masks_of(seq, &areas)).unwrap();
            let [_, u, v] = frame.planes();
            assert!(u.data.iter().chain(v.data).all(|v| *v == 128), "{style}, frame {seq}");
        }
    }
}

#[test]
fn the_solid_grey_follows_the_range() {
    let size = FrameSize::rounded_up(64, 64);
    for (full_range, luma) in [(false, 96), (true, 93)] {
        let mut frame = frame_of(size, 0, |_| 200);
        frame.colour = Colorimetry { full_range, ..COLOUR };
        let stats = on_cpu(size, FaceStyle::Solid).redact(&mut frame, &masks_of(0, &[MaskArea::WholeFrame]));
        assert!(stats.unwrap().whole_frame);
        let [y, u, v] = frame.planes();
        assert!(y.row(63).iter().all(|p| *p == luma));
        assert!(u.row(31).iter().chain(v.row(31)).all(|p| *p == 128));
    }
}

#[test]
fn nothing_else_is_drawn_on_a_hidden_frame() {
    let size = FrameSize::rounded_up(90, 70);
    let noise = || {
        let mut dice = Dice(5);
        frame_of(size, 0, move |_| dice.byte())
    };
    let face = ellipse(40.0, 30.0, 20.0, 20.0, 0.0);
    let (mut alone, mut among) = (noise(), noise());
    on_cpu(size, FaceStyle::Blur).redact(&mut alone, &masks_of(0, &[MaskArea::WholeFrame])).unwrap();
    let stats = on_cpu(size, FaceStyle::Blur)
        .redact(&mut among, &masks_of(0, &[face.clone(), MaskArea::WholeFrame, face]))
        .unwrap();
    assert_eq!((stats.masks, stats.hidden_luma_px, stats.whole_frame), (3, 90 * 70, true));
    assert!(alone.bytes() == among.bytes());
}

#[test]
fn averaging_the_frames_of_a_track_wins_nothing_back() {
    // A face (a fine pattern) slides under its mask. Drawn afresh, every frame would show other
    // cell means; held steady, hardly anything moves.
    let size = FrameSize::rounded_up(160, 160);
    let masks = |seq| masks_of(seq, &[ellipse(80.0, 80.0, 50.0, 50.0, 0.0)]);
    let pattern = |x: usize, y: usize| if (x / 9 + y / 7).is_multiple_of(2) { 60 } else { 190 };
    let picture = |seq: u64| {
        let shift = usize::try_from(seq * 5 % 18).unwrap();
        frame_of(size, seq, |at| pattern(at % size.stride_y() + shift, at / size.stride_y()))
    };
    let mut held = on_cpu(size, FaceStyle::Pixelate);
    let (mut changed_held, mut changed_fresh) = (0, 0);
    let mut last: Option<(Vec<u8>, Vec<u8>)> = None;
    for seq in 0..120 {
        let (mut steady, mut fresh) = (picture(seq), picture(seq));
        held.redact(&mut steady, &masks(seq)).unwrap();
        on_cpu(size, FaceStyle::Pixelate).redact(&mut fresh, &masks(seq)).unwrap();
        let luma =
            |frame: &Frame| (40..120).flat_map(|y| frame.planes()[0].row(y)[60..100].to_vec()).collect();
        let now: (Vec<u8>, Vec<u8>) = (luma(&steady), luma(&fresh));
        if let Some((steady, fresh)) = last.filter(|_| seq > 60) {
            changed_held += steady.iter().zip(&now.0).filter(|(a, b)| a != b).count();
            changed_fresh += fresh.iter().zip(&now.1).filter(|(a, b)| a != b).count();
        }
        last = Some(now);
    }
    assert!(changed_fresh > 20 * changed_held.max(1), "{changed_held} against {changed_fresh}");
}

#[test]
fn a_small_mask_on_a_face_shows_no_more_of_it_than_the_large_one() {
    let (width, height) = SIZE;
    let size = FrameSize::rounded_up(width, height);
    let face = ellipse(59.0, 46.0, 40.0, 44.0, 0.3);
    let (eye, word) =
        (ellipse(50.0, 40.0, 6.0, 4.0, 0.0), MaskArea::Box(BoxPx { x0: 52.0, y0: 60.0, x1: 70.0, y1: 68.0 }));
    for style in [FaceStyle::Blur, FaceStyle::Pixelate] {
        let hidden = |areas: &[MaskArea], face_at: usize| {
            let mut frame = ramps(size, 0);
            let mut masks = masks_of(0, areas);
            // The face keeps its number, and with it what is drawn for it.
            masks.masks.iter_mut().zip(0..).for_each(|(mask, at)| {
                mask.track = TrackId(if at == face_at { 9 } else { 10 + u32::try_from(at).unwrap() });
            });
            on_cpu(size, style).without_patterns().redact(&mut frame, &masks).unwrap();
            frame.bytes().to_vec()
        };
        let alone = hidden(std::slice::from_ref(&face), 0);
        assert_eq!(hidden(&[face.clone(), eye.clone(), word.clone()], 0), alone, "{style:?}");
        assert_eq!(hidden(&[eye.clone(), word.clone(), face.clone()], 2), alone, "{style:?}");
    }
}
