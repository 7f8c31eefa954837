//! The tracker: takes observations in order, gives masks in the same order, one for one.

mod before;
mod masks;
mod waiting;

use std::collections::VecDeque;

use crate::model::{
    Detection, DurationNanos, EllipsePx, FrameMasks, FrameSize, PtsNanos, TrackId, UncertainReason,
};

#[cfg(test)]
pub(super) use waiting::MAX_WINDOW_FRAMES;

use super::associate::Expected;
use super::border::is_at_border;
use super::cuts::{CONFIRM_FRAMES, CutFinder, Thumbnail};
use super::jumps::{JumpFinder, ShotStarts};
use super::life::{FRAME_TRACK, Track};
use super::matching::{Paired, extend_tracks};
use super::movement::{Moved, STEP_NANOS};
use super::report::{SpanJoiner, TrackReport};
use super::settings::{TrackSettings, TrackSettingsError};
use super::sift::{Face, sift};
use super::steady::{Moment, Past};

/// Faces that are followed at once; a frame with more is hidden whole.
const MAX_TRACKS: usize = 512;

/// What was found in one frame.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The frame's position in decode output order.
    pub seq: u64,
    /// The frame's presentation time.
    pub pts: PtsNanos,
    /// Faces in frame pixels, of any score.
    pub detections: Vec<Detection>,
    /// The picture as 32 x 18 averages of luma, row by row.
    pub thumbnail: Thumbnail,
    /// The decoder reported damage: the frame is hidden whole.
    pub damaged: bool,
    /// It was not searched, for want of time: the frame is hidden whole.
    pub late: bool,
}

/// A frame that waits for its look-ahead.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    seq: u64,
    pts: PtsNanos,
    order: u64,
    clock_nanos: u64,
    hide: Option<UncertainReason>,
    thumbnail: Thumbnail,
    moved: Moved,
}

impl Waiting {
    fn moment(&self) -> Moment {
        Moment { order: self.order, clock_nanos: self.clock_nanos }
    }
}

/// Follows faces through a recording. Push every frame, pop what is ready, call [`Tracker::finish`] at the end and pop
/// the rest: what waits inside is bounded only if everything ready is popped after each push. A frame leaves once a
/// frame `look_ahead` later, and two more for scene cuts, have been pushed.
#[derive(Clone, Debug)]
pub struct Tracker {
    settings: TrackSettings,
    frame: FrameSize,
    cuts: CutFinder,
    jumps: JumpFinder,
    unsorted: VecDeque<Observation>,
    window: VecDeque<Waiting>,
    past: Past,
    tracks: Vec<Track>,
    /// First frame of the scene.
    scene_from: u64,
    shots: ShotStarts,
    next_order: u64,
    next_id: u32,
    clock_nanos: u64,
    finished: bool,
    frame_spans: SpanJoiner,
    report: TrackReport,
}

impl Tracker {
    /// A tracker for pictures of one size.
    ///
    /// # Errors
    /// Where a setting lies outside its range.
    pub fn new(settings: TrackSettings, frame: FrameSize) -> Result<Self, TrackSettingsError> {
        settings.check()?;
        Ok(Self {
            settings,
            frame,
            cuts: CutFinder::default(),
            jumps: JumpFinder::default(),
            unsorted: VecDeque::new(),
            window: VecDeque::new(),
            past: Past::default(),
            tracks: Vec::new(),
            scene_from: 0,
            shots: ShotStarts::default(),
            next_order: 0,
            next_id: FRAME_TRACK.0 + 1,
            clock_nanos: 0,
            finished: false,
            frame_spans: SpanJoiner::default(),
            report: TrackReport::default(),
        })
    }

    /// Takes the next frame in presentation order. A time that runs backwards counts as no step in time.
    pub fn push(&mut self, observation: Observation) {
        self.finished = false;
        self.unsorted.push_back(observation);
        if self.unsorted.len() > CONFIRM_FRAMES {
            self.sort_in_next();
        }
    }

    /// Says that no frame follows: everything that waits becomes ready.
    pub fn finish(&mut self) {
        while !self.unsorted.is_empty() {
            self.sort_in_next();
        }
        self.finished = true;
    }

    /// The masks of the next frame in order, if its look-ahead has passed.
    pub fn pop_ready(&mut self) -> Option<FrameMasks> {
        let oldest = *self.window.front()?;
        let passed = self.clock_nanos.saturating_sub(oldest.clock_nanos) >= self.settings.look_ahead.0;
        if !(passed || self.finished || self.window.len() >= self.most_waiting()) {
            return None;
        }
        self.window.pop_front();
        let hide = oldest.hide.or_else(|| self.leaves_early(&oldest));
        let frame = self.masks_of(&Waiting { hide, ..oldest });
        self.report.count(&frame);
        self.drop_tracks_behind(&oldest);
        if self.finished && self.window.is_empty() {
            self.close_spans();
        }
        Some(frame)
    }

