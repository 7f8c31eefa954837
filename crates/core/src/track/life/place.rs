//! Where a track's mask lies in a frame: at a sighting, between two, or held before the first and behind the last.

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;
use std::iter::Rev;

use crate::model::{EllipsePx, FrameSize, MaskSource, UncertainReason};
use crate::track::border::leaves;
use crate::track::fill::Around;
use crate::track::motion::Sighting;
use crate::track::movement::Moved;
use crate::track::settings::TrackSettings;
use crate::track::steady::{Moment, Pair, steadied};

use super::{FLICKER_FRAMES, Side, Track};

/// Strong sightings from which a face is known well enough for the time behind its weak ones to be cut short. From three
/// on, holds of 120 ms leak as many faces of 22 scenes; with one, six more of one scene.
const KNOWN_WELL: u32 = 5;

/// Where a track's mask lies in one frame.
#[derive(Clone, Copy, Debug)]
pub(in crate::track) struct Placed {
    /// The face without the margin: where its masks around this frame are on average, and so large that with the margin
    /// it holds what was seen here and next to it.
    pub(in crate::track) face: EllipsePx,
    /// How the place is known.
    pub(in crate::track) source: MaskSource,
    /// What the detector said in this frame.
    pub(in crate::track) score: Option<f32>,
    /// How many times the half axes of what was seen the mask must reach at least.
    holds: f32,
    /// Time to the nearest sighting, in nanoseconds.
    pub(in crate::track) away_nanos: u64,
    /// What the place would be called if it is too far away to be certain.
    pub(in crate::track) doubt: UncertainReason,
}

impl Track {
    /// The mask's place in a frame, if the track has one there. To be called for each frame in order; `moved` is what
    /// moved in it, `pairs` are the frames around it.
    pub(in crate::track) fn place(
        &mut self,
        (now, moved, pairs): (Moment, &Moved, &[Pair]),
        settings: &TrackSettings,
        frame: FrameSize,
    ) -> Option<Placed> {
        let placed = self.place_of_its_own((now, moved), settings, frame)?;
        if !settings.is_steady {
            return Some(placed);
        }
        let kept = placed.face.scaled(placed.holds / settings.margin_factor());
        let face = steadied(&placed.face, &kept, pairs, |at| self.shape(at));
        Some(Placed { face, ..placed })
    }

    /// Where the face is in a frame of its scene, whether it is hidden there or not.
    fn shape(&self, at: Moment) -> Option<EllipsePx> {
        if self.is_cut_off(at.order) {
            return None;
        }
        let around = around(&self.sightings, at);
        Some(Lie::of(&around, at.order)?.face(&around))
    }

    /// Whether a place lies on the face in a frame in which it was seen, or between two such.
    pub(in crate::track) fn is_seen_at(&self, at: Moment, (x, y): (f32, f32)) -> bool {
        let around = around(&self.sightings, at);
        let lie = Lie::of(&around, at.order).filter(|lie| matches!(lie, Lie::At(_) | Lie::Between(..)));
        lie.is_some_and(|lie| !self.is_cut_off(at.order) && lie.face(&around).contains(x, y))
    }

    fn is_cut_off(&self, order: u64) -> bool {
        order < self.scene_from || self.scene_until.is_some_and(|until| order >= until)
    }

