//! People whose face no detector sees: a person without a face track where the head is. Such a head is hidden or
//! reported.
//!
//! A person's box does not say which end the head is at. A face inside the box does, from then on for as long as the
//! person is followed; until then the whole person counts as head.

use std::collections::BTreeMap;

use crate::model::{
    DurationNanos, EllipsePx, FrameMasks, Heads, Mask, MaskArea, MaskSource, OnUncertain, Plan, PtsNanos,
    TimeSpan, TrackId, TrackKind, UncertainReason, UncertainSpan,
};

use super::motion::{SAME_TURN_RAD, turned_by};
use super::report::TrackReport;

/// A head reaches over the sides of its person's box by this share of the width, and over the end by this share of the
/// length. Its depth is this share of the length, or of the width where that is more. Measured on a clip of people from
/// behind: 91 % of the heads lie inside, all of them inside the whole box.
const BESIDE: f32 = 0.05;
const BEYOND: f32 = 0.08;
const DEPTH_OF_LENGTH: f32 = 0.22;
const DEPTH_OF_WIDTH: f32 = 0.75;

/// Masks of whole bodies are numbered from here on among those of people.
const FIRST_BODY: u32 = 0x0800_0000;

/// A person who is hidden whole is hidden with this much more around: hands and feet reach over the network's boxes.
const BODY_GROWTH: f32 = 1.15;

/// Boxes of two turns of which the smaller lies in the other by more than this are one person.
const DOUBLE_OVERLAP: f32 = 0.6;

/// A span goes on over pauses of this length: a face that flickers inside a person does not make many spans of one.
const PAUSE: DurationNanos = DurationNanos::from_millis(1000);

/// Which end of a person's box, before it is turned by its angle, the head is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Top,
    Bottom,
    Left,
    Right,
}

/// What is known about a person.
#[derive(Clone, Copy, Debug, Default)]
struct Person {
    end: Option<End>,
    open: Option<UncertainSpan>,
}

/// The rule, with what it knows of each person in the picture.
#[derive(Clone, Debug)]
pub(super) struct HeadRule {
    heads: Heads,
    bodies: Vec<TimeSpan>,
    on_uncertain: OnUncertain,
    people: BTreeMap<TrackId, Person>,
    report: TrackReport,
}

impl HeadRule {
    pub(super) fn new(plan: &Plan) -> Self {
        let (heads, bodies, on_uncertain) = (plan.heads, plan.bodies.clone(), plan.on_uncertain);
        Self { heads, bodies, on_uncertain, people: BTreeMap::new(), report: TrackReport::default() }
    }

    /// Takes the people of a frame, as masks with the ellipses that touch their boxes, and the sure faces, and adds to
    /// the frame's masks what the plan asks for.
    pub(super) fn step(&mut self, frame: &mut FrameMasks, faces: &[EllipsePx], seen: Vec<Mask>) {
        let everything = frame.hide_all();
        let boxes: Vec<EllipsePx> = seen.iter().filter_map(ellipse_of).collect();
        let mut known = assign(faces, &boxes);
        share_with_doubles(&boxes, &mut known);
        let whole_bodies = self.bodies.iter().any(|span| span.contains(frame.pts));
        let mut present = Vec::with_capacity(seen.len());
        let people = seen.into_iter().filter(|mask| ellipse_of(mask).is_some()).zip(boxes).zip(known);
        for ((mask, bbox), face) in people {
            let number = mask.track;
            present.push(number);
            self.report.beside.people += u64::from(!self.people.contains_key(&number));
            let person = self.people.entry(number).or_default();
            person.end = face.or(person.end);
            if whole_bodies {
                let area = MaskArea::Rectangle(bbox.scaled(BODY_GROWTH));
                let track = TrackId::of(TrackKind::Person, FIRST_BODY + number.0 % FIRST_BODY);
                frame.masks.push(Mask { track, area, source: MaskSource::Drawn, ..mask });
            }
            // A region that is kept clear cuts the mask of a body, but not that of a head.
            let is_doubtful = match self.heads {
                Heads::Hide => true,
                Heads::Flag => !whole_bodies,
                Heads::Off => false,
            };
            if face.is_none() && !everything && is_doubtful {
                let head = person.end.map_or_else(|| any_head_of(&bbox), |end| head_at(&bbox, end));
                self.doubt(frame, Mask { area: MaskArea::Rectangle(head), ..mask });
            }
        }
        self.close(frame.pts, &present);
    }

