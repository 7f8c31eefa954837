//! The search for faces that are still readable in a finished file.
//!
//! A face inside a mask cannot be readable (at most 8x8 values are left of it), so what counts is a face outside the
//! masks, found in several pictures close to one another: a single hit is noise.

use std::collections::VecDeque;

use super::report::Residual;
use super::stages::search::Looked;
use crate::model::{BoxPx, Detection, DurationNanos, EllipsePx, FrameMasks, PtsNanos};

/// The part of a face's box, in each direction, that holds the eyes, the nose and the mouth. Networks also answer to a
/// head whose face is hidden, with a box that reaches from the hair to the chest: what counts is what lies in its
/// middle.
const MIDDLE: f32 = 0.6;

/// A face with less than this share of its middle under masks is readable.
const HIDDEN_SHARE: f32 = 0.5;

/// Beside a mask the network answers to what is left of a head: hair above, a collar below. Measured on the scenes,
/// such answers score up to 0.78 and overlap the mask by a fifth of their box or more. There it takes this score to
/// count.
const SURE_SCORE: f32 = 0.85;
const BESIDE_A_MASK_SHARE: f32 = 0.2;

/// Sightings of one face that are kept; a face that stays longer is hidden from the first to the last.
const MAX_SIGHTINGS: usize = 4096;

/// Pictures in which an upright face must be found before it counts, close to one another in time.
const MIN_SIGHTINGS: u32 = 3;

/// One in fewer counts as well where they are shown for as long as that many searched ones usually are, and the face is
/// sure.
const LONG_ENOUGH: DurationNanos = DurationNanos::from_millis(240);

/// Sightings of an upright face further apart than this are not one face.
const MAX_PAUSE: DurationNanos = DurationNanos::from_millis(250);

/// How long before and after its sightings it is hidden. One at another angle is hidden as far as the looks go in which
/// its direction had no turn.
const HOLD: DurationNanos = DurationNanos::from_millis(500);

/// The same for faces at other angles, in turned looks: each of the seven turns has every seventh.
const MIN_TURNED_SIGHTINGS: u32 = 2;
const MAX_LOOKS_BETWEEN: usize = 8;

/// Score from which they count: hands with spread fingers score up to 0.83 for a picture or two, and large coloured
/// areas up to 0.79. Over 53 finished files of 48 composed scenes and five clips nothing false counted from 0.7 on, and
/// at 0.6 what hides half a picture did twice. In five composed scenes of people who lie and turn, a turned look finds
/// 0.48 to 0.88 of the open faces with 0.8 and 0.74 to 0.97 with 0.7, the upright one 0.01 to 0.67 with 0.5.
const TURNED_SCORE: f32 = 0.75;

/// Residual faces that are followed at once; more than this is not a picture of people any more.
const MAX_RESIDUALS: usize = 256;

/// A face this many times as large as another, or as small, is not the same one.
const SAME_FACE_SIZES: f32 = 2.0;

/// Points along each side of a box at which its cover is sampled.
const COVER_GRID: u8 = 8;

/// The search for readable faces.
#[derive(Default)]
pub(super) struct Search {
    searched: u64,
    upright: Sightings,
    turned: Sightings,
    /// Time of the last picture.
    last: Option<PtsNanos>,
    /// The last turned looks, the oldest first.
    turned_looks: VecDeque<PtsNanos>,
    /// Sightings that make an upright face: all there can be, where there are fewer pictures than it usually takes.
    least_upright: u32,
}

impl Search {
    /// For a file of so many pictures.
    pub(super) fn new(frames: u64) -> Self {
        let least_upright = u32::try_from(frames).unwrap_or(MIN_SIGHTINGS).clamp(1, MIN_SIGHTINGS);
        Self { least_upright, ..Self::default() }
    }

    pub(super) fn see(&mut self, looked: &Looked, masks: &FrameMasks) {
        self.searched += 1;
        let pts = looked.pts;
        self.shown_until(pts);
        self.last = Some(pts);
        self.upright.see(looked.upright.iter(), (pts.saturating_sub(HOLD), pts), masks);
        self.close_upright_before(pts.saturating_sub(MAX_PAUSE));
        let Some(turned) = &looked.turned else { return };
        let sure = turned.iter().filter(|face| face.score >= TURNED_SCORE);
        let oldest = self.turned_looks.front().copied().unwrap_or(PtsNanos(0));
        self.turned.see(sure, (oldest, pts), masks);
        self.turned_looks.push_back(pts);
        if self.turned_looks.len() > MAX_LOOKS_BETWEEN {
            self.turned_looks.pop_front();
            self.turned.close_before(oldest, MIN_TURNED_SIGHTINGS, |_| pts);
        }
    }

    /// What was found in the last picture could be seen until the next.
    fn shown_until(&mut self, next: PtsNanos) {
        let Some(last) = self.last else { return };
        let open = self.upright.open.iter_mut().chain(&mut self.turned.open);
        for face in open.filter(|face| face.residual.to == last) {
            face.until = next;
            face.shown.0 = face.shown.0.saturating_add(next.since(last).0);
        }
    }

    fn close_upright_before(&mut self, limit: PtsNanos) {
        self.upright.close_before(limit, self.least_upright, |face| face.to.saturating_add(HOLD));
    }