    /// The place as it follows from the sightings around this frame alone.
    fn place_of_its_own(
        &mut self,
        (now, moved): (Moment, &Moved),
        settings: &TrackSettings,
        frame: FrameSize,
    ) -> Option<Placed> {
        let Moment { order, clock_nanos } = now;
        if self.is_cut_off(order) || self.jump == Some(Side::Behind) {
            return None;
        }
        let around = around(&self.sightings, now);
        let lie = Lie::of(&around, order)?;
        let face = lie.face(&around);
        let away = |s: &Sighting| s.clock_nanos.abs_diff(clock_nanos);
        let (mut score, mut holds) = (None, 1.0);
        let (source, away_nanos, doubt) = match lie {
            Lie::At(own) => {
                (score, holds) = (Some(own.score), own.holds);
                let source = if own.is_weak { MaskSource::Tracked } else { MaskSource::Detected };
                (source, 0, UncertainReason::LongGap)
            }
            Lie::Between(last, next) => {
                (MaskSource::Filled, away(last).min(away(next)), UncertainReason::LongGap)
            }
            Lie::Behind(end) => {
                let over_border = leaves(self.sightings.iter().rev(), frame, 1.0);
                self.holds(end, order, away(end), settings, (settings.hold_after.0, over_border))?;
                let is_still = || !moved.within(&face.bounding_box(), frame);
                if settings.stillness_ends_holds && over_border && is_still() {
                    return None;
                }
                (MaskSource::Held, away(end), UncertainReason::BrokeOff)
            }
            Lie::Before(end) => {
                let over_border = leaves(self.sightings.iter(), frame, -1.0);
                if over_border || !self.was_there_from_the_start(clock_nanos) {
                    self.holds(end, order, away(end), settings, (settings.hold_before.0, over_border))?;
                }
                let away_nanos = away(end);
                if let Some(has_moved) = &mut self.comes_in {
                    *has_moved |= moved.within(&face.bounding_box(), frame);
                    has_moved.then_some(())?;
                }
                (MaskSource::Held, away_nanos, UncertainReason::AppearedInside)
            }
        };
        Some(Placed { face, source, score, holds, away_nanos, doubt })
    }

    /// A shot began shortly before the first sighting, and not all directions had been looked in since: from there on a
    /// face that is doubtful is hidden as long before as a sure one. Nobody has come in meanwhile.
    fn was_there_from_the_start(&self, clock_nanos: u64) -> bool {
        self.shot_from_nanos.is_some_and(|from| clock_nanos >= from)
    }

    /// `Some` where a frame is near enough to the sighting at an end of the track to be hidden.
    fn holds(
        &self,
        end: &Sighting,
        order: u64,
        away_nanos: u64,
        settings: &TrackSettings,
        (full_nanos, over_border): (u64, bool),
    ) -> Option<()> {
        let limit = match (self.is_sure(), over_border) {
            (false, _) => settings.hold_flicker.0.min(full_nanos),
            (true, true) => settings.hold_exit.0.min(full_nanos),
            (true, false) if end.is_weak && self.strong.count >= KNOWN_WELL => {
                let weak_nanos = end.clock_nanos.saturating_sub(self.strong.last_nanos);
                full_nanos.saturating_sub(weak_nanos).max(settings.hold_weak.0.min(full_nanos))
            }
            (true, false) => full_nanos,
        };
        (away_nanos <= limit || end.order.abs_diff(order) <= FLICKER_FRAMES).then_some(())
    }
}

type AroundTrack<'a> = Around<Rev<Iter<'a, Sighting>>, Iter<'a, Sighting>>;

/// How a frame lies to the sightings of a track.
#[derive(Clone, Copy, Debug)]
enum Lie<'a> {
    At(&'a Sighting),
    Between(&'a Sighting, &'a Sighting),
    Behind(&'a Sighting),
    Before(&'a Sighting),
}

impl<'a> Lie<'a> {
    /// `None` where a track has no sightings.
    fn of(around: &AroundTrack<'a>, order: u64) -> Option<Self> {
        match (around.before.clone().next(), around.after.clone().next()) {
            (Some(own), _) if own.order == order => Some(Self::At(own)),
            (Some(last), Some(next)) => Some(Self::Between(last, next)),
            (Some(end), None) => Some(Self::Behind(end)),
            (None, Some(end)) => Some(Self::Before(end)),
            (None, None) => None,
        }
    }

    fn face(self, around: &AroundTrack<'a>) -> EllipsePx {
        match self {
            Self::At(own) => around.detected(own),
            Self::Between(last, next) => around.filled(last, next),
            Self::Behind(end) | Self::Before(end) => around.held(end),
        }
    }
}

/// The sightings on both sides of a frame, its own among those before.
fn around(sightings: &VecDeque<Sighting>, now: Moment) -> AroundTrack<'_> {
    let upto = sightings.partition_point(|s| s.order <= now.order);
    Around {
        clock_nanos: now.clock_nanos,
        before: sightings.range(..upto).rev(),
        after: sightings.range(upto..),
    }
}