    /// A person whose head has no face: hidden, or reported.
    fn doubt(&mut self, frame: &mut FrameMasks, mask: Mask) {
        if self.heads == Heads::Hide {
            frame.masks.push(Mask { track: numbered(mask.track), ..mask });
            return;
        }
        if let Some(person) = self.people.get_mut(&mask.track) {
            let reason = UncertainReason::HeadWithoutFace;
            let first =
                UncertainSpan { from: frame.pts, to: frame.pts, reason, track: Some(numbered(mask.track)) };
            person.open.get_or_insert(first).to = frame.pts;
        }
        if self.on_uncertain == OnUncertain::BlurFrame {
            let track = numbered(mask.track);
            frame.masks.push(Mask {
                track,
                area: MaskArea::WholeFrame,
                source: MaskSource::WholeFrame,
                ..mask
            });
        }
    }

    /// Ends the spans of people who are gone, and of those whose face has been seen for a while.
    fn close(&mut self, now: PtsNanos, present: &[TrackId]) {
        let report = &mut self.report;
        self.people.retain(|number, person| {
            let is_here = present.contains(number);
            let over = |span: &UncertainSpan| !is_here || now.since(span.to) > PAUSE;
            if let Some(span) = person.open.take_if(|span| over(span)) {
                report.note(span);
            }
            is_here
        });
    }

    /// Adds the spans, those that are still open as well, and the counts.
    pub(super) fn add_to(&self, report: &mut TrackReport) {
        let open = self.people.values().filter_map(|person| person.open);
        self.report.uncertain.iter().copied().chain(open).for_each(|span| report.note(span));
        report.uncertain_omitted += self.report.uncertain_omitted;
        report.beside.people = self.report.beside.people;
    }
}

fn ellipse_of(mask: &Mask) -> Option<EllipsePx> {
    if let MaskArea::Ellipse(ellipse) = mask.area { Some(ellipse) } else { None }
}

fn numbered(person: TrackId) -> TrackId {
    TrackId::of(TrackKind::Person, person.0 % FIRST_BODY)
}

/// The end at which each person's face is. A face belongs to one person: of those whose box it lies in, the one with an
/// end nearest to it.
fn assign(faces: &[EllipsePx], boxes: &[EllipsePx]) -> Vec<Option<End>> {
    let mut ends = vec![None; boxes.len()];
    for face in faces {
        let free = boxes.iter().zip(&mut ends).filter(|(_, end)| end.is_none());
        let owners = free.filter_map(|(bbox, end)| place_in(bbox, face).map(|(at, far)| (far, at, end)));
        if let Some((_, at, end)) = owners.min_by(|a, b| a.0.total_cmp(&b.0)) {
            *end = Some(at);
        }
    }
    ends
}

/// Passes with two turns find one person twice, as two people. A face in one of the boxes is that of the other as well.
fn share_with_doubles(boxes: &[EllipsePx], ends: &mut [Option<End>]) {
    let settled: Vec<(EllipsePx, End)> =
        boxes.iter().zip(ends.iter()).filter_map(|(bbox, end)| Some((*bbox, (*end)?))).collect();
    for (bbox, end) in boxes.iter().zip(ends).filter(|(_, end)| end.is_none()) {
        let is_double = |other: &EllipsePx| {
            turned_by(bbox, other) > SAME_TURN_RAD
                && bbox.bounding_box().overlap_of_smaller(&other.bounding_box()) > DOUBLE_OVERLAP
        };
        *end = settled.iter().find(|(other, _)| is_double(other)).map(|(_, end)| *end);
    }
}

/// The end of the box that a face inside it is nearest to, and how far from it: 0 at the end, 1 in the middle.
fn place_in(bbox: &EllipsePx, face: &EllipsePx) -> Option<(End, f32)> {
    let (sin, cos) = bbox.angle_rad.sin_cos();
    let (dx, dy) = (face.cx - bbox.cx, face.cy - bbox.cy);
    let (u, v) = ((dx * cos + dy * sin) / bbox.rx, (dy * cos - dx * sin) / bbox.ry);
    let inside = u.abs() <= 1.0 + 2.0 * BESIDE && v.abs() <= 1.0 + 2.0 * BEYOND;
    let end = match (v.abs() >= u.abs(), v < 0.0, u < 0.0) {
        (true, true, _) => End::Top,
        (true, false, _) => End::Bottom,
        (false, _, true) => End::Left,
        (false, _, false) => End::Right,
    };
    inside.then(|| (end, 1.0 - u.abs().max(v.abs()).min(1.0)))
}

