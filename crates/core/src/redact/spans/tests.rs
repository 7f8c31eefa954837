//! Tests of the exact coverage: against points, across borders, and for hostile shapes.

use proptest::prelude::*;

use super::*;
use crate::model::{BoxPx, Region};
use crate::redact::covers_any;

fn ellipse(cx: f32, cy: f32, rx: f32, ry: f32, angle_rad: f32) -> MaskArea {
    MaskArea::Ellipse(EllipsePx { cx, cy, rx, ry, angle_rad })
}

fn covers(coverage: &Coverage, x: usize, y: usize) -> bool {
    let row = (y / 2).wrapping_sub(coverage.rows.start as usize);
    let inside = |s: &ChromaSpan| (usize::from(s.start)..usize::from(s.end)).contains(&(x / 2));
    coverage.spans.get(row).is_some_and(inside)
}

/// The ellipse's equation at a point: at most 1 inside the ellipse. Written out apart from the code under test.
fn level(e: &EllipsePx, x: f64, y: f64) -> f64 {
    let (sin, cos) = f64::from(e.angle_rad).sin_cos();
    let (dx, dy) = (x - f64::from(e.cx), y - f64::from(e.cy));
    let along = (dx * cos + dy * sin) / f64::from(e.rx);
    let across = (dy * cos - dx * sin) / f64::from(e.ry);
    along * along + across * across
}

proptest! {
    #[test]
    fn every_pixel_with_a_point_inside_is_covered(
        (width, height) in (1usize..90, 1usize..90),
        (cx, cy) in (-40f32..130.0, -40f32..130.0),
        (rx, ry) in (0.01f32..60.0, 0.01f32..60.0),
        angle_rad in -7f32..7.0,
    ) {
        let size = FrameSize::rounded_up(width, height);
        let e = EllipsePx { cx, cy, rx, ry, angle_rad };
        let coverage = Coverage::of(&MaskArea::Ellipse(e), size);
        for (x, y) in (0..size.height()).flat_map(|y| (0..size.width()).map(move |x| (x, y))) {
            let (left, top) = (x as f64, y as f64);
            let fractions = [0.0, 0.25, 0.5, 0.75, 1.0];
            let touched = fractions.iter().any(|i| {
                fractions.iter().any(|j| level(&e, left + i, top + j) <= 1.0)
            });
            prop_assert!(!touched || covers(&coverage, x, y), "pixel {x},{y} is bare");
        }
    }

    #[test]
    fn coverage_stays_close_to_the_ellipse(
        (cx, cy) in (-20f32..100.0, -20f32..100.0),
        (rx, ry) in (2f32..40.0, 2f32..40.0),
        angle_rad in -7f32..7.0,
    ) {
        let size = FrameSize::rounded_up(80, 80);
        let coverage = Coverage::of(&ellipse(cx, cy, rx, ry, angle_rad), size);
        let wider = EllipsePx { cx, cy, rx: rx + 3.2, ry: ry + 3.2, angle_rad };
        for (x, y) in (0..80).flat_map(|y| (0..80).map(move |x| (x, y))) {
            let far = level(&wider, x as f64 + 0.5, y as f64 + 0.5) > 1.0;
            // Around the sharp ends of a slim ellipse a wider one is not a band of equal width.
            let slim = rx.max(ry) > 4.0 * rx.min(ry);
            prop_assert!(!far || slim || !covers(&coverage, x, y), "pixel {x},{y} is hidden");
        }
    }

    #[test]
    fn no_number_whatsoever_breaks_it(
        (width, height) in (1usize..40, 1usize..40),
        [cx, cy, rx, ry, angle_rad] in prop::array::uniform5(any::<f32>()),
    ) {
        let size = FrameSize::rounded_up(width, height);
        let e = EllipsePx { cx, cy, rx, ry, angle_rad };
        let coverage = Coverage::of(&MaskArea::Ellipse(e), size);
        let all = (size.width() * size.height() * 3 / 2) as u64;
        prop_assert!(coverage.samples() <= all);
        if !is_plausible(&e) {
            prop_assert_eq!(coverage.samples(), all);
        }
    }
}

