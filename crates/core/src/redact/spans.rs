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

/// Whether the box around an area and pictures of a size share more than an edge.
pub(super) fn reaches_into(area: &MaskArea, size: FrameSize) -> bool {
    let points = match area {
        MaskArea::WholeFrame => return true,
        MaskArea::Ellipse(ellipse) => corners_of(&ellipse.bounding_box()).to_vec(),
        MaskArea::Rectangle(inside) => inside.corners().to_vec(),
        MaskArea::Box(bbox) => corners_of(bbox).to_vec(),
        MaskArea::Polygon(points) => points.clone(),
    };
    Outline::of(&points, f32::MAX).is_none_or(|outline| {
        let ((left, right), (top, bottom)) = (outline.columns(), outline.rows());
        left < size.width() as f64 && top < size.height() as f64 && right > 0.0 && bottom > 0.0
    })
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
mod tests;