    /// Pictures that were searched.
    pub(super) fn searched(&self) -> u64 {
        self.searched
    }

    /// The faces that count, from first to last sighting.
    pub(super) fn into_residuals(mut self) -> Vec<Residual> {
        let end = PtsNanos(u64::MAX);
        self.shown_until(end);
        self.close_upright_before(end);
        // In so short a file no direction was looked in twice.
        let least = if self.turned_looks.len() < MAX_LOOKS_BETWEEN { 1 } else { MIN_TURNED_SIGHTINGS };
        self.turned.close_before(end, least, |_| end);
        let mut residuals = self.upright.closed;
        residuals.append(&mut self.turned.closed);
        residuals
    }
}

/// What was found where, picture after picture.
#[derive(Default)]
struct Sightings {
    open: Vec<Open>,
    closed: Vec<Residual>,
}

/// A face that may be seen again.
struct Open {
    residual: Residual,
    /// How long the pictures with it were shown.
    shown: DurationNanos,
    /// Until when the last of them was.
    until: PtsNanos,
}

impl Open {
    /// Whether it was seen in enough pictures, or for long enough.
    fn counts(&self, least_sightings: u32) -> bool {
        let Residual { frames, score, .. } = self.residual;
        frames >= least_sightings || (self.shown >= LONG_ENOUGH && score >= SURE_SCORE)
    }
}

impl Sightings {
    /// Faces at a time, and from when on one is to be hidden that is new.
    fn see<'a>(
        &mut self,
        faces: impl Iterator<Item = &'a Detection>,
        (hide_from, pts): (PtsNanos, PtsNanos),
        masks: &FrameMasks,
    ) {
        let readable =
            |face: &&Detection| is_readable(face, masks) && !is_meant_to_be_seen(face, &masks.seen_faces);
        for face in faces.filter(readable) {
            self.note(face, hide_from, pts);
        }
    }

    fn note(&mut self, face: &Detection, hide_from: PtsNanos, pts: PtsNanos) {
        let bbox_px = face.ellipse.bounding_box();
        let open = self.open.iter_mut().map(|open| &mut open.residual);
        let same = open.into_iter().find(|known| known.bbox_px.iou(&bbox_px) > 0.2);
        if let Some(known) = same {
            known.frames += u32::from(known.to != pts);
            known.to = pts;
            known.score = known.score.max(face.score);
            known.bbox_px = bbox_px;
            if known.sightings.len() < MAX_SIGHTINGS {
                known.sightings.push((pts, bbox_px));
            }
        } else if self.open.len() < MAX_RESIDUALS {
            let sightings = vec![(pts, bbox_px)];
            let residual = Residual {
                from: pts,
                to: pts,
                frames: 1,
                score: face.score,
                bbox_px,
                sightings,
                hide_from,
                hide_to: pts,
            };
            self.open.push(Open { residual, shown: DurationNanos(0), until: pts });
        }
    }

    /// Closes what was not seen since; it is hidden until `hide_to`.
    fn close_before(
        &mut self,
        limit: PtsNanos,
        least_sightings: u32,
        hide_to: impl Fn(&Residual) -> PtsNanos,
    ) {
        let done = self.open.extract_if(.., |face| face.until < limit || limit.0 == u64::MAX);
        let lasting = done.filter(|face| face.counts(least_sightings)).map(|face| face.residual);
        let lasting = lasting.map(|face| Residual { hide_to: hide_to(&face), ..face });
        let room = MAX_RESIDUALS.saturating_sub(self.closed.len());
        self.closed.extend(lasting.take(room));
    }
}

fn is_readable(face: &Detection, masks: &FrameMasks) -> bool {
    let bbox_px = face.ellipse.bounding_box();
    let beside_a_mask = covered_share(&bbox_px, masks) >= BESIDE_A_MASK_SHARE;
    covered_share(&bbox_px.scaled(MIDDLE), masks) < HIDDEN_SHARE
        && (!beside_a_mask || face.score >= SURE_SCORE)
}

/// The face of a track that stays clear: its middle lies in the track's ellipse, and it is about as large.
fn is_meant_to_be_seen(face: &Detection, clear: &[EllipsePx]) -> bool {
    let size = |e: &EllipsePx| (e.rx * e.ry).sqrt();
    clear.iter().any(|known| {
        known.contains(face.ellipse.cx, face.ellipse.cy)
            && (1.0 / SAME_FACE_SIZES..SAME_FACE_SIZES).contains(&(size(&face.ellipse) / size(known)))
    })
}

/// Share of a box that lies under masks, by sampling.
fn covered_share(bbox: &BoxPx, masks: &FrameMasks) -> f32 {
    let step = |i: u8| (f32::from(i) + 0.5) / f32::from(COVER_GRID);
    let points = (0..COVER_GRID).flat_map(|row| (0..COVER_GRID).map(move |col| (step(col), step(row))));
    let hidden = points
        .filter(|(u, v)| {
            let (x, y) = (bbox.x0 + u * bbox.width(), bbox.y0 + v * bbox.height());
            masks.hides(x, y)
        })
        .count();
    hidden as f32 / (f32::from(COVER_GRID) * f32::from(COVER_GRID))
}

#[cfg(test)]
mod tests;