    /// Frames that wait inside.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.unsorted.len() + self.window.len()
    }

    /// What was found in the frames that have left. Complete once [`Tracker::finish`] was called and all frames
    /// were popped.
    pub fn report(&self) -> &TrackReport {
        &self.report
    }

    /// Frames and sightings that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.waiting(), self.tracks.iter().map(Track::kept).sum())
    }

    fn sort_in_next(&mut self) {
        let Some(observation) = self.unsorted.pop_front() else { return };
        let telling = |o: &'_ Observation| -> Option<Thumbnail> { (!o.damaged).then_some(o.thumbnail) };
        let next: Vec<_> = self.unsorted.iter().map(telling).collect();
        let next: Vec<_> = next.iter().map(Option::as_ref).collect();
        let now = telling(&observation);
        let is_cut = self.cuts.is_cut(now.as_ref(), &next);
        let is_jump = self.jumps.is_jump(now.as_ref(), &next);
        let order = self.next_order;
        self.next_order += 1;
        self.clock_nanos = self.clock_nanos.max(observation.pts.0);
        if is_cut {
            self.report.cuts += 1;
            self.scene_from = order;
            self.tracks.iter_mut().for_each(|track| track.cut(order));
        } else if is_jump {
            self.part_tracks(order);
        }
        if is_cut || is_jump || order == 0 {
            self.shots.begin(self.clock_nanos);
        }
        self.shots.forget_before(self.clock_nanos.saturating_sub(self.settings.hold_before.0));
        let sifted = sift(&observation.detections, &self.settings, self.frame);
        let moved = self.moved(&observation);
        let Paired { strangers, left } = self.match_faces(order, &sifted.strong, &sifted.weak);
        let crowded = self.begin_tracks(order, &strangers, &moved);
        self.keep_left(left);
        let damaged = observation.damaged.then_some(UncertainReason::Damaged);
        let late = observation.late.then_some(UncertainReason::Late);
        let hide = damaged.or(late).or(sifted.hide).or(crowded);
        let Observation { seq, pts, thumbnail, .. } = observation;
        let clock_nanos = self.clock_nanos;
        self.window.push_back(Waiting { seq, pts, order, clock_nanos, hide, thumbnail, moved });
    }

    /// Every track goes on anew behind a jump, as far as there is room to follow that many.
    fn part_tracks(&mut self, order: u64) {
        let (now, room) = (self.clock_nanos, MAX_TRACKS.saturating_sub(self.tracks.len()));
        let behind = self.tracks.iter_mut().filter_map(|track| track.part(order, now));
        for track in behind.take(room).collect::<Vec<_>>() {
            self.follow(track);
        }
    }

    /// What moved since a little while ago.
    fn moved(&self, now: &Observation) -> Moved {
        let is_before = |frame: &&Waiting| frame.clock_nanos + STEP_NANOS <= self.clock_nanos;
        let is_asked = self.settings.stillness_ends_holds && !now.damaged;
        let before = self.window.iter().rev().find(is_before).filter(|_| is_asked);
        before.map_or(Moved::UNKNOWN, |before| Moved::between(&before.thumbnail, &now.thumbnail))
    }

    /// Gives strong faces, then weak ones, to the tracks that they belong to (the two bands of `ByteTrack`, Zhang et
    /// al. 2022). The strangers are the strong ones that remain.
    fn match_faces(&mut self, order: u64, strong: &[Face], weak: &[Face]) -> Paired {
        let (now, reach) = (self.clock_nanos, self.settings.hold_after.0);
        let can_go_on = |t: &&mut Track| t.is_open() && now.saturating_sub(t.last_seen_nanos()) <= reach;
        let mut free: Vec<&mut Track> = self.tracks.iter_mut().filter(can_go_on).collect();
        let mut paired = extend_tracks(&mut free, strong, order, now, |expected| expected, Track::extend);
        let weakly = extend_tracks(&mut free, weak, order, now, Expected::for_weak, Track::extend_weakly);
        paired.left.extend(weakly.left);
        paired
    }

    /// Begins a track for each face. Says so where there are too many to follow.
    fn begin_tracks(&mut self, order: u64, faces: &[Face], moved: &Moved) -> Option<UncertainReason> {
        for face in faces {
            if self.tracks.len() >= MAX_TRACKS {
                return Some(UncertainReason::TooManyFaces);
            }
            let first = face.seen(order, self.clock_nanos);
            let comes_in = self.comes_in(&face.face, moved);
            self.follow(Track::begin(first, self.scene_from, self.shots.earliest()).coming_in(comes_in));
        }
        None
    }

    /// Follows what was left behind as well, unless that would take room from faces that come.
    fn keep_left(&mut self, left: Vec<Track>) {
        if self.settings.stays_behind {
            let room = (MAX_TRACKS / 2).saturating_sub(self.tracks.len());
            left.into_iter().take(room).for_each(|track| self.follow(track));
        }
    }

    /// Follows a track from now on, under a number of its own.
    fn follow(&mut self, track: Track) {
        self.tracks.push(track.numbered(TrackId(self.next_id)));
        self.next_id = self.next_id.checked_add(1).unwrap_or(FRAME_TRACK.0 + 1);
        self.report.tracks += 1;
    }

    /// See [`TrackSettings::stillness_ends_holds`]. Who was there before and was lost has not come in.
    fn comes_in(&self, face: &EllipsePx, moved: &Moved) -> bool {
        let bbox_px = face.bounding_box();
        self.settings.stillness_ends_holds
            && is_at_border(face, self.frame)
            && moved.within(&bbox_px, self.frame)
            && !self.tracks.iter().any(|track| track.was_seen_in(&bbox_px))
    }

    /// Drops tracks that no frame behind `left` can have a mask of, and sightings that none depends on.
    fn drop_tracks_behind(&mut self, left: &Waiting) {
        let DurationNanos(reach) = self.settings.hold_after;
        let (report, size) = (&mut self.report, self.frame);
        self.tracks.retain_mut(|track| {
            track.forget_before(left.order);
            let over = track.is_over(left.order, left.clock_nanos, reach);
            if over {
                report.breaks_inside += u64::from(track.broke_inside(size));
                if let Some(span) = track.spans.close() {
                    report.note(span);
                }
            }
            !over
        });
    }

    fn close_spans(&mut self) {
        let report = &mut self.report;
        let open = self.tracks.iter_mut().map(|track| &mut track.spans).chain([&mut self.frame_spans]);
        open.filter_map(SpanJoiner::close).for_each(|span| report.note(span));
    }
}