#[test]
fn an_ellipse_outside_the_picture_covers_nothing() {
    let size = FrameSize::rounded_up(64, 48);
    for (cx, cy) in [(-30.0, 24.0), (94.0, 24.0), (32.0, -30.0), (32.0, 80.0), (-8.0, -8.0)] {
        let coverage = Coverage::of(&ellipse(cx, cy, 10.0, 10.0, 0.3), size);
        assert!(coverage.is_empty() && coverage.samples() == 0, "{cx},{cy}: {coverage:?}");
    }
}

#[test]
fn what_is_not_sound_covers_everything() {
    let size = FrameSize::rounded_up(7, 5);
    for area in [
        ellipse(f32::NAN, 2.0, 1.0, 1.0, 0.0),
        ellipse(2.0, 2.0, 0.0, 1.0, 0.0),
        ellipse(2.0, 2.0, 1.0, 1.0, f32::INFINITY),
        ellipse(2.0, 2.0, 3.0e6, 1.0, 0.0),
        MaskArea::WholeFrame,
    ] {
        assert_eq!(Coverage::of(&area, size).samples(), 8 * 6 * 3 / 2, "{area:?}");
    }
}

#[test]
fn overlaps_are_counted_once() {
    let size = FrameSize::rounded_up(100, 60);
    let areas = [ellipse(30.0, 30.0, 12.0, 16.0, 0.4), ellipse(40.0, 24.0, 20.0, 9.0, 1.0)];
    let coverages: Vec<_> = areas.iter().map(|area| Coverage::of(area, size)).collect();
    let mut pixels = (0..60).flat_map(|y| (0..100).map(move |x| (x, y))).collect::<Vec<_>>();
    pixels.retain(|(x, y)| coverages.iter().any(|c| covers(c, *x, *y)));
    assert_eq!(union_luma_px(coverages.iter()), pixels.len() as u64);
    assert!(union_luma_px(coverages.iter()) < coverages.iter().map(|c| c.samples() * 2 / 3).sum::<u64>());
}

#[test]
fn a_box_covers_its_pixels_and_what_is_kept_clear_stays_out_of_it() {
    let size = FrameSize::rounded_up(64, 48);
    let area = |x0, y0, x1, y1| MaskArea::Box(BoxPx { x0, y0, x1, y1 });
    let whole = Coverage::of(&area(10.0, 8.0, 50.0, 40.0), size);
    assert!((20 * 16 * 6..=22 * 18 * 6).contains(&whole.samples()), "{}", whole.samples());
    let kept = Coverage::of(&area(20.0, 16.0, 30.0, 24.0), size);
    let parts = whole.without(&kept);
    assert_eq!(parts.iter().map(Coverage::samples).sum::<u64>(), whole.samples() - kept.samples());
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert!(kept.without(&whole).iter().all(Coverage::is_empty));
}

#[test]
fn a_polygon_covers_every_pixel_inside_it() {
    let size = FrameSize::rounded_up(64, 48);
    let corners = [(12.3, 4.5), (60.0, 20.2), (31.7, 47.9)].map(|(x, y)| PointPx { x, y });
    let area = MaskArea::Polygon(corners.to_vec());
    let coverage = Coverage::of(&area, size);
    for (row, span) in (coverage.rows().start..).zip(coverage.spans()) {
        for column in 0..32u16 {
            let (x, y) = (f32::from(column) * 2.0 + 1.0, row as f32 * 2.0 + 1.0);
            let is_covered = (span.start..span.end).contains(&column);
            assert!(is_covered || !area.contains(x, y), "{x} {y}");
        }
    }
    let broken = MaskArea::Polygon(vec![PointPx { x: f32::NAN, y: 0.0 }; 3]);
    assert_eq!(Coverage::of(&broken, size), Coverage::whole_frame(size));
}

#[test]
fn what_only_touches_the_border_does_not_reach_into_the_picture() {
    let size = FrameSize::rounded_up(640, 360);
    let reaches = |text: &str| covers_any(&text.parse::<Region>().unwrap().area, size);
    assert!(
        ["0,0,1,1", "639,359,9,9", "-5,-5,6,6", "600,300;900,300;900,900", "frame"].into_iter().all(reaches)
    );
    assert!(!["640,80,200,100", "640,360,20,20", "-10,-10,10,10", "0,360,640,1"].into_iter().any(reaches));
}
