//! Which samples a mask covers, worked out once on the host, so that every back end hides exactly the same ones.
//!
//! Coverage is kept per chroma row: a span `[start, end)` of chroma samples stands for luma columns
//! `[2 start, 2 end)` of the two luma rows on top of it. So no luma pixel is hidden without its colour, and no
//! colour sample without all four of its pixels.

use super::outline::{Outline, corners_of};
use crate::model::{EllipsePx, FrameSize, MaskArea, PointPx};

/// Room added around an ellipse on all sides, in pixels: more than all rounding in this file and in single
/// precision arithmetic elsewhere.
const SLACK_PX: f64 = 1.0 / 64.0;

/// Ellipses with a number beyond this (64 times the largest picture) are taken for broken.
const MAX_COORDINATE_PX: f32 = 1_048_576.0;

/// A run of chroma samples in one chroma row; empty where `start == end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChromaSpan {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl ChromaSpan {
    fn len(self) -> u64 {
        u64::from(self.end.saturating_sub(self.start))
    }
}

/// A range of chroma columns or rows inside the picture, and how long it would be without the picture's edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// First column or row.
    pub(crate) start: u32,
    /// Columns or rows inside the picture.
    pub(crate) len: u32,
    /// Columns or rows with what lies outside; at least `len`.
    pub(crate) whole: u32,
}

/// The samples that one mask covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// One span for each chroma row of `rows`.
    spans: Vec<ChromaSpan>,
    cols: Extent,
    rows: Extent,
}

impl Coverage {
    /// The part of `area` inside the picture. A shape that is not sound, or absurdly large, covers everything.
    pub(crate) fn of(area: &MaskArea, size: FrameSize) -> Self {
        match area {
            MaskArea::Ellipse(ellipse) if is_plausible(ellipse) => Self::of_ellipse(ellipse, size),
            MaskArea::Box(bbox) => Self::of_corners(&corners_of(bbox), size),
            MaskArea::Polygon(points) => Self::of_corners(points, size),
            MaskArea::Rectangle(inside) if is_plausible(inside) => Self::of_corners(&inside.corners(), size),
            MaskArea::Ellipse(_) | MaskArea::Rectangle(_) | MaskArea::WholeFrame => Self::whole_frame(size),
        }
    }

    /// Every sample of the picture.
    pub(crate) fn whole_frame(size: FrameSize) -> Self {
        let (width, height) = chroma_size(size);
        let full = |len: u16| Extent { start: 0, len: len.into(), whole: len.into() };
        let spans = vec![ChromaSpan { start: 0, end: width }; height.into()];
        Self { spans, cols: full(width), rows: full(height) }
    }

    /// Row by row, the horizontal reach of the ellipse over the closed band of the two luma rows. With the
    /// ellipse's second moments xx, yy and xy, its edges at the height dy are
    /// `xy/yy dy -+ rx ry / sqrt(yy) sqrt(1 - dy^2/yy)`, and its outermost points lie at `dy = -+ xy / sqrt(xx)`.
    fn of_ellipse(ellipse: &EllipsePx, size: FrameSize) -> Self {
        let (width, height) = chroma_size(size);
        let (cx, cy) = (f64::from(ellipse.cx), f64::from(ellipse.cy));
        let (rx, ry) = (f64::from(ellipse.rx) + SLACK_PX, f64::from(ellipse.ry) + SLACK_PX);
        let (sin, cos) = f64::from(ellipse.angle_rad).sin_cos();
        let half_w = (rx * cos).hypot(ry * sin);
        let half_h = (rx * sin).hypot(ry * cos);
        let xy = (rx * rx - ry * ry) * sin * cos;
        let (slope, chord, outermost) = (xy / (half_h * half_h), rx * ry / half_h, xy / half_w);

        let first_row = round_into((cy - half_h - SLACK_PX) / 2.0, f64::floor, height);
        let end_row = round_into((cy + half_h + SLACK_PX) / 2.0, f64::ceil, height);
        let spans = (first_row..end_row.max(first_row)).map(|row| {
            let top = (f64::from(row) * 2.0 - cy).max(-half_h);
            let bottom = (f64::from(row) * 2.0 + 2.0 - cy).min(half_h);
            let half_chord = |dy: f64| chord * (1.0 - (dy / half_h).powi(2)).max(0.0).sqrt();
            let right_at = outermost.max(top).min(bottom);
            let left_at = (-outermost).max(top).min(bottom);
            let left = cx + slope * left_at - half_chord(left_at) - SLACK_PX;
            let right = cx + slope * right_at + half_chord(right_at) + SLACK_PX;
            let start = round_into(left / 2.0, f64::floor, width);
            ChromaSpan { start, end: round_into(right / 2.0, f64::ceil, width).max(start) }
        });
        // Half an axis in luma pixels is a whole one in chroma samples.
        Self::trimmed(first_row, spans.collect(), whole_len(half_w), whole_len(half_h))
    }