/// Where the head is if nobody knows at which end: all of the box, and beyond it as far as heads reach.
fn any_head_of(bbox: &EllipsePx) -> EllipsePx {
    EllipsePx { rx: bbox.rx * (1.0 + 2.0 * BESIDE), ry: bbox.ry * (1.0 + 2.0 * BEYOND), ..*bbox }
}

/// The part of a person's box that holds the head, where its end is known.
fn head_at(bbox: &EllipsePx, end: End) -> EllipsePx {
    let lies = matches!(end, End::Left | End::Right);
    let (length, width) = if lies { (2.0 * bbox.rx, 2.0 * bbox.ry) } else { (2.0 * bbox.ry, 2.0 * bbox.rx) };
    let depth = (DEPTH_OF_LENGTH * length).max(DEPTH_OF_WIDTH * width).min(length);
    let beyond = BEYOND * length;
    let (half_depth, half_width) = (f32::midpoint(depth, beyond), width * (0.5 + BESIDE));
    // From the middle of the box to the middle of the head, along the box's length.
    let away = length / 2.0 + beyond - half_depth;
    let (u, v) = match end {
        End::Top => (0.0, -away),
        End::Bottom => (0.0, away),
        End::Left => (-away, 0.0),
        End::Right => (away, 0.0),
    };
    let (sin, cos) = bbox.angle_rad.sin_cos();
    let (rx, ry) = if lies { (half_depth, half_width) } else { (half_width, half_depth) };
    EllipsePx { cx: bbox.cx + u * cos - v * sin, cy: bbox.cy + u * sin + v * cos, rx, ry, ..*bbox }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use super::*;

    /// 60 wide, 200 high.
    const STANDING: EllipsePx = EllipsePx { cx: 300.0, cy: 200.0, rx: 30.0, ry: 100.0, angle_rad: 0.0 };

    fn face(cx: f32, cy: f32) -> EllipsePx {
        EllipsePx { cx, cy, rx: 12.0, ry: 15.0, angle_rad: 0.0 }
    }

    #[test]
    fn the_head_of_a_standing_person_is_at_the_top_of_the_box() {
        let head = head_at(&STANDING, End::Top).bounding_box();
        // Depth is the larger of 0.22 x 200 and 0.75 x 60.
        assert!((head.y0 - 84.0).abs() < 1e-3 && (head.y1 - 145.0).abs() < 1e-3, "{head:?}");
        assert!((head.x0 - 267.0).abs() < 1e-3 && (head.x1 - 333.0).abs() < 1e-3, "{head:?}");
    }

    #[test]
    fn the_head_of_a_person_seen_by_a_turned_pass_is_where_its_up_points() {
        let lying = EllipsePx { angle_rad: -FRAC_PI_2, ..STANDING };
        let head = head_at(&lying, End::Top);
        assert!(head.cx < 225.0 && (head.cy - 200.0).abs() < 1e-2, "{head:?}");
        assert_eq!(place_in(&lying, &face(215.0, 200.0)).map(|(end, _)| end), Some(End::Top));
    }

    #[test]
    fn a_face_belongs_to_one_person_and_tells_the_end() {
        let neighbour = EllipsePx { cx: 330.0, cy: 130.0, ..STANDING };
        let ends = assign(&[face(310.0, 115.0)], &[neighbour, STANDING]);
        assert_eq!(
            ends,
            [None, Some(End::Top)],
            "it lies in both boxes, but is nearer to an end of the second"
        );
        assert_eq!(assign(&[face(500.0, 100.0)], &[STANDING]), [None]);
    }

    #[test]
    fn a_double_of_another_pass_has_the_face_and_a_neighbour_of_the_same_pass_has_not() {
        let double = EllipsePx { cy: 220.0, angle_rad: FRAC_PI_2, rx: 80.0, ry: 40.0, ..STANDING };
        let neighbour = EllipsePx { cx: 310.0, ..STANDING };
        for (other, expected) in [(double, Some(End::Top)), (neighbour, None)] {
            let mut ends = [Some(End::Top), None];
            share_with_doubles(&[STANDING, other], &mut ends);
            assert_eq!(ends[1], expected);
        }
    }
}