    /// Row by row, from the leftmost to the rightmost point of the outline in the band of the two luma rows.
    fn of_corners(points: &[PointPx], size: FrameSize) -> Self {
        let Some(outline) = Outline::of(points, MAX_COORDINATE_PX) else { return Self::whole_frame(size) };
        let (width, height) = chroma_size(size);
        let (top, bottom) = outline.rows();
        let first_row = round_into((top - SLACK_PX) / 2.0, f64::floor, height);
        let end_row = round_into(f64::midpoint(bottom, SLACK_PX), f64::ceil, height);
        let spans = (first_row..end_row.max(first_row)).map(|row| {
            let band = f64::from(row) * 2.0;
            let Some((left, right)) = outline.reach(band, band + 2.0) else {
                return ChromaSpan { start: 0, end: 0 };
            };
            let start = round_into((left - SLACK_PX) / 2.0, f64::floor, width);
            ChromaSpan { start, end: round_into(f64::midpoint(right, SLACK_PX), f64::ceil, width).max(start) }
        });
        let (left, right) = outline.columns();
        let whole = |from: f64, to: f64| whole_len((to - from) / 2.0 + 1.0);
        Self::trimmed(first_row, spans.collect(), whole(left, right), whole(top, bottom))
    }

    /// Drops empty rows at both ends and measures what is left.
    fn trimmed(first_row: u16, mut spans: Vec<ChromaSpan>, whole_cols: u32, whole_rows: u32) -> Self {
        let leading = spans.iter().take_while(|span| span.len() == 0).count();
        spans.drain(..leading);
        while spans.last().is_some_and(|span| span.len() == 0) {
            spans.pop();
        }
        let visible = || spans.iter().filter(|span| span.len() > 0);
        let start = visible().map(|span| u32::from(span.start)).min().unwrap_or(0);
        let end = visible().map(|span| u32::from(span.end)).max().unwrap_or(0);
        let (cols, rows) = (end - start, count(spans.len()));
        Self {
            cols: Extent { start, len: cols, whole: whole_cols.max(cols) },
            rows: Extent {
                start: u32::from(first_row) + count(leading),
                len: rows,
                whole: whole_rows.max(rows),
            },
            spans,
        }
    }

    /// What is left where `kept` must not be covered: a part on its left, and one on its right. Rows that `kept` does
    /// not meet belong to the first.
    pub(crate) fn without(&self, kept: &Self) -> [Self; 2] {
        let gap_in = |row: u32| {
            let at = row.checked_sub(kept.rows.start).and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| kept.spans.get(at)).filter(|gap| gap.len() > 0)
        };
        let part = |cut: fn(ChromaSpan, Option<&ChromaSpan>) -> ChromaSpan| {
            let rows = (self.rows.start..).zip(&self.spans);
            let spans = rows.map(|(row, span)| cut(*span, gap_in(row))).collect();
            let first_row = u16::try_from(self.rows.start).unwrap_or(u16::MAX);
            Self::trimmed(first_row, spans, self.cols.whole, self.rows.whole)
        };
        let left = |span: ChromaSpan, gap: Option<&ChromaSpan>| match gap {
            Some(gap) => ChromaSpan { end: span.end.min(gap.start).max(span.start), ..span },
            None => span,
        };
        let right = |span: ChromaSpan, gap: Option<&ChromaSpan>| match gap {
            Some(gap) => ChromaSpan { start: span.start.max(gap.end).min(span.end), ..span },
            None => ChromaSpan { start: span.end, end: span.end },
        };
        [part(left), part(right)]
    }

    /// Whether nothing of the mask lies inside the picture.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One span for each chroma row from `rows().start`.
    pub(crate) fn spans(&self) -> &[ChromaSpan] {
        &self.spans
    }

    /// The chroma columns between the outermost samples.
    pub(crate) fn cols(&self) -> Extent {
        self.cols
    }

    /// The chroma rows from the first to the last.
    pub(crate) fn rows(&self) -> Extent {
        self.rows
    }

    /// Samples covered in all three planes: four of luma for each one of U and of V.
    pub(crate) fn samples(&self) -> u64 {
        self.spans.iter().map(|span| span.len() * 6).sum()
    }
}

/// Luma pixels that at least one of the masks covers.
pub(crate) fn union_luma_px<'a>(coverages: impl Iterator<Item = &'a Coverage>) -> u64 {
    let mut runs: Vec<(u32, ChromaSpan)> =
        coverages.flat_map(|c| (c.rows.start..).zip(c.spans.iter().copied())).collect();
    runs.sort_unstable_by_key(|(row, span)| (*row, span.start));
    let (mut chroma, mut row, mut reached) = (0u64, 0, 0);
    for (next_row, span) in runs {
        let seen = if next_row == row { reached } else { 0 };
        chroma += u64::from(span.end.saturating_sub(span.start.max(seen)));
        (row, reached) = (next_row, span.end.max(seen));
    }
    chroma * 4
}

fn is_plausible(ellipse: &EllipsePx) -> bool {
    let EllipsePx { cx, cy, rx, ry, .. } = *ellipse;
    ellipse.is_sound() && [cx, cy, rx, ry].iter().all(|v| v.abs() <= MAX_COORDINATE_PX)
}

/// Width and height of the chroma planes.
fn chroma_size(size: FrameSize) -> (u16, u16) {
    let half = |side: usize| u16::try_from(side / 2).unwrap_or(u16::MAX);
    (half(size.width()), half(size.height()))
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A position rounded by `rounding` and clipped to `0..=limit`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clipped to the range of u16 first"
)]
fn round_into(position: f64, rounding: fn(f64) -> f64, limit: u16) -> u16 {
    rounding(position).max(0.0).min(f64::from(limit)) as u16
}

/// A length rounded up.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clipped to the range of u32 first"
)]
fn whole_len(length: f64) -> u32 {
    length.ceil().max(1.0).min(f64::from(u32::MAX >> 4)) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::BoxPx;

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
}
